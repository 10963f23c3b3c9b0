//! Rehearsals: drills become faults of the built-in exchange, which end by themselves. Live mode has no such exchange, and
//! so no rehearsals.

use std::time::Duration;

use crate::domain::Drill;
use crate::exchange_server::faults::{Category, Endpoint, Fault, FaultSpec, Faults};
use crate::view::Rehearsing;

/// The running exchange's faults, as far as drills go.
#[derive(Debug)]
pub struct Rehearsal {
    faults: Faults,
    /// Which faults belong to which drill.
    running: Vec<(Drill, Vec<u64>)>,
}

impl Rehearsal {
    pub fn new(faults: Faults) -> Self {
        Self { faults, running: Vec::new() }
    }

    /// Starts a drill, anew if it runs already.
    pub fn start(&mut self, drill: Drill, lasts: Duration) {
        self.end_if(|d| d == drill);
        let ids = faults_of(drill).into_iter().filter_map(|spec| self.faults.set(spec.lasting(lasts))).collect();
        self.running.push((drill, ids));
    }

    /// Ends all drills; faults set by other ways stay.
    pub fn end(&mut self) {
        self.end_if(|_| true);
    }

    fn end_if(&mut self, ends: impl Fn(Drill) -> bool) {
        for (drill, ids) in &self.running {
            if ends(*drill) {
                ids.iter().for_each(|id| {
                    self.faults.clear(*id);
                });
            }
        }
        self.running.retain(|(drill, _)| !ends(*drill));
    }

    /// The drills that still run, with what is left of them.
    pub fn running(&mut self) -> Vec<Rehearsing> {
        if self.running.is_empty() {
            return Vec::new();
        }
        let standing = self.faults.list();
        let left = |ids: &[u64]| standing.iter().filter(|s| ids.contains(&s.id)).filter_map(|s| s.ends_in_ms).max();
        let runs: Vec<Rehearsing> = self
            .running
            .iter()
            .filter_map(|(drill, ids)| Some(Rehearsing { drill: *drill, left_ms: left(ids)? }))
            .collect();
        self.running.retain(|(drill, _)| runs.iter().any(|r| r.drill == *drill));
        runs
    }
}

/// What a drill comes to at the exchange.
fn faults_of(drill: Drill) -> Vec<FaultSpec> {
    let new = FaultSpec::new;
    match drill {
        Drill::DeadFeed => vec![new(Fault::FeedSilent)],
        Drill::FeedDown => vec![new(Fault::FeedClosed)],
        Drill::GarbledFeed => {
            let half = |fault| FaultSpec { chance: 0.5, ..new(fault) };
            vec![half(Fault::FeedStacked), half(Fault::FeedSplit)]
        }
        Drill::UnansweredOrder => vec![new(Fault::TimeoutAfter).on(&[Endpoint::Place]).times(1)],
        Drill::SwallowedOrder => vec![new(Fault::TimeoutBefore).on(&[Endpoint::Place]).times(1)],
        Drill::RefusedOrders => {
            let refused = Fault::WrongCode {
                status: 400,
                code: "DH-906".into(),
                message: "RMS: the order is refused for practice".into(),
                done: false,
            };
            vec![FaultSpec { chance: 0.5, ..new(refused).on(&[Endpoint::Place]) }]
        }
        Drill::SlowBroker => vec![new(Fault::Latency { ms: 2_000 })],
        Drill::TooManyRequests => {
            vec![new(Fault::TooManyRequests { plain_text: false }).in_category(Category::OrderCalls)]
        }
        Drill::ServerErrors => vec![new(Fault::ServerError { status: 502, html: true, done: false })],
        Drill::CutConnections => {
            vec![new(Fault::ConnectionReset { done: true }).in_category(Category::OrderCalls)]
        }
        Drill::LostUpdates => vec![new(Fault::UpdateLost)],
        Drill::DoubledUpdates => vec![new(Fault::UpdateDuplicated)],
        Drill::MixedUpdates => vec![new(Fault::UpdateReordered)],
        Drill::OrderLinkDown => vec![new(Fault::OrderSocketClosed)],
        Drill::RevokedToken => vec![new(Fault::TokenRevoked)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drill_ends_by_itself_or_when_told() {
        let faults = Faults::default();
        let foreign = faults.set(FaultSpec::new(Fault::LtqWrap)).unwrap();
        let mut rehearsal = Rehearsal::new(faults.clone());
        rehearsal.start(Drill::DeadFeed, Duration::from_secs(30));
        rehearsal.start(Drill::GarbledFeed, Duration::from_secs(60));
        assert_eq!(rehearsal.running()[0], Rehearsing { drill: Drill::DeadFeed, left_ms: 30_000 });
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(rehearsal.running().iter().map(|r| r.drill).collect::<Vec<_>>(), [Drill::GarbledFeed]);
        rehearsal.end();
        assert_eq!(rehearsal.running(), []);
        assert_eq!(faults.list().iter().map(|s| s.id).collect::<Vec<_>>(), [foreign]);
    }

    #[test]
    fn every_drill_comes_to_something() {
        for drill in Drill::ALL {
            assert!(!faults_of(drill).is_empty(), "{drill}");
        }
    }
}
