//! Who is let in and who is not; how the engine's answers come back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ring::hmac;
use serde_json::json;

use super::stage::{BODY, POSTBACK_SECRET, SECRET, Stage, accepting, keys, open, request, settings};
use crate::domain::time::Timestamp;
use crate::domain::{Price, Side, SignalAnswer, SignalId, SignalRefusal};
use crate::engine::command::{Command, Origin, Reply};
use crate::web::fake::{FakeDesk, Hanging};
use crate::web::webhook::{Keys, SecretForm, Standing, WebhookSettings};
use crate::web::{DeskError, Token};

fn with_secret(secret: &str) -> String {
    BODY.replacen('{', &format!("{{\"secret\":\"{secret}\","), 1)
}

fn signature(secret: &str, stamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{stamp}.{body}").as_bytes());
    tag.as_ref().iter().fold(String::new(), |hex, b| format!("{hex}{b:02x}"))
}

fn seconds_from_now(seconds: i64) -> String {
    (Timestamp::now().as_second() + seconds).to_string()
}

#[tokio::test]
async fn a_signal_arrives_as_it_was_sent() {
    let stage = Stage::new().await;
    let answered = stage.signal(BODY).await;
    assert_eq!((answered.status, &answered.body["status"]), (202, &json!("accepted")));
    assert!(answered.body["signal"].is_u64() && answered.body["message"] == "in the inbox");
    assert!(answered.head.to_lowercase().contains("cache-control: no-store"));
    assert!(!answered.head.to_lowercase().contains("access-control"), "no page may use it");
    let asked = stage.desk.asked();
    let Command::Signal { signal } = &asked[0] else { panic!("{asked:?}") };
    assert_eq!((signal.symbol.as_str(), signal.side), ("NIFTY", Side::Buy));
    assert_eq!(signal.price, Price("22540".parse().unwrap()));
    assert_eq!(signal.at, "2026-11-20T10:15:00+05:30".parse().unwrap());
    assert_eq!(stage.desk.origins(), [Origin::Webhook]);
}

#[tokio::test]
async fn every_way_of_showing_the_secret_is_taken() {
    let stage = Stage::new().await;
    assert_eq!(stage.post(&format!("/webhook/{SECRET}"), &[], BODY).await.status, 202);
    assert_eq!(stage.post("/webhook", &[("X-Webhook-Token", SECRET)], BODY).await.status, 202);
    assert_eq!(stage.post("/signal", &[("X-Webhook-Token", SECRET)], BODY).await.status, 202);
    assert_eq!(stage.post("/webhook", &[("Content-Type", "text/plain")], with_secret(SECRET)).await.status, 202);
    for away in [0, -290, 290] {
        let stamp = seconds_from_now(away);
        let signed = signature(SECRET, &stamp, BODY);
        let headers = [("X-Timestamp", stamp.as_str()), ("X-Signature", signed.as_str())];
        assert_eq!(stage.post("/webhook", &headers, BODY).await.status, 202, "{away}");
        let prefixed = format!("sha256={signed}");
        let headers = [("X-Timestamp", stamp.as_str()), ("X-Signature", prefixed.as_str())];
        assert_eq!(stage.post("/webhook", &headers, BODY).await.status, 202, "{away}");
    }
    // One that is right is enough.
    assert_eq!(stage.post("/webhook/guess", &[("X-Webhook-Token", SECRET)], BODY).await.status, 202);
}

#[tokio::test]
async fn without_the_secret_nothing_is_taken() {
    let stage = Stage::new().await;
    assert_eq!(stage.post("/webhook", &[], BODY).await.code(), (401, "secret_missing"));
    assert_eq!(
        stage.post("/webhook", &[], "not JSON").await.code(),
        (401, "secret_missing"),
        "nothing is told of the body"
    );
    let wrong = [&SECRET[1..], "", POSTBACK_SECRET];
    for secret in wrong {
        // A lock-out of its own for each.
        let stage = Stage::new().await;
        if !secret.is_empty() {
            assert_eq!(stage.post(&format!("/webhook/{secret}"), &[], BODY).await.code(), (403, "secret_wrong"));
        }
        assert_eq!(stage.post("/webhook", &[("X-Webhook-Token", secret)], BODY).await.code(), (403, "secret_wrong"));
        assert_eq!(stage.post("/webhook", &[], with_secret(secret)).await.code(), (403, "secret_wrong"));
        assert_eq!(stage.signals(), 0);
    }
    let stamp = seconds_from_now(0);
    let signed = signature(SECRET, &stamp, BODY);
    let other = BODY.replace("BUY", "SELL");
    let post = |stamp: String, signed: String, body: String| async move {
        let stage = Stage::new().await;
        let headers = [("X-Timestamp", stamp.as_str()), ("X-Signature", signed.as_str())];
        let answered = stage.post("/webhook", &headers, body).await;
        assert_eq!(stage.signals(), 0);
        (answered.status, answered.body["error"]["code"].as_str().unwrap().to_string())
    };
    let no = |code: &str| (403, code.to_string());
    assert_eq!(post(stamp.clone(), signed.clone(), other).await, no("secret_wrong"));
    assert_eq!(post(seconds_from_now(1), signed.clone(), BODY.into()).await, no("secret_wrong"));
    assert_eq!(post("now".into(), signed.clone(), BODY.into()).await, no("secret_wrong"));
    assert_eq!(post(stamp.clone(), "00".repeat(32), BODY.into()).await, no("secret_wrong"));
    assert_eq!(post(stamp.clone(), signed[2..].into(), BODY.into()).await, no("secret_wrong"));
    for away in [-310, 310] {
        let stamp = seconds_from_now(away);
        let signed = signature(SECRET, &stamp, BODY);
        assert_eq!(post(stamp, signed, BODY.into()).await, no("signature_time"), "{away}");
    }
}

#[tokio::test]
async fn a_form_that_is_not_accepted_does_not_count() {
    let only = |form| WebhookSettings { accept: vec![form], ..settings() };
    let desk = || FakeDesk::empty().answering(accepting);
    let stage = Stage::with(only(SecretForm::Header), desk()).await;
    assert_eq!(stage.signal(BODY).await.code(), (401, "secret_missing"));
    assert_eq!(stage.post("/webhook", &[], with_secret(SECRET)).await.code(), (401, "secret_missing"));
    assert_eq!(stage.post("/webhook", &[("X-Webhook-Token", SECRET)], BODY).await.status, 202);
    let carried = stage.post("/webhook", &[("X-Webhook-Token", SECRET)], with_secret(SECRET)).await;
    assert_eq!(carried.code(), (422, "unknown_field"), "a body may not carry it there");
    let stage = Stage::with(only(SecretForm::Body), desk()).await;
    assert_eq!(stage.signal(BODY).await.code(), (401, "secret_missing"));
    assert_eq!(stage.post("/webhook", &[], with_secret(SECRET)).await.status, 202);
}

#[tokio::test]
async fn guesses_are_locked_out_and_the_right_secret_still_passes() {
    let stage = Stage::new().await;
    for _ in 0..5 {
        assert_eq!(stage.post("/webhook/guess", &[], BODY).await.code(), (403, "secret_wrong"));
    }
    for _ in 0..3 {
        let locked = stage.post("/webhook/guess", &[], BODY).await;
        assert_eq!(locked.code(), (429, "too_many"));
        assert!(locked.head.to_lowercase().contains("retry-after"));
    }
    assert_eq!(stage.signal(BODY).await.status, 202, "behind a tunnel, the guesser may have our address");
}

#[tokio::test]
async fn a_source_sends_as_often_as_it_may() {
    let few = WebhookSettings { burst: 3, per_second: 1, address_header: "X-Forwarded-For".into(), ..settings() };
    let stage = Stage::with(few, FakeDesk::empty().answering(accepting)).await;
    let path = format!("/webhook/{SECRET}");
    let from = |address: &'static str| {
        let (stage, path) = (&stage, &path);
        async move { stage.post(path, &[("X-Forwarded-For", address)], BODY).await.status }
    };
    let mut seen = Vec::new();
    for _ in 0..10 {
        seen.push(from("203.0.113.1").await);
    }
    assert!(seen.starts_with(&[202, 202, 202]) && seen.contains(&429), "{seen:?}");
    assert_eq!(from("203.0.113.2").await, 202, "another is not held back");
}

#[tokio::test]
async fn only_listed_sources_may_send() {
    let listed = WebhookSettings {
        sources: vec!["tradingview".into(), "10.1.0.0/16".into()],
        address_header: "CF-Connecting-IP".into(),
        ..settings()
    };
    let stage = Stage::with(listed.clone(), FakeDesk::empty().answering(accepting)).await;
    let path = format!("/webhook/{SECRET}");
    for (address, status) in
        [("52.89.214.238", 202), ("52.32.178.7", 202), ("10.1.200.3", 202), ("10.2.0.1", 403), ("nonsense", 403)]
    {
        let answered = stage.post(&path, &[("CF-Connecting-IP", address)], BODY).await;
        assert_eq!(answered.status, status, "{address}: {:?}", answered.body);
    }
    assert_eq!(stage.signal(BODY).await.code(), (403, "source"), "the secret alone does not do");
    let unbelieved = WebhookSettings { address_header: String::new(), ..listed };
    let stage = Stage::with(unbelieved, FakeDesk::empty().answering(accepting)).await;
    let claimed = stage.post(&path, &[("CF-Connecting-IP", "52.89.214.238")], BODY).await;
    assert_eq!(claimed.code(), (403, "source"), "anybody could write that");
}

#[tokio::test]
async fn a_request_for_another_host_or_from_a_page_is_refused() {
    let public = WebhookSettings { public_host: "Desk.example.com".into(), ..settings() };
    let stage = Stage::with(public, FakeDesk::empty().answering(accepting)).await;
    let path = format!("/webhook/{SECRET}");
    let local = format!("localhost:{}", stage.port());
    for (host, status) in [
        (local.as_str(), 202),
        ("desk.example.com", 202),
        ("DESK.example.com:443", 202),
        ("evil.example", 403),
        ("desk.example.com.evil.example", 403),
        ("127.0.0.1", 403),
    ] {
        assert_eq!(stage.post(&path, &[("Host", host)], BODY).await.status, status, "{host}");
    }
    let page = stage.post(&path, &[("Origin", "https://desk.example.com")], BODY).await;
    assert_eq!(page.code(), (403, "browser"));
    let asked = stage.post(&path, &[("Host", &local), ("Host", "evil.example")], BODY).await;
    assert!([400, 403].contains(&asked.status));
}

#[tokio::test]
async fn it_can_be_told_a_signal_and_nothing_else() {
    let stage = Stage::new().await;
    let host = format!("127.0.0.1:{}", stage.port());
    let headers = [("Host", host.as_str()), ("X-Webhook-Token", SECRET), ("Authorization", "Bearer x")];
    for path in ["/api/command", "/api/halt", "/api/status", "/api/trading/enable", "/", "/webhook/a/b", "/metrics"] {
        assert_eq!(
            request(stage.port(), "POST", path, &headers, Some(b"\"halt\"")).await.code(),
            (404, "no_such_route")
        );
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let answered = request(stage.port(), method, "/webhook", &headers, None).await;
        assert_eq!(answered.code(), (405, "wrong_method"), "{method}");
    }
    let healthy = request(stage.port(), "GET", "/health", &headers[..1], None).await;
    assert_eq!((healthy.status, healthy.body), (200, json!({"status": "ok"})));
    assert_eq!((stage.desk.asked().len(), stage.desk.halts()), (0, 0));
}

#[tokio::test]
async fn the_engines_refusals_have_their_status() {
    for why in SignalRefusal::ALL {
        let refuse = move |_: &Command| {
            let answer = SignalAnswer::Refused { id: Some(SignalId(7)), why, reason: "so it is".into() };
            Ok(Reply::Signal { answer })
        };
        let stage = Stage::with(settings(), FakeDesk::empty().answering(refuse)).await;
        let answered = stage.signal(BODY).await;
        let status = match why.as_str() {
            "open" | "risk" | "closed" | "paused" | "not_approved" => 409,
            _ => 422,
        };
        assert_eq!(answered.status, status, "{why:?}");
        assert_eq!(answered.body, json!({"error": {"code": why.as_str(), "reason": "so it is", "signal": 7}}));
        assert_eq!(stage.bell.look().counts.get(why.as_str()), Some(&1));
    }
}

#[tokio::test]
async fn what_is_delivered_twice_is_taken_once() {
    let keys = Mutex::new(BTreeSet::new());
    let once = move |command: &Command| {
        let Command::Signal { signal } = command else { return Ok(Reply::refused("no signal")) };
        let mut keys = keys.lock().unwrap();
        let id = SignalId(1);
        let answer = if keys.insert(signal.key.clone()) {
            SignalAnswer::Accepted { id, message: "in the inbox".into() }
        } else {
            SignalAnswer::Duplicate { id }
        };
        Ok(Reply::Signal { answer })
    };
    let stage = Stage::with(settings(), FakeDesk::empty().answering(once)).await;
    let told = |a: super::stage::Answered| (a.status, a.body["status"].as_str().unwrap_or("").to_string());
    assert_eq!(told(stage.signal(BODY).await), (202, "accepted".into()));
    assert_eq!(told(stage.signal(BODY).await), (200, "duplicate".into()));
    let otherwise = BODY.replace("22540.0", "\"22540.00\"").replace("\"BUY\"", "\"buy\"");
    assert_eq!(told(stage.signal(otherwise).await), (200, "duplicate".into()), "however it is written");
    assert_eq!(told(stage.post("/webhook", &[], with_secret(SECRET)).await), (200, "duplicate".into()));
    assert_eq!(told(stage.signal(BODY.replace("10:15:00", "10:16:00")).await), (202, "accepted".into()));
    let counts = stage.bell.look().counts;
    assert_eq!((counts["accepted"], counts["duplicate"]), (2, 3));
}

#[tokio::test]
async fn an_engine_that_hangs_or_closes_is_not_known_to_have_taken_it() {
    let closing = FakeDesk::empty().answering(|_| Err(DeskError::Gone("closing".into())));
    let stage = Stage::with(settings(), closing).await;
    assert_eq!(stage.signal(BODY).await.code(), (503, "not_known"));
    let refusing = FakeDesk::empty().answering(|_| Ok(Reply::refused("the journal cannot be written")));
    let stage = Stage::with(settings(), refusing).await;
    assert_eq!(stage.signal(BODY).await.code(), (503, "not_taken"));
    let (server, bell, _) = open(&settings(), keys(), Arc::new(Hanging)).await;
    let host = format!("127.0.0.1:{}", server.port());
    let head = format!(
        "POST /webhook/{SECRET} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
    tokio::time::pause();
    let asked = tokio::time::Instant::now();
    let answered = super::stage::answer(stream).await;
    assert_eq!(answered.code(), (503, "not_known"));
    assert!(asked.elapsed() < std::time::Duration::from_secs(3), "the sender waits three seconds");
    assert_eq!(bell.look().counts["not_known"], 1);
}

#[tokio::test]
async fn postbacks_have_a_secret_of_their_own() {
    let stage = Stage::new().await;
    let order = r#"{"orderId":"1"}"#;
    assert_eq!(stage.post("/postback", &[], order).await.code(), (401, "secret_missing"));
    let forged = stage.post(&format!("/postback/{SECRET}"), &[], order).await;
    assert_eq!(forged.code(), (403, "secret_wrong"), "who may signal must not report fills");
    let path = format!("/postback/{POSTBACK_SECRET}");
    let told = |a: super::stage::Answered| (a.status, a.body["status"].as_str().unwrap_or("").to_string());
    assert_eq!(told(stage.post(&path, &[], order).await), (200, "taken".into()));
    assert_eq!(
        told(stage.post("/postback", &[("X-Webhook-Token", POSTBACK_SECRET)], order).await),
        (200, "known".into())
    );
    assert_eq!(stage.post(&path, &[], "x").await.code(), (422, "no_order"));
    assert_eq!(stage.post(&path, &[], vec![b'x'; 20_000]).await.code(), (413, "too_large"));
    assert_eq!(stage.posted.0.lock().unwrap().len(), 2);
    assert_eq!(stage.signals(), 0);
}

#[tokio::test]
async fn a_door_without_a_secret_is_closed() {
    let keys = Keys { signals: None, postbacks: Token::new(POSTBACK_SECRET) };
    let (server, bell, _) = open(&settings(), keys, Arc::new(FakeDesk::empty())).await;
    assert_eq!(bell.look().standing, Standing::Open(server.address()));
    let host = format!("127.0.0.1:{}", server.port());
    let answered = request(server.port(), "POST", "/webhook/", &[("Host", &host)], Some(BODY.as_bytes())).await;
    assert_eq!(answered.code(), (404, "no_such_route"));
    let answered = request(server.port(), "POST", "/webhook", &[("Host", &host)], Some(BODY.as_bytes())).await;
    assert_eq!(answered.code(), (403, "closed"));
    assert!(answered.body["error"]["reason"].as_str().unwrap().contains("STRIKEDECK_WEBHOOK_SECRET"));
}

#[tokio::test]
async fn no_answer_and_no_note_repeats_a_secret() {
    let stage = Stage::new().await;
    let planted = "Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7";
    let mut told = String::new();
    for (path, headers, body) in [
        (format!("/webhook/{planted}"), vec![], BODY.to_string()),
        ("/webhook".into(), vec![("X-Webhook-Token", planted)], BODY.into()),
        ("/webhook".into(), vec![], with_secret(planted)),
        ("/webhook".into(), vec![("X-Webhook-Token", SECRET)], BODY.replace("NIFTY", planted)),
        ("/webhook".into(), vec![("X-Webhook-Token", SECRET)], BODY.replace("\"side\"", &format!("\"{planted}\""))),
        ("/webhook".into(), vec![("X-Webhook-Token", SECRET)], planted.into()),
        (format!("/nothing/{planted}"), vec![], BODY.into()),
        (format!("/webhook/{planted}/x"), vec![], BODY.into()),
        (format!("/webhook/{SECRET}"), vec![("Host", planted)], BODY.into()),
    ] {
        let answered = stage.post(&path, &headers, body).await;
        assert!(answered.status >= 400, "{path}");
        told = format!("{told}{} {}", answered.head, answered.body);
    }
    let told = format!("{told} {:?} {:?}", stage.bell.look(), keys());
    assert!(!told.contains("Qx7") && !told.contains(SECRET), "{told}");
}
