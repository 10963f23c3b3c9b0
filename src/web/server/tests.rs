use std::sync::Arc;

use rust_decimal_macros::dec;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::routes::Room;
use super::{Serving, listen, serve, serve_at};
use crate::domain::{Exchange, OptionRight, Price, Quantity, StrategyId, Symbol};
use crate::engine::command::{Command, Origin, Reply};
use crate::view::fixture::Desk as Trader;
use crate::web::fake::{FakeDesk, FakeOffice, Hanging};
use crate::web::{Desk, DeskError, LotQuestion, MapQuestion, Remote, Token};

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn token() -> Token {
    Token::new(TOKEN).unwrap()
}

fn office() -> Arc<FakeOffice> {
    Arc::new(FakeOffice::default())
}

async fn start(desk: FakeDesk) -> (Serving, Arc<FakeDesk>) {
    let desk = Arc::new(desk);
    let server = serve(listen(0).await.unwrap(), desk.clone(), office(), token()).unwrap();
    (server, desk)
}

async fn remote(server: &Serving) -> Remote {
    Remote::find(server.port(), token()).await.unwrap()
}

/// One raw request; the status code and the body.
async fn raw(port: u16, request: String) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses early may reset what was still being sent.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string()).unwrap_or_default();
    (status, body)
}

fn request(method: &str, path: &str, headers: &[(&str, String)]) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{}\r\n", headers.concat())
}

/// A request as our own shell would make it, with some headers more.
async fn get(port: u16, path: &str, token: Option<&str>, more: &[(&str, String)]) -> (u16, Value) {
    let mut headers = vec![("Host", format!("127.0.0.1:{port}"))];
    headers.extend(token.map(|t| ("Authorization", format!("Bearer {t}"))));
    headers.extend(more.iter().cloned());
    let (status, body) = raw(port, request("GET", path, &headers)).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or(""))
}

#[tokio::test]
async fn everything_but_health_needs_the_token() {
    let (server, desk) = start(FakeDesk::empty()).await;
    let port = server.port();
    for path in [
        "/api/strategies",
        "/api/strategies/1",
        "/api/status",
        "/api/command",
        "/api/halt",
        "/api/nothing",
        "/metrics",
        "/api/trading",
        "/api/broker/current",
        "/api/openapi.json",
    ] {
        assert_eq!(code(&get(port, path, None, &[]).await), (401, "token_missing"), "{path}");
    }
    assert_eq!(code(&get(port, "/api/status", Some(&TOKEN[1..]), &[]).await), (401, "token_wrong"));
    let (status, health) = get(port, "/health", None, &[]).await;
    assert_eq!((status, &health["cockpit"]), (200, &json!(token().fingerprint())));
    assert!(desk.asked().is_empty() && desk.halts() == 0);
    assert_eq!(get(port, "/api/status", Some(TOKEN), &[]).await.0, 200);
}

#[tokio::test]
async fn wrong_tokens_are_locked_out_and_the_right_one_still_passes() {
    let (server, _) = start(FakeDesk::empty()).await;
    let port = server.port();
    for _ in 0..5 {
        assert_eq!(get(port, "/api/status", Some("guess"), &[]).await.0, 401);
    }
    for _ in 0..3 {
        assert_eq!(code(&get(port, "/api/status", Some("guess"), &[]).await), (429, "too_many"));
    }
    assert_eq!(get(port, "/api/status", Some(TOKEN), &[]).await.0, 200);
}

#[tokio::test]
async fn a_request_for_another_host_or_from_a_page_is_refused() {
    let (server, desk) = start(FakeDesk::empty()).await;
    let port = server.port();
    let bearer = ("Authorization", format!("Bearer {TOKEN}"));
    for host in ["evil.example".to_string(), format!("evil.example:{port}"), "127.0.0.1".into(), "127.0.0.1:1".into()] {
        let asked = request("POST", "/api/halt", &[("Host", host.clone()), bearer.clone()]);
        assert_eq!(raw(port, asked).await.0, 403, "{host}");
    }
    let twice = request("GET", "/health", &[("Host", format!("127.0.0.1:{port}")), ("Host", "evil.example".into())]);
    assert!([400, 403].contains(&raw(port, twice).await.0));
    let page = get(port, "/api/status", Some(TOKEN), &[("Origin", "http://localhost".into())]).await;
    assert_eq!(code(&page), (403, "browser"));
    let local = request("GET", "/api/status", &[("Host", format!("localhost:{port}")), bearer]);
    assert_eq!(raw(port, local).await.0, 200);
    assert_eq!(desk.halts(), 0);
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_command_is_refused() {
    let (server, desk) = start(FakeDesk::empty()).await;
    let port = server.port();
    let post = |length: usize, body: &str| {
        let headers = [
            ("Host", format!("127.0.0.1:{port}")),
            ("Authorization", format!("Bearer {TOKEN}")),
            ("Content-Length", length.to_string()),
        ];
        request("POST", "/api/command", &headers) + body
    };
    assert_eq!(raw(port, post(super::routes::LARGEST_BODY + 1, "")).await.0, 413);
    for body in ["{}", "\"launch\"", "not json", r#"{"mark":{"ids":["x"]}}"#] {
        assert_eq!(raw(port, post(body.len(), body)).await.0, 400, "{body}");
    }
    assert_eq!(raw(port, post(6, "\"halt\"")).await.0, 200);
    assert_eq!(desk.asked(), [Command::Halt]);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (server, _) = start(FakeDesk::empty()).await;
    let answer = get(server.port(), "/health", None, &[("X-Much", "x".repeat(20_000))]).await;
    assert!([0, 431].contains(&answer.0), "{}", answer.0);
}

#[tokio::test]
async fn more_requests_than_a_shell_makes_are_slowed_but_never_a_halt() {
    let desk = Arc::new(FakeDesk::empty());
    let rate = crate::web::pace::Rate { burst: 10, per_second: 0 };
    let server =
        serve_at(listen(0).await.unwrap(), Room { desk: desk.clone(), office: office() }, token(), rate).unwrap();
    let remote = remote(&server).await;
    let mut slowed = false;
    for _ in 0..11 {
        slowed = matches!(remote.status().await, Err(DeskError::Failed(reason)) if reason.contains("too many"));
    }
    assert!(slowed);
    for _ in 0..5 {
        remote.halt(Origin::Shell).await.unwrap();
    }
    assert_eq!(desk.halts(), 5);
}

#[tokio::test]
async fn commands_pass_through_and_their_replies_come_back() {
    let commands = [
        Command::Mark { ids: vec![StrategyId(118)], priority: Some(3), notes: Some("तेज़".into()) },
        Command::MarkTop { count: 5, min_score: dec!(0.65) },
        Command::Unmark { ids: vec![StrategyId(1), StrategyId(2)] },
        Command::Import { recommendations: vec![Trader::new().recommendation("Iron Condor", dec!(0.7), &[])] },
        Command::Preview { ids: Vec::new() },
        Command::Execute { ids: vec![StrategyId(118)] },
        Command::Flatten { include_foreign: true },
        Command::Arm { word: "ARM".into() },
    ];
    let (server, desk) = start(FakeDesk::empty().answering(|command| {
        Ok(match command {
            Command::Arm { .. } => Reply::refused("flattening is not finished"),
            Command::Unmark { .. } => Reply::Partly { done: vec!["#1".into()], refused: vec!["#2".into()] },
            other => Reply::done(other.name()),
        })
    }))
    .await;
    let remote = remote(&server).await;
    for command in &commands {
        let reply = remote.command(command.clone(), Origin::Shell).await.unwrap();
        match command {
            Command::Arm { .. } => assert!(reply.is_refused()),
            Command::Unmark { .. } => assert!(matches!(reply, Reply::Partly { .. })),
            other => assert_eq!(reply, Reply::done(other.name())),
        }
    }
    assert_eq!(desk.asked(), commands);
    assert!(desk.origins().iter().all(|o| *o == Origin::Shell));
}

#[tokio::test]
async fn what_the_view_writes_arrives_digit_for_digit() {
    let mut trader = Trader::new();
    let id = trader.pending("Bear Call Spread", dec!(0.6900), &[("S", 26200, "CE", dec!(58.20))]);
    let view = trader.view();
    let (server, _) = start(FakeDesk::showing(view.clone())).await;
    let remote = remote(&server).await;
    assert_eq!(remote.list().await.unwrap(), crate::view::json::list(&view));
    assert_eq!(remote.status().await.unwrap(), crate::view::json::status(&view));
    let shown = remote.show(id).await.unwrap();
    assert_eq!((shown["legs"][0]["premium"].to_string(), &shown["preview"]), ("58.2".into(), &Value::Null));
    assert_eq!(remote.show(StrategyId(99)).await, Err(DeskError::NotFound("#99: there is no such strategy".into())));
}

#[tokio::test]
async fn the_shapes_of_answers_stay() {
    let (server, _) = start(FakeDesk::empty().answering(|_| Err(DeskError::Gone("closing".into())))).await;
    let port = server.port();
    let command = request(
        "POST",
        "/api/command",
        &[
            ("Host", format!("127.0.0.1:{port}")),
            ("Authorization", format!("Bearer {TOKEN}")),
            ("Content-Length", "6".into()),
        ],
    ) + "\"halt\"";
    let (status, body) = raw(port, command).await;
    assert_eq!((status, body.as_str()), (503, r#"{"error":{"code":"gone","reason":"closing"}}"#));
    let (status, body) = get(port, "/api/strategies/x", Some(TOKEN), &[]).await;
    assert_eq!(
        (status, body),
        (400, json!({"error": {"code": "bad_request", "reason": "a strategy is named by its number"}}))
    );
    assert_eq!(code(&get(port, "/api/nothing", Some(TOKEN), &[]).await), (404, "no_such_route"));
    assert_eq!(code(&get(port, "/api/command", Some(TOKEN), &[]).await), (405, "wrong_method"));
}

#[tokio::test]
async fn contracts_and_lots_are_looked_up() {
    let (server, _) = start(FakeDesk::empty()).await;
    let remote = remote(&server).await;
    let question = |symbol: &str| MapQuestion {
        symbol: symbol.into(),
        strike: Price(dec!(26000)),
        right: OptionRight::Call,
        expiry: None,
    };
    let found = remote.map(question("NIFTY")).await.unwrap();
    assert_eq!(found.contract.label(), "NIFTY 23 Nov 26000 CE");
    let refused = remote.map(question("NIFTY50")).await;
    assert_eq!(refused, Err(DeskError::Refused("NIFTY50: no such underlying; did you mean NIFTY?".into())));
    let lot = |name: &str| LotQuestion { exchange: Exchange::Nse, symbol: Symbol::new(name).unwrap(), expiry: None };
    assert_eq!(remote.lots(vec![lot("NIFTY"), lot("DIXON")]).await, Ok(vec![Some(Quantity(65)), None]));
}

#[tokio::test]
async fn a_cockpit_of_another_token_is_not_shown_ours() {
    let (server, desk) = start(FakeDesk::empty()).await;
    let other = Token::new("f".repeat(64)).unwrap();
    assert!(matches!(Remote::find(server.port(), other).await, Err(DeskError::Gone(_))));
    assert!(desk.asked().is_empty());
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let (server, _) = start(FakeDesk::empty()).await;
    let port = server.port();
    server.stop().await;
    assert!(matches!(Remote::find(port, token()).await, Err(DeskError::Gone(_))));
}

#[tokio::test]
async fn it_is_not_served_to_the_network() {
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    assert!(serve(listener, Arc::new(FakeDesk::empty()), office(), token()).is_err());
}

#[tokio::test]
async fn a_cockpit_that_hangs_is_told_from_one_that_is_gone() {
    let server = serve(listen(0).await.unwrap(), Arc::new(Hanging), office(), token()).unwrap();
    let remote = remote(&server).await;
    // From here on timers fire as soon as nothing else happens: waiting costs nothing.
    tokio::time::pause();
    let Err(DeskError::NoAnswer(reason)) = remote.status().await else { panic!("it answered") };
    assert!(reason.contains("flatten --force"), "{reason}");
}

/// A post as our own shell would make it.
async fn post(port: u16, path: &str, body: &str) -> (u16, Value) {
    let headers = [
        ("Host", format!("127.0.0.1:{port}")),
        ("Authorization", format!("Bearer {TOKEN}")),
        ("Content-Length", body.len().to_string()),
    ];
    let (status, body) = raw(port, request("POST", path, &headers) + body).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn trading_is_disabled_with_a_reason_and_enabled_again() {
    let (server, desk) = start(FakeDesk::showing(Trader::new().view()).answering(|command| {
        Ok(match command {
            Command::Enable => Reply::refused("it was flattened"),
            other => Reply::done(other.name()),
        })
    }))
    .await;
    let port = server.port();
    let (status, told) = get(port, "/api/trading", Some(TOKEN), &[]).await;
    assert_eq!((status, &told["enabled"], &told["reason"]), (200, &json!(true), &Value::Null));
    assert_eq!(post(port, "/api/trading/disable", r#"{"reason":"lunch"}"#).await.0, 200);
    assert_eq!(post(port, "/api/trading/disable", "").await.0, 200);
    assert_eq!(code(&post(port, "/api/trading/disable", r#"{"because":"x"}"#).await), (400, "bad_request"));
    assert_eq!(code(&post(port, "/api/trading/enable", "").await), (422, "refused"));
    let disable = |reason: &str| Command::Disable { reason: reason.into() };
    assert_eq!(desk.asked(), [disable("lunch"), disable("through the control API"), Command::Enable]);
}

#[tokio::test]
async fn the_brokers_account_is_set_up_and_no_answer_repeats_what_is_secret() {
    let (server, _) = start(FakeDesk::empty()).await;
    let port = server.port();
    assert_eq!(get(port, "/api/brokers/supported", Some(TOKEN), &[]).await.1[0]["name"], "dhan");
    assert_eq!(get(port, "/api/broker/current", Some(TOKEN), &[]).await.1["client_id"], "…0001");
    let form = |client: &str| format!(r#"{{"broker":"dhan","client_id":"{client}","access_token":"hush-hush"}}"#);
    let (status, told) = post(port, "/api/broker/configure", &form("1000000001")).await;
    assert_eq!((status, &told["account_ends_in"]), (200, &json!("0001")));
    assert_eq!(code(&post(port, "/api/broker/configure", &form("7")).await), (422, "refused"));
    assert_eq!(post(port, "/api/broker/test", "").await.0, 200);
    for body in [r#"{"broker":"dhan","hush":"hush-hush"}"#, r#"{"broker":"hush-hush"}"#, "hush-hush", r#""hush-hush""#]
    {
        let answered = post(port, "/api/broker/configure", body).await;
        assert_eq!(code(&answered), (400, "bad_request"), "{body}");
        assert!(!answered.1.to_string().contains("hush"), "{}", answered.1);
    }
}

#[tokio::test]
async fn the_figures_are_text_for_a_monitor() {
    let (server, _) = start(FakeDesk::empty()).await;
    let headers = [("Host", format!("127.0.0.1:{}", server.port())), ("Authorization", format!("Bearer {TOKEN}"))];
    let (status, body) = raw(server.port(), request("GET", "/metrics", &headers)).await;
    assert_eq!((status, body.as_str()), (200, "strikedeck_uptime_seconds 1\n"));
}
