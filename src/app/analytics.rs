//! The models' task: reads the newest view and prices, makes what the models say of them, and hands it to the screen.
//! Trading never waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::chains::{Chains, Wishes};
use super::reference::Today;
use super::shared::{HEADER_INDICES, Shared};
use crate::domain::instrument_index::InstrumentIndex;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{Contract, ExpiryPolicy, Instrument, Quote, WantedLeg, map_leg};
use crate::engine::Reference;
use crate::view::analytics::{Analytics, Demand, Inputs, Listed, Market, expiries, wanted};
use crate::view::{LegRow, StrategyRow, View};

/// Made at most this often: the eye reads no Greeks faster.
const EVERY: Duration = Duration::from_millis(330);

/// The ends of the task.
pub struct Ends {
    pub views: watch::Receiver<Arc<View>>,
    /// What the screen looks at.
    pub demand: watch::Receiver<Demand>,
    pub chains: watch::Receiver<Chains>,
    /// The chains that are needed.
    pub wishes: watch::Sender<Wishes>,
    pub analytics: watch::Sender<Arc<Analytics>>,
}

/// Runs until the engine has ended.
pub async fn analyse(mut ends: Ends, shared: Shared, today: Today) {
    let mut listing = Listing::default();
    loop {
        tokio::select! {
            changed = ends.views.changed() => if changed.is_err() { return },
            Ok(()) = ends.demand.changed() => {}
            Ok(()) = ends.chains.changed() => {}
        }
        let view = ends.views.borrow_and_update().clone();
        let demand = ends.demand.borrow_and_update().clone();
        let chains = ends.chains.borrow_and_update().clone();
        let listed = listing.of(&today);
        let (shared, today) = (shared.clone(), today.clone());
        let made = tokio::task::spawn_blocking(move || make(&view, &demand, chains, listed, &shared, &today)).await;
        // A model that panics is told by the panic hook; what was last said stays, with its age.
        if let Ok((analytics, wishes)) = made {
            ends.analytics.send_replace(Arc::new(analytics));
            ends.wishes.send_if_modified(|old| {
                let changed = *old != wishes;
                *old = wishes;
                changed
            });
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn make(
    view: &View,
    demand: &Demand,
    chains: Chains,
    listed: Arc<[Listed]>,
    shared: &Shared,
    today: &Today,
) -> (Analytics, Wishes) {
    let now = Timestamp::now();
    let row = demand.strategy.and_then(|id| view.strategy(id));
    let mapped = row.map(|row| mapped(row, today, now)).unwrap_or_default();
    let keys = expiries(view, demand, &mapped, today);
    let fed = shared.quotes_of(&wanted(view, &mapped, &keys, today));
    // What the engine has marked counts where the feed says nothing.
    let rows = view.positions.groups.iter().flat_map(|g| &g.rows).chain(&view.positions.foreign);
    let mut quotes: HashMap<Contract, Quote> = rows.filter_map(|r| Some((r.contract, r.quote?))).collect();
    quotes.extend(fed);
    let market = Market { quotes, chains, listed, mapped };
    let analytics = Analytics::build(&Inputs { view, market: &market, reference: today, demand, now });
    (analytics, Wishes { shown: demand.chain, others: keys })
}

/// What the legs of a strategy are mapped to, or would be if it were marked now.
fn mapped(row: &StrategyRow, today: &Today, now: Timestamp) -> Vec<Option<Instrument>> {
    let index = today.instruments.current();
    let one = |leg: &LegRow| {
        let (symbol, exchange) = (row.symbol.as_str(), Some(row.exchange));
        let wanted = WantedLeg { symbol, exchange, kind: leg.kind, expiry: leg.expiry };
        leg.instrument.or_else(|| map_leg(&index, &wanted, now, ExpiryPolicy::default()).ok())
    };
    row.legs.iter().map(one).collect()
}

/// What has options, made once for each list of instruments and day.
#[derive(Default)]
struct Listing {
    of: Option<(Arc<InstrumentIndex>, jiff::civil::Date)>,
    listed: Arc<[Listed]>,
}

impl Listing {
    fn of(&mut self, today: &Today) -> Arc<[Listed]> {
        let (index, day) = (today.instruments.current(), trading_day(Timestamp::now()));
        let known = self.of.as_ref().is_some_and(|(i, d)| Arc::ptr_eq(i, &index) && *d == day);
        if !known {
            self.listed = listed(&index, day, today).into();
            self.of = Some((index, day));
        }
        self.listed.clone()
    }
}

/// Underlyings that are quoted and have options from `day` on: those of the head line first, the others by name.
fn listed(index: &InstrumentIndex, day: jiff::civil::Date, reference: &dyn Reference) -> Vec<Listed> {
    let mut all: Vec<Listed> = index
        .underlyings()
        .filter_map(|(exchange, symbol)| {
            let mut expiries = index.option_expiries(exchange, symbol);
            expiries.retain(|e| *e >= day);
            let underlying = reference.underlying_of(&Contract::index(exchange, symbol))?;
            (!expiries.is_empty()).then_some(Listed { underlying, expiries })
        })
        .collect();
    let place = |l: &Listed| {
        let named = |(e, s): &(_, &str)| *e == l.underlying.exchange && *s == l.underlying.underlying.as_str();
        HEADER_INDICES.iter().position(named).unwrap_or(HEADER_INDICES.len())
    };
    all.sort_by_key(|l| (place(l), l.underlying.underlying));
    all
}
