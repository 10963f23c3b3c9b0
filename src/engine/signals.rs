//! Signals: each is written into the inbox before it is answered, checked step by step, and acted on once or refused with
//! its reason. What it waits for (a price, the trader's word, an open trade to be left) is looked for on every turn, so
//! that a restart changes nothing.

use rust_decimal_macros::dec;

use super::effect::AlertLevel;
use super::record::Record;
use super::sabotage::Sabotage;
use super::state::{Proposal, Received, Scalp, SignalFate};
use super::turn::Turn;
use crate::domain::time::{after_ms, ist, ms_between};
use crate::domain::{
    OppositeSignal, Price, ScalpSetup, SetupMode, SetupName, Side, Signal, SignalAnswer, SignalId, SignalRefusal,
    StrategyId,
};

/// A sender's clock may be ahead of ours by so much.
const FUTURE_MS: i64 = 5_000;

/// How far a signal has come on this turn.
enum Step {
    /// It is looked at again on the next turn: what for.
    Waits(String),
    Ends(SignalFate),
}

impl Step {
    fn refused(why: SignalRefusal, reason: impl Into<String>) -> Self {
        Self::Ends(SignalFate::Refused { why, reason: reason.into() })
    }
}

impl Turn<'_> {
    /// A signal comes in. Whatever the answer, it is in the journal before it is given.
    pub(super) fn signal(&mut self, signal: &Signal) -> SignalAnswer {
        let known = self.state.scalper.keys.get(&signal.key).copied();
        if let Some(id) = known.filter(|_| !self.sabotaged(Sabotage::SignalsTwice)) {
            return SignalAnswer::Duplicate { id };
        }
        let id = SignalId(self.state.scalper.last_signal + 1);
        let setup = self.config.scalping.setup(&signal.setup).cloned();
        let until = setup.as_ref().map_or(self.now, |s| self.until(signal, s));
        self.record(Record::SignalSeen { id, signal: Box::new(signal.clone()), until });
        let step = match &setup {
            None => {
                let reason = format!("no set-up is called {}", signal.setup);
                Step::refused(SignalRefusal::UnknownStrategy, reason)
            }
            Some(setup) => match self.refused_at_once(signal, setup) {
                Some((why, reason)) => Step::refused(why, reason),
                None => self.pursue(id),
            },
        };
        self.conclude(id, step)
    }

    /// The last instant at which it may be acted on.
    fn until(&self, signal: &Signal, setup: &ScalpSetup) -> crate::domain::time::Timestamp {
        match setup.mode {
            SetupMode::Confirm => after_ms(self.now, i64::from(setup.confirm_within_s) * 1_000),
            SetupMode::Auto | SetupMode::Observe => after_ms(signal.at, i64::from(setup.signal_ttl_s) * 1_000),
        }
    }

    /// What is wrong with it whatever the market does.
    fn refused_at_once(&self, signal: &Signal, setup: &ScalpSetup) -> Option<(SignalRefusal, String)> {
        if !setup.symbols.contains(&signal.symbol) {
            return Some((SignalRefusal::UnknownSymbol, format!("{} does not trade {}", setup.name, signal.symbol)));
        }
        let age = ms_between(signal.at, self.now);
        if age > i64::from(setup.signal_ttl_s) * 1_000 {
            let (seconds, most) = (age / 1_000, setup.signal_ttl_s);
            return Some((SignalRefusal::Stale, format!("it is {seconds} s old; {most} s are allowed")));
        }
        if age < -FUTURE_MS {
            let reason = format!("its time lies {} s ahead of ours: are its zone and clock right?", -age / 1_000);
            return Some((SignalRefusal::Future, reason));
        }
        if !self.state.scalper.is_armed(setup) {
            return Some((SignalRefusal::Paused, format!("{} is paused: arm it first", setup.name)));
        }
        None
    }

    /// Writes down what has become of it, and says it.
    fn conclude(&mut self, id: SignalId, step: Step) -> SignalAnswer {
        let fate = match step {
            Step::Waits(what) => return SignalAnswer::Accepted { id, message: format!("signal {id} {what}") },
            Step::Ends(fate) => fate,
        };
        let name = self.state.scalper.signals.get(&id).map(|r| title(&r.signal)).unwrap_or_default();
        self.record(Record::SignalEnded { id, fate: fate.clone() });
        self.memory.signals.remove(&id);
        match fate {
            SignalFate::Traded { strategy } => {
                let title = self.state.strategies.get(&strategy).map(super::state::Strategy::title).unwrap_or_default();
                SignalAnswer::Accepted { id, message: format!("signal {id} is traded: {title}") }
            }
            SignalFate::Observed { what } => {
                self.alert(AlertLevel::Info, format!("{name}: only observed: {what}"));
                SignalAnswer::Accepted { id, message: format!("signal {id} is only observed: {what}") }
            }
            SignalFate::Refused { why, reason } => {
                self.alert(AlertLevel::Info, format!("{name} refused: {reason}"));
                SignalAnswer::Refused { id: Some(id), why, reason }
            }
        }
    }

    /// Looks again at every signal that waits.
    pub(super) fn drive_signals(&mut self) {
        let waiting: Vec<SignalId> = self.state.scalper.waiting.iter().copied().collect();
        for id in waiting {
            match self.pursue(id) {
                Step::Waits(_) => {}
                end @ Step::Ends(_) => {
                    self.conclude(id, end);
                }
            }
        }
    }

    /// One signal as far as it goes now: hours, price, contract, limits, size, the trader's word, the trade.
    fn pursue(&mut self, id: SignalId) -> Step {
        let Some(received) = self.state.scalper.signals.get(&id).cloned() else {
            return Step::refused(SignalRefusal::Stale, "it is gone");
        };
        let Some(setup) = self.config.scalping.setup(&received.signal.setup).cloned() else {
            return Step::refused(SignalRefusal::UnknownStrategy, "its set-up is not in the settings any more");
        };
        if let Some(over) = self.is_over(&received, &setup) {
            return over;
        }
        self.wake_at(after_ms(received.until, 1));
        if self.state.reconciling_since.is_some() {
            return Step::Waits("waits until the broker's books have been read".into());
        }
        if let Some(reason) = self.entries_closed() {
            return Step::refused(SignalRefusal::Closed, reason);
        }
        let closed = setup.closed_at(ist(self.now).time()).filter(|_| self.reference.keeps_hours());
        if let Some(reason) = closed {
            return Step::refused(SignalRefusal::Closed, format!("{}: {reason}", setup.name));
        }
        match self.way_is_free(id, &received.signal, &setup) {
            Ok(()) => self.choose(id, &received, &setup),
            Err(step) => step,
        }
    }

    fn is_over(&self, received: &Received, setup: &ScalpSetup) -> Option<Step> {
        if self.now <= received.until {
            return None;
        }
        let waited = ms_between(received.seen_at, self.now) / 1_000;
        Some(match setup.mode {
            SetupMode::Confirm if !received.approved => {
                Step::refused(SignalRefusal::NotApproved, format!("nobody approved it within {waited} s"))
            }
            SetupMode::Confirm | SetupMode::Auto | SetupMode::Observe => {
                Step::refused(SignalRefusal::Stale, format!("it expired while it waited ({waited} s)"))
            }
        })
    }

    /// Of one underlying there is one trade at a time.
    fn way_is_free(&mut self, id: SignalId, signal: &Signal, setup: &ScalpSetup) -> Result<(), Step> {
        if self.sabotaged(Sabotage::ManyScalps) {
            return Ok(());
        }
        let earlier =
            self.state.scalper.waiting_signals().find(|(other, r)| *other < id && r.signal.symbol == signal.symbol);
        if let Some((other, _)) = earlier {
            let reason = format!("signal {other} for {} waits already", signal.symbol);
            return Err(Step::refused(SignalRefusal::Open, reason));
        }
        let Some((trade, scalp)) = self.open_scalp_of(signal) else { return Ok(()) };
        let against = self.state.scalper.signals.get(&scalp.signal).is_some_and(|r| r.signal.side != signal.side);
        let title = self.state.strategies.get(&trade).map(super::state::Strategy::title).unwrap_or_default();
        match setup.opposite {
            OppositeSignal::Exit if against => {
                self.leave_scalp(trade, "a signal against it");
                Err(Step::refused(
                    SignalRefusal::Open,
                    format!("{title} is being left; this signal is not traded itself"),
                ))
            }
            OppositeSignal::Reverse if against => {
                self.leave_scalp(trade, "a signal against it");
                Err(Step::Waits(format!("waits until {title} is left")))
            }
            OppositeSignal::Exit | OppositeSignal::Reverse | OppositeSignal::Ignore => Err(Step::refused(
                SignalRefusal::Open,
                format!("{title} is open: one trade of {} at a time", signal.symbol),
            )),
        }
    }

    fn open_scalp_of(&self, signal: &Signal) -> Option<(StrategyId, &Scalp)> {
        let same =
            |id: &StrategyId| self.state.strategies.get(id).is_some_and(|s| s.recommendation.symbol == signal.symbol);
        self.state.scalper.open_scalps().find(|(id, _)| same(id))
    }

    /// The price, the option, its price.
    fn choose(&mut self, id: SignalId, received: &Received, setup: &ScalpSetup) -> Step {
        let signal = &received.signal;
        let Some(underlying) = self.reference.underlying(signal.symbol) else {
            let reason = format!("{} is not in today's instrument list", signal.symbol);
            return Step::refused(SignalRefusal::Instrument, reason);
        };
        let mut wanted = vec![underlying];
        let Some(spot) = self.fresh_quote(&underlying).map(|q| q.last) else {
            return self.wait_for_quotes(id, wanted);
        };
        let gap = (signal.price.0 - spot.0).abs() * dec!(100);
        if gap > spot.0 * setup.max_price_gap_pct {
            let (price, most) = (signal.price, setup.max_price_gap_pct);
            let reason = format!("its price of {price} is more than {most} % away from {}'s {spot}", signal.symbol);
            return Step::refused(SignalRefusal::Price, reason);
        }
        let chosen = self.reference.at_the_money(signal.symbol, spot, signal.right(), setup.expiry_policy(), self.now);
        let instrument = match chosen {
            Ok(instrument) if !instrument.lot.is_zero() => instrument,
            Ok(instrument) => {
                let reason = format!("{} has no lot size", instrument.contract.label());
                return Step::refused(SignalRefusal::Instrument, reason);
            }
            Err(reason) => return Step::refused(SignalRefusal::Instrument, reason),
        };
        let contract = instrument.contract;
        if !self.reference.is_open(contract.segment(), self.now) {
            return Step::refused(SignalRefusal::Closed, "the market is closed");
        }
        wanted.push(contract);
        let Some(quote) = self.fresh_quote(&contract) else { return self.wait_for_quotes(id, wanted) };
        let Some(ask) = quote.ask else {
            return Step::refused(SignalRefusal::Instrument, format!("{} has no offer now", contract.label()));
        };
        self.memory.signals.insert(id, wanted);
        let candidate = match self.candidate(id, signal, setup, instrument, ask) {
            Ok(candidate) => candidate,
            Err(reason) => return Step::refused(SignalRefusal::Risk, reason),
        };
        let what = format!("{} of {} at {ask}", lots(candidate.lots), contract.label());
        match setup.mode {
            SetupMode::Observe => Step::Ends(SignalFate::Observed { what }),
            SetupMode::Confirm if !received.approved => {
                if received.proposal.is_none() {
                    let (lots, premium, size) = (candidate.lots, ask, candidate.size.clone());
                    let proposal = Box::new(Proposal { contract, lots, premium, size });
                    self.record(Record::SignalProposed { id, proposal });
                    let text = format!("{}: buy {what}? Approve it.", title(signal));
                    self.alert(AlertLevel::Warning, text);
                }
                Step::Waits(format!("waits for the trader's word: {what}"))
            }
            SetupMode::Confirm | SetupMode::Auto => {
                let strategy = self.open_scalp(id, signal, setup, underlying, spot, &candidate);
                Step::Ends(SignalFate::Traded { strategy })
            }
        }
    }

    fn wait_for_quotes(&mut self, id: SignalId, contracts: Vec<crate::domain::Contract>) -> Step {
        let missing: Vec<String> =
            contracts.iter().filter(|c| self.fresh_quote(c).is_none()).map(crate::domain::Contract::label).collect();
        self.memory.signals.insert(id, contracts);
        self.wake_in(1_000);
        Step::Waits(format!("waits for a fresh quote of {}", missing.join(", ")))
    }

    /// The trader's word on a signal that waits for it.
    pub(super) fn decide_signal(&mut self, id: SignalId, approve: bool) -> Result<String, String> {
        let Some(received) = self.state.scalper.signals.get(&id) else {
            return Err(format!("signal {id}: there is no such signal"));
        };
        let name = title(&received.signal);
        if received.fate.is_some() || received.proposal.is_none() || received.approved {
            return Err(format!("{name}: it does not wait for approval"));
        }
        let step = if approve {
            self.record(Record::SignalApproved { id });
            self.pursue(id)
        } else {
            Step::refused(SignalRefusal::NotApproved, "declined by the trader")
        };
        match self.conclude(id, step) {
            SignalAnswer::Accepted { message, .. } => Ok(message),
            SignalAnswer::Refused { .. } if !approve => Ok(format!("{name} declined")),
            SignalAnswer::Refused { reason, .. } => Err(format!("{name}: {reason}")),
            SignalAnswer::Duplicate { id } => Err(format!("{name}: the same as signal {id}")),
        }
    }

    /// Lets a set-up trade, or not. What it holds goes on as it was.
    pub(super) fn arm_setup(&mut self, setup: &SetupName, armed: bool) -> Result<String, String> {
        if self.config.scalping.setup(setup).is_none() {
            let names: Vec<&str> = self.config.scalping.setups.iter().map(|s| s.name.as_str()).collect();
            return Err(format!("no set-up is called {setup}; there are: {}", names.join(", ")));
        }
        self.record(Record::SetupArmed { setup: setup.clone(), armed });
        Ok(format!(
            "{setup} {}",
            if armed { "is armed: its signals are acted on" } else { "is paused: its signals are refused" }
        ))
    }
}

/// `signal NIFTY BUY of SCALP_ATM`.
fn title(signal: &Signal) -> String {
    format!("Signal {} {} of {}", signal.symbol, signal.side, signal.setup)
}

pub(super) fn lots(n: u32) -> String {
    if n == 1 { "1 lot".into() } else { format!("{n} lots") }
}

/// The level of the underlying at which a trade is left, so many points against its signal.
pub(super) fn index_stop(side: Side, spot: Price, points: rust_decimal::Decimal) -> Price {
    match side {
        Side::Buy => Price(spot.0 - points),
        Side::Sell => Price(spot.0 + points),
    }
}

/// A trade that passed every check and is not opened yet.
pub(super) struct Candidate {
    pub instrument: crate::domain::Instrument,
    pub lots: u32,
    pub size: String,
    pub premium: Price,
}
