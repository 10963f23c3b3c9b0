//! What only a replay shows: the line that says so, and the records in the log pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::domain::time::ist;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use crate::view::{Replay, format};

/// `REPLAY Fri 20 Nov 2026 11:32:05 IST · record 1,234 of 5,678 · order_seen · playing ×10`.
pub fn banner(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, replay: &Replay) {
    let theme = scene.theme;
    let ground = theme.ground.patch(theme.head);
    text::blank(buf, area, ground);
    let number = |n: usize| format::grouped(n.into(), 0);
    let pace =
        if replay.playing { format!("playing ×{}", replay.speed) } else { format!("paused ×{}", replay.speed) };
    let at = ist(scene.model.view.now).strftime("%a %d %b %Y %H:%M:%S IST").to_string();
    let spans = vec![
        Span::styled(" REPLAY ", theme.warn.add_modifier(Modifier::REVERSED | Modifier::BOLD)),
        Span::styled(format!(" {at}"), theme.bright),
        Span::styled(format!(" · record {} of {}", number(replay.record), number(replay.records)), theme.text),
        Span::styled(format!(" · {pace}"), theme.accent),
        Span::styled(format!(" · {}", replay.kind), theme.dim),
        Span::styled(" · nothing is connected", theme.dim),
    ];
    text::put(buf, area, &Line::from(spans), theme.symbols.ellipsis);
}

/// The newest lines that there is room for.
pub fn log(buf: &mut Buffer, area: Rect, replay: &Replay, theme: &Theme) {
    let rows = usize::from(area.height);
    let newest = &replay.lines[replay.lines.len().saturating_sub(rows)..];
    for (n, line) in (0..area.height).zip(newest) {
        let kind = text::padded(&text::cut(line.kind, 14, theme.symbols.ellipsis), 14);
        let spans = vec![
            Span::styled(ist(line.at).strftime("%H:%M:%S%.3f ").to_string(), theme.faint),
            Span::styled(format!("{kind} "), if line.warning { theme.warn } else { theme.accent }),
            Span::styled(line.text.clone(), theme.text),
        ];
        text::put(buf, text::row(area, n), &Line::from(spans), theme.symbols.ellipsis);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;

    use crate::tui::demo::{busy, screen, text_of};
    use crate::tui::key::Key;
    use crate::tui::model::Model;
    use crate::tui::update::{Msg, Outgoing, ReplayMove, update};
    use crate::view::{Replay, ReplayLine, View};

    /// The busy cockpit as a picture of a past day.
    fn replayed(size: (u16, u16)) -> Model {
        let desk = busy();
        let mut model = screen(&desk, size);
        let line = |n: usize| ReplayLine { at: desk.now, kind: "fill", text: format!("line {n}"), warning: false };
        let replay = Replay {
            day: date(2026, 11, 20),
            record: 1_234,
            records: 98_765,
            kind: "order_seen".into(),
            playing: true,
            speed: 60,
            lines: (0..60).map(line).collect(),
        };
        let view = View { replay: Some(Arc::new(replay)), ..View::clone(&model.view) };
        update(&mut model, Msg::View(Arc::new(view)));
        model
    }

    fn press(model: &mut Model, key: &str) -> Vec<Outgoing> {
        let now = model.now + 1_000;
        update(model, Msg::Tick(now));
        update(model, Msg::Key(Key::press(key.parse().unwrap())))
    }

    #[test]
    fn a_replay_says_so_and_where_it_stands_at_any_size() {
        for size in [(80, 24), (120, 36), (160, 45)] {
            let mut model = replayed(size);
            let text = text_of(&mut model);
            let line = text.lines().nth(1).unwrap();
            assert!(line.contains(" REPLAY ") && line.contains("record 1,234 of 98,765"), "{text}");
            assert!(line.contains("playing ×60") || size.0 < 100, "{text}");
            assert!(text.lines().last().unwrap().contains("Space play") && !text.contains("F12"), "{text}");
            press(&mut model, "F6");
            assert!(text_of(&mut model).contains("line 59"), "the newest records stand in the log");
        }
    }

    #[test]
    fn keys_move_through_the_day_and_nothing_that_trades_is_sent() {
        use jiff::civil::Time;
        let mut model = replayed((160, 45));
        let moves = [
            ("Space", ReplayMove::PlayPause),
            ("Right", ReplayMove::Record(1)),
            ("Left", ReplayMove::Record(-1)),
            ("]", ReplayMove::Minute(1)),
            ("[", ReplayMove::Minute(-1)),
            ("+", ReplayMove::Faster),
            ("-", ReplayMove::Slower),
            ("Home", ReplayMove::Start),
            ("End", ReplayMove::End),
        ];
        for (key, expected) in moves {
            assert_eq!(press(&mut model, key), [Outgoing::Replay(expected)], "{key}");
        }
        press(&mut model, "t");
        for digit in ["1", "1", ":", "3", "2"] {
            press(&mut model, digit);
        }
        let time = Time::constant(11, 32, 0, 0);
        assert_eq!(press(&mut model, "Enter"), [Outgoing::Replay(ReplayMove::To(time))]);
        // Whatever the pane, what the cockpit would do with the key is not done.
        for pane in ["1", "F3", "F4", "4", "F9"] {
            press(&mut model, pane);
            for key in ["F12", "e", "E", "x", "b", "A", "R", "n", "r", "c", "u", "v"] {
                assert_eq!(press(&mut model, key), [], "{key} on pane {pane}");
                assert!(model.layers.is_empty(), "{key} on pane {pane}");
            }
        }
        assert_eq!(press(&mut model, "q"), [Outgoing::Quit], "it asks nothing: nothing is left open by it");
    }
}
