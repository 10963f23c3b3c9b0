//! What can be typed to look into the journal: a check of all of it, a past day of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::{Date, Time};

#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Check that no record was changed or removed, and that folding them gives the state; also while a cockpit runs
    Verify(VerifyArgs),
}

#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Look into this folder (a backup, perhaps) instead of the data folder
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// The trading day, which begins at 08:30: 2026-11-20, today, yesterday
    #[arg(value_parser = replay_day)]
    pub day: ReplayDay,
    /// Begin at this time in India, such as 11:32 or 11:32:05; before 08:30, of the morning after
    #[arg(long, value_name = "HH:MM:SS", value_parser = time_of_day)]
    pub at: Option<Time>,
    /// Print the status as it was (at the end of the day without --at) instead of opening the screen
    #[arg(long)]
    pub print: bool,
    /// Read the journal of this folder (a backup, perhaps) instead of the data folder
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// A trading day as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayDay {
    Today,
    Yesterday,
    On(Date),
}

fn replay_day(text: &str) -> Result<ReplayDay, String> {
    match text.to_ascii_lowercase().as_str() {
        "today" => Ok(ReplayDay::Today),
        "yesterday" => Ok(ReplayDay::Yesterday),
        _ => text.parse().map(ReplayDay::On).map_err(|_| "a day such as 2026-11-20, today or yesterday".into()),
    }
}

fn time_of_day(text: &str) -> Result<Time, String> {
    text.parse().map_err(|_| "a time such as 11:32 or 11:32:05".into())
}
