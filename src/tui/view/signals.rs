//! The scalper: its set-ups, the scalps that are open, the signals and what became of them, the scalps of the day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Scene, scalper_words, words};
use crate::domain::time::ist;
use crate::engine::state::TradeState;
use crate::tui::model::{Pane, ScalperKey, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::table::{self, Column, Row};
use crate::tui::widgets::{pane, text};
use crate::view::{ClosedScalp, ScalpRow, SetupRow, SignalRow, SignalStanding, Signals, format};

/// From this width on a scalp stands in one line.
const WIDE: u16 = 112;

/// A line of the list, and the row it belongs to.
type Entry = (Option<ScalperKey>, Line<'static>);

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let all = &model.view.signals;
    let title = words::title(model, Pane::Signals, "Signals and scalps".into(), compact, theme);
    let focused = model.focus == Pane::Signals;
    let inner = pane::frame(buf, area, &title, &Line::default(), focused, theme);
    let mut head = vec![scalper_words::today(&all.today, theme)];
    if !all.today.full.is_empty() {
        let words = format!("{} No further scalp now: {}", theme.symbols.blocked, all.today.full.join("; "));
        head.extend(text::wrapped(&words, inner.width, "", theme.warn).into_iter().take(2));
    }
    let foot = foot(scene, inner.width, inner.height >= 14);
    let (above, below) = (rows(head.len()), rows(foot.len()));
    let list = Rect { y: inner.y + above, height: inner.height.saturating_sub(above + below), ..inner };
    for (n, line) in (0..inner.height).zip(&head) {
        text::put(buf, text::row(inner, n), line, theme.symbols.ellipsis);
    }
    let selected = model.signals.key().filter(|_| focused);
    draw_list(buf, list, &entries(scene, list), selected, theme);
    for (n, line) in (0..below).zip(&foot) {
        let at = Rect { y: list.bottom() + n, height: u16::from(list.bottom() + n < inner.bottom()), ..inner };
        text::put(buf, at, line, theme.symbols.ellipsis);
    }
}

fn rows(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn draw_list(buf: &mut Buffer, area: Rect, entries: &[Entry], selected: Option<ScalperKey>, theme: &Theme) {
    let at = entries.iter().position(|(key, _)| key.is_some() && *key == selected).unwrap_or(0);
    let first = offset(at, entries.len(), usize::from(area.height));
    for (n, (key, line)) in (0..area.height).zip(&entries[first..]) {
        let row = text::row(area, n);
        text::put(buf, row, line, theme.symbols.ellipsis);
        if key.is_some() && *key == selected {
            text::tint(buf, row, theme.selection);
            text::put(buf, row, &Line::styled(theme.symbols.cursor, theme.accent), "");
        }
    }
}

fn entries(scene: &Scene<'_>, area: Rect) -> Vec<Entry> {
    let (all, theme) = (&scene.model.view.signals, scene.theme);
    let parts = [
        setups(all, area.width, theme),
        open(all, area.width, theme),
        signals(scene, area.width),
        closed(all, area.width, theme),
    ];
    let airy = usize::from(area.height) > parts.iter().map(Vec::len).sum::<usize>() + parts.len();
    let mut entries: Vec<Entry> = Vec::new();
    for part in parts {
        if airy && !entries.is_empty() && !part.is_empty() {
            entries.push((None, Line::default()));
        }
        entries.extend(part);
    }
    entries
}

/// The titles, then a line for each row with what it is; without rows one line that says so.
fn section(
    columns: &[Column],
    rows: Vec<(ScalperKey, Row<'static>)>,
    none: &str,
    width: u16,
    theme: &Theme,
) -> Vec<Entry> {
    if rows.is_empty() {
        let name = columns.first().map_or("", |c| c.title);
        let lines = text::wrapped(none, width.saturating_sub(2), "", theme.dim);
        let heading = (None, Line::styled(format!("  {name}"), theme.dim));
        let indented = |l: Line<'static>| Line::from([vec![Span::raw("  ")], l.spans].concat());
        return std::iter::once(heading).chain(lines.into_iter().map(|l| (None, indented(l)))).collect();
    }
    let (keys, rows): (Vec<ScalperKey>, Vec<Row<'static>>) = rows.into_iter().unzip();
    let lines = table::lines(columns, &rows, width, theme).into_iter().map(without_gap);
    std::iter::once(None).chain(keys.into_iter().map(Some)).zip(lines).collect()
}

/// Without the blanks at its end, which would only be cut.
fn without_gap(mut line: Line<'static>) -> Line<'static> {
    while line.spans.last().is_some_and(|s| s.content.trim().is_empty()) {
        line.spans.pop();
    }
    line
}

const SETUPS: &[Column] = &[
    Column::text("SET-UPS", 0, 9),
    Column::word("Mode", 1, 7),
    Column::word("State", 0, 8),
    Column::number("Trades", 3, 3),
    Column::number("Net today", 2, 9),
    Column::text("Entries", 0, 11),
    Column::word("Symbols", 4, 5),
];

fn setups(all: &Signals, width: u16, theme: &Theme) -> Vec<Entry> {
    let row = |s: &SetupRow| {
        let (sign, word, style) =
            if s.armed { (theme.symbols.dot, "armed", theme.up) } else { (theme.symbols.hollow, "paused", theme.dim) };
        let until = s.until.map(|t| t.strftime(" until %H:%M").to_string()).unwrap_or_default();
        let entries = match &s.closed {
            None => words::cell(format!("open{until}"), theme.text),
            Some(why) => words::cell(why.clone(), if s.armed { theme.warn } else { theme.dim }),
        };
        let symbols: Vec<&str> = s.setup.symbols.iter().map(crate::domain::instrument::Symbol::as_str).collect();
        let cells = vec![
            words::cell(s.setup.name.as_str(), if s.armed { theme.bright } else { theme.text }),
            words::cell(s.setup.mode.as_str(), theme.text),
            words::cell(format!("{sign} {word}"), style),
            words::cell(s.trades.to_string(), theme.text),
            Line::from(words::pnl(Some(s.net), theme)),
            entries,
            words::cell(symbols.join(" "), theme.dim),
        ];
        Row { cells, ..Row::default() }
    };
    let rows = all.setups.iter().enumerate().map(|(n, s)| (ScalperKey::Setup(n), row(s))).collect();
    section(SETUPS, rows, "None: `scalping.setups` in strategy.yaml declares them.", width, theme)
}

const OPEN: &[Column] = &[
    Column::text("OPEN SCALPS", 0, 18),
    Column::word("State", 0, 9),
    Column::number("Qty", 4, 3),
    Column::number("Avg", 3, 7),
    Column::number("LTP", 1, 7),
    Column::number("P&L", 0, 10),
    Column::number("Stop", 3, 7),
    Column::number("to stop", 0, 6),
    Column::number("Target", 4, 7),
    Column::number("to go", 2, 6),
    Column::number("Left", 0, 3),
    Column::text("Leaving", 5, 7),
];

fn open(all: &Signals, width: u16, theme: &Theme) -> Vec<Entry> {
    let rows = all.open.iter().map(|s| (ScalperKey::Scalp(s.strategy), scalp(s, theme))).collect();
    let lines = section(OPEN, rows, "None.", width, theme);
    if width >= WIDE {
        return lines;
    }
    // Where columns are few, what they leave out stands in a second line.
    let more = |key: &Option<ScalperKey>| {
        let scalp = all.open.iter().find(|s| *key == Some(ScalperKey::Scalp(s.strategy)))?;
        Some((*key, Line::styled(format!("      {}", scalper_words::in_figures(scalp)), theme.dim)))
    };
    lines
        .into_iter()
        .flat_map(|(key, line)| {
            let more = more(&key);
            std::iter::once((key, line)).chain(more)
        })
        .collect()
}

fn scalp(s: &ScalpRow, theme: &Theme) -> Row<'static> {
    /// Older than this, a price is dimmed.
    const STALE_MS: i64 = 10_000;
    let stale = s.age_ms.is_some_and(|ms| ms > STALE_MS);
    let left = s.left_ms();
    let cells = vec![
        words::cell(scalper_words::name(s.strategy, s.contract.as_ref()), theme.bright),
        words::cell(s.state.as_str(), state_style(s, theme)),
        words::cell(s.net.size().to_string(), theme.text),
        words::known(s.average, theme.dim, theme, format::price),
        words::known(s.last(), if stale { theme.faint } else { theme.text }, theme, format::price),
        Line::from(words::pnl(s.pnl, theme)),
        words::known(s.stop.map(|stop| stop.trigger), theme.text, theme, format::price),
        words::known(s.to_stop(), scalper_words::stop_style(s, theme), theme, |p| format::grouped(p, 2)),
        words::known(s.target, theme.text, theme, format::price),
        words::known(s.to_target(), theme.dim, theme, |p| format::grouped(p, 2)),
        words::known(
            left,
            if left.is_some_and(|ms| ms < 60_000) { theme.warn } else { theme.text },
            theme,
            format::left,
        ),
        words::cell(s.exiting.clone().unwrap_or_default(), theme.warn),
    ];
    Row { cells, ..Row::default() }
}

/// Bought and not yet protected is the state that must be seen.
fn state_style(s: &ScalpRow, theme: &Theme) -> Style {
    match s.state {
        _ if s.exiting.is_some() => theme.warn,
        TradeState::Pending => theme.accent,
        TradeState::Traded => theme.warn,
        TradeState::SlPlaced => theme.up,
        TradeState::Exited => theme.dim,
    }
}

const SIGNALS: &[Column] = &[
    Column::word("SIGNALS", 0, 8),
    Column::word("Set-up", 3, 5),
    Column::word("Symbol", 0, 6),
    Column::word("Side", 0, 4),
    Column::number("Price", 2, 9),
    Column::number("Age", 1, 3),
    Column::text("What became of it", 0, 20),
];

fn signals(scene: &Scene<'_>, width: u16) -> Vec<Entry> {
    let (all, theme) = (&scene.model.view.signals, scene.theme);
    let row = |s: &SignalRow| {
        let cells = vec![
            words::cell(ist(s.seen_at).strftime("%H:%M:%S").to_string(), theme.text),
            words::cell(s.setup.as_str(), theme.dim),
            words::cell(s.symbol.as_str(), theme.text),
            words::cell(s.side.as_str(), theme.text),
            words::cell(format::price(s.price), theme.text),
            words::cell(format::whole_age(s.age_ms), theme.dim),
            words::cell(scalper_words::standing(&s.standing), standing_style(&s.standing, theme)),
        ];
        Row { cells, ..Row::default() }
    };
    let rows = all.signals.iter().map(|s| (ScalperKey::Signal(s.id), row(s))).collect();
    section(SIGNALS, rows, &scalper_words::no_signals(scene.model), width, theme)
}

fn standing_style(standing: &SignalStanding, theme: &Theme) -> Style {
    match standing {
        SignalStanding::Asks(_) => theme.marked,
        SignalStanding::Waits(_) | SignalStanding::Observed(_) => theme.accent,
        SignalStanding::Traded(_) => theme.up,
        SignalStanding::Refused { .. } => theme.warn,
    }
}

const CLOSED: &[Column] = &[
    Column::text("CLOSED TODAY", 0, 18),
    Column::word("At", 3, 5),
    Column::number("Held", 1, 3),
    Column::number("Qty", 5, 3),
    Column::number("In", 4, 7),
    Column::number("Out", 4, 7),
    Column::number("Gross", 2, 10),
    Column::number("Net", 0, 10),
    Column::text("Why", 0, 10),
];

fn closed(all: &Signals, width: u16, theme: &Theme) -> Vec<Entry> {
    if all.closed.is_empty() {
        return Vec::new();
    }
    let row = |s: &ClosedScalp| {
        let at = s.exited_at.map(|at| ist(at).strftime("%H:%M").to_string());
        let cells = vec![
            words::cell(scalper_words::name(s.strategy, s.contract.as_ref()), theme.text),
            words::cell(at.unwrap_or_default(), theme.dim),
            words::known(s.held_ms, theme.dim, theme, format::left),
            words::cell(s.quantity.to_string(), theme.dim),
            words::known(s.entry, theme.dim, theme, format::price),
            words::known(s.exit, theme.dim, theme, format::price),
            Line::from(words::pnl(Some(s.gross), theme)),
            Line::from(words::pnl(Some(s.net()), theme)),
            words::cell(s.reason.clone(), theme.text),
        ];
        Row { cells, ..Row::default() }
    };
    let rows = all.closed.iter().map(|s| (ScalperKey::Closed(s.strategy), row(s))).collect();
    section(CLOSED, rows, "", width, theme)
}

/// The row under the cursor in full, and how the webhook stands.
fn foot(scene: &Scene<'_>, width: u16, roomy: bool) -> Vec<Line<'static>> {
    let (model, theme) = (scene.model, scene.theme);
    let all = &model.view.signals;
    let mut lines = Vec::new();
    let at_hand = model.signals.key().filter(|_| roomy && model.focus == Pane::Signals);
    if let Some(words) = at_hand.and_then(|key| scalper_words::in_full(all, key)) {
        lines.extend(text::wrapped(&words, width, "", theme.text).into_iter().take(3));
    }
    lines.push(scalper_words::webhook(all.webhook.as_ref(), theme));
    lines
}
