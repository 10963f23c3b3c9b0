//! What each known error body means, from a table: our own, and the samples beside the sources where they are there.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::broker::dhan::Purpose;
use crate::broker::dhan::rest::judge;
use crate::gateway::ErrorClass::{self, AskFirst, Blocked, LogIn, MarketClosed, Refused, TryLater};
use crate::net::HttpAnswer;

/// What an order call, then a reading call, is to make of each. `None`: no error at all.
const MEANINGS: [(&str, Option<ErrorClass>, Option<ErrorClass>); 26] = [
    ("trading_auth", Some(LogIn), Some(LogIn)),
    ("trading_input", Some(Refused), Some(Refused)),
    ("trading_invalid_ip", Some(Blocked), Some(Blocked)),
    ("trading_order", Some(Refused), Some(Refused)),
    ("trading_order_market_closed", Some(MarketClosed), Some(MarketClosed)),
    ("trading_revoked_token_as_order_error", Some(LogIn), Some(LogIn)),
    ("trading_rate_limit", Some(TryLater), Some(TryLater)),
    ("data_rate_limit", Some(TryLater), Some(TryLater)),
    ("data_not_subscribed", Some(Blocked), Some(Blocked)),
    ("data_auth", Some(LogIn), Some(LogIn)),
    ("data_bad_request", Some(Refused), Some(Refused)),
    ("sandbox_404", Some(Refused), Some(Refused)),
    ("auth_host_soft_error", Some(Refused), Some(Refused)),
    ("cancel_in_transit", Some(TryLater), Some(TryLater)),
    ("order_by_correlation_id_unknown_or_transit", Some(Refused), Some(Refused)),
    ("order_by_id_unknown", None, None),
    ("holdings_empty_live", Some(Refused), Some(Refused)),
    ("intraday_over_90_days", Some(Refused), Some(Refused)),
    ("missing_quantity", Some(Refused), Some(Refused)),
    ("optionchain_bad_id", Some(Refused), Some(Refused)),
    ("getip_error", Some(Refused), Some(Refused)),
    ("quote_unknown_id", None, None),
    ("chart_unknown_id_or_holiday", None, None),
    // Of our own list only.
    ("internal_error", Some(AskFirst), Some(TryLater)),
    ("backend_unreachable", Some(AskFirst), Some(TryLater)),
    ("gateway_page", Some(AskFirst), Some(TryLater)),
];

fn meaning(status: u16, body: &Value, purpose: Purpose) -> Option<ErrorClass> {
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_string).into_bytes();
    judge(HttpAnswer { status, body, date: None }, purpose).err().map(|error| error.class)
}

/// Checks every body of a file; says which of the table it held.
fn check(text: &str) -> Vec<String> {
    let file: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
    for (name, error) in &file {
        let (_, write, read) =
            MEANINGS.iter().find(|(n, ..)| n == name).unwrap_or_else(|| panic!("`{name}` is not in the table"));
        let statuses = match &error["http"] {
            Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        };
        for status in statuses {
            let status = u16::try_from(status.as_u64().unwrap()).unwrap();
            assert_eq!(meaning(status, &error["body"], Purpose::Write), *write, "{name} {status}, an order");
            assert_eq!(meaning(status, &error["body"], Purpose::Read), *read, "{name} {status}, a question");
        }
    }
    file.into_keys().collect()
}

#[test]
fn every_known_error_means_one_of_five_things() {
    let held = check(include_str!("../../../../tests/fixtures/dhan/errors.json"));
    assert_eq!(held.len(), MEANINGS.len(), "the fixture holds every line of the table");
}

#[test]
fn the_recorded_samples_mean_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared", "../../shared"].map(|p| root.join(p).join("dhanhq-v2/samples/errors.json"));
    let Some(file) = found.iter().find(|p| p.is_file()) else { return };
    assert!(check(&std::fs::read_to_string(file).unwrap()).len() >= 20);
}
