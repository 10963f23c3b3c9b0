//! Carries the gateway's calls to the broker, each as a task of its own, and brings the answers back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::inputs::{Input, Inputs};
use super::steady::SteadyClock;
use super::token::Suspicion;
use crate::broker::{Broker, perform};
use crate::domain::time::ms_between;
use crate::gateway::{Answer, ErrorClass, Outgoing};

/// Takes calls until the engine thread has ended.
pub async fn carry(
    broker: Arc<dyn Broker>,
    mut calls: mpsc::UnboundedReceiver<Outgoing>,
    inputs: Inputs,
    clock: SteadyClock,
    suspicion: Suspicion,
) {
    while let Some(outgoing) = calls.recv().await {
        let patience = u64::try_from(ms_between(clock.now(), outgoing.deadline)).unwrap_or(0);
        tokio::spawn(carry_one(broker.clone(), outgoing, patience, inputs.clone(), suspicion.clone()));
    }
}

/// At the deadline the outcome is unknown; an answer that comes later is passed on all the same.
/// `patience` is in milliseconds.
async fn carry_one(broker: Arc<dyn Broker>, outgoing: Outgoing, patience: u64, inputs: Inputs, suspicion: Suspicion) {
    let Outgoing { id, call, deadline: _ } = outgoing;
    let answer = perform(broker.as_ref(), &call);
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => {
            if matches!(answer, Answer::Failed { class: ErrorClass::LogIn, .. }) {
                suspicion.raise();
            }
            return inputs.send(Input::Answered(id, answer));
        }
        () = tokio::time::sleep(Duration::from_millis(patience)) => {}
    }
    let message = format!("no answer to {} within {patience} ms", call.name());
    inputs.send(Input::Answered(id, Answer::failed(ErrorClass::AskFirst, message)));
    inputs.send(Input::Answered(id, answer.await));
}
