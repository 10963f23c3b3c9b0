//! What an exchange is made from: the underlyings it lists, how it behaves, and its clock.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::domain::{Contract, Money, Price, Quantity, SecurityId};

use super::schedule::ClockMode;

/// Everything an exchange is made from. The same configuration and the same calls give the same exchange.
#[derive(Clone, Debug)]
pub struct ExchangeConfig {
    pub seed: u64,
    pub underlyings: Vec<UnderlyingSpec>,
    /// Cash of an account when it is first named.
    pub start_cash: Money,
    pub clock: ClockMode,
    pub behaviour: Behaviour,
}

/// An index or a share, and the futures and options on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnderlyingSpec {
    /// The index or equity itself; its exchange is that of the derivatives.
    pub contract: Contract,
    /// The broker's number of the index or equity.
    pub security_id: SecurityId,
    /// For people: `Nifty 50`.
    pub name: String,
    /// Where its price starts, and what it is pulled back to over days.
    pub spot: Price,
    /// Annual volatility as a fraction (0.13 is 13 %).
    #[serde(with = "super::bits")]
    pub vol: f64,
    /// How much trades in its contracts: 1 for the busiest index, a tenth for an ordinary share. Sets spreads and depth.
    #[serde(with = "super::bits")]
    pub liquidity: f64,
    /// Price step of its derivatives (and of the share).
    pub tick: Price,
    /// Distance of two neighbouring strikes.
    pub strike_step: Price,
    pub strikes_each_side: u32,
    /// Strikes listed in every expiry besides the regular ones.
    pub extra_strikes: Vec<Price>,
    /// The expiries listed, ascending.
    pub series: Vec<Series>,
}

/// The contracts of one expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub expiry: Date,
    /// Units in one lot.
    pub lot: Quantity,
    /// The largest order, a whole number of lots; `None` where the exchange sets none.
    pub max_order: Option<Quantity>,
    /// The last expiry of its month.
    pub monthly: bool,
    /// Whether there is a future besides the options.
    pub future: bool,
}

/// How the market and the order system treat orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Behaviour {
    /// Milliseconds between two price steps.
    pub step_ms: u32,
    /// Milliseconds a request is on its way to the exchange: at least, at most.
    pub transit_ms: (u32, u32),
    /// How far a market order may trade from the touch, in hundredths of a percent (500 is 5 %). At least ten ticks.
    pub protection: u32,
    /// Width of the spreads; 1 is ordinary, 0 the narrowest.
    #[serde(with = "super::bits")]
    pub spread: f64,
    /// Size at each level of the book; 1 is ordinary. There is always at least one lot.
    #[serde(with = "super::bits")]
    pub depth: f64,
    /// Price steps until half of what was taken from the book is there again.
    pub replenish_steps: u32,
    /// Chance per price step that somebody trades with an order resting at the touch.
    #[serde(with = "super::bits")]
    pub passive_fill: f64,
    /// Chance that the exchange rejects an order for no reason of the sender's. For simulations.
    #[serde(with = "super::bits")]
    pub reject: f64,
    /// How fast prices move; 1 is a trading day per day of sessions.
    #[serde(with = "super::bits")]
    pub pace: f64,
    /// Price jumps per trading day.
    #[serde(with = "super::bits")]
    pub jumps: f64,
    /// Correlation of the underlyings' moves.
    #[serde(with = "super::bits")]
    pub correlation: f64,
    /// Hours of price movement between two sessions of the real clock (the overnight gap).
    pub overnight_hours: u32,
    /// When intraday positions are squared off by the broker (real clock only).
    pub square_off: Option<Time>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            step_ms: 250,
            transit_ms: (25, 90),
            protection: 500,
            spread: 1.0,
            depth: 1.0,
            replenish_steps: 8,
            passive_fill: 0.02,
            reject: 0.0,
            pace: 1.0,
            jumps: 2.0,
            correlation: 0.7,
            overnight_hours: 2,
            square_off: Some(Time::constant(15, 20, 0, 0)),
        }
    }
}

impl Behaviour {
    /// For virtual time: price steps of a second and thin books, so that partial fills are ordinary.
    pub fn simulation() -> Self {
        Self { step_ms: 1000, depth: 0.3, ..Self::default() }
    }
}
