//! The signals pane and the card of a signal that waits, as text, with the colours that carry a meaning.

use insta::assert_snapshot;

use super::{ink, press};
use crate::engine::record::Record;
use crate::tui::demo::{asking, dark, empty, find, frame, scalping, screen, show, text_of};
use crate::view::{WebhookDoor, WebhookHealth, WebhookRefusal};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

fn open_webhook() -> WebhookHealth {
    let refusal = WebhookRefusal {
        at: crate::view::fixture::Desk::new().now,
        source: [203, 0, 113, 9].into(),
        status: 401,
        reason: "the secret is wrong".into(),
    };
    WebhookHealth {
        door: WebhookDoor::Open(([127, 0, 0, 1], 8_750).into()),
        counts: [("accepted", 6), ("duplicate", 1), ("wrong_secret", 2), ("malformed", 1)].into(),
        refusals: vec![refusal],
    }
}

#[test]
fn without_signals_the_pane_says_what_to_do() {
    for size in SIZES {
        let mut model = screen(&empty(), size);
        press(&mut model, "7");
        assert_snapshot!(format!("signals_empty_{}x{}", size.0, size.1), text_of(&mut model));
    }
}

#[test]
fn the_scalper_at_work() {
    for size in SIZES {
        let mut desk = scalping();
        desk.health.webhook = Some(open_webhook());
        let mut model = screen(&desk, size);
        press(&mut model, "7 j j j");
        assert_snapshot!(format!("signals_busy_{}x{}", size.0, size.1), text_of(&mut model));
    }
}

#[test]
fn a_signal_that_waits_shows_its_card_by_itself() {
    for size in SIZES {
        let mut model = screen(&asking(), size);
        assert_snapshot!(format!("signals_asking_{}x{}", size.0, size.1), text_of(&mut model));
    }
}

#[test]
fn halted_the_pane_says_that_nothing_is_entered() {
    for size in SIZES {
        let mut desk = scalping();
        desk.record(Record::Halted { reason: "kill switch".into() });
        let mut model = screen(&desk, size);
        press(&mut model, "7");
        assert_snapshot!(format!("signals_halted_{}x{}", size.0, size.1), text_of(&mut model));
    }
}

#[test]
fn what_is_being_typed_keeps_the_screen() {
    let mut model = screen(&scalping(), (80, 24));
    press(&mut model, "7 j j j b");
    show(&mut model, &asking());
    let text = text_of(&mut model);
    assert!(text.contains("A signal waits for you, 16s: 2 lots NIFTY 23 Nov 25,950 CE"), "{text}");
    assert!(!text.contains("buy it"), "{text}");
}

#[test]
fn arming_is_asked_with_what_it_may_do() {
    let mut model = screen(&scalping(), (80, 24));
    press(&mut model, "7 j j a");
    let now = model.now + 400;
    crate::tui::update::update(&mut model, crate::tui::update::Msg::Tick(now));
    assert_snapshot!("arm_set_up_80x24", text_of(&mut model));
}

#[test]
fn a_scalp_without_its_stop_is_not_green() {
    let theme = dark();
    let mut model = screen(&scalping(), (200, 60));
    press(&mut model, "7");
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "TRADED")), theme.warn.fg);
    assert_eq!(Some(ink(&buf, "SL_PLACED")), theme.up.fg);
    assert_eq!(Some(ink(&buf, "● armed")), theme.up.fg);
    assert_eq!(Some(ink(&buf, "○ paused")), theme.dim.fg);
    assert_eq!(Some(ink(&buf, "not approved")), theme.warn.fg);
}

#[test]
fn the_last_seconds_are_red_and_the_key_is_marked() {
    let theme = dark();
    let mut model = screen(&asking(), (120, 36));
    let buf = frame(&mut model, &theme);
    let key = find(&buf, " o  buy it").unwrap();
    assert_eq!(Some(buf[(key.0 + 1, key.1)].bg), theme.danger_key.bg);
    assert_eq!(Some(ink(&buf, "  14s")), theme.warn.fg);
    let now = model.now + 10_000;
    crate::tui::update::update(&mut model, crate::tui::update::Msg::Tick(now));
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "   4s")), theme.down.fg);
}

#[test]
fn every_width_draws_the_pane_without_cutting_a_figure() {
    for width in 60..210 {
        let mut model = screen(&scalping(), (width, 40));
        press(&mut model, "7");
        let text = text_of(&mut model);
        assert!(text.contains("+₹425.75") && text.contains("21.55"), "at {width}:\n{text}");
    }
}
