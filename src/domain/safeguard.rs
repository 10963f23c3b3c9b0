//! The broker's own safeguards: its exit on profit or loss, and its kill switch. They hold when this machine is off.

use serde::{Deserialize, Serialize};

use super::PnlExit;

/// What a broker can be asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SafeguardAsk {
    /// In place of an earlier one. A limit that is passed already fires at once.
    SetExit(PnlExit),
    LiftExit,
    ReadExit,
    /// Allowed only when the account is flat, with no order working.
    SetSwitch,
    LiftSwitch,
    ReadSwitch,
}

impl SafeguardAsk {
    /// Whether it only looks.
    pub fn is_read(self) -> bool {
        matches!(self, Self::ReadExit | Self::ReadSwitch)
    }

    /// Whether it is about the kill switch.
    pub fn is_switch(self) -> bool {
        matches!(self, Self::SetSwitch | Self::LiftSwitch | Self::ReadSwitch)
    }

    /// For logs and messages.
    pub fn what(self) -> &'static str {
        match self {
            Self::SetExit(_) => "set the broker's exit on loss",
            Self::LiftExit => "take back the broker's exit on loss",
            Self::ReadExit => "read the broker's exit on loss",
            Self::SetSwitch => "set the broker's kill switch",
            Self::LiftSwitch => "lift the broker's kill switch",
            Self::ReadSwitch => "read the broker's kill switch",
        }
    }
}

/// How one of them stands, as the broker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SafeguardTold {
    /// The exit that waits to fire, if one does.
    Exit(Option<PnlExit>),
    Switch(bool),
}
