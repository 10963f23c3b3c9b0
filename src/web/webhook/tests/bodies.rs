//! Bodies: each bad one has its answer, and none gets through or stops the server.

use proptest::prelude::*;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::stage::{BODY, SECRET, Stage, settings};
use crate::web::fake::FakeDesk;

const USUAL: [(&str, &str); 6] = [
    ("strategy", r#""SCALP_ATM""#),
    ("symbol", r#""NIFTY""#),
    ("side", r#""BUY""#),
    ("timeframe", r#""1m""#),
    ("price", "22540.0"),
    ("timestamp", r#""2026-11-20T10:15:00""#),
];

/// A signal with one field said otherwise.
fn with(name: &str, value: &str) -> String {
    let mut fields: Vec<String> =
        USUAL.iter().map(|(n, v)| format!("\"{n}\":{}", if *n == name { value } else { v })).collect();
    if USUAL.iter().all(|(n, _)| *n != name) {
        fields.push(format!("\"{name}\":{value}"));
    }
    format!("{{{}}}", fields.join(","))
}

fn without(name: &str) -> String {
    let fields = USUAL.iter().filter(|(n, _)| *n != name).map(|(n, v)| format!("\"{n}\":{v}"));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Body, status, code, field.
type Bad = (Vec<u8>, u16, &'static str, &'static str);

fn bad_bodies() -> Vec<Bad> {
    let mut all: Vec<Bad> = Vec::new();
    let mut add = |body: Vec<u8>, status, code, field| all.push((body, status, code, field));
    for (body, code) in [
        ("", "empty"),
        ("   \r\n\t ", "empty"),
        ("strategy=SCALP_ATM&symbol=NIFTY", "malformed"),
        ("NIFTY BUY 22540", "malformed"),
        ("{", "malformed"),
        ("{}}", "malformed"),
        ("{\"strategy\"}", "malformed"),
        ("{'strategy':'SCALP_ATM'}", "malformed"),
        ("{strategy:\"SCALP_ATM\"}", "malformed"),
        ("\u{feff}{}", "malformed"),
        ("nulll", "malformed"),
        ("NaN", "malformed"),
        ("<signal/>", "malformed"),
    ] {
        add(body.into(), 400, code, "");
    }
    for body in ["null", "true", "1", "\"SCALP_ATM\"", "[]", "[{}]"] {
        add(body.into(), 422, "not_an_object", "");
    }
    add(BODY[..BODY.len() - 1].into(), 400, "malformed", "");
    add(format!("{BODY},").into(), 400, "malformed", "");
    add(format!("{BODY}{BODY}").into(), 400, "malformed", "");
    add(format!("{BODY}\u{0}").into(), 400, "malformed", "");
    add(BODY.replace(",\"side\"", ",,\"side\"").into(), 400, "malformed", "");
    add(format!("// buy\n{BODY}").into(), 400, "malformed", "");
    add(vec![0xff, 0xfe, b'{', b'}'], 400, "not_utf8", "");
    add(BODY.replace("NIFTY", "NIF\u{1}TY").into(), 400, "malformed", "");
    add([&BODY.as_bytes()[..20], &[0xc3, 0x28], &BODY.as_bytes()[20..]].concat(), 400, "not_utf8", "");
    // Every field: left out, said twice, of another type.
    for (name, value) in USUAL {
        add(without(name).into(), 422, "missing_field", name);
        let twice = format!("{{\"{name}\":{value},{}", &BODY[1..]);
        add(twice.into(), 422, "duplicate_field", name);
        for other in ["null", "true", "[]", "{}"] {
            add(with(name, other).into(), 422, "wrong_type", name);
        }
    }
    for name in ["strategy", "symbol", "side", "timeframe", "timestamp"] {
        add(with(name, "1").into(), 422, "wrong_type", name);
        add(with(name, r#""""#).into(), 422, "bad_value", name);
    }
    for (name, value) in [
        ("quantity", "75"),
        ("Strategy", r#""SCALP_ATM""#),
        ("price ", "1"),
        ("", "1"),
        ("__proto__", "{}"),
        ("comment", r#""{{strategy.order.comment}}""#),
    ] {
        add(with(name, value).into(), 422, "unknown_field", "");
    }
    let text = |name: &str, texts: &[&str]| -> Vec<Bad> {
        let bad =
            |t: &&str| (with(name, &serde_json::to_string(t).unwrap()).into_bytes(), 422, "bad_value", name_of(name));
        texts.iter().map(bad).collect()
    };
    all.extend(text("strategy", &["scalp_atm", "SCALP ATM", " SCALP_ATM", "SCALP_ATM\n", "स्कैल्प", &"A".repeat(33)]));
    all.extend(text(
        "symbol",
        &["nifty", "NSE:NIFTY", "NIFTY 50", "NIFTY'; DROP TABLE orders;--", "{{ticker}}", &"N".repeat(21)],
    ));
    all.extend(text("side", &["HOLD", "B", "BUY ", "LONG", "{{strategy.order.action}}", "BUYSELL"]));
    all.extend(text("timeframe", &["1 m", "1m;", "one-minute", &"1".repeat(9), "१m"]));
    let prices = [
        "NaN",
        "Infinity",
        "-inf",
        "",
        " 22540",
        "22,540.05",
        "0",
        "0.00",
        "-1",
        "1e4",
        "0x10",
        "1_000",
        ".5",
        "5.",
        "+5",
        "१२",
        "10000000",
        "99999999999999999999999999",
    ];
    all.extend(text("price", &prices));
    for price in ["0", "-22540", "1e309", "2.254e4", "10000000", "22540.00000000000000000000001"] {
        all.push((with("price", price).into(), 422, "bad_value", "price"));
    }
    for price in ["NaN", "Infinity", "-Infinity", "022540", "22540.", ".5", "+1", "0x10", "1_000", "22,540"] {
        all.push((with("price", price).into(), 400, "malformed", ""));
    }
    all.extend(text(
        "timestamp",
        &[
            "2026-11-20 10:15:00",
            "2026-11-20",
            "20261120T101500",
            "2026-11-20T10:15",
            "2026-11-20T10:15:60",
            "2026-11-20T24:00:00",
            "2026-02-30T10:15:00",
            "2026-13-01T10:15:00",
            "2026-11-20T10:15:00z",
            "2026-11-20T10:15:00 Z",
            "2026-11-20T10:15:00+0530",
            "2026-11-20T10:15:00+25:00",
            "2026-11-20T10:15:00IST",
            "2026-11-20T10:15:00.",
            "2026-11-20T10:15:00.1234567890",
            "+002026-11-20T10:15:00",
            "1970-01-01T00:00:00",
            "9999-12-31T23:59:59",
            "1763612100",
            "now",
            "{{timenow}}",
            "2026-11-20T10:15:00[Asia/Kolkata]",
            "２０２６-11-20T10:15:00",
        ],
    ));
    all.extend(text("id", &["", "a b", "a\u{0}b", "ключ", &"x".repeat(65)]));
    all.push((with("id", "7").into(), 422, "wrong_type", "id"));
    all.push((with("secret", "7").into(), 422, "wrong_type", "secret"));
    all.push((with("side", "\"\\ud800\"").into(), 422, "wrong_type", "side"));
    // Deep, wide and long.
    let deep = |open: &str, n: usize| open.repeat(n);
    all.push((deep("[", 8_000).into(), 400, "malformed", ""));
    all.push((deep("{\"a\":", 1_600).into(), 400, "malformed", ""));
    all.push((format!("{}{}", deep("[", 4_000), "]".repeat(4_000)).into(), 422, "not_an_object", ""));
    let bomb = format!("{}{}", deep("[", 3_900), "]".repeat(3_900));
    all.push((with("price", &bomb).into(), 422, "wrong_type", "price"));
    all.push((with("price", &"9".repeat(7_000)).into(), 422, "bad_value", "price"));
    all.push((with("timeframe", &format!("\"{}\"", "m".repeat(7_000))).into(), 422, "bad_value", "timeframe"));
    let wide: Vec<String> = (0..500).map(|n| format!("\"f{n}\":1")).collect();
    all.push((format!("{{{}}}", wide.join(",")).into(), 422, "unknown_field", ""));
    all.push((vec![b' '; 8_193], 413, "too_large", ""));
    all.push((with("timeframe", &format!("\"{}\"", "m".repeat(9_000))).into(), 413, "too_large", ""));
    all
}

fn name_of(name: &str) -> &'static str {
    ["strategy", "symbol", "side", "timeframe", "price", "timestamp", "id"].into_iter().find(|n| *n == name).unwrap()
}

#[tokio::test]
async fn every_bad_body_has_its_answer_and_none_reaches_the_engine() {
    let stage = Stage::new().await;
    let bad = bad_bodies();
    assert!(bad.len() >= 60, "{}", bad.len());
    for (body, status, code, field) in &bad {
        let answered = stage.signal(body).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(160)]).into_owned();
        assert_eq!(answered.refusal(), (*status, *code, *field), "{shown}: {:?}", answered.body);
        let reason = answered.body["error"]["reason"].as_str().unwrap();
        assert!(!reason.is_empty() && reason.len() < 300, "{shown}: {reason}");
    }
    assert_eq!(stage.signals(), 0);
    let rung = stage.bell.look();
    assert_eq!(rung.counts.values().sum::<u64>(), bad.len() as u64, "each is counted");
    assert_eq!(rung.refusals.len(), 50, "the last are kept");
    assert_eq!(stage.signal(BODY).await.status, 202, "and the server goes on");
}

#[tokio::test]
async fn what_a_body_is_said_to_be_decides_whether_it_is_looked_at() {
    let stage = Stage::new().await;
    let path = format!("/webhook/{SECRET}");
    for said in
        ["application/json", "text/plain", "text/plain; charset=utf-8", "Application/JSON; charset=\"UTF-8\"", ""]
    {
        assert_eq!(stage.post(&path, &[("Content-Type", said)], BODY).await.status, 202, "{said}");
    }
    for said in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "application/xml",
        "text/plain; charset=utf-16",
        "application/json; charset=iso-8859-1",
    ] {
        let answered = stage.post(&path, &[("Content-Type", said)], BODY).await;
        assert_eq!(answered.code(), (415, "unsupported_type"), "{said}");
    }
    let squeezed = stage.post(&path, &[("Content-Encoding", "gzip")], BODY).await;
    assert_eq!(squeezed.code(), (415, "unsupported_type"));
    let chunked = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    assert_eq!(stage.post(&path, &[("Transfer-Encoding", "chunked")], chunked).await.status, 202);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let stage = Stage::new().await;
    let host = format!("127.0.0.1:{}", stage.port());
    let path = format!("/webhook/{SECRET}");
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{{");
    let mut stream = TcpStream::connect(&host).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // From here on timers fire as soon as nothing else happens: waiting costs nothing.
    tokio::time::pause();
    let answered = super::stage::answer(stream).await;
    assert_eq!(answered.code(), (408, "too_slow"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Several hundred bodies of any bytes, through the socket.
    #[test]
    fn no_body_crashes_or_hangs_the_server(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
        texts in prop::collection::vec("[\\[\\]{}:,\"0-9a-z. -]{0,120}", 1..10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let alive = runtime.block_on(async {
            let stage = Stage::with(settings(), FakeDesk::empty().answering(super::stage::accepting)).await;
            for body in bodies.into_iter().chain(texts.into_iter().map(String::into_bytes)) {
                let answered = stage.signal(&body).await;
                if !matches!(answered.status, 400 | 422) {
                    return false;
                }
            }
            stage.signal(BODY).await.status == 202
        });
        prop_assert!(alive);
    }
}
