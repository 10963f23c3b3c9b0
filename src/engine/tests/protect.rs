//! Stops: for what has filled, never for more, put right when wrong, taken over by exits.

use rust_decimal_macros::dec;

use super::desk::*;
use super::entry::executing;
use crate::domain::time::after_ms;
use crate::domain::*;
use crate::engine::command::{Command, StopWish};
use crate::engine::config::StopOrder;
use crate::engine::effect::{Effect, Lane};
use crate::engine::event::PlaceOutcome;
use crate::engine::record::{Owner, Purpose, Record};
use crate::engine::state::{LotKey, Stop, StopHow};
use crate::engine::{Engine, EngineConfig, Event, Reply, State};

const LONG: [(Side, i64, u32); 1] = [(Side::Buy, 26_000, 2)];

pub fn stops(desk: &Desk) -> Vec<Intent> {
    let is_stop = |i: &Intent| desk.state().orders[&i.id].purpose.is_stop();
    desk.placed().into_iter().filter(is_stop).collect()
}

fn modified(desk: &Desk) -> Vec<(IntentId, OrderSpec, Lane)> {
    let one = |e: &Effect| match e {
        Effect::Modify { intent, spec, lane, .. } => Some((*intent, *spec, *lane)),
        _ => None,
    };
    desk.effects.iter().filter_map(one).collect()
}

fn key(id: StrategyId) -> LotKey {
    LotKey { owner: Owner::Strategy(id), contract: call(26_000), product: Product::Margin }
}

fn stop_of(desk: &Desk, id: StrategyId) -> Stop {
    desk.state().guards[&key(id)].stop.unwrap()
}

/// The broker has taken the newest modification of an order.
pub fn taken(desk: &mut Desk, intent: &Intent) -> Intent {
    let order = desk.order(intent);
    let spec = OrderSpec { kind: order.kind, quantity: order.quantity, ..intent.spec };
    let as_restated = Intent { spec, ..intent.clone() };
    desk.accept(&as_restated);
    as_restated
}

/// A long call of two lots that is in, with its stop resting.
pub fn protected(desk: &mut Desk) -> (StrategyId, Intent) {
    let id = executing(desk, &LONG);
    let entry = desk.last_placed();
    desk.fill(&entry, 130);
    desk.read_books();
    let stop = stops(desk).last().expect("a stop was sent").clone();
    desk.accept(&stop);
    desk.read_books();
    assert_eq!(desk.status(id), StrategyStatus::Executed);
    (id, stop)
}

#[test]
fn the_stop_follows_what_has_filled_and_is_never_for_more() {
    let mut desk = Desk::open();
    executing(&mut desk, &LONG);
    let entry = desk.last_placed();
    desk.accept(&entry);
    assert!(stops(&desk).is_empty(), "nothing has filled");
    desk.fill(&entry, 65);
    desk.read_books();
    let stop = stops(&desk).pop().unwrap();
    assert_eq!((stop.spec.side, stop.spec.quantity), (Side::Sell, Quantity(65)));
    let OrderKind::StopLimit { trigger, price } = stop.spec.kind else { panic!("{:?}", stop.spec.kind) };
    assert_eq!((trigger, price), (Price(dec!(60.35)), Price(dec!(54.30))), "40 % under 100.60, 10 % band");
    desk.accept(&stop);
    desk.fill(&entry, 130);
    desk.pass(1_100);
    desk.read_books();
    let (id, spec, lane) = modified(&desk).pop().expect("the stop grows");
    assert_eq!((id, spec.quantity, lane), (stop.id, Quantity(130), Lane::Protection));
    assert_eq!(stops(&desk).len(), 1);
    desk.assert_folds();
}

#[test]
fn a_spread_has_no_stop_on_one_of_its_legs() {
    let mut desk = Desk::open();
    super::exit::holding(&mut desk);
    desk.pass(5_000);
    desk.read_books();
    assert!(stops(&desk).is_empty() && desk.state().guards.is_empty());
}

#[test]
fn an_exit_restates_the_stop_and_nothing_else_goes_out() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    let sent = desk.placed().len();
    desk.quote(&[26_000]);
    desk.ask(Command::CloseStrategy { id });
    let (intent, spec, lane) = modified(&desk).pop().unwrap();
    assert_eq!((intent, spec.quantity, lane), (stop.id, Quantity(130), Lane::Exit));
    assert_eq!(spec.kind, OrderKind::Limit { price: Price(dec!(99.80)) });
    let exit = taken(&mut desk, &stop);
    desk.fill(&exit, 130);
    desk.pass(10);
    desk.read_books();
    assert_eq!((desk.placed().len(), desk.net(id, 26_000)), (sent, 0));
    assert!(desk.state().guards.is_empty() && desk.state().open.is_empty());
    desk.assert_folds();
}

#[test]
fn a_stop_whose_modification_went_unanswered_is_cancelled_and_the_exit_awaits_its_end() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    let at = StopWish::At { trigger: Price(dec!(80)) };
    desk.pass(1_100);
    desk.ask(Command::SetStop { id, leg: None, stop: at });
    let reason = "its answer was lost".to_string();
    desk.tell(Event::ModifyFailed { intent: stop.id, reason, unanswered: true });
    let sent = desk.placed().len();
    desk.quote(&[26_000]);
    desk.ask(Command::CloseStrategy { id });
    assert_eq!((desk.cancels(), desk.placed().len()), (1, sent));
    desk.see(&stop, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    desk.quote(&[26_000]);
    let exit = desk.last_placed();
    assert_eq!(desk.order(&exit).purpose, Purpose::Exit { owner: Owner::Strategy(id) });
    assert_eq!((exit.spec.side, exit.spec.quantity), (Side::Sell, Quantity(130)));
}

#[test]
fn a_stop_that_is_gone_is_placed_again_and_one_that_cannot_be_ends_in_an_exit() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    desk.see(&stop, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    let again = stops(&desk).pop().unwrap();
    assert_ne!(again.id, stop.id);
    desk.see(&again, SeenStatus::Rejected, 0, None);
    assert_eq!(stops(&desk).len(), 2, "not at once again");
    for _ in 0..20 {
        desk.pass(1_000);
        desk.read_books();
        desk.quote(&[26_000]);
        if let Some(next) = stops(&desk).pop().filter(|s| desk.order(s).state.is_open()) {
            desk.see(&next, SeenStatus::Rejected, 0, None);
        }
    }
    let exit = desk.last_placed();
    assert_eq!(desk.order(&exit).purpose, Purpose::Exit { owner: Owner::Strategy(id) });
    let told = |e: &Effect| matches!(e, Effect::Alert { text, .. } if text.contains("no stop for 0 of 130"));
    assert!(desk.effects.iter().any(told));
}

#[test]
fn a_stop_of_another_quantity_or_price_than_it_should_have_is_put_right() {
    let mut desk = Desk::open();
    let (_, stop) = protected(&mut desk);
    let spec = OrderSpec { quantity: Quantity(65), ..stop.spec };
    desk.pass(1_100);
    desk.accept(&Intent { spec, ..stop.clone() });
    desk.read_books();
    let (id, spec, _) = modified(&desk).pop().unwrap();
    assert_eq!((id, spec.quantity), (stop.id, Quantity(130)));
}

#[test]
fn a_position_closed_elsewhere_leaves_no_stop_behind() {
    let mut desk = Desk::open();
    let (_, stop) = protected(&mut desk);
    let elsewhere = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId("999".into()),
        spec: OrderSpec { side: Side::Sell, kind: OrderKind::Market, ..stop.spec },
        filled: Quantity(130),
        average: None,
        status: SeenStatus::Filled,
        reason: None,
        updated: None,
    };
    desk.book.insert("999".into(), elsewhere);
    desk.read_books();
    let cancel = |e: &Effect| matches!(e, Effect::Cancel { intent: Some(id), .. } if *id == stop.id);
    assert!(desk.effects.iter().any(cancel));
}

#[test]
fn a_stop_hit_while_it_is_being_entered_ends_the_entry() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &LONG);
    let entry = desk.last_placed();
    desk.accept(&entry);
    desk.fill(&entry, 65);
    desk.read_books();
    let stop = stops(&desk).pop().unwrap();
    desk.accept(&stop);
    desk.fill(&stop, 65);
    assert_eq!(desk.cancels(), 1);
    desk.see(&entry, SeenStatus::Cancelled, 65, None);
    desk.read_books();
    desk.quote(&[26_000]);
    assert_eq!((desk.status(id), desk.net(id, 26_000)), (StrategyStatus::Failed, 0));
}

#[test]
fn a_stop_that_was_passed_without_filling_becomes_an_exit() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    let low = |desk: &mut Desk| {
        let quotes = vec![(call(26_000), quote(Price(dec!(40)), desk.now))];
        desk.tell(Event::Quotes(quotes));
    };
    low(&mut desk);
    assert!(modified(&desk).is_empty(), "it may be filling");
    desk.now = after_ms(desk.now, 3_100);
    low(&mut desk);
    let (intent, spec, lane) = modified(&desk).pop().unwrap();
    assert_eq!((intent, lane), (stop.id, Lane::Exit));
    assert_eq!(spec.kind, OrderKind::Limit { price: Price(dec!(39.80)) });
    assert!(desk.state().exits.contains_key(&key(id)));
}

#[test]
fn a_target_is_held_here_and_met_on_the_bid() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    let set = |target| Command::SetTarget { id, leg: Some(1), target };
    assert!(!desk.ask(set(Some(Price(dec!(110))))).is_refused());
    let sent = desk.placed().len();
    desk.quote(&[26_000]);
    assert!(desk.state().exits.is_empty());
    desk.tell(Event::Quotes(vec![(call(26_000), quote(Price(dec!(110)), desk.now))]));
    assert_eq!(modified(&desk).pop().unwrap().0, stop.id);
    assert_eq!(desk.placed().len(), sent, "no order beside the stop");
    assert!(desk.ask(set(None)).is_refused(), "it is being exited");
}

#[test]
fn a_stop_is_moved_by_hand_to_breakeven_or_trails_and_never_goes_back() {
    let mut desk = Desk::open();
    let (id, _) = protected(&mut desk);
    let ask = |desk: &mut Desk, stop| desk.ask(Command::SetStop { id, leg: None, stop });
    let at = |price| StopWish::At { trigger: Price(price) };
    desk.tell(Event::Quotes(vec![(call(26_000), quote(Price(dec!(120)), desk.now))]));
    ask(&mut desk, at(dec!(90.02)));
    assert_eq!(stop_of(&desk, id), Stop { trigger: Price(dec!(90)), how: StopHow::ByHand });
    assert!(matches!(ask(&mut desk, at(dec!(125))), Reply::Refused { reason } if reason.contains("trigger at once")));
    ask(&mut desk, StopWish::Breakeven);
    assert_eq!(stop_of(&desk, id).trigger, Price(dec!(100.60)));
    ask(&mut desk, StopWish::Trail { by: Price(dec!(10)) });
    assert_eq!(stop_of(&desk, id).trigger, Price(dec!(110)));
    for (last, trigger) in
        [(dec!(130), dec!(120)), (dec!(125), dec!(120)), (dec!(131), dec!(120)), (dec!(140), dec!(130))]
    {
        desk.now = after_ms(desk.now, 1_100);
        desk.tell(Event::Quotes(vec![(call(26_000), quote(Price(last), desk.now))]));
        assert_eq!(stop_of(&desk, id).trigger, Price(trigger), "at {last}");
    }
    ask(&mut desk, StopWish::Off);
    assert_eq!(desk.cancels(), 1);
    desk.assert_folds();
}

#[test]
fn without_a_fresh_quote_nothing_trails_and_no_target_is_met() {
    let mut desk = Desk::open();
    let (id, _) = protected(&mut desk);
    desk.now = after_ms(desk.now, 10_000);
    desk.tell(Event::Quotes(vec![(call(26_000), quote(Price(dec!(500)), after_ms(desk.now, -9_000)))]));
    let wish = StopWish::Trail { by: Price(dec!(10)) };
    let reply = desk.ask(Command::SetStop { id, leg: None, stop: wish });
    assert!(reply.is_refused());
    assert!(desk.state().exits.is_empty());
}

#[test]
fn after_a_restart_the_stop_is_found_and_none_is_doubled() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    let mut state = State::default();
    for (at, record) in &desk.journal {
        state.apply(record, *at);
    }
    desk.engine = Engine::new(EngineConfig::default(), state);
    desk.effects.clear();
    desk.pass(2_000);
    desk.tell(Event::Started);
    desk.pass(10);
    desk.read_books();
    for _ in 0..5 {
        desk.pass(1_000);
        desk.read_books();
        desk.quote(&[26_000]);
    }
    assert!(desk.placed().is_empty() && modified(&desk).is_empty() && desk.cancels() == 0);
    assert!(desk.order(&stop).is_resting_stop() && desk.state().exits.is_empty());
    assert_eq!(desk.net(id, 26_000), 130);
}

#[test]
fn the_stop_of_a_short_is_a_buy_above_it() {
    let mut desk = Desk::open();
    desk.engine.config.limits.allow_unlimited_loss = true;
    desk.engine.config.limits.max_loss_per_trade_pct = dec!(100);
    let id = executing(&mut desk, &[(Side::Sell, 26_000, 1)]);
    let entry = desk.last_placed();
    desk.fill(&entry, 65);
    desk.read_books();
    let stop = stops(&desk).pop().unwrap();
    assert_eq!((stop.spec.side, stop.spec.quantity), (Side::Buy, Quantity(65)));
    let OrderKind::StopLimit { trigger, price } = stop.spec.kind else { panic!() };
    assert!(trigger > entry.spec.kind.price().unwrap() && price > trigger);
    assert_eq!(desk.net(id, 26_000), -65);
}

#[test]
fn a_journal_from_before_stops_still_reads() {
    let asked: Record =
        serde_json::from_str(r#"{"modify_asked":{"intent":3,"kind":{"limit":{"price":"99.5"}}}}"#).unwrap();
    assert_eq!(
        asked,
        Record::ModifyAsked {
            intent: IntentId(3),
            kind: OrderKind::Limit { price: Price(dec!(99.5)) },
            quantity: None
        }
    );
    let failed: Record = serde_json::from_str(r#"{"modify_failed":{"intent":3,"reason":"no"}}"#).unwrap();
    assert_eq!(failed, Record::ModifyFailed { intent: IntentId(3), reason: "no".into(), unanswered: false });
    let mut old = serde_json::to_value(recommendation("key", &LONG)).unwrap();
    old.as_object_mut().unwrap().remove("rules");
    assert_eq!(serde_json::from_value::<Recommendation>(old).unwrap().rules, ExitRules::default());
}

#[test]
fn the_engine_asks_to_hear_at_once_when_a_level_is_crossed() {
    let mut desk = Desk::open();
    let (id, _) = protected(&mut desk);
    desk.ask(Command::SetTarget { id, leg: None, target: Some(Price(dec!(130))) });
    let asked = |e: &Effect| match e {
        Effect::Levels(levels) => levels.get(&call(26_000)).copied(),
        _ => None,
    };
    let levels = desk.effects.iter().rev().find_map(asked).unwrap();
    assert_eq!((levels.below, levels.above), (Some(Price(dec!(60.35))), Some(Price(dec!(130)))));
    assert!(!levels.are_crossed(&quote(Price(dec!(129.50)), desk.now)));
    assert!(levels.are_crossed(&quote(Price(dec!(130)), desk.now)));
    assert!(levels.are_crossed(&quote(Price(dec!(60)), desk.now)));
}

#[test]
fn a_hedge_gets_no_stop_and_with_shorts_protected_the_short_does() {
    let mut config = EngineConfig::default();
    config.protection.legs = crate::engine::config::ProtectedLegs::Shorts;
    let mut desk = Desk::with(config);
    let id = super::exit::holding(&mut desk);
    desk.pass(1_000);
    desk.read_books();
    let sent = stops(&desk);
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].spec.side, sent[0].spec.contract), (Side::Buy, call(26_100)));
    desk.quote(&[26_000, 26_100]);
    let wish = StopWish::At { trigger: Price(dec!(50)) };
    let reply = desk.ask(Command::SetStop { id, leg: Some(1), stop: wish });
    assert!(matches!(reply, Reply::Refused { reason } if reason.contains("naked")));
}

#[test]
fn a_fill_of_ours_that_was_taken_for_somebody_elses_is_left_to_its_stop() {
    let mut desk = Desk::open();
    executing(&mut desk, &LONG);
    let entry = desk.last_placed();
    desk.see(&entry, SeenStatus::Transit, 0, None);
    // The broker's position book is faster than the news of the fill, and the trader closes what it shows.
    let asked_at = after_ms(desk.now, 1);
    desk.now = after_ms(desk.now, 5);
    let positions = vec![position(call(26_000), Product::Margin, NetQuantity(130))];
    desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions });
    desk.ask(Command::ClosePosition { contract: call(26_000), product: Product::Margin });
    assert_eq!(desk.state().exits.len(), 1);
    desk.fill(&entry, 130);
    desk.read_books();
    let stop = stops(&desk).last().expect("a stop was sent").clone();
    desk.accept(&stop);
    desk.pass(10);
    desk.read_books();
    assert!(desk.state().exits.is_empty(), "{:?}", desk.state().exits);
    assert_eq!((desk.last_placed().id, desk.order(&stop).resting()), (stop.id, Quantity(130)));
}

#[test]
fn the_time_without_a_stop_does_not_begin_anew_when_orders_of_others_come_and_go() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &LONG);
    let entry = desk.last_placed();
    desk.fill(&entry, 130);
    desk.read_books();
    assert_eq!(stops(&desk).len(), 1, "sent, and never answered");
    desk.pass(9_000);
    let elsewhere = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId("999".into()),
        spec: OrderSpec { side: Side::Sell, ..entry.spec },
        filled: Quantity::ZERO,
        average: None,
        status: SeenStatus::Working,
        reason: None,
        updated: None,
    };
    desk.book.insert("999".into(), elsewhere.clone());
    desk.read_books();
    desk.pass(10);
    desk.book.insert("999".into(), OrderSighting { status: SeenStatus::Cancelled, ..elsewhere });
    desk.read_books();
    desk.pass(5_000);
    assert!(desk.state().exits.is_empty());
    desk.pass(1_000);
    assert!(desk.state().exits.contains_key(&key(id)), "15 s are over");
}

#[test]
fn where_a_stop_market_order_is_refused_a_stop_limit_with_its_band_takes_its_place() {
    let mut config = EngineConfig::default();
    config.protection.order = StopOrder::StopMarket;
    let mut desk = Desk::with(config);
    let id = executing(&mut desk, &LONG);
    let entry = desk.last_placed();
    desk.fill(&entry, 130);
    desk.read_books();
    let stop = stops(&desk).pop().unwrap();
    assert_eq!(stop.spec.kind, OrderKind::StopMarket { trigger: Price(dec!(60.35)) });
    let reason = "SL-M orders are not allowed for options".to_string();
    desk.tell(Event::PlaceFailed { intent: stop.id, outcome: PlaceOutcome::Refused { reason } });
    for _ in 0..5 {
        desk.pass(1_000);
        desk.read_books();
        desk.quote(&[26_000]);
    }
    let again = stops(&desk).pop().unwrap();
    let (trigger, price) = (Price(dec!(60.35)), Price(dec!(54.30)));
    assert_eq!((again.spec.kind, again.spec.quantity), (OrderKind::StopLimit { trigger, price }, Quantity(130)));
    desk.accept(&again);
    desk.pass(20_000);
    assert_eq!((stops(&desk).len(), desk.net(id, 26_000)), (2, 130));
    assert!(desk.state().exits.is_empty(), "it is covered");
}
