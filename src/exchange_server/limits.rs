//! How often the server may be asked: the broker's own limits, as sliding windows.

use std::collections::{BTreeMap, VecDeque};

use super::faults::Endpoint;
use crate::domain::time::{Timestamp, ms_between};

/// What a call counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Place, modify, cancel.
    Order,
    /// Quotes by request.
    Quote,
    /// Charts.
    Data,
    /// An option chain or its expiries: one *unique* request in three seconds.
    Chain(String),
    /// Everything else.
    Other,
}

impl Bucket {
    /// Where faults of the whole account are asked for.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::Order => Endpoint::Place,
            Self::Quote => Endpoint::Quotes,
            Self::Data => Endpoint::Charts,
            Self::Chain(_) => Endpoint::OptionChain,
            Self::Other => Endpoint::Other,
        }
    }
}

/// A call came too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFast;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const ORDER_LIMITS: [(i64, usize); 4] = [(SECOND, 10), (MINUTE, 250), (HOUR, 1_000), (DAY, 7_000)];
const QUOTE_LIMITS: [(i64, usize); 1] = [(SECOND, 1)];
const OTHER_LIMITS: [(i64, usize); 1] = [(SECOND, 20)];
const DATA_LIMITS: [(i64, usize); 2] = [(SECOND, 5), (DAY, 100_000)];
const CHAIN_MS: i64 = 3 * SECOND;
/// Different chains remembered at once.
const MOST_CHAINS: usize = 256;

/// The calls of one client so far.
#[derive(Debug, Default)]
pub struct Limits {
    orders: VecDeque<Timestamp>,
    quotes: VecDeque<Timestamp>,
    data: VecDeque<Timestamp>,
    others: VecDeque<Timestamp>,
    chains: BTreeMap<String, Timestamp>,
}

impl Limits {
    /// Counts a call, or refuses it. Refused calls do not count.
    pub fn take(&mut self, bucket: &Bucket, now: Timestamp) -> Result<(), TooFast> {
        match bucket {
            Bucket::Order => take(&mut self.orders, &ORDER_LIMITS, now),
            Bucket::Quote => take(&mut self.quotes, &QUOTE_LIMITS, now),
            Bucket::Data => take(&mut self.data, &DATA_LIMITS, now),
            Bucket::Other => take(&mut self.others, &OTHER_LIMITS, now),
            Bucket::Chain(what) => {
                self.chains.retain(|_, at| ms_between(*at, now) < CHAIN_MS);
                if self.chains.contains_key(what) || self.chains.len() >= MOST_CHAINS {
                    return Err(TooFast);
                }
                self.chains.insert(what.clone(), now);
                Ok(())
            }
        }
    }
}

fn take(calls: &mut VecDeque<Timestamp>, limits: &[(i64, usize)], now: Timestamp) -> Result<(), TooFast> {
    let longest = limits.iter().map(|(window, _)| *window).max().unwrap_or(0);
    while calls.front().is_some_and(|at| ms_between(*at, now) >= longest) {
        calls.pop_front();
    }
    for (window, most) in limits {
        let recent = calls.iter().rev().take_while(|at| ms_between(**at, now) < *window).take(*most).count();
        if recent >= *most {
            return Err(TooFast);
        }
    }
    calls.push_back(now);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    #[test]
    fn ten_orders_a_second_and_no_more() {
        let mut limits = Limits::default();
        let now: Timestamp = "2026-11-20T04:30:00Z".parse().unwrap();
        for _ in 0..10 {
            limits.take(&Bucket::Order, now).unwrap();
        }
        assert_eq!(limits.take(&Bucket::Order, after_ms(now, 999)), Err(TooFast));
        assert_eq!(limits.take(&Bucket::Order, after_ms(now, 1_000)), Ok(()));
        assert_eq!(limits.take(&Bucket::Other, now), Ok(()), "another bucket");
    }

    #[test]
    fn two_hundred_and_fifty_orders_a_minute() {
        let mut limits = Limits::default();
        let start: Timestamp = "2026-11-20T04:30:00Z".parse().unwrap();
        let taken = (0..400).filter(|n| limits.take(&Bucket::Order, after_ms(start, n * 120)).is_ok()).count();
        assert_eq!(taken, 250);
    }

    #[test]
    fn the_same_chain_once_in_three_seconds_others_at_once() {
        let mut limits = Limits::default();
        let now: Timestamp = "2026-11-20T04:30:00Z".parse().unwrap();
        let chain = |s: &str| Bucket::Chain(s.into());
        limits.take(&chain("13 2026-11-23"), now).unwrap();
        assert_eq!(limits.take(&chain("13 2026-11-23"), after_ms(now, 2_999)), Err(TooFast));
        assert_eq!(limits.take(&chain("25 2026-11-30"), now), Ok(()));
        assert_eq!(limits.take(&chain("13 2026-11-23"), after_ms(now, 3_000)), Ok(()));
    }
}
