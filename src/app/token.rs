//! Looks after the access token while the program runs: how long it lasts, whether it is taken, where a newer one comes
//! from. A newer one is put to use without a restart: by calls at once, by the sockets as they connect again.

mod sources;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ToSpan;
use tokio::sync::Notify;
use tracing::{info, warn};

use self::sources::{Found, Lookout};
pub use self::sources::{Tokens, forget, keep, made, made_file, newest};
use super::config::{ConfigError, Secrets, TokenPolicy};
use super::inputs::{Input, Inputs};
use super::shared::Shared;
use crate::broker::BrokerError;
use crate::broker::dhan::{DhanBroker, NewToken, TokenCheck};
use crate::domain::time::{Timestamp, from_ist, ist, ms_between};
use crate::engine::Event;
use crate::engine::effect::AlertLevel;
use crate::gateway::ErrorClass;
use crate::net::Secret;
use crate::store::DataFolder;
use crate::view::TokenHealth;

/// How often a newer token is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A token that nobody complains of is tried this often.
const TRY_EVERY: Duration = Duration::from_secs(300);
/// One that was refused is tried again after this long …
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// … and one that is suspected at most this often.
const TRY_SUSPECT: Duration = Duration::from_secs(1);
/// The broker makes one in two minutes.
const MAKE_AGAIN: Duration = Duration::from_secs(130);
const MINUTE_MS: i64 = 60_000;

/// Says that something looks like a token that is not taken: a refused call, a socket that was closed.
#[derive(Clone, Debug, Default)]
pub struct Suspicion(Arc<Notify>);

impl Suspicion {
    pub fn raise(&self) {
        self.0.notify_one();
    }
}

/// Logs in with what there is: the token, or one made now with PIN and one-time password where the token is not taken.
pub async fn log_in(broker: &DhanBroker, secrets: &Secrets, folder: &DataFolder) -> Result<TokenCheck, BrokerError> {
    let refused = if broker.access_token().is_empty() {
        BrokerError::new(ErrorClass::LogIn, "there is no access token")
    } else {
        match broker.check_token().await {
            Err(error) if error.class == ErrorClass::LogIn => error,
            answered => return answered,
        }
    };
    let (Some(pin), Some(key)) = (&secrets.pin, &secrets.totp_key) else { return Err(refused) };
    let NewToken { token, .. } = broker.generate_token_from_key(pin, key).await?;
    keep(folder, &token);
    info!("a new access token was made with PIN and one-time password");
    broker.check_token().await
}

/// Whether it is time for another token.
fn is_due(ends: Option<Timestamp>, refused: bool, policy: TokenPolicy, now: Timestamp) -> bool {
    let Some(ends) = ends else { return refused };
    let today = ist(now).date();
    let morning = from_ist(today.at(9, 0, 0, 0));
    let close = from_ist(today.at(15, 45, 0, 0));
    let does_not_last = now < morning && ends < close;
    refused || does_not_last || ms_between(now, ends) < policy.renew_min * MINUTE_MS
}

/// The task that looks after the token.
pub struct Keeper {
    pub broker: Arc<DhanBroker>,
    pub tokens: Tokens,
    pub policy: TokenPolicy,
    pub shared: Shared,
    pub inputs: Inputs,
    pub suspicion: Suspicion,
}

/// What the keeper remembers.
struct Memory {
    lookout: Lookout,
    tried: Option<Instant>,
    made: Option<Instant>,
    /// Why it is not taken.
    refused: Option<String>,
    ends: Option<Timestamp>,
    suspected: bool,
    warned: bool,
}

impl Keeper {
    pub async fn run(self) {
        let mut memory = Memory {
            lookout: Lookout::new(self.tokens.clone()),
            tried: None,
            made: None,
            refused: None,
            ends: None,
            suspected: false,
            warned: false,
        };
        // What there is at the start is in use already: only what is newer is news.
        self.tell(memory.lookout.look().await.trouble);
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.suspicion.0.notified() => memory.suspected = true,
            }
            self.look(&mut memory).await;
        }
    }

    async fn look(&self, memory: &mut Memory) {
        let Found { token, trouble } = memory.lookout.look().await;
        self.tell(trouble);
        let in_use = self.broker.access_token();
        if let Some(token) = token.filter(|t| *t != in_use) {
            self.take(token, memory).await;
        }
        let now = Timestamp::now();
        if memory.refused.is_none() && memory.ends.is_some_and(|ends| ends <= now) {
            let at = memory.ends.map(|e| ist(e).strftime("%H:%M").to_string()).unwrap_or_default();
            self.refuse(memory, format!("it ended at {at}"));
        }
        let wait = match (&memory.refused, memory.suspected) {
            (Some(_), _) => TRY_AGAIN,
            (None, true) => TRY_SUSPECT,
            (None, false) => TRY_EVERY,
        };
        if memory.tried.is_none_or(|at| at.elapsed() >= wait) {
            self.try_it(memory).await;
        }
        if self.policy.auto_renew && is_due(memory.ends, memory.refused.is_some(), self.policy, now) {
            self.make(memory).await;
        }
        self.show(memory);
    }

    fn tell(&self, trouble: Option<ConfigError>) {
        if let Some(error) = trouble {
            let text = format!("A new access token would not be found: {error}");
            self.say(AlertLevel::Warning, text);
        }
    }

    /// A newer token was found: from now on it is the one.
    async fn take(&self, token: Secret, memory: &mut Memory) {
        crate::telemetry::keep_secret(token.expose());
        self.broker.set_access_token(token);
        memory.refused = None;
        self.try_it(memory).await;
        if memory.refused.is_none() {
            let until = memory.ends.map(|e| format!(", good until {}", when(e))).unwrap_or_default();
            self.say(AlertLevel::Info, format!("A new access token is in use{until}."));
        }
    }

    /// Asks the broker whether the token is taken.
    async fn try_it(&self, memory: &mut Memory) {
        memory.tried = Some(Instant::now());
        memory.suspected = false;
        match self.broker.check_token().await {
            Ok(check) => {
                memory.ends = self.ends(&check);
                memory.refused = None;
                self.inputs.send(Input::Event(Event::LoggedIn));
            }
            Err(error) if error.class == ErrorClass::LogIn => self.refuse(memory, error.to_string()),
            // Whoever cannot be reached has said nothing.
            Err(error) => {
                memory.ends = memory.ends.or_else(|| self.broker.token_claims()?.expires());
                info!("the access token could not be tried: {error}");
            }
        }
    }

    /// The token says it to the second, the broker to the minute.
    fn ends(&self, check: &TokenCheck) -> Option<Timestamp> {
        self.broker.token_claims().and_then(|c| c.expires()).or(check.profile.token_expires)
    }

    fn refuse(&self, memory: &mut Memory, reason: String) {
        if memory.refused.is_none() {
            self.inputs.send(Input::Event(Event::LoggedOut { reason: reason.clone() }));
        }
        memory.refused = Some(reason);
    }

    /// Makes another token, where that can be done without a person.
    async fn make(&self, memory: &mut Memory) {
        if memory.made.is_some_and(|at| at.elapsed() < MAKE_AGAIN) {
            return;
        }
        let secrets = memory.lookout.secrets();
        let made = match (memory.lookout.tokens(), &secrets.pin, &secrets.totp_key) {
            (Tokens::Live { .. }, Some(pin), Some(key)) => self.broker.generate_token_from_key(pin, key).await,
            _ if self.is_renewable(memory) => self.broker.renew_token().await,
            _ => return,
        };
        memory.made = Some(Instant::now());
        match made {
            Ok(NewToken { token, .. }) => {
                memory.lookout.made(&token);
                memory.warned = false;
                info!("a new access token was made");
                self.try_it(memory).await;
            }
            Err(error) => {
                let text = format!("No new access token could be made: {error}. Give one to `strikedeck setup`.");
                self.say(AlertLevel::Warning, text);
            }
        }
    }

    fn is_renewable(&self, memory: &Memory) -> bool {
        memory.refused.is_none() && self.broker.token_claims().is_some_and(|c| c.is_renewable())
    }

    /// Puts it where the view finds it, when it is news; the early warning is said once.
    fn show(&self, memory: &mut Memory) {
        let now = Timestamp::now();
        let remedy = self.remedy(memory);
        let soon = memory.ends.is_some_and(|e| ms_between(now, e) < self.policy.warn_min * MINUTE_MS);
        if soon && memory.refused.is_none() && !std::mem::replace(&mut memory.warned, true) {
            let at = memory.ends.map(when).unwrap_or_default();
            self.say(AlertLevel::Warning, format!("The access token ends at {at}. {remedy}"));
        }
        memory.warned &= soon;
        let warn_ms = self.policy.warn_min * MINUTE_MS;
        let token = TokenHealth { ends: memory.ends, refused: memory.refused.clone(), warn_ms, remedy };
        if self.shared.set_token(token) {
            self.inputs.look();
        }
    }

    fn remedy(&self, memory: &Memory) -> String {
        let by_itself = self.policy.auto_renew && (self.is_renewable(memory) || memory.lookout.can_generate());
        if by_itself {
            "A new one is made by itself.".into()
        } else {
            "Give a new one to `strikedeck setup`: it is taken without a restart.".into()
        }
    }

    fn say(&self, level: AlertLevel, text: String) {
        match level {
            AlertLevel::Info => info!("{text}"),
            AlertLevel::Warning | AlertLevel::Critical => warn!("{text}"),
        }
        self.shared.notice(level, text, Timestamp::now());
        self.inputs.look();
    }
}

/// `15:37`, with the day where it is not today.
pub fn when(at: Timestamp) -> String {
    let (wall, today) = (ist(at), ist(Timestamp::now()).date());
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    if wall.date() == today {
        wall.strftime("%H:%M IST").to_string()
    } else if wall.date() == tomorrow {
        wall.strftime("%H:%M IST tomorrow").to_string()
    } else {
        wall.strftime("%d %b %H:%M IST").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00+05:30").parse().unwrap()
    }

    #[test]
    fn a_token_is_replaced_in_the_morning_or_before_it_ends_and_not_in_between() {
        let due = |ends: &str, now: &str| is_due(Some(at(ends)), false, TokenPolicy::default(), at(now));
        assert!(due("20T11:00", "20T08:30"), "it does not last the session");
        assert!(!due("20T11:00", "20T09:30"), "not while trading, as long as it is good");
        assert!(due("20T11:00", "20T10:31"), "half an hour before its end");
        assert!(!due("20T16:00", "20T08:30"), "it lasts the session");
        assert!(due("20T11:00", "20T12:00"), "it has ended");
        assert!(is_due(Some(at("21T11:00")), true, TokenPolicy::default(), at("20T10:00")), "it is not taken");
        assert!(!is_due(None, false, TokenPolicy::default(), at("20T10:00")), "nothing is known");
    }
}
