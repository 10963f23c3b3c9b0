//! The gateway's calls, made on a broker.

use super::{Broker, BrokerError};
use crate::domain::{SafeguardAsk, SafeguardTold};
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
        Call::Safeguard(ask) => safeguard(broker, *ask).await.map(Answer::Safeguard),
    };
    answer.unwrap_or_else(|error: BrokerError| Answer::failed(error.class, error.to_string()))
}

async fn safeguard(broker: &dyn Broker, ask: SafeguardAsk) -> Result<SafeguardTold, BrokerError> {
    Ok(match ask {
        SafeguardAsk::SetExit(exit) => {
            broker.set_pnl_exit(exit).await?;
            SafeguardTold::Exit(Some(exit))
        }
        SafeguardAsk::LiftExit => {
            broker.stop_pnl_exit().await?;
            SafeguardTold::Exit(None)
        }
        SafeguardAsk::ReadExit => SafeguardTold::Exit(broker.pnl_exit().await?),
        SafeguardAsk::SetSwitch => SafeguardTold::Switch(broker.kill_switch(true).await?),
        SafeguardAsk::LiftSwitch => SafeguardTold::Switch(broker.kill_switch(false).await?),
        SafeguardAsk::ReadSwitch => SafeguardTold::Switch(broker.kill_switch_state().await?),
    })
}
