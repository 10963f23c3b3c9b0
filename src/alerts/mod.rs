//! Alerts beyond the screen: sound, desktop toast, Telegram, each with its own threshold, pace and quiet hours.
//!
//! Floor 3. What happened is decided elsewhere; here it is only told, never on the way of a trade: whoever raises an alert
//! does not wait, and what cannot be told is counted. Every alert stands in the inbox whatever is told of it.

pub mod desktop;
mod gate;
mod policy;
pub mod telegram;

use crate::domain::time::Timestamp;
use crate::engine::effect::AlertLevel;

pub use gate::Gate;
pub use policy::{AlertPolicy, ChannelPolicy, QuietHours};
pub use telegram::Telegram;

/// What a channel is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    pub level: AlertLevel,
    pub text: String,
}

/// Where a channel's tellings go; must not block.
pub type Outlet = Box<dyn FnMut(Telling) + Send>;

/// The channels. The time is handed in.
#[derive(Default)]
pub struct Channels {
    channels: Vec<(Gate, Outlet)>,
    muted_until: Option<Timestamp>,
}

impl Channels {
    /// Adds a channel, unless it is switched off.
    #[must_use]
    pub fn with(mut self, policy: &ChannelPolicy, outlet: Outlet) -> Self {
        if policy.on {
            self.channels.push((Gate::new(policy.clone()), outlet));
        }
        self
    }

    /// No channel tells anything before then; `None` ends that.
    pub fn mute(&mut self, until: Option<Timestamp>) {
        self.muted_until = until;
    }

    /// Until when they are muted, if they are.
    pub fn muted(&self, now: Timestamp) -> Option<Timestamp> {
        self.muted_until.filter(|until| now < *until)
    }

    /// Hands an alert to every channel that takes it now.
    pub fn tell(&mut self, level: AlertLevel, text: &str, now: Timestamp) {
        if self.is_muted(now) {
            return;
        }
        for (gate, outlet) in &mut self.channels {
            if gate.lets_pass(level, now) {
                outlet(Telling { level, text: text.to_string() });
            }
        }
    }

    /// Says in one line what could not be told one by one.
    pub fn sum_up(&mut self, now: Timestamp) {
        if self.is_muted(now) {
            return;
        }
        for (gate, outlet) in &mut self.channels {
            if let Some((count, level)) = gate.sum_up(now) {
                let alerts = if count == 1 { "1 more alert".to_string() } else { format!("{count} more alerts") };
                outlet(Telling { level, text: format!("{alerts}: see `strikedeck alerts --unread`") });
            }
        }
    }

    fn is_muted(&self, now: Timestamp) -> bool {
        self.muted(now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::civil::{Time, date};

    use super::*;
    use crate::domain::time::{after_ms, from_ist};

    type Heard = Arc<Mutex<Vec<String>>>;

    fn channel(policy: &ChannelPolicy) -> (Channels, Heard) {
        let heard = Heard::default();
        let ear = heard.clone();
        let outlet = Box::new(move |t: Telling| ear.lock().unwrap().push(t.text));
        (Channels::default().with(policy, outlet), heard)
    }

    fn heard(heard: &Heard) -> Vec<String> {
        std::mem::take(&mut heard.lock().unwrap())
    }

    fn noon() -> Timestamp {
        from_ist(date(2026, 11, 20).at(12, 0, 0, 0))
    }

    #[test]
    fn a_channel_hears_what_is_worth_its_while() {
        let (mut channels, ears) = channel(&ChannelPolicy { from: AlertLevel::Warning, ..ChannelPolicy::default() });
        for (level, text) in
            [(AlertLevel::Info, "filled"), (AlertLevel::Warning, "slow"), (AlertLevel::Critical, "refused")]
        {
            channels.tell(level, text, noon());
        }
        assert_eq!(heard(&ears), ["slow", "refused"]);
        let (mut off, ears) = channel(&ChannelPolicy { on: false, ..ChannelPolicy::default() });
        off.tell(AlertLevel::Critical, "refused", noon());
        assert!(heard(&ears).is_empty());
    }

    #[test]
    fn a_storm_becomes_a_few_lines_and_one_sum() {
        let (mut channels, ears) = channel(&ChannelPolicy { burst: 2, per_minute: 6, ..ChannelPolicy::default() });
        for n in 0..100 {
            channels.tell(AlertLevel::Critical, &format!("alert {n}"), noon());
        }
        assert_eq!(heard(&ears), ["alert 0", "alert 1"]);
        channels.sum_up(after_ms(noon(), 9_999));
        assert!(heard(&ears).is_empty(), "six a minute are one in ten seconds");
        channels.sum_up(after_ms(noon(), 10_000));
        assert_eq!(heard(&ears), ["98 more alerts: see `strikedeck alerts --unread`"]);
        // The sum has used what there was; then it is as before, and there is nothing to sum up.
        channels.tell(AlertLevel::Critical, "again", after_ms(noon(), 10_001));
        channels.sum_up(after_ms(noon(), 20_000));
        assert_eq!(heard(&ears), ["1 more alert: see `strikedeck alerts --unread`"]);
        channels.sum_up(after_ms(noon(), 600_000));
        channels.tell(AlertLevel::Critical, "later", after_ms(noon(), 600_000));
        channels.tell(AlertLevel::Critical, "at once", after_ms(noon(), 600_000));
        channels.tell(AlertLevel::Critical, "too much", after_ms(noon(), 600_000));
        assert_eq!(heard(&ears), ["later", "at once"], "what is saved up is the burst, no more");
    }

    #[test]
    fn at_night_only_what_cannot_wait_is_told() {
        let at = |hour, minute| from_ist(date(2026, 11, 20).at(hour, minute, 0, 0));
        let time = |hour| Time::constant(hour, 0, 0, 0);
        let night = QuietHours { from: time(22), to: time(7), except: Some(AlertLevel::Critical) };
        let (mut channels, ears) = channel(&ChannelPolicy { quiet: Some(night), burst: 9, ..ChannelPolicy::default() });
        for (hour, minute) in [(21, 59), (22, 0), (23, 59), (0, 0), (6, 59), (7, 0)] {
            channels.tell(AlertLevel::Warning, &format!("{hour}:{minute:02}"), at(hour, minute));
        }
        assert_eq!(heard(&ears), ["21:59", "7:00"]);
        channels.tell(AlertLevel::Critical, "refused", at(3, 0));
        assert_eq!(heard(&ears), ["refused"]);
        let day = QuietHours { from: time(12), to: time(13), except: None };
        let (mut channels, ears) = channel(&ChannelPolicy { quiet: Some(day), burst: 9, ..ChannelPolicy::default() });
        for hour in [11, 12, 13] {
            channels.tell(AlertLevel::Critical, &hour.to_string(), at(hour, 0));
        }
        assert_eq!(heard(&ears), ["11", "13"]);
    }

    #[test]
    fn muted_is_muted_until_then() {
        let (mut channels, ears) = channel(&ChannelPolicy { burst: 1, ..ChannelPolicy::default() });
        channels.mute(Some(after_ms(noon(), 60_000)));
        channels.tell(AlertLevel::Critical, "unheard", after_ms(noon(), 59_999));
        channels.sum_up(after_ms(noon(), 59_999));
        channels.tell(AlertLevel::Critical, "heard", after_ms(noon(), 60_000));
        assert_eq!(heard(&ears), ["heard"]);
        channels.mute(Some(after_ms(noon(), 999_000)));
        channels.mute(None);
        channels.tell(AlertLevel::Critical, "again", after_ms(noon(), 600_000));
        assert_eq!(heard(&ears), ["again"]);
    }
}
