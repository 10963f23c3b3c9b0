//! The accounts screen: what is known without asking, and what the broker said when it was asked.

use std::sync::Arc;

use insta::assert_snapshot;

use super::{SIZES, ink, press};
use crate::domain::time::after_ms;
use crate::engine::Lane;
use crate::engine::record::Profile;
use crate::tui::demo::{dark, empty, frame, screen, text_of};
use crate::tui::model::Model;
use crate::tui::update::{Msg, Outgoing, update};
use crate::view::books::{Connection, Question, Told};
use crate::view::fixture::Desk;
use crate::view::{Quota, TokenHealth, WindowUse};

fn desk() -> Desk {
    let mut desk = empty();
    let window = |ms, used, limit, reserve| WindowUse { ms, used, limit, reserve };
    desk.health.quota = Quota {
        windows: vec![
            window(1_000, 2, 8, 2),
            window(60_000, 31, 240, 60),
            window(3_600_000, 800, 960, 240),
            window(86_400_000, 6_900, 6_900, 400),
        ],
        waiting: vec![(Lane::Exit, 0), (Lane::Cancel, 1), (Lane::Protection, 0), (Lane::Entry, 3)],
        in_flight: 2,
        unknown: 1,
        entries_paused_until: Some(after_ms(desk.now, 12_000)),
        ..Quota::default()
    };
    desk.health.token = TokenHealth {
        ends: Some(after_ms(desk.now, 5 * 3_600_000)),
        warn_ms: 3_600_000,
        remedy: "A new one is made by itself before it ends.".into(),
        ..TokenHealth::default()
    };
    desk
}

fn accounts(desk: &Desk, size: (u16, u16)) -> Model {
    let mut model = screen(desk, size);
    press(&mut model, "9");
    model
}

fn told(model: &mut Model, answer: Result<Connection, String>) {
    let answer = answer.map(|c| Told::Connection(Arc::new(c)));
    update(model, Msg::Told { question: Question::Connection, answer });
}

#[test]
fn the_account_at_every_size() {
    for size in SIZES {
        let mut model = accounts(&desk(), size);
        assert_snapshot!(format!("accounts_{}x{}", size.0, size.1), text_of(&mut model));
    }
    let mut model = accounts(&Desk::of(Profile::Live), (80, 24));
    assert_snapshot!("accounts_unknown_80x24", text_of(&mut model));
    press(&mut model, "End");
    assert!(text_of(&mut model).contains("t asks the broker"), "what does not fit is reached by scrolling");
}

#[test]
fn the_broker_is_asked_once_and_its_answer_stands_with_its_age() {
    let mut model = accounts(&desk(), (160, 45));
    assert_eq!(press(&mut model, "t"), [Outgoing::Ask(Question::Connection)]);
    assert!(text_of(&mut model).contains("Asking the broker"));
    assert_eq!(press(&mut model, "t"), [], "one question at a time");
    let connection = Connection {
        took_ms: 84,
        account: Some("4821".into()),
        token_ends: Some(after_ms(desk().now, 5 * 3_600_000)),
        segments: Some("E, D".into()),
        market_data: Some(false),
        clock_ahead_ms: Some(-2_400),
        addresses: vec!["primary 203.0.113.9".into()],
        seen_from: Some("198.51.100.7".into()),
        orders_taken: Some(false),
        addresses_unknown: None,
    };
    told(&mut model, Ok(connection));
    assert_snapshot!("accounts_tested_160x45", text_of(&mut model));
    let theme = dark();
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "REFUSED from here")), theme.down.fg);
    assert_eq!(Some(ink(&buf, "not subscribed")), theme.warn.fg);
    press(&mut model, "t");
    told(&mut model, Err("no answer within 5 s".into()));
    let text = text_of(&mut model);
    assert!(text.contains("Failed") && text.contains("no answer within 5 s") && text.contains("…4821"), "{text}");
}

#[test]
fn a_window_that_is_used_up_is_red_and_one_that_is_nearly_warns() {
    let theme = dark();
    let mut model = accounts(&desk(), (160, 45));
    let buf = frame(&mut model, &theme);
    let row = |words: &str| crate::tui::demo::find(&buf, words).unwrap_or_else(|| panic!("{words}"));
    let bar = |words: &str| buf[(row(words).0 + 15, row(words).1)].fg;
    assert_eq!(Some(bar("a day ")), theme.down.fg);
    assert_eq!(Some(bar("an hour ")), theme.warn.fg);
    assert_eq!(Some(bar("a second ")), theme.up.fg);
}
