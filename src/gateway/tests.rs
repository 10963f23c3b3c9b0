//! The gateway's rules, one test each.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::*;
use crate::engine::event::{Book, PlaceOutcome};
use crate::engine::{Effect, Event, Lane};

fn at(ms: i64) -> Timestamp {
    after_ms("2026-11-20T04:00:00Z".parse().unwrap(), ms)
}

fn spec() -> OrderSpec {
    let contract = Contract::option(
        Exchange::Nse,
        Symbol::new("NIFTY").unwrap(),
        date(2026, 11, 24),
        Price(dec!(26000)),
        OptionRight::Call,
    );
    OrderSpec {
        contract,
        side: Side::Buy,
        quantity: Quantity(65),
        kind: OrderKind::Limit { price: Price(dec!(101.5)) },
        validity: Validity::Day,
        product: Product::Margin,
    }
}

fn intent(id: u64) -> Intent {
    Intent {
        id: IntentId(id),
        account: AccountId(1),
        correlation: CorrelationId::new("T", id).unwrap(),
        spec: spec(),
        expires: at(3_600_000),
    }
}

pub fn place(id: u64, lane: Lane) -> Effect {
    Effect::Place { intent: intent(id), lane }
}

fn order_id(text: &str) -> BrokerOrderId {
    BrokerOrderId(text.into())
}

pub fn cancel(id: u64) -> Effect {
    Effect::Cancel { intent: Some(IntentId(id)), order_id: order_id(&format!("B{id}")) }
}

pub fn modify(id: u64, price: Price, lane: Lane) -> Effect {
    let spec = OrderSpec { kind: OrderKind::Limit { price }, ..spec() };
    Effect::Modify { intent: IntentId(id), order_id: order_id(&format!("B{id}")), spec, lane }
}

fn sighting(id: u64, status: SeenStatus) -> OrderSighting {
    OrderSighting {
        correlation: Some(CorrelationId::new("T", id).unwrap()),
        order_id: order_id(&format!("B{id}")),
        spec: spec(),
        filled: Quantity::ZERO,
        average: None,
        status,
        reason: None,
        updated: None,
    }
}

fn gateway() -> Gateway {
    Gateway::new(AccountId(1), GatewayPolicy::default())
}

fn calls(g: &mut Gateway, now: Timestamp) -> Vec<Outgoing> {
    std::iter::from_fn(|| g.next_call(now)).collect()
}

/// The names of the calls that may leave now, in order.
fn names(g: &mut Gateway, now: Timestamp) -> Vec<String> {
    calls(g, now)
        .into_iter()
        .map(|o| match o.call {
            Call::Place(i) => format!("place {}", i.id),
            Call::Modify { order_id, spec } => format!("modify {order_id} {}", spec.kind.price().unwrap()),
            Call::Cancel { order_id } => format!("cancel {order_id}"),
            other => other.name().into(),
        })
        .collect()
}

fn outcome(event: &Event) -> &PlaceOutcome {
    match event {
        Event::PlaceFailed { outcome, .. } => outcome,
        other => panic!("not a failed place: {other:?}"),
    }
}

fn is_unknown(events: &[Event]) -> bool {
    matches!(events, [Event::PlaceFailed { outcome: PlaceOutcome::Unknown { .. }, .. }])
}

fn failed(class: ErrorClass) -> Answer {
    Answer::failed(class, "the broker's words")
}

/// Hands out the only call there is.
fn the_call(g: &mut Gateway, now: Timestamp) -> Outgoing {
    let mut all = calls(g, now);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn the_lanes_are_served_in_their_order() {
    let mut g = gateway();
    for effect in [
        Effect::ReadOrders,
        place(1, Lane::Entry),
        place(2, Lane::Protection),
        cancel(3),
        place(4, Lane::Exit),
        place(5, Lane::Entry),
    ] {
        assert!(g.submit(&effect, at(0)).is_empty());
    }
    assert_eq!(names(&mut g, at(0)), ["place 4", "cancel B3", "place 2", "place 1", "place 5", "orders"]);
}

#[test]
fn entries_leave_two_calls_of_every_second_to_exits_and_cancels() {
    let mut g = gateway();
    (1..=9).for_each(|id| drop(g.submit(&place(id, Lane::Entry), at(0))));
    assert_eq!(names(&mut g, at(0)).len(), 6);
    g.submit(&place(20, Lane::Exit), at(10));
    g.submit(&cancel(1), at(10));
    g.submit(&place(21, Lane::Exit), at(10));
    assert_eq!(names(&mut g, at(10)), ["place 20", "place 21"]);
    assert_eq!(g.next_wake(), Some(at(1_000)));
    assert_eq!(names(&mut g, at(999)), [""; 0]);
    assert_eq!(names(&mut g, at(1_000)), ["cancel B1", "place 7", "place 8", "place 9"]);
}

#[test]
fn a_place_is_handed_out_once_whatever_is_submitted_again() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    g.submit(&place(1, Lane::Entry), at(0));
    let call = the_call(&mut g, at(0));
    assert!(g.submit(&place(1, Lane::Entry), at(1)).is_empty());
    g.answered(call.id, failed(ErrorClass::TryLater), at(5));
    assert!(g.submit(&place(1, Lane::Exit), at(10)).is_empty());
    assert_eq!(names(&mut g, at(2_000)), [""; 0]);
}

#[test]
fn an_intent_that_expires_in_its_lane_is_not_sent() {
    let mut g = gateway();
    let late = Intent { expires: at(500), ..intent(1) };
    (10..16).for_each(|id| drop(g.submit(&place(id, Lane::Entry), at(0))));
    g.submit(&Effect::Place { intent: late, lane: Lane::Entry }, at(0));
    assert_eq!(names(&mut g, at(0)).len(), 6);
    assert_eq!(g.next_wake(), Some(at(500)));
    assert_eq!(names(&mut g, at(500)), [""; 0]);
    let events = g.tick(at(500));
    assert!(matches!(outcome(&events[0]), PlaceOutcome::NotSent { .. }), "{events:?}");
    assert_eq!(names(&mut g, at(1_500)), [""; 0]);
}

#[test]
fn an_accepted_order_is_seen_at_once_with_what_was_asked_for() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    let call = the_call(&mut g, at(0));
    assert_eq!(call.deadline, at(5_000));
    let placed = Answer::Placed { order_id: order_id("B1"), status: SeenStatus::Transit };
    let events = g.answered(call.id, placed.clone(), at(40));
    assert_eq!(events, [Event::OrderSeen { account: AccountId(1), sighting: sighting(1, SeenStatus::Transit) }]);
    assert_eq!(g.answered(call.id, placed, at(41)), [], "an answer counts once");
    assert_eq!(g.next_wake(), None);
}

#[test]
fn each_class_of_failure_says_what_is_known_of_the_order() {
    for (class, expected) in [
        (ErrorClass::TryLater, "NotSent"),
        (ErrorClass::NotSent, "NotSent"),
        (ErrorClass::Refused, "Refused"),
        (ErrorClass::MarketClosed, "MarketClosed"),
        (ErrorClass::LogIn, "Blocked"),
        (ErrorClass::Blocked, "Blocked"),
        (ErrorClass::AskFirst, "Unknown"),
    ] {
        let mut g = gateway();
        g.submit(&place(1, Lane::Exit), at(0));
        let call = the_call(&mut g, at(0));
        let events = g.answered(call.id, failed(class), at(40));
        let of_the_order = events.last().unwrap();
        assert!(format!("{:?}", outcome(of_the_order)).starts_with(expected), "{class:?}: {events:?}");
        assert_eq!(matches!(events[0], Event::LoggedOut { .. }), class == ErrorClass::LogIn);
        assert_eq!(g.quota(at(40)).unknown, usize::from(class == ErrorClass::AskFirst));
    }
}

#[test]
fn silence_makes_it_unknown_and_a_late_answer_is_still_used() {
    for (answer, expect_seen) in [
        (Answer::Placed { order_id: order_id("B1"), status: SeenStatus::Working }, true),
        (failed(ErrorClass::Refused), false),
    ] {
        let mut g = gateway();
        g.submit(&place(1, Lane::Entry), at(0));
        let call = the_call(&mut g, at(0));
        assert_eq!(g.next_wake(), Some(at(5_000)));
        assert!(is_unknown(&g.tick(at(5_000))));
        let events = g.answered(call.id, answer, at(9_000));
        match &events[..] {
            [Event::OrderSeen { .. }] => assert!(expect_seen),
            [event] => assert!(matches!(outcome(event), PlaceOutcome::Refused { .. }) && !expect_seen),
            other => panic!("{other:?}"),
        }
        assert_eq!(g.quota(at(9_000)).unknown, 0);
    }
}

#[test]
fn an_adapter_that_gave_up_waiting_may_still_bring_the_answer() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    let call = the_call(&mut g, at(0));
    assert!(is_unknown(&g.answered(call.id, failed(ErrorClass::AskFirst), at(5_000))));
    assert_eq!(g.tick(at(5_000)), [], "said once");
    let placed = Answer::Placed { order_id: order_id("B1"), status: SeenStatus::Working };
    assert!(matches!(g.answered(call.id, placed, at(7_000))[..], [Event::OrderSeen { .. }]));
    assert_eq!(g.quota(at(7_000)).unknown, 0);
}

#[test]
fn a_sighting_by_any_way_answers_what_is_out_or_unknown() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    let call = the_call(&mut g, at(0));
    let seen = sighting(1, SeenStatus::Working);
    assert_eq!(g.saw(&seen, at(20)), [Event::OrderSeen { account: AccountId(1), sighting: seen.clone() }]);
    assert_eq!(g.tick(at(5_000)), [], "it was seen: its silence says nothing");
    assert_eq!(g.answered(call.id, failed(ErrorClass::AskFirst), at(6_000)), []);

    g.submit(&Effect::LookUp { intent: intent(2) }, at(0));
    assert_eq!(g.quota(at(0)).unknown, 1);
    g.saw(&sighting(2, SeenStatus::Filled), at(20));
    assert_eq!(g.quota(at(20)).unknown, 0);
}

/// Answers every question of a search until nothing is asked any more; `book` and `trades` are what the broker has.
fn search_to_the_end(
    g: &mut Gateway,
    from: i64,
    book: &[OrderSighting],
    trades: &[TradeSighting],
) -> (Vec<Event>, i64) {
    let mut events = Vec::new();
    let mut now = from;
    while now < from + 120_000 && g.quota(at(now)).unknown > 0 {
        now = now.max(g.next_wake().unwrap().as_millisecond() - at(0).as_millisecond());
        events.extend(g.tick(at(now)));
        for out in calls(g, at(now)) {
            let answer = match out.call {
                Call::FindByCorrelation(_) => Answer::Found(None),
                Call::Orders => Answer::Orders(book.to_vec()),
                Call::Trades => Answer::Trades(trades.to_vec()),
                other => panic!("a search must not {other:?}"),
            };
            events.extend(g.answered(out.id, answer, at(now)));
        }
    }
    (events, now)
}

#[test]
fn an_order_is_lost_only_by_books_read_well_after_it_could_have_arrived() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    the_call(&mut g, at(0));
    assert!(is_unknown(&g.tick(at(5_000))));
    let (events, end) = search_to_the_end(&mut g, 5_000, &[], &[]);
    assert!(end >= 20_000, "given up after {end} ms");
    let lost = Event::PlaceFailed { intent: IntentId(1), outcome: PlaceOutcome::Lost };
    assert_eq!(events.iter().filter(|e| **e == lost).count(), 1);
    let late = sighting(1, SeenStatus::Working);
    assert!(matches!(g.saw(&late, at(end))[..], [Event::OrderSeen { .. }]), "one that shows up after all is told");
}

#[test]
fn an_order_in_the_book_is_found_though_its_correlation_id_is_not() {
    let mut g = gateway();
    g.submit(&Effect::LookUp { intent: intent(1) }, at(0));
    let (events, end) = search_to_the_end(&mut g, 0, &[sighting(1, SeenStatus::Transit)], &[]);
    assert!(end < 1_000);
    assert!(events.iter().any(|e| matches!(e, Event::OrderSeen { .. })));
}

#[test]
fn a_trade_that_no_listed_order_explains_keeps_the_search_going() {
    let mut g = gateway();
    g.submit(&Effect::LookUp { intent: intent(1) }, at(0));
    let trade = TradeSighting {
        order_id: order_id("B9"),
        trade_id: "7".into(),
        contract: spec().contract,
        product: spec().product,
        side: spec().side,
        quantity: Quantity(65),
        price: Price(dec!(101)),
        at: None,
    };
    let (_, end) = search_to_the_end(&mut g, 0, &[], std::slice::from_ref(&trade));
    assert!(end >= 120_000, "given up after {end} ms");
    let (_, end) = search_to_the_end(&mut g, end, &[sighting(9, SeenStatus::Filled)], &[trade]);
    assert!(end < 140_000);
}

#[test]
fn a_search_that_cannot_ask_never_says_lost() {
    let mut g = gateway();
    g.submit(&Effect::LookUp { intent: intent(1) }, at(0));
    let mut now = at(0);
    while now < at(600_000) {
        now = g.next_wake().unwrap().max(now);
        assert!(!g.tick(now).iter().any(|e| matches!(e, Event::PlaceFailed { .. })));
        for out in calls(&mut g, now) {
            g.answered(out.id, failed(ErrorClass::AskFirst), now);
        }
    }
    assert_eq!(g.quota(now).unknown, 1);
}

#[test]
fn a_look_up_after_a_restart_is_an_unknown_of_that_moment_and_is_never_sent() {
    let mut g = gateway();
    assert!(is_unknown(&g.submit(&Effect::LookUp { intent: intent(1) }, at(0))));
    assert!(g.submit(&place(1, Lane::Exit), at(1)).is_empty());
    assert_eq!(names(&mut g, at(300)), ["orders", "find"]);
}

#[test]
fn what_was_refused_of_a_change_is_said_and_what_was_taken_is_left_to_the_next_sighting() {
    let mut g = gateway();
    g.submit(&cancel(1), at(0));
    let call = the_call(&mut g, at(0));
    let in_transit = Answer::failed(ErrorClass::Refused, "Order is in Transit state");
    let events = g.answered(call.id, in_transit, at(10));
    let said = Event::CancelFailed { intent: Some(IntentId(1)), reason: "Order is in Transit state".into() };
    assert_eq!(events, [said]);

    g.submit(&modify(1, Price(dec!(102)), Lane::Entry), at(20));
    let call = the_call(&mut g, at(20));
    let taken = Answer::Done { order_id: order_id("B1"), status: SeenStatus::Transit };
    assert_eq!(g.answered(call.id, taken.clone(), at(30)), []);

    g.submit(&cancel(1), at(40));
    let call = the_call(&mut g, at(40));
    let events = g.tick(at(5_040));
    assert!(matches!(events[..], [Event::CancelFailed { .. }]), "{events:?}");
    assert_eq!(g.answered(call.id, taken, at(6_000)), []);
}

#[test]
fn modifications_of_one_order_go_one_after_the_other_and_the_newest_waits_alone() {
    let mut g = gateway();
    g.submit(&modify(1, Price(dec!(102)), Lane::Exit), at(0));
    let first = the_call(&mut g, at(0));
    g.submit(&modify(1, Price(dec!(103)), Lane::Exit), at(10));
    g.submit(&modify(1, Price(dec!(104)), Lane::Exit), at(20));
    assert_eq!(names(&mut g, at(20)), [""; 0]);
    assert_eq!(g.next_wake(), Some(at(5_000)), "blocked, not busy");
    g.answered(first.id, Answer::Done { order_id: order_id("B1"), status: SeenStatus::Transit }, at(30));
    assert_eq!(names(&mut g, at(30)), ["modify B1 104"]);
}

#[test]
fn a_cancel_overtakes_the_modification_that_waits() {
    let mut g = gateway();
    g.submit(&modify(1, Price(dec!(102)), Lane::Entry), at(0));
    let events = g.submit(&cancel(1), at(0));
    assert!(matches!(events[..], [Event::ModifyFailed { .. }]), "{events:?}");
    g.submit(&cancel(1), at(0));
    assert_eq!(names(&mut g, at(0)), ["cancel B1"]);
}

#[test]
fn several_reads_of_a_book_are_one_and_carry_the_time_they_left() {
    let mut g = gateway();
    (0..3).for_each(|ms| drop(g.submit(&Effect::ReadPositions, at(ms))));
    let call = the_call(&mut g, at(5));
    let events = g.answered(call.id, Answer::Positions(Vec::new()), at(90));
    assert_eq!(events, [Event::PositionsRead { account: AccountId(1), asked_at: at(5), positions: Vec::new() }]);
}

#[test]
fn a_book_that_cannot_be_read_is_told_once() {
    let mut g = gateway();
    g.submit(&Effect::ReadFunds, at(0));
    let call = the_call(&mut g, at(0));
    let events = g.tick(at(5_000));
    assert!(matches!(events[..], [Event::ReadFailed { book: Book::Funds, .. }]), "{events:?}");
    assert_eq!(g.answered(call.id, failed(ErrorClass::AskFirst), at(5_001)), []);
    g.submit(&Effect::ReadFunds, at(6_000));
    assert_eq!(names(&mut g, at(6_000)), ["funds"]);
}

#[test]
fn the_brokers_safeguards_are_asked_one_after_the_other() {
    let exit = PnlExit { loss: crate::domain::Money(dec!(25000)), intraday: true, ..PnlExit::default() };
    let (set, lift) = (SafeguardAsk::SetExit(exit), SafeguardAsk::LiftExit);
    let mut g = gateway();
    g.submit(&Effect::Safeguard(set), at(0));
    g.submit(&Effect::Safeguard(lift), at(0));
    let call = the_call(&mut g, at(0));
    assert_eq!(call.call, Call::Safeguard(set));
    let told = SafeguardTold::Exit(Some(exit));
    assert_eq!(g.answered(call.id, Answer::Safeguard(told), at(50)), [Event::SafeguardTold { ask: set, told }]);
    let call = the_call(&mut g, at(50));
    assert_eq!(call.call, Call::Safeguard(lift));
    let events = g.answered(call.id, failed(ErrorClass::Refused), at(90));
    assert!(matches!(events[..], [Event::SafeguardFailed { ask, refused: true, .. }] if ask == lift), "{events:?}");
}

#[test]
fn of_a_safeguard_without_an_answer_a_late_change_counts_and_a_late_look_does_not() {
    for (ask, told, used) in [
        (SafeguardAsk::SetSwitch, SafeguardTold::Switch(true), true),
        (SafeguardAsk::ReadSwitch, SafeguardTold::Switch(false), false),
    ] {
        let mut g = gateway();
        g.submit(&Effect::Safeguard(ask), at(0));
        let call = the_call(&mut g, at(0));
        let events = g.tick(at(5_000));
        assert!(matches!(events[..], [Event::SafeguardFailed { refused: false, .. }]), "{events:?}");
        let late = g.answered(call.id, Answer::Safeguard(told), at(6_000));
        assert_eq!(!late.is_empty(), used, "{ask:?}");
    }
}

#[test]
fn held_entries_do_not_leave_and_exits_do() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    g.submit(&modify(2, Price(dec!(102)), Lane::Entry), at(0));
    let events = g.hold_entries(Some("halted"));
    assert!(matches!(&events[..], [Event::PlaceFailed { .. }, Event::ModifyFailed { .. }]), "{events:?}");
    let events = g.submit(&place(3, Lane::Entry), at(0));
    assert!(matches!(outcome(&events[0]), PlaceOutcome::NotSent { .. }));
    g.submit(&place(4, Lane::Exit), at(0));
    g.submit(&cancel(5), at(0));
    assert_eq!(names(&mut g, at(0)), ["place 4", "cancel B5"]);
    g.hold_entries(None);
    g.submit(&place(1, Lane::Entry), at(0));
    g.submit(&place(6, Lane::Entry), at(0));
    assert_eq!(names(&mut g, at(0)), ["place 6"]);
}

#[test]
fn an_open_circuit_stops_entries_and_nothing_else() {
    let mut g = gateway();
    let mut now = 0;
    for id in 1..=5 {
        g.submit(&place(id, Lane::Entry), at(now));
        let call = the_call(&mut g, at(now));
        g.answered(call.id, failed(ErrorClass::NotSent), at(now));
        now += 1_000;
    }
    g.submit(&place(6, Lane::Entry), at(now));
    g.submit(&place(7, Lane::Exit), at(now));
    g.submit(&cancel(8), at(now));
    g.submit(&Effect::ReadOrders, at(now));
    assert_eq!(names(&mut g, at(now)), ["place 7", "cancel B8", "orders"]);
    let opens = g.quota(at(now)).entries_paused_until.unwrap();
    assert!(g.next_wake() <= Some(opens));
    assert_eq!(names(&mut g, opens), ["place 6"]);
}

#[test]
fn an_order_already_at_the_broker_is_not_sent_again_from_the_lane() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    g.saw(&sighting(1, SeenStatus::Working), at(0));
    assert_eq!(names(&mut g, at(0)), [""; 0]);
}

/// Something that happens to a gateway in the property test.
#[derive(Clone, Debug)]
enum Happening {
    Place { id: u64, exit: bool },
    Cancel(u64),
    Modify(u64),
    Read,
    Answer { index: usize, how: u8 },
    Hold(bool),
    Pass(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0_u64..40, any::<bool>()).prop_map(|(id, exit)| Happening::Place { id, exit }),
        1 => (0_u64..40).prop_map(Happening::Cancel),
        1 => (0_u64..40).prop_map(Happening::Modify),
        1 => Just(Happening::Read),
        3 => (any::<usize>(), 0_u8..6).prop_map(|(index, how)| Happening::Answer { index, how }),
        1 => any::<bool>().prop_map(Happening::Hold),
        3 => (1_i64..700).prop_map(Happening::Pass),
        1 => (2_000_i64..30_000).prop_map(Happening::Pass),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_an_intent_leaves_once_and_the_pace_holds(
        story in prop::collection::vec(happening(), 1..250)
    ) {
        let mut g = gateway();
        let mut now = 0;
        let mut placed: BTreeSet<IntentId> = BTreeSet::new();
        let mut left: Vec<(i64, bool)> = Vec::new();
        let mut out: Vec<Outgoing> = Vec::new();
        let mut outcomes: BTreeMap<IntentId, u32> = BTreeMap::new();
        let mut ended: Vec<Event> = Vec::new();
        for next in story {
            ended.extend(match next {
                Happening::Place { id, exit } => {
                    let lane = if exit { Lane::Exit } else { Lane::Entry };
                    let intent = Intent { expires: at(now + 20_000), ..intent(id) };
                    g.submit(&Effect::Place { intent, lane }, at(now))
                }
                Happening::Cancel(id) => g.submit(&cancel(id), at(now)),
                Happening::Modify(id) => g.submit(&modify(id, Price(dec!(100)), Lane::Exit), at(now)),
                Happening::Read => g.submit(&Effect::ReadOrders, at(now)),
                Happening::Hold(yes) => g.hold_entries(yes.then_some("halted")),
                Happening::Pass(ms) => {
                    now += ms;
                    g.tick(at(now))
                }
                Happening::Answer { .. } if out.is_empty() => Vec::new(),
                Happening::Answer { index, how } => {
                    let o = out[index % out.len()].clone();
                    let answer = match (how, &o.call) {
                        (0, _) => failed(ErrorClass::AskFirst),
                        (1, _) => failed(ErrorClass::TryLater),
                        (2, _) => failed(ErrorClass::Refused),
                        (_, Call::Place(i)) => {
                            Answer::Placed { order_id: order_id(&format!("B{}", i.id)), status: SeenStatus::Working }
                        }
                        (_, Call::Modify { order_id, .. } | Call::Cancel { order_id }) => {
                            Answer::Done { order_id: order_id.clone(), status: SeenStatus::Transit }
                        }
                        (_, Call::FindByCorrelation(_)) => Answer::Found(None),
                        (_, Call::Orders) => Answer::Orders(Vec::new()),
                        (_, _) => Answer::Trades(Vec::new()),
                    };
                    g.answered(o.id, answer, at(now))
                }
            });
            for o in calls(&mut g, at(now)) {
                let kept = match &o.call {
                    Call::Place(i) => {
                        prop_assert!(placed.insert(i.id), "intent {} left twice", i.id);
                        i.id.0 % 2 == 0
                    }
                    Call::Modify { .. } | Call::Cancel { .. } => true,
                    _ => { out.push(o); continue; }
                };
                left.push((now, kept));
                out.push(o);
            }
            let wake = g.next_wake();
            prop_assert!(wake.is_none_or(|w| w > at(now)) || !g.tick(at(now)).is_empty(), "busy without anything to do");
        }
        for event in ended {
            if let Event::PlaceFailed { intent, outcome } = event
                && !matches!(outcome, PlaceOutcome::Unknown { .. })
            {
                *outcomes.entry(intent).or_default() += 1;
            }
        }
        prop_assert!(outcomes.values().all(|n| *n <= 1), "an intent ended twice: {outcomes:?}");
        for (t, _) in &left {
            prop_assert!(left.iter().filter(|(u, _)| *u > t - 1_000 && u <= t).count() <= 8);
        }
    }
}

#[test]
fn a_refused_token_is_said_once_and_so_is_one_that_is_taken_again() {
    let mut g = gateway();
    let ask = |g: &mut Gateway, ms: i64| {
        g.submit(&Effect::ReadFunds, at(ms));
        the_call(g, at(ms)).id
    };
    let funds = || Answer::Funds(crate::domain::Funds::default());
    let early = ask(&mut g, 0);
    let told = |events: &[Event]| events.iter().map(|e| format!("{e:?}")).collect::<Vec<_>>().join(" ");
    g.submit(&place(1, Lane::Entry), at(10));
    let order = the_call(&mut g, at(10)).id;
    assert!(told(&g.answered(order, failed(ErrorClass::LogIn), at(20))).starts_with("LoggedOut"));
    assert!(!told(&g.answered(early, funds(), at(30))).contains("LoggedIn"), "it left while the token was good");
    let again = ask(&mut g, 1_000);
    assert!(!told(&g.answered(again, failed(ErrorClass::LogIn), at(1_010))).contains("LoggedOut"), "said already");
    let busy = ask(&mut g, 10_000);
    assert!(!told(&g.answered(busy, failed(ErrorClass::TryLater), at(10_010))).contains("LoggedIn"));
    let good = ask(&mut g, 20_000);
    assert!(told(&g.answered(good, funds(), at(20_010))).starts_with("LoggedIn"));
    let next = ask(&mut g, 30_000);
    assert!(!told(&g.answered(next, funds(), at(30_010))).contains("LoggedIn"));
}

#[test]
fn the_meter_counts_what_others_do_and_not_our_own_orders_twice() {
    let mut g = gateway();
    g.submit(&place(1, Lane::Entry), at(0));
    the_call(&mut g, at(0));
    g.saw(&sighting(1, SeenStatus::Working), at(10));
    let quota = g.quota(at(20));
    assert_eq!((quota.used_last_second, quota.elsewhere_last_second), (1, 0));
    for n in 0..3 {
        let foreign = OrderSighting {
            correlation: None,
            order_id: order_id(&format!("F{n}")),
            ..sighting(1, SeenStatus::Working)
        };
        g.saw(&foreign, at(100));
        g.saw(&foreign, at(110));
    }
    let quota = g.quota(at(120));
    assert_eq!((quota.used_last_second, quota.elsewhere_last_second, quota.by_second), (1, 3, [0, 0, 4]));
    assert_eq!(g.quota(at(1_100)).elsewhere_last_second, 0);
}
