//! The addresses from which orders are taken: two, each fixed for seven days once it is set.

use std::net::{IpAddr, Ipv4Addr};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, ist};
use crate::protocol::dhan::enums::{IpFlag, IpMatch};
use crate::protocol::dhan::profile::StaticIp;

/// Days an address stays as it is.
const FIXED_DAYS: i64 = 7;

/// Why a change is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("ip is not valid")]
    NotAnAddress,
    #[error("ipFlag is not valid")]
    NoSuchFlag,
    #[error("IP already set, use modifyIP")]
    SetAlready,
    #[error("IP not set, use setIP")]
    NotSet,
    #[error("IP can be modified only once in 7 days")]
    Fixed,
    #[error("primary and secondary IP cannot be the same")]
    Same,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Registered {
    ip: IpAddr,
    /// The first day on which it may be changed.
    from: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    primary: Option<Registered>,
    secondary: Option<Registered>,
    /// Where requests come from, as the server sees it: this machine.
    seen: IpAddr,
    /// Whether orders from elsewhere are refused.
    required: bool,
}

impl Addresses {
    /// This machine's, registered just now.
    pub fn new(now: Timestamp) -> Self {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let primary = Some(Registered { ip: here, from: later(now) });
        Self { primary, secondary: None, seen: here, required: false }
    }

    /// From now on requests seem to come from there.
    pub fn set_seen(&mut self, ip: IpAddr) {
        self.seen = ip;
    }

    pub fn set_required(&mut self, required: bool) {
        self.required = required;
    }

    /// Whether orders are taken from where requests come from.
    pub fn allow_orders(&self) -> bool {
        !self.required || self.matched() != IpMatch::Mismatch
    }

    fn matched(&self) -> IpMatch {
        let is_it = |slot: &Option<Registered>| slot.is_some_and(|r| r.ip == self.seen);
        if is_it(&self.primary) {
            IpMatch::Primary
        } else if is_it(&self.secondary) {
            IpMatch::Secondary
        } else {
            IpMatch::Mismatch
        }
    }

    /// Registers an address where there was none.
    pub fn set(&mut self, flag: &IpFlag, ip: &str, now: Timestamp) -> Result<(), AddressError> {
        if self.slot(flag)?.is_some() {
            return Err(AddressError::SetAlready);
        }
        self.put(flag, ip, now)
    }

    /// Replaces one whose days are over.
    pub fn modify(&mut self, flag: &IpFlag, ip: &str, now: Timestamp) -> Result<(), AddressError> {
        let registered = self.slot(flag)?.ok_or(AddressError::NotSet)?;
        if ist(now).date() < registered.from {
            return Err(AddressError::Fixed);
        }
        self.put(flag, ip, now)
    }

    fn put(&mut self, flag: &IpFlag, ip: &str, now: Timestamp) -> Result<(), AddressError> {
        let ip: IpAddr = ip.trim().parse().map_err(|_| AddressError::NotAnAddress)?;
        let other = match flag {
            IpFlag::Primary => self.secondary,
            IpFlag::Secondary | IpFlag::Unknown(_) => self.primary,
        };
        if other.is_some_and(|r| r.ip == ip) {
            return Err(AddressError::Same);
        }
        *self.slot(flag)? = Some(Registered { ip, from: later(now) });
        Ok(())
    }

    fn slot(&mut self, flag: &IpFlag) -> Result<&mut Option<Registered>, AddressError> {
        match flag {
            IpFlag::Primary => Ok(&mut self.primary),
            IpFlag::Secondary => Ok(&mut self.secondary),
            IpFlag::Unknown(_) => Err(AddressError::NoSuchFlag),
        }
    }

    /// As `GET /ip/getIP` answers.
    pub fn told(&self) -> StaticIp {
        let ip = |slot: Option<Registered>| slot.map(|r| r.ip.to_string());
        let from = |slot: Option<Registered>| slot.map(|r| r.from.to_string());
        StaticIp {
            modify_date_primary: from(self.primary),
            primary_ip: ip(self.primary),
            modify_date_secondary: from(self.secondary),
            secondary_ip: ip(self.secondary),
            detected_ip: Some(self.seen.to_string()),
            ip_match_status: Some(self.matched()),
            orders_allowed: Some(self.allow_orders()),
        }
    }
}

fn later(now: Timestamp) -> Date {
    let today = ist(now).date();
    today.checked_add(FIXED_DAYS.days()).unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    const DAY_MS: i64 = 86_400_000;

    fn now() -> Timestamp {
        "2026-11-20T04:30:00Z".parse().unwrap()
    }

    #[test]
    fn an_address_stays_for_seven_days() {
        let mut all = Addresses::new(now());
        assert_eq!(all.set(&IpFlag::Primary, "203.0.113.10", now()), Err(AddressError::SetAlready));
        assert_eq!(all.modify(&IpFlag::Primary, "203.0.113.10", now()), Err(AddressError::Fixed));
        assert_eq!(all.modify(&IpFlag::Secondary, "203.0.113.10", now()), Err(AddressError::NotSet));
        assert_eq!(all.set(&IpFlag::Secondary, "127.0.0.1", now()), Err(AddressError::Same));
        assert_eq!(all.set(&IpFlag::Secondary, "home", now()), Err(AddressError::NotAnAddress));
        assert_eq!(all.set(&IpFlag::Secondary, "2001:db8::7", now()), Ok(()));
        let week = after_ms(now(), 7 * DAY_MS);
        assert_eq!(all.modify(&IpFlag::Primary, "203.0.113.10", after_ms(week, -DAY_MS)), Err(AddressError::Fixed));
        assert_eq!(all.modify(&IpFlag::Primary, "203.0.113.10", week), Ok(()));
        let told = all.told();
        assert_eq!(told.modify_date_primary.as_deref(), Some("2026-12-04"));
        assert_eq!(told.secondary_ip.as_deref(), Some("2001:db8::7"));
    }

    #[test]
    fn orders_from_elsewhere_are_refused_where_that_is_asked_for() {
        let mut all = Addresses::new(now());
        all.set_seen("203.0.113.10".parse().unwrap());
        assert!(all.allow_orders());
        all.set_required(true);
        assert!(!all.allow_orders());
        assert_eq!(all.told().ip_match_status, Some(IpMatch::Mismatch));
        all.set(&IpFlag::Secondary, "203.0.113.10", now()).unwrap();
        assert!(all.allow_orders());
        assert_eq!(all.told().ip_match_status, Some(IpMatch::Secondary));
    }
}
