//! What our client adds to an order on its way to the wire and back: `cargo bench --bench order_wire`.
//!
//! The same request goes to the same server on loopback, once through the client and once as ready bytes through a bare
//! socket; the difference of the medians is encoding, HTTP, decoding and classifying. The aim is 50 µs.

#![allow(clippy::expect_used)] // a bench that cannot set up its wire should stop

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::broker::Broker;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, SharedIndex};
use strikedeck::domain::time::Timestamp;
use strikedeck::domain::{
    AccountId, Contract, CorrelationId, Exchange, Instrument, InstrumentIndex, Intent, IntentId, OptionRight,
    OrderKind, OrderSpec, Price, Product, Quantity, SecurityId, Side, Symbol, Validity,
};
use strikedeck::net::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 54\r\n\r\n{\"orderId\":\"1262511200001\",\"orderStatus\":\"TRANSIT\"}   ";
const WARM_UP: usize = 200;

fn main() {
    let rounds = if std::env::var_os("STRIKEDECK_BENCH_SHORT").is_some() { 300 } else { 5_000 };
    let address = serve_in_a_thread();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (bare, ours) = runtime.block_on(async {
        let request = heard_request(address).await;
        (bare(address, &request, rounds).await, through_the_client(address, rounds).await)
    });
    let difference = ours.saturating_sub(bare);
    println!("an order through a bare socket: median {:.1} µs", micros(bare));
    println!("an order through the client:    median {:.1} µs", micros(ours));
    println!("what the client adds:           {:.1} µs (aim 50)", micros(difference));
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A server that reads a request to the end of its body and answers at once.
fn serve_in_a_thread() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("its address")).expect("somebody waits for it");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(answer(stream));
            }
        });
    });
    told.recv().expect("the server starts")
}

async fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("no delay");
    let mut held = Vec::new();
    while let Some(()) = read_request(&mut stream, &mut held).await {
        held.clear();
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// Reads until head and body are complete.
async fn read_request(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 4_096];
    loop {
        if let Some(end) = held.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&held[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
            if held.len() >= end + 4 + length.unwrap_or(0) {
                return Some(());
            }
        }
        match stream.read(&mut piece).await {
            Ok(n @ 1..) => held.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }
}

/// The very bytes the client sends.
async fn heard_request(_: SocketAddr) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let broker = client(listener.local_addr().expect("its address"));
    let intent = intent();
    let heard = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut held = Vec::new();
        read_request(&mut stream, &mut held).await.expect("a request");
        stream.write_all(ANSWER).await.expect("answered");
        held
    };
    let (held, placed) = tokio::join!(heard, broker.place(&intent));
    placed.expect("the answer is understood");
    held
}

async fn bare(address: SocketAddr, request: &[u8], rounds: usize) -> Duration {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.set_nodelay(true).expect("no delay");
    let mut times = Vec::with_capacity(rounds);
    let mut answer = vec![0; ANSWER.len()];
    for n in 0..rounds + WARM_UP {
        let started = Instant::now();
        stream.write_all(request).await.expect("sent");
        stream.read_exact(&mut answer).await.expect("answered");
        if n >= WARM_UP {
            times.push(started.elapsed());
        }
    }
    median(times)
}

async fn through_the_client(address: SocketAddr, rounds: usize) -> Duration {
    let (broker, intent) = (client(address), intent());
    let mut times = Vec::with_capacity(rounds);
    for n in 0..rounds + WARM_UP {
        let started = Instant::now();
        broker.place(&intent).await.expect("placed");
        if n >= WARM_UP {
            times.push(started.elapsed());
        }
    }
    median(times)
}

fn put() -> Contract {
    let symbol = Symbol::new("NIFTY").expect("a symbol");
    Contract::option(Exchange::Nse, symbol, date(2026, 11, 24), Price(dec!(25900)), OptionRight::Put)
}

fn client(address: SocketAddr) -> DhanBroker {
    let instrument = Instrument {
        contract: put(),
        security_id: SecurityId(51_234),
        lot: Quantity(65),
        tick: Price(dec!(0.05)),
        max_order: None,
    };
    let index: SharedIndex = Arc::new(RwLock::new(Arc::new(InstrumentIndex::new(vec![instrument]))));
    let credentials = DhanCredentials { client_id: "1100000007".into(), access_token: Secret::new("a.b.c") };
    DhanBroker::new(DhanEndpoints::local(address), credentials, DhanSettings::default(), index).expect("a client")
}

fn intent() -> Intent {
    let spec = OrderSpec {
        contract: put(),
        side: Side::Sell,
        quantity: Quantity(130),
        kind: OrderKind::Limit { price: Price(dec!(150.25)) },
        validity: Validity::Day,
        product: Product::Intraday,
    };
    let correlation = CorrelationId::new("SD7K2M", 147).expect("a mark");
    Intent { id: IntentId(42), account: AccountId(1), correlation, spec, expires: Timestamp::MAX }
}
