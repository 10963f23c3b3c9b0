//! Live trading, from setting it up to a token that ends: the program against the built-in exchange at the addresses of a
//! `dhan.yaml`, as it would be against the broker.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use strikedeck::domain::time::after_ms;
use strikedeck::exchange_server::{ManualTime, Running, ServerConfig, TimeSource, start};
use tokio::runtime::Runtime;

use crate::program::{Folder, Ran};
use crate::terminal::Terminal;

const SIZE: (u16, u16) = (160, 45);

/// A broker that is the built-in exchange, and a folder that is set up to reach it.
struct Live {
    folder: Folder,
    exchange: Running,
    runtime: Runtime,
}

impl Live {
    fn new() -> Self {
        Self::with(ServerConfig::paper(7))
    }

    fn with(config: ServerConfig) -> Self {
        let runtime = Runtime::new().unwrap();
        let exchange = runtime.block_on(start(config)).unwrap();
        let text = format!(
            "client_id: \"{}\"\nrest: {}\nauth: {}\nfeed: {}\norder_updates: {}\ninstruments: {}\n",
            exchange.client_id,
            exchange.rest,
            exchange.auth,
            exchange.feed,
            exchange.orders,
            exchange.instruments_detailed
        );
        Self { folder: Folder::new().with("dhan.yaml", &text), exchange, runtime }
    }

    /// `strikedeck setup`, with these lines on its standard input.
    fn setup(&self, args: &[&str], lines: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strikedeck"));
        command.args(self.folder.arguments()).arg("setup").args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Logged in with the token that is valid now.
    fn log_in(&self) {
        let (client, token) = (&self.exchange.client_id, self.exchange.token_page().access_token());
        let lines = format!("DHAN_CLIENT_ID={client}\nDHAN_ACCESS_TOKEN={token}\n");
        self.setup(&["--store", "file"], &lines).well();
    }

    /// What a browser does with the page that is shown: where it ends.
    fn browse(&self, shown: &str) -> String {
        let page = shown.split_whitespace().find(|word| word.starts_with("http://")).expect("an address is shown");
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        self.runtime.block_on(async { browser.get(page).send().await.unwrap().url().to_string() })
    }

    fn secrets_file(&self) -> std::path::PathBuf {
        std::path::PathBuf::from(&self.folder.arguments()[3]).join("secrets.env")
    }

    /// The checks of the day by name: level, what was found, what to do.
    fn checks(&self) -> Vec<(String, String, String)> {
        let ran = self.folder.run(&["doctor", "--live", "--json"]);
        let text = |c: &Value, name: &str| c[name].as_str().unwrap().to_string();
        let rows = ran.json();
        rows.as_array().unwrap().iter().map(|c| (text(c, "name"), text(c, "level"), text(c, "advice"))).collect()
    }

    /// Everything in the logs of live trading.
    fn logs(&self) -> String {
        let folder = self.folder.data().join("live").join("logs");
        let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
        files.map(|f| std::fs::read_to_string(f).unwrap()).collect()
    }

    fn stop(self) {
        let Self { exchange, runtime, folder } = self;
        runtime.block_on(exchange.stop());
        drop(folder);
    }
}

fn of<'a>(checks: &'a [(String, String, String)], name: &str) -> &'a (String, String, String) {
    checks.iter().find(|c| c.0 == name).unwrap_or_else(|| panic!("{name} is not among {checks:?}"))
}

fn wrong(checks: &[(String, String, String)]) -> Vec<&str> {
    checks.iter().filter(|c| c.1 == "wrong").map(|c| c.0.as_str()).collect()
}

#[test]
fn a_login_is_tried_before_it_is_kept_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let live = Live::new();
    let (client, token) = (live.exchange.client_id.clone(), live.exchange.access_token.clone());
    let refused = live.setup(&["--store", "file"], "DHAN_ACCESS_TOKEN=eyJhbGciOiJIUzUxMiJ9.e30.hush-hush\n").with(1);
    assert!(refused.err.contains("DH-901") && !refused.err.contains("hush"), "{refused:?}");
    assert!(!live.secrets_file().exists(), "what was refused is not kept");
    let other = live.setup(&["--store", "file"], &format!("DHAN_CLIENT_ID=1000000009\nDHAN_ACCESS_TOKEN={token}\n"));
    assert!(other.with(1).err.contains("another account"));
    live.setup(&[], "DHAN_TOKEN=hush-hush\n").with(2);

    let kept =
        live.setup(&["--store", "file"], &format!("DHAN_CLIENT_ID={client}\nDHAN_ACCESS_TOKEN={token}\n")).well();
    assert!(kept.out.contains("…0001") && !format!("{kept:?}").contains(&token), "{kept:?}");
    assert_eq!(std::fs::metadata(live.secrets_file()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(live.secrets_file()).unwrap().contains(&token));
    let checked = live.folder.json(&["setup", "--check"]);
    assert_eq!((&checked["account_ends_in"], &checked["market_data"]), (&"0001".into(), &true.into()), "{checked}");
    live.folder.run(&["setup", "--forget"]).well();
    assert!(!live.secrets_file().exists());
    assert!(live.folder.run(&["setup", "--check"]).with(1).err.contains("strikedeck setup"));
    live.stop();
}

#[test]
fn at_a_terminal_setup_asks_and_shows_no_secret() {
    let live = Live::new();
    let keys = live.exchange.keys();
    let mut terminal = Terminal::start(&live.folder, SIZE, &["setup", "--store", "file"]);
    terminal.until_text("Client id at Dhan");
    terminal.press("\r");
    terminal.until_text("1, 2, 3 or 4:");
    terminal.press("2\r");
    terminal.until_text("PIN, six digits");
    terminal.press(&format!("{}\r", keys.pin));
    terminal.until_text("TOTP key");
    terminal.press(&format!("{}\r", keys.totp_key));
    assert_eq!(terminal.ended(), 0, "{}", terminal.text());
    let shown = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert!(shown.contains("Logged in at the broker as …0001"), "{shown}");
    assert!(!shown.contains(&keys.pin) && !shown.contains(&keys.totp_key), "{shown}");
    let kept = std::fs::read_to_string(live.secrets_file()).unwrap();
    assert!(kept.contains(&format!("DHAN_PIN={}", keys.pin)) && !kept.contains("ACCESS_TOKEN"), "{kept}");
    // The token that was made by this is the one that live trading begins with: another would be refused for 2 minutes.
    assert_eq!(of(&live.checks(), "access token").1, "ok");
    live.stop();
}

#[test]
fn the_days_checks_are_one_list_for_the_doctor_and_for_the_start() {
    let live = Live::with(ServerConfig {
        static_ip: true,
        seen_from: "203.0.113.7".parse().unwrap(),
        ..ServerConfig::paper(7)
    });
    let checks = live.checks();
    assert_eq!(wrong(&checks), ["access token", "risk limits"], "without a login: {checks:?}");
    assert!(of(&checks, "access token").2.contains("strikedeck setup"));
    let token = live.exchange.access_token.clone();
    live.setup(
        &["--store", "file"],
        &format!("DHAN_CLIENT_ID={}\nDHAN_ACCESS_TOKEN={token}\n", live.exchange.client_id),
    )
    .well();

    let checks = live.checks();
    assert_eq!(wrong(&checks), ["static IP", "risk limits"], "{checks:?}");
    for name in ["account", "access token", "clock", "funds", "segments", "market data", "instruments"] {
        assert_eq!(of(&checks, name).1, "ok", "{name}");
    }
    let mut terminal = Terminal::start(&live.folder, SIZE, &["--live"]);
    assert_eq!(terminal.ended(), 1);
    let shown = terminal.text();
    assert!(shown.contains("WRONG  static IP") && shown.contains("strikedeck risk ack"), "{shown}");
    assert!(!shown.contains("last four digits"), "nothing is asked while something is wrong: {shown}");

    live.folder.run(&["risk", "ack", "--yes"]).well();
    assert_eq!(wrong(&live.checks()), ["static IP"]);
    live.stop();
}

#[test]
fn a_token_that_ends_while_trading_halts_entries_and_a_new_one_is_taken_without_a_restart() {
    let live = Live::new();
    let first = live.exchange.access_token.clone();
    let lines = |token: &str| format!("DHAN_CLIENT_ID={}\nDHAN_ACCESS_TOKEN={token}\n", live.exchange.client_id);
    live.setup(&["--store", "file"], &lines(&first)).well();
    live.folder.run(&["risk", "ack", "--yes"]).well();

    let mut terminal = Terminal::start(&live.folder, SIZE, &["--live"]);
    terminal.until_text("last four digits");
    terminal.press("0002\r");
    assert_eq!(terminal.ended(), 1, "not the account's: {}", terminal.text());
    let mut terminal = Terminal::start(&live.folder, SIZE, &["--live"]);
    terminal.until_text("last four digits");
    terminal.press("0001\r");
    terminal.until("live trading, logged in", |s| s.contains(" LIVE ") && s.contains("token 23"));
    let status = || live.folder.json(&["status", "--live"]);
    assert_eq!((&status()["token"]["taken"], &status()["halted"]), (&true.into(), &false.into()));

    live.exchange.revoke_token().unwrap();
    terminal.until("that the token is not taken", |s| {
        s.contains(" HALTED ") && s.contains("does not take the access token")
    });
    let refused = live.folder.run(&["arm", "ARM", "--live"]).with(1);
    assert!(refused.err.contains("strikedeck setup"), "{refused:?}");
    terminal.until("what to do", |s| {
        s.contains("no entries, no exits") && s.contains("`strikedeck setup`: it is taken without a restart")
    });

    let second = live.exchange.new_token().unwrap();
    live.setup(&["--store", "file"], &lines(&second)).well();
    terminal.until("the new token", |s| s.contains("token 23") && !s.contains("not taken"));
    crate::program::until("entries armed", || {
        (live.folder.run(&["arm", "ARM", "--live"]).code == Some(0)).then_some(())
    });
    terminal.until("entries allowed", |s| !s.contains(" HALTED ") && !s.contains("does not take"));
    // Calls and both sockets use it: the books are read again, prices and order updates flow.
    crate::program::until("everything up", || {
        let status = status();
        let calm = status["conditions"].as_array().unwrap().is_empty();
        (calm && status["positions_age_ms"].as_i64().is_some_and(|ms| ms < 10_000)).then_some(())
    });
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    let (logs, shown) = (live.logs(), String::from_utf8_lossy(&terminal.bytes()).into_owned());
    assert!(logs.contains("access token"), "it is in the log as well");
    for secret in [&first, &second] {
        assert!(!logs.contains(secret.as_str()) && !shown.contains(secret.as_str()), "a token was shown");
    }
    live.stop();
}

#[test]
fn with_pin_and_totp_key_a_revoked_token_is_replaced_by_itself() {
    let live = Live::new();
    let keys = live.exchange.keys();
    let lines = format!(
        "DHAN_CLIENT_ID={}\nDHAN_ACCESS_TOKEN={}\nDHAN_PIN={}\nDHAN_TOTP_KEY={}\n",
        live.exchange.client_id, live.exchange.access_token, keys.pin, keys.totp_key
    );
    live.setup(&["--store", "file"], &lines).well();
    live.folder.run(&["risk", "ack", "--yes"]).well();
    let mut terminal = Terminal::start(&live.folder, SIZE, &["--live"]);
    terminal.until_text("last four digits");
    terminal.press("0001\r");
    terminal.until("live trading, logged in", |s| s.contains(" LIVE ") && s.contains("token 23"));
    live.exchange.revoke_token().unwrap();
    terminal.until("the halt", |s| s.contains(" HALTED "));
    crate::program::until("entries armed", || {
        (live.folder.run(&["arm", "ARM", "--live"]).code == Some(0)).then_some(())
    });
    terminal.until("entries allowed", |s| !s.contains(" HALTED ") && s.contains("token 23"));
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    let (logs, shown) = (live.logs(), String::from_utf8_lossy(&terminal.bytes()).into_owned());
    for secret in [&keys.pin, &keys.totp_key, &live.exchange.access_token] {
        assert!(!logs.contains(secret.as_str()) && !shown.contains(secret.as_str()), "a secret was shown");
    }
    live.stop();
}

#[test]
fn a_log_in_with_a_browser_is_walked_through_by_api_key_and_by_partner() {
    let live = Live::new();
    let keys = live.exchange.keys();
    let nobody = live.folder.run(&["setup", "--consent"]).with(2);
    assert!(nobody.err.contains("terminal"), "{nobody:?}");
    for (by, asks, id, secret) in
        [("app", "API", &keys.app_id, &keys.app_secret), ("partner", "Partner", &keys.partner_id, &keys.partner_secret)]
    {
        let mut terminal = Terminal::start(&live.folder, SIZE, &["setup", "--store", "file", "--consent", by]);
        terminal.until_text(&format!("{asks} {}:", if by == "app" { "key" } else { "id" }));
        terminal.press(&format!("{id}\r"));
        terminal.until_text(&format!("{asks} secret"));
        terminal.press(&format!("{secret}\r"));
        let ended = live.browse(&terminal.until_text("The address the browser ends at"));
        terminal.press(&format!("{ended}\r"));
        assert_eq!(terminal.ended(), 0, "{}", terminal.text());
        let shown = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        assert!(shown.contains("Logged in at the broker as …0001"), "{shown}");
        assert!(!shown.contains(secret.as_str()) && !shown.contains(&ended), "{shown}");
    }
    let kept = std::fs::read_to_string(live.secrets_file()).unwrap();
    assert!(
        kept.contains(&keys.app_secret) && kept.contains(&keys.partner_secret) && !kept.contains("TOKEN"),
        "{kept}"
    );

    // The next morning only the browser's address is asked for.
    live.exchange.revoke_token().unwrap();
    live.folder.run(&["setup", "--check"]).with(1);
    let mut terminal = Terminal::start(&live.folder, SIZE, &["setup", "--consent"]);
    let shown = terminal.until_text("The address the browser ends at");
    assert!(!shown.contains("API"), "{shown}");
    terminal.press(&format!("{}\r", live.browse(&shown)));
    assert_eq!(terminal.ended(), 0, "{}", terminal.text());
    live.folder.run(&["setup", "--check"]).well();
    live.stop();
}

#[test]
fn the_registered_addresses_are_shown_and_one_is_registered_for_the_line_we_come_from() {
    let line = "203.0.113.7";
    let live = Live::with(ServerConfig { static_ip: true, seen_from: line.parse().unwrap(), ..ServerConfig::paper(7) });
    live.log_in();
    let told = live.folder.json(&["ip"]);
    assert_eq!((&told["primary"]["address"], &told["secondary"]["address"]), (&"127.0.0.1".into(), &Value::Null));
    assert_eq!((&told["seen_from"], &told["orders_allowed"]), (&line.into(), &false.into()));
    assert!(live.folder.run(&["ip"]).well().out.contains("REFUSED from here"));

    live.folder.run(&["ip", "set", "secondary", line]).with(2);
    let fixed = live.folder.run(&["ip", "set", "primary", line, "--yes"]).with(1);
    assert!(fixed.err.contains("lets it be changed from"), "{fixed:?}");
    let inside = live.folder.run(&["ip", "set", "secondary", "192.168.1.5", "--yes"]).with(1);
    assert!(inside.err.contains("inside a network"), "{inside:?}");
    let mut terminal = Terminal::start(&live.folder, SIZE, &["ip", "set", "secondary", line]);
    terminal.until_text("fixed for 7 days. [y/N]");
    terminal.press("\r");
    assert_eq!(terminal.ended(), 1);
    assert_eq!(live.folder.json(&["ip"])["secondary"]["address"], Value::Null, "nothing was registered");

    let told = live.folder.json(&["ip", "set", "secondary", line, "--yes"]);
    assert_eq!((&told["secondary"]["address"], &told["orders_allowed"]), (&line.into(), &true.into()));
    // The broker answers twenty questions in a second, and this test asks quickly.
    crate::program::until("the check of the day", || (of(&live.checks(), "static IP").1 == "ok").then_some(()));
    live.stop();
}

#[test]
fn a_registered_address_is_replaced_once_its_seven_days_are_over() {
    const WEEK_MS: i64 = 7 * 86_400_000;
    let time = ManualTime::new(after_ms(jiff::Timestamp::now(), -WEEK_MS));
    let live = Live::with(ServerConfig { time: TimeSource::Manual(time.clone()), ..ServerConfig::paper(7) });
    time.forward(WEEK_MS);
    live.exchange.new_token().unwrap();
    live.log_in();
    let told = live.folder.json(&["ip", "set", "primary", "203.0.113.9", "--yes"]);
    assert_eq!(told["primary"]["address"], "203.0.113.9", "{told}");
    live.folder.run(&["ip", "set", "primary", "203.0.113.8", "--yes"]).with(1);
    live.stop();
}
