//! A token that is not taken any more, and orders that come back in another form than they were sent in.

use super::desk::*;
use super::entry::executing;
use super::exit::holding;
use crate::domain::*;
use crate::engine::command::{Command, Reply};
use crate::engine::effect::Effect;
use crate::engine::event::{Book, Event, PlaceOutcome};

fn alerts(desk: &Desk) -> Vec<String> {
    let text = |e: &Effect| match e {
        Effect::Alert { text, .. } => Some(text.clone()),
        _ => None,
    };
    desk.effects.iter().filter_map(text).collect()
}

fn logged_out() -> Event {
    Event::LoggedOut { reason: "Client ID or user generated access token is invalid or expired. (DH-901)".into() }
}

#[test]
fn a_refused_token_halts_entries_and_is_said_once_with_what_to_do() {
    let mut desk = Desk::open();
    executing(&mut desk, &[(Side::Buy, 26_000, 1)]);
    let entry = desk.last_placed();
    desk.effects.clear();
    desk.tell(logged_out());
    let reason = "Invalid Token (DH-906)".to_string();
    desk.tell(Event::PlaceFailed { intent: entry.id, outcome: PlaceOutcome::Blocked { reason } });
    for book in [Book::Orders, Book::Positions, Book::Orders] {
        desk.tell(Event::ReadFailed { book, reason: "DH-901".into() });
    }
    desk.tell(logged_out());
    assert!(desk.state().halt.as_ref().is_some_and(|h| h.reason.contains("access token") && !h.locked));
    let told = alerts(&desk);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("DH-901") && told[0].contains("strikedeck setup"), "{told:?}");
    desk.assert_folds();
}

#[test]
fn entries_are_armed_again_when_the_broker_takes_a_token_and_not_before() {
    let mut desk = Desk::open();
    holding(&mut desk);
    desk.tell(logged_out());
    let arm = || Command::Arm { word: "ARM".into() };
    let Reply::Refused { reason } = desk.ask(arm()) else { panic!("armed without a token") };
    assert!(reason.contains("strikedeck setup"), "{reason}");
    desk.effects.clear();
    desk.pass(60_000);
    desk.tell(Event::LoggedIn);
    assert!(desk.effects.contains(&Effect::ReadPositions) && desk.effects.contains(&Effect::ReadOrders));
    assert!(desk.state().halt.is_some(), "only the trader arms");
    assert!(matches!(desk.ask(arm()), Reply::Done { .. }));
    desk.tell(Event::LoggedIn);
    assert!(desk.state().halt.is_none());
    desk.assert_folds();
}

#[test]
fn a_market_order_is_followed_as_the_limit_order_the_broker_made_of_it() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    // Without a quote the exit goes at the market.
    desk.pass(60_000);
    desk.ask(Command::CloseStrategy { id });
    desk.read_books();
    desk.pass(5_000);
    desk.read_books();
    let exit = desk.last_placed();
    assert_eq!(exit.spec.kind, OrderKind::Market, "{exit:?}");
    let protected = OrderKind::Limit { price: Price(rust_decimal_macros::dec!(110.5)) };
    let seen = |status, filled: u32| OrderSighting {
        correlation: Some(exit.correlation.clone()),
        order_id: BrokerOrderId(format!("B{}", exit.id.0)),
        spec: OrderSpec { kind: protected, ..exit.spec },
        filled: Quantity(filled),
        average: None,
        status,
        reason: None,
        updated: None,
    };
    let account = AccountId(1);
    desk.tell(Event::OrderSeen { account, sighting: seen(SeenStatus::Transit, 0) });
    desk.tell(Event::OrderSeen { account, sighting: seen(SeenStatus::Working, 0) });
    let order = desk.order(&exit);
    assert_eq!((order.kind, order.intent.spec.kind), (protected, OrderKind::Market));
    assert!(desk.state().foreign_orders.is_empty(), "it is ours");
    let records = desk.journal.len();
    desk.tell(Event::OrderSeen { account, sighting: seen(SeenStatus::Working, 0) });
    assert_eq!(desk.journal.len(), records, "no news");
    desk.tell(Event::OrderSeen { account, sighting: seen(SeenStatus::Filled, 65) });
    assert_eq!(desk.order(&exit).filled, Quantity(65));
    assert_eq!(
        desk.order(&exit).value,
        Price(rust_decimal_macros::dec!(110.5)).times(Quantity(65)),
        "until it is told"
    );
    desk.assert_folds();
}
