//! Drills: what a trader can rehearse in paper mode before it happens with money.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that goes wrong, as a trader would name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drill {
    DeadFeed,
    FeedDown,
    GarbledFeed,
    UnansweredOrder,
    SwallowedOrder,
    RefusedOrders,
    SlowBroker,
    TooManyRequests,
    ServerErrors,
    CutConnections,
    LostUpdates,
    DoubledUpdates,
    MixedUpdates,
    OrderLinkDown,
    RevokedToken,
}

impl Drill {
    pub const ALL: [Self; 15] = [
        Self::DeadFeed,
        Self::FeedDown,
        Self::GarbledFeed,
        Self::UnansweredOrder,
        Self::SwallowedOrder,
        Self::RefusedOrders,
        Self::SlowBroker,
        Self::TooManyRequests,
        Self::ServerErrors,
        Self::CutConnections,
        Self::LostUpdates,
        Self::DoubledUpdates,
        Self::MixedUpdates,
        Self::OrderLinkDown,
        Self::RevokedToken,
    ];

    /// Its name where it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeadFeed => "dead-feed",
            Self::FeedDown => "feed-down",
            Self::GarbledFeed => "garbled-feed",
            Self::UnansweredOrder => "unanswered-order",
            Self::SwallowedOrder => "swallowed-order",
            Self::RefusedOrders => "refused-orders",
            Self::SlowBroker => "slow-broker",
            Self::TooManyRequests => "too-many-requests",
            Self::ServerErrors => "server-errors",
            Self::CutConnections => "cut-connections",
            Self::LostUpdates => "lost-updates",
            Self::DoubledUpdates => "doubled-updates",
            Self::MixedUpdates => "mixed-updates",
            Self::OrderLinkDown => "order-link-down",
            Self::RevokedToken => "revoked-token",
        }
    }

    /// What happens, in a sentence without an end.
    pub fn what(self) -> &'static str {
        match self {
            Self::DeadFeed => "the price feed stands, but tells no price",
            Self::FeedDown => "the price feed is closed and cannot be opened",
            Self::GarbledFeed => "prices come stacked and cut in two",
            Self::UnansweredOrder => "the next order is taken, but its answer never comes",
            Self::SwallowedOrder => "the next order is swallowed on the way: no answer, no order",
            Self::RefusedOrders => "every second order is refused",
            Self::SlowBroker => "every answer takes two seconds longer",
            Self::TooManyRequests => "orders are refused for coming too fast",
            Self::ServerErrors => "the broker answers with pages of its load balancer",
            Self::CutConnections => "connections break in the middle, after the broker has done what was asked",
            Self::LostUpdates => "order updates get lost",
            Self::DoubledUpdates => "order updates come twice",
            Self::MixedUpdates => "order updates come out of order",
            Self::OrderLinkDown => "the link for order updates is closed and cannot be opened",
            Self::RevokedToken => "the access token is worth nothing, as if a new one had been made elsewhere",
        }
    }
}

impl fmt::Display for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Drill {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        Self::ALL.into_iter().find(|d| d.as_str() == wanted).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|d| d.as_str()).collect();
            format!("`{text}` cannot be rehearsed; what can: {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_named_the_same_everywhere() {
        for drill in Drill::ALL {
            assert_eq!(drill.as_str().parse(), Ok(drill));
            assert_eq!(serde_json::to_string(&drill).unwrap(), format!("\"{drill}\""));
        }
        assert_eq!("Dead Feed".parse(), Ok(Drill::DeadFeed));
        assert!("earthquake".parse::<Drill>().unwrap_err().contains("unanswered-order"));
    }
}
