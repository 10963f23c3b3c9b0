//! Messages at the foot: answers, refusals with their reasons, alerts. They go by themselves. A card has its keys at the
//! foot: over one, only what matters is shown, at the head.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::tui::model::{Layer, Toast, ToastLevel};
use crate::tui::theme::Theme;
use crate::tui::widgets::text;

/// No message takes more rows.
const TALLEST: usize = 6;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, body: Rect) {
    let theme = scene.theme;
    let width = body.width.min(90).saturating_sub(4);
    let over_card = matches!(scene.model.layers.last(), Some(Layer::Execute(_) | Layer::Confirm(_) | Layer::Kill(_)));
    let (mut top, mut bottom) = (body.y, body.bottom());
    for toast in scene.model.toasts.iter().rev() {
        if over_card && matches!(toast.level, ToastLevel::Done | ToastLevel::Info) {
            continue;
        }
        let (sign, style) = level(toast, theme);
        let mut lines: Vec<String> =
            toast.lines.iter().flat_map(|l| text::wrap(l, width.saturating_sub(4).max(10))).collect();
        if lines.len() > TALLEST {
            let more = lines.len() - TALLEST + 1;
            lines.truncate(TALLEST - 1);
            lines.push(format!("… {more} more lines"));
        }
        let wide = lines.iter().map(|l| text::width(l)).max().unwrap_or(0) + 4;
        let height = u16::try_from(lines.len()).unwrap_or(1);
        if bottom < top + height + 3 {
            break;
        }
        let y = if over_card { top } else { bottom - height };
        if over_card {
            top += height;
        } else {
            bottom -= height;
        }
        let area = Rect { x: body.right().saturating_sub(wide + 1), y, width: wide, height };
        text::blank(buf, area, theme.card.patch(theme.head));
        for (n, line) in (0..height).zip(&lines) {
            let sign = if n == 0 { sign } else { " " };
            let spans = vec![Span::styled(format!(" {sign} "), style), Span::styled(line.clone(), words(toast, theme))];
            text::put(buf, text::row(area, n), &Line::from(spans), theme.symbols.ellipsis);
        }
    }
}

fn level(toast: &Toast, theme: &Theme) -> (&'static str, Style) {
    match toast.level {
        ToastLevel::Done => (theme.symbols.done, theme.up),
        ToastLevel::Info => (theme.symbols.dot, theme.accent),
        ToastLevel::Warning => (theme.symbols.blocked, theme.warn),
        ToastLevel::Refused => (theme.symbols.failed, theme.down),
        ToastLevel::Alarm => (theme.symbols.blocked, theme.danger),
    }
}

fn words(toast: &Toast, theme: &Theme) -> Style {
    match toast.level {
        ToastLevel::Done | ToastLevel::Info => theme.text,
        ToastLevel::Warning => theme.warn,
        ToastLevel::Refused => theme.down,
        ToastLevel::Alarm => theme.danger,
    }
}
