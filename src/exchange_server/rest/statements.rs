//! Statements: the ledger, and trades of past days page by page.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::answers::{Answer, Refused, ok};
use crate::domain::ContractKind;
use crate::exchange::{Exchange, LedgerEntry, PastTradeView, Voucher, isin};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::enums::{ExchangeSegment, OptionType, ProductType, TransactionType};
use crate::protocol::dhan::statements::{LedgerRow, PastTrade};
use crate::protocol::dhan::values::parse_date;

/// Rows of one page; the broker's own number is not known.
const PAGE: usize = 20;
/// Digits of charges behind the point.
const CHARGE_DIGITS: u32 = 4;

pub fn routes() -> Router<Shared> {
    Router::new().route("/ledger", get(ledger)).route("/trades/{from}/{to}/{page}", get(past_trades))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Range {
    from_date: Option<String>,
    to_date: Option<String>,
}

async fn ledger(State(shared): State<Shared>, Query(range): Query<Range>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let date = |text: Option<String>| text.as_deref().and_then(parse_date).ok_or_else(Refused::bad_fields);
    let (from, to) = (date(range.from_date)?, date(range.to_date)?);
    let account = shared.account();
    let rows = shared.core.call(move |exchange, now| {
        exchange.let_pass(now);
        exchange.ledger(&account, from, to)
    });
    let client = shared.account();
    let rows: Vec<LedgerRow> = rows.await?.iter().map(|entry| ledger_row(entry, &client)).collect();
    ok(&rows)
}

fn ledger_row(entry: &LedgerEntry, client: &str) -> LedgerRow {
    let (narration, desc) = match entry.voucher {
        Voucher::Deposit => ("FUNDS ADDED", "RECBNK"),
        Voucher::Trades => ("NET OBLIGATION FOR TRADES", "TRDBIL"),
    };
    LedgerRow {
        dhan_client_id: client.to_string(),
        narration: narration.into(),
        voucher_date: Some(entry.day),
        exchange: "NSE-CAPITAL".into(),
        voucher_desc: desc.into(),
        voucher_number: format!("{}{:08}", entry.day.year(), entry.number),
        debit: entry.debit.0,
        credit: entry.credit.0,
        running_balance: entry.balance.0,
    }
}

async fn past_trades(
    State(shared): State<Shared>,
    Path((from, to, page)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let dates = parse_date(&from).zip(parse_date(&to));
    let ((from, to), page) = dates.zip(page.parse::<usize>().ok()).ok_or_else(Refused::bad_fields)?;
    let account = shared.account();
    let rows = shared.core.call(move |exchange, now| {
        exchange.let_pass(now);
        let all = exchange.past_trades(&account, from, to);
        let wanted = all.iter().skip(page.saturating_mul(PAGE)).take(PAGE);
        wanted.map(|past| trade_row(exchange, past)).collect::<Vec<PastTrade>>()
    });
    ok(&rows.await?)
}

fn trade_row(exchange: &Exchange, past: &PastTradeView) -> PastTrade {
    let trade = &past.trade;
    let contract = &trade.contract;
    let (right, strike) = match contract.kind {
        ContractKind::Option { strike, right, .. } => (Some(right), strike.0),
        _ => (None, Decimal::ZERO),
    };
    let isin = isin(contract, trade.security_id);
    let charge = |amount: crate::domain::Money| amount.0.round_dp(CHARGE_DIGITS);
    PastTrade {
        dhan_client_id: trade.account.clone(),
        order_id: trade.order_id.to_string(),
        exchange_order_id: past.exchange_order.clone(),
        exchange_trade_id: trade.trade_id.clone(),
        transaction_type: TransactionType::from(trade.side),
        exchange_segment: ExchangeSegment::from(contract.segment()),
        product_type: ProductType::from(trade.product),
        order_type: past.kind.into(),
        trading_symbol: None,
        custom_symbol: exchange.listing_of_held(contract).map_or_else(|| contract.label(), |l| l.display_name),
        security_id: trade.security_id.to_string(),
        traded_quantity: i64::from(trade.quantity.0),
        traded_price: trade.price.0,
        isin: (isin != "NA").then_some(isin),
        instrument: if contract.kind == ContractKind::Equity { "EQUITY".into() } else { "DERIVATIVES".into() },
        sebi_tax: charge(past.charges.sebi),
        stt: charge(past.charges.stt),
        brokerage_charges: charge(past.charges.brokerage),
        service_tax: charge(past.charges.gst),
        exchange_transaction_charges: charge(past.charges.exchange + past.charges.ipft),
        stamp_duty: charge(past.charges.stamp),
        create_time: None,
        update_time: None,
        exchange_time: Some(trade.at),
        drv_expiry_date: contract.expiry(),
        drv_option_type: OptionType::from(right),
        drv_strike_price: strike,
    }
}
