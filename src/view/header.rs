//! The line at the top: which profile, what the indices do, how the links are, what the day has brought.

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use super::build::Quotes;
use super::health::{ApiUse, Awake, Health, Link, LinkState, Rehearsing};
use super::prices::Priced;
use crate::domain::time::{Timestamp, ist, ms_between};
use crate::domain::{Money, Price, Segment, Symbol};
use crate::engine::record::{Owner, Profile};
use crate::engine::{EngineConfig, Reference, State};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    pub profile: Profile,
    pub indices: Vec<IndexQuote>,
    pub feed: LinkView,
    pub orders: LinkView,
    pub api: ApiUse,
    /// How long the access token lasts, where that is worth saying: always in live trading, on paper when it ends soon.
    pub token: Option<TokenView>,
    pub session: Session,
    /// The wall clock in India.
    pub clock: DateTime,
    pub pnl: DayPnl,
    /// What the broker says can be spent; `None` until it was read.
    pub available: Option<Money>,
    /// Books are being compared with the broker since the start: no entries yet.
    pub reconciling: bool,
    /// What is made to go wrong for practice.
    pub rehearsals: Vec<Rehearsing>,
    /// Whether the machine is kept from falling asleep.
    pub awake: Awake,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexQuote {
    pub symbol: Symbol,
    pub last: Price,
    /// Since the previous close, in per cent.
    pub change_pct: Option<Decimal>,
    pub age_ms: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkView {
    pub state: LinkState,
    /// Since its last message.
    pub age_ms: Option<i64>,
}

/// The access token's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// `None`: the broker does not take it.
    pub left_ms: Option<i64>,
    pub soon: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub open: bool,
    /// When it closes (open) or opens (closed), where that is known.
    pub until: Option<Timestamp>,
    pub left_ms: Option<i64>,
}

/// The day's result of all our strategies. `None`: something held has no price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayPnl {
    pub gross: Option<Money>,
    /// Estimated charges of what has filled today.
    pub charges: Money,
    pub net: Option<Money>,
}

pub(super) fn header(
    quotes: &Quotes<'_>,
    health: &Health,
    reference: &dyn Reference,
    pnl: DayPnl,
    now: Timestamp,
) -> Header {
    let state = quotes.state;
    Header {
        profile: state.profile,
        indices: quotes.prices.indices().iter().filter_map(|c| index_quote(quotes, c, now)).collect(),
        feed: link(health.feed, now),
        orders: link(order_link(state, health), now),
        api: health.api,
        token: token(health, state.profile, now),
        session: session(reference, health, now),
        clock: ist(now),
        pnl,
        available: state.broker.funds.map(|f| f.available),
        reconciling: state.reconciling_since.is_some(),
        rehearsals: health.rehearsals.clone(),
        awake: health.awake.clone(),
    }
}

fn index_quote(quotes: &Quotes<'_>, contract: &crate::domain::Contract, now: Timestamp) -> Option<IndexQuote> {
    let quote = quotes.of(contract)?;
    let change_pct = quotes.prices.get(contract).and_then(Priced::change_pct);
    Some(IndexQuote { symbol: contract.underlying, last: quote.last, change_pct, age_ms: quote.age_ms(now) })
}

/// The engine's word counts as well: what it treats as down is down.
fn order_link(state: &State, health: &Health) -> Link {
    match health.orders.state {
        LinkState::Up if state.order_link_down => Link { state: LinkState::Down, ..health.orders },
        LinkState::Up | LinkState::Connecting | LinkState::Down => health.orders,
    }
}

fn link(link: Link, now: Timestamp) -> LinkView {
    LinkView { state: link.state, age_ms: link.last_message.map(|t| ms_between(t, now)) }
}

fn token(health: &Health, profile: Profile, now: Timestamp) -> Option<TokenView> {
    let token = &health.token;
    if token.refused.is_some() {
        return Some(TokenView { left_ms: None, soon: true });
    }
    let left = ms_between(now, token.ends?).max(0);
    let soon = left < token.warn_ms;
    (soon || profile == Profile::Live).then_some(TokenView { left_ms: Some(left), soon })
}

fn session(reference: &dyn Reference, health: &Health, now: Timestamp) -> Session {
    let open = reference.is_open(Segment::NseDerivatives, now);
    let until = if open { health.closes_at } else { reference.next_open(Segment::NseDerivatives, now) };
    Session { open, until, left_ms: until.map(|t| ms_between(now, t)) }
}

/// Gross: every lot of a strategy at its last price. Charges: estimated, of every order of today that has filled.
pub(super) fn day_pnl(quotes: &Quotes<'_>, charges: Money) -> DayPnl {
    let state = quotes.state;
    let ours = state.lots.iter().filter(|(k, _)| k.owner != Owner::Foreign);
    let gross: Option<Money> = ours.map(|(k, lot)| lot.pnl(quotes.of(&k.contract).map(|q| q.last))).sum();
    DayPnl { gross, charges, net: gross.map(|g| g - charges) }
}

/// What the configuration says the API may be used for, where the gateway has not said it.
pub(super) fn api_limit(config: &EngineConfig, health: &Health) -> ApiUse {
    let limit = if health.api.limit == 0 { config.limits.max_orders_per_second } else { health.api.limit };
    ApiUse { limit, ..health.api }
}
