//! The addresses from which the broker takes orders: which are registered, where we come from, and registering another.
//! The broker keeps two, and fixes each for seven days once it is set.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;

use super::access::connect;
use super::cockpit::{Options, prepare};
use super::reference::Instruments;
use super::token;
use crate::broker::dhan::DhanBroker;
use crate::domain::time::{Timestamp, ist};
use crate::engine::record::Profile;
use crate::net::{HttpClient, HttpRequest, HttpSettings, Method};
use crate::protocol::dhan::enums::IpFlag;
use crate::protocol::dhan::profile::{StaticIp, same_address};

/// Days an address stays as it was set.
pub const FIXED_DAYS: u32 = 7;

/// One of the two places for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Primary,
    Secondary,
}

impl Slot {
    pub const ALL: [Self; 2] = [Self::Primary, Self::Secondary];

    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    fn flag(self) -> IpFlag {
        match self {
            Self::Primary => IpFlag::Primary,
            Self::Secondary => IpFlag::Secondary,
        }
    }
}

/// What the broker told, and where we come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Registered {
    told: StaticIp,
    /// As the broker sees it, or the page named in the settings; `None`: not known.
    pub seen: Option<String>,
}

/// How an address is to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there already.
    Nothing,
    /// The place is empty.
    Set,
    /// In the place of this address.
    Replace(String),
}

impl Registered {
    /// `page` answers with the address it is asked from, for a broker that does not tell; empty for none.
    pub async fn of(told: StaticIp, page: &str) -> Self {
        let seen = match (&told.detected_ip, page) {
            (Some(seen), _) => Some(seen.clone()),
            (None, "") => None,
            (None, page) => look_up(page).await,
        };
        Self { told, seen }
    }

    pub fn address(&self, slot: Slot) -> Option<&str> {
        match slot {
            Slot::Primary => self.told.primary_ip.as_deref(),
            Slot::Secondary => self.told.secondary_ip.as_deref(),
        }
    }

    /// The first day on which it may be changed.
    pub fn changeable_from(&self, slot: Slot) -> Option<Date> {
        let told = match slot {
            Slot::Primary => &self.told.modify_date_primary,
            Slot::Secondary => &self.told.modify_date_secondary,
        };
        told.as_deref()?.trim().get(..10)?.parse().ok()
    }

    /// All of them, the primary one first.
    pub fn all(&self) -> Vec<&str> {
        self.told.registered()
    }

    /// Whether orders are taken from here; `None`: not known.
    pub fn allows_orders(&self) -> Option<bool> {
        self.told.allows_orders().or_else(|| self.seen.as_deref().map(|ip| self.told.has(ip)))
    }

    /// Whether an address can be registered now, and how; the error is for the trader.
    pub fn change(&self, slot: Slot, ip: IpAddr, today: Date) -> Result<Change, String> {
        if !is_public(ip) {
            return Err(format!(
                "{ip} is an address inside a network: register the one by which the internet sees your line \
                 (`strikedeck ip` shows it where the broker tells)"
            ));
        }
        let text = ip.to_string();
        if self.address(slot.other()).is_some_and(|other| same_address(other, &text)) {
            return Err(format!("{ip} is the {} address already: the two must differ", slot.other().name()));
        }
        match (self.address(slot), self.changeable_from(slot)) {
            (None, _) => Ok(Change::Set),
            (Some(registered), _) if same_address(registered, &text) => Ok(Change::Nothing),
            (Some(registered), Some(day)) if today < day => Err(format!(
                "the {} address {registered} is fixed: the broker lets it be changed from {} on",
                slot.name(),
                day.strftime("%d %b %Y")
            )),
            (Some(registered), _) => Ok(Change::Replace(registered.to_string())),
        }
    }
}

/// Asks the broker about its addresses, and tells it.
pub struct Registrar {
    broker: Arc<DhanBroker>,
    page: String,
}

impl Registrar {
    /// Logs in at the broker with what `setup` keeps.
    pub async fn log_in(options: &Options) -> anyhow::Result<Self> {
        let (folder, config) = prepare(&Options { profile: Profile::Live, ..options.clone() })?;
        let broker = connect(None, &folder, &config, &Instruments::none())?;
        token::log_in(&broker, &config.secrets, &folder).await?;
        Ok(Self { broker, page: config.dhan.live_checks.address_lookup })
    }

    pub async fn registered(&self) -> anyhow::Result<Registered> {
        Ok(Registered::of(self.broker.static_ip().await?, &self.page).await)
    }

    /// Registers it; answers with the broker's words.
    pub async fn register(&self, change: &Change, slot: Slot, ip: IpAddr) -> anyhow::Result<String> {
        Ok(match change {
            Change::Nothing => format!("{ip} is the {} address already.", slot.name()),
            Change::Set => self.broker.set_ip(slot.flag(), ip).await?,
            Change::Replace(_) => self.broker.modify_ip(slot.flag(), ip).await?,
        })
    }
}

/// The day by which the broker counts.
pub fn today() -> Date {
    ist(Timestamp::now()).date()
}

/// Whether the internet can see a line by it. Most mistakes are the address of the machine behind its router.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let behind_a_carrier = a == 100 && (64..128).contains(&b);
            let inside = v4.is_private() || v4.is_loopback() || v4.is_link_local() || behind_a_carrier;
            !(inside || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            let inside = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local();
            !(inside || v6.is_unspecified() || v6.is_multicast())
        }
    }
}

/// The address we come from, as a page tells it that the user has named.
async fn look_up(page: &str) -> Option<String> {
    let settings = HttpSettings { redirects: 2, longest_body: 4_096, ..HttpSettings::default() };
    let http = if page.starts_with("https") { HttpClient::new(&settings) } else { HttpClient::plain(&settings) };
    let request = HttpRequest { method: Method::GET, url: page, headers: &[], body: None };
    let answer = http.ok()?.send(request).await.ok().filter(|a| a.status == 200)?;
    let text = String::from_utf8(answer.body).ok()?;
    text.trim().parse::<IpAddr>().ok().map(|ip| ip.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[tokio::test]
    async fn an_address_is_registered_where_there_is_room_and_replaced_when_its_days_are_over() {
        let told = r#"{"primaryIP":"203.0.113.10","modifyDatePrimary":"2026-11-27","secondaryIP":"NA"}"#;
        let registered = Registered::of(serde_json::from_str(told).unwrap(), "").await;
        let change = |slot, ip: &str, day| registered.change(slot, ip.parse().unwrap(), date(2026, 11, day));
        assert_eq!(change(Slot::Secondary, "203.0.113.11", 20), Ok(Change::Set));
        assert_eq!(change(Slot::Primary, "203.0.113.10", 20), Ok(Change::Nothing));
        let fixed = change(Slot::Primary, "203.0.113.11", 26).unwrap_err();
        assert!(fixed.contains("from 27 Nov 2026"), "{fixed}");
        assert_eq!(change(Slot::Primary, "203.0.113.11", 27), Ok(Change::Replace("203.0.113.10".into())));
        let twice = change(Slot::Secondary, "203.0.113.10", 20).unwrap_err();
        assert!(twice.contains("primary"), "{twice}");
    }

    #[test]
    fn an_address_that_the_internet_does_not_see_is_not_registered() {
        for inside in ["192.168.1.5", "10.0.0.2", "172.20.1.1", "127.0.0.1", "100.64.3.2", "169.254.1.1", "0.0.0.0"] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for inside in ["::1", "fe80::1", "fd00::1", "::ffff:192.168.1.5"] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["203.0.113.7", "100.128.0.1", "172.32.0.1", "2401:4900::7"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }
}
