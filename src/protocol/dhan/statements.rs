//! Statements: the ledger, and the trades of past days page by page.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::{ExchangeSegment, OptionType, OrderType, ProductType, TransactionType};
use super::values;
use crate::domain::time::Timestamp;

/// One row of `GET /ledger`. All texts on the wire; one row may come without its array.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LedgerRow {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub narration: String,
    /// `Jun 22, 2022`.
    #[serde(rename = "voucherdate", with = "voucher_date")]
    pub voucher_date: Option<Date>,
    /// `NSE-CAPITAL`.
    #[serde(with = "values::text")]
    pub exchange: String,
    #[serde(rename = "voucherdesc", with = "values::text")]
    pub voucher_desc: String,
    #[serde(rename = "vouchernumber", with = "values::text")]
    pub voucher_number: String,
    #[serde(with = "values::amount_text")]
    pub debit: Decimal,
    #[serde(with = "values::amount_text")]
    pub credit: Decimal,
    /// The balance after this row.
    #[serde(rename = "runbal", with = "values::amount_text")]
    pub running_balance: Decimal,
}

/// One fill of a past day (`GET /trades/{from}/{to}/{page}`), with what it cost. Pages start at 0; an empty one is the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PastTrade {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    #[serde(with = "values::text")]
    pub exchange_order_id: String,
    #[serde(with = "values::text")]
    pub exchange_trade_id: String,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    /// `null` on the wire.
    #[serde(with = "values::opt_text")]
    pub trading_symbol: Option<String>,
    #[serde(with = "values::text")]
    pub custom_symbol: String,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::whole")]
    pub traded_quantity: i64,
    #[serde(with = "values::number")]
    pub traded_price: Decimal,
    #[serde(with = "values::na_text")]
    pub isin: Option<String>,
    /// `EQUITY`, `DERIVATIVES`.
    #[serde(with = "values::text")]
    pub instrument: String,
    #[serde(with = "values::number")]
    pub sebi_tax: Decimal,
    #[serde(with = "values::number")]
    pub stt: Decimal,
    #[serde(with = "values::number")]
    pub brokerage_charges: Decimal,
    #[serde(with = "values::number")]
    pub service_tax: Decimal,
    #[serde(with = "values::number")]
    pub exchange_transaction_charges: Decimal,
    #[serde(with = "values::number")]
    pub stamp_duty: Decimal,
    /// `NA` on the wire.
    #[serde(with = "values::na_text")]
    pub create_time: Option<String>,
    /// `NA` on the wire.
    #[serde(with = "values::na_text")]
    pub update_time: Option<String>,
    #[serde(with = "values::ist_time")]
    pub exchange_time: Option<Timestamp>,
    #[serde(with = "values::na_date")]
    pub drv_expiry_date: Option<Date>,
    pub drv_option_type: OptionType,
    #[serde(with = "values::number")]
    pub drv_strike_price: Decimal,
}

/// `Jun 22, 2022`; nothing is the empty text.
mod voucher_date {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::values::{parse_date, present};

    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option)]
    pub fn serialize<S: Serializer>(value: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(day) => serializer.collect_str(&day.strftime("%b %d, %Y")),
            None => serializer.serialize_str(""),
        }
    }

    /// Also the forms the broker uses elsewhere.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        let Some(text) = present(&text) else { return Ok(None) };
        Ok(Date::strptime("%b %d, %Y", text).ok().or_else(|| parse_date(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_voucher_is_dated_in_words() {
        let row: LedgerRow =
            serde_json::from_str(r#"{"voucherdate":"Jun 2, 2022","debit":"1.5","credit":""}"#).unwrap();
        assert_eq!(
            (row.voucher_date, row.debit, row.credit),
            (Some(date(2022, 6, 2)), Decimal::new(15, 1), Decimal::ZERO)
        );
        let text = serde_json::to_string(&row).unwrap();
        assert!(text.contains(r#""voucherdate":"Jun 02, 2022""#) && text.contains(r#""debit":"1.50""#), "{text}");
        let none: LedgerRow = serde_json::from_str(r#"{"voucherdate":"NA"}"#).unwrap();
        assert_eq!(none.voucher_date, None);
    }
}
