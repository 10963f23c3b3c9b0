//! The palette: everything that can be done here, and every strategy, by a few letters.

use std::cmp::Reverse;

use super::{Outgoing, cards, keys, replay, toast};
use crate::domain::StrategyId;
use crate::tui::fuzzy;
use crate::tui::key::Key;
use crate::tui::keymap::actions::PANES;
use crate::tui::keymap::{ACTIONS, Action, ActionDef, Context, Group};
use crate::tui::model::{Asked, Layer, Model, TextDialog, ToastLevel};

/// Rows that are offered.
pub const SHOWN: usize = 12;

/// Something to choose.
#[derive(Clone, Debug)]
pub enum Entry {
    /// With why it cannot be done now.
    Action(&'static ActionDef, Result<(), String>),
    Strategy(StrategyId, String),
}

pub(super) fn open(model: &mut Model) {
    let dialog = TextDialog::new(Asked::Palette { at: 0 }, "What to do".into(), &[(":", "")]);
    model.layers.push(Layer::Text(Box::new(dialog)));
}

/// What fits the typed letters, the best first. What cannot be done here stands below what can.
pub fn entries(model: &Model, typed: &str) -> Vec<Entry> {
    let context = model.context_below();
    let mut scored: Vec<(bool, i32, Entry)> = Vec::new();
    for def in ACTIONS.iter().filter(|d| offered(d)) {
        let Some(score) = fits(typed, def) else { continue };
        let available = available(model, def, context);
        scored.push((available.is_ok(), score, Entry::Action(def, available)));
    }
    if !typed.trim().is_empty() {
        for strategy in model.view.strategies.iter() {
            let title = strategy.title();
            if let Some(score) = fuzzy::score(typed, &title) {
                scored.push((true, score, Entry::Strategy(strategy.id, title)));
            }
        }
    }
    scored.sort_by_key(|(available, score, _)| Reverse((*available, *score)));
    scored.into_iter().map(|(_, _, entry)| entry).take(SHOWN).collect()
}

/// Before anything is typed, what matters most here stands first.
fn fits(typed: &str, def: &ActionDef) -> Option<i32> {
    if typed.trim().is_empty() {
        return Some(if def.hint == 0 { -100 } else { -i32::from(def.hint) });
    }
    fuzzy::score(typed, &format!("{} {}", def.label, def.id.replace('_', " ")))
}

/// Moving about and what belongs to cards, fields and replays is not chosen from a list.
fn offered(def: &ActionDef) -> bool {
    let moves = matches!(
        def.action,
        Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::Palette
            | Action::Back
    );
    !moves && !matches!(def.group, Group::Cards | Group::Replay) && belongs_to_panes(def.contexts)
}

fn belongs_to_panes(contexts: &[Context]) -> bool {
    contexts.iter().any(|c| *c == Context::Detail || PANES.contains(c))
}

fn available(model: &Model, def: &ActionDef, context: Context) -> Result<(), String> {
    // A card that has come meanwhile is answered on the card, by its own keys.
    if !belongs_to_panes(&[context]) {
        return Err("a card waits for you: Esc, then answer it".into());
    }
    if !def.contexts.contains(&context) {
        let wheres: Vec<&str> = def.contexts.iter().map(|c| c.as_str()).collect();
        return Err(format!("on: {}", wheres.join(", ")));
    }
    match (def.available)(model) {
        Err(why) if why.is_empty() => Err("not here".into()),
        offer => offer,
    }
}

/// Moves among what is offered.
pub(super) fn step(model: &mut Model, by: isize) {
    let Some(Layer::Text(dialog)) = model.layers.last() else { return };
    let Asked::Palette { at } = dialog.asked else { return };
    let last = entries(model, dialog.value(0)).len().saturating_sub(1);
    if let Some(Layer::Text(dialog)) = model.layers.last_mut() {
        dialog.asked = Asked::Palette { at: at.saturating_add_signed(by).min(last) };
    }
}

/// Does what is chosen, as its key would.
pub(super) fn choose(model: &mut Model, key: Key, out: &mut Vec<Outgoing>) {
    let Some(Layer::Text(dialog)) = model.layers.last() else { return };
    let Asked::Palette { at } = dialog.asked else { return };
    let chosen = entries(model, dialog.value(0)).into_iter().nth(at);
    if key.repeat {
        return;
    }
    model.layers.pop();
    match chosen {
        None => {}
        Some(Entry::Strategy(id, _)) => cards::open_details_of(model, id, out),
        Some(Entry::Action(def, _)) if model.view.replay.is_some() && !replay::only_looks(def.action) => {
            toast(model, ToastLevel::Refused, replay::NOTHING_CAN_BE_DONE);
        }
        Some(Entry::Action(def, Ok(()))) => keys::act(model, def.action, key, out),
        Some(Entry::Action(def, Err(why))) => toast(model, ToastLevel::Refused, format!("{}: {why}", def.label)),
    }
}
