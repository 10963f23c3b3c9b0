//! Where a sub-command writes, and whom it can ask.
//!
//! Results go to stdout, reasons and questions to stderr. With `--json` stdout carries one JSON document and nothing else.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::table::Table;
use crate::net::Secret;
use crate::platform::console::is_terminal;

/// For a question that nobody is there to answer.
pub const NEEDS_YES: &str = "this needs a confirmation: off a terminal, say it with --yes";

/// A person at a keyboard.
pub trait Terminal: Send + Sync {
    /// One line, without its end; empty when nothing more will come.
    fn read_line(&self) -> io::Result<String>;

    /// One line that is not shown while it is typed.
    fn read_secret(&self) -> io::Result<Secret>;
}

pub struct Console {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    terminal: Option<Arc<dyn Terminal>>,
    json: bool,
    colour: bool,
    interrupted: CancellationToken,
}

struct Keyboard;

impl Terminal for Keyboard {
    fn read_line(&self) -> io::Result<String> {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line.trim().to_string())
    }

    fn read_secret(&self) -> io::Result<Secret> {
        let _raw = Raw::enter()?;
        let mut text = String::new();
        loop {
            let Event::Key(key) = event::read()? else { continue };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            let control = key.modifiers.contains(KeyModifiers::CONTROL);
            match key.code {
                KeyCode::Enter => break,
                KeyCode::Char('c' | 'd') if control => return Err(io::ErrorKind::Interrupted.into()),
                KeyCode::Char('u') if control => text.clear(),
                KeyCode::Backspace => drop(text.pop()),
                KeyCode::Char(c) if !control => text.push(c),
                _ => {}
            }
        }
        Ok(Secret::new(text.trim()))
    }
}

/// The terminal hands keys over one by one and shows none, as long as this lives.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
    }
}

impl Console {
    /// The process's own streams. Somebody can be asked where both the question and the answer pass a terminal.
    pub fn standard(json: bool, interrupted: CancellationToken) -> Self {
        let somebody = is_terminal(&io::stdin()) && is_terminal(&io::stderr());
        let colour = is_terminal(&io::stdout()) && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let terminal = somebody.then(|| Arc::new(Keyboard) as Arc<dyn Terminal>);
        Self { out: Box::new(io::stdout()), err: Box::new(io::stderr()), terminal, json, colour, interrupted }
    }

    pub fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        terminal: Option<Arc<dyn Terminal>>,
        json: bool,
    ) -> Self {
        Self { out, err, terminal, json, colour: false, interrupted: CancellationToken::new() }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    pub fn can_ask(&self) -> bool {
        self.terminal.is_some()
    }

    /// Ctrl-C was pressed.
    pub fn interrupted(&self) -> CancellationToken {
        self.interrupted.clone()
    }

    /// A line of the result, for people; nothing with `--json`.
    pub fn say(&mut self, line: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { put(&mut self.out, &plain(line)) }
    }

    /// What happens while waiting: beside the result, not in it.
    pub fn progress(&mut self, line: &str) -> Result<(), Failure> {
        if self.json { put(&mut self.err, &plain(line)) } else { put(&mut self.out, &plain(line)) }
    }

    /// A reason or a warning.
    pub fn warn(&mut self, line: &str) -> Result<(), Failure> {
        put(&mut self.err, &plain(line))
    }

    pub fn table(&mut self, table: &Table) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        for (n, line) in table.lines().iter().enumerate() {
            if n == 0 && self.colour {
                put(&mut self.out, &format!("\u{1b}[1m{line}\u{1b}[0m"))?;
            } else {
                put(&mut self.out, line)?;
            }
        }
        Ok(())
    }

    /// The one document of `--json`; nothing for people.
    pub fn document(&mut self, value: &Value) -> Result<(), Failure> {
        if self.json { put(&mut self.out, &value.to_string()) } else { Ok(()) }
    }

    /// A line that programs read, whatever the mode.
    pub fn machine_line(&mut self, line: &str) -> Result<(), Failure> {
        put(&mut self.out, line)
    }

    /// Goes on after a yes. `--yes` is one; without a terminal there is no other.
    pub async fn confirm(&mut self, question: &str, yes: bool) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        if !self.can_ask() {
            return Err(Failure::Usage(NEEDS_YES.into()));
        }
        let answer = self.ask(&format!("{question} [y/N] ")).await?;
        if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") {
            Ok(())
        } else {
            Err(Failure::Refused("not confirmed: nothing was done".into()))
        }
    }

    /// A line from whoever is there; empty where nobody is.
    pub async fn ask(&mut self, question: &str) -> Result<String, Failure> {
        let Some(terminal) = self.terminal.clone() else { return Ok(String::new()) };
        self.answer(question, move || terminal.read_line()).await
    }

    /// The same, not shown while it is typed.
    pub async fn ask_secret(&mut self, question: &str) -> Result<Secret, Failure> {
        let Some(terminal) = self.terminal.clone() else { return Ok(Secret::default()) };
        let answered = self.answer(question, move || terminal.read_secret()).await;
        put(&mut self.err, "")?;
        answered
    }

    async fn answer<T: Send + 'static>(
        &mut self,
        question: &str,
        read: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        write!(self.err, "{}", plain(question))?;
        self.err.flush()?;
        let reading = tokio::task::spawn_blocking(read);
        let read = tokio::select! {
            read = reading => read,
            () = self.interrupted.cancelled() => {
                put(&mut self.err, "")?;
                return Err(Failure::Refused("stopped: nothing was done".into()));
            }
        };
        read.map_err(|e| Failure::Refused(format!("the answer could not be read: {e}")))?
            .map_err(|e| Failure::Refused(format!("the answer could not be read: {e}")))
    }
}

/// A reader that has gone away (`… | head`) is no failure of ours.
fn put(to: &mut dyn Write, line: &str) -> Result<(), Failure> {
    match writeln!(to, "{line}").and_then(|()| to.flush()) {
        Err(error) if !has_gone_away(&error) => Err(error.into()),
        Err(_) | Ok(()) => Ok(()),
    }
}

fn has_gone_away(error: &io::Error) -> bool {
    /// Windows' other word for it.
    const PIPE_NOT_CONNECTED: i32 = 233;
    error.kind() == io::ErrorKind::BrokenPipe || (cfg!(windows) && error.raw_os_error() == Some(PIPE_NOT_CONNECTED))
}

/// Names and notes come from files: nothing in them may steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
