//! Market orders as limit orders with a protection band, for a broker that takes no others.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::DhanBroker;
use super::contracts::current;
use super::endpoints::MarketOrders;
use crate::broker::BrokerError;
use crate::domain::money::Toward;
use crate::domain::{OrderKind, OrderSpec, Price, Side};

/// How far from the price an order at the market may trade, by that price (the broker's own bands of June 2024).
fn band(price: Price) -> Decimal {
    match price.0 {
        p if p <= dec!(50) => dec!(0.20),
        p if p <= dec!(200) => dec!(0.10),
        p if p <= dec!(1000) => dec!(0.05),
        _ => dec!(0.02),
    }
}

/// The worst price taken, on the tick and within the band.
fn limit(side: Side, from: Price, tick: Price) -> Price {
    match side {
        Side::Buy => Price(from.0 * (Decimal::ONE + band(from))).on_tick(tick, Toward::Down).max(from),
        Side::Sell => Price(from.0 * (Decimal::ONE - band(from))).on_tick(tick, Toward::Up).max(tick),
    }
}

impl DhanBroker {
    /// The kind of order as it is sent. An order at the market needs a price for that, asked for now.
    pub(super) async fn kind_to_send(&self, spec: &OrderSpec) -> Result<OrderKind, BrokerError> {
        let protect = self.settings.market_orders == MarketOrders::ProtectedLimit;
        let tick = || current(&self.index).by_contract(&spec.contract).map_or(Price(dec!(0.05)), |i| i.tick);
        match spec.kind {
            OrderKind::Market if protect => {
                let quotes = self.market_quotes(&[spec.contract]).await.map_err(|error| {
                    BrokerError::not_sent(format!("an order at the market needs a price, and there is none: {error}"))
                })?;
                let quote = quotes.first().map(|(_, quote)| *quote);
                let from = quote.map(|q| q.touch(spec.side).unwrap_or(q.last)).filter(|p| p.is_positive());
                let from = from.ok_or_else(|| {
                    BrokerError::not_sent("an order at the market needs a price, and the broker knows none")
                })?;
                Ok(OrderKind::Limit { price: limit(spec.side, from, tick()) })
            }
            OrderKind::StopMarket { trigger } if protect => {
                Ok(OrderKind::StopLimit { trigger, price: limit(spec.side, trigger, tick()) })
            }
            kind => Ok(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_narrows_as_the_price_grows_and_the_limit_is_on_the_tick() {
        let tick = Price(dec!(0.05));
        for (side, from, worst) in [
            (Side::Buy, dec!(50), dec!(60)),
            (Side::Sell, dec!(12.35), dec!(9.9)),
            (Side::Buy, dec!(150.3), dec!(165.3)),
            (Side::Sell, dec!(400), dec!(380)),
            (Side::Buy, dec!(1500), dec!(1530)),
            (Side::Sell, dec!(0.05), dec!(0.05)),
            (Side::Buy, dec!(0.05), dec!(0.05)),
        ] {
            assert_eq!(limit(side, Price(from), tick), Price(worst), "{side} {from}");
        }
    }
}
