//! The limits: as gauges where there is room, in one line where there is not.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::engine::state::Safeguard;
use crate::tui::theme::Theme;
use crate::tui::widgets::{gauge, pane, text};
use crate::view::{Amount, Gauge, GaugeLevel, WARN_PCT, format};

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let theme = scene.theme;
    let gauges = &scene.model.view.risk;
    let title = Line::from(Span::styled("Risk", theme.title));
    let inner = pane::frame(buf, area, &title, &broker_exit(scene), false, theme);
    self::gauges(gauges, buf, inner, inner.height, theme);
}

/// The gauges from the top of `area`: two rows each where `room` has them, else one. The rows they take.
pub fn gauges(gauges: &[Gauge], buf: &mut Buffer, area: Rect, room: u16, theme: &Theme) -> u16 {
    let tall = usize::from(room) >= gauges.len() * 2;
    let each = if tall { 2 } else { 1 };
    for (n, g) in gauges.iter().enumerate() {
        let y = u16::try_from(n * each).unwrap_or(u16::MAX);
        let line = text::row(area, y);
        if tall {
            label_and_value(buf, line, g.kind.label(), g, theme);
            gauge::bar(buf, text::row(area, y + 1), g.per_mille(), WARN_PCT, level_style(g, theme), theme);
        } else {
            in_one_row(buf, line, g, theme);
        }
    }
    u16::try_from(gauges.len() * each).unwrap_or(u16::MAX).min(area.height)
}

/// The broker's own exit, in the frame: it holds when this machine is off.
pub fn broker_exit(scene: &Scene<'_>) -> Line<'static> {
    let (exit, theme) = (&scene.model.view.safety.broker_exit, scene.theme);
    let (words, style) = match exit {
        Safeguard::Set(exit) => (format!("at {}", format::rupees_whole(exit.loss)), theme.up),
        Safeguard::Gone | Safeguard::Refused(_) | Safeguard::Unknown(_) => (exit.as_str().to_string(), theme.warn),
        Safeguard::Unasked | Safeguard::NotSet | Safeguard::Asked(_) => (exit.as_str().to_string(), theme.dim),
    };
    Line::from(vec![Span::styled("broker exits ", theme.dim), Span::styled(words, style)])
}

fn label_and_value(buf: &mut Buffer, line: Rect, label: &str, g: &Gauge, theme: &Theme) {
    let value = value(g, theme);
    let wide = text::line_width(&value);
    let room = Rect { width: line.width.saturating_sub(wide + 1), ..line };
    text::put(buf, room, &Line::styled(label.to_string(), theme.text), theme.symbols.ellipsis);
    text::put_right(buf, line, &value);
}

/// A short name, a bar in what is left, the figures.
fn in_one_row(buf: &mut Buffer, line: Rect, g: &Gauge, theme: &Theme) {
    const NAME: u16 = 8;
    let value = value(g, theme);
    let wide = text::line_width(&value);
    text::put(buf, Rect { width: NAME.min(line.width), ..line }, &Line::styled(g.kind.short(), theme.text), "");
    text::put_right(buf, line, &value);
    let bar = line.width.saturating_sub(NAME + wide + 1);
    if bar >= 4 {
        let place = Rect { x: line.x + NAME, width: bar, ..line };
        gauge::bar(buf, place, g.per_mille(), WARN_PCT, level_style(g, theme), theme);
    }
}

fn amount(amount: Option<Amount>) -> String {
    format::or_unknown(amount, |a| match a {
        Amount::Rupees(money) => format::rupees_whole(money),
        Amount::Count(n) => format::grouped(n.into(), 0),
    })
}

fn value(g: &Gauge, theme: &Theme) -> Line<'static> {
    let style = match g.level() {
        GaugeLevel::Calm => theme.dim,
        GaugeLevel::Warning => theme.warn,
        GaugeLevel::Full => theme.danger,
    };
    Line::styled(format!("{} / {}", amount(g.used), amount(g.limit)), style)
}

fn level_style(g: &Gauge, theme: &Theme) -> Style {
    match g.level() {
        GaugeLevel::Calm => theme.up,
        GaugeLevel::Warning => theme.warn,
        GaugeLevel::Full => theme.down,
    }
}

/// As many limits as fit whole, the worst first where not all do.
pub fn line(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let theme = scene.theme;
    let mut gauges: Vec<(usize, &Gauge)> = scene.model.view.risk.iter().enumerate().collect();
    let piece = |g: &Gauge| {
        let sign = match g.level() {
            GaugeLevel::Calm => "",
            GaugeLevel::Warning | GaugeLevel::Full => theme.symbols.blocked,
        };
        let label = Span::styled(format!("{sign}{} ", g.kind.short()), theme.dim);
        let figures = value(g, theme);
        let text = figures.spans.iter().map(|s| s.content.replace(" / ", "/")).collect::<String>();
        vec![label, Span::styled(text, figures.style)]
    };
    gauges.sort_by_key(|(n, g)| (std::cmp::Reverse(g.level()), *n));
    let mut room = area.width.saturating_sub(1);
    let mut shown: Vec<(usize, Vec<Span<'static>>)> = Vec::new();
    for (n, g) in gauges {
        let spans = piece(g);
        let wide = spans.iter().map(|s| text::width(&s.content)).sum::<u16>() + 2;
        if wide <= room {
            room -= wide;
            shown.push((n, spans));
        }
    }
    shown.sort_by_key(|(n, _)| *n);
    let mut spans = vec![Span::raw(" ")];
    for (_, piece) in shown {
        spans.extend(piece);
        spans.push(Span::raw("  "));
    }
    text::put(buf, area, &Line::from(spans), "");
}
