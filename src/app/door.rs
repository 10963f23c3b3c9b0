//! The door for shells and programs: commands go to the engine, answers come from the newest view.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::alerts::AlertDesk;
use super::inputs::{Input, Inputs};
use super::reference::Today;
use crate::domain::mapping::{ExpiryPolicy, WantedLeg, map_leg};
use crate::domain::time::Timestamp;
use crate::domain::{Instrument, LegKind, Quantity, StrategyId};
use crate::engine::command::{Command, Origin, Reply};
use crate::view::{View, json};
use crate::web::{AlertsRequest, Answer, Desk, DeskError, LotQuestion, MapQuestion};

/// What a shell is given of a running cockpit.
#[derive(Clone)]
pub struct Door {
    pub inputs: Inputs,
    pub views: watch::Receiver<Arc<View>>,
    pub today: Today,
    pub alerts: AlertDesk,
}

impl Door {
    async fn ask(&self, command: Command, origin: Origin) -> Result<Reply, DeskError> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Command { command, origin, reply });
        answer.await.map_err(|_| DeskError::Gone("the cockpit is closing".into()))
    }

    fn view(&self) -> Arc<View> {
        self.views.borrow().clone()
    }
}

impl Desk for Door {
    fn command(&self, command: Command, origin: Origin) -> Answer<'_, Reply> {
        Box::pin(self.ask(command, origin))
    }

    fn halt(&self, origin: Origin) -> Answer<'_, Reply> {
        self.inputs.halt();
        Box::pin(self.ask(Command::Halt, origin))
    }

    fn list(&self) -> Answer<'_, serde_json::Value> {
        Box::pin(async { Ok(json::list(&self.view())) })
    }

    fn status(&self) -> Answer<'_, serde_json::Value> {
        Box::pin(async { Ok(json::status(&self.view())) })
    }

    fn signals(&self) -> Answer<'_, serde_json::Value> {
        Box::pin(async { Ok(json::signals(&self.view())) })
    }

    fn show(&self, id: StrategyId) -> Answer<'_, serde_json::Value> {
        Box::pin(async move {
            let previews = match self.ask(Command::Preview { ids: vec![id] }, Origin::Shell).await? {
                Reply::Previews { previews } => previews,
                Reply::Done { .. } | Reply::Refused { .. } | Reply::Partly { .. } | Reply::Signal { .. } => Vec::new(),
            };
            let shown = json::show(&self.view(), id, previews.first());
            shown.ok_or_else(|| DeskError::NotFound(format!("#{id}: there is no such strategy")))
        })
    }

    fn alerts(&self, request: AlertsRequest) -> Answer<'_, serde_json::Value> {
        Box::pin(async move { self.alerts.answer(&request, Timestamp::now()) })
    }

    fn map(&self, question: MapQuestion) -> Answer<'_, Instrument> {
        Box::pin(async move {
            let MapQuestion { symbol, strike, right, expiry } = question;
            let kind = LegKind::Option { strike, right };
            let wanted = WantedLeg { symbol: &symbol, exchange: None, kind, expiry };
            let index = self.today.instruments.current();
            map_leg(&index, &wanted, Timestamp::now(), ExpiryPolicy::default())
                .map_err(|e| DeskError::Refused(e.to_string()))
        })
    }

    fn lots(&self, questions: Vec<LotQuestion>) -> Answer<'_, Vec<Option<Quantity>>> {
        Box::pin(async move {
            let index = self.today.instruments.current();
            let lot = |q: &LotQuestion| {
                let expiries = index.option_expiries(q.exchange, q.symbol);
                let expiry = q.expiry.filter(|e| expiries.contains(e)).or_else(|| expiries.first().copied())?;
                index.options(q.exchange, q.symbol, expiry).next().map(|i| i.lot)
            };
            Ok(questions.iter().map(lot).collect())
        })
    }
}
