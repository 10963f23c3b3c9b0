//! The gateway's calls, made on a broker.

use super::{Broker, BrokerError};
use crate::gateway::{Answer, Call};

/// Makes one call, once, and puts what came of it in the gateway's terms.
pub async fn perform(broker: &dyn Broker, call: &Call) -> Answer {
    let answer = match call {
        Call::Place(intent) => {
            broker.place(intent).await.map(|ack| Answer::Placed { order_id: ack.order_id, status: ack.status })
        }
        Call::Modify { order_id, spec } => {
            broker.modify(order_id, spec).await.map(|ack| Answer::Done { order_id: ack.order_id, status: ack.status })
        }
        Call::Cancel { order_id } => {
            broker.cancel(order_id).await.map(|ack| Answer::Done { order_id: ack.order_id, status: ack.status })
        }
        Call::FindByCorrelation(id) => broker.order_by_correlation(id).await.map(Answer::Found),
        Call::Orders => broker.orders().await.map(Answer::Orders),
        Call::Trades => broker.trades().await.map(Answer::Trades),
        Call::Positions => broker.positions().await.map(Answer::Positions),
        Call::Funds => broker.funds().await.map(Answer::Funds),
    };
    answer.unwrap_or_else(|error: BrokerError| Answer::failed(error.class, error.to_string()))
}
