//! A forever order as the broker's list shows it: one row for each leg.

use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Contract, ForeverLegName, Price, Product, Quantity, SecurityId, Side};
use crate::exchange::Exchange;
use crate::exchange::listing::price;

use super::{ForeverOrder, ForeverStatus, Leg};

/// One leg as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeverView {
    pub account: String,
    /// The same for both legs of a pair.
    pub order_id: BrokerOrderId,
    pub contract: Contract,
    pub security_id: SecurityId,
    pub side: Side,
    pub product: Product,
    pub paired: bool,
    pub leg: ForeverLegName,
    pub quantity: Quantity,
    pub trigger: Price,
    /// `None`: at the market.
    pub price: Option<Price>,
    pub status: ForeverStatus,
    pub created: Timestamp,
    pub updated: Option<Timestamp>,
    /// The order it was sent as.
    pub sent_as: Option<BrokerOrderId>,
}

impl Exchange {
    /// The legs of every forever order of the account, oldest first, the stop of a pair before its target.
    pub fn forever_orders(&self, account: &str) -> Vec<ForeverView> {
        let mine = self.forever_orders.values().filter(|f| f.account == account);
        mine.flat_map(|f| f.legs.iter().map(|leg| view(f, leg))).collect()
    }
}

fn view(held: &ForeverOrder, leg: &Leg) -> ForeverView {
    ForeverView {
        account: held.account.clone(),
        order_id: BrokerOrderId(held.number.to_string()),
        contract: held.contract,
        security_id: held.id,
        side: held.side,
        product: held.product,
        paired: held.paired,
        leg: leg.name,
        quantity: Quantity(leg.terms.quantity),
        trigger: price(leg.terms.trigger),
        price: leg.terms.kind.price(),
        status: leg.status,
        created: held.created,
        updated: held.updated,
        sent_as: leg.order.map(|n| BrokerOrderId(n.to_string())),
    }
}
