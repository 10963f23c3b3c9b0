//! The description of both servers, control API and webhook, in OpenAPI 3.1. The data is in `assets/docs/openapi.json`.

use serde_json::Value;

const TEXT: &str = include_str!("../../../assets/docs/openapi.json");

/// The description, with the version that runs.
pub(super) fn description() -> Value {
    let mut all: Value = serde_json::from_str(TEXT).unwrap_or_default();
    all["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::web::{server, webhook};

    fn described() -> BTreeSet<(String, String)> {
        let all = description();
        let paths = all["paths"].as_object().unwrap();
        let methods = |(path, item): (&String, &Value)| {
            let names: Vec<String> = item.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
            names.into_iter().map(|m| (m, path.clone())).collect::<Vec<_>>()
        };
        paths.iter().flat_map(methods).collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let routes = server::routes::paths().into_iter().chain(webhook::paths());
        let routes: BTreeSet<(String, String)> = routes.map(|(m, p)| (m.to_string(), p.to_string())).collect();
        assert_eq!(described(), routes);
    }

    #[test]
    fn what_it_points_at_is_there() {
        let all = description();
        let mut pointed = Vec::new();
        references(&all, &mut pointed);
        assert!(pointed.len() > 20);
        for pointer in pointed {
            let place = pointer.strip_prefix('#').unwrap();
            assert!(all.pointer(place).is_some(), "{pointer}");
        }
        assert_eq!(
            (all["openapi"].as_str(), all["info"]["version"].as_str()),
            (Some("3.1.0"), Some(env!("CARGO_PKG_VERSION")))
        );
        for (path, item) in all["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["summary"].is_string() && operation["responses"].is_object(), "{method} {path}");
                let secured = operation["security"].as_array().map(Vec::len);
                assert!(path == "/health" || secured > Some(0), "{method} {path} says who may use it");
            }
        }
    }

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(ToString::to_string));
                fields.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }
}
