//! Setting up live trading: a login is tried at the broker and kept where nobody else reads it.

use std::path::PathBuf;

use anyhow::Context as _;

use super::access::live_endpoints;
use super::cockpit::{Options, prepare};
use super::config::keyring::{Keyring, Vault};
use super::config::{AppConfig, Secrets, secrets};
use super::reference::Instruments;
use super::token;
use crate::broker::dhan::{ConsentKey, DhanBroker, DhanCredentials, DhanSettings, last_four};
use crate::domain::time::Timestamp;
use crate::engine::record::Profile;
use crate::net::Secret;
use crate::store::{DataFolder, data_folder::new_token};

/// Where secrets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Keyring,
    /// `secrets.env` in the config folder.
    File,
}

/// Whose key asks for a log-in with a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentBy {
    /// The account holder's own API key.
    App,
    Partner,
}

/// A login that the broker has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// The last four digits.
    pub account: String,
    pub ends: Option<Timestamp>,
    pub segments: String,
    pub market_data: bool,
}

/// What is known before anything is asked.
pub struct Setup {
    pub config: AppConfig,
    data: DataFolder,
}

impl Setup {
    pub fn open(options: &Options) -> anyhow::Result<Self> {
        let (data, config) = prepare(&Options { profile: Profile::Live, ..options.clone() })?;
        Ok(Self { config, data })
    }

    /// Variables of the environment that go before anything kept.
    pub fn in_the_environment() -> Vec<&'static str> {
        secrets::NAMES.into_iter().filter(|n| std::env::var(n).is_ok_and(|v| !v.trim().is_empty())).collect()
    }

    fn broker(&self, secrets: &Secrets) -> anyhow::Result<DhanBroker> {
        let client_id = secrets.client_id.clone().or_else(|| self.config.client_id().map(ToString::to_string));
        let client_id = client_id.context("the client id is missing (DHAN_CLIENT_ID)")?;
        let access_token = secrets.access_token.clone().unwrap_or_default();
        let credentials = DhanCredentials { client_id, access_token };
        let instruments = Instruments::none();
        let broker =
            DhanBroker::new(live_endpoints(&self.config), credentials, DhanSettings::default(), instruments.handle())?;
        Ok(broker)
    }

    /// Tries a login: the token, or PIN and one-time password, which make a new one.
    pub async fn log_in(&self, secrets: &Secrets) -> anyhow::Result<LoggedIn> {
        let broker = self.broker(secrets)?;
        if secrets.access_token.is_none() {
            let (Some(pin), Some(key)) = (&secrets.pin, &secrets.totp_key) else {
                anyhow::bail!("a token is needed (DHAN_ACCESS_TOKEN), or PIN and TOTP key (DHAN_PIN, DHAN_TOTP_KEY)");
            };
            let made = broker.generate_token_from_key(pin, key).await?;
            token::keep(&self.data, &made.token);
        }
        self.tried(&broker).await
    }

    /// Whether what is kept already is taken. Makes no new token.
    pub async fn check(&self) -> anyhow::Result<LoggedIn> {
        let kept = &self.config.secrets;
        let token = token::newest(kept.access_token.clone(), token::made(&self.data));
        anyhow::ensure!(token.is_some(), "there is no access token: run `strikedeck setup`");
        let broker = self.broker(&Secrets { access_token: token, ..kept.clone() })?;
        self.tried(&broker).await
    }

    async fn tried(&self, broker: &DhanBroker) -> anyhow::Result<LoggedIn> {
        let check = broker.check_token().await?;
        let ours = broker.client_id();
        let theirs = check.profile.client_id.clone();
        anyhow::ensure!(theirs == ours, "the token is of another account (…{})", last_four(&theirs));
        let ends = broker.token_claims().and_then(|c| c.expires()).or(check.profile.token_expires);
        Ok(LoggedIn {
            account: last_four(&ours).to_string(),
            ends,
            segments: check.profile.segments,
            market_data: check.profile.market_data,
        })
    }

    /// The page to log in at.
    pub async fn login_page(&self, secrets: &Secrets, by: ConsentBy) -> anyhow::Result<String> {
        let consent = self.broker(secrets)?.ask_consent(&consent_key(secrets, by)?).await?;
        Ok(consent.login_url)
    }

    /// What the browser came back with, for a token.
    pub async fn came_back(&self, secrets: &Secrets, by: ConsentBy, came_back: &Secret) -> anyhow::Result<LoggedIn> {
        let broker = self.broker(secrets)?;
        let made = broker.consume_consent(&consent_key(secrets, by)?, came_back).await?;
        token::keep(&self.data, &made.token);
        self.tried(&broker).await
    }

    /// Keeps what was entered; answers where. A token that was made is kept already.
    pub fn keep(&self, secrets: &Secrets, place: Place) -> anyhow::Result<String> {
        if secrets.named().is_empty() {
            return Ok(token::made_file(&self.data).display().to_string());
        }
        match place {
            Place::File => {
                let file = secrets::write_file(&self.config.folder, secrets)?;
                Ok(file.display().to_string())
            }
            Place::Keyring => {
                let keyring = Keyring::of(&self.config.folder)?;
                for (name, value) in secrets.named() {
                    keyring.write(name, &value)?;
                }
                Ok("the system's keyring".into())
            }
        }
    }

    /// Makes a secret for the webhook and keeps it; answers it and where it is kept. One from before goes.
    pub fn make_webhook_secret(&self, place: Place) -> anyhow::Result<(Secret, String)> {
        let secret = Secret::new(new_token()?);
        let kept = self.keep(&Secrets { webhook: Some(secret.clone()), ..Secrets::default() }, place)?;
        Ok((secret, kept))
    }

    /// Takes everything secret away that this program keeps.
    pub fn forget(&self) -> anyhow::Result<()> {
        if let Ok(keyring) = Keyring::of(&self.config.folder) {
            for name in secrets::NAMES {
                // A keyring that cannot be used keeps nothing.
                let _ = keyring.forget(name);
            }
        }
        secrets::forget_file(&self.config.folder)?;
        token::forget(&self.data)
    }

    pub fn folder(&self) -> &PathBuf {
        &self.config.folder
    }
}

fn consent_key(secrets: &Secrets, by: ConsentBy) -> anyhow::Result<ConsentKey> {
    match (by, &secrets.app_id, &secrets.app_secret, &secrets.partner_id, &secrets.partner_secret) {
        (ConsentBy::App, Some(id), Some(secret), _, _) => {
            Ok(ConsentKey::App { id: id.clone(), secret: secret.clone() })
        }
        (ConsentBy::Partner, _, _, Some(id), Some(secret)) => {
            Ok(ConsentKey::Partner { id: id.clone(), secret: secret.clone() })
        }
        (ConsentBy::App, ..) => anyhow::bail!("API key and secret are needed (DHAN_APP_ID, DHAN_APP_SECRET)"),
        (ConsentBy::Partner, ..) => {
            anyhow::bail!("the partner's id and secret are needed (DHAN_PARTNER_ID, DHAN_PARTNER_SECRET)")
        }
    }
}
