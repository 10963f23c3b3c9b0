//! The forward of an expiry: what the chain itself says, else the future, else spot and rate. Which it was is part of the answer.
//!
//! Put-call parity: at one strike, `forward = strike + (call − put) · e^(rate · time)`. Each strike near the money gives one
//! opinion, their median is taken, so that a stale or mistyped quote among them moves nothing; where too few agree with the
//! median, the chain is not believed.

/// The two options of one strike, at mid-prices of quotes with both sides, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrikePair {
    pub strike: f64,
    pub call: f64,
    pub put: f64,
}

/// What a forward was taken from. Best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForwardSource {
    /// Put-call parity, at so many strikes that agree.
    Parity { strikes: usize },
    /// The future of the same expiry.
    Future,
    /// The spot, grown at the rate less the yield: the last resort.
    Spot,
}

impl ForwardSource {
    /// For a screen and for files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parity { .. } => "parity",
            Self::Future => "future",
            Self::Spot => "spot",
        }
    }
}

/// A forward and where it is from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forward {
    pub points: f64,
    pub source: ForwardSource,
}

/// What there is to take a forward from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Underlying {
    /// The future of the same expiry, in points.
    pub future: Option<f64>,
    /// The index or share, in points.
    pub spot: Option<f64>,
    /// Annual continuously compounded rate.
    pub rate: f64,
    /// Annual continuous dividend yield; used with the spot only.
    pub dividend: f64,
    /// Years to expiry.
    pub t_years: f64,
}

/// Strikes asked, nearest to the money.
const ASKED: usize = 5;
/// As many of them must agree.
const ENOUGH: usize = 3;
/// Opinions further apart than this fraction disagree: on an index a few hundredths of a per cent are usual.
const AGREEMENT: f64 = 0.002;

/// The forward of an expiry; `None` where nothing usable is known.
pub fn forward(pairs: &[StrikePair], of: &Underlying) -> Option<Forward> {
    let known = |price: Option<f64>| price.filter(|p| p.is_finite() && *p > 0.0);
    let future = known(of.future);
    let from_spot = known(of.spot).map(|spot| spot * libm::exp((of.rate - of.dividend) * of.t_years.max(0.0)));
    let parity = || by_parity(pairs, future.or(from_spot), of);
    let plain = |points: Option<f64>, source| points.map(|points| Forward { points, source });
    parity().or_else(|| plain(future, ForwardSource::Future)).or_else(|| plain(from_spot, ForwardSource::Spot))
}

fn by_parity(pairs: &[StrikePair], about: Option<f64>, of: &Underlying) -> Option<Forward> {
    let growth = libm::exp(of.rate * of.t_years.max(0.0));
    let opinion = |pair: &StrikePair| pair.strike + growth * (pair.call - pair.put);
    // Without another price, the strike at which call and put cost alike is the nearest to the money.
    let away = |pair: &StrikePair| about.map_or((pair.call - pair.put).abs(), |price| (pair.strike - price).abs());
    let usable = |p: &&StrikePair| p.strike > 0.0 && p.call > 0.0 && p.put > 0.0 && opinion(p).is_finite();
    let mut near: Vec<&StrikePair> = pairs.iter().filter(usable).collect();
    near.sort_by(|a, b| away(a).total_cmp(&away(b)));
    let mut opinions: Vec<f64> = near.into_iter().take(ASKED).map(opinion).collect();
    opinions.sort_by(f64::total_cmp);
    let median = match opinions.len() {
        0 => return None,
        n if n % 2 == 0 => f64::midpoint(*opinions.get(n / 2 - 1)?, *opinions.get(n / 2)?),
        n => *opinions.get(n / 2)?,
    };
    let strikes = opinions.iter().filter(|o| (**o - median).abs() <= AGREEMENT * median).count();
    let source = ForwardSource::Parity { strikes };
    (median > 0.0 && strikes >= ENOUGH).then_some(Forward { points: median, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OptionRight;
    use crate::options::black76::{Inputs, price};

    const FORWARD: f64 = 26_043.7;
    const OF: Underlying =
        Underlying { future: Some(26_050.0), spot: Some(26_000.0), rate: 0.055, dividend: 0.0, t_years: 0.02 };

    fn pairs() -> Vec<StrikePair> {
        let worth = |right, strike| {
            price(&Inputs { right, forward: FORWARD, strike, t_years: OF.t_years, vol: 0.13, rate: OF.rate })
        };
        let strikes = (0..21).map(|n| 25_500.0 + 50.0 * f64::from(n));
        strikes
            .map(|k| StrikePair { strike: k, call: worth(OptionRight::Call, k), put: worth(OptionRight::Put, k) })
            .collect()
    }

    #[test]
    fn parity_gives_the_forward_the_prices_were_made_with() {
        let found = forward(&pairs(), &OF).unwrap();
        assert!((found.points - FORWARD).abs() < 1e-6, "{found:?}");
        assert_eq!(found.source, ForwardSource::Parity { strikes: 5 });
        let alone = forward(&pairs(), &Underlying { future: None, spot: None, ..OF }).unwrap();
        assert!((alone.points - FORWARD).abs() < 1e-6, "{alone:?}");
    }

    #[test]
    fn two_bad_quotes_among_the_nearest_move_nothing() {
        let mut quotes = pairs();
        for pair in &mut quotes {
            match pair.strike {
                26_000.0 => pair.call *= 4.0,
                26_050.0 => pair.put *= 4.0,
                _ => {}
            }
        }
        let found = forward(&quotes, &OF).unwrap();
        assert!((found.points - FORWARD).abs() < 1e-6, "{found:?}");
        assert_eq!(found.source, ForwardSource::Parity { strikes: 3 });
    }

    #[test]
    fn a_chain_that_contradicts_itself_is_not_believed() {
        let mut quotes = pairs();
        quotes.iter_mut().enumerate().for_each(|(n, pair)| pair.put += 150.0 * (n as f64));
        let future = Forward { points: 26_050.0, source: ForwardSource::Future };
        assert_eq!(forward(&quotes, &OF), Some(future));
        assert_eq!(forward(&pairs()[..2], &OF), Some(future), "two strikes are too few");
    }

    #[test]
    fn without_chain_and_future_the_spot_is_grown_and_says_so() {
        let found = forward(&[], &Underlying { future: None, ..OF }).unwrap();
        assert_eq!(found.source, ForwardSource::Spot);
        assert!((found.points - 26_000.0 * (0.055_f64 * 0.02).exp()).abs() < 1e-9);
        assert_eq!(forward(&[], &Underlying { future: Some(f64::NAN), spot: Some(0.0), ..OF }), None);
    }
}
