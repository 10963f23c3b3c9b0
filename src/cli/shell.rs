//! What every sub-command that needs a cockpit works with.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::console::Console;
use super::failure::Failure;
use crate::domain::{SignalAnswer, StrategyId};
use crate::engine::command::{Command, Origin, Preview, Reply};
use crate::web::Desk;

/// Between two looks while waiting.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// For the first quotes of contracts that nobody has looked at before.
const QUOTES_WITHIN: Duration = Duration::from_secs(3);

pub struct Shell<'a> {
    pub desk: Arc<dyn Desk>,
    pub console: &'a mut Console,
    /// The engine runs in this process: leaving ends it.
    pub headless: bool,
}

impl Shell<'_> {
    pub async fn ask(&self, command: Command) -> Result<Reply, Failure> {
        Ok(self.desk.command(command, Origin::Shell).await?)
    }

    /// Asks and tells: what was done on stdout, what was refused on stderr. As JSON `{done: […], refused: […]}`.
    pub async fn order(&mut self, command: Command) -> Result<(), Failure> {
        let reply = self.ask(command).await?;
        self.tell(&reply)
    }

    pub fn tell(&mut self, reply: &Reply) -> Result<(), Failure> {
        let (done, refused) = lines(reply);
        self.console.document(&json!({"done": done, "refused": refused}))?;
        for line in &done {
            self.console.say(line)?;
        }
        for line in &refused {
            self.console.warn(line)?;
        }
        if refused.is_empty() { Ok(()) } else { Err(Failure::Told) }
    }

    /// What executing would mean now: of these, or of all that are marked. A cockpit that has just begun to follow their
    /// prices is given a moment.
    pub async fn previews(&self, ids: &[StrategyId]) -> Result<Vec<Preview>, Failure> {
        let until = Instant::now() + QUOTES_WITHIN;
        loop {
            let previews = self.previews_now(ids).await?;
            let quoted = previews.iter().flat_map(|p| &p.legs).all(|leg| leg.quote.is_some());
            if quoted || Instant::now() >= until {
                return Ok(previews);
            }
            self.wait("nothing was sent").await?;
        }
    }

    /// One strategy whole, likewise.
    pub async fn show(&self, id: StrategyId) -> Result<Value, Failure> {
        let until = Instant::now() + QUOTES_WITHIN;
        loop {
            let strategy = self.desk.show(id).await?;
            let legs = strategy["preview"]["legs"].as_array().map_or(&[][..], Vec::as_slice);
            let quoted = legs.iter().all(|leg| !leg["bid"].is_null() || !leg["ask"].is_null());
            if quoted || Instant::now() >= until {
                return Ok(strategy);
            }
            self.wait("nothing was done").await?;
        }
    }

    async fn previews_now(&self, ids: &[StrategyId]) -> Result<Vec<Preview>, Failure> {
        match self.ask(Command::Preview { ids: ids.to_vec() }).await? {
            Reply::Previews { previews } => Ok(previews),
            Reply::Refused { reason } => Err(Failure::Refused(reason)),
            Reply::Done { .. } | Reply::Partly { .. } | Reply::Signal { .. } => {
                Err(Failure::Refused("the cockpit's answer is not understood: is it another version?".into()))
            }
        }
    }

    pub async fn list(&self) -> Result<Vec<Value>, Failure> {
        match self.desk.list().await? {
            Value::Array(rows) => Ok(rows),
            _ => Err(Failure::Refused("the cockpit's list is not understood: is it another version?".into())),
        }
    }

    /// Lets a moment pass. Ctrl-C ends the waiting, not what is waited for (unless it runs in this process).
    pub async fn wait(&self, what: &str) -> Result<(), Failure> {
        let interrupted = self.console.interrupted();
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => Ok(()),
            () = interrupted.cancelled() => {
                let then = if self.headless {
                    "it goes on when strikedeck is started again"
                } else {
                    "the cockpit goes on: see `strikedeck status`"
                };
                Err(Failure::Refused(format!("stopped waiting, {what}; {then}")))
            }
        }
    }
}

/// What was done and what was refused.
fn lines(reply: &Reply) -> (Vec<String>, Vec<String>) {
    match reply {
        Reply::Done { message } => (vec![message.clone()], Vec::new()),
        Reply::Refused { reason } => (Vec::new(), vec![reason.clone()]),
        Reply::Partly { done, refused } => (done.clone(), refused.clone()),
        Reply::Previews { previews } => (previews.iter().map(|p| p.title.clone()).collect(), Vec::new()),
        Reply::Signal { answer } => match answer {
            SignalAnswer::Accepted { message, .. } => (vec![message.clone()], Vec::new()),
            SignalAnswer::Duplicate { id } => (vec![format!("the same as signal {id}")], Vec::new()),
            SignalAnswer::Refused { reason, .. } => (Vec::new(), vec![reason.clone()]),
        },
    }
}
