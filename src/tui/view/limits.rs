//! The limits as gauges, the Greeks of everything held, and in words what blocks entries now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, greeks, risk, scenario, words};
use crate::engine::effect::AlertLevel;
use crate::tui::model::Pane;
use crate::tui::theme::Theme;
use crate::tui::widgets::{pane, text};
use crate::view::{Gauge, GaugeLevel, View, format};

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let title = words::title(model, Pane::Limits, "Limits".into(), compact, theme);
    let inner = pane::frame(buf, area, &title, &risk::broker_exit(scene), model.focus == Pane::Limits, theme);
    let used = risk::gauges(&model.view.risk, buf, inner, inner.height.saturating_sub(10), theme);
    let below = Rect { y: inner.y + used, height: inner.height.saturating_sub(used), ..inner };
    let mut lines = vec![Line::default()];
    lines.extend(net(scene));
    lines.push(Line::default());
    lines.extend(blocks(&model.view, inner.width, theme));
    for (n, line) in (0..below.height).zip(&lines) {
        text::put(buf, text::row(below, n), line, theme.symbols.ellipsis);
    }
}

/// The Greeks of everything, and the worst scenario.
fn net(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let (analytics, theme) = (&scene.model.looking.analytics, scene.theme);
    let total = &analytics.book.total;
    let [delta, gamma, theta, vega] = greeks::cells(total.exposure().filter(|_| total.legs > 0), theme);
    let pair = |a: &'static str, x: Line<'static>, b: &'static str, y: Line<'static>| {
        let mut spans = vec![Span::styled(text::padded(a, 14), theme.dim)];
        spans.extend(padded(x, 12));
        spans.push(Span::styled(text::padded(b, 14), theme.dim));
        spans.extend(y.spans);
        Line::from(spans)
    };
    let mut lines = vec![pair("Net Δ ₹/1%", delta, "Γ ₹/1%", gamma), pair("Θ ₹/day", theta, "Vega ₹/pt", vega)];
    let mut worst = vec![Span::styled(text::padded("Worst", 14), theme.dim)];
    worst.extend(scenario::worst_of_all(analytics, theme).spans);
    lines.push(Line::from(worst));
    if total.unknown > 0 {
        let words = format!("{} of {} open legs have no Greeks: the sums are not known.", total.unknown, total.legs);
        lines.push(Line::styled(words, theme.warn));
    }
    lines
}

fn padded(line: Line<'static>, columns: u16) -> Vec<Span<'static>> {
    let missing = columns.saturating_sub(text::line_width(&line));
    let mut spans = line.spans;
    spans.push(Span::raw(" ".repeat(usize::from(missing))));
    spans
}

/// Why no entry is allowed now, each reason in words; what only warns comes after.
fn blocks(view: &View, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for reason in reasons(view) {
        lines.extend(text::wrapped(&format!("{} {reason}", theme.symbols.failed), width, "", theme.down));
    }
    if lines.is_empty() {
        lines.push(Line::styled(format!("{} Nothing blocks entries by itself.", theme.symbols.done), theme.up));
    }
    let warned = view.risk.iter().filter(|g| g.level() == GaugeLevel::Warning);
    for gauge in warned {
        let words = format!("{} {} at {}", theme.symbols.blocked, gauge.kind.label(), share(gauge));
        lines.extend(text::wrapped(&words, width, "", theme.warn));
    }
    lines
}

fn share(gauge: &Gauge) -> String {
    format::or_unknown(gauge.per_mille(), |n| format!("{}% of its limit", n / 10))
}

/// What stands in the way of any entry whatever.
fn reasons(view: &View) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(halt) = &view.safety.halt {
        let how = if halt.locked { "locked until you arm it by typing" } else { "arm to allow entries again" };
        all.push(format!("Halted ({}): {how}.", halt.reason));
    }
    if view.header.reconciling {
        all.push("The books are being compared with the broker's: a moment.".into());
    }
    if !view.header.session.open {
        let left = view.header.session.left_ms.map(|ms| format!(", it opens in {}", format::left(ms)));
        all.push(format!("The market is closed{}.", left.unwrap_or_default()));
    }
    let full = view.risk.iter().filter(|g| g.level() == GaugeLevel::Full);
    all.extend(full.map(|g| format!("{}: {}.", g.kind.label(), share(g))));
    if view.header.pnl.net.is_none() {
        all.push("The day's P&L is unknown: an open position has no price.".into());
    }
    let critical = view.standing.iter().filter(|s| s.level == AlertLevel::Critical);
    all.extend(critical.map(|s| s.text.clone()));
    all
}
