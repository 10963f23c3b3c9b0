//! The journal: its panes at every size, with and without a past, and moving about in it.

use std::sync::Arc;

use insta::assert_snapshot;
use jiff::civil::{Date, Weekday, date};
use rust_decimal::Decimal;

use super::{SIZES, ink, press};
use crate::domain::time::{after_ms, from_ist};
use crate::domain::{Money, Price, Quantity, SessionRecord, Side, StrategyId, TradeRecord};
use crate::tui::demo::{dark, empty, frame, screen, text_of};
use crate::tui::model::{Model, Pane, Screen};
use crate::tui::update::{Msg, Outgoing, update};
use crate::view::books::{Question, Told};
use crate::view::performance::{Span, TradingHistory};

/// Two months of three strategies a day, with good and bad days; the last ends on the day of the demo.
pub fn past() -> TradingHistory {
    const NETS: [i64; 11] = [1_846, -2_310, 940, 1_265, -412, 3_120, -5_580, 715, 1_490, -1_240, 2_080];
    const KINDS: [&str; 3] = ["Iron Condor", "Bull Put Spread", "SCALP_ATM"];
    let (mut trades, mut sessions) = (Vec::new(), Vec::new());
    let mut day = date(2026, 9, 21);
    let mut n = 0_usize;
    while day <= date(2026, 11, 20) {
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            let idle = n % 7 == 5;
            let mut net = Money::ZERO;
            for i in 0..if idle { 0 } else { 3 } {
                let at = from_ist(day.at(9, 30, 0, 0));
                let earned = Money(Decimal::from(NETS[(n * 3 + i) % NETS.len()]));
                let id = u64::try_from(n * 3 + i + 1).unwrap();
                trades.push(TradeRecord {
                    id,
                    day,
                    strategy: Some(StrategyId(id)),
                    kind: KINDS[i].into(),
                    symbol: if i == 1 { "BANKNIFTY" } else { "NIFTY" }.into(),
                    contract: "NSE:NIFTY:2026-11-24:25900:PE".into(),
                    side: Side::Sell,
                    quantity: Quantity(65),
                    entered_at: at,
                    entry: Some(Price(Decimal::from(58))),
                    exited_at: Some(after_ms(at, i64::try_from(n % 50 + i * 60).unwrap() * 60_000)),
                    exit: Some(Price(Decimal::from(42))),
                    gross: Some(earned + Money(Decimal::from(84))),
                    charges: Some(Money(Decimal::from(84))),
                    net: Some(earned),
                    is_estimate: n == 30,
                    exit_reason: Some(if earned.is_negative() { "stop" } else { "target" }.into()),
                });
                net += earned;
            }
            let charges = Money(Decimal::from(if idle { 0 } else { 252 }));
            let trades = if idle { 0 } else { 3 };
            sessions.push(SessionRecord {
                day,
                executions: trades,
                signals: 4,
                orders: 12,
                trades,
                gross: net + charges,
                charges,
                net,
            });
            n += 1;
        }
        day = day.tomorrow().unwrap();
    }
    TradingHistory::new(&trades, sessions)
}

fn journal(history: TradingHistory, size: (u16, u16)) -> Model {
    let mut model = screen(&empty(), size);
    assert_eq!(press(&mut model, "8"), [Outgoing::Ask(Question::History)]);
    update(&mut model, Msg::Told { question: Question::History, answer: Ok(Told::History(Arc::new(history))) });
    model
}

#[test]
fn the_past_at_every_size() {
    for size in SIZES {
        let mut model = journal(past(), size);
        assert_snapshot!(format!("journal_{}x{}", size.0, size.1), text_of(&mut model));
    }
    for (keys, name) in [("Tab", "trades"), ("Tab Tab", "sessions"), ("Tab Tab Tab", "kinds"), ("p p", "week")] {
        let mut model = journal(past(), (80, 24));
        press(&mut model, keys);
        assert_snapshot!(format!("journal_{name}_80x24"), text_of(&mut model));
    }
}

#[test]
fn without_a_past_it_says_so_and_while_it_is_read_too() {
    let mut model = screen(&empty(), (120, 36));
    press(&mut model, "8");
    assert!(text_of(&mut model).contains("Reading the trading history"), "{}", text_of(&mut model));
    let why = "strikedeck.db is not there yet: start the cockpit once".to_string();
    update(&mut model, Msg::Told { question: Question::History, answer: Err(why) });
    assert!(text_of(&mut model).contains("start the cockpit once"));
    let mut model = journal(TradingHistory::default(), (120, 36));
    assert_snapshot!("journal_empty_120x36", text_of(&mut model));
}

#[test]
fn the_span_is_chosen_and_moved_but_not_beyond_today() {
    let days = |model: &Model| model.journal_days();
    let today: Date = date(2026, 11, 20);
    let mut model = journal(past(), (160, 45));
    assert_eq!((model.screen, model.journal.span), (Screen::Journal, Span::All));
    press(&mut model, "Left");
    assert!(model.toasts.last().is_some_and(|t| t.lines.concat().contains("All of it is shown")));
    press(&mut model, "p p");
    assert_eq!(days(&model), (date(2026, 11, 16), date(2026, 11, 22)));
    let week = model.journal.page.trades.len();
    press(&mut model, "Left");
    assert_eq!(days(&model), (date(2026, 11, 9), date(2026, 11, 15)));
    press(&mut model, "Right Right Right");
    assert_eq!(days(&model), (date(2026, 11, 16), date(2026, 11, 22)), "what is to come is not there");
    assert_eq!(model.journal.page.trades.len(), week);
    // A session opens as its day.
    press(&mut model, "Tab Tab");
    assert_eq!(model.focus, Pane::JournalDays);
    press(&mut model, "j Enter");
    let (first, last) = days(&model);
    assert!(first == last && first < today, "{first}");
}

#[test]
fn it_is_read_again_by_a_key_and_not_twice_at_once() {
    let mut model = journal(past(), (80, 24));
    assert_eq!(press(&mut model, "r"), [Outgoing::Ask(Question::History)]);
    assert_eq!(press(&mut model, "r"), [], "the answer is awaited");
}

#[test]
fn losses_and_gains_have_their_colours() {
    let theme = dark();
    let mut model = journal(past(), (160, 45));
    let buf = frame(&mut model, &theme);
    assert_eq!(Some(ink(&buf, "−₹5,580.00")), theme.down.fg);
    assert_eq!(Some(ink(&buf, "+₹3,120.00")), theme.up.fg);
}
