//! Reads `contracts.yaml`. Keys that only inform people are left alone.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use super::{ContractRules, LotRule, UnderlyingRules};
use crate::domain::{Exchange, Price, Quantity, SecurityId, Symbol};

/// A contract table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("contracts.yaml{}: {detail}", line.map(|n| format!(" line {n}")).unwrap_or_default())]
pub struct ContractRulesError {
    /// Counted from 1; `None` where the fault belongs to no line.
    pub line: Option<u64>,
    pub detail: String,
}

#[derive(Deserialize)]
struct File {
    common: Common,
    expiry_weekday: BTreeMap<Exchange, Vec<WeekdayRow>>,
    contracts: BTreeMap<Symbol, ContractRow>,
    #[serde(default)]
    freeze_quantity_history: Vec<FreezeRow>,
}

#[derive(Deserialize)]
struct Common {
    tick_size: Price,
}

#[derive(Deserialize)]
struct WeekdayRow {
    from: Date,
    weekday: WeekdayName,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WeekdayName {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
}

impl From<WeekdayName> for Weekday {
    fn from(name: WeekdayName) -> Self {
        match name {
            WeekdayName::Monday => Self::Monday,
            WeekdayName::Tuesday => Self::Tuesday,
            WeekdayName::Wednesday => Self::Wednesday,
            WeekdayName::Thursday => Self::Thursday,
            WeekdayName::Friday => Self::Friday,
        }
    }
}

#[derive(Deserialize)]
struct ContractRow {
    exchange: Exchange,
    broker_underlying_id: BrokerId,
    strike_step: StrikeStep,
    weekly: bool,
    tick_size: Option<Price>,
    lot_size: Vec<LotRow>,
    freeze_quantity: u32,
}

#[derive(Deserialize)]
struct BrokerId {
    id: u64,
}

#[derive(Deserialize)]
struct StrikeStep {
    near: u32,
}

#[derive(Deserialize)]
struct LotRow {
    expiry_from: Date,
    expiry_to: Option<Date>,
    lot: u32,
}

/// A date, and beside a few remarks the quantity of each symbol.
#[derive(Deserialize)]
struct FreezeRow {
    from: Date,
    #[serde(flatten)]
    cells: BTreeMap<String, Cell>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Quantity(u32),
    Remark(String),
}

pub(super) fn read(yaml: &str) -> Result<ContractRules, ContractRulesError> {
    let file: File = serde_saphyr::from_str(yaml).map_err(|e| {
        let line = e.location().map(|at| at.line());
        let detail = e.without_snippet().to_string();
        ContractRulesError { line, detail: detail.lines().next().unwrap_or("not readable").to_string() }
    })?;
    let mut underlyings = Vec::new();
    for (symbol, row) in &file.contracts {
        underlyings.push(underlying(*symbol, row, &file).map_err(|detail| ContractRulesError { line: None, detail })?);
    }
    let mut weekdays = BTreeMap::new();
    for (exchange, rows) in file.expiry_weekday {
        let mut rules: Vec<(Date, Weekday)> = rows.into_iter().map(|r| (r.from, r.weekday.into())).collect();
        rules.sort_by_key(|(from, _)| *from);
        weekdays.insert(exchange, rules);
    }
    Ok(ContractRules { underlyings, weekdays })
}

fn underlying(symbol: Symbol, row: &ContractRow, file: &File) -> Result<UnderlyingRules, String> {
    if row.lot_size.is_empty() || row.lot_size.iter().any(|l| l.lot == 0) {
        return Err(format!("{symbol}: `lot_size` needs rows, each with a lot above zero"));
    }
    if row.freeze_quantity == 0 || row.strike_step.near == 0 {
        return Err(format!("{symbol}: `freeze_quantity` and `strike_step` must be above zero"));
    }
    if !file.expiry_weekday.contains_key(&row.exchange) {
        return Err(format!("{symbol}: `expiry_weekday` has no rows for {}", row.exchange));
    }
    let lot = |l: &LotRow| LotRule { first_expiry: l.expiry_from, last_expiry: l.expiry_to, lot: Quantity(l.lot) };
    // The contract's own figure holds where the history is silent: before its first row, or for BSE, which publishes none.
    let mut freeze = vec![(Date::MIN, Quantity(row.freeze_quantity))];
    for dated in &file.freeze_quantity_history {
        match dated.cells.get(symbol.as_str()) {
            Some(Cell::Quantity(quantity)) => freeze.push((dated.from, Quantity(*quantity))),
            Some(Cell::Remark(text)) => {
                return Err(format!(
                    "freeze_quantity_history from {}: `{text}` is not a quantity of {symbol}",
                    dated.from
                ));
            }
            None => {}
        }
    }
    freeze.sort_by_key(|(from, _)| *from);
    Ok(UnderlyingRules {
        symbol,
        exchange: row.exchange,
        dhan_index_id: SecurityId(row.broker_underlying_id.id),
        strike_step: Price(row.strike_step.near.into()),
        tick: row.tick_size.unwrap_or(file.common.tick_size),
        weekly: row.weekly,
        lots: row.lot_size.iter().map(lot).collect(),
        freeze,
    })
}
