//! Our DhanHQ client against the built-in exchange: what paper mode runs. The clock moves only when told.

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, SharedIndex};
use strikedeck::broker::{Broker, FeedNews, OrderNews};
use strikedeck::domain::time::from_ist;
use strikedeck::domain::{
    AccountId, Contract, CorrelationId, Exchange, InstrumentIndex, Intent, IntentId, NetQuantity, OptionRight,
    OrderKind, OrderSighting, OrderSpec, Price, Product, Quantity, Quote, SeenStatus, Side, Symbol, Validity,
};
use strikedeck::exchange_server::{ManualTime, Running, ServerConfig, TimeSource, start};
use strikedeck::gateway::ErrorClass;
use strikedeck::net::Secret;
use strikedeck::protocol::dhan::instruments::read_master;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The exchange and a client that knows its instruments.
pub struct Desk {
    pub exchange: Running,
    pub broker: DhanBroker,
    index: SharedIndex,
    placed: u64,
}

impl Desk {
    pub async fn new() -> Self {
        let time = ManualTime::new(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)));
        let config = ServerConfig { time: TimeSource::Manual(time), ..ServerConfig::paper(7) };
        let exchange = start(config).await.unwrap();
        let endpoints = DhanEndpoints::local(exchange.address);
        assert_eq!((&endpoints.rest, &endpoints.feed), (&exchange.rest, &exchange.feed));
        assert_eq!((&endpoints.orders, &endpoints.instruments), (&exchange.orders, &exchange.instruments_detailed));
        let access_token = Secret::new(exchange.access_token.clone());
        let credentials = DhanCredentials { client_id: exchange.client_id.clone(), access_token };
        let index: SharedIndex = Arc::new(RwLock::new(Arc::new(InstrumentIndex::new(Vec::new()))));
        let broker = DhanBroker::new(endpoints, credentials, DhanSettings::default(), index.clone()).unwrap();
        let master = read_master(&broker.instrument_master().await.unwrap()).unwrap();
        *index.write().unwrap() = Arc::new(InstrumentIndex::new(master.instruments));
        Self { exchange, broker, index, placed: 0 }
    }

    /// The call nearest to the index.
    pub async fn call(&self) -> (Contract, Quote, Quantity) {
        let expiry = self.broker.expiries(nifty()).await.unwrap()[0];
        self.exchange.forward(3_000).await;
        let chain = self.broker.option_chain(nifty(), expiry).await.unwrap();
        let calls = chain.options.iter().filter(|o| o.contract.to_string().ends_with(OptionRight::Call.as_str()));
        let near = calls.min_by_key(|o| (strike(&o.contract) - chain.spot).abs()).unwrap();
        let lot = self.index.read().unwrap().by_contract(&near.contract).unwrap().lot;
        (near.contract, near.quote, lot)
    }

    pub fn intent(&mut self, contract: Contract, side: Side, quantity: Quantity, price: Price) -> Intent {
        self.placed += 1;
        let kind = OrderKind::Limit { price };
        let spec = OrderSpec { contract, side, quantity, kind, validity: Validity::Day, product: Product::Margin };
        let correlation = CorrelationId::new("SDTEST", self.placed).unwrap();
        let expires = from_ist(date(2026, 11, 20).at(15, 0, 0, 0));
        Intent { id: IntentId(self.placed), account: AccountId(1), correlation, spec, expires }
    }
}

pub fn nifty() -> Contract {
    Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap())
}

fn strike(contract: &Contract) -> Price {
    match contract.kind {
        strikedeck::domain::ContractKind::Option { strike, .. } => strike,
        _ => Price::ZERO,
    }
}

pub async fn next<T>(news: &mut mpsc::Receiver<T>) -> T {
    timeout(Duration::from_secs(10), news.recv()).await.unwrap().unwrap()
}

/// The next sighting of an order with this status; any other end of one of ours is a failure of the test.
async fn seen(news: &mut mpsc::Receiver<OrderNews>, status: SeenStatus) -> OrderSighting {
    loop {
        let OrderNews::Seen(sighting) = next(news).await else { continue };
        if sighting.status == status {
            return sighting;
        }
        // The orders of the broker's own exit carry no mark of ours.
        assert!(!sighting.status.is_final() || sighting.correlation.is_none(), "{sighting:?}");
    }
}

#[tokio::test]
async fn an_order_lives_from_its_intent_to_its_exit() {
    let mut desk = Desk::new().await;
    let mut news = desk.broker.order_updates();
    assert!(matches!(next(&mut news).await, OrderNews::Link(link) if link.up));
    let (call, quote, lot) = desk.call().await;

    // A bid well below, within the day's limits, rests, is found by its mark, restated and cancelled.
    let low = Price((quote.last.0 * dec!(0.8)).round());
    let intent = desk.intent(call, Side::Buy, lot, low);
    let ack = desk.broker.place(&intent).await.unwrap();
    assert_eq!(ack.status, SeenStatus::Transit);
    desk.exchange.forward(1_000).await;
    let working = seen(&mut news, SeenStatus::Working).await;
    assert_eq!((&working.order_id, &working.correlation), (&ack.order_id, &Some(intent.correlation.clone())));
    assert_eq!(working.spec, intent.spec);
    assert_eq!(desk.broker.order_by_correlation(&intent.correlation).await.unwrap().unwrap().spec, intent.spec);
    let higher = OrderSpec { kind: OrderKind::Limit { price: Price(low.0 + dec!(1)) }, ..intent.spec };
    desk.broker.modify(&ack.order_id, &higher).await.unwrap();
    desk.exchange.forward(1_000).await;
    assert_eq!(desk.broker.order(&ack.order_id).await.unwrap().unwrap().spec, higher);
    desk.broker.cancel(&ack.order_id).await.unwrap();
    desk.exchange.forward(1_000).await;
    assert_eq!(seen(&mut news, SeenStatus::Cancelled).await.order_id, ack.order_id);

    // One through the touch fills; fill, position and order agree.
    let high = Price((quote.ask.unwrap().0 * dec!(1.2)).round());
    let intent = desk.intent(call, Side::Buy, lot, high);
    let ack = desk.broker.place(&intent).await.unwrap();
    desk.exchange.forward(2_000).await;
    let filled = seen(&mut news, SeenStatus::Filled).await;
    assert_eq!((&filled.order_id, filled.filled), (&ack.order_id, lot));
    let trades = desk.broker.trades().await.unwrap();
    let bought: u32 = trades.iter().filter(|t| t.order_id == ack.order_id).map(|t| t.quantity.0).sum();
    assert_eq!(Quantity(bought), lot);
    let positions = desk.broker.positions().await.unwrap();
    assert_eq!((positions[0].contract, positions[0].net), (call, NetQuantity::from(lot)));
    assert!(desk.broker.kill_switch(true).await.is_err(), "not while a position is open");

    // Everything out, then the switch may be set, and nothing is taken any more.
    desk.broker.exit_all().await.unwrap();
    desk.exchange.forward(3_000).await;
    assert!(desk.broker.positions().await.unwrap().iter().all(|p| p.net.is_flat()));
    assert_eq!(desk.broker.kill_switch(true).await, Ok(true));
    assert_eq!(desk.broker.kill_switch_state().await, Ok(true));
    let refused = desk.intent(call, Side::Buy, lot, low);
    match desk.broker.place(&refused).await {
        Err(error) => assert_eq!(error.class, ErrorClass::Blocked, "{error}"),
        Ok(_) => {
            desk.exchange.forward(1_000).await;
            seen(&mut news, SeenStatus::Rejected).await;
        }
    }
    let marks: BTreeSet<_> = desk.broker.orders().await.unwrap().into_iter().filter_map(|o| o.correlation).collect();
    assert!(marks.len() >= 2);
    assert!(desk.broker.funds().await.unwrap().available.0 > dec!(0));
}

#[tokio::test]
async fn prices_come_by_snapshot_and_by_link_alike() {
    let desk = Desk::new().await;
    let (call, _, _) = desk.call().await;
    let snapshot = desk.broker.quotes(&[call, nifty()]).await.unwrap();
    assert_eq!(snapshot.len(), 2);
    let mut feed = desk.broker.market_feed();
    feed.control.subscribe(&[call, nifty()]);
    let mut quotes: Vec<(Contract, Quote)> = Vec::new();
    let mut closes = BTreeSet::new();
    while quotes.len() < 2 || closes.len() < 2 {
        match next(&mut feed.news).await {
            FeedNews::Quotes(newer) => {
                quotes.retain(|(contract, _)| newer.iter().all(|(c, _)| c != contract));
                quotes.extend(newer);
            }
            FeedNews::PreviousClose(contract, _) => {
                closes.insert(contract);
            }
            FeedNews::Link(link) => assert!(link.up, "{}", link.detail),
        }
    }
    for (contract, quote) in quotes {
        let (_, told) = snapshot.iter().find(|(c, _)| *c == contract).unwrap();
        assert_eq!((quote.last, quote.bid, quote.ask), (told.last, told.bid, told.ask), "{contract}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_told_as_one() {
    let desk = Desk::new().await;
    desk.broker.set_access_token(Secret::new("stale"));
    assert_eq!(desk.broker.funds().await.unwrap_err().class, ErrorClass::LogIn);
    assert_eq!(desk.broker.quotes(&[nifty()]).await.unwrap_err().class, ErrorClass::LogIn);
}
