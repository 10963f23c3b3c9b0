//! A server under way: how many connections it takes, how long they may keep us waiting, how it is stopped.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// From the opening of a connection (or the end of its last answer) to the end of the next request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a request's head.
const LARGEST_HEAD: usize = 16 * 1024;
/// What answers under way get when the server stops.
const GRACE: Duration = Duration::from_secs(2);
/// After a failure to accept (out of file handles), before the next try.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// What a server is called in the log, and how many connections it takes at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    pub name: &'static str,
    pub most: usize,
}

/// Who opened the connection a request came through; put among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub SocketAddr);

/// A server under way. Dropped, it stops at once; [`Serving::stop`] lets answers under way finish first.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Serving {
    pub(super) fn start(listener: TcpListener, address: SocketAddr, router: Router, counter: Counter) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(accept(listener, router, stop.clone(), counter));
        Self { address, stop, task: Some(task) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// No new requests; those under way are answered, for a moment at most.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // It only fails when it was aborted or has panicked: stopped, either way.
            let _ = task.await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Takes connections until told to stop, then lets the open ones finish.
async fn accept(listener: TcpListener, router: Router, stop: CancellationToken, counter: Counter) {
    let Counter { name, most } = counter;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) if connections.len() < most => {
                    connections.spawn(converse(stream, Peer(peer), router.clone(), stop.clone(), name));
                }
                Ok(_) => tracing::warn!("{name}: {most} connections are open, one more was closed"),
                Err(error) => {
                    tracing::warn!("{name}: a connection could not be taken: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        connections.shutdown().await;
    }
}

async fn converse(stream: TcpStream, peer: Peer, router: Router, stop: CancellationToken, name: &'static str) {
    // Answers are small and waited for: they leave at once.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("{name}: a connection ended early: {error}");
    }
}
