//! Connections: how many, and how long they may keep us waiting.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// More at once than a trader's shells ever open.
const MOST_CONNECTIONS: usize = 64;
/// From the opening of a connection (or the end of its last answer) to the end of the next request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a request's head.
const LARGEST_HEAD: usize = 16 * 1024;
/// What answers under way get when the server stops.
const GRACE: Duration = Duration::from_secs(2);
/// After a failure to accept (out of file handles), before the next try.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Takes connections until told to stop, then lets the open ones finish.
pub(super) async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < MOST_CONNECTIONS => {
                    connections.spawn(converse(stream, router.clone(), stop.clone()));
                }
                Ok(_) => tracing::warn!("control API: {MOST_CONNECTIONS} connections are open, one more was closed"),
                Err(error) => {
                    tracing::warn!("control API: a connection could not be taken: {error}");
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

async fn converse(stream: TcpStream, router: Router, stop: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("control API: a connection ended early: {error}");
    }
}
