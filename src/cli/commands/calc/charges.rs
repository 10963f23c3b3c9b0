//! `calc charges`: what orders cost, one by one or as contract notes.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::sheet::{Field, Results, Row, Sheet};
use super::{read, tell};
use crate::cli::args::ChargesArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::domain::{Exchange, Money, Side, Symbol};
use crate::options::charges::{Charges, Class, RawCharges, Tariff, Trade};

const HEADER: [&str; 9] = ["id", "brokerage", "stt", "exchange_txn", "sebi_fee", "ipft", "stamp_duty", "gst", "total"];
const NEEDED: [&str; 7] = ["date", "exchange", "segment", "symbol", "side", "quantity", "price"];

/// One order as it was written.
struct Order {
    date: Date,
    exchange: Exchange,
    class: Class,
    symbol: Symbol,
    /// `None` is an exercise.
    side: Option<Side>,
    turnover: Money,
}

pub fn run(args: &ChargesArgs, console: &mut Console) -> Result<(), Failure> {
    let tariff = Tariff::built_in().map_err(|e| Failure::Refused(e.to_string()))?;
    let mut results = Results::new(&HEADER);
    let Some(file) = &args.csv else {
        let charged = typed(args).and_then(|order| charge(&order, &tariff)).map_err(Failure::Refused)?;
        results.push(row(String::new(), &charged.rounded()));
        return results.write_one(console);
    };
    let sheet = Sheet::read(&read(file)?, &NEEDED)?;
    let mut reasons = Vec::new();
    let mut notes: BTreeMap<(Date, Exchange, Class), RawCharges> = BTreeMap::new();
    for line in sheet.rows() {
        let charged = written(&line).and_then(|order| Ok((charge(&order, &tariff)?, order)));
        match charged {
            Ok((raw, order)) if args.notes => {
                let note = notes.entry((order.date, order.exchange, order.class)).or_default();
                *note = *note + raw;
            }
            Ok((raw, _)) => results.push(row(line.id(), &raw.rounded())),
            Err(why) => {
                reasons.push(line.reason(&why));
                if !args.notes {
                    results.push_empty(line.id());
                }
            }
        }
    }
    for ((date, exchange, class), raw) in &notes {
        results.push(row(format!("{date} {exchange} {}", class.as_str()), &raw.rounded()));
    }
    results.write(console)?;
    tell(&reasons, console)
}

fn written(line: &Row) -> Result<Order, String> {
    let class: Class = line.text("segment").parse()?;
    let (quantity, price): (u32, Decimal) = (line.value("quantity")?, line.value("price")?);
    Ok(Order {
        date: line.value("date")?,
        exchange: line
            .text("exchange")
            .to_ascii_uppercase()
            .parse()
            .map_err(|_| "exchange is NSE or BSE".to_string())?,
        class,
        symbol: symbol(line.text("symbol"))?,
        side: side(line.text("side"), class)?,
        turnover: turnover(quantity, price)?,
    })
}

fn typed(args: &ChargesArgs) -> Result<Order, String> {
    let missing = || "an order needs --date, --symbol, --side, --quantity and --price".to_string();
    let class: Class = args.segment.parse()?;
    Ok(Order {
        date: args.date.ok_or_else(missing)?,
        exchange: args.exchange,
        class,
        symbol: symbol(args.symbol.as_deref().unwrap_or_default())?,
        side: side(args.side.as_deref().unwrap_or_default(), class)?,
        turnover: turnover(args.quantity.ok_or_else(missing)?, args.price.ok_or_else(missing)?)?,
    })
}

fn symbol(text: &str) -> Result<Symbol, String> {
    Symbol::new(&text.to_ascii_uppercase()).map_err(|e| e.to_string())
}

fn side(text: &str, class: Class) -> Result<Option<Side>, String> {
    match (text.to_ascii_uppercase().as_str(), class) {
        ("BUY", _) => Ok(Some(Side::Buy)),
        ("SELL", _) => Ok(Some(Side::Sell)),
        ("EXERCISE", Class::Options) => Ok(None),
        ("EXERCISE", _) => Err("only options are exercised".into()),
        _ => Err(format!("side cannot be `{text}`: BUY, SELL or EXERCISE")),
    }
}

fn turnover(quantity: u32, price: Decimal) -> Result<Money, String> {
    if price.is_sign_negative() && !price.is_zero() {
        return Err(format!("price cannot be {price}: it is not negative"));
    }
    price.checked_mul(quantity.into()).map(Money).ok_or_else(|| "quantity × price is beyond what money can hold".into())
}

fn charge(order: &Order, tariff: &Tariff) -> Result<RawCharges, String> {
    let Order { date, exchange, class, symbol, side, turnover } = *order;
    let found = match side {
        Some(side) => tariff.trade(&Trade { exchange, underlying: symbol, class, side, date, turnover }),
        None => tariff.exercised(turnover, date),
    };
    found.ok_or_else(|| format!("no tariff is known for {exchange} {} on {date}", class.as_str()))
}

fn row(id: String, c: &Charges) -> Vec<Field> {
    let parts = [c.brokerage, c.stt, c.exchange, c.sebi, c.ipft, c.stamp, c.gst, c.total()];
    std::iter::once(Field::Text(id)).chain(parts.map(|part| Field::Exact(part.0))).collect()
}
