//! The sensitivities of everything held, in rupees: by leg, strategy, underlying and in all.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;

use super::RATE;
use super::look::{Looker, Mark, OptionLook};
use crate::domain::{Contract, ContractKind, NetQuantity, Product, Quote, StrategyId, Symbol};
use crate::options::black76::Inputs;
use crate::risk::{Exposure, RiskLeg};
use crate::view::{PositionRow, View};

/// A line of the positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LegKey {
    /// `None`: opened elsewhere.
    pub strategy: Option<StrategyId>,
    pub contract: Contract,
    pub product: Product,
}

impl LegKey {
    pub fn of(row: &PositionRow) -> Self {
        Self { strategy: row.strategy, contract: row.contract, product: row.product }
    }
}

/// One line as the models see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LegLook {
    pub mark: Option<Mark>,
    /// `None` for what is no option.
    pub option: Option<OptionLook>,
    /// The whole quantity, as it can be valued anywhere; `None`: no model can.
    pub risk: Option<RiskLeg>,
}

impl LegLook {
    /// Its Greeks in rupees.
    pub fn exposure(&self) -> Option<Exposure> {
        self.risk.as_ref().map(RiskLeg::exposure)
    }
}

/// Greeks of several lines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    known: Exposure,
    /// Open lines.
    pub legs: usize,
    /// Open lines whose Greeks nobody can say.
    pub unknown: usize,
}

impl Sum {
    /// `None` while any line is unknown: a part is not the whole.
    pub fn exposure(&self) -> Option<Exposure> {
        (self.unknown == 0).then_some(self.known)
    }

    fn add(&mut self, exposure: Option<Exposure>) {
        self.legs += 1;
        match exposure {
            Some(exposure) => self.known = self.known + exposure,
            None => self.unknown += 1,
        }
    }
}

/// All that is held on one underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnderlyingRow {
    pub symbol: Symbol,
    pub sum: Sum,
}

/// Everything held, ours and foreign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    pub legs: BTreeMap<LegKey, LegLook>,
    pub strategies: BTreeMap<StrategyId, Sum>,
    /// By name.
    pub underlyings: Vec<UnderlyingRow>,
    pub total: Sum,
}

impl Book {
    pub fn leg(&self, row: &PositionRow) -> Option<&LegLook> {
        self.legs.get(&LegKey::of(row))
    }

    pub fn strategy(&self, id: StrategyId) -> Option<Exposure> {
        self.strategies.get(&id)?.exposure()
    }

    pub fn underlying(&self, symbol: Symbol) -> Option<Exposure> {
        self.underlyings.iter().find(|u| u.symbol == symbol)?.sum.exposure()
    }
}

pub(super) fn book(view: &View, looker: &Looker<'_>) -> Book {
    let mut book = Book::default();
    let mut underlyings: BTreeMap<Symbol, Sum> = BTreeMap::new();
    let rows = view.positions.groups.iter().flat_map(|g| &g.rows).chain(&view.positions.foreign);
    for row in rows.filter(|r| !r.net.is_flat()) {
        let look = look(looker, &row.contract, row.net, row.quote);
        book.legs.insert(LegKey::of(row), look);
        book.total.add(look.exposure());
        underlyings.entry(row.contract.underlying).or_default().add(look.exposure());
        if let Some(id) = row.strategy {
            book.strategies.entry(id).or_default().add(look.exposure());
        }
    }
    book.underlyings = underlyings.into_iter().map(|(symbol, sum)| UnderlyingRow { symbol, sum }).collect();
    book
}

/// One line of `units`; `quote` counts for what is no option and not fed.
pub(super) fn look(looker: &Looker<'_>, contract: &Contract, units: NetQuantity, quote: Option<Quote>) -> LegLook {
    match contract.kind {
        ContractKind::Option { .. } => {
            let option = looker.option(contract);
            LegLook { mark: option.and_then(|o| o.mark), option, risk: option.and_then(|o| risk(&o, contract, units)) }
        }
        ContractKind::Future { .. } | ContractKind::Equity => {
            let quote = looker.market.quote(contract, None).or(quote);
            let mark = quote.and_then(|q| Mark::of(&q, looker.now));
            let price = mark.and_then(|m| m.price.0.to_f64());
            LegLook { mark, option: None, risk: price.and_then(|p| RiskLeg::underlying(p, units).ok()) }
        }
        ContractKind::Index | ContractKind::Unlisted { .. } => LegLook { mark: None, option: None, risk: None },
    }
}

fn risk(look: &OptionLook, contract: &Contract, units: NetQuantity) -> Option<RiskLeg> {
    let ContractKind::Option { strike, right, .. } = contract.kind else { return None };
    let (forward, (vol, _)) = (look.forward?, look.vol?);
    let (forward, t_years) = (forward.price, forward.t_years);
    RiskLeg::option(Inputs { right, forward, strike: strike.0.to_f64()?, t_years, vol, rate: RATE }, units).ok()
}
