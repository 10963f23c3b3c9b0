//! Who sends: the address behind a request, whether it may send at all, and how often.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use tokio::time::Instant;

use crate::web::pace::{Bucket, Lock, Rate, Wrong, locked};

/// Requests without the secret, of one source.
const STRANGERS: Rate = Rate { burst: 40, per_second: 5 };
/// Sources that are remembered; the world has more, and each could be made up.
const MOST: usize = 1_024;
/// One that is silent for so long is as good as new.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(180);

/// The address that a request comes from: the peer's, or what the tunnel's program on this machine says in its header.
/// Whoever comes from elsewhere may write into that header what they like.
pub(super) fn source_of(peer: IpAddr, headers: &HeaderMap, believed: Option<&HeaderName>) -> IpAddr {
    let peer = peer.to_canonical();
    let told = believed.filter(|_| peer.is_loopback()).and_then(|name| headers.get_all(name).iter().next_back());
    // The nearest proxy adds at the end.
    let last = told.and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
    last.and_then(|a| a.trim().parse::<IpAddr>().ok()).map_or(peer, |a| a.to_canonical())
}

/// Whether a source is on the list; an empty list names everybody.
pub(super) fn may_send(source: IpAddr, listed: &[IpNet]) -> bool {
    listed.is_empty() || listed.iter().any(|net| net.contains(&source))
}

/// What every source may still do.
#[derive(Debug)]
pub(super) struct Sources {
    rate: Rate,
    known: Mutex<HashMap<IpAddr, Source>>,
}

#[derive(Debug)]
struct Source {
    /// With the secret.
    friends: Bucket,
    /// Without it: neither side spends what is the other's.
    strangers: Bucket,
    lock: Lock,
    seen: Instant,
}

impl Sources {
    pub fn new(rate: Rate) -> Self {
        Self { rate, known: Mutex::default() }
    }

    /// A request with the secret.
    pub fn admit_friend(&self, source: IpAddr, now: Instant) -> bool {
        self.with(source, now, |s| s.friends.take(now))
    }

    /// A request without it.
    pub fn admit_stranger(&self, source: IpAddr, now: Instant) -> bool {
        self.with(source, now, |s| s.strangers.take(now))
    }

    /// A wrong secret.
    pub fn wrong(&self, source: IpAddr, now: Instant) -> Wrong {
        self.with(source, now, |s| s.lock.wrong(now))
    }

    fn with<T>(&self, source: IpAddr, now: Instant, act: impl FnOnce(&mut Source) -> T) -> T {
        let mut known = locked(&self.known);
        let mut source = household(source);
        if known.len() >= MOST && !known.contains_key(&source) {
            known.retain(|_, s| now.saturating_duration_since(s.seen) < FORGOTTEN_AFTER);
            if known.len() >= MOST {
                // The rest share one.
                source = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let rate = self.rate;
        let entry = known.entry(source).or_insert_with(|| Source {
            friends: Bucket::new(rate),
            strangers: Bucket::new(STRANGERS),
            lock: Lock::new("webhook"),
            seen: now,
        });
        entry.seen = now;
        act(entry)
    }
}

/// A household has one IPv4 address, or 2^64 IPv6 addresses.
fn household(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_tunnel_on_this_machine_is_believed() {
        let header = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.append(&header, "198.51.100.1, 203.0.113.7".parse().unwrap());
        let of = |peer: &str, believed| source_of(ip(peer), &headers, believed).to_string();
        assert_eq!(of("127.0.0.1", Some(&header)), "203.0.113.7");
        assert_eq!(of("127.0.0.1", None), "127.0.0.1");
        assert_eq!(of("192.0.2.5", Some(&header)), "192.0.2.5", "it may have written the header itself");
        assert_eq!(of("::ffff:127.0.0.1", Some(&header)), "203.0.113.7");
        assert_eq!(source_of(ip("127.0.0.1"), &HeaderMap::new(), Some(&header)), ip("127.0.0.1"));
        headers.append(&header, "nonsense".parse().unwrap());
        assert_eq!(source_of(ip("127.0.0.1"), &headers, Some(&header)), ip("127.0.0.1"));
    }

    #[test]
    fn an_empty_list_names_everybody() {
        let list: Vec<IpNet> = vec!["203.0.113.0/24".parse().unwrap()];
        assert!(may_send(ip("203.0.113.200"), &list) && !may_send(ip("203.0.114.1"), &list));
        assert!(!may_send(ip("127.0.0.1"), &list) && may_send(ip("127.0.0.1"), &[]));
    }

    #[test]
    fn one_source_does_not_spend_what_is_anothers() {
        let sources = Sources::new(Rate { burst: 2, per_second: 1 });
        let now = Instant::now();
        let friend = |a: &str| sources.admit_friend(ip(a), now);
        assert_eq!([friend("1.1.1.1"), friend("1.1.1.1"), friend("1.1.1.1")], [true, true, false]);
        assert!(friend("2.2.2.2"));
        assert!(sources.admit_stranger(ip("1.1.1.1"), now), "strangers have a bucket of their own");
        assert_eq!([friend("2001:db8::1"), friend("2001:db8::2"), friend("2001:db8::3")], [true, true, false]);
        assert!(friend("2001:db8:0:1::1"));
    }

    #[test]
    fn made_up_sources_do_not_fill_the_memory() {
        let sources = Sources::new(Rate { burst: 2, per_second: 1 });
        let now = Instant::now();
        for n in 0..5_000_u32 {
            sources.admit_stranger(IpAddr::from(n.to_be_bytes()), now);
        }
        assert!(locked(&sources.known).len() <= MOST + 1);
        sources.admit_stranger(ip("9.9.9.9"), now + FORGOTTEN_AFTER);
        assert!(locked(&sources.known).len() <= 2, "who is silent is forgotten");
    }
}
