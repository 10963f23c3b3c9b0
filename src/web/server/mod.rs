//! The control API: a small HTTP server that only this machine can reach and only the token's owner can use.
//!
//! `GET /health` tells which cockpit listens. Everything else needs `Authorization: Bearer <token>`:
//! `GET /api/strategies`, `GET /api/strategies/{id}`, `GET /api/status`, `POST /api/command` (an engine command, answered with
//! its reply), `POST /api/halt`, `POST /api/map`, `POST /api/lots`; `/api/trading` (entries on and off), `/api/broker` (the account),
//! `GET /metrics`; `GET /api/openapi.json` describes them all, the webhook's too. Bodies are JSON; an error is `{"error": {code, reason}}`.

mod broker;
mod door;
mod openapi;
mod routes;
#[cfg(test)]
mod tests;
mod trading;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::desk::Desk;
use super::office::Office;
use super::pace::Rate;
use super::serving::{Counter, Serving};
use super::token::Token;

/// More connections at once than a trader's shells ever open.
const COUNTER: Counter = Counter { name: "control API", most: 64 };

/// A listener on loopback; port 0 takes any that is free.
pub async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves `desk` and `office` on a listener of [`listen`]. A listener that others on the network could reach is refused.
pub fn serve(listener: TcpListener, desk: Arc<dyn Desk>, office: Arc<dyn Office>, token: Token) -> io::Result<Serving> {
    serve_at(listener, routes::Room { desk, office }, token, door::SHELLS)
}

fn serve_at(listener: TcpListener, room: routes::Room, token: Token, rate: Rate) -> io::Result<Serving> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let reason = format!("the control API must listen on 127.0.0.1, not on {}", address.ip());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let router = routes::router(room, door::Door::new(token, address.port(), rate));
    Ok(Serving::start(listener, address, router, COUNTER))
}
