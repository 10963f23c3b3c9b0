//! What can be typed to prepare live trading: the login, the limits, the addresses.

use std::net::IpAddr;

use clap::{Args, Subcommand, ValueEnum};

use super::Yes;
use crate::app::addresses::Slot;

/// Off a terminal, setup reads lines `NAME=value` from standard input (DHAN_CLIENT_ID, DHAN_ACCESS_TOKEN, …).
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct SetupArgs {
    /// Only try what is kept already
    #[arg(long, conflicts_with_all = ["forget", "store"])]
    pub check: bool,
    /// Take away everything secret that is kept
    #[arg(long, conflicts_with = "store")]
    pub forget: bool,
    /// Where to keep it; the keyring where the system has one that lasts
    #[arg(long, value_enum, value_name = "WHERE")]
    pub store: Option<Store>,
    /// Log in with a browser, by your own API key or as a partner's client; asks for what is not kept yet
    #[arg(long, value_enum, value_name = "KEY", num_args = 0..=1, default_missing_value = "app")]
    #[arg(conflicts_with_all = ["check", "forget"])]
    pub consent: Option<ConsentBy>,
    /// Make the secret that whoever sends signals by webhook must know; it is kept, and shown this once. No log-in
    #[arg(long, value_enum, value_name = "HOW", num_args = 0..=1, default_missing_value = "make")]
    #[arg(conflicts_with_all = ["check", "forget", "consent"])]
    pub webhook: Option<WebhookSecret>,
}

/// What to do when there is a secret already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WebhookSecret {
    /// Leave it
    Make,
    /// Make another: the one before is not taken any more
    Renew,
}

/// Whose key asks for the log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConsentBy {
    /// Your own API key
    App,
    /// A partner's key
    Partner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// The system's keyring (on Linux the kernel's, until the machine starts again)
    Keyring,
    /// secrets.env in the settings folder, readable by you only
    File,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum RiskCommand {
    /// They are right: live trading may start with them
    Ack(Yes),
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum IpCommand {
    /// Register an address at the broker; it is then fixed for seven days
    Set(IpSetArgs),
}

#[derive(Clone, Copy, Debug, Args)]
pub struct IpSetArgs {
    /// The broker keeps two
    #[arg(value_enum, value_name = "PLACE")]
    pub slot: IpSlot,
    /// By which the internet sees your line
    #[arg(value_name = "ADDRESS")]
    pub address: IpAddr,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IpSlot {
    Primary,
    Secondary,
}

impl From<IpSlot> for Slot {
    fn from(slot: IpSlot) -> Self {
        match slot {
            IpSlot::Primary => Self::Primary,
            IpSlot::Secondary => Self::Secondary,
        }
    }
}
