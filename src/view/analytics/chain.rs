//! One option chain as it is shown: prices, interest, volatilities and Greeks side by side, with what is held in it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::forward::Forward;
use super::look::{Looker, OptionLook};
use super::market::ChainKey;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{ChainOption, Contract, NetQuantity, OptionRight, Price, Quote};
use crate::options::outlook;
use crate::view::View;

/// A chain, or why there is none yet.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainLook {
    pub key: ChainKey,
    /// The underlying: the feed's price, or the chain's.
    pub spot: Option<Price>,
    pub forward: Option<Forward>,
    /// At the forward: annual, a fraction.
    pub at_the_money: Option<f64>,
    /// One standard deviation to expiry, in points.
    pub expected_move: Option<f64>,
    /// Ascending.
    pub rows: Vec<StrikeLook>,
    /// The row next to the forward.
    pub middle: usize,
    /// Open interest of all puts over that of all calls.
    pub put_call_ratio: Option<f64>,
    /// When the chain was read, and how long ago.
    pub read_at: Option<Timestamp>,
    pub age_ms: Option<i64>,
    /// Why the last attempt to read it failed.
    pub problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StrikeLook {
    pub strike: Price,
    pub call: Option<ChainCell>,
    pub put: Option<ChainCell>,
}

impl StrikeLook {
    pub fn side(&self, right: OptionRight) -> Option<&ChainCell> {
        match right {
            OptionRight::Call => self.call.as_ref(),
            OptionRight::Put => self.put.as_ref(),
        }
    }
}

/// One option of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainCell {
    pub contract: Contract,
    /// `None`: never traded.
    pub last: Option<Price>,
    /// Of the last price since the previous close, in per cent.
    pub change_pct: Option<Decimal>,
    pub bid: Option<Price>,
    pub ask: Option<Price>,
    /// Units.
    pub open_interest: u64,
    /// Since the previous close.
    pub open_interest_change: i64,
    /// Units.
    pub volume: u64,
    pub look: OptionLook,
    /// Of the quote.
    pub age_ms: i64,
    /// What is held in it, ours and foreign together.
    pub net: NetQuantity,
}

pub(super) fn chain(view: &View, looker: &Looker<'_>, key: ChainKey) -> ChainLook {
    let forward = looker.forward(&key);
    let seen = looker.market.chains.get(&key).cloned().unwrap_or_default();
    let told = seen.chain.as_deref();
    let fed = looker.market.quote(&key.underlying, None).map(|q| q.last);
    let at_the_money = looker.at_the_money(&key);
    let expected_move = forward.zip(at_the_money).map(|(f, vol)| outlook::expected_move(f.price, vol, f.t_years));
    let held = held(view);
    let cell = |o: &ChainOption| cell(o, looker, key, &held);
    let rows: Vec<StrikeLook> = told
        .map(|chain| {
            let row = |r: crate::domain::StrikeRow<'_>| StrikeLook {
                strike: r.strike,
                call: r.call.and_then(cell),
                put: r.put.and_then(cell),
            };
            chain.rows().into_iter().map(row).collect()
        })
        .unwrap_or_default();
    let centre = forward.map(|f| f.price).or_else(|| told?.spot.0.to_f64()).unwrap_or(0.0);
    let off = |row: &StrikeLook| row.strike.0.to_f64().map_or(f64::MAX, |k| (k - centre).abs());
    let middle = (0..rows.len()).min_by(|a, b| off(&rows[*a]).total_cmp(&off(&rows[*b]))).unwrap_or(0);
    let interest = |right| rows.iter().filter_map(|r| r.side(right)).map(|c| c.open_interest as f64).sum::<f64>();
    let calls = interest(OptionRight::Call);
    let put_call_ratio = (calls > 0.0).then(|| interest(OptionRight::Put) / calls);
    ChainLook {
        key,
        spot: fed.or_else(|| told.map(|c| c.spot).filter(|s| s.is_positive())),
        forward,
        at_the_money,
        expected_move,
        middle,
        rows,
        put_call_ratio,
        read_at: seen.read_at,
        age_ms: seen.read_at.map(|at| ms_between(at, looker.now)),
        problem: seen.problem,
    }
}

fn held(view: &View) -> BTreeMap<Contract, NetQuantity> {
    let mut held = BTreeMap::new();
    for row in view.positions.groups.iter().flat_map(|g| &g.rows).chain(&view.positions.foreign) {
        *held.entry(row.contract).or_insert(NetQuantity::ZERO) += row.net;
    }
    held
}

fn cell(
    option: &ChainOption,
    looker: &Looker<'_>,
    key: ChainKey,
    held: &BTreeMap<Contract, NetQuantity>,
) -> Option<ChainCell> {
    let quote: Quote = looker.market.quote(&option.contract, Some(key)).unwrap_or(option.quote);
    let last = Some(quote.last).filter(|p| p.is_positive());
    let change = |last: Price, close: Price| {
        close.is_positive().then(|| ((last.0 - close.0) * Decimal::ONE_HUNDRED / close.0).round_dp(2))
    };
    Some(ChainCell {
        contract: option.contract,
        last,
        change_pct: last.zip(option.previous_close).and_then(|(l, c)| change(l, c)),
        bid: quote.bid,
        ask: quote.ask,
        open_interest: option.open_interest,
        open_interest_change: option.open_interest_change(),
        volume: option.volume,
        look: looker.option(&option.contract)?,
        age_ms: quote.age_ms(looker.now),
        net: held.get(&option.contract).copied().unwrap_or_default(),
    })
}
