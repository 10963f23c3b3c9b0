//! Beside the lists: the strategy under the cursor at a glance.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::payoff::Curve;
use super::{Scene, words};
use crate::domain::{LegKind, Price};
use crate::tui::theme::Theme;
use crate::tui::widgets::{pane, text};
use crate::view::{LegRow, StrategyRow, View, format};

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let row = match model.strategy_at_hand() {
        Some(row) => Some(row),
        None => model.pending.key().and_then(|id| model.view.strategy(id)),
    };
    let Some(row) = row else {
        let inner = pane::frame(buf, area, &Line::styled("Strategy", theme.title), &Line::default(), false, theme);
        pane::empty(buf, inner, "Nothing under the cursor.", theme);
        return;
    };
    let title = Line::from(Span::styled(format!("#{} {}", row.id, row.name), theme.title));
    let right = Line::styled("payoff at expiry", theme.dim);
    let inner = pane::frame(buf, area, &title, &right, false, theme);
    let lines = facts(row, inner.width, theme);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let curve = Curve::of(row, spot(&model.view, row));
    let plot = match curve {
        Some(_) => inner.height.saturating_sub(wanted + 1).min(12),
        None => 0,
    };
    let plot = if plot >= 5 { plot } else { 0 };
    if let (Some(curve), true) = (&curve, plot > 0) {
        curve.render(buf, Rect { height: plot, ..inner }, theme);
    }
    let below = Rect { y: inner.y + plot, height: inner.height - plot, ..inner };
    for (n, line) in (0..below.height).zip(&lines) {
        text::put(buf, text::row(below, n), line, theme.symbols.ellipsis);
    }
}

/// The underlying now, where it is an index that is quoted; else as the recommendation says.
pub fn spot(view: &View, row: &StrategyRow) -> Option<Price> {
    view.header.indices.iter().find(|i| i.symbol == row.symbol).map(|i| i.last).or(row.spot)
}

fn facts(row: &StrategyRow, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = row.legs.iter().map(|l| leg(l, theme)).collect();
    lines.push(Line::from(vec![
        Span::styled("Max ", theme.dim),
        Span::styled(format::or_unknown(row.max_profit(), format::bound), theme.up),
        Span::styled("  Loss ", theme.dim),
        Span::styled(format::or_unknown(row.max_loss(), format::bound), theme.down),
        Span::styled("  PoP ", theme.dim),
        Span::styled(format::or_unknown(row.probability, format::share), theme.text),
    ]));
    let breakevens = row.metrics.iter().flat_map(|m| &m.breakevens).map(|p| format::strike(*p));
    let breakevens = breakevens.collect::<Vec<_>>().join(", ");
    if !breakevens.is_empty() {
        lines.push(Line::from(vec![Span::styled("Breakeven ", theme.dim), Span::styled(breakevens, theme.text)]));
    }
    lines.extend(standing(row, width, theme));
    lines
}

/// What stands in its way or has become of it. Whether it can be executed is said only where it has been checked.
fn standing(row: &StrategyRow, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let (words, style) = match (row.blocked(), &row.reason) {
        (Some(issue), _) => (issue.detail.clone(), theme.warn),
        (None, Some(reason)) => (reason.clone(), theme.warn),
        (None, None) => (row.status.to_string(), theme.dim),
    };
    text::wrapped(&words, width, "", style)
}

/// `S  65  26,200 CE  58.20 → 33.85`.
pub fn leg(l: &LegRow, theme: &Theme) -> Line<'static> {
    let side = match l.side {
        crate::domain::Side::Buy => theme.up,
        crate::domain::Side::Sell => theme.down,
    };
    let mut spans = vec![
        Span::styled(words::side_letter(l.side), side),
        Span::styled(format!(" {:>4}  ", quantity(l)), theme.text),
        Span::styled(text::padded(&what(l), 16), theme.text),
        Span::styled(format!(" {:>9}", format::or_unknown(l.premium, format::price)), theme.dim),
    ];
    if let Some(quote) = l.quote {
        spans.push(Span::styled(format!(" → {}", format::price(quote.last)), theme.text));
    }
    Line::from(spans)
}

/// Units where the lot is known, else lots.
pub fn quantity(l: &LegRow) -> String {
    l.quantity.map_or_else(|| format!("×{}", l.ratio), |q| q.to_string())
}

/// `26,200 CE 23 Nov`.
pub fn what(l: &LegRow) -> String {
    let date = l.expiry.map_or_else(|| format::UNKNOWN.to_string(), |d| d.strftime("%d %b").to_string());
    match l.kind {
        LegKind::Option { strike, right } => format!("{} {right} {date}", format::strike(strike)),
        LegKind::Future => format!("FUT {date}"),
        LegKind::Equity => "stock".into(),
    }
}
