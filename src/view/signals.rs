//! The scalper: what its set-ups do now, what has become of the signals, the trades that are open and those of the day.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::build::Quotes;
use super::health::{Health, WebhookHealth};
use crate::domain::time::{Timestamp, ist, ms_between};
use crate::domain::{
    Contract, Money, NetQuantity, Price, Product, Quantity, Quote, ScalpSetup, Segment, SetupName, Side, SignalId,
    SignalRefusal, StrategyId, Symbol,
};
use crate::engine::record::Owner;
use crate::engine::state::{LotKey, Order, Received, Scalp, SignalFate, Stop, TradeState};
use crate::engine::{EngineConfig, Reference, State};
use crate::risk::scalping::{ScalpUsage, check};

/// How many signals that are answered, and scalps that are over, are kept in a view.
const RECENT: usize = 100;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// In the order of the settings.
    pub setups: Vec<SetupRow>,
    pub today: ScalpUse,
    /// Those that wait and the last that were answered, the newest first.
    pub signals: Vec<SignalRow>,
    /// Scalps that are not over, the oldest first.
    pub open: Vec<ScalpRow>,
    /// Scalps of the day that are over, the last first.
    pub closed: Vec<ClosedScalp>,
    /// `None`: this cockpit has no webhook.
    pub webhook: Option<WebhookHealth>,
}

/// A set-up and what it has done today.
#[derive(Clone, Debug, PartialEq)]
pub struct SetupRow {
    pub setup: ScalpSetup,
    pub armed: bool,
    /// Why it makes no entry now, armed or not.
    pub closed: Option<String>,
    /// When its entries end, where the market keeps hours.
    pub until: Option<jiff::civil::Time>,
    pub trades: u32,
    /// Of those that are over: net of charges.
    pub net: Money,
}

/// What is used of the limits that hold for all scalps together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScalpUse {
    pub trades: u32,
    pub max_trades: u32,
    /// Of all scalps of the day, open ones at their last price, net of the charges so far. `None`: one has no price.
    pub net: Option<Money>,
    pub max_loss: Money,
    pub losses_in_a_row: u32,
    pub max_losses: u32,
    pub open: usize,
    pub max_open: u32,
    /// After a loss.
    pub cool_down_ms: Option<i64>,
    /// Why there is no further scalp now; none: there may be one.
    pub full: Vec<String>,
}

/// A signal and what has become of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalRow {
    pub id: SignalId,
    pub seen_at: Timestamp,
    pub age_ms: i64,
    pub setup: SetupName,
    pub symbol: Symbol,
    pub side: Side,
    /// Of the underlying, as the sender saw it.
    pub price: Price,
    pub timeframe: String,
    pub source: String,
    pub standing: SignalStanding,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SignalStanding {
    /// For what.
    Waits(String),
    /// For the trader's word.
    Asks(Box<Asked>),
    Traded(StrategyId),
    /// What would have been bought.
    Observed(String),
    Refused {
        why: SignalRefusal,
        reason: String,
    },
}

/// What the trader is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub contract: Contract,
    pub lots: u32,
    /// Units, where the lot is known.
    pub quantity: Option<Quantity>,
    /// What one unit would have cost when it was proposed.
    pub premium: Price,
    pub quote: Option<Quote>,
    /// How the size was computed.
    pub size: String,
    /// Of the premium, from the fill price.
    pub stop_points: Option<Decimal>,
    pub target_points: Option<Decimal>,
    pub left_ms: i64,
    /// How long there was in all.
    pub within_ms: i64,
}

impl Asked {
    /// What it loses at its stop, without charges.
    pub fn risk(&self) -> Option<Money> {
        Some(Money(self.stop_points? * Decimal::from(self.quantity?.0)))
    }

    /// `1 lot`, `2 lots`.
    pub fn lots_word(&self) -> String {
        super::format::count(self.lots as usize, "lot")
    }

    /// What one unit costs now, where that is known.
    pub fn ask(&self) -> Option<Price> {
        self.quote.and_then(|q| q.ask)
    }
}

/// A scalp that is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalpRow {
    pub strategy: StrategyId,
    pub signal: SignalId,
    pub setup: SetupName,
    pub state: TradeState,
    /// `None`: its strategy is not known any more.
    pub contract: Option<Contract>,
    pub product: Product,
    pub lots: u32,
    pub net: NetQuantity,
    pub average: Option<Price>,
    pub quote: Option<Quote>,
    /// Of the quote.
    pub age_ms: Option<i64>,
    /// Before charges.
    pub pnl: Option<Money>,
    pub stop: Option<Stop>,
    /// Units for which stops rest at the broker, as it said.
    pub resting: Quantity,
    pub target: Option<Price>,
    /// Left when the underlying trades there.
    pub index_stop: Option<Price>,
    pub index: Option<Price>,
    pub opened_at: Timestamp,
    /// Until it has been held for as long as it may be.
    pub holding_left_ms: Option<i64>,
    /// `None`: a market that never closes.
    pub square_off: Option<Timestamp>,
    pub square_off_left_ms: Option<i64>,
    /// Why it is being left.
    pub exiting: Option<String>,
}

impl ScalpRow {
    pub fn last(&self) -> Option<Price> {
        self.quote.map(|q| q.last)
    }

    /// Points of the premium that it may still fall.
    pub fn to_stop(&self) -> Option<Decimal> {
        Some(self.last()?.0 - self.stop?.trigger.0)
    }

    /// Points of the premium that it has still to rise.
    pub fn to_target(&self) -> Option<Decimal> {
        Some(self.target?.0 - self.last()?.0)
    }

    /// Until the clock ends it; `None`: it does not.
    pub fn left_ms(&self) -> Option<i64> {
        [self.holding_left_ms, self.square_off_left_ms].into_iter().flatten().min()
    }
}

/// A scalp of the day that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedScalp {
    pub strategy: StrategyId,
    pub signal: SignalId,
    pub setup: SetupName,
    pub contract: Option<Contract>,
    pub quantity: Quantity,
    pub entry: Option<Price>,
    pub exit: Option<Price>,
    pub opened_at: Timestamp,
    pub exited_at: Option<Timestamp>,
    /// From the first fill on; `None`: nothing filled.
    pub held_ms: Option<i64>,
    pub reason: String,
    pub gross: Money,
    pub charges: Money,
}

impl ClosedScalp {
    pub fn net(&self) -> Money {
        self.gross - self.charges
    }
}

impl SignalRow {
    pub fn asks(&self) -> Option<&Asked> {
        match &self.standing {
            SignalStanding::Asks(asked) => Some(asked),
            _ => None,
        }
    }
}

impl SignalStanding {
    /// In a word or two.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waits(_) => "waits",
            Self::Asks(_) => "waits for you",
            Self::Traded(_) => "traded",
            Self::Observed(_) => "observed",
            Self::Refused { why: SignalRefusal::NotApproved, .. } => "not approved",
            Self::Refused { why: SignalRefusal::Stale, .. } => "expired",
            Self::Refused { .. } => "refused",
        }
    }

    /// What more there is to say.
    pub fn detail(&self) -> String {
        match self {
            Self::Waits(what) => what.clone(),
            Self::Asks(asked) => super::format::contract(&asked.contract),
            Self::Traded(strategy) => format!("#{strategy}"),
            Self::Observed(what) => what.clone(),
            Self::Refused { reason, .. } => reason.clone(),
        }
    }
}

impl Signals {
    /// Signals that wait for the trader's word, the oldest first.
    pub fn asking(&self) -> impl Iterator<Item = (&SignalRow, &Asked)> {
        self.signals.iter().rev().filter_map(|s| Some((s, s.asks()?)))
    }

    pub fn signal(&self, id: SignalId) -> Option<&SignalRow> {
        self.signals.iter().find(|s| s.id == id)
    }

    pub fn scalp(&self, id: StrategyId) -> Option<&ScalpRow> {
        self.open.iter().find(|s| s.strategy == id)
    }

    pub fn setup(&self, name: &SetupName) -> Option<&SetupRow> {
        self.setups.iter().find(|s| s.setup.name == *name)
    }
}

pub(super) fn signals(
    quotes: &Quotes<'_>,
    config: &EngineConfig,
    health: &Health,
    reference: &dyn Reference,
    now: Timestamp,
) -> Signals {
    let look = Look { state: quotes.state, quotes, config, reference, orders: orders(quotes.state), now };
    let scalps = || look.state.scalper.scalps.iter();
    let open: Vec<ScalpRow> = look.state.scalper.open_scalps().map(|(id, s)| look.open(id, s)).collect();
    let mut closed: Vec<ClosedScalp> =
        scalps().filter(|(_, s)| !s.is_open()).map(|(id, s)| look.closed(*id, s)).collect();
    closed.sort_by_key(|s| Reverse((s.exited_at, s.strategy)));
    closed.truncate(RECENT);
    Signals {
        setups: config.scalping.setups.iter().map(|s| look.setup(s)).collect(),
        today: look.today(&open),
        signals: look.signals(),
        open,
        closed,
        webhook: health.webhook.clone(),
    }
}

/// The orders of scalps, by strategy: one pass over all orders.
fn orders(state: &State) -> BTreeMap<StrategyId, Vec<&Order>> {
    let mut by_scalp: BTreeMap<StrategyId, Vec<&Order>> = BTreeMap::new();
    if state.scalper.scalps.is_empty() {
        return by_scalp;
    }
    for order in state.orders.values() {
        if let Owner::Strategy(id) = order.purpose.owner()
            && state.scalper.scalps.contains_key(&id)
        {
            by_scalp.entry(id).or_default().push(order);
        }
    }
    by_scalp
}

struct Look<'a> {
    state: &'a State,
    quotes: &'a Quotes<'a>,
    config: &'a EngineConfig,
    reference: &'a dyn Reference,
    orders: BTreeMap<StrategyId, Vec<&'a Order>>,
    now: Timestamp,
}

impl Look<'_> {
    fn setup(&self, setup: &ScalpSetup) -> SetupRow {
        let scalper = &self.state.scalper;
        let own = || scalper.scalps.values().filter(|s| s.plan.setup == setup.name);
        SetupRow {
            armed: scalper.is_armed(setup),
            closed: self.closed_now(setup),
            until: self.reference.keeps_hours().then(|| setup.hours.to.min(setup.square_off)),
            trades: u32::try_from(own().count()).unwrap_or(u32::MAX),
            net: own().filter(|s| !s.is_open()).map(|s| s.gross - s.charges).sum(),
            setup: setup.clone(),
        }
    }

    fn closed_now(&self, setup: &ScalpSetup) -> Option<String> {
        if let Some(halt) = &self.state.halt {
            return Some(format!("halted: {}", halt.reason));
        }
        if !self.reference.is_open(Segment::NseDerivatives, self.now) {
            return Some("the market is closed".into());
        }
        setup.closed_at(ist(self.now).time()).filter(|_| self.reference.keeps_hours())
    }

    fn today(&self, open: &[ScalpRow]) -> ScalpUse {
        let (day, limits) = (self.state.scalper.day, &self.config.scalping.limits);
        let charges: Money = open.iter().map(|s| self.charges(s.strategy)).sum();
        let pnl: Option<Money> = open.iter().map(|s| s.pnl).sum();
        let net = pnl.map(|pnl| pnl - charges + day.net);
        let usage = ScalpUsage {
            trades_today: day.trades,
            day_pnl: net,
            open: u32::try_from(open.len()).unwrap_or(u32::MAX),
            open_lots: open.iter().map(|s| s.lots).sum(),
            losses_in_a_row: day.losses_in_a_row,
            last_loss_at: day.last_loss_at,
        };
        let cool_down = i64::from(limits.cool_down_min) * 60_000;
        let left = day.last_loss_at.map(|at| cool_down - ms_between(at, self.now));
        ScalpUse {
            trades: day.trades,
            max_trades: limits.max_trades_per_day,
            net,
            max_loss: limits.max_daily_loss,
            losses_in_a_row: day.losses_in_a_row,
            max_losses: limits.max_consecutive_losses,
            open: open.len(),
            max_open: limits.max_open,
            cool_down_ms: left.filter(|left| *left > 0),
            full: check(&usage, limits, self.now),
        }
    }

    fn signals(&self) -> Vec<SignalRow> {
        let mut answered = 0;
        let newest = self.state.scalper.signals.iter().rev();
        let shown = newest.filter(|(_, r)| {
            answered += usize::from(r.fate.is_some());
            r.fate.is_none() || answered <= RECENT
        });
        shown.map(|(id, received)| self.signal(*id, received)).collect()
    }

    fn signal(&self, id: SignalId, received: &Received) -> SignalRow {
        let signal = &received.signal;
        SignalRow {
            id,
            seen_at: received.seen_at,
            age_ms: ms_between(received.seen_at, self.now),
            setup: signal.setup.clone(),
            symbol: signal.symbol,
            side: signal.side,
            price: signal.price,
            timeframe: signal.timeframe.clone(),
            source: signal.source.clone(),
            standing: self.standing(received),
        }
    }

    fn standing(&self, received: &Received) -> SignalStanding {
        match (&received.fate, &received.proposal) {
            (Some(SignalFate::Traded { strategy }), _) => SignalStanding::Traded(*strategy),
            (Some(SignalFate::Observed { what }), _) => SignalStanding::Observed(what.clone()),
            (Some(SignalFate::Refused { why, reason }), _) => {
                SignalStanding::Refused { why: *why, reason: reason.clone() }
            }
            (None, Some(proposal)) if !received.approved => {
                let setup = self.config.scalping.setup(&received.signal.setup);
                let lot = self.reference.instrument(&proposal.contract).map(|i| i.lot);
                SignalStanding::Asks(Box::new(Asked {
                    contract: proposal.contract,
                    lots: proposal.lots,
                    quantity: lot.map(|lot| Quantity(lot.0.saturating_mul(proposal.lots))),
                    premium: proposal.premium,
                    quote: self.quotes.of(&proposal.contract),
                    size: proposal.size.clone(),
                    stop_points: setup.map(|s| s.stop_points),
                    target_points: setup.and_then(|s| s.target_points),
                    left_ms: ms_between(self.now, received.until).max(0),
                    within_ms: ms_between(received.seen_at, received.until).max(1),
                }))
            }
            (None, _) => SignalStanding::Waits(self.waits_for(received)),
        }
    }

    fn waits_for(&self, received: &Received) -> String {
        if self.state.reconciling_since.is_some() {
            return "for the broker's books".into();
        }
        let symbol = received.signal.symbol;
        let same = |id: &StrategyId| self.state.strategies.get(id).is_some_and(|s| s.recommendation.symbol == symbol);
        let in_the_way = self.state.scalper.open.iter().find(|id| same(id));
        in_the_way.map_or_else(|| "for a fresh price".into(), |id| format!("until #{id} is left"))
    }

    fn open(&self, id: StrategyId, scalp: &Scalp) -> ScalpRow {
        let plan = &scalp.plan;
        let leg = self.state.strategies.get(&id).and_then(|s| s.legs.first());
        let contract = leg.map(|l| l.instrument.contract);
        let key = contract.map(|contract| LotKey { owner: Owner::Strategy(id), contract, product: plan.product });
        let lot = key.and_then(|key| self.state.lots.get(&key));
        let guard = key.and_then(|key| self.state.guards.get(&key));
        let quote = contract.and_then(|c| self.quotes.of(&c));
        let leaving = key.and_then(|key| self.state.exits.get(&key)).map(|e| e.reason.clone());
        let held = scalp.filled_at.map(|at| ms_between(at, self.now));
        ScalpRow {
            strategy: id,
            signal: scalp.signal,
            setup: plan.setup.clone(),
            state: scalp.state,
            contract,
            product: plan.product,
            lots: leg.map_or(0, |l| l.ratio),
            net: lot.map(|l| l.net).unwrap_or_default(),
            average: lot.and_then(crate::engine::state::Lot::average),
            quote,
            age_ms: quote.map(|q| q.age_ms(self.now)),
            pnl: lot.map_or(Some(Money::ZERO), |l| l.pnl(quote.map(|q| q.last))),
            stop: guard.and_then(|g| g.stop),
            resting: key.map(|key| self.state.resting_stops(key)).unwrap_or_default(),
            target: guard.and_then(|g| g.target),
            index_stop: plan.index_stop,
            index: self.quotes.of(&plan.underlying).map(|q| q.last),
            opened_at: scalp.opened_at,
            holding_left_ms: plan.max_holding_ms.map(|most| (most - held.unwrap_or(0)).max(0)),
            square_off: plan.square_off,
            square_off_left_ms: plan.square_off.map(|at| ms_between(self.now, at).max(0)),
            exiting: leaving.or_else(|| scalp.exit_reason.clone()),
        }
    }

    fn closed(&self, id: StrategyId, scalp: &Scalp) -> ClosedScalp {
        let (quantity, entry) = self.filled(id, Side::Buy);
        let (_, exit) = self.filled(id, Side::Sell);
        let legs = self.state.strategies.get(&id).map(|s| s.legs.as_slice()).unwrap_or_default();
        ClosedScalp {
            strategy: id,
            signal: scalp.signal,
            setup: scalp.plan.setup.clone(),
            contract: legs.first().map(|l| l.instrument.contract),
            quantity,
            entry,
            exit,
            opened_at: scalp.opened_at,
            exited_at: scalp.exited_at,
            held_ms: scalp.filled_at.zip(scalp.exited_at).map(|(from, to)| ms_between(from, to)),
            reason: scalp.exit_reason.clone().unwrap_or_default(),
            gross: scalp.gross,
            charges: scalp.charges,
        }
    }

    fn orders_of(&self, id: StrategyId) -> impl Iterator<Item = &&Order> {
        self.orders.get(&id).into_iter().flatten()
    }

    /// Units bought or sold, and the average price of them.
    fn filled(&self, id: StrategyId, side: Side) -> (Quantity, Option<Price>) {
        let fills = || self.orders_of(id).filter(|o| o.intent.spec.side == side && !o.filled.is_zero());
        let quantity: Quantity = fills().map(|o| o.filled).sum();
        let value: Money = fills().map(|o| o.value).sum();
        let average = (!quantity.is_zero()).then(|| Price((value.0 / Decimal::from(quantity.0)).round_dp(2)));
        (quantity, average)
    }

    fn charges(&self, id: StrategyId) -> Money {
        let day = crate::domain::time::trading_day(self.now);
        self.state.charges_of(Owner::Strategy(id), day, self.reference)
    }
}

#[cfg(test)]
mod tests;
