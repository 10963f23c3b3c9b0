//! Everything from a shell: with and without a cockpit that runs, for people and for programs.

use serde_json::{Value, json};

use crate::program::{Exchange, Folder, id_of};
use crate::terminal::screen;
use crate::terminal::{ESCAPE, Terminal, Wish};

const SIZE: (u16, u16) = (160, 45);

fn has(row: &Value, fields: &[&str]) {
    for field in fields {
        assert!(row.get(field).is_some(), "{field} is missing in {row}");
    }
}

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[test]
fn the_journey_without_a_cockpit() {
    let folder = Folder::new();
    let list = folder.list();
    assert!(list.len() >= 5, "paper mode seeds a handful");
    for row in &list {
        has(
            row,
            &["id", "symbol", "strategy_name", "status", "priority", "total_score", "conviction", "expiry", "legs"],
        );
        assert_eq!(row["status"], "pending");
        for leg in rows(&row["legs"]) {
            has(leg, &["action", "type", "strike", "expiry", "ratio", "premium"]);
        }
    }
    let scores: Vec<f64> = list.iter().map(|r| r["total_score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");

    folder.run(&["top", "--count", "2", "--min-score", "0.4"]).well();
    let (first, second) = (id_of(&list[0]), id_of(&list[1]));
    folder.run(&["priority", &second.to_string(), "7"]).well();
    folder.run(&["note", &first.to_string(), "after", "the", "news"]).well();
    let marked = folder.json(&["list", "--status", "marked"]);
    let order: Vec<(u64, i64)> = rows(&marked).iter().map(|r| (id_of(r), r["priority"].as_i64().unwrap())).collect();
    assert_eq!(order, [(second, 7), (first, 1)]);
    assert_eq!(marked[1]["notes"], "after the news");
    assert_eq!(folder.tables().queue(), [second, first]);

    let previews = folder.json(&["execute", "--dry-run"]);
    assert!(rows(&previews).iter().all(|p| p["executable"] == true), "{previews}");
    assert!(folder.tables().orders().is_empty(), "a dry run sends nothing");

    let executed = folder.json(&["execute", "--yes"]);
    assert!(rows(&executed["results"]).iter().all(|r| r["status"] == "executed"), "{executed}");
    let status = folder.status();
    has(&status, &["mode", "halted", "session", "day_pnl", "positions", "working_orders", "limits"]);
    assert_eq!(
        (&status["mode"], &status["halted"], &status["session"]["open"]),
        (&json!("paper"), &json!(false), &json!(true))
    );
    assert_eq!(status["working_orders"], json!([]));
    let mut held: Vec<(String, i64)> = Vec::new();
    for position in rows(&status["positions"]) {
        let fields = [
            "symbol",
            "security_id",
            "product",
            "net_quantity",
            "average_price",
            "ltp",
            "pnl",
            "strategy_id",
            "contract",
        ];
        has(position, &fields);
        assert!(position["pnl"].is_number() && position["ltp"].is_number(), "{position}");
        held.push((position["contract"].as_str().unwrap().into(), position["net_quantity"].as_i64().unwrap()));
    }
    held.sort();
    assert_eq!(folder.tables().open_positions(), held);
    assert!(rows(&status["limits"]).iter().any(|l| l["name"] == "max_trades_per_day" && l["used"] == 2), "{status}");

    folder.run(&["flatten", "--yes"]).well();
    let status = folder.status();
    assert_eq!((&status["halted"], &status["positions"]), (&json!(true), &json!([])));
    assert_eq!(status["halt"]["locked"], true);
    // Locked: an entry is refused, whoever asks, until the word is typed.
    folder.run(&["top", "--count", "1", "--min-score", "0"]).well();
    let refused = folder.run(&["execute", "--yes"]).with(1);
    assert!(format!("{}{}", refused.out, refused.err).to_lowercase().contains("halt"), "{refused:?}");
    let refused = folder.run(&["arm", "arm"]).with(1);
    assert!(refused.err.contains("ARM"), "{refused:?}");
    folder.run(&["arm", "ARM"]).well();
    folder.run(&["execute", "--yes"]).well();
    folder.run(&["flatten", "--yes"]).well();
    assert_eq!(folder.tables().open_lots(), []);
}

#[test]
fn the_screen_follows_what_a_shell_does() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, SIZE, &[]);
    let screen = terminal.until("strategies", |s| screen::pending(s).len() > 1);
    let id = screen::pending(&screen)[1].id;
    let name = id.to_string();
    let queued = |s: &str| screen::queue(s).iter().map(|q| (q.id, q.priority)).collect::<Vec<_>>();

    folder.run(&["mark", &name, "--priority", "3", "--notes", "by hand"]).well();
    terminal.until("the mark", |s| queued(s) == [(id, 3)]);
    folder.run(&["priority", &format!("#{name}"), "5"]).well();
    terminal.until("the priority", |s| queued(s) == [(id, 5)]);
    folder.run(&["unmark", &name]).well();
    terminal.until("no mark", |s| queued(s).is_empty());
    folder.run(&["mark", &name]).well();
    folder.run(&["execute", "--yes"]).well();
    terminal.until("the positions", |s| screen::positions(s).iter().filter(|p| p.strategy == id).count() >= 2);

    // A second cockpit on the folder refuses and says why; so does nothing else.
    let mut second = Terminal::start(&folder, SIZE, &[]);
    assert_eq!(second.ended(), 1);
    let told = second.text();
    assert!(told.contains("in use by another cockpit") && told.contains("--data"), "{told}");
    assert!(second.is_given_back());
    assert_eq!(folder.status()["halted"], false);

    folder.run(&["kill", "--yes"]).well();
    terminal.until("the halt", |s| s.contains(" HALTED "));
    folder.run(&["flatten", "--yes"]).well();
    terminal.until("nothing open", |s| s.contains("No open positions."));
    folder.run(&["arm", "ARM"]).well();
    terminal.until("entries allowed", |s| !s.contains(" HALTED "));
    terminal.back_until("no card", |s| !s.contains("NOTHING OF OURS IS OPEN"));
    // A shell's reading never comes between the screen and its end.
    folder.run(&["list"]).well();
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(folder.tables().open_lots(), []);
}

#[test]
fn a_question_is_asked_at_a_terminal_and_nothing_is_done_without_an_answer() {
    let folder = Folder::new();
    folder.run(&["top", "--count", "1", "--min-score", "0"]).well();
    for command in [
        &["execute"][..],
        &["flatten"],
        &["kill"],
        &["close", "1"],
        &["resume", "1"],
        &["unwind", "1"],
        &["flatten", "--force"],
    ] {
        let refused = folder.run(command).with(2);
        assert!(refused.err.contains("--yes") && refused.out.is_empty(), "{command:?}: {refused:?}");
    }
    for (answer, code, orders) in [("n\r", 1, 0), ("\r", 1, 0), ("y\r", 0, 2)] {
        let mut terminal = Terminal::start(&folder, SIZE, &["execute"]);
        terminal.until_text("[y/N]");
        terminal.press(answer);
        assert_eq!(terminal.ended(), code, "{}", terminal.text());
        let sent = folder.tables().orders().len();
        assert!(if orders == 0 { sent == 0 } else { sent >= orders }, "after {answer:?}: {sent} orders");
    }
    let mut terminal = Terminal::start(&folder, SIZE, &["flatten"]);
    terminal.until_text("[y/N]");
    terminal.press("y\r");
    assert_eq!(terminal.ended(), 0, "{}", terminal.text());
    assert_eq!(folder.tables().open_lots(), []);
}

#[test]
fn exit_codes_tell_done_from_refused_from_misused() {
    let folder = Folder::new();
    let cases: [(&[&str], i32, &str); 14] = [
        (&["list", "--symbol", "NIFTY"], 0, ""),
        (&["doctor"], 0, ""),
        (&["--version"], 0, ""),
        (&["mark", "999"], 1, "#999"),
        (&["show", "999"], 1, "#999"),
        (&["unmark", "1"], 1, "pending"),
        (&["retry", "1"], 1, "#1"),
        (&["close", "1", "--yes"], 1, "#1"),
        (&["execute", "--yes"], 1, "marked"),
        (&["import", "/nowhere/at/all.json"], 1, "/nowhere/at/all.json"),
        (&["mark", "first"], 2, "number"),
        (&["sell", "everything"], 2, "sell"),
        (&["list", "--status", "lost"], 2, "lost"),
        (&["--live", "--seed", "4", "status"], 2, "--seed"),
    ];
    for (args, code, said) in cases {
        let ran = folder.run(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {ran:?}");
        if code != 0 {
            assert!(ran.err.contains(said) && (code == 1 || ran.out.is_empty()), "{args:?}: {ran:?}");
        }
    }
    // The screen wants a terminal.
    let ran = folder.run(&[]).with(2);
    assert!(ran.err.contains("terminal"), "{ran:?}");
}

#[test]
fn forced_flattening_goes_to_the_broker_itself() {
    let folder = Folder::new();
    let execute = || {
        folder.run(&["top", "--count", "1", "--min-score", "0"]).well();
        folder.run(&["execute", "--yes"]).well();
        assert!(!folder.status()["positions"].as_array().unwrap().is_empty());
    };
    // With nobody holding the folder.
    execute();
    let forced = folder.json(&["flatten", "--force", "--yes"]);
    assert_eq!((&forced["flat"], &forced["open"]), (&json!(true), &json!([])));
    assert_eq!(
        Exchange::on_books_of(&folder)
            .get("/positions")
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["netQty"] != 0)
            .count(),
        0
    );
    folder.run(&["flatten", "--yes"]).well();
    folder.run(&["arm", "ARM"]).well();
    assert_eq!((folder.tables().open_positions(), folder.tables().open_lots()), (vec![], vec![]));

    // Past a cockpit that runs; its own books follow the broker's.
    execute();
    let mut terminal = Terminal::start(&folder, SIZE, &[]);
    terminal.until("the positions", |s| screen::positions(s).len() >= 2);
    folder.run(&["flatten", "--force", "--yes"]).well();
    terminal.until("that the broker has nothing", |s| {
        s.contains("the broker's book 0") || s.contains("No open positions.")
    });
    folder.run(&["flatten", "--yes"]).well();
    terminal.until("nothing open", |s| s.contains("No open positions."));
    terminal.press(ESCAPE);
    terminal.ask(Wish::ShutDown);
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn map_says_which_contract_or_why_none() {
    let folder = Folder::new();
    // A leg of a seeded strategy is of today's list.
    let list = folder.list();
    let nifty = list.iter().find(|r| r["symbol"] == "NIFTY").unwrap();
    let leg = &nifty["legs"][0];
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
    let (strike, right, expiry) = (text(&leg["strike"]), text(&leg["type"]), text(&leg["expiry"]));
    let found = folder.json(&["map", "NIFTY", &strike, &right, "--expiry", &expiry]);
    assert_eq!((found["underlying"].as_str(), found["expiry"].as_str()), (Some("NIFTY"), Some(expiry.as_str())));
    assert!(found["lot"].as_u64().unwrap() > 0 && !found["security_id"].as_str().unwrap().is_empty(), "{found}");
    // As people type it.
    let same = folder.json(&["map", "nifty", &strike, if right == "CE" { "call" } else { "put" }, "--expiry", &expiry]);
    assert_eq!(same["security_id"], found["security_id"]);

    let between = (strike.parse::<i64>().unwrap() + 1).to_string();
    let cases: [(&[&str], &[&str]); 3] = [
        (&["map", "NIFTY50X", "24000", "CE"], &["NIFTY50X", "no such underlying"]),
        (&["map", "NIFTY", &between, &right, "--expiry", &expiry], &["not listed", "nearest", &strike]),
        (&["map", "NIFTY", &strike, &right, "--expiry", "2020-01-01"], &["2020-01-01", "nearest"]),
    ];
    for (args, words) in cases {
        let refused = folder.run(args).with(1);
        assert!(words.iter().all(|w| refused.err.contains(w)), "{args:?}: {}", refused.err);
    }
    let meant = folder.run(&["map", "NIFTI", "24000", "CE"]).with(1);
    assert!(meant.err.contains("did you mean NIFTY?"), "{}", meant.err);
}

#[test]
fn import_loads_what_is_good_and_refuses_the_rest_with_place_and_reason() {
    let folder = Folder::new();
    let list = folder.list();
    let nifty = list.iter().find(|r| r["symbol"] == "NIFTY" && rows(&r["legs"]).len() == 2).unwrap();
    let legs: Vec<Value> = rows(&nifty["legs"])
        .iter()
        .map(|l| json!({"strike": l["strike"], "type": l["type"], "action": l["action"], "premium": l["premium"]}))
        .collect();
    let expiry = &nifty["expiry"];
    let good = json!({"symbol": "NIFTY 50", "strategy_name": nifty["strategy_name"], "entry_date": "2026-01-02",
                      "expiry_date": expiry, "legs": legs});
    let mut strikeless = good.clone();
    strikeless["legs"][1]["strike"] = Value::Null;
    let mut covered = good.clone();
    covered["strategy_name"] = json!("Covered Call");
    covered["legs"] = json!([{"strike": legs[0]["strike"], "type": "CE", "action": "SELL", "premium": 10}]);
    let positions = folder.file("positions.json", &json!({"positions": [good, strikeless, covered]}).to_string());
    // Bare NaN and Infinity are no JSON, and what the analyser writes.
    let spot = nifty["spot"].to_string();
    let analysis = format!(
        r#"{{"success": true, "analysis_timestamp": "2026-01-02T10:00:00", "symbol_results": {{
            "BANK NIFTY": {{"success": false, "reason": "no liquid options data"}},
            "NIFTY 50": {{"success": true, "symbol": "NIFTY 50", "spot_price": {spot}, "top_strategies": [
              {{"rank": 1, "name": "Long Call", "total_score": 0.61, "probability_profit": 0.4, "max_profit": Infinity,
                "max_loss": 100, "legs": [{{"option_type": "CALL", "position": "LONG", "strike": {},
                "premium": 10, "delta": NaN}}]}}]}}}}}}"#,
        legs[0]["strike"]
    );
    let csv = format!(
        "id,symbol,side,type,strike,premium,expiry,strategy\na,NIFTY,BUY,CE,{strike},10,{day},Long Call\n\
         b,NIFTY,HOLD,CE,{strike},10,{day},Odd\n",
        strike = legs[0]["strike"],
        day = expiry.as_str().unwrap(),
    );
    let cut = folder.file("cut.json", &analysis[..analysis.len() - 40]);
    let (analysis, csv) = (folder.file("analysis.json", &analysis), folder.file("legs.csv", &csv));

    let ran = folder.run(&["import", "--json", &positions, &analysis, &csv, &cut]).with(1);
    let outcome = ran.json();
    let counts = |i: usize| (outcome[i]["good"].as_u64().unwrap(), rows(&outcome[i]["refused"]).len());
    assert_eq!((counts(0), counts(1), counts(2), counts(3)), ((2, 1), (1, 0), (1, 1), (0, 0)), "{outcome}");
    let refused = &outcome[0]["refused"][0];
    assert!(refused["place"].as_str().unwrap().contains("positions[1]"), "{refused}");
    assert!(outcome[2]["refused"][0]["place"].as_str().unwrap().contains("line 3"), "{outcome}");
    assert!(outcome[3]["error"].as_str().unwrap().contains("cut.json"), "{outcome}");
    assert!(rows(&outcome[1]["notes"]).iter().any(|n| n.to_string().contains("no liquid options data")), "{outcome}");

    let listed = folder.list();
    let find = |source: &str, name: &str| {
        listed.iter().find(|r| r["source"] == source && r["strategy_name"] == name).unwrap_or_else(|| panic!("{name}"))
    };
    let covered = find("positions.json", "Covered Call");
    assert!(rows(&covered["issues"]).iter().any(|i| i["blocking"] == true), "{covered}");
    folder.run(&["mark", &id_of(covered).to_string()]).with(1);
    assert_eq!(find("analysis.json", "Long Call")["symbol"], "NIFTY");
    let spread = find("positions.json", nifty["strategy_name"].as_str().unwrap());
    assert_eq!((&spread["symbol"], &spread["legs"][0]["quantity"]), (&json!("NIFTY"), &nifty["legs"][0]["quantity"]));

    // Again: what is pending is updated, what is marked is left as it is.
    folder.run(&["mark", &id_of(spread).to_string(), "--notes", "mine"]).well();
    let text = std::fs::read_to_string(&positions).unwrap();
    let premium = |p: &Value| format!("\"premium\":{p}");
    let later = text.replace(&premium(&json!(10)), &premium(&json!(12)));
    let later = later.replace(&premium(&legs[0]["premium"]), &premium(&json!(99)));
    let again = folder.run(&["import", &folder.file("positions.json", &later)]).well();
    assert!(again.out.contains("0 strategies new, 1 updated, 1 left"), "{}", again.out);
    let after = folder.list();
    assert_eq!(after.len(), listed.len());
    let by_id = |id| after.iter().find(|r| id_of(r) == id).unwrap();
    assert_eq!(by_id(id_of(covered))["legs"][0]["premium"], 12);
    let marked = by_id(id_of(spread));
    assert_eq!((&marked["status"], &marked["notes"]), (&json!("marked"), &json!("mine")));
    assert_eq!(marked["legs"][0]["premium"], legs[0]["premium"]);
    // A dry run imports nothing.
    let other =
        folder.file("other.csv", &format!("id,symbol,side,type,strike\nz,NIFTY,BUY,CE,{}\n", legs[0]["strike"]));
    folder.run(&["import", "--dry-run", &other]).well();
    assert_eq!(folder.list().len(), listed.len());
}

#[test]
fn the_exchange_alone_prints_where_it_is_and_serves() {
    let exchange = Exchange::start(&["--listen", "127.0.0.1:0", "--seed", "5"]);
    has(&exchange.addresses, &["rest", "feed", "orders", "instruments", "client_id", "access_token"]);
    assert_eq!(exchange.addresses["rest"].as_str().unwrap().find("http://127.0.0.1:"), Some(0));
    assert_eq!(exchange.get("/orders"), json!([]));
    let funds = exchange.get("/fundlimit");
    assert_eq!(funds["dhanClientId"], exchange.addresses["client_id"]);
    assert_eq!(exchange.ask("/orders", "someone-else").0, 401);
    let listed = crate::program::http_get(exchange.addresses["instruments"].as_str().unwrap(), "");
    assert_eq!(listed.0, 200);
    for symbol in ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX"] {
        assert!(listed.1.contains(symbol), "{symbol} is not listed");
    }
    // Its port is taken: another says so.
    let port = exchange.addresses["rest"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap()
        .to_string();
    let folder = Folder::new();
    let refused = folder.run(&["exchange", "--listen", &port]).with(1);
    assert!(refused.err.contains(&port), "{refused:?}");
    // Windows asks a program only through its console, and this one has none of its own.
    #[cfg(unix)]
    assert_eq!(exchange.stop(), Some(0));
}
