//! One option from flags or from a row: flags are per cent and days, rows fractions and years.

use super::sheet::Row;
use crate::cli::args::OptionArgs;
use crate::cli::failure::Failure;
use crate::domain::OptionRight;
use crate::domain::time::{Timestamp, from_ist};
use crate::options::expiry::years_to_close;
use crate::options::pricing::{Model, Terms};

/// The columns every option needs.
pub const NEEDED: [&str; 5] = ["type", "underlying", "strike", "t_years", "r"];

/// The option of a row, or what is wrong with it.
pub fn of_row(row: &Row) -> Result<Terms, String> {
    Ok(Terms {
        model: model(row.text("model"))?,
        right: right(row.text("type"))?,
        underlying: row.value("underlying")?,
        strike: row.value("strike")?,
        t_years: row.value("t_years")?,
        rate: row.value("r")?,
        dividend: row.value_or("q", 0.0)?,
    })
}

fn model(text: &str) -> Result<Model, String> {
    match text.to_ascii_lowercase().as_str() {
        "" | "black76" | "black-76" | "b76" => Ok(Model::Black76),
        "bs" | "black-scholes" | "black_scholes" => Ok(Model::BlackScholes),
        _ => Err(format!("model cannot be `{text}`: black76 or bs")),
    }
}

fn right(text: &str) -> Result<OptionRight, String> {
    match text.to_ascii_uppercase().as_str() {
        "C" | "CE" | "CALL" => Ok(OptionRight::Call),
        "P" | "PE" | "PUT" => Ok(OptionRight::Put),
        "" => Err("type is missing".into()),
        _ => Err(format!("type cannot be `{text}`: C or P")),
    }
}

/// The option that was typed.
pub fn of_flags(args: &OptionArgs) -> Result<Terms, Failure> {
    let missing = || Failure::Usage("an option needs --type, --underlying, --strike and its time to expiry".into());
    let t_years = match (args.days, args.t_years, args.expiry) {
        (Some(days), _, _) => days / 365.0,
        (_, Some(years), _) => years,
        (_, _, Some(expiry)) => {
            let from = args.at.map_or_else(Timestamp::now, from_ist);
            years_to_close(args.exchange, expiry, from)
        }
        _ => return Err(missing()),
    };
    Ok(Terms {
        model: args.model.into(),
        right: args.right.ok_or_else(missing)?,
        underlying: args.underlying.ok_or_else(missing)?,
        strike: args.strike.ok_or_else(missing)?,
        t_years,
        rate: args.rate / 100.0,
        dividend: args.dividend / 100.0,
    })
}
