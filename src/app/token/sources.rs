//! Where access tokens come from, and how a newer one is found: each look reads once, away from the threads that carry
//! calls, and the keyring more rarely than the files.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tracing::warn;

use super::super::config::{ConfigError, SecretSources, Secrets};
use crate::exchange_server::TokenPage;
use crate::net::Secret;
use crate::protocol::dhan::authentication::TokenClaims;
use crate::store::{DataFolder, files};

/// The keyring is asked this often: some systems take their time, and may even ask the user.
const KEYRING_EVERY: Duration = Duration::from_secs(10);

/// Where tokens come from.
#[derive(Clone)]
pub enum Tokens {
    /// The built-in exchange's own page.
    Paper(TokenPage),
    Live {
        sources: SecretSources,
        folder: DataFolder,
    },
}

/// Looks for tokens again and again, and remembers what it saw.
pub(super) struct Lookout {
    tokens: Tokens,
    /// The newest token there was, whoever made it.
    newest: Option<Secret>,
    /// Of the environment and the files, as they could be read last.
    written: Secrets,
    in_keyring: Secrets,
    keyring_read: Option<Instant>,
    /// Why the secrets cannot be read, as it was told last.
    trouble: Option<ConfigError>,
}

/// What one look brought.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Another token than at the last look.
    pub token: Option<Secret>,
    /// Why the secrets cannot be read: once for each kind of trouble.
    pub trouble: Option<ConfigError>,
}

impl Lookout {
    pub fn new(tokens: Tokens) -> Self {
        Self {
            tokens,
            newest: None,
            written: Secrets::default(),
            in_keyring: Secrets::default(),
            keyring_read: None,
            trouble: None,
        }
    }

    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// As they could be read last.
    pub fn secrets(&self) -> Secrets {
        self.written.clone().or(self.in_keyring.clone())
    }

    /// Whether a token can be made without a person.
    pub fn can_generate(&self) -> bool {
        matches!(self.tokens, Tokens::Paper(_)) || self.secrets().can_generate()
    }

    /// What cannot be read counts as it was.
    pub async fn look(&mut self) -> Found {
        let mut found = Found::default();
        let newest = match self.tokens.clone() {
            Tokens::Paper(page) => Some(Secret::new(page.access_token())),
            Tokens::Live { sources, folder } => {
                let keyring_is_due = self.keyring_read.is_none_or(|at| at.elapsed() >= KEYRING_EVERY);
                let reading = tokio::task::spawn_blocking(move || {
                    (sources.written(), keyring_is_due.then(|| sources.in_keyring()), made(&folder))
                });
                let Ok((written, in_keyring, made)) = reading.await else { return found };
                if let Some(kept) = in_keyring {
                    (self.in_keyring, self.keyring_read) = (kept, Some(Instant::now()));
                }
                match written {
                    Ok(written) => (self.written, self.trouble) = (written, None),
                    Err(error) if self.trouble.as_ref() == Some(&error) => {}
                    Err(error) => {
                        self.trouble = Some(error.clone());
                        found.trouble = Some(error);
                    }
                }
                newest(self.secrets().access_token, made)
            }
        };
        if newest != self.newest {
            self.newest.clone_from(&newest);
            found.token = newest;
        }
        found
    }

    /// This program made one: no news any more.
    pub fn made(&mut self, token: &Secret) {
        self.newest = match &self.tokens {
            Tokens::Live { folder, .. } => {
                keep(folder, token);
                newest(self.secrets().access_token, Some(token.clone()))
            }
            Tokens::Paper(page) => {
                crate::telemetry::keep_secret(token.expose());
                Some(Secret::new(page.access_token()))
            }
        };
    }
}

/// A token that this program made is kept here, so that the next start need not make another.
pub fn made_file(folder: &DataFolder) -> PathBuf {
    folder.folder().join("token")
}

/// The token that this program made last, if any.
pub fn made(folder: &DataFolder) -> Option<Secret> {
    let text = std::fs::read_to_string(made_file(folder)).ok()?;
    Some(text.trim().to_string()).filter(|t| !t.is_empty()).map(Secret::new)
}

/// Keeps a token that was made, out of every log.
pub fn keep(folder: &DataFolder, token: &Secret) {
    crate::telemetry::keep_secret(token.expose());
    if let Err(e) = files::write_private(&made_file(folder), token.expose()) {
        warn!("the new access token cannot be kept for the next start: {e}");
    }
}

/// Takes away the token that this program made.
pub fn forget(folder: &DataFolder) -> anyhow::Result<()> {
    match std::fs::remove_file(made_file(folder)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Of the token that was set and the one that was made, the one made later.
pub fn newest(set: Option<Secret>, made: Option<Secret>) -> Option<Secret> {
    let issued = |token: &Secret| TokenClaims::of(token.expose()).map(|c| c.iat);
    match (set, made) {
        (Some(set), Some(made)) if issued(&made) > issued(&set) => Some(made),
        (Some(set), _) => Some(set),
        (None, made) => made,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::app::config::keyring::{Vault, VaultError};
    use crate::engine::record::Profile;

    /// Keeps a PIN and a TOTP key, and counts how often it is asked for the token.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Vault for Counted {
        fn read(&self, name: &str) -> Result<Option<Secret>, VaultError> {
            if name == "DHAN_ACCESS_TOKEN" {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
            Ok(["DHAN_PIN", "DHAN_TOTP_KEY"].contains(&name).then(|| Secret::new("123456")))
        }
        fn write(&self, _: &str, _: &Secret) -> Result<(), VaultError> {
            Ok(())
        }
        fn forget(&self, _: &str) -> Result<(), VaultError> {
            Ok(())
        }
    }

    fn lookout(place: &Path) -> (Lookout, Arc<Counted>) {
        let keyring = Arc::new(Counted::default());
        let sources = SecretSources::with_keyring(place, keyring.clone());
        let folder = DataFolder::locate(Some(place), Profile::Live).unwrap();
        folder.create().unwrap();
        (Lookout::new(Tokens::Live { sources, folder }), keyring)
    }

    fn set(place: &Path, text: &str) {
        files::write_private(&place.join("secrets.env"), text).unwrap();
    }

    #[tokio::test]
    async fn a_token_is_news_once_and_the_keyring_is_not_asked_with_every_look() {
        let place = tempfile::tempdir().unwrap();
        let (mut lookout, keyring) = lookout(place.path());
        assert_eq!(lookout.look().await.token, None);
        assert!(lookout.can_generate(), "with what the keyring keeps");
        set(place.path(), "DHAN_ACCESS_TOKEN=first-token\n");
        assert_eq!(lookout.look().await.token, Some(Secret::new("first-token")));
        assert_eq!(lookout.look().await.token, None);
        set(place.path(), "DHAN_ACCESS_TOKEN=second-token\n");
        assert_eq!(lookout.look().await.token, Some(Secret::new("second-token")));
        assert_eq!(keyring.0.load(Ordering::SeqCst), 1, "four looks, one question");
        assert!(lookout.can_generate(), "and what it said is remembered");
    }

    #[tokio::test]
    async fn what_this_program_made_is_no_news_to_it() {
        let place = tempfile::tempdir().unwrap();
        let (mut lookout, _) = lookout(place.path());
        lookout.made(&Secret::new("made-here"));
        assert_eq!(lookout.look().await.token, None);
    }

    #[tokio::test]
    async fn trouble_is_told_once_of_a_kind_and_the_secrets_count_as_they_were() {
        let place = tempfile::tempdir().unwrap();
        let (mut lookout, _) = lookout(place.path());
        set(place.path(), "DHAN_ACCESS_TOKEN=first-token\nDHAN_CLIENT_ID=7\n");
        lookout.look().await;
        set(place.path(), "nonsense\n");
        let found = lookout.look().await;
        assert!(found.trouble.is_some() && found.token.is_none(), "{found:?}");
        assert!(lookout.look().await.trouble.is_none(), "told already");
        assert_eq!(lookout.secrets().client_id.as_deref(), Some("7"));
        set(place.path(), "\n\nother nonsense\n");
        assert!(lookout.look().await.trouble.is_some(), "of another kind");
        set(place.path(), "DHAN_ACCESS_TOKEN=first-token\n");
        assert!(lookout.look().await.token.is_none(), "the same token as before is no news");
        set(place.path(), "\n\nother nonsense\n");
        assert!(lookout.look().await.trouble.is_some(), "again, after it was well");
    }

    #[test]
    fn of_two_tokens_the_later_one_counts() {
        // {"iat":100} and {"iat":200}, nothing else.
        let issued =
            |iat| Some(Secret::new(if iat == 100 { "e30.eyJpYXQiOjEwMH0.s" } else { "e30.eyJpYXQiOjIwMH0.s" }));
        assert_eq!(newest(issued(100), issued(200)), issued(200));
        assert_eq!(newest(issued(200), issued(100)), issued(200));
        assert_eq!(newest(None, issued(100)), issued(100));
        assert_eq!(newest(Some(Secret::new("plain")), issued(100)), issued(100));
        assert_eq!(newest(None, None), None);
    }
}
