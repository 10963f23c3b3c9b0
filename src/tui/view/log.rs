//! The log pane. What it shows is behind a trait, so that a test can draw it without a logger.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_logger::{ExtLogRecord, LogFormatter, TuiLoggerTargetWidget, TuiLoggerWidget, TuiWidgetEvent, TuiWidgetState};

use super::{Scene, words};
use crate::domain::time::ist_offset;
use crate::tui::model::Pane;
use crate::tui::theme::Theme;
use crate::tui::update::LogMove;
use crate::tui::widgets::{pane, text};

/// Where the lines of the log come from.
pub trait LogView {
    fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme);

    /// The parts of the program, with how much of each is shown.
    fn render_targets(&self, area: Rect, buf: &mut Buffer, theme: &Theme);

    /// Scrolls, or follows the newest lines again; chooses among the parts.
    fn scroll(&self, by: LogMove);
}

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let title = words::title(model, Pane::Log, "Log".into(), compact, theme);
    let inner = pane::frame(buf, area, &title, &Line::default(), model.focus == Pane::Log, theme);
    match &model.view.replay {
        Some(replay) => super::replay::log(buf, inner, replay, theme),
        None => scene.log.render(inner, buf, theme),
    }
}

/// The parts of the program beside the log.
pub fn targets(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let title = words::title(model, Pane::LogTargets, "Parts".into(), compact, theme);
    let inner = pane::frame(buf, area, &title, &Line::default(), model.focus == Pane::LogTargets, theme);
    if model.view.replay.is_some() {
        return pane::empty(
            buf,
            inner,
            "A replay shows what was recorded: there is no log of this program in it.",
            theme,
        );
    }
    scene.log.render_targets(inner, buf, theme);
}

/// Nothing to show.
pub struct NoLog;

impl LogView for NoLog {
    fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        pane::empty(buf, area, "Nothing yet.", theme);
    }

    fn render_targets(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        pane::empty(buf, area, "Nothing yet.", theme);
    }

    fn scroll(&self, _: LogMove) {}
}

/// The lines that `tracing` has given to tui-logger. Whoever draws calls [`TuiLog::take_new`] before a frame.
#[derive(Default)]
pub struct TuiLog {
    state: TuiWidgetState,
}

impl TuiLog {
    /// Takes over what was logged since the last time.
    pub fn take_new(&self) {
        tui_logger::move_events();
    }
}

impl LogView for TuiLog {
    fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let formatter = Format { time: theme.faint, text: theme.text, levels: level_styles(theme) };
        TuiLoggerWidget::default()
            .formatter(Box::new(formatter))
            .style(theme.ground)
            .state(&self.state)
            .render(area, buf);
    }

    fn render_targets(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        TuiLoggerTargetWidget::default()
            .style(theme.ground.patch(theme.text))
            .style_show(theme.accent)
            .style_hide(theme.dim)
            .style_off(theme.faint)
            .highlight_style(theme.selection)
            .state(&self.state)
            .render(area, buf);
    }

    fn scroll(&self, by: LogMove) {
        self.state.transition(match by {
            LogMove::PageUp => TuiWidgetEvent::PrevPageKey,
            LogMove::PageDown => TuiWidgetEvent::NextPageKey,
            LogMove::Follow => TuiWidgetEvent::EscapeKey,
            LogMove::TargetUp => TuiWidgetEvent::UpKey,
            LogMove::TargetDown => TuiWidgetEvent::DownKey,
            LogMove::More => TuiWidgetEvent::RightKey,
            LogMove::Less => TuiWidgetEvent::LeftKey,
        });
    }
}

/// Error, warning, information, the rest.
fn level_styles(theme: &Theme) -> [Style; 4] {
    [theme.down, theme.warn, theme.accent, theme.dim]
}

struct Format {
    time: Style,
    text: Style,
    levels: [Style; 4],
}

impl LogFormatter for Format {
    fn min_width(&self) -> u16 {
        20
    }

    /// `10:42:16.204 fill     #118 leg 2/4 …`: the target's last part is the kind of line.
    fn format(&self, width: usize, event: &ExtLogRecord) -> Vec<Line<'_>> {
        let time = event.timestamp.with_time_zone(TimeZone::fixed(ist_offset()));
        let kind = event.target().rsplit("::").next().unwrap_or_default();
        // Error is the first of the levels.
        let style = self.levels[(event.level as usize).saturating_sub(1).min(3)];
        let head = format!("{} ", time.strftime("%H:%M:%S.%3f"));
        let kind = format!("{} ", text::padded(&text::cut(kind, 9, "…"), 9));
        let used = text::width(&head) + text::width(&kind);
        let room = u16::try_from(width).unwrap_or(u16::MAX).saturating_sub(used);
        let mut lines = Vec::new();
        for (n, part) in text::wrap(event.msg(), room.max(10)).into_iter().enumerate() {
            lines.push(if n == 0 {
                Line::from(vec![
                    Span::styled(head.clone(), self.time),
                    Span::styled(kind.clone(), style),
                    Span::styled(part, self.text),
                ])
            } else {
                Line::from(Span::styled(format!("{}{part}", " ".repeat(usize::from(used))), self.text))
            });
        }
        lines
    }
}
