//! A whole expiry marked in one call: forward, implied volatilities, smile, and of every option a mark and its Greeks.
//!
//! What has a fresh quote with both sides is marked at its middle. What has none is marked by the smile, and says that it is
//! a model price: never to be taken for a market.

use super::black76::{Inputs, Slice, Valuation};
use super::forward::{Forward, StrikePair, Underlying, forward};
use super::implied::{NoVolatility, Solved, solve_all};
use super::pricing::Terms;
use super::smile::{Point, Smile};
use crate::domain::OptionRight;

/// What the market says of one option, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainQuote {
    pub right: OptionRight,
    pub strike: f64,
    /// Best bid and ask, where the quote is fresh and has them.
    pub bid: Option<f64>,
    pub ask: Option<f64>,
}

/// What a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The middle of a fresh bid and ask.
    Quote,
    /// By the smile of its expiry: a model price.
    Model,
}

impl Basis {
    /// For a screen and for files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Model => "model",
        }
    }
}

/// One option, marked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marked {
    /// In points.
    pub mark: f64,
    pub basis: Basis,
    /// What the middle of its own quote implies; `None` without a quote.
    pub implied: Option<Result<Solved, NoVolatility>>,
    /// `None` where neither its quote nor the smile tells a volatility: then it has no Greeks.
    pub model: Option<Modelled>,
}

/// What Black-76 says of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modelled {
    /// Its own volatility where that is sound, else the smile's. Annual, a fraction.
    pub vol: f64,
    /// Price and Greeks at that volatility.
    pub value: Valuation,
}

/// An expiry, marked.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkedChain {
    pub forward: Forward,
    /// `None` where no quote is firm enough to fit one.
    pub smile: Option<Smile>,
    /// One for each quote, in their order; `None` where neither quote nor smile says anything.
    pub options: Vec<Option<Marked>>,
}

/// A bid at or below this many points says nothing of volatility: it is the smallest there is.
const LEAST_BID: f64 = 0.05;
/// A quote wider than this fraction of its middle is too loose for the smile.
const WIDEST: f64 = 0.25;

/// Marks the options of one underlying and expiry; `None` where no forward is known. Time is that of `of`.
pub fn mark(quotes: &[ChainQuote], of: &Underlying) -> Option<MarkedChain> {
    let forward = forward(&pairs(quotes), of)?;
    let inputs = |q: &ChainQuote| Inputs {
        right: q.right,
        forward: forward.points,
        strike: q.strike,
        t_years: of.t_years,
        vol: 0.0,
        rate: of.rate,
    };
    let quoted: Vec<(usize, f64)> = quotes.iter().enumerate().filter_map(|(n, q)| Some((n, q.middle()?))).collect();
    let asked: Vec<(Terms, f64)> =
        quoted.iter().filter_map(|(n, middle)| Some((Terms::from(inputs(quotes.get(*n)?)), *middle))).collect();
    let mut implied: Vec<Option<(f64, Result<Solved, NoVolatility>)>> = vec![None; quotes.len()];
    for ((n, middle), found) in quoted.into_iter().zip(solve_all(&asked)) {
        if let Some(slot) = implied.get_mut(n) {
            *slot = Some((middle, found));
        }
    }
    let points: Vec<Point> = quotes.iter().zip(&implied).filter_map(|(q, i)| point(q, i.as_ref()?, &forward)).collect();
    let smile = Smile::fit(&points, forward.points, of.t_years);
    let options = quotes.iter().zip(implied).map(|(q, own)| marked(&inputs(q), own, smile.as_ref())).collect();
    Some(MarkedChain { forward, smile, options })
}

impl ChainQuote {
    /// The middle of bid and ask, where both are there and in order.
    pub fn middle(&self) -> Option<f64> {
        let (bid, ask) = (self.bid?, self.ask?);
        (bid > 0.0 && ask >= bid && ask.is_finite()).then(|| f64::midpoint(bid, ask))
    }

    fn is_firm(&self, middle: f64) -> bool {
        let spread = |bid: f64, ask: f64| ask - bid <= WIDEST * middle;
        self.bid.is_some_and(|bid| bid > LEAST_BID && self.ask.is_some_and(|ask| spread(bid, ask)))
    }
}

/// Strikes of which both options are quoted.
fn pairs(quotes: &[ChainQuote]) -> Vec<StrikePair> {
    let side = |right| {
        let of_side = quotes.iter().filter(move |q| q.right == right);
        let mut side: Vec<(f64, f64)> = of_side.filter_map(|q| Some((q.strike, q.middle()?))).collect();
        side.sort_by(|a, b| a.0.total_cmp(&b.0));
        side
    };
    let (calls, puts) = (side(OptionRight::Call), side(OptionRight::Put));
    let put_at = |strike: f64| puts.binary_search_by(|(k, _)| k.total_cmp(&strike)).ok().and_then(|n| puts.get(n));
    calls
        .iter()
        .filter_map(|(strike, call)| {
            let (_, put) = put_at(*strike)?;
            Some(StrikePair { strike: *strike, call: *call, put: *put })
        })
        .collect()
}

/// What a quote adds to the smile: out-of-the-money options only, which keep their time value's digits.
fn point(q: &ChainQuote, (middle, found): &(f64, Result<Solved, NoVolatility>), forward: &Forward) -> Option<Point> {
    let out_of_the_money = match q.right {
        OptionRight::Call => q.strike >= forward.points,
        OptionRight::Put => q.strike < forward.points,
    };
    let solved = found.ok().filter(|s| !s.ill_conditioned)?;
    (out_of_the_money && q.is_firm(*middle)).then(|| Point { strike: q.strike, vol: solved.vol, weight: middle.sqrt() })
}

fn marked(inputs: &Inputs, own: Option<(f64, Result<Solved, NoVolatility>)>, smile: Option<&Smile>) -> Option<Marked> {
    let sound = own.and_then(|(_, found)| found.ok()).filter(|s| !s.ill_conditioned).map(|s| s.vol);
    let vol = sound.or_else(|| smile.map(|s| s.vol(inputs.strike)));
    let model = vol.map(|vol| Modelled { vol, value: Slice::of(inputs).value(vol) });
    let (mark, basis) = match (own, &model) {
        (Some((middle, _)), _) => (middle, Basis::Quote),
        (None, Some(model)) => (model.value.price, Basis::Model),
        (None, None) => return None,
    };
    Some(Marked { mark, basis, implied: own.map(|(_, found)| found), model })
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the middle of two numbers
mod tests {
    use super::*;
    use crate::options::black76::price;
    use crate::options::forward::ForwardSource;

    const OF: Underlying =
        Underlying { future: None, spot: Some(25_980.0), rate: 0.055, dividend: 0.0, t_years: 7.0 / 365.0 };
    const FORWARD: f64 = 26_010.0;

    fn skew(strike: f64) -> f64 {
        let x = (strike / FORWARD).ln() / (0.12 * OF.t_years.sqrt());
        0.12 - 0.006 * x + 0.003 * x * x
    }

    fn worth(right: OptionRight, strike: f64) -> f64 {
        let (forward, t_years, rate) = (FORWARD, OF.t_years, OF.rate);
        price(&Inputs { right, forward, strike, t_years, vol: skew(strike), rate })
    }

    /// Both options of every strike; quotes a tick wide.
    fn quotes() -> Vec<ChainQuote> {
        let strikes = (0..41).map(|n| 25_000.0 + 50.0 * f64::from(n));
        let quote = |right, strike| {
            let middle = worth(right, strike).max(0.1);
            ChainQuote { right, strike, bid: Some(middle - 0.025), ask: Some(middle + 0.025) }
        };
        strikes.flat_map(|k| [quote(OptionRight::Call, k), quote(OptionRight::Put, k)]).collect()
    }

    #[test]
    fn a_quoted_chain_gives_back_what_made_it() {
        let chain = mark(&quotes(), &OF).unwrap();
        assert_eq!(chain.forward.source, ForwardSource::Parity { strikes: 5 });
        assert!((chain.forward.points - FORWARD).abs() < 0.01);
        let near = quotes().into_iter().zip(&chain.options).filter(|(q, _)| (q.strike - FORWARD).abs() < 400.0);
        for (quote, option) in near {
            let option = option.unwrap();
            assert_eq!((Some(option.mark), option.basis), (quote.middle(), Basis::Quote));
            assert!((option.model.unwrap().vol - skew(quote.strike)).abs() < 1e-3, "{quote:?} {option:?}");
        }
    }

    #[test]
    fn an_option_without_a_quote_is_marked_by_its_neighbours_and_says_so() {
        let mut quotes = quotes();
        let silent = 23; // the put of 25,550
        quotes[silent].bid = None;
        let chain = mark(&quotes, &OF).unwrap();
        let option = chain.options[silent].unwrap();
        assert_eq!((option.basis, option.implied), (Basis::Model, None));
        let want = worth(quotes[silent].right, quotes[silent].strike);
        assert!((option.mark - want).abs() < 0.02 * want + 0.1, "{} for {want}", option.mark);
    }

    #[test]
    fn an_option_at_its_intrinsic_value_gets_the_greeks_of_the_smile() {
        let mut quotes = quotes();
        let deep = 0; // the call of 25,000
        let floor = (-OF.rate * OF.t_years).exp() * (FORWARD - quotes[deep].strike);
        (quotes[deep].bid, quotes[deep].ask) = (Some(floor - 2.0), Some(floor - 1.0));
        let chain = mark(&quotes, &OF).unwrap();
        let option = chain.options[deep].unwrap();
        assert_eq!(option.implied, Some(Err(NoVolatility::BelowIntrinsic)));
        let model = option.model.unwrap();
        assert!((model.vol - chain.smile.unwrap().vol(25_000.0)).abs() < 1e-12);
        assert!(model.value.greeks.delta > 0.9 && option.basis == Basis::Quote);
    }

    #[test]
    fn options_in_the_money_are_not_asked_for_the_smile() {
        let mut quotes = quotes();
        for quote in &mut quotes {
            let deep = match quote.right {
                OptionRight::Call => quote.strike < FORWARD - 300.0,
                OptionRight::Put => quote.strike > FORWARD + 300.0,
            };
            if deep {
                (quote.bid, quote.ask) = (quote.bid.map(|b| b + 20.0), quote.ask.map(|a| a + 20.0));
            }
        }
        let smile = mark(&quotes, &OF).unwrap().smile.unwrap();
        for strike in [25_600.0, 26_000.0, 26_400.0] {
            assert!((smile.vol(strike) - skew(strike)).abs() < 1e-3, "{strike}: {}", smile.vol(strike));
        }
        assert!(smile.error < 1e-3, "{smile:?}");
    }

    #[test]
    fn a_silent_chain_is_marked_by_nothing() {
        let silent: Vec<ChainQuote> = quotes().into_iter().map(|q| ChainQuote { bid: None, ..q }).collect();
        let chain = mark(&silent, &OF).unwrap();
        assert_eq!((chain.forward.source, chain.smile), (ForwardSource::Spot, None));
        assert!(chain.options.iter().all(Option::is_none));
        assert_eq!(mark(&silent, &Underlying { spot: None, ..OF }), None);
    }

    #[test]
    fn a_quote_that_tells_no_volatility_is_still_a_mark() {
        let stale = ChainQuote { right: OptionRight::Call, strike: 25_000.0, bid: Some(5.0), ask: Some(6.0) };
        let option = mark(&[stale], &OF).unwrap().options[0].unwrap();
        assert_eq!((option.mark, option.basis, option.model), (5.5, Basis::Quote, None));
    }
}
