//! The faults that stand now, and the decision whether one happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::menu::{Fault, FaultSpec, Kind, RandomFaults};

/// Faults kept at once.
const MOST: usize = 64;

/// All faults of a server; cheap to copy. Without any, nothing ever happens.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    desk: Mutex<Desk>,
    /// Counts changes: what runs and might have to end looks up when it moves.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Desk {
    active: Vec<Active>,
    next_id: u64,
    dice: ChaCha8Rng,
}

#[derive(Debug)]
struct Active {
    id: u64,
    spec: FaultSpec,
    to_skip: u32,
    left: Option<u32>,
    happened: u64,
    ends: Option<Instant>,
}

/// A fault that stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    pub id: u64,
    #[serde(flatten)]
    pub spec: FaultSpec,
    /// How often it has happened.
    pub happened: u64,
    /// Milliseconds until it ends by itself, where it does.
    pub ends_in_ms: Option<u64>,
}

impl Faults {
    pub fn new(seed: u64, specs: Vec<FaultSpec>, random: Option<&RandomFaults>) -> Self {
        let desk = Desk { active: Vec::new(), next_id: 1, dice: ChaCha8Rng::seed_from_u64(seed) };
        let faults = Self(Arc::new(Inner { desk: Mutex::new(desk), changes: watch::Sender::new(0) }));
        for spec in random.into_iter().flat_map(RandomFaults::specs).chain(specs) {
            faults.set(spec);
        }
        faults
    }

    /// From now on this happens. Its number; `None` where too many stand already.
    pub fn set(&self, spec: FaultSpec) -> Option<u64> {
        let id = {
            let mut desk = self.desk();
            desk.drop_ended();
            if desk.active.len() >= MOST {
                return None;
            }
            let id = desk.next_id;
            desk.next_id += 1;
            let ends = spec.lasts.map(|span| Instant::now() + span);
            let (to_skip, left) = (spec.skip, spec.times);
            desk.active.push(Active { id, spec, to_skip, left, happened: 0, ends });
            id
        };
        self.0.changes.send_modify(|n| *n += 1);
        Some(id)
    }

    /// Ends one fault; `false` where there is none of this number.
    pub fn clear(&self, id: u64) -> bool {
        self.end(|a| a.id == id) > 0
    }

    /// Ends all; says how many stood.
    pub fn clear_all(&self) -> usize {
        self.end(|_| true)
    }

    fn end(&self, which: impl Fn(&Active) -> bool) -> usize {
        let mut desk = self.desk();
        desk.drop_ended();
        let before = desk.active.len();
        desk.active.retain(|a| !which(a));
        let ended = before - desk.active.len();
        drop(desk);
        self.0.changes.send_modify(|n| *n += 1);
        ended
    }

    /// Those that stand now.
    pub fn list(&self) -> Vec<Standing> {
        let now = Instant::now();
        let mut desk = self.desk();
        desk.drop_ended();
        let of = |a: &Active| Standing {
            id: a.id,
            spec: a.spec.clone(),
            happened: a.happened,
            ends_in_ms: a.ends.map(|at| at.saturating_duration_since(now)).map(ms),
        };
        desk.active.iter().map(of).collect()
    }

    /// Moves when faults were set or cleared.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The next fault that happens to a request at this endpoint, of those that `fit`.
    pub fn at_request(&self, endpoint: Endpoint, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        self.desk().take(endpoint, |fault| fault.kind() == Kind::Request && fits(fault))
    }

    /// The next fault that happens to a sliced order: how many pieces are taken.
    pub fn at_slice(&self) -> Option<usize> {
        match self.desk().take(Endpoint::Slice, |fault| fault.kind() == Kind::Slice) {
            Some(Fault::PartialSlice { pieces }) => Some(pieces),
            _ => None,
        }
    }

    /// What happens to a message of the order socket.
    pub fn at_order_message(&self) -> Option<Fault> {
        self.desk().take(Endpoint::OrderSocket, |fault| fault.kind() == Kind::OrderMessage)
    }

    /// Whether the order socket is to be closed now.
    pub fn closes_order_socket(&self) -> bool {
        self.desk().take(Endpoint::OrderSocket, |fault| *fault == Fault::OrderSocketClosed).is_some()
    }

    /// How the packets of one moment are to leave, of those that `fit`.
    pub fn at_feed_message(&self, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        self.desk().take(Endpoint::Feed, |fault| fault.kind() == Kind::FeedMessage && fits(fault))
    }

    /// Whether and how the feed is to end now: with a reason (`Some(Some(805))`) or without.
    pub fn ends_feed(&self) -> Option<Option<u16>> {
        let ends = |fault: &Fault| matches!(fault, Fault::FeedClosed | Fault::FeedEnded { .. });
        match self.desk().take(Endpoint::Feed, ends)? {
            Fault::FeedEnded { code } => Some(Some(code)),
            _ => Some(None),
        }
    }

    /// The status a new feed connection is refused with.
    pub fn refuses_feed(&self) -> Option<u16> {
        match self.desk().take(Endpoint::Feed, |fault| fault.kind() == Kind::FeedHandshake)? {
            Fault::FeedRefused { status } => Some(status),
            _ => None,
        }
    }

    /// What is wrong with an instrument list.
    pub fn at_instruments(&self) -> Option<Fault> {
        self.desk().take(Endpoint::Instruments, |fault| fault.kind() == Kind::Instruments)
    }

    /// Whether the token is worth nothing for this call.
    pub fn revokes_token(&self, endpoint: Endpoint) -> bool {
        self.desk().take(endpoint, |fault| *fault == Fault::TokenRevoked).is_some()
    }

    /// Whether an order call comes from an address that is not registered.
    pub fn refuses_address(&self, endpoint: Endpoint) -> bool {
        self.desk().take(endpoint, |fault| *fault == Fault::InvalidIp).is_some()
    }

    /// Whether a fault that is a state rather than an event stands; it is not used up by being looked at.
    pub fn stands(&self, fault: &Fault) -> bool {
        let mut desk = self.desk();
        desk.drop_ended();
        let found = desk.active.iter_mut().find(|a| a.spec.fault == *fault);
        found.is_some_and(|active| {
            active.happened = active.happened.max(1);
            true
        })
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(0, Vec::new(), None)
    }
}

impl Desk {
    fn drop_ended(&mut self) {
        let now = Instant::now();
        self.active.retain(|a| a.ends.is_none_or(|at| at > now) && a.left != Some(0));
    }

    /// The first that happens on this occasion; it is counted.
    fn take(&mut self, endpoint: Endpoint, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        if self.active.is_empty() {
            return None;
        }
        self.drop_ended();
        for active in &mut self.active {
            if !fits(&active.spec.fault) || !active.spec.concerns(endpoint) {
                continue;
            }
            if active.to_skip > 0 {
                active.to_skip -= 1;
                continue;
            }
            if active.spec.chance < 1.0 && unit(&mut self.dice) >= active.spec.chance {
                continue;
            }
            active.left = active.left.map(|n| n.saturating_sub(1));
            active.happened += 1;
            return Some(active.spec.fault.clone());
        }
        None
    }
}

/// Uniform from 0 to below 1.
fn unit(dice: &mut ChaCha8Rng) -> f64 {
    f64::from(dice.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(_: &Fault) -> bool {
        true
    }

    #[test]
    fn a_fault_happens_so_often_after_so_many_and_only_where_it_belongs() {
        let faults = Faults::default();
        faults.set(FaultSpec::new(Fault::TimeoutAfter).on(&[Endpoint::Place]).after(1).times(2)).unwrap();
        let happens = |endpoint| faults.at_request(endpoint, any).is_some();
        assert!(!happens(Endpoint::Cancel), "elsewhere");
        assert!(!happens(Endpoint::Place), "the first is let pass");
        assert!(happens(Endpoint::Place) && happens(Endpoint::Place));
        assert!(!happens(Endpoint::Place), "twice was enough");
        assert_eq!(faults.list(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_ends_by_itself() {
        let faults = Faults::default();
        faults.set(FaultSpec::new(Fault::FeedSilent).lasting(Duration::from_secs(30))).unwrap();
        assert!(faults.stands(&Fault::FeedSilent));
        assert_eq!(faults.list()[0].ends_in_ms, Some(30_000));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!faults.stands(&Fault::FeedSilent));
        assert_eq!(faults.list(), []);
    }

    #[test]
    fn faults_are_cleared_by_number_or_all_and_whoever_waits_hears_of_it() {
        let faults = Faults::default();
        let mut changes = faults.changes();
        let first = faults.set(FaultSpec::new(Fault::FeedSilent)).unwrap();
        faults.set(FaultSpec::new(Fault::UpdateLost)).unwrap();
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert!(faults.clear(first) && !faults.clear(first));
        assert!(changes.has_changed().unwrap());
        assert_eq!((faults.clear_all(), faults.clear_all()), (1, 0));
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let random =
            RandomFaults { chance: 0.2, menu: vec![Fault::TimeoutBefore, Fault::TimeoutAfter], on: Vec::new() };
        let draw = |seed| {
            let faults = Faults::new(seed, Vec::new(), Some(&random));
            (0..1_000).map(|_| faults.at_request(Endpoint::Place, any)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let happened = draw(7).iter().flatten().count();
        assert!((140..260).contains(&happened), "{happened} of 1000");
    }
}
