//! The body of a signal: JSON with exactly the fields that are asked for, read strictly into a [`Signal`].
//!
//! `{"strategy", "symbol", "side", "timeframe", "price", "timestamp"}`, and where the sender likes an `id` of its own (the same
//! id is the same signal). Whether it is fresh, known and allowed is the engine's to say; here it only has to have the form.
//! No message repeats a value: a secret may stand in the wrong place.

mod form;
#[cfg(test)]
mod tests;
mod time;

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use sha2::{Digest, Sha256};

use self::form::Form;
pub use self::time::offset;
use crate::domain::{Price, SetupName, Side, Signal, SignalKey, Symbol};

/// What every signal says, in the order in which a mistake is looked for.
pub const FIELDS: [&str; 6] = ["strategy", "symbol", "side", "timeframe", "price", "timestamp"];
const ID: &str = "id";
const SECRET: &str = "secret";

/// An index stands at five digits; nothing listed here at eight.
const HIGHEST_PRICE: Decimal = dec!(9999999);
/// Characters, with a float's tail of digits.
const LONGEST_PRICE: usize = 24;
const LONGEST_TIMEFRAME: usize = 8;
const LONGEST_ID: usize = 64;

/// How bodies are read.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What a time without a zone is in.
    pub zone: TimeZone,
    /// Whether a body may carry the secret: otherwise it is a field too many.
    pub secret: bool,
    /// The door it comes through.
    pub source: &'static str,
}

/// A body that is no signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignal {
    #[error("the body is empty")]
    Empty,
    #[error("the body is not UTF-8 text")]
    NotUtf8,
    #[error("the body is not JSON: {0}")]
    Malformed(String),
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    /// The name, where it can be shown.
    #[error("{}; a signal has {}", .0.as_ref().map_or_else(|| "there is a field too many".into(), |f| format!("there is no field `{f}`")), FIELDS.join(", "))]
    Unknown(Option<String>),
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{field}` must be {wanted}, not {found}")]
    WrongType { field: &'static str, wanted: &'static str, found: &'static str },
    #[error("`{field}`: {remedy}")]
    BadValue { field: &'static str, remedy: &'static str },
}

impl BadSignal {
    /// 400 where it cannot be read at all, 422 where it reads well and is not a signal.
    pub fn status(&self) -> u16 {
        match self {
            Self::Empty | Self::NotUtf8 | Self::Malformed(_) => 400,
            Self::NotAnObject
            | Self::Twice(_)
            | Self::Unknown(_)
            | Self::Missing(_)
            | Self::WrongType { .. }
            | Self::BadValue { .. } => 422,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotUtf8 => "not_utf8",
            Self::Malformed(_) => "malformed",
            Self::NotAnObject => "not_an_object",
            Self::Twice(_) => "duplicate_field",
            Self::Unknown(_) => "unknown_field",
            Self::Missing(_) => "missing_field",
            Self::WrongType { .. } => "wrong_type",
            Self::BadValue { .. } => "bad_value",
        }
    }

    /// The field that is meant, where it is one of ours.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Twice(field) | Self::Missing(field) => Some(field),
            Self::WrongType { field, .. } | Self::BadValue { field, .. } => Some(field),
            Self::Empty | Self::NotUtf8 | Self::Malformed(_) | Self::NotAnObject | Self::Unknown(_) => None,
        }
    }
}

/// Reads a body.
pub fn read(body: &[u8], rules: &Rules) -> Result<Signal, BadSignal> {
    let form = Form::read(body)?;
    let known = |name: &str| {
        let ours = FIELDS.iter().chain([&ID]).find(|f| **f == name).copied();
        ours.or((rules.secret && name == SECRET).then_some(SECRET))
    };
    form.check(&known, &FIELDS)?;
    if rules.secret {
        form.text(SECRET)?;
    }
    let signal = Signal {
        setup: setup(&form.wanted_text("strategy")?)?,
        symbol: symbol(&form.wanted_text("symbol")?)?,
        side: side(&form.wanted_text("side")?)?,
        timeframe: timeframe(form.wanted_text("timeframe")?)?,
        price: price(&form.number("price")?)?,
        at: time::read(&form.wanted_text("timestamp")?, &rules.zone)?,
        key: SignalKey(String::new()),
        source: rules.source.into(),
    };
    let key = match form.text(ID)? {
        Some(id) => key(id)?,
        None => digest(&signal),
    };
    Ok(Signal { key, ..signal })
}

/// The secret that a body carries, however little of the rest makes sense.
pub fn secret_in(body: &[u8]) -> Option<String> {
    Form::read(body).ok()?.text(SECRET).ok()?
}

fn bad(field: &'static str, remedy: &'static str) -> BadSignal {
    BadSignal::BadValue { field, remedy }
}

fn setup(text: &str) -> Result<SetupName, BadSignal> {
    SetupName::new(text).map_err(|_| bad("strategy", "1 to 32 capitals, digits, _ and -, as strategy.yaml names it"))
}

fn symbol(text: &str) -> Result<Symbol, BadSignal> {
    Symbol::new(text).map_err(|_| bad("symbol", "1 to 20 capitals and digits, as the exchange spells it: NIFTY"))
}

fn side(text: &str) -> Result<Side, BadSignal> {
    match text {
        _ if text.eq_ignore_ascii_case("BUY") => Ok(Side::Buy),
        _ if text.eq_ignore_ascii_case("SELL") => Ok(Side::Sell),
        _ => Err(bad("side", "BUY or SELL")),
    }
}

fn timeframe(text: String) -> Result<String, BadSignal> {
    let fits = !text.is_empty() && text.len() <= LONGEST_TIMEFRAME && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(text) } else { Err(bad("timeframe", "1 to 8 letters and digits: 1m")) }
}

/// Exact, digit for digit.
fn price(text: &str) -> Result<Price, BadSignal> {
    let plain = bad("price", "a plain number such as 22540.05: no commas, no exponent, no sign");
    if text.len() > LONGEST_PRICE {
        return Err(bad("price", "at most 24 characters"));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.starts_with('-') && text.len() > 1 {
        return Err(bad("price", "more than 0"));
    }
    if !digits(whole) || !digits(fraction) {
        return Err(plain);
    }
    let price = Decimal::from_str_exact(text).map_err(|_| plain)?.normalize();
    if price.is_zero() {
        return Err(bad("price", "more than 0"));
    }
    if price > HIGHEST_PRICE {
        return Err(bad("price", "no underlying stands that high"));
    }
    Ok(Price(price))
}

fn key(id: String) -> Result<SignalKey, BadSignal> {
    let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    let fits = !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(ok);
    if fits { Ok(SignalKey(id)) } else { Err(bad(ID, "1 to 64 letters, digits, . _ : -")) }
}

/// What makes two bodies the same signal, however they are written.
fn digest(signal: &Signal) -> SignalKey {
    let Signal { setup, symbol, side, timeframe, price, at, .. } = signal;
    let canonical = format!("{setup}\n{symbol}\n{}\n{timeframe}\n{}\n{at}", side.as_str(), price.0);
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(canonical.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    SignalKey(text)
}
