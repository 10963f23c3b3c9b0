//! The journal: the past in figures and as a curve, its trades, its days, and each kind of strategy.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Scene, calendar, words};
use crate::domain::time::{ist, ms_between};
use crate::domain::{Money, SessionRecord};
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::List;
use crate::tui::widgets::table::{Column, Row};
use crate::tui::widgets::{curve, pane, text};
use crate::view::format;
use crate::view::performance::{Outcome, Performance, SHARPE_DAYS, Span as Period, TradingHistory};

/// Draws `own`, one of the panes of the journal.
pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, own: Pane, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let title = words::title(model, own, words::pane_name(model, own), compact, theme);
    let right = if compact || own == Pane::JournalFigures { period(model, theme) } else { Line::default() };
    let focused = model.focus == own;
    let inner = pane::frame(buf, area, &title, &right, focused, theme);
    let Some(history) = model.history() else {
        let why = model.books.history.missing("the trading history").unwrap_or_default();
        return pane::empty(buf, inner, &why, theme);
    };
    match own {
        Pane::JournalTrades => trades(model, buf, inner, focused, theme),
        Pane::JournalDays => days(model, history, buf, inner, focused, theme),
        Pane::JournalKinds => kinds(model, buf, inner, focused, theme),
        _ => figures(model, history, buf, inner, theme),
    }
}

/// `week 16 to 22 Nov`.
fn period(model: &Model, theme: &Theme) -> Line<'static> {
    let (first, last) = model.journal_days();
    let words = match model.journal.span {
        Period::All => "all of it".to_string(),
        Period::Day => first.strftime("%a %d %b %Y").to_string(),
        Period::Week => format!("week {} to {}", first.strftime("%d %b"), last.strftime("%d %b")),
        Period::Month => first.strftime("%B %Y").to_string(),
    };
    Line::styled(words, theme.accent)
}

/// What is said where the span holds nothing.
fn nothing(model: &Model, own: Pane) -> String {
    if own != Pane::JournalFigures && model.focus != own {
        return "Nothing.".into();
    }
    let key = |action| model.keymap.key(action);
    if model.history().is_none_or(|h| h.outcomes.is_empty()) {
        return "No strategy has been traded yet: what you execute stands here once it is filled, with what it earned."
            .into();
    }
    match model.journal.span {
        Period::All => "Nothing has been closed yet.".into(),
        span => format!(
            "Nothing was closed in this {}: {} and {} go to another, {} chooses how much is shown.",
            span.as_str(),
            key(Action::JournalEarlier),
            key(Action::JournalLater),
            key(Action::JournalSpan)
        ),
    }
}

fn figures(model: &Model, history: &TradingHistory, buf: &mut Buffer, area: Rect, theme: &Theme) {
    const CELL: u16 = 30;
    let page = &model.journal.page;
    if page.figures.count == 0 {
        return pane::empty(buf, area, &nothing(model, Pane::JournalFigures), theme);
    }
    let cells = statistics(&page.figures, page.sharpe, page.days.len(), theme);
    let columns = (area.width / CELL).clamp(1, 4);
    let rows = u16::try_from(cells.len()).unwrap_or(0).div_ceil(columns);
    let wide = area.width / columns;
    for (n, (name, value)) in (0_u16..).zip(&cells) {
        let at = Rect { x: area.x + n / rows * wide, width: wide.saturating_sub(2), ..text::row(area, n % rows) };
        text::put(buf, at, &Line::styled(*name, theme.dim), theme.symbols.ellipsis);
        text::put_right(buf, at, value);
    }
    let note = note(page.figures.unknown, page.days.len());
    let notes = text::wrapped(&note, area.width, "", theme.dim);
    let below = u16::try_from(notes.len()).unwrap_or(0);
    let plot = Rect { y: area.y + rows + 1, height: area.height.saturating_sub(rows + 1 + below), ..area };
    if plot.height >= 4 {
        results(model, history, buf, plot, theme);
        for (n, line) in (0..below).zip(&notes) {
            text::put(buf, Rect { y: plot.bottom() + n, height: 1, ..area }, line, "");
        }
    }
}

fn statistics(
    p: &Performance,
    sharpe: Option<Decimal>,
    sessions: usize,
    theme: &Theme,
) -> Vec<(&'static str, Line<'static>)> {
    let money = |m: Option<Money>| Line::from(words::pnl(m, theme));
    let ratio = |d: Option<Decimal>| words::known(d, theme.text, theme, |d| format::grouped(d, 2));
    let counts = format!("{} ({} won, {} lost)", p.count, p.won, p.lost);
    vec![
        ("Net", money(Some(p.net))),
        ("Closed", words::cell(counts, theme.text)),
        (
            "Win rate",
            words::known(p.win_rate, theme.text, theme, |r| {
                format!("{}%", format::grouped(r * Decimal::ONE_HUNDRED, 1))
            }),
        ),
        ("Profit factor", ratio(p.profit_factor)),
        ("Average win", money(p.average_win)),
        ("Average loss", money(p.average_loss)),
        ("Largest win", money(p.largest_win)),
        ("Largest loss", money(p.largest_loss)),
        ("Expectancy", money(p.expectancy)),
        (
            "Drawdown",
            words::cell(format::rupees(p.drawdown), if p.drawdown == Money::ZERO { theme.text } else { theme.warn }),
        ),
        ("Sharpe", ratio(sharpe)),
        ("Sessions", words::cell(sessions.to_string(), theme.text)),
    ]
}

fn note(unknown: usize, sessions: usize) -> String {
    let mut parts =
        vec!["Net of estimated charges; a strategy is one trade, from its first fill until it is flat.".to_string()];
    parts.push(if sessions < SHARPE_DAYS {
        format!("Sharpe (mean of daily net ÷ its deviation × √252) needs {SHARPE_DAYS} sessions.")
    } else {
        "Sharpe: mean of daily net ÷ its deviation × √252, no riskless rate.".into()
    });
    if unknown > 0 {
        parts.push(format!("{} in no figure: what they cost is not known.", format::count(unknown, "trade")));
    }
    parts.join(" ")
}

/// The sum of results, from one end to the next.
fn results(model: &Model, history: &TradingHistory, buf: &mut Buffer, area: Rect, theme: &Theme) {
    let places = model.journal.page.trades.iter().rev();
    let closed: Vec<&Outcome> =
        places.filter_map(|n| history.outcomes.get(*n)).filter(|o| o.closed_at.is_some() && o.net.is_some()).collect();
    let mut sum = Decimal::ZERO;
    let mut sums = vec![0.0];
    for outcome in &closed {
        sum += outcome.net.unwrap_or_default().0;
        sums.push(sum.to_f64().unwrap_or_default());
    }
    let plot = Rect { height: area.height - 1, ..area };
    let (across, _) = curve::dots(plot);
    let last = sums.len() - 1;
    let values: Vec<f64> = (0..across).map(|x| sums[(x * last + across / 2) / across.max(1)]).collect();
    curve::draw(buf, plot, &values, theme);
    let foot = text::row(area, area.height - 1);
    let date = |o: &&Outcome| o.day.strftime("%d %b %Y").to_string();
    text::put(buf, foot, &Line::styled(closed.first().map(date).unwrap_or_default(), theme.dim), "");
    let end = vec![
        Span::styled(format!("{}  ", closed.last().map(date).unwrap_or_default()), theme.dim),
        words::pnl(Some(Money(sum)), theme),
    ];
    text::put_right(buf, foot, &Line::from(end));
}

const TRADES: &[Column] = &[
    Column::word("Closed", 0, 6),
    Column::text("Strategy", 0, 12),
    Column::word("Symbol", 2, 6),
    Column::number("Legs", 6, 4),
    Column::number("Held", 4, 4),
    Column::number("Gross", 3, 10),
    Column::number("Net", 0, 10),
    Column::text("Why", 1, 8),
];

fn trades(model: &Model, buf: &mut Buffer, area: Rect, focused: bool, theme: &Theme) {
    let count = model.journal.page.trades.len();
    if count == 0 {
        return pane::empty(buf, area, &nothing(model, Pane::JournalTrades), theme);
    }
    let at = model.journal.trades.index();
    let in_full = model.journal_trade(at).map(in_full).unwrap_or_default();
    let foot = if focused {
        text::wrapped(&in_full, area.width, "", theme.dim).into_iter().take(2).collect()
    } else {
        Vec::new()
    };
    let list = List { columns: TRADES, count, at, focused, foot };
    list.render(buf, area, |n| model.journal_trade(n).map(|o| trade(o, theme)).unwrap_or_default(), theme);
}

fn trade(o: &Outcome, theme: &Theme) -> Row<'static> {
    let closed = match o.closed_at {
        Some(at) => words::cell(ist(at).strftime("%d %b %H:%M").to_string(), theme.dim),
        None => words::cell("open", theme.accent),
    };
    let estimate = if o.is_estimate { "≈ " } else { "" };
    let cells = vec![
        closed,
        words::cell(name(o), theme.text),
        words::cell(o.symbol.clone(), theme.bright),
        words::cell(o.legs.to_string(), theme.dim),
        words::known(held(o), theme.dim, theme, format::left),
        Line::from(words::pnl(o.gross, theme)),
        Line::from(words::pnl(o.net, theme)),
        words::cell(format!("{estimate}{}", o.exit_reason.clone().unwrap_or_default()), theme.dim),
    ];
    Row { cells, ..Row::default() }
}

fn name(o: &Outcome) -> String {
    o.strategy.map_or_else(|| o.kind.clone(), |id| format!("#{id} {}", o.kind))
}

fn held(o: &Outcome) -> Option<i64> {
    o.closed_at.map(|end| ms_between(o.entered_at, end))
}

fn in_full(o: &Outcome) -> String {
    let time = |at| ist(at).strftime("%d %b %Y %H:%M:%S").to_string();
    let mut parts = vec![format!("{} {}", o.symbol, name(o)), format!("in {}", time(o.entered_at))];
    parts.push(o.closed_at.map_or_else(|| "still open".to_string(), |at| format!("out {}", time(at))));
    if o.is_estimate {
        parts.push("closed elsewhere: its price is an estimate".into());
    }
    if o.closed_at.is_some() && o.net.is_none() {
        parts.push("what it cost is not known, so it is in no figure".into());
    }
    parts.extend(o.exit_reason.clone());
    parts.join(" · ")
}

const KINDS: &[Column] = &[
    Column::text("Strategy", 0, 10),
    Column::number("Trades", 1, 3),
    Column::number("Won", 1, 4),
    Column::number("Net", 0, 10),
    Column::number("PF", 3, 4),
    Column::number("Expectancy", 2, 9),
    Column::number("Avg win", 4, 9),
    Column::number("Avg loss", 4, 9),
    Column::number("Largest loss", 5, 9),
    Column::number("Drawdown", 6, 9),
];

fn kinds(model: &Model, buf: &mut Buffer, area: Rect, focused: bool, theme: &Theme) {
    let kinds = &model.journal.page.kinds;
    if kinds.is_empty() {
        return pane::empty(buf, area, &nothing(model, Pane::JournalKinds), theme);
    }
    let row = |n: usize| kinds.get(n).map(|(name, p)| kind(name, p, theme)).unwrap_or_default();
    let at = model.journal.kinds.index();
    List { columns: KINDS, count: kinds.len(), at, focused, foot: Vec::new() }.render(buf, area, row, theme);
}

fn kind(name: &str, p: &Performance, theme: &Theme) -> Row<'static> {
    let money = |m: Option<Money>| Line::from(words::pnl(m, theme));
    let percent = |r: Decimal| format!("{}%", format::grouped(r * Decimal::ONE_HUNDRED, 0));
    let cells = vec![
        words::cell(if name.is_empty() { format::UNKNOWN } else { name }, theme.bright),
        words::cell(p.count.to_string(), theme.text),
        words::known(p.win_rate, theme.text, theme, percent),
        money((p.count > 0).then_some(p.net)),
        words::known(p.profit_factor, theme.text, theme, |d| format::grouped(d, 2)),
        money(p.expectancy),
        money(p.average_win),
        money(p.average_loss),
        money(p.largest_loss),
        words::cell(format::rupees(p.drawdown), theme.dim),
    ];
    Row { cells, ..Row::default() }
}

const DAYS: &[Column] = &[
    Column::word("Day", 0, 10),
    Column::number("Contracts", 1, 3),
    Column::number("Gross", 2, 10),
    Column::number("Charges", 3, 8),
    Column::number("Net", 0, 10),
    Column::number("Executions", 5, 3),
    Column::number("Signals", 6, 3),
    Column::number("Orders", 4, 3),
];

/// The month of the day under the cursor, and the sessions.
fn days(model: &Model, history: &TradingHistory, buf: &mut Buffer, area: Rect, focused: bool, theme: &Theme) {
    let sessions = &model.journal.page.days;
    let at_hand = model.journal.days.key().unwrap_or_else(|| model.journal_day());
    let used = calendar::render(buf, area, history, at_hand, model.today(), theme);
    let below = Rect { y: area.y + used, height: area.height - used, ..area };
    if sessions.is_empty() {
        return pane::empty(buf, below, &nothing(model, Pane::JournalDays), theme);
    }
    let row = |n: usize| {
        let session = sessions.get(n).and_then(|day| history.session(*day));
        session.map(|s| session_row(s, theme)).unwrap_or_default()
    };
    let at = model.journal.days.index();
    List { columns: DAYS, count: sessions.len(), at, focused, foot: Vec::new() }.render(buf, below, row, theme);
}

fn session_row(s: &SessionRecord, theme: &Theme) -> Row<'static> {
    // A day without a closed trade has earned nothing, which is known.
    let style = if s.trades == 0 { theme.dim } else { Style::new() };
    let count = |n: u32| words::cell(n.to_string(), theme.text);
    let cells = vec![
        words::cell(s.day.strftime("%a %d %b").to_string(), theme.text),
        count(s.trades),
        Line::from(words::pnl(Some(s.gross), theme)),
        words::cell(format::rupees(s.charges), theme.dim),
        Line::from(words::pnl(Some(s.net), theme)),
        count(s.executions),
        count(s.signals),
        count(s.orders),
    ];
    Row { cells, style, ..Row::default() }
}
