//! The card before an execution: legs, quantities, limits, drift, margin, largest loss, and why something is refused.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, header, words};
use crate::domain::{Money, Side};
use crate::engine::command::{Preview, PreviewLeg};
use crate::engine::record::Profile;
use crate::tui::keymap::Action;
use crate::tui::model::{Answer, ExecuteCard};
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;
use crate::tui::widgets::card::{Card, fade};
use crate::tui::widgets::table::{self, Column, Row};
use crate::tui::widgets::text;
use crate::view::format;

const WIDTH: u16 = 86;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, card: &ExecuteCard) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let profile = model.view.header.profile;
    let width = Card::inner_width(area, WIDTH);
    let mut body = Vec::new();
    match &card.answer {
        Answer::Waiting => body.push(Line::styled("Checking mapping, prices, margin and limits …", theme.dim)),
        Answer::Refused(why) => body.extend(text::wrapped(why, width, "", theme.down)),
        Answer::Previews(previews) => {
            for (n, p) in previews.iter().enumerate() {
                if n > 0 {
                    body.push(Line::default());
                }
                body.push(Line::from(Span::styled(p.title.clone(), theme.bright)));
                body.extend(preview(p, width, theme));
            }
        }
    }
    let many = if card.ids.len() == 1 { "1 strategy".to_string() } else { format!("{} strategies", card.ids.len()) };
    let title = format!("EXECUTE {many} · {}", header::profile_word(profile));
    fade(buf, area, theme);
    let frame = header::profile_style(profile, theme);
    Card { title, frame, body, foot: foot(scene, card, profile), scroll: card.scroll, width: WIDTH }
        .render(buf, area, theme)
}

fn foot(scene: &Scene<'_>, card: &ExecuteCard, profile: Profile) -> Vec<Line<'static>> {
    let (model, theme) = (scene.model, scene.theme);
    let key = |action| model.keymap.key(action);
    let others = |lines: &mut Vec<Span<'static>>| {
        lines.push(Span::raw("   "));
        lines.extend(words::key_hint(&key(Action::Refresh), "check again", theme));
        lines.push(Span::raw("   "));
        lines.extend(words::key_hint(&key(Action::Cancel), "cancel", theme));
    };
    let mut first = Vec::new();
    let ready = card.executable();
    if let Some(why) = &card.disarmed {
        first.push(Span::styled(format!("DISARMED: {why}."), theme.warn));
    } else if card.is_armed(model.now) {
        let style = if profile == Profile::Live { theme.danger_key } else { theme.paper };
        first.push(Span::styled(format!(" {} ", key(Action::Commit)), style));
        first.push(Span::styled(format!(" {}", what_goes(card, &ready)), theme.bright));
    } else if card.answer == Answer::Waiting || !ready.is_empty() {
        first.push(Span::styled("one moment …", theme.dim));
    } else {
        first.push(Span::styled("Nothing here can be executed.", theme.warn));
    }
    let mut second = Vec::new();
    others(&mut second);
    let left = card.expires_at.saturating_sub(model.now) / 1_000;
    if card.disarmed.is_none() && card.answer != Answer::Waiting {
        second.push(Span::styled(format!("   holds for {left} s"), theme.dim));
    }
    second.remove(0);
    vec![Line::default(), Line::from(first), Line::from(second)]
}

/// `execute 2 of 3: 6 orders`.
fn what_goes(card: &ExecuteCard, ready: &[crate::domain::StrategyId]) -> String {
    let orders: u32 = match &card.answer {
        Answer::Previews(previews) => {
            let going = previews.iter().filter(|p| ready.contains(&p.id));
            going.flat_map(|p| &p.legs).map(|l| l.slices).sum()
        }
        Answer::Waiting | Answer::Refused(_) => 0,
    };
    let which =
        if ready.len() == card.ids.len() { String::new() } else { format!(" {} of {}", ready.len(), card.ids.len()) };
    let orders = usize::try_from(orders).unwrap_or(usize::MAX);
    format!("EXECUTE{which}: {}", format::count(orders, "order"))
}

/// The legs in the order they go, then what it costs and what speaks against it.
pub fn preview(p: &Preview, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let rows: Vec<Row<'_>> = p.legs.iter().map(|l| leg(l, theme)).collect();
    let mut lines = table::lines(COLUMNS, &rows, width, theme);
    lines.push(totals(p, theme));
    let loss = format::or_unknown(p.max_loss, format::bound);
    let (margin, by) = (p.margin.amount(), p.margin.source());
    let enough = p.available.is_none_or(|a| a >= margin);
    lines.push(Line::from(vec![
        Span::styled("  max loss ", theme.dim),
        Span::styled(loss, theme.down),
        Span::styled("   margin ", theme.dim),
        Span::styled(format::rupees_whole(margin), if enough { theme.text } else { theme.down }),
        Span::styled(format!(" ({by}) of {}", format::or_unknown(p.available, format::rupees_whole)), theme.dim),
    ]));
    for warning in &p.warnings {
        lines.extend(text::wrapped(&format!("{} {warning}", theme.symbols.blocked), width, "  ", theme.warn));
    }
    for refusal in &p.refusals {
        lines.extend(text::wrapped(&format!("{} {refusal}", theme.symbols.failed), width, "  ", theme.down));
    }
    if p.refusals.is_empty() {
        lines.push(Line::styled(format!("  {} every check passes", theme.symbols.done), theme.up));
    }
    lines
}

const COLUMNS: &[Column] = &[
    Column::number("Wave", 3, 4),
    Column::word("Order", 0, 8),
    Column::word("Contract", 0, 16),
    Column::number("Recommended", 2, 8),
    Column::number("Bid", 1, 8),
    Column::number("Ask", 1, 8),
    Column::number("Limit", 0, 8),
];

fn leg(l: &PreviewLeg, theme: &Theme) -> Row<'static> {
    let side = match l.side {
        Side::Buy => theme.up,
        Side::Sell => theme.down,
    };
    let sliced = if l.slices > 1 { format!(" in {}", l.slices) } else { String::new() };
    let cells = vec![
        words::cell(l.wave.to_string(), theme.dim),
        words::cell(format!("{} {}{sliced}", words::side_word(l.side), l.quantity), side),
        words::cell(format::contract(&l.contract), theme.text),
        words::known(l.recommended, theme.dim, theme, format::price),
        words::known(l.quote.and_then(|q| q.bid), theme.text, theme, format::price),
        words::known(l.quote.and_then(|q| q.ask), theme.text, theme, format::price),
        words::known(l.limit, theme.bright, theme, format::price),
    ];
    Row { cells, ..Row::default() }
}

/// The premium now against the recommended one.
fn totals(p: &Preview, theme: &Theme) -> Line<'static> {
    let word = |m: Option<Money>| format::or_unknown(m, super::detail::credit);
    let mut spans = vec![
        Span::styled("  now ", theme.dim),
        Span::styled(word(p.net_premium), theme.text),
        Span::styled("   recommended ", theme.dim),
        Span::styled(word(p.recommended_premium), theme.text),
    ];
    if let (Some(now), Some(then)) = (p.net_premium, p.recommended_premium) {
        let drift = now - then;
        spans.push(Span::styled("   drift ", theme.dim));
        spans.push(words::pnl(Some(drift), theme));
    }
    Line::from(spans)
}
