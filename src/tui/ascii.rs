//! Pictures in ASCII alone, for consoles whose font has little: whatever else was drawn is replaced cell by cell.

use ratatui::buffer::Buffer;

/// Replaces what is not ASCII by what comes nearest, so that every column stays where it is.
pub fn only(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let plain = symbol.chars().next().map_or(' ', stand_in);
        cell.set_char(plain);
    }
}

fn stand_in(c: char) -> char {
    match c {
        '─' | '━' | '╌' | '┄' | '—' | '–' | '‑' | '−' => '-',
        '│' | '┃' | '┆' | '┊' | '▎' | '▏' | '▌' | '╎' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╭' | '╮' | '╰' | '╯' | '╋' => {
            '+'
        }
        '·' | '•' | '∙' | '⋅' => '.',
        '…' | '≈' => '~',
        '×' | '✗' => 'x',
        '≠' => '!',
        '≤' | '‹' | '«' | '◀' | '←' => '<',
        '≥' | '›' | '»' | '▶' | '→' | '▸' => '>',
        '↑' | '▲' => '^',
        '↓' | '▼' | '▾' => 'v',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '₹' => 'R',
        'Δ' => 'D',
        'Γ' => 'G',
        'Θ' => 'T',
        'σ' => 's',
        '±' | '✓' => '+',
        '●' => '*',
        '○' => 'o',
        '◆' | '█' | '▰' => '#',
        '°' => 'o',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    #[test]
    fn columns_and_colours_stay_where_they_are() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 17, 1));
        let style = Style::new().fg(Color::Green);
        buf.set_string(0, 0, "╭─ ₹1,250 · ▲ 漢x", style);
        only(&mut buf);
        let row: String = (0..17).map(|x| buf[(x, 0)].symbol()).collect();
        assert_eq!(row, "+- R1,250 . ^ ? x");
        assert_eq!(buf[(3, 0)].fg, Color::Green);
    }
}
