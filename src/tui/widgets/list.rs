//! A table that scrolls: the row under the cursor is always among those shown, and lines may stand below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::table::{Column, Row, render as table};
use super::text;
use crate::tui::model::offset;
use crate::tui::theme::Theme;

/// Where fewer rows are left, the lines below give way.
const LEAST_ROWS: u16 = 8;

/// The rows of a list, made only as far as they are shown.
pub struct List<'a> {
    pub columns: &'a [Column],
    pub count: usize,
    /// Where the cursor is.
    pub at: usize,
    /// Whether the cursor is shown.
    pub focused: bool,
    pub foot: Vec<Line<'static>>,
}

impl List<'_> {
    pub fn render(&self, buf: &mut Buffer, area: Rect, row: impl Fn(usize) -> Row<'static>, theme: &Theme) {
        let foot = u16::try_from(self.foot.len()).unwrap_or(u16::MAX);
        let below = if area.height.saturating_sub(foot) >= LEAST_ROWS { foot } else { 0 };
        let place = Rect { height: area.height - below, ..area };
        let height = usize::from(place.height.saturating_sub(1));
        let first = offset(self.at, self.count, height);
        let shown = (first..self.count).take(height);
        let rows: Vec<Row<'_>> = shown.map(|n| Row { selected: self.focused && n == self.at, ..row(n) }).collect();
        table(buf, place, self.columns, &rows, theme);
        for (n, line) in (0..below).zip(&self.foot) {
            text::put(buf, Rect { y: place.bottom() + n, height: 1, ..area }, line, theme.symbols.ellipsis);
        }
    }
}
