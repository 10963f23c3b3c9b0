//! Going in: waves, slices, partial fills, the chase, failure, unknown orders.

use rust_decimal_macros::dec;

use super::desk::*;
use crate::domain::time::{after_ms, from_ist};
use crate::domain::*;
use crate::engine::Margin;
use crate::engine::command::{Command, Reply};
use crate::engine::config::FailurePolicy;
use crate::engine::effect::Effect;
use crate::engine::event::{Event, PlaceOutcome};
use crate::engine::record::Record;
use crate::engine::state::{OrderState, Phase};

const SPREAD: [(Side, i64, u32); 2] = [(Side::Sell, 26_100, 1), (Side::Buy, 26_000, 1)];

/// Marked, executed, quotes there: the first wave is out.
pub fn executing(desk: &mut Desk, legs: &[(Side, i64, u32)]) -> StrategyId {
    let id = desk.import(legs);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    desk.ask(Command::Execute { ids: vec![id] });
    desk.quote(&[26_000, 26_100]);
    id
}

#[test]
fn the_hedge_is_bought_before_the_short_is_sold_and_the_short_waits_for_its_fill() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let first = desk.placed();
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].spec.side, first[0].spec.contract), (Side::Buy, call(26_000)));
    assert_eq!(first[0].spec.kind, OrderKind::Limit { price: Price(dec!(100.60)) });
    desk.accept(&first[0]);
    desk.fill(&first[0], 30);
    assert_eq!(desk.placed().len(), 1);
    desk.fill(&first[0], 65);
    let second = desk.last_placed();
    assert_eq!((second.spec.side, second.spec.contract), (Side::Sell, call(26_100)));
    desk.fill(&second, 65);
    assert_eq!(desk.status(id), StrategyStatus::Executed);
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (65, -65));
    assert_eq!(desk.state().day.trades, 1);
    desk.assert_folds();
}

#[test]
fn a_leg_over_the_largest_order_goes_out_in_slices_of_whole_lots() {
    let mut desk = Desk::open();
    desk.engine.config.limits.max_open_lots = Lots(100);
    desk.engine.config.limits.max_loss_per_trade_pct = dec!(100);
    executing(&mut desk, &[(Side::Buy, 26_000, 60)]);
    let sizes: Vec<u32> = desk.placed().iter().map(|i| i.spec.quantity.0).collect();
    assert_eq!(sizes, [1_755, 1_755, 390]);
    let mut ids: Vec<_> = desk.placed().iter().map(|i| i.correlation.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_order_that_does_not_fill_is_priced_again_within_its_cap() {
    let mut desk = Desk::open();
    executing(&mut desk, &SPREAD);
    let entry = desk.last_placed();
    desk.accept(&entry);
    let mut limits = Vec::new();
    for _ in 0..3 {
        desk.now = after_ms(desk.now, 2_001);
        desk.quote(&[26_000, 26_100]);
        let kind = desk.order(&entry).kind;
        limits.push(kind.price().unwrap());
        let seen = Intent { spec: OrderSpec { kind, ..entry.spec }, ..entry.clone() };
        desk.accept(&seen);
    }
    assert_eq!(limits, [Price(dec!(100.80)), Price(dec!(101.00)), Price(dec!(101.20))]);
    assert_eq!(desk.placed().len(), 1, "modified, not sent again");
}

#[test]
fn when_the_chase_is_exhausted_what_has_filled_is_exited_and_the_strategy_fails() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.fill(&hedge, 65);
    let short = desk.last_placed();
    desk.accept(&short);
    desk.now = after_ms(desk.now, 12_001);
    desk.quote(&[26_000, 26_100]);
    assert_eq!(desk.cancels(), 1);
    desk.see(&short, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.contract, exit.spec.quantity), (Side::Sell, call(26_000), Quantity(65)));
    desk.fill(&exit, 65);
    desk.read_books();
    assert_eq!(desk.status(id), StrategyStatus::Failed);
    assert!(desk.state().strategies[&id].reason.as_deref().unwrap().contains("did not fill"));
    desk.assert_folds();
}

#[test]
fn with_a_band_the_chase_has_a_last_step_at_the_market_and_then_unwinds() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    let policy = Some(FailurePolicy::MarketWithBand);
    assert!(!desk.ask(Command::SetFailurePolicy { id, policy }).is_refused());
    desk.ask(Command::Execute { ids: vec![id] });
    desk.quote(&[26_000, 26_100]);
    let hedge = desk.last_placed();
    desk.accept(&hedge);
    let cap = Price(dec!(100.50) + dec!(10.05));
    let last = |desk: &mut Desk, ms: i64| {
        desk.now = after_ms(desk.now, ms);
        desk.quote(&[26_000, 26_100]);
        let kind = desk.order(&hedge).kind;
        desk.accept(&Intent { spec: OrderSpec { kind, ..hedge.spec }, ..hedge.clone() });
        kind.price().unwrap()
    };
    assert!(last(&mut desk, 10_001) <= cap, "within the chase's own cap");
    assert_eq!((last(&mut desk, 2_100), desk.cancels()), (Price(dec!(115.55)), 0), "15 % through the offer");
    last(&mut desk, 4_001);
    assert_eq!(desk.cancels(), 1, "that was the last step");
    desk.see(&hedge, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    assert_eq!(desk.status(id), StrategyStatus::Failed);
    desk.assert_folds();
}

#[test]
fn a_strategy_can_have_its_own_policy_for_a_leg_that_fails() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    desk.ask(Command::SetFailurePolicy { id, policy: Some(FailurePolicy::Hold) });
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    let Reply::Previews { previews } = desk.ask(Command::Preview { ids: vec![id] }) else { panic!("no preview") };
    assert!(previews[0].warnings.iter().any(|w| w.contains("you decide")), "{:?}", previews[0].warnings);
    desk.ask(Command::Execute { ids: vec![id] });
    desk.quote(&[26_000, 26_100]);
    let hedge = desk.last_placed();
    desk.see(&hedge, SeenStatus::Rejected, 0, None);
    let held = desk.state().strategies[&id].execution.as_ref().map(|e| e.phase.clone());
    assert!(matches!(held, Some(Phase::Held(_))), "{held:?}: the settings would have unwound");
    desk.assert_folds();
}

#[test]
fn on_its_last_day_a_contract_is_entered_only_until_it_is_settled() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    for (hour, minute, refused) in [(15, 14, false), (15, 15, true)] {
        desk.now = from_ist(expiry().at(hour, minute, 0, 0));
        let Reply::Previews { previews } = desk.ask(Command::Preview { ids: vec![id] }) else { panic!("no preview") };
        let told = |all: &[String]| all.iter().any(|w| w.contains("expires today"));
        assert_eq!((told(&previews[0].refusals), told(&previews[0].warnings)), (refused, !refused), "{previews:?}");
    }
}

#[test]
fn what_is_settled_by_delivery_is_not_entered_in_its_last_days() {
    let mut desk = Desk::open();
    desk.market.shares = true;
    let id = desk.import(&SPREAD);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    for (days_before, refused) in [(2, false), (1, true), (0, true)] {
        let day = expiry().checked_sub(jiff::Span::new().days(days_before)).unwrap();
        desk.now = from_ist(day.at(10, 0, 0, 0));
        let Reply::Previews { previews } = desk.ask(Command::Preview { ids: vec![id] }) else { panic!("no preview") };
        let told = previews[0].refusals.iter().any(|r| r.contains("delivery of the shares"));
        assert_eq!(told, refused, "{days_before} days before: {:?}", previews[0].refusals);
    }
}

#[test]
fn a_refused_leg_fails_the_strategy_and_nothing_of_it_is_sent_again() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.see(&hedge, SeenStatus::Rejected, 0, None);
    desk.read_books();
    desk.pass(60_000);
    desk.quote(&[26_000, 26_100]);
    assert_eq!(desk.status(id), StrategyStatus::Failed);
    assert_eq!(desk.placed().len(), 1);
    assert!(desk.state().strategies[&id].reason.as_deref().unwrap().contains("RMS: not today"));
}

#[test]
fn an_unanswered_order_is_never_sent_again_while_it_is_unknown() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    let unknown = PlaceOutcome::Unknown { reason: "no answer".into() };
    desk.tell(Event::PlaceFailed { intent: hedge.id, outcome: unknown });
    for _ in 0..20 {
        desk.now = after_ms(desk.now, 1_000);
        desk.quote(&[26_000, 26_100]);
    }
    assert_eq!(desk.placed().len(), 1);
    // It had been taken after all.
    desk.fill(&hedge, 65);
    assert_eq!(desk.placed().len(), 2);
    assert_eq!(desk.status(id), StrategyStatus::Executing);
}

#[test]
fn an_order_given_up_as_lost_that_shows_up_filled_is_exited() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.tell(Event::PlaceFailed { intent: hedge.id, outcome: PlaceOutcome::Lost });
    let again = desk.last_placed();
    assert_ne!(again.correlation, hedge.correlation, "trying again is a new intent");
    desk.fill(&again, 65);
    let short = desk.last_placed();
    desk.fill(&short, 65);
    assert_eq!(desk.status(id), StrategyStatus::Executed);
    desk.fill(&hedge, 65);
    assert_eq!(desk.net(id, 26_000), 130);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.quantity), (Side::Sell, Quantity(65)), "only the excess goes");
}

#[test]
fn sightings_out_of_order_change_nothing_that_is_known_better() {
    let mut desk = Desk::open();
    executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.fill(&hedge, 65);
    desk.fill(&hedge, 30);
    desk.see(&hedge, SeenStatus::Transit, 0, None);
    desk.see(&hedge, SeenStatus::Cancelled, 30, None);
    let order = desk.order(&hedge);
    assert_eq!((order.state, order.filled), (OrderState::Filled, Quantity(65)));
}

/// Both fills of an order of 65, at 6,522 rupees in all; the broker's average of it is rounded.
fn trade_book_of(hedge: &Intent, desk: &Desk) -> Event {
    let trade = |n: &str, quantity: u32, price| TradeSighting {
        order_id: BrokerOrderId(format!("10{}", hedge.id)),
        trade_id: n.into(),
        contract: call(26_000),
        product: Product::Margin,
        side: Side::Buy,
        quantity: Quantity(quantity),
        price: Price(price),
        at: None,
    };
    let trades = vec![trade("1", 20, dec!(100.20)), trade("2", 45, dec!(100.40))];
    Event::TradesRead { account: ACCOUNT, asked_at: desk.now, trades }
}

#[test]
fn the_trade_book_makes_the_average_exact() {
    let mut desk = Desk::open();
    executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.see(&hedge, SeenStatus::Filled, 65, Some(Price(dec!(100.33))));
    assert!(desk.effects.contains(&Effect::ReadTrades));
    for _ in 0..2 {
        let book = trade_book_of(&hedge, &desk);
        desk.tell(book);
    }
    assert_eq!(desk.order(&hedge).value, Money(dec!(6522.00)));
}

#[test]
fn a_trade_book_that_is_read_before_the_order_tells_of_its_fills_makes_it_exact_too() {
    let mut desk = Desk::open();
    executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.accept(&hedge);
    let book = trade_book_of(&hedge, &desk);
    desk.tell(book);
    desk.see(&hedge, SeenStatus::Filled, 65, Some(Price(dec!(100.33))));
    assert_eq!(desk.order(&hedge).value, Money(dec!(6522.00)));
    let lots: Vec<_> = desk.state().lots.values().map(|lot| lot.bought_value).collect();
    assert_eq!(lots, [Money(dec!(6522.00))]);
}

#[test]
fn a_held_execution_goes_on_only_by_a_key_and_sends_only_what_is_missing() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.accept(&hedge);
    desk.fill(&hedge, 30);
    desk.ask(Command::Halt);
    desk.see(&hedge, SeenStatus::Cancelled, 30, None);
    desk.ask(Command::Arm { word: "ARM".into() });
    desk.quote(&[26_000, 26_100]);
    assert_eq!(desk.placed().len(), 1);
    assert!(matches!(desk.state().strategies[&id].execution.as_ref().unwrap().phase, Phase::Held(_)));
    desk.ask(Command::Resume { id });
    assert_eq!(desk.last_placed().spec.quantity, Quantity(35));
}

/// A held spread that has bought 30 of its hedge.
fn held(desk: &mut Desk) -> StrategyId {
    let id = executing(desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.accept(&hedge);
    desk.fill(&hedge, 30);
    desk.ask(Command::Halt);
    desk.see(&hedge, SeenStatus::Cancelled, 30, None);
    desk.ask(Command::Arm { word: "ARM".into() });
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    id
}

#[test]
fn an_entry_against_what_a_held_execution_still_means_to_enter_is_refused() {
    let mut desk = Desk::open();
    held(&mut desk);
    let sent = desk.placed().len();
    let other = executing(&mut desk, &[(Side::Buy, 26_100, 1)]);
    assert_eq!(desk.placed().len(), sent);
    assert!(desk.state().strategies[&other].reason.as_ref().unwrap().contains("would close what strategy #1"));
}

#[test]
fn a_held_execution_does_not_go_on_over_a_limit() {
    let mut desk = Desk::open();
    let id = held(&mut desk);
    desk.engine.config.limits.max_open_lots = Lots(2);
    let sent = desk.placed().len();
    assert!(desk.ask(Command::Resume { id }).is_refused(), "one lot in part, two more to come");
    assert_eq!(desk.placed().len(), sent);
    desk.engine.config.limits.max_open_lots = Lots(3);
    assert!(!desk.ask(Command::Resume { id }).is_refused());
}

#[test]
fn a_second_attempt_starts_from_nothing() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.fill(&hedge, 65);
    let short = desk.last_placed();
    desk.see(&short, SeenStatus::Rejected, 0, None);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.contract), (Side::Sell, call(26_000)));
    desk.fill(&exit, 65);
    desk.read_books();
    assert_eq!(desk.status(id), StrategyStatus::Failed);
    desk.ask(Command::Retry { id });
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    desk.ask(Command::Execute { ids: vec![id] });
    desk.quote(&[26_000, 26_100]);
    let again = desk.last_placed();
    assert_eq!((again.spec.side, again.spec.contract), (Side::Buy, call(26_000)));
    assert_eq!(desk.status(id), StrategyStatus::Executing);
}

#[test]
fn a_leg_closed_by_hand_holds_the_execution_and_is_missing_when_it_goes_on() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.fill(&hedge, 65);
    let short = desk.last_placed();
    desk.accept(&short);
    desk.ask(Command::ClosePosition { contract: call(26_000), product: Product::Margin });
    assert!(matches!(desk.state().strategies[&id].execution.as_ref().unwrap().phase, Phase::Held(_)));
    desk.see(&short, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.contract), (Side::Sell, call(26_000)));
    assert!(desk.ask(Command::Resume { id }).is_refused(), "the exit is not over");
    desk.fill(&exit, 65);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    assert!(!desk.ask(Command::Resume { id }).is_refused());
    let again = desk.last_placed();
    assert_eq!((again.spec.side, again.spec.contract), (Side::Buy, call(26_000)), "the hedge before the short");
}

#[test]
fn cancelling_all_entries_leaves_what_only_reduces() {
    let mut desk = Desk::open();
    executing(&mut desk, &[(Side::Buy, 26_000, 1), (Side::Buy, 26_100, 1)]);
    let entries = desk.placed();
    assert_eq!(entries.len(), 2);
    entries.iter().for_each(|intent| desk.accept(intent));
    let reply = desk.ask(Command::CancelEntries);
    assert!(matches!(&reply, Reply::Done { message } if message.starts_with("2 entries")), "{reply:?}");
    assert_eq!(desk.cancels(), 2);
    for intent in &entries {
        desk.see(intent, SeenStatus::Cancelled, 0, None);
    }
    let again = desk.ask(Command::CancelEntries);
    assert!(matches!(&again, Reply::Refused { reason } if reason.contains("exits and stops stay")), "{again:?}");
    desk.assert_folds();
}

#[test]
fn a_spread_wider_than_its_limit_refuses_the_entry() {
    let mut desk = Desk::open();
    let id = desk.import(&[(Side::Buy, 26_000, 1)]);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    let offered_at = |desk: &mut Desk, ask| {
        desk.pass(5_000);
        desk.ask(Command::Execute { ids: vec![id] });
        let wide = Quote { ask: Some(Price(ask)), ..quote(Price(dec!(100)), desk.now) };
        desk.tell(Event::Quotes(vec![(call(26_000), wide)]));
        desk.placed().len()
    };
    assert_eq!(offered_at(&mut desk, dec!(95)), 0, "nor is a quote believed whose sides are crossed");
    // A quarter of the middle is the most.
    assert_eq!((offered_at(&mut desk, dec!(130)), desk.status(id)), (0, StrategyStatus::Marked));
    assert!(desk.told_of("the spread 100–130 is wider than 25 %").is_some());
    assert_eq!((offered_at(&mut desk, dec!(128)), desk.status(id)), (1, StrategyStatus::Executing));
}

#[test]
fn the_brokers_margin_decides_where_it_has_said_one_and_an_estimate_where_not() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    let quotes = |desk: &Desk| {
        [(26_000, dec!(100)), (26_100, dec!(70))].map(|(k, bid)| (call(k), quote(Price(bid), desk.now))).to_vec()
    };
    let preview = |desk: &mut Desk, margins| {
        let reply = desk.ask_knowing(Command::Preview { ids: vec![id] }, quotes(desk), margins);
        let Reply::Previews { mut previews } = reply else { panic!("{reply:?}") };
        previews.remove(0)
    };
    let estimated = preview(&mut desk, Vec::new());
    assert!(matches!(estimated.margin, Margin::Estimate(_)) && estimated.refusals.is_empty(), "{estimated:?}");
    // The account has a million.
    let too_much = preview(&mut desk, vec![(id, Money(dec!(1000000.05)))]);
    assert_eq!(too_much.margin, Margin::Broker(Money(dec!(1000000.05))));
    assert_eq!(too_much.refusals, ["₹1000000.05 of margin is needed (broker) and ₹1000000 available"]);
    // What has to be paid is needed in any case.
    let little = preview(&mut desk, vec![(id, Money(dec!(1)))]);
    assert_eq!(
        (little.margin, little.net_premium),
        (Margin::Broker(Money(dec!(1982.50))), Some(Money(dec!(-1982.50))))
    );
    // Executing is decided on what was said last, and the journal has it.
    let told = quotes(&desk);
    desk.ask_knowing(Command::Execute { ids: vec![id] }, told, vec![(id, Money(dec!(52000)))]);
    let started = |(_, r): &(_, Record)| matches!(r, Record::ExecutionStarted { margin: Some(m), .. } if *m == Money(dec!(52000)));
    assert!(desk.journal.iter().any(started), "{:?}", desk.journal.last());
}

#[test]
fn the_brokers_margin_is_not_gone_by_for_ever() {
    let mut desk = Desk::open();
    let id = desk.import(&[(Side::Buy, 26_000, 1)]);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    desk.ask_knowing(Command::Preview { ids: vec![id] }, Vec::new(), vec![(id, Money(dec!(6532)))]);
    desk.pass(60_001);
    let reply = desk.ask(Command::Preview { ids: vec![id] });
    assert!(matches!(reply, Reply::Previews { previews } if matches!(previews[0].margin, Margin::Estimate(_))));
}
