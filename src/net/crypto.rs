//! TLS uses one crypto provider (ring), chosen here and nowhere else.

/// Chooses the provider for the whole process. To be called before the first connection; again does nothing.
pub fn install_crypto() {
    // The error says that one is installed already: the same, since only this line installs any.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    #[test]
    fn choosing_twice_is_choosing_once() {
        super::install_crypto();
        super::install_crypto();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
