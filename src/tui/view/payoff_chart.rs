//! Profit and loss over prices of the underlying: at expiry and today, with the axis in rupees, breakevens, the underlying and
//! where it may well go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rust_decimal::prelude::ToPrimitive;

use super::greeks::points;
use super::payoff::bit;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use crate::view::analytics::{Curves, StrategyLook};
use crate::view::format;

/// Rows under the plot: prices, and what the signs mean.
const BELOW: u16 = 2;

pub struct Chart<'a> {
    curves: &'a Curves,
    spot: Option<f64>,
    expected_move: Option<f64>,
    breakevens: Vec<f64>,
}

impl<'a> Chart<'a> {
    /// `None` without curves.
    pub fn of(look: &'a StrategyLook) -> Option<Self> {
        let breakevens = look.metrics.iter().flat_map(|m| &m.breakevens).filter_map(|p| p.0.to_f64()).collect();
        let curves = look.curves.as_ref()?;
        Some(Self { curves, spot: look.spot, expected_move: look.expected_move, breakevens })
    }

    fn low(&self) -> f64 {
        self.curves.spots.first().copied().unwrap_or(0.0)
    }

    fn high(&self) -> f64 {
        self.curves.spots.last().copied().unwrap_or(1.0)
    }

    /// The curve at a share of the range, between its points.
    fn at(values: &[f64], share: f64) -> f64 {
        let place = share.clamp(0.0, 1.0) * values.len().saturating_sub(1) as f64;
        let before = place.floor() as usize;
        let here = values.get(before).copied().unwrap_or(0.0);
        let next = values.get(before + 1).copied().unwrap_or(here);
        here + (next - here) * (place - before as f64)
    }

    pub fn render(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let all = || self.curves.expiry.iter().chain(self.curves.today.iter().flatten()).copied();
        let (top, bottom) = (all().fold(0.0, f64::max), all().fold(0.0, f64::min));
        let labels = [top, 0.0, bottom].map(label);
        let axis = labels.iter().map(|l| text::width(l)).max().unwrap_or(0) + 1;
        if area.width < axis + 12 || area.height < BELOW + 4 {
            return;
        }
        let plot = Rect { x: area.x + axis, width: area.width - axis, height: area.height - BELOW, ..area };
        let scale = Scale { top, span: (top - bottom).max(f64::MIN_POSITIVE), rows: plot.height };
        self.grounds(buf, plot, &scale, theme);
        self.draw(buf, plot, &scale, theme);
        let zero = scale.cell(0.0);
        for (value, y) in [(top, 0), (0.0, zero), (bottom, plot.height - 1)] {
            // The ends give way to the zero where they would stand on it.
            if value == 0.0 || y.abs_diff(zero) > 0 {
                let style = if value > 0.5 {
                    theme.up
                } else if value < -0.5 {
                    theme.down
                } else {
                    theme.dim
                };
                let place = Rect { width: axis - 1, ..text::row(Rect { x: area.x, width: area.width, ..plot }, y) };
                text::put_right(buf, place, &Line::styled(label(value), style));
            }
        }
        self.prices(buf, Rect { y: plot.bottom(), height: 1, ..plot }, theme);
        text::put(buf, Rect { y: plot.bottom() + 1, height: 1, ..area }, &self.legend(theme), theme.symbols.ellipsis);
    }

    fn column(&self, price: f64, width: u16) -> Option<u16> {
        let share = (price - self.low()) / (self.high() - self.low());
        (0.0..=1.0).contains(&share).then(|| (share * f64::from(width - 1)).round() as u16)
    }

    /// The line at zero, the underlying, one standard deviation to both sides, the breakevens.
    fn grounds(&self, buf: &mut Buffer, plot: Rect, scale: &Scale, theme: &Theme) {
        let fine = theme.symbols.braille;
        let zero = text::row(plot, scale.cell(0.0));
        let dashes = if fine { "┈" } else { "-" };
        text::put(buf, zero, &Line::styled(dashes.repeat(usize::from(plot.width)), theme.line), "");
        let mut bar = |price: f64, sign: &'static str, style: Style| {
            if let Some(x) = self.column(price, plot.width) {
                for y in 0..plot.height {
                    let place = Rect { x: plot.x + x, width: 1, ..text::row(plot, y) };
                    text::put(buf, place, &Line::styled(sign, style), "");
                }
            }
        };
        if let (Some(spot), Some(moved)) = (self.spot, self.expected_move) {
            bar(spot - moved, if fine { "┊" } else { ":" }, theme.line);
            bar(spot + moved, if fine { "┊" } else { ":" }, theme.line);
        }
        if let Some(spot) = self.spot {
            bar(spot, if fine { "╎" } else { "|" }, theme.accent);
        }
    }

    fn draw(&self, buf: &mut Buffer, plot: Rect, scale: &Scale, theme: &Theme) {
        let mut dots = Dots::new(plot.width, plot.height);
        dots.curve(&self.curves.expiry, scale);
        let mut today = Dots::new(plot.width, plot.height);
        if let Some(values) = &self.curves.today {
            today.curve(values, scale);
        }
        for y in 0..plot.height {
            for x in 0..plot.width {
                let (expiry, now) = (dots.mask(x, y), today.mask(x, y));
                if expiry | now == 0 {
                    continue;
                }
                let share = f64::from(x) / f64::from(plot.width.max(2) - 1);
                let style = match expiry {
                    0 => theme.marked,
                    _ if Self::at(&self.curves.expiry, share) >= 0.0 => theme.up,
                    _ => theme.down,
                };
                let plain = if expiry == 0 { '.' } else { '*' };
                let sign = if theme.symbols.braille {
                    char::from_u32(0x2800 + u32::from(expiry | now)).unwrap_or(plain)
                } else {
                    plain
                };
                if let Some(cell) = buf.cell_mut((plot.x + x, plot.y + y)) {
                    cell.set_char(sign).set_style(style);
                }
            }
        }
        let zero = text::row(plot, scale.cell(0.0));
        for x in self.breakevens.iter().filter_map(|b| self.column(*b, plot.width)) {
            let place = Rect { x: plot.x + x, width: 1, ..zero };
            text::put(buf, place, &Line::styled(theme.symbols.chosen, theme.bright), "");
        }
    }

    /// The ends of the range, the underlying and the breakevens: each whole, or not at all.
    fn prices(&self, buf: &mut Buffer, row: Rect, theme: &Theme) {
        let mut taken: Vec<(u16, u16)> = Vec::new();
        let mut wanted: Vec<(f64, Style)> = self.spot.map(|s| (s, theme.accent)).into_iter().collect();
        wanted.extend(self.breakevens.iter().map(|b| (*b, theme.bright)));
        wanted.extend([(self.low(), theme.dim), (self.high(), theme.dim)]);
        for (price, style) in wanted {
            let Some(x) = self.column(price, row.width) else { continue };
            let label = points(price, 0);
            let wide = text::width(&label);
            let start = x.saturating_sub(wide / 2).min(row.width.saturating_sub(wide));
            let free = taken.iter().all(|(from, to)| start > *to || start + wide < *from);
            if wide <= row.width && free {
                taken.push((start, start + wide));
                let place = Rect { x: row.x + start, width: wide, ..row };
                text::put(buf, place, &Line::styled(label, style), "");
            }
        }
    }

    fn legend(&self, theme: &Theme) -> Line<'static> {
        let line = if theme.symbols.braille { "⠒⠒" } else { "**" };
        let today = if theme.symbols.braille { "⠒⠒" } else { ".." };
        let mut spans =
            vec![Span::styled(line, theme.up), Span::styled(line, theme.down), Span::styled(" at expiry  ", theme.dim)];
        if self.curves.today.is_some() {
            spans.extend([Span::styled(today, theme.marked), Span::styled(" today  ", theme.dim)]);
        }
        if self.spot.is_some() {
            let bar = if theme.symbols.braille { "╎" } else { "|" };
            spans.extend([Span::styled(bar, theme.accent), Span::styled(" spot  ", theme.dim)]);
        }
        if self.spot.is_some() && self.expected_move.is_some() {
            let bar = if theme.symbols.braille { "┊" } else { ":" };
            spans.extend([Span::styled(bar, theme.dim), Span::styled(" ±1σ  ", theme.dim)]);
        }
        if !self.breakevens.is_empty() {
            spans.extend([Span::styled(theme.symbols.chosen, theme.bright), Span::styled(" breakeven", theme.dim)]);
        }
        Line::from(spans)
    }
}

/// `₹14.2k`, `−₹1.25L`.
fn label(rupees: f64) -> String {
    let text = format::compact(rupees);
    text.strip_prefix('−').map_or_else(|| format!("₹{text}"), |size| format!("−₹{size}"))
}

/// From rupees to rows.
struct Scale {
    top: f64,
    span: f64,
    rows: u16,
}

impl Scale {
    /// Four dots to a row.
    fn dot(&self, value: f64) -> usize {
        let last = f64::from(self.rows) * 4.0 - 1.0;
        (((self.top - value) / self.span) * last).round().clamp(0.0, last) as usize
    }

    fn cell(&self, value: f64) -> u16 {
        u16::try_from(self.dot(value) / 4).unwrap_or(0)
    }
}

/// A plot of braille dots: two columns and four rows in a cell.
struct Dots {
    width: u16,
    masks: Vec<u8>,
}

impl Dots {
    fn new(width: u16, height: u16) -> Self {
        Self { width, masks: vec![0; usize::from(width) * usize::from(height)] }
    }

    fn mask(&self, x: u16, y: u16) -> u8 {
        self.masks.get(usize::from(y) * usize::from(self.width) + usize::from(x)).copied().unwrap_or(0)
    }

    fn curve(&mut self, values: &[f64], scale: &Scale) {
        let across = usize::from(self.width) * 2;
        let mut before: Option<usize> = None;
        for n in 0..across {
            let here = scale.dot(Chart::at(values, n as f64 / (across - 1) as f64));
            let from = before.unwrap_or(here);
            for y in from.min(here)..=from.max(here) {
                if let Some(mask) = self.masks.get_mut(y / 4 * usize::from(self.width) + n / 2) {
                    *mask |= bit(n % 2, y % 4);
                }
            }
            before = Some(here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_its_points_a_curve_is_a_line() {
        let values = [-100.0, 0.0, 300.0];
        let at = |share| Chart::at(&values, share);
        assert!((at(0.25) + 50.0).abs() < 1e-9 && (at(0.75) - 150.0).abs() < 1e-9);
        assert!((at(1.0) - 300.0).abs() < 1e-9 && (at(2.0) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn the_axis_has_its_sign_before_the_rupee() {
        assert_eq!([label(14_150.0), label(-125_000.0), label(0.0)], ["₹14.2k", "−₹1.25L", "₹0"]);
    }

    #[test]
    fn the_highest_value_stands_on_the_first_row_and_the_lowest_on_the_last() {
        let scale = Scale { top: 1_000.0, span: 5_000.0, rows: 10 };
        assert_eq!((scale.cell(1_000.0), scale.cell(-4_000.0), scale.cell(0.0)), (0, 9, 2));
    }
}
