//! The frame of a pane: title on the left, facts on the right, and whether it has the focus.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::text;
use crate::tui::theme::Theme;

/// Draws the frame and returns what is inside, with a column of air on both sides.
pub fn frame(buf: &mut Buffer, area: Rect, title: &Line<'_>, right: &Line<'_>, focused: bool, theme: &Theme) -> Rect {
    let style = if focused { theme.line_focus } else { theme.line };
    let border = if theme.symbols.rounded { BorderType::Rounded } else { BorderType::Plain };
    let block = Block::bordered().border_type(border).border_style(style).style(theme.ground);
    let inside = block.inner(area);
    block.render(area, buf);
    let top = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: area.height.min(1), ..area };
    let wide = text::line_width(title);
    text::put(buf, top, &spaced(title, theme.ground), theme.symbols.ellipsis);
    if !right.spans.is_empty() {
        let taken = (wide + 4).min(top.width);
        let room = Rect { x: top.x + taken, width: top.width - taken, ..top };
        text::put_right(buf, room, &spaced(right, theme.ground));
    }
    Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside }
}

fn spaced<'a>(line: &Line<'a>, style: Style) -> Line<'a> {
    let mut spans = vec![Span::styled(" ", style)];
    spans.extend(line.spans.iter().cloned());
    spans.push(Span::styled(" ", style));
    Line { spans, ..line.clone() }
}

/// What an empty list says: what to do.
pub fn empty(buf: &mut Buffer, area: Rect, words: &str, theme: &Theme) {
    let lines = text::wrap(words, area.width.max(1));
    for (n, line) in (0..area.height).zip(lines) {
        text::put(buf, text::row(area, n), &Line::styled(line, theme.dim), theme.symbols.ellipsis);
    }
}
