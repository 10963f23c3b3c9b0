//! The trade book.

use super::contracts::{contract_of_row, current};
use super::rest::unreadable;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, InstrumentIndex, Price, TradeSighting};
use crate::protocol::dhan::trades::Trade;
use crate::protocol::dhan::values::{one_or_many, present};

impl DhanBroker {
    /// A fill that cannot be understood fails the whole reading: profit and positions are reckoned from all of them.
    pub(super) async fn trade_book(&self) -> Result<Vec<TradeSighting>, BrokerError> {
        let answer = self.get("/trades").await?;
        let trades: Vec<Trade> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let index = current(&self.index);
        let read = |trade| {
            sighting(&index, trade).ok_or_else(|| {
                unreadable(Purpose::Read, format!("a fill of order {} has words we do not know", trade.order_id))
            })
        };
        trades.iter().map(read).collect()
    }
}

fn sighting(index: &InstrumentIndex, trade: &Trade) -> Option<TradeSighting> {
    let at = trade.exchange_time.or(trade.update_time).or(trade.create_time);
    Some(TradeSighting {
        order_id: BrokerOrderId(present(&trade.order_id)?.to_string()),
        trade_id: trade_id(trade, at),
        contract: contract_of_row(index, &trade.exchange_segment, &trade.security_id)?,
        product: trade.product_type.product()?,
        side: trade.transaction_type.side()?,
        quantity: units(trade.traded_quantity)?,
        price: Price(trade.traded_price),
        at,
    })
}

/// The exchange's number; where it is missing, what tells the fill from others of its order.
fn trade_id(trade: &Trade, at: Option<Timestamp>) -> String {
    match present(&trade.exchange_trade_id) {
        Some(id) => id.to_string(),
        None => {
            let second = at.map_or(0, Timestamp::as_second);
            format!("{}-{second}-{}-{}", trade.order_id, trade.traded_quantity, trade.traded_price.normalize())
        }
    }
}
