//! The palette, and a screen that only looks.

use insta::assert_snapshot;

use super::press;
use crate::engine::Command;
use crate::tui::demo::{busy, empty, find, screen, text_of};
use crate::tui::key::Key;
use crate::tui::model::{Layer, Model, Screen};
use crate::tui::update::{Msg, Outgoing, update};

/// Types a word, a blank as Space.
fn typed(model: &mut Model, word: &str) {
    for c in word.chars() {
        let key = if c == ' ' { "Space".to_string() } else { c.to_string() };
        press(model, &key);
    }
}

fn said(model: &Model) -> String {
    model.toasts.last().map(|t| t.lines.concat()).unwrap_or_default()
}

#[test]
fn a_few_letters_lead_to_a_screen_an_action_and_a_strategy() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, ":");
    assert_snapshot!("palette_120x36", text_of(&mut model));
    typed(&mut model, "journ");
    assert_snapshot!("palette_typed_120x36", text_of(&mut model));
    press(&mut model, "Enter");
    assert_eq!((model.screen, model.layers.len()), (Screen::Journal, 0));

    press(&mut model, "1 Ctrl-p");
    typed(&mut model, "mark top");
    press(&mut model, "Enter");
    assert!(matches!(model.layers.last(), Some(Layer::Text(_))), "it asks how many");

    press(&mut model, "Esc :");
    typed(&mut model, "sensex butter");
    press(&mut model, "Enter");
    let id = model.view.strategies.iter().find(|s| s.name == "Iron Butterfly").unwrap().id;
    assert!(matches!(model.layers.last(), Some(Layer::Detail(page)) if page.id == id));
    let mut small = screen(&busy(), (80, 24));
    press(&mut small, ":");
    assert_snapshot!("palette_80x24", text_of(&mut small));
}

#[test]
fn what_cannot_be_done_here_says_why_and_is_not_done() {
    let mut model = screen(&empty(), (120, 36));
    press(&mut model, ":");
    typed(&mut model, "execute all");
    assert!(text_of(&mut model).contains("Nothing is marked"), "{}", text_of(&mut model));
    let out = press(&mut model, "Enter");
    assert!(out.is_empty() && said(&model).contains("Nothing is marked"), "{}", said(&model));
    press(&mut model, ":");
    typed(&mut model, "xyzzy");
    assert!(text_of(&mut model).contains("Nothing is called so."));
    assert_eq!(press(&mut model, "Enter"), []);
    assert!(model.layers.is_empty());
}

#[test]
fn a_dangerous_action_from_the_palette_still_has_its_card() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "F4 :");
    typed(&mut model, "close");
    assert_eq!(press(&mut model, "Enter"), []);
    assert!(matches!(model.layers.last(), Some(Layer::Confirm(_))), "{:?}", model.layers);
    // A held Enter chooses nothing.
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "F4 :");
    let held = Key { repeat: true, ..Key::press("Enter".parse().unwrap()) };
    assert_eq!(update(&mut model, Msg::Key(held)), []);
    assert!(matches!(model.layers.last(), Some(Layer::Text(_))));
}

#[test]
fn a_screen_that_only_looks_sends_nothing_but_a_halt_and_previews() {
    let mut model = screen(&busy(), (120, 36));
    model.read_only = true;
    let buf = crate::tui::demo::frame(&mut model, &crate::tui::demo::dark());
    assert!(find(&buf, " READ-ONLY ").is_some());
    let command = |out: &[Outgoing]| {
        out.iter().find_map(|o| match o {
            Outgoing::Send { command, .. } => Some(command.clone()),
            _ => None,
        })
    };
    for keys in ["Space", "+", "n", "t", "A", "L", "R", "r", "F4 x", "b", "4 x", "X", "7 a", "x", "B"] {
        let out = press(&mut model, keys);
        assert_eq!(command(&out), None, "{keys}");
        assert!(model.layers.is_empty(), "{keys} opened something");
    }
    // A preview is looked at; committing it is refused.
    let out = press(&mut model, "F2 E");
    assert!(matches!(command(&out), Some(Command::Preview { .. })), "{out:?}");
    assert_eq!(command(&press(&mut model, "y")), None);
    press(&mut model, "Esc 2 Esc");
    assert!(press(&mut model, "F12").contains(&Outgoing::Halt));
    assert_eq!(command(&press(&mut model, "F")), None);
    assert!(said(&model).contains("only looks"), "{}", said(&model));
    // Leaving is not an order.
    press(&mut model, "Esc Esc");
    let out = press(&mut model, "q y");
    assert!(out.contains(&Outgoing::Quit), "{out:?}");
}

#[test]
fn a_card_that_comes_while_letters_are_typed_is_not_answered_from_the_list() {
    use crate::tui::demo::{asking, scalping, show};
    let mut model = screen(&scalping(), (120, 36));
    press(&mut model, ":");
    show(&mut model, &asking());
    assert!(model.approval.is_some());
    for word in ["buy it", "decline", "halt", "quit"] {
        let mut model = model.clone();
        typed(&mut model, word);
        assert_eq!(press(&mut model, "Enter"), [], "{word}");
    }
}
