//! A month of daily results: each day with its net in short, the whole with its colour and its sign.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::words;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use crate::view::format;
use crate::view::performance::TradingHistory;

/// Columns that a day needs.
const CELL: u16 = 7;
/// Rows that must be left below it.
const BELOW: u16 = 4;

/// Draws the month of `at_hand`, where there is room for it; says how many rows it took.
pub fn render(
    buf: &mut Buffer,
    area: Rect,
    history: &TradingHistory,
    at_hand: Date,
    today: Date,
    theme: &Theme,
) -> u16 {
    let first = at_hand.first_of_month();
    let days = u16::try_from(first.days_in_month()).unwrap_or(31);
    let offset = u16::try_from(first.weekday().to_monday_zero_offset()).unwrap_or(0);
    let weeks = (offset + days).div_ceil(7);
    let height = 2 + weeks * 2;
    if area.width < CELL * 7 || area.height < height + BELOW {
        return 0;
    }
    let wide = (area.width / 7).min(12);
    let month = vec![
        Span::styled(first.strftime("%B %Y").to_string(), theme.bright),
        Span::styled("  net of the day, ₹", theme.dim),
    ];
    text::put(buf, text::row(area, 0), &Line::from(month), theme.symbols.ellipsis);
    for (n, name) in (0_u16..).zip(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]) {
        let at = Rect { x: area.x + n * wide, width: wide - 1, ..text::row(area, 1) };
        text::put_right(buf, at, &Line::styled(name, theme.dim));
    }
    for n in 0..days {
        let Ok(day) = first.checked_add(jiff::Span::new().days(n)) else { continue };
        let (column, week) = ((offset + n) % 7, (offset + n) / 7);
        let place = Rect { x: area.x + column * wide, width: wide - 1, ..text::row(area, 2 + week * 2) };
        let number = match (day == at_hand, day == today) {
            (true, _) => theme.accent,
            (false, true) => theme.bright,
            (false, false) => theme.dim,
        };
        text::put_right(buf, place, &Line::styled(day.day().to_string(), number));
        let below = Rect { y: place.y + 1, ..place };
        if let Some(session) = history.session(day) {
            let result = match session.trades {
                0 => Line::styled("·", theme.dim),
                _ => Line::styled(format::short(session.net), words::gain(session.net, theme)),
            };
            text::put_right(buf, below, &result);
        }
        if day == at_hand {
            text::tint(buf, place, theme.selection);
            text::tint(buf, below, theme.selection);
        }
    }
    height
}
