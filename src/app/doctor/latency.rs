//! Doctor: how far away the broker is.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::Finding;

const NAME: &str = "latency";
/// Connections made to each host; the quickest counts.
const TRIES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(3);
/// Slower than this, a stop is chased late.
const SLOW_MS: f64 = 250.0;

/// Connects to the host of each address a few times and measures: one way there and back, without what the other side
/// takes to answer. Hosts that several addresses share are measured once.
pub async fn measure(addresses: &[String]) -> Vec<Finding> {
    let mut hosts: Vec<(String, u16)> = addresses.iter().filter_map(|a| host_of(a)).collect();
    hosts.sort();
    hosts.dedup();
    let mut found = Vec::new();
    for (host, port) in hosts {
        found.push(finding(&host, port, quickest(&host, port).await));
    }
    found
}

fn finding(host: &str, port: u16, measured: Result<Duration, String>) -> Finding {
    match measured {
        Ok(took) => {
            let ms = took.as_secs_f64() * 1_000.0;
            let text = format!("{host}:{port} connects in {ms:.1} ms");
            if ms <= SLOW_MS {
                Finding::ok(NAME, text)
            } else {
                Finding::note(NAME, text, "a slow way: prefer a cable, and a machine in India")
            }
        }
        Err(why) => {
            let advice = "see whether this machine has a network, and a firewall or proxy in the way";
            Finding::wrong(NAME, format!("{host}:{port} cannot be reached: {why}"), advice)
        }
    }
}

async fn quickest(host: &str, port: u16) -> Result<Duration, String> {
    let mut best: Option<Duration> = None;
    for _ in 0..TRIES {
        let start = Instant::now();
        match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
            Ok(Ok(_)) => best = Some(best.map_or(start.elapsed(), |b| b.min(start.elapsed()))),
            Ok(Err(e)) => return Err(e.to_string()),
            Err(_) => return Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
    best.ok_or_else(|| "it was not tried".into())
}

fn host_of(address: &str) -> Option<(String, u16)> {
    let url = reqwest::Url::parse(address).ok()?;
    Some((url.host_str()?.to_string(), url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::doctor::Weight;

    #[test]
    fn a_host_is_found_in_every_kind_of_address() {
        let cases = [
            ("https://api.dhan.co/v2", Some(("api.dhan.co", 443))),
            ("wss://api-feed.dhan.co", Some(("api-feed.dhan.co", 443))),
            ("http://127.0.0.1:8765/v2", Some(("127.0.0.1", 8765))),
            ("not an address", None),
        ];
        for (address, expected) in cases {
            assert_eq!(host_of(address), expected.map(|(host, port)| (host.to_string(), port)), "{address}");
        }
    }

    #[tokio::test]
    async fn a_host_that_answers_is_measured_once_and_one_that_does_not_is_wrong() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap().port();
        let closed = {
            let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            taken.local_addr().unwrap().port()
        };
        let addresses = [
            format!("http://127.0.0.1:{open}/v2"),
            format!("ws://127.0.0.1:{open}/feed"),
            format!("http://127.0.0.1:{closed}"),
        ];
        let mut found = measure(&addresses).await;
        found.sort_by_key(|f| f.advice.is_some());
        assert_eq!(found.len(), 2);
        assert!(found[0].advice.is_none() && found[0].found.contains(" ms"), "{found:?}");
        assert!(matches!(found[1].advice, Some((Weight::Wrong, _))), "{found:?}");
    }

    #[test]
    fn a_slow_way_is_said() {
        assert!(finding("x", 1, Ok(Duration::from_millis(20))).advice.is_none());
        assert!(matches!(finding("x", 1, Ok(Duration::from_millis(400))).advice, Some((Weight::Note, _))));
    }
}
