//! What large moves would do: profit and loss over moves of the underlying and of volatility, some days on, as a heat map.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Scene, greeks, words};
use crate::risk::scenario::Cell;
use crate::tui::model::Pane;
use crate::tui::theme::Theme;
use crate::tui::widgets::{pane, text};
use crate::view::analytics::{Analytics, Scenario, Scope};
use crate::view::{StrategyRow, View, format};

/// Columns of the moves at the left.
const LABEL: u16 = 7;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let own = format!("Scenarios of {}", about(model.looking.scope, &model.view));
    let title = words::title(model, Pane::Scenario, own, compact, theme);
    let days = match model.looking.days {
        0 => "now".to_string(),
        n => format!("in {}", format::count(usize::try_from(n).unwrap_or(0), "day")),
    };
    // Where the frame names the panes, it says here what they are about.
    let scope = if compact { format!("{}, ", about(model.looking.scope, &model.view)) } else { String::new() };
    let right = Line::from(vec![Span::styled(format!("{scope}₹, "), theme.dim), Span::styled(days, theme.text)]);
    let inner = pane::frame(buf, area, &title, &right, model.focus == Pane::Scenario, theme);
    let analytics = &model.looking.analytics;
    // The models answer a moment after they were asked.
    let asked = |s: &&Scenario| s.scope == model.looking.scope && s.days == model.looking.days;
    let Some(scenario) = analytics.scenario.as_ref().filter(asked) else {
        pane::empty(buf, inner, &nothing(analytics, &model.view), theme);
        return;
    };
    let map = Rect { height: inner.height.saturating_sub(1), ..inner };
    draw_map(buf, map, scenario, theme);
    text::put(buf, text::row(inner, map.height), &foot(scenario, inner.width, theme), theme.symbols.ellipsis);
}

fn about(scope: Scope, view: &View) -> String {
    match scope {
        Scope::Everything => "everything held".into(),
        Scope::Underlying(symbol) => format!("all on {symbol}"),
        Scope::Strategy(id) => view.strategy(id).map_or_else(|| format!("#{id}"), |row| StrategyRow::title(row)),
    }
}

fn nothing(analytics: &Analytics, view: &View) -> String {
    if view.positions.is_flat() {
        "Nothing is held: no move of the market can do anything. What a marked strategy would add stands on its screen."
            .into()
    } else if analytics.now == crate::domain::time::Timestamp::default() {
        "The models have not answered yet.".into()
    } else {
        "Being computed …".into()
    }
}

/// Which moves of volatility are shown in `room` columns of cells `each` wide: all, or the ends, the middle and every other.
fn columns(vols: &[f64], room: u16, each: u16) -> Vec<usize> {
    let fits = usize::from(room / each.max(1));
    if fits >= vols.len() {
        return (0..vols.len()).collect();
    }
    let middle = vols.iter().position(|v| *v == 0.0).unwrap_or(0);
    let wanted =
        [middle, 0, vols.len().saturating_sub(1), middle + 2, middle.saturating_sub(2), middle + 4, middle + 1];
    let mut kept: Vec<usize> = Vec::new();
    for n in wanted {
        if kept.len() < fits && n < vols.len() && !kept.contains(&n) {
            kept.push(n);
        }
    }
    kept.sort_unstable();
    kept
}

/// Which moves of the underlying are shown in `room` rows: all, or every second, fourth …: the ends and the middle stay.
fn rows(moves: usize, room: u16) -> Vec<usize> {
    let fits = |step: &usize| moves.div_ceil(*step) <= usize::from(room);
    let step = [1, 2, 4, 8].into_iter().find(fits).unwrap_or(16);
    (0..moves).step_by(step).collect()
}

fn draw_map(buf: &mut Buffer, area: Rect, scenario: &Scenario, theme: &Theme) {
    let axes = &scenario.grid.axes;
    let worst = scenario.grid.worst();
    let largest = scenario.grid.cells().map(|c| c.pnl.abs()).fold(1.0, f64::max);
    let is_worst = |c: &Cell| worst.is_some_and(|w| (w.spot, w.vol) == (c.spot, c.vol) && w.pnl < -0.5);
    let write = |c: &Cell, whole: bool| {
        let figure = if whole { format::whole(c.pnl) } else { format::compact(c.pnl) };
        if is_worst(c) { format!("{}{figure}", theme.symbols.down) } else { figure }
    };
    let widest = |whole| scenario.grid.cells().map(|c| text::width(&write(&c, whole))).max().unwrap_or(0) + 1;
    let room = area.width.saturating_sub(LABEL);
    let count = u16::try_from(axes.vols.len()).unwrap_or(u16::MAX);
    let whole = widest(true).saturating_mul(count) <= room;
    let shown = columns(&axes.vols, room, widest(whole));
    let each = room.checked_div(u16::try_from(shown.len()).unwrap_or(1)).unwrap_or(0).min(16);
    let cell_at = |n: usize, y: u16| {
        let x = area.x + LABEL + u16::try_from(n).unwrap_or(0) * each;
        Rect { x, width: each.min(area.right().saturating_sub(x)), ..text::row(area, y) }
    };
    text::put(buf, text::row(area, 0), &Line::styled("spot", theme.dim), "");
    for (n, m) in shown.iter().enumerate() {
        let vol = axes.vols[*m];
        let style = if vol == 0.0 { theme.bright } else { theme.dim };
        let words = if vol == 0.0 { "vol".to_string() } else { format!("vol {}", percent(vol)) };
        let words = if text::width(&words) < each { words } else { percent(vol) };
        text::put_right(buf, cell_at(n, 0), &Line::styled(words, style));
    }
    // Falls at the bottom, as prices stand on a chart.
    for (line, n) in (1..area.height).zip(rows(axes.spots.len(), area.height.saturating_sub(1)).into_iter().rev()) {
        let spot = axes.spots[n];
        let style = if spot == 0.0 { theme.bright } else { theme.dim };
        text::put(buf, text::row(area, line), &Line::styled(percent(spot), style), "");
        for (at, m) in shown.iter().enumerate() {
            let Some(cell) = scenario.grid.at(n, *m) else { continue };
            let place = cell_at(at, line);
            let mut look = heat(cell.pnl / largest, theme);
            if is_worst(&cell) {
                look = look.patch(theme.danger).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
            }
            text::tint(buf, place, look);
            text::put_right(buf, place, &Line::styled(write(&cell, whole), look));
        }
    }
}

/// `+1.25%`, `−10%`, `0`.
fn percent(fraction: f64) -> String {
    use rust_decimal::prelude::FromPrimitive;
    let number = rust_decimal::Decimal::from_f64((fraction * 10_000.0).round() / 100.0).unwrap_or_default().normalize();
    if number.is_zero() { "0".into() } else { format!("{}%", format::signed(number, number.scale())) }
}

/// The ground, mixed with the colour of gains or losses by how large it is; the sign of the figure says the same.
fn heat(share: f64, theme: &Theme) -> Style {
    let colour = if share < 0.0 { theme.down } else { theme.up };
    match (theme.ground.bg, colour.fg) {
        (Some(Color::Rgb(r0, g0, b0)), Some(Color::Rgb(r1, g1, b1))) => {
            let by = share.abs().min(1.0).sqrt() * 0.55;
            let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * by).round() as u8;
            theme.text.bg(Color::Rgb(mix(r0, r1), mix(g0, g1), mix(b0, b1)))
        }
        _ if share.abs() < 0.005 => theme.text,
        _ => colour,
    }
}

fn foot(scenario: &Scenario, width: u16, theme: &Theme) -> Line<'static> {
    if scenario.unknown > 0 {
        let words = format!(
            "{} {} of {} legs have no Greeks and are not in it: it is not the whole.",
            theme.symbols.blocked, scenario.unknown, scenario.legs
        );
        return Line::styled(words, theme.warn);
    }
    match scenario.grid.worst() {
        Some(worst) if worst.pnl < -0.5 => {
            let moved = format!(" at spot {}, vol {}", percent(worst.spot), percent(worst.vol));
            let mut line = Line::from(vec![
                Span::styled(format!("{} worst ", theme.symbols.down), theme.dim),
                Span::styled(format::whole(worst.pnl), theme.danger),
                Span::styled(moved, theme.dim),
            ]);
            let best = best(scenario).unwrap_or_default();
            if text::line_width(&line) + text::width(&best) <= width {
                line.push_span(Span::styled(best, theme.dim));
            }
            line
        }
        _ => Line::styled("No scenario loses.", theme.up),
    }
}

fn best(scenario: &Scenario) -> Option<String> {
    let best = scenario.grid.best()?;
    Some(format!("   best {} at spot {}, vol {}", format::whole(best.pnl), percent(best.spot), percent(best.vol)))
}

/// The worst of everything held, for the limits: `−14,150 at spot −10%, vol +50%`.
pub fn worst_of_all(analytics: &Analytics, theme: &Theme) -> Line<'static> {
    match analytics.worst {
        None => words::unknown(theme),
        Some(worst) if worst.pnl >= -0.5 => words::cell("none loses", theme.up),
        Some(worst) => Line::from(vec![
            Span::styled(format::whole(worst.pnl), greeks::sign(worst.pnl, theme)),
            Span::styled(format!(" at spot {}, vol {}", percent(worst.spot), percent(worst.vol)), theme.dim),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::scenario::Axes;

    #[test]
    fn where_not_all_columns_fit_the_middle_and_the_ends_stay() {
        let vols = Axes::standard(0.0).vols;
        assert_eq!(columns(&vols, 90, 10).len(), 9);
        assert_eq!(columns(&vols, 50, 10), [0, 1, 3, 5, 8]);
        assert_eq!(columns(&vols, 10, 10), [3]);
        assert_eq!(columns(&vols, 3, 10), [0_usize; 0]);
    }

    #[test]
    fn where_not_all_rows_fit_the_ends_and_the_middle_stay() {
        assert_eq!((rows(17, 17).len(), rows(17, 20).len()), (17, 17));
        assert_eq!(rows(17, 16), [0, 2, 4, 6, 8, 10, 12, 14, 16]);
        assert_eq!((rows(17, 5), rows(17, 3), rows(17, 1)), (vec![0, 4, 8, 12, 16], vec![0, 8, 16], vec![0, 16]));
    }

    #[test]
    fn moves_are_written_with_their_sign() {
        let texts: Vec<String> = [-0.1, -0.0125, 0.0, 0.5].into_iter().map(percent).collect();
        assert_eq!(texts, ["−10%", "−1.25%", "0", "+50%"]);
    }
}
