//! Finding a cockpit to talk to: the one that runs on the data folder, or else one without a screen in this process.

use std::sync::Arc;
use std::time::Duration;

use super::args::Global;
use super::console::Console;
use super::failure::Failure;
use super::machine::{Check, CheckLevel, Headless, Machine, Stop};
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

/// The cockpit that runs on the folder of `global`, else a headless one. Live, the latter asks for the account's digits first.
pub async fn connect(
    global: &Global,
    machine: &dyn Machine,
    console: &mut Console,
    checks: Checks,
) -> Result<Connected, Failure> {
    let folder = DataFolder::locate(global.data.as_deref(), global.profile())?;
    if let Some(remote) = running(&folder).await? {
        return Ok(Connected { desk: Arc::new(remote), stop: None });
    }
    confirm_live(global, machine, console, checks).await?;
    let Headless { desk, stop } = machine.headless(global).await?;
    Ok(Connected { desk, stop: Some(stop) })
}

/// Whether the checks of the day must hold before anything starts live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    MustHold,
    NotAsked,
}

/// Nothing starts that can send a real order unless the day's checks hold and a person has typed the end of the
/// account's number.
pub async fn confirm_live(
    global: &Global,
    machine: &dyn Machine,
    console: &mut Console,
    checks: Checks,
) -> Result<(), Failure> {
    if global.profile() == Profile::Paper {
        return Ok(());
    }
    if !console.can_ask() {
        return Err(Failure::Usage(NEEDS_A_PERSON.into()));
    }
    let account = machine.live_account(global)?;
    if checks == Checks::MustHold {
        hold(&machine.live_checks(global).await?, console)?;
    }
    let question = "This is LIVE: orders go to the broker, with real money. To go on, type the last four digits of the \
                    client id: ";
    let end: String = account.chars().skip(account.chars().count().saturating_sub(4)).collect();
    if console.ask(question).await? == end {
        Ok(())
    } else {
        Err(Failure::Refused("not confirmed: nothing was started".into()))
    }
}

const NEEDS_A_PERSON: &str = "trading live is started at a terminal only, by typing the end of the account's number";

/// Says what is wrong or worth knowing; refuses where something is wrong.
fn hold(checks: &[Check], console: &mut Console) -> Result<(), Failure> {
    for check in checks.iter().filter(|c| c.level != CheckLevel::Ok) {
        let mark = if check.level == CheckLevel::Wrong { "WRONG" } else { "note " };
        console.warn(&format!("{mark}  {}: {}. {}", check.name, check.found, check.advice))?;
    }
    if checks.iter().any(|c| c.level == CheckLevel::Wrong) {
        let text = "live trading does not start while something is wrong; `strikedeck doctor --live` shows the whole \
                    list. To leave what is open: strikedeck flatten --live";
        return Err(Failure::Refused(text.into()));
    }
    Ok(())
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
