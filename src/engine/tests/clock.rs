//! Clocks that jump, days that begin, contracts that end.

use jiff::civil::date;

use super::desk::*;
use super::exit::holding;
use crate::domain::Exchange;
use crate::domain::calendar::TradingCalendar;
use crate::domain::time::{after_ms, from_ist};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::record::Record;

fn days_begun(desk: &Desk) -> usize {
    desk.journal.iter().filter(|(_, r)| matches!(r, Record::DayStarted { .. })).count()
}

fn alerts(desk: &Desk) -> Vec<String> {
    let alert = |e: &Effect| match e {
        Effect::Alert { text, .. } => Some(text.clone()),
        _ => None,
    };
    desk.effects.iter().filter_map(alert).collect()
}

#[test]
fn midnight_changes_nothing_and_at_half_past_eight_the_counters_are_zero_again() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    let sent = desk.placed().len();
    for (day, hour, minute) in [(20, 23, 59), (21, 0, 0), (21, 8, 29)] {
        desk.now = from_ist(date(2026, 11, day).at(hour, minute, 59, 0));
        desk.tell(Event::Wake);
        assert_eq!(
            (days_begun(&desk), desk.state().day.trades, desk.state().day.date),
            (1, 1, Some(date(2026, 11, 20)))
        );
    }
    desk.pass(1_000);
    assert_eq!((days_begun(&desk), desk.state().day.trades, desk.state().day.date), (2, 0, Some(date(2026, 11, 21))));
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (65, -65), "what is held stays held");
    assert_eq!(desk.placed().len(), sent);
    desk.assert_folds();
}

#[test]
fn a_clock_that_jumps_back_an_hour_begins_no_day_twice_and_repeats_nothing() {
    let mut desk = Desk::open();
    holding(&mut desk);
    desk.now = from_ist(date(2026, 11, 21).at(8, 30, 5, 0));
    desk.tell(Event::Wake);
    let (sent, records) = (desk.placed().len(), desk.journal.len());
    desk.now = after_ms(desk.now, -3_600_000);
    for _ in 0..80 {
        desk.pass(60_000);
    }
    assert_eq!((days_begun(&desk), desk.placed().len()), (2, sent));
    let repeated = desk.journal[records..].iter().filter(|(_, r)| !matches!(r, Record::Marks { .. })).count();
    assert_eq!(repeated, 0, "{:?}", &desk.journal[records..]);
}

#[test]
fn an_expired_contract_is_taken_off_the_books_when_the_broker_has_it_no_more_and_said_once() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    let sent = desk.placed().len();
    // The morning of its last day: new books at the broker, the positions carried.
    desk.now = from_ist(expiry().at(9, 15, 0, 0));
    desk.quote(&[26_000, 26_100]);
    desk.read_books();
    let close = TradingCalendar::builtin().close_of_expiry(Exchange::Nse, expiry());
    desk.now = after_ms(close, -1_000);
    desk.quote(&[26_000, 26_100]);
    desk.read_books();
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (65, -65), "until the close it trades");
    desk.now = after_ms(close, 1_000);
    desk.read_books();
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (65, -65), "the broker has it still");
    desk.effects.clear();
    desk.book.clear();
    desk.pass(60_000);
    desk.read_books();
    desk.read_books();
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (0, 0));
    let told: Vec<String> = alerts(&desk).into_iter().filter(|a| a.contains("has expired")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("settled") && told[0].contains("last price, 100.25"), "{told:?}");
    assert_eq!(desk.placed().len(), 0, "nothing is sent for it; {sent} orders before");
    desk.assert_folds();
}
