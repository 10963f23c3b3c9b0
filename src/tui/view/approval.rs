//! The card of a signal that waits for the trader: what would be bought, what it risks, how long there is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Scene, header, words};
use crate::domain::{Money, Price};
use crate::tui::keymap::{Action, Context};
use crate::tui::model::ApprovalCard;
use crate::tui::theme::Theme;
use crate::tui::widgets::card::{Card, fade};
use crate::tui::widgets::text;
use crate::view::{Asked, SignalRow, format};

const WIDTH: u16 = 62;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, card: &ApprovalCard) {
    let (model, theme) = (scene.model, scene.theme);
    let Some(signal) = model.view.signals.signal(card.signal) else { return };
    let Some(asked) = signal.asks() else { return };
    // What is being typed keeps the screen and the keys; the signal is only told of.
    if model.context() == Context::Text {
        return line(scene, buf, area, card, asked);
    }
    let width = Card::inner_width(area, WIDTH);
    let mut body = question(signal, asked, width, theme);
    body.push(Line::default());
    body.push(countdown(card, asked, model.now, width, theme));
    let behind = model.view.signals.asking().count().saturating_sub(1);
    if behind > 0 {
        let words = format!("Behind this one: {}.", format::count(behind, "signal"));
        body.push(Line::styled(words, theme.dim));
    }
    let title =
        format!("{} {}? {} {}", signal.side, signal.symbol, asked.lots_word(), format::contract(&asked.contract));
    let frame = header::profile_style(model.view.header.profile, theme);
    fade(buf, area, theme);
    Card { title, frame, body, foot: foot(scene, card), scroll: 0, width: WIDTH }.render(buf, area, theme);
}

fn question(signal: &SignalRow, asked: &Asked, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let dim = |text: String| Span::styled(text, theme.dim);
    let quantity = format::or_unknown(asked.quantity, |q| q.to_string());
    let points = |p: rust_decimal::Decimal| format::grouped(p, 2);
    let value = |price: Price| asked.quantity.map(|q| price.times(q));
    let mut body = vec![
        Line::from(vec![
            dim(format!("{} of ", signal.source)),
            Span::styled(signal.setup.to_string(), theme.text),
            dim(format!(", {} ago: ", format::whole_age(signal.age_ms))),
            Span::styled(format!("{} {} at {}", signal.symbol, signal.side, format::price(signal.price)), theme.text),
        ]),
        Line::default(),
        Line::from(vec![
            Span::styled("BUY  ", theme.up.add_modifier(Modifier::BOLD)),
            Span::styled(format!("{quantity}  {}", format::contract(&asked.contract)), theme.bright),
        ]),
    ];
    let now = asked.ask();
    let cost = now.or(Some(asked.premium)).and_then(value);
    body.push(Line::from(vec![
        dim("asks ".into()),
        Span::styled(format::or_unknown(now, format::price), theme.bright),
        dim(format!("  (proposed at {})", format::price(asked.premium))),
        dim(format!("  costs {}", format::or_unknown(cost, format::rupees_whole))),
    ]));
    let reward = asked.target_points.zip(asked.quantity).map(|(p, q)| Money(p * rust_decimal::Decimal::from(q.0)));
    let mut risk = vec![dim("stop ".into()), Span::styled(format::or_unknown(asked.stop_points, points), theme.text)];
    risk.push(dim(" points, risks ".into()));
    risk.push(Span::styled(format::or_unknown(asked.risk(), format::rupees_whole), theme.down));
    if let (Some(target), Some(reward)) = (asked.target_points, reward) {
        risk.extend([dim("   target ".into()), Span::styled(points(target), theme.text), dim(", makes ".into())]);
        risk.push(Span::styled(format::rupees_whole(reward), theme.up));
    }
    body.push(Line::from(risk));
    body.extend(text::wrapped(&asked.size, width, "", theme.dim).into_iter().take(2));
    body
}

/// A bar that empties, and the seconds.
fn countdown(card: &ApprovalCard, asked: &Asked, now: u64, width: u16, theme: &Theme) -> Line<'static> {
    let left = card.expires_at.saturating_sub(now);
    let within = u64::try_from(asked.within_ms).unwrap_or(1).max(1);
    let seconds = format!("{:>4}", format!("{}s", left.div_ceil(1_000)));
    let room = u64::from(width.saturating_sub(text::width(&seconds) + 1));
    let full = (left.min(within) * room).div_ceil(within);
    let style = urgency(left, theme);
    let bar = |n: u64, sign: &str| sign.repeat(usize::try_from(n).unwrap_or(0));
    Line::from(vec![
        Span::styled(bar(full, theme.symbols.gauge), style),
        Span::styled(bar(room.saturating_sub(full), theme.symbols.gauge_rest), theme.faint),
        Span::styled(format!(" {seconds}"), style.add_modifier(Modifier::BOLD)),
    ])
}

fn urgency(left: u64, theme: &Theme) -> Style {
    if left <= 5_000 { theme.down } else { theme.warn }
}

fn foot(scene: &Scene<'_>, card: &ApprovalCard) -> Vec<Line<'static>> {
    let (model, theme) = (scene.model, scene.theme);
    let key = |action| model.keymap.key(action);
    let mut spans = Vec::new();
    if model.view.safety.halt.is_some() {
        spans.push(Span::styled("halted: no entries", theme.warn));
    } else if card.is_armed(model.now) {
        spans.push(Span::styled(format!(" {} ", key(Action::ApproveSignal)), theme.danger_key));
        spans.push(Span::styled(" buy it", theme.bright));
    } else {
        spans.push(Span::styled("one moment …", theme.dim));
    }
    for (action, label) in [(Action::DeclineSignal, "decline"), (Action::Back, "put the card away")] {
        spans.push(Span::raw("   "));
        spans.extend(words::key_hint(&key(action), label, theme));
    }
    vec![Line::default(), Line::from(spans)]
}

/// While something is being typed: a line at the top.
fn line(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, card: &ApprovalCard, asked: &Asked) {
    let (model, theme) = (scene.model, scene.theme);
    let left = card.expires_at.saturating_sub(model.now).div_ceil(1_000);
    let what = format::contract(&asked.contract);
    let words = format!(" A signal waits for you, {left}s: {} {what}. Finish typing first.", asked.lots_word());
    let row = text::row(area, 0);
    text::blank(buf, row, theme.halted);
    text::put(buf, row, &Line::styled(words, theme.halted), theme.symbols.ellipsis);
}
