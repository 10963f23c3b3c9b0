//! The halt card: what is open at the broker, what flattening would send and in which order, and the key for it, which
//! is not the one that opened the card.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, words};
use crate::domain::time::{ist, ms_between};
use crate::engine::state::Safeguard;
use crate::tui::keymap::Action;
use crate::tui::model::KillCard;
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;
use crate::tui::widgets::card::{Card, fade};
use crate::tui::widgets::table::{self, Column, Row};
use crate::tui::widgets::text;
use crate::view::{ClosePlan, CloseRow, View, format};

const WIDTH: u16 = 82;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, card: &KillCard) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let view = &model.view;
    let title = title(view, card);
    let width = Card::inner_width(area, WIDTH);
    let mut body = Vec::new();
    opening(view, card, theme, &mut body);
    list(&view.safety.close, card, width, theme, &mut body);
    summary(view, card, width, theme, &mut body);
    fade(buf, area, theme);
    let foot = foot(scene, card);
    Card { title, frame: theme.live, body, foot, scroll: card.scroll, width: WIDTH }.render(buf, area, theme)
}

fn title(view: &View, card: &KillCard) -> String {
    let safety = &view.safety;
    match (&safety.flatten, &safety.halt) {
        (Some(flatten), _) => {
            format!("FLATTENING since {}", ist(flatten.started_at).strftime("%H:%M:%S"))
        }
        (None, Some(_)) if card.sent && safety.close.rows(card.include_foreign).next().is_none() => {
            "FLAT · HALTED".to_string()
        }
        (None, Some(halt)) => format!("HALTED {}", ist(halt.since).strftime("%H:%M:%S")),
        (None, None) => "HALTING …".to_string(),
    }
}

fn opening(view: &View, card: &KillCard, theme: &Theme, body: &mut Vec<Line<'static>>) {
    if let Some(flatten) = view.safety.flatten {
        let since = format::left(ms_between(flatten.started_at, view.now));
        let words = format!("Exiting everything listed, for {since}. It goes on until the broker says flat.");
        body.push(Line::styled(words, theme.warn));
    } else {
        let entries = view.working.iter().filter(|o| o.origin.is_entry()).count();
        let words = match entries {
            0 if card.halted => "No new entries. No entry is working.".to_string(),
            0 => "Halting: no new entries from here on.".to_string(),
            n => format!("No new entries. Being cancelled: {}.", format::count(n, "entry order")),
        };
        body.push(Line::styled(words, theme.warn));
        if !card.sent {
            body.push(Line::styled("Positions stay as they are.", theme.text));
        }
    }
    if let Safeguard::Set(()) = view.safety.broker_switch {
        body.push(Line::styled("The broker's own kill switch is set: arming lifts it.", theme.warn));
    }
    body.push(Line::default());
}

fn list(close: &ClosePlan, card: &KillCard, width: u16, theme: &Theme, body: &mut Vec<Line<'static>>) {
    let read = match close.age_ms {
        Some(ms) => format!("(read {} ago)", format::age(ms)),
        None => "(not read yet)".to_string(),
    };
    let words = if close.ours.is_empty() { "NOTHING OF OURS IS OPEN" } else { "OPEN AT THE BROKER" };
    let style = if close.ours.is_empty() { theme.up } else { theme.bright };
    body.push(Line::from(vec![Span::styled(words, style), Span::styled(format!("  {read}"), theme.dim)]));
    table(&close.ours, true, width, theme, body);
    if !close.settled && close.age_ms.is_some() && !close.ours.is_empty() {
        body.push(Line::styled("Something has changed since that read; the next one is on its way.", theme.dim));
    }
    if !close.foreign.is_empty() {
        body.push(Line::default());
        let goes = card.include_foreign;
        let words = if goes { "NOT OURS, will be closed too" } else { "NOT OURS, left alone" };
        body.push(Line::styled(words, if goes { theme.warn } else { theme.dim }));
        table(&close.foreign, goes, width, theme, body);
    }
    body.push(Line::default());
}

const COLUMNS: &[Column] = &[
    Column::word("Contract", 0, 14),
    Column::number("Open", 0, 6),
    Column::word("To close", 0, 8),
    Column::word("Goes", 1, 7),
    Column::word("Product", 2, 6),
];

/// The rows without titles where the rows say enough.
fn table(rows: &[CloseRow], goes: bool, width: u16, theme: &Theme, body: &mut Vec<Line<'static>>) {
    let rows: Vec<Row<'_>> = rows.iter().map(|r| row(r, goes, theme)).collect();
    let lines = table::lines(COLUMNS, &rows, width, theme);
    body.extend(lines.into_iter().skip(usize::from(rows.is_empty() || !goes)));
}

fn row(r: &CloseRow, goes: bool, theme: &Theme) -> Row<'static> {
    let style = if goes { theme.text } else { theme.dim };
    let sliced = if r.slices > 1 { format!(" in {}", r.slices) } else { String::new() };
    let order =
        if goes { format!("{} {}{sliced}", words::side_word(r.side), r.quantity) } else { "left alone".to_string() };
    let turn = match (goes, r.exiting, r.turn) {
        (false, ..) => "",
        (true, true, _) => "exiting",
        (true, false, 1) => "1st",
        (true, false, _) => "2nd",
    };
    let cells = vec![
        words::cell(format::contract(&r.contract), style),
        words::net(r.net, theme),
        words::cell(order, style),
        words::cell(turn, theme.dim),
        words::cell(r.product.as_str(), theme.dim),
    ];
    Row { cells, ..Row::default() }
}

fn summary(view: &View, card: &KillCard, width: u16, theme: &Theme, body: &mut Vec<Line<'static>>) {
    let close = &view.safety.close;
    let rows = close.rows(card.include_foreign).count();
    if rows > 0 {
        let orders = usize::try_from(close.orders(card.include_foreign)).unwrap_or(usize::MAX);
        let mut words = format!("{} to exit, {}", format::count(rows, "position"), format::count(orders, "order"));
        if close.to_cancel > 0 {
            let _ = write!(words, "; before that {} to cancel", format::count(close.to_cancel, "order"));
        }
        words.push_str(". Shorts go first.");
        body.extend(text::wrapped(&words, width, "", theme.text));
    }
    let mut spans = vec![Span::styled("Day P&L now ", theme.dim), words::pnl(view.header.pnl.net, theme)];
    if rows > 0 {
        spans.push(Span::styled("   cost of exiting at the touch ≈ ", theme.dim));
        spans.push(words::pnl(close.cost(card.include_foreign), theme));
    }
    body.push(Line::from(spans));
}

fn foot(scene: &Scene<'_>, card: &KillCard) -> Vec<Line<'static>> {
    let (model, theme) = (scene.model, scene.theme);
    let view = &model.view;
    let key = |action| model.keymap.key(action);
    let hint = |action, label: &str| words::key_hint(&key(action), label, theme);
    let mut first = Vec::new();
    let flattening = view.safety.flatten.is_some();
    if flattening {
        first.push(Span::styled("flattening …", theme.warn));
    } else if card.sent {
        let done = view.safety.close.rows(card.include_foreign).next().is_none();
        let words = if done { "Nothing is open. Entries stay off until you arm." } else { "asked to flatten …" };
        first.push(Span::styled(words, theme.text));
    } else if card.is_armed(model.now) {
        first.push(Span::styled(format!("  {}  ", key(Action::Flatten)), theme.danger_key));
        first.push(Span::styled(" FLATTEN everything above", theme.bright));
        if !view.safety.close.foreign.is_empty() {
            first.push(Span::raw("      "));
            let label = if card.include_foreign { "leave foreign alone" } else { "include foreign" };
            first.extend(hint(Action::IncludeForeign, label));
        }
    } else {
        first.push(Span::styled("one moment …", theme.dim));
    }
    let leave = if flattening || card.sent { "close this card, stay halted" } else { "stay halted, keep positions" };
    let mut second = hint(Action::Back, leave);
    if !flattening {
        second.push(Span::raw("      "));
        second.extend(hint(Action::Arm, &format!("type {}: allow entries again", view.safety.arm_word)));
    }
    let third = format!("{} halts from anywhere; here it does nothing more.", key(Action::Halt));
    vec![Line::default(), Line::from(first), Line::from(second), Line::styled(third, theme.faint)]
}
