//! Paper mode: the built-in exchange in this process, and the strategies that its own option chains suggest.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;

use super::config::{PaperClock, PaperConfig};
use crate::domain::instrument_index::InstrumentIndex;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{Contract, ContractKind, OptionChain, OptionRight, Price, Symbol};
use crate::exchange::{ClockMode, ShareSpec};
use crate::exchange_server::{self, Running, Script, ServerConfig};
use crate::import::{self, seed::SeedChain};
use crate::view::{StrategyRow, View};

/// Starts the exchange on a free port of this machine, on its books in the data folder.
pub async fn start_exchange(
    config: &PaperConfig,
    books: &Path,
    shares: Vec<ShareSpec>,
    script: Script,
    postback: Option<String>,
) -> anyhow::Result<Running> {
    let server = ServerConfig {
        books: Some(books.to_path_buf()),
        listen: config.listen.parse().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
        clock: clock_mode(config.clock),
        shares,
        start_cash: config.starting_cash,
        script,
        postback,
        ..ServerConfig::paper(config.seed)
    };
    Ok(exchange_server::start(server).await?)
}

pub fn clock_mode(clock: PaperClock) -> ClockMode {
    match clock {
        PaperClock::AlwaysOpen => ClockMode::AlwaysOpen,
        PaperClock::Real => ClockMode::real(),
    }
}

/// What `--spots-from` lists besides the indices.
pub fn shares_of_file(file: &Path) -> anyhow::Result<Vec<ShareSpec>> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    shares_from(&file.display().to_string(), &bytes, Timestamp::now())
}

/// Shares, their prices and the strikes their legs name, from a file of an analyser.
fn shares_from(file_name: &str, bytes: &[u8], now: Timestamp) -> anyhow::Result<Vec<ShareSpec>> {
    let imported = import::read(file_name, bytes, now, &|_, _, _| None)?;
    let mut shares: BTreeMap<Symbol, ShareSpec> = BTreeMap::new();
    for r in &imported.good {
        let Some(spot) = r.spot else { continue };
        let share = shares.entry(r.symbol).or_insert_with(|| ShareSpec::new(r.symbol, spot));
        for leg in &r.legs {
            if let crate::domain::LegKind::Option { strike, .. } = leg.kind {
                share.strikes.push(strike);
            }
        }
    }
    let mut shares: Vec<ShareSpec> = shares.into_values().collect();
    for share in &mut shares {
        share.strikes.sort();
        share.strikes.dedup();
    }
    Ok(shares)
}

/// Whether today's suggestions are still to be made: none of today is left that could be marked.
pub fn needs_strategies(view: &View, now: Timestamp) -> bool {
    let today = trading_day(now);
    let fresh = |s: &StrategyRow| {
        s.generated_at.is_some_and(|t| trading_day(t) == today) && s.valid_until.is_none_or(|v| v > now)
    };
    !view.strategies.iter().any(|s| s.source == import::seed::SOURCE && fresh(s))
}

/// A chain as suggestions are made from it: strikes where both sides have a price.
pub fn seed_chain(chain: &OptionChain, index: &InstrumentIndex) -> Option<SeedChain> {
    let mut quotes: BTreeMap<Price, (Option<Price>, Option<Price>)> = BTreeMap::new();
    for option in &chain.options {
        let ContractKind::Option { strike, right, .. } = option.contract.kind else { continue };
        let pair = quotes.entry(strike).or_default();
        let both_sides = option.quote.bid.is_some() && option.quote.ask.is_some();
        let mid = both_sides.then(|| option.quote.mid());
        match right {
            OptionRight::Call => pair.0 = mid,
            OptionRight::Put => pair.1 = mid,
        }
    }
    let strikes: Vec<Price> = quotes.keys().copied().collect();
    let strike_step = strikes.windows(2).map(|w| w[1] - w[0]).min()?;
    let (exchange, symbol) = (chain.underlying.exchange, chain.underlying.underlying);
    let lot = index.options(exchange, symbol, chain.expiry).next()?.lot;
    let quotes = quotes.into_iter().filter_map(|(strike, (call, put))| Some((strike, (call?, put?)))).collect();
    Some(SeedChain { symbol, exchange, expiry: chain.expiry, lot, spot: chain.spot, strike_step, quotes })
}

/// The underlyings that suggestions are made for, best known first.
pub fn underlyings() -> Vec<Contract> {
    super::shared::HEADER_INDICES
        .iter()
        .filter_map(|(exchange, symbol)| Some(Contract::index(*exchange, Symbol::new(symbol).ok()?)))
        .collect()
}
