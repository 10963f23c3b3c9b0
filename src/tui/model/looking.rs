//! What the screens of the models remember: the strategy that is shown, the chain, the scenario grid.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Cursor, DetailPage, Layer, Model, Screen};
use crate::domain::{Contract, Price, StrategyId};
use crate::view::analytics::{Analytics, ChainKey, Demand, Listed, Scope, scopes};

/// Beside the panes' cursors.
#[derive(Clone, Debug, Default)]
pub struct Looking {
    /// What the models said last.
    pub analytics: Arc<Analytics>,
    /// The strategy of the strategy screen, and what executing it would mean.
    pub page: Option<DetailPage>,
    pub chain: ChainPage,
    /// What the scenario grid is about …
    pub scope: Scope,
    /// … and how many calendar days from now.
    pub days: u32,
}

/// The chain screen.
#[derive(Clone, Debug, Default)]
pub struct ChainPage {
    /// `None`: the first that is listed.
    pub underlying: Option<Contract>,
    /// `None`: its nearest.
    pub expiry: Option<Date>,
    /// The strike under the cursor.
    pub strike: Cursor<Price>,
    /// The cursor shall go to the money as soon as the chain is there.
    pub settled: Option<ChainKey>,
}

impl Looking {
    /// The underlying whose chain is shown; `None` while nothing is listed.
    pub fn listed(&self) -> Option<&Listed> {
        let listed = &self.analytics.listed;
        let chosen = self.chain.underlying.and_then(|u| listed.iter().find(|l| l.underlying == u));
        chosen.or_else(|| listed.first())
    }

    /// The chain that is shown.
    pub fn chain_key(&self) -> Option<ChainKey> {
        let listed = self.listed()?;
        let expiry = self.chain.expiry.filter(|e| listed.expiries.contains(e)).or(listed.expiries.first().copied())?;
        Some(ChainKey { underlying: listed.underlying, expiry })
    }

    /// What there is to choose a grid from.
    pub fn scopes(&self) -> Vec<Scope> {
        scopes(&self.analytics.book)
    }

    /// The strikes of the chain that is shown, where it is there.
    pub fn strikes(&self) -> Vec<Price> {
        let chain = self.analytics.chain.as_ref().filter(|c| Some(c.key) == self.chain_key());
        chain.map(|c| c.rows.iter().map(|r| r.strike).collect()).unwrap_or_default()
    }
}

impl Model {
    /// What the models shall look at now.
    pub fn demand(&self) -> Demand {
        let page = self.layers.iter().rev().find_map(|l| match l {
            Layer::Detail(page) => Some(page.id),
            _ => None,
        });
        let shown = self.looking.page.as_ref().map(|p| p.id).filter(|_| self.screen == Screen::Strategy);
        Demand {
            strategy: page.or(shown),
            chain: self.looking.chain_key().filter(|_| self.screen == Screen::Chain),
            scope: self.looking.scope,
            days: self.looking.days,
        }
    }

    /// The strategies that the strategy screen goes through: those to choose from, then what is held.
    pub fn strategies_in_turn(&self) -> Vec<StrategyId> {
        let mut all = self.pending_keys();
        for group in &self.view.positions.groups {
            if !all.contains(&group.strategy) {
                all.push(group.strategy);
            }
        }
        all
    }
}
