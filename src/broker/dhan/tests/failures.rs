//! What is known when a call fails.

use super::fake::{Fake, client};
use super::listing::intent;
use crate::broker::{Broker, BrokerError};
use crate::domain::{BrokerOrderId, OrderSpec, Symbol};
use crate::gateway::ErrorClass;

fn trading(code: &str, message: &str) -> String {
    format!(r#"{{"errorType":"x","errorCode":"{code}","errorMessage":"{message}"}}"#)
}

async fn place_answered(status: u16, body: &str) -> BrokerError {
    let fake = Fake::default();
    fake.says("POST /v2/orders", status, body);
    let error = fake.with_client().await.place(&intent()).await.unwrap_err();
    assert_eq!(fake.asked().len(), 1, "never repeated");
    error
}

#[tokio::test]
async fn each_class_of_failure_is_told_apart() {
    for (status, body, class) in [
        (429, trading("DH-904", "Too many requests"), ErrorClass::TryLater),
        (400, trading("DH-906", "Insufficient Funds"), ErrorClass::Refused),
        (500, trading("DH-906", "Market is Closed! Want to place an offline order?"), ErrorClass::MarketClosed),
        (400, trading("DH-906", "Invalid Token"), ErrorClass::LogIn),
        (400, trading("DH-905", "Invalid IP"), ErrorClass::Blocked),
        (502, "<html>Bad Gateway</html>".to_string(), ErrorClass::AskFirst),
        (500, trading("DH-908", "Internal Server Error"), ErrorClass::AskFirst),
        (200, r#"{"status":"error","message":"no"}"#.to_string(), ErrorClass::Refused),
    ] {
        assert_eq!(place_answered(status, &body).await.class, class, "{status} {body}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_the_order_unknown() {
    for body in ["", "<html>ok</html>", "{}", r#"{"orderStatus":"TRANSIT"}"#, "[]"] {
        assert_eq!(place_answered(200, body).await.class, ErrorClass::AskFirst, "{body}");
    }
}

#[tokio::test]
async fn silence_leaves_a_write_unknown_and_a_read_for_later() {
    let fake = Fake::default();
    fake.is_silent("POST /v2/orders");
    fake.is_silent("GET /v2/orders");
    let broker = fake.with_client().await;
    let intent = intent();
    let (write, read) = tokio::join!(broker.place(&intent), broker.orders());
    assert_eq!(write.unwrap_err().class, ErrorClass::AskFirst);
    assert_eq!(read.unwrap_err().class, ErrorClass::TryLater);
    assert_eq!(fake.asked().len(), 2, "never repeated");
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = client(listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(broker.place(&intent()).await.unwrap_err().class, ErrorClass::NotSent);
}

#[tokio::test]
async fn what_cannot_be_named_is_not_sent() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let mut unknown = intent();
    unknown.spec.contract.underlying = Symbol::new("NOSUCH").unwrap();
    let error = broker.place(&unknown).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotSent);
    assert_eq!(error.to_string(), "NSE:NOSUCH:2026-11-24:25900:PE is not in today's instrument list");
    let spec: OrderSpec = intent().spec;
    for odd in ["", "../positions", "7?x=1"] {
        let odd = BrokerOrderId(odd.into());
        assert_eq!(broker.cancel(&odd).await.unwrap_err().class, ErrorClass::NotSent);
        assert_eq!(broker.modify(&odd, &spec).await.unwrap_err().class, ErrorClass::NotSent);
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_book_is_read_whole_or_not_at_all() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let position = |product: &str, net: i32| {
        format!(
            r#"[{{"securityId":"51234","exchangeSegment":"NSE_FNO","productType":"{product}","netQty":{net},"tradingSymbol":"N"}}]"#
        )
    };
    fake.says("GET /v2/positions", 200, &position("LAMF", 65));
    let error = broker.positions().await.unwrap_err();
    assert!(error.message.contains("(65, LAMF)"), "{error}");
    fake.says("GET /v2/positions", 200, &position("LAMF", 0));
    assert_eq!(broker.positions().await, Ok(Vec::new()));
    fake.says("GET /v2/trades", 200, r#"[{"orderId":"7","transactionType":"HOLD"}]"#);
    assert_eq!(broker.trades().await.unwrap_err().class, ErrorClass::TryLater);
}

#[tokio::test]
async fn a_kill_switch_that_may_not_be_set_is_a_refusal() {
    let fake = Fake::default();
    let body = trading("DH-906", "Kill Switch cannot be activated with open positions");
    fake.says("POST /v2/killswitch?killSwitchStatus=ACTIVATE", 400, &body);
    let broker = fake.with_client().await;
    assert_eq!(broker.kill_switch(true).await.unwrap_err().class, ErrorClass::Refused);
    fake.says("POST /v2/killswitch?killSwitchStatus=ACTIVATE", 200, r#"{"killSwitchStatus":"hm"}"#);
    assert_eq!(broker.kill_switch(true).await.unwrap_err().class, ErrorClass::AskFirst);
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_leaves_the_order_unknown() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
    });
    assert_eq!(client(address).place(&intent()).await.unwrap_err().class, ErrorClass::AskFirst);
}
