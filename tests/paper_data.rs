//! Our DhanHQ client against the built-in exchange, beyond orders and prices: charts, deep books, statements, holdings, EDIS,
//! margins, the exit on profit or loss, postbacks. The clock moves only when told.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, SharedIndex};
use strikedeck::broker::{BarLength, Broker, DepthNews, RollingOption};
use strikedeck::domain::time::{after_ms, from_ist, ist};
use strikedeck::domain::{
    AccountId, Contract, ContractKind, CorrelationId, Exchange, InstrumentIndex, Intent, IntentId, Money, OptionRight,
    OrderKind, OrderSpec, PnlExit, Price, Product, Quantity, Side, Symbol, Validity,
};
use strikedeck::exchange::ShareSpec;
use strikedeck::exchange_server::{ManualTime, Running, ServerConfig, TimeSource, start};
use strikedeck::gateway::ErrorClass;
use strikedeck::net::Secret;
use strikedeck::protocol::dhan::instruments::read_master;
use tokio::time::timeout;

struct Desk {
    exchange: Running,
    broker: DhanBroker,
    index: SharedIndex,
    placed: u64,
}

fn nifty() -> Contract {
    Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap())
}

fn reliance() -> Contract {
    Contract::equity(Exchange::Nse, Symbol::new("RELIANCE").unwrap())
}

impl Desk {
    async fn new() -> Self {
        let time = ManualTime::new(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)));
        let symbol = reliance().underlying;
        let config = ServerConfig {
            time: TimeSource::Manual(time),
            shares: vec![ShareSpec::new(symbol, Price(dec!(1423.5)))],
            holdings: vec![(symbol, Quantity(20))],
            ..ServerConfig::paper(7)
        };
        let exchange = start(config).await.unwrap();
        let access_token = Secret::new(exchange.access_token.clone());
        let credentials = DhanCredentials { client_id: exchange.client_id.clone(), access_token };
        let index: SharedIndex = Arc::new(RwLock::new(Arc::new(InstrumentIndex::new(Vec::new()))));
        let endpoints = DhanEndpoints::local(exchange.address);
        let settings = DhanSettings { quote_pause: Duration::from_millis(1), ..DhanSettings::default() };
        let broker = DhanBroker::new(endpoints, credentials, settings, index.clone()).unwrap();
        let master = read_master(&broker.instrument_master().await.unwrap()).unwrap();
        *index.write().unwrap() = Arc::new(InstrumentIndex::new(master.instruments));
        Self { exchange, broker, index, placed: 0 }
    }

    fn option(&self, strike: i64, right: OptionRight) -> Contract {
        let index = self.index.read().unwrap();
        let expiry = index.option_expiries(Exchange::Nse, nifty().underlying)[0];
        Contract::option(Exchange::Nse, nifty().underlying, expiry, Price(strike.into()), right)
    }

    async fn buy(&mut self, contract: Contract, quantity: u32, product: Product) {
        self.placed += 1;
        let (quantity, kind, validity) = (Quantity(quantity), OrderKind::Market, Validity::Day);
        let spec = OrderSpec { contract, side: Side::Buy, quantity, kind, validity, product };
        let correlation = CorrelationId::new("SDTEST", self.placed).unwrap();
        let expires = from_ist(date(2026, 11, 20).at(15, 0, 0, 0));
        let intent = Intent { id: IntentId(self.placed), account: AccountId(1), correlation, spec, expires };
        self.broker.place(&intent).await.unwrap();
        self.exchange.forward(5_000).await;
    }
}

#[tokio::test]
async fn charts_are_read_in_neutral_terms() {
    let desk = Desk::new().await;
    desk.exchange.forward(300_000).await;
    let start = from_ist(date(2026, 11, 20).at(10, 0, 0, 0));
    let range = (start, after_ms(start, 600_000));
    let minutes = desk.broker.intraday_bars(&nifty(), BarLength::Minute, range, true).await.unwrap();
    assert_eq!((minutes.len(), minutes[0].start, minutes[0].open), (6, start, Price(dec!(25944))));
    let last = desk.broker.last_prices(&[nifty()]).await.unwrap();
    assert_eq!(last, [(nifty(), minutes[5].close)]);
    desk.exchange.forward(2_000).await;
    let day = desk.broker.day_prices(&[nifty(), reliance()]).await.unwrap();
    assert_eq!(day.len(), 2);
    let call = desk.option(25_950, OptionRight::Call);
    let days = desk.broker.daily_bars(&call, date(2026, 11, 16), date(2026, 11, 20), true).await.unwrap();
    assert_eq!(days.len(), 4);
    assert!(days.iter().all(|bar| bar.open_interest > 0 && bar.low <= bar.close && bar.close <= bar.high));
    let option = RollingOption { monthly: true, expiry: 1, steps: 1, right: OptionRight::Put };
    let days = (date(2026, 10, 5), date(2026, 10, 7));
    let rolled = desk.broker.rolling_option(&nifty(), option, BarLength::Hour, days).await.unwrap();
    assert_eq!(rolled.len(), 14);
    assert!(rolled.iter().all(|r| r.implied_volatility.is_some() && r.strike > Price::ZERO && r.spot > Price::ZERO));
    assert_eq!(ist(rolled[0].bar.start).date(), date(2026, 10, 5));
    let odd: Contract = "NSE:UNLISTED:ID-NseDerivatives-999999".parse().unwrap();
    let none = desk.broker.daily_bars(&odd, date(2026, 11, 16), date(2026, 11, 20), false).await;
    assert_eq!(none, Ok(Vec::new()));
    let too_long = (after_ms(start, -200 * 86_400_000), start);
    let refused = desk.broker.intraday_bars(&nifty(), BarLength::Minute, too_long, false).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::NotSent);
}

#[tokio::test]
async fn holdings_are_read_authorised_and_statements_follow() {
    let mut desk = Desk::new().await;
    let held = desk.broker.holdings().await.unwrap().remove(0);
    assert_eq!((held.contract, held.total, held.available), (Some(reliance()), Quantity(20), Quantity(20)));
    assert!(held.cost < held.last.unwrap());
    desk.broker.request_tpin().await.unwrap();
    let page = desk.broker.edis_form(&held.isin, Quantity(5), Exchange::Nse).await.unwrap();
    assert!(page.contains("name=\"TransDtls\"") && !page.contains('\\'));
    let number = page.split_once("name=\"ReqId\" value=\"").unwrap().1.split('"').next().unwrap().to_string();
    let address = format!("http://{}/eDIS/VerifyDIS/", desk.exchange.address);
    let sent = reqwest::Client::builder().no_proxy().build().unwrap().post(address).body(format!("ReqId={number}"));
    assert!(sent.send().await.unwrap().status().is_success());
    let state = desk.broker.edis_inquiry(Some(&held.isin)).await.unwrap();
    assert_eq!((state.held, state.approved), (Quantity(20), Quantity(5)));
    assert_eq!(desk.broker.edis_inquiry(None).await.unwrap().approved, Quantity(5));
    assert_eq!(desk.broker.edis_inquiry(Some("../orders")).await.unwrap_err().class, ErrorClass::NotSent);
    assert!(desk.broker.edis_bulk_form(std::slice::from_ref(&held.isin), Exchange::Nse).await.is_ok());

    let call = desk.option(25_950, OptionRight::Call);
    desk.buy(call, 130, Product::Margin).await;
    let paid: Money = desk.broker.trades().await.unwrap().iter().map(|t| t.price.times(t.quantity)).sum();
    desk.exchange.forward(86_400_000).await;
    // Yesterday's token has ended.
    desk.broker.set_access_token(Secret::new(desk.exchange.new_token().unwrap()));
    let (from, to) = (date(2026, 11, 1), date(2026, 11, 30));
    let ledger = desk.broker.ledger(from, to).await.unwrap();
    assert_eq!((ledger.len(), ledger[1].debit, ledger[1].date), (2, paid, Some(date(2026, 11, 20))));
    assert_eq!(ledger[1].balance, ledger[0].credit - paid);
    let page = desk.broker.trade_history(from, to, 0).await.unwrap();
    assert_eq!(page.iter().map(|p| p.fill.quantity.0).sum::<u32>(), 130);
    assert!(page[0].brokerage > Money::ZERO && page[0].gst > Money::ZERO);
    assert_eq!(desk.broker.trade_history(from, to, 1).await, Ok(Vec::new()));
}

#[tokio::test]
async fn margins_conversions_and_the_exit_on_profit_or_loss() {
    let mut desk = Desk::new().await;
    let (call, far) = (desk.option(25_950, OptionRight::Call), desk.option(26_150, OptionRight::Call));
    let spec = |contract, side| OrderSpec {
        contract,
        side,
        quantity: Quantity(65),
        kind: OrderKind::Market,
        validity: Validity::Day,
        product: Product::Margin,
    };
    let alone = desk.broker.margin_of(&spec(call, Side::Sell)).await.unwrap();
    assert_eq!(alone.shortfall, Some(Money::ZERO));
    let pair = [spec(call, Side::Sell), spec(far, Side::Buy)];
    let hedged = desk.broker.margin_of_all(&pair, false, false).await.unwrap();
    assert!(hedged.total < alone.total && hedged.total > Money::ZERO, "{hedged:?} {alone:?}");

    desk.buy(call, 130, Product::Margin).await;
    let open = |positions: &[strikedeck::domain::PositionSighting], product| {
        positions.iter().find(|p| p.contract == call && p.product == product).map_or(0, |p| p.net.0)
    };
    let positions = desk.broker.positions().await.unwrap();
    let carried = positions.iter().find(|p| p.contract == call).unwrap();
    desk.broker.convert_position(carried, Quantity(65), Product::Intraday).await.unwrap();
    let positions = desk.broker.positions().await.unwrap();
    assert_eq!((open(&positions, Product::Margin), open(&positions, Product::Intraday)), (65, 65));

    assert_eq!(desk.broker.pnl_exit().await, Ok(None));
    let exit = PnlExit { profit: Money(dec!(90000)), intraday: true, kill_switch: false, ..PnlExit::default() };
    desk.broker.set_pnl_exit(exit).await.unwrap();
    assert_eq!(desk.broker.pnl_exit().await, Ok(Some(exit)));
    desk.broker.stop_pnl_exit().await.unwrap();
    assert_eq!(desk.broker.pnl_exit().await, Ok(None));
    let nothing = PnlExit { intraday: true, ..PnlExit::default() };
    assert_eq!(desk.broker.set_pnl_exit(nothing).await.unwrap_err().class, ErrorClass::NotSent);
    let exit = PnlExit { loss: Money(dec!(1)), profit: Money::ZERO, ..exit };
    desk.broker.set_pnl_exit(exit).await.unwrap();
    desk.exchange.forward(120_000).await;
    let positions = desk.broker.positions().await.unwrap();
    assert_eq!(
        (open(&positions, Product::Margin), open(&positions, Product::Intraday)),
        (65, 0),
        "only what it covers"
    );
}

#[tokio::test]
async fn deep_books_are_told_by_both_links() {
    let desk = Desk::new().await;
    let call = desk.option(25_950, OptionRight::Call);
    let links = [(desk.broker.depth_20(&[call]).unwrap(), 20), (desk.broker.depth_200(call).unwrap(), 200)];
    let touch = desk.broker.quotes(&[call]).await.unwrap()[0].1;
    for (mut news, rows) in links {
        let mut up = false;
        loop {
            match timeout(Duration::from_secs(10), news.recv()).await.unwrap().unwrap() {
                DepthNews::Link(link) => up = link.up,
                DepthNews::Side { contract, bids: false, levels, .. } => {
                    assert_eq!((contract, levels.len(), Some(levels[0].price)), (call, rows, touch.ask));
                    break;
                }
                DepthNews::Side { levels, .. } => assert_eq!(Some(levels[0].price), touch.bid),
            }
        }
        assert!(up);
    }
    assert!(desk.broker.depth_20(&[nifty()]).is_err(), "an index has no book");
    assert!(desk.broker.depth_20(&[]).is_err());
}

#[tokio::test]
async fn a_postback_says_what_the_order_socket_says() {
    let desk = Desk::new().await;
    let body = include_str!("fixtures/dhan/postback.json");
    let other = desk.broker.read_postback(body.as_bytes()).unwrap_err();
    assert_eq!(other.class, ErrorClass::Refused, "of another account: {other}");
    let own = body.replace("1100000007", &desk.exchange.client_id);
    let (seen, key) = desk.broker.read_postback(own.as_bytes()).unwrap();
    assert_eq!((seen.filled, seen.spec.quantity, key.filled), (Quantity(65), Quantity(130), 65));
    assert!(matches!(seen.spec.contract.kind, ContractKind::Unlisted { .. } | ContractKind::Option { .. }));
    assert!(desk.broker.read_postback(b"not JSON").is_err());
}
