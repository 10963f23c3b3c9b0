//! The screens of the models: which strategy, which chain, which scenarios. Nothing here sends more than a question.

use std::sync::Arc;

use super::{Outgoing, lists, send};
use crate::domain::{StrategyId, StrategyStatus};
use crate::engine::Command;
use crate::tui::model::{DetailPage, DetailPreview, Model, Purpose, Screen};
use crate::view::analytics::{Analytics, Scope};

/// The furthest the scenario grid looks ahead, in calendar days.
const MOST_DAYS: u32 = 60;

/// New words of the models.
pub(super) fn take(model: &mut Model, analytics: Arc<Analytics>) {
    model.looking.analytics = analytics;
    let scopes = model.looking.scopes();
    if !scopes.contains(&model.looking.scope) {
        model.looking.scope = Scope::Everything;
    }
    follow_chain(model);
}

/// The cursor stays on its strike; in a chain that is new it goes to the money.
fn follow_chain(model: &mut Model) {
    let (key, strikes) = (model.looking.chain_key(), model.looking.strikes());
    if strikes.is_empty() {
        return;
    }
    model.looking.chain.strike.follow(&strikes);
    if model.looking.chain.settled != key {
        model.looking.chain.settled = key;
        centre(model);
    }
}

pub(super) fn centre(model: &mut Model) {
    let middle = model.looking.analytics.chain.as_ref().map_or(0, |c| c.middle);
    let strikes = model.looking.strikes();
    if let Some(strike) = strikes.get(middle) {
        model.looking.chain.strike.go(&strikes, *strike);
    }
}

pub(super) fn step_strike(model: &mut Model, by: isize) {
    let strikes = model.looking.strikes();
    model.looking.chain.strike.step(&strikes, by);
}

/// The screen of one strategy: that under the cursor, or the one it showed last.
pub(super) fn open_strategy(model: &mut Model, out: &mut Vec<Outgoing>) {
    let at_hand = model.strategy_at_hand().map(|s| s.id);
    let before = model.looking.page.as_ref().map(|p| p.id).filter(|id| model.view.strategy(*id).is_some());
    let first = model.strategies_in_turn().first().copied();
    lists::go(model, Screen::Strategy);
    if let Some(id) = at_hand.or(before).or(first) {
        show_strategy(model, id, out);
    }
}

fn show_strategy(model: &mut Model, id: StrategyId, out: &mut Vec<Outgoing>) {
    let Some(row) = model.view.strategy(id) else { return };
    let could_be = matches!(row.status, StrategyStatus::Pending | StrategyStatus::Marked | StrategyStatus::Deferred);
    let preview = if could_be { DetailPreview::Waiting } else { DetailPreview::None };
    if could_be {
        send(model, out, Command::Preview { ids: vec![id] }, Purpose::DetailPreview(id));
    }
    model.looking.page = Some(DetailPage { id, preview, asked_at: model.now, scroll: 0 });
}

/// The next strategy, or the one before, round and round.
pub(super) fn step_strategy(model: &mut Model, by: isize, out: &mut Vec<Outgoing>) {
    let all = model.strategies_in_turn();
    let here = model.looking.page.as_ref().and_then(|p| all.iter().position(|id| *id == p.id));
    if let Some(id) = moved(&all, here, by) {
        show_strategy(model, id, out);
    }
}

pub(super) fn step_underlying(model: &mut Model, by: isize) {
    let looking = &model.looking;
    let all: Vec<_> = looking.analytics.listed.iter().map(|l| l.underlying).collect();
    let here = looking.listed().and_then(|l| all.iter().position(|u| *u == l.underlying));
    model.looking.chain.underlying = moved(&all, here, by);
    model.looking.chain.expiry = None;
}

/// The next expiry of the underlying; beyond the ends it stays.
pub(super) fn step_expiry(model: &mut Model, by: isize) {
    let (Some(listed), Some(key)) = (model.looking.listed(), model.looking.chain_key()) else { return };
    let here = listed.expiries.iter().position(|e| *e == key.expiry).unwrap_or(0);
    let there = here.saturating_add_signed(by).min(listed.expiries.len().saturating_sub(1));
    let expiry = listed.expiries.get(there).copied();
    model.looking.chain.expiry = expiry;
}

pub(super) fn step_scope(model: &mut Model, by: isize) {
    let all = model.looking.scopes();
    let here = all.iter().position(|s| *s == model.looking.scope);
    model.looking.scope = moved(&all, here, by).unwrap_or_default();
}

pub(super) fn step_days(model: &mut Model, by: i32) {
    model.looking.days = model.looking.days.saturating_add_signed(by).min(MOST_DAYS);
}

/// The item `by` places from where one is, round and round; the first, where one is nowhere.
fn moved<T: Copy>(all: &[T], here: Option<usize>, by: isize) -> Option<T> {
    let count = all.len();
    let there = here.map_or(Some(0), |n| n.wrapping_add_signed(by).wrapping_add(count).checked_rem(count));
    all.get(there?).copied()
}
