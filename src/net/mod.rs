//! HTTP and socket clients: TLS set-up, reconnects, keep-alive.
//!
//! Floor 3. Moves bytes, knows no broker.

pub mod backoff;
pub mod crypto;
pub mod http;
pub mod secret;
pub mod socket;

pub use backoff::Backoff;
pub use crypto::install_crypto;
pub use http::{AddressFamily, HttpAnswer, HttpClient, HttpFailure, HttpRequest, HttpSettings, Method};
pub use secret::Secret;
pub use socket::{Disconnect, DisconnectCause, LinkDown, Outbox, Socket, SocketEvent, SocketMessage, SocketSettings};
