//! The orders screen: its panes at every size, busy and empty, and what can be done there.

use insta::assert_snapshot;

use super::{SIZES, ink, press};
use crate::engine::Command;
use crate::engine::command::StopWish;
use crate::tui::demo::{busy, dark, empty, frame, scalping, screen, text_of};
use crate::tui::model::{Model, Pane};
use crate::tui::update::Outgoing;

fn sent(out: &[Outgoing]) -> Vec<Command> {
    let command = |o: &Outgoing| match o {
        Outgoing::Send { command, .. } => Some(command.clone()),
        _ => None,
    };
    out.iter().filter_map(command).collect()
}

/// What the newest message says.
fn said(model: &Model) -> String {
    model.toasts.last().map(|t| t.lines.join("\n")).unwrap_or_default()
}

#[test]
fn orders_at_every_size() {
    for size in SIZES {
        for (keys, name) in [("4", "working"), ("4 Tab", "all"), ("4 Tab Tab", "trades")] {
            let mut model = screen(&busy(), size);
            press(&mut model, keys);
            assert_snapshot!(format!("orders_{name}_{}x{}", size.0, size.1), text_of(&mut model));
        }
    }
    let mut model = screen(&empty(), (80, 24));
    press(&mut model, "4");
    assert_snapshot!("orders_empty_80x24", text_of(&mut model));
}

#[test]
fn cancelling_all_entries_asks_first_and_is_disarmed_when_they_change() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    assert_eq!(sent(&press(&mut model, "4 X")), []);
    assert_snapshot!("cancel_entries_120x36", text_of(&mut model));
    assert_eq!(sent(&press(&mut model, "y y")), [Command::CancelEntries]);
    let mut model = screen(&empty(), (120, 36));
    assert_eq!(sent(&press(&mut model, "4 X y")), []);
    assert!(said(&model).contains("No entry is working"), "{}", said(&model));
}

#[test]
fn a_stop_is_moved_where_it_rests_and_an_entry_says_why_not() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "4 b");
    assert!(
        model.layers.is_empty() && said(&model).contains("steps the price of an entry by itself"),
        "{}",
        said(&model)
    );
    press(&mut model, "Tab End x");
    assert!(model.layers.is_empty() && said(&model).contains("already"), "{}", said(&model));
    let desk = scalping();
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "4");
    let held = desk.state.scalper.open.iter().copied().next().unwrap();
    let stops = model.view.working.iter().filter(|o| matches!(o.origin, crate::view::OrderOrigin::Stop { .. }));
    if stops.count() > 0 {
        let out = press(&mut model, "Home b 4 0 0 Enter");
        let Some(Command::SetStop { id, leg, stop }) = sent(&out).pop() else { panic!("{out:?}") };
        assert_eq!((id, leg.is_some()), (held, true));
        assert!(matches!(stop, StopWish::At { .. }), "{stop:?}");
    }
}

#[test]
fn an_order_without_an_answer_stands_out() {
    let theme = dark();
    let mut model = screen(&busy(), (160, 45));
    press(&mut model, "4");
    assert_eq!(model.focus, Pane::Orders);
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "unknown  ")), theme.warn.fg);
}
