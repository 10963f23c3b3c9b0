//! One table for every list: columns take the width their data needs, drop by priority when there is too little room,
//! and a number is shown whole or not at all.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text;
use crate::tui::theme::Theme;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    pub align: Align,
    /// 0 always stays; of the others the largest drops first, and one without any content is left out.
    pub drops: u8,
    /// Never narrower: keeps columns still while figures change. A flexible column is cut down to this.
    pub least: u16,
    /// Text that may be cut.
    pub flexible: bool,
}

impl Column {
    pub const fn number(title: &'static str, drops: u8, least: u16) -> Self {
        Self { title, align: Align::Right, drops, least, flexible: false }
    }

    pub const fn word(title: &'static str, drops: u8, least: u16) -> Self {
        Self { title, align: Align::Left, drops, least, flexible: false }
    }

    pub const fn text(title: &'static str, drops: u8, least: u16) -> Self {
        Self { title, align: Align::Left, drops, least, flexible: true }
    }
}

/// One row: a cell per column.
#[derive(Clone, Debug, Default)]
pub struct Row<'a> {
    pub cells: Vec<Line<'a>>,
    pub selected: bool,
    /// Its first cell runs on over the empty ones after it, and claims no width of its own.
    pub heads: bool,
    /// Lies under the cells' own styles.
    pub style: Style,
}

/// Columns kept, with their widths, and the gap between them.
fn layout(columns: &[Column], rows: &[Row<'_>], room: u16) -> (Vec<(usize, u16)>, u16) {
    const GAP: u16 = 2;
    const WIDEST_GAP: u16 = 4;
    let natural = |n: usize, c: &Column| {
        let counted = rows.iter().filter(|r| n > 0 || !r.heads);
        let cells = counted.filter_map(|r| r.cells.get(n)).map(text::line_width);
        cells.max().unwrap_or(0).max(text::width(c.title)).max(c.least)
    };
    // A column with nothing in it takes no room, unless it always stays.
    let idle = |n: usize, c: &Column| {
        let empty = |r: &Row<'_>| r.cells.get(n).is_none_or(|cell| text::line_width(cell) == 0);
        c.drops > 0 && !rows.is_empty() && rows.iter().all(empty)
    };
    let shown = columns.iter().enumerate().filter(|(n, c)| !idle(*n, c));
    let mut kept: Vec<(usize, u16)> = shown.map(|(n, c)| (n, natural(n, c))).collect();
    let needed = |kept: &[(usize, u16)]| {
        let gaps = GAP * u16::try_from(kept.len().saturating_sub(1)).unwrap_or(0);
        kept.iter().map(|(_, w)| *w).fold(gaps, u16::saturating_add)
    };
    loop {
        let excess = needed(&kept).saturating_sub(room);
        if excess == 0 || kept.is_empty() {
            break;
        }
        let slack: u16 = kept.iter().map(|(n, w)| slack(&columns[*n], *w)).fold(0, u16::saturating_add);
        if slack >= excess {
            shrink(&mut kept, columns, excess);
            break;
        }
        let drop = (0..kept.len()).rev().max_by_key(|i| columns[kept[*i].0].drops).unwrap_or(0);
        let only_vital_left = columns[kept[drop].0].drops == 0;
        kept.remove(if only_vital_left { kept.len() - 1 } else { drop });
    }
    let spare = room.saturating_sub(needed(&kept));
    let gaps = u16::try_from(kept.len().saturating_sub(1)).unwrap_or(0);
    let wider = spare.checked_div(gaps).unwrap_or(0).min(WIDEST_GAP - GAP);
    (kept, GAP + wider)
}

fn slack(column: &Column, width: u16) -> u16 {
    if column.flexible { width.saturating_sub(column.least.max(text::width(column.title))) } else { 0 }
}

/// Takes the excess from the widest flexible columns.
fn shrink(kept: &mut [(usize, u16)], columns: &[Column], excess: u16) {
    for _ in 0..excess {
        let widest = kept.iter_mut().filter(|(n, w)| slack(&columns[*n], *w) > 0).max_by_key(|(_, w)| *w);
        if let Some((_, width)) = widest {
            *width -= 1;
        }
    }
}

/// Draws titles and rows. The first column of `area` is the cursor's.
pub fn render(buf: &mut Buffer, area: Rect, columns: &[Column], rows: &[Row<'_>], theme: &Theme) {
    if area.width < 4 || area.height == 0 {
        return;
    }
    let body = Rect { x: area.x + 2, width: area.width - 2, ..area };
    let (kept, gap) = layout(columns, rows, body.width);
    let mut x = body.x;
    for (at, (n, width)) in kept.iter().enumerate() {
        let column = &columns[*n];
        let slot = Rect { x, width: *width, ..body };
        cell(buf, text::row(slot, 0), column.align, &Line::styled(column.title, theme.dim), theme);
        for (y, row) in (1..body.height).zip(rows) {
            if let Some(content) = row.cells.get(*n) {
                let content = Line { style: row.style.patch(content.style), ..content.clone() };
                let wide = if at == 0 && row.heads { run_on(row, &kept, gap) } else { *width };
                cell(buf, text::row(Rect { width: wide, ..slot }, y), column.align, &content, theme);
            }
        }
        x += width + gap;
    }
    for (y, row) in (1..area.height).zip(rows) {
        if row.selected {
            let whole = text::row(area, y);
            text::tint(buf, whole, theme.selection);
            text::put(buf, whole, &Line::styled(theme.symbols.cursor, theme.accent), "");
        }
    }
}

/// The first column's width and that of the empty cells after it.
fn run_on(row: &Row<'_>, kept: &[(usize, u16)], gap: u16) -> u16 {
    let free = kept.iter().skip(1).take_while(|(n, _)| row.cells.get(*n).is_none_or(|c| text::line_width(c) == 0));
    kept.first().map_or(0, |(_, w)| *w) + free.map(|(_, w)| w + gap).sum::<u16>()
}

/// The same table as lines, for pages and cards that scroll: titles first.
pub fn lines(columns: &[Column], rows: &[Row<'_>], room: u16, theme: &Theme) -> Vec<Line<'static>> {
    let (kept, gap) = layout(columns, rows, room.saturating_sub(2));
    let title = Row { cells: columns.iter().map(|c| Line::styled(c.title, theme.dim)).collect(), ..Row::default() };
    let line = |row: &Row<'_>| {
        let mut spans = vec![Span::raw("  ")];
        for (at, (n, width)) in kept.iter().enumerate() {
            let content = row.cells.get(*n).cloned().unwrap_or_default();
            let missing = " ".repeat(usize::from(width.saturating_sub(text::line_width(&content))));
            let mut cell: Vec<Span<'static>> = Vec::new();
            let mut left = *width;
            for span in &content.spans {
                let shown = text::cut(&span.content, left, theme.symbols.ellipsis);
                left -= text::width(&shown).min(left);
                cell.push(Span::styled(shown, row.style.patch(content.style).patch(span.style)));
            }
            match columns[*n].align {
                Align::Left => cell.push(Span::raw(missing)),
                Align::Right => cell.insert(0, Span::raw(missing)),
            }
            if at > 0 {
                spans.push(Span::raw(" ".repeat(usize::from(gap))));
            }
            spans.extend(cell);
        }
        Line::from(spans)
    };
    std::iter::once(&title).chain(rows).map(line).collect()
}

fn cell(buf: &mut Buffer, slot: Rect, align: Align, content: &Line<'_>, theme: &Theme) {
    match align {
        Align::Left => text::put(buf, slot, content, theme.symbols.ellipsis),
        Align::Right => {
            text::put_right(buf, slot, content);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::number("ID", 0, 2),
        Column::text("Strategy", 0, 8),
        Column::number("Age", 9, 3),
        Column::number("P&L", 0, 3),
        Column::number("Max loss", 5, 8),
    ];

    fn rows() -> Vec<Row<'static>> {
        let cells = ["118", "Bear Call Spread", "2m", "+₹1,23,456.50", "₹4,355"];
        vec![Row { cells: cells.into_iter().map(Line::from).collect(), ..Row::default() }]
    }

    fn drawn(width: u16) -> Vec<String> {
        let theme = Theme::named("dark").unwrap();
        let area = Rect::new(0, 0, width, 2);
        let mut buf = Buffer::empty(area);
        render(&mut buf, area, COLUMNS, &rows(), &theme);
        (0..2).map(|y| (0..width).map(|x| buf[(x, y)].symbol().to_string()).collect()).collect()
    }

    #[test]
    fn columns_drop_by_priority_and_text_is_cut_before_the_last_goes() {
        assert_eq!(drawn(60)[1].trim_end(), "  118   Bear Call Spread    2m   +₹1,23,456.50     ₹4,355");
        assert_eq!(drawn(48)[1].trim_end(), "  118  Bear Call …   2m  +₹1,23,456.50    ₹4,355");
        assert_eq!(drawn(42)[1].trim_end(), "  118  Bear Call…  +₹1,23,456.50    ₹4,355");
        assert_eq!(drawn(32)[1].trim_end(), "  118  Bear Call…  +₹1,23,456.50");
    }

    #[test]
    fn a_number_is_never_cut() {
        for width in 4..80 {
            let row = drawn(width)[1].clone();
            assert!(!row.contains('₹') || row.contains("₹4,355") || row.contains("+₹1,23,456.50"), "{row}");
        }
    }
}
