//! Connections that can be cut: a listener whose connections know a way to break off in the middle.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Listens like a plain one.
pub struct Cuttable(pub TcpListener);

/// What a handler knows of the connection its request came by.
#[derive(Clone, Debug)]
pub struct Wire {
    pub peer: SocketAddr,
    cut: CancellationToken,
}

impl Wire {
    /// Breaks the connection off: the other side sees a reset.
    pub fn cut(&self) {
        self.cut.cancel();
    }
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    cut: CancellationToken,
    waits: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Listener for Cuttable {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Small messages leave at once.
        drop(stream.set_nodelay(true));
        let cut = CancellationToken::new();
        let waits = Box::pin(cut.clone().cancelled_owned());
        (Connection { stream, cut, waits }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        Self { peer: *stream.remote_addr(), cut: stream.io().cut.clone() }
    }
}

impl Connection {
    /// An error once the connection is cut. Then the system is told to reset instead of closing in order.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.waits.as_mut().poll(context).is_ready() {
            drop(self.stream.set_zero_linger());
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
