//! The doors of a running cockpit: signals, postbacks and figures, over sockets as their senders use them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::program::{Folder, until};
use crate::terminal::Terminal;

const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";
const POSTBACK_SECRET: &str = "postback0123456789abcdefghijklmnop";

/// A port that nobody uses at this moment.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A folder with secrets for the door, which listens on this port.
fn folder(port: u16) -> Folder {
    let folder = Folder::new().with("strategy.yaml", &format!("webhook:\n  bind: 127.0.0.1:{port}\n"));
    let secrets = format!("STRIKEDECK_WEBHOOK_SECRET={SECRET}\nSTRIKEDECK_POSTBACK_SECRET={POSTBACK_SECRET}\n");
    folder.with_secrets(&secrets)
}

/// Status and body of one request; `None` while nobody listens.
fn request(port: u16, method: &str, path: &str, token: Option<&str>, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let bearer = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{bearer}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_string()))
}

/// One figure of `/metrics`.
fn figure(folder: &Folder, name: &str) -> Option<f64> {
    let control: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.paper().join("control.json")).ok()?).ok()?;
    let port = u16::try_from(control["port"].as_u64()?).ok()?;
    let (_, text) = request(port, "GET", "/metrics", control["token"].as_str(), "")?;
    text.lines().find_map(|l| l.strip_prefix(name)?.trim().parse().ok())
}

#[test]
fn a_running_cockpit_takes_signals_at_its_own_port_and_hears_the_postbacks_of_its_orders() {
    let port = free_port();
    let folder = folder(port);
    let mut terminal = Terminal::start(&folder, (160, 45), &["--seed", "11"]);
    let (status, _) = until("the door open", || request(port, "GET", "/health", None, ""));
    assert_eq!(status, 200);

    let signal = r#"{"strategy":"NOBODYS","symbol":"NIFTY","side":"BUY","timeframe":"1m","price":22540,"timestamp":"2026-11-20T10:15:00"}"#;
    assert_eq!(request(port, "POST", "/webhook", None, signal).unwrap().0, 401);
    let (status, body) = request(port, "POST", &format!("/webhook/{SECRET}"), None, signal).unwrap();
    assert!(status == 422 && body.contains("unknown_strategy"), "the engine itself has answered: {status} {body}");

    until("strategies", || (!folder.list().is_empty()).then_some(()));
    folder.run(&["top", "--count", "1", "--min-score", "0"]).well();
    folder.run(&["execute", "--yes"]).well();
    until("what the exchange posts of the orders", || {
        figure(&folder, r#"strikedeck_deliveries_total{outcome="postback"}"#).filter(|n| *n >= 2.0)
    });
    // The socket and the postback tell the same: what is filled is filled once.
    let (traded, filled) = folder.tables().traded_and_filled();
    assert!(traded == filled && filled > 0, "{traded} {filled}");
    assert_eq!(figure(&folder, "strikedeck_webhook_open"), Some(1.0));
    assert_eq!(figure(&folder, r#"strikedeck_deliveries_total{outcome="unknown_strategy"}"#), Some(1.0));

    folder.run(&["trading", "disable", "--reason", "the news at noon"]).well();
    assert_eq!(figure(&folder, "strikedeck_trading_enabled"), Some(0.0));
    let told = folder.json(&["trading", "status"]);
    assert!(told["reason"].as_str().unwrap().contains("the news at noon"), "{told}");
    folder.run(&["trading", "enable"]).well();
    assert_eq!(figure(&folder, "strikedeck_trading_enabled"), Some(1.0));

    folder.run(&["flatten", "--yes"]).well();
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    let logs = std::fs::read_dir(folder.paper().join("logs")).unwrap();
    for file in logs.map(|e| e.unwrap().path()) {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains(SECRET) && !text.contains(POSTBACK_SECRET), "no log holds a secret");
    }
}

#[test]
fn a_port_that_is_taken_closes_the_door_and_nothing_else() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let folder = folder(taken.local_addr().unwrap().port());
    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    terminal.until("that there is no webhook", |s| s.contains("No webhook"));
    assert_eq!(folder.status()["mode"], "paper");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn setup_makes_the_secret_that_opens_the_door_and_shows_it_once() {
    let port = free_port();
    let folder = Folder::new().with("strategy.yaml", &format!("webhook: {{bind: \"127.0.0.1:{port}\"}}\n"));
    let made = folder.json(&["setup", "--webhook", "--store", "file"]);
    let secret = made["webhook_secret"].as_str().unwrap().to_string();
    assert!(secret.len() >= 32, "{made}");
    assert_eq!(made["webhook_url"], format!("https://YOUR-TUNNEL/webhook/{secret}"));
    let again = folder.run(&["setup", "--webhook", "--store", "file"]).with(1);
    assert!(again.err.contains("--webhook renew") && !format!("{again:?}").contains(&secret), "{again:?}");
    let told = folder.run(&["setup", "--webhook", "renew", "--store", "file"]).well().out;
    assert!(told.contains("TradingView") && !told.contains(&secret), "{told}");
    let word = |w: &&str| w.len() >= 32 && w.bytes().all(|b| b.is_ascii_alphanumeric());
    let second = told.split_whitespace().find(word).expect("the new one is shown").to_string();

    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    until("the door open", || request(port, "GET", "/health", None, ""));
    let signal = r#"{"strategy":"NOBODYS","symbol":"NIFTY","side":"BUY","timeframe":"1m","price":22540,"timestamp":"2026-11-20T10:15:00"}"#;
    let sent = |secret: &str| request(port, "POST", &format!("/webhook/{secret}"), None, signal).unwrap().0;
    assert_eq!((sent(&secret), sent(&second)), (403, 422), "the one before is not taken any more");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn what_is_unread_and_muted_is_so_after_a_kill() {
    let folder = Folder::new();
    let terminal = Terminal::start(&folder, (160, 45), &["--seed", "11"]);
    terminal.until_text("PAPER");
    until("strategies", || (!folder.list().is_empty()).then_some(()));
    // Some alerts: an execution, a flatten.
    folder.run(&["top", "--count", "1", "--min-score", "0"]).well();
    folder.run(&["execute", "--yes"]).well();
    folder.run(&["flatten", "--yes"]).well();
    let alerts = || folder.json(&["alerts"]);
    let count = |all: &Value| all["alerts"].as_array().map_or(0, Vec::len);
    let all = until("alerts", || Some(alerts()).filter(|a| count(a) >= 3));
    let first = all["alerts"][0]["id"].as_u64().unwrap();
    folder.run(&["alerts", "read", &first.to_string()]).well();
    folder.run(&["alerts", "mute", "45m"]).well();
    let unread = |all: &Value| -> Vec<u64> {
        let rows = all["alerts"].as_array().unwrap().iter();
        rows.filter(|a| a["read_at"].is_null()).map(|a| a["id"].as_u64().unwrap()).collect()
    };
    let before = alerts();
    until("the tables up to date", || {
        let tables = folder.tables().unread_alerts();
        (tables == unread(&before)).then_some(())
    });
    terminal.kill_hard();

    let mut terminal = Terminal::start(&folder, (160, 45), &["--seed", "11"]);
    terminal.until_text("PAPER");
    let after = until("the cockpit", || {
        let ran = folder.run(&["alerts", "--json"]);
        (ran.code == Some(0)).then(|| ran.json())
    });
    let (old, new) = (unread(&before), unread(&after));
    assert!(old.iter().all(|id| new.contains(id)) && !new.contains(&first), "{old:?} {new:?}");
    assert_eq!(after["muted_until"], before["muted_until"]);
    assert!(after["muted_until"].is_string());
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}
