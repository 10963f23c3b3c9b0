//! A card over the panes: what is behind it fades, a coloured frame stands round it, its keys stay at the foot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::text;
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;

/// What a card shows.
pub struct Card<'a> {
    pub title: String,
    /// The frame: text on colour.
    pub frame: Style,
    /// Scrolls when there is too little room.
    pub body: Vec<Line<'a>>,
    /// Always visible.
    pub foot: Vec<Line<'a>>,
    pub scroll: usize,
    /// Columns wanted inside the frame.
    pub width: u16,
}

/// Fades everything in `area`.
pub fn fade(buf: &mut Buffer, area: Rect, theme: &Theme) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.modifier.remove(Modifier::BOLD | Modifier::REVERSED);
                cell.set_style(theme.ground.patch(theme.faint));
            }
        }
    }
}

impl Card<'_> {
    /// Columns for text at this size of screen.
    pub fn inner_width(screen: Rect, wanted: u16) -> u16 {
        wanted.min(screen.width.saturating_sub(6))
    }

    /// Draws the card in the middle of `area`; the head and hint lines outside stay.
    pub fn render(&self, buf: &mut Buffer, area: Rect, theme: &Theme) -> Drawn {
        let width = (Self::inner_width(area, self.width) + 6).min(area.width);
        // Where rows are few, the blank ones go first.
        let wanted = u16::try_from(self.body.len() + self.foot.len()).unwrap_or(u16::MAX).saturating_add(4);
        let tight = wanted > area.height;
        let blank = |l: &&Line<'_>| l.spans.iter().all(|s| s.content.is_empty());
        let feet: Vec<&Line<'_>> = self.foot.iter().skip_while(|l| tight && blank(l)).collect();
        let foot = u16::try_from(feet.len()).unwrap_or(u16::MAX);
        let air = u16::from(!tight);
        let rows = wanted;
        let height = rows.min(area.height);
        let outer =
            Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
        text::blank(buf, outer, theme.card.patch(self.frame));
        let title = Line::styled(format!("  {}", self.title), self.frame);
        text::put(buf, text::row(outer, 0), &title, theme.symbols.ellipsis);
        let paper = Rect {
            x: outer.x + 1,
            y: outer.y + 1,
            width: outer.width.saturating_sub(2),
            height: outer.height.saturating_sub(2),
        };
        text::blank(buf, paper, theme.card);
        let inner = Rect { x: paper.x + 2, width: paper.width.saturating_sub(4), ..paper };
        let body = Rect { y: inner.y + air, height: inner.height.saturating_sub(foot + 2 * air), ..inner };
        let drawn = self.body(buf, body, theme);
        let foot_area = Rect { y: inner.bottom().saturating_sub(foot), height: foot.min(inner.height), ..inner };
        for (n, line) in (0..foot_area.height).zip(feet) {
            text::put(buf, text::row(foot_area, n), line, theme.symbols.ellipsis);
        }
        drawn
    }

    fn body(&self, buf: &mut Buffer, area: Rect, theme: &Theme) -> Drawn {
        scrolled(buf, area, &self.body, self.scroll, theme)
    }
}

/// Lines from `scroll` on, with a word at the edge about what is hidden.
pub fn scrolled(buf: &mut Buffer, area: Rect, lines: &[Line<'_>], scroll: usize, theme: &Theme) -> Drawn {
    let height = usize::from(area.height);
    let limit = lines.len().saturating_sub(height);
    let first = scroll.min(limit);
    for (n, line) in (0..area.height).zip(&lines[first..]) {
        text::put(buf, text::row(area, n), line, theme.symbols.ellipsis);
    }
    let below = limit - first;
    let more = match (first, below) {
        (0, 0) => String::new(),
        (above, 0) => format!(" {above} above {} ", theme.symbols.up),
        (0, below) => format!(" {below} more {} ", theme.symbols.down),
        (above, below) => format!(" {above} above {}  {below} more {} ", theme.symbols.up, theme.symbols.down),
    };
    if !more.is_empty() && area.height > 0 {
        let last = text::row(area, area.height - 1);
        text::put_right(buf, last, &Line::styled(more, theme.card.patch(theme.accent)));
    }
    Drawn { scroll_limit: limit, page_rows: height.saturating_sub(1) }
}
