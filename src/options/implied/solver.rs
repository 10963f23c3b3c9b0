//! The volatility a price implies: a number, or the name of the reason why there is none.
//!
//! The inversion is Jäckel's "Let's Be Rational" (the `implied-vol` crate); what surrounds it is the arbitrage bounds and
//! the honesty about what binary numbers can still tell. It goes to the last digits a machine's own logarithm has: for
//! the screen and for files, while [`super::delta`] is for decisions that must come out alike on every machine.

use implied_vol::{DefaultSpecialFn, ImpliedBlackVolatilityNormalised};

use crate::domain::OptionRight;
use crate::options::black76::value;
use crate::options::pricing::{Model, Terms};

/// Why a price has no implied volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum NoVolatility {
    #[error("a price, strike or other input is not a usable number")]
    InvalidInput,
    #[error("the option has expired")]
    Expired,
    #[error("the price is below the discounted intrinsic value: a stale quote, or another forward")]
    BelowIntrinsic,
    #[error("the price is zero")]
    ZeroPrice,
    #[error("the price is not below the most such an option can be worth")]
    AboveMaximum,
    /// Every volatility small enough gives this price. The out-of-the-money option of the strike may still tell.
    #[error("the price is its discounted intrinsic value: nothing in it tells a volatility")]
    NoTimeValue,
    #[error("the price is too small a number to tell a volatility")]
    Underflow,
}

impl NoVolatility {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Expired => "expired",
            Self::BelowIntrinsic => "below_intrinsic",
            Self::ZeroPrice => "zero_price",
            Self::AboveMaximum => "above_maximum",
            Self::NoTimeValue => "no_time_value",
            Self::Underflow => "underflow",
        }
    }
}

/// A volatility that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solved {
    /// Annual, a fraction.
    pub vol: f64,
    /// The last digits of the price move it by more than a millionth of itself: to be read loosely.
    pub ill_conditioned: bool,
}

impl Solved {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        if self.ill_conditioned { "ill_conditioned" } else { "ok" }
    }
}

/// Time value within so many units in the last place of the price is rounding, not value.
const ROUNDING_ULPS: f64 = 10.0;
/// Below this even the quotients of the algorithm run out of exponent.
const SMALLEST: f64 = 1e-290;
/// Only so near its bounds (as a fraction of the price) can a price be ill-conditioned: the noise is looked at there.
const NEAR_A_BOUND: f64 = 1e-7;
/// Uncertainty as a fraction of the volatility from which it is ill-conditioned.
const LOOSE: f64 = 1e-6;

/// The volatility at which `terms` are worth `price` points.
pub fn solve(terms: &Terms, price: f64) -> Result<Solved, NoVolatility> {
    check(terms, price)?;
    solve_in(&Series::of(terms), terms, price)
}

/// The volatilities of many prices, one answer for each, in their order. Neighbours of one expiry and underlying, as a
/// chain has them, share what belongs to both.
pub fn solve_all(quotes: &[(Terms, f64)]) -> Vec<Result<Solved, NoVolatility>> {
    let mut last: Option<Series> = None;
    let mut one = |terms: &Terms, price: f64| {
        check(terms, price)?;
        match &last {
            Some(series) if series.is_of(terms) => solve_in(series, terms, price),
            _ => solve_in(last.insert(Series::of(terms)), terms, price),
        }
    };
    quotes.iter().map(|(terms, price)| one(terms, *price)).collect()
}

fn check(terms: &Terms, price: f64) -> Result<(), NoVolatility> {
    match () {
        () if terms.check().is_err() || !(price >= 0.0 && price.is_finite()) => Err(NoVolatility::InvalidInput),
        () if terms.t_years <= 0.0 => Err(NoVolatility::Expired),
        () => Ok(()),
    }
}

fn solve_in(series: &Series, terms: &Terms, price: f64) -> Result<Solved, NoVolatility> {
    let bounds = Bounds::of(series, terms).ok_or(NoVolatility::InvalidInput)?;
    let otm = bounds.time_value(price)?;
    // The quotient rounds as the last place of the forward does: no more than the noise that is in every price.
    let total = ImpliedBlackVolatilityNormalised::builder()
        .log_moneyness((series.forward / terms.strike).ln())
        .normalised_price(otm / (series.discount * (series.forward * terms.strike).sqrt()))
        .build()
        .and_then(|input| input.calculate::<DefaultSpecialFn>());
    let vol = total.unwrap_or(0.0) / series.root;
    if !(vol > 0.0 && vol.is_finite()) {
        return Err(if bounds.low > 0.0 { NoVolatility::NoTimeValue } else { NoVolatility::Underflow });
    }
    let near = NEAR_A_BOUND * price;
    let delicate = (bounds.low > 0.0 && otm < near) || bounds.high - price < near;
    Ok(Solved { vol, ill_conditioned: delicate && noise(terms, price, vol) > LOOSE * vol })
}

/// What the options of one underlying and expiry have in common.
#[derive(Clone, Copy)]
struct Series {
    model: Model,
    underlying: f64,
    t_years: f64,
    rate: f64,
    dividend: f64,
    forward: f64,
    discount: f64,
    /// What holding the underlying from now to expiry is worth now, dividends left out.
    held: f64,
    /// The root of the time to expiry.
    root: f64,
}

impl Series {
    fn of(terms: &Terms) -> Self {
        let Terms { model, underlying, t_years, rate, dividend, .. } = *terms;
        let discount = (-rate * t_years).exp();
        // From the spot directly: the way through the forward would round once more.
        let held = match model {
            Model::Black76 => discount * underlying,
            Model::BlackScholes => underlying * (-dividend * t_years).exp(),
        };
        let (forward, root) = (terms.forward(), t_years.sqrt());
        Self { model, underlying, t_years, rate, dividend, forward, discount, held, root }
    }

    fn is_of(&self, terms: &Terms) -> bool {
        let ours = [self.underlying, self.t_years, self.rate, self.dividend].map(f64::to_bits);
        self.model == terms.model
            && ours == [terms.underlying, terms.t_years, terms.rate, terms.dividend].map(f64::to_bits)
    }
}

/// What an option can be worth without arbitrage, in points.
struct Bounds {
    /// Discounted intrinsic value.
    low: f64,
    /// Reached by no volatility: the discounted forward for a call, the discounted strike for a put.
    high: f64,
    /// What cannot be told from zero in a time value, for rounding.
    rounding: f64,
}

impl Bounds {
    /// `None` where a discount is beyond what a number can hold.
    fn of(series: &Series, terms: &Terms) -> Option<Self> {
        let held = series.held;
        let paid = series.discount * terms.strike;
        let worth = match series.model {
            Model::Black76 => series.discount * (terms.underlying - terms.strike),
            Model::BlackScholes => held - paid,
        };
        let (low, high) = match terms.right {
            OptionRight::Call => (worth.max(0.0), held),
            OptionRight::Put => ((-worth).max(0.0), paid),
        };
        let rounding = match series.model {
            // Without intrinsic value nothing is taken away, and the smallest of all numbers is slow to count with.
            _ if low <= 0.0 => 0.0,
            Model::Black76 => ROUNDING_ULPS * ulp(low),
            Model::BlackScholes => ROUNDING_ULPS * ulp(low) + ulp(held.max(paid)),
        };
        let usable = [series.forward, series.discount, held, paid].iter().all(|x| *x > 0.0 && x.is_finite());
        usable.then_some(Self { low, high, rounding })
    }

    /// The price above intrinsic value (that is the price of the strike's out-of-the-money option), discounted.
    fn time_value(&self, price: f64) -> Result<f64, NoVolatility> {
        let over = price - self.low;
        match () {
            () if price >= self.high => Err(NoVolatility::AboveMaximum),
            () if self.low > 0.0 && over < -self.rounding => Err(NoVolatility::BelowIntrinsic),
            () if self.low > 0.0 && over <= self.rounding => Err(NoVolatility::NoTimeValue),
            () if price == 0.0 => Err(NoVolatility::ZeroPrice),
            () if price < SMALLEST => Err(NoVolatility::Underflow),
            () => Ok(over),
        }
    }
}

/// By how much the last places of the price and of the underlying move the volatility.
fn noise(terms: &Terms, price: f64, vol: f64) -> f64 {
    let there = value(&terms.at(vol)).greeks;
    let last_places = ulp(price) + there.delta.abs() * ulp(terms.underlying.max(terms.strike));
    last_places / (there.vega * 100.0)
}

/// The distance from a positive number to the next.
fn ulp(x: f64) -> f64 {
    x.next_up() - x
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Row {
        id: String,
        model: String,
        r#type: String,
        underlying: f64,
        strike: f64,
        t_years: f64,
        r: f64,
        q: f64,
        price: f64,
        #[serde(alias = "expected_status")]
        iv_status: String,
        iv: Option<f64>,
        iv_noise: Option<f64>,
    }

    fn rows(table: &str) -> Vec<Row> {
        csv::Reader::from_reader(table.as_bytes()).deserialize().map(Result::unwrap).collect()
    }

    fn solved(row: &Row) -> Result<Solved, NoVolatility> {
        let terms = Terms {
            model: if row.model == "bs" { Model::BlackScholes } else { Model::Black76 },
            right: if row.r#type == "C" { OptionRight::Call } else { OptionRight::Put },
            underlying: row.underlying,
            strike: row.strike,
            t_years: row.t_years,
            rate: row.r,
            dividend: row.q,
        };
        solve(&terms, row.price)
    }

    fn within_tolerance(row: &Row, found: Solved) {
        let (want, noise) = (row.iv.unwrap(), row.iv_noise.unwrap());
        let off = (found.vol - want).abs();
        assert!(off <= (1e-8 * want).max(20.0 * noise), "{}: {} for {want}, noise {noise:e}", row.id, found.vol);
        assert!(!found.ill_conditioned, "{} is well-conditioned", row.id);
    }

    #[test]
    fn every_row_of_the_reference_table_gets_its_volatility_or_its_name() {
        let rows = rows(include_str!("../../../tests/fixtures/market/greeks_reference.csv"));
        assert_eq!(rows.len(), 2_520);
        for row in &rows {
            match (row.iv_status.as_str(), solved(row)) {
                ("ok", Ok(found)) => within_tolerance(row, found),
                ("ill_conditioned", Ok(found)) => assert!(found.ill_conditioned, "{}", row.id),
                ("ill_conditioned" | "no_time_value", Err(NoVolatility::NoTimeValue)) => {}
                // The table keeps zero for what a number cannot hold: nothing in the input tells it from a zero.
                ("underflow", Err(NoVolatility::ZeroPrice)) => {}
                (want, got) => panic!("{}: {got:?}, table {want}", row.id),
            }
        }
    }

    #[test]
    fn every_edge_case_gets_its_answer() {
        let rows = rows(include_str!("../../../tests/fixtures/market/iv_edge_cases.csv"));
        assert_eq!(rows.len(), 152);
        for row in &rows {
            match solved(row) {
                Ok(found) => {
                    assert_eq!(row.iv_status, found.as_str(), "{}", row.id);
                    within_tolerance(row, found);
                }
                Err(reason) => assert_eq!(row.iv_status, reason.as_str(), "{}", row.id),
            }
        }
    }

    #[test]
    fn a_price_too_small_for_a_number_is_named() {
        let terms = Terms {
            model: Model::Black76,
            right: OptionRight::Put,
            underlying: 85_353.8,
            strike: 26_800.0,
            t_years: 0.0146,
            rate: 0.0,
            dividend: 0.0,
        };
        assert_eq!(solve(&terms, 1e-300), Err(NoVolatility::Underflow));
        assert_eq!(
            solve_all(&[(terms, 0.0), (terms, -1.0)]),
            [Err(NoVolatility::ZeroPrice), Err(NoVolatility::InvalidInput)]
        );
        assert_eq!(solve(&Terms { rate: 1e9, ..terms }, 5.0), Err(NoVolatility::InvalidInput));
    }
}
