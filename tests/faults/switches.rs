//! The profile switches: our client works with either setting of each, over the same wire.

use std::sync::{Arc, RwLock};

use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, SharedIndex};
use strikedeck::broker::{Broker, BrokerError, DepthNews, FeedNews, OrderNews};
use strikedeck::domain::time::from_ist;
use strikedeck::domain::{
    AccountId, Contract, CorrelationId, Exchange, InstrumentIndex, Intent, IntentId, Money, OrderKind, OrderSpec,
    PnlExit, Price, Product, Quantity, SeenStatus, Side, Symbol, Validity,
};
use strikedeck::exchange_server::faults::{Fault, FaultSpec, Faults};
use strikedeck::exchange_server::switches::*;
use strikedeck::exchange_server::{ManualTime, Running, ServerConfig, Switches, TimeSource, start};
use strikedeck::gateway::ErrorClass;
use strikedeck::net::Secret;
use strikedeck::protocol::dhan::instruments::read_master;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Our client on an exchange whose clock moves only when told.
pub struct Wire {
    exchange: Running,
    broker: DhanBroker,
    index: SharedIndex,
}

impl Wire {
    pub async fn new() -> Self {
        Self::with(Switches::default()).await
    }

    pub async fn with(switches: Switches) -> Self {
        let time = ManualTime::new(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)));
        let config = ServerConfig { time: TimeSource::Manual(time), switches, ..ServerConfig::paper(7) };
        let exchange = start(config).await.unwrap();
        let access_token = Secret::new(exchange.access_token.clone());
        let credentials = DhanCredentials { client_id: exchange.client_id.clone(), access_token };
        let index: SharedIndex = Arc::new(RwLock::new(Arc::new(InstrumentIndex::new(Vec::new()))));
        let mut endpoints = DhanEndpoints::local(exchange.address);
        if switches.deep_path == DeepPath::Root {
            endpoints.depth_200 = format!("ws://{}/", exchange.address);
        }
        let broker = DhanBroker::new(endpoints, credentials, DhanSettings::default(), index.clone()).unwrap();
        let wire = Self { exchange, broker, index };
        let master = read_master(&wire.master().await.unwrap()).unwrap();
        *wire.index.write().unwrap() = Arc::new(InstrumentIndex::new(master.instruments));
        wire
    }

    pub fn faults(&self) -> &Faults {
        &self.exchange.faults
    }

    pub async fn master(&self) -> Result<Vec<u8>, BrokerError> {
        self.broker.instrument_master().await
    }
}

fn intent(n: u64, kind: OrderKind) -> Intent {
    let contract: Contract = "NSE:NIFTY:2026-11-23:25950:CE".parse().unwrap();
    let (side, quantity) = (Side::Buy, Quantity(65));
    let spec = OrderSpec { contract, side, quantity, kind, validity: Validity::Day, product: Product::Margin };
    let correlation = CorrelationId::new("SDTEST", n).unwrap();
    let expires = from_ist(date(2026, 11, 20).at(15, 0, 0, 0));
    Intent { id: IntentId(n), account: AccountId(1), correlation, spec, expires }
}

/// Every switch at its alternative, one at a time, and all of them together.
fn alternatives() -> Vec<Switches> {
    let plain = Switches::default();
    let mut all = vec![
        plain,
        Switches { order_by_id: OrderById::OneElementArray, ..plain },
        Switches { cancel_in_transit: CancelInTransit::Accept, ..plain },
        Switches { trades_of_order: TradesOfOrder::Object, ..plain },
        Switches { cancel_status: CancelStatus::Accepted, ..plain },
        Switches { order_socket_keys: SocketKeys::PascalCase, ..plain },
        Switches { order_socket_login: LoginAnswer::Frame, ..plain },
        Switches { empty_holdings: EmptyHoldings::EmptyArray, ..plain },
        Switches { invalid_ip_code: InvalidIpCode::Dh911, ..plain },
        Switches { correlation_id_limit: MarkLimit::Documented, ..plain },
        Switches { previous_close_packet: PreviousClosePacket::All, ..plain },
        Switches { feed_close_field: FeedCloseField::ZeroUntilClose, ..plain },
        Switches { multi_margin: MultiMarginForm::SnakeCaseTexts, ..plain },
        Switches { market_orders: MarketOrders::FilledAtTouch, ..plain },
        Switches { bad_token_on_feed: BadTokenOnFeed::DisconnectPacket, ..plain },
        Switches { empty_charts: EmptyCharts::Error, ..plain },
        Switches { pnl_exit_key: PnlExitKey::CamelCase, ..plain },
        Switches { deep_path: DeepPath::Root, ..plain },
        Switches { depth_unsubscribe: DepthUnsubscribe::Code25, ..plain },
    ];
    all.push(Switches {
        order_by_id: OrderById::OneElementArray,
        cancel_in_transit: CancelInTransit::Accept,
        trades_of_order: TradesOfOrder::Object,
        cancel_status: CancelStatus::Accepted,
        order_socket_keys: SocketKeys::PascalCase,
        order_socket_login: LoginAnswer::Frame,
        empty_holdings: EmptyHoldings::EmptyArray,
        invalid_ip_code: InvalidIpCode::Dh911,
        correlation_id_limit: MarkLimit::Documented,
        previous_close_packet: PreviousClosePacket::All,
        feed_close_field: FeedCloseField::ZeroUntilClose,
        multi_margin: MultiMarginForm::SnakeCaseTexts,
        market_orders: MarketOrders::FilledAtTouch,
        bad_token_on_feed: BadTokenOnFeed::DisconnectPacket,
        empty_charts: EmptyCharts::Error,
        pnl_exit_key: PnlExitKey::CamelCase,
        deep_path: DeepPath::Root,
        depth_unsubscribe: DepthUnsubscribe::Code25,
    });
    all
}

#[test]
fn the_readme_names_every_switch() {
    let readme = include_str!("../../README.md");
    let switches = serde_json::to_value(Switches::default()).unwrap();
    for name in switches.as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}

async fn next<T>(news: &mut mpsc::Receiver<T>) -> T {
    timeout(std::time::Duration::from_secs(20), news.recv()).await.unwrap().unwrap()
}

async fn seen(news: &mut mpsc::Receiver<OrderNews>, status: SeenStatus) {
    loop {
        if let OrderNews::Seen(sighting) = next(news).await
            && sighting.status == status
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_live_and_end_alike_with_either_setting_of_every_switch() {
    for switches in alternatives() {
        orders_under(switches).await;
    }
}

async fn orders_under(switches: Switches) {
    let wire = Wire::with(switches).await;
    let broker = &wire.broker;
    let mut news = broker.order_updates();
    assert!(matches!(next(&mut news).await, OrderNews::Link(link) if link.up));
    let quotes = broker.quotes(&[intent(1, OrderKind::Market).spec.contract]).await.unwrap();
    let low = Price((quotes[0].1.last.0 * dec!(0.8)).round());

    // A bid that rests is found by its mark and by its number, and is cancelled; early, where that is taken.
    let resting = intent(1, OrderKind::Limit { price: low });
    let ack = broker.place(&resting).await.unwrap();
    let early = broker.cancel(&ack.order_id).await;
    assert_eq!(early.is_ok(), switches.cancel_in_transit == CancelInTransit::Accept, "{switches:?}");
    if let Err(error) = early {
        assert_eq!(error.class, ErrorClass::TryLater, "it works in a moment");
        wire.exchange.forward(500).await;
        assert_eq!(broker.order(&ack.order_id).await.unwrap().unwrap().spec, resting.spec, "{switches:?}");
        let found = broker.order_by_correlation(&resting.correlation).await.unwrap().unwrap();
        assert_eq!(found.order_id, ack.order_id);
        broker.cancel(&ack.order_id).await.unwrap();
    }
    wire.exchange.forward(500).await;
    seen(&mut news, SeenStatus::Cancelled).await;

    // A market order fills, however it is shown on the way.
    let ack = broker.place(&intent(2, OrderKind::Market)).await.unwrap();
    wire.exchange.forward(5_000).await;
    seen(&mut news, SeenStatus::Filled).await;
    let order = broker.order(&ack.order_id).await.unwrap().unwrap();
    assert_eq!((order.status, order.filled), (SeenStatus::Filled, Quantity(65)));
    let trades = broker.trades().await.unwrap();
    assert_eq!(trades.iter().map(|t| t.quantity.0).sum::<u32>(), 65);
    assert_eq!(broker.positions().await.unwrap()[0].net.0, 65);
    assert_eq!(broker.order(&"123".into_id()).await.unwrap(), None);

    // An address that is not registered is one, in either code.
    wire.faults().set(FaultSpec::new(Fault::InvalidIp).times(1));
    let refused = broker.place(&intent(3, OrderKind::Limit { price: low })).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Blocked, "{refused}");
    wire.exchange.stop().await;
}

trait IntoId {
    fn into_id(self) -> strikedeck::domain::BrokerOrderId;
}

impl IntoId for &str {
    fn into_id(self) -> strikedeck::domain::BrokerOrderId {
        strikedeck::domain::BrokerOrderId(self.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_without_bars_the_exit_on_loss_and_empty_holdings_are_read_in_either_form() {
    for switches in alternatives() {
        let wire = Wire::with(switches).await;
        let broker = &wire.broker;
        let nifty = Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap());
        let weekend = broker.daily_bars(&nifty, date(2026, 11, 14), date(2026, 11, 15), false).await;
        match switches.empty_charts {
            EmptyCharts::EmptyArrays => assert_eq!(weekend, Ok(Vec::new())),
            EmptyCharts::Error => assert_eq!(weekend.unwrap_err().class, ErrorClass::Refused),
        }
        let exit = PnlExit {
            profit: Money(dec!(90000)),
            loss: Money(dec!(80000)),
            intraday: true,
            delivery: false,
            kill_switch: true,
        };
        broker.set_pnl_exit(exit).await.unwrap();
        assert_eq!(broker.pnl_exit().await.unwrap(), Some(exit), "{switches:?}");
        assert_eq!(broker.holdings().await.unwrap(), Vec::new(), "{switches:?}");
        wire.exchange.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_levels_come_from_either_path_where_it_is_configured() {
    for deep_path in [DeepPath::Both, DeepPath::Documented, DeepPath::Root] {
        let wire = Wire::with(Switches { deep_path, ..Switches::default() }).await;
        let call = intent(1, OrderKind::Market).spec.contract;
        let mut news = wire.broker.depth_200(call).unwrap();
        let levels = loop {
            match next(&mut news).await {
                DepthNews::Link(link) => assert!(link.up, "{deep_path:?}: {}", link.detail),
                DepthNews::Side { contract, levels, .. } if contract == call => break levels,
                DepthNews::Side { .. } => {}
            }
        };
        assert_eq!(levels.len(), 200, "{deep_path:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_tells_the_same_prices_with_either_setting_of_its_switches() {
    let plain = Switches::default();
    for switches in [
        plain,
        Switches { previous_close_packet: PreviousClosePacket::All, ..plain },
        Switches { feed_close_field: FeedCloseField::ZeroUntilClose, ..plain },
    ] {
        let wire = Wire::with(switches).await;
        let call = intent(1, OrderKind::Market).spec.contract;
        let nifty = Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap());
        let told = wire.broker.quotes(&[call, nifty]).await.unwrap();
        let mut feed = wire.broker.market_feed();
        feed.control.subscribe(&[call, nifty]);
        let (mut quotes, mut index_close) = (Vec::new(), false);
        while quotes.len() < 2 || !index_close {
            match next(&mut feed.news).await {
                FeedNews::Quotes(newer) => quotes.extend(newer),
                FeedNews::PreviousClose(contract, close) => {
                    assert!(close.is_positive(), "an absent close is not told as one: {switches:?}");
                    index_close |= contract == nifty;
                }
                FeedNews::Link(link) => assert!(link.up, "{}", link.detail),
            }
        }
        for (contract, quote) in quotes {
            let (_, snapshot) = told.iter().find(|(c, _)| *c == contract).unwrap();
            assert_eq!((quote.last, quote.bid, quote.ask), (snapshot.last, snapshot.bid, snapshot.ask));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_token_ends_the_feed_by_either_way_and_is_told_as_one() {
    for way in [BadTokenOnFeed::HandshakeRefused, BadTokenOnFeed::DisconnectPacket] {
        let wire = Wire::with(Switches { bad_token_on_feed: way, ..Switches::default() }).await;
        wire.broker.set_access_token(Secret::new("stale"));
        let mut feed = wire.broker.market_feed();
        let refused = loop {
            if let FeedNews::Link(link) = next(&mut feed.news).await
                && !link.up
            {
                break link;
            }
        };
        assert_eq!(refused.refused, Some(ErrorClass::LogIn), "{way:?}: {}", refused.detail);
        wire.broker.set_access_token(Secret::new(wire.exchange.access_token.clone()));
        loop {
            if let FeedNews::Link(link) = next(&mut feed.news).await
                && link.up
            {
                break;
            }
        }
    }
}
