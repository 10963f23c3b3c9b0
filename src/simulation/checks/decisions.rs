//! What the records say: entries that are allowed, rules that are met, beliefs that are true.

use super::{Checked, Checks, broken, must};
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{
    Contract, IntentId, Money, Quote, RuleKind, RuleLevel, SeenStatus, Side, StrategyId, StrategyStatus,
};
use crate::engine::Record;
use crate::engine::record::{Owner, Purpose, Unplaced};
use crate::engine::state::Strategy;
use crate::gateway::Batch;
use crate::simulation::report::{Invariant, Report};

impl Checks {
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
            if let Record::ScalpOpened { id, signal, .. } = record {
                self.scalp_is_alone(*id, *signal)?;
            }
            if matches!(record, Record::Started | Record::Reconciled) {
                self.running_since = Some(*at);
            }
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
            Record::ScalpOpened { .. } => report.scalps += 1,
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
        // What a scalp has in when its entry's time is over is kept.
        let in_part = self.shadow.scalper.scalps.contains_key(&id);
        for leg in &s.legs {
            let held = self.lot_of(id, leg.instrument.contract);
            let wanted = leg.side.signed(leg.quantity()).0;
            let whole = held == wanted || (in_part && held > 0 && held < wanted);
            must(whole, Invariant::ExecutedIsHeld, || {
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
}
