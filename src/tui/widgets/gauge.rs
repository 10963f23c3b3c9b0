//! A gauge: a thin bar with a tick where it begins to warn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text;
use crate::tui::theme::Theme;

/// One row: the used share in `style`, the rest as a line, the tick at `warn_pct` per cent of the width.
pub fn bar(buf: &mut Buffer, area: Rect, per_mille: Option<u32>, warn_pct: u32, style: Style, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let cells = u32::from(area.width);
    let used = per_mille.map_or(0, |p| (p.min(1000) * cells).div_ceil(1000));
    let tick = (cells * warn_pct / 100).min(cells - 1);
    let spans: Vec<Span> = (0..cells)
        .map(|n| match (n == tick, n < used) {
            (true, true) => Span::styled(theme.symbols.gauge_tick, style),
            (true, false) => Span::styled(theme.symbols.gauge_tick, theme.faint),
            (false, true) => Span::styled(theme.symbols.gauge, style),
            (false, false) => Span::styled(theme.symbols.gauge_rest, theme.line),
        })
        .collect();
    text::put(buf, area, &Line::from(spans), "");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(per_mille: Option<u32>) -> String {
        let theme = Theme::named("dark").unwrap();
        let area = Rect::new(0, 0, 10, 1);
        let mut buf = Buffer::empty(area);
        bar(&mut buf, area, per_mille, 80, theme.up, &theme);
        (0..10).map(|x| buf[(x, 0)].symbol().to_string()).collect()
    }

    #[test]
    fn the_tick_stands_at_the_warning_level() {
        assert_eq!(drawn(Some(300)), "━━━─────╋─");
        assert_eq!(drawn(Some(1500)), "━━━━━━━━╋━");
        assert_eq!(drawn(None), "────────╋─");
        assert_eq!(drawn(Some(1)), "━───────╋─", "a little is not nothing");
    }
}
