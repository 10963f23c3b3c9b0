//! Applying records: the only place where state changes.

use super::super::record::{Owner, Purpose, Record, Unplaced};
use super::{Execution, Exit, Flatten, Halt, Lot, LotKey, Order, OrderState, Phase, Plan, State, Strategy};
use crate::domain::time::Timestamp;
use crate::domain::{
    Contract, IntentId, Money, OrderSighting, Price, Product, Quantity, RuleKind, SeenStatus, StrategyId,
    StrategyStatus, TradeSighting,
};

impl State {
    /// Folds one record that was made at `at`. Records that name what does not exist change nothing.
    pub fn apply(&mut self, record: &Record, at: Timestamp) {
        match record {
            Record::Created { profile, prefix } => {
                self.profile = *profile;
                self.prefix.clone_from(prefix);
            }
            Record::Started => {
                self.reconciling_since = Some(at);
                self.safeguards.restarted();
            }
            Record::Reconciled => self.reconciling_since = None,
            Record::DayStarted { day } => self.start_day(*day),
            Record::Asked { .. } | Record::Refused { .. } => {}
            Record::StrategyAdded { id, recommendation } => {
                self.next_strategy = self.next_strategy.max(id.0 + 1);
                self.strategies.insert(*id, Strategy::new(*id, (**recommendation).clone(), at));
            }
            Record::StrategyUpdated { id, recommendation } => {
                self.with(*id, |s| s.recommendation = (**recommendation).clone());
            }
            Record::StrategyMarked { id, priority, notes, legs, expires } => {
                let first_intent = IntentId(self.next_intent);
                self.with(*id, |s| {
                    s.first_intent = first_intent;
                    s.status = StrategyStatus::Marked;
                    s.priority = *priority;
                    if let Some(notes) = notes {
                        s.notes.clone_from(notes);
                    }
                    s.legs.clone_from(legs);
                    s.marked_at = Some(at);
                    s.expires = Some(*expires);
                    s.reason = None;
                });
            }
            Record::StrategyMoved { id, to, reason } => self.move_strategy(*id, *to, reason.clone(), at),
            Record::PrioritySet { id, priority } => self.with(*id, |s| s.priority = *priority),
            Record::NotesSet { id, notes } => self.with(*id, |s| s.notes.clone_from(notes)),
            Record::Queued { id } => self.with(*id, |s| s.queued_at = Some(at)),
            Record::Unqueued { id, reason } => self.with(*id, |s| {
                s.queued_at = None;
                s.reason = Some(reason.clone());
            }),
            Record::ExecutionStarted { id, quotes, .. } => {
                self.day.trades += 1;
                let quotes = quotes.iter().copied().collect();
                self.with(*id, |s| {
                    s.status = StrategyStatus::Executing;
                    s.queued_at = None;
                    s.reason = None;
                    s.execution = Some(Execution { started_at: at, quotes, phase: Phase::Entering });
                });
            }
            Record::UnwindStarted { id, reason } => self.set_phase(*id, Phase::Unwinding(reason.clone())),
            Record::ExecutionHeld { id, reason } => self.set_phase(*id, Phase::Held(reason.clone())),
            Record::ExecutionResumed { id } => self.with(*id, |s| {
                if let Some(e) = &mut s.execution {
                    e.phase = Phase::Entering;
                    e.started_at = at;
                }
            }),
            Record::IntentMade { intent, purpose } => {
                self.next_intent = self.next_intent.max(intent.id.0 + 1);
                self.day.intents += 1;
                self.correlations.insert(intent.correlation.clone(), intent.id);
                self.touch(intent.spec.contract, intent.spec.product, at);
                self.orders.insert(intent.id, Order::new((**intent).clone(), *purpose, at));
                self.index(intent.id);
            }
            Record::IntentUnplaced { intent, how, reason } => self.unplace(*intent, *how, reason, at),
            Record::OrderSeen { intent, sighting } => self.see(*intent, sighting, at),
            Record::ForeignOrderSeen { sighting } => self.see_foreign(sighting, at),
            Record::ModifyAsked { intent, kind, quantity } => self.with_order(*intent, |o| {
                let becomes_exit = o.kind.trigger().is_some() && kind.trigger().is_none();
                o.steps = if becomes_exit { 0 } else { o.steps + 1 };
                o.restated += 1;
                o.kind = *kind;
                o.quantity = quantity.unwrap_or(o.quantity);
                o.priced_at = at;
                o.modifying_since = Some(at);
            }),
            Record::ModifyFailed { intent, reason, unanswered } => self.with_order(*intent, |o| {
                o.modifying_since = None;
                o.priced_at = at;
                o.reason = Some(reason.clone());
                o.unclear |= *unanswered;
                if let (false, Some(told)) = (o.unclear, o.told) {
                    // Refused: it is what it was.
                    o.kind = told.kind;
                    o.quantity = told.quantity;
                }
            }),
            Record::CancelAsked { intent } => self.with_order(*intent, |o| o.cancel_asked = Some(at)),
            Record::CancelFailed { intent, .. } => self.with_order(*intent, |o| o.cancel_asked = None),
            Record::ForeignCancelAsked { .. } => {}
            Record::TradesSeen { trades } => trades.iter().for_each(|t| self.book_trade(t)),
            Record::OrdersRead { asked_at } => self.broker.orders_at = Some(*asked_at),
            Record::TradesRead { asked_at } => self.broker.trades_at = Some(*asked_at),
            Record::PositionsRead { asked_at, positions } => {
                self.broker.positions_at = Some(*asked_at);
                if let Some(positions) = positions {
                    self.broker.positions.clone_from(positions);
                }
            }
            Record::FundsRead { asked_at, funds } => {
                self.broker.funds_at = Some(*asked_at);
                self.broker.funds = Some(*funds);
            }
            Record::Marks { quotes } => self.marks.extend(quotes.iter().copied()),
            Record::SignalSeen { id, signal, until } => self.scalper.see(*id, signal, *until, at),
            Record::SignalProposed { id, proposal } => {
                self.scalper.with_signal(*id, |s| s.proposal = Some((**proposal).clone()));
            }
            Record::SignalApproved { id } => self.scalper.with_signal(*id, |s| s.approved = true),
            Record::SignalEnded { id, fate } => self.scalper.with_signal(*id, |s| s.fate = Some(fate.clone())),
            Record::SetupArmed { setup, armed } => {
                self.scalper.armed.insert(setup.clone(), *armed);
            }
            Record::ScalpOpened { id, signal, plan } => self.scalper.open(*id, *signal, plan, at),
            Record::ScalpMoved { id, to } => self.scalper.advance(*id, *to, at),
            Record::ScalpClosed { id, reason, gross, charges } => {
                self.scalper.close(*id, reason, *gross, *charges, at);
            }
            Record::ExitStarted { owner, contract, product, keep, reason } => {
                if let Owner::Strategy(id) = owner {
                    self.scalper.leave(*id, reason);
                }
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                let exit =
                    Exit { keep: *keep, reason: reason.clone(), started_at: at, failures: 0, last_failure: None };
                self.exits.insert(key, exit);
            }
            Record::ExitEnded { owner, contract, product, .. } => {
                self.exits.remove(&LotKey { owner: *owner, contract: *contract, product: *product });
            }
            Record::LotWrittenOff { owner, contract, product, quantity, reason } => {
                self.write_off(LotKey { owner: *owner, contract: *contract, product: *product }, *quantity, reason);
            }
            Record::StopSet { owner, contract, product, stop } => {
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                self.guards.entry(key).or_default().stop = *stop;
            }
            Record::TargetSet { owner, contract, product, target } => {
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                self.guards.entry(key).or_default().target = *target;
            }
            Record::GuardDropped { owner, contract, product } => {
                self.guards.remove(&LotKey { owner: *owner, contract: *contract, product: *product });
            }
            Record::PlanMade { id, rules, basis } => {
                let plan = Plan { rules: (**rules).clone(), basis: *basis, ..Plan::default() };
                self.with(*id, |s| s.plan = Some(plan));
                self.index_plan(*id);
            }
            Record::RulesSet { id, rules } => {
                self.with(*id, |s| {
                    s.rules = Some((**rules).clone());
                    if let Some(plan) = &mut s.plan {
                        plan.rules = (**rules).clone();
                        (plan.peak, plan.fired) = (None, None);
                    }
                });
                self.index_plan(*id);
            }
            Record::FailurePolicySet { id, policy } => self.with(*id, |s| s.on_failure = *policy),
            Record::PlanPeak { id, peak } => self.with_plan(*id, |p| p.peak = Some(*peak)),
            Record::RuleFired { id, rule, .. } => {
                self.with_plan(*id, |p| match rule {
                    RuleKind::Scale(n) => p.scaled = *n,
                    RuleKind::Stop
                    | RuleKind::Trail
                    | RuleKind::DaysToExpiry
                    | RuleKind::ShortDelta
                    | RuleKind::Target => p.fired = Some(*rule),
                });
                self.index_plan(*id);
            }
            Record::Halted { reason } => {
                if self.halt.is_none() {
                    self.halt = Some(Halt { since: at, reason: reason.clone(), locked: false });
                }
            }
            Record::FlattenStarted { include_foreign } => {
                let halt = self.halt.get_or_insert_with(|| Halt { since: at, reason: "flatten".into(), locked: true });
                halt.locked = true;
                let include_foreign = *include_foreign || self.flatten.as_ref().is_some_and(|f| f.include_foreign);
                self.flatten = Some(Flatten { started_at: at, include_foreign });
                self.safeguards.flattening();
            }
            Record::FlattenEnded => {
                self.flatten = None;
                self.safeguards.after_flat = true;
            }
            Record::Armed => {
                self.halt = None;
                (self.safeguards.after_flat, self.safeguards.arming) = (false, false);
            }
            Record::BrokerExitWished { on } => self.safeguards.wished(*on),
            Record::SafeguardAsked { ask } => self.safeguards.asked(*ask),
            Record::SafeguardTold { told } => self.safeguards.told(*told),
            Record::SafeguardFailed { ask, reason, refused } => self.safeguards.failed(*ask, reason, *refused),
            Record::OrderLink { up } => self.order_link_down = !up,
            Record::Store { up } => self.store_down = !up,
        }
    }

    fn write_off(&mut self, key: LotKey, quantity: Option<Quantity>, reason: &str) {
        let mark = self.marks.get(&key.contract).map(crate::domain::Quote::mid);
        let Some(lot) = self.lots.get_mut(&key) else { return };
        lot.settle(mark, quantity);
        if let (Owner::Strategy(id), true) = (key.owner, lot.net.is_flat()) {
            self.scalper.leave(id, reason);
        }
    }

    fn with(&mut self, id: StrategyId, change: impl FnOnce(&mut Strategy)) {
        let Some(strategy) = self.strategies.get_mut(&id) else { return };
        change(strategy);
        match strategy.status {
            StrategyStatus::Marked | StrategyStatus::Deferred | StrategyStatus::Executing => self.active.insert(id),
            StrategyStatus::Pending | StrategyStatus::Executed | StrategyStatus::Failed | StrategyStatus::Expired => {
                self.active.remove(&id)
            }
        };
    }

    fn with_plan(&mut self, id: StrategyId, change: impl FnOnce(&mut Plan)) {
        if let Some(plan) = self.strategies.get_mut(&id).and_then(|s| s.plan.as_mut()) {
            change(plan);
        }
    }

    /// Keeps the index of plans that wait; called where one changes.
    fn index_plan(&mut self, id: StrategyId) {
        let waits = |p: &Plan| p.fired.is_none() && !p.rules.is_empty();
        if self.strategies.get(&id).is_some_and(|s| s.plan.as_ref().is_some_and(waits)) {
            self.planned.insert(id);
        } else {
            self.planned.remove(&id);
        }
    }

    fn with_order(&mut self, id: IntentId, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders.get_mut(&id) {
            change(order);
        }
    }

    /// Keeps the indices of open orders; called where a state changes.
    fn index(&mut self, id: IntentId) {
        let Some(order) = self.orders.get(&id) else { return };
        let place = (order.intent.spec.contract, order.intent.spec.product);
        if order.state.is_open() {
            self.open.insert(id);
            self.open_in.entry(place).or_default().insert(id);
        } else if self.open.remove(&id)
            && let Some(ids) = self.open_in.get_mut(&place)
        {
            ids.remove(&id);
            if ids.is_empty() {
                self.open_in.remove(&place);
            }
        }
    }

    fn touch(&mut self, contract: Contract, product: Product, at: Timestamp) {
        self.changed.insert((contract, product), at);
    }

    fn set_phase(&mut self, id: StrategyId, phase: Phase) {
        self.with(id, |s| {
            if let Some(e) = &mut s.execution {
                e.phase = phase;
            }
        });
    }

    fn move_strategy(&mut self, id: StrategyId, to: StrategyStatus, reason: Option<String>, at: Timestamp) {
        self.with(id, |s| {
            s.status = to;
            s.reason = reason;
            s.queued_at = None;
            match to {
                StrategyStatus::Pending => {
                    s.priority = 0;
                    s.legs.clear();
                    s.marked_at = None;
                    s.expires = None;
                    s.execution = None;
                    s.plan = None;
                }
                StrategyStatus::Executed | StrategyStatus::Failed => {
                    s.executed_at = Some(at);
                    s.execution = None;
                }
                StrategyStatus::Marked
                | StrategyStatus::Deferred
                | StrategyStatus::Executing
                | StrategyStatus::Expired => {}
            }
        });
    }

    fn unplace(&mut self, id: IntentId, how: Unplaced, reason: &str, at: Timestamp) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.state = Order::unplaced(how);
        order.reason = Some(reason.to_string());
        order.changed_at = at;
        let (key, purpose) = (order.lot_key(), order.purpose);
        self.index(id);
        self.touch(key.contract, key.product, at);
        if !order_may_trade(how) {
            self.count_exit_failure(purpose, key, at);
        }
    }

    fn count_exit_failure(&mut self, purpose: Purpose, key: LotKey, at: Timestamp) {
        match purpose {
            Purpose::Exit { .. } => {
                if let Some(exit) = self.exits.get_mut(&key) {
                    exit.failures += 1;
                    exit.last_failure = Some(at);
                }
            }
            Purpose::Protect { .. } => {
                if let Some(guard) = self.guards.get_mut(&key) {
                    guard.failures += 1;
                    guard.last_failure = Some(at);
                }
            }
            Purpose::Entry { .. } => {}
        }
    }

    fn see(&mut self, id: IntentId, seen: &OrderSighting, at: Timestamp) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let merged = order.merged(seen);
        let (key, purpose) = (order.lot_key(), order.purpose);
        let side = order.intent.spec.side;
        let ended_badly = merged.state == OrderState::Rejected && order.state != OrderState::Rejected;
        let changed = merged.state != order.state || !merged.news.is_zero();
        order.filled += merged.news;
        order.value += merged.value;
        order.state = merged.state;
        if let Some(told) = order.newly_told(seen) {
            order.told = Some(told);
        }
        if order.order_id.is_none() {
            order.order_id = Some(seen.order_id.clone());
        }
        if order.becomes_a_limit(seen) {
            order.kind = seen.spec.kind;
        }
        if order.modifying_since.is_some() && order.is_as_asked(&seen.spec) {
            order.modifying_since = None;
        }
        if seen.status.is_final() {
            order.modifying_since = None;
            order.reason.clone_from(&seen.reason);
        }
        if changed {
            order.changed_at = at;
        }
        let rests = purpose.is_stop() && order.state == OrderState::Working;
        self.index(id);
        self.order_ids.insert(seen.order_id.clone(), id);
        if changed {
            self.touch(key.contract, key.product, at);
        }
        if !merged.news.is_zero() {
            self.last_fill_at = Some(at);
            // What was opened elsewhere is the broker's to count: we know neither its cost nor its size.
            if key.owner != Owner::Foreign {
                self.lots.entry(key).or_default().add(side, merged.news, merged.value);
                self.lots_by_contract.entry(key.contract).or_default().insert(key);
            }
            self.value_exactly(id);
            if let Some(exit) = self.exits.get_mut(&key) {
                exit.failures = 0;
            }
        }
        if rests && let Some(guard) = self.guards.get_mut(&key) {
            guard.failures = 0;
        }
        if ended_badly {
            self.count_exit_failure(purpose, key, at);
        }
    }

    fn see_foreign(&mut self, seen: &OrderSighting, at: Timestamp) {
        self.touch(seen.spec.contract, seen.spec.product, at);
        match seen.status {
            SeenStatus::Transit | SeenStatus::Working => {
                self.foreign_orders.insert(seen.order_id.clone(), seen.clone());
            }
            SeenStatus::Filled | SeenStatus::Rejected | SeenStatus::Cancelled | SeenStatus::Expired => {
                self.foreign_orders.remove(&seen.order_id);
            }
        }
    }

    /// Replaces averages by what the trade book says, fill by fill, each counted once.
    fn book_trade(&mut self, trade: &TradeSighting) {
        let Some(id) = self.order_ids.get(&trade.order_id) else { return };
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.trades.insert(trade.trade_id.clone(), (trade.quantity, trade.price)).is_some() {
            return;
        }
        let id = *id;
        self.value_exactly(id);
    }

    /// Once every fill of an order is in the trade book, its value is their sum: a broker's average is rounded. Whichever of
    /// the fills and the order's own word comes last.
    fn value_exactly(&mut self, id: IntentId) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let booked: Quantity = order.trades.values().map(|(q, _)| *q).sum();
        if booked.is_zero() || booked != order.filled {
            return;
        }
        let exact: Money = order.trades.values().map(|(q, p): &(Quantity, Price)| p.times(*q)).sum();
        let correction = exact - order.value;
        order.value = exact;
        let (side, key) = (order.intent.spec.side, order.lot_key());
        if let Some(lot) = self.lots.get_mut(&key) {
            lot.correct(side, correction);
        }
    }

    /// Counters are zero again; what is over and flat is left to the journal.
    fn start_day(&mut self, day: jiff::civil::Date) {
        // The broker's safeguards are good for its day.
        self.safeguards = super::Safeguards::default();
        self.day = super::DayCounters { date: Some(day), trades: 0, intents: 0 };
        let over: Vec<IntentId> = self.orders.values().filter(|o| !o.state.is_open()).map(|o| o.intent.id).collect();
        for id in over {
            let executing = match self.orders.get(&id).map(|o| o.purpose) {
                Some(Purpose::Entry { strategy, .. }) => {
                    self.strategies.get(&strategy).is_some_and(|s| s.status == StrategyStatus::Executing)
                }
                _ => false,
            };
            if executing {
                continue;
            }
            if let Some(order) = self.orders.remove(&id) {
                self.correlations.remove(&order.intent.correlation);
                if let Some(order_id) = order.order_id {
                    self.order_ids.remove(&order_id);
                }
            }
        }
        self.lots.retain(|_, lot: &mut Lot| !lot.net.is_flat());
        self.lots_by_contract.clear();
        for key in self.lots.keys() {
            self.lots_by_contract.entry(key.contract).or_default().insert(*key);
        }
        let held: std::collections::BTreeSet<Owner> = self.lots.keys().map(|k| k.owner).collect();
        self.planned.retain(|id| held.contains(&Owner::Strategy(*id)));
        self.foreign_orders.clear();
        for id in self.scalper.start_day() {
            self.strategies.remove(&id);
        }
    }
}

/// Whether an intent with this outcome may still trade.
fn order_may_trade(how: Unplaced) -> bool {
    match how {
        Unplaced::Unknown => true,
        Unplaced::NotSent | Unplaced::Refused | Unplaced::Lost => false,
    }
}

impl Strategy {
    /// One that would be executed now, and is not in the list.
    pub fn candidate(
        recommendation: crate::domain::Recommendation,
        legs: Vec<crate::engine::ResolvedLeg>,
        at: Timestamp,
    ) -> Self {
        let new = Self::new(StrategyId::default(), recommendation, at);
        Self { status: StrategyStatus::Marked, legs, ..new }
    }

    fn new(id: StrategyId, recommendation: crate::domain::Recommendation, at: Timestamp) -> Self {
        Self {
            id,
            recommendation,
            status: StrategyStatus::Pending,
            priority: 0,
            notes: String::new(),
            added_at: at,
            marked_at: None,
            first_intent: IntentId(0),
            expires: None,
            legs: Vec::new(),
            executed_at: None,
            reason: None,
            queued_at: None,
            execution: None,
            rules: None,
            on_failure: None,
            plan: None,
        }
    }
}
