//! The audit trail, the inbox and the log with the whole screen.

use std::sync::Arc;

use insta::assert_snapshot;

use super::{SIZES, ink, press};
use crate::domain::time::after_ms;
use crate::domain::{AuditRecord, IntentId, StrategyId};
use crate::engine::effect::AlertLevel;
use crate::tui::demo::{busy, dark, empty, frame, screen, text_of};
use crate::tui::model::{Model, Pane};
use crate::tui::update::{LogMove, Msg, Outgoing, update};
use crate::view::books::{AlertRow, Question, Told};

fn record(seq: u64, category: &str, event: &str, what: &str) -> AuditRecord {
    AuditRecord {
        seq,
        at: after_ms(busy().now, i64::try_from(seq).unwrap() * 1_000 - 60_000),
        category: category.into(),
        event: event.into(),
        what: what.into(),
        command: None,
        origin: None,
        strategy: None,
        intent: None,
        trade: None,
        before: None,
        after: None,
        reason: None,
    }
}

fn trail() -> Vec<AuditRecord> {
    let asked = AuditRecord {
        command: Some(31),
        origin: Some("screen".into()),
        ..record(7, "command", "asked", "{\"execute\":{\"ids\":[12]}}")
    };
    let refused = AuditRecord {
        command: Some(30),
        reason: Some("the day's loss of ₹24,100 leaves ₹900; this can lose ₹5,580".into()),
        ..record(6, "command", "refused", "execute")
    };
    let order = AuditRecord {
        strategy: Some(StrategyId(12)),
        intent: Some(IntentId(10)),
        trade: Some(10),
        before: Some("working, 0 of 65".into()),
        after: Some("working, 30 of 65".into()),
        ..record(9, "order", "order seen", "BUY 65 NSE:NIFTY:2026-11-23:26300:CE")
    };
    let halted =
        AuditRecord { reason: Some("halted by the trader".into()), ..record(8, "risk", "halted", "no entries") };
    vec![order, halted, asked, refused]
}

fn audit(records: Vec<AuditRecord>, size: (u16, u16)) -> Model {
    let mut model = screen(&busy(), size);
    assert_eq!(press(&mut model, "F8"), [Outgoing::Ask(Question::Audit)]);
    update(&mut model, Msg::Told { question: Question::Audit, answer: Ok(Told::Audit(Arc::new(records))) });
    model
}

#[test]
fn the_trail_at_every_size() {
    for size in SIZES {
        let mut model = audit(trail(), size);
        assert_snapshot!(format!("audit_{}x{}", size.0, size.1), text_of(&mut model));
    }
    let mut model = audit(Vec::new(), (80, 24));
    assert!(text_of(&mut model).contains("Nothing has been asked or done yet."));
}

#[test]
fn the_trail_is_narrowed_while_words_are_typed_and_whole_again_on_escape() {
    let mut model = audit(trail(), (120, 36));
    press(&mut model, "/ l o s s");
    assert_eq!(model.audit.rows, [3], "only the refusal speaks of a loss");
    press(&mut model, "Esc");
    assert_eq!((model.audit.rows.len(), model.audit.filter.as_str()), (4, ""));
    press(&mut model, "/ # 1 2 Enter");
    assert_eq!((model.audit.rows.as_slice(), model.layers.len()), (&[0][..], 0));
    assert!(text_of(&mut model).contains("working, 0 of 65 → working, 30 of 65"), "{}", text_of(&mut model));
    press(&mut model, "Esc");
    assert_eq!(model.audit.rows.len(), 4, "in the list Esc clears the filter");
}

#[test]
fn what_was_refused_and_what_was_stopped_stand_out() {
    let theme = dark();
    let mut model = audit(trail(), (160, 45));
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "refused")), theme.warn.fg);
    assert_eq!(Some(ink(&buf, "halted ")), theme.down.fg);
}

fn alerts() -> Vec<AlertRow> {
    let row = |id: u64, level, text: &str, read| AlertRow { id, at: busy().now, level, text: text.into(), read };
    vec![
        row(3, AlertLevel::Critical, "#12 NIFTY Iron Condor: leg 2 was refused. Held: continue or unwind it.", false),
        row(2, AlertLevel::Warning, "the order link was down for 4 s", false),
        row(1, AlertLevel::Info, "#10 NIFTY Iron Condor: executed, 4 legs filled.", true),
    ]
}

fn inbox(rows: Vec<AlertRow>, size: (u16, u16)) -> Model {
    let mut model = screen(&busy(), size);
    assert_eq!(press(&mut model, "F7"), [Outgoing::Ask(Question::Inbox)]);
    update(&mut model, Msg::Told { question: Question::Inbox, answer: Ok(Told::Inbox(Arc::new(rows))) });
    model
}

#[test]
fn the_inbox_at_every_size() {
    for size in SIZES {
        let mut model = inbox(alerts(), size);
        assert_snapshot!(format!("alerts_{}x{}", size.0, size.1), text_of(&mut model));
    }
    let mut model = inbox(Vec::new(), (80, 24));
    assert!(text_of(&mut model).contains("No alert yet"));
}

#[test]
fn an_alert_is_marked_as_read_by_its_number() {
    let mut model = inbox(alerts(), (80, 24));
    assert_eq!(press(&mut model, "j Enter"), [Outgoing::Ask(Question::Read(Some(2)))]);
    assert_eq!(press(&mut model, "m"), [Outgoing::Ask(Question::Read(None))]);
    assert_eq!(press(&mut model, "End Enter"), [], "it is read already");
}

#[test]
fn the_cursor_stays_on_its_alert_when_a_newer_one_comes() {
    let mut model = inbox(alerts(), (80, 24));
    press(&mut model, "j");
    assert_eq!(model.alert_at_hand().map(|a| a.id), Some(2));
    let newer = AlertRow { id: 4, ..alerts()[0].clone() };
    let rows = [vec![newer], alerts()].concat();
    update(&mut model, Msg::Told { question: Question::Inbox, answer: Ok(Told::Inbox(Arc::new(rows))) });
    assert_eq!((model.alert_at_hand().map(|a| a.id), model.inbox.index()), (Some(2), 2));
}

#[test]
fn what_the_screen_said_is_kept() {
    let mut model = screen(&empty(), (80, 24));
    press(&mut model, "E x");
    press(&mut model, "F7 Tab");
    assert_eq!(model.focus, Pane::Messages);
    let text = text_of(&mut model);
    assert!(text.contains("Nothing is marked") && text.contains("refused"), "{text}");
    for _ in 0..300 {
        press(&mut model, "1 E F7");
    }
    assert!(model.said.len() <= 200);
}

#[test]
fn the_log_has_its_parts_beside_it() {
    for size in [(80, 24), (160, 45)] {
        let mut model = screen(&empty(), size);
        press(&mut model, "F9");
        assert_snapshot!(format!("logs_{}x{}", size.0, size.1), text_of(&mut model));
    }
    let mut model = screen(&empty(), (120, 36));
    let moves = press(&mut model, "F9 Tab j Right Left k");
    let expected = [LogMove::TargetDown, LogMove::More, LogMove::Less, LogMove::TargetUp];
    assert_eq!(moves, expected.map(Outgoing::Log));
}
