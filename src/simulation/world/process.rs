//! The process and its disk: starts, is killed, serves what happened as the live one does, commits.

use super::{Happening, World};
use crate::domain::AccountId;
use crate::engine::{Engine, Event};
use crate::gateway::{Batch, Call, Desk, Driver, Gateway, GatewayPolicy, Notice};
use crate::simulation::checks::{Broken, Checked};
use crate::simulation::disk::{Commit, Fate};
use crate::simulation::disturbance::Kind;
use crate::simulation::text::cut;

impl World {
    pub(super) fn start(&mut self) {
        if self.desk.is_some() {
            return;
        }
        let (state, next_seq) = self.disk.recover();
        self.checks.restarted(&state, next_seq - 1);
        self.life += 1;
        #[cfg_attr(not(test), allow(unused_mut))]
        let mut engine = Engine::new(self.config.clone(), state);
        #[cfg(test)]
        {
            engine.sabotage = self.tricks.engine;
        }
        let driver = Driver::new(engine, next_seq);
        let mut policy = GatewayPolicy::default();
        if self.tricks.hasty {
            policy.order_windows.iter_mut().for_each(|w| w.limit *= 3);
        }
        let mut gateway = Gateway::new(AccountId(1), policy);
        if self.life > 1 {
            gateway.resume(self.checks.order_calls, self.now);
        }
        #[cfg(test)]
        {
            gateway.sabotage = self.tricks.gateway;
        }
        let mut desk = Desk::new(driver, gateway);
        desk.handle(Event::Started, self.now, &self.listing);
        desk.handle(Event::OrderLink { up: self.link_up }, self.now, &self.listing);
        self.desk = Some(desk);
        let life = self.life;
        self.note(|| format!("=== process {life} starts"));
    }

    /// Killed: what was not on disk is forgotten, what was on its way to the broker may still arrive.
    pub(super) fn crash(&mut self, down_ms: i64) -> Checked {
        let Some(mut desk) = self.desk.take() else { return Ok(()) };
        // Only to check that what is about to be lost was consistent.
        self.remember_all(&mut desk)?;
        self.disk.crash();
        self.watched.clear();
        self.report.crashes += 1;
        self.note(|| "=== killed".into());
        self.after(down_ms, Happening::Starts);
        Ok(())
    }

    /// Closes what has been collected and compares the fold with the state.
    pub(super) fn remember_all(&mut self, desk: &mut Desk) -> Result<Vec<Batch>, Broken> {
        let mut last = desk.take_spill();
        last.extend(std::iter::from_fn(|| desk.take_batch()));
        for batch in &last {
            self.checks.remembers(batch, &mut self.report)?;
        }
        self.checks.fold_is(desk.state())?;
        Ok(last)
    }

    /// What the live process does after anything has happened.
    pub(super) fn pump(&mut self) -> Checked {
        let Some(mut desk) = self.desk.take() else { return Ok(()) };
        let result = self.serve(&mut desk);
        self.desk = Some(desk);
        match result? {
            Some(down_ms) => self.crash(down_ms),
            None => Ok(()),
        }
    }

    /// How long the process will be down, if it is killed on the way.
    fn serve(&mut self, desk: &mut Desk) -> Result<Option<i64>, Broken> {
        desk.tick(self.now, &self.listing);
        for batch in desk.take_spill() {
            self.checks.remembers(&batch, &mut self.report)?;
            self.trace_records(&batch, "spilled");
            if !self.tricks.lose_spill {
                self.disk.spill(&batch);
            }
            self.report.spilled += 1;
        }
        if self.disk.is_idle()
            && let Some(batch) = desk.take_batch()
        {
            self.checks.remembers(&batch, &mut self.report)?;
            self.trace_records(&batch, "record");
            let (seq, empty) = (batch.seq, batch.records.is_empty());
            let batch = if self.tricks.lose_records { self.without_one(batch) } else { batch };
            let fate = if empty { Fate::NOTHING } else { self.fate_of_commit() };
            self.disk.begin(batch, fate);
            self.after(fate.ms, Happening::Committed { life: self.life });
            if self.tricks.release_before_commit && !empty {
                desk.committed(seq, self.now, &self.listing);
            }
        }
        while let Some(out) = desk.next_call(self.now) {
            self.checks.leaves(&out.call, desk.state(), &self.disk, self.now)?;
            let is_order = matches!(out.call, Call::Place(_) | Call::Modify { .. } | Call::Cancel { .. });
            self.send(out);
            if is_order
                && let Some(down_ms) =
                    self.strikes(Kind::KillAfterCall, self.faults.crash_after_call, self.faults.down_ms)
            {
                return Ok(Some(down_ms));
            }
        }
        for notice in desk.take_notices() {
            match notice {
                Notice::Reply { command, reply } => {
                    self.note(|| format!("reply {command}: {reply:?}"));
                    self.checks.answered(command)?;
                }
                Notice::Alert { level, text } => self.note(|| format!("alert {level:?}: {text}")),
                // Prices move once a second here, and all of them are told.
                Notice::Levels(_) => {}
                Notice::Watch(contracts) => self.watched = contracts,
                Notice::Rehearse(_) => {}
            }
        }
        Ok(None)
    }

    fn fate_of_commit(&mut self) -> Fate {
        let (what, mut dice) = self.chance(Kind::Commit);
        let ms = dice.between(self.faults.commit_ms);
        let fails = dice.chance(self.faults.failed_commit) && self.disturbances.happens(what);
        Fate {
            ms,
            commit: if fails { Commit::Failed } else { Commit::Done },
            kept: dice.chance(500),
            dead_ms: dice.between(self.faults.disk_dead_ms),
        }
    }

    /// What is left of a batch when the journal loses one of its records.
    fn without_one(&mut self, batch: Batch) -> Batch {
        if batch.records.len() < 2 || !self.dice.chance(50) {
            return batch;
        }
        let mut records = (*batch.records).clone();
        records.pop();
        Batch { seq: batch.seq, records: std::sync::Arc::new(records) }
    }

    fn trace_records(&mut self, batch: &Batch, what: &str) {
        if self.trace.is_some() {
            for (_, record) in batch.records.iter() {
                let text = self.listing.with_labels(format!("{record:?}"));
                self.note(|| format!("{what} {} {}", batch.seq, cut(text, 330)));
            }
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        let (now, listing) = (self.now, &self.listing);
        if let Some(desk) = &mut self.desk {
            desk.handle(event, now, listing);
        }
    }

    pub(super) fn committed(&mut self, life: u32) {
        if life != self.life || self.desk.is_none() {
            return;
        }
        let Some((seq, fate)) = self.disk.finish() else { return };
        let now = self.now;
        let Some(desk) = &mut self.desk else { return };
        match fate.commit {
            Commit::Done => desk.committed(seq, now, &self.listing),
            Commit::Failed => {
                desk.store_failed(seq, now, &self.listing);
                self.report.faults += 1;
                self.after(fate.dead_ms, Happening::DiskWorks);
                self.note(|| format!("=== commit {seq} failed"));
            }
        }
    }

    pub(super) fn disk_works(&mut self) {
        if std::mem::replace(&mut self.disk.dead, false) {
            self.note(|| "=== the disk works again".into());
            let now = self.now;
            if let Some(desk) = &mut self.desk {
                desk.store_restored(now, &self.listing);
            }
        }
    }
}
