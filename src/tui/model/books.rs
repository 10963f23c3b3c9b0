//! What was asked of the books, and what came of it.

use std::sync::Arc;

use super::Millis;
use crate::domain::AuditRecord;
use crate::view::books::{AlertRow, Connection, Question, Told};
use crate::view::performance::TradingHistory;

/// One kind of question.
#[derive(Clone, Debug)]
pub struct Fetched<T> {
    /// The last answer.
    pub value: Option<Arc<T>>,
    /// When it came.
    pub at: Option<Millis>,
    pub waiting: bool,
    /// Why the last question was not answered.
    pub error: Option<String>,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self { value: None, at: None, waiting: false, error: None }
    }
}

impl<T> Fetched<T> {
    fn answered(&mut self, answer: Result<Arc<T>, String>, now: Millis) {
        self.waiting = false;
        match answer {
            Ok(value) => *self = Self { value: Some(value), at: Some(now), waiting: false, error: None },
            Err(why) => self.error = Some(why),
        }
    }

    /// What a pane says while there is nothing to show, or `None`: there is.
    pub fn missing(&self, what: &str) -> Option<String> {
        match (&self.value, &self.error) {
            (Some(_), _) => None,
            (None, Some(why)) => Some(why.clone()),
            (None, None) if self.waiting => Some(format!("Reading {what} …")),
            (None, None) => Some(format!("Not asked for yet: {what}.")),
        }
    }
}

/// All kinds.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub history: Fetched<TradingHistory>,
    pub audit: Fetched<Vec<AuditRecord>>,
    pub inbox: Fetched<Vec<AlertRow>>,
    pub connection: Fetched<Connection>,
}

impl Books {
    /// Whether this may be asked now: an answer of its kind is not awaited. Then it is.
    pub fn ask(&mut self, question: &Question) -> bool {
        let waiting = match question {
            Question::History => &mut self.history.waiting,
            Question::Audit => &mut self.audit.waiting,
            Question::Inbox => &mut self.inbox.waiting,
            // What is marked is marked, whatever else is asked.
            Question::Read(_) => return true,
            Question::Connection => &mut self.connection.waiting,
        };
        !std::mem::replace(waiting, true)
    }

    pub fn told(&mut self, question: &Question, answer: Result<Told, String>, now: Millis) {
        match (question, answer) {
            (_, Ok(Told::History(value))) => self.history.answered(Ok(value), now),
            (_, Ok(Told::Audit(value))) => self.audit.answered(Ok(value), now),
            (_, Ok(Told::Inbox(value))) => self.inbox.answered(Ok(value), now),
            (_, Ok(Told::Connection(value))) => self.connection.answered(Ok(value), now),
            (Question::History, Err(why)) => self.history.answered(Err(why), now),
            (Question::Audit, Err(why)) => self.audit.answered(Err(why), now),
            (Question::Inbox | Question::Read(_), Err(why)) => self.inbox.answered(Err(why), now),
            (Question::Connection, Err(why)) => self.connection.answered(Err(why), now),
        }
    }
}
