//! Option chains, asked for as often as they are needed and as the broker allows: the one on the screen every three
//! seconds, those behind what is held twice a minute.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::reference::Today;
use crate::broker::{Broker, BrokerError};
use crate::domain::time::Timestamp;
use crate::domain::{OptionChain, Segment};
use crate::engine::Reference;
use crate::gateway::ErrorClass;
use crate::view::analytics::{ChainKey, ChainSeen};

/// DhanHQ answers one request for the same chain in three seconds.
const SHOWN: Duration = Duration::from_millis(3_100);
/// A forward moves with its underlying; what is asked for is the difference, which moves slowly.
const HELD: Duration = Duration::from_secs(30);
/// While the market is closed nothing moves: this many times less often.
const CLOSED: u32 = 20;
/// Any two requests are so far apart: the data API's budget is shared with quotes and charts.
const APART: Duration = Duration::from_secs(1);
/// After a refusal that asking again will not change.
const REFUSED: Duration = Duration::from_secs(60);

/// The chains that somebody needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    pub shown: Option<ChainKey>,
    /// Behind what is held, or looked at.
    pub others: Vec<ChainKey>,
}

impl Wishes {
    fn all(&self) -> impl Iterator<Item = (ChainKey, Duration)> + '_ {
        let others = self.others.iter().filter(|k| Some(**k) != self.shown);
        self.shown.iter().map(|k| (*k, SHOWN)).chain(others.map(|k| (*k, HELD)))
    }
}

/// The newest of each chain.
pub type Chains = BTreeMap<ChainKey, ChainSeen>;

/// When each chain may be asked for again.
#[derive(Debug, Default)]
struct Schedule {
    /// When it was asked for last, and how much longer than usual to wait.
    asked: BTreeMap<ChainKey, (Instant, Duration)>,
    last: Option<Instant>,
}

impl Schedule {
    /// The chain to ask for, once the wait is over; `None`: nobody needs any.
    fn next(&self, wishes: &Wishes, open: bool, now: Instant) -> Option<(ChainKey, Duration)> {
        let due = |(key, every): (ChainKey, Duration)| {
            let every = if open { every } else { every * CLOSED };
            let at = self.asked.get(&key).map_or(now, |(at, least)| *at + every.max(*least));
            (key, at.max(self.last.map_or(now, |last| last + APART)))
        };
        // Of those due at once the first counts: what is looked at goes before what is held.
        let (key, at) = wishes.all().map(due).min_by_key(|(_, at)| *at)?;
        Some((key, at.saturating_duration_since(now)))
    }

    fn asked(&mut self, key: ChainKey, least: Duration, now: Instant) {
        self.last = Some(now);
        self.asked.insert(key, (now, least));
    }
}

/// Reads chains as they are wished for, until nobody can wish any more.
pub async fn read_chains(
    broker: Arc<dyn Broker>,
    today: Today,
    mut wishes: watch::Receiver<Wishes>,
    chains: watch::Sender<Chains>,
) {
    let mut schedule = Schedule::default();
    loop {
        let wished = wishes.borrow_and_update().clone();
        let open = today.is_open(Segment::NseDerivatives, Timestamp::now());
        let next = schedule.next(&wished, open, Instant::now());
        let Some((key, wait)) = next else {
            if wishes.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            changed = wishes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep(wait) => {
                let answer = broker.option_chain(key.underlying, key.expiry).await;
                schedule.asked(key, patience(&answer), Instant::now());
                chains.send_modify(|all| {
                    all.retain(|k, _| wished.all().any(|(wanted, _)| wanted == *k));
                    take(all.entry(key).or_default(), answer);
                });
            }
        }
    }
}

/// How long to leave the broker alone with this chain, whatever is wished.
fn patience(answer: &Result<OptionChain, BrokerError>) -> Duration {
    match answer {
        Ok(_) => Duration::ZERO,
        Err(error) if error.class.may_be_repeated() => SHOWN * 3,
        Err(error) if error.class == ErrorClass::LogIn => SHOWN * 3,
        Err(_) => REFUSED,
    }
}

/// An old chain stays beside the reason why there is no newer one.
fn take(seen: &mut ChainSeen, answer: Result<OptionChain, BrokerError>) {
    match answer {
        Ok(chain) => {
            *seen = ChainSeen { chain: Some(Arc::new(chain)), read_at: Some(Timestamp::now()), problem: None };
        }
        Err(error) => {
            tracing::info!("an option chain: {error}");
            seen.problem = Some(error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Contract, Exchange, Symbol};
    use jiff::civil::date;

    fn key(name: &str) -> ChainKey {
        let underlying = Contract::index(Exchange::Nse, Symbol::new(name).unwrap());
        ChainKey { underlying, expiry: date(2026, 11, 24) }
    }

    fn wishes() -> Wishes {
        Wishes { shown: Some(key("NIFTY")), others: vec![key("NIFTY"), key("BANKNIFTY")] }
    }

    #[test]
    fn the_chain_on_the_screen_goes_first_and_no_chain_is_asked_for_twice_within_three_seconds() {
        let start = Instant::now();
        let mut schedule = Schedule::default();
        let mut asked: Vec<(u128, ChainKey)> = Vec::new();
        let mut now = start;
        while now < start + Duration::from_secs(10) {
            let (key, wait) = schedule.next(&wishes(), true, now).unwrap();
            now += wait;
            asked.push(((now - start).as_millis(), key));
            schedule.asked(key, Duration::ZERO, now);
        }
        let of = |name| asked.iter().filter(|(_, k)| *k == key(name)).map(|(ms, _)| *ms).collect::<Vec<_>>();
        assert_eq!((asked[0].1, of("BANKNIFTY")), (key("NIFTY"), vec![1_000]));
        assert!(of("NIFTY").len() >= 3 && of("NIFTY").windows(2).all(|w| w[1] - w[0] >= 3_000), "{asked:?}");
        assert!(asked.windows(2).all(|w| w[1].0 - w[0].0 >= 1_000), "{asked:?}");
    }

    #[test]
    fn a_closed_market_and_a_refusal_make_it_rare() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        schedule.asked(key("NIFTY"), Duration::ZERO, now);
        let only = Wishes { shown: Some(key("NIFTY")), others: Vec::new() };
        assert_eq!(schedule.next(&only, false, now), Some((key("NIFTY"), SHOWN * CLOSED)));
        schedule.asked(key("NIFTY"), patience(&Err(BrokerError::new(ErrorClass::Blocked, "no data plan"))), now);
        assert_eq!(schedule.next(&only, true, now), Some((key("NIFTY"), REFUSED)));
        assert_eq!(schedule.next(&Wishes::default(), true, now), None);
    }

    #[test]
    fn an_old_chain_stays_beside_the_reason_why_there_is_no_newer_one() {
        let mut seen = ChainSeen::default();
        let chain = OptionChain {
            underlying: key("NIFTY").underlying,
            expiry: key("NIFTY").expiry,
            spot: crate::domain::Price::ZERO,
            options: Vec::new(),
        };
        take(&mut seen, Ok(chain));
        take(&mut seen, Err(BrokerError::new(ErrorClass::TryLater, "too many requests")));
        assert!(seen.chain.is_some() && seen.problem.unwrap().contains("too many requests"));
    }
}
