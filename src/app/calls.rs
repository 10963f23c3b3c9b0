//! Carries the gateway's calls to the broker, each as a task of its own, and brings the answers back.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::engine_thread::{Input, Inputs};
use crate::broker::{Broker, BrokerError};
use crate::domain::time::{Timestamp, ms_between};
use crate::gateway::ErrorClass;
use crate::gateway::call::{Answer, Call, Outgoing};

/// Takes calls until the engine thread has ended.
pub async fn carry(broker: Arc<dyn Broker>, mut calls: mpsc::UnboundedReceiver<Outgoing>, inputs: Inputs) {
    while let Some(outgoing) = calls.recv().await {
        tokio::spawn(carry_one(broker.clone(), outgoing, inputs.clone()));
    }
}

/// At the deadline the outcome is unknown; an answer that comes later is passed on all the same.
async fn carry_one(broker: Arc<dyn Broker>, outgoing: Outgoing, inputs: Inputs) {
    let Outgoing { id, call, deadline } = outgoing;
    let name = call.name();
    let patience = u64::try_from(ms_between(Timestamp::now(), deadline)).unwrap_or(0);
    let answer = ask(broker.as_ref(), call);
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => return inputs.send(Input::Answered(id, answer)),
        () = tokio::time::sleep(std::time::Duration::from_millis(patience)) => {}
    }
    let message = format!("no answer to {name} within {patience} ms");
    inputs.send(Input::Answered(id, Answer::failed(ErrorClass::AskFirst, message)));
    inputs.send(Input::Answered(id, answer.await));
}

async fn ask(broker: &dyn Broker, call: Call) -> Answer {
    let failed = |e: BrokerError| Answer::failed(e.class, e.message);
    match call {
        Call::Place(intent) => match broker.place(&intent).await {
            Ok(ack) => Answer::Placed { order_id: ack.order_id, status: ack.status },
            Err(e) => failed(e),
        },
        Call::Modify { order_id, spec } => match broker.modify(&order_id, &spec).await {
            Ok(status) => Answer::Done { order_id, status },
            Err(e) => failed(e),
        },
        Call::Cancel { order_id } => match broker.cancel(&order_id).await {
            Ok(status) => Answer::Done { order_id, status },
            Err(e) => failed(e),
        },
        Call::FindByCorrelation(id) => broker.order_by_correlation(&id).await.map_or_else(failed, Answer::Found),
        Call::Orders => broker.orders().await.map_or_else(failed, Answer::Orders),
        Call::Trades => broker.trades().await.map_or_else(failed, Answer::Trades),
        Call::Positions => broker.positions().await.map_or_else(failed, Answer::Positions),
        Call::Funds => broker.funds().await.map_or_else(failed, Answer::Funds),
    }
}
