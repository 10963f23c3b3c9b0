//! One strategy, whole: its legs at market with volatilities and Greeks, its payoff at expiry and today, what speaks for and
//! against it, and what would be held after it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::payoff_chart::Chart;
use super::{Scene, detail, execute, greeks, scenario, words};
use crate::domain::StrategyStatus;
use crate::tui::keymap::Action;
use crate::tui::model::{DetailPage, DetailPreview, Pane};
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;
use crate::tui::widgets::table::{self, Column, Row};
use crate::tui::widgets::{card, pane, text};
use crate::view::analytics::{After, LegOfStrategy, StrategyLook};
use crate::view::{StrategyRow, format};

/// From this width on the chart stands beside the text.
const BESIDE: u16 = 120;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let page = model.looking.page.as_ref();
    let Some((page, row)) = page.and_then(|p| Some((p, model.view.strategy(p.id)?))) else {
        let title = Line::styled("Strategy", theme.title);
        let inner = pane::frame(buf, area, &title, &Line::default(), true, theme);
        let key = model.keymap.key(Action::GoCockpit);
        let words = format!("No strategy is chosen. {key} leads to the cockpit: put the cursor on one and come back.");
        pane::empty(buf, inner, &words, theme);
        return Drawn::default();
    };
    let title = Line::from(Span::styled(row.title(), theme.title));
    let right = Line::styled(format!("{} · priority {}", row.status, model.priority(row)), theme.dim);
    let inner = pane::frame(buf, area, &title, &right, model.focus == Pane::Strategy, theme);
    let look = model.looking.analytics.strategy.as_ref().filter(|s| s.id == page.id);
    let drawn = look.and_then(Chart::of);
    let (chart, words) = places(inner, drawn.is_some());
    match drawn {
        Some(drawn) => drawn.render(buf, chart, theme),
        None => pane::empty(buf, chart, &no_chart(row, look), theme),
    }
    let lines = lines(scene, row, page, look, words.width);
    card::scrolled(buf, words, &lines, page.scroll, theme)
}

/// Chart and text: beside each other, or the chart above.
fn places(inner: Rect, charted: bool) -> (Rect, Rect) {
    if inner.width >= BESIDE {
        let right = (inner.width * 9 / 20).min(100);
        let words = Rect { width: inner.width - right - 2, ..inner };
        let chart = Rect { x: words.right() + 2, width: right, height: inner.height.min(34), ..inner };
        return (chart, words);
    }
    let height = if charted { (inner.height * 2 / 5).max(7) } else { 1 };
    let chart = Rect { height: height.min(inner.height), ..inner };
    (chart, Rect { y: chart.bottom(), height: inner.height - chart.height, ..inner })
}

fn no_chart(row: &StrategyRow, look: Option<&StrategyLook>) -> String {
    match look {
        None => "The models are being asked …".into(),
        Some(l) if l.legs.is_empty() => match row.blocked() {
            Some(issue) => format!("No payoff: {}", issue.detail),
            None => "No payoff: its legs find no contract today.".into(),
        },
        Some(_) => "No payoff: a leg has neither a price nor a premium.".into(),
    }
}

fn lines(
    scene: &Scene<'_>,
    row: &StrategyRow,
    page: &DetailPage,
    look: Option<&StrategyLook>,
    width: u16,
) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let mut all = Vec::new();
    if let Some(reason) = &row.reason {
        all.extend(text::wrapped(reason, width, "", theme.warn));
    }
    for issue in &row.issues {
        let style = if issue.blocking { theme.down } else { theme.warn };
        all.extend(text::wrapped(&format!("{} {}", theme.symbols.blocked, issue.detail), width, "", style));
    }
    if let Some(look) = look {
        heading(&mut all, "Legs", theme);
        all.extend(legs(look, width, theme));
        heading(&mut all, &format!("At expiry, {}, before charges", look.basis.as_str()), theme);
        figures(look, &mut all, theme);
        after(scene, look, &mut all, theme);
    }
    preview(scene, row, page, width, &mut all);
    detail::rules(row, width, &mut all, theme);
    if !row.notes.is_empty() {
        heading(&mut all, "Note", theme);
        all.extend(text::wrapped(&row.notes, width, "  ", theme.text));
    }
    let key = scene.model.keymap.key(Action::Details);
    all.push(Line::default());
    all.push(Line::styled(format!("{key}: its source, what was reported, its history"), theme.dim));
    all
}

fn heading(all: &mut Vec<Line<'static>>, words: &str, theme: &Theme) {
    if !all.is_empty() {
        all.push(Line::default());
    }
    all.push(Line::styled(words.to_string(), theme.accent));
}

const LEGS: &[Column] = &[
    Column::number("Units", 0, 4),
    Column::word("Contract", 0, 16),
    Column::number("From", 2, 7),
    Column::number("Mark", 0, 7),
    Column::number("IV", 1, 5),
    Column::number("Δ ₹/1%", 1, 6),
    Column::number("Γ ₹/1%", 5, 6),
    Column::number("Θ ₹/day", 3, 7),
    Column::number("Vega ₹/pt", 4, 9),
    Column::number("Age", 6, 3),
];

/// The legs, their sum, the forward they are priced on, and what has no volatility of its own.
fn legs(look: &StrategyLook, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut rows: Vec<Row<'static>> = look.legs.iter().map(|l| leg(l, theme)).collect();
    if look.legs.len() > 1 {
        let mut cells = vec![Line::default(), words::cell("together", theme.dim)];
        cells.extend([Line::default(), Line::default(), Line::default()]);
        cells.extend(greeks::cells(look.exposure, theme));
        rows.push(Row { cells, ..Row::default() });
    }
    let mut lines = table::lines(LEGS, &rows, width, theme);
    let mut spans = vec![Span::raw("  ")];
    spans.extend(greeks::forward(look.forward, theme));
    lines.push(Line::from(spans));
    for leg in &look.legs {
        if let Some(why) = leg.option.as_ref().and_then(greeks::volatility_in_full) {
            let words = format!("{}: {why}", format::contract(&leg.contract));
            lines.extend(text::wrapped(&words, width, "  ", theme.dim));
        }
    }
    lines
}

fn leg(l: &LegOfStrategy, theme: &Theme) -> Row<'static> {
    let mut cells = vec![
        words::net(crate::domain::NetQuantity(l.units), theme),
        words::cell(format::leg(&l.contract, false), theme.text),
        words::known(l.from, theme.dim, theme, format::price),
        greeks::mark(l.mark, theme),
        greeks::volatility(l.option.as_ref(), theme),
    ];
    cells.extend(greeks::cells(l.exposure, theme));
    cells.push(greeks::age(l.mark.map(|m| m.age_ms), theme));
    Row { cells, ..Row::default() }
}

fn fact(name: &str, value: Vec<Span<'static>>, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("  {}", text::padded(name, 16)), theme.dim)];
    spans.extend(value);
    Line::from(spans)
}

fn figures(look: &StrategyLook, all: &mut Vec<Line<'static>>, theme: &Theme) {
    let metrics = look.metrics.as_ref();
    let estimated = look.curves.as_ref().is_some_and(|c| c.estimated);
    if estimated {
        all.push(Line::styled(
            "  A leg lives on after the first expiry: the curves are estimates by the model.",
            theme.warn,
        ));
    }
    let profit = words::bound(metrics.map(|m| m.max_profit), theme.up, theme);
    let loss = words::bound(metrics.map(|m| m.max_loss), theme.down, theme);
    let mut both = profit.spans;
    both.push(Span::styled("   loss ", theme.dim));
    both.extend(loss.spans);
    all.push(fact("Max profit", both, theme));
    let breakevens = metrics.map(|m| m.breakevens.iter().map(|p| format::price(*p)).collect::<Vec<_>>().join("  "));
    all.push(fact(
        "Breakevens",
        words::known(breakevens.filter(|b| !b.is_empty()), theme.text, theme, |b| b).spans,
        theme,
    ));
    let premium = metrics.map(|m| m.net_premium);
    all.push(fact("Net premium", words::known(premium, theme.text, theme, detail::credit).spans, theme));
    if look.pnl.is_some() {
        all.push(fact("P&L now", vec![words::pnl(look.pnl, theme)], theme));
    }
    let percent = |p: f64| format!("{}%", greeks::points(p * 100.0, 0));
    let mut chance = words::known(look.probability, theme.text, theme, percent).spans;
    chance.push(Span::styled("  by the market's prices, one volatility for all strikes", theme.dim));
    all.push(fact("Prob. of profit", chance, theme));
    let mut moved = words::known(look.expected_move, theme.text, theme, |m| format!("±{}", greeks::points(m, 0))).spans;
    let vol = format::or_unknown(look.volatility, format::volatility);
    moved.push(Span::styled(format!("  one standard deviation to expiry at {vol}"), theme.dim));
    all.push(fact("Expected move", moved, theme));
}

/// What all positions would be with it.
fn after(scene: &Scene<'_>, look: &StrategyLook, all: &mut Vec<Line<'static>>, theme: &Theme) {
    let Some(After { exposure, worst }) = look.after else { return };
    heading(all, "All positions after it", theme);
    let before = scene.model.looking.analytics.book.total.exposure();
    let pair = |name: &str, was: Option<f64>, is: f64| {
        let mut spans = words::known(was, theme.dim, theme, format::whole).spans;
        spans.push(Span::styled(" → ", theme.dim));
        spans.push(Span::styled(format::whole(is), greeks::sign(is, theme)));
        fact(name, spans, theme)
    };
    all.push(pair("Δ ₹/1%", before.map(|e| e.delta), exposure.delta));
    all.push(pair("Γ ₹/1%", before.map(|e| e.gamma), exposure.gamma));
    all.push(pair("Θ ₹/day", before.map(|e| e.theta), exposure.theta));
    all.push(pair("Vega ₹/pt", before.map(|e| e.vega), exposure.vega));
    let mut spans = scenario::worst_of_all(&scene.model.looking.analytics, theme).spans;
    spans.push(Span::styled(" → ", theme.dim));
    spans.push(match worst {
        Some(worst) => Span::styled(format::whole(worst.pnl), greeks::sign(worst.pnl, theme)),
        None => Span::styled(format::UNKNOWN, theme.dim),
    });
    all.push(fact("Worst scenario", spans, theme));
}

/// What executing it would mean: limits, margin, refusals, as the engine says.
fn preview(scene: &Scene<'_>, row: &StrategyRow, page: &DetailPage, width: u16, all: &mut Vec<Line<'static>>) {
    let theme = scene.theme;
    if matches!(row.status, StrategyStatus::Executed | StrategyStatus::Executing) {
        return;
    }
    let checked = scene.model.now.saturating_sub(page.asked_at) / 1_000;
    let ago = matches!(page.preview, DetailPreview::Ready(_)).then(|| format!(", checked {checked} s ago"));
    heading(all, &format!("Executing it{}", ago.unwrap_or_default()), theme);
    match &page.preview {
        DetailPreview::None => all.push(Line::styled("  Nothing to execute in this status.", theme.dim)),
        DetailPreview::Waiting => all.push(Line::styled("  checking …", theme.dim)),
        DetailPreview::Refused(why) => {
            all.extend(text::wrapped(&format!("{} {why}", theme.symbols.failed), width, "  ", theme.down));
        }
        DetailPreview::Ready(preview) => all.extend(execute::preview(preview, width, theme)),
    }
}
