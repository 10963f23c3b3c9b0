//! The tables against the state they show, and against readers who will not let go.

use super::*;
use crate::domain::time::Timestamp;
use crate::domain::{Price, Product, SeenStatus, Side};
use crate::engine::record::Owner;
use crate::engine::record::{Profile, Record};
use crate::engine::state::{Stop, StopHow};
use crate::store::JournalOptions;
use crate::store::sample::{CONDOR, PUT_SPREAD, day, nine_fifteen, put, seen, spec, trade};
use rust_decimal_macros::dec;

fn journal(folder: &Path) -> Journal {
    Journal::open(folder, Profile::Paper, JournalOptions::default(), nine_fifteen()).unwrap().0
}

fn tables(folder: &Path) -> PathBuf {
    folder.join("strikedeck.db")
}

/// Every cell of one query, as a person would read it.
fn read(path: &Path, text: &str) -> Vec<String> {
    let db = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = db.prepare(text).unwrap();
    let columns = statement.column_count();
    let row = |r: &rusqlite::Row<'_>| {
        let cell = |n| match r.get::<_, rusqlite::types::Value>(n).unwrap() {
            rusqlite::types::Value::Null => "-".to_string(),
            rusqlite::types::Value::Integer(i) => i.to_string(),
            rusqlite::types::Value::Real(x) => x.to_string(),
            rusqlite::types::Value::Text(t) => t,
            rusqlite::types::Value::Blob(_) => "blob".to_string(),
        };
        Ok((0..columns).map(cell).collect::<Vec<_>>().join(" | "))
    };
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// All tables whole.
fn everything(path: &Path) -> Vec<String> {
    let names = read(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    names.iter().flat_map(|name| read(path, &format!("SELECT '{name}', * FROM {name}"))).collect()
}

/// The sample day, committed and projected.
fn projected(folder: &Path) -> (Journal, PathBuf) {
    let mut journal = journal(folder);
    let path = tables(folder);
    let projector = Projector::start(&path, &mut journal).unwrap();
    for record in day() {
        journal.append(&[record]).unwrap();
    }
    drop(projector);
    (journal, path)
}

#[test]
fn the_tables_say_what_the_state_says() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, path) = projected(folder.path());
    let state = journal.state();
    assert_eq!(read(&path, "SELECT last_seq, profile FROM meta"), [format!("{} | paper", journal.last_seq())]);
    let strategies: Vec<String> =
        state.strategies.values().map(|s| format!("{} | {} | {}", s.id, s.status, s.priority)).collect();
    assert_eq!(read(&path, "SELECT id, execution_status, execution_priority FROM strategies ORDER BY id"), strategies);
    let orders: Vec<String> = state
        .orders
        .values()
        .map(|o| format!("{} | {} | {} | {}", o.intent.id, o.state.as_str(), o.filled, o.value.0.normalize()))
        .collect();
    assert_eq!(read(&path, "SELECT intent_id, status, filled_quantity, value FROM orders ORDER BY 1"), orders);
    let lots: Vec<String> = state.lots.iter().map(|(k, l)| format!("{} | {}", k.contract, l.net)).collect();
    assert_eq!(read(&path, "SELECT contract, net_quantity FROM position_lots ORDER BY contract"), lots);
}

#[test]
fn a_strategy_reads_like_one_of_the_analyser() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, path) = projected(folder.path());
    let text = "SELECT stock_name, strategy_name, strategy_type, marked_for_execution, execution_notes, executed_at,
                       total_score, conviction_level, probability_of_profit, net_premium, spread_type, max_loss,
                       reported_max_loss, spot_price
                FROM strategies WHERE id = 118";
    let row = "NIFTY | Bull Put Spread | Directional | 0 | from the open | 2026-11-20T09:15:01.923+05:30 | \
               0.712 | HIGH | 0.71 | 1524.25 | NET_CREDIT | 4975.75 | unlimited | 26012.35";
    assert_eq!(read(&path, text), [row]);
    assert_eq!(
        read(
            &path,
            "SELECT leg, setup_type, option_type, strike_price, expiry_date, lots, lot_size, quantity, entry_price,
                    security_id FROM strategy_details WHERE strategy_id = 118"
        ),
        [
            "1 | SELL | PE | 25900 | 2026-11-24 | 1 | 65 | 65 | 84.5 | 35020",
            "2 | BUY | PE | 25800 | 2026-11-24 | 1 | 65 | 65 | 84.5 | 35018",
        ]
    );
}

#[test]
fn money_in_the_tables_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, path) = projected(folder.path());
    assert_eq!(read(&path, "SELECT average_price, value FROM orders WHERE intent_id = 1"), ["61.1692 | 3976"]);
    assert_eq!(
        read(&path, "SELECT fill_id, strategy_id, action, quantity, price FROM fills ORDER BY fill_id"),
        ["T1-25 | 118 | BUY | 25 | 61.2", "T1-40 | 118 | BUY | 40 | 61.15", "T2-65 | 118 | SELL | 65 | 84.25"]
    );
    assert_eq!(read(&path, "SELECT available, read_at FROM funds"), ["912345.67 | 2026-11-20T09:15:01.023+05:30"]);
    assert_eq!(
        read(&path, "SELECT contract, net_quantity, sell_average, security_id FROM positions"),
        ["NSE:NIFTY:2026-11-24:25900:PE | -65 | 84.25 | 35020"]
    );
}

#[test]
fn the_views_show_the_queue_and_what_became_of_each_leg() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    assert_eq!(read(&path, "SELECT id, execution_priority, total_score FROM v_execution_queue"), ["119 | 3 | 0.8"]);
    assert_eq!(
        read(
            &path,
            "SELECT strategy_id, leg, setup_type, quantity, filled_quantity, average_price_real, order_status
             FROM v_trade_execution ORDER BY strategy_id, leg"
        ),
        [
            "118 | 1 | SELL | 65 | 65 | 84.25 | filled",
            "118 | 2 | BUY | 65 | 65 | 61.16923076923077 | filled",
            "119 | 1 | SELL | 65 | 0 | - | -",
            "119 | 2 | BUY | 65 | 0 | - | -",
        ]
    );
    let projector = Projector::start(&path, &mut journal).unwrap();
    let retried = Record::StrategyMoved { id: PUT_SPREAD, to: crate::domain::StrategyStatus::Pending, reason: None };
    let marked =
        Record::StrategyMarked { id: PUT_SPREAD, priority: 3, notes: None, legs: vec![], expires: nine_fifteen() };
    journal.append(&[(nine_fifteen(), retried), (nine_fifteen(), marked)]).unwrap();
    drop(projector);
    assert_eq!(read(&path, "SELECT id FROM v_execution_queue"), ["119", "118"], "priority, then score");
}

#[test]
fn the_audit_names_who_asked_and_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, path) = projected(folder.path());
    let rows =
        read(&path, "SELECT event, origin, what, reason FROM audit_log WHERE command_id IS NOT NULL ORDER BY seq");
    let refused = "refused | - | execute 119 | max_open_lots: 62 of 60";
    assert_eq!(rows, ["asked | screen | mark 118 | -", "asked | shell | execute 118 | -", refused]);
}

#[test]
fn tables_built_step_by_step_equal_tables_built_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, path) = projected(folder.path());
    let other = folder.path().join("again.db");
    Projection::open(&other, &journal).unwrap().write().unwrap();
    assert_eq!(everything(&path), everything(&other));
}

/// What the sample day left open is left: the short put is bought back, with a stop that had moved; the long one was
/// sold elsewhere.
fn leaving() -> Vec<(Timestamp, Record)> {
    let (owner, product) = (Owner::Strategy(PUT_SPREAD), Product::Margin);
    let stop = |price| Some(Stop { trigger: Price(price), how: StopHow::Policy });
    let set = |stop| Record::StopSet { owner, contract: put(dec!(25900)), product, stop };
    let target = Some(Price(dec!(40)));
    let back = spec(dec!(25900), Side::Buy, dec!(80.00));
    let records = [
        set(stop(dec!(120))),
        set(stop(dec!(84.25))),
        Record::TargetSet { owner, contract: put(dec!(25900)), product, target },
        seen(3, back, SeenStatus::Filled, 65, Some(dec!(80.00))),
        Record::LotWrittenOff {
            owner,
            contract: put(dec!(25800)),
            product,
            quantity: None,
            reason: "the broker has none".into(),
        },
        // The trade book comes after the trade is over, and is exact.
        Record::TradesSeen { trades: vec![trade(3, back, 65, dec!(79.95))] },
    ];
    (0..).zip(records).map(|(n, r)| (crate::domain::time::after_ms(nine_fifteen(), 60_000 + n * 1_000), r)).collect()
}

#[test]
fn a_trade_runs_from_flat_to_flat_and_counts_what_it_cost() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let told =
        "SELECT strategy_id, state, side, quantity, open_quantity, entry_price, exit_price, hold_seconds, first_stop,
                       stop, target, gross, charges, net, exit_reason FROM trades WHERE contract LIKE '%25900%'";
    assert_eq!(
        read(&path, told),
        ["118 | open | SELL | 65 | -35 | 84.25 | 80 | - | - | - | - | - | 58.51 | - | closed by hand"]
    );
    let projector = Projector::start(&path, &mut journal).unwrap();
    journal.append(&leaving()[..4]).unwrap();
    assert!(projector.flush(Duration::from_secs(10)));
    // Of 5476.25 sold: 20 brokerage, 8 tax, 1.95 to the exchange, 0.01 to the regulator, 3.95 tax on these. Of 5200
    // bought: 20, 1.85, 0.01 and 3.93.
    assert_eq!(
        read(&path, told),
        ["118 | closed | SELL | 65 | 0 | 84.25 | 80 | 61 | 120 | 84.25 | 40 | 276.25 | 59.7 | 216.55 | closed by hand"]
    );
    assert_eq!(
        read(&path, "SELECT broker_answers FROM trades WHERE contract LIKE '%25900%'"),
        ["entry 11261120002: filled\nexit 11261120003: filled"]
    );
    let summed = "SELECT trading_day, trades, won, gross, charges, net FROM trading_sessions";
    assert_eq!(read(&path, summed), ["2026-11-20 | 1 | 1 | 276.25 | 59.7 | 216.55"]);
    assert_eq!(read(&path, "SELECT intent_id, trade_id FROM orders ORDER BY 1"), ["1 | 1", "2 | 2", "3 | 2"]);

    journal.append(&leaving()[4..]).unwrap();
    drop(projector);
    assert_eq!(read(&path, "SELECT gross FROM trades WHERE id = 2"), ["279.5"]);
    // At the last mark there is: none, so at what it cost.
    assert_eq!(
        read(&path, "SELECT state, exit_price, gross, exit_reason FROM trades WHERE id = 1"),
        ["closed elsewhere | 61.1692 | -0.002 | the broker has none"]
    );
    assert_eq!(read(&path, "SELECT trades, gross FROM trading_sessions"), ["2 | 279.498"]);
}

#[test]
fn what_is_sold_the_next_day_is_earned_on_that_day() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let next = |ms: i64| crate::domain::time::after_ms(nine_fifteen(), 86_400_000 + ms);
    let sell = spec(dec!(25800), Side::Sell, dec!(60));
    let owner = Owner::Strategy(PUT_SPREAD);
    let records = [
        Record::DayStarted { day: jiff::civil::date(2026, 11, 21) },
        Record::IntentMade {
            intent: crate::store::sample::intent(4, sell, next(0)),
            purpose: crate::engine::record::Purpose::Protect { owner },
        },
        seen(4, sell, SeenStatus::Filled, 65, Some(dec!(60))),
    ];
    let records: Vec<_> = (0..).zip(records).map(|(n, r)| (next(n), r)).collect();
    journal.append(&records).unwrap();
    Projection::open(&path, &journal).unwrap().write().unwrap();
    assert_eq!(
        read(&path, "SELECT trading_day, entry_at < '2026-11-21', exit_reason, gross FROM trades WHERE id = 1"),
        ["2026-11-21 | 1 | stop | -76"]
    );
    let days = "SELECT trading_day, trades, won FROM trading_sessions ORDER BY 1";
    assert_eq!(read(&path, days), ["2026-11-20 | 0 | 0", "2026-11-21 | 1 | 0"]);
}

#[test]
fn a_program_killed_after_every_record_arrives_at_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let path = tables(folder.path());
    for record in day().into_iter().chain(leaving()) {
        journal.append(&[record]).unwrap();
        Projection::open(&path, &journal).unwrap().write().unwrap();
    }
    let other = folder.path().join("again.db");
    Projection::open(&other, &journal).unwrap().write().unwrap();
    assert_eq!(everything(&path), everything(&other));
}

#[test]
fn a_start_writes_only_what_came_later() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    // A projector that was killed: records it never saw.
    let notes = Record::NotesSet { id: CONDOR, notes: "wait for the close".into() };
    journal.append(&[(nine_fifteen(), notes)]).unwrap();
    let mut projection = Projection::open(&path, &journal).unwrap();
    projection.db.execute("UPDATE strategies SET source = 'left alone' WHERE id = 118", []).unwrap();
    projection.write().unwrap();
    let rows = read(&path, "SELECT source, execution_notes FROM strategies ORDER BY id");
    assert_eq!(rows[0], "left alone | from the open");
    assert!(rows[1].ends_with("| wait for the close"));
    assert!(!projection.is_due() && !projection.is_behind());
}

#[test]
fn orders_of_days_gone_by_stay_in_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let projector = Projector::start(&path, &mut journal).unwrap();
    let tomorrow = Record::DayStarted { day: jiff::civil::date(2026, 11, 21) };
    journal.append(&[(nine_fifteen(), tomorrow)]).unwrap();
    assert!(journal.state().orders.len() < 3);
    drop(projector);
    assert_eq!(read(&path, "SELECT COUNT(*) FROM orders"), ["3"]);
    assert_eq!(read(&path, "SELECT filled_quantity FROM v_trade_execution WHERE strategy_id = 118"), ["65", "65"]);
    assert_eq!(
        read(&path, "SELECT trading_day, executions, intents FROM trading_sessions"),
        ["2026-11-20 | 1 | 3", "2026-11-21 | 0 | 0"]
    );
}

#[test]
fn tables_of_another_journal_are_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let (_first, path) = projected(folder.path());
    let other = tempfile::tempdir().unwrap();
    let second = journal(other.path());
    Projection::open(&path, &second).unwrap().write().unwrap();
    assert_eq!(read(&path, "SELECT COUNT(*) FROM strategies"), ["0"]);
    assert_eq!(read(&path, "SELECT prefix FROM meta"), [second.prefix()]);
}

#[test]
fn a_file_that_is_no_database_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    journal.append(&day()).unwrap();
    let path = tables(folder.path());
    std::fs::write(&path, "no database at all, but long enough to look at").unwrap();
    Projection::open(&path, &journal).unwrap().write().unwrap();
    assert_eq!(read(&path, "SELECT COUNT(*) FROM strategies"), ["2"]);
    assert!(path.with_extension("db.damaged").exists());
}

#[test]
fn a_reader_who_will_not_let_go_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let projector = Projector::start(&path, &mut journal).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM strategies;").unwrap();
    let notes = |text: &str| [(nine_fifteen(), Record::NotesSet { id: CONDOR, notes: text.into() })];
    journal.append(&notes("read me")).unwrap();
    assert!(projector.flush(Duration::from_secs(10)), "readers do not hold up the tables");
    let noted = "SELECT execution_notes FROM strategies WHERE id = 119";
    assert_eq!(read(&path, noted), ["read me"]);
    reader.execute_batch("COMMIT").unwrap();

    // A program that holds the write lock holds up the tables, never the journal.
    reader.execute_batch("BEGIN IMMEDIATE").unwrap();
    for n in 0..50 {
        journal.append(&notes(&format!("note {n}"))).unwrap();
    }
    assert!(!projector.flush(Duration::from_millis(1)));
    assert_eq!(read(&path, noted), ["read me"]);
    reader.execute_batch("ROLLBACK").unwrap();
    assert!(projector.flush(Duration::from_secs(10)));
    assert_eq!(read(&path, noted), ["note 49"]);
}

#[test]
fn marks_alone_do_not_keep_the_disk_busy() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let mut projection = Projection::open(&path, &journal).unwrap();
    let marks = |at: Timestamp| (at, Record::Marks { quotes: vec![] });
    let before = journal.last_seq();
    journal.append(&[marks(nine_fifteen())]).unwrap();
    journal
        .read(before, |e| {
            projection.take(&[e]);
            Ok(())
        })
        .unwrap();
    assert!(!projection.is_due() && projection.is_behind());
}

#[test]
fn alerts_outlive_the_making_of_the_tables() {
    use crate::engine::effect::AlertLevel;
    use crate::store::Inbox;
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let path = tables(folder.path());
    let told = "SELECT id, at, level, text, read_at FROM alerts ORDER BY id";
    {
        let mut projector = Projector::start(&path, &mut journal).unwrap();
        let mut inbox = Inbox::new(projector.take_alerts(), 2, Some(projector.alert_writer()));
        for text in ["forgotten", "read", "unread"] {
            inbox.take(AlertLevel::Critical, text.into(), nine_fifteen());
        }
        assert_eq!(inbox.read(Some(&[2]), nine_fifteen()), 1);
    }
    let at = "2026-11-20T09:15:00.123+05:30";
    let rows = [format!("2 | {at} | critical | read | {at}"), format!("3 | {at} | critical | unread | -")];
    assert_eq!(read(&path, told), rows);

    // Tables of an older form are built again; the inbox goes on.
    Connection::open(&path).unwrap().execute("UPDATE meta SET schema = 'older'", []).unwrap();
    let mut projector = Projector::start(&path, &mut journal).unwrap();
    let mut inbox = Inbox::new(projector.take_alerts(), 9, Some(projector.alert_writer()));
    assert_eq!((inbox.alerts().count(), inbox.unread()), (2, 1));
    inbox.take(AlertLevel::Info, "next".into(), nine_fifteen());
    drop(projector);
    assert_eq!(read(&path, told).last().unwrap(), &format!("4 | {at} | info | next | -"));
}

#[test]
fn stops_targets_and_rules_are_in_the_audit_with_their_numbers() {
    use crate::domain::{Bound, ExitRules, Money, RuleKind, RuleLevel};
    use crate::engine::state::Basis;
    use crate::store::sample::quote;
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let projector = Projector::start(&path, &mut journal).unwrap();
    let (owner, contract, product) = (Owner::Strategy(PUT_SPREAD), put(dec!(25900)), Product::Margin);
    let stop = |stop| Record::StopSet { owner, contract, product, stop };
    let at = |price, how| Some(Stop { trigger: Price(price), how });
    let target = |target: Option<Price>| Record::TargetSet { owner, contract, product, target };
    let rules = ExitRules {
        target_pct: Some(dec!(50)),
        stop: Some(Money(dec!(2000))),
        days_to_expiry: Some(1),
        ..ExitRules::default()
    };
    let basis = Basis {
        max_profit: Some(Bound::Limited(Money(dec!(1524.50)))),
        max_loss: Some(Bound::Unlimited),
        premium: Money(dec!(1524.50)),
        units: 1,
    };
    let fired = Record::RuleFired {
        id: PUT_SPREAD,
        rule: RuleKind::Target,
        level: RuleLevel::ProfitFrom(Money(dec!(762.25))),
        pnl: Some(Money(dec!(780.00))),
        days: None,
        delta: None,
        quotes: vec![(contract, quote(dec!(70.30), nine_fifteen()))],
    };
    let before = journal.last_seq();
    for record in [
        stop(at(dec!(126.75), StopHow::Policy)),
        stop(at(dec!(84.20), StopHow::Trailing { by: Price(dec!(10)) })),
        stop(None),
        target(Some(Price(dec!(42.10)))),
        target(None),
        Record::PlanMade { id: PUT_SPREAD, rules: Box::new(rules), basis },
        fired,
    ] {
        journal.append(&[(nine_fifteen(), record)]).unwrap();
    }
    drop(projector);
    let lines = read(
        &path,
        &format!("SELECT event, strategy_id, what, reason FROM audit_log WHERE seq > {before} ORDER BY seq"),
    );
    let name = "NSE:NIFTY:2026-11-24:25900:PE";
    assert_eq!(
        lines,
        [
            format!("stop set | 118 | {name}: none → 126.75 (policy) | -"),
            format!("stop set | 118 | {name}: 126.75 (policy) → 84.2 (trailing by 10) | -"),
            format!("stop set | 118 | {name}: 84.2 (trailing by 10) → none | -"),
            format!("target set | 118 | {name}: none → 42.1 | -"),
            format!("target set | 118 | {name}: 42.1 → none | -"),
            "rules in force | 118 | stop at -2000 or less, days to expiry with 1 days left, profit target at 762.25 | \
             largest profit 1524.5, largest loss unlimited, premium 1524.5"
                .to_string(),
            format!("rule fired | 118 | profit target at 762.25 | profit 780, {name} 70.2/70.4"),
        ]
    );
    // Built at once from the journal they say the same.
    let other = folder.path().join("again.db");
    Projection::open(&other, &journal).unwrap().write().unwrap();
    assert_eq!(everything(&path), everything(&other));
}

/// The first row of the audit log whose hash is not what it says, as somebody with a database tool would find it.
fn broken(path: &Path) -> Option<i64> {
    let db = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = db.prepare("SELECT * FROM audit_log ORDER BY seq").unwrap();
    let names: Vec<String> = statement.column_names().map(String::from).collect();
    let mut rows = statement.query([]).unwrap();
    let mut before = String::new();
    while let Some(row) = rows.next().unwrap() {
        let cell = |name: &String| match row.get::<_, rusqlite::types::Value>(name.as_str()).unwrap() {
            rusqlite::types::Value::Integer(n) => serde_json::Value::from(n),
            rusqlite::types::Value::Text(text) => text.into(),
            _ => serde_json::Value::Null,
        };
        // Empty columns are written by some rows and left out by others: both are empty.
        let cells = names.iter().filter(|n| *n != "hash").map(|n| (n.clone(), cell(n))).filter(|(_, v)| !v.is_null());
        let object = serde_json::Value::Object(cells.collect());
        before = super::audit_log::hash(&before, &object.to_string());
        if row.get::<_, String>("hash").unwrap() != before {
            return Some(row.get("seq").unwrap());
        }
    }
    None
}

#[test]
fn a_row_of_the_audit_log_cannot_be_changed_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let projector = Projector::start(&path, &mut journal).unwrap();
    journal.append(&leaving()).unwrap();
    drop(projector);
    assert_eq!(broken(&path), None);
    let tamper = |sql: &str| assert!(Connection::open(&path).unwrap().execute(sql, []).unwrap() > 0);
    let refused = read(&path, "SELECT seq FROM audit_log WHERE event = 'refused'");
    tamper("UPDATE audit_log SET reason = 'none' WHERE event = 'refused'");
    assert_eq!(broken(&path).map(|seq| seq.to_string()).as_ref(), refused.first());
    // What the journal says comes back with the next making.
    tamper("UPDATE meta SET schema = 'older'");
    Projection::open(&path, &journal).unwrap().write().unwrap();
    assert_eq!(broken(&path), None);
    tamper("DELETE FROM audit_log WHERE event = 'refused'");
    assert!(broken(&path).is_some(), "nor taken out");
}

#[test]
fn the_audit_log_has_what_changed_and_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let projector = Projector::start(&path, &mut journal).unwrap();
    journal.append(&leaving()).unwrap();
    let halted = Record::Halted { reason: "by hand".into() };
    journal.append(&[(nine_fifteen(), halted), (nine_fifteen(), Record::Armed)]).unwrap();
    drop(projector);
    let rows = |category: &str| {
        let columns = "event, strategy_id, intent_id, trade_id, value_before, value_after";
        read(&path, &format!("SELECT {columns} FROM audit_log WHERE category = '{category}' ORDER BY seq"))
    };
    assert_eq!(
        rows("protection"),
        [
            "stop set | 118 | - | 2 | none | 120 (policy)",
            "stop set | 118 | - | 2 | 120 (policy) | 84.25 (policy)",
            "target set | 118 | - | 2 | none | 40",
        ]
    );
    assert_eq!(
        rows("order")[..3],
        [
            "order decided | 118 | 1 | - | - | sent, 0 of 65 filled",
            "order seen | 118 | 1 | - | sent, 0 of 65 filled | working, 0 of 65 filled",
            "order seen | 118 | 1 | 1 | working, 0 of 65 filled | filled, 65 of 65 filled",
        ]
    );
    assert_eq!(rows("position"), ["exit started | 118 | - | 2 | - | -", "written off | 118 | - | 1 | - | -"]);
    assert_eq!(
        rows("risk"),
        [
            "halted | - | - | - | entries are allowed | halted: by hand",
            "armed | - | - | - | halted: by hand | entries are allowed",
        ]
    );
    assert_eq!(
        read(&path, "SELECT what FROM audit_log WHERE intent_id = 1 LIMIT 1"),
        ["BUY 65 NSE:NIFTY:2026-11-24:25800:PE, SD7K2M0000001"]
    );
}

#[test]
fn a_scalp_is_a_trade_of_its_signal() {
    use crate::domain::time::after_ms;
    use crate::domain::{Money, ScalpSetup, Signal, SignalId, SignalKey, SignalRefusal, Symbol};
    use crate::engine::state::{ScalpPlan, SignalFate, TradeState};
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, path) = projected(folder.path());
    let signal = |key: &str| Signal {
        setup: ScalpSetup::default().name,
        symbol: Symbol::new("NIFTY").unwrap(),
        side: Side::Sell,
        timeframe: "1m".into(),
        price: Price(dec!(26010.50)),
        at: nine_fifteen(),
        key: SignalKey(key.into()),
        source: "webhook".into(),
    };
    let see = |id, key: &str| Record::SignalSeen {
        id: SignalId(id),
        signal: Box::new(signal(key)),
        until: after_ms(nine_fifteen(), 30_000),
    };
    let underlying = crate::domain::Contract::index(crate::domain::Exchange::Nse, Symbol::new("NIFTY").unwrap());
    let plan = ScalpPlan::of(&ScalpSetup::default(), underlying, None, Some(after_ms(nine_fifteen(), 3_600_000)));
    let refused = SignalFate::Refused { why: SignalRefusal::Open, reason: "a trade is open".into() };
    let (buy, sell) = (spec(dec!(25700), Side::Buy, dec!(61)), spec(dec!(25700), Side::Sell, dec!(60)));
    let owner = Owner::Strategy(CONDOR);
    let records = [
        see(1, "a"),
        see(2, "b"),
        Record::SignalEnded { id: SignalId(1), fate: SignalFate::Traded { strategy: CONDOR } },
        Record::SignalEnded { id: SignalId(2), fate: refused },
        Record::ScalpOpened { id: CONDOR, signal: SignalId(1), plan: Box::new(plan) },
        Record::IntentMade {
            intent: crate::store::sample::intent(4, buy, nine_fifteen()),
            purpose: crate::engine::record::Purpose::Entry { strategy: CONDOR, leg: 0 },
        },
        seen(4, buy, SeenStatus::Filled, 65, Some(dec!(61))),
        Record::ScalpMoved { id: CONDOR, to: TradeState::SlPlaced },
        Record::IntentMade {
            intent: crate::store::sample::intent(5, sell, nine_fifteen()),
            purpose: crate::engine::record::Purpose::Exit { owner },
        },
        seen(5, sell, SeenStatus::Filled, 65, Some(dec!(60))),
        Record::ScalpClosed { id: CONDOR, reason: "target".into(), gross: Money(dec!(-65)), charges: Money(dec!(50)) },
        // The state forgets a scalp with its day, the tables do not.
        Record::DayStarted { day: jiff::civil::date(2026, 11, 21) },
    ];
    // One after another, as if the program had been killed in between.
    for (n, record) in (0..).zip(records) {
        journal.append(&[(after_ms(nine_fifteen(), 5_000 + n * 100), record)]).unwrap();
        Projection::open(&path, &journal).unwrap().write().unwrap();
    }
    assert_eq!(
        read(
            &path,
            "SELECT id, trading_day, setup, side, price, source, fate, refusal, reason, strategy_id FROM signals"
        ),
        [
            "1 | 2026-11-20 | SCALP_ATM | SELL | 26010.5 | webhook | traded | - | - | 119",
            "2 | 2026-11-20 | SCALP_ATM | SELL | 26010.5 | webhook | refused | open | a trade is open | -",
        ]
    );
    let trade =
        "SELECT setup, signal_id, scalp_state, state, gross, exit_reason FROM trades WHERE contract LIKE '%25700%'";
    assert_eq!(read(&path, trade), ["SCALP_ATM | 1 | EXITED | closed | -65 | target"]);
    assert_eq!(read(&path, "SELECT signals FROM trading_sessions ORDER BY trading_day"), ["2", "0"]);
    let moved = "SELECT trade_id, value_before, value_after FROM audit_log WHERE category = 'trade' ORDER BY seq";
    assert_eq!(read(&path, moved), ["- | - | PENDING", "4 | PENDING | SL_PLACED", "4 | SL_PLACED | EXITED"]);
    let other = folder.path().join("again.db");
    Projection::open(&other, &journal).unwrap().write().unwrap();
    assert_eq!(everything(&path), everything(&other));
}
