//! The system's keyring: Credential Manager on Windows, Keychain on macOS, the kernel's own on Linux (which forgets with
//! the next start of the machine). No C library is needed for any of them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};

use crate::net::Secret;

/// A place that keeps secrets by name.
pub trait Vault {
    /// `None`: it keeps none of that name.
    fn read(&self, name: &str) -> Result<Option<Secret>, VaultError>;
    fn write(&self, name: &str, secret: &Secret) -> Result<(), VaultError>;
    /// Keeping none is no error.
    fn forget(&self, name: &str) -> Result<(), VaultError>;
}

/// The keyring cannot do it. Never says what it was to keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's keyring cannot be used ({0}): keep the secrets in a file with `strikedeck setup --store file`")]
pub struct VaultError(String);

/// Whether what is put into the system's keyring is still there tomorrow.
pub const LASTS: bool = cfg!(any(windows, target_os = "macos"));

/// The entries of one config folder.
#[derive(Clone)]
pub struct Keyring {
    store: Arc<dyn CredentialStoreApi + Send + Sync>,
    service: String,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.service)
    }
}

#[cfg(windows)]
fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "linux")]
fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, Error> {
    Ok(linux_keyutils_keyring_store::Store::new()?)
}

#[cfg(not(any(windows, target_os = "macos", target_os = "linux")))]
fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, Error> {
    Err(Error::NotSupportedByStore("there is none on this system".into()))
}

impl Keyring {
    pub fn of(folder: &Path) -> Result<Self, VaultError> {
        let place = std::path::absolute(folder).unwrap_or_else(|_| folder.into());
        Ok(Self { store: store().map_err(|e| plain(&e))?, service: format!("strikedeck {}", place.display()) })
    }

    fn entry(&self, name: &str) -> Result<Entry, VaultError> {
        self.store.build(&self.service, name, None).map_err(|e| plain(&e))
    }
}

impl Vault for Keyring {
    fn read(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        match self.entry(name)?.get_secret() {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok().filter(|s| !s.is_empty()).map(Secret::new)),
            Err(Error::NoEntry) => Ok(None),
            Err(e) => Err(plain(&e)),
        }
    }

    /// As bytes: a text would be kept with two bytes a letter, and Windows keeps no more than 2,560 of them.
    fn write(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.entry(name)?.set_secret(secret.expose().as_bytes()).map_err(|e| plain(&e))
    }

    fn forget(&self, name: &str) -> Result<(), VaultError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(e) => Err(plain(&e)),
        }
    }
}

/// The kind of failure alone: some carry what they could not keep.
fn plain(error: &Error) -> VaultError {
    VaultError(match error {
        Error::PlatformFailure(e) => format!("the system refused: {e}"),
        Error::NoStorageAccess(e) => format!("it is locked: {e}"),
        Error::TooLong(what, most) => format!("{what} is longer than {most} bytes"),
        Error::NotSupportedByStore(why) => why.clone(),
        _ => "it failed".into(),
    })
}

/// Keeps secrets as long as it lives.
#[cfg(test)]
#[derive(Default)]
pub struct Pretended(std::sync::Mutex<std::collections::BTreeMap<String, Secret>>);

#[cfg(test)]
impl Vault for Pretended {
    fn read(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }
    fn write(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.0.lock().unwrap().insert(name.into(), secret.clone());
        Ok(())
    }
    fn forget(&self, name: &str) -> Result<(), VaultError> {
        self.0.lock().unwrap().remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_whole_and_forgotten_where_there_is_a_keyring() {
        let folder = tempfile::tempdir().unwrap();
        let Ok(keyring) = Keyring::of(folder.path()) else { return };
        let long = Secret::new("e".repeat(1_200));
        // Some containers have no keyring at all.
        if keyring.write("DHAN_ACCESS_TOKEN", &long).is_err() {
            return;
        }
        assert_eq!(keyring.read("DHAN_ACCESS_TOKEN"), Ok(Some(long)));
        assert_eq!(keyring.read("DHAN_PIN"), Ok(None));
        keyring.forget("DHAN_ACCESS_TOKEN").unwrap();
        keyring.forget("DHAN_ACCESS_TOKEN").unwrap();
        assert_eq!(keyring.read("DHAN_ACCESS_TOKEN"), Ok(None));
        assert!(!format!("{keyring:?}").contains("eee"));
    }
}
