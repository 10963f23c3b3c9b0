//! The end of a run: the weather clears, a last key, and everything must come to rest and agree.

use super::{Happening, World};
use crate::domain::time::after_ms;
use crate::engine::Command;
use crate::exchange::OrderView;
use crate::gateway::Desk;
use crate::simulation::broker::ACCOUNT;
use crate::simulation::checks::{Books, Checked, Checks, PREFIX, broken, bytes};
use crate::simulation::listing::Hours;
use crate::simulation::report::Invariant;
use crate::simulation::weather::Faults;

/// How long everything may take to come to an end once the network is healthy.
const REST_WITHIN_SECONDS: i64 = 150;
/// How long it must be quiet to count as over.
const QUIET_MS: i64 = 3_000;

impl World {
    pub(super) fn clear(&mut self) {
        self.note(|| "=== the weather clears".into());
        self.faults = Faults::NONE;
        self.clear_since = Some(self.now);
        self.feed_dead_until = self.now;
        self.logged_out_until = self.now;
        self.cut_off_until = self.now;
        self.disk_works();
        self.start();
        self.set_link(true);
        self.after(1_500, Happening::LastKey);
    }

    pub(super) fn press_last(&mut self) {
        self.last_key = true;
        if self.dice.chance(600) {
            let include_foreign = self.dice.chance(500);
            self.command(Command::Flatten { include_foreign });
        }
    }

    /// The run is over when nothing is under way for a while; not coming to rest in time is a violation.
    pub(super) fn end_when_quiet(&mut self) -> Checked {
        let busy = self.busy();
        match (&busy, self.quiet_since) {
            (Some(_), _) => self.quiet_since = None,
            (None, None) => self.quiet_since = Some(self.now),
            (None, Some(since)) if after_ms(since, QUIET_MS) <= self.now => return self.finish(),
            (None, Some(_)) => {}
        }
        let Some(clear) = self.clear_since else { return Ok(()) };
        if after_ms(clear, REST_WITHIN_SECONDS * 1_000) > self.now {
            return Ok(());
        }
        let state = self.desk.as_ref().map(Desk::state);
        let closed = !self.exchange.is_open() && state.is_some_and(|s| s.open_orders().next().is_none());
        if closed || state.is_some_and(|s| self.checks.only_funds_are_missing(s)) {
            // What is left waits for the market to open, or for money.
            return self.finish();
        }
        let flattening = self.desk.as_ref().is_some_and(|d| d.state().flatten.is_some());
        let why = busy.unwrap_or_else(|| "it never stays quiet".into());
        if flattening {
            let open: Vec<String> =
                self.checks.open_at_exchange(true).iter().map(|(c, n)| format!("{} {n:+}", c.label())).collect();
            let text = format!("{why}; open at the exchange: {}", open.join(", "));
            return broken(Invariant::FlattenEndsFlat, text);
        }
        broken(Invariant::ComesToRest, format!("{REST_WITHIN_SECONDS} s after the weather has cleared: {why}"))
    }

    fn busy(&self) -> Option<String> {
        if !self.last_key {
            return Some("the trader is not done".into());
        }
        let Some(desk) = &self.desk else { return Some("the process is down".into()) };
        if !self.disk.is_idle() {
            return Some("the disk is busy".into());
        }
        // A stop may rest for ever.
        let rests = |o: &OrderView| o.spec.kind.trigger().is_some() && !o.triggered;
        let ours = |o: &OrderView| !o.status.is_final() && o.correlation.starts_with(PREFIX) && !rests(o);
        if let Some(o) = self.exchange.orders(ACCOUNT).into_iter().find(ours) {
            return Some(format!("order {} is {:?} at the exchange", o.order_id, o.status));
        }
        if self.exchange.is_open() && self.checks.stops_rest(desk.state()).is_err() {
            return Some("stops are not yet as they should be".into());
        }
        if self.exchange.is_open() && desk.driver().engine().misses_positions() {
            return Some("what was closed elsewhere is not off the books yet".into());
        }
        Checks::engine_is_busy(desk.state())
    }

    fn finish(&mut self) -> Checked {
        self.done = true;
        let Some(mut desk) = self.desk.take() else { return Ok(()) };
        let written = self.disk.is_idle();
        for batch in self.remember_all(&mut desk)? {
            self.disk.spill(&batch);
        }
        let books = Books {
            trades: self.exchange.trades(ACCOUNT),
            positions: self.exchange.positions(ACCOUNT),
            whole: self.hours != Hours::NewDay,
        };
        self.checks.at_rest(desk.state(), &books, &self.listing, self.exchange.is_open())?;
        let state = desk.state();
        let locked = state.flatten.is_none() && state.halt.as_ref().is_some_and(|h| h.locked);
        let open = self.checks.open_at_exchange(false);
        if locked && !open.is_empty() {
            return broken(Invariant::FlattenEndsFlat, format!("flattened, but open: {open:?}"));
        }
        let (folded, _) = self.disk.recover();
        if written && bytes(&folded) != bytes(desk.state()) {
            return broken(Invariant::FoldIsState, "the journal folds to something else than the state");
        }
        match self.disk.fold_from_text() {
            Ok(again) if bytes(&again) == bytes(&folded) => Ok(()),
            Ok(_) => broken(Invariant::FoldIsState, "the journal read back folds to something else"),
            Err(e) => broken(Invariant::FoldIsState, format!("the journal cannot be read back: {e}")),
        }
    }
}
