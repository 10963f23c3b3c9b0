//! The frame: pure functions from the model, the view and the theme to cells.

mod account;
mod approval;
mod audit;
mod calendar;
mod chain;
mod confirm;
mod detail;
mod execute;
mod greeks;
mod header;
mod help;
mod hints;
mod inbox;
mod journal;
mod kill;
mod layout;
mod limits;
mod log;
mod order_book;
mod orders;
mod palette;
mod payoff;
mod payoff_chart;
mod pending;
mod portfolio;
mod positions;
mod queue;
mod replay;
mod risk;
mod scalper_words;
mod scenario;
mod side;
mod signals;
mod strategy;
mod tabs;
mod textbox;
mod toasts;
mod words;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(in crate::tui) use tests::journal::past;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub use layout::{Layout, Slot};
pub use log::{LogView, NoLog, TuiLog};

use super::model::{Layer, Model};
use super::theme::Theme;
use super::update::Drawn;
use super::widgets::text;

/// The smallest screen that is worked on.
pub const SMALLEST: (u16, u16) = (60, 16);

/// All that a pane draws from.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub model: &'a Model,
    pub theme: &'a Theme,
    pub log: &'a dyn LogView,
}

/// Draws everything into `buf`, which is as large as the terminal.
pub fn draw(scene: &Scene<'_>, buf: &mut Buffer) -> Drawn {
    let area = buf.area;
    text::blank(buf, area, scene.theme.ground);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small(scene, buf, area);
    }
    let layout = Layout::of(area, scene.model);
    header::render(scene, buf, layout.header);
    if let (Some(place), Some(replay)) = (layout.replay, &scene.model.view.replay) {
        replay::banner(scene, buf, place, replay);
    }
    if let Some(banner) = layout.banner {
        header::banner(scene, buf, banner);
    }
    let mut drawn = Drawn::default();
    for (slot, place) in &layout.slots {
        let of_slot = slot_in(scene, buf, *slot, *place, layout.compact);
        if *slot == Slot::Pane(scene.model.focus) {
            drawn = of_slot;
        }
    }
    if let Some(line) = layout.risk_line {
        risk::line(scene, buf, line);
    }
    tabs::render(scene, buf, layout.tabs);
    hints::render(scene, buf, layout.hints);
    // The halt card lies over a signal's card, everything else under it.
    let kill = scene.model.layers.iter().position(|l| matches!(l, Layer::Kill(_)));
    let (under, over) = scene.model.layers.split_at(kill.unwrap_or(scene.model.layers.len()));
    for layer in under {
        drawn = layer_on(scene, buf, layout.body(), layer);
    }
    if let Some(card) = &scene.model.approval {
        approval::render(scene, buf, layout.body(), card);
    }
    for layer in over {
        drawn = layer_on(scene, buf, layout.body(), layer);
    }
    toasts::render(scene, buf, layout.body());
    drawn
}

fn slot_in(scene: &Scene<'_>, buf: &mut Buffer, slot: Slot, area: Rect, compact: bool) -> Drawn {
    use super::model::{Pane, Screen};
    match slot {
        Slot::Pane(Pane::Pending) => pending::render(scene, buf, area, compact),
        Slot::Pane(Pane::Queue) => queue::render(scene, buf, area, compact),
        Slot::Pane(Pane::Positions) => positions::render(scene, buf, area, compact),
        Slot::Pane(own @ (Pane::DayOrders | Pane::Fills)) => order_book::render(scene, buf, area, own),
        Slot::Pane(Pane::Orders) if scene.model.screen == Screen::Orders => {
            order_book::render(scene, buf, area, Pane::Orders);
        }
        Slot::Pane(Pane::Orders) => orders::render(scene, buf, area, compact),
        Slot::Pane(own @ (Pane::JournalFigures | Pane::JournalTrades | Pane::JournalDays | Pane::JournalKinds)) => {
            journal::render(scene, buf, area, own, compact);
        }
        Slot::Pane(own @ (Pane::Inbox | Pane::Messages)) => inbox::render(scene, buf, area, own),
        Slot::Pane(Pane::Audit) => audit::render(scene, buf, area),
        Slot::Pane(Pane::LogTargets) => log::targets(scene, buf, area, compact),
        Slot::Pane(Pane::Account) => return account::render(scene, buf, area),
        Slot::Pane(Pane::Log) => log::render(scene, buf, area, compact),
        Slot::Pane(Pane::Signals) => signals::render(scene, buf, area, compact),
        Slot::Pane(Pane::Strategy) => return strategy::render(scene, buf, area),
        Slot::Pane(Pane::Chain) => chain::render(scene, buf, area),
        Slot::Pane(Pane::Portfolio) => portfolio::render(scene, buf, area),
        Slot::Pane(Pane::Scenario) => scenario::render(scene, buf, area, compact),
        Slot::Pane(Pane::Limits) => limits::render(scene, buf, area, compact),
        Slot::Risk => risk::render(scene, buf, area),
        Slot::Side => side::render(scene, buf, area),
    }
    Drawn { page_rows: usize::from(area.height.saturating_sub(4)), scroll_limit: 0 }
}

fn layer_on(scene: &Scene<'_>, buf: &mut Buffer, body: Rect, layer: &Layer) -> Drawn {
    match layer {
        Layer::Detail(page) => detail::render(scene, buf, body, page),
        Layer::Help { scroll } => help::render(scene, buf, body, *scroll),
        Layer::Execute(card) => execute::render(scene, buf, body, card),
        Layer::Confirm(card) => confirm::render(scene, buf, body, card),
        Layer::Kill(card) => kill::render(scene, buf, body, card),
        Layer::Text(dialog) => textbox::render(scene, buf, body, dialog),
    }
}

/// One clear sentence; the profile and the kill switch are said even here.
fn too_small(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) -> Drawn {
    let halted = if scene.model.view.safety.halt.is_some() { " HALTED." } else { "" };
    let sentence = format!(
        "{}{halted} The window is {}×{}; the cockpit needs {}×{}. {} still halts.",
        header::profile_word(scene.model.view.header.profile),
        area.width,
        area.height,
        SMALLEST.0,
        SMALLEST.1,
        scene.model.keymap.key(super::keymap::Action::Halt),
    );
    for (n, line) in (0..area.height).zip(text::wrap(&sentence, area.width)) {
        text::put(buf, text::row(area, n), &Line::styled(line, scene.theme.text), "");
    }
    Drawn::default()
}
