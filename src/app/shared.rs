//! What several tasks look at: the newest prices, link health, notices. Latest wins; nobody waits long for a lock.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::alerts::Raised;
use super::instruments::OldList;
use crate::broker::Capability;
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Quote};
use crate::engine::effect::AlertLevel;
use crate::view::{Health, Notice, Prices, TokenHealth};

/// Notices kept for the screen.
const NOTICES: usize = 60;

/// Prices and health, shared between the tasks.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    prices: Arc<Mutex<Prices>>,
    health: Arc<Mutex<Health>>,
    /// What the feed is asked to deliver.
    subscribed: Arc<Mutex<BTreeSet<Contract>>>,
    /// Where notices go beyond the screen.
    raise: Option<mpsc::Sender<Raised>>,
}

impl Shared {
    /// Notices go there as well.
    pub fn raising(raise: mpsc::Sender<Raised>) -> Self {
        Self { raise: Some(raise), ..Self::default() }
    }

    pub fn prices(&self) -> MutexGuard<'_, Prices> {
        self.prices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn subscribed(&self) -> MutexGuard<'_, BTreeSet<Contract>> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn notice(&self, level: AlertLevel, text: String, at: Timestamp) {
        if let Some(raise) = &self.raise {
            // Nobody waits for the inbox: in a storm the rest stands in the log.
            let _ = raise.try_send(Raised { level, text: text.clone(), at });
        }
        let mut health = self.health();
        let id = health.notices.last().map_or(1, |n| n.id + 1);
        health.notices.push(Notice { id, at, level, text });
        let excess = health.notices.len().saturating_sub(NOTICES);
        health.notices.drain(..excess);
    }

    /// Whether that is news.
    pub fn set_token(&self, token: TokenHealth) -> bool {
        let mut health = self.health();
        let is_news = health.token != token;
        health.token = token;
        is_news
    }

    /// An instrument list that is not today's.
    pub(super) fn warn_of(&self, listed: Option<OldList>, at: Timestamp) {
        if let Some(OldList(text)) = listed {
            self.notice(AlertLevel::Warning, text, at);
        }
    }

    /// The account has not got something: told once, and shown as long as it holds.
    pub fn lacks(&self, what: Capability, at: Timestamp) {
        let text = what.to_string();
        let mut health = self.health();
        if health.lacks.contains(&text) {
            return;
        }
        health.lacks.push(text.clone());
        drop(health);
        tracing::warn!("{text}");
        self.notice(AlertLevel::Warning, text, at);
    }

    pub fn has(&self, what: Capability) {
        let text = what.to_string();
        self.health().lacks.retain(|l| *l != text);
    }

    /// The newest quotes of these contracts. The feed sends only what changes: while it is alive, an unchanged quote of
    /// a subscribed contract is as young as the feed's last word.
    pub fn quotes_of<'a>(&self, contracts: impl IntoIterator<Item = &'a Contract>) -> Vec<(Contract, Quote)> {
        let confirmed = self.health().feed_confirms(Timestamp::now());
        let subscribed = self.subscribed();
        let prices = self.prices();
        let newest = |c: &Contract| {
            let mut quote = prices.quote(c)?;
            if let Some(at) = confirmed.filter(|_| subscribed.contains(c)) {
                quote.at = quote.at.max(at);
            }
            Some((*c, quote))
        };
        contracts.into_iter().filter_map(newest).collect()
    }
}

/// Index values that the header shows.
pub const HEADER_INDICES: [(crate::domain::Exchange, &str); 5] = [
    (crate::domain::Exchange::Nse, "NIFTY"),
    (crate::domain::Exchange::Nse, "BANKNIFTY"),
    (crate::domain::Exchange::Bse, "SENSEX"),
    (crate::domain::Exchange::Nse, "FINNIFTY"),
    (crate::domain::Exchange::Nse, "MIDCPNIFTY"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_stands_as_before_is_no_news() {
        let shared = Shared::default();
        let refused = || TokenHealth { refused: Some("it was revoked".into()), ..TokenHealth::default() };
        assert!(shared.set_token(refused()));
        assert!(!shared.set_token(refused()));
        assert!(shared.set_token(TokenHealth::default()));
        assert_eq!(shared.health().token, TokenHealth::default());
    }

    #[test]
    fn what_the_account_lacks_is_told_once_until_it_has_it() {
        let shared = Shared::default();
        let now = Timestamp::now();
        // A feed that is refused every minute is one thing to tell, not a stream.
        (0..5).for_each(|_| shared.lacks(Capability::MarketData, now));
        let told = |shared: &Shared| {
            let health = shared.health();
            (health.notices.len(), health.lacks.len())
        };
        assert_eq!(told(&shared), (1, 1));
        assert!(shared.health().notices[0].text.contains("subscribe"), "and what to do");
        shared.has(Capability::MarketData);
        assert_eq!(told(&shared), (1, 0));
        shared.lacks(Capability::MarketData, now);
        assert_eq!(told(&shared), (2, 1));
    }
}
