//! `config/alerts.yaml`: what is told where.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::engine::effect::AlertLevel;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertPolicy {
    /// Alerts in the inbox; older ones are forgotten.
    pub keep: usize,
    pub bell: ChannelPolicy,
    pub toast: ChannelPolicy,
    /// Tells nothing without a token and a chat.
    pub telegram: ChannelPolicy,
    /// Where the bot's interface is reached.
    pub telegram_url: String,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self {
            keep: 1_000,
            bell: ChannelPolicy::default(),
            toast: ChannelPolicy::default(),
            telegram: ChannelPolicy::default(),
            telegram_url: "https://api.telegram.org".into(),
        }
    }
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelPolicy {
    pub on: bool,
    /// The least that it tells.
    pub from: AlertLevel,
    /// So many at once …
    pub burst: u32,
    /// … and so many a minute in the long run. The rest is summed up.
    pub per_minute: u32,
    pub quiet: Option<QuietHours>,
}

impl Default for ChannelPolicy {
    fn default() -> Self {
        Self { on: true, from: AlertLevel::Warning, burst: 3, per_minute: 6, quiet: None }
    }
}

/// A part of the day in which nothing is told, IST; over midnight where `to` is earlier than `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    pub from: Time,
    pub to: Time,
    /// This and what is worse is told all the same.
    #[serde(default)]
    pub except: Option<AlertLevel>,
}

impl QuietHours {
    pub fn contain(&self, time: Time) -> bool {
        if self.from <= self.to { self.from <= time && time < self.to } else { time >= self.from || time < self.to }
    }
}
