//! Figures that were worked out by hand.

use jiff::civil::date;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::time::{after_ms, from_ist};
use crate::domain::{Price, Quantity, Side};

fn minute(n: i64) -> Timestamp {
    after_ms(from_ist(date(2026, 11, 20).at(9, 15, 0, 0)), n * 60_000)
}

/// A contract of a strategy, in and out at minutes after the open; open without an end.
fn trade(id: u64, strategy: u64, times: (i64, Option<i64>), net: Option<Decimal>) -> TradeRecord {
    TradeRecord {
        id,
        day: date(2026, 11, 20),
        strategy: Some(StrategyId(strategy)),
        kind: "Iron Condor".into(),
        symbol: "NIFTY".into(),
        contract: format!("c{id}"),
        side: Side::Sell,
        quantity: Quantity(65),
        entered_at: minute(times.0),
        entry: Some(Price(dec!(50))),
        exited_at: times.1.map(minute),
        exit: None,
        net: net.map(Money),
        gross: net.map(Money),
        charges: None,
        is_estimate: false,
        exit_reason: Some(format!("exit of {id}")),
    }
}

fn results(nets: &[i64]) -> Vec<Outcome> {
    let at = |n: u64| i64::try_from(n * 10).unwrap();
    let trades: Vec<TradeRecord> =
        (1..).zip(nets).map(|(n, net)| trade(n, n, (at(n), Some(at(n) + 5)), Some((*net).into()))).collect();
    outcomes(&trades)
}

#[test]
fn the_legs_of_a_strategy_are_one_result() {
    let legs = [
        trade(1, 7, (0, Some(30)), Some(dec!(100))),
        trade(2, 7, (1, Some(31)), Some(dec!(-40))),
        trade(3, 7, (1, Some(29)), Some(dec!(15.50))),
    ];
    let all = outcomes(&legs);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].legs, all[0].net, all[0].closed_at), (3, Some(Money(dec!(75.50))), Some(minute(31))));
    assert_eq!(all[0].exit_reason.as_deref(), Some("exit of 2"), "of what was left last");
}

#[test]
fn a_strategy_entered_again_after_it_was_flat_is_another_result() {
    let twice = [trade(1, 7, (0, Some(30)), Some(dec!(100))), trade(2, 7, (40, Some(50)), Some(dec!(-60)))];
    assert_eq!(
        outcomes(&twice).iter().map(|o| o.net).collect::<Vec<_>>(),
        [Some(Money(dec!(100))), Some(Money(dec!(-60)))]
    );
}

#[test]
fn what_is_open_or_not_known_is_in_no_figure() {
    let trades = [
        trade(1, 1, (0, Some(10)), Some(dec!(500))),
        trade(2, 2, (0, Some(10)), None),
        trade(3, 3, (0, None), None),
        // One leg is over, the other is not: no result yet.
        trade(4, 4, (0, Some(5)), Some(dec!(-900))),
        trade(5, 4, (0, None), None),
    ];
    let all = outcomes(&trades);
    assert_eq!(all.iter().filter(|o| o.closed_at.is_none()).count(), 2);
    let figures = Performance::of(&all);
    assert_eq!((figures.count, figures.unknown, figures.net), (1, 1, Money(dec!(500))));
}

#[test]
fn the_figures_of_five_trades() {
    // +1000, −400, −300, +500, −200: the sum goes 1000, 600, 300, 800, 600.
    let p = Performance::of(&results(&[1000, -400, -300, 500, -200]));
    assert_eq!((p.count, p.won, p.lost, p.net), (5, 2, 3, Money(dec!(600))));
    assert_eq!(p.win_rate, Some(dec!(0.4)));
    assert_eq!((p.average_win, p.average_loss), (Some(Money(dec!(750))), Some(Money(dec!(-300)))));
    assert_eq!((p.largest_win, p.largest_loss), (Some(Money(dec!(1000))), Some(Money(dec!(-400)))));
    assert_eq!(p.profit_factor.map(|f| f.round_dp(4)), Some(dec!(1.6667)), "1500 ÷ 900");
    assert_eq!(p.expectancy, Some(Money(dec!(120))));
    assert_eq!(p.drawdown, Money(dec!(700)), "from 1000 down to 300");
}

#[test]
fn a_loss_at_the_start_is_a_drawdown_from_zero() {
    assert_eq!(Performance::of(&results(&[-250, 100])).drawdown, Money(dec!(250)));
}

#[test]
fn without_trades_nothing_is_claimed() {
    let p = Performance::of(&[]);
    assert_eq!((p.win_rate, p.profit_factor, p.expectancy, p.largest_loss), (None, None, None, None));
    let won_only = Performance::of(&results(&[100, 200]));
    assert_eq!((won_only.profit_factor, won_only.average_loss, won_only.win_rate), (None, None, Some(Decimal::ONE)));
    let even = Performance::of(&results(&[0]));
    assert_eq!((even.won, even.lost, even.win_rate), (0, 0, Some(Decimal::ZERO)), "even is not won");
}

#[test]
fn few_days_give_no_sharpe_and_twenty_give_the_known_one() {
    // Ten days of +300 and ten of −100: mean 100, squares 20 × 200², sample variance 800000/19.
    let days: Vec<Money> = (0..20).map(|n| Money(if n % 2 == 0 { dec!(300) } else { dec!(-100) })).collect();
    assert_eq!(sharpe(&days[..19]), None);
    // 100 ÷ 205.1957 × √252 = 7.7363.
    assert_eq!(sharpe(&days).map(|s| s.round_dp(4)), Some(dec!(7.7363)));
    assert_eq!(sharpe(&[Money(dec!(5)); 30]), None, "days that are all alike have no deviation");
}

#[test]
fn the_root_is_exact_enough() {
    for (number, expected) in
        [(dec!(252), dec!(15.8745078664)), (dec!(0.0004), dec!(0.02)), (dec!(2), dec!(1.4142135624))]
    {
        assert_eq!(root(number).map(|r| r.round_dp(10).normalize()), Some(expected));
    }
    assert_eq!((root(Decimal::ZERO), root(dec!(-1))), (Some(Decimal::ZERO), None));
}

#[test]
fn a_week_begins_on_monday_and_a_month_on_its_first() {
    let friday = date(2026, 11, 20);
    assert_eq!(Span::Week.around(friday), (date(2026, 11, 16), date(2026, 11, 22)));
    assert_eq!(Span::Month.around(friday), (date(2026, 11, 1), date(2026, 11, 30)));
    assert_eq!(Span::Week.step(friday, -1), date(2026, 11, 15));
    assert_eq!(Span::Month.step(friday, 1), date(2026, 12, 1));
    assert_eq!(Span::All.step(friday, -1), friday);
}

#[test]
fn kinds_stand_with_the_best_first() {
    let mut trades = vec![trade(1, 1, (0, Some(1)), Some(dec!(100))), trade(2, 2, (2, Some(3)), Some(dec!(-50)))];
    trades.push(TradeRecord { kind: "SCALP_ATM".into(), ..trade(3, 3, (4, Some(5)), Some(dec!(70))) });
    let history = TradingHistory::new(&trades, Vec::new());
    let kinds = history.by_kind(Span::All.around(date(2026, 11, 20)));
    let shown: Vec<(&str, Money)> = kinds.iter().map(|(k, p)| (k.as_str(), p.net)).collect();
    assert_eq!(shown, [("SCALP_ATM", Money(dec!(70))), ("Iron Condor", Money(dec!(50)))]);
    assert_eq!(history.outcomes_within((date(2026, 11, 21), date(2026, 11, 30))).count(), 0);
}
