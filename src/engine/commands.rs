//! What the trader asks for: each command is written down, checked, done or refused with its reason, and answered once.

use rust_decimal::Decimal;

use super::command::{Command, Origin, Reply};
use super::config::FailurePolicy;
use super::record::{Owner, Profile, Purpose, Record};
use super::state::{LotKey, Phase, Strategy};
use super::turn::Turn;
use crate::domain::time::{after_ms, ist, trading_day};
use crate::domain::{
    CommandId, Contract, Drill, IntentId, Issue, Product, Quantity, Quote, Recommendation, StrategyId, StrategyStatus,
};
use crate::engine::effect::Effect;
use crate::options::coherence::INCONSISTENT_PRICES;

/// Priorities a trader can give: 0 is the lowest.
pub const PRIORITIES: std::ops::RangeInclusive<i32> = 0..=999;

/// How long a rehearsal may last.
pub const REHEARSAL_SECONDS: std::ops::RangeInclusive<u32> = 1..=600;

impl Turn<'_> {
    pub(super) fn command(&mut self, id: CommandId, origin: Origin, command: &Command, quotes: &[(Contract, Quote)]) {
        if !matches!(command, Command::Preview { .. }) {
            let what = audit_text(command);
            self.record(Record::Asked { command: id, origin, what: what.clone() });
            if !quotes.is_empty() {
                self.record(Record::Marks { quotes: quotes.to_vec() });
            }
        }
        let reply = self.obey(command, quotes);
        if let Reply::Refused { reason } = &reply
            && !matches!(command, Command::Preview { .. })
        {
            let what = command.name().to_string();
            self.record(Record::Refused { command: id, what, reason: reason.clone() });
        }
        self.effect(Effect::Reply { command: id, reply });
    }

    fn obey(&mut self, command: &Command, quotes: &[(Contract, Quote)]) -> Reply {
        match command {
            Command::Import { recommendations } => self.import(recommendations),
            Command::Mark { ids, priority, notes } => self.each(ids, |t, id| t.mark(id, *priority, notes.as_deref())),
            Command::MarkTop { count, min_score } => self.mark_top(*count, *min_score),
            Command::Unmark { ids } => self.each(ids, Self::unmark),
            Command::SetPriority { id, priority } => answer(self.set_priority(*id, *priority)),
            Command::SetNotes { id, notes } => answer(self.set_notes(*id, notes)),
            Command::Preview { ids } => {
                let ids = if ids.is_empty() { self.marked_in_order() } else { ids.clone() };
                let previews: Vec<_> = ids.iter().filter_map(|id| self.preview(*id, quotes)).collect();
                if previews.is_empty() {
                    Reply::refused("nothing is marked: mark a strategy first")
                } else {
                    Reply::Previews { previews }
                }
            }
            Command::Execute { ids } => self.execute(ids),
            Command::Retry { id } => answer(self.retry(*id)),
            Command::Resume { id } => answer(self.resume(*id)),
            Command::Unwind { id } => answer(self.unwind(*id)),
            Command::CloseStrategy { id } => answer(self.close_strategy(*id)),
            Command::ClosePosition { contract, product } => answer(self.close_position(*contract, *product)),
            Command::SetStop { id, leg, stop } => self.for_legs(*id, *leg, |t, key| t.wish_stop(key, *stop)),
            Command::SetTarget { id, leg, target } => self.for_legs(*id, *leg, |t, key| t.wish_target(key, *target)),
            Command::SetRules { id, rules } => answer(self.wish_rules(*id, rules)),
            Command::SetFailurePolicy { id, policy } => answer(self.set_failure_policy(*id, *policy)),
            Command::CancelOrder { intent } => answer(self.cancel_order(*intent)),
            Command::CancelEntries => answer(self.cancel_all_entries()),
            Command::Signal { signal } => Reply::Signal { answer: self.signal(signal) },
            Command::DecideSignal { id, approve } => answer(self.decide_signal(*id, *approve)),
            Command::ArmSetup { setup, armed } => answer(self.arm_setup(setup, *armed)),
            Command::Disable { reason } => {
                self.halt(&format!("disabled: {}", clean(reason)));
                Reply::done("Trading is disabled: no entries. Working entries are being cancelled; positions stay.")
            }
            Command::Enable => answer(self.enable()),
            Command::Halt => {
                self.halt("halted by the trader");
                Reply::done("Halted: no entries. Working entries are being cancelled; positions stay.")
            }
            Command::Flatten { include_foreign } => {
                self.flatten(*include_foreign);
                Reply::done("Flattening: everything is being cancelled and exited.")
            }
            Command::BrokerExit { on } => answer(self.wish_broker_exit(*on)),
            Command::Rehearse { drill, seconds } => answer(self.rehearse(*drill, *seconds)),
            Command::EndRehearsals => {
                self.effect(Effect::Rehearse(None));
                Reply::done("Rehearsals ended.")
            }
            Command::Arm { word } => answer(self.arm(word)),
        }
    }

    /// Does one thing for several strategies; each is told for itself.
    fn each(&mut self, ids: &[StrategyId], act: impl Fn(&mut Self, StrategyId) -> Result<String, String>) -> Reply {
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for id in ids {
            match act(self, *id) {
                Ok(line) => done.push(line),
                Err(line) => refused.push(line),
            }
        }
        match (done.as_slice(), refused.as_slice()) {
            ([], []) => Reply::refused("no strategy was named"),
            ([one], []) => Reply::done(one.clone()),
            ([], [one]) => Reply::refused(one.clone()),
            ([], many) => Reply::refused(many.join("; ")),
            _ => Reply::Partly { done, refused },
        }
    }

    /// Does one thing for what a strategy holds of one leg, or of every leg.
    fn for_legs(
        &mut self,
        id: StrategyId,
        leg: Option<usize>,
        act: impl Fn(&mut Self, LotKey) -> Result<String, String>,
    ) -> Reply {
        let s = match self.strategy(id) {
            Ok(s) => s,
            Err(reason) => return Reply::refused(reason),
        };
        let title = s.title();
        let wanted: Vec<Contract> = (1..)
            .zip(&s.legs)
            .filter(|(n, _)| leg.is_none_or(|wanted| wanted == *n))
            .map(|(_, l)| l.instrument.contract)
            .collect();
        let held: Vec<LotKey> = self
            .state
            .lots_of(Owner::Strategy(id))
            .filter(|(k, l)| !l.net.is_flat() && wanted.contains(&k.contract))
            .map(|(k, _)| *k)
            .collect();
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for key in held {
            match act(self, key) {
                Ok(line) => done.push(line),
                Err(line) => refused.push(line),
            }
        }
        match (done.is_empty(), refused.is_empty()) {
            (true, true) => Reply::refused(format!("{title} holds nothing there")),
            (false, true) => Reply::done(done.join("; ")),
            (true, false) => Reply::refused(refused.join("; ")),
            (false, false) => Reply::Partly { done, refused },
        }
    }

    fn strategy(&self, id: StrategyId) -> Result<&Strategy, String> {
        self.state.strategies.get(&id).ok_or_else(|| format!("#{id}: there is no such strategy"))
    }

    fn expect(&self, id: StrategyId, status: StrategyStatus, to: &str) -> Result<&Strategy, String> {
        let s = self.strategy(id)?;
        if s.status == status {
            Ok(s)
        } else {
            Err(format!("{} is {}: only a {status} strategy can be {to}", s.title(), s.status))
        }
    }

    fn import(&mut self, recommendations: &[Recommendation]) -> Reply {
        let (mut added, mut updated, mut kept) = (0, 0, 0);
        let mut by_key: std::collections::BTreeMap<String, StrategyId> =
            self.state.strategies.values().map(|s| (s.recommendation.key.clone(), s.id)).collect();
        for new in recommendations {
            match by_key.get(&new.key).and_then(|id| self.state.strategies.get(id)) {
                None => {
                    let id = StrategyId(self.state.next_strategy.max(1));
                    by_key.insert(new.key.clone(), id);
                    self.record(Record::StrategyAdded { id, recommendation: Box::new(new.clone()) });
                    added += 1;
                }
                Some(old) if old.status == StrategyStatus::Pending && old.recommendation != *new => {
                    let id = old.id;
                    self.record(Record::StrategyUpdated { id, recommendation: Box::new(new.clone()) });
                    updated += 1;
                }
                Some(_) => kept += 1,
            }
        }
        Reply::done(format!("{added} strategies new, {updated} updated, {kept} left as they were"))
    }

    fn mark(&mut self, id: StrategyId, priority: Option<i32>, notes: Option<&str>) -> Result<String, String> {
        let s = self.expect(id, StrategyStatus::Pending, "marked")?;
        let title = s.title();
        if let Some(issue) = lasting_issue(&s.recommendation) {
            return Err(format!("{title} cannot be executed: {}", issue.detail));
        }
        let priority = priority.unwrap_or(1);
        check_priority(priority)?;
        let recommendation = s.recommendation.clone();
        let legs = self
            .reference
            .resolve(&recommendation, trading_day(self.now), self.now)
            .map_err(|reason| format!("{title}: {reason}"))?;
        if legs.is_empty() {
            return Err(format!("{title} has no legs"));
        }
        let by_config = after_ms(self.now, self.config.execution.mark_expires_min.saturating_mul(60_000));
        let expires = recommendation.valid_until.map_or(by_config, |v| v.min(by_config));
        if expires <= self.now {
            return Err(format!("{title}: its validity ended at {}", ist(expires).strftime("%d %b %H:%M")));
        }
        // What the broker said was of the legs as they resolved then.
        self.memory.margins.remove(&id);
        self.record(Record::StrategyMarked { id, priority, notes: notes.map(clean), legs, expires });
        Ok(format!("{title} marked, priority {priority}"))
    }

    fn mark_top(&mut self, count: u32, min_score: Decimal) -> Reply {
        let mut best: Vec<(Decimal, StrategyId)> = self
            .state
            .strategies
            .values()
            .filter(|s| s.status == StrategyStatus::Pending && lasting_issue(&s.recommendation).is_none())
            .filter_map(|s| s.recommendation.score.map(|score| (score, s.id)))
            .filter(|(score, _)| *score >= min_score)
            .collect();
        best.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let ids: Vec<StrategyId> = best.into_iter().take(count as usize).map(|(_, id)| id).collect();
        if ids.is_empty() {
            return Reply::refused(format!("no pending strategy that can be executed scores {min_score} or more"));
        }
        self.each(&ids, |t, id| t.mark(id, None, None))
    }

    fn unmark(&mut self, id: StrategyId) -> Result<String, String> {
        let s = self.strategy(id)?;
        let title = s.title();
        if !matches!(s.status, StrategyStatus::Marked | StrategyStatus::Deferred) {
            return Err(format!("{title} is {}: only a marked or deferred strategy can be unmarked", s.status));
        }
        self.record(Record::StrategyMoved { id, to: StrategyStatus::Pending, reason: None });
        Ok(format!("{title} unmarked"))
    }

    fn set_priority(&mut self, id: StrategyId, priority: i32) -> Result<String, String> {
        let s = self.strategy(id)?;
        let title = s.title();
        if !matches!(s.status, StrategyStatus::Marked | StrategyStatus::Deferred) {
            return Err(format!("{title} is {}: priority is for marked strategies", s.status));
        }
        check_priority(priority)?;
        self.record(Record::PrioritySet { id, priority });
        Ok(format!("{title}: priority {priority}"))
    }

    fn set_notes(&mut self, id: StrategyId, notes: &str) -> Result<String, String> {
        let title = self.strategy(id)?.title();
        self.record(Record::NotesSet { id, notes: clean(notes) });
        Ok(format!("{title}: noted"))
    }

    fn set_failure_policy(&mut self, id: StrategyId, policy: Option<FailurePolicy>) -> Result<String, String> {
        let title = self.strategy(id)?.title();
        self.record(Record::FailurePolicySet { id, policy });
        let what = self.failure_policy(id).what();
        let whose = if policy.is_none() { ", by the settings" } else { "" };
        Ok(format!("{title}: if a leg fails, {what}{whose}"))
    }

    fn retry(&mut self, id: StrategyId) -> Result<String, String> {
        let failed = self.expect(id, StrategyStatus::Failed, "tried again")?;
        let title = failed.title();
        if failed.recommendation.is_of_signal() {
            return Err(format!("{title}: a signal is traded once; another one brings another scalp"));
        }
        if self.state.lots_of(Owner::Strategy(id)).any(|(_, l)| !l.net.is_flat()) {
            return Err(format!("{title} still holds a position: close it first"));
        }
        self.record(Record::StrategyMoved { id, to: StrategyStatus::Pending, reason: None });
        Ok(format!("{title} is pending again"))
    }

    fn held(&self, id: StrategyId) -> Result<String, String> {
        let s = self.expect(id, StrategyStatus::Executing, "resumed or unwound")?;
        match s.execution.as_ref().map(|e| &e.phase) {
            Some(Phase::Held(_)) => Ok(s.title()),
            _ => Err(format!("{} is not held", s.title())),
        }
    }

    fn resume(&mut self, id: StrategyId) -> Result<String, String> {
        let title = self.held(id)?;
        if let Some(reason) = self.entries_closed() {
            return Err(format!("{title}: {reason}"));
        }
        let refusals = self.refusals_to_resume(self.strategy(id)?);
        if !refusals.is_empty() {
            return Err(format!("{title} cannot go on: {}. It can be unwound.", refusals.join("; ")));
        }
        self.record(Record::ExecutionResumed { id });
        Ok(format!("{title} goes on"))
    }

    fn unwind(&mut self, id: StrategyId) -> Result<String, String> {
        let title = self.held(id)?;
        self.record(Record::UnwindStarted { id, reason: "unwound by the trader".into() });
        Ok(format!("{title}: what has filled is being exited"))
    }

    fn close_strategy(&mut self, id: StrategyId) -> Result<String, String> {
        let s = self.strategy(id)?;
        let (title, executing) = (s.title(), s.status == StrategyStatus::Executing);
        if executing {
            let unwinding = matches!(s.execution.as_ref().map(|e| &e.phase), Some(Phase::Unwinding(_)));
            if !unwinding {
                self.record(Record::UnwindStarted { id, reason: "closed by the trader".into() });
            }
            return Ok(format!("{title}: entry stopped, what has filled is being exited"));
        }
        let held: Vec<LotKey> =
            self.state.lots_of(Owner::Strategy(id)).filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| *k).collect();
        if held.is_empty() {
            return Err(format!("{title} holds nothing"));
        }
        for key in &held {
            self.start_exit(*key, Quantity::ZERO, "closed by the trader");
        }
        Ok(format!("{title}: {} legs are being exited", held.len()))
    }

    fn close_position(&mut self, contract: Contract, product: Product) -> Result<String, String> {
        let mut keys: Vec<LotKey> = self
            .state
            .lots
            .iter()
            .filter(|(k, l)| k.contract == contract && k.product == product && !l.net.is_flat())
            .map(|(k, _)| *k)
            .filter(|k| k.owner != Owner::Foreign)
            .collect();
        if !self.state.foreign_net(&contract, product).is_flat() {
            keys.push(LotKey { owner: Owner::Foreign, contract, product });
        }
        if keys.is_empty() {
            return Err(format!("{}: nothing is open", contract.label()));
        }
        for key in keys {
            self.hold_entry_of(key.owner, &format!("{} was closed by hand: resume or unwind", contract.label()));
            self.start_exit(key, Quantity::ZERO, "closed by the trader");
        }
        Ok(format!("{} is being exited", contract.label()))
    }

    /// An execution would fill again what the trader has closed: it stops, and the trader says how it goes on.
    pub(super) fn hold_entry_of(&mut self, owner: Owner, reason: &str) {
        let Owner::Strategy(id) = owner else { return };
        let entering = self.state.strategies.get(&id).and_then(|s| s.execution.as_ref()).map(|e| &e.phase);
        if entering == Some(&Phase::Entering) {
            self.record(Record::ExecutionHeld { id, reason: reason.into() });
        }
    }

    fn cancel_order(&mut self, id: IntentId) -> Result<String, String> {
        let Some(order) = self.state.orders.get(&id) else { return Err(format!("there is no order {id} of today")) };
        let label = format!("{} {}", order.intent.spec.side, order.intent.spec.contract.label());
        if !order.state.is_open() {
            return Err(format!("{label} is {} already", order.state.as_str()));
        }
        self.cancel(id);
        Ok(format!("{label}: cancellation asked for"))
    }

    fn cancel_all_entries(&mut self) -> Result<String, String> {
        let open = self.open_ids(|o| matches!(o.purpose, Purpose::Entry { .. }));
        for id in &open {
            self.cancel(*id);
        }
        match open.len() {
            0 => Err("no entry is working: exits and stops stay, they only reduce".into()),
            1 => Ok("one entry: cancellation asked for".into()),
            n => Ok(format!("{n} entries: cancellation asked for")),
        }
    }

    /// Faults are made only where they cost nothing.
    fn rehearse(&mut self, drill: Drill, seconds: u32) -> Result<String, String> {
        if self.state.profile == Profile::Live {
            return Err("rehearsals are for paper mode: nothing is made to go wrong with real money".into());
        }
        if !REHEARSAL_SECONDS.contains(&seconds) {
            let (least, most) = (REHEARSAL_SECONDS.start(), REHEARSAL_SECONDS.end());
            return Err(format!("a rehearsal lasts {least} to {most} seconds"));
        }
        self.effect(Effect::Rehearse(Some((drill, seconds))));
        Ok(format!("Rehearsal for {seconds} s: {}.", drill.what()))
    }

    fn arm(&mut self, word: &str) -> Result<String, String> {
        self.may_be_armed()?;
        if word.trim() != self.config.kill_switch.arm_word {
            return Err(format!("type {} to allow entries again", self.config.kill_switch.arm_word));
        }
        self.allow_entries("Armed: entries are allowed again.")
    }

    /// Without the word: not after a flatten.
    fn enable(&mut self) -> Result<String, String> {
        self.may_be_armed()?;
        if self.state.halt.as_ref().is_some_and(|h| h.locked) {
            return Err("it was flattened: only the typed word arms it again".into());
        }
        self.allow_entries("Trading is enabled: entries are allowed again.")
    }

    /// Where the broker's own kill switch is set, it is lifted first.
    fn allow_entries(&mut self, done: &str) -> Result<String, String> {
        if let Some(first) = self.lift_broker_switch() {
            return first;
        }
        self.record(Record::Armed);
        Ok(done.into())
    }

    fn may_be_armed(&self) -> Result<(), String> {
        if self.state.halt.is_none() {
            return Err("nothing is halted".into());
        }
        if self.state.flatten.is_some() {
            return Err("flattening is not finished: wait until it is flat".into());
        }
        if self.memory.logged_out {
            return Err("the broker does not take the access token: give a new one to `strikedeck setup` first".into());
        }
        Ok(())
    }
}

/// The first issue that no fresh price can lift.
pub(super) fn lasting_issue(recommendation: &Recommendation) -> Option<&Issue> {
    recommendation.issues.iter().find(|i| i.blocking && i.code != INCONSISTENT_PRICES)
}

fn answer(result: Result<String, String>) -> Reply {
    match result {
        Ok(message) => Reply::Done { message },
        Err(reason) => Reply::Refused { reason },
    }
}

fn check_priority(priority: i32) -> Result<(), String> {
    if PRIORITIES.contains(&priority) {
        Ok(())
    } else {
        Err(format!("priority {priority} is not between {} and {}", PRIORITIES.start(), PRIORITIES.end()))
    }
}

/// Notes are drawn in a terminal: no control characters, a sane length.
fn clean(notes: &str) -> String {
    notes.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The command for the audit trail: what was asked, without the bulk of an import.
fn audit_text(command: &Command) -> String {
    match command {
        Command::Import { recommendations } => format!("import {} strategies", recommendations.len()),
        Command::Arm { .. } => "arm".into(),
        other => serde_json::to_string(other).unwrap_or_else(|_| other.name().into()),
    }
}
