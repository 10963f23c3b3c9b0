//! From the exchange's words to the broker's, and back.

use rust_decimal::Decimal;

use super::core::OrderUpdate;
use crate::domain::time::{Timestamp, ist};
use crate::domain::{BracketLeg, Contract, ContractKind, OptionRight, OrderKind, Price, Product, SecurityId};
use crate::exchange::{HoldingView, Listing, OrderStatus, OrderView, Origin, PositionView, TradeView};
use crate::protocol::dhan::enums::{
    ExchangeSegment, LegName, OptionType, OrderStatus as WireStatus, OrderType, PositionType, ProductType,
    TransactionType,
};
use crate::protocol::dhan::order_update::OrderUpdate as WireUpdate;
use crate::protocol::dhan::orders::Order as WireOrder;
use crate::protocol::dhan::portfolio::{Holding as WireHolding, Position as WirePosition};
use crate::protocol::dhan::trades::Trade as WireTrade;

/// Digits behind the point of averages on the wire.
const AVERAGE_DIGITS: u32 = 8;

pub fn status(status: OrderStatus) -> WireStatus {
    match status {
        OrderStatus::Transit => WireStatus::Transit,
        OrderStatus::Pending => WireStatus::Pending,
        OrderStatus::PartTraded => WireStatus::PartTraded,
        OrderStatus::Traded => WireStatus::Traded,
        OrderStatus::Rejected => WireStatus::Rejected,
        OrderStatus::Cancelled => WireStatus::Cancelled,
        OrderStatus::Expired => WireStatus::Expired,
    }
}

/// The order as it stands: a market order at the exchange has become a limit order at its protected price.
fn order_type(order: &OrderView) -> OrderType {
    match order.spec.kind {
        OrderKind::Market if order.at_exchange.is_some() && order.limit.is_some() => OrderType::Limit,
        kind => OrderType::from(kind),
    }
}

fn order_price(order: &OrderView) -> Decimal {
    let own = order.spec.kind.price();
    own.or(order.limit.filter(|_| order.at_exchange.is_some())).unwrap_or(Price::ZERO).0
}

/// Which leg of a super order it is.
fn leg_of(origin: Origin) -> Option<BracketLeg> {
    match origin {
        Origin::Entry => Some(BracketLeg::Entry),
        Origin::Exit { leg, .. } => Some(leg),
        Origin::Own | Origin::Forever { .. } | Origin::Trigger { .. } => None,
    }
}

fn right_and_strike(contract: &Contract) -> (Option<OptionRight>, Decimal) {
    match contract.kind {
        ContractKind::Option { strike, right, .. } => (Some(right), strike.0),
        _ => (None, Decimal::ZERO),
    }
}

fn segment(contract: &Contract) -> ExchangeSegment {
    ExchangeSegment::from(contract.segment())
}

fn whole(quantity: crate::domain::Quantity) -> i64 {
    i64::from(quantity.0)
}

/// The broker's trading symbol and display name; of a contract no longer listed its neutral name.
fn names(listing: Option<&Listing>, contract: &Contract) -> (String, String) {
    listing.map_or_else(
        || (contract.to_string(), contract.label()),
        |l| (l.trading_symbol.clone(), l.display_name.clone()),
    )
}

pub fn order(view: &OrderView, listing: Option<&Listing>) -> WireOrder {
    let contract = &view.spec.contract;
    let (right, strike) = right_and_strike(contract);
    WireOrder {
        dhan_client_id: view.account.clone(),
        order_id: view.order_id.to_string(),
        exchange_order_id: view.exchange_id.clone(),
        correlation_id: view.correlation.clone(),
        order_status: status(view.status),
        transaction_type: TransactionType::from(view.spec.side),
        exchange_segment: segment(contract),
        product_type: ProductType::from(view.spec.product),
        order_type: order_type(view),
        validity: view.spec.validity.into(),
        trading_symbol: names(listing, contract).0,
        security_id: view.security_id.to_string(),
        quantity: whole(view.spec.quantity),
        price: order_price(view),
        trigger_price: view.spec.kind.trigger().unwrap_or(Price::ZERO).0,
        leg_name: leg_of(view.origin).map_or(LegName::None, LegName::from),
        create_time: Some(view.created),
        update_time: Some(view.updated),
        exchange_time: view.at_exchange,
        drv_expiry_date: contract.expiry(),
        drv_option_type: OptionType::from(right),
        drv_strike_price: strike,
        oms_error_code: "0".into(),
        oms_error_description: view.reason.clone(),
        algo_id: "0".into(),
        remaining_quantity: whole(view.remaining()),
        average_traded_price: view.average.unwrap_or(Price::ZERO).0.round_dp(AVERAGE_DIGITS),
        filled_qty: whole(view.filled),
        ..WireOrder::default()
    }
}

pub fn trade(view: &TradeView, order: Option<&OrderView>, listing: Option<&Listing>) -> WireTrade {
    let (right, strike) = right_and_strike(&view.contract);
    let (trading_symbol, custom_symbol) = names(listing, &view.contract);
    WireTrade {
        dhan_client_id: view.account.clone(),
        order_id: view.order_id.to_string(),
        exchange_order_id: order.and_then(|o| o.exchange_id.clone()).unwrap_or_default(),
        exchange_trade_id: view.trade_id.clone(),
        transaction_type: TransactionType::from(view.side),
        exchange_segment: segment(&view.contract),
        product_type: ProductType::from(view.product),
        order_type: order.map_or(OrderType::Limit, order_type),
        trading_symbol,
        custom_symbol,
        security_id: view.security_id.to_string(),
        traded_quantity: whole(view.quantity),
        traded_price: view.price.0,
        create_time: Some(order.map_or(view.at, |o| o.created)),
        update_time: Some(view.at),
        exchange_time: Some(view.at),
        drv_expiry_date: view.contract.expiry(),
        drv_option_type: OptionType::from(right),
        drv_strike_price: strike,
    }
}

pub fn position(view: &PositionView, account: &str, listing: Option<&Listing>) -> WirePosition {
    let (right, strike) = right_and_strike(&view.contract);
    let carried = view.carried.0;
    let (long, short) = (carried.max(0), (-carried).max(0));
    let value_if = |held: i64| if held > 0 { view.carried_value.0 } else { Decimal::ZERO };
    WirePosition {
        dhan_client_id: account.to_string(),
        trading_symbol: names(listing, &view.contract).0,
        security_id: view.security_id.to_string(),
        position_type: match view.net.0 {
            0 => PositionType::Closed,
            n if n > 0 => PositionType::Long,
            _ => PositionType::Short,
        },
        exchange_segment: segment(&view.contract),
        product_type: ProductType::from(view.product),
        buy_avg: view.buy_average.0.round_dp(AVERAGE_DIGITS),
        buy_qty: whole(view.buy_quantity),
        cost_price: view.cost.0.round_dp(AVERAGE_DIGITS),
        sell_avg: view.sell_average.0.round_dp(AVERAGE_DIGITS),
        sell_qty: whole(view.sell_quantity),
        net_qty: view.net.0,
        realized_profit: view.realised.0,
        unrealized_profit: view.unrealised.0,
        rbi_reference_rate: Decimal::ONE,
        multiplier: 1,
        carry_forward_buy_qty: long,
        carry_forward_sell_qty: short,
        carry_forward_buy_value: value_if(long),
        carry_forward_sell_value: value_if(short),
        day_buy_qty: whole(view.day_buy_quantity),
        day_sell_qty: whole(view.day_sell_quantity),
        day_buy_value: view.day_buy_value.0,
        day_sell_value: view.day_sell_value.0,
        drv_expiry_date: view.contract.expiry(),
        drv_option_type: OptionType::from(right),
        drv_strike_price: strike,
        cross_currency: false,
    }
}

pub fn holding(view: &HoldingView) -> WireHolding {
    WireHolding {
        exchange: "ALL".into(),
        trading_symbol: view.contract.underlying.to_string(),
        security_id: view.security_id.to_string(),
        isin: view.isin.clone(),
        total_qty: whole(view.quantity),
        dp_qty: whole(view.quantity),
        mtf_qty: whole(view.funded),
        available_qty: whole(view.quantity),
        avg_cost_price: view.cost.0.round_dp(AVERAGE_DIGITS),
        last_traded_price: view.last.0,
        ..WireHolding::default()
    }
}

/// The name of the instrument's kind, as files and the order socket write it.
pub fn instrument_word(listing: &Listing) -> &'static str {
    let on_share = listing.underlying_is_share;
    match listing.instrument.contract.kind {
        ContractKind::Index => "INDEX",
        ContractKind::Equity | ContractKind::Unlisted { .. } => "EQUITY",
        ContractKind::Future { .. } if on_share => "FUTSTK",
        ContractKind::Future { .. } => "FUTIDX",
        ContractKind::Option { .. } if on_share => "OPTSTK",
        ContractKind::Option { .. } => "OPTIDX",
    }
}

pub fn order_update(update: &OrderUpdate) -> WireUpdate {
    let (view, listing) = (&update.order, &update.listing);
    let contract = &view.spec.contract;
    let segment = segment(contract);
    let (exchange, letter) = segment.letters();
    let (right, strike) = right_and_strike(contract);
    let remaining = whole(view.remaining());
    WireUpdate {
        exchange: exchange.into(),
        segment: letter.into(),
        source: "P".into(),
        security_id: view.security_id.to_string(),
        client_id: view.account.clone(),
        exch_order_no: view.exchange_id.clone().unwrap_or_default(),
        order_no: view.order_id.to_string(),
        product: ProductType::from(view.spec.product),
        txn_type: TransactionType::from(view.spec.side),
        order_type: order_type(view),
        validity: view.spec.validity.into(),
        remaining_quantity: remaining,
        quantity: whole(view.spec.quantity),
        traded_qty: whole(view.filled),
        price: order_price(view),
        trigger_price: view.spec.kind.trigger().unwrap_or(Price::ZERO).0,
        traded_price: view.last_fill.map_or(Decimal::ZERO, |(_, at)| at.0),
        avg_traded_price: view.average.unwrap_or(Price::ZERO).0.round_dp(AVERAGE_DIGITS),
        off_mkt_flag: "0".into(),
        order_date_time: Some(view.created),
        exch_order_time: view.at_exchange,
        last_updated_time: Some(view.updated),
        remarks: if view.origin.is_super_order() { "Super Order" } else { "NR" }.into(),
        mkt_type: "NL".into(),
        reason_description: view.reason.clone(),
        // The documentation's numbers; an order that is no leg is an entry.
        leg_no: match leg_of(view.origin) {
            None | Some(BracketLeg::Entry) => 1,
            Some(BracketLeg::StopLoss) => 2,
            Some(BracketLeg::Target) => 3,
        },
        algo_ord_no: match view.origin {
            Origin::Exit { entry, .. } => Some(entry.to_string()),
            Origin::Own | Origin::Entry | Origin::Forever { .. } | Origin::Trigger { .. } => None,
        },
        instrument: instrument_word(listing).into(),
        symbol: contract.underlying.to_string(),
        product_name: view.spec.product.as_str().into(),
        status: status(view.status),
        lot_size: whole(listing.instrument.lot),
        strike_price: right.map(|_| strike),
        expiry_date: contract.expiry().map(|day| crate::domain::time::from_ist(day.at(0, 0, 0, 0))),
        opt_type: OptionType::from(right),
        display_name: listing.display_name.clone(),
        isin: "NA".into(),
        series: if contract.kind == ContractKind::Equity { "EQ".into() } else { "XX".into() },
        good_till_days_date: ist(view.created).date().to_string(),
        ref_ltp: update.last.0,
        tick_size: listing.instrument.tick.0,
        algo_id: "0".into(),
        multiplier: 1,
        correlation_id: view.correlation.clone(),
        ..WireUpdate::default()
    }
}

/// The contract a request names; `None` when the text or the number is none of ours.
pub fn security_id(text: &str) -> Option<SecurityId> {
    text.trim().parse().ok()
}

/// Cover and bracket orders are not made here.
pub fn product_of(product: &ProductType) -> Option<Product> {
    match product {
        ProductType::Co | ProductType::Bo | ProductType::Unknown(_) => None,
        known => known.product(),
    }
}

/// `DD/MM/YYYY HH:MM:SS` in India.
pub fn trade_time(at: Timestamp) -> String {
    ist(at).strftime("%d/%m/%Y %H:%M:%S").to_string()
}
