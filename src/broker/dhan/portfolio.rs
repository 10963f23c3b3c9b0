//! Positions, and the broker's own exit of everything.

use super::contracts::{contract_of_row, current};
use super::rest::{decode, unreadable};
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::{InstrumentIndex, Money, NetQuantity, PositionSighting, Price};
use crate::net::Method;
use crate::protocol::dhan::portfolio::{ExitAllAnswer, Position};
use crate::protocol::dhan::values::one_or_many;

impl DhanBroker {
    /// An open position that cannot be understood fails the whole reading: *flat* must not be concluded from what was
    /// left out.
    pub(super) async fn position_book(&self) -> Result<Vec<PositionSighting>, BrokerError> {
        let answer = self.get("/positions").await?;
        let positions: Vec<Position> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let index = current(&self.index);
        let mut seen = Vec::new();
        for position in &positions {
            match sighting(&index, position) {
                Some(sighting) => seen.push(sighting),
                None if position.net_qty == 0 => {}
                None => {
                    let (name, net) = (&position.trading_symbol, position.net_qty);
                    let product = &position.product_type;
                    let what = format!("the position {name} ({net}, {product}) has words we do not know");
                    return Err(unreadable(Purpose::Read, what));
                }
            }
        }
        Ok(seen)
    }

    pub(super) async fn exit_everything(&self) -> Result<String, BrokerError> {
        let answer = self.change::<()>(Method::DELETE, "/positions", None).await?;
        let answer: ExitAllAnswer = decode(Purpose::Write, &answer)?;
        Ok(answer.message)
    }
}

fn sighting(index: &InstrumentIndex, position: &Position) -> Option<PositionSighting> {
    Some(PositionSighting {
        contract: contract_of_row(index, &position.exchange_segment, &position.security_id)?,
        product: position.product_type.product()?,
        net: NetQuantity(position.net_qty),
        buy_quantity: units(position.buy_qty)?,
        sell_quantity: units(position.sell_qty)?,
        buy_average: Price(position.buy_avg),
        sell_average: Price(position.sell_avg),
        realised: Money(position.realized_profit),
        unrealised: Money(position.unrealized_profit),
    })
}
