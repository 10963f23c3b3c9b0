//! What the account can spend.

use super::rest::decode;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::{Funds, Money};
use crate::protocol::dhan::funds::FundLimit;

impl DhanBroker {
    pub(super) async fn fund_limit(&self) -> Result<Funds, BrokerError> {
        let limit: FundLimit = decode(Purpose::Read, &self.get("/fundlimit").await?)?;
        Ok(Funds {
            available: Money(limit.available_balance),
            utilised: Money(limit.utilized_amount),
            start_of_day: Money(limit.sod_limit),
        })
    }
}
