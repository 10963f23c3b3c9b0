//! Strategies for paper mode, built from an option chain: real listed strikes and premiums, so that each can be traded.
//!
//! The figures follow from the chain by a simple rule, not from an opinion:
//! - *forward*: the strike nearest the money plus call minus put there;
//! - *expected move*: one standard deviation to expiry, 1.2533 × the straddle at that strike;
//! - strikes are chosen at fixed distances in standard deviations (a short strike at one of them has a delta near 0.16);
//! - *probability of profit*: the share of a normal distribution around the forward that lies where the payoff gains;
//! - *score*: 0.6 × probability + 0.4 × reward / (reward + risk), both taken within two standard deviations;
//! - *conviction*: from the probability, by the analyser's cut-offs.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal_macros::dec;

use super::draft::{Context, Draft, Reported};
use super::raw::conviction_of;
use crate::domain::money::Toward;
use crate::domain::time::{Timestamp, after_ms, ist, trading_day};
use crate::domain::{Exchange, Leg, LegKind, OptionRight, Price, Quantity, Recommendation, Side, Symbol};
use crate::options::coherence::incoherence;
use crate::options::payoff::Payoff;

/// One expiry of one underlying as it is quoted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedChain {
    pub symbol: Symbol,
    pub exchange: Exchange,
    pub expiry: Date,
    pub lot: Quantity,
    /// The underlying's price.
    pub spot: Price,
    pub strike_step: Price,
    /// Strike → midpoints of the call and of the put.
    pub quotes: BTreeMap<Price, (Price, Price)>,
}

/// What these strategies name as their source.
pub const SOURCE: &str = "seed";

/// Strategies are offered for this long; then their premiums say little.
const VALID_MS: i64 = 6 * 60 * 60 * 1000;

/// Straddle at the money to one standard deviation of the underlying: √(π/2).
const STRADDLE_TO_DEVIATION: Decimal = dec!(1.2533);
const TICK: Price = Price(dec!(0.05));

/// Taken in turn by the chains, so that two strategies of one underlying never hold opposite sides of a contract.
/// Each keeps within the limits the program ships with: name, what it is for, and how its legs are chosen.
type Template = (&'static str, &'static str, fn(&Board<'_>) -> Option<Vec<Leg>>);

const TEMPLATES: [Template; 10] = [
    ("Iron Condor", "Gains while the underlying stays between the short strikes.", iron_condor),
    ("Bull Put Spread", "Gains unless the underlying falls below the short put.", bull_put_spread),
    ("Bear Call Spread", "Gains unless the underlying rises above the short call.", bear_call_spread),
    ("Long Straddle", "Gains on a move larger than the premium, either way.", long_straddle),
    ("Iron Butterfly", "Gains most where the underlying ends at the short strike.", iron_butterfly),
    ("Bull Call Spread", "Gains as the underlying rises to the short call.", bull_call_spread),
    ("Long Call Condor", "Gains where the underlying ends between the middle strikes.", call_condor),
    ("Bear Put Spread", "Gains as the underlying falls to the short put.", bear_put_spread),
    ("Long Strangle", "Gains on a large move, either way.", long_strangle),
    ("Butterfly Spread", "Gains where the underlying ends near the middle strike.", call_butterfly),
];

/// Up to ten strategies, spread over the chains in turn. The key is the same all day for a symbol and a name.
pub fn paper_strategies(chains: &[SeedChain], now: Timestamp) -> Vec<Recommendation> {
    let today = ist(now).date();
    let boards: Vec<Board<'_>> = chains.iter().filter(|c| c.expiry >= today).filter_map(Board::of).collect();
    TEMPLATES
        .iter()
        .enumerate()
        .filter_map(|(i, template)| {
            let mut in_turn = boards.iter().cycle().skip(i).take(boards.len());
            in_turn.find_map(|board| board.recommendation(template, now))
        })
        .collect()
}

/// A chain with what follows from it.
struct Board<'a> {
    chain: &'a SeedChain,
    /// The listed strike nearest the money.
    centre: Price,
    forward: Decimal,
    /// One standard deviation of the underlying until expiry, in points.
    deviation: Decimal,
}

impl<'a> Board<'a> {
    /// `None` where there is nothing to build on.
    fn of(chain: &'a SeedChain) -> Option<Self> {
        let quoted = chain.quotes.iter().filter(|(_, (call, put))| call.is_positive() && put.is_positive());
        let (centre, (call, put)) = quoted.min_by_key(|(strike, _)| (**strike - chain.spot).abs())?;
        let deviation = (call.0 + put.0) * STRADDLE_TO_DEVIATION;
        Some(Self { chain, centre: *centre, forward: centre.0 + call.0 - put.0, deviation })
    }

    /// The quoted strike nearest to so many standard deviations from the forward, among those `allowed`.
    fn strike(&self, deviations: Decimal, allowed: impl Fn(Price) -> bool) -> Option<Price> {
        let target = Price(self.forward + self.deviation * deviations);
        let quoted = |strike: &&Price| {
            self.premium(**strike, OptionRight::Call).is_some() && self.premium(**strike, OptionRight::Put).is_some()
        };
        let open = self.chain.quotes.keys().filter(|strike| allowed(**strike)).filter(quoted);
        open.min_by_key(|strike| (**strike - target).abs()).copied()
    }

    fn below(&self, strike: Price, deviations: Decimal) -> Option<Price> {
        self.strike(deviations, |s| s < strike)
    }

    fn above(&self, strike: Price, deviations: Decimal) -> Option<Price> {
        self.strike(deviations, |s| s > strike)
    }

    fn premium(&self, strike: Price, right: OptionRight) -> Option<Price> {
        let (call, put) = self.chain.quotes.get(&strike)?;
        let mid = if right == OptionRight::Call { call } else { put };
        Some(mid.on_tick(TICK, Toward::Nearest)).filter(|premium| premium.is_positive())
    }

    fn leg(&self, side: Side, ratio: u32, strike: Price, right: OptionRight) -> Option<Leg> {
        let premium = Some(self.premium(strike, right)?);
        Some(Leg { side, kind: LegKind::Option { strike, right }, expiry: Some(self.chain.expiry), ratio, premium })
    }

    fn recommendation(&self, (name, outlook, choose): &Template, now: Timestamp) -> Option<Recommendation> {
        let legs = choose(self)?;
        let payoff = Payoff::of(&legs).ok()?;
        if incoherence(&legs).is_some() {
            return None;
        }
        let probability = self.probability(&payoff);
        let score = probability * dec!(0.6) + self.reward_share(&legs, &payoff) * dec!(0.4);
        let symbol = self.chain.symbol;
        let draft = Draft {
            symbol,
            exchange: self.chain.exchange,
            name: (*name).to_owned(),
            legs,
            spot: Some(self.chain.spot),
            score: Some(score.round_dp(4)),
            conviction: Some(conviction_of(probability)),
            probability: Some(probability),
            reported: Reported::default(),
            generated_at: Some(now),
            valid_until: Some(after_ms(now, VALID_MS)),
            outlook: format!("{outlook} Expected move to expiry: ±{} points.", self.deviation.round_dp(0)),
            rules: crate::domain::ExitRules::default(),
            issues: Vec::new(),
        };
        let lot_of = |_: Exchange, _: Symbol, _: Option<Date>| Some(self.chain.lot);
        let context = Context { source: SOURCE.into(), file_time: None, now, lot_of: &lot_of };
        let mut recommendation = draft.finish(&context);
        recommendation.key = format!("seed|{}|{}:{symbol}|{name}", trading_day(now), self.chain.exchange);
        Some(recommendation)
    }

    /// The share of a normal distribution around the forward in which the payoff gains, to three decimals.
    fn probability(&self, payoff: &Payoff) -> Decimal {
        let below = |price: Price| -> Option<f64> {
            let distance = ((price.0 - self.forward).checked_div(self.deviation)?).to_f64()?;
            Some(0.5 * libm::erfc(-distance / std::f64::consts::SQRT_2))
        };
        let shares = payoff.profit_zones().into_iter().filter_map(|(from, to)| {
            let upper = to.map_or(Some(1.0), below)?;
            Some(upper - below(from)?)
        });
        Decimal::try_from(shares.sum::<f64>()).unwrap_or_default().round_dp(3).clamp(Decimal::ZERO, Decimal::ONE)
    }

    /// Reward ÷ (reward + risk), each the most within two standard deviations.
    fn reward_share(&self, legs: &[Leg], payoff: &Payoff) -> Decimal {
        let (low, high) = (self.forward - self.deviation * dec!(2), self.forward + self.deviation * dec!(2));
        let strikes = legs.iter().filter_map(|leg| match leg.kind {
            LegKind::Option { strike, .. } => Some(strike.0),
            LegKind::Future | LegKind::Equity => None,
        });
        let inside = strikes.filter(|strike| (low..=high).contains(strike)).chain([low, high]);
        let results: Vec<Decimal> = inside.map(|spot| payoff.points_at(Price(spot)).0).collect();
        let reward = results.iter().max().copied().unwrap_or_default().max(Decimal::ZERO);
        let risk = -results.iter().min().copied().unwrap_or_default().min(Decimal::ZERO);
        reward.checked_div(reward + risk).unwrap_or_default()
    }
}

use OptionRight::{Call, Put};
use Side::{Buy, Sell};

fn iron_condor(board: &Board<'_>) -> Option<Vec<Leg>> {
    let (put, call) = (board.below(board.centre, dec!(-1))?, board.above(board.centre, dec!(1))?);
    Some(vec![
        board.leg(Buy, 1, board.below(put, dec!(-1.5))?, Put)?,
        board.leg(Sell, 1, put, Put)?,
        board.leg(Sell, 1, call, Call)?,
        board.leg(Buy, 1, board.above(call, dec!(1.5))?, Call)?,
    ])
}

fn bull_put_spread(board: &Board<'_>) -> Option<Vec<Leg>> {
    let short = board.below(board.centre, dec!(-0.6))?;
    Some(vec![board.leg(Buy, 1, board.below(short, dec!(-1.1))?, Put)?, board.leg(Sell, 1, short, Put)?])
}

fn bear_call_spread(board: &Board<'_>) -> Option<Vec<Leg>> {
    let short = board.above(board.centre, dec!(0.6))?;
    Some(vec![board.leg(Sell, 1, short, Call)?, board.leg(Buy, 1, board.above(short, dec!(1.1))?, Call)?])
}

fn iron_butterfly(board: &Board<'_>) -> Option<Vec<Leg>> {
    let centre = board.centre;
    Some(vec![
        board.leg(Buy, 1, board.below(centre, dec!(-1))?, Put)?,
        board.leg(Sell, 1, centre, Put)?,
        board.leg(Sell, 1, centre, Call)?,
        board.leg(Buy, 1, board.above(centre, dec!(1))?, Call)?,
    ])
}

fn bull_call_spread(board: &Board<'_>) -> Option<Vec<Leg>> {
    let centre = board.centre;
    Some(vec![board.leg(Buy, 1, centre, Call)?, board.leg(Sell, 1, board.above(centre, dec!(0.8))?, Call)?])
}

fn bear_put_spread(board: &Board<'_>) -> Option<Vec<Leg>> {
    let centre = board.centre;
    Some(vec![board.leg(Sell, 1, board.below(centre, dec!(-0.8))?, Put)?, board.leg(Buy, 1, centre, Put)?])
}

fn long_straddle(board: &Board<'_>) -> Option<Vec<Leg>> {
    Some(vec![board.leg(Buy, 1, board.centre, Call)?, board.leg(Buy, 1, board.centre, Put)?])
}

fn long_strangle(board: &Board<'_>) -> Option<Vec<Leg>> {
    let (put, call) = (board.below(board.centre, dec!(-0.7))?, board.above(board.centre, dec!(0.7))?);
    Some(vec![board.leg(Buy, 1, put, Put)?, board.leg(Buy, 1, call, Call)?])
}

fn call_condor(board: &Board<'_>) -> Option<Vec<Leg>> {
    let (low, high) = (board.below(board.centre, dec!(-0.4))?, board.above(board.centre, dec!(0.4))?);
    Some(vec![
        board.leg(Buy, 1, board.below(low, dec!(-0.8))?, Call)?,
        board.leg(Sell, 1, low, Call)?,
        board.leg(Sell, 1, high, Call)?,
        board.leg(Buy, 1, board.above(high, dec!(0.8))?, Call)?,
    ])
}

/// Wings an equal number of strike steps away, about 0.8 standard deviations.
fn call_butterfly(board: &Board<'_>) -> Option<Vec<Leg>> {
    let step = board.chain.strike_step;
    let wide = Price(board.deviation * dec!(0.8)).on_tick(step, Toward::Nearest);
    let wing = if wide.is_positive() { wide } else { step };
    let centre = board.centre;
    Some(vec![
        board.leg(Buy, 1, centre - wing, Call)?,
        board.leg(Sell, 2, centre, Call)?,
        board.leg(Buy, 1, centre + wing, Call)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::from_ist;
    use crate::options::naming;
    use jiff::civil::date;

    /// A chain priced by a normal distribution around `spot`.
    fn chain(symbol: &str, spot: i64, step: i64, deviation: f64, lot: u32) -> SeedChain {
        let centre = spot / step * step;
        let price = |distance: f64| {
            let d = distance / deviation;
            let density = (-d * d / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let value = deviation * density + distance * 0.5 * libm::erfc(-d / std::f64::consts::SQRT_2);
            Price(Decimal::try_from(value).unwrap().round_dp(2))
        };
        let quote = |strike: i64| {
            let away = (spot - strike) as f64;
            (Price(strike.into()), (price(away), price(-away)))
        };
        SeedChain {
            symbol: Symbol::new(symbol).unwrap(),
            exchange: Exchange::Nse,
            expiry: date(2026, 11, 23),
            lot: Quantity(lot),
            spot: Price(spot.into()),
            strike_step: Price(step.into()),
            quotes: (-20..=20).map(|i| quote(centre + i * step)).collect(),
        }
    }

    fn now() -> Timestamp {
        from_ist(date(2026, 11, 20).at(10, 5, 0, 0))
    }

    #[test]
    fn a_chain_brings_ten_strategies_that_can_be_traded() {
        let nifty = chain("NIFTY", 26_013, 50, 310.0, 65);
        let made = paper_strategies(std::slice::from_ref(&nifty), now());
        assert_eq!(made.len(), 10);
        for r in &made {
            assert_eq!(r.issues, [], "{}", r.name);
            assert!(r.metrics.is_some() && r.derived_name.is_some() && r.valid_until > r.generated_at, "{}", r.name);
            assert!(r.probability.is_some_and(|p| p > dec!(0.05) && p < dec!(0.95)), "{} {:?}", r.name, r.probability);
            assert!(r.score.is_some_and(|s| s > Decimal::ZERO && s < Decimal::ONE), "{} {:?}", r.name, r.score);
            for leg in &r.legs {
                let LegKind::Option { strike, .. } = leg.kind else { panic!("{leg:?}") };
                assert!(nifty.quotes.contains_key(&strike) && leg.expiry == Some(nifty.expiry), "{}", r.name);
                assert!((leg.premium.unwrap().0 % TICK.0).is_zero());
            }
            let derived = naming::of_legs(&r.legs);
            assert!(derived.is_named() && (derived.title() == r.name || r.name == "Butterfly Spread"), "{derived}");
        }
    }

    #[test]
    fn the_condor_stands_one_deviation_out() {
        let made = paper_strategies(&[chain("NIFTY", 26_013, 50, 310.0, 65)], now());
        let strikes: Vec<String> = made[0].legs.iter().map(|leg| super::super::leg::kind_label(leg.kind)).collect();
        assert_eq!(strikes, ["25550 PE", "25700 PE", "26300 CE", "26500 CE"]);
        let probability = made[0].probability.unwrap();
        assert!(probability > dec!(0.68) && probability < dec!(0.85), "{probability}");
    }

    #[test]
    fn chains_take_turns_and_keys_hold_all_day() {
        let chains = [chain("NIFTY", 26_013, 50, 310.0, 65), chain("BANKNIFTY", 58_730, 100, 900.0, 30)];
        let first = paper_strategies(&chains, now());
        let later = paper_strategies(&chains, after_ms(now(), 3_600_000));
        let count = |symbol: &str| first.iter().filter(|r| r.symbol.as_str() == symbol).count();
        assert_eq!((count("NIFTY"), count("BANKNIFTY")), (5, 5));
        let keys = |made: &[Recommendation]| made.iter().map(|r| r.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&first), keys(&later));
        assert_eq!(first[0].key, "seed|2026-11-20|NSE:NIFTY|Iron Condor");
        assert_eq!(keys(&first).iter().collect::<std::collections::BTreeSet<_>>().len(), 10);
    }

    #[test]
    fn a_poor_chain_brings_what_it_can() {
        let mut poor = chain("NIFTY", 26_013, 50, 310.0, 65);
        poor.quotes.retain(|strike, _| *strike == Price(dec!(26000)));
        let names: Vec<_> = paper_strategies(&[poor.clone()], now()).into_iter().map(|r| r.name).collect();
        assert_eq!(names, ["Long Straddle"]);
        poor.quotes.clear();
        assert_eq!(paper_strategies(&[poor], now()), []);
        let mut over = chain("NIFTY", 26_013, 50, 310.0, 65);
        over.expiry = date(2026, 11, 19);
        assert_eq!(paper_strategies(&[over], now()), []);
    }
}
