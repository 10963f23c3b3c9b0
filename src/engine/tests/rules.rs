//! Exit rules: on fresh quotes of everything that is held, told, and reduce-only.

use rust_decimal_macros::dec;

use super::desk::*;
use super::exit::holding;
use crate::domain::time::after_ms;
use crate::domain::*;
use crate::engine::command::{Command, RulesWish};
use crate::engine::effect::Effect;
use crate::engine::record::Record;
use crate::engine::{EngineConfig, Event};

/// The spread's legs at these prices: bought at 100.60, sold at 69.90 before.
fn at(desk: &mut Desk, long: Decimal, short: Decimal) {
    let quotes = vec![(call(26_000), quote(Price(long), desk.now)), (call(26_100), quote(Price(short), desk.now))];
    desk.tell(Event::Quotes(quotes));
}

fn with(rules: ExitRules) -> Desk {
    let mut config = EngineConfig::default();
    config.rules.default = rules;
    Desk::with(config)
}

fn fired(desk: &Desk) -> Vec<(RuleKind, RuleLevel, Option<Money>)> {
    let one = |(_, r): &(_, Record)| match r {
        Record::RuleFired { rule, level, pnl, quotes, .. } => {
            assert!(!rule.needs_quotes() || !quotes.is_empty(), "the journal holds what it was decided on");
            Some((*rule, *level, *pnl))
        }
        _ => None,
    };
    desk.journal.iter().filter_map(one).collect()
}

use rust_decimal::Decimal;

#[test]
fn a_target_in_rupees_closes_the_strategy_shorts_first() {
    let mut desk = with(ExitRules { target: Some(Money(dec!(500))), ..ExitRules::default() });
    let id = holding(&mut desk);
    desk.now = after_ms(desk.now, 1_000);
    at(&mut desk, dec!(105), dec!(70));
    assert!(fired(&desk).is_empty(), "{:?}", fired(&desk));
    at(&mut desk, dec!(112), dec!(70));
    let (rule, level, pnl) = fired(&desk)[0];
    assert_eq!((rule, level), (RuleKind::Target, RuleLevel::ProfitFrom(Money(dec!(500)))));
    assert!(pnl.unwrap() >= Money(dec!(500)));
    desk.read_books();
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.contract), (Side::Buy, call(26_100)));
    let told = |e: &Effect| matches!(e, Effect::Alert { text, .. } if text.contains("profit target at ₹500 met"));
    assert!(desk.effects.iter().any(told));
    desk.fill(&exit, 65);
    desk.read_books();
    at(&mut desk, dec!(112), dec!(70));
    let sell = desk.last_placed();
    desk.fill(&sell, 65);
    desk.read_books();
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100), fired(&desk).len()), (0, 0, 1));
    desk.assert_folds();
}

#[test]
fn a_stop_in_per_cent_of_the_largest_loss_or_in_multiples_of_the_premium() {
    // Paid 30.70 a unit: the largest loss is 1995.50, and so is the premium.
    for rules in [
        ExitRules { stop_pct: Some(dec!(50)), ..ExitRules::default() },
        ExitRules { stop_premium: Some(dec!(0.5)), ..ExitRules::default() },
    ] {
        let mut desk = with(rules);
        holding(&mut desk);
        desk.now = after_ms(desk.now, 1_000);
        at(&mut desk, dec!(90), dec!(70));
        assert!(fired(&desk).is_empty());
        at(&mut desk, dec!(84), dec!(70));
        let (rule, level, _) = fired(&desk)[0];
        assert_eq!(rule, RuleKind::Stop);
        assert_eq!(level, RuleLevel::ProfitTo(Money(dec!(-997.75))), "half of what was paid");
    }
}

#[test]
fn a_missing_or_old_quote_is_no_price_of_zero() {
    let mut desk =
        with(ExitRules { stop: Some(Money(dec!(100))), target: Some(Money(dec!(100))), ..ExitRules::default() });
    holding(&mut desk);
    desk.now = after_ms(desk.now, 10_000);
    desk.tell(Event::Quotes(vec![(call(26_000), quote(Price(dec!(10)), desk.now))]));
    desk.pass(16_000);
    desk.tell(Event::Quotes(vec![(call(26_000), quote(Price(dec!(10)), desk.now))]));
    assert!(fired(&desk).is_empty(), "the other leg has no fresh quote");
    let told = |e: &Effect| matches!(e, Effect::Alert { text, .. } if text.contains("cannot be looked at"));
    assert!(desk.effects.iter().any(told));
    at(&mut desk, dec!(10), dec!(9));
    assert_eq!(fired(&desk).len(), 1);
}

#[test]
fn profit_is_trailed_from_its_best_and_the_peak_survives_in_the_journal() {
    // The largest profit is 69.30 × 65 = 4504.50.
    let rules = ExitRules { trail_after_pct: Some(dec!(10)), trail_by_pct: Some(dec!(10)), ..ExitRules::default() };
    let mut desk = with(rules);
    let id = holding(&mut desk);
    let step = |desk: &mut Desk, long| {
        desk.now = after_ms(desk.now, 1_000);
        at(desk, long, dec!(70));
    };
    step(&mut desk, dec!(105));
    assert_eq!(desk.state().strategies[&id].plan.as_ref().unwrap().peak, None, "not yet armed");
    step(&mut desk, dec!(130));
    let peak = desk.state().strategies[&id].plan.as_ref().unwrap().peak.unwrap();
    step(&mut desk, dec!(126));
    assert!(fired(&desk).is_empty());
    desk.assert_folds();
    step(&mut desk, dec!(120));
    let (rule, level, _) = fired(&desk)[0];
    assert_eq!((rule, level), (RuleKind::Trail, RuleLevel::ProfitTo((peak - Money(dec!(450.45))).to_paise())));
}

#[test]
fn the_days_to_expiry_count_to_the_day_itself() {
    // Friday the 20th, expiry on Monday the 23rd.
    for (days, fires) in [(2, false), (3, true)] {
        let mut desk = with(ExitRules { days_to_expiry: Some(days), ..ExitRules::default() });
        holding(&mut desk);
        desk.pass(10);
        assert_eq!(!fired(&desk).is_empty(), fires, "{days} days");
    }
}

#[test]
fn rules_are_stated_by_the_trader_and_nonsense_is_refused() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    let set = |rules| Command::SetRules { id, rules: RulesWish::Set(Box::new(rules)) };
    assert!(desk.ask(set(ExitRules { stop: Some(Money(dec!(-5))), ..ExitRules::default() })).is_refused());
    assert!(desk.ask(Command::SetRules { id, rules: RulesWish::Stated }).is_refused(), "it came without");
    assert!(!desk.ask(set(ExitRules { stop: Some(Money(dec!(50))), ..ExitRules::default() })).is_refused());
    assert!(!desk.ask(Command::SetRules { id, rules: RulesWish::Off }).is_refused());
    desk.now = after_ms(desk.now, 1_000);
    at(&mut desk, dec!(10), dec!(9));
    assert!(fired(&desk).is_empty());
}

#[test]
fn part_of_a_position_is_closed_and_the_rest_stays() {
    let mut config = EngineConfig::default();
    config.limits.max_loss_per_trade_pct = dec!(100);
    let step = ScaleStep { profit_pct: dec!(10), close_pct: dec!(50) };
    config.rules.default.scale = vec![step];
    let mut desk = Desk::with(config);
    let id = super::entry::executing(&mut desk, &[(Side::Buy, 26_000, 2), (Side::Sell, 26_100, 2)]);
    for _ in 0..2 {
        let entry = desk.last_placed();
        desk.fill(&entry, 130);
    }
    desk.read_books();
    desk.now = after_ms(desk.now, 1_000);
    at(&mut desk, dec!(125), dec!(70));
    assert_eq!(fired(&desk)[0].0, RuleKind::Scale(1));
    for _ in 0..2 {
        desk.read_books();
        at(&mut desk, dec!(125), dec!(70));
        let exit = desk.last_placed();
        assert_eq!(exit.spec.quantity, Quantity(65));
        desk.fill(&exit, 65);
    }
    desk.read_books();
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (65, -65));
    assert!(desk.state().exits.is_empty());
    desk.now = after_ms(desk.now, 1_000);
    at(&mut desk, dec!(125), dec!(70));
    assert_eq!(fired(&desk).len(), 1, "a step is taken once");
}
