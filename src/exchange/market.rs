//! The other side of every trade: what the underlyings cost, what their futures and options are worth, and the book around that.
//!
//! A book is a function of the seed, the contract and the price step, so contracts cost nothing until somebody asks.

use jiff::civil::Date;

use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Contract, ContractKind, Exchange as Place, OptionRight, Side, Symbol};
use crate::options::black76::{self, Greeks, Inputs, YEAR_SECONDS};

use super::config::{Behaviour, UnderlyingSpec};
use super::listing::{self, Listed, Numbers};
use super::noise::{Draw, Noise, Stream};
use super::prices::{BLOCK, Day, Process, Rules};
use super::schedule::ClockMode;

/// Annual rate for discounting and carry, and dividends of an index.
const RATE: f64 = 0.055;
const DIVIDENDS: f64 = 0.012;
/// A price never expires mid-calculation: at least a second is left.
const LEAST_SECONDS: f64 = 1.0;
/// The smile is measured in standard deviations of at least three days, so that it does not fold up at expiry.
const SMILE_SECONDS: f64 = 3.0 * 86_400.0;
pub(super) const LEVELS: usize = 5;
/// Rupees a share as liquid as the busiest index would turn over in a day.
const SHARE_TURNOVER: f64 = 2e10;

/// One price of the book and what rests there. A quantity of zero: nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Level {
    /// In paise.
    pub price: i64,
    pub quantity: u32,
    pub orders: u16,
}

/// Five levels each side, best first, and the last price (paise).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Book {
    pub last: i64,
    pub last_quantity: u32,
    pub bids: [Level; LEVELS],
    pub asks: [Level; LEVELS],
    /// What the contract is worth, in paise: the reference for price bands.
    pub fair: f64,
}

impl Book {
    /// The levels an order of `side` trades against.
    pub(super) fn against(&self, side: Side) -> &[Level; LEVELS] {
        match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        }
    }

    /// The levels an order of `side` would join.
    pub(super) fn beside(&self, side: Side) -> &[Level; LEVELS] {
        self.against(side.opposite())
    }

    /// Takes away what has lately been traded against each side, best prices first.
    pub(super) fn without(mut self, bids: u32, asks: u32) -> Self {
        for (levels, mut taken) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for level in levels.iter_mut() {
                let here = level.quantity.min(taken);
                level.quantity -= here;
                taken -= here;
            }
            // A level that is gone is gone: the next becomes the best.
            let mut kept = [Level::default(); LEVELS];
            for (slot, level) in kept.iter_mut().zip(levels.iter().filter(|l| l.quantity > 0)) {
                *slot = *level;
            }
            *levels = kept;
        }
        self
    }
}

/// How an option stands at one moment.
#[derive(Clone, Copy, Debug)]
struct Valued {
    /// In points.
    price: f64,
    inputs: Inputs,
    /// Standard deviations from the money.
    distance: f64,
}

/// The underlyings, their prices, and the price step it is.
#[derive(Clone)]
pub(super) struct Market {
    pub specs: Vec<UnderlyingSpec>,
    pub processes: Vec<Process>,
    pub numbers: Numbers,
    pub noise: Noise,
    pub rules: Rules,
    pub behaviour: Behaviour,
    pub step: u64,
}

impl Market {
    pub(super) fn new(seed: u64, behaviour: Behaviour) -> Self {
        Self {
            specs: Vec::new(),
            processes: Vec::new(),
            numbers: Numbers::default(),
            noise: Noise::new(seed),
            rules: Rules::new(&behaviour),
            behaviour,
            step: 0,
        }
    }

    /// Lists an underlying, or replaces what is said of it; its price goes on unless it is to start elsewhere.
    pub(super) fn list(&mut self, spec: UnderlyingSpec) {
        self.numbers.give(&spec);
        let anchor = listing::to_paise(spec.spot).unwrap_or(0).max(5);
        let known = self.specs.iter_mut().zip(&mut self.processes).find(|(s, _)| s.contract == spec.contract);
        if let Some((known, process)) = known {
            if known.spot != spec.spot {
                *process = process.starting_at(anchor);
            }
            *known = spec;
            return;
        }
        let stream = u32::try_from(self.processes.len()).unwrap_or(u32::MAX);
        self.processes.push(Process::new(stream, anchor, spec.vol, self.step / BLOCK));
        self.specs.push(spec);
    }

    pub(super) fn move_to(&mut self, step: u64) {
        self.step = self.step.max(step);
        let block = self.step / BLOCK;
        for process in &mut self.processes {
            process.advance_to(block, &self.noise, &self.rules);
        }
    }

    pub(super) fn underlying(&self, exchange: Place, symbol: Symbol) -> Option<usize> {
        self.specs.iter().position(|s| s.contract.underlying == symbol && s.contract.exchange == exchange)
    }

    /// A listed contract; with `held`, also one the strike ladder has left.
    pub(super) fn find(&self, contract: &Contract, held: bool, clock: &ClockMode) -> Option<Listed> {
        let underlying = self.underlying(contract.exchange, contract.underlying)?;
        let spec = self.specs.get(underlying)?;
        let close = |expiry: Date| clock.calendar().close_of_expiry(contract.exchange, expiry);
        listing::resolve(spec, underlying, contract, &self.numbers, held, close)
    }

    /// Spot in paise.
    pub(super) fn spot(&self, underlying: usize) -> i64 {
        self.processes.get(underlying).map_or(0, |p| p.spot(self.step, &self.noise, &self.rules))
    }

    /// Moves an underlying to this price (paise) at this step; `false` for what is none.
    pub(super) fn move_price(&mut self, underlying: &Contract, paise: i64) -> bool {
        let Some(n) = self.specs.iter().position(|s| s.contract == *underlying) else { return false };
        let Some(process) = self.processes.get_mut(n) else { return false };
        *process = process.moved_to(paise, self.step, &self.noise, &self.rules);
        true
    }

    pub(super) fn day(&self, underlying: usize) -> Option<Day> {
        self.processes.get(underlying).map(|p| p.day(self.step, &self.noise, &self.rules))
    }

    pub(super) fn volatility(&self, underlying: usize) -> f64 {
        self.processes.get(underlying).map_or(0.0, |p| p.volatility(self.step, &self.noise, &self.rules))
    }

    pub(super) fn mean_volatility(&self, underlying: usize) -> f64 {
        self.processes.get(underlying).map_or(0.0, Process::mean_volatility)
    }

    pub(super) fn start_day(&mut self) {
        for process in &mut self.processes {
            process.start_day(self.step, &self.noise, &self.rules);
        }
    }

    /// The session opens: the day's prices start here, the close before it stays.
    pub(super) fn open_day(&mut self) {
        for process in &mut self.processes {
            process.open_day(self.step, &self.noise, &self.rules);
        }
    }

    /// What a contract is worth, in paise, were its underlying at `spot` (paise) and volatility multiplied by `vol_factor`.
    pub(super) fn value(&self, listed: &Listed, spot: f64, vol_factor: f64, now: Timestamp) -> f64 {
        match listed.contract.kind {
            ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => spot,
            ContractKind::Future { .. } => forward(spot, years_left(listed, now)),
            ContractKind::Option { .. } => {
                self.valued(listed, spot / 100.0, vol_factor, now).map_or(0.0, |v| v.price * 100.0)
            }
        }
    }

    /// What a contract pays when it ends with the underlying at `spot` (paise).
    pub(super) fn intrinsic(listed: &Listed, spot: i64) -> i64 {
        match listed.contract.kind {
            ContractKind::Option { strike, right, .. } => {
                let strike = listing::to_paise(strike).unwrap_or(0);
                match right {
                    OptionRight::Call => (spot - strike).max(0),
                    OptionRight::Put => (strike - spot).max(0),
                }
            }
            _ => spot,
        }
    }

    /// Greeks and implied volatility of an option; `None` for anything else.
    pub(super) fn greeks(&self, listed: &Listed, now: Timestamp) -> Option<(Greeks, f64)> {
        let valued = self.valued(listed, self.spot(listed.underlying) as f64 / 100.0, 1.0, now)?;
        Some((black76::greeks(&valued.inputs), valued.inputs.vol))
    }

    fn valued(&self, listed: &Listed, spot: f64, vol_factor: f64, now: Timestamp) -> Option<Valued> {
        let vol = self.volatility(listed.underlying) * vol_factor;
        option_value(listed.contract.kind, spot, vol, years_left(listed, now))
    }

    /// Units that change hands on an ordinary day: three times the open interest of a derivative, a turnover of rupees of a
    /// share, nothing of an index.
    pub(super) fn day_volume(&self, listed: &Listed) -> f64 {
        match listed.contract.kind {
            ContractKind::Index | ContractKind::Unlisted { .. } => 0.0,
            ContractKind::Future { .. } | ContractKind::Option { .. } => f64::from(self.open_interest(listed)) * 3.0,
            ContractKind::Equity => {
                let spec = self.specs.get(listed.underlying);
                let price = spec.and_then(|s| listing::to_paise(s.spot)).unwrap_or(1).max(1) as f64 / 100.0;
                (SHARE_TURNOVER * spec.map_or(1.0, |s| s.liquidity) / price).floor()
            }
        }
    }

    /// The book of a contract at this price step, before anything of ours. An index has only a last price.
    pub(super) fn book(&self, listed: &Listed, now: Timestamp) -> Book {
        let spot = self.spot(listed.underlying);
        let liquidity = self.specs.get(listed.underlying).map_or(1.0, |s| s.liquidity).max(0.001);
        let option = self.valued(listed, spot as f64 / 100.0, 1.0, now);
        let fair = option.map_or_else(|| self.value(listed, spot as f64, 1.0, now), |v| v.price * 100.0);
        if listed.contract.kind == ContractKind::Index {
            let none = [Level::default(); LEVELS];
            return Book { last: spot, last_quantity: 0, bids: none, asks: none, fair };
        }
        let segment = listing::segment_number(listed.contract.segment());
        let mut draw = self.noise.at(Stream::Book { segment, id: listed.id.0 }, self.step);
        let (width, lots) = match option {
            Some(v) => {
                let far = 1.0 + 4.0 * v.inputs.t_years;
                ((5.0 + fair * 0.002) * far, 30.0 * libm::exp(-0.2 * v.distance.min(5.0)))
            }
            None => (fair * 0.000_1, 30.0),
        };
        let width = width * self.behaviour.spread / libm::sqrt(liquidity);
        let lots = lots * liquidity * self.behaviour.depth;
        ladder_around(fair, width, lots, listed, &mut draw)
    }

    /// The prices orders must lie between, in paise: 40 % around the fair price for options (20 rupees when that is
    /// more), 10 % for everything else.
    pub(super) fn band(listed: &Listed, fair: f64) -> (i64, i64) {
        let reach = match listed.contract.kind {
            ContractKind::Option { .. } => (fair * 0.4).max(2_000.0),
            _ => fair * 0.1,
        };
        let tick = listed.tick.max(1);
        let low = ((fair - reach) / tick as f64).ceil() as i64 * tick;
        let high = ((fair + reach) / tick as f64).floor() as i64 * tick;
        (low.max(tick), high.max(tick))
    }

    /// Open interest in units: a plausible figure that does not change, the larger the nearer the strike is to where the
    /// price started.
    pub(super) fn open_interest(&self, listed: &Listed) -> u32 {
        let Some(spec) = self.specs.get(listed.underlying) else { return 0 };
        let distance = match listed.contract.kind {
            ContractKind::Option { strike, .. } => {
                let start = listing::to_paise(spec.spot).unwrap_or(1) as f64;
                let away = listing::to_paise(strike).unwrap_or(0) as f64 / start - 1.0;
                // In standard deviations of a week.
                (away.abs() / (spec.vol * libm::sqrt(7.0 / 365.0))).min(8.0)
            }
            _ => 0.5,
        };
        let segment = listing::segment_number(listed.contract.segment());
        let mut draw = self.noise.at(Stream::Book { segment, id: listed.id.0 }, u64::from(u32::MAX));
        let lots = 40_000.0 * spec.liquidity * (0.4 + draw.unit()) * libm::exp(-0.5 * distance);
        (lots as u32).saturating_mul(listed.lot)
    }
}

/// An option by its underlying's price (points) and volatility at the money (a fraction); `None` for anything else.
fn option_value(kind: ContractKind, spot: f64, vol: f64, t_years: f64) -> Option<Valued> {
    let ContractKind::Option { strike, right, .. } = kind else { return None };
    let strike = listing::to_paise(strike)? as f64 / 100.0;
    let forward = forward(spot, t_years);
    let atm = vol * (1.0 + 0.1 * t_years.min(1.0));
    let log = libm::log(strike / forward);
    let wing = log / (atm * libm::sqrt(t_years.max(SMILE_SECONDS / YEAR_SECONDS)));
    let inputs = Inputs { right, forward, strike, t_years, vol: atm * smile(wing), rate: RATE };
    let distance = log.abs() / (atm * libm::sqrt(t_years));
    Some(Valued { price: black76::price(&inputs), inputs, distance })
}

/// What a contract was worth at an earlier time, in paise, by its underlying's price (paise) then; and for an option the
/// volatility it was worth that by.
pub(super) fn worth_then(listed: &Listed, spot: i64, vol: f64, at: Timestamp) -> (i64, f64) {
    let points = spot as f64 / 100.0;
    let t_years = years_left(listed, at);
    let (value, vol) = match listed.contract.kind {
        ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => return (spot, 0.0),
        ContractKind::Future { .. } => (forward(points, t_years) * 100.0, 0.0),
        kind @ ContractKind::Option { .. } => {
            option_value(kind, points, vol, t_years).map_or((0.0, 0.0), |v| (v.price * 100.0, v.inputs.vol))
        }
    };
    let tick = listed.tick.max(1);
    (((value / tick as f64).round() as i64).max(1) * tick, vol)
}

/// The future price that spot and carry imply.
fn forward(spot: f64, t_years: f64) -> f64 {
    spot * libm::exp((RATE - DIVIDENDS) * t_years)
}

fn years_left(listed: &Listed, now: Timestamp) -> f64 {
    let ms = listed.close.map_or(0, |close| ms_between(now, close));
    (ms as f64 / 1000.0).max(LEAST_SECONDS) / YEAR_SECONDS
}

/// Volatility over that of the money, by distance from it: puts below cost more than calls above.
fn smile(wing: f64) -> f64 {
    let w = wing.clamp(-8.0, 8.0);
    (1.0 - 0.06 * w + 0.02 * w * w).clamp(0.7, 2.2)
}

/// Bids and asks on ticks around a fair price; the best bid is always below the best ask.
fn ladder_around(fair: f64, width: f64, lots: f64, listed: &Listed, draw: &mut Draw) -> Book {
    let tick = listed.tick.max(1);
    let lean = (draw.unit() - 0.5) * width * 0.4;
    let in_ticks = |paise: f64| paise / tick as f64;
    let best_bid = in_ticks(fair + lean - width / 2.0).floor() as i64;
    let best_ask = (in_ticks(fair + lean + width / 2.0).ceil() as i64).max(best_bid + 1).max(1);
    let gap = (in_ticks(width * 0.6).ceil() as i64).max(1);
    let mut levels = |best: i64, down: bool| {
        let mut side = [Level::default(); LEVELS];
        let mut at = best;
        for (n, level) in (0u32..).zip(side.iter_mut()) {
            let most = (lots * (1.0 + 0.5 * f64::from(n)) * 2.0).max(1.0) as u32;
            let size = 1 + draw.below(most);
            let orders = 1 + draw.below(size.min(20)) as u16;
            if at >= 1 {
                *level = Level { price: at * tick, quantity: size.saturating_mul(listed.lot), orders };
            }
            let step = 1 + i64::from(draw.below(gap as u32));
            at += if down { -step } else { step };
        }
        side
    };
    let bids = levels(best_bid, true);
    let asks = levels(best_ask, false);
    let at_bid = draw.below(2) == 0 && bids[0].quantity > 0;
    let last = if at_bid { bids[0].price } else { asks[0].price };
    let last_quantity = (1 + draw.below(4)).saturating_mul(listed.lot);
    Book { last, last_quantity, bids, asks, fair }
}
