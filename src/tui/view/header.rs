//! The head line: the profile first, then what fits, the most important kept longest and nothing cut inside a figure.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Scene;
use super::words;
use crate::engine::effect::AlertLevel;
use crate::engine::record::Profile;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use crate::view::{ApiUse, IndexQuote, LinkState, LinkView, TokenView, format};

/// A piece of the head line: shown whole or not at all.
struct Piece {
    /// 0 is never left out; the largest leaves first.
    leaves: u8,
    spans: Vec<Span<'static>>,
    /// Takes its place when room is short.
    short: Option<Vec<Span<'static>>>,
    /// Belongs to the right end.
    right: bool,
}

pub fn profile_word(profile: Profile) -> &'static str {
    match profile {
        Profile::Paper => "PAPER",
        Profile::Live => "LIVE",
    }
}

pub fn profile_style(profile: Profile, theme: &Theme) -> Style {
    match profile {
        Profile::Paper => theme.paper,
        Profile::Live => theme.live,
    }
}

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (theme, profile) = (scene.theme, scene.model.view.header.profile);
    let ground = match profile {
        Profile::Paper => theme.head,
        Profile::Live => theme.head_live,
    };
    text::blank(buf, area, theme.ground.patch(ground));
    let mut pieces = pieces(scene);
    let width = |p: &Piece| p.spans.iter().map(|s| text::width(&s.content)).sum::<u16>() + 2;
    while pieces.iter().map(width).sum::<u16>() > area.width && make_room(&mut pieces) {}
    let (mut x, mut right) = (area.x + 1, area.right());
    let room: u16 = pieces.iter().filter(|p| p.right).map(width).sum();
    right = right.saturating_sub(room).max(x);
    for piece in &pieces {
        let at = if piece.right { &mut right } else { &mut x };
        let place = Rect { x: *at, width: area.right().saturating_sub(*at), ..area };
        text::put(buf, place, &Line::from(piece.spans.clone()), theme.symbols.ellipsis);
        *at += width(piece);
    }
}

/// Pieces that are only nice to have leave before any other is shortened.
const NICE_TO_HAVE: u8 = 10;

/// Leaves out or shortens the piece that matters least; false when nothing is left to give.
fn make_room(pieces: &mut Vec<Piece>) -> bool {
    let least = |wanted: &dyn Fn(&Piece) -> bool| {
        let some = pieces.iter().enumerate().filter(|(_, p)| p.leaves > 0 && wanted(p));
        some.max_by_key(|(_, p)| p.leaves).map(|(n, _)| n)
    };
    if let Some(n) = least(&|p| p.leaves >= NICE_TO_HAVE) {
        pieces.remove(n);
    } else if let Some(n) = least(&|p| p.short.is_some()) {
        if let Some(short) = pieces[n].short.take() {
            pieces[n].spans = short;
        }
    } else if let Some(n) = least(&|_| true) {
        pieces.remove(n);
    } else {
        return false;
    }
    true
}

fn pieces(scene: &Scene<'_>) -> Vec<Piece> {
    let (theme, view) = (scene.theme, &scene.model.view);
    let header = &view.header;
    let left = |leaves, spans| Piece { leaves, spans, short: None, right: false };
    let right = |leaves, spans, short| Piece { leaves, spans, short, right: true };
    let mut all = vec![
        left(14, vec![Span::styled("STRIKEDECK", theme.bright)]),
        left(0, vec![badge(profile_word(header.profile), profile_style(header.profile, theme))]),
    ];
    if view.safety.flatten.is_some() {
        all.push(left(0, vec![badge("FLATTENING", theme.halted)]));
    } else if view.safety.halt.is_some() {
        all.push(left(0, vec![badge("HALTED", theme.halted)]));
    }
    if scene.model.read_only {
        all.push(left(0, vec![badge("READ-ONLY", theme.warn.add_modifier(Modifier::REVERSED))]));
    }
    if let Some(run) = header.rehearsals.first() {
        let more = if header.rehearsals.len() > 1 { " +" } else { "" };
        let rehearsing = theme.warn.add_modifier(Modifier::REVERSED);
        let seconds = run.left_ms.div_ceil(1_000);
        let word = format!("REHEARSAL {}{more} {seconds} s", run.drill);
        all.push(Piece {
            leaves: 0,
            spans: vec![badge(&word, rehearsing)],
            short: Some(vec![badge("REHEARSAL", rehearsing)]),
            right: false,
        });
    }
    let indices = header.indices.iter().take(5).enumerate();
    all.extend(indices.map(|(n, i)| left([7, 12, 15, 16, 17][n.min(4)], index(i, theme))));
    let open = header.session.open;
    all.push(right(5, link("feed", header.feed, open, theme), Some(lamp("feed", header.feed, open, theme))));
    all.push(right(6, link("orders", header.orders, false, theme), Some(lamp("ord", header.orders, false, theme))));
    all.push(right(11, api(header.api, theme), None));
    if let Some(left) = header.token {
        all.push(right(if left.soon { 2 } else { 8 }, token(left, theme), None));
    }
    let session = session(scene);
    let word = session.first().cloned().into_iter().collect();
    all.push(right(3, session, Some(word)));
    let clock = Span::styled(header.clock.strftime("%H:%M:%S").to_string(), theme.bright);
    all.push(right(4, vec![clock.clone(), Span::styled(" IST", theme.dim)], Some(vec![clock])));
    all.push(right(1, day_pnl(scene), None));
    all
}

fn badge(word: &str, style: Style) -> Span<'static> {
    Span::styled(format!(" {word} "), style)
}

fn index(quote: &IndexQuote, theme: &Theme) -> Vec<Span<'static>> {
    /// Older than this, a price is dimmed.
    const STALE_MS: i64 = 15_000;
    let stale = quote.age_ms > STALE_MS;
    let value = if stale { theme.faint } else { theme.bright };
    let mut spans =
        vec![Span::styled(format!("{} ", quote.symbol), theme.dim), Span::styled(format::price(quote.last), value)];
    if let Some(change) = quote.change_pct {
        let (sign, style) = if change.is_sign_negative() && !change.is_zero() {
            (theme.symbols.down, theme.down)
        } else if change.is_zero() {
            ("", theme.dim)
        } else {
            (theme.symbols.up, theme.up)
        };
        let style = if stale { theme.faint } else { style };
        spans.push(Span::styled(format!(" {sign}{}%", format::grouped(change.abs(), 2)), style));
    }
    if stale {
        spans.push(Span::styled(format!(" {}", format::whole_age(quote.age_ms)), theme.warn));
    }
    spans
}

/// Sign, colour and words of a link. Silence is a sign only of the feed, and only while the market is open: the order
/// link says nothing while nothing happens.
pub fn link_state(link: LinkView, silence_tells: bool, theme: &Theme) -> (&'static str, Style, String) {
    /// A link that has been silent for longer is coloured.
    const QUIET_MS: i64 = 10_000;
    match (link.state, link.age_ms) {
        (LinkState::Down, _) => (theme.symbols.hollow, theme.down, "down".to_string()),
        (LinkState::Connecting, _) => (theme.symbols.hollow, theme.warn, "connecting".to_string()),
        (LinkState::Up, None) => (theme.symbols.dot, theme.up, format::UNKNOWN.to_string()),
        (LinkState::Up, Some(age)) if silence_tells && age > QUIET_MS => {
            (theme.symbols.dot, theme.warn, format::age(age))
        }
        (LinkState::Up, Some(age)) => (theme.symbols.dot, theme.up, format::age(age)),
    }
}

/// A link where there is little room: its name, its lamp, and its words only when they matter.
fn lamp(name: &'static str, link: LinkView, silence_tells: bool, theme: &Theme) -> Vec<Span<'static>> {
    let (sign, style, word) = link_state(link, silence_tells, theme);
    let mut spans = vec![Span::styled(name, theme.dim), Span::styled(sign, style)];
    if style != theme.up {
        spans.push(Span::styled(word, style));
    }
    spans
}

fn link(name: &'static str, link: LinkView, silence_tells: bool, theme: &Theme) -> Vec<Span<'static>> {
    let (sign, style, word) = link_state(link, silence_tells, theme);
    // Wide enough for most, so that what stands beside it keeps still.
    let word = format!(" {word:<5}");
    vec![Span::styled(format!("{name} "), theme.dim), Span::styled(sign, style), Span::styled(word, theme.dim)]
}

fn api(api: ApiUse, theme: &Theme) -> Vec<Span<'static>> {
    let top = api.limit.max(1);
    let bars: String = api
        .recent
        .iter()
        .map(|n| theme.symbols.bars[usize::try_from(u32::from(*n) * 7 / top).unwrap_or(7).min(7)])
        .collect();
    let used = format::or_unknown(api.used, |n| n.to_string());
    let mut spans = vec![
        Span::styled("api ", theme.dim),
        Span::styled(bars, theme.accent),
        Span::styled(format!(" {used}/{}", api.limit), theme.dim),
    ];
    if api.elsewhere > 0 {
        spans.push(Span::styled(format!(" ({} elsewhere)", api.elsewhere), theme.warn));
    }
    spans
}

/// How long we are logged in.
fn token(token: TokenView, theme: &Theme) -> Vec<Span<'static>> {
    let (word, style) = match token.left_ms {
        None => ("not taken".to_string(), theme.down),
        Some(ms) if token.soon => (format::left(ms), theme.warn),
        Some(ms) => (format::left(ms), theme.dim),
    };
    vec![Span::styled("token ", theme.dim), Span::styled(word, style)]
}

fn session(scene: &Scene<'_>) -> Vec<Span<'static>> {
    let (theme, session) = (scene.theme, scene.model.view.header.session);
    let (word, style) = if session.open { ("OPEN", theme.up) } else { ("CLOSED", theme.warn) };
    let mut spans = vec![Span::styled(word, style)];
    if let Some(ms) = session.left_ms {
        let text = if session.open { format::left(ms) } else { format!("opens in {}", format::left(ms)) };
        spans.push(Span::styled(format!(" {text}"), theme.dim));
    }
    spans
}

/// Net of charges, as the limit counts it.
fn day_pnl(scene: &Scene<'_>) -> Vec<Span<'static>> {
    let (theme, pnl) = (scene.theme, scene.model.view.header.pnl);
    let figure = words::pnl(pnl.net, theme);
    let figure = Span::styled(figure.content, figure.style.add_modifier(ratatui::style::Modifier::BOLD));
    vec![Span::styled("Day ", theme.dim), figure]
}

/// The worst standing condition, and how many more there are.
pub fn banner(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let theme = scene.theme;
    let standing = &scene.model.view.standing;
    let Some(worst) = standing.first() else { return };
    let style = match worst.level {
        AlertLevel::Critical => theme.halted,
        AlertLevel::Warning => theme.warn,
        AlertLevel::Info => theme.accent,
    };
    text::blank(buf, area, theme.ground.patch(style));
    let more = if standing.len() > 1 { format!(" (+{})", standing.len() - 1) } else { String::new() };
    let more = Line::styled(more, style);
    let room = Rect { x: area.x + 1, width: area.width.saturating_sub(2 + text::line_width(&more)), ..area };
    text::put(
        buf,
        room,
        &Line::styled(format!("{} {}", theme.symbols.blocked, worst.text), style),
        theme.symbols.ellipsis,
    );
    text::put_right(buf, Rect { width: area.width.saturating_sub(1), ..area }, &more);
}
