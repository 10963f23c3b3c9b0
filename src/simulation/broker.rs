//! The exchange as a broker answers for it: neutral calls in, neutral answers out. What the wire client does live.

use crate::domain::time::Timestamp;
use crate::domain::{OrderSpec, SafeguardAsk, SafeguardTold, SeenStatus};
use crate::exchange::{Exchange, Modification, NewOrder, OrderStatus, OrderView, PositionView, Refusal, TradeView};
use crate::gateway::{Answer, Call, ErrorClass};

/// The account that is traded.
pub const ACCOUNT: &str = "1100011";

/// Does what a call asks for, at the instant it arrives.
pub fn answer(exchange: &mut Exchange, call: &Call, now: Timestamp) -> Answer {
    match call {
        Call::Place(intent) => {
            let order = NewOrder::new(intent.spec, intent.correlation.as_str());
            match exchange.place(ACCOUNT, &order, now) {
                Ok(taken) => Answer::Placed { order_id: taken.order_id, status: seen(taken.status) },
                Err(refusal) => refused(&refusal),
            }
        }
        Call::Modify { order_id, spec } => match exchange.modify(ACCOUNT, order_id, &terms(spec), now) {
            Ok(taken) => Answer::Done { order_id: taken.order_id, status: seen(taken.status) },
            Err(refusal) => refused(&refusal),
        },
        Call::Cancel { order_id } => match exchange.cancel(ACCOUNT, order_id, now) {
            Ok(taken) => Answer::Done { order_id: taken.order_id, status: seen(taken.status) },
            Err(refusal) => refused(&refusal),
        },
        Call::FindByCorrelation(mark) => {
            Answer::Found(exchange.by_correlation(ACCOUNT, mark.as_str()).map(|o| o.sighting()))
        }
        Call::Orders => Answer::Orders(exchange.orders(ACCOUNT).iter().map(OrderView::sighting).collect()),
        Call::Trades => Answer::Trades(exchange.trades(ACCOUNT).iter().map(TradeView::sighting).collect()),
        Call::Positions => Answer::Positions(exchange.positions(ACCOUNT).iter().map(PositionView::sighting).collect()),
        Call::Funds => Answer::Funds(exchange.funds(ACCOUNT)),
        Call::Safeguard(ask) => safeguard(exchange, *ask, now),
    }
}

fn safeguard(exchange: &mut Exchange, ask: SafeguardAsk, now: Timestamp) -> Answer {
    let done = match ask {
        SafeguardAsk::SetExit(exit) => exchange.set_pnl_exit(ACCOUNT, exit, now),
        SafeguardAsk::SetSwitch | SafeguardAsk::LiftSwitch => {
            exchange.set_kill_switch(ACCOUNT, ask == SafeguardAsk::SetSwitch, now)
        }
        SafeguardAsk::LiftExit => {
            exchange.stop_pnl_exit(ACCOUNT, now);
            Ok(())
        }
        SafeguardAsk::ReadExit | SafeguardAsk::ReadSwitch => Ok(()),
    };
    match done {
        Err(refusal) => refused(&refusal),
        Ok(()) if ask.is_switch() => Answer::Safeguard(SafeguardTold::Switch(exchange.kill_switch(ACCOUNT))),
        Ok(()) => Answer::Safeguard(SafeguardTold::Exit(exchange.pnl_exit(ACCOUNT))),
    }
}

fn terms(spec: &OrderSpec) -> Modification {
    Modification { kind: spec.kind, quantity: spec.quantity, validity: spec.validity }
}

fn refused(refusal: &Refusal) -> Answer {
    let text = refusal.to_string();
    let class = if text.starts_with("Market is Closed") { ErrorClass::MarketClosed } else { ErrorClass::Refused };
    Answer::failed(class, text)
}

fn seen(status: OrderStatus) -> SeenStatus {
    match status {
        OrderStatus::Transit => SeenStatus::Transit,
        OrderStatus::Pending | OrderStatus::PartTraded => SeenStatus::Working,
        OrderStatus::Traded => SeenStatus::Filled,
        OrderStatus::Rejected => SeenStatus::Rejected,
        OrderStatus::Cancelled => SeenStatus::Cancelled,
        OrderStatus::Expired => SeenStatus::Expired,
    }
}
