//! The end of a contract: after the close of its last session the exchange settles it, and the broker's book has it no more.

use super::effect::AlertLevel;
use super::record::{Owner, Record};
use super::state::LotKey;
use super::turn::Turn;
use crate::domain::calendar::TradingCalendar;
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Quote};

/// When a contract ends; `None`: never.
fn end_of(contract: &Contract) -> Option<Timestamp> {
    Some(TradingCalendar::builtin().close_of_expiry(contract.exchange, contract.expiry()?))
}

impl Turn<'_> {
    /// Takes expired lots off our books once the broker, asked after the close, has them no more. Nothing is sent for them.
    pub(super) fn drive_expired(&mut self) {
        let Some(read) = self.state.broker.positions_at else { return };
        let expired: Vec<LotKey> = self
            .state
            .lots
            .iter()
            .filter(|(key, lot)| key.owner != Owner::Foreign && !lot.net.is_flat())
            .filter(|(key, _)| end_of(&key.contract).is_some_and(|end| end <= self.now && end < read))
            .map(|(key, _)| *key)
            .filter(|key| self.is_settled(key))
            .collect();
        for LotKey { owner, contract, product } in expired {
            let (label, mark) = (contract.label(), self.state.marks.get(&contract).map(Quote::mid));
            let at = mark.map_or_else(|| "without a price".to_string(), |p| format!("at its last price, {}", p.0));
            let text = format!(
                "{label} has expired and the exchange has settled it: taken off our books {at}. The contract note has the \
                 exact amount."
            );
            self.alert(AlertLevel::Info, text);
            let reason = "expired, and settled by the exchange".to_string();
            self.record(Record::LotWrittenOff { owner, contract, product, quantity: None, reason });
        }
    }

    fn is_settled(&self, key: &LotKey) -> bool {
        let (contract, product) = (key.contract, key.product);
        self.state.position_is_fresh(&contract, product)
            && self.state.broker_net(&contract, product).is_flat()
            && self.state.open_orders_of(contract, product).next().is_none()
    }
}
