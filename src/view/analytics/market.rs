//! What the models are fed with: quotes, chains as the broker last told them, and which of both are wanted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::Demand;
use crate::domain::time::Timestamp;
use crate::domain::{Contract, ContractKind, Instrument, OptionChain, Quote};
use crate::engine::Reference;
use crate::view::View;

/// The options of one underlying and expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainKey {
    /// As it is quoted: an index, or a share.
    pub underlying: Contract,
    pub expiry: Date,
}

/// An underlying with options, and the days on which they expire, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub underlying: Contract,
    pub expiries: Vec<Date>,
}

/// A chain, and when it was read; or why the last attempt failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainSeen {
    pub chain: Option<Arc<OptionChain>>,
    pub read_at: Option<Timestamp>,
    /// Of the last attempt, for people; `None` when it went well.
    pub problem: Option<String>,
}

/// All that is known of prices now.
#[derive(Clone, Debug, Default)]
pub struct Market {
    /// The feed's newest.
    pub quotes: HashMap<Contract, Quote>,
    pub chains: BTreeMap<ChainKey, ChainSeen>,
    pub listed: Arc<[Listed]>,
    /// What the legs of the strategy that is looked at are, or would be, mapped to; a leg that finds nothing is `None`.
    pub mapped: Vec<Option<Instrument>>,
}

impl Market {
    /// The feed's quote, or the chain's where that is newer or the only one.
    pub fn quote(&self, contract: &Contract, key: Option<ChainKey>) -> Option<Quote> {
        let fed = self.quotes.get(contract).copied();
        let seen = key.and_then(|k| self.chains.get(&k)).and_then(|s| s.chain.as_ref());
        let told = seen.and_then(|c| c.option(contract)).map(|o| o.quote);
        match (fed, told) {
            (Some(fed), Some(told)) if told.at > fed.at => Some(told),
            (fed, told) => fed.or(told),
        }
    }
}

/// The chain a contract stands in; `None` for what is no option, or on something that is not quoted.
pub(super) fn chain_of(contract: &Contract, reference: &dyn Reference) -> Option<ChainKey> {
    let ContractKind::Option { expiry, .. } = contract.kind else { return None };
    Some(ChainKey { underlying: reference.underlying_of(contract)?, expiry })
}

/// The contracts of everything held, ours and foreign.
fn held(view: &View) -> impl Iterator<Item = Contract> + '_ {
    let rows = view.positions.groups.iter().flat_map(|g| &g.rows).chain(&view.positions.foreign);
    rows.filter(|r| !r.net.is_flat()).map(|r| r.contract)
}

/// The chains that the models need: of what is looked at first (`mapped`: the legs of the strategy), then of what is held.
pub fn expiries(
    view: &View,
    demand: &Demand,
    mapped: &[Option<Instrument>],
    reference: &dyn Reference,
) -> Vec<ChainKey> {
    let mut keys: Vec<ChainKey> = demand.chain.into_iter().collect();
    let looked_at = mapped.iter().flatten().map(|i| i.contract);
    for contract in looked_at.chain(held(view)) {
        if let Some(key) = chain_of(&contract, reference).filter(|k| !keys.contains(k)) {
            keys.push(key);
        }
    }
    keys
}

/// The contracts whose quotes the models need, with the underlyings and futures behind them.
pub fn wanted(
    view: &View,
    mapped: &[Option<Instrument>],
    chains: &[ChainKey],
    reference: &dyn Reference,
) -> BTreeSet<Contract> {
    let looked_at = mapped.iter().flatten().map(|i| i.contract);
    let mut all: BTreeSet<Contract> = held(view).chain(looked_at).collect();
    for key in chains {
        all.insert(key.underlying);
        all.extend(future_of(key, reference));
    }
    all
}

/// The future that expires with the chain's options.
pub(super) fn future_of(key: &ChainKey, reference: &dyn Reference) -> Option<Contract> {
    let future = Contract::future(key.underlying.exchange, key.underlying.underlying, key.expiry);
    reference.instrument(&future).map(|i| i.contract)
}
