//! What the account can spend, and what orders would tie up.

use super::contracts::{current, security_of};
use super::rest::decode;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, MarginNeed};
use crate::domain::{Funds, InstrumentIndex, Money, OrderSpec, Price};
use crate::protocol::dhan::enums::{ProductType, TransactionType};
use crate::protocol::dhan::funds::{FundLimit, Margin, MarginRequest, MultiMargin, MultiMarginRequest};

impl DhanBroker {
    pub(super) async fn fund_limit(&self) -> Result<Funds, BrokerError> {
        let limit: FundLimit = decode(Purpose::Read, &self.get("/fundlimit").await?)?;
        Ok(Funds {
            available: Money(limit.available_balance),
            utilised: Money(limit.utilized_amount),
            start_of_day: Money(limit.sod_limit),
        })
    }

    /// What one order would tie up, on top of what is held. Counts as a non-trading call.
    pub async fn margin_of(&self, order: &OrderSpec) -> Result<MarginNeed, BrokerError> {
        let request = MarginRequest { dhan_client_id: self.client_id(), ..row(&current(&self.index), order)? };
        let margin: Margin = decode(Purpose::Read, &self.ask("/margincalculator", &request).await?)?;
        Ok(MarginNeed {
            total: Money(margin.total_margin),
            span: Money(margin.span_margin),
            exposure: Money(margin.exposure_margin),
            shortfall: Some(Money(margin.insufficient_balance)),
            brokerage: Some(Money(margin.brokerage)),
        })
    }

    /// What a set of orders would tie up together, hedges counted; with what is held and what works, if wanted. Counts as a
    /// non-trading call.
    pub async fn margin_of_all(
        &self,
        orders: &[OrderSpec],
        with_positions: bool,
        with_orders: bool,
    ) -> Result<MarginNeed, BrokerError> {
        let index = current(&self.index);
        let request = MultiMarginRequest {
            dhan_client_id: self.client_id(),
            include_position: with_positions,
            include_order: with_orders,
            scrip_list: orders.iter().map(|order| row(&index, order)).collect::<Result<_, _>>()?,
        };
        let margin: MultiMargin = decode(Purpose::Read, &self.ask("/margincalculator/multi", &request).await?)?;
        Ok(MarginNeed {
            total: Money(margin.total_margin),
            span: Money(margin.span_margin),
            exposure: Money(margin.exposure),
            shortfall: None,
            brokerage: None,
        })
    }
}

fn row(index: &InstrumentIndex, order: &OrderSpec) -> Result<MarginRequest, BrokerError> {
    let (exchange_segment, id) = security_of(index, &order.contract)?;
    Ok(MarginRequest {
        dhan_client_id: String::new(),
        exchange_segment,
        transaction_type: TransactionType::from(order.side),
        quantity: i64::from(order.quantity.0),
        product_type: ProductType::from(order.product),
        security_id: id.to_string(),
        price: order.kind.price().unwrap_or(Price::ZERO).0,
        trigger_price: order.kind.trigger().unwrap_or(Price::ZERO).0,
    })
}
