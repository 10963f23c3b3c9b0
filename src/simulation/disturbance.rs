//! What disturbs a run. Each disturbance has a name and chances of its own, which stay what they are when others are left
//! out: so a broken promise can be shown with the few that it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Requests, answers, notices and commits take as long as the weather has it.
    Delays,
    /// The exchange rejects for no reason of ours.
    Rejects,
    /// The trader presses a key.
    Key,
    /// A request, or its answer, is lost, late, doubled or refused.
    Call,
    /// An order update is lost or doubled.
    Notice,
    /// A commit fails.
    Commit,
    /// The process is killed.
    Kill,
    /// It is killed right after a call has left.
    KillAfterCall,
    /// Order updates are interrupted.
    Link,
    /// No quotes come.
    Feed,
    /// The broker takes no token.
    Token,
    /// The network is gone.
    Network,
    /// Somebody else trades on the account.
    Elsewhere,
    /// A webhook sends a signal.
    Signal,
    /// Somebody closes what a strategy of ours holds, or a part of it.
    Closing,
}

impl Kind {
    const ALL: [Self; 15] = [
        Self::Delays,
        Self::Rejects,
        Self::Key,
        Self::Call,
        Self::Notice,
        Self::Commit,
        Self::Kill,
        Self::KillAfterCall,
        Self::Link,
        Self::Feed,
        Self::Token,
        Self::Network,
        Self::Elsewhere,
        Self::Signal,
        Self::Closing,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Delays => "delays",
            Self::Rejects => "rejects",
            Self::Key => "key",
            Self::Call => "call",
            Self::Notice => "notice",
            Self::Commit => "commit",
            Self::Kill => "kill",
            Self::KillAfterCall => "kill-after-call",
            Self::Link => "link",
            Self::Feed => "feed",
            Self::Token => "token",
            Self::Network => "network",
            Self::Elsewhere => "elsewhere",
            Self::Signal => "signal",
            Self::Closing => "closing",
        }
    }
}

/// One disturbance: `key@12.2` is the second key of the run's twelfth second, `delays` is there from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disturbance {
    pub kind: Kind,
    pub second: u32,
    /// Counted from 1 within its second; 0 for what is there from the beginning.
    pub nth: u32,
}

impl Disturbance {
    pub fn always(kind: Kind) -> Self {
        Self { kind, second: 0, nth: 0 }
    }

    /// A number of its own among all of a run.
    pub fn number(self) -> u64 {
        (self.kind as u64) << 56 | u64::from(self.second) << 24 | u64::from(self.nth & 0xff_ffff)
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nth {
            0 => f.write_str(self.kind.as_str()),
            1 => write!(f, "{}@{}", self.kind.as_str(), self.second),
            nth => write!(f, "{}@{}.{nth}", self.kind.as_str(), self.second),
        }
    }
}

impl FromStr for Disturbance {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no disturbance: key@12, call@45.2, delays, …");
        let (kind, at) = text.split_once('@').unwrap_or((text, ""));
        let kind = Kind::ALL.into_iter().find(|k| k.as_str() == kind).ok_or_else(wrong)?;
        if at.is_empty() {
            return Ok(Self::always(kind));
        }
        let (second, nth) = at.split_once('.').unwrap_or((at, "1"));
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        Ok(Self { kind, second: number(second)?, nth: number(nth)? })
    }
}

/// Those a run may meet, and those it has met.
#[derive(Clone, Debug, Default)]
pub struct Disturbances {
    /// Nothing but these; `None`: all of them.
    only: Option<BTreeSet<Disturbance>>,
    met: BTreeSet<Disturbance>,
    /// Chances taken in the newest second, by kind.
    counts: BTreeMap<Kind, (u32, u32)>,
}

impl Disturbances {
    pub fn only(only: Option<BTreeSet<Disturbance>>) -> Self {
        Self { only, ..Self::default() }
    }

    /// The next chance of a kind for a disturbance in this second.
    pub fn next(&mut self, kind: Kind, second: u32) -> Disturbance {
        let (of, count) = self.counts.entry(kind).or_default();
        *count = if *of == second { *count + 1 } else { 1 };
        *of = second;
        Disturbance { kind, second, nth: *count }
    }

    /// It would happen by its chances: does it?
    pub fn happens(&mut self, what: Disturbance) -> bool {
        let happens = self.only.as_ref().is_none_or(|only| only.contains(&what));
        if happens {
            self.met.insert(what);
        }
        happens
    }

    pub fn met(&self) -> &BTreeSet<Disturbance> {
        &self.met
    }
}

/// Tries for a smaller set, at most.
const MOST_TRIES: u32 = 1_500;

/// A set of disturbances none of which can be left out, as far as can be found: whole parts first, then single ones.
/// `still` plays a run with nothing but the given ones, and returns those it met if it breaks the same promise.
pub fn minimal(
    met: BTreeSet<Disturbance>,
    still: impl Fn(&BTreeSet<Disturbance>) -> Option<BTreeSet<Disturbance>>,
) -> BTreeSet<Disturbance> {
    let mut kept: Vec<Disturbance> = met.into_iter().collect();
    let (mut size, mut tries) = (kept.len().div_ceil(2).max(1), 0);
    loop {
        let (mut at, mut smaller) = (0, false);
        while at < kept.len() && tries < MOST_TRIES {
            tries += 1;
            let end = (at + size).min(kept.len());
            let without = kept.iter().take(at).chain(kept.iter().skip(end)).copied().collect();
            match still(&without) {
                Some(met) => {
                    kept = met.into_iter().collect();
                    smaller = true;
                }
                None => at = end,
            }
        }
        if tries >= MOST_TRIES || (size == 1 && !smaller) {
            return kept.into_iter().collect();
        }
        size = size.div_ceil(2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(second: u32) -> Disturbance {
        Disturbance { kind: Kind::Key, second, nth: 1 }
    }

    #[test]
    fn a_disturbance_is_read_as_it_is_written() {
        for text in ["delays", "key@12", "call@45.2", "kill-after-call@7"] {
            assert_eq!(text.parse::<Disturbance>().unwrap().to_string(), text);
        }
        assert!("rain@3".parse::<Disturbance>().is_err() && "key@x".parse::<Disturbance>().is_err());
    }

    #[test]
    fn what_it_takes_is_found_among_many() {
        let takes = [key(13), key(200), key(201)];
        let still = |only: &BTreeSet<Disturbance>| takes.iter().all(|t| only.contains(t)).then(|| only.clone());
        assert_eq!(minimal((0..400).map(key).collect(), still), takes.into());
    }
}
