//! How single orders live and die.

use rust_decimal_macros::dec;

use super::*;

#[test]
fn an_order_is_in_transit_then_pending_then_traded() {
    let mut desk = Desk::new(1);
    let call = option(25_950, "CE");
    let at = desk.ask(call).ticks(20, price("0.05"));
    let id = desk.send(call, Side::Buy, 65, limit(at));
    assert_eq!(desk.status(&id), OrderStatus::Transit);
    assert_eq!(desk.exchange.by_correlation(ME, "T000001"), None, "not found while in transit");
    let told = desk.wait(100);
    let told: Vec<_> = told
        .iter()
        .filter_map(|n| match n {
            Notice::Order(o) => Some(o.status),
            _ => None,
        })
        .collect();
    assert_eq!(told, [OrderStatus::Transit, OrderStatus::Pending, OrderStatus::Traded]);
    let order = desk.order(&id);
    assert!(order.average.unwrap() <= at);
    assert_eq!(desk.exchange.by_correlation(ME, "T000001").unwrap().order_id, id);
    let trades = desk.exchange.trades_of(ME, &id);
    assert_eq!(trades.iter().map(|t| t.quantity.0).sum::<u32>(), 65);
    assert_eq!(desk.exchange.positions(ME)[0].net.0, 65);
}

#[test]
fn a_cancel_in_transit_is_refused_and_a_modification_is_not() {
    let mut desk = Desk::new(2);
    let call = option(25_950, "CE");
    let low = desk.bid(call).ticks(-100, price("0.05"));
    let id = desk.send(call, Side::Buy, 65, limit(low));
    assert_eq!(desk.exchange.cancel(ME, &id, desk.now), Err(Refusal::Order("Order is in Transit state".into())));
    let to = Modification { kind: limit(low), quantity: Quantity(130), validity: Validity::Day };
    assert_eq!(desk.exchange.modify(ME, &id, &to, desk.now).unwrap().status, OrderStatus::Transit);
    desk.wait(300);
    assert_eq!((desk.status(&id), desk.order(&id).spec.quantity), (OrderStatus::Pending, Quantity(130)));
    desk.exchange.cancel(ME, &id, desk.now).unwrap();
    assert_eq!(desk.status(&id), OrderStatus::Pending, "the cancellation is still on its way");
    desk.wait(100);
    assert_eq!(desk.status(&id), OrderStatus::Cancelled);
    assert_eq!(desk.exchange.cancel(ME, &id, desk.now), Err(Refusal::Order("Order is already CANCELLED".into())));
}

#[test]
fn an_incomplete_order_is_refused_at_once() {
    let mut desk = Desk::new(3);
    let call = option(25_950, "CE");
    let mut refused = |contract, quantity, kind| {
        desk.try_send(contract, Side::Sell, quantity, kind, Validity::Day, Product::Margin).unwrap_err().to_string()
    };
    assert_eq!(refused(call, 0, OrderKind::Market), "quantity is required");
    assert_eq!(refused(call, 65, limit(price("0"))), "price is required");
    assert_eq!(refused(option(99_950, "CE"), 65, OrderKind::Market), "securityId is invalid");
    let stop = OrderKind::StopLimit { trigger: price("90"), price: price("95") };
    assert_eq!(refused(call, 65, stop), "Trigger Price should be greater than Price");
}

#[test]
fn what_the_exchange_will_not_have_is_rejected_a_little_later() {
    let mut desk = Desk::new(4);
    let call = option(25_950, "CE");
    let fair = desk.ask(call);
    let stop = OrderKind::StopMarket { trigger: price("50") };
    for (quantity, kind, product, says) in [
        (66, OrderKind::Market, Product::Margin, "multiples of lot size 65"),
        (1820, OrderKind::Market, Product::Margin, "freeze quantity"),
        (65, limit(fair.ticks(1, price("0.01"))), Product::Margin, "tick size 0.05"),
        (65, stop, Product::Margin, "not allowed for options"),
        (65, limit(price("900")), Product::Margin, "Circuit Limits"),
        (65, OrderKind::Market, Product::Cnc, "Product type CNC"),
    ] {
        let id = desk.try_send(call, Side::Buy, quantity, kind, Validity::Day, product).unwrap().order_id;
        desk.wait(200);
        let order = desk.order(&id);
        assert_eq!(order.status, OrderStatus::Rejected, "{says}");
        assert!(order.reason.starts_with("RMS:") && order.reason.contains(says), "{} / {says}", order.reason);
        assert_eq!(order.exchange_id, None);
    }
    assert!(desk.exchange.positions(ME).is_empty());
}

#[test]
fn more_than_the_account_can_pay_is_rejected() {
    let mut desk = Desk::with(ExchangeConfig { start_cash: Money(dec!(20_000)), ..config(5) });
    let id = desk.send(option(25_500, "CE"), Side::Buy, 65, OrderKind::Market);
    desk.wait(200);
    assert!(desk.order(&id).reason.contains("Insufficient Funds"), "{}", desk.order(&id).reason);
}

#[test]
fn an_immediate_order_does_not_rest() {
    let mut desk = Desk::new(6);
    let call = option(25_950, "CE");
    let low = desk.bid(call).ticks(-20, price("0.05"));
    let sent = desk.try_send(call, Side::Buy, 65, limit(low), Validity::Ioc, Product::Margin).unwrap();
    desk.wait(200);
    assert_eq!(desk.status(&sent.order_id), OrderStatus::Cancelled);
}

#[test]
fn a_big_order_fills_in_parts_and_the_book_comes_back() {
    let mut desk = Desk::with(ExchangeConfig {
        behaviour: Behaviour { depth: 0.05, jumps: 0.0, pace: 0.0, ..Behaviour::default() },
        ..config(7)
    });
    let call = option(25_950, "CE");
    let at = desk.ask(call).ticks(60, price("0.05"));
    let id = desk.send(call, Side::Buy, 1755, limit(at));
    desk.wait(100);
    let first = desk.order(&id);
    assert_eq!(first.status, OrderStatus::PartTraded);
    assert!(first.filled.0 > 0 && first.filled.0 < 1755 && first.filled.0.is_multiple_of(65));
    desk.wait(120_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
    assert!(desk.exchange.trades_of(ME, &id).iter().all(|t| t.price <= at));
}

#[test]
fn a_stop_waits_for_the_last_price() {
    let mut desk = Desk::new(8);
    let call = option(25_950, "CE");
    desk.trade(call, Side::Buy, 65);
    let bid = desk.bid(call);
    let trigger = bid.ticks(-200, price("0.05"));
    let stop = OrderKind::StopLimit { trigger, price: trigger.ticks(-200, price("0.05")) };
    let id = desk.send(call, Side::Sell, 65, stop);
    desk.wait(2_000);
    assert_eq!((desk.status(&id), desk.order(&id).triggered), (OrderStatus::Pending, false));
    // Far enough above the market it triggers at once.
    let up = bid.ticks(40, price("0.05"));
    let kind = OrderKind::StopLimit { trigger: up, price: bid.ticks(-200, price("0.05")) };
    let to = Modification { kind, quantity: Quantity(65), validity: Validity::Day };
    desk.exchange.modify(ME, &id, &to, desk.now).unwrap();
    desk.wait(2_000);
    assert_eq!((desk.status(&id), desk.order(&id).triggered), (OrderStatus::Traded, true));
    assert!(desk.exchange.positions(ME)[0].net.is_flat());
}

#[test]
fn a_restatement_below_what_has_traded_changes_nothing() {
    let mut desk = Desk::with(ExchangeConfig {
        behaviour: Behaviour { depth: 0.02, pace: 0.0, replenish_steps: 1_000, ..Behaviour::default() },
        ..config(9)
    });
    let call = option(25_950, "CE");
    let at = desk.ask(call).ticks(60, price("0.05"));
    let id = desk.send(call, Side::Buy, 1755, limit(at));
    desk.wait(100);
    let filled = desk.order(&id).filled;
    let to = Modification { kind: limit(at), quantity: filled, validity: Validity::Day };
    desk.exchange.modify(ME, &id, &to, desk.now).unwrap();
    desk.wait(100);
    let order = desk.order(&id);
    assert_eq!((order.status, order.spec.quantity), (OrderStatus::PartTraded, Quantity(1755)));
    assert!(order.reason.contains("Modification rejected"), "{}", order.reason);
}

#[test]
fn a_vertical_needs_no_more_than_its_width_and_exposure() {
    let mut desk = Desk::new(10);
    desk.trade(option(26_100, "CE"), Side::Buy, 650);
    let before = desk.exchange.funds(ME);
    let naked = {
        let mut other = Desk::new(10);
        let id = other.send(option(26_000, "CE"), Side::Sell, 650, OrderKind::Market);
        other.wait(500);
        other.order(&id)
    };
    assert!(naked.reason.contains("Insufficient Funds"), "naked, it is too much for the account");
    desk.trade(option(26_000, "CE"), Side::Sell, 650);
    let after = desk.exchange.funds(ME);
    let credit = desk.exchange.trades(ME).into_iter().filter(|t| t.side == Side::Sell);
    let credit: Money = credit.map(|t| t.price.times(t.quantity)).sum();
    let exposure = dec!(0.0201) * dec!(25944) * dec!(650);
    let used = before.available + credit - after.available;
    assert!(used.0 <= dec!(100) * dec!(650) + exposure, "{used}");
    assert!(used.0 > dec!(0));
}

#[test]
fn a_position_is_converted_at_its_cost() {
    let mut desk = Desk::new(15);
    let call = option(26_000, "CE");
    desk.trade(call, Side::Buy, 130);
    let before = (desk.exchange.funds(ME).available, desk.exchange.positions(ME)[0].cost);
    let products = (Product::Margin, Product::Intraday);
    assert!(desk.exchange.convert(ME, &call, products, Quantity(195), desk.now).is_err(), "more than is held");
    desk.exchange.convert(ME, &call, products, Quantity(65), desk.now).unwrap();
    let rows = desk.exchange.positions(ME);
    let nets: Vec<_> = rows.iter().map(|p| (p.product, p.net.0)).collect();
    assert_eq!(nets, [(Product::Intraday, 65), (Product::Margin, 65)]);
    assert_eq!((desk.exchange.funds(ME).available, rows[1].cost), before);
}

#[test]
fn the_margin_of_a_basket_knows_its_hedge() {
    let desk = Desk::new(16);
    let spec = |strike, side| OrderSpec {
        contract: option(strike, "CE"),
        side,
        quantity: Quantity(65),
        kind: OrderKind::Market,
        validity: Validity::Day,
        product: Product::Margin,
    };
    let alone = desk.exchange.margin_for(ME, &[spec(26_000, Side::Sell)], false, false);
    let hedged = desk.exchange.margin_for(ME, &[spec(26_000, Side::Sell), spec(26_100, Side::Buy)], false, false);
    assert!(hedged.total.0 * dec!(2) < alone.total.0, "{hedged:?} {alone:?}");
    assert!(alone.exposure.0 > dec!(30_000) && alone.span.0 > dec!(60_000));
}

#[test]
fn a_target_beside_a_stop_counts_as_a_naked_short() {
    let mut desk = Desk::with(ExchangeConfig { start_cash: Money(dec!(60_000)), ..config(11) });
    let call = option(26_000, "CE");
    desk.trade(call, Side::Buy, 65);
    let bid = desk.bid(call);
    let trigger = bid.ticks(-300, price("0.05"));
    let stop = desk.send(call, Side::Sell, 65, OrderKind::StopLimit { trigger, price: trigger });
    desk.wait(200);
    assert_eq!(desk.status(&stop), OrderStatus::Pending);
    let target = desk.send(call, Side::Sell, 65, limit(bid.ticks(300, price("0.05"))));
    desk.wait(200);
    assert!(desk.order(&target).reason.contains("Insufficient Funds"));
}

#[test]
fn exit_all_cancels_and_closes_everything() {
    let mut desk = Desk::new(12);
    desk.trade(option(26_100, "CE"), Side::Buy, 130);
    desk.trade(option(26_000, "CE"), Side::Sell, 130);
    let low = desk.bid(option(25_900, "PE")).ticks(-40, price("0.05"));
    let resting = desk.send(option(25_900, "PE"), Side::Buy, 65, limit(low));
    desk.wait(200);
    desk.exchange.exit_all(ME, desk.now);
    desk.wait(20_000);
    assert_eq!(desk.status(&resting), OrderStatus::Cancelled);
    let positions = desk.exchange.positions(ME);
    assert_eq!(positions.len(), 2, "closed rows stay for the day");
    assert!(positions.iter().all(|p| p.net.is_flat()));
}

#[test]
fn the_kill_switch_needs_a_flat_account_and_stops_every_order() {
    let mut desk = Desk::new(13);
    desk.trade(option(26_000, "CE"), Side::Buy, 65);
    assert!(desk.exchange.set_kill_switch(ME, true, desk.now).is_err());
    desk.trade(option(26_000, "CE"), Side::Sell, 65);
    desk.exchange.set_kill_switch(ME, true, desk.now).unwrap();
    let id = desk.send(option(26_000, "CE"), Side::Buy, 65, OrderKind::Market);
    desk.wait(200);
    assert!(desk.order(&id).reason.contains("Kill Switch"));
    desk.exchange.set_kill_switch(ME, false, desk.now).unwrap();
    desk.trade(option(26_000, "CE"), Side::Buy, 65);
}

#[test]
fn a_future_ties_up_margin_and_its_profit_can_be_spent() {
    let mut desk = Desk::new(14);
    let before = desk.exchange.funds(ME).available;
    let bought = desk.trade(future(), Side::Buy, 65);
    let funds = desk.exchange.funds(ME);
    let notional = bought.average.unwrap().times(Quantity(65)).0;
    let tied = (before - funds.available).0 / notional;
    assert!(tied > dec!(0.08) && tied < dec!(0.15), "{tied} of the notional");
    let sold = desk.trade(future(), Side::Sell, 65);
    let made = sold.average.unwrap().times(Quantity(65)) - bought.average.unwrap().times(Quantity(65));
    assert_eq!(desk.exchange.funds(ME).available, before + made, "to the paisa");
    assert_eq!(desk.exchange.positions(ME)[0].realised, made);
}
