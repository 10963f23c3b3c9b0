//! The broker's kill switch.

use super::rest::{decode, unreadable};
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::gateway::ErrorClass;
use crate::net::Method;
use crate::protocol::dhan::enums::KillSwitch;
use crate::protocol::dhan::traders_control::KillSwitchAnswer;

impl DhanBroker {
    pub(super) async fn set_kill_switch(&self, on: bool) -> Result<bool, BrokerError> {
        let wanted = if on { KillSwitch::Activate } else { KillSwitch::Deactivate };
        let path = format!("/killswitch?killSwitchStatus={wanted}");
        let answer = self.change::<()>(Method::POST, &path, None).await.map_err(|error| match error.class {
            // Here the words "kill switch" do not mean that the account is locked.
            ErrorClass::Blocked if error.message.to_lowercase().contains("switch") => {
                BrokerError { class: ErrorClass::Refused, ..error }
            }
            _ => error,
        })?;
        let answer: KillSwitchAnswer = decode(Purpose::Write, &answer)?;
        match answer.is_active() {
            Some(stands) if stands == on => Ok(stands),
            Some(_) => Err(BrokerError::new(ErrorClass::Refused, answer.kill_switch_status)),
            None => Err(unreadable(Purpose::Write, answer.kill_switch_status)),
        }
    }

    pub(super) async fn read_kill_switch(&self) -> Result<bool, BrokerError> {
        let answer: KillSwitchAnswer = decode(Purpose::Read, &self.get("/killswitch").await?)?;
        answer.is_active().ok_or_else(|| unreadable(Purpose::Read, answer.kill_switch_status))
    }
}
