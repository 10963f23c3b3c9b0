//! Paper mode: the built-in exchange in this process, and the strategies that its own option chains suggest.

use std::collections::BTreeMap;
use std::path::Path;

use crate::app::config::PaperConfig;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{Contract, Price, Recommendation, Symbol};
use crate::engine::State;
use crate::exchange::ShareSpec;
use crate::exchange_server::{self, Running, ServerConfig};
use crate::import;

/// Starts the exchange on a free port of this machine, on its books in the data folder.
pub async fn start_exchange(config: &PaperConfig, books: &Path, shares: Vec<ShareSpec>) -> anyhow::Result<Running> {
    let server = ServerConfig {
        books: Some(books.to_path_buf()),
        clock: config.clock.mode(),
        shares,
        start_cash: config.start_cash,
        ..ServerConfig::paper(config.seed)
    };
    Ok(exchange_server::start(server).await?)
}

/// Shares, their prices and the strikes their legs name, from a file of an analyser (`--spots-from`).
pub fn shares_from(file_name: &str, bytes: &[u8], now: Timestamp) -> anyhow::Result<Vec<ShareSpec>> {
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
pub fn needs_strategies(state: &State, now: Timestamp) -> bool {
    let today = trading_day(now);
    let fresh = |r: &Recommendation| {
        r.generated_at.is_some_and(|t| trading_day(t) == today) && r.valid_until.is_none_or(|v| v > now)
    };
    !state.strategies.values().any(|s| s.recommendation.source == import::seed::SOURCE && fresh(&s.recommendation))
}

/// The middle of the listed strikes around a price: what a suggestion needs quotes of.
pub fn strikes_around(strikes: &[Price], spot: Price, each_side: usize) -> Vec<Price> {
    let at = strikes.partition_point(|s| *s < spot);
    let from = at.saturating_sub(each_side);
    strikes.iter().skip(from).take(each_side * 2).copied().collect()
}

/// The smallest distance between neighbouring strikes.
pub fn step_of(strikes: &[Price]) -> Option<Price> {
    strikes.windows(2).map(|w| w[1] - w[0]).min()
}

/// The underlyings that suggestions are made for, best known first.
pub fn underlyings() -> Vec<Contract> {
    super::shared::HEADER_INDICES
        .iter()
        .filter_map(|(exchange, symbol)| Some(Contract::index(*exchange, Symbol::new(symbol).ok()?)))
        .collect()
}
