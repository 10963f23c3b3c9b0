//! Charts show what was quoted, and before the exchange began what could have been.

use jiff::civil::Date;

use super::*;
use crate::domain::time::{ist, ms_between};

fn nifty() -> Contract {
    Contract::index(Place::Nse, Symbol::new("NIFTY").unwrap())
}

fn midnight(day: Date) -> Timestamp {
    from_ist(day.at(0, 0, 0, 0))
}

/// Walks along and notes the index at every price step, minute by minute: open, high, low, close.
fn watched(desk: &mut Desk, minutes: usize) -> Vec<[Price; 4]> {
    let mut seen: Vec<[Price; 4]> = Vec::new();
    for _ in 0..minutes {
        for n in 0..240 {
            let last = desk.exchange.quote(&nifty()).unwrap().last;
            match seen.last_mut() {
                Some(bar) if n > 0 => *bar = [bar[0], bar[1].max(last), bar[2].min(last), last],
                _ => seen.push([last; 4]),
            }
            desk.wait(250);
        }
    }
    seen
}

#[test]
fn the_minutes_of_today_are_what_was_quoted() {
    let mut desk = Desk::new(7);
    let seen = watched(&mut desk, 12);
    let bars = desk.exchange.charts(&nifty()).unwrap().intraday(1, start(), desk.now);
    assert_eq!(bars.len(), 13, "and the minute that has just begun");
    for (n, (bar, seen)) in bars.iter().zip(&seen).enumerate() {
        assert_eq!(ms_between(start(), bar.start), 60_000 * n as i64);
        assert_eq!((bar.open, bar.close), (seen[0], seen[3]), "minute {n}");
        // The bar may reach a little further: the day's range does too.
        assert!(bar.high >= seen[1] && bar.low <= seen[2], "minute {n}: {bar:?} {seen:?}");
    }
    let view = desk.exchange.market_view(&nifty()).unwrap();
    assert_eq!(bars[0].open, view.open);
    assert_eq!(bars.iter().map(|b| b.high).max(), Some(view.high), "bars and the day's range agree");
    assert_eq!(bars.iter().map(|b| b.low).min(), Some(view.low));
    assert_eq!(bars.last().unwrap().close, view.quote.last);
}

#[test]
fn a_chart_does_not_depend_on_how_often_the_market_was_looked_at() {
    let mut often = Desk::new(7);
    let mut once = Desk::new(7);
    watched(&mut often, 5);
    once.wait(5 * 60_000);
    let chart =
        |desk: &Desk, contract: &Contract| desk.exchange.charts(contract).unwrap().intraday(5, start(), desk.now);
    for contract in [nifty(), future(), option(25_950, "CE")] {
        assert_eq!(chart(&often, &contract), chart(&once, &contract), "{contract}");
    }
}

#[test]
fn an_options_bars_hold_its_prices_and_our_own_trades() {
    let mut desk = Desk::new(7);
    let call = option(25_950, "CE");
    desk.wait(90_000);
    let before = desk.exchange.quote(&call).unwrap().last;
    let bought = desk.trade(call, Side::Buy, 65);
    let charts = desk.exchange.charts(&call).unwrap();
    let bars = charts.intraday(1, start(), desk.now);
    let near = |a: Price, b: Price| (a - b).abs() <= price("0.5");
    assert!(near(bars[1].close, desk.exchange.quote(&call).unwrap().last) || bars.len() > 2);
    assert!(bars.iter().any(|b| b.low <= before && before <= b.high));
    let paid = bought.average.unwrap();
    let minute = bars.iter().rev().find(|b| b.start <= desk.now).unwrap();
    assert!(minute.low <= paid && paid <= minute.high, "{minute:?} paid {paid:?}");
    assert!(minute.volume >= 65 && minute.open_interest > 0);
}

#[test]
fn longer_bars_are_the_minutes_joined_and_counted_from_the_open() {
    let mut desk = Desk::new(3);
    desk.wait(70 * 60_000);
    let charts = desk.exchange.charts(&nifty()).unwrap();
    let (minutes, quarter) = (charts.intraday(1, start(), desk.now), charts.intraday(25, start(), desk.now));
    let starts: Vec<String> = quarter.iter().map(|b| ist(b.start).strftime("%H:%M").to_string()).collect();
    assert_eq!(starts, ["09:40", "10:05", "10:30", "10:55"]);
    assert_eq!(quarter[1].open, minutes[5].open);
    assert_eq!(quarter[1].high, minutes[5..30].iter().map(|b| b.high).max().unwrap());
    assert_eq!(quarter[1].volume, minutes[5..30].iter().map(|b| b.volume).sum::<u64>());
}

#[test]
fn days_before_the_exchange_began_lead_up_to_its_first_price() {
    let desk = Desk::new(7);
    let charts = desk.exchange.charts(&nifty()).unwrap();
    let days = charts.daily(date(2026, 10, 1), date(2026, 11, 20));
    let dates: Vec<Date> = days.iter().map(|b| ist(b.start).date()).collect();
    assert!(dates.contains(&date(2026, 11, 19)) && !dates.contains(&date(2026, 11, 20)), "today is not over");
    assert!(!dates.contains(&date(2026, 11, 14)) && !dates.contains(&date(2026, 11, 10)), "weekend, holiday");
    let view = desk.exchange.market_view(&nifty()).unwrap();
    assert_eq!(days.last().unwrap().close, view.previous_close);
    assert_eq!(charts.daily(date(2026, 11, 15), date(2026, 11, 16)), [], "a Sunday has no bar");
    for day in &days {
        let date = ist(day.start).date();
        let minutes = charts.intraday(1, midnight(date), midnight(date.tomorrow().unwrap()));
        assert_eq!((minutes[0].open, minutes.last().unwrap().close), (day.open, day.close), "{date}");
        assert_eq!(minutes.iter().map(|b| b.high).max(), Some(day.high));
        assert_eq!(ist(minutes[0].start).strftime("%H:%M").to_string(), "09:15");
    }
    let option = desk.exchange.charts(&option(25_950, "CE")).unwrap();
    assert!(!option.daily(date(2026, 11, 2), date(2026, 11, 6)).is_empty());
    assert_eq!(option.daily(date(2026, 1, 1), date(2026, 2, 1)), [], "it was not listed then");
}

#[test]
fn a_day_that_is_over_keeps_its_bars_and_the_next_begins_behind_it() {
    let mut desk = Desk::new(7);
    desk.wait(30 * 60_000);
    let charts = |desk: &Desk| desk.exchange.charts(&nifty()).unwrap();
    let first = charts(&desk).intraday(1, start(), after_ms(start(), 20 * 60_000));
    let (yesterday, today) = (date(2026, 11, 20), date(2026, 11, 21));
    desk.wait(24 * 3_600_000);
    let again = charts(&desk).intraday(1, start(), after_ms(start(), 20 * 60_000));
    let prices = |bars: &[Bar]| bars.iter().map(|b| (b.start, b.open, b.high, b.low, b.close)).collect::<Vec<_>>();
    assert_eq!((prices(&first[..20]), again.len()), (prices(&again), 20));
    let days = charts(&desk).daily(yesterday, today);
    assert_eq!(days.len(), 1);
    assert_eq!(days[0].close, desk.exchange.market_view(&nifty()).unwrap().previous_close);
    // And over a restart.
    let books = desk.exchange.save();
    let restored = Exchange::restore(&books, ClockMode::AlwaysOpen).unwrap();
    let after = restored.charts(&nifty()).unwrap().intraday(1, start(), after_ms(start(), 20 * 60_000));
    assert_eq!(after, again);
}

#[test]
fn while_the_exchange_was_away_there_are_no_bars() {
    let mut desk = Desk::new(7);
    desk.wait(5 * 60_000);
    desk.now = after_ms(desk.now, 30 * 60_000);
    desk.exchange.resume(desk.now);
    let resumed = desk.now;
    desk.wait(5 * 60_000);
    let bars = desk.exchange.charts(&nifty()).unwrap().intraday(1, start(), desk.now);
    let away = after_ms(start(), 6 * 60_000)..resumed;
    assert!(bars.iter().all(|b| !away.contains(&b.start)), "{bars:?}");
    assert_eq!(bars.iter().filter(|b| b.start >= resumed).count(), 6);
    let (before, after) = bars.split_at(bars.iter().position(|b| b.start >= resumed).unwrap());
    let gap = (before.last().unwrap().close - after[0].open).abs();
    assert!(gap < price("10"), "the market stood still: {gap:?}");
}

#[test]
fn rolling_options_stay_at_their_distance_from_the_money() {
    let desk = Desk::new(7);
    let charts = desk.exchange.charts(&nifty()).unwrap();
    let rolled = |steps, right| {
        let option = RollingOption { monthly: false, expiry: 1, steps, right };
        charts.rolling(option, 15, date(2026, 11, 2), date(2026, 11, 7))
    };
    let call = crate::domain::OptionRight::Call;
    let (at, above) = (rolled(0, call), rolled(2, call));
    assert_eq!(at.len(), 5 * 26, "five sessions of 385 minutes");
    for (at, above) in at.iter().zip(&above) {
        assert!((at.strike - at.spot).abs() <= price("200"), "{at:?}");
        assert_eq!(above.strike - at.strike, price("100"));
        assert!(above.bar.close < at.bar.close, "further out is cheaper");
        assert!(at.bar.low <= at.bar.open && at.bar.high >= at.bar.close);
        assert!(at.volatility > 0.05);
    }
    // It rolls: near an expiry little is left of it, the day after there is a week's worth again.
    let last = |day: Date| at.iter().rev().find(|b| ist(b.bar.start).date() == day).unwrap().bar.close;
    assert!(last(date(2026, 11, 3)) < last(date(2026, 11, 4)), "the expiry of Tuesday the 3rd");
    assert_eq!(
        charts.rolling(
            RollingOption { monthly: true, expiry: 1, steps: 0, right: call },
            15,
            date(2026, 11, 7),
            date(2026, 11, 9)
        ),
        [],
        "a weekend"
    );
}
