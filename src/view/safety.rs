//! Halt and flatten: where they stand, and what flattening would do, in its order.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::positions::{PositionRow, Positions};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Money, NetQuantity, PnlExit, Product, Quantity, Quote, Side};
use crate::engine::state::Safeguard;
use crate::engine::{EngineConfig, Reference, State};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Safety {
    pub halt: Option<HaltState>,
    pub flatten: Option<FlattenState>,
    /// The first press of the kill switch flattens.
    pub one_press: bool,
    /// What must be typed to allow entries again.
    pub arm_word: String,
    pub close: ClosePlan,
    /// The broker's own exit of everything at a day's loss.
    pub broker_exit: Safeguard<PnlExit>,
    /// The broker's own kill switch.
    pub broker_switch: Safeguard<()>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaltState {
    pub since: Timestamp,
    pub reason: String,
    /// Only the typed word arms again, over a restart too.
    pub locked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlattenState {
    pub started_at: Timestamp,
    pub include_foreign: bool,
}

/// What is open, as the broker last said, and what closing it takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClosePlan {
    /// Since the position book was read; `None`: never.
    pub age_ms: Option<i64>,
    /// Every row was read after its last change.
    pub settled: bool,
    /// By contract and product, in the order in which they go.
    pub ours: Vec<CloseRow>,
    pub foreign: Vec<CloseRow>,
    /// Orders of ours that may still trade.
    pub to_cancel: usize,
    /// Of those, entries whose cancellation is under way.
    pub cancelling: usize,
    /// Working orders that are not ours.
    pub foreign_orders: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CloseRow {
    pub contract: Contract,
    pub product: Product,
    pub net: NetQuantity,
    pub side: Side,
    pub quantity: Quantity,
    /// 1: shorts, 2: longs, when the shorts are closed.
    pub turn: u32,
    /// Orders it takes, because of the exchange's largest order.
    pub slices: u32,
    pub exiting: bool,
    pub quote: Option<Quote>,
}

impl CloseRow {
    /// What trading at the touch costs against the last price; negative is a cost.
    pub fn cost(&self) -> Option<Money> {
        let quote = self.quote?;
        let touch = quote.touch(self.side)?;
        let against = match self.side {
            Side::Buy => quote.last - touch,
            Side::Sell => touch - quote.last,
        };
        Some(Money(against.0 * Decimal::from(self.quantity.0)))
    }
}

impl ClosePlan {
    /// What would be closed.
    pub fn rows(&self, include_foreign: bool) -> impl Iterator<Item = &CloseRow> {
        let foreign = if include_foreign { self.foreign.as_slice() } else { &[] };
        self.ours.iter().chain(foreign)
    }

    pub fn orders(&self, include_foreign: bool) -> u32 {
        self.rows(include_foreign).map(|r| r.slices).sum()
    }

    /// Estimated cost of exiting at the touch; `None` while a price is missing.
    pub fn cost(&self, include_foreign: bool) -> Option<Money> {
        self.rows(include_foreign).map(CloseRow::cost).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.ours.is_empty() && self.foreign.is_empty()
    }
}

pub(super) fn safety(state: &State, config: &EngineConfig, reference: &dyn Reference, positions: &Positions) -> Safety {
    Safety {
        halt: state.halt.as_ref().map(|h| HaltState { since: h.since, reason: h.reason.clone(), locked: h.locked }),
        flatten: state
            .flatten
            .as_ref()
            .map(|f| FlattenState { started_at: f.started_at, include_foreign: f.include_foreign }),
        one_press: config.kill_switch.one_press,
        arm_word: config.kill_switch.arm_word.clone(),
        close: close_plan(state, reference, positions),
        broker_exit: state.safeguards.exit.clone(),
        broker_switch: state.safeguards.switch.clone(),
    }
}

fn close_plan(state: &State, reference: &dyn Reference, positions: &Positions) -> ClosePlan {
    let ours = positions.groups.iter().flat_map(|g| &g.rows).filter(|r| !r.net.is_flat());
    let settled = ours.clone().all(|r| r.broker.is_some());
    let entries = state.open_orders().filter(|o| !o.purpose.is_exit());
    ClosePlan {
        age_ms: positions.age_ms,
        settled: settled && state.broker.positions_at.is_some(),
        ours: in_order(ours, reference),
        foreign: in_order(positions.foreign.iter(), reference),
        to_cancel: state.open_orders().count(),
        cancelling: entries.filter(|o| o.cancel_asked.is_some()).count(),
        foreign_orders: state.foreign_orders.len(),
    }
}

/// One row per contract and product, as the broker nets them; shorts before longs.
fn in_order<'a>(rows: impl Iterator<Item = &'a PositionRow>, reference: &dyn Reference) -> Vec<CloseRow> {
    let mut sums: BTreeMap<(Contract, Product), (NetQuantity, bool, Option<Quote>)> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry((row.contract, row.product)).or_default();
        *sum = (sum.0 + row.net, sum.1 || row.exiting, row.quote);
    }
    let open = sums.into_iter().filter(|(_, (net, ..))| !net.is_flat());
    let mut rows: Vec<CloseRow> = open
        .map(|((contract, product), (net, exiting, quote))| CloseRow {
            exiting,
            quote,
            ..close_row(contract, product, net, reference)
        })
        .collect();
    rows.sort_by_key(|r| (r.turn, r.contract, r.product));
    rows
}

fn close_row(contract: Contract, product: Product, net: NetQuantity, reference: &dyn Reference) -> CloseRow {
    let short = net.0 < 0;
    let quantity = net.size();
    let largest = reference.instrument(&contract).and_then(|i| i.max_order).filter(|m| !m.is_zero());
    CloseRow {
        contract,
        product,
        net,
        side: net.closing_side(),
        quantity,
        turn: if short { 1 } else { 2 },
        slices: largest.map_or(1, |m| quantity.0.div_ceil(m.0)),
        exiting: false,
        quote: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn shorts_are_closed_before_longs() {
        let mut desk = Desk::new();
        desk.executed("Bear Call Spread", &[("B", 26200, "CE", dec!(35.90)), ("S", 26300, "CE", dec!(58.20))]);
        let view = desk.view();
        let order: Vec<(Side, u32)> = view.safety.close.ours.iter().map(|r| (r.side, r.turn)).collect();
        assert_eq!(order, [(Side::Buy, 1), (Side::Sell, 2)]);
    }

    #[test]
    fn what_two_strategies_hold_of_a_contract_is_one_row() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26200, "CE", dec!(35.90))]);
        desk.executed("Long Call", &[("B", 26200, "CE", dec!(36.10))]);
        let view = desk.view();
        let rows: Vec<i64> = view.safety.close.ours.iter().map(|r| r.net.0).collect();
        assert_eq!(rows, [130]);
    }

    #[test]
    fn the_cost_of_leaving_is_unknown_while_a_price_is_missing() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26200, "CE", dec!(35.90))]);
        assert_eq!(desk.view().safety.close.cost(true), None);
        desk.touch(26200, "CE", dec!(36.00), dec!(35.80), dec!(36.20));
        assert_eq!(desk.view().safety.close.cost(true), Some(Money(dec!(-13))));
    }
}
