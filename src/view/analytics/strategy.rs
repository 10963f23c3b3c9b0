//! One strategy whole: its legs at market, what it brings at expiry and today, how likely that is, and what would be held
//! after it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::RATE;
use super::book::{self, Book};
use super::forward::Forward;
use super::look::{Looker, Mark, MarkKind, OptionLook};
use super::market::{ChainKey, Market};
use crate::domain::strategy::Metrics;
use crate::domain::{Contract, ContractKind, Leg, LegKind, Money, NetQuantity, Price, Quantity, Side, StrategyId};
use crate::options::curve::{ModelLeg, ModelPosition};
use crate::options::outlook::{self, Outlook};
use crate::options::payoff::Payoff;
use crate::risk::exposure::{Exposure, RiskLeg};
use crate::risk::scenario::{Axes, Cell, Grid};
use crate::view::{Group, StrategyRow, View};

/// Points of a curve: more than a wide terminal has dots.
const POINTS: usize = 241;

/// What its profit is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The averages at which it was filled; what is realised is counted too.
    Fills,
    /// What it would trade for now, by the marks.
    Now,
    /// What its source said: a leg has no price now.
    Recommended,
}

impl Basis {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fills => "from its fills",
            Self::Now => "at the prices of now",
            Self::Recommended => "at the recommended prices",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LegOfStrategy {
    pub contract: Contract,
    /// Signed.
    pub units: i64,
    pub mark: Option<Mark>,
    /// `None` for what is no option.
    pub option: Option<OptionLook>,
    /// Of the whole quantity.
    pub exposure: Option<Exposure>,
    /// What its profit is counted from.
    pub from: Option<Price>,
    risk: Option<RiskLeg>,
}

/// Profit and loss over prices of the underlying.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// Prices of the underlying, ascending, evenly apart.
    pub spots: Vec<f64>,
    /// At the close of the first expiry, in rupees. Of one expiry exact, of several an estimate.
    pub expiry: Vec<f64>,
    /// Today, by the model. `None` while a leg has no volatility.
    pub today: Option<Vec<f64>>,
    /// A leg lives on at the first expiry: what it is worth then only a model can say.
    pub estimated: bool,
}

/// What would be held after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct After {
    pub exposure: Exposure,
    /// Of the standard scenarios.
    pub worst: Option<Cell>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StrategyLook {
    pub id: StrategyId,
    pub basis: Basis,
    pub legs: Vec<LegOfStrategy>,
    /// `None` while a leg is unknown.
    pub exposure: Option<Exposure>,
    pub curves: Option<Curves>,
    /// Exact, at expiry; `None` for several expiries.
    pub metrics: Option<Metrics>,
    /// Profit by its marks now, for what is held.
    pub pnl: Option<Money>,
    /// Of ending with a profit: risk-neutral, with one volatility for all strikes. 0 to 1.
    pub probability: Option<f64>,
    /// One standard deviation of the underlying to the first expiry, in points.
    pub expected_move: Option<f64>,
    /// At the money, of the first expiry.
    pub volatility: Option<f64>,
    pub spot: Option<f64>,
    /// Of the first expiry.
    pub forward: Option<Forward>,
    /// What all positions would be with it; `None` for what is held already, or not known.
    pub after: Option<After>,
}

/// A leg before it is looked at.
struct Draft {
    contract: Contract,
    units: i64,
    from: Option<Price>,
}

pub(super) fn strategy(view: &View, looker: &Looker<'_>, book: &Book, id: StrategyId) -> Option<StrategyLook> {
    let row = view.strategy(id)?;
    let group = view.positions.groups.iter().find(|g| g.strategy == id);
    let held: Vec<Draft> = group.map(held).unwrap_or_default();
    let is_held = !held.is_empty();
    let drafts = if is_held { held } else { drafts(row, looker.market) };
    let mut legs: Vec<LegOfStrategy> = drafts.iter().map(|d| leg(looker, d)).collect();
    let basis = if is_held { Basis::Fills } else { settle_basis(&mut legs) };
    let realised = group.filter(|_| is_held).and_then(Group::realised).unwrap_or_default();
    let known: Option<Vec<RiskLeg>> = legs.iter().map(|l| l.risk).collect();
    let known = known.filter(|l| !l.is_empty());
    let key = first_chain(looker, &legs);
    let forward = key.and_then(|k| looker.forward(&k));
    let volatility = key.and_then(|k| looker.at_the_money(&k));
    let outlook = forward.zip(volatility).and_then(|(f, vol)| Outlook::new(f.price, vol, f.t_years));
    let expected_move = forward.zip(volatility).map(|(f, vol)| outlook::expected_move(f.price, vol, f.t_years));
    let spot = forward.and_then(|f| f.spot).or_else(|| row.spot.and_then(|s| s.0.to_f64()));
    let payoff = exact(&legs, realised);
    let curves = curves(looker, &legs, realised.0.to_f64().unwrap_or(0.0), spot, expected_move);
    Some(StrategyLook {
        id,
        basis,
        exposure: known.as_ref().map(|l| l.iter().map(RiskLeg::exposure).sum()),
        probability: outlook.zip(payoff.as_ref()).map(|(o, p)| o.probability_of_profit(p)),
        metrics: payoff.map(|p| p.metrics(Quantity(1))),
        pnl: group.filter(|_| is_held).and_then(|g| g.pnl),
        expected_move,
        volatility,
        spot,
        forward,
        after: known.filter(|_| !is_held).and_then(|added| after(book, &added)),
        curves,
        legs,
    })
}

fn held(group: &Group) -> Vec<Draft> {
    let open = group.rows.iter().filter(|r| !r.net.is_flat());
    open.map(|r| Draft { contract: r.contract, units: r.net.0, from: r.average }).collect()
}

/// The legs as they are mapped, or would be; none, where one cannot be.
fn drafts(row: &StrategyRow, market: &Market) -> Vec<Draft> {
    let legs = row.legs.iter().enumerate().map(|(n, l)| {
        let instrument = l.instrument.or_else(|| market.mapped.get(n).copied().flatten())?;
        let units = l.quantity.unwrap_or(Quantity(instrument.lot.0.saturating_mul(l.ratio)));
        Some(Draft { contract: instrument.contract, units: l.side.signed(units).0, from: l.premium })
    });
    legs.collect::<Option<Vec<Draft>>>().unwrap_or_default()
}

fn leg(looker: &Looker<'_>, draft: &Draft) -> LegOfStrategy {
    let look = book::look(looker, &draft.contract, NetQuantity(draft.units), None);
    LegOfStrategy {
        contract: draft.contract,
        units: draft.units,
        mark: look.mark,
        option: look.option,
        exposure: look.exposure(),
        from: draft.from,
        risk: look.risk,
    }
}

/// At the marks, where every leg has one that somebody quoted; else as it was recommended.
fn settle_basis(legs: &mut [LegOfStrategy]) -> Basis {
    let quoted = |l: &LegOfStrategy| l.mark.filter(|m| m.kind != MarkKind::Model);
    if legs.iter().any(|l| quoted(l).is_none()) {
        return Basis::Recommended;
    }
    for leg in legs {
        leg.from = leg.mark.map(|m| m.price);
    }
    Basis::Now
}

/// The chain of the legs that expire first.
fn first_chain(looker: &Looker<'_>, legs: &[LegOfStrategy]) -> Option<ChainKey> {
    legs.iter().filter_map(|l| looker.chain_of(&l.contract)).min_by_key(|k| k.expiry)
}

/// What the legs bring at expiry, to the paisa, in units; what is realised counts as if the first leg had cost that much
/// less. `None` for several expiries.
fn exact(legs: &[LegOfStrategy], realised: Money) -> Option<Payoff> {
    let mut exact: Vec<Leg> = Vec::new();
    for leg in legs {
        let kind = match leg.contract.kind {
            ContractKind::Option { strike, right, .. } => LegKind::Option { strike, right },
            ContractKind::Future { .. } => LegKind::Future,
            ContractKind::Equity => LegKind::Equity,
            ContractKind::Index | ContractKind::Unlisted { .. } => return None,
        };
        let side = if leg.units > 0 { Side::Buy } else { Side::Sell };
        let ratio = u32::try_from(leg.units.unsigned_abs()).ok()?;
        exact.push(Leg { side, kind, expiry: leg.contract.expiry(), ratio, premium: leg.from });
    }
    let first = exact.first_mut()?;
    let per_unit = realised.0 / Decimal::from(legs.first()?.units);
    first.premium = first.premium.map(|p| Price(p.0 - per_unit));
    Payoff::of(&exact).ok()
}

fn after(book: &Book, added: &[RiskLeg]) -> Option<After> {
    let mut all: Vec<RiskLeg> = book.legs.values().map(|l| l.risk).collect::<Option<_>>()?;
    all.extend(added);
    let exposure = all.iter().map(RiskLeg::exposure).sum();
    Some(After { exposure, worst: Grid::of(&all, Axes::standard(0.0)).worst() })
}

/// `None` without legs, or while one has nothing its profit is counted from.
fn curves(
    looker: &Looker<'_>,
    legs: &[LegOfStrategy],
    realised: f64,
    spot: Option<f64>,
    expected_move: Option<f64>,
) -> Option<Curves> {
    let (low, high) = range(legs, spot, expected_move)?;
    let model: Option<Vec<ModelLeg>> = legs.iter().map(|l| model_leg(looker, l, spot)).collect();
    let position = ModelPosition { legs: model?, rate: RATE };
    let near = position.near_expiry().unwrap_or(0.0);
    // At its own expiry an option needs no volatility; before it, it does.
    let unknown = |l: &LegOfStrategy| l.contract.expiry().is_some() && l.option.is_some_and(|o| o.vol.is_none());
    let later = |l: &ModelLeg| l.option.is_some() && l.t_years > near;
    let estimated = position.legs.iter().any(later);
    if legs.iter().zip(&position.legs).any(|(l, m)| unknown(l) && later(m)) {
        return None;
    }
    let spots: Vec<f64> = (0..POINTS).map(|n| low + (high - low) * n as f64 / (POINTS - 1) as f64).collect();
    let over = |years: f64| spots.iter().map(|s| position.pnl(*s, years, 1.0) + realised).collect::<Vec<f64>>();
    let (expiry, today) = (over(near), (!legs.iter().any(unknown)).then(|| over(0.0)));
    Some(Curves { spots, expiry, today, estimated })
}

/// The strikes, the underlying and where it may well go, with air on both sides.
fn range(legs: &[LegOfStrategy], spot: Option<f64>, expected_move: Option<f64>) -> Option<(f64, f64)> {
    let strikes = legs.iter().filter_map(|l| match l.contract.kind {
        ContractKind::Option { strike, .. } => strike.0.to_f64(),
        _ => None,
    });
    let reach = spot.zip(expected_move).map(|(s, sd)| [s - 2.0 * sd, s + 2.0 * sd]);
    let all: Vec<f64> = strikes.chain(spot).chain(reach.into_iter().flatten()).collect();
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let air = ((high - low) * 0.15).max(low * 0.005);
    (low.is_finite() && low > 0.0).then(|| ((low - air).max(0.0), high + air))
}

/// With its own volatility and carry; zero where it has none, which matters only before its expiry.
fn model_leg(looker: &Looker<'_>, leg: &LegOfStrategy, spot: Option<f64>) -> Option<ModelLeg> {
    let paid = leg.from?.0.to_f64()?;
    let option = match leg.contract.kind {
        ContractKind::Option { strike, right, .. } => Some((right, strike.0.to_f64()?)),
        ContractKind::Future { .. } | ContractKind::Equity => None,
        ContractKind::Index | ContractKind::Unlisted { .. } => return None,
    };
    let t_years = looker.years_to(&leg.contract).unwrap_or(0.0).max(0.0);
    let forward = match leg.option {
        Some(look) => look.forward.map(|f| f.price),
        None => leg.mark.and_then(|m| m.price.0.to_f64()),
    };
    let grown = forward.zip(spot).filter(|_| t_years > 0.0).map(|(f, s)| libm::log(f / s) / t_years);
    let carry = grown.filter(|c| c.is_finite()).unwrap_or(0.0);
    let vol = leg.option.and_then(|o| o.vol).map_or(0.0, |(vol, _)| vol);
    Some(ModelLeg { option, lots: leg.units as f64, paid, t_years, vol, carry })
}
