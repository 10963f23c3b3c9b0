//! The broker's own safeguards: its exit on loss, set from the day-loss limit on request or at the start of the day, and
//! its kill switch, set when flattening has ended flat, if configured, and lifted only by arming.
//!
//! They hold when this machine is off. What is shown of them is what the broker said last.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::Effect;
use super::effect::AlertLevel;
use super::record::Record;
use super::state::Safeguard;
use super::turn::Turn;
use crate::domain::time::after_ms;
use crate::domain::{Money, PnlExit, SafeguardAsk, SafeguardTold, Segment};

/// One that is set is read again this often: it may have fired, or be lifted elsewhere.
const LOOK_AGAIN_MS: i64 = 60_000;
/// One whose answer was lost is read this often.
const ASK_AGAIN_MS: i64 = 5_000;

impl Turn<'_> {
    pub(super) fn drive_safeguards(&mut self) {
        if self.state.reconciling_since.is_none() && !self.memory.logged_out {
            self.drive_broker_exit();
            self.drive_broker_switch();
        }
    }

    fn drive_broker_exit(&mut self) {
        let all = &self.state.safeguards;
        let wished = all.exit_wish.unwrap_or(self.config.kill_switch.broker_exit);
        match &all.exit {
            Safeguard::Unasked | Safeguard::NotSet if wished => self.set_broker_exit(),
            Safeguard::Set(_) if all.exit_wish == Some(false) => self.ask_safeguard(SafeguardAsk::LiftExit),
            Safeguard::Set(_) => self.look_again(SafeguardAsk::ReadExit, LOOK_AGAIN_MS),
            Safeguard::Unknown(_) => self.look_again(SafeguardAsk::ReadExit, ASK_AGAIN_MS),
            // It is set again only by the trader: what has fired once would fire again.
            Safeguard::Unasked | Safeguard::NotSet | Safeguard::Asked(_) | Safeguard::Gone | Safeguard::Refused(_) => {}
        }
    }

    fn set_broker_exit(&mut self) {
        if self.state.flatten.is_some() || !self.reference.is_open(Segment::NseDerivatives, self.now) {
            // It is good for one session: asked for before that, it could be forgotten as the session begins.
            return self.wake_in(5_000);
        }
        let ask = SafeguardAsk::SetExit(self.broker_exit());
        match self.loss_against_broker_exit() {
            None => self.wake_in(1_000),
            Some(Err(reason)) => self.safeguard_failed(ask, &reason, true),
            Some(Ok(())) => self.ask_safeguard(ask),
        }
    }

    /// Both kinds of positions, from the day-loss limit. The broker's documentation wants a limit of profit as well, and
    /// says that one which is passed fires at once: it is put out of reach.
    fn broker_exit(&self) -> PnlExit {
        let loss = self.config.limits.max_daily_loss;
        let profit = Money((loss.0 * Decimal::ONE_HUNDRED).max(dec!(10_000_000)));
        PnlExit { profit, loss, intraday: true, delivery: true, kill_switch: self.config.kill_switch.broker_switch }
    }

    /// Set while the loss is beyond it, the broker would exit everything at once. `None`: the loss is not known yet.
    fn loss_against_broker_exit(&self) -> Option<Result<(), String>> {
        let limit = self.config.limits.max_daily_loss;
        let told: Money = self.state.broker.positions.iter().map(|p| p.realised + p.unrealised).sum();
        let worst = self.usage().day_pnl?.min(told);
        if -worst.0 < limit.0 {
            return Some(Ok(()));
        }
        let lost = Money(-worst.0).to_paise();
        Some(Err(format!("the day's loss of {lost} has reached {limit}: the broker would exit everything at once")))
    }

    fn drive_broker_switch(&mut self) {
        let all = &self.state.safeguards;
        match &all.switch {
            Safeguard::Unasked | Safeguard::NotSet if all.after_flat && self.config.kill_switch.broker_switch => {
                self.set_broker_switch();
            }
            Safeguard::Set(()) => self.look_again(SafeguardAsk::ReadSwitch, LOOK_AGAIN_MS),
            Safeguard::Unknown(_) => self.look_again(SafeguardAsk::ReadSwitch, ASK_AGAIN_MS),
            Safeguard::Unasked | Safeguard::NotSet | Safeguard::Asked(_) | Safeguard::Gone | Safeguard::Refused(_) => {}
        }
    }

    /// The broker allows it only to an account that is flat and has no order working, whoever's they are.
    fn set_broker_switch(&mut self) {
        let state = &self.state;
        let open = state.broker.positions.iter().any(|p| !p.net.is_flat());
        if open || !state.foreign_orders.is_empty() || state.open_orders().next().is_some() {
            let reason = "positions or orders that are not ours are open";
            return self.safeguard_failed(SafeguardAsk::SetSwitch, reason, true);
        }
        self.ask_safeguard(SafeguardAsk::SetSwitch);
    }

    fn ask_safeguard(&mut self, ask: SafeguardAsk) {
        self.record(Record::SafeguardAsked { ask });
        self.effect(Effect::Safeguard(ask));
    }

    fn look_again(&mut self, ask: SafeguardAsk, every_ms: i64) {
        let last = self.memory.safeguards_read.get(&ask.is_switch()).copied();
        match last.map(|at| after_ms(at, every_ms)).filter(|next| *next > self.now) {
            Some(next) => self.wake_at(next),
            None => {
                self.memory.safeguards_read.insert(ask.is_switch(), self.now);
                self.effect(Effect::Safeguard(ask));
                self.wake_in(every_ms);
            }
        }
    }

    pub(super) fn safeguard_told(&mut self, ask: SafeguardAsk, told: SafeguardTold) {
        self.memory.safeguards_read.insert(ask.is_switch(), self.now);
        let before = self.state.safeguards.clone();
        let mut after = before.clone();
        after.told(told);
        if after == before {
            return;
        }
        self.record(Record::SafeguardTold { told });
        match told {
            SafeguardTold::Exit(_) => self.tell_of_broker_exit(&before.exit),
            SafeguardTold::Switch(_) => self.tell_of_broker_switch(&before.switch),
        }
        if told == SafeguardTold::Switch(false) && before.arming && self.state.halt.is_some() {
            self.record(Record::Armed);
            self.alert(AlertLevel::Info, "The broker's kill switch is off. Armed: entries are allowed again.");
        }
    }

    fn tell_of_broker_exit(&mut self, before: &Safeguard<PnlExit>) {
        match &self.state.safeguards.exit {
            Safeguard::Set(exit) => {
                let text = format!(
                    "The broker exits everything in the account by itself once the day's loss reaches {}, until its \
                     session ends.",
                    exit.loss
                );
                self.alert(AlertLevel::Info, text);
            }
            Safeguard::Gone => self.alert(
                AlertLevel::Critical,
                "The broker's exit on loss is not set any more: it has fired, or was taken back elsewhere. It is set \
                 again when you say so.",
            ),
            Safeguard::NotSet if matches!(before, Safeguard::Asked(_)) => {
                self.alert(AlertLevel::Info, "The broker's exit on loss is taken back.");
            }
            Safeguard::NotSet
            | Safeguard::Unasked
            | Safeguard::Asked(_)
            | Safeguard::Refused(_)
            | Safeguard::Unknown(_) => {}
        }
    }

    fn tell_of_broker_switch(&mut self, before: &Safeguard<()>) {
        match (before, &self.state.safeguards.switch) {
            (Safeguard::Set(()), Safeguard::Gone) => {
                let text = "The broker's kill switch was lifted elsewhere. Entries stay locked here until you arm.";
                self.alert(AlertLevel::Warning, text);
            }
            (_, Safeguard::Set(())) => {
                let text = "The broker's own kill switch is set: it takes no order from anywhere until you arm.";
                self.alert(AlertLevel::Warning, text);
            }
            _ => {}
        }
    }

    pub(super) fn safeguard_failed(&mut self, ask: SafeguardAsk, reason: &str, refused: bool) {
        if self.memory.logged_out {
            // That is said already; what was asked is read after the next log-in.
            if !ask.is_read() {
                self.record(Record::SafeguardFailed { ask, reason: reason.into(), refused: false });
            }
            return;
        }
        if !ask.is_read() {
            self.record(Record::SafeguardFailed { ask, reason: reason.into(), refused });
        }
        let level = if ask.is_read() { AlertLevel::Warning } else { AlertLevel::Critical };
        self.alert_once(level, format!("Could not {}: {reason}.", ask.what()));
    }

    /// The trader wants the broker's exit on loss, or wants it no more.
    pub(super) fn wish_broker_exit(&mut self, on: bool) -> Result<String, String> {
        let all = &self.state.safeguards;
        let wished = all.exit_wish.unwrap_or(self.config.kill_switch.broker_exit);
        match (on, &all.exit) {
            (true, Safeguard::Set(exit)) => {
                return Err(format!("the broker's exit is set already, at a loss of {}", exit.loss));
            }
            (false, Safeguard::Unasked | Safeguard::NotSet | Safeguard::Gone | Safeguard::Refused(_)) if !wished => {
                return Err("the broker's exit is not set".into());
            }
            _ => {}
        }
        if on && let Some(Err(reason)) = self.loss_against_broker_exit() {
            return Err(format!("not set: {reason}; flatten instead"));
        }
        self.record(Record::BrokerExitWished { on });
        let limit = self.config.limits.max_daily_loss;
        Ok(if !on {
            "The broker's exit on loss is not wanted any more: it is taken back.".into()
        } else if self.reference.is_open(Segment::NseDerivatives, self.now) {
            format!("The broker is being asked to exit everything itself at a day loss of {limit}.")
        } else {
            format!("The broker is asked to exit everything at a day loss of {limit} once the market opens.")
        })
    }

    /// What arming has to do about the broker's kill switch first. `None`: nothing.
    pub(super) fn lift_broker_switch(&mut self) -> Option<Result<String, String>> {
        match self.state.safeguards.switch {
            Safeguard::Unasked | Safeguard::NotSet | Safeguard::Gone | Safeguard::Refused(_) => None,
            Safeguard::Asked(ask) => {
                let doing = if ask == SafeguardAsk::SetSwitch { "set" } else { "lifted" };
                Some(Err(format!("the broker's kill switch is being {doing}: a moment")))
            }
            Safeguard::Set(()) | Safeguard::Unknown(_) => {
                self.ask_safeguard(SafeguardAsk::LiftSwitch);
                Some(Ok("The broker's kill switch is being lifted; entries are allowed as soon as it is off.".into()))
            }
        }
    }
}
