//! HTTP and socket clients: TLS set-up, reconnects, keep-alive.
//!
//! Floor 3. Moves bytes, knows no broker.
