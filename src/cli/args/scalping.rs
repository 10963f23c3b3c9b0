//! What can be typed about signals and scalping set-ups.

use clap::{Args, Subcommand};

use crate::domain::{Price, SetupName, Side, SignalId, Symbol};

#[derive(Clone, Debug, Subcommand)]
pub enum SignalsCommand {
    /// Buy what a signal that waits for you asks for
    Approve {
        /// Its number, as `signals` shows it
        #[arg(value_name = "ID")]
        id: SignalId,
    },
    /// Let it go
    Decline {
        /// Its number, as `signals` shows it
        #[arg(value_name = "ID")]
        id: SignalId,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub enum SetupsCommand {
    /// Its signals are acted on from now on, over restarts too
    Arm {
        /// As strategy.yaml calls it
        #[arg(value_parser = setup_name)]
        name: SetupName,
    },
    /// Its signals are refused; what it holds goes on
    Pause {
        /// As strategy.yaml calls it
        #[arg(value_parser = setup_name)]
        name: SetupName,
    },
}

#[derive(Clone, Debug, Args)]
pub struct SignalArgs {
    /// As strategy.yaml calls it
    #[arg(long, value_parser = setup_name)]
    pub setup: SetupName,
    /// The underlying: NIFTY, BANKNIFTY, SENSEX
    #[arg(long, value_parser = symbol)]
    pub symbol: Symbol,
    /// buy expects a rise and buys a call, sell expects a fall and buys a put
    #[arg(long, value_name = "buy|sell", value_parser = side)]
    pub side: Side,
    /// Of the underlying; without it, its last
    #[arg(long)]
    pub price: Option<Price>,
}

fn setup_name(text: &str) -> Result<SetupName, String> {
    SetupName::new(&text.to_ascii_uppercase()).map_err(|e| e.to_string())
}

fn symbol(text: &str) -> Result<Symbol, String> {
    crate::domain::mapping::canonical_symbol(text).ok_or_else(|| "a symbol such as NIFTY".into())
}

fn side(text: &str) -> Result<Side, String> {
    match text.to_ascii_uppercase().as_str() {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err("buy or sell".into()),
    }
}
