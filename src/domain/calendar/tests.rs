use jiff::civil::date;

use super::*;
use crate::domain::Symbol;

fn at(y: i16, m: i8, d: i8, hour: i8, minute: i8) -> Timestamp {
    from_ist(date(y, m, d).at(hour, minute, 0, 0))
}

fn hours(session: Option<Session>) -> Option<(Time, Time)> {
    session.map(|s| (ist(s.open).time(), ist(s.close).time()))
}

fn built_in() -> TradingCalendar {
    let holidays = include_str!("../../../assets/market/holidays.csv");
    TradingCalendar::from_text(holidays, include_str!("../../../assets/market/sessions.yaml")).unwrap()
}

const NINE_FIFTEEN: Time = Time::constant(9, 15, 0, 0);

#[test]
fn the_compiled_in_tables_are_the_ones_in_use() {
    assert_eq!(*TradingCalendar::builtin(), built_in());
    assert_ne!(*TradingCalendar::builtin(), TradingCalendar::weekdays_only());
}

#[test]
fn weekends_and_holidays_are_not_trading_days() {
    let calendar = built_in();
    for exchange in [Exchange::Nse, Exchange::Bse, Exchange::Mcx] {
        assert!(calendar.is_trading_day(exchange, date(2026, 11, 20)));
        assert!(!calendar.is_trading_day(exchange, date(2026, 11, 21)));
        assert!(!calendar.is_trading_day(exchange, date(2026, 11, 24)));
        assert_eq!(calendar.next_trading_day(exchange, date(2026, 11, 23)), date(2026, 11, 25));
        assert_eq!(calendar.previous_trading_day(exchange, date(2026, 11, 25)), date(2026, 11, 23));
        assert_eq!(calendar.trading_day_on_or_before(exchange, date(2026, 11, 24)), date(2026, 11, 23));
        assert_eq!(calendar.trading_day_on_or_before(exchange, date(2026, 11, 23)), date(2026, 11, 23));
    }
    assert_eq!(calendar.day_name(Exchange::Bse, date(2026, 12, 25)), Some("Christmas"));
}

#[test]
fn derivatives_close_ten_minutes_later_since_august_2026() {
    let calendar = built_in();
    let close = |d| hours(calendar.session(Segment::NseDerivatives, d)).unwrap().1;
    assert_eq!(close(date(2026, 7, 31)), Time::constant(15, 30, 0, 0));
    assert_eq!(close(date(2026, 8, 3)), Time::constant(15, 40, 0, 0));
    let cash = hours(calendar.session(Segment::NseEquity, date(2026, 8, 3)));
    assert_eq!(cash, Some((NINE_FIFTEEN, Time::constant(15, 30, 0, 0))));
    assert!(calendar.is_open(Segment::BseDerivatives, at(2026, 11, 20, 15, 39)));
    assert!(!calendar.is_open(Segment::BseDerivatives, at(2026, 11, 20, 15, 40)));
    assert!(!calendar.is_open(Segment::Index, at(2026, 11, 20, 15, 30)));
}

#[test]
fn the_index_is_not_continuous_during_the_closing_auction() {
    let calendar = built_in();
    let auction = calendar.closing_auction(Exchange::Nse, date(2026, 11, 20)).unwrap();
    assert_eq!((auction.open, auction.close), (at(2026, 11, 20, 15, 15), at(2026, 11, 20, 15, 35)));
    assert_eq!(calendar.closing_auction(Exchange::Nse, date(2026, 7, 31)), None);
    assert_eq!(calendar.closing_auction(Exchange::Nse, date(2026, 11, 24)), None);
}

#[test]
fn a_budget_sunday_is_a_full_trading_day() {
    let calendar = built_in();
    let budget = date(2026, 2, 1);
    assert!(calendar.is_trading_day(Exchange::Nse, budget));
    let session = calendar.session(Segment::NseDerivatives, budget).unwrap();
    assert_eq!(session.kind, SessionKind::Special);
    assert_eq!(hours(Some(session)), Some((NINE_FIFTEEN, Time::constant(15, 30, 0, 0))));
    assert_eq!(calendar.next_trading_day(Exchange::Bse, date(2026, 1, 30)), budget);
}

#[test]
fn a_muhurat_hour_is_a_session_but_not_a_trading_day() {
    let calendar = built_in();
    let diwali = date(2025, 10, 21);
    assert!(!calendar.is_trading_day(Exchange::Nse, diwali));
    let session = calendar.session(Segment::NseDerivatives, diwali).unwrap();
    assert_eq!(session.kind, SessionKind::Muhurat);
    assert_eq!((session.open, session.close), (at(2025, 10, 21, 13, 45), at(2025, 10, 21, 14, 45)));
    assert!(calendar.is_open(Segment::NseEquity, at(2025, 10, 21, 14, 0)));
}

#[test]
fn a_muhurat_session_whose_hours_nobody_published_is_closed_until_they_are() {
    let sunday = date(2026, 11, 8);
    assert_eq!(built_in().session(Segment::NseDerivatives, sunday), None);
    let sessions = include_str!("../../../assets/market/sessions.yaml");
    let known = sessions.replace("continuous: null", "continuous: \"18:00-19:00\"");
    let calendar = TradingCalendar::from_text(include_str!("../../../assets/market/holidays.csv"), &known).unwrap();
    assert_eq!(calendar.session(Segment::NseDerivatives, sunday).unwrap().open, at(2026, 11, 8, 18, 0));
}

#[test]
fn the_next_opening_skips_nights_weekends_and_holidays() {
    let calendar = built_in();
    let next = |now| calendar.next_open(Segment::NseDerivatives, now);
    assert_eq!(next(at(2026, 11, 20, 8, 0)), Some(at(2026, 11, 20, 9, 15)));
    assert_eq!(next(at(2026, 11, 20, 9, 15)), Some(at(2026, 11, 23, 9, 15)));
    assert_eq!(next(at(2026, 11, 23, 16, 0)), Some(at(2026, 11, 25, 9, 15)));
    let running = calendar.current_or_next(Segment::NseDerivatives, at(2026, 11, 20, 12, 0)).unwrap();
    assert_eq!(running.open, at(2026, 11, 20, 9, 15));
    let coming = calendar.current_or_next(Segment::NseDerivatives, at(2026, 11, 20, 15, 40)).unwrap();
    assert_eq!(coming.open, at(2026, 11, 23, 9, 15));
}

#[test]
fn an_index_keeps_the_hours_of_its_exchange() {
    let holidays = "date,exchange,segment,kind,name\n2026-11-20,BSE,EQ+FO,trading_holiday,a BSE day\n";
    let calendar = TradingCalendar::from_text(holidays, include_str!("../../../assets/market/sessions.yaml")).unwrap();
    let day = date(2026, 11, 20);
    let sensex = Contract::index(Exchange::Bse, Symbol::new("SENSEX").unwrap());
    assert_eq!(calendar.session_of(&sensex, day), None);
    assert!(calendar.session(Segment::Index, day).is_some());
    assert!(calendar.is_trading_day(Exchange::Nse, day) && !calendar.is_trading_day(Exchange::Bse, day));
}

#[test]
fn holidays_nobody_announced_make_the_year_tentative() {
    let calendar = built_in();
    assert!(!calendar.is_tentative(date(2026, 12, 31)));
    assert!(calendar.is_tentative(date(2027, 1, 4)));
    assert!(!calendar.is_trading_day(Exchange::Nse, date(2027, 1, 26)));
}

#[test]
fn a_broken_table_is_refused_with_its_line() {
    let sessions = include_str!("../../../assets/market/sessions.yaml");
    let error = |csv: &str| TradingCalendar::from_text(csv, sessions).unwrap_err().to_string();
    let header = "date,exchange,segment,kind,name\n";
    let kind = error(&format!("{header}2026-01-26,NSE,FO,trading_holiday,ok\n2026-01-27,NSE,FO,holyday,x\n"));
    assert!(kind.starts_with("holidays.csv line 3: ") && kind.contains("holyday"), "{kind}");
    let day = error(&format!("{header}2026-02-30,NSE,FO,trading_holiday,x\n"));
    assert!(day.starts_with("holidays.csv line 2: "), "{day}");
    let exchange = error(&format!("{header}2026-02-20,NYSE,FO,trading_holiday,x\n"));
    assert_eq!(exchange, "holidays.csv line 2: `NYSE` is not an exchange; write NSE, BSE, MCX or NSE+BSE");
    let ragged = error(&format!("{header}2026-02-20,NSE\n"));
    assert!(ragged.starts_with("holidays.csv line 2: "), "{ragged}");

    let error = |yaml: &str| TradingCalendar::from_text(header, yaml).unwrap_err();
    let hours = error(&sessions.replace("09:15-15:40", "09:15 to 15:40"));
    let line = sessions.lines().position(|l| l.contains("09:15-15:40")).unwrap() as u64 + 1;
    assert_eq!((hours.table, hours.line), ("sessions.yaml", Some(line)));
    assert!(hours.detail.contains("`09:15 to 15:40` is not a range of times"), "{hours}");
    let empty = error("equity_cash: []\nequity_derivatives: []\n");
    assert!(empty.to_string().contains("`equity_cash` has no row"), "{empty}");
}
