//! Statements, holdings, authorisations, deep books, and the exit on profit or loss.

use rust_decimal_macros::dec;

use super::*;
use crate::domain::PnlExit;
use crate::domain::time::ist;

const DAY: i64 = 86_400_000;

fn share_desk() -> (Desk, Contract) {
    let symbol = Symbol::new("RELIANCE").unwrap();
    let clock = ClockMode::AlwaysOpen;
    let rules = crate::domain::ContractRules::builtin();
    let shares = [ShareSpec::new(symbol, price("1423.5"))];
    let underlyings = paper_listing(start(), clock.calendar(), rules, &shares);
    (Desk::with(ExchangeConfig { underlyings, ..config(7) }), Contract::equity(Place::Nse, symbol))
}

fn buy_for_delivery(desk: &mut Desk, share: Contract, quantity: u32) {
    let kind = OrderKind::Market;
    let id = desk.try_send(share, Side::Buy, quantity, kind, Validity::Day, Product::Cnc).unwrap().order_id;
    desk.wait(5_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
}

#[test]
fn shares_bought_for_delivery_are_holdings_the_next_day() {
    let (mut desk, share) = share_desk();
    buy_for_delivery(&mut desk, share, 20);
    assert_eq!(desk.exchange.holdings_of(ME), [], "not on the day itself");
    desk.wait(DAY);
    let held = desk.exchange.holdings_of(ME).remove(0);
    assert_eq!((held.contract, held.quantity, held.isin.len()), (share, Quantity(20), 12));
    assert!((held.cost.0 - dec!(1423.5)).abs() < dec!(50));
    let id = desk.try_send(share, Side::Sell, 5, OrderKind::Market, Validity::Day, Product::Cnc).unwrap().order_id;
    desk.wait(5_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
    assert_eq!(desk.exchange.holdings_of(ME)[0].quantity, Quantity(15));
    // Holdings are no positions: the exit of everything leaves them, and the kill switch may be set.
    desk.exchange.exit_all(ME, desk.now);
    desk.wait(5_000);
    assert_eq!(desk.exchange.holdings_of(ME)[0].quantity, Quantity(15));
    assert_eq!(desk.exchange.set_kill_switch(ME, true, desk.now), Ok(()));
}

#[test]
fn a_new_account_can_be_given_shares() {
    let (mut desk, share) = share_desk();
    let before = desk.exchange.funds(ME).available;
    assert!(desk.exchange.give_holding(ME, &share, Quantity(20)));
    assert!(!desk.exchange.give_holding(ME, &share, Quantity(20)), "once");
    assert!(!desk.exchange.give_holding(ME, &option(25_950, "CE"), Quantity(65)), "only shares");
    let held = desk.exchange.holdings_of(ME).remove(0);
    assert!(held.quantity == Quantity(20) && held.cost < held.last, "{held:?}");
    assert_eq!(desk.exchange.funds(ME).available, before);
}

#[test]
fn what_is_authorised_lasts_for_the_day() {
    let (mut desk, share) = share_desk();
    buy_for_delivery(&mut desk, share, 20);
    desk.wait(DAY);
    let isin = desk.exchange.holdings_of(ME)[0].isin.clone();
    let too_many = [(isin.clone(), Some(21))];
    assert!(matches!(desk.exchange.ask_edis(ME, &too_many, desk.now), Err(Refusal::Input(_))));
    let (form, rows) = desk.exchange.ask_edis(ME, &[(isin.clone(), Some(8))], desk.now).unwrap();
    assert_eq!(rows, [(isin, 8)]);
    assert_eq!(desk.exchange.approved_edis(ME, &share), Quantity::ZERO, "only asked for");
    assert!(desk.exchange.approve_edis(ME, form, desk.now));
    assert!(!desk.exchange.approve_edis(ME, form, desk.now), "a form is good once");
    assert_eq!(desk.exchange.approved_edis(ME, &share), Quantity(8));
    desk.wait(DAY);
    assert_eq!(desk.exchange.approved_edis(ME, &share), Quantity::ZERO);
}

#[test]
fn the_ledger_ends_at_the_cash_and_past_trades_carry_their_costs() {
    let mut desk = Desk::new(7);
    let today = date(2026, 11, 20);
    let far = date(2027, 1, 1);
    desk.trade(option(25_950, "CE"), Side::Buy, 130);
    assert_eq!(desk.exchange.past_trades(ME, today, far), [], "today's come tomorrow");
    let deposit = desk.exchange.ledger(ME, today, far);
    assert_eq!((deposit.len(), deposit[0].balance), (1, Money(dec!(1000000))));
    let paid: Money = desk.exchange.trades(ME).iter().map(|t| t.price.times(t.quantity)).sum();
    desk.wait(DAY);
    let rows = desk.exchange.ledger(ME, today, far);
    assert_eq!((rows.len(), rows[1].day, rows[1].voucher), (2, today, Voucher::Trades));
    assert_eq!((rows[1].debit, rows[1].credit), (paid, Money::ZERO));
    assert_eq!(rows[1].balance, Money(dec!(1000000)) - paid);
    let past = desk.exchange.past_trades(ME, today, today);
    let units: u32 = past.iter().map(|p| p.trade.quantity.0).sum();
    assert_eq!((units, ist(past[0].trade.at).date()), (130, today));
    let brokerage: Money = past.iter().map(|p| p.charges.brokerage).sum();
    assert_eq!(brokerage, Money(dec!(20)), "once per order, however many fills");
    assert_eq!(desk.exchange.past_trades(ME, date(2026, 11, 21), far), []);
    // A day without a trade has no bill.
    desk.wait(DAY);
    assert_eq!(desk.exchange.ledger(ME, today, far).len(), 2);
}

#[test]
fn past_days_survive_a_restart() {
    let mut desk = Desk::new(7);
    desk.trade(option(25_950, "CE"), Side::Buy, 65);
    desk.wait(DAY);
    let restored = Exchange::restore(&desk.exchange.save(), ClockMode::AlwaysOpen).unwrap();
    let (from, to) = (date(2026, 11, 1), date(2026, 12, 1));
    assert_eq!(restored.ledger(ME, from, to), desk.exchange.ledger(ME, from, to));
    assert_eq!(restored.past_trades(ME, from, to), desk.exchange.past_trades(ME, from, to));
}

#[test]
fn a_deep_book_begins_with_the_best_five_and_gets_no_better() {
    let mut desk = Desk::new(7);
    for contract in [option(25_950, "PE"), future()] {
        desk.wait(1_000);
        let view = desk.exchange.market_view(&contract).unwrap();
        let deep = desk.exchange.deep_book(&contract, 200).unwrap();
        assert_eq!((&deep.bids[..5], &deep.asks[..5]), (&view.bids[..], &view.asks[..]));
        assert!(deep.bids.windows(2).all(|w| w[1].price < w[0].price), "{contract}");
        assert!(deep.asks.windows(2).all(|w| w[1].price > w[0].price));
        assert_eq!(deep.asks.len(), 200);
        assert!(deep.bids.iter().all(|l| l.quantity.0 % 65 == 0 && l.price.is_positive()));
        assert_eq!(desk.exchange.deep_book(&contract, 20).unwrap().asks, deep.asks[..20]);
    }
    let nifty = Contract::index(Place::Nse, Symbol::new("NIFTY").unwrap());
    assert_eq!(desk.exchange.deep_book(&nifty, 20), None);
}

fn rule(profit: i64, loss: i64) -> PnlExit {
    PnlExit {
        profit: Money(profit.into()),
        loss: Money(loss.into()),
        intraday: true,
        delivery: true,
        kill_switch: false,
    }
}

fn result(desk: &Desk) -> Money {
    desk.exchange.positions(ME).iter().map(|p| p.realised + p.unrealised).sum()
}

#[test]
fn a_loss_beyond_the_limit_exits_everything_and_the_rule_is_spent() {
    let mut desk = Desk::new(7);
    let call = option(25_950, "CE");
    desk.trade(call, Side::Buy, 650);
    let resting = desk.send(call, Side::Buy, 65, limit(Price((desk.bid(call).0 * dec!(0.8)).round())));
    desk.wait(500);
    // The touch alone costs more than this.
    desk.exchange.set_pnl_exit(ME, rule(0, 1), desk.now).unwrap();
    for _ in 0..400 {
        desk.wait(500);
        if desk.exchange.positions(ME).iter().all(|p| p.net.is_flat()) && desk.status(&resting).is_final() {
            break;
        }
    }
    assert!(desk.exchange.positions(ME).iter().all(|p| p.net.is_flat()));
    assert_eq!(desk.status(&resting), OrderStatus::Cancelled);
    desk.wait(1_000);
    assert_eq!(desk.exchange.pnl_exit(ME), None);
    assert!(!desk.exchange.kill_switch(ME));
    let again = desk.trade(call, Side::Buy, 65);
    desk.wait(60_000);
    assert_eq!(again.status, OrderStatus::Traded, "it fired once");
    assert!(!desk.exchange.positions(ME).iter().all(|p| p.net.is_flat()));
}

#[test]
fn nothing_happens_within_the_limits_and_the_rule_ends_with_the_day() {
    let mut desk = Desk::new(7);
    desk.trade(option(25_950, "CE"), Side::Buy, 65);
    desk.exchange.set_pnl_exit(ME, rule(900_000, 900_000), desk.now).unwrap();
    desk.wait(3_600_000);
    assert!(result(&desk) > Money(dec!(-900000)));
    assert_eq!(desk.exchange.pnl_exit(ME), Some(rule(900_000, 900_000)));
    assert!(desk.exchange.positions(ME).iter().any(|p| !p.net.is_flat()));
    assert!(desk.exchange.stop_pnl_exit(ME, desk.now) && !desk.exchange.stop_pnl_exit(ME, desk.now));
    desk.exchange.set_pnl_exit(ME, rule(900_000, 0), desk.now).unwrap();
    desk.wait(DAY);
    assert_eq!(desk.exchange.pnl_exit(ME), None);
}

#[test]
fn only_the_chosen_products_are_exited_and_the_kill_switch_waits_until_all_is_flat() {
    let mut desk = Desk::new(7);
    let (carried, intraday) = (option(25_950, "CE"), option(25_950, "PE"));
    desk.trade(carried, Side::Buy, 65);
    desk.try_send(intraday, Side::Buy, 65, OrderKind::Market, Validity::Day, Product::Intraday).unwrap();
    desk.wait(5_000);
    let exit = PnlExit { delivery: false, kill_switch: true, ..rule(0, 1) };
    desk.exchange.set_pnl_exit(ME, exit, desk.now).unwrap();
    let net = |desk: &Desk, contract| {
        let rows = desk.exchange.positions(ME);
        rows.iter().find(|p| p.contract == contract).map_or(0, |p| p.net.0)
    };
    for _ in 0..400 {
        desk.wait(500);
        if net(&desk, intraday) == 0 {
            break;
        }
    }
    assert_eq!((net(&desk, intraday), net(&desk, carried)), (0, 65));
    desk.wait(5_000);
    assert!(!desk.exchange.kill_switch(ME), "the carried position must remain closable");
    desk.trade(carried, Side::Sell, 65);
    desk.wait(2_000);
    assert!(desk.exchange.kill_switch(ME));
}

#[test]
fn a_rule_without_a_limit_or_without_products_is_refused() {
    let mut desk = Desk::new(7);
    for bad in [rule(0, 0), rule(-5, 0), PnlExit { intraday: false, delivery: false, ..rule(5, 5) }] {
        assert!(matches!(desk.exchange.set_pnl_exit(ME, bad, desk.now), Err(Refusal::Input(_))), "{bad:?}");
    }
}
