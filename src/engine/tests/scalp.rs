//! Scalps: from the signal to the exit, no step skipped; every refusal with its reason; nothing done twice.

use jiff::civil::{Time, date};
use rust_decimal_macros::dec;

use super::desk::*;
use crate::domain::time::{Timestamp, after_ms, from_ist};
use crate::domain::*;
use crate::engine::command::{Command, Reply};
use crate::engine::config::ScalpPolicy;
use crate::engine::record::{Owner, Record};
use crate::engine::state::{LotKey, Scalp, TradeState};
use crate::engine::{Engine, EngineConfig, Event, State};
use crate::risk::ScalpLimits;

fn symbol() -> Symbol {
    Symbol::new("NIFTY").unwrap()
}

fn option(strike: i64, right: OptionRight) -> Contract {
    Contract::option(Exchange::Nse, symbol(), expiry(), Price(strike.into()), right)
}

fn setup() -> ScalpSetup {
    ScalpSetup { armed: true, stop_points: dec!(10), target_points: Some(dec!(20)), ..ScalpSetup::default() }
}

fn config(setup: ScalpSetup) -> EngineConfig {
    let limits = ScalpLimits { cool_down_min: 0, ..ScalpLimits::default() };
    EngineConfig { scalping: ScalpPolicy { setups: vec![setup], limits }, ..EngineConfig::default() }
}

fn desk(setup: ScalpSetup) -> Desk {
    Desk::with(config(setup))
}

fn signal(desk: &Desk, side: Side, key: &str) -> Signal {
    Signal {
        setup: SetupName::new("SCALP_ATM").unwrap(),
        symbol: symbol(),
        side,
        timeframe: "1m".into(),
        price: Price(dec!(26010)),
        at: desk.now,
        key: SignalKey(key.into()),
        source: "webhook".into(),
    }
}

/// The index at 26,012 and both options of 26,000 at 100.00 / 100.50.
fn quotes(now: Timestamp) -> Vec<(Contract, Quote)> {
    quotes_at(now, dec!(100))
}

fn quotes_at(now: Timestamp, bid: rust_decimal::Decimal) -> Vec<(Contract, Quote)> {
    let index = Quote { last: Price(dec!(26012)), ..quote(Price(dec!(26012)), now) };
    let options = [OptionRight::Call, OptionRight::Put].map(|r| (option(26_000, r), quote(Price(bid), now)));
    [(Contract::index(Exchange::Nse, symbol()), index)].into_iter().chain(options).collect()
}

fn send(desk: &mut Desk, signal: Signal) -> SignalAnswer {
    let quotes = quotes(desk.now);
    send_with(desk, signal, quotes)
}

fn send_with(desk: &mut Desk, signal: Signal, quotes: Vec<(Contract, Quote)>) -> SignalAnswer {
    match desk.ask_with(Command::Signal { signal: Box::new(signal) }, quotes) {
        Reply::Signal { answer } => answer,
        other => panic!("{other:?}"),
    }
}

fn buy(desk: &mut Desk, key: &str) -> SignalAnswer {
    let signal = signal(desk, Side::Buy, key);
    send(desk, signal)
}

fn refused(answer: SignalAnswer) -> (SignalRefusal, String) {
    match answer {
        SignalAnswer::Refused { why, reason, .. } => (why, reason),
        other => panic!("{other:?}"),
    }
}

fn scalp(desk: &Desk) -> &Scalp {
    desk.state().scalper.scalps.values().last().expect("a scalp")
}

fn scalp_id(desk: &Desk) -> StrategyId {
    *desk.state().scalper.scalps.keys().last().expect("a scalp")
}

fn held(desk: &Desk) -> i64 {
    desk.state().lots.values().map(|l| l.net.0).sum()
}

/// A scalp whose stop rests.
fn resting(desk: &mut Desk) -> (Intent, Intent) {
    buy(desk, "first");
    let entry = desk.last_placed();
    desk.fill(&entry, 65);
    desk.read_books();
    let stop = desk.last_placed();
    desk.accept(&stop);
    desk.read_books();
    assert_eq!(scalp(desk).state, TradeState::SlPlaced);
    (entry, stop)
}

fn tick(desk: &mut Desk, bid: rust_decimal::Decimal) {
    let quotes = quotes_at(desk.now, bid);
    desk.tell(Event::Quotes(quotes));
}

/// The stop has become an exit, which fills.
fn exit_fills(desk: &mut Desk, stop: &Intent) {
    let kind = desk.order(stop).kind;
    assert!(kind.trigger().is_none(), "the stop is restated into an exit: {kind:?}");
    let exit = Intent { spec: OrderSpec { kind, ..stop.spec }, ..stop.clone() };
    desk.accept(&exit);
    desk.fill(&exit, 65);
    desk.read_books();
    desk.read_books();
}

#[test]
fn a_signal_buys_one_lot_at_the_money_and_never_sells() {
    for (side, right) in [(Side::Buy, OptionRight::Call), (Side::Sell, OptionRight::Put)] {
        let mut desk = desk(setup());
        let signal = signal(&desk, side, "one");
        let answer = send(&mut desk, signal);
        assert!(matches!(answer, SignalAnswer::Accepted { id: SignalId(1), .. }), "{answer:?}");
        let OrderSpec { contract, side, quantity, kind, product, .. } = desk.last_placed().spec;
        assert_eq!((contract, side, quantity), (option(26_000, right), Side::Buy, Quantity(65)));
        assert_eq!((kind, product), (OrderKind::Limit { price: Price(dec!(100.60)) }, Product::Intraday));
        assert_eq!(scalp(&desk).state, TradeState::Pending);
        desk.assert_folds();
    }
}

#[test]
fn the_stop_lies_points_of_the_premium_under_the_fill() {
    let mut desk = desk(setup());
    let (_, stop) = resting(&mut desk);
    let trigger = stop.spec.kind.trigger().unwrap();
    assert_eq!((stop.spec.side, stop.spec.quantity, trigger), (Side::Sell, Quantity(65), Price(dec!(90.60))));
    let key = LotKey {
        owner: Owner::Strategy(scalp_id(&desk)),
        contract: option(26_000, OptionRight::Call),
        product: Product::Intraday,
    };
    assert_eq!(desk.state().guards[&key].target, Some(Price(dec!(120.60))));
}

#[test]
fn a_scalp_goes_through_its_states_and_is_counted() {
    let mut desk = desk(setup());
    buy(&mut desk, "one");
    let entry = desk.last_placed();
    desk.fill(&entry, 65);
    assert_eq!(scalp(&desk).state, TradeState::Traded);
    desk.read_books();
    let stop = desk.last_placed();
    desk.accept(&stop);
    desk.read_books();
    assert_eq!(scalp(&desk).state, TradeState::SlPlaced);
    desk.see(&stop, SeenStatus::Filled, 65, Some(Price(dec!(90))));
    desk.read_books();
    let scalp = scalp(&desk);
    assert_eq!((scalp.state, scalp.exit_reason.as_deref()), (TradeState::Exited, Some("stop")));
    assert_eq!((scalp.gross, scalp.charges), (Money(dec!(-689)), Money(dec!(40))));
    let day = desk.state().scalper.day;
    assert_eq!((day.trades, day.net, day.losses_in_a_row), (1, Money(dec!(-729)), 1));
    desk.assert_folds();
}

#[test]
fn the_target_is_met_by_the_engine_and_takes_the_stop_over() {
    let mut desk = desk(setup());
    let (_, stop) = resting(&mut desk);
    desk.pass(1_100);
    tick(&mut desk, dec!(121));
    exit_fills(&mut desk, &stop);
    assert_eq!(held(&desk), 0);
    assert_eq!(scalp(&desk).state, TradeState::Exited);
    assert!(scalp(&desk).exit_reason.as_deref().unwrap().contains("target"));
    assert_eq!(desk.state().scalper.day.losses_in_a_row, 0);
}

#[test]
fn time_ends_a_scalp() {
    let mut desk = desk(ScalpSetup { max_holding_min: Some(dec!(5)), ..setup() });
    let (_, stop) = resting(&mut desk);
    desk.pass(299_000);
    assert!(scalp(&desk).exit_reason.is_none());
    desk.pass(2_000);
    tick(&mut desk, dec!(101));
    exit_fills(&mut desk, &stop);
    assert_eq!(scalp(&desk).exit_reason.as_deref(), Some("held for 300 s"));
}

#[test]
fn the_square_off_ends_every_scalp() {
    let mut desk = desk(ScalpSetup { max_holding_min: None, ..setup() });
    let (_, stop) = resting(&mut desk);
    desk.now = from_ist(date(2026, 11, 20).at(15, 15, 0, 0));
    tick(&mut desk, dec!(101));
    exit_fills(&mut desk, &stop);
    assert_eq!(scalp(&desk).exit_reason.as_deref(), Some("square-off time"));
}

#[test]
fn a_stop_of_the_index_is_in_points_of_the_index() {
    let mut desk = desk(ScalpSetup { index_stop_points: Some(dec!(20)), ..setup() });
    let (_, stop) = resting(&mut desk);
    desk.pass(1_100);
    let mut now = quotes(desk.now);
    now[0].1.last = Price(dec!(25992.05));
    desk.tell(Event::Quotes(now.clone()));
    assert!(scalp(&desk).exit_reason.is_none());
    desk.pass(1_100);
    for (_, quote) in &mut now {
        quote.at = desk.now;
    }
    now[0].1.last = Price(dec!(25992));
    desk.tell(Event::Quotes(now));
    exit_fills(&mut desk, &stop);
    assert!(scalp(&desk).exit_reason.as_deref().unwrap().contains("its stop is 25992"));
}

#[test]
fn the_stop_goes_to_breakeven_once_the_premium_has_gained_enough() {
    let mut desk = desk(ScalpSetup { breakeven_at_points: Some(dec!(8)), ..setup() });
    let (_, stop) = resting(&mut desk);
    desk.pass(1_100);
    tick(&mut desk, dec!(109));
    assert_eq!(desk.order(&stop).kind.trigger(), Some(Price(dec!(100.60))));
}

#[test]
fn what_was_closed_elsewhere_is_closed_here_and_its_stop_is_cancelled() {
    let mut desk = desk(setup());
    let (_, stop) = resting(&mut desk);
    let sold = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId("elsewhere".into()),
        spec: OrderSpec { side: Side::Sell, kind: OrderKind::Limit { price: Price(dec!(101)) }, ..stop.spec },
        filled: Quantity(65),
        average: Some(Price(dec!(101))),
        status: SeenStatus::Filled,
        reason: None,
        updated: None,
    };
    desk.book.insert("elsewhere".into(), sold);
    desk.read_books();
    assert!(desk.cancels() > 0, "its stop is cancelled");
    desk.see(&stop, SeenStatus::Cancelled, 0, None);
    for _ in 0..8 {
        desk.pass(1_000);
        tick(&mut desk, dec!(101));
        desk.read_books();
    }
    assert_eq!((held(&desk), scalp(&desk).state), (0, TradeState::Exited));
    assert_eq!(scalp(&desk).exit_reason.as_deref(), Some("closed elsewhere"));
}

#[test]
fn the_same_signal_again_is_nothing() {
    let mut desk = desk(setup());
    buy(&mut desk, "one");
    let orders = desk.placed().len();
    assert_eq!(buy(&mut desk, "one"), SignalAnswer::Duplicate { id: SignalId(1) });
    assert_eq!(desk.placed().len(), orders);
}

#[test]
fn each_reason_against_a_signal_is_named() {
    let why = |change: &dyn Fn(&mut Desk, &mut Signal)| {
        let mut desk = desk(setup());
        let mut signal = signal(&desk, Side::Buy, "one");
        change(&mut desk, &mut signal);
        let (why, reason) = refused(send(&mut desk, signal));
        assert!(desk.placed().is_empty(), "{reason}");
        assert!(!reason.is_empty());
        why
    };
    let name = |text| SetupName::new(text).unwrap();
    assert_eq!(why(&|_, s| s.setup = name("OTHER")), SignalRefusal::UnknownStrategy);
    assert_eq!(why(&|_, s| s.symbol = Symbol::new("RELIANCE").unwrap()), SignalRefusal::UnknownSymbol);
    assert_eq!(why(&|_, s| s.at = after_ms(s.at, -31_000)), SignalRefusal::Stale);
    assert_eq!(why(&|_, s| s.at = after_ms(s.at, 19_800_000)), SignalRefusal::Future, "IST taken for UTC");
    assert_eq!(why(&|_, s| s.price = Price(dec!(22540))), SignalRefusal::Price);
    let pause = Command::ArmSetup { setup: name("SCALP_ATM"), armed: false };
    assert_eq!(why(&|d, _| drop(d.ask(pause.clone()))), SignalRefusal::Paused);
    assert_eq!(why(&|d, _| drop(d.ask(Command::Halt))), SignalRefusal::Closed);
    assert_eq!(why(&|d, _| d.market.open = false), SignalRefusal::Closed);
    let at = |hour, minute| from_ist(date(2026, 11, 20).at(hour, minute, 0, 0));
    let move_to = |d: &mut Desk, s: &mut Signal, to: Timestamp| (d.now, s.at) = (to, to);
    assert_eq!(why(&|d, s| move_to(d, s, at(15, 5))), SignalRefusal::Closed);
}

#[test]
fn each_limit_refuses_a_scalp_with_its_numbers() {
    let reason = |change: &dyn Fn(&mut EngineConfig)| {
        let mut config = config(setup());
        change(&mut config);
        let mut desk = Desk::with(config);
        let (why, reason) = refused(buy(&mut desk, "one"));
        assert!(why == SignalRefusal::Risk && desk.placed().is_empty(), "{why:?} {reason}");
        reason
    };
    assert!(reason(&|c| c.scalping.limits.max_trades_per_day = 0).contains("0 of 0 scalps"));
    assert!(reason(&|c| c.scalping.limits.risk_per_trade_pct = dec!(0.06)).contains("= 0; funds"));
    assert!(reason(&|c| c.limits.max_trades_per_day = 0).contains("0 of 0 trades"));
    assert!(reason(&|c| c.limits.max_loss_per_trade_pct = dec!(0.5)).contains("largest loss"));
    assert!(reason(&|c| c.execution.max_spread_pct = dec!(0.1)).contains("spread"));
}

#[test]
fn one_trade_of_an_underlying_at_a_time_even_in_a_burst() {
    let mut desk = desk(setup());
    for n in 0..1_000 {
        let signal = signal(&desk, Side::Buy, &format!("burst {n}"));
        let answer = send(&mut desk, signal);
        if n > 0 {
            assert_eq!(refused(answer).0, SignalRefusal::Open);
        }
    }
    assert_eq!(desk.placed().len(), 1);
    assert_eq!(desk.state().scalper.scalps.len(), 1);
}

#[test]
fn a_signal_against_an_open_trade_does_what_the_set_up_says() {
    for opposite in [OppositeSignal::Ignore, OppositeSignal::Exit, OppositeSignal::Reverse] {
        let mut desk = desk(ScalpSetup { opposite, ..setup() });
        let (_, stop) = resting(&mut desk);
        desk.pass(1_100);
        let against = signal(&desk, Side::Sell, "against");
        let answer = send(&mut desk, against);
        if opposite == OppositeSignal::Ignore {
            assert_eq!(refused(answer).0, SignalRefusal::Open);
            assert!(scalp(&desk).exit_reason.is_none());
            continue;
        }
        exit_fills(&mut desk, &stop);
        let orders = desk.placed();
        let last = orders.last().unwrap().spec;
        if opposite == OppositeSignal::Exit {
            assert_eq!((refused(answer).0, orders.len()), (SignalRefusal::Open, 2));
        } else {
            assert!(matches!(answer, SignalAnswer::Accepted { .. }));
            assert_eq!((last.contract, last.side), (option(26_000, OptionRight::Put), Side::Buy));
        }
        desk.assert_folds();
    }
}

#[test]
fn a_signal_waits_for_its_price_and_not_longer_than_it_is_fresh() {
    let mut desk = desk(setup());
    let first = signal(&desk, Side::Buy, "one");
    let answer = send_with(&mut desk, first, Vec::new());
    let SignalAnswer::Accepted { message, .. } = answer else { panic!("{answer:?}") };
    assert!(message.contains("fresh quote"), "{message}");
    desk.pass(500);
    tick(&mut desk, dec!(100));
    tick(&mut desk, dec!(100));
    assert_eq!(desk.placed().len(), 1);

    let mut desk = self::desk(setup());
    let late = signal(&desk, Side::Buy, "two");
    send_with(&mut desk, late, Vec::new());
    desk.pass(30_100);
    tick(&mut desk, dec!(100));
    assert!(desk.placed().is_empty());
    let received = &desk.state().scalper.signals[&SignalId(1)];
    let told = format!("{:?}", received.fate);
    assert!(told.contains("expired while it waited"), "{told}");
    desk.assert_folds();
}

#[test]
fn in_confirm_the_trader_is_asked_and_nobody_else_answers() {
    let confirming = || desk(ScalpSetup { mode: SetupMode::Confirm, ..setup() });
    let mut desk = confirming();
    buy(&mut desk, "one");
    assert!(desk.placed().is_empty());
    let proposal = desk.state().scalper.signals[&SignalId(1)].proposal.clone().unwrap();
    assert_eq!((proposal.lots, proposal.premium), (1, Price(dec!(100.50))));
    desk.pass(2_000);
    let now = quotes(desk.now);
    let reply = desk.ask_with(Command::DecideSignal { id: SignalId(1), approve: true }, now);
    assert!(!reply.is_refused(), "{reply:?}");
    assert_eq!(desk.placed().len(), 1);
    assert!(desk.ask(Command::DecideSignal { id: SignalId(1), approve: true }).is_refused(), "once");

    let mut desk = confirming();
    buy(&mut desk, "one");
    assert!(!desk.ask(Command::DecideSignal { id: SignalId(1), approve: false }).is_refused());
    desk.pass(1_000);
    assert!(desk.placed().is_empty() && desk.state().scalper.waiting.is_empty());

    let mut desk = confirming();
    buy(&mut desk, "one");
    desk.pass(20_100);
    assert!(desk.placed().is_empty() && desk.state().scalper.waiting.is_empty());
    assert!(desk.ask(Command::DecideSignal { id: SignalId(1), approve: true }).is_refused(), "too late");
}

#[test]
fn who_only_observes_sends_nothing() {
    let mut desk = desk(ScalpSetup { mode: SetupMode::Observe, ..setup() });
    let answer = buy(&mut desk, "one");
    let SignalAnswer::Accepted { message, .. } = answer else { panic!("{answer:?}") };
    assert!(message.contains("1 lot of NIFTY"), "{message}");
    assert!(desk.placed().is_empty() && desk.state().strategies.is_empty());
}

#[test]
fn an_entry_that_fills_in_part_keeps_that_part_and_its_stop() {
    let mut desk = desk(ScalpSetup { max_lots: 2, entry_timeout_s: 5, ..setup() });
    buy(&mut desk, "one");
    let entry = desk.last_placed();
    desk.fill(&entry, 65);
    desk.read_books();
    let stop = desk.last_placed();
    assert_eq!(stop.spec.quantity, Quantity(65));
    desk.accept(&stop);
    desk.pass(6_000);
    tick(&mut desk, dec!(100));
    assert!(desk.cancels() > 0, "the rest of the entry is cancelled");
    desk.see(&entry, SeenStatus::Cancelled, 65, Some(Price(dec!(100.60))));
    desk.read_books();
    assert_eq!((desk.status(scalp_id(&desk)), held(&desk)), (StrategyStatus::Executed, 65));
    assert_eq!(scalp(&desk).state, TradeState::SlPlaced);
}

#[test]
fn an_entry_that_does_not_fill_leaves_nothing() {
    let mut desk = desk(ScalpSetup { entry_timeout_s: 5, ..setup() });
    buy(&mut desk, "one");
    let entry = desk.last_placed();
    desk.accept(&entry);
    desk.pass(6_000);
    tick(&mut desk, dec!(100));
    desk.see(&entry, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    assert_eq!(scalp(&desk).state, TradeState::Exited);
    assert_eq!(desk.state().scalper.day.losses_in_a_row, 0, "no trade, no loss");
    assert!(matches!(buy(&mut desk, "two"), SignalAnswer::Accepted { .. }), "the way is free again");
}

#[test]
fn a_refused_entry_is_over() {
    let mut desk = desk(setup());
    buy(&mut desk, "one");
    let entry = desk.last_placed();
    desk.see(&entry, SeenStatus::Rejected, 0, None);
    desk.read_books();
    let scalp = scalp(&desk);
    assert_eq!(scalp.state, TradeState::Exited);
    assert!(scalp.exit_reason.as_deref().unwrap().contains("RMS: not today"), "{:?}", scalp.exit_reason);
}

#[test]
fn losses_in_a_row_and_the_time_after_one_keep_further_scalps_away() {
    let mut config = config(setup());
    config.scalping.limits.max_consecutive_losses = 2;
    config.scalping.limits.cool_down_min = 1;
    let mut desk = Desk::with(config);
    let lose = |desk: &mut Desk, key: &str| {
        assert!(matches!(buy(desk, key), SignalAnswer::Accepted { .. }));
        let entry = desk.last_placed();
        desk.fill(&entry, 65);
        desk.read_books();
        let stop = desk.last_placed();
        desk.accept(&stop);
        desk.see(&stop, SeenStatus::Filled, 65, Some(Price(dec!(90))));
        desk.read_books();
    };
    lose(&mut desk, "one");
    assert!(refused(buy(&mut desk, "too soon")).1.contains("cooling down"));
    desk.pass(61_000);
    lose(&mut desk, "two");
    desk.pass(61_000);
    assert!(refused(buy(&mut desk, "three")).1.contains("2 losses in a row"));
}

#[test]
fn a_flatten_takes_scalps_along_and_signals_are_refused_after_it() {
    let mut desk = desk(setup());
    let (_, stop) = resting(&mut desk);
    desk.pass(1_100);
    tick(&mut desk, dec!(100));
    desk.ask(Command::Flatten { include_foreign: false });
    desk.pass(10);
    exit_fills(&mut desk, &stop);
    assert_eq!((held(&desk), scalp(&desk).state), (0, TradeState::Exited));
    assert_eq!(refused(buy(&mut desk, "after")).0, SignalRefusal::Closed);
}

/// The process ends and starts again from its journal.
fn restart(desk: &mut Desk) {
    let mut state = State::default();
    for (at, record) in &desk.journal {
        state.apply(record, *at);
    }
    let config = desk.engine.config.clone();
    desk.engine = Engine::new(config, state);
    desk.pass(2_000);
    desk.tell(Event::Started);
    desk.read_books();
}

#[test]
fn a_restart_in_any_state_goes_on_and_repeats_nothing() {
    // Pending: the entry is not resumed; what it fills until its cancel arrives is kept and protected.
    let mut desk = desk(setup());
    buy(&mut desk, "one");
    let entry = desk.last_placed();
    desk.accept(&entry);
    restart(&mut desk);
    desk.pass(1_000);
    assert!(desk.cancels() > 0);
    desk.see(&entry, SeenStatus::Cancelled, 0, None);
    desk.read_books();
    assert_eq!((scalp(&desk).state, desk.placed().len()), (TradeState::Exited, 1));
    assert_eq!(buy(&mut desk, "one"), SignalAnswer::Duplicate { id: SignalId(1) });

    // Traded: the stop follows.
    let mut desk = self::desk(setup());
    buy(&mut desk, "one");
    let entry = desk.last_placed();
    desk.fill(&entry, 65);
    restart(&mut desk);
    for _ in 0..3 {
        desk.pass(1_000);
        tick(&mut desk, dec!(100));
        desk.read_books();
    }
    let stop = desk.last_placed();
    assert_eq!((stop.spec.side, stop.spec.quantity), (Side::Sell, Quantity(65)));
    assert_eq!(scalp(&desk).state, TradeState::Traded);

    // Its stop rests: it stays, and the clock goes on.
    let mut desk = self::desk(ScalpSetup { max_holding_min: Some(dec!(5)), ..setup() });
    let (_, stop) = resting(&mut desk);
    restart(&mut desk);
    assert_eq!((scalp(&desk).state, desk.placed().len()), (TradeState::SlPlaced, 2));
    desk.pass(300_000);
    tick(&mut desk, dec!(100));
    exit_fills(&mut desk, &stop);
    assert_eq!(scalp(&desk).exit_reason.as_deref(), Some("held for 300 s"));
}

#[test]
fn a_signal_that_waited_over_a_restart_is_worked_off_while_it_is_fresh() {
    for (pause, orders) in [(1_000, 1), (40_000, 0)] {
        let mut desk = desk(setup());
        let waiting = signal(&desk, Side::Buy, "one");
        send_with(&mut desk, waiting, Vec::new());
        desk.now = after_ms(desk.now, pause);
        restart(&mut desk);
        tick(&mut desk, dec!(100));
        tick(&mut desk, dec!(100));
        assert_eq!(desk.placed().len(), orders);
        assert!(desk.state().scalper.waiting.is_empty());
        desk.assert_folds();
    }
}

#[test]
fn a_set_up_that_is_paused_stays_so_over_a_restart() {
    let mut desk = desk(setup());
    let name = SetupName::new("SCALP_ATM").unwrap();
    desk.ask(Command::ArmSetup { setup: name, armed: false });
    restart(&mut desk);
    assert_eq!(refused(buy(&mut desk, "one")).0, SignalRefusal::Paused);
}

#[test]
fn the_pauses_of_a_set_up_hold() {
    let lunch = Hours { from: Time::constant(9, 55, 0, 0), to: Time::constant(10, 5, 0, 0) };
    let mut desk = desk(ScalpSetup { pauses: vec![lunch], ..setup() });
    assert!(refused(buy(&mut desk, "one")).1.contains("pauses from 09:55 to 10:05"));
}

#[test]
fn the_signal_and_its_first_order_are_one_commit() {
    let mut desk = desk(setup());
    buy(&mut desk, "one");
    let seen = |r: &Record| matches!(r, Record::SignalSeen { .. });
    let at = desk.journal.iter().position(|(_, r)| seen(r)).unwrap();
    let intent = desk.journal.iter().position(|(_, r)| matches!(r, Record::IntentMade { .. })).unwrap();
    assert!(at < intent && desk.journal[at].0 == desk.journal[intent].0);
}

#[test]
fn the_scalps_of_yesterday_are_left_to_the_journal() {
    let mut desk = desk(setup());
    let (_, stop) = resting(&mut desk);
    desk.see(&stop, SeenStatus::Filled, 65, Some(Price(dec!(90))));
    desk.read_books();
    assert_eq!(desk.state().strategies.len(), 1);
    desk.now = from_ist(date(2026, 11, 21).at(8, 30, 0, 0));
    desk.pass(1);
    assert!(desk.state().strategies.is_empty() && desk.state().scalper.signals.is_empty());
    assert_eq!(desk.state().scalper.day.losses_in_a_row, 0);
    desk.assert_folds();
}
