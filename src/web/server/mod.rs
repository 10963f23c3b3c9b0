//! The control API: a small HTTP server that only this machine can reach and only the token's owner can use.
//!
//! `GET /health` tells which cockpit listens. Everything else needs `Authorization: Bearer <token>`:
//! `GET /api/strategies`, `GET /api/strategies/{id}`, `GET /api/status`, `POST /api/command` (an engine command, answered with
//! its reply), `POST /api/halt`, `POST /api/map`, `POST /api/lots`. Bodies are JSON; an error is `{"error": {code, reason}}`.

mod connection;
mod door;
mod pace;
mod problem;
mod routes;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::token::Token;

/// A server under way. Dropped, it stops at once; [`ControlServer::stop`] lets answers under way finish first.
#[derive(Debug)]
pub struct ControlServer {
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

/// A listener on loopback; port 0 takes any that is free.
pub async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves `desk` on a listener of [`listen`]. A listener that others on the network could reach is refused.
pub fn serve(listener: TcpListener, desk: Arc<dyn Desk>, token: Token) -> io::Result<ControlServer> {
    serve_at(listener, desk, token, door::SHELLS)
}

fn serve_at(listener: TcpListener, desk: Arc<dyn Desk>, token: Token, rate: door::Rate) -> io::Result<ControlServer> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let reason = format!("the control API must listen on 127.0.0.1, not on {}", address.ip());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let router = routes::router(desk, door::Door::new(token, address.port(), rate));
    let stop = CancellationToken::new();
    let task = tokio::spawn(connection::accept(listener, router, stop.clone()));
    Ok(ControlServer { address, stop, task: Some(task) })
}

impl ControlServer {
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

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
