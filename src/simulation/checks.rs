//! The promises, as they are checked after every step: what leaves, what the exchange has, what is remembered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::disk::Disk;
use super::report::{Invariant, Report};
use crate::domain::time::{Timestamp, after_ms, ms_between};
use crate::domain::{
    BrokerOrderId, CommandId, Contract, IntentId, Money, NetQuantity, OrderSighting, Product, Quantity, Quote,
    RuleKind, RuleLevel, SeenStatus, Side, StrategyId, StrategyStatus, TradeSighting,
};
use crate::engine::config::ProtectedLegs;
use crate::engine::record::{Owner, Purpose, Unplaced};
use crate::engine::state::{LotKey, OrderState, Strategy};
use crate::engine::{EngineConfig, Record, State};
use crate::gateway::{Batch, Call};

/// A promise that was broken, and by what.
#[derive(Clone, Debug)]
pub struct Broken {
    pub invariant: Invariant,
    pub detail: String,
}

pub type Checked = Result<(), Broken>;

pub fn broken(invariant: Invariant, detail: impl Into<String>) -> Checked {
    Err(Broken { invariant, detail: detail.into() })
}

/// Fails with a detail unless a condition holds.
fn must(holds: bool, invariant: Invariant, detail: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { broken(invariant, detail()) }
}

/// One order as the exchange has it.
#[derive(Clone, Debug)]
struct Known {
    purpose: Option<Purpose>,
    key: (Contract, Product),
    side: Side,
    quantity: Quantity,
    filled: Quantity,
    over: bool,
}

/// The installation's part of every mark.
pub const PREFIX: &str = "SIM01";

/// An exit is decided, sent and filled within this time, unless it rests.
const RACE_MS: i64 = 20_000;

/// The engine looks once a second, and asks before it acts.
const COVER_SLACK_MS: i64 = 3_000;

/// Order calls that may leave in one rolling second.
pub const CALLS_PER_SECOND: usize = 8;

#[derive(Debug, Default)]
pub struct Checks {
    /// Every intent that was ever made, by its mark, committed or not.
    intents: BTreeMap<String, (IntentId, Purpose)>,
    orders: BTreeMap<BrokerOrderId, Known>,
    by_mark: BTreeMap<String, BrokerOrderId>,
    /// Marks of intents that are said to have made no order.
    unplaced: BTreeMap<String, Unplaced>,
    nets: BTreeMap<(Contract, Product), i64>,
    foreign: BTreeMap<(Contract, Product), i64>,
    /// When somebody else last traded it.
    foreign_traded: BTreeMap<(Contract, Product), Option<Timestamp>>,
    left: VecDeque<Timestamp>,
    pub order_calls: u32,
    /// Contracts whose exit the exchange has refused because it would need more margin than there is.
    refused_for_funds: BTreeSet<Contract>,
    /// What the records fold to, uncommitted ones included.
    shadow: State,
    /// The newest batch in it: one that is spilled after its commit failed comes by twice.
    last_seq: u64,
    unanswered: BTreeSet<CommandId>,
    /// Protected lots without their stop, and since when.
    uncovered: BTreeMap<LotKey, Timestamp>,
    pub config: EngineConfig,
}

impl Checks {
    pub fn new(config: EngineConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// A process starts from what the disk holds, up to batch `last_seq`.
    pub fn restarted(&mut self, state: &State, last_seq: u64) {
        self.shadow = state.clone();
        self.last_seq = last_seq;
        self.unanswered.clear();
        self.uncovered.clear();
    }

    /// A call leaves the process.
    pub fn leaves(&mut self, call: &Call, state: &State, disk: &Disk, now: Timestamp) -> Checked {
        let entry = match call {
            Call::Place(intent) => {
                must(disk.holds(intent.id), Invariant::JournalFirst, || {
                    format!("intent {} leaves before it is on disk", intent.id)
                })?;
                self.intents.get(intent.correlation.as_str()).is_some_and(|(_, purpose)| !purpose.is_exit())
            }
            Call::Modify { order_id, .. } => {
                self.orders.get(order_id).and_then(|o| o.purpose).is_some_and(|p| !p.is_exit())
            }
            Call::Cancel { .. } => false,
            Call::FindByCorrelation(_)
            | Call::Orders
            | Call::Trades
            | Call::Positions
            | Call::Funds
            | Call::Safeguard(_) => return Ok(()),
        };
        must(!entry || state.halt.is_none(), Invariant::NoEntryWhileHalted, || {
            format!("an entry leaves while halted: {call:?}")
        })?;
        self.order_calls += 1;
        self.left.push_back(now);
        while self.left.front().is_some_and(|at| after_ms(*at, 1_000) <= now) {
            self.left.pop_front();
        }
        must(self.left.len() <= CALLS_PER_SECOND, Invariant::Pace, || {
            format!("{} order calls within a second", self.left.len())
        })
    }

    /// The exchange tells of an order.
    pub fn at_exchange(&mut self, seen: &OrderSighting, report: &mut Report) -> Checked {
        let mark = seen.correlation.as_ref().map(|c| c.as_str().to_owned()).unwrap_or_default();
        let purpose = self.intents.get(&mark).map(|(_, purpose)| *purpose);
        if !self.orders.contains_key(&seen.order_id) {
            report.orders += 1;
            must(purpose.is_some() || !mark.starts_with(PREFIX), Invariant::JournalFirst, || {
                format!("the order {} carries our mark {mark}, but no intent does", seen.order_id)
            })?;
            let known = Known {
                purpose,
                key: (seen.spec.contract, seen.spec.product),
                side: seen.spec.side,
                quantity: seen.spec.quantity,
                filled: Quantity::ZERO,
                over: false,
            };
            self.orders.insert(seen.order_id.clone(), known);
            if purpose.is_some() {
                let before = self.by_mark.insert(mark.clone(), seen.order_id.clone());
                must(before.is_none(), Invariant::OneOrderPerIntent, || {
                    format!("the intent {mark} made a second order {} besides {before:?}", seen.order_id)
                })?;
                must(!self.unplaced.contains_key(&mark), Invariant::NotPlacedIsKnown, || {
                    format!("the intent {mark} was said to be {:?} and made an order", self.unplaced.get(&mark))
                })?;
            }
        }
        if seen.status == SeenStatus::Rejected
            && purpose.is_some_and(|p| p.is_exit())
            && seen.reason.as_ref().is_some_and(|r| r.contains("Insufficient Funds"))
        {
            self.refused_for_funds.insert(seen.spec.contract);
        }
        let Some(known) = self.orders.get_mut(&seen.order_id) else { return Ok(()) };
        known.quantity = seen.spec.quantity;
        let news = seen.filled.saturating_sub(known.filled);
        known.filled = known.filled.max(seen.filled);
        known.over |= seen.status.is_final();
        if news.is_zero() {
            return self.exits_are_covered((seen.spec.contract, seen.spec.product), seen);
        }
        report.fills += 1;
        must(known.filled <= known.quantity, Invariant::FillsAreReal, || format!("{} is overfilled", seen.order_id))?;
        let key = (seen.spec.contract, seen.spec.product);
        let change = seen.spec.side.signed(news).0;
        let net = self.nets.entry(key).or_default();
        let before = *net;
        *net += change;
        let after = *net;
        match purpose {
            None => {
                *self.foreign.entry(key).or_default() += change;
                self.foreign_traded.insert(key, seen.updated);
            }
            Some(Purpose::Entry { .. }) => {}
            Some(Purpose::Exit { owner } | Purpose::Protect { owner }) => {
                let reduces = after.abs() < before.abs() && after * before >= 0;
                must(reduces || self.raced(key, seen), Invariant::ExitsOnlyReduce, || {
                    format!(
                        "exit {mark} of {owner:?} changed {} from {before:+} to {after:+}",
                        seen.spec.contract.label()
                    )
                })?;
                if owner == Owner::Foreign {
                    *self.foreign.entry(key).or_default() += change;
                }
            }
        }
        self.exits_are_covered(key, seen)
    }

    /// Whether somebody else has traded the contract so lately that no exit of ours could take it into account.
    fn raced(&self, key: (Contract, Product), seen: &OrderSighting) -> bool {
        let lately = |traded: &Option<Timestamp>| match (traded, seen.updated) {
            (Some(traded), Some(now)) => ms_between(*traded, now) < RACE_MS,
            _ => true,
        };
        self.foreign_traded.get(&key).is_some_and(lately)
    }

    /// All exits of ours that may still trade, together, are no more than what is open.
    fn exits_are_covered(&self, key: (Contract, Product), seen: &OrderSighting) -> Checked {
        let net = self.nets.get(&key).copied().unwrap_or_default();
        let exits =
            || self.orders.values().filter(|o| o.key == key && !o.over && o.purpose.is_some_and(|p| p.is_exit()));
        let change: i64 = exits().map(|o| o.side.signed(o.quantity.saturating_sub(o.filled)).0).sum();
        let covered = change == 0 || (change.signum() != net.signum() && change.abs() <= net.abs());
        let with_stops = exits().any(|o| o.purpose.is_some_and(|p| p.is_stop()));
        let invariant = if with_stops { Invariant::CoverWithinPosition } else { Invariant::ExitsOnlyReduce };
        must(covered || self.raced(key, seen), invariant, || {
            format!("exits of {change:+} are out for {} with {net:+} open", key.0.label())
        })
    }

    /// A batch was made, be it on its way to the disk or to the spill file.
    pub fn remembers(&mut self, batch: &Batch, report: &mut Report) -> Checked {
        if batch.seq <= self.last_seq {
            return Ok(());
        }
        self.last_seq = batch.seq;
        for (at, record) in batch.records.iter() {
            self.before_record(record, *at, report)?;
            self.shadow.apply(record, *at);
            self.after_record(record)?;
            if let Record::OrderSeen { intent, .. } = record {
                self.legs_are_whole(*intent)?;
            }
        }
        Ok(())
    }

    fn before_record(&mut self, record: &Record, at: Timestamp, report: &mut Report) -> Checked {
        match record {
            Record::IntentMade { intent, purpose } => {
                let mark = intent.correlation.as_str().to_owned();
                let is_new = self.intents.get(&mark).is_none_or(|(id, _)| *id == intent.id);
                must(is_new, Invariant::OneOrderPerIntent, || format!("the mark {mark} is used again"))?;
                // One that was forgotten with a crash has never left, whatever was said of it.
                self.unplaced.remove(&mark);
                self.intents.insert(mark, (intent.id, *purpose));
                if let Purpose::Entry { strategy, leg } = purpose {
                    self.entry_is_allowed(&intent.spec.contract, at)?;
                    self.hedges_are_in(*strategy, *leg)?;
                }
            }
            Record::IntentUnplaced { intent, how, .. } => self.said_unplaced(*intent, *how, report)?,
            Record::OrderSeen { sighting, .. } => {
                let Some(known) = self.orders.get(&sighting.order_id) else {
                    return broken(Invariant::FillsAreReal, format!("{} does not exist", sighting.order_id));
                };
                let whole = sighting.status != SeenStatus::Filled || known.filled == known.quantity;
                must(sighting.filled <= known.filled && whole, Invariant::FillsAreReal, || {
                    format!(
                        "{} is believed {:?} with {} filled; it has {}",
                        sighting.order_id, sighting.status, sighting.filled, known.filled
                    )
                })?;
            }
            Record::StrategyMoved { id, to: StrategyStatus::Executed, .. } => self.executed_is_held(*id)?,
            Record::RuleFired { id, rule, level, pnl, quotes, .. } => {
                report.rules += 1;
                self.rule_is_met(*id, *rule, *level, *pnl, quotes, at)?;
            }
            Record::StopSet { .. } => report.stops += 1,
            Record::Halted { .. } => report.halts += 1,
            Record::FlattenStarted { .. } => report.flattens += 1,
            _ => {}
        }
        Ok(())
    }

    /// A rule acts on fresh quotes of all that is open, and on the profit they really come to.
    fn rule_is_met(
        &self,
        id: StrategyId,
        rule: RuleKind,
        level: RuleLevel,
        pnl: Option<Money>,
        quotes: &[(Contract, Quote)],
        at: Timestamp,
    ) -> Checked {
        if !rule.needs_quotes() {
            return Ok(());
        }
        let title = self.shadow.strategies.get(&id).map(Strategy::title).unwrap_or_default();
        for (contract, quote) in quotes {
            let age = ms_between(quote.at, at);
            must(age <= self.config.execution.max_quote_age_ms, Invariant::RulesOnFreshQuotes, || {
                format!("{title}: {} acted on a quote of {} that is {age} ms old", rule.as_str(), contract.label())
            })?;
        }
        let mid = |c: &Contract| quotes.iter().find(|(k, _)| k == c).map(|(_, q)| q.mid());
        let worth: Option<Money> = self.shadow.lots_of(Owner::Strategy(id)).map(|(k, l)| l.pnl(mid(&k.contract))).sum();
        let met = match level {
            RuleLevel::ProfitFrom(least) => worth.is_some_and(|p| p >= least),
            RuleLevel::ProfitTo(most) => worth.is_some_and(|p| p <= most),
            RuleLevel::Delta(_) | RuleLevel::Days(_) => true,
            RuleLevel::TrailsFrom(_) => false,
        };
        must(worth.is_some() && worth == pnl && met, Invariant::RulesOnFreshQuotes, || {
            format!("{title}: {} acted on {pnl:?} for {level:?}; its quotes say {worth:?}", rule.as_str())
        })
    }

    fn entry_is_allowed(&self, contract: &Contract, at: Timestamp) -> Checked {
        let s = &self.shadow;
        let why = [
            (s.halt.is_some(), "halted"),
            (s.flatten.is_some(), "flattening"),
            (s.reconciling_since.is_some(), "reconciling"),
            (s.store_down, "without a journal"),
        ];
        if let Some((_, why)) = why.into_iter().find(|(is, _)| *is) {
            return broken(Invariant::NoEntryWhileHalted, format!("an entry was decided while {why}"));
        }
        let age = s.marks.get(contract).map(|q| ms_between(q.at, at));
        must(age.is_some_and(|ms| ms <= self.config.execution.max_quote_age_ms), Invariant::FreshQuotes, || {
            format!("an entry in {} was decided on a quote of {age:?} ms", contract.label())
        })
    }

    /// What protects is bought before what it protects is sold.
    fn hedges_are_in(&self, id: StrategyId, leg: usize) -> Checked {
        let Some(s) = self.shadow.strategies.get(&id) else { return Ok(()) };
        if s.legs.get(leg).is_none_or(|l| l.side == Side::Buy) {
            return Ok(());
        }
        for hedge in s.legs.iter().filter(|l| l.side == Side::Buy) {
            let held = self.lot_of(id, hedge.instrument.contract);
            let wanted = i64::from(hedge.quantity().0);
            must(held >= wanted, Invariant::HedgesFirst, || {
                format!("{}: a short is sent while {held} of {wanted} of its hedge are in", s.title())
            })?;
        }
        Ok(())
    }

    fn lot_of(&self, id: StrategyId, contract: Contract) -> i64 {
        let lots = self.shadow.lots_of(Owner::Strategy(id)).filter(|(k, _)| k.contract == contract);
        lots.map(|(_, l)| l.net.0).sum()
    }

    /// An executed strategy holds what its legs say.
    fn executed_is_held(&self, id: StrategyId) -> Checked {
        let Some(s) = self.shadow.strategies.get(&id) else { return Ok(()) };
        for leg in &s.legs {
            let held = self.lot_of(id, leg.instrument.contract);
            let wanted = leg.side.signed(leg.quantity()).0;
            must(held == wanted, Invariant::ExecutedIsHeld, || {
                format!(
                    "{} is executed and holds {held:+} of {wanted:+} {}",
                    s.title(),
                    leg.instrument.contract.label()
                )
            })?;
        }
        Ok(())
    }

    fn said_unplaced(&mut self, id: IntentId, how: Unplaced, report: &mut Report) -> Checked {
        match how {
            Unplaced::Unknown => {
                report.unknown += 1;
                return Ok(());
            }
            Unplaced::Lost => report.lost += 1,
            Unplaced::NotSent => report.not_sent += 1,
            Unplaced::Refused => {}
        }
        let Some(order) = self.shadow.orders.get(&id) else { return Ok(()) };
        let mark = order.intent.correlation.as_str().to_owned();
        must(!self.by_mark.contains_key(&mark), Invariant::NotPlacedIsKnown, || {
            format!("the intent {mark} is said to be {how:?}, but the exchange has its order")
        })?;
        self.unplaced.insert(mark, how);
        Ok(())
    }

    fn after_record(&self, record: &Record) -> Checked {
        let Record::IntentMade { purpose, .. } = record else { return Ok(()) };
        if purpose.is_exit() {
            return Ok(());
        }
        let held: u32 = self.shadow.lots.values().map(|l| l.net.size().0).sum();
        let working: u32 = self.shadow.open_orders().filter(|o| !o.purpose.is_exit()).map(|o| o.remaining().0).sum();
        let lots = (held + working).div_ceil(65);
        let most = self.config.limits.max_open_lots.0;
        must(lots <= most, Invariant::Limits, || format!("{lots} open lots are over the limit of {most}"))
    }

    /// A strategy never holds more of a leg than it means to.
    fn legs_are_whole(&self, id: IntentId) -> Checked {
        let Some(order) = self.shadow.orders.get(&id) else { return Ok(()) };
        let Owner::Strategy(id) = order.purpose.owner() else { return Ok(()) };
        let Some(s) = self.shadow.strategies.get(&id) else { return Ok(()) };
        let contract = order.intent.spec.contract;
        let held = self.lot_of(id, contract);
        let legs = s.legs.iter().filter(|l| l.instrument.contract == contract);
        let wanted: i64 = legs.map(|l| l.side.signed(l.quantity()).0).sum();
        must(held.abs() <= wanted.abs() || s.legs.is_empty(), Invariant::LegsAreWhole, || {
            format!("{} holds {held:+} of {wanted:+} {}", s.title(), contract.label())
        })
    }

    fn shall_be_protected(&self, s: &Strategy, short: bool) -> bool {
        match self.config.protection.legs {
            ProtectedLegs::None => false,
            ProtectedLegs::OneSided => is_one_sided(s),
            ProtectedLegs::Shorts => is_one_sided(s) || short,
        }
    }

    /// What is protected is covered by stops that rest, as the broker said, or is being exited.
    pub fn stop_cover(&mut self, state: &State, now: Timestamp, open: bool) -> Checked {
        if !open || state.reconciling_since.is_some() {
            self.uncovered.clear();
            return Ok(());
        }
        let mut bare = BTreeMap::new();
        for (key, lot) in state.lots.iter().filter(|(k, l)| !l.net.is_flat() && !state.exits.contains_key(k)) {
            let Owner::Strategy(id) = key.owner else { continue };
            let lifted = state.guards.get(key).is_some_and(|g| g.stop.is_none());
            if lifted || state.strategies.get(&id).is_none_or(|s| !self.shall_be_protected(s, lot.net.0 < 0)) {
                continue;
            }
            let at_broker = state.broker_net(&key.contract, key.product);
            let held = if state.position_is_fresh(&key.contract, key.product) {
                lot.net.0.abs().min(at_broker.0.abs())
            } else {
                lot.net.0.abs()
            };
            let stop = Purpose::Protect { owner: key.owner };
            let resting: u32 = state
                .open_orders_of(key.contract, key.product)
                .filter(|o| o.purpose == stop && o.is_resting_stop())
                .map(|o| o.resting().0)
                .sum();
            if i64::from(resting) < held {
                bare.insert(*key, self.uncovered.get(key).copied().unwrap_or(now));
            }
        }
        self.uncovered = bare;
        let most = self.config.protection.uncovered_ms + COVER_SLACK_MS;
        let late = self.uncovered.iter().find(|(_, since)| ms_between(**since, now) > most);
        match late {
            None => Ok(()),
            Some((key, since)) => broken(
                Invariant::StopCover,
                format!("{} of {:?} is without its stop since {since}", key.contract.label(), key.owner),
            ),
        }
    }

    /// Once quiet, what is to be protected rests at the exchange, to the unit.
    pub fn stops_rest(&self, state: &State) -> Checked {
        let mut wanted: BTreeMap<(Contract, Product), i64> = BTreeMap::new();
        for (key, _) in state.guards.iter().filter(|(k, g)| g.stop.is_some() && !state.exits.contains_key(k)) {
            let net = state.lots.get(key).map_or(0, |l| l.net.0);
            *wanted.entry((key.contract, key.product)).or_default() -= net;
        }
        for (key, wanted) in wanted {
            let stops =
                self.orders.values().filter(|o| o.key == key && !o.over && o.purpose.is_some_and(|p| p.is_stop()));
            let resting: i64 = stops.map(|o| o.side.signed(o.quantity.saturating_sub(o.filled)).0).sum();
            must(resting == wanted, Invariant::StopCover, || {
                format!("{}: stops of {resting:+} rest at the exchange, not {wanted:+}", key.0.label())
            })?;
        }
        Ok(())
    }

    /// Everything collected so far has gone through [`Self::remembers`]: the fold is the state.
    pub fn fold_is(&self, state: &State) -> Checked {
        must(bytes(&self.shadow) == bytes(state), Invariant::FoldIsState, || {
            "the records do not fold to the state".to_owned()
        })
    }

    pub fn asked(&mut self, id: CommandId) {
        self.unanswered.insert(id);
    }

    pub fn answered(&mut self, id: CommandId) -> Checked {
        must(self.unanswered.remove(&id), Invariant::AnsweredOnce, || format!("command {id} was answered twice"))
    }

    /// What is still open of ours at the exchange, foreign positions apart.
    pub fn open_at_exchange(&self, with_foreign: bool) -> Vec<(Contract, i64)> {
        let ours = |(key, net): (&(Contract, Product), &i64)| {
            let foreign = if with_foreign { 0 } else { self.foreign.get(key).copied().unwrap_or_default() };
            (key.0, net - foreign)
        };
        self.nets.iter().map(ours).filter(|(_, net)| *net != 0).collect()
    }

    /// Whether all that is still being exited is a hedge of something that stays (a leg closed by itself, a short opened
    /// elsewhere), which the account cannot afford to be without: then refusals, told and tried again, are the truth.
    pub fn only_funds_are_missing(&self, state: &State) -> bool {
        let stays = state.flatten.as_ref().is_none_or(|f| !f.include_foreign && self.foreign.values().any(|n| *n < 0));
        stays && !state.exits.is_empty() && state.exits.keys().all(|k| self.refused_for_funds.contains(&k.contract))
    }

    /// Everything is quiet: what we believe is what the exchange has. `trades` are those of the whole run, if the
    /// exchange still has them.
    pub fn at_rest(&self, state: &State, trades: Option<&Vec<TradeSighting>>, open: bool) -> Checked {
        if open {
            self.stops_rest(state)?;
        }
        must(self.unanswered.is_empty(), Invariant::AnsweredOnce, || {
            format!("commands {:?} were never answered", self.unanswered)
        })?;
        for (key, net) in &self.nets {
            let foreign = self.foreign.get(key).copied().unwrap_or_default();
            let ours = state.lots_net(&key.0, key.1);
            must(NetQuantity(net - foreign) == ours, Invariant::LotsArePositions, || {
                format!("{}: our lots say {ours:+}, the exchange {:+}", key.0.label(), net - foreign)
            })?;
        }
        trades.map_or(Ok(()), |trades| money_reconciles(state, trades))
    }

    /// Whether anything of ours may still trade or has not been confirmed, as the engine sees it.
    pub fn engine_is_busy(state: &State) -> Option<String> {
        use crate::engine::state::Phase;
        if let Some(o) = state.open_orders().find(|o| !(o.purpose.is_stop() && o.is_resting_stop())) {
            return Some(format!("intent {} is {}", o.intent.id, o.state.as_str()));
        }
        if let Some(key) = state.exits.keys().next() {
            return Some(format!("{} is being exited", key.contract.label()));
        }
        if state.flatten.is_some() {
            return Some("flattening".into());
        }
        if state.reconciling_since.is_some() {
            return Some("reconciling".into());
        }
        let moving = |s: &&crate::engine::state::Strategy| {
            s.queued_at.is_some() || s.execution.as_ref().is_some_and(|e| !matches!(e.phase, Phase::Held(_)))
        };
        if let Some(s) = state.strategies.values().find(moving) {
            return Some(format!("{} is under way", s.title()));
        }
        let inexact = state.orders.values().find(|o| !o.is_exact() && o.state != OrderState::Lost);
        inexact.map(|o| format!("the trades of intent {} have not been read", o.intent.id))
    }
}

/// Whether no leg protects another.
fn is_one_sided(s: &Strategy) -> bool {
    s.legs.iter().all(|l| l.side == Side::Buy) || s.legs.iter().all(|l| l.side == Side::Sell)
}

pub fn bytes(state: &State) -> Vec<u8> {
    postcard::to_stdvec(state).unwrap_or_default()
}

fn money_reconciles(state: &State, trades: &[TradeSighting]) -> Checked {
    let mut exchange: BTreeMap<IntentId, Money> = BTreeMap::new();
    for trade in trades {
        if let Some(id) = state.order_ids.get(&trade.order_id) {
            *exchange.entry(*id).or_default() += trade.price.times(trade.quantity);
        }
    }
    for order in state.orders.values().filter(|o| !o.filled.is_zero()) {
        let (ours, theirs) = (order.value, exchange.get(&order.intent.id).copied().unwrap_or_default());
        must(ours == theirs, Invariant::MoneyReconciles, || {
            format!("intent {}: our fills are worth {ours}, the exchange's {theirs}", order.intent.id)
        })?;
    }
    let mut lots = Money::ZERO;
    let mut fills = Money::ZERO;
    for lot in state.lots.values() {
        lots += lot.sold_value - lot.bought_value;
    }
    for order in state.orders.values().filter(|o| o.purpose.owner() != Owner::Foreign) {
        let value = order.value;
        fills += if order.intent.spec.side == Side::Sell { value } else { -value };
    }
    must(lots == fills, Invariant::MoneyReconciles, || format!("lots say {lots}, their fills {fills}"))?;
    // The profit of the day: what the exchange's trades of our orders came to, and what is open at its mark.
    let ours = |t: &&TradeSighting| {
        let order = state.order_ids.get(&t.order_id).and_then(|id| state.orders.get(id));
        order.is_some_and(|o| o.purpose.owner() != Owner::Foreign)
    };
    let signed = |t: &TradeSighting| {
        let value = t.price.times(t.quantity);
        if t.side == Side::Sell { value } else { -value }
    };
    let cash: Money = trades.iter().filter(ours).map(signed).sum();
    let open: Option<Money> = state
        .lots
        .iter()
        .filter(|(_, l)| !l.net.is_flat())
        .map(|(k, l)| Some(state.marks.get(&k.contract)?.mid() * l.net))
        .sum();
    let (gross, theirs) = (state.gross_pnl(), open.map(|open| cash + open));
    must(gross == theirs, Invariant::MoneyReconciles, || {
        format!("our profit before charges is {gross:?}, by the exchange's trades it is {theirs:?}")
    })
}
