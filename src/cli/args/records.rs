//! What can be typed about what has been written down: the journal, a past day, the trade book, the inbox.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::{Date, Time};

use super::values::{Quiet, quiet, replay_day, time_of_day};

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

#[derive(Clone, Debug, Default, Args)]
pub struct TradebookArgs {
    /// The first trading day, as 2026-11-20; without it, from the beginning
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// The last one; without it, until now
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    /// Write into this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// One line per fill
    #[arg(long)]
    pub fills: bool,
}

#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AlertsArgs {
    /// Only what has not been read
    #[arg(long)]
    pub unread: bool,
    #[command(subcommand)]
    pub command: Option<AlertsCommand>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum AlertsCommand {
    /// Mark alerts as read
    Read {
        /// Their numbers, or all
        #[arg(required = true, value_name = "ID|all")]
        which: Vec<String>,
    },
    /// No bell, toast or message for a while; the inbox goes on
    Mute {
        /// 30s, 45m, or off
        #[arg(value_name = "TIME|off", value_parser = quiet)]
        seconds: Quiet,
    },
}
