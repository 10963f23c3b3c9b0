//! Aligned columns for people.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::console::plain;

#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    right: bool,
    /// Cells are cut after so many terminal columns.
    most: usize,
}

/// Text, from the left.
pub const fn text(title: &'static str) -> Column {
    Column { title, right: false, most: usize::MAX }
}

/// Text of any length, cut.
pub const fn cut(title: &'static str, most: usize) -> Column {
    Column { title, right: false, most }
}

/// Figures, from the right.
pub const fn figure(title: &'static str) -> Column {
    Column { title, right: true, most: usize::MAX }
}

#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut columns = self.columns.iter();
        let cells = cells.into_iter().map(|cell| {
            let most = columns.next().map_or(usize::MAX, |c| c.most);
            shortened(&plain(&cell), most)
        });
        self.rows.push(cells.collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The titles, then the rows, each column as wide as its widest cell.
    pub fn lines(&self) -> Vec<String> {
        let titles: Vec<String> = self.columns.iter().map(|c| c.title.to_string()).collect();
        let all = || std::iter::once(&titles).chain(&self.rows);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|n| all().filter_map(|row| row.get(n)).map(|cell| cell.width()).max().unwrap_or(0))
            .collect();
        all().map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, column), width) in row.iter().zip(&self.columns).zip(widths) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            if column.right {
                line.push_str(&gap);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&gap);
            }
        }
        line.trim_end().to_string()
    }
}

fn shortened(cell: &str, most: usize) -> String {
    if cell.width() <= most {
        return cell.to_string();
    }
    let mut short = String::new();
    let mut width = 1;
    for c in cell.chars() {
        width += c.width().unwrap_or(0);
        if width > most {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut table = Table::new([text("Symbol"), figure("P&L"), cut("Notes", 6)]);
        table.row(["NIFTY".into(), "+₹1,846.00".into(), "日本語の注".into()]);
        table.row(["M&M".into(), "—".into(), "two\nlines and \u{1b}[31mmore".into()]);
        assert_eq!(
            table.lines(),
            ["Symbol         P&L  Notes", "NIFTY   +₹1,846.00  日本…", "M&M              —  twoli…"]
        );
    }
}
