//! The market by control: prices, gaps, suspensions.

use axum::Json;
use axum::extract::State;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Wrong, number};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Price, Symbol};
use crate::exchange::Exchange;
use crate::exchange_server::state::Shared;

/// What is to be done to the market.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// An underlying to this price: `{"price": {"symbol": "NIFTY", "to": 26000}}`.
    Price {
        symbol: Symbol,
        to: Price,
    },
    /// An underlying (or all) by so many per cent at once.
    Gap {
        symbol: Option<Symbol>,
        per_cent: Decimal,
    },
    /// Trading in a contract (`NSE:NIFTY:2026-11-23:25950:CE`), in an underlying and all on it, or (neither) in everything.
    Halt(What),
    Unhalt(What),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct What {
    contract: Option<Contract>,
    symbol: Option<Symbol>,
}

pub async fn steer(State(shared): State<Shared>, Json(wish): Json<Wish>) -> Answer {
    shared.core.call(move |exchange, now| apply(exchange, wish, now)).await?.map_err(Wrong::because)?;
    let prices = shared.core.call(|exchange, _| exchange.underlyings()).await?;
    let prices: serde_json::Map<_, _> =
        prices.into_iter().map(|(c, p)| (c.underlying.to_string(), number(p))).collect();
    Ok(Json(json!({ "prices": prices })))
}

fn apply(exchange: &mut Exchange, wish: Wish, now: Timestamp) -> Result<(), String> {
    match wish {
        Wish::Price { symbol, to } => {
            let underlying = underlying(exchange, symbol)?;
            let moved = exchange.set_price(&underlying, to, now);
            moved.then_some(()).ok_or_else(|| format!("{symbol} cannot cost {to}"))
        }
        Wish::Gap { symbol: Some(symbol), per_cent } => {
            let underlying = underlying(exchange, symbol)?;
            let moved = exchange.gap(&underlying, per_cent, now);
            moved.then_some(()).ok_or_else(|| format!("{symbol} cannot move by {per_cent} %"))
        }
        Wish::Gap { symbol: None, per_cent } => {
            for (underlying, _) in exchange.underlyings() {
                exchange.gap(&underlying, per_cent, now);
            }
            Ok(())
        }
        Wish::Halt(what) => {
            match contract(exchange, &what)? {
                Some(contract) => exchange.suspend(contract),
                None => exchange.suspend_market(now),
            }
            Ok(())
        }
        Wish::Unhalt(what) => {
            match contract(exchange, &what)? {
                Some(contract) if !exchange.unsuspend(&contract) => return Err(format!("{contract} is not halted")),
                Some(_) => {}
                None => exchange.unsuspend_market(now),
            }
            Ok(())
        }
    }
}

/// `None`: the whole market is meant.
fn contract(exchange: &Exchange, what: &What) -> Result<Option<Contract>, String> {
    match (what.contract, what.symbol) {
        (Some(contract), _) => Ok(Some(contract)),
        (None, Some(symbol)) => underlying(exchange, symbol).map(Some),
        (None, None) => Ok(None),
    }
}

fn underlying(exchange: &Exchange, symbol: Symbol) -> Result<Contract, String> {
    let known = exchange.underlyings();
    let found = known.iter().find(|(c, _)| c.underlying == symbol).map(|(c, _)| *c);
    found.ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(c, _)| c.underlying.to_string()).collect();
        format!("{symbol} is not listed here; listed are {}", names.join(", "))
    })
}
