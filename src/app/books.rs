//! Answers what the screen asks beyond its picture: from the tables by a connection that can only look, from the inbox, and
//! from the broker. Each question is a task of its own; nothing here touches the engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::addresses::{Registered, Slot};
use super::alerts::AlertDesk;
use super::cockpit::Cockpit;
use crate::broker::dhan::{DhanBroker, last_four};
use crate::domain::time::Timestamp;
use crate::store::{StoreError, history};
use crate::tui::run::Asking;
use crate::view::books::{AUDIT_LINES, Connection, Question, Told};
use crate::view::performance::TradingHistory;

/// Questions that may wait; more, and the screen says that it was not asked.
const WAITING: usize = 16;

/// Where the answers come from.
#[derive(Clone)]
struct Books {
    tables: PathBuf,
    alerts: AlertDesk,
    account: Arc<DhanBroker>,
}

/// Starts answering; ends with the screen.
pub fn open(cockpit: &Cockpit) -> mpsc::Sender<Asking> {
    let (asked, mut questions) = mpsc::channel::<Asking>(WAITING);
    let books =
        Books { tables: cockpit.folder.projection(), alerts: cockpit.door().alerts, account: cockpit.account() };
    tokio::spawn(async move {
        while let Some((question, answer)) = questions.recv().await {
            tokio::spawn(books.clone().answer(question, answer));
        }
    });
    asked
}

impl Books {
    async fn answer(self, question: Question, answer: oneshot::Sender<Result<Told, String>>) {
        let told = match question {
            Question::History => {
                read(move || {
                    let (trades, sessions) = history::trades_and_sessions(&self.tables)?;
                    Ok(Told::History(Arc::new(TradingHistory::new(&trades, sessions))))
                })
                .await
            }
            Question::Audit => {
                read(move || Ok(Told::Audit(Arc::new(history::audit(&self.tables, AUDIT_LINES)?)))).await
            }
            Question::Inbox => Ok(Told::Inbox(Arc::new(self.alerts.rows()))),
            Question::Read(id) => {
                self.alerts.mark_read(id, Timestamp::now());
                Ok(Told::Inbox(Arc::new(self.alerts.rows())))
            }
            Question::Connection => self.connection().await.map(|c| Told::Connection(Arc::new(c))),
        };
        // Nobody asks any more only while the screen ends.
        let _ = answer.send(told);
    }

    /// Asks the broker with the token that the program trades with. Nothing is changed there.
    async fn connection(&self) -> Result<Connection, String> {
        let began = Instant::now();
        let check = self.account.check_token().await.map_err(|e| e.to_string())?;
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let claims = self.account.token_claims().and_then(|c| c.expires());
        let mut told = Connection {
            took_ms,
            account: Some(last_four(&check.profile.client_id).to_string()),
            token_ends: claims.or(check.profile.token_expires),
            segments: Some(check.profile.segments).filter(|s| !s.is_empty()),
            market_data: Some(check.profile.market_data),
            clock_ahead_ms: check.clock_ahead_ms,
            ..Connection::default()
        };
        match self.account.static_ip().await {
            Ok(found) => {
                // No other page is asked where we come from: the broker's own word, or none.
                let registered = Registered::of(found, "").await;
                let named = |slot: Slot| registered.address(slot).map(|ip| format!("{} {ip}", slot.name()));
                told.addresses = Slot::ALL.into_iter().filter_map(named).collect();
                told.orders_taken = registered.allows_orders();
                told.seen_from = registered.seen;
            }
            Err(e) => told.addresses_unknown = Some(e.to_string()),
        }
        Ok(told)
    }
}

/// Reads on a thread that may wait for the disk.
async fn read(look: impl FnOnce() -> Result<Told, StoreError> + Send + 'static) -> Result<Told, String> {
    match tokio::task::spawn_blocking(look).await {
        Ok(told) => told.map_err(|e| e.to_string()),
        Err(_) => Err("reading the tables has failed: see the log file".into()),
    }
}
