//! The account at the broker as the program knows it: token, funds, what is left of the pace, what it has not got.

use super::health::{Health, TokenHealth};
use crate::domain::Funds;
use crate::domain::time::{Timestamp, ms_between};
use crate::engine::State;
use crate::gateway::Quota;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    pub token: TokenHealth,
    /// Until the token ends; `None`: not known.
    pub token_left_ms: Option<i64>,
    /// As last read.
    pub funds: Option<Funds>,
    pub funds_age_ms: Option<i64>,
    /// Calls that place, modify or cancel: what is used and left of each window, and what waits.
    pub quota: Quota,
    /// What the account has not got, with what to do about it.
    pub lacks: Vec<String>,
    /// Since the broker's books were last read.
    pub positions_age_ms: Option<i64>,
    pub orders_age_ms: Option<i64>,
    pub trades_age_ms: Option<i64>,
}

pub(super) fn account(state: &State, health: &Health, now: Timestamp) -> Account {
    let age = |at: Option<Timestamp>| at.map(|at| ms_between(at, now));
    let books = &state.broker;
    Account {
        token_left_ms: health.token.ends.map(|ends| ms_between(now, ends).max(0)),
        token: health.token.clone(),
        funds: books.funds,
        funds_age_ms: age(books.funds_at),
        quota: health.quota.clone(),
        lacks: health.lacks.clone(),
        positions_age_ms: age(health.positions_read.or(books.positions_at)),
        orders_age_ms: age(books.orders_at),
        trades_age_ms: age(books.trades_at),
    }
}
