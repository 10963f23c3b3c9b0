//! What the models say, as cells: Greeks in rupees, volatilities with their reason where there is none, marks with their
//! kind.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::words;
use crate::domain::Price;
use crate::risk::Exposure;
use crate::tui::theme::Theme;
use crate::view::analytics::{Forward, Mark, MarkKind, OptionLook, VolOrigin};
use crate::view::format;

/// Older than this, a price is dimmed and its age coloured.
pub const STALE_MS: i64 = 10_000;

/// One figure of a model in whole rupees, coloured by its sign.
pub fn rupees(figure: Option<f64>, theme: &Theme) -> Line<'static> {
    words::known(figure, figure.map_or(theme.dim, |f| sign(f, theme)), theme, format::whole)
}

pub fn sign(figure: f64, theme: &Theme) -> Style {
    if figure >= 0.5 {
        theme.up
    } else if figure <= -0.5 {
        theme.down
    } else {
        theme.text
    }
}

/// Delta per 1 %, gamma, theta a day, vega a point.
pub fn cells(exposure: Option<Exposure>, theme: &Theme) -> [Line<'static>; 4] {
    let part = |get: fn(Exposure) -> f64| rupees(exposure.map(get), theme);
    [part(|e| e.delta), part(|e| e.gamma), part(|e| e.theta), part(|e| e.vega)]
}

/// `13.2%`, or why there is none; with `~` where it is another's.
pub fn volatility(look: Option<&OptionLook>, theme: &Theme) -> Line<'static> {
    let Some(look) = look else { return Line::default() };
    match (look.iv, look.vol) {
        (Ok(vol), _) => words::cell(format::volatility(vol), theme.text),
        (Err(_), Some((vol, _))) => words::cell(format!("~{}", format::volatility(vol)), theme.dim),
        (Err(why), None) => words::cell(why.short(), theme.faint),
    }
}

/// Whose volatility it is, and why not its own.
pub fn volatility_in_full(look: &OptionLook) -> Option<String> {
    let why = look.iv.err()?;
    Some(match look.vol {
        Some((vol, VolOrigin::Twin)) => {
            format!(
                "its own price tells no volatility ({why}): {} is its twin's at the strike",
                format::volatility(vol)
            )
        }
        Some((vol, _)) => {
            format!(
                "its own price tells no volatility ({why}): {} is that of the strikes around it",
                format::volatility(vol)
            )
        }
        None => format!("no Greeks: {why}"),
    })
}

/// The price, `≈` where only a model says so.
pub fn mark(mark: Option<Mark>, theme: &Theme) -> Line<'static> {
    let Some(mark) = mark else { return words::unknown(theme) };
    match mark.kind {
        MarkKind::Model => words::cell(format!("≈{}", format::price(mark.price)), theme.dim),
        MarkKind::Mid | MarkKind::Last => words::cell(format::price(mark.price), price_style(mark.age_ms, theme)),
    }
}

pub fn price_style(age_ms: i64, theme: &Theme) -> Style {
    if age_ms > STALE_MS { theme.faint } else { theme.text }
}

pub fn age(age_ms: Option<i64>, theme: &Theme) -> Line<'static> {
    let style = if age_ms.is_some_and(|ms| ms > STALE_MS) { theme.warn } else { theme.faint };
    words::known(age_ms, style, theme, format::whole_age)
}

/// `forward 26,012.40 (chain, 5 strikes)`.
pub fn forward(forward: Option<Forward>, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![Span::styled("forward ", theme.dim)];
    match forward {
        Some(f) => {
            spans.push(Span::styled(points(f.price, 2), theme.text));
            spans.push(Span::styled(format!(" ({})", f.origin), theme.dim));
        }
        None => spans.push(Span::styled(format::UNKNOWN, theme.dim)),
    }
    spans
}

/// A model's price of the underlying.
pub fn points(figure: f64, places: u32) -> String {
    use rust_decimal::prelude::FromPrimitive;
    format::or_unknown(rust_decimal::Decimal::from_f64(figure), |d| format::grouped(Price(d).0, places))
}
