//! A trader who presses keys at random: mostly sensible ones, sometimes ones that must be refused.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::dice::{Dice, Stream};
use super::listing::{SPOT, STRIKE_STEP};
use crate::domain::{
    Exchange as Place, ExitRules, IntentId, Leg, LegKind, OptionRight, Price, Product, Recommendation, Side,
    StrategyId, StrategyStatus, Symbol,
};
use crate::engine::record::Owner;
use crate::engine::state::{LotKey, Phase};
use crate::engine::{Command, RulesWish, State, StopWish};

/// Legs as side, right, strikes from the money, ratio.
type Shape = &'static [(Side, OptionRight, i64, u32)];

const SHAPES: [(&str, Shape); 9] = [
    ("Long Call", &[(Side::Buy, OptionRight::Call, 1, 2)]),
    ("Bull Call Spread", &[(Side::Buy, OptionRight::Call, 0, 2), (Side::Sell, OptionRight::Call, 4, 2)]),
    ("Bear Put Spread", &[(Side::Buy, OptionRight::Put, 0, 3), (Side::Sell, OptionRight::Put, -3, 3)]),
    (
        "Iron Condor",
        &[
            (Side::Sell, OptionRight::Put, -3, 1),
            (Side::Buy, OptionRight::Put, -6, 1),
            (Side::Sell, OptionRight::Call, 3, 1),
            (Side::Buy, OptionRight::Call, 6, 1),
        ],
    ),
    (
        "Call Butterfly",
        &[
            (Side::Buy, OptionRight::Call, -2, 1),
            (Side::Sell, OptionRight::Call, 1, 2),
            (Side::Buy, OptionRight::Call, 4, 1),
        ],
    ),
    ("Long Strangle", &[(Side::Buy, OptionRight::Call, 3, 2), (Side::Buy, OptionRight::Put, -3, 2)]),
    ("Long Put", &[(Side::Buy, OptionRight::Put, -1, 3)]),
    ("Short Straddle", &[(Side::Sell, OptionRight::Call, 0, 1), (Side::Sell, OptionRight::Put, 0, 1)]),
    ("Not Listed", &[(Side::Buy, OptionRight::Call, 500, 1)]),
];

#[derive(Debug)]
pub struct Trader {
    pauses: Dice,
    /// Of the key being pressed.
    dice: Dice,
    symbol: Symbol,
    imported: u32,
}

impl Trader {
    pub fn new(seed: u64, symbol: Symbol) -> Self {
        let dice = Dice::new(seed, Stream::Trader);
        Self { pauses: dice.clone(), dice, symbol, imported: 0 }
    }

    /// Milliseconds until the next key.
    pub fn pause(&mut self) -> i64 {
        self.pauses.between((100, 2_000))
    }

    /// The next key, from what the trader sees and what the dice say.
    pub fn press(&mut self, state: &State, dice: Dice) -> Command {
        self.dice = dice;
        if state.strategies.len() < 2 {
            return self.import(4);
        }
        let asked = state.scalper.waiting_signals().find(|(_, r)| r.proposal.is_some()).map(|(id, _)| id);
        if let Some(id) = asked.filter(|_| self.dice.chance(500)) {
            return Command::DecideSignal { id, approve: self.dice.chance(800) };
        }
        let halted = state.halt.is_some();
        match self.dice.below(100) {
            0..=2 => self.import(2),
            3..=24 => {
                let ids = self.some(state, 2, |s| s.status == StrategyStatus::Pending);
                let priority = self.dice.chance(400).then(|| self.dice.below(1_001) as i32);
                Command::Mark { ids, priority, notes: None }
            }
            25..=28 => Command::MarkTop { count: self.dice.below(3) as u32 + 1, min_score: dec!(0.3) },
            29..=30 => {
                let ids = self.some(state, 1, |s| s.status == StrategyStatus::Marked);
                Command::Unmark { ids }
            }
            31..=33 => {
                let (id, priority) = (self.one(state, |_| true), self.dice.below(10) as i32);
                Command::SetPriority { id, priority }
            }
            34 => Command::SetNotes { id: self.one(state, |_| true), notes: "look\u{7} again".into() },
            35..=37 => Command::Preview { ids: Vec::new() },
            38..=60 if !halted => {
                let ids = if self.dice.chance(600) {
                    Vec::new()
                } else {
                    self.some(state, 2, |s| s.status == StrategyStatus::Marked)
                };
                Command::Execute { ids }
            }
            38..=60 => self.arm(900),
            61..=63 => Command::Halt,
            64..=65 => Command::Flatten { include_foreign: self.dice.chance(400) },
            66..=68 => self.arm(300),
            69..=72 => Command::CloseStrategy { id: self.one(state, |s| s.status == StrategyStatus::Executed) },
            73..=77 => self.guard(state),
            78..=79 => self.close_position(state),
            80..=86 => Command::Resume { id: self.one(state, is_held) },
            87..=89 => Command::Unwind { id: self.one(state, is_held) },
            90..=95 => Command::Retry { id: self.one(state, |s| s.status == StrategyStatus::Failed) },
            _ => {
                let open: Vec<IntentId> = state.open_orders().map(|o| o.intent.id).collect();
                Command::CancelOrder { intent: self.dice.pick(&open).copied().unwrap_or(IntentId(7)) }
            }
        }
    }

    fn arm(&mut self, right: u32) -> Command {
        let word = if self.dice.chance(right) { "ARM" } else { "arm?" };
        Command::Arm { word: word.into() }
    }

    /// Moves a stop or a target of something held: sensibly, or to where it cannot stand.
    fn guard(&mut self, state: &State) -> Command {
        let held: Vec<(&LotKey, Price)> = state
            .lots
            .iter()
            .filter(|(k, l)| !l.net.is_flat() && matches!(k.owner, Owner::Strategy(_)))
            .map(|(k, l)| (k, l.average().unwrap_or_default()))
            .collect();
        let picked = self.dice.pick(&held).map(|(k, average)| (**k, *average));
        let Some((LotKey { owner: Owner::Strategy(id), contract, .. }, average)) = picked else {
            return Command::SetStop { id: StrategyId(1), leg: None, stop: StopWish::Breakeven };
        };
        let legs = state.strategies.get(&id).map(|s| s.legs.as_slice()).unwrap_or_default();
        let leg = legs.iter().position(|l| l.instrument.contract == contract).map(|i| i + 1);
        if self.dice.chance(150) {
            return Command::SetRules { id, rules: self.rules() };
        }
        let near = Price(average.0 * Decimal::new(self.dice.between((40, 180)), 2));
        let stop = match self.dice.below(10) {
            0..=3 => StopWish::At { trigger: near },
            4..=5 => StopWish::Breakeven,
            6..=7 => StopWish::Trail { by: Price(average.0 * Decimal::new(self.dice.between((0, 30)), 2)) },
            8 => StopWish::Off,
            _ => {
                let target = self.dice.chance(900).then_some(near);
                return Command::SetTarget { id, leg, target };
            }
        };
        Command::SetStop { id, leg, stop }
    }

    fn rules(&mut self) -> RulesWish {
        let share = |dice: &mut Dice| Some(Decimal::from(dice.between((1, 60))));
        match self.dice.below(5) {
            0 => RulesWish::Off,
            1 => RulesWish::Stated,
            2 => RulesWish::Set(Box::new(ExitRules { target_pct: share(&mut self.dice), ..ExitRules::default() })),
            3 => RulesWish::Set(Box::new(ExitRules { stop_pct: share(&mut self.dice), ..ExitRules::default() })),
            _ => {
                let (trail_after_pct, trail_by_pct) = (share(&mut self.dice), share(&mut self.dice));
                RulesWish::Set(Box::new(ExitRules { trail_after_pct, trail_by_pct, ..ExitRules::default() }))
            }
        }
    }

    fn close_position(&mut self, state: &State) -> Command {
        let open: Vec<_> = state.broker.positions.iter().filter(|p| !p.net.is_flat()).collect();
        match self.dice.pick(&open) {
            Some(row) => Command::ClosePosition { contract: row.contract, product: row.product },
            None => Command::ClosePosition {
                contract: crate::domain::Contract::index(Place::Nse, self.symbol),
                product: Product::Margin,
            },
        }
    }

    /// Up to `most` of the strategies that fit; now and then any.
    fn some(
        &mut self,
        state: &State,
        most: u64,
        fits: impl Fn(&crate::engine::state::Strategy) -> bool,
    ) -> Vec<StrategyId> {
        (0..=self.dice.below(most)).map(|_| self.one(state, &fits)).collect()
    }

    fn one(&mut self, state: &State, fits: impl Fn(&crate::engine::state::Strategy) -> bool) -> StrategyId {
        let any = self.dice.chance(60);
        let fitting: Vec<StrategyId> = state.strategies.values().filter(|s| any || fits(s)).map(|s| s.id).collect();
        // Now and then one that does not exist.
        self.dice.pick(&fitting).copied().unwrap_or(StrategyId(state.next_strategy + 3))
    }

    fn import(&mut self, count: u32) -> Command {
        let recommendations = (0..count).filter_map(|_| self.recommendation()).collect();
        Command::Import { recommendations }
    }

    fn recommendation(&mut self) -> Option<Recommendation> {
        self.imported += 1;
        let (name, shape) = *self.dice.pick(&SHAPES)?;
        let shift = self.dice.between((-2, 2));
        let key = format!("{name} {}", self.imported - u32::from(self.dice.chance(100)));
        let legs: Vec<_> =
            shape.iter().map(|(side, right, steps, ratio)| (*side, *right, steps + shift, *ratio)).collect();
        Some(Recommendation {
            score: Some(Decimal::new(self.dice.between((0, 100)), 2)),
            rules: if self.dice.chance(300) {
                ExitRules { target_pct: Some(dec!(20)), stop_pct: Some(dec!(30)), ..ExitRules::default() }
            } else {
                ExitRules::default()
            },
            ..recommendation(self.symbol, key, name, &legs)
        })
    }
}

/// A recommendation of these legs: side, right, strikes from the money, ratio.
pub fn recommendation(
    symbol: Symbol,
    key: String,
    name: &str,
    legs: &[(Side, OptionRight, i64, u32)],
) -> Recommendation {
    let legs = legs.iter().map(|(side, right, steps, ratio)| {
        let strike = Price(Decimal::from(SPOT + steps * STRIKE_STEP));
        let premium = Some(Price(Decimal::from(100)));
        Leg { side: *side, kind: LegKind::Option { strike, right: *right }, expiry: None, ratio: *ratio, premium }
    });
    Recommendation {
        key,
        source: "simulation".into(),
        symbol,
        exchange: Place::Nse,
        name: name.into(),
        derived_name: None,
        legs: legs.collect(),
        spot: Some(Price(Decimal::from(SPOT))),
        score: None,
        conviction: None,
        probability: None,
        reported_max_profit: None,
        reported_max_loss: None,
        metrics: None,
        generated_at: None,
        valid_until: None,
        outlook: String::new(),
        rules: ExitRules::default(),
        issues: Vec::new(),
    }
}

fn is_held(s: &crate::engine::state::Strategy) -> bool {
    s.execution.as_ref().is_some_and(|e| matches!(e.phase, Phase::Held(_)))
}
