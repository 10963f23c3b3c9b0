//! Reading the view's JSON, which is the same from this process and from another: a field by its name, unknown where absent.

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::domain::time::{Timestamp, ist};
use crate::domain::{Money, Price};
use crate::view::format;

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

pub fn flag(value: &Value, name: &str) -> bool {
    value[name].as_bool().unwrap_or_default()
}

pub fn whole(value: &Value, name: &str) -> Option<i64> {
    value[name].as_i64()
}

/// Digit for digit, as it was written.
pub fn number(value: &Value, name: &str) -> Option<Decimal> {
    as_number(&value[name])
}

fn as_number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

pub fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

pub fn texts(value: &Value, name: &str) -> Vec<String> {
    items(value, name).iter().filter_map(Value::as_str).map(str::to_string).collect()
}

/// The wall clock in India.
pub fn time(value: &Value, name: &str) -> Option<DateTime> {
    text(value, name).parse::<Timestamp>().ok().map(ist)
}

/// `#118 NIFTY Iron Condor`, of a strategy.
pub fn title(strategy: &Value) -> String {
    format!("#{} {} {}", strategy["id"], text(strategy, "symbol"), text(strategy, "strategy_name"))
}

/// A figure, or `—`.
pub fn shown(value: &Value, name: &str, places: u32) -> String {
    format::or_unknown(number(value, name), |n| format::grouped(n, places))
}

pub fn price(value: &Value, name: &str) -> String {
    format::or_unknown(number(value, name), |n| format::price(Price(n)))
}

pub fn pnl(value: &Value, name: &str) -> String {
    format::or_unknown(number(value, name), |n| format::pnl(Money(n)))
}

pub fn rupees(value: &Value, name: &str) -> String {
    format::or_unknown(number(value, name), |n| format::rupees_whole(Money(n)))
}

/// An amount that may be `unlimited`.
pub fn bound(value: &Value, name: &str) -> String {
    if value[name].is_string() { text(value, name).to_string() } else { rupees(value, name) }
}

/// `23 Nov`, or `—`.
pub fn day(value: &Value, name: &str) -> String {
    format::or_unknown(text(value, name).parse::<Date>().ok(), |d| d.strftime("%d %b").to_string())
}

/// `+65`, `−65`.
pub fn net(value: &Value, name: &str) -> String {
    format::or_unknown(whole(value, name), |n| format::net(crate::domain::NetQuantity(n)))
}
