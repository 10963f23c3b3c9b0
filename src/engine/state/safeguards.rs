//! The broker's own safeguards as far as we asked for them: how each stands, in the broker's words.

use serde::{Deserialize, Serialize};

use crate::domain::{PnlExit, SafeguardAsk, SafeguardTold};

/// How one safeguard stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Safeguard<T> {
    /// Nobody here has asked for it today.
    #[default]
    Unasked,
    /// It is being set or lifted.
    Asked(SafeguardAsk),
    Set(T),
    NotSet,
    /// It was set and is not any more, without our asking: it has fired, or was lifted elsewhere.
    Gone,
    /// It could not be set, with the reason.
    Refused(String),
    /// An answer was lost: it is read again.
    Unknown(String),
}

impl<T> Safeguard<T> {
    /// In a word or two.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unasked | Self::NotSet => "not set",
            Self::Asked(_) => "asked",
            Self::Set(_) => "set",
            Self::Gone => "gone",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why it is refused or unknown.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(reason) | Self::Unknown(reason) => Some(reason),
            Self::Unasked | Self::NotSet | Self::Asked(_) | Self::Set(_) | Self::Gone => None,
        }
    }

    fn told(&mut self, set: Option<T>) {
        *self = match (set, &*self) {
            (Some(set), _) => Self::Set(set),
            (None, Self::Set(_) | Self::Gone) => Self::Gone,
            (None, _) => Self::NotSet,
        };
    }

    fn failed(&mut self, ask: SafeguardAsk, reason: &str, refused: bool) {
        let set = matches!(ask, SafeguardAsk::SetExit(_) | SafeguardAsk::SetSwitch);
        *self = if refused && set { Self::Refused(reason.into()) } else { Self::Unknown(reason.into()) };
    }

    /// The process was restarted: an answer that was awaited will not come.
    fn restarted(&mut self) {
        if matches!(self, Self::Asked(_)) {
            *self = Self::Unknown("the program was restarted before it was answered".into());
        }
    }
}

/// The broker's exit on loss, and its kill switch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safeguards {
    /// Whether the exit shall be set, by the trader's word of today; `None`: by the settings.
    pub exit_wish: Option<bool>,
    pub exit: Safeguard<PnlExit>,
    pub switch: Safeguard<()>,
    /// Flattening has ended flat, and the kill switch has not been set since: the time for it, if it is configured.
    pub after_flat: bool,
    /// The trader has armed: entries are allowed as soon as the broker's kill switch is off.
    pub arming: bool,
}

impl Safeguards {
    pub(super) fn wished(&mut self, on: bool) {
        self.exit_wish = Some(on);
        if let Safeguard::Refused(_) | Safeguard::Gone = self.exit {
            self.exit = Safeguard::NotSet;
        }
    }

    pub(super) fn asked(&mut self, ask: SafeguardAsk) {
        if ask.is_switch() {
            self.arming = ask == SafeguardAsk::LiftSwitch;
            self.switch = Safeguard::Asked(ask);
        } else {
            self.exit = Safeguard::Asked(ask);
        }
    }

    pub fn told(&mut self, told: SafeguardTold) {
        match told {
            SafeguardTold::Exit(exit) => self.exit.told(exit),
            SafeguardTold::Switch(on) => {
                self.after_flat &= !on;
                self.switch.told(on.then_some(()));
            }
        }
    }

    pub(super) fn failed(&mut self, ask: SafeguardAsk, reason: &str, refused: bool) {
        if ask.is_switch() {
            self.arming = false;
            self.switch.failed(ask, reason, refused);
        } else {
            self.exit.failed(ask, reason, refused);
        }
    }

    pub(super) fn restarted(&mut self) {
        self.arming = false;
        self.exit.restarted();
        self.switch.restarted();
    }

    pub(super) fn flattening(&mut self) {
        (self.after_flat, self.arming) = (false, false);
        if let Safeguard::Refused(_) = self.switch {
            self.switch = Safeguard::Unasked;
        }
    }
}
