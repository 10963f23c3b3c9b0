//! The cockpit at fixed sizes as text, and colours cell by cell where they carry a meaning.

mod account;
mod books;
pub(super) mod journal;
mod models;
mod order_book;
mod palette;
mod scalper;

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use rust_decimal_macros::dec;

use crate::domain::StrategyId;
use crate::engine::Reply;
use crate::engine::config::FailurePolicy;
use crate::engine::record::{Profile, Record};
use crate::tui::demo::{busy, dark, empty, find, frame, halted, preview, screen, show, text_of};
use crate::tui::key::Key;
use crate::tui::model::{Model, RequestId};
use crate::tui::theme::{SHIPPED, Symbols, Theme};
use crate::tui::update::{Msg, Outgoing, update};
use crate::view::fixture::Desk;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 36), (160, 45), (200, 60)];

fn press(model: &mut Model, keys: &str) -> Vec<Outgoing> {
    keys.split_whitespace()
        .flat_map(|k| {
            let now = model.now + 1_000;
            update(model, Msg::Tick(now));
            update(model, Msg::Key(Key::press(k.parse().unwrap())))
        })
        .collect()
}

fn answer(model: &mut Model, reply: Reply) {
    let request: RequestId = *model.requests.keys().next_back().unwrap();
    update(model, Msg::Reply { request, reply });
    let now = model.now + 400;
    update(model, Msg::Tick(now));
}

#[test]
fn cockpit_empty() {
    for size in SIZES {
        assert_snapshot!(format!("empty_{}x{}", size.0, size.1), text_of(&mut screen(&empty(), size)));
    }
}

#[test]
fn cockpit_busy() {
    for size in SIZES {
        assert_snapshot!(format!("busy_{}x{}", size.0, size.1), text_of(&mut screen(&busy(), size)));
    }
}

#[test]
fn cockpit_halted_with_its_card() {
    for size in SIZES {
        let mut model = screen(&busy(), size);
        press(&mut model, "F12");
        show(&mut model, &halted());
        let now = model.now + 500;
        update(&mut model, Msg::Tick(now));
        assert_snapshot!(format!("halted_{}x{}", size.0, size.1), text_of(&mut model));
    }
}

#[test]
fn every_pane_at_80x24() {
    for (key, name) in [("F3", "queue"), ("F4", "positions"), ("F5", "orders"), ("F6", "log")] {
        let mut model = screen(&busy(), (80, 24));
        press(&mut model, key);
        assert_snapshot!(format!("pane_{name}_80x24"), text_of(&mut model));
    }
}

#[test]
fn the_execution_card() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "E");
    let previews = vec![
        preview(&desk, StrategyId(3), &[]),
        preview(&desk, StrategyId(2), &["the day's loss of ₹24,100 leaves ₹900; this can lose ₹5,580"]),
    ];
    answer(&mut model, Reply::Previews { previews });
    assert_snapshot!("execute_120x36", text_of(&mut model));
}

#[test]
fn the_page_of_a_strategy_says_what_happens_when_a_leg_fails_where_it_has_a_policy_of_its_own() {
    let mut desk = busy();
    let page = |desk: &Desk| {
        let mut model = screen(desk, (120, 36));
        press(&mut model, "j j Enter");
        text_of(&mut model)
    };
    assert!(!page(&desk).contains("If a leg fails"));
    for id in 1..=20 {
        desk.record(Record::FailurePolicySet { id: StrategyId(id), policy: Some(FailurePolicy::Hold) });
    }
    let page = page(&desk);
    assert!(page.contains("If a leg fails") && page.contains("you decide (its own: hold)"), "{page}");
}

#[test]
fn details_help_and_dialogs() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "j j Enter");
    answer(&mut model, Reply::Previews { previews: vec![preview(&desk, StrategyId(3), &[])] });
    assert_snapshot!("detail_120x36", text_of(&mut model));
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "?");
    assert_snapshot!("help_120x36", text_of(&mut model));
    let mut model = screen(&desk, (80, 24));
    press(&mut model, "t");
    assert_snapshot!("mark_top_80x24", text_of(&mut model));
    let mut model = screen(&desk, (80, 24));
    press(&mut model, "q");
    let now = model.now + 400;
    update(&mut model, Msg::Tick(now));
    assert_snapshot!("quit_80x24", text_of(&mut model));
    let mut model = screen(&desk, (80, 24));
    press(&mut model, "/ b u l l");
    assert_snapshot!("filter_80x24", text_of(&mut model));
}

#[test]
fn the_brokers_exit_stands_in_the_frame_of_the_limits() {
    use crate::domain::{Money, PnlExit, SafeguardAsk, SafeguardTold};
    use crate::engine::Record;
    let mut desk = busy();
    let says = |desk: &Desk, words: &str| {
        let text = text_of(&mut screen(desk, (120, 36)));
        assert!(text.contains(words), "{words}:\n{text}");
    };
    says(&desk, "broker exits not set");
    let exit = PnlExit { loss: Money(rust_decimal_macros::dec!(25000)), ..PnlExit::default() };
    let ask = SafeguardAsk::SetExit(exit);
    desk.record(Record::SafeguardAsked { ask });
    says(&desk, "broker exits asked");
    desk.record(Record::SafeguardTold { told: SafeguardTold::Exit(Some(exit)) });
    says(&desk, "broker exits at ₹25,000");
    desk.record(Record::SafeguardFailed { ask, reason: "RMS: not today".into(), refused: true });
    says(&desk, "broker exits refused");
    desk.record(Record::SafeguardTold { told: SafeguardTold::Switch(true) });
    let told: Vec<String> = desk.view().standing.iter().map(|s| s.text.clone()).collect();
    for words in ["exit on loss is not set: RMS: not today.", "kill switch is set: it takes no order"] {
        assert!(told.iter().any(|t| t.contains(words)), "{words}: {told:?}");
    }
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "L");
    let now = model.now + 400;
    update(&mut model, Msg::Tick(now));
    assert_snapshot!("broker_exit_120x36", text_of(&mut model));
}

#[test]
fn too_small_is_said_in_one_sentence() {
    let mut model = screen(&halted(), (40, 10));
    let text = text_of(&mut model).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(text, "PAPER HALTED. The window is 40×10; the cockpit needs 60×16. F12 still halts.");
}

fn ground(buf: &Buffer, words: &str) -> Color {
    let at = find(buf, words).unwrap_or_else(|| panic!("`{words}` is not on the screen"));
    buf[at].bg
}

fn ink(buf: &Buffer, words: &str) -> Color {
    let at = find(buf, words).unwrap_or_else(|| panic!("`{words}` is not on the screen"));
    buf[at].fg
}

#[test]
fn paper_is_blue_live_is_red_halted_is_amber() {
    let theme = dark();
    let paper = frame(&mut screen(&busy(), (80, 24)), &theme);
    assert_eq!(Some(ground(&paper, " PAPER ")), theme.paper.bg);
    let live = frame(&mut screen(&Desk::of(Profile::Live), (80, 24)), &theme);
    assert_eq!(Some(ground(&live, " LIVE ")), theme.live.bg);
    assert!(find(&live, "PAPER").is_none());
    // The whole head line says it.
    assert!((0..80).all(|x| live[(x, 0)].bg != paper[(79, 0)].bg));
    let halted = frame(&mut screen(&halted(), (80, 24)), &theme);
    assert_eq!(Some(ground(&halted, " HALTED ")), theme.halted.bg);
}

#[test]
fn gains_and_losses_have_their_colour_and_their_sign() {
    let theme = dark();
    let buf = frame(&mut screen(&busy(), (200, 60)), &theme);
    assert_eq!(Some(ink(&buf, "+₹1,582.75")), theme.up.fg);
    assert_eq!(Some(ink(&buf, "−₹230.75")), theme.down.fg);
    assert_eq!(Some(ink(&buf, "▲0.42%")), theme.up.fg);
    assert_eq!(Some(ink(&buf, "▼0.11%")), theme.down.fg);
}

#[test]
fn an_unknown_profit_is_a_dash_not_a_zero() {
    let mut desk = Desk::new();
    desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
    let mut model = screen(&desk, (120, 36));
    let text = text_of(&mut model);
    assert!(text.contains("Day —") && !text.contains("₹0.00"), "{text}");
}

#[test]
fn a_link_that_is_down_is_red_and_says_so() {
    let theme = dark();
    let mut desk = busy();
    desk.record(Record::OrderLink { up: false });
    let buf = frame(&mut screen(&desk, (200, 60)), &theme);
    assert_eq!(Some(ink(&buf, "○ down")), theme.down.fg);
    assert!(find(&buf, "Order updates down").is_some());
}

#[test]
fn what_stands_behind_a_card_is_faint() {
    let theme = dark();
    let mut model = screen(&busy(), (160, 45));
    press(&mut model, "F12");
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "Execution queue")), theme.faint.fg);
    assert_eq!(Some(ground(&buf, "  HALTING")), theme.live.bg);
}

#[test]
fn a_price_that_is_old_is_dimmed_and_shows_its_age() {
    let theme = dark();
    let mut desk = busy();
    desk.advance(25_000);
    desk.read();
    let buf = frame(&mut screen(&desk, (200, 60)), &theme);
    assert_eq!(Some(ink(&buf, "25s")), theme.warn.fg);
    assert_eq!(Some(ink(&buf, "25,944.35")), theme.faint.fg);
}

#[test]
fn every_theme_and_plain_signs_can_draw_everything() {
    for (name, _) in SHIPPED {
        for symbols in [Symbols::UNICODE, Symbols::PLAIN] {
            let theme = Theme { symbols, ..Theme::named(name).unwrap() };
            for size in SIZES {
                let buf = frame(&mut screen(&busy(), size), &theme);
                assert!(find(&buf, " PAPER ").is_some());
            }
        }
    }
}

#[test]
fn no_figure_is_cut_at_any_width() {
    let whole = ["₹1,37,600", "+₹1,846.00", "25,944.35", "₹18,250", "₹2,62,400"];
    for width in 60..210 {
        let mut model = screen(&busy(), (width, 40));
        let text = text_of(&mut model);
        for figure in whole {
            let digits = figure.trim_start_matches(['+', '₹']);
            let beginning: String = digits.chars().take(digits.chars().count() - 1).collect();
            let cut = text.split_whitespace().any(|w| w.trim_start_matches(['+', '−', '₹']) == beginning);
            assert!(!cut, "{figure} is cut at {width}:\n{text}");
        }
    }
}

#[test]
fn with_plain_symbols_every_pane_and_card_is_ascii() {
    use crate::tui::looks::{Colours, SymbolSet};
    let theme = Theme::named("ansi16").unwrap().fitted(Colours::Sixteen, SymbolSet::Plain);
    for keys in ["", "?", "F3 Enter", "F12"] {
        let mut model = screen(&busy(), (120, 36));
        press(&mut model, keys);
        let mut buf = frame(&mut model, &theme);
        let marks = crate::tui::demo::lines_of(&buf);
        assert!(!marks.contains('▰') && !marks.contains('◆') && !marks.contains('⣀'), "{keys}\n{marks}");
        crate::tui::ascii::only(&mut buf);
        let text = crate::tui::demo::lines_of(&buf);
        assert!(text.is_ascii(), "{keys}");
        assert!(text.contains("PAPER") && text.contains("+-"), "{keys}\n{text}");
        // A question mark stands for what has no likeness: only where the program itself writes one may it stand.
        let lost = text.matches('?').count() - marks.matches('?').count();
        assert_eq!(lost, 0, "{keys}: a sign of ours has no likeness in ASCII\n{text}");
    }
}
