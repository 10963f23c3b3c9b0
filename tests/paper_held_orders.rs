//! Our DhanHQ client against the built-in exchange: what the broker holds for a trader, there and back. The clock moves only
//! when told.

use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::broker::dhan::ForeverChange;
use strikedeck::broker::{Broker, OrderNews};
use strikedeck::domain::money::Toward;
use strikedeck::domain::{
    Against, Bracket, BracketChange, BracketLeg, Comparison, Condition, CorrelationId, ForeverLeg, ForeverLegName,
    ForeverLegs, ForeverOrder, Frequency, Indicator, NetQuantity, Operator, OrderKind, OrderSpec, Price, Pricing,
    Product, SeenStatus, Side, TimeFrame, Trigger, TriggerStatus, Validity,
};
use strikedeck::gateway::ErrorClass;

use crate::paper_client::{Desk, next, nifty};

fn part(of: Price, factor: rust_decimal::Decimal) -> Price {
    Price(of.0 * factor).on_tick(Price(dec!(0.05)), Toward::Nearest)
}

fn mark(n: u64) -> CorrelationId {
    CorrelationId::new("SDHELD", n).unwrap()
}

#[tokio::test]
async fn a_bracket_goes_from_its_entry_to_its_exits_and_is_ended() {
    let desk = Desk::new().await;
    let mut news = desk.broker.order_updates();
    assert!(matches!(next(&mut news).await, OrderNews::Link(link) if link.up));
    let (call, quote, quantity) = desk.call().await;
    let bracket = Bracket {
        contract: call,
        side: Side::Buy,
        quantity,
        entry: Pricing::Limit { price: part(quote.last, dec!(1.1)) },
        product: Product::Margin,
        target: part(quote.last, dec!(1.35)),
        stop: part(quote.last, dec!(0.7)),
        trail: Some(Price(dec!(1))),
    };
    let ack = desk.broker.place_super_order(&bracket, &mark(1)).await.unwrap();
    let early = desk.broker.cancel_super_order(&ack.order_id, BracketLeg::Entry).await.unwrap_err();
    assert_eq!(early.class, ErrorClass::TryLater, "in transit");
    desk.exchange.forward(3_000).await;
    let seen = desk.broker.super_orders().await.unwrap().remove(0);
    assert_eq!((seen.entry.order_id, seen.entry.correlation), (ack.order_id.clone(), Some(mark(1))));
    assert_eq!((seen.entry.status, seen.entry.filled, seen.closed), (SeenStatus::Filled, quantity, false));
    let (stop, target) = (seen.stop.unwrap(), seen.target.unwrap());
    assert_eq!((stop.remaining, target.remaining), (quantity, quantity));
    assert_eq!((stop.trail, target.price), (bracket.trail, bracket.target));
    // The order link tells the legs as orders of their own.
    loop {
        let OrderNews::Seen(order) = next(&mut news).await else { continue };
        if order.order_id == target.order_id && order.status == SeenStatus::Working {
            assert_eq!((order.spec.side, order.spec.quantity), (Side::Sell, quantity));
            break;
        }
    }
    let by_mark = desk.broker.order_by_correlation(&mark(1)).await.unwrap().unwrap();
    assert_eq!(by_mark.order_id, ack.order_id, "the mark finds the entry, not its exits");

    let higher = part(quote.last, dec!(1.38));
    desk.broker.modify_super_order(&ack.order_id, &BracketChange::Target { price: higher }).await.unwrap();
    let lower = part(quote.last, dec!(0.65));
    let change = BracketChange::StopLoss { price: lower, trail: None };
    desk.broker.modify_super_order(&ack.order_id, &change).await.unwrap();
    desk.exchange.forward(500).await;
    let seen = desk.broker.super_orders().await.unwrap().remove(0);
    assert_eq!(seen.target.as_ref().map(|t| t.price), Some(higher));
    assert_eq!(seen.stop.as_ref().map(|s| (s.price, s.trail)), Some((lower, None)));

    desk.broker.cancel_super_order(&ack.order_id, BracketLeg::Entry).await.unwrap();
    desk.exchange.forward(500).await;
    let seen = desk.broker.super_orders().await.unwrap().remove(0);
    assert_eq!(seen.stop.map(|s| s.status), Some(SeenStatus::Cancelled));
    let positions = desk.broker.positions().await.unwrap();
    assert_eq!(positions[0].net, NetQuantity::from(quantity), "the position stays");
}

#[tokio::test]
async fn a_pair_waits_is_changed_and_one_of_it_fires() {
    let desk = Desk::new().await;
    let (call, quote, quantity) = desk.call().await;
    let leg = |factor| {
        let at = part(quote.last, factor);
        ForeverLeg { quantity, trigger: at, pricing: Pricing::Limit { price: part(at, dec!(0.9)) } }
    };
    let legs = ForeverLegs::OneCancelsOther { stop: leg(dec!(0.5)), target: leg(dec!(1.9)) };
    let (side, product, validity) = (Side::Sell, Product::Margin, Validity::Day);
    let order = ForeverOrder { contract: call, side, product, validity, legs };
    let ack = desk.broker.place_forever_order(&order, &mark(2)).await.unwrap();
    desk.exchange.forward(500).await;
    let rows = desk.broker.forever_orders().await.unwrap();
    assert_eq!(
        rows.iter().map(|r| r.leg).collect::<Vec<_>>(),
        [Some(ForeverLegName::StopLoss), Some(ForeverLegName::Target)]
    );
    assert!(rows.iter().all(|r| r.armed && r.paired && r.order_id == ack.order_id && r.contract == call));
    // Moved to where the price is, the target fires and the stop is cancelled.
    let to = ForeverLeg { trigger: part(quote.last, dec!(1)), ..leg(dec!(1)) };
    let change = ForeverChange { paired: true, leg: ForeverLegName::Target, to, validity };
    desk.broker.modify_forever_order(&ack.order_id, &change).await.unwrap();
    desk.exchange.forward(600_000).await;
    let sent = desk.broker.order_by_correlation(&mark(2)).await.unwrap().unwrap();
    assert_eq!((sent.spec.side, sent.spec.contract, sent.status), (Side::Sell, call, SeenStatus::Filled));
    let rows = desk.broker.forever_orders().await.unwrap();
    assert_eq!((rows[0].status, rows[1].status), (SeenStatus::Cancelled, SeenStatus::Filled));
    let late = desk.broker.cancel_forever_order(&ack.order_id).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Refused);
}

#[tokio::test]
async fn a_trigger_is_read_back_as_it_was_sent_and_fires() {
    let desk = Desk::new().await;
    let (call, _, quantity) = desk.call().await;
    let (product, validity) = (Product::Margin, Validity::Day);
    let spec = OrderSpec { contract: call, side: Side::Buy, quantity, kind: OrderKind::Market, validity, product };
    let condition = Condition {
        contract: nifty(),
        comparison: Comparison::Price { value: Price(dec!(1000)) },
        operator: Operator::CrossingDown,
        expires: Some(date(2026, 12, 1)),
        frequency: Frequency::Once,
        note: "far below".into(),
    };
    let trigger = Trigger { condition, orders: vec![spec] };
    let ack = desk.broker.create_trigger(&trigger).await.unwrap();
    desk.exchange.forward(2_000).await;
    let seen = desk.broker.trigger(&ack.id).await.unwrap().unwrap();
    assert_eq!((seen.status, seen.trigger.as_ref()), (TriggerStatus::Active, Some(&trigger)));
    assert!(seen.last.is_some_and(|last| last.0 > dec!(20000)));
    let mut above = trigger.clone();
    above.condition.operator = Operator::GreaterThan;
    desk.broker.modify_trigger(&ack.id, &above).await.unwrap();
    desk.exchange.forward(3_000).await;
    let all = desk.broker.triggers().await.unwrap();
    assert_eq!((all.len(), all[0].status), (1, TriggerStatus::Triggered));
    assert_eq!(desk.broker.positions().await.unwrap()[0].net, NetQuantity::from(quantity));
    let late = desk.broker.cancel_trigger(&ack.id).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Refused);
}

#[tokio::test]
async fn a_trigger_on_an_indicator_is_read_back_and_fires_when_a_candle_has_closed() {
    let desk = Desk::new().await;
    let (call, _, quantity) = desk.call().await;
    let (product, validity) = (Product::Margin, Validity::Day);
    let spec = OrderSpec { contract: call, side: Side::Buy, quantity, kind: OrderKind::Market, validity, product };
    let on = |indicator, time_frame, operator, with| Trigger {
        condition: Condition {
            contract: nifty(),
            comparison: Comparison::Technical { indicator, time_frame, with },
            operator,
            expires: Some(date(2026, 12, 1)),
            frequency: Frequency::Once,
            note: String::new(),
        },
        orders: vec![spec],
    };
    let triggers = [
        on(Indicator::Sma5, TimeFrame::OneMinute, Operator::CrossingAnySide, Against::Close),
        on(Indicator::Rsi14, TimeFrame::Day, Operator::LessThan, Against::Value(dec!(-1.5))),
        on(Indicator::Ema50, TimeFrame::FifteenMinutes, Operator::Equal, Against::Indicator(Indicator::Ema200)),
        on(
            Indicator::BollingerUpper,
            TimeFrame::FiveMinutes,
            Operator::GreaterThan,
            Against::Indicator(Indicator::Sma20),
        ),
    ];
    for trigger in &triggers {
        let ack = desk.broker.create_trigger(trigger).await.unwrap();
        let seen = desk.broker.trigger(&ack.id).await.unwrap().unwrap();
        assert_eq!((seen.status, seen.trigger.as_ref()), (TriggerStatus::Active, Some(trigger)));
    }
    let statuses = async || -> Vec<_> { desk.broker.triggers().await.unwrap().into_iter().map(|t| t.status).collect() };
    let (active, triggered) = (TriggerStatus::Active, TriggerStatus::Triggered);
    desk.exchange.forward(2_000).await;
    assert_eq!(statuses().await, [active, active, active, triggered], "the band lies above its average at once");
    // The close goes to and fro about an average of five minutes.
    desk.exchange.forward(30 * 60_000).await;
    assert_eq!(statuses().await, [triggered, active, active, triggered]);
    assert_eq!(desk.broker.positions().await.unwrap()[0].net.0, 2 * i64::from(quantity.0));
}

#[tokio::test]
async fn several_orders_leave_in_one_request() {
    let mut desk = Desk::new().await;
    let (call, quote, quantity) = desk.call().await;
    let low = part(quote.last, dec!(0.8));
    let intents = vec![desk.intent(call, Side::Buy, quantity, low), desk.intent(call, Side::Buy, quantity, low)];
    let answers = desk.broker.place_multi_orders(&intents).await.unwrap();
    assert!(answers.iter().all(|a| a.as_ref().is_ok_and(|ack| ack.status == SeenStatus::Transit)));
    desk.exchange.forward(500).await;
    for (intent, answer) in intents.iter().zip(answers) {
        let found = desk.broker.order_by_correlation(&intent.correlation).await.unwrap().unwrap();
        assert_eq!(Ok(found.order_id), answer.map(|a| a.order_id));
    }
}
