//! Webhooks: signals of all kinds, sensible ones and others, some of them delivered twice.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::World;
use crate::domain::time::after_ms;
use crate::domain::{
    Contract, Exchange as Place, ExpiryPolicy, OptionRight, Price, SetupName, Side, Signal, SignalKey, Symbol,
};
use crate::domain::{Hours as Daytime, OppositeSignal, ScalpSetup, SetupMode};
use crate::engine::command::Origin;
use crate::engine::{Command, EngineConfig, Reference};
use crate::simulation::dice::Dice;
use crate::simulation::disturbance::Kind;
use crate::simulation::listing::Hours;

/// In a thousand seconds.
const SIGNALS: u32 = 250;

/// Set-ups of all kinds, by the seed; most seeds have none.
pub(super) fn scalping(seed: u64, hours: Hours, config: &mut EngineConfig) {
    let policy = &mut config.scalping;
    policy.setups.clear();
    if seed % 3 != 1 {
        return;
    }
    let limits = &mut policy.limits;
    (limits.max_trades_per_day, limits.max_consecutive_losses, limits.cool_down_min) = (100, 50, 0);
    let time = |h, m, s| jiff::civil::Time::constant(h, m, s, 0);
    let points = |holds: bool, points: i64| holds.then(|| Decimal::from(points));
    policy.setups.push(ScalpSetup {
        armed: true,
        mode: match seed % 9 {
            4 => SetupMode::Confirm,
            7 if seed.is_multiple_of(2) => SetupMode::Observe,
            _ => SetupMode::Auto,
        },
        signal_ttl_s: 10,
        confirm_within_s: 8,
        max_lots: 1 + (seed % 4) as u32,
        entry_timeout_s: 5,
        stop_points: dec!(10),
        target_points: points(seed.is_multiple_of(2), 12),
        trail_points: points(seed % 5 == 2, 8),
        breakeven_at_points: points(seed % 7 == 1, 5),
        index_stop_points: points(seed % 4 == 1, 15),
        max_holding_min: (seed % 4 != 2).then_some(dec!(0.4)),
        hours: Daytime { from: time(0, 0, 0), to: time(23, 59, 59) },
        square_off: match hours {
            Hours::Open if seed.is_multiple_of(2) => time(10, 0, 50),
            Hours::Closes => time(15, 39, 20),
            Hours::Open | Hours::NewDay | Hours::Opens => time(23, 59, 59),
        },
        opposite: match seed % 4 {
            0 => OppositeSignal::Ignore,
            1 => OppositeSignal::Exit,
            _ => OppositeSignal::Reverse,
        },
        ..ScalpSetup::default()
    });
}

impl World {
    pub(super) fn somebody_signals(&mut self) {
        if self.config.scalping.setups.is_empty() {
            return;
        }
        let (what, mut dice) = self.chance(Kind::Signal);
        if !dice.chance(SIGNALS) || self.desk.is_none() || !self.disturbances.happens(what) {
            return;
        }
        let again = self.last_signal.clone().filter(|_| dice.chance(300));
        let signal = again.unwrap_or_else(|| self.new_signal(&mut dice, &what.to_string()));
        self.last_signal = Some(signal.clone());
        self.note(|| format!("=== a signal: {} {} at {}", signal.side, signal.key.0, signal.price));
        self.ask(Command::Signal { signal: Box::new(signal) }, Origin::Webhook);
    }

    fn index(&self) -> Contract {
        Contract::index(Place::Nse, self.symbol)
    }

    fn new_signal(&self, dice: &mut Dice, key: &str) -> Signal {
        let spot = self.exchange.quote(&self.index()).map_or(Price(dec!(25950)), |q| q.last);
        let price = if dice.chance(40) { Price(spot.0 * dec!(0.8)) } else { spot };
        let late = if dice.chance(60) { 11_000 } else { dice.between((0, 800)) };
        let setup = if dice.chance(20) { "OTHER" } else { "SCALP_ATM" };
        let symbol = if dice.chance(20) { Symbol::new("BANKNIFTY").unwrap_or(self.symbol) } else { self.symbol };
        Signal {
            setup: SetupName::new(setup).unwrap_or_else(|_| ScalpSetup::default().name),
            symbol,
            side: if dice.chance(500) { Side::Buy } else { Side::Sell },
            timeframe: "1m".into(),
            price,
            at: after_ms(self.now, -late),
            key: SignalKey(key.to_string()),
            source: "simulation".into(),
        }
    }

    /// What the live process hands over with a signal: the underlying's price and those of the options at the money.
    pub(super) fn near_the_money(&self) -> Vec<Contract> {
        let index = self.index();
        let mut near = vec![index];
        if let Some(quote) = self.exchange.quote(&index) {
            let option =
                |right| self.listing.at_the_money(self.symbol, quote.last, right, ExpiryPolicy::default(), self.now);
            near.extend(
                [OptionRight::Call, OptionRight::Put].into_iter().filter_map(|r| option(r).ok()).map(|i| i.contract),
            );
        }
        near
    }
}
