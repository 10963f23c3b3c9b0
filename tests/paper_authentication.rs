//! Our client's ways to a token, and its registered addresses, against the built-in exchange.

use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use jiff::civil::date;
use strikedeck::broker::dhan::{ConsentKey, DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings};
use strikedeck::broker::{Broker, FeedNews, OrderNews};
use strikedeck::domain::time::from_ist;
use strikedeck::domain::{Contract, Exchange, InstrumentIndex, Symbol};
use strikedeck::exchange_server::{ManualTime, Running, ServerConfig, TimeSource, start};
use strikedeck::gateway::ErrorClass;
use strikedeck::net::Secret;
use strikedeck::protocol::dhan::enums::IpFlag;
use tokio::sync::mpsc;
use tokio::time::{Duration, timeout};

async fn desk(config: ServerConfig) -> (Running, DhanBroker) {
    let exchange = start(config).await.unwrap();
    let access_token = Secret::new(exchange.access_token.clone());
    let credentials = DhanCredentials { client_id: exchange.client_id.clone(), access_token };
    let broker = DhanBroker::new(
        DhanEndpoints::local(exchange.address),
        credentials,
        DhanSettings::default(),
        Arc::new(RwLock::new(Arc::new(InstrumentIndex::new(Vec::new())))),
    );
    (exchange, broker.unwrap())
}

fn config() -> ServerConfig {
    let time = ManualTime::new(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)));
    ServerConfig { time: TimeSource::Manual(time), ..ServerConfig::paper(7) }
}

async fn next<T>(news: &mut mpsc::Receiver<T>) -> T {
    timeout(Duration::from_secs(10), news.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn every_way_to_a_token_puts_the_new_one_to_use() {
    // The one-time password is of now, so the exchange goes by the same clock.
    let (exchange, broker) = desk(ServerConfig { time: TimeSource::System, ..config() }).await;
    let keys = exchange.keys();
    let mut tokens = vec![broker.access_token()];
    let renewed = broker.renew_token().await.unwrap();
    tokens.push(renewed.token);
    assert!(broker.check_token().await.is_ok());

    let app = ConsentKey::App { id: keys.app_id.clone(), secret: Secret::new(keys.app_secret.clone()) };
    let partner = ConsentKey::Partner { id: keys.partner_id.clone(), secret: Secret::new(keys.partner_secret.clone()) };
    for key in [app, partner] {
        let consent = broker.ask_consent(&key).await.unwrap();
        // What a browser does.
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        let ended = browser.get(&consent.login_url).send().await.unwrap().url().to_string();
        let made = broker.consume_consent(&key, &Secret::new(ended.clone())).await.unwrap();
        assert!(broker.consume_consent(&key, &Secret::new(ended)).await.is_err(), "once");
        assert!(broker.check_token().await.is_ok());
        assert!(broker.renew_token().await.is_err(), "not a token of the page");
        tokens.push(made.token);
    }

    let (pin, key) = (Secret::new(keys.pin.clone()), Secret::new(keys.totp_key.clone()));
    let refused = broker.generate_token_from_key(&Secret::new("000000"), &key).await.unwrap_err();
    assert!(refused.to_string().contains("Invalid Pin"), "{refused}");
    let made = broker.generate_token_from_key(&pin, &key).await.unwrap();
    assert_eq!(made.expires, broker.check_token().await.unwrap().profile.token_expires.max(made.expires));
    tokens.push(made.token);
    let early = broker.generate_token_from_key(&pin, &key).await.unwrap_err();
    assert_eq!((early.class, early.to_string().contains("2 minutes")), (ErrorClass::TryLater, true));
    assert_eq!(broker.access_token(), *tokens.last().unwrap());
    tokens.dedup();
    assert_eq!(tokens.len(), 5, "each is another one");
    let shown = format!("{broker:?} {refused:?} {early:?}");
    assert!(tokens.iter().all(|t| !shown.contains(t.expose())) && !shown.contains(&keys.totp_key));
}

#[tokio::test]
async fn addresses_are_registered_and_orders_from_elsewhere_are_told_as_what_the_account_lacks() {
    let seen_from: IpAddr = "203.0.113.7".parse().unwrap();
    let (_exchange, broker) = desk(ServerConfig { static_ip: true, seen_from, ..config() }).await;
    let refused = broker.cancel(&strikedeck::domain::BrokerOrderId("1".into())).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Blocked);
    assert!(refused.message.contains("registered address"), "{refused}");
    assert_eq!(broker.static_ip().await.unwrap().allows_orders(), Some(false));
    assert!(broker.modify_ip(IpFlag::Primary, seen_from).await.is_err(), "fixed for a week");
    assert_eq!(broker.set_ip(IpFlag::Secondary, seen_from).await.unwrap(), "IP saved successfully");
    let told = broker.static_ip().await.unwrap();
    assert_eq!((told.allows_orders(), told.registered()), (Some(true), vec!["127.0.0.1", "203.0.113.7"]));
    let unknown = broker.cancel(&strikedeck::domain::BrokerOrderId("1".into())).await.unwrap_err();
    assert_ne!(unknown.class, ErrorClass::Blocked, "{unknown}");
}

#[tokio::test]
async fn the_broker_says_what_time_it_is() {
    let (_exchange, broker) = desk(config()).await;
    let ahead = broker.check_token().await.unwrap().clock_ahead_ms.unwrap();
    assert_eq!(ahead, 0, "both are this machine");
}

#[tokio::test]
async fn a_revoked_token_ends_both_links_and_a_new_one_brings_them_back() {
    let (exchange, broker) = desk(config()).await;
    let mut orders = broker.order_updates();
    assert!(matches!(next(&mut orders).await, OrderNews::Link(link) if link.up));
    let mut feed = broker.market_feed();
    feed.control.subscribe(&[Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap())]);
    assert!(matches!(next(&mut feed.news).await, FeedNews::Link(link) if link.up));
    // A reading answer says that both logins before it have been read.
    assert!(broker.check_token().await.is_ok());

    exchange.revoke_token().unwrap();
    let refused = loop {
        match next(&mut feed.news).await {
            FeedNews::Link(link) if !link.up => break link.refused,
            _ => {}
        }
    };
    assert_eq!(refused, Some(ErrorClass::LogIn), "the feed says why");
    while !matches!(next(&mut orders).await, OrderNews::Link(link) if !link.up) {}
    assert_eq!(broker.check_token().await.unwrap_err().class, ErrorClass::LogIn);

    broker.set_access_token(Secret::new(exchange.new_token().unwrap()));
    // Before the waits that follow a refusal are over.
    while !matches!(next(&mut feed.news).await, FeedNews::Link(link) if link.up) {}
    while !matches!(next(&mut orders).await, OrderNews::Link(link) if link.up) {}
    assert!(broker.check_token().await.is_ok());
}
