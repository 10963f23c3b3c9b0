//! The gateway of one account: takes released effects, queues them in lanes, hands out calls when the pace allows.

use std::collections::{BTreeMap, VecDeque};

use super::breaker::Breaker;
use super::call::{Call, CallId, Outgoing};
use super::lanes::{Job, Lanes, Waiting};
use super::look_up::LookUps;
use super::meter::Meter;
use super::pace::Pace;
use super::policy::GatewayPolicy;
use super::reads::Reads;
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{
    AccountId, BrokerOrderId, CorrelationId, Intent, IntentId, OrderSighting, OrderSpec, SafeguardAsk,
};
use crate::engine::event::{Book, PlaceOutcome};
use crate::engine::{Effect, Event, Lane};

/// What the gateway knows of an intent it has met. Whatever it is, the intent is not handed out (again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In its lane.
    Waiting,
    /// Handed out, unanswered, within its deadline.
    Out,
    /// Being looked for.
    Unknown,
    /// The broker has (or had) an order of it.
    Seen,
    /// It made no order, as the broker or we said.
    Unplaced,
    /// Looked for in vain.
    Lost,
}

/// A call whose answer is awaited.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub ticket: Ticket,
    pub left: Timestamp,
    pub deadline: Timestamp,
    /// The deadline has passed and its consequences were drawn; a late answer is still used.
    pub overdue: bool,
}

/// What an answer will be about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ticket {
    Place { intent: Intent, lane: Lane },
    Modify { intent: IntentId, order_id: BrokerOrderId, lane: Lane },
    Cancel { intent: Option<IntentId>, order_id: BrokerOrderId },
    Find(IntentId),
    Read(Book),
    Safeguard(SafeguardAsk),
}

/// Overdue calls are remembered this long for a late answer.
const REMEMBER_MS: i64 = 600_000;

/// One account's outgoing calls. Pure: the caller moves the bytes and brings the time.
///
/// After anything that happens: [`Self::tick`], then [`Self::next_call`] until it gives none; come back at
/// [`Self::next_wake`]. All events it returns are for the engine, in order.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(super) account: AccountId,
    pub(super) policy: GatewayPolicy,
    pub(super) lanes: Lanes,
    pub(super) pace: Pace,
    pub(super) query_pace: Pace,
    pub(super) reads: Reads,
    /// Asked of the broker's own safeguards, in order; one is out at a time.
    safeguards: VecDeque<SafeguardAsk>,
    pub(super) look_ups: LookUps,
    pub(super) in_flight: BTreeMap<CallId, InFlight>,
    next_id: u64,
    pub(super) standings: BTreeMap<IntentId, Standing>,
    correlations: BTreeMap<CorrelationId, IntentId>,
    pub(super) entry_breaker: Breaker,
    pub(super) query_breaker: Breaker,
    /// Why no entry may leave, while none may.
    held: Option<String>,
    pub(super) meter: Meter,
    /// The token is not taken, since.
    pub(super) logged_out: Option<Timestamp>,
    #[cfg(test)]
    pub sabotage: super::Sabotage,
}

impl Gateway {
    pub fn new(account: AccountId, policy: GatewayPolicy) -> Self {
        Self {
            account,
            lanes: Lanes::default(),
            pace: Pace::new(policy.order_windows.clone()),
            query_pace: Pace::new(policy.query_windows.clone()),
            reads: Reads::default(),
            safeguards: VecDeque::new(),
            look_ups: LookUps::new(policy.look_up.clone()),
            in_flight: BTreeMap::new(),
            next_id: 1,
            standings: BTreeMap::new(),
            correlations: BTreeMap::new(),
            entry_breaker: Breaker::new(policy.entry_breaker),
            query_breaker: Breaker::new(policy.query_breaker),
            held: None,
            meter: Meter::default(),
            logged_out: None,
            policy,
            #[cfg(test)]
            sabotage: super::Sabotage::default(),
        }
    }

    pub fn account(&self) -> AccountId {
        self.account
    }

    /// After a restart: `sent_today` order calls have left before, how lately is not known. Everything else comes back
    /// as `Effect::LookUp` from the engine.
    pub fn resume(&mut self, sent_today: u32, now: Timestamp) {
        self.pace.resume(sent_today, now);
    }

    /// Takes a released effect. Effects that are not for this account's broker are ignored; an intent that was met
    /// before is not queued again, whatever became of it.
    pub fn submit(&mut self, effect: &Effect, now: Timestamp) -> Vec<Event> {
        match effect {
            Effect::Place { intent, lane } => self.queue_place(intent, *lane, now),
            Effect::Modify { intent, order_id, spec, lane } => self.queue_modify(*intent, order_id, *spec, *lane, now),
            Effect::Cancel { intent, order_id } => self.queue_cancel(*intent, order_id, now),
            Effect::LookUp { intent } => self.look_for(intent, now),
            Effect::ReadOrders => self.want(Book::Orders, now),
            Effect::ReadTrades => self.want(Book::Trades, now),
            Effect::ReadPositions => self.want(Book::Positions, now),
            Effect::ReadFunds => self.want(Book::Funds, now),
            Effect::Safeguard(ask) => {
                self.safeguards.push_back(*ask);
                Vec::new()
            }
            Effect::Watch(_)
            | Effect::Levels(_)
            | Effect::WakeAt(_)
            | Effect::Reply { .. }
            | Effect::Rehearse(_)
            | Effect::Alert { .. } => Vec::new(),
        }
    }

    fn want(&mut self, book: Book, now: Timestamp) -> Vec<Event> {
        self.reads.want(book, now);
        Vec::new()
    }

    fn queue_place(&mut self, intent: &Intent, lane: Lane, now: Timestamp) -> Vec<Event> {
        if intent.account != self.account || self.standings.contains_key(&intent.id) {
            return Vec::new();
        }
        self.correlations.insert(intent.correlation.clone(), intent.id);
        if let Some(reason) = self.held.clone().filter(|_| lane == Lane::Entry) {
            return vec![self.not_sent(intent.id, reason)];
        }
        self.standings.insert(intent.id, Standing::Waiting);
        self.lanes.push(Job::Place(intent.clone()), lane, now);
        Vec::new()
    }

    fn queue_modify(
        &mut self,
        intent: IntentId,
        order_id: &BrokerOrderId,
        spec: OrderSpec,
        lane: Lane,
        now: Timestamp,
    ) -> Vec<Event> {
        if let Some(reason) = self.held.clone().filter(|_| lane == Lane::Entry) {
            return vec![Event::ModifyFailed { intent, reason, unanswered: false }];
        }
        // A modification restates everything: one that still waits is replaced by this one.
        self.lanes.remove(|w| matches!(&w.job, Job::Modify { order_id: o, .. } if o == order_id));
        self.lanes.push(Job::Modify { intent, order_id: order_id.clone(), spec }, lane, now);
        Vec::new()
    }

    fn queue_cancel(&mut self, intent: Option<IntentId>, order_id: &BrokerOrderId, now: Timestamp) -> Vec<Event> {
        #[cfg(test)]
        if self.sabotage.drop_cancels {
            return Vec::new();
        }
        let of_it = |w: &Waiting| matches!(&w.job, Job::Modify { order_id: o, .. } if o == order_id);
        let overtaken = self.lanes.remove(of_it);
        let waits = |job: &Job| matches!(job, Job::Cancel { order_id: o, .. } if o == order_id);
        if !self.lanes.any(Lane::Cancel, waits) {
            self.lanes.push(Job::Cancel { intent, order_id: order_id.clone() }, Lane::Cancel, now);
        }
        overtaken.into_iter().filter_map(|job| unsent(job, "the order is being cancelled")).collect()
    }

    fn look_for(&mut self, intent: &Intent, now: Timestamp) -> Vec<Event> {
        if intent.account != self.account || self.standings.contains_key(&intent.id) {
            return Vec::new();
        }
        #[cfg(test)]
        if self.sabotage.forget_look_ups {
            return Vec::new();
        }
        self.correlations.insert(intent.correlation.clone(), intent.id);
        let arrives_by = after_ms(now, self.policy.order_deadline_ms);
        self.unknown(intent, arrives_by, "whether it was sent before the restart is being looked up", now)
    }

    /// Starts a search and says so.
    pub(super) fn unknown(
        &mut self,
        intent: &Intent,
        arrives_by: Timestamp,
        reason: &str,
        now: Timestamp,
    ) -> Vec<Event> {
        self.standings.insert(intent.id, Standing::Unknown);
        self.look_ups.start(intent.clone(), arrives_by, now);
        vec![Event::PlaceFailed { intent: intent.id, outcome: PlaceOutcome::Unknown { reason: reason.into() } }]
    }

    pub(super) fn not_sent(&mut self, intent: IntentId, reason: String) -> Event {
        self.standings.insert(intent, Standing::Unplaced);
        Event::PlaceFailed { intent, outcome: PlaceOutcome::NotSent { reason } }
    }

    /// While held (halted, flattening, the journal dead) no entry leaves: those that wait are `NotSent`, and so is
    /// whatever comes. `None` lets them through again.
    pub fn hold_entries(&mut self, reason: Option<&str>) -> Vec<Event> {
        #[cfg(test)]
        if self.sabotage.ignore_hold {
            return Vec::new();
        }
        self.held = reason.map(str::to_owned);
        let Some(reason) = reason else { return Vec::new() };
        let out = self.lanes.remove(|w| w.lane == Lane::Entry);
        self.give_up(out, reason)
    }

    /// Reports jobs that leave their lane unsent.
    fn give_up(&mut self, jobs: Vec<Job>, reason: &str) -> Vec<Event> {
        for job in &jobs {
            if let Job::Place(intent) = job {
                self.standings.insert(intent.id, Standing::Unplaced);
            }
        }
        jobs.into_iter().filter_map(|job| unsent(job, reason)).collect()
    }

    /// The next call that may leave now; ask again until there is none.
    pub fn next_call(&mut self, now: Timestamp) -> Option<Outgoing> {
        self.pace.set_clock(now);
        self.query_pace.set_clock(now);
        self.start_rounds(now);
        self.next_order_call(now).or_else(|| self.next_query(now))
    }

    fn next_order_call(&mut self, now: Timestamp) -> Option<Outgoing> {
        for lane in self.lanes.served(self.policy.cancel_patience_ms, now) {
            if !self.pace.is_free(is_kept(lane), now) || (lane == Lane::Entry && !self.entry_breaker.is_free(now)) {
                continue;
            }
            let in_flight = &self.in_flight;
            let Some(job) = self.lanes.take(lane, |job| may_leave(job, in_flight) && !is_expired(job, now)) else {
                continue;
            };
            self.pace.spend(now);
            if lane == Lane::Entry {
                self.entry_breaker.leaves();
            }
            let (call, ticket) = self.handed_out(job, lane);
            return Some(self.leaves(call, ticket, self.policy.order_deadline_ms, now));
        }
        None
    }

    fn handed_out(&mut self, job: Job, lane: Lane) -> (Call, Ticket) {
        match job {
            Job::Place(intent) => {
                self.standings.insert(intent.id, Standing::Out);
                (Call::Place(intent.clone()), Ticket::Place { intent, lane })
            }
            Job::Modify { intent, order_id, spec } => {
                (Call::Modify { order_id: order_id.clone(), spec }, Ticket::Modify { intent, order_id, lane })
            }
            Job::Cancel { intent, order_id } => {
                (Call::Cancel { order_id: order_id.clone() }, Ticket::Cancel { intent, order_id })
            }
        }
    }

    fn next_query(&mut self, now: Timestamp) -> Option<Outgoing> {
        if !self.query_pace.is_free(true, now) || !self.query_breaker.is_free(now) {
            return None;
        }
        if self.safeguard_may_leave()
            && let Some(ask) = self.safeguards.pop_front()
        {
            self.query_pace.spend(now);
            self.query_breaker.leaves();
            let (call, ticket) = (Call::Safeguard(ask), Ticket::Safeguard(ask));
            return Some(self.leaves(call, ticket, self.policy.query_deadline_ms, now));
        }
        let (call, ticket) = match (self.reads.next(), self.look_ups.next_find()) {
            (None, None) => return None,
            (Some((read, book)), find) if find.is_none_or(|(since, _)| read <= since) => {
                self.reads.leaves(book);
                let call = match book {
                    Book::Orders => Call::Orders,
                    Book::Trades => Call::Trades,
                    Book::Positions => Call::Positions,
                    Book::Funds => Call::Funds,
                };
                (call, Ticket::Read(book))
            }
            (_, find) => {
                let (_, id) = find?;
                let intent = self.look_ups.find_leaves(id)?;
                (Call::FindByCorrelation(intent.correlation.clone()), Ticket::Find(id))
            }
        };
        self.query_pace.spend(now);
        self.query_breaker.leaves();
        Some(self.leaves(call, ticket, self.policy.query_deadline_ms, now))
    }

    fn safeguard_may_leave(&self) -> bool {
        let out = |f: &InFlight| !f.overdue && matches!(f.ticket, Ticket::Safeguard(_));
        !self.safeguards.is_empty() && !self.in_flight.values().any(out)
    }

    fn leaves(&mut self, call: Call, ticket: Ticket, deadline_ms: i64, now: Timestamp) -> Outgoing {
        let id = CallId(self.next_id);
        self.next_id += 1;
        let deadline = after_ms(now, deadline_ms);
        self.in_flight.insert(id, InFlight { ticket, left: now, deadline, overdue: false });
        Outgoing { id, call, deadline }
    }

    /// An order was seen, by whatever way: if it was looked for, it is found. The sighting is among the events.
    pub fn saw(&mut self, sighting: &OrderSighting, now: Timestamp) -> Vec<Event> {
        self.found(sighting);
        self.count_elsewhere(sighting, now);
        vec![Event::OrderSeen { account: self.account, sighting: sighting.clone() }]
    }

    /// What others do on the account uses up its orders a second as well.
    pub(super) fn count_elsewhere(&mut self, sighting: &OrderSighting, now: Timestamp) {
        let ours = sighting.correlation.as_ref().is_some_and(|c| self.correlations.contains_key(c));
        if !ours && let Some(at) = self.meter.saw(sighting, now) {
            self.pace.note_elsewhere(at);
        }
    }

    /// Notes that the broker has an order. True if that was an open question.
    pub(super) fn found(&mut self, sighting: &OrderSighting) -> bool {
        let id = sighting.correlation.as_ref().and_then(|c| self.correlations.get(c)).copied();
        let Some(id) = id else { return false };
        let before = self.standings.insert(id, Standing::Seen);
        self.look_ups.stop(id);
        if before == Some(Standing::Waiting) {
            // The broker has an order with this mark already: sending it would make a second one.
            self.lanes.remove(|w| matches!(&w.job, Job::Place(intent) if intent.id == id));
        }
        before != Some(Standing::Seen)
    }

    /// Time has passed: deadlines, intents that expired in their lane, searches.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Event> {
        let patience = self.policy.order_deadline_ms;
        let stale = |w: &Waiting| w.lane == Lane::Entry && after_ms(w.since, patience) <= now;
        let late = self.lanes.remove(|w| match &w.job {
            Job::Place(_) => is_expired(&w.job, now),
            // A price for an entry that could not be sent for so long is not the one to send now.
            Job::Modify { .. } => stale(w),
            Job::Cancel { .. } => false,
        });
        let mut events = self.give_up(late, "it could not be sent in time");
        let overdue: Vec<CallId> =
            self.in_flight.iter().filter(|(_, f)| !f.overdue && f.deadline <= now).map(|(id, _)| *id).collect();
        for id in overdue {
            events.extend(self.deadline_passed(id, now));
        }
        self.in_flight.retain(|_, f| !f.overdue || now < after_ms(f.deadline, REMEMBER_MS));
        self.start_rounds(now);
        events
    }

    fn start_rounds(&mut self, now: Timestamp) {
        let wanted = self.look_ups.due(now);
        if wanted.orders {
            self.reads.want(Book::Orders, now);
        }
        if wanted.trades {
            self.reads.want(Book::Trades, now);
        }
    }

    /// When something is due next: a call that may leave, a deadline, a round of look-ups. An instant in the past
    /// means now.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let mut due: Vec<Timestamp> = Vec::new();
        for lane in [Lane::Exit, Lane::Cancel, Lane::Protection, Lane::Entry] {
            if !self.lanes.any(lane, |job| may_leave(job, &self.in_flight)) {
                continue;
            }
            let pace = self.pace.free_at(is_kept(lane), Timestamp::MIN);
            let circuit =
                if lane == Lane::Entry { self.entry_breaker.free_at(Timestamp::MIN) } else { Some(Timestamp::MIN) };
            due.extend(pace.zip(circuit).map(|(pace, circuit)| pace.max(circuit)));
        }
        if self.reads.next().is_some() || self.look_ups.next_find().is_some() || self.safeguard_may_leave() {
            let pace = self.query_pace.free_at(true, Timestamp::MIN);
            due.extend(pace.zip(self.query_breaker.free_at(Timestamp::MIN)).map(|(pace, circuit)| pace.max(circuit)));
        }
        due.extend(self.lanes.iter().filter_map(|w| match &w.job {
            Job::Place(intent) => Some(intent.expires),
            Job::Modify { .. } if w.lane == Lane::Entry => Some(after_ms(w.since, self.policy.order_deadline_ms)),
            Job::Modify { .. } | Job::Cancel { .. } => None,
        }));
        due.extend(self.in_flight.values().filter(|f| !f.overdue).map(|f| f.deadline));
        due.extend(self.look_ups.next_due());
        due.into_iter().min()
    }
}

/// Exits and cancels may use the reserve.
fn is_kept(lane: Lane) -> bool {
    match lane {
        Lane::Exit | Lane::Cancel => true,
        Lane::Protection | Lane::Entry | Lane::Query => false,
    }
}

fn is_expired(job: &Job, now: Timestamp) -> bool {
    matches!(job, Job::Place(intent) if intent.expires <= now)
}

/// Two modifications of one order on their way could arrive in either order: the second waits for the first's answer.
fn may_leave(job: &Job, in_flight: &BTreeMap<CallId, InFlight>) -> bool {
    let Job::Modify { order_id, .. } = job else { return true };
    let same = |f: &InFlight| matches!(&f.ticket, Ticket::Modify { order_id: o, .. } if o == order_id);
    !in_flight.values().any(|f| !f.overdue && same(f))
}

/// What the engine hears of a job that leaves its lane unsent.
fn unsent(job: Job, reason: &str) -> Option<Event> {
    let reason = reason.to_owned();
    match job {
        Job::Place(intent) => Some(Event::PlaceFailed { intent: intent.id, outcome: PlaceOutcome::NotSent { reason } }),
        Job::Modify { intent, .. } => Some(Event::ModifyFailed { intent, reason, unanswered: false }),
        Job::Cancel { .. } => None,
    }
}
