//! Statements: the ledger, and fills of past days page by page.

use jiff::civil::Date;

use super::contracts::{contract_of_row, current};
use super::rest::unreadable;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, LedgerLine, PastFill};
use crate::domain::{BrokerOrderId, InstrumentIndex, Money, Price, TradeSighting};
use crate::protocol::dhan::statements::{LedgerRow, PastTrade};
use crate::protocol::dhan::values::one_or_many;

impl DhanBroker {
    /// The account's ledger between two days, both included. Counts as a non-trading call.
    pub async fn ledger(&self, from: Date, to: Date) -> Result<Vec<LedgerLine>, BrokerError> {
        let answer = self.get(&format!("/ledger?from-date={from}&to-date={to}")).await?;
        let rows: Vec<LedgerRow> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let line = |row: LedgerRow| LedgerLine {
            date: row.voucher_date,
            narration: row.narration,
            voucher: row.voucher_number,
            debit: Money(row.debit),
            credit: Money(row.credit),
            balance: Money(row.running_balance),
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// One page of fills between two days, both included; pages start at 0, an empty one is the end. Today's are not among
    /// them. Counts as a non-trading call.
    pub async fn trade_history(&self, from: Date, to: Date, page: u32) -> Result<Vec<PastFill>, BrokerError> {
        let answer = self.get(&format!("/trades/{from}/{to}/{page}")).await?;
        let rows: Vec<PastTrade> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let index = current(&self.index);
        let read = |row: &PastTrade| {
            past_fill(&index, row).ok_or_else(|| {
                unreadable(Purpose::Read, format!("a fill of order {} has words we do not know", row.order_id))
            })
        };
        rows.iter().map(read).collect()
    }
}

fn past_fill(index: &InstrumentIndex, row: &PastTrade) -> Option<PastFill> {
    let fill = TradeSighting {
        order_id: BrokerOrderId(row.order_id.clone()),
        trade_id: row.exchange_trade_id.clone(),
        // What has expired is in no list any more: it is known by its number.
        contract: contract_of_row(index, &row.exchange_segment, &row.security_id)?,
        product: row.product_type.product()?,
        side: row.transaction_type.side()?,
        quantity: units(row.traded_quantity)?,
        price: Price(row.traded_price),
        at: row.exchange_time,
    };
    Some(PastFill {
        fill,
        brokerage: Money(row.brokerage_charges),
        stt: Money(row.stt),
        exchange: Money(row.exchange_transaction_charges),
        sebi: Money(row.sebi_tax),
        stamp: Money(row.stamp_duty),
        gst: Money(row.service_tax),
    })
}
