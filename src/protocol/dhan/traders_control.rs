//! Trader's control: the broker's kill switch and its exit on profit or loss.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::{ExitProduct, KillSwitch, PnlExitStatus};
use super::values;

/// Answer to both kill-switch calls. `POST` says a sentence ("Kill Switch has been successfully activated"), `GET` the word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KillSwitchAnswer {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub kill_switch_status: String,
}

impl KillSwitchAnswer {
    /// Whether the switch is set; `None` when neither the word nor the sentence says so.
    pub fn is_active(&self) -> Option<bool> {
        match KillSwitch::read(&self.kill_switch_status) {
            KillSwitch::Activate => Some(true),
            KillSwitch::Deactivate => Some(false),
            KillSwitch::Unknown(sentence) => {
                let sentence = sentence.to_lowercase();
                let done = sentence.contains("success");
                if done && sentence.contains("deactivated") {
                    Some(false)
                } else if done && sentence.contains("activated") {
                    Some(true)
                } else {
                    None
                }
            }
        }
    }
}

/// Body of `POST /pnlExit`: positive rupee amounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PnlExitRequest {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::number")]
    pub profit_value: Decimal,
    #[serde(with = "values::number")]
    pub loss_value: Decimal,
    pub product_type: Vec<ExitProduct>,
    #[serde(with = "values::flag")]
    pub enable_kill_switch: bool,
}

/// Answer to `POST` and `DELETE /pnlExit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PnlExitAnswer {
    #[serde(alias = "status")]
    pub pnl_exit_status: PnlExitStatus,
    #[serde(with = "values::text")]
    pub message: String,
}

/// Answer to `GET /pnlExit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PnlExit {
    /// `ACTIVE` or `INACTIVE`.
    pub pnl_exit_status: PnlExitStatus,
    #[serde(with = "values::number")]
    pub profit: Decimal,
    #[serde(with = "values::number")]
    pub loss: Decimal,
    #[serde(alias = "segments")]
    pub product_type: Vec<ExitProduct>,
    #[serde(rename = "enable_kill_switch", alias = "enableKillSwitch", with = "values::flag")]
    pub enable_kill_switch: bool,
}
