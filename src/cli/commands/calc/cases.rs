//! Positions from JSON files and from `--leg`.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::cli::failure::Failure;
use crate::domain::{Leg, LegKind, OptionRight, Price, Side, Symbol};
use crate::options::naming::Holding;

/// A position as a file states it. Other keys are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Case {
    pub underlying: Option<String>,
    pub lot_size: Option<u32>,
    pub spot: Option<Number>,
    pub r: Option<f64>,
    pub vol: Option<f64>,
    pub t_years: Option<f64>,
    pub legs: Vec<CaseLeg>,
    #[serde(flatten)]
    pub far: Far,
    /// The same, grouped as in the answer.
    pub near_expiry_model: Option<Far>,
}

/// What is taken for the legs that outlive the nearest expiry.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Far {
    pub far_vol: Option<f64>,
    pub far_time_left_years: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CaseLeg {
    pub underlying: Option<String>,
    pub action: String,
    pub r#type: String,
    pub strike: Option<Number>,
    pub expiry: Option<Date>,
    pub lots: Option<u32>,
    pub price: Option<Number>,
}

/// The cases of a file: `{"cases": […]}`, a list, or one case alone.
pub fn of_text(text: &str) -> Result<Vec<Value>, Failure> {
    let document: Value =
        serde_json::from_str(text).map_err(|e| Failure::Refused(format!("the file is not JSON: {e}")))?;
    match document {
        Value::Array(cases) => Ok(cases),
        Value::Object(mut object) => match object.remove("cases") {
            Some(Value::Array(cases)) => Ok(cases),
            Some(_) => Err(Failure::Refused("`cases` is not a list".into())),
            None => Ok(vec![Value::Object(object)]),
        },
        _ => Err(Failure::Refused("the file has no cases: {\"cases\": [{\"id\", \"legs\": […]}]}".into())),
    }
}

/// One case, or what is wrong with it.
pub fn case(value: &Value) -> Result<Case, String> {
    Case::deserialize(value).map_err(|e| e.to_string())
}

/// The id as it stands in the file; the number of the case (from 1) where it has none.
pub fn id(value: &Value, number: usize) -> Value {
    value.get("id").filter(|id| !id.is_null()).cloned().unwrap_or_else(|| number.into())
}

impl Case {
    /// Its legs, or what is wrong with one.
    pub fn legs(&self) -> Result<Vec<Leg>, String> {
        self.legs.iter().enumerate().map(|(n, leg)| leg.leg().map_err(|e| format!("leg {}: {e}", n + 1))).collect()
    }

    /// Its holdings, for a name.
    pub fn holdings(&self) -> Result<Vec<Holding>, String> {
        let holding = |(leg, of): (&CaseLeg, Leg)| {
            let name = leg.underlying.as_deref().or(self.underlying.as_deref()).unwrap_or("INDEX");
            let underlying = Symbol::new(&name.to_ascii_uppercase()).map_err(|e| e.to_string())?;
            let lots = match of.side {
                Side::Buy => i64::from(of.ratio),
                Side::Sell => -i64::from(of.ratio),
            };
            Ok(Holding { underlying, kind: of.kind, expiry: of.expiry, lots })
        };
        self.legs.iter().zip(self.legs()?).map(holding).collect()
    }

    pub fn far(&self) -> Far {
        let grouped = self.near_expiry_model.unwrap_or_default();
        Far {
            far_vol: self.far.far_vol.or(grouped.far_vol),
            far_time_left_years: self.far.far_time_left_years.or(grouped.far_time_left_years),
        }
    }
}

impl CaseLeg {
    fn leg(&self) -> Result<Leg, String> {
        let side = match self.action.to_ascii_uppercase().as_str() {
            "BUY" | "LONG" => Side::Buy,
            "SELL" | "SHORT" => Side::Sell,
            other => return Err(format!("action cannot be `{other}`: BUY or SELL")),
        };
        let option = |right| {
            let strike = self.strike.as_ref().ok_or("an option needs a strike")?;
            Ok::<_, String>(LegKind::Option { strike: Price(decimal(strike)?), right })
        };
        let kind = match self.r#type.to_ascii_uppercase().as_str() {
            "CE" | "C" | "CALL" => option(OptionRight::Call)?,
            "PE" | "P" | "PUT" => option(OptionRight::Put)?,
            "FUT" => LegKind::Future,
            "EQ" => LegKind::Equity,
            other => return Err(format!("type cannot be `{other}`: CE, PE, FUT or EQ")),
        };
        let premium = self.price.as_ref().map(decimal).transpose()?.map(Price);
        Ok(Leg { side, kind, expiry: self.expiry, ratio: self.lots.unwrap_or(1), premium })
    }
}

/// Every digit as it was written.
pub fn decimal(number: &Number) -> Result<Decimal, String> {
    let text = number.to_string();
    text.parse()
        .or_else(|_| Decimal::from_scientific(&text))
        .map_err(|_| format!("{text} is beyond what money can hold"))
}

/// `SELL 2x 26500 CE @118.5 2026-11-23`: words in any order.
pub fn of_flag(text: &str) -> Result<CaseLeg, Failure> {
    let wrong = |word: &str| {
        Failure::Usage(format!(
            "--leg '{text}': `{word}` is no part of a leg such as 'SELL 2x 26500 CE @118.5 2026-11-23'"
        ))
    };
    let mut leg = CaseLeg {
        underlying: None,
        action: String::new(),
        r#type: String::new(),
        strike: None,
        expiry: None,
        lots: None,
        price: None,
    };
    for word in text.split_whitespace() {
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "BUY" | "SELL" => leg.action = upper,
            "CE" | "PE" | "FUT" | "EQ" => leg.r#type = upper,
            _ => match (word.strip_prefix('@'), upper.strip_suffix('X'), word.parse::<Date>()) {
                (Some(price), _, _) => leg.price = Some(price.parse().map_err(|_| wrong(word))?),
                (_, Some(lots), _) => leg.lots = Some(lots.parse().map_err(|_| wrong(word))?),
                (_, _, Ok(expiry)) => leg.expiry = Some(expiry),
                _ => leg.strike = Some(word.parse().map_err(|_| wrong(word))?),
            },
        }
    }
    leg.leg().map_err(|why| Failure::Usage(format!("--leg '{text}': {why}")))?;
    Ok(leg)
}
