//! The wire types against the collected samples of the API, which neither our client nor our server wrote.
//! Without the samples' folder there is nothing to check.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use strikedeck::protocol::dhan::authentication::TokenAnswer;
use strikedeck::protocol::dhan::conditional_triggers::{
    Alert, AlertAck, AlertRequest, MultiOrderAnswer, MultiOrderRequest,
};
use strikedeck::protocol::dhan::edis::{BulkFormRequest, FormAnswer, FormRequest, Inquiry};
use strikedeck::protocol::dhan::enums::RollingField;
use strikedeck::protocol::dhan::errors::{ErrorStyle, WireError};
use strikedeck::protocol::dhan::forever_orders::{ForeverOrder, ModifyForeverOrder, PlaceForeverOrder};
use strikedeck::protocol::dhan::funds::{FundLimit, Margin, MarginRequest, MultiMargin, MultiMarginRequest};
use strikedeck::protocol::dhan::historical::{Candles, DailyRequest, IntradayRequest, RollingAnswer, RollingRequest};
use strikedeck::protocol::dhan::market_depth::{
    DepthBody, DepthDecoder, DepthLevels, DepthPacket, DepthRequest, DepthSide, encode_depth,
};
use strikedeck::protocol::dhan::market_feed::{Body, FeedDecoder, FeedRequest, Packet, encode};
use strikedeck::protocol::dhan::market_quote::{FullQuote, Ltp, LtpOhlc, QuoteRequest, Quotes};
use strikedeck::protocol::dhan::option_chain::{ChainAnswer, ChainRequest, ExpiryList};
use strikedeck::protocol::dhan::order_update::{Frame, KeyCase};
use strikedeck::protocol::dhan::orders::{ModifyOrder, Order, OrderAck, PlaceOrder};
use strikedeck::protocol::dhan::portfolio::{ConvertPosition, ExitAllAnswer, Holding, Position};
use strikedeck::protocol::dhan::postback::Postback;
use strikedeck::protocol::dhan::profile::{Profile, StaticIp};
use strikedeck::protocol::dhan::statements::{LedgerRow, PastTrade};
use strikedeck::protocol::dhan::super_orders::{ModifySuperOrder, PlaceSuperOrder, SuperOrder};
use strikedeck::protocol::dhan::traders_control::{KillSwitchAnswer, PnlExit, PnlExitAnswer, PnlExitRequest};
use strikedeck::protocol::dhan::trades::Trade;
use strikedeck::protocol::dhan::values::{one_or_many, parse_decimal, present};

fn folder() -> Option<PathBuf> {
    ["/../shared", "/../../shared"]
        .iter()
        .map(|up| PathBuf::from(format!("{}{up}/dhanhq-v2/samples", env!("CARGO_MANIFEST_DIR"))))
        .find(|path| path.is_dir())
}

/// The value at a path like `request/body`; nothing where the samples are not there.
fn sample(file: &str, path: &str) -> Option<Value> {
    let text = fs::read_to_string(folder()?.join(file)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let found = path.split('/').filter(|p| !p.is_empty()).fold(&value, |at, name| &at[name]);
    assert!(!found.is_null(), "{file}: {path}");
    Some(found.clone())
}

fn hex(file: &str) -> Option<Vec<u8>> {
    let text = fs::read_to_string(folder()?.join(file)).unwrap();
    Some(text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect())
}

/// Every field of the sample is in what we write, and means the same; placeholders of *nothing* are alike.
fn same(sample: &Value, ours: &Value, at: &str) {
    match (sample, ours) {
        (Value::Object(theirs), Value::Object(fields)) => {
            for (key, value) in theirs {
                match fields.get(key) {
                    Some(own) => same(value, own, &format!("{at}/{key}")),
                    None => assert!(is_nothing(value), "{at}/{key} is not written"),
                }
            }
        }
        (Value::Array(theirs), Value::Array(items)) => {
            assert_eq!(theirs.len(), items.len(), "{at}");
            theirs.iter().zip(items).for_each(|(a, b)| same(a, b, at));
        }
        (Value::Number(a), Value::Number(b)) => {
            assert_eq!(parse_decimal(&a.to_string()), parse_decimal(&b.to_string()), "{at}");
        }
        (Value::Number(a), Value::String(b)) | (Value::String(b), Value::Number(a)) => {
            assert_eq!(parse_decimal(&a.to_string()), parse_decimal(b), "{at}");
        }
        (a, b) if is_nothing(a) && is_nothing(b) => {}
        (Value::String(a), Value::String(b)) => assert_eq!(a.trim(), b.trim(), "{at}"),
        (a, b) => assert_eq!(a, b, "{at}"),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => present(text).is_none(),
        _ => false,
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(file: &str, path: &str) -> Option<T> {
    let value = sample(file, path)?;
    let read: T = serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{file}: {path}: {e}"));
    same(&value, &serde_json::to_value(&read).unwrap(), &format!("{file}:{path}"));
    Some(read)
}

#[test]
fn orders_and_trades() {
    for path in ["request/body", "request_stop_loss_option/body", "request_amo/body"] {
        round_trip::<PlaceOrder>("orders-place.json", path);
        if let Some(body) = sample("orders-place.json", path) {
            PlaceOrder::read_strictly(body.to_string().as_bytes()).unwrap();
        }
    }
    round_trip::<PlaceOrder>("orders-slicing.json", "request/body");
    round_trip::<Vec<OrderAck>>("orders-slicing.json", "response");
    round_trip::<OrderAck>("orders-place.json", "response_transit");
    round_trip::<ModifyOrder>("orders-modify.json", "request/body");
    round_trip::<OrderAck>("orders-cancel.json", "response/body");
    round_trip::<Vec<Order>>("orders-list.json", "response_documented");
    round_trip::<Vec<Order>>("orders-list.json", "response_wire_style");
    round_trip::<Order>("orders-by-correlation-id.json", "response");
    if let Some(postback) = round_trip_postback() {
        assert_eq!(postback.filled_qty, 1);
    }
    for path in ["response", "response_array_variant"] {
        if let Some(body) = sample("orders-by-id.json", path) {
            assert_eq!(one_or_many::<Order>(body.to_string().as_bytes()).unwrap().len(), 1);
        }
    }
    round_trip::<Vec<Trade>>("trades-list.json", "response");
    round_trip::<Trade>("trades-of-order.json", "response_docs_page");
    round_trip::<Vec<Trade>>("trades-of-order.json", "response_openapi_and_sdk");
}

fn round_trip_postback() -> Option<Order> {
    let value = sample("postback.json", "body")?;
    let read: Order = serde_json::from_value(value.clone()).unwrap();
    same(&value, &read.postback().unwrap(), "postback");
    Some(read)
}

/// A request sample is read as the exchange reads it, and what the client would write for it is the sample.
fn request<T: Serialize>(file: &str, path: &str, read: impl Fn(&[u8]) -> Result<T, String>) {
    let Some(body) = sample(file, path) else { return };
    let request = read(body.to_string().as_bytes()).unwrap_or_else(|e| panic!("{file}: {path}: {e}"));
    let ours = serde_json::to_value(&request).unwrap();
    same(&body, &ours, &format!("{file}:{path}"));
    for key in ours.as_object().unwrap().keys() {
        assert!(body.get(key).is_some(), "{file}:{path} has no {key}");
    }
}

#[test]
fn super_and_forever_orders() {
    request("super-place.json", "request/body", PlaceSuperOrder::read_strictly);
    for leg in ["entry", "target", "stop_loss"] {
        request("super-modify.json", &format!("{leg}/body"), ModifySuperOrder::read_strictly);
    }
    for file in ["super-place.json", "super-modify.json", "super-cancel.json"] {
        round_trip::<OrderAck>(file, "response");
    }
    let orders = round_trip::<Vec<SuperOrder>>("super-list.json", "response");
    assert!(orders.is_none_or(|o| o[0].leg_details.len() == 2));

    for path in ["request_oco/body", "request_single/body"] {
        request("forever-create.json", path, PlaceForeverOrder::read_strictly);
    }
    request("forever-modify.json", "request/body", ModifyForeverOrder::read_strictly);
    for file in ["forever-create.json", "forever-modify.json", "forever-cancel.json"] {
        round_trip::<OrderAck>(file, "response");
    }
    round_trip::<Vec<ForeverOrder>>("forever-list.json", "response");
}

#[test]
fn conditional_triggers_and_multi_orders() {
    request("alerts-create.json", "request/body", |body| AlertRequest::read_strictly(body, false));
    request("alerts-modify.json", "request/body", |body| AlertRequest::read_strictly(body, true));
    request("alerts-multi-orders.json", "request/body", MultiOrderRequest::read_strictly);
    round_trip::<MultiOrderAnswer>("alerts-multi-orders.json", "response");
    for file in ["alerts-create.json", "alerts-modify.json", "alerts-delete.json"] {
        round_trip::<AlertAck>(file, "response");
    }
    round_trip::<Alert>("alerts-get.json", "response");
    round_trip::<Vec<Alert>>("alerts-list.json", "response");
}

#[test]
fn portfolio_funds_and_control() {
    round_trip::<Vec<Position>>("positions.json", "response");
    round_trip::<Vec<Position>>("positions.json", "response_option_row");
    round_trip::<ConvertPosition>("positions-convert.json", "request/body");
    round_trip::<ExitAllAnswer>("positions-exit-all.json", "response");
    round_trip::<Vec<Holding>>("holdings.json", "response_documented");
    round_trip::<Vec<Holding>>("holdings.json", "response_extended");
    round_trip::<FundLimit>("fundlimit.json", "response");
    round_trip::<MarginRequest>("margincalculator.json", "request/body");
    round_trip::<Margin>("margincalculator.json", "response");
    round_trip::<MultiMarginRequest>("margincalculator-multi.json", "request_openapi_sdk/body");
    round_trip::<MultiMargin>("margincalculator-multi.json", "response_openapi");
    if let Some(body) = sample("margincalculator-multi.json", "response_docs_page") {
        let margin: MultiMargin = serde_json::from_value(body).unwrap();
        assert_eq!(margin.exposure.to_string(), "30000.00");
    }
    for (path, active) in [("activate", true), ("deactivate", false), ("status", true)] {
        let answer = round_trip::<KillSwitchAnswer>("killswitch.json", &format!("{path}/response"));
        assert!(answer.is_none_or(|a| a.is_active() == Some(active)), "{path}");
    }
    round_trip::<PnlExitRequest>("pnl-exit.json", "set/request/body");
    round_trip::<PnlExitAnswer>("pnl-exit.json", "stop/response");
    round_trip::<PnlExit>("pnl-exit.json", "get/response_docs");
    if let Some(body) = sample("pnl-exit.json", "get/response_openapi") {
        assert!(serde_json::from_value::<PnlExit>(body).unwrap().enable_kill_switch);
    }
    for path in ["response", "response_live_style"] {
        let profile = round_trip::<Profile>("profile.json", path);
        assert!(profile.is_none_or(|p| p.token_expires().is_some() && p.has_data_plan()));
    }
    round_trip::<StaticIp>("ip.json", "getIP/response_observed_extra_keys");
}

#[test]
fn tokens() {
    for (file, path) in [
        ("auth-generate-access-token.json", "response_ok/body"),
        ("auth-renew-token.json", "response_ok_shape"),
        ("auth-app-consent.json", "step3/response"),
    ] {
        let token = round_trip::<TokenAnswer>(file, path);
        assert!(token.is_none_or(|t| t.expires().is_some() && !t.access_token.is_empty()), "{file}");
    }
    if let Some(body) = sample("auth-renew-token.json", "response_alt_key") {
        assert!(serde_json::from_value::<TokenAnswer>(body).is_ok_and(|t| !t.access_token.is_empty()));
    }
}

#[test]
fn quotes_and_chains() {
    round_trip::<QuoteRequest>("marketfeed-ltp.json", "request/body");
    round_trip::<Quotes<Ltp>>("marketfeed-ltp.json", "response");
    round_trip::<Quotes<LtpOhlc>>("marketfeed-ohlc.json", "response");
    round_trip::<Quotes<FullQuote>>("marketfeed-quote.json", "response");
    round_trip::<ChainRequest>("optionchain.json", "request/body");
    round_trip::<ChainRequest>("optionchain-expirylist.json", "request/body");
    round_trip::<ChainAnswer>("optionchain.json", "response");
    let list = round_trip::<ExpiryList>("optionchain-expirylist.json", "response");
    assert!(list.is_none_or(|l| l.dates().len() == 18));
}

#[test]
fn order_updates() {
    for (path, case) in [("message_documented_casing", KeyCase::Pascal), ("message_observed_casing", KeyCase::Camel)] {
        let Some(message) = sample("ws-order-update.json", path) else { return };
        let frame = Frame::read(&message.to_string());
        let [update] = frame.updates.as_slice() else { panic!("{path}: {:?}", frame.other) };
        same(&message, &update.to_message(case).unwrap(), path);
    }
}

#[test]
fn errors() {
    let Some(all) = sample("errors.json", "") else { return };
    let good = ["order_by_id_unknown", "quote_unknown_id", "chart_unknown_id_or_holiday"];
    for (name, case) in all.as_object().unwrap() {
        let body = case["body"].to_string();
        let hidden = WireError::hidden(200, body.as_bytes());
        assert_eq!(hidden.is_none(), good.contains(&name.as_str()), "{name}");
        if let Some(error) = hidden {
            assert_ne!(error.style, ErrorStyle::Opaque, "{name}");
            assert!(!error.message.is_empty(), "{name}");
            let coded = name != "sandbox_404" && name != "auth_host_soft_error" && name != "getip_error";
            assert_eq!(!error.code.is_empty(), coded, "{name}");
        }
    }
}

#[test]
fn feed_requests() {
    for path in ["subscribe_ticker", "unsubscribe_ticker", "subscribe_quote", "subscribe_full", "disconnect"] {
        let request = round_trip::<FeedRequest>("ws-live-feed-requests.json", path);
        assert!(request.is_none_or(|r| r.action().is_some()), "{path}");
    }
}

fn packets(bytes: &[u8]) -> Vec<Packet> {
    let mut found = Vec::new();
    let mut decoder = FeedDecoder::new();
    decoder.push(bytes, |packet| found.push(packet));
    assert_eq!((decoder.pending(), decoder.counters().misfits), (0, 0));
    found
}

#[test]
fn feed_packets() {
    let names = ["ticker", "quote", "oi", "prev-close", "market-status", "full", "disconnect-805", "disconnect-807"];
    let mut of: BTreeMap<&str, Packet> = BTreeMap::new();
    for name in names {
        let Some(bytes) = hex(&format!("feed-{name}.hex")) else { return };
        let [packet] = packets(&bytes)[..] else { panic!("{name}") };
        let mut written = Vec::new();
        encode(&packet, &mut written);
        assert_eq!(written, bytes, "{name}");
        let said = sample(&format!("feed-{name}.json"), "header").unwrap();
        assert_eq!(
            (said["exchange_segment"].as_u64(), said["security_id"].as_u64()),
            (Some(u64::from(packet.segment)), Some(u64::from(packet.security_id)),)
        );
        of.insert(name, packet);
    }
    let Body::Full(full) = of["full"].body else { panic!("not full") };
    let price = |p: strikedeck::protocol::dhan::market_feed::FeedPrice| p.decimal().unwrap().to_string();
    assert_eq!(price(full.quote.last), "101.05");
    assert_eq!((price(full.quote.open), price(full.quote.close)), ("95".into(), "92.3".into()));
    assert_eq!((full.quote.total_sell, full.quote.total_buy), (45_500, 39_000));
    assert_eq!((price(full.depth[1].bid), price(full.depth[1].ask)), ("100.95".into(), "101.1".into()));
    assert_eq!((full.depth[4].bid_quantity, full.depth[4].ask_orders), (910, 8));
    let Body::PreviousClose(previous) = of["prev-close"].body else { panic!("not a close") };
    assert_eq!(price(previous.close), "23400.05");
    assert_eq!((of["disconnect-805"].body, of["disconnect-807"].body), (Body::Disconnect(805), Body::Disconnect(807)));
    let glued = packets(&hex("feed-stacked-frame.hex").unwrap());
    assert_eq!(glued, [of["quote"], of["oi"], of["ticker"]]);
}

#[test]
fn charts() {
    let daily = round_trip::<DailyRequest>("charts-historical.json", "request/body");
    assert!(daily.is_none_or(|d| d.from_date.is_some() && d.instrument.is_known()));
    let intraday = round_trip::<IntradayRequest>("charts-intraday.json", "request/body");
    assert!(intraday.is_none_or(|i| i.interval.minutes() == Some(1)));
    for file in ["charts-historical.json", "charts-intraday.json"] {
        let candles = round_trip::<Candles>(file, "response");
        assert!(candles.is_none_or(|c| c.rows().is_ok_and(|rows| rows.len() == 3)), "{file}");
    }
    let rolling = round_trip::<RollingRequest>("charts-rollingoption.json", "request/body");
    assert!(rolling.is_none_or(|r| r.strike.0 == 0 && r.required_data.iter().all(RollingField::is_known)));
    let answer = round_trip::<RollingAnswer>("charts-rollingoption.json", "response");
    assert!(answer.is_none_or(|a| a.data.ce.is_some_and(|ce| ce.open.len() == 2) && a.data.pe.is_none()));
}

#[test]
fn statements_and_edis() {
    round_trip::<LedgerRow>("ledger.json", "response_docs_example");
    let rows = round_trip::<Vec<LedgerRow>>("ledger.json", "response_array_variant");
    assert!(rows.is_none_or(|rows| rows[0].voucher_date.is_some_and(|day| day.to_string() == "2022-06-22")));
    let past = round_trip::<Vec<PastTrade>>("trade-history.json", "response");
    assert!(past.is_none_or(|rows| rows[0].isin.as_deref() == Some("INE155A01022") && rows[0].exchange_time.is_some()));
    round_trip::<Vec<PastTrade>>("trade-history.json", "page_past_end");
    round_trip::<FormRequest>("edis.json", "form/request/body");
    round_trip::<FormAnswer>("edis.json", "form/response");
    round_trip::<BulkFormRequest>("edis.json", "bulkform/request/body");
    round_trip::<FormAnswer>("edis.json", "bulkform/response");
    let inquiry = round_trip::<Inquiry>("edis.json", "inquire/response");
    assert!(inquiry.is_none_or(|i| (i.total_qty, i.aprvd_qty) == (10, 4)));
}

#[test]
fn a_postback_is_read() {
    let Some(body) = sample("postback.json", "body") else { return };
    let read = Postback::read(body.to_string().as_bytes()).unwrap();
    assert_eq!((read.order.filled_qty, read.key().order_id.as_str()), (1, "112111182198"));
}

#[test]
fn depth_requests() {
    for path in ["subscribe_20", "subscribe_200", "disconnect"] {
        let request = round_trip::<DepthRequest>("ws-depth-requests.json", path);
        assert!(request.is_none_or(|r| r.action().is_some()), "{path}");
    }
}

fn depth_packets(levels: DepthLevels, bytes: &[u8]) -> Vec<DepthPacket> {
    let mut found = Vec::new();
    let mut decoder = DepthDecoder::new(levels);
    decoder.push(bytes, |packet| found.push(packet));
    assert_eq!((decoder.pending(), decoder.counters().misfits), (0, 0));
    found
}

/// The packet of a file decodes to the values beside it, and is written back byte for byte.
fn depth_sample(name: &str, levels: DepthLevels, wanted: DepthSide) -> Option<DepthPacket> {
    let bytes = hex(&format!("{name}.hex"))?;
    let [packet] = &depth_packets(levels, &bytes)[..] else { panic!("{name}") };
    let DepthBody::Side { side, rows, .. } = &packet.body else { panic!("{name}: {packet:?}") };
    let header = sample(&format!("{name}.json"), "header").unwrap();
    assert_eq!(
        (Some(u64::from(packet.segment)), Some(u64::from(packet.security_id)), *side),
        (header["exchange_segment"].as_u64(), header["security_id"].as_u64(), wanted)
    );
    let said = sample(&format!("{name}.json"), "rows").unwrap();
    let said = said.as_array().unwrap();
    assert_eq!(rows.len(), said.len(), "{name}");
    for (row, said) in rows.iter().zip(said) {
        assert_eq!(row.price.decimal(), parse_decimal(&said["price"].to_string()).map(|d| d.normalize()));
        assert_eq!(
            (Some(u64::from(row.quantity)), Some(u64::from(row.orders))),
            (said["quantity"].as_u64(), said["orders"].as_u64())
        );
    }
    let mut written = Vec::new();
    encode_depth(levels, packet, &mut written);
    assert_eq!(written, bytes, "{name}");
    Some(packet.clone())
}

#[test]
fn depth_samples() {
    let Some(bid) = depth_sample("depth20-bid", DepthLevels::Twenty, DepthSide::Bid) else { return };
    let ask = depth_sample("depth20-ask", DepthLevels::Twenty, DepthSide::Ask).unwrap();
    depth_sample("depth200-bid-7rows", DepthLevels::TwoHundred, DepthSide::Bid);
    let stacked = depth_packets(DepthLevels::Twenty, &hex("depth20-stacked-bid-ask.hex").unwrap());
    assert_eq!(stacked, [bid, ask]);
    for name in ["depth-disconnect-805-docs", "depth-disconnect-805-sdk"] {
        let packets = depth_packets(DepthLevels::Twenty, &hex(&format!("{name}.hex")).unwrap());
        assert_eq!(packets[0].body, DepthBody::Disconnect(805), "{name}");
    }
}
