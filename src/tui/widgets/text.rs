//! Writing text into cells: measured by display width, cut with an ellipsis, wrapped at words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

pub fn line_width(line: &Line<'_>) -> u16 {
    line.spans.iter().map(|s| width(&s.content)).fold(0, u16::saturating_add)
}

/// The text cut to `room` columns, with `…` where something was left out.
pub fn cut(text: &str, room: u16, ellipsis: &str) -> String {
    if width(text) <= room {
        return text.to_string();
    }
    let mut left = room.saturating_sub(width(ellipsis));
    let mut short = String::new();
    for c in text.chars() {
        let w = u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
        if w > left {
            break;
        }
        left -= w;
        short.push(c);
    }
    if room > 0 {
        short.push_str(ellipsis);
    }
    short
}

/// Writes a line at the left of `area`'s first row, cut to it. Styles lie over what is there.
pub fn put(buf: &mut Buffer, area: Rect, line: &Line<'_>, ellipsis: &str) {
    if area.is_empty() {
        return;
    }
    let (mut x, right) = (area.x, area.right());
    for span in &line.spans {
        let room = right.saturating_sub(x);
        if room == 0 {
            break;
        }
        let style = line.style.patch(span.style);
        let shown = cut(&span.content, room, ellipsis);
        let (end, _) = buf.set_stringn(x, area.y, &shown, usize::from(room), style);
        x = end;
    }
}

/// Writes a line at the right end of `area`'s first row. What does not fit is not written at all.
pub fn put_right(buf: &mut Buffer, area: Rect, line: &Line<'_>) -> bool {
    let w = line_width(line);
    if w > area.width || area.height == 0 {
        return false;
    }
    put(buf, Rect { x: area.right() - w, width: w, ..area }, line, "");
    true
}

/// Gives every cell a style, keeping its text.
pub fn tint(buf: &mut Buffer, area: Rect, style: Style) {
    buf.set_style(area, style);
}

/// Blanks an area.
pub fn blank(buf: &mut Buffer, area: Rect, style: Style) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

/// The row of `area` that is `n` below its top, or an empty area.
pub fn row(area: Rect, n: u16) -> Rect {
    if n < area.height { Rect { y: area.y + n, height: 1, ..area } } else { Rect { height: 0, ..area } }
}

/// Breaks a text at words so that no line is wider than `room`; longer words are broken inside.
pub fn wrap(text: &str, room: u16) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_string();
        while width(&word) > room {
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let head = cut(&word, room, "");
            // A character wider than the whole room: leave it out rather than loop.
            let taken = if head.is_empty() { word.chars().next().map_or(0, char::len_utf8) } else { head.len() };
            word = word.split_off(taken);
            lines.push(head);
        }
        let gap = u16::from(!line.is_empty());
        if width(&line) + gap + width(&word) > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Wrapped lines in one style, with an indent.
pub fn wrapped(text: &str, room: u16, indent: &str, style: Style) -> Vec<Line<'static>> {
    let inner = room.saturating_sub(width(indent));
    wrap(text, inner).into_iter().map(|l| Line::from(Span::styled(format!("{indent}{l}"), style))).collect()
}

/// A text padded to a number of columns.
pub fn padded(text: &str, columns: u16) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(usize::from(missing)))
}

/// A text padded on the left to a number of columns.
pub fn right_aligned(text: &str, columns: u16) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{}{text}", " ".repeat(usize::from(missing)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_display_width() {
        assert_eq!(cut("Bear Call Spread", 9, "…"), "Bear Cal…");
        assert_eq!(cut("टिप", 10, "…"), "टिप");
        assert_eq!(cut("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(cut("abc", 0, "…"), "");
    }

    #[test]
    fn long_words_are_broken_and_short_ones_kept_whole() {
        assert_eq!(wrap("no quote younger than 3 s", 10), ["no quote", "younger", "than 3 s"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("漢字", 1), ["", ""]);
    }
}
