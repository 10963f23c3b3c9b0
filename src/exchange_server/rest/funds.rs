//! The fund limit and the margin calculators.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::answers::{Answer, Refused, ok};
use crate::domain::time::trading_day;
use crate::domain::{OrderKind, OrderSpec, Price, Quantity, Segment, Validity};
use crate::exchange::{Exchange, MarginFor};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::MultiMarginForm;
use crate::exchange_server::words;
use crate::options::charges::{OrderTally, Tariff};
use crate::protocol::dhan::funds::{FundLimit, Margin, MarginRequest, MultiMargin, MultiMarginRequest};

/// Orders in one call of the multi calculator.
const MOST_ROWS: usize = 100;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/fundlimit", get(fund_limit))
        .route("/margincalculator", post(margin))
        .route("/margincalculator/multi", post(multi_margin))
}

async fn margin(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let request: MarginRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    let (need, brokerage) = reckon(&shared, vec![request], true, false).await?;
    ok(&Margin {
        brokerage,
        total_margin: need.total.0,
        span_margin: need.span.0,
        exposure_margin: need.exposure.0,
        available_balance: need.available.0,
        insufficient_balance: (need.total.0 - need.available.0).max(Decimal::ZERO),
        leverage: "1.00".into(),
        ..Margin::default()
    })
}

async fn multi_margin(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let request: MultiMarginRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    if request.scrip_list.is_empty() || request.scrip_list.len() > MOST_ROWS {
        return Err(Refused::bad_fields());
    }
    let equity =
        |row: &&MarginRequest| matches!(row.exchange_segment.segment(), Some(Segment::NseEquity | Segment::BseEquity));
    let shares: Vec<MarginRequest> = request.scrip_list.iter().filter(equity).cloned().collect();
    let (positions, orders) = (request.include_position, request.include_order);
    let (need, _) = reckon(&shared, request.scrip_list, positions, orders).await?;
    // Shares and derivatives do not hedge one another: the shares' part is what they need by themselves.
    let of_shares =
        if shares.is_empty() { Decimal::ZERO } else { reckon(&shared, shares, positions, orders).await?.0.total.0 };
    let answer = MultiMargin {
        client_id: shared.account(),
        total_margin: need.total.0,
        span_margin: need.span.0,
        exposure: need.exposure.0,
        equity_margin: of_shares,
        fo_margin: (need.total.0 - of_shares).max(Decimal::ZERO),
        ..MultiMargin::default()
    };
    match shared.switches().multi_margin {
        MultiMarginForm::CamelCaseNumbers => ok(&answer),
        MultiMarginForm::SnakeCaseTexts => ok(&in_texts(&answer)),
    }
}

/// The other form the multi calculator was seen in: snake case, numbers as texts.
fn in_texts(margin: &MultiMargin) -> serde_json::Value {
    serde_json::json!({
        "total_margin": margin.total_margin.to_string(),
        "span_margin": margin.span_margin.to_string(),
        "exposure_margin": margin.exposure.to_string(),
        "equity_margin": margin.equity_margin.to_string(),
        "fo_margin": margin.fo_margin.to_string(),
        "commodity_margin": margin.commodity.to_string(),
        "currency": "INR",
        "hedge_benefit": margin.hedge_benefit.to_string(),
    })
}

/// What the orders would tie up, and the tariff's brokerage for them.
async fn reckon(
    shared: &Shared,
    rows: Vec<MarginRequest>,
    positions: bool,
    orders: bool,
) -> Result<(MarginFor, Decimal), Refused> {
    let account = shared.account();
    let work = move |exchange: &mut Exchange, now| {
        exchange.let_pass(now);
        let wanted: Option<Vec<OrderSpec>> = rows.iter().map(|r| spec(exchange, r)).collect();
        wanted.map(|wanted| {
            let need = exchange.margin_for(&account, &wanted, positions, orders);
            (need, brokerage(exchange, &wanted, trading_day(now)))
        })
    };
    shared.core.call(work).await?.ok_or_else(Refused::bad_fields)
}

fn brokerage(exchange: &Exchange, orders: &[OrderSpec], day: Date) -> Decimal {
    let Ok(tariff) = Tariff::built_in() else { return Decimal::ZERO };
    let of = |order: &OrderSpec| {
        let market = || exchange.quote(&order.contract).map_or(Price::ZERO, |q| q.last);
        let price = order.kind.price().filter(|p| p.is_positive()).unwrap_or_else(market);
        let mut tally = OrderTally::new(order.contract, order.product, order.side, day);
        tally.fill(order.quantity, price);
        tally.charges(&tariff).map_or(Decimal::ZERO, |charges| charges.brokerage.0)
    };
    orders.iter().map(of).sum::<Decimal>().round_dp(2)
}

fn spec(exchange: &Exchange, row: &MarginRequest) -> Option<OrderSpec> {
    let contract = exchange.contract_of(row.exchange_segment.segment()?, words::security_id(&row.security_id)?)?;
    let price = Price(row.price);
    Some(OrderSpec {
        contract,
        side: row.transaction_type.side()?,
        quantity: u32::try_from(row.quantity).ok().filter(|q| *q > 0).map(Quantity)?,
        kind: if price.is_positive() { OrderKind::Limit { price } } else { OrderKind::Market },
        validity: Validity::Day,
        product: words::product_of(&row.product_type)?,
    })
}

async fn fund_limit(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let client = account.clone();
    let funds = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.funds(&account)
        })
        .await?;
    ok(&FundLimit {
        dhan_client_id: client,
        available_balance: funds.available.0,
        sod_limit: funds.start_of_day.0,
        utilized_amount: funds.utilised.0,
        withdrawable_balance: funds.available.0.max(Decimal::ZERO),
        ..FundLimit::default()
    })
}
