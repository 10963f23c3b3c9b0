//! The account: whether the broker is reached, how long we are logged in, what can be spent, what is left of the pace, and
//! what the account has not got.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Scene, header};
use crate::domain::time::{ist, ms_between};
use crate::engine::Lane;
use crate::engine::record::Profile;
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;
use crate::tui::widgets::{card, pane, text};
use crate::view::books::Connection;
use crate::view::{Account, LinkView, format};

/// From this width on the sections stand in two columns.
const TWO_COLUMNS: u16 = 110;
/// Columns of the names on the left.
const NAMES: u16 = 15;

type Lines = Vec<Line<'static>>;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let title = Line::styled("Account", theme.title);
    let inner = pane::frame(buf, area, &title, &Line::default(), model.focus == Pane::Account, theme);
    let account = &model.view.account;
    let wide = inner.width >= TWO_COLUMNS;
    let width = if wide { inner.width / 2 - 2 } else { inner.width };
    let first: Vec<Lines> = vec![
        connection(model, width, theme),
        token(model, account, width, theme),
        funds(account, theme),
        lacks(account, width, theme),
    ];
    let second: Vec<Lines> = vec![pace(account, model, width, theme), test(model, width, theme)];
    let scroll = model.page_scroll.get(&Pane::Account).copied().unwrap_or(0);
    if !wide {
        let mut sections = [first, second].concat();
        // What was asked for is seen at once.
        let test = &model.books.connection;
        if test.waiting || test.value.is_some() || test.error.is_some() {
            sections.rotate_right(1);
        }
        let lines = joined(sections);
        return card::scrolled(buf, inner, &lines, scroll, theme);
    }
    let left = Rect { width, ..inner };
    let right = Rect { x: inner.right() - width, width, ..inner };
    let a = card::scrolled(buf, left, &joined(first), scroll, theme);
    let b = card::scrolled(buf, right, &joined(second), scroll, theme);
    Drawn { scroll_limit: a.scroll_limit.max(b.scroll_limit), page_rows: a.page_rows }
}

/// Sections with a blank line between them.
fn joined(sections: Vec<Lines>) -> Lines {
    let mut all = Lines::new();
    for section in sections {
        if !all.is_empty() {
            all.push(Line::default());
        }
        all.extend(section);
    }
    all
}

fn heading(words: &'static str, theme: &Theme) -> Line<'static> {
    Line::styled(words, theme.accent)
}

/// A name and what there is to say of it; a long saying goes on below itself.
fn fact(name: &'static str, words: &str, style: Style, width: u16, theme: &Theme) -> Lines {
    let parts = text::wrap(words, width.saturating_sub(NAMES).max(20));
    let named = |n: usize| if n == 0 { name } else { "" };
    let line = |(n, part): (usize, String)| {
        Line::from(vec![Span::styled(text::padded(named(n), NAMES), theme.dim), Span::styled(part, style)])
    };
    parts.into_iter().enumerate().map(line).collect()
}

fn connection(model: &Model, width: u16, theme: &Theme) -> Lines {
    let (head, account) = (&model.view.header, &model.view.account);
    let broker = match head.profile {
        Profile::Paper => "PAPER: the built-in exchange, which speaks DhanHQ v2",
        Profile::Live => "LIVE: Dhan (DhanHQ v2)",
    };
    let mut lines = vec![heading("Connection", theme)];
    lines.extend(fact("Broker", broker, theme.text, width, theme));
    lines.push(link("Prices", head.feed, head.session.open, theme));
    lines.push(link("Order updates", head.orders, false, theme));
    let age = |ms: Option<i64>| ms.map_or_else(|| "not yet".to_string(), |ms| format!("{} ago", format::whole_age(ms)));
    let books = format!(
        "positions {} · orders {} · trades {}",
        age(account.positions_age_ms),
        age(account.orders_age_ms),
        age(account.trades_age_ms)
    );
    lines.extend(fact("Books read", &books, theme.text, width, theme));
    if head.reconciling {
        let words = "The broker's books are being compared with ours: no entries until that is done.";
        lines.extend(fact("", words, theme.warn, width, theme));
    }
    lines
}

fn link(name: &'static str, link: LinkView, silence_tells: bool, theme: &Theme) -> Line<'static> {
    let (sign, style, word) = header::link_state(link, silence_tells, theme);
    let word = match link.age_ms {
        Some(_) if style == theme.up => format!(" up, last word {word} ago"),
        _ => format!(" {word}"),
    };
    Line::from(vec![
        Span::styled(text::padded(name, NAMES), theme.dim),
        Span::styled(sign, style),
        Span::styled(word, theme.text),
    ])
}

fn token(model: &Model, account: &Account, width: u16, theme: &Theme) -> Lines {
    let mut lines = vec![heading("Log-in", theme)];
    let token = &account.token;
    let (words, style) = match (&token.refused, token.ends, account.token_left_ms) {
        (Some(why), ..) => (format!("the broker does not take it: {why}"), theme.down),
        (None, Some(ends), Some(0)) => (format!("ended {}", instant(ends)), theme.down),
        (None, Some(ends), Some(left)) => {
            let style = if left < token.warn_ms { theme.warn } else { theme.up };
            (format!("valid for {}, until {}", format::left(left), instant(ends)), style)
        }
        _ => ("how long it lasts is not known".to_string(), theme.dim),
    };
    lines.extend(fact("Token", &words, style, width, theme));
    if !token.remedy.is_empty() {
        lines.extend(fact("", &token.remedy, theme.dim, width, theme));
    }
    if model.view.header.profile == Profile::Live {
        let words = "`strikedeck setup` takes another token, or PIN and one-time password.";
        lines.extend(fact("", words, theme.dim, width, theme));
    }
    lines
}

fn instant(at: crate::domain::time::Timestamp) -> String {
    ist(at).strftime("%d %b %H:%M").to_string()
}

fn funds(account: &Account, theme: &Theme) -> Lines {
    let mut lines = vec![heading("Funds", theme)];
    let Some(funds) = account.funds else {
        lines.push(Line::styled("The broker has not told them yet.", theme.dim));
        return lines;
    };
    let figure = |name: &'static str, amount, style| {
        let amount = text::right_aligned(&format::rupees(amount), 16);
        Line::from(vec![Span::styled(text::padded(name, NAMES), theme.dim), Span::styled(amount, style)])
    };
    lines.push(figure("Available", funds.available, theme.bright));
    lines.push(figure("Used", funds.utilised, theme.text));
    lines.push(figure("At the start", funds.start_of_day, theme.text));
    if let Some(ms) = account.funds_age_ms {
        lines.push(Line::styled(
            format!("{}read {} ago", " ".repeat(usize::from(NAMES)), format::whole_age(ms)),
            theme.dim,
        ));
    }
    lines
}

fn lacks(account: &Account, width: u16, theme: &Theme) -> Lines {
    let mut lines = vec![heading("What the account lacks", theme)];
    if account.lacks.is_empty() {
        lines.push(Line::styled("Nothing that was needed so far.", theme.dim));
    }
    for lack in &account.lacks {
        lines.extend(text::wrapped(&format!("{} {lack}", theme.symbols.blocked), width, "", theme.warn));
    }
    lines
}

/// Order calls per window, with what is kept for exits and cancels.
fn pace(account: &Account, model: &Model, width: u16, theme: &Theme) -> Lines {
    const BAR: u32 = 16;
    let mut lines = vec![heading("Order calls: used · left", theme)];
    let quota = &account.quota;
    if quota.windows.is_empty() {
        lines.push(Line::styled("Not told yet.", theme.dim));
        return lines;
    }
    for window in &quota.windows {
        let left = window.limit.saturating_sub(window.used);
        let filled = (window.used.min(window.limit) * BAR).checked_div(window.limit).unwrap_or(0);
        let style = match window.used * 100 {
            used if used >= window.limit * 100 => theme.down,
            used if used >= window.limit * 80 => theme.warn,
            _ => theme.up,
        };
        let said = format!("{} of {} · {} left", whole(window.used), whole(window.limit), whole(left));
        let repeated = |sign: &str, n: u32| sign.repeat(n as usize);
        let mut spans = vec![
            Span::styled(text::padded(&window_name(window.ms), NAMES), theme.dim),
            Span::styled(repeated(theme.symbols.gauge, filled), style),
            Span::styled(repeated(theme.symbols.gauge_rest, BAR - filled), theme.line),
            Span::styled(text::right_aligned(&said, 25), theme.text),
        ];
        if width >= 70 {
            spans.push(Span::styled(format!("   {} kept for exits", window.reserve), theme.dim));
        }
        lines.push(Line::from(spans));
    }
    let waiting: Vec<String> =
        quota.waiting.iter().filter(|(_, n)| *n > 0).map(|(lane, n)| format::count(*n, lane_name(*lane))).collect();
    let waiting = if waiting.is_empty() { "nothing".to_string() } else { waiting.join(", ") };
    let words = format!("{waiting} · {} on the way · {} looked for", quota.in_flight, quota.unknown);
    lines.extend(fact("Waiting", &words, theme.text, width, theme));
    if quota.elsewhere_last_second > 0 {
        let words = format!("{} in the last second, by others on this account", quota.elsewhere_last_second);
        lines.extend(fact("Elsewhere", &words, theme.warn, width, theme));
    }
    for (what, until) in [("Entries", quota.entries_paused_until), ("Questions", quota.queries_paused_until)] {
        if let Some(until) = until.filter(|until| *until > model.view.now) {
            let left = format::left(ms_between(model.view.now, until));
            let words = format!("paused for {left}: the broker kept failing");
            lines.extend(fact(what, &words, theme.warn, width, theme));
        }
    }
    lines
}

fn whole(n: u32) -> String {
    format::grouped(n.into(), 0)
}

fn window_name(ms: i64) -> String {
    match ms {
        1_000 => "a second".into(),
        60_000 => "a minute".into(),
        3_600_000 => "an hour".into(),
        86_400_000 => "a day".into(),
        other => format!("{} s", other / 1_000),
    }
}

fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Exit => "exit",
        Lane::Cancel => "cancel",
        Lane::Protection => "stop",
        Lane::Entry => "entry order",
        Lane::Query => "question",
    }
}

/// What the broker said when it was asked.
fn test(model: &Model, width: u16, theme: &Theme) -> Lines {
    let asked = &model.books.connection;
    let mut lines = vec![heading("Connection test", theme)];
    if asked.waiting {
        lines.push(Line::styled("Asking the broker …", theme.accent));
    } else if let Some(why) = &asked.error {
        lines.extend(fact("Failed", why, theme.down, width, theme));
    }
    match &asked.value {
        Some(told) => {
            let age = asked.at.map_or(0, |at| i64::try_from(model.now.saturating_sub(at)).unwrap_or(0));
            lines.extend(answer(told, age, width, theme));
        }
        None if !asked.waiting => {
            let key = model.keymap.key(Action::TestConnection);
            let words = format!(
                "{key} asks the broker whether it takes our token, what the account may do, and whether it takes orders from \
                 this machine's address. Nothing is sent but questions."
            );
            lines.extend(text::wrapped(&words, width, "", theme.dim));
        }
        None => {}
    }
    lines
}

fn answer(told: &Connection, age_ms: i64, width: u16, theme: &Theme) -> Lines {
    let account = told.account.as_ref().map_or_else(|| format::UNKNOWN.to_string(), |digits| format!("…{digits}"));
    let words = format!("in {} ms, {} ago", told.took_ms, format::whole_age(age_ms));
    let mut lines = fact("Answered", &words, theme.up, width, theme);
    lines.extend(fact("Account", &account, theme.text, width, theme));
    lines.extend(fact("Token until", &format::or_unknown(told.token_ends, instant), theme.text, width, theme));
    lines.extend(fact("Segments", told.segments.as_deref().unwrap_or(format::UNKNOWN), theme.text, width, theme));
    let (data, style) = match told.market_data {
        Some(true) => ("subscribed", theme.up),
        Some(false) => ("not subscribed: no live prices, so no entries", theme.warn),
        None => (format::UNKNOWN, theme.dim),
    };
    lines.extend(fact("Market data", data, style, width, theme));
    if let Some(ms) = told.clock_ahead_ms {
        let words = match ms {
            0 => "agrees with the broker's".to_string(),
            1.. => format!("{ms} ms ahead of the broker's"),
            _ => format!("{} ms behind the broker's", ms.abs()),
        };
        let style = if ms.abs() >= 2_000 { theme.warn } else { theme.text };
        lines.extend(fact("Our clock", &words, style, width, theme));
    }
    let addresses = match (&told.addresses_unknown, told.addresses.is_empty()) {
        (Some(why), _) => format!("not told: {why}"),
        (None, true) => "none registered".into(),
        (None, false) => told.addresses.join(", "),
    };
    lines.extend(fact("Addresses", &addresses, theme.text, width, theme));
    let from = told.seen_from.as_deref().unwrap_or("an address that the broker does not tell");
    let (words, style) = match told.orders_taken {
        Some(true) => (format!("taken from here ({from})"), theme.up),
        Some(false) => (format!("REFUSED from here ({from}): register it with `strikedeck ip set`"), theme.down),
        None => (format!("we come from {from}: compare it with your line's address"), theme.dim),
    };
    lines.extend(fact("Orders", &words, style, width, theme));
    lines
}
