//! A JSON object as it was written: every field once more than a map would keep it, every value unread.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::BadSignal;

/// A field's name is shown when it looks like one; anything longer may be a secret.
const LONGEST_NAME: usize = 24;

/// The fields in their order, those that stand twice twice.
pub struct Form<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Form<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, BadSignal> {
        let text = std::str::from_utf8(body).map_err(|_| BadSignal::NotUtf8)?;
        let Some(first) = text.trim_ascii_start().chars().next() else { return Err(BadSignal::Empty) };
        let malformed = |e: serde_json::Error| BadSignal::Malformed(place(&e));
        if first != '{' {
            serde_json::from_str::<IgnoredAny>(text).map_err(malformed)?;
            return Err(BadSignal::NotAnObject);
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// Nothing twice, nothing unknown, nothing missing.
    pub fn check(
        &self,
        known: &dyn Fn(&str) -> Option<&'static str>,
        wanted: &[&'static str],
    ) -> Result<(), BadSignal> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            let Some(ours) = known(name) else { return Err(BadSignal::Unknown(shown(name))) };
            if self.0.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(BadSignal::Twice(ours));
            }
        }
        match wanted.iter().find(|field| self.value(field).is_none()) {
            Some(missing) => Err(BadSignal::Missing(missing)),
            None => Ok(()),
        }
    }

    fn value(&self, field: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value.get())
    }

    /// The text of a field, if the field is there.
    pub fn text(&self, field: &'static str) -> Result<Option<String>, BadSignal> {
        let Some(raw) = self.value(field) else { return Ok(None) };
        // A text may still hold half of a pair of escapes.
        let read = if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { None };
        read.map(Some).ok_or_else(|| BadSignal::WrongType { field, wanted: "a text", found: kind(raw) })
    }

    pub fn wanted_text(&self, field: &'static str) -> Result<String, BadSignal> {
        self.text(field)?.ok_or(BadSignal::Missing(field))
    }

    /// The digits of a number, as they were written, with quotation marks or without.
    pub fn number(&self, field: &'static str) -> Result<String, BadSignal> {
        let raw = self.value(field).ok_or(BadSignal::Missing(field))?;
        if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Ok(raw.to_string());
        }
        let wrong = |_| BadSignal::WrongType { field, wanted: "a number", found: kind(raw) };
        self.wanted_text(field).map_err(wrong)
    }
}

/// Where the JSON ends to be JSON. The reader's own words may repeat what stands there.
fn place(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "it ends too early, at" } else { "see" };
    format!("{what} line {}, column {}", error.line(), error.column())
}

fn shown(name: &str) -> Option<String> {
    let plain = name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (plain && !name.is_empty()).then(|| name.to_string())
}

/// What a value is, by how it begins.
fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a broken text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Form<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Fields).map(Form)
    }
}
