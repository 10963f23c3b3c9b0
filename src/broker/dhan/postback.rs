//! What a postback says, in neutral terms. Nothing in it proves who sent it: the order is to be read again before anything is
//! concluded.

use super::contracts::current;
use super::rest::unreadable;
use super::sighting::of_order;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::OrderSighting;
use crate::gateway::ErrorClass;
use crate::protocol::dhan::postback::{Postback, PostbackKey};

impl DhanBroker {
    /// Reads the body of a postback: what it says of an order, and what tells it from others (the same message may come
    /// twice). One for another account is refused.
    pub fn read_postback(&self, body: &[u8]) -> Result<(OrderSighting, PostbackKey), BrokerError> {
        let postback = Postback::read(body).map_err(|error| unreadable(Purpose::Read, error))?;
        let client = &postback.order.dhan_client_id;
        if !client.is_empty() && *client != self.client_id() {
            return Err(BrokerError::new(ErrorClass::Refused, "the postback is about another account"));
        }
        let key = postback.key();
        let seen = of_order(&current(&self.index), &postback.order)
            .ok_or_else(|| unreadable(Purpose::Read, format!("order {} has words we do not know", key.order_id)))?;
        Ok((seen, key))
    }
}
