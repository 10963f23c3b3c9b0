//! What legs of one expiry are worth on that day: exact decimals, no model, no floats.
//!
//! The profit or loss is piecewise linear with kinks at the strikes, on underlying prices from zero to infinity. Figures
//! in *points* are per unit of the underlying for the ratios given; rupees are points × lot. Charges are not included.

use std::collections::BTreeSet;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::strategy::Metrics;
use crate::domain::{Bound, Leg, LegKind, Money, OptionRight, Price, Quantity, Side};

/// Breakevens with a repeating fraction are cut here: far below any tick.
const BREAKEVEN_DECIMALS: u32 = 6;

/// Why legs have no exact payoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPayoff {
    #[error("there are no legs")]
    NoLegs,
    #[error("a leg has no premium")]
    PremiumMissing,
    /// The far leg still has time value when the near one expires: only a model can say, and that is an estimate.
    #[error("the legs expire on different days: only an estimate is possible")]
    SeveralExpiries,
}

/// Profit and loss at expiry as a function of the underlying's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payoff {
    legs: Vec<Leg>,
    /// Zero and the strikes, ascending, each with the profit there in points.
    kinks: Vec<(Decimal, Decimal)>,
    /// Points gained per point of the underlying above the last strike.
    slope_above: Decimal,
}

impl Payoff {
    /// The payoff of legs that share one expiry (or whose expiry is not known yet: they are then taken to share it).
    pub fn of(legs: &[Leg]) -> Result<Self, NoPayoff> {
        if legs.is_empty() {
            return Err(NoPayoff::NoLegs);
        }
        if legs.iter().any(|leg| leg.premium.is_none()) {
            return Err(NoPayoff::PremiumMissing);
        }
        let expiries: BTreeSet<_> = legs.iter().filter(|l| l.kind != LegKind::Equity).map(|l| l.expiry).collect();
        if expiries.len() > 1 {
            return Err(NoPayoff::SeveralExpiries);
        }
        let mut points = BTreeSet::from([Decimal::ZERO]);
        points.extend(legs.iter().filter_map(|leg| strike_of(leg.kind)));
        let kinks = points.into_iter().map(|spot| (spot, points_at(legs, spot))).collect();
        let slope_above = legs.iter().filter(|leg| rises_forever(leg.kind)).map(signed_ratio).sum();
        Ok(Self { legs: legs.to_vec(), kinks, slope_above })
    }

    /// Premium received for the option legs in points: credit positive, debit negative.
    pub fn net_premium(&self) -> Price {
        net_premium(&self.legs)
    }

    /// Profit (negative: loss) in points when the underlying expires at `spot`.
    pub fn points_at(&self, spot: Price) -> Price {
        Price(points_at(&self.legs, spot.0).normalize())
    }

    /// Profit (negative: loss) in rupees for one set when the underlying expires at `spot`.
    pub fn at(&self, spot: Price, lot: Quantity) -> Money {
        self.points_at(spot).times(lot)
    }

    /// The highest profit in points (negative when every price loses); `None` is unlimited.
    pub fn max_points(&self) -> Option<Decimal> {
        let highest = self.kinks.iter().map(|(_, points)| *points).max();
        if self.slope_above > Decimal::ZERO { None } else { highest.map(|x| x.normalize()) }
    }

    /// The lowest result in points (positive when no price loses); `None` is an unlimited loss.
    pub fn min_points(&self) -> Option<Decimal> {
        let lowest = self.kinks.iter().map(|(_, points)| *points).min();
        if self.slope_above < Decimal::ZERO { None } else { lowest.map(|x| x.normalize()) }
    }

    /// Where the position gains, from the lowest price up: open intervals, the last one without an end if it never stops.
    pub fn profit_zones(&self) -> Vec<(Price, Option<Price>)> {
        let mut zones: Vec<(Price, Option<Price>)> = Vec::new();
        let mut start: Option<Decimal> = None;
        let mut close = |start: &mut Option<Decimal>, end: Option<Decimal>| {
            if let Some(from) = start.take() {
                zones.push((tidy(from), end.map(tidy)));
            }
        };
        for pair in self.kinks.windows(2) {
            let [(from, a), (to, b)] = pair else { continue };
            match (a > &Decimal::ZERO, b > &Decimal::ZERO) {
                (true, true) => {
                    start.get_or_insert(*from);
                }
                (false, true) => start = Some(crossing((*from, *a), (*to, *b))),
                (true, false) => {
                    start.get_or_insert(*from);
                    close(&mut start, Some(crossing((*from, *a), (*to, *b))));
                }
                (false, false) => {}
            }
        }
        if let Some((last, points)) = self.kinks.last() {
            let gains = points > &Decimal::ZERO;
            let reached = || last - points / self.slope_above;
            match (gains, self.slope_above.cmp(&Decimal::ZERO)) {
                (true, std::cmp::Ordering::Less) => {
                    start.get_or_insert(*last);
                    close(&mut start, Some(reached()));
                }
                (true, _) => {
                    start.get_or_insert(*last);
                    close(&mut start, None);
                }
                (false, std::cmp::Ordering::Greater) => {
                    start = Some(reached());
                    close(&mut start, None);
                }
                (false, _) => {}
            }
        }
        zones
    }

    /// The prices between a gain and its end, ascending.
    pub fn breakevens(&self) -> Vec<Price> {
        let mut found = BTreeSet::new();
        for (from, to) in self.profit_zones() {
            found.extend(from.is_positive().then_some(from));
            found.extend(to);
        }
        found.into_iter().collect()
    }

    /// Zero and the strikes, ascending: between two of them, and above the last, the result is a straight line.
    pub fn kinks(&self) -> Vec<Price> {
        self.kinks.iter().map(|(spot, _)| Price(spot.normalize())).collect()
    }

    /// Points gained per point of the underlying above the last strike; negative is an unlimited loss.
    pub fn slope_above(&self) -> Decimal {
        self.slope_above.normalize()
    }

    /// Where it neither gains nor loses over a whole stretch between kinks; the last one may have no end.
    pub fn zero_intervals(&self) -> Vec<(Price, Option<Price>)> {
        let flat = |points: &Decimal| points.is_zero();
        let between = self.kinks.windows(2).filter_map(|pair| match pair {
            [(from, a), (to, b)] if flat(a) && flat(b) => Some((tidy(*from), Some(tidy(*to)))),
            _ => None,
        });
        let last = self.kinks.last().filter(|(_, points)| flat(points) && self.slope_above.is_zero());
        between.chain(last.map(|(from, _)| (tidy(*from), None))).collect()
    }

    /// The figures of one set in rupees.
    pub fn metrics(&self, lot: Quantity) -> Metrics {
        let rupees = |points: Decimal| Bound::Limited(Price(points).times(lot));
        Metrics {
            max_profit: self.max_points().map_or(Bound::Unlimited, rupees),
            max_loss: self.min_points().map_or(Bound::Unlimited, |points| rupees(-points)),
            net_premium: self.net_premium().times(lot),
            breakevens: self.breakevens(),
            lot: lot.0,
        }
    }
}

/// Premium received for the option legs of any expiries, in points: credit positive, debit negative.
pub fn net_premium(legs: &[Leg]) -> Price {
    let options = legs.iter().filter(|leg| strike_of(leg.kind).is_some());
    Price(options.map(|leg| -signed_ratio(leg) * premium_of(leg)).sum::<Decimal>().normalize())
}

/// The figures of one set of `legs` in rupees, or why there are none.
pub fn metrics(legs: &[Leg], lot: Quantity) -> Result<Metrics, NoPayoff> {
    Payoff::of(legs).map(|payoff| payoff.metrics(lot))
}

fn strike_of(kind: LegKind) -> Option<Decimal> {
    match kind {
        LegKind::Option { strike, .. } => Some(strike.0),
        LegKind::Future | LegKind::Equity => None,
    }
}

/// Whether a long leg of this kind keeps gaining as the underlying rises.
fn rises_forever(kind: LegKind) -> bool {
    match kind {
        LegKind::Option { right, .. } => right == OptionRight::Call,
        LegKind::Future | LegKind::Equity => true,
    }
}

fn signed_ratio(leg: &Leg) -> Decimal {
    let ratio = Decimal::from(leg.ratio);
    match leg.side {
        Side::Buy => ratio,
        Side::Sell => -ratio,
    }
}

fn premium_of(leg: &Leg) -> Decimal {
    leg.premium.unwrap_or_default().0
}

fn points_at(legs: &[Leg], spot: Decimal) -> Decimal {
    let value = |kind| match kind {
        LegKind::Option { strike, right: OptionRight::Call } => (spot - strike.0).max(Decimal::ZERO),
        LegKind::Option { strike, right: OptionRight::Put } => (strike.0 - spot).max(Decimal::ZERO),
        LegKind::Future | LegKind::Equity => spot,
    };
    legs.iter().map(|leg| signed_ratio(leg) * (value(leg.kind) - premium_of(leg))).sum()
}

/// Where the line between two points of different sign passes zero.
fn crossing((from, a): (Decimal, Decimal), (to, b): (Decimal, Decimal)) -> Decimal {
    from + (to - from) * a / (a - b)
}

fn tidy(price: Decimal) -> Price {
    Price(price.round_dp_with_strategy(BREAKEVEN_DECIMALS, RoundingStrategy::MidpointAwayFromZero).normalize())
}

#[cfg(test)]
mod tests;
