//! How figures are written: Indian digit grouping, a real minus sign, `—` for what is not known.

use rust_decimal::prelude::FromPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::{Bound, Contract, ContractKind, Money, NetQuantity, Price};

/// What stands where a figure is not known.
pub const UNKNOWN: &str = "—";

/// A number with digits grouped the Indian way and exactly `places` decimals: `1,23,456.50`, `−20`.
pub fn grouped(number: Decimal, places: u32) -> String {
    let rounded = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    let plain = format!("{:.*}", places as usize, rounded.abs());
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(w, f)| (w, Some(f)));
    let mut text = String::with_capacity(plain.len() + 6);
    if rounded.is_sign_negative() && !rounded.is_zero() {
        text.push('−');
    }
    let digits = whole.len();
    for (i, c) in whole.chars().enumerate() {
        let left = digits - i;
        // The last three digits stand together, the others in pairs.
        if i > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            text.push(',');
        }
        text.push(c);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// `₹1,23,456.50`, `−₹20.00`.
pub fn rupees(amount: Money) -> String {
    with_sign(&grouped(amount.0, 2), "")
}

/// Whole rupees: `₹1,23,457`.
pub fn rupees_whole(amount: Money) -> String {
    with_sign(&grouped(amount.0, 0), "")
}

/// With its sign, as a profit or loss is written: `+₹1,846.00`, `−₹412.50`, `₹0.00`.
pub fn pnl(amount: Money) -> String {
    let plus = if amount.to_paise().0 > Decimal::ZERO { "+" } else { "" };
    with_sign(&grouped(amount.0, 2), plus)
}

/// An amount where there is little room: `+850`, `−12.4k`, `+1.25L`, `+2.10Cr`.
pub fn short(amount: Money) -> String {
    const UNITS: [(i64, &str); 3] = [(10_000_000, "Cr"), (100_000, "L"), (1_000, "k")];
    let size = amount.0.abs();
    // From where three digits would round up to the next unit.
    let unit = UNITS.iter().find(|(n, _)| size * Decimal::from(2_000) >= Decimal::from(*n) * Decimal::from(1_999));
    match unit {
        None => signed(amount.0, 0),
        Some((n, name)) => {
            let part = amount.0 / Decimal::from(*n);
            let places = if part.abs() >= Decimal::TEN || *n == 1_000 { 1 } else { 2 };
            format!("{}{name}", signed(part, places))
        }
    }
}

fn with_sign(grouped: &str, plus: &str) -> String {
    match grouped.strip_prefix('−') {
        Some(rest) => format!("−₹{rest}"),
        None => format!("{plus}₹{grouped}"),
    }
}

/// A price with two decimals: `25,944.35`.
pub fn price(price: Price) -> String {
    grouped(price.0, 2)
}

/// A strike, without decimals it does not have: `26,000`, `152.5`.
pub fn strike(price: Price) -> String {
    let number = price.0.normalize();
    grouped(number, number.scale())
}

/// `+65`, `−65`, `0`.
pub fn net(quantity: NetQuantity) -> String {
    let text = grouped(Decimal::from(quantity.0), 0);
    if quantity.0 > 0 { format!("+{text}") } else { text }
}

/// With its sign: `+0.05`, `−0.40`.
pub fn signed(number: Decimal, places: u32) -> String {
    let text = grouped(number, places);
    if number.round_dp(places) > Decimal::ZERO { format!("+{text}") } else { text }
}

/// A model's figure, whole and with its sign: `+8,420`, `−120`, `0`. Beyond what a number can be: `—`.
pub fn whole(figure: f64) -> String {
    or_unknown(Decimal::from_f64(figure), |d| signed(d, 0))
}

/// A figure in few columns: `950`, `14.2k`, `1.25L` (lakh), `3.40Cr` (crore); with its sign where it is negative.
pub fn compact(figure: f64) -> String {
    let size = figure.abs();
    let (unit, name, places) = match size {
        s if s < 999.5 => (1.0, "", 0),
        s if s < 99_950.0 => (1_000.0, "k", 1),
        s if s < 9_995_000.0 => (100_000.0, "L", 2),
        _ => (10_000_000.0, "Cr", 2),
    };
    or_unknown(Decimal::from_f64(figure / unit), |d| format!("{}{name}", grouped(d, places)))
}

/// A volatility, as per cent a year: `13.2%`.
pub fn volatility(annual: f64) -> String {
    or_unknown(Decimal::from_f64(annual * 100.0), |d| format!("{}%", grouped(d, 1)))
}

/// A share of one, as per cent: `71%`.
pub fn share(of_one: Decimal) -> String {
    format!("{}%", grouped(of_one * Decimal::ONE_HUNDRED, 0))
}

/// A number of things: `1 order`, `3 orders`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A profit or loss that may have no end.
pub fn bound(bound: Bound) -> String {
    match bound {
        Bound::Limited(amount) => rupees_whole(amount),
        Bound::Unlimited => "unlimited".into(),
    }
}

/// The value, or `—`.
pub fn or_unknown<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_string(), write)
}

/// How old something is, in its largest unit: `38ms`, `4s`, `2m`, `3h`, `5d`. A clock that ran back counts as now.
pub fn age(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..=999 => format!("{ms}ms"),
        1_000..=59_999 => format!("{}s", ms / 1_000),
        _ => whole_age(ms),
    }
}

/// How old something is, where milliseconds would only flicker: `0s`, `4s`, `2m`.
pub fn whole_age(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3_599 => format!("{}m", seconds / 60),
        3_600..=86_399 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A time that is left, in two units: `4h57m`, `12m`, `40s`, `2d3h`.
pub fn left(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3_599 => format!("{}m", seconds / 60),
        3_600..=86_399 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A contract for people: `NIFTY 23 Nov 26,000 CE`.
pub fn contract(contract: &Contract) -> String {
    match contract.kind {
        ContractKind::Option { .. } => format!("{} {}", contract.underlying, leg(contract, true)),
        ContractKind::Index | ContractKind::Equity | ContractKind::Future { .. } | ContractKind::Unlisted { .. } => {
            contract.label()
        }
    }
}

/// A contract without its underlying: `26,000 CE  23 Nov`, or with the date first: `23 Nov 26,000 CE`.
pub fn leg(contract: &Contract, date_first: bool) -> String {
    match contract.kind {
        ContractKind::Option { expiry, strike: at, right } if date_first => {
            format!("{} {} {right}", expiry.strftime("%d %b"), strike(at))
        }
        ContractKind::Option { expiry, strike: at, right } => {
            format!("{} {right}  {}", strike(at), expiry.strftime("%d %b"))
        }
        ContractKind::Future { expiry } => format!("FUT  {}", expiry.strftime("%d %b")),
        ContractKind::Index => "index".into(),
        ContractKind::Equity => "stock".into(),
        ContractKind::Unlisted { id, .. } => format!("id {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn digits_are_grouped_in_threes_then_pairs() {
        let cases = [
            (dec!(0), "0.00"),
            (dec!(999.5), "999.50"),
            (dec!(1000), "1,000.00"),
            (dec!(123456.5), "1,23,456.50"),
            (dec!(-12345678.909), "−1,23,45,678.91"),
            (dec!(-0.001), "0.00"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number, 2), text);
        }
    }

    #[test]
    fn a_profit_has_a_plus_a_loss_a_minus_and_zero_neither() {
        assert_eq!(pnl(Money(dec!(12430.5))), "+₹12,430.50");
        assert_eq!(pnl(Money(dec!(-412.5))), "−₹412.50");
        assert_eq!(pnl(Money(dec!(0))), "₹0.00");
        assert_eq!(pnl(Money(dec!(-0.001))), "₹0.00");
    }

    #[test]
    fn large_figures_fit_into_six_columns_below_a_thousand_crore() {
        let cases =
            [(950.0, "950"), (14_150.0, "14.2k"), (-125_000.0, "−1.25L"), (34_000_000.0, "3.40Cr"), (-0.2, "0")];
        for (figure, text) in cases {
            assert_eq!(compact(figure), text);
        }
        assert_eq!(
            (whole(8_420.4), whole(-120.6), volatility(0.1316)),
            ("+8,420".into(), "−121".into(), "13.2%".into())
        );
        assert_eq!((whole(f64::NAN), compact(f64::INFINITY)), ("—".into(), "—".into()));
    }

    #[test]
    fn ages_use_their_largest_unit() {
        let texts: Vec<String> = [38, 4_200, 130_000, 7_300_000, -5].into_iter().map(age).collect();
        assert_eq!(texts, ["38ms", "4s", "2m", "2h", "0ms"]);
        assert_eq!([left(17_820_000), left(200_000_000)], ["4h57m", "2d7h"]);
    }

    #[test]
    fn a_strike_keeps_only_the_decimals_it_has() {
        assert_eq!([strike(Price(dec!(26000.00))), strike(Price(dec!(152.5)))], ["26,000", "152.5"]);
    }

    #[test]
    fn in_short_an_amount_keeps_its_sign_and_its_unit() {
        let cases = [
            (dec!(0), "0"),
            (dec!(850.40), "+850"),
            (dec!(-999.40), "−999"),
            (dec!(999.60), "+1.0k"),
            (dec!(-12_430), "−12.4k"),
            (dec!(1_25_430), "+1.25L"),
            (dec!(-12_54_300), "−12.5L"),
            (dec!(2_10_00_000), "+2.10Cr"),
        ];
        for (amount, text) in cases {
            assert_eq!(short(Money(amount)), text);
        }
    }
}
