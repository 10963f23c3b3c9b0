//! Scalps: the trade of a signal is a strategy of one bought option. Its entry, stop and exits are those of every strategy;
//! here is what is its own: size and limits, the entry that is not chased to the end, exits by time and by the underlying,
//! and the states `PENDING → TRADED → SL_PLACED → EXITED`.

use jiff::civil::DateTime;

use super::effect::AlertLevel;
use super::record::{Owner, Record};
use super::sabotage::Sabotage;
use super::signals::{Candidate, index_stop, lots};
use super::state::{LotKey, Phase, Scalp, ScalpPlan, Strategy, TradeState};
use super::turn::Turn;
use crate::domain::time::{after_ms, from_ist, ist};
use crate::domain::{
    Contract, ContractKind, ExitRules, Instrument, Leg, LegKind, Lots, Money, OptionRight, Price, Product, Quantity,
    Recommendation, ScalpSetup, Side, Signal, SignalId, StrategyId, StrategyStatus,
};
use crate::engine::ResolvedLeg;
use crate::risk::scalping::{self, ScalpUsage, SizeQuestion};

impl Turn<'_> {
    /// What would be bought, if every limit allows it.
    pub(super) fn candidate(
        &mut self,
        id: SignalId,
        signal: &Signal,
        setup: &ScalpSetup,
        instrument: Instrument,
        ask: Price,
    ) -> Result<Candidate, String> {
        let limits = &self.config.scalping.limits;
        let usage = self.scalp_usage();
        let reasons = scalping::check(&usage, limits, self.now);
        if !reasons.is_empty() && !self.sabotaged(Sabotage::NoGate) {
            return Err(reasons.join("; "));
        }
        let Some(funds) = self.state.broker.funds else {
            return Err("the broker has not yet said what funds are available".into());
        };
        let question = SizeQuestion {
            premium: ask,
            stop_points: setup.stop_points,
            lot: instrument.lot,
            capital: self.config.limits.capital,
            available: funds.available,
            max_lots: setup.max_lots,
            open_lots: usage.open_lots,
        };
        let size = scalping::size(&question, limits);
        if size.lots == 0 {
            return Err(size.arithmetic);
        }
        let candidate = Candidate { instrument, lots: size.lots, size: size.arithmetic, premium: ask };
        let strategy =
            Strategy::candidate(recommendation(id, signal, setup, &candidate), resolved(&candidate), self.now);
        let preview = self.preview_of(&strategy, setup.product, &[]);
        if !preview.refusals.is_empty() && !self.sabotaged(Sabotage::NoGate) {
            return Err(preview.refusals.join("; "));
        }
        Ok(candidate)
    }

    fn scalp_usage(&self) -> ScalpUsage {
        let day = self.state.scalper.day;
        let mut open_pnl = Some(Money::ZERO);
        let mut open_lots = 0;
        for (id, _) in self.state.scalper.open_scalps() {
            for (key, lot) in self.state.lots_of(Owner::Strategy(id)) {
                let mark = self.state.marks.get(&key.contract).map(crate::domain::Quote::mid);
                open_pnl = open_pnl.zip(lot.pnl(mark)).map(|(a, b)| a + b);
            }
            open_pnl = open_pnl.map(|pnl| pnl - self.charges_of(id));
            open_lots += self.state.strategies.get(&id).map_or(0, |s| s.legs.iter().map(|l| l.ratio).sum());
        }
        ScalpUsage {
            trades_today: day.trades,
            day_pnl: open_pnl.map(|pnl| pnl + day.net),
            open: u32::try_from(self.state.scalper.open.len()).unwrap_or(u32::MAX),
            open_lots,
            losses_in_a_row: day.losses_in_a_row,
            last_loss_at: day.last_loss_at,
        }
    }

    fn charges_of(&self, id: StrategyId) -> Money {
        let today = crate::domain::time::trading_day(self.now);
        self.state.charges_of(Owner::Strategy(id), today, self.reference)
    }

    /// The trade begins: the strategy, its plan and its execution, in one commit with its signal.
    pub(super) fn open_scalp(
        &mut self,
        signal_id: SignalId,
        signal: &Signal,
        setup: &ScalpSetup,
        underlying: Contract,
        spot: Price,
        candidate: &Candidate,
    ) -> StrategyId {
        let id = StrategyId(self.state.next_strategy.max(1));
        let recommendation = Box::new(recommendation(signal_id, signal, setup, candidate));
        let square_off = self.reference.keeps_hours().then(|| self.today_at(setup.square_off));
        let stop = setup.index_stop_points.map(|points| index_stop(signal.side, spot, points));
        let plan = Box::new(ScalpPlan::of(setup, underlying, stop, square_off));
        let (contract, legs) = (candidate.instrument.contract, resolved(candidate));
        let quotes =
            [underlying, contract].into_iter().filter_map(|c| Some((c, self.state.marks.get(&c).copied()?))).collect();
        self.record(Record::StrategyAdded { id, recommendation });
        let expires = after_ms(self.now, plan.entry_timeout_ms);
        self.record(Record::StrategyMarked { id, priority: 0, notes: Some(candidate.size.clone()), legs, expires });
        self.record(Record::ScalpOpened { id, signal: signal_id, plan });
        self.record(Record::ExecutionStarted { id, quotes, margin: None });
        let (what, label) = (lots(candidate.lots), contract.label());
        self.alert(AlertLevel::Info, format!("{} {}: buying {what} of {label}", setup.name, signal.side));
        self.drive_executions();
        id
    }

    fn today_at(&self, time: jiff::civil::Time) -> crate::domain::time::Timestamp {
        from_ist(DateTime::from_parts(ist(self.now).date(), time))
    }

    /// How a scalp's strategy is traded, where that differs from the settings.
    pub(super) fn scalp_plan(&self, owner: Owner) -> Option<&ScalpPlan> {
        let Owner::Strategy(id) = owner else { return None };
        self.state.scalper.scalps.get(&id).map(|s| &s.plan)
    }

    pub(super) fn product_of(&self, id: StrategyId) -> Product {
        self.scalp_plan(Owner::Strategy(id)).map_or(self.config.execution.product, |p| p.product)
    }

    pub(super) fn entry_timeout_of(&self, id: StrategyId) -> i64 {
        self.scalp_plan(Owner::Strategy(id)).map_or(self.config.execution.timeout_ms, |p| p.entry_timeout_ms)
    }

    /// Begins to leave a scalp: the rest of its entry is cancelled, what it holds is exited.
    pub(super) fn leave_scalp(&mut self, id: StrategyId, reason: &str) {
        let entering = self
            .state
            .strategies
            .get(&id)
            .and_then(|s| s.execution.as_ref())
            .is_some_and(|e| e.phase == Phase::Entering);
        if entering {
            self.record(Record::UnwindStarted { id, reason: reason.into() });
        }
        for key in self.held_by(id) {
            if !self.state.exits.contains_key(&key) {
                let label = key.contract.label();
                self.alert(AlertLevel::Info, format!("{label}: {reason}. It is being exited."));
                self.start_exit(key, Quantity::ZERO, reason);
            }
        }
    }

    fn held_by(&self, id: StrategyId) -> Vec<LotKey> {
        self.state.lots_of(Owner::Strategy(id)).filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| *k).collect()
    }

    /// Looks after every open scalp.
    pub(super) fn drive_scalps(&mut self) {
        if self.state.reconciling_since.is_some() {
            return;
        }
        let open: Vec<StrategyId> = self.state.scalper.open.iter().copied().collect();
        for id in open {
            let Some(scalp) = self.state.scalper.scalps.get(&id).cloned() else { continue };
            self.settle_entry(id);
            self.leave_by_rule(id, &scalp);
            self.advance_scalp(id, &scalp);
            self.close_scalp(id);
        }
    }

    /// An entry that was stopped (its time is over, halted, restarted) is not resumed: what has filled stays and is
    /// protected, the rest is let go.
    fn settle_entry(&mut self, id: StrategyId) {
        let held = self.state.strategies.get(&id).and_then(|s| s.execution.as_ref()).map(|e| e.phase.clone());
        let Some(Phase::Held(reason)) = held else { return };
        if self.cancel_entries(id) {
            return;
        }
        let to = if self.held_by(id).is_empty() { StrategyStatus::Failed } else { StrategyStatus::Executed };
        self.record(Record::StrategyMoved { id, to, reason: Some(reason) });
    }

    /// Exits by the clock and by the underlying. The premium's stop rests at the broker, its target is the guard's.
    fn leave_by_rule(&mut self, id: StrategyId, scalp: &Scalp) {
        if self.sabotaged(Sabotage::NoSquareOff) || self.held_by(id).iter().all(|k| self.state.exits.contains_key(k)) {
            self.leave_entry_by_clock(id, scalp);
            return;
        }
        let plan = &scalp.plan;
        if let Some(square_off) = plan.square_off {
            if self.now >= square_off {
                return self.leave_scalp(id, "square-off time");
            }
            self.wake_at(square_off);
        }
        if let (Some(most), Some(filled_at)) = (plan.max_holding_ms, scalp.filled_at) {
            if self.since(filled_at) >= most {
                return self.leave_scalp(id, &format!("held for {} s", most / 1_000));
            }
            self.wake_at(after_ms(filled_at, most));
        }
        if let Some(level) = plan.index_stop
            && let Some(quote) = self.fresh_quote(&plan.underlying)
        {
            let against = match self.right_held(id) {
                Some(OptionRight::Call) => quote.last <= level,
                Some(OptionRight::Put) | None => quote.last >= level,
            };
            if against {
                self.leave_scalp(id, &format!("{} is at {}, its stop is {level}", plan.underlying.label(), quote.last));
            }
        }
    }

    /// Nothing is held: an entry under way still ends at the square-off.
    fn leave_entry_by_clock(&mut self, id: StrategyId, scalp: &Scalp) {
        let working = self.state.strategies.get(&id).is_some_and(|s| s.execution.is_some());
        if working && scalp.plan.square_off.is_some_and(|at| self.now >= at) {
            self.leave_scalp(id, "square-off time");
        }
    }

    fn right_held(&self, id: StrategyId) -> Option<OptionRight> {
        match self.state.strategies.get(&id)?.legs.first()?.instrument.contract.kind {
            ContractKind::Option { right, .. } => Some(right),
            _ => None,
        }
    }

    fn advance_scalp(&mut self, id: StrategyId, scalp: &Scalp) {
        let filled = self.state.lots_of(Owner::Strategy(id)).any(|(_, lot)| !lot.bought.is_zero());
        if scalp.state == TradeState::Pending && filled {
            self.record(Record::ScalpMoved { id, to: TradeState::Traded });
        }
        let Some(scalp) = self.state.scalper.scalps.get(&id) else { return };
        if scalp.state != TradeState::Traded {
            return;
        }
        let held = self.held_by(id);
        let covered = |key: &LotKey| {
            let net = self.state.lots.get(key).map(|l| l.net.size()).unwrap_or_default();
            self.state.resting_stops(*key) >= net
        };
        if !held.is_empty() && held.iter().all(covered) {
            self.record(Record::ScalpMoved { id, to: TradeState::SlPlaced });
        }
    }

    /// It is over once nothing is held, nothing works and its execution has ended.
    fn close_scalp(&mut self, id: StrategyId) {
        let over = |s: &Strategy| matches!(s.status, StrategyStatus::Executed | StrategyStatus::Failed);
        let strategy = self.state.strategies.get(&id).filter(|s| over(s));
        let Some(status_reason) = strategy.map(|s| s.reason.clone()) else { return };
        let exiting = self.state.exits.keys().any(|k| k.owner == Owner::Strategy(id));
        let working = self.state.open_orders().any(|o| o.purpose.owner() == Owner::Strategy(id));
        if !self.held_by(id).is_empty() || exiting || working {
            return;
        }
        let scalp = self.state.scalper.scalps.get(&id);
        let left = scalp.and_then(|s| s.exit_reason.clone());
        let stop = self.stop_was_hit(id).then(|| "stop".to_string());
        let reason = left.or(stop).or(status_reason).unwrap_or_else(|| "closed".into());
        let gross = self.state.lots_of(Owner::Strategy(id)).filter_map(|(_, l)| l.pnl(None)).sum::<Money>();
        let charges = self.charges_of(id);
        let title = self.state.strategies.get(&id).map(Strategy::title).unwrap_or_default();
        self.record(Record::ScalpClosed { id, reason: reason.clone(), gross, charges });
        let net = (gross - charges).to_paise();
        self.alert(AlertLevel::Info, format!("{title} is over ({reason}): ₹{net} net of charges."));
    }

    /// The underlyings whose prices decide over open scalps, and what signals wait for.
    pub(super) fn contracts_of_scalping(&self) -> Vec<Contract> {
        let by_index = self.state.scalper.open_scalps().filter(|(_, s)| s.plan.index_stop.is_some());
        let waiting = self.memory.signals.values().flatten().copied();
        by_index.map(|(_, s)| s.plan.underlying).chain(waiting).collect()
    }
}

/// A scalp in the words of a strategy.
fn recommendation(id: SignalId, signal: &Signal, setup: &ScalpSetup, candidate: &Candidate) -> Recommendation {
    let contract = candidate.instrument.contract;
    let (kind, name) = match contract.kind {
        ContractKind::Option { strike, right, .. } => {
            (LegKind::Option { strike, right }, format!("{} {strike} {right}", setup.name))
        }
        _ => (LegKind::Equity, setup.name.to_string()),
    };
    let leg = Leg {
        side: Side::Buy,
        kind,
        expiry: contract.expiry(),
        ratio: candidate.lots,
        premium: Some(candidate.premium),
    };
    Recommendation {
        key: Recommendation::key_of_signal(id),
        source: signal.source.clone(),
        symbol: signal.symbol,
        exchange: contract.exchange,
        name,
        derived_name: None,
        legs: vec![leg],
        spot: Some(signal.price),
        score: None,
        conviction: None,
        probability: None,
        reported_max_profit: None,
        reported_max_loss: None,
        metrics: None,
        generated_at: Some(signal.at),
        valid_until: None,
        outlook: String::new(),
        rules: ExitRules::default(),
        issues: Vec::new(),
    }
}

fn resolved(candidate: &Candidate) -> Vec<ResolvedLeg> {
    let (instrument, ratio) = (candidate.instrument, Lots(candidate.lots).0);
    vec![ResolvedLeg { instrument, side: Side::Buy, ratio, recommended: Some(candidate.premium) }]
}
