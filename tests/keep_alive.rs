//! Connections to the broker are kept and used again: counted at a listener that speaks just enough HTTP.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use strikedeck::app::reference::Instruments;
use strikedeck::app::warm::warm_up;
use strikedeck::broker::Broker;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings};
use strikedeck::net::Secret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Semaphore};

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";

/// What has arrived at the listener.
struct Counted {
    connections: AtomicUsize,
    /// First lines of the requests.
    asked: Mutex<Vec<String>>,
    /// The first two requests are answered together, so that neither finds the other's connection free.
    together: Option<Barrier>,
    /// Answers after which a connection is closed by the listener, without a word before.
    closes: bool,
    closed: Semaphore,
}

impl Counted {
    async fn listen(together: bool, closes: bool) -> (SocketAddr, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counted = Arc::new(Self {
            connections: AtomicUsize::new(0),
            asked: Mutex::default(),
            together: together.then(|| Barrier::new(2)),
            closes,
            closed: Semaphore::new(0),
        });
        let listening = counted.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                listening.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(listening.clone().serve(stream));
            }
        });
        (address, counted)
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        while let Some(line) = request(&mut reader).await {
            let body = if line.contains("/orders") { "[]" } else { "{}" };
            let number = {
                let mut asked = self.asked.lock().unwrap();
                asked.push(line);
                asked.len()
            };
            if let Some(together) = self.together.as_ref().filter(|_| number <= 2) {
                together.wait().await;
            }
            writer.write_all(format!("{EMPTY}{body}").as_bytes()).await.unwrap();
            if self.closes {
                break;
            }
        }
        drop((reader, writer));
        self.closed.add_permits(1);
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The first line of the next request; its headers are read past. `None` at the end of the connection.
async fn request(reader: &mut BufReader<OwnedReadHalf>) -> Option<String> {
    let mut first = String::new();
    if reader.read_line(&mut first).await.ok()? == 0 {
        return None;
    }
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).await.ok()?;
        if header.trim().is_empty() {
            return Some(first.trim().to_string());
        }
    }
}

fn broker(address: SocketAddr) -> DhanBroker {
    let credentials = DhanCredentials { client_id: "1000000001".into(), access_token: Secret::new("a.b.c") };
    let index = Instruments::none().handle();
    DhanBroker::new(DhanEndpoints::local(address), credentials, DhanSettings::default(), index).unwrap()
}

/// Lets what is under way between two calls get done: a connection goes back into the pool, its end is noticed.
async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_asked_after_warming_goes_over_the_warmed_connections() {
    let (address, counted) = Counted::listen(true, false).await;
    let broker = broker(address);
    warm_up(&broker).await;
    assert_eq!((counted.connections(), counted.asked().len()), (2, 2), "{:?}", counted.asked());
    for _ in 0..10 {
        settle().await;
        // An order and a read of the books at the same moment.
        let (orders, funds) = tokio::join!(broker.orders(), broker.funds());
        assert!(orders.is_ok() && funds.is_ok(), "{orders:?} {funds:?}");
    }
    assert_eq!((counted.connections(), counted.asked().len()), (2, 22), "no new connection");
}

#[tokio::test]
async fn a_connection_that_the_broker_closed_is_replaced_and_the_call_does_not_fail_twice() {
    let (address, counted) = Counted::listen(false, true).await;
    let broker = broker(address);
    for n in 1_u32..=5 {
        // Where the end is noticed only by the call itself, the next call is on a new connection.
        if let Err(error) = broker.orders().await {
            assert!(n > 1, "the first one: {error}");
            broker.orders().await.unwrap();
        }
        counted.closed.acquire().await.unwrap().forget();
        settle().await;
    }
    assert_eq!(counted.asked().len(), 5, "each call was heard once");
    assert!(counted.connections() >= 5, "and each over a connection of its own");
}

#[tokio::test]
async fn every_request_is_of_http_1_1() {
    let (address, counted) = Counted::listen(false, false).await;
    let broker = broker(address);
    warm_up(&broker).await;
    broker.orders().await.unwrap();
    let asked = counted.asked();
    assert!(asked.len() == 3 && asked.iter().all(|line| line.ends_with(" HTTP/1.1")), "{asked:?}");
}
