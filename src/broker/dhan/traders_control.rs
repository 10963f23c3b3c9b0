//! The broker's kill switch, and its exit on profit or loss.

use super::rest::{decode, unreadable};
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::{Money, PnlExit};
use crate::gateway::ErrorClass;
use crate::net::Method;
use crate::protocol::dhan::enums::{ExitProduct, KillSwitch, PnlExitStatus};
use crate::protocol::dhan::traders_control::{KillSwitchAnswer, PnlExit as WirePnlExit, PnlExitAnswer, PnlExitRequest};

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

    /// Counts as a non-trading call.
    pub(super) async fn make_pnl_exit(&self, exit: PnlExit) -> Result<(), BrokerError> {
        let zero = Money::ZERO;
        if exit.profit < zero || exit.loss < zero || (exit.profit == zero && exit.loss == zero) {
            return Err(BrokerError::not_sent(
                "an exit on profit or loss has a positive limit for one of them at least",
            ));
        }
        let products = [(exit.intraday, ExitProduct::Intraday), (exit.delivery, ExitProduct::Delivery)];
        let product_type: Vec<_> = products.into_iter().filter(|(on, _)| *on).map(|(_, product)| product).collect();
        if product_type.is_empty() {
            return Err(BrokerError::not_sent(
                "an exit on profit or loss covers intraday or carried positions, or both",
            ));
        }
        let request = PnlExitRequest {
            dhan_client_id: self.client_id(),
            profit_value: exit.profit.0,
            loss_value: exit.loss.0,
            product_type,
            enable_kill_switch: exit.kill_switch,
        };
        let answer = self.change(Method::POST, "/pnlExit", Some(&request)).await?;
        let answer: PnlExitAnswer = decode(Purpose::Write, &answer)?;
        match answer.pnl_exit_status {
            PnlExitStatus::Active => Ok(()),
            _ => Err(BrokerError::new(ErrorClass::Refused, answer.message)),
        }
    }

    pub(super) async fn read_pnl_exit(&self) -> Result<Option<PnlExit>, BrokerError> {
        let told: WirePnlExit = decode(Purpose::Read, &self.get("/pnlExit").await?)?;
        let active = told.pnl_exit_status == PnlExitStatus::Active;
        Ok(active.then(|| PnlExit {
            profit: Money(told.profit),
            loss: Money(told.loss),
            intraday: told.product_type.contains(&ExitProduct::Intraday),
            delivery: told.product_type.contains(&ExitProduct::Delivery),
            kill_switch: told.enable_kill_switch,
        }))
    }

    pub(super) async fn remove_pnl_exit(&self) -> Result<(), BrokerError> {
        self.change::<()>(Method::DELETE, "/pnlExit", None).await.map(|_| ())
    }
}
