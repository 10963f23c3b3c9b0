//! The engine thread's prices: which the feed shall deliver, which commands wait for them, and what of them the engine
//! hears at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::EngineThread;
use crate::app::shared::HEADER_INDICES;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{Contract, ContractKind, Exchange, Quote, StrategyId, StrategyStatus, Symbol};
use crate::engine::command::{Command, Origin, Reply};
use crate::engine::state::Strategy;
use crate::engine::{Event, Reference, ResolvedLeg, order_of};

/// A command that needs prices waits this long for ones that were not subscribed yet.
const QUOTES_WITHIN: Duration = Duration::from_millis(1_500);
/// Two crossings of one contract are told at least this far apart.
const CROSSINGS_APART: Duration = Duration::from_millis(200);
/// Pending strategies whose legs are subscribed, best first.
const PENDING_SUBSCRIBED: usize = 40;

/// … and this long for the broker's margin.
const MARGINS_WITHIN: Duration = Duration::from_millis(700);

/// A command whose quotes, and then margins, are on their way.
pub(super) struct Unpriced {
    command: Command,
    origin: Origin,
    reply: oneshot::Sender<Reply>,
    /// Its quotes are there, and the broker has been asked for the margin.
    priced: bool,
    /// Then it is decided on what is there.
    until: Instant,
}

impl EngineThread {
    /// Whether a command should wait a moment for prices. What lowers risk never does.
    pub(super) fn lacks_quotes(&self, command: &Command, now: Timestamp) -> bool {
        let concerned = match command {
            Command::Preview { .. } | Command::Execute { .. } | Command::Resume { .. } => self.concerned(command),
            Command::Signal { signal } => self.decided_on(signal),
            _ => return false,
        };
        let fresh = self.desk.driver().engine().config.execution.max_quote_age_ms;
        let priced = self.shared.quotes_of(&concerned).iter().filter(|(_, q)| q.age_ms(now) <= fresh).count();
        priced < concerned.len()
    }

    /// A level that the engine asked for is crossed: it hears of it now, not with the next second. Each quote once.
    pub(super) fn tell_crossings(&mut self, now: Timestamp) {
        if self.levels.is_empty() {
            return;
        }
        let asked: BTreeSet<Contract> = self.levels.keys().copied().collect();
        let news = |contract: &Contract, quote: &Quote| {
            let told = self.crossed.get(contract);
            told.is_none_or(|(q, at)| {
                (q.last, q.bid, q.ask) != (quote.last, quote.bid, quote.ask) && at.elapsed() >= CROSSINGS_APART
            })
        };
        let quotes: Vec<(Contract, Quote)> = self
            .shared
            .quotes_of(&asked)
            .into_iter()
            .filter(|(c, q)| self.levels.get(c).is_some_and(|l| l.are_crossed(q)) && news(c, q))
            .collect();
        if !quotes.is_empty() {
            self.crossed.extend(quotes.iter().map(|(c, q)| (*c, (*q, Instant::now()))));
            self.desk.handle(Event::Quotes(quotes), now, &self.today);
        }
    }

    /// Decided as soon as they can be, or on what there is once they have waited long enough.
    pub(super) fn await_quotes(&mut self, command: Command, origin: Origin, reply: oneshot::Sender<Reply>) {
        let until = Instant::now() + QUOTES_WITHIN;
        self.unpriced.push(Unpriced { command, origin, reply, priced: false, until });
        self.tell_interest();
    }

    /// A command with its quotes: decided at once, or as soon as the broker has said its margin.
    pub(super) fn await_margins(
        &mut self,
        command: Command,
        origin: Origin,
        reply: oneshot::Sender<Reply>,
        now: Timestamp,
    ) {
        if self.ask_margins_of(&command) {
            let until = Instant::now() + MARGINS_WITHIN;
            self.unpriced.push(Unpriced { command, origin, reply, priced: true, until });
        } else {
            self.command(command, origin, Some(reply), now);
        }
    }

    pub(super) fn retry_unpriced(&mut self, now: Timestamp) {
        for waiting in std::mem::take(&mut self.unpriced) {
            let lacks_some = if waiting.priced {
                self.awaits_margins(&waiting.command)
            } else {
                self.lacks_quotes(&waiting.command, now)
            };
            if lacks_some && Instant::now() < waiting.until {
                self.unpriced.push(waiting);
            } else if waiting.priced {
                self.command(waiting.command, waiting.origin, Some(waiting.reply), now);
            } else {
                self.await_margins(waiting.command, waiting.origin, waiting.reply, now);
            }
        }
    }

    /// The contracts whose quotes a command is decided on.
    pub(super) fn concerned(&self, command: &Command) -> BTreeSet<Contract> {
        let state = self.desk.state();
        let legs_of = |ids: &[StrategyId]| -> BTreeSet<Contract> {
            let named = self.strategies_of(ids).into_iter();
            named.filter_map(|id| state.strategies.get(&id)).flat_map(|s| self.contracts_of(s)).collect()
        };
        match command {
            Command::Preview { ids } | Command::Execute { ids } => legs_of(ids),
            Command::Resume { id } | Command::Unwind { id } | Command::CloseStrategy { id } => legs_of(&[*id]),
            Command::ClosePosition { contract, .. } => BTreeSet::from([*contract]),
            Command::Signal { signal } => self.candidates(signal),
            Command::DecideSignal { id, .. } => {
                let received = state.scalper.signals.get(id);
                received.map(|r| self.candidates(&r.signal)).unwrap_or_default()
            }
            Command::Flatten { .. } => {
                let held = state.broker.positions.iter().filter(|p| !p.net.is_flat()).map(|p| p.contract);
                held.chain(state.lots.iter().filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| k.contract)).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// The strategies named, or all that are marked where none is; the first to be executed first.
    pub(super) fn strategies_of(&self, ids: &[StrategyId]) -> Vec<StrategyId> {
        let wanted = |s: &&Strategy| match ids {
            [] => s.status == StrategyStatus::Marked,
            ids => ids.contains(&s.id),
        };
        let mut all: Vec<&Strategy> = self.desk.state().strategies.values().filter(wanted).collect();
        all.sort_by_key(|s| order_of(s));
        all.into_iter().map(|s| s.id).collect()
    }

    fn contracts_of(&self, s: &Strategy) -> Vec<Contract> {
        self.legs_of(s).iter().map(|l| l.instrument.contract).collect()
    }

    /// Frozen once it is marked; what they would resolve to before.
    pub(super) fn legs_of(&self, s: &Strategy) -> Vec<ResolvedLeg> {
        if !s.legs.is_empty() {
            return s.legs.clone();
        }
        let now = self.clock.now();
        self.today.resolve(&s.recommendation, trading_day(now), now).unwrap_or_default()
    }

    /// What the feed shall deliver: what the engine watches, what is marked, the best of what is pending.
    pub(super) fn tell_interest(&mut self) {
        let state = self.desk.state();
        let mut wanted = self.watched.clone();
        wanted.extend(self.unpriced.iter().flat_map(|u| self.concerned(&u.command)));
        wanted.extend(state.broker.positions.iter().filter(|p| !p.net.is_flat()).map(|p| p.contract));
        let mut pending: Vec<&Strategy> = Vec::new();
        for s in state.strategies.values() {
            match s.status {
                StrategyStatus::Marked | StrategyStatus::Deferred | StrategyStatus::Executing => {
                    wanted.extend(self.contracts_of(s));
                }
                StrategyStatus::Pending if s.recommendation.blocked().is_none() => pending.push(s),
                _ => {}
            }
        }
        pending.sort_by_key(|s| order_of(s));
        for s in pending.into_iter().take(PENDING_SUBSCRIBED) {
            wanted.extend(self.contracts_of(s));
        }
        wanted.extend(self.scalping_interest());
        let options = wanted.iter().filter(|c| matches!(c.kind, ContractKind::Option { .. }));
        let underlyings: BTreeSet<Contract> = options.filter_map(|c| self.today.underlying_of(c)).collect();
        wanted.extend(underlyings);
        wanted.extend(HEADER_INDICES.iter().filter_map(|(e, s)| header_index(*e, s)));
        self.outlets.interest.send_if_modified(|current| {
            let changed = *current != wanted;
            if changed {
                *current = wanted;
            }
            changed
        });
    }
}

fn header_index(exchange: Exchange, symbol: &str) -> Option<Contract> {
    Symbol::new(symbol).ok().map(|s| Contract::index(exchange, s))
}
