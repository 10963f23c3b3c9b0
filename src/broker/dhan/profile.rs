//! Who the token belongs to and what it may do: the cheapest check of a token, and the check of the static address.

use super::rest::decode;
use super::{DhanBroker, Purpose};
use crate::broker::{AccountProfile, BrokerError};
use crate::protocol::dhan::profile::{Profile, StaticIp};

impl DhanBroker {
    pub(super) async fn read_profile(&self) -> Result<AccountProfile, BrokerError> {
        let profile: Profile = decode(Purpose::Read, &self.get("/profile").await?)?;
        Ok(AccountProfile {
            token_expires: profile.token_expires(),
            market_data: profile.has_data_plan(),
            segments: profile.active_segment.trim_end_matches([',', ' ']).to_string(),
            client_id: profile.dhan_client_id,
        })
    }

    /// From which addresses orders are taken, and whether they are from here. A check for the start of the day.
    pub async fn static_ip(&self) -> Result<StaticIp, BrokerError> {
        decode(Purpose::Read, &self.get("/ip/getIP").await?)
    }
}
