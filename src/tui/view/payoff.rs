//! The payoff at expiry of a strategy's legs, as a curve of dots. Pixels only: figures come from elsewhere.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use rust_decimal::prelude::ToPrimitive;

use crate::domain::{LegKind, OptionRight, Price, Side};
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use crate::view::{StrategyRow, format};

/// The worth of some legs at expiry, over a range of the underlying.
pub struct Curve {
    /// Units (negative when sold), kind, premium.
    legs: Vec<(f64, Leg, f64)>,
    low: f64,
    high: f64,
    spot: Option<f64>,
}

enum Leg {
    Call(f64),
    Put(f64),
    Linear,
}

impl Curve {
    /// `None` when a premium is missing, or legs end on different days: then there is no one curve.
    pub fn of(row: &StrategyRow, spot: Option<Price>) -> Option<Self> {
        let first = row.legs.first()?;
        if row.legs.iter().any(|l| l.expiry != first.expiry) {
            return None;
        }
        let number = |p: Price| p.0.to_f64();
        let mut legs = Vec::new();
        let mut strikes = Vec::new();
        for leg in &row.legs {
            let units = f64::from(leg.quantity.map_or(leg.ratio, |q| q.0));
            let sign = match leg.side {
                Side::Buy => units,
                Side::Sell => -units,
            };
            let kind = match leg.kind {
                LegKind::Option { strike, right: OptionRight::Call } => Leg::Call(number(strike)?),
                LegKind::Option { strike, right: OptionRight::Put } => Leg::Put(number(strike)?),
                LegKind::Future | LegKind::Equity => Leg::Linear,
            };
            if let Leg::Call(k) | Leg::Put(k) = kind {
                strikes.push(k);
            }
            legs.push((sign, kind, number(leg.premium?)?));
        }
        let spot = spot.or(row.spot).and_then(number);
        strikes.extend(spot);
        let low = strikes.iter().copied().fold(f64::INFINITY, f64::min);
        let high = strikes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !low.is_finite() || low <= 0.0 {
            return None;
        }
        let margin = ((high - low) * 0.6).max(low * 0.01);
        Some(Self { legs, low: (low - margin).max(0.0), high: high + margin, spot })
    }

    fn at(&self, spot: f64) -> f64 {
        let worth = |leg: &Leg| match leg {
            Leg::Call(k) => (spot - k).max(0.0),
            Leg::Put(k) => (k - spot).max(0.0),
            Leg::Linear => spot,
        };
        self.legs.iter().map(|(units, leg, premium)| units * (worth(leg) - premium)).sum()
    }

    /// The curve, and a last row with the ends of the range and the spot.
    pub fn render(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        if area.width < 12 || area.height < 4 {
            return;
        }
        let plot = Rect { height: area.height - 1, ..area };
        let (across, down) = (usize::from(plot.width) * 2, usize::from(plot.height) * 4);
        let position = |n: usize| self.low + (self.high - self.low) * n as f64 / (across - 1) as f64;
        let values: Vec<f64> = (0..across).map(|n| self.at(position(n))).collect();
        let top = values.iter().copied().fold(0.0, f64::max);
        let bottom = values.iter().copied().fold(0.0, f64::min);
        let span = (top - bottom).max(f64::MIN_POSITIVE);
        let dot_row = |v: f64| (((top - v) / span) * (down - 1) as f64).round() as usize;
        self.axes(buf, plot, dot_row(0.0) / 4, theme);
        let mut dots = vec![0_u8; usize::from(plot.width) * usize::from(plot.height)];
        let mut before = dot_row(values[0]);
        for (n, value) in values.iter().enumerate() {
            let here = dot_row(*value);
            for y in before.min(here)..=before.max(here) {
                dots[y / 4 * usize::from(plot.width) + n / 2] |= bit(n % 2, y % 4);
            }
            before = here;
        }
        for (i, mask) in dots.iter().enumerate().filter(|(_, m)| **m != 0) {
            let (x, y) = (i % usize::from(plot.width), i / usize::from(plot.width));
            let style = if values[x * 2] >= 0.0 { theme.up } else { theme.down };
            let sign =
                if theme.symbols.braille { char::from_u32(0x2800 + u32::from(*mask)).unwrap_or('*') } else { '*' };
            if let Some(cell) = buf.cell_mut((plot.x + x as u16, plot.y + y as u16)) {
                cell.set_char(sign).set_style(style);
            }
        }
        self.scale(buf, text::row(area, area.height - 1), theme);
    }

    fn axes(&self, buf: &mut Buffer, plot: Rect, zero: usize, theme: &Theme) {
        let dashes = if theme.symbols.braille { "┈" } else { "-" };
        let line = Line::styled(dashes.repeat(usize::from(plot.width)), theme.line);
        text::put(buf, text::row(plot, zero as u16), &line, "");
        if let Some(x) = self.column(plot.width) {
            let bar = if theme.symbols.braille { "╎" } else { "|" };
            for y in 0..plot.height {
                let place = Rect { x: plot.x + x, width: 1, ..text::row(plot, y) };
                text::put(buf, place, &Line::styled(bar, theme.accent), "");
            }
        }
    }

    /// Where the spot stands.
    fn column(&self, width: u16) -> Option<u16> {
        let share = (self.spot? - self.low) / (self.high - self.low);
        (0.0..=1.0).contains(&share).then(|| (share * f64::from(width - 1)).round() as u16)
    }

    fn scale(&self, buf: &mut Buffer, row: Rect, theme: &Theme) {
        let whole = |v: f64| format::grouped(rust_decimal::Decimal::from(v.round() as i64), 0);
        let (left, right) = (whole(self.low), whole(self.high));
        text::put(buf, row, &Line::styled(left.clone(), theme.dim), "");
        text::put_right(buf, row, &Line::styled(right.clone(), theme.dim));
        if let (Some(x), Some(spot)) = (self.column(row.width), self.spot) {
            let label = whole(spot);
            let wide = text::width(&label);
            let start = x.saturating_sub(wide / 2);
            let free = start > text::width(&left) && start + wide + text::width(&right) < row.width;
            if free {
                let place = Rect { x: row.x + start, width: wide, ..row };
                text::put(buf, place, &Line::from(Span::styled(label, theme.accent)), "");
            }
        }
    }
}

/// The braille dot in column `x` (0, 1) and row `y` (0 to 3) of a cell.
pub fn bit(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x & 1][y & 3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::Desk;
    use rust_decimal_macros::dec;

    #[test]
    fn a_credit_spread_earns_its_credit_below_and_loses_the_width_above() {
        let mut desk = Desk::new();
        let legs = [("S", 26200, "CE", dec!(58.20)), ("B", 26300, "CE", dec!(35.90))];
        desk.pending("Bear Call Spread", dec!(0.69), &legs);
        let view = desk.view();
        let curve = Curve::of(&view.strategies[0], None).unwrap();
        assert!((curve.at(25_000.0) - 1449.5).abs() < 1e-6);
        assert!((curve.at(27_000.0) - (1449.5 - 6500.0)).abs() < 1e-6);
    }

    #[test]
    fn without_a_premium_there_is_no_curve() {
        let mut desk = Desk::new();
        let mut r = desk.recommendation("Long Call", dec!(0.5), &[("B", 26200, "CE", dec!(58.20))]);
        r.legs[0].premium = None;
        desk.add(r);
        assert!(Curve::of(&desk.view().strategies[0], None).is_none());
    }
}
