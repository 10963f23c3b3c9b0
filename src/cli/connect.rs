//! Finding a cockpit to talk to: the one that runs on the data folder, or else one without a screen in this process.

use std::sync::Arc;
use std::time::Duration;

use super::args::Global;
use super::console::Console;
use super::failure::Failure;
use super::machine::{Headless, Machine, Stop};
use crate::engine::record::Profile;
use crate::store::DataFolder;
use crate::web::{Desk, DeskError, Remote, Token};

/// A cockpit that is starting or closing gets this long before we give up on it.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A desk, and what has to be ended with it.
pub struct Connected {
    pub desk: Arc<dyn Desk>,
    /// `None`: a running cockpit, which goes on without us.
    stop: Option<Stop>,
}

impl Connected {
    /// Whether the engine runs in this process and ends with it.
    pub fn is_headless(&self) -> bool {
        self.stop.is_some()
    }

    pub async fn close(self) {
        if let Some(stop) = self.stop {
            stop().await;
        }
    }
}

/// The cockpit that runs on the folder of `global`, else a headless one. Live, the latter asks for the word first.
pub async fn connect(global: &Global, machine: &dyn Machine, console: &mut Console) -> Result<Connected, Failure> {
    let folder = DataFolder::locate(global.data.as_deref(), global.profile())?;
    if let Some(remote) = running(&folder).await? {
        return Ok(Connected { desk: Arc::new(remote), stop: None });
    }
    confirm_live(global, console).await?;
    let Headless { desk, stop } = machine.headless(global).await?;
    Ok(Connected { desk, stop: Some(stop) })
}

/// Nothing starts that can send a real order unless a person has typed the word.
pub async fn confirm_live(global: &Global, console: &mut Console) -> Result<(), Failure> {
    match global.profile() {
        Profile::Paper => Ok(()),
        Profile::Live => {
            let question = "This is LIVE: orders go to the broker, with real money.";
            console.confirm_by_word(question, "LIVE").await
        }
    }
}

/// The running cockpit, `None` when nobody holds the folder. One that starts or closes is given a moment.
async fn running(folder: &DataFolder) -> Result<Option<Remote>, Failure> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let Some(holder) = folder.holder() else { return Ok(None) };
        let why = match folder.control().and_then(|c| Some((c.port, Token::new(c.token)?))) {
            None => "it has not said yet how to reach it".to_string(),
            Some((port, token)) => match Remote::find(port, token).await {
                Ok(remote) => return Ok(Some(remote)),
                Err(DeskError::NoAnswer(_)) => "it hangs".into(),
                Err(error) => error.to_string(),
            },
        };
        if tokio::time::Instant::now() >= until {
            let process = holder.pid.map(|p| format!(" (process {p})")).unwrap_or_default();
            let text = format!(
                "the strikedeck{process} that uses {} does not answer: {why}. Look at it; `strikedeck flatten --force` goes to \
                 the broker itself",
                folder.folder().display()
            );
            return Err(Failure::Refused(text));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
