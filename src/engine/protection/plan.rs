//! Where stops and targets stand: by the settings, by hand, at breakeven, behind the best price.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::domain::money::Toward;
use crate::domain::{Contract, OrderKind, Price, Quantity, Quote, Side, StrategyStatus};
use crate::engine::command::StopWish;
use crate::engine::config::ProtectedLegs;
use crate::engine::effect::{AlertLevel, Effect, Levels};
use crate::engine::reach::Reach;
use crate::engine::record::{Owner, Purpose, Record};
use crate::engine::sabotage::Sabotage;
use crate::engine::state::{LotKey, Stop, StopHow, Strategy};
use crate::engine::turn::Turn;

/// A stop is at least this far from the average price.
const LEAST_DISTANCE_TICKS: i64 = 4;
/// Smaller moves of a stop are not worth an order call.
const LEAST_MOVE_TICKS: i64 = 2;

/// How far stops and targets lie from the average price, in points.
struct Distances {
    stop: Decimal,
    trail: Option<Decimal>,
    target: Option<Decimal>,
    breakeven_at: Option<Decimal>,
}

impl Turn<'_> {
    /// A position that shall be protected and has no guard yet gets one, as its first fill comes.
    pub(super) fn plan_guard(&mut self, key: LotKey) {
        let held = self.state.lots.get(&key).is_some_and(|l| !l.net.is_flat());
        let bare = !self.state.guards.contains_key(&key) && !self.state.exits.contains_key(&key);
        if held
            && bare
            && self.shall_be_protected(key)
            && let Some(stop) = self.policy_stop(key)
        {
            self.set_stop(key, Some(stop));
            if let Some(target) = self.policy_target(key) {
                let LotKey { owner, contract, product } = key;
                self.record(Record::TargetSet { owner, contract, product, target: Some(target) });
            }
        }
    }

    fn shall_be_protected(&self, key: LotKey) -> bool {
        let Owner::Strategy(id) = key.owner else { return false };
        let Some(s) = self.state.strategies.get(&id) else { return false };
        if self.scalp_plan(key.owner).is_some() {
            return true;
        }
        match self.config.protection.legs {
            ProtectedLegs::None => false,
            ProtectedLegs::OneSided => is_one_sided(s),
            ProtectedLegs::Shorts => is_one_sided(s) || self.state.lots.get(&key).is_some_and(|l| l.net.0 < 0),
        }
    }

    /// Whether a long leg stands beside shorts of its strategy: sold alone, it would leave them naked.
    pub(in crate::engine) fn is_hedge(&self, key: LotKey) -> bool {
        let Owner::Strategy(id) = key.owner else { return false };
        let long = self.state.lots.get(&key).is_some_and(|l| l.net.0 > 0);
        let sells = self.state.strategies.get(&id).is_some_and(|s| s.legs.iter().any(|l| l.side == Side::Sell));
        long && sells && self.state.lots_of(key.owner).any(|(_, l)| l.net.0 < 0)
    }

    fn set_stop(&mut self, key: LotKey, stop: Option<Stop>) {
        let LotKey { owner, contract, product } = key;
        self.record(Record::StopSet { owner, contract, product, stop });
    }

    /// The average price of a lot, whether it is long, and its tick.
    fn cost(&self, key: LotKey) -> Option<(Price, bool, Price)> {
        let lot = self.state.lots.get(&key)?;
        let tick = self.instrument(key.owner, &key.contract)?.tick;
        Some((lot.average()?, lot.net.0 > 0, tick))
    }

    /// By the plan of a scalp, or by the settings.
    fn distances(&self, owner: Owner, average: Price) -> Distances {
        if let Some(plan) = self.scalp_plan(owner) {
            return Distances {
                stop: plan.stop_points,
                trail: plan.trail_points,
                target: plan.target_points,
                breakeven_at: plan.breakeven_at_points,
            };
        }
        let policy = &self.config.protection;
        let share = |pct: Decimal| average.0 * pct / dec!(100);
        Distances {
            stop: share(policy.stop_pct),
            trail: policy.trail_pct.map(share),
            target: policy.target_pct.map(share),
            breakeven_at: policy.breakeven_at_pct.map(share),
        }
    }

    fn policy_stop(&self, key: LotKey) -> Option<Stop> {
        let (average, long, tick) = self.cost(key)?;
        let distances = self.distances(key.owner, average);
        let least = tick.0 * Decimal::from(LEAST_DISTANCE_TICKS);
        let (how, distance) = match distances.trail {
            Some(by) => {
                let by = Price(by.max(least)).on_tick(tick, Toward::Up);
                (StopHow::Trailing { by }, by.0)
            }
            None => (StopHow::Policy, distances.stop.max(least)),
        };
        Some(Stop { trigger: away(average, long, distance, tick), how })
    }

    fn policy_target(&self, key: LotKey) -> Option<Price> {
        let (average, long, tick) = self.cost(key)?;
        let distance = self.distances(key.owner, average).target?;
        let target = if long { Price(average.0 + distance) } else { Price(average.0 - distance) };
        Some(target.on_tick(tick, if long { Toward::Up } else { Toward::Down }).max(tick))
    }

    /// What moves by itself: the settings' stop while the average still changes, breakeven, trailing; and targets met.
    pub(super) fn move_stop(&mut self, key: LotKey) {
        let Some(guard) = self.state.guards.get(&key).copied() else { return };
        if self.state.exits.contains_key(&key) {
            return;
        }
        let quote = self.fresh_quote(&key.contract);
        if let (Some(target), Some(quote)) = (guard.target, quote)
            && (self.rests_beside_stop(key, target) || self.meets_target(key, target, &quote))
        {
            return;
        }
        if let Some(stop) = guard.stop
            && let Some(moved) = self.moved(key, stop, quote.as_ref())
            && moved != stop
        {
            self.set_stop(key, Some(moved));
        }
    }

    /// Sabotage: an order at the target, as if the stop were not there.
    fn rests_beside_stop(&mut self, key: LotKey, target: Price) -> bool {
        let exit = Purpose::Exit { owner: key.owner };
        if !self.sabotaged(Sabotage::TargetBesideStop)
            || self.state.open_orders_of(key.contract, key.product).any(|o| o.purpose == exit)
        {
            return false;
        }
        let net = self.state.lots.get(&key).map(|l| l.net).unwrap_or_default();
        let side = net.closing_side();
        let spec = key.order(side, Quantity(net.size().0.min(65)), OrderKind::Limit { price: target });
        self.place(spec, exit, 5_000);
        true
    }

    fn meets_target(&mut self, key: LotKey, target: Price, quote: &Quote) -> bool {
        let Some((_, long, _)) = self.cost(key) else { return false };
        let met = match (long, quote.bid, quote.ask) {
            (true, Some(bid), _) => bid >= target,
            (false, _, Some(ask)) => ask <= target,
            (true, None, _) | (false, _, None) => false,
        };
        if met {
            let label = key.contract.label();
            self.alert(AlertLevel::Info, format!("{label}: its target of {target} is met. It is being exited."));
            self.start_exit(key, Quantity::ZERO, &format!("target {target} met"));
        }
        met
    }

    fn moved(&self, key: LotKey, stop: Stop, quote: Option<&Quote>) -> Option<Stop> {
        let (average, long, tick) = self.cost(key)?;
        let least = tick.0 * Decimal::from(LEAST_MOVE_TICKS);
        match stop.how {
            StopHow::Policy => {
                let gained = quote.map(|q| if long { q.last.0 - average.0 } else { average.0 - q.last.0 });
                let enough = self.distances(key.owner, average).breakeven_at;
                if let (Some(gained), Some(enough)) = (gained, enough)
                    && gained >= enough
                {
                    return Some(Stop { trigger: away(average, long, Decimal::ZERO, tick), how: StopHow::Breakeven });
                }
                let anchored = self.policy_stop(key).filter(|_| self.is_entering(key))?;
                let far = (anchored.trigger.0 - stop.trigger.0).abs() >= least;
                Some(if far { anchored } else { stop })
            }
            StopHow::Trailing { by } => {
                let follows = away(quote?.last, long, by.0, tick);
                let gain = if long { follows.0 - stop.trigger.0 } else { stop.trigger.0 - follows.0 };
                Some(if gain >= trail_step(by, tick) { Stop { trigger: follows, ..stop } } else { stop })
            }
            StopHow::ByHand | StopHow::Breakeven => Some(stop),
        }
    }

    fn is_entering(&self, key: LotKey) -> bool {
        let Owner::Strategy(id) = key.owner else { return false };
        self.state.strategies.get(&id).is_some_and(|s| s.status == StrategyStatus::Executing)
    }

    /// The prices between which nothing is to be decided about what is guarded: their crossing is told at once.
    pub(in crate::engine) fn ask_for_levels(&mut self) {
        let reach = self.memory.unlevelled.take();
        if reach == Reach::NOTHING {
            return;
        }
        let before = |contract: &Contract| self.memory.levels.get(contract).copied();
        let changed: Vec<(Contract, Option<Levels>)> = match reach {
            Reach::Of { contracts, .. } => {
                let now = contracts.into_iter().map(|c| (c, self.levels_of(self.state.lots_in(&c)).remove(&c)));
                now.filter(|(c, levels)| *levels != before(c)).collect()
            }
            Reach::All => {
                let mut now = self.levels_of(self.state.guards.keys().copied());
                let all: BTreeSet<Contract> = now.keys().chain(self.memory.levels.keys()).copied().collect();
                let now = all.into_iter().map(|c| (c, now.remove(&c)));
                now.filter(|(c, levels)| *levels != before(c)).collect()
            }
        };
        if changed.is_empty() {
            return;
        }
        for (contract, levels) in changed {
            match levels {
                Some(levels) => self.memory.levels.insert(contract, levels),
                None => self.memory.levels.remove(&contract),
            };
        }
        self.effect(Effect::Levels(self.memory.levels.clone()));
    }

    fn levels_of(&self, lots: impl Iterator<Item = LotKey>) -> BTreeMap<Contract, Levels> {
        let mut levels: BTreeMap<Contract, Levels> = BTreeMap::new();
        for key in lots {
            let Some(guard) = self.state.guards.get(&key) else { continue };
            let Some((_, long, tick)) = self.cost(key) else { continue };
            let trail = guard.stop.and_then(|stop| match stop.how {
                StopHow::Trailing { by } => {
                    let ahead = by.0 + trail_step(by, tick);
                    Some(if long { Price(stop.trigger.0 + ahead) } else { Price(stop.trigger.0 - ahead) })
                }
                StopHow::Policy | StopHow::ByHand | StopHow::Breakeven => None,
            });
            let stop = guard.stop.map(|s| s.trigger);
            let gains = [guard.target, trail];
            let level = levels.entry(key.contract).or_default();
            if long {
                level.above = level.above.into_iter().chain(gains.into_iter().flatten()).min();
                level.below = level.below.max(stop);
            } else {
                level.below = level.below.into_iter().chain(gains.into_iter().flatten()).max();
                level.above = level.above.into_iter().chain(stop).min();
            }
        }
        levels
    }

    /// The trader moves, arms or lifts the stop of what a strategy holds of a contract.
    pub(in crate::engine) fn wish_stop(&mut self, key: LotKey, wish: StopWish) -> Result<String, String> {
        let (average, long, tick) = self.guardable(key)?;
        let (contract, label) = (key.contract, key.contract.label());
        let distance =
            |by: Price| (by.0 >= tick.0 * Decimal::from(LEAST_MOVE_TICKS)).then(|| by.on_tick(tick, Toward::Up));
        let last = self.fresh_quote(&contract).map(|q| q.last);
        let stop = match wish {
            StopWish::At { trigger } if trigger.is_positive() => {
                Stop { trigger: away(trigger, long, Decimal::ZERO, tick), how: StopHow::ByHand }
            }
            StopWish::At { .. } => return Err(format!("{label}: a stop is a price above 0")),
            StopWish::Breakeven => Stop { trigger: away(average, long, Decimal::ZERO, tick), how: StopHow::Breakeven },
            StopWish::Trail { by } => {
                let by = distance(by)
                    .ok_or_else(|| format!("{label}: it must trail by at least {LEAST_MOVE_TICKS} ticks"))?;
                let last = last.ok_or_else(|| format!("{label}: no fresh quote to trail from: try again"))?;
                Stop { trigger: away(last, long, by.0, tick), how: StopHow::Trailing { by } }
            }
            StopWish::Off => {
                self.set_stop(key, None);
                return Ok(format!("{label}: no stop any more"));
            }
        };
        let through = |last: &Price| if long { *last <= stop.trigger } else { *last >= stop.trigger };
        if let Some(last) = last.filter(through) {
            return Err(format!(
                "{label} is at {last}: a stop at {} would trigger at once: close it instead",
                stop.trigger
            ));
        }
        self.set_stop(key, Some(stop));
        Ok(format!("{label}: stop at {} ({})", stop.trigger, stop.how.as_str()))
    }

    pub(in crate::engine) fn wish_target(&mut self, key: LotKey, target: Option<Price>) -> Result<String, String> {
        let (_, long, tick) = self.guardable(key)?;
        let LotKey { owner, contract, product } = key;
        let label = contract.label();
        let target = target.map(|t| t.on_tick(tick, if long { Toward::Up } else { Toward::Down }));
        if target.is_some_and(|t| !t.is_positive()) {
            return Err(format!("{label}: a target is a price above 0"));
        }
        let met =
            |t: &Price| self.fresh_quote(&contract).is_some_and(|q| if long { q.last >= *t } else { q.last <= *t });
        if let Some(target) = target.filter(met) {
            return Err(format!("{label} has passed {target} already: close it instead"));
        }
        self.record(Record::TargetSet { owner, contract, product, target });
        Ok(target.map_or_else(|| format!("{label}: no target any more"), |t| format!("{label}: target {t}")))
    }

    fn guardable(&self, key: LotKey) -> Result<(Price, bool, Price), String> {
        let label = key.contract.label();
        if self.state.exits.contains_key(&key) {
            return Err(format!("{label} is being exited"));
        }
        if self.is_hedge(key) {
            return Err(format!("{label} protects a short leg: sold alone it would leave that naked"));
        }
        self.cost(key).ok_or_else(|| format!("{label}: nothing is held"))
    }
}

/// A trailing stop moves by a fraction of its distance at a time: each move is an order call, and a broker takes 25 per
/// order.
fn trail_step(by: Price, tick: Price) -> Decimal {
    (by.0 / dec!(5)).max(tick.0 * Decimal::from(LEAST_MOVE_TICKS))
}

fn is_one_sided(s: &Strategy) -> bool {
    s.legs.windows(2).all(|pair| pair[0].side == pair[1].side)
}

/// `distance` against the position: below for a long, above for a short; on the tick, and never under one.
fn away(price: Price, long: bool, distance: Decimal, tick: Price) -> Price {
    if long {
        Price(price.0 - distance).on_tick(tick, Toward::Down).max(tick)
    } else {
        Price(price.0 + distance).on_tick(tick, Toward::Up).max(tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_lies_against_the_position_on_a_tick() {
        let tick = Price(dec!(0.05));
        assert_eq!(away(Price(dec!(100.02)), true, dec!(40), tick), Price(dec!(60)));
        assert_eq!(away(Price(dec!(100.02)), false, dec!(40), tick), Price(dec!(140.05)));
        assert_eq!(away(Price(dec!(0.10)), true, dec!(40), tick), tick);
    }
}
