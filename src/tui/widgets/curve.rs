//! A curve of dots over a zero line: what is above it in the colour of gains, what is below in that of losses. Pixels only.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text;
use crate::tui::theme::Theme;

/// The rows and columns of dots in an area: two by four in a cell.
pub fn dots(area: Rect) -> (usize, usize) {
    (usize::from(area.width) * 2, usize::from(area.height) * 4)
}

/// Draws values, one per column of dots; the scale reaches from the lowest to the highest, zero always in it. Says in which
/// row of cells zero stands.
pub fn draw(buf: &mut Buffer, area: Rect, values: &[f64], theme: &Theme) -> u16 {
    let (across, down) = dots(area);
    if area.is_empty() || values.is_empty() {
        return 0;
    }
    let top = values.iter().copied().fold(0.0, f64::max);
    let bottom = values.iter().copied().fold(0.0, f64::min);
    let span = (top - bottom).max(f64::MIN_POSITIVE);
    let dot_row = |v: f64| (((top - v) / span) * (down - 1) as f64).round() as usize;
    let zero = (dot_row(0.0) / 4) as u16;
    let dashes = if theme.symbols.braille { "┈" } else { "-" };
    text::put(buf, text::row(area, zero), &Line::styled(dashes.repeat(usize::from(area.width)), theme.line), "");
    let width = usize::from(area.width);
    let mut cells = vec![0_u8; width * usize::from(area.height)];
    let mut before = dot_row(values[0]);
    for (n, value) in values.iter().take(across).enumerate() {
        let here = dot_row(*value);
        for y in before.min(here)..=before.max(here) {
            cells[y / 4 * width + n / 2] |= bit(n % 2, y % 4);
        }
        before = here;
    }
    for (i, mask) in cells.iter().enumerate().filter(|(_, m)| **m != 0) {
        let (x, y) = (i % width, i / width);
        let value = values.get(x * 2).copied().unwrap_or_default();
        let style = if value >= 0.0 { theme.up } else { theme.down };
        let sign = if theme.symbols.braille { char::from_u32(0x2800 + u32::from(*mask)).unwrap_or('*') } else { '*' };
        if let Some(cell) = buf.cell_mut((area.x + x as u16, area.y + y as u16)) {
            cell.set_char(sign).set_style(style);
        }
    }
    zero
}

/// The braille dot in column `x` (0, 1) and row `y` (0 to 3) of a cell.
fn bit(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x & 1][y & 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[f64]) -> (Vec<String>, u16) {
        let theme = Theme::named("dark").unwrap();
        let area = Rect::new(0, 0, 4, 2);
        let mut buf = Buffer::empty(area);
        let zero = draw(&mut buf, area, values, &theme);
        ((0..2).map(|y| (0..4).map(|x| buf[(x, y)].symbol().to_string()).collect()).collect(), zero)
    }

    #[test]
    fn a_straight_rise_goes_from_corner_to_corner() {
        let (rows, zero) = drawn(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!((rows[1].chars().next(), rows[0].chars().last(), zero), (Some('⣠'), Some('⠞'), 1));
    }

    #[test]
    fn without_values_or_room_nothing_is_drawn() {
        assert_eq!(drawn(&[]).0.concat().trim(), "");
        let theme = Theme::named("dark").unwrap();
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 2));
        assert_eq!(draw(&mut buf, Rect::default(), &[1.0], &theme), 0);
    }
}
