//! Positions, holdings, conversion, and the broker's own exit of everything.

use super::contracts::{contract_of_row, current, security_of};
use super::rest::{decode, unreadable};
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, Holding};
use crate::domain::{ContractKind, InstrumentIndex, Money, NetQuantity, PositionSighting, Price, Product, Quantity};
use crate::net::Method;
use crate::protocol::dhan::enums::{ExchangeSegment, PositionType, ProductType};
use crate::protocol::dhan::portfolio::{ConvertPosition, ExitAllAnswer, Holding as WireHolding, Position};
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

    /// Shares held for delivery. The broker says with an error that there are none. Counts as a non-trading call.
    pub async fn holdings(&self) -> Result<Vec<Holding>, BrokerError> {
        let answer = match self.get("/holdings").await {
            Err(error) if error.code == "DH-1111" => return Ok(Vec::new()),
            answer => answer?,
        };
        let rows: Vec<WireHolding> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let index = current(&self.index);
        Ok(rows.iter().map(|row| holding(&index, row)).collect())
    }

    /// Moves part of a position to another product. Counts as a non-trading call.
    pub async fn convert_position(
        &self,
        position: &PositionSighting,
        quantity: Quantity,
        to: Product,
    ) -> Result<(), BrokerError> {
        let (exchange_segment, id) = security_of(&current(&self.index), &position.contract)?;
        let request = ConvertPosition {
            dhan_client_id: self.client_id(),
            from_product_type: ProductType::from(position.product),
            to_product_type: ProductType::from(to),
            exchange_segment,
            position_type: if position.net.0 < 0 { PositionType::Short } else { PositionType::Long },
            security_id: id.to_string(),
            convert_qty: i64::from(quantity.0),
            trading_symbol: String::new(),
        };
        self.change(Method::POST, "/positions/convert", Some(&request)).await.map(|_| ())
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

fn holding(index: &InstrumentIndex, row: &WireHolding) -> Holding {
    let count = |n: i64| units(n).unwrap_or_default();
    let segment = if row.exchange == "BSE" { ExchangeSegment::BseEq } else { ExchangeSegment::NseEq };
    let contract = contract_of_row(index, &segment, &row.security_id);
    Holding {
        contract: contract.filter(|c| matches!(c.kind, ContractKind::Equity)),
        symbol: row.trading_symbol.clone(),
        isin: row.isin.clone(),
        total: count(row.total_qty),
        available: count(row.available_qty),
        undelivered: count(row.t1_qty),
        pledged: count(row.collateral_qty),
        cost: Price(row.avg_cost_price),
        last: (row.last_traded_price > rust_decimal::Decimal::ZERO).then_some(Price(row.last_traded_price)),
    }
}
