//! The back office of a running cockpit: the broker's account as it is set up, and figures for a monitor.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::cockpit::Options;
use super::config::keyring::LASTS;
use super::config::{SecretSources, Secrets};
use super::setup::{LoggedIn, Place, Setup};
use super::shared::Shared;
use crate::broker::dhan::last_four;
use crate::engine::record::Profile;
use crate::view::View;
use crate::web::desk::{Answer, DeskError};
use crate::web::metrics;
use crate::web::office::{BrokerForm, CurrentBroker, KeptIn, LoginTold, Office, SupportedBroker};
use crate::web::webhook::Doorbell;

/// What it looks at.
#[derive(Clone)]
pub struct BackOffice {
    pub views: watch::Receiver<Arc<View>>,
    pub shared: Shared,
    pub bell: Arc<Doorbell>,
    pub started: Instant,
    pub profile: Profile,
    /// The folder that the profiles' folders are in.
    pub data: Option<PathBuf>,
    pub config: PathBuf,
}

impl BackOffice {
    fn setup(&self) -> Result<Setup, DeskError> {
        let (data, config) = (self.data.clone(), Some(self.config.clone()));
        Setup::open(&Options { data, config, ..Options::default() }).map_err(|e| failed(&e))
    }

    fn kept(&self) -> Result<(Secrets, Option<String>), DeskError> {
        let secrets = SecretSources::of(&self.config).read().map_err(|e| DeskError::Failed(e.to_string()))?;
        let setup = self.setup()?;
        let id = secrets.client_id.clone().or_else(|| setup.config.client_id().map(ToString::to_string));
        Ok((secrets, id))
    }

    async fn log_in(&self, form: BrokerForm) -> Result<LoginTold, DeskError> {
        let place = match form.store {
            Some(KeptIn::Keyring) => Place::Keyring,
            Some(KeptIn::File) => Place::File,
            None if LASTS => Place::Keyring,
            None => Place::File,
        };
        let secrets = checked(form).map_err(DeskError::Refused)?;
        let setup = self.setup()?;
        let logged_in = setup.log_in(&secrets).await.map_err(|e| refused(&e))?;
        let kept = setup.keep(&secrets, place).map_err(|e| failed(&e))?;
        Ok(told(logged_in, Some(kept)))
    }
}

impl Office for BackOffice {
    fn brokers(&self) -> Vec<SupportedBroker> {
        let logins = vec![vec!["client_id", "access_token"], vec!["client_id", "pin", "totp_key"]];
        vec![SupportedBroker { name: "dhan", title: "Dhan (DhanHQ v2)", logins }]
    }

    fn broker(&self) -> Answer<'_, CurrentBroker> {
        Box::pin(async {
            let (secrets, client_id) = self.kept()?;
            let all = [
                ("access_token", secrets.access_token.is_some()),
                ("pin", secrets.pin.is_some()),
                ("totp_key", secrets.totp_key.is_some()),
                ("app_secret", secrets.app_secret.is_some()),
            ];
            let token = self.shared.health().token.clone();
            Ok(CurrentBroker {
                broker: "dhan",
                mode: match self.profile {
                    Profile::Paper => "paper",
                    Profile::Live => "live",
                },
                client_id: client_id.map(|id| format!("…{}", last_four(&id))),
                kept: all.into_iter().filter_map(|(name, is)| is.then_some(name)).collect(),
                token_ends_at: token.ends.map(|t| t.to_string()),
                token_refused: token.refused.is_some(),
            })
        })
    }

    fn configure(&self, form: BrokerForm) -> Answer<'_, LoginTold> {
        Box::pin(self.log_in(form))
    }

    fn test(&self) -> Answer<'_, LoginTold> {
        Box::pin(async { self.setup()?.check().await.map(|l| told(l, None)).map_err(|e| refused(&e)) })
    }

    fn metrics(&self) -> String {
        let (view, health) = (self.views.borrow().clone(), self.shared.health().clone());
        let (rung, uptime) = (self.bell.look(), self.started.elapsed());
        metrics::text(&metrics::Facts { view: &view, health: &health, rung: &rung, uptime })
    }
}

/// The form of a login, before anybody is asked. No reason repeats what was written.
fn checked(form: BrokerForm) -> Result<Secrets, String> {
    let BrokerForm { broker, client_id, access_token, pin, totp_key, store: _ } = form;
    if broker != "dhan" {
        return Err("broker: only dhan is supported".into());
    }
    if client_id.is_empty() || client_id.len() > 20 || !client_id.bytes().all(|b| b.is_ascii_digit()) {
        return Err("client_id: the number that the broker shows".into());
    }
    let plain = |text: &str| !text.is_empty() && text.len() <= 4_096 && text.bytes().all(|b| b.is_ascii_graphic());
    if access_token.as_ref().is_some_and(|t| !plain(t.expose())) {
        return Err("access_token: as the broker's page shows it, without blanks".into());
    }
    let six_digits = |text: &str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    if pin.as_ref().is_some_and(|p| !six_digits(p.expose())) {
        return Err("pin: six digits".into());
    }
    if totp_key.as_ref().is_some_and(|k| !plain(k.expose())) {
        return Err("totp_key: letters and the digits 2 to 7".into());
    }
    if access_token.is_none() && (pin.is_none() || totp_key.is_none()) {
        return Err("a login is an access_token, or pin and totp_key; for an API key use `strikedeck setup`".into());
    }
    for secret in [&access_token, &pin, &totp_key].into_iter().flatten() {
        crate::telemetry::keep_secret(secret.expose());
    }
    Ok(Secrets { client_id: Some(client_id), access_token, pin, totp_key, ..Secrets::default() })
}

fn told(who: LoggedIn, kept_in: Option<String>) -> LoginTold {
    LoginTold {
        account_ends_in: who.account,
        token_ends_at: who.ends.map(|t| t.to_string()),
        segments: who.segments,
        market_data: who.market_data,
        kept_in,
    }
}

fn refused(error: &anyhow::Error) -> DeskError {
    DeskError::Refused(format!("{error:#}"))
}

fn failed(error: &anyhow::Error) -> DeskError {
    DeskError::Failed(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange_server::{ServerConfig, start};
    use crate::net::Secret;

    fn office(folder: &std::path::Path) -> BackOffice {
        BackOffice {
            views: watch::channel(Arc::default()).1,
            shared: Shared::default(),
            bell: Arc::default(),
            started: Instant::now(),
            profile: Profile::Paper,
            data: Some(folder.join("data")),
            config: folder.join("config"),
        }
    }

    fn form(client_id: &str, token: Option<&str>) -> BrokerForm {
        BrokerForm {
            broker: "dhan".into(),
            client_id: client_id.into(),
            access_token: token.map(Secret::new),
            pin: None,
            totp_key: None,
            store: Some(KeptIn::File),
        }
    }

    #[tokio::test]
    async fn a_login_is_tried_and_kept_and_a_wrong_one_is_not() {
        let broker = start(ServerConfig::paper(7)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("config")).unwrap();
        let settings = format!("rest: {}\nauth: {}\n", broker.rest, broker.auth);
        std::fs::write(folder.path().join("config/dhan.yaml"), settings).unwrap();
        let office = office(folder.path());
        let id = &broker.client_id;
        let file = folder.path().join("config/secrets.env");
        assert!(matches!(office.configure(form(id, Some("a.b.c"))).await, Err(DeskError::Refused(_))));
        assert!(matches!(office.test().await, Err(DeskError::Refused(_))));
        assert!(!file.exists(), "nothing was kept");
        let told = office.configure(form(id, Some(&broker.access_token))).await.unwrap();
        assert!(id.ends_with(&told.account_ends_in) && told.kept_in.is_some());
        assert!(std::fs::read_to_string(&file).unwrap().contains(&broker.access_token));
        let shown = office.broker().await.unwrap();
        assert_eq!((shown.client_id, shown.kept), (Some(format!("…{}", last_four(id))), vec!["access_token"]));
        assert!(office.test().await.is_ok());
        broker.stop().await;
    }

    #[test]
    fn what_is_no_login_is_refused_before_anybody_is_asked() {
        let no = |form: BrokerForm| checked(form).unwrap_err();
        assert!(no(BrokerForm { broker: "other".into(), ..form("1", Some("t")) }).contains("broker"));
        assert!(no(form("", Some("t"))).contains("client_id") && no(form("12a", Some("t"))).contains("client_id"));
        assert!(no(form("1", None)).contains("login"));
        assert!(no(form("1", Some("a b"))).contains("access_token"));
        assert!(no(BrokerForm { pin: Some(Secret::new("12")), ..form("1", Some("t")) }).contains("pin"));
        assert!(checked(form("1", Some("a.b.c"))).is_ok());
    }
}
