//! Who the token belongs to and what it may do: the cheapest check of a token; and the addresses from which orders are
//! taken.

use std::net::IpAddr;

use super::rest::{decode, judge};
use super::{DhanBroker, Purpose};
use crate::broker::{AccountProfile, BrokerError};
use crate::domain::time::{Timestamp, after_ms, ms_between};
use crate::gateway::ErrorClass;
use crate::net::Method;
use crate::protocol::dhan::enums::IpFlag;
use crate::protocol::dhan::profile::{IpAnswer, Profile, SetIp, StaticIp};

/// A token that was taken, and how the broker's clock stands to ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCheck {
    pub profile: AccountProfile,
    /// How far our clock is ahead of the broker's, in milliseconds, as far as it is sure (the broker tells whole seconds,
    /// and the answer took its time); `None` where the answer has no date.
    pub clock_ahead_ms: Option<i64>,
}

impl DhanBroker {
    pub(super) async fn read_profile(&self) -> Result<AccountProfile, BrokerError> {
        Ok(self.check_token().await?.profile)
    }

    /// Asks whether the token is taken.
    pub async fn check_token(&self) -> Result<TokenCheck, BrokerError> {
        let sent = Timestamp::now();
        let answer = self.send(Purpose::Read, Method::GET, "/profile", None).await?;
        let received = Timestamp::now();
        let date = answer.date;
        let profile: Profile = decode(Purpose::Read, &judge(answer, Purpose::Read)?)?;
        Ok(TokenCheck {
            clock_ahead_ms: date.map(|date| clock_ahead(sent, received, date)),
            profile: AccountProfile {
                token_expires: profile.token_expires(),
                market_data: profile.has_data_plan(),
                market_data_until: profile.data_plan_ends(),
                derivatives: profile.has_derivatives(),
                depository_slip: profile.has_ddpi(),
                margin_trading: profile.has_mtf(),
                segments: profile.active_segment.trim_end_matches([',', ' ']).to_string(),
                client_id: profile.dhan_client_id,
            },
        })
    }

    /// From which addresses orders are taken, and whether they are from here. A check for the start of the day.
    pub async fn static_ip(&self) -> Result<StaticIp, BrokerError> {
        decode(Purpose::Read, &self.get("/ip/getIP").await?)
    }

    /// Registers an address where there is none. It then stays for seven days.
    pub async fn set_ip(&self, flag: IpFlag, ip: IpAddr) -> Result<String, BrokerError> {
        self.save_ip(Method::POST, "/ip/setIP", flag, ip).await
    }

    /// Replaces a registered address whose seven days are over.
    pub async fn modify_ip(&self, flag: IpFlag, ip: IpAddr) -> Result<String, BrokerError> {
        self.save_ip(Method::PUT, "/ip/modifyIP", flag, ip).await
    }

    async fn save_ip(&self, method: Method, path: &str, flag: IpFlag, ip: IpAddr) -> Result<String, BrokerError> {
        let body = SetIp { dhan_client_id: self.client_id(), ip: ip.to_string(), ip_flag: flag };
        let answer: IpAnswer = decode(Purpose::Write, &self.change(method, path, Some(&body)).await?)?;
        if answer.status.eq_ignore_ascii_case("success") {
            Ok(answer.message)
        } else {
            Err(BrokerError::new(ErrorClass::Refused, answer.message))
        }
    }
}

/// The broker's instant is somewhere in the second it names, and was read somewhere between sending and receiving.
fn clock_ahead(sent: Timestamp, received: Timestamp, date: Timestamp) -> i64 {
    let latest = after_ms(date, 999);
    if received < date {
        -ms_between(received, date)
    } else if sent > latest {
        ms_between(latest, sent)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_differ_only_by_what_the_answer_cannot_explain() {
        let date: Timestamp = "2026-11-20T04:30:10Z".parse().unwrap();
        let at = |ms: i64| after_ms(date, ms);
        for (sent, received, ahead) in
            [(-200, 100, 0), (500, 900, 0), (900, 1_500, 0), (6_999, 7_100, 6_000), (-5_100, -5_000, -5_000)]
        {
            assert_eq!(clock_ahead(at(sent), at(received), date), ahead, "{sent} {received}");
        }
    }
}
