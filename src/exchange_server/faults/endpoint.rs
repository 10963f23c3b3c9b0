//! The endpoints by the names a fault uses, and the categories of the broker's rate limits.

use serde::{Deserialize, Serialize};

/// One operation of the broker's interface, or one of its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Place,
    Slice,
    Modify,
    Cancel,
    OrderBook,
    OrderById,
    OrderByMark,
    Trades,
    SuperOrders,
    ForeverOrders,
    Alerts,
    Positions,
    ExitAll,
    Convert,
    Holdings,
    Edis,
    KillSwitch,
    PnlExit,
    Funds,
    Margin,
    Statements,
    Quotes,
    OptionChain,
    Charts,
    Profile,
    Ip,
    Token,
    Instruments,
    Feed,
    Depth,
    OrderSocket,
    /// Whatever is served and has no name here.
    Other,
}

/// How the broker counts calls. A fault may be for all of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Place, modify, cancel.
    OrderCalls,
    /// Charts and chains.
    DataCalls,
    QuoteCalls,
    /// Everything else by REST.
    OtherCalls,
    /// All of REST.
    Rest,
    Sockets,
}

impl Endpoint {
    /// By method and path, as the router has them.
    pub fn of(method: &str, path: &str) -> Self {
        let path = path.strip_prefix("/v2").unwrap_or(path);
        let mut parts = path.split('/').filter(|p| !p.is_empty());
        let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        match (first, second, third) {
            ("orders", None, _) if method == "POST" => Self::Place,
            ("orders", None, _) => Self::OrderBook,
            ("orders", Some("slicing"), _) => Self::Slice,
            ("orders", Some("external"), _) => Self::OrderByMark,
            ("orders", Some(_), _) => match method {
                "PUT" => Self::Modify,
                "DELETE" => Self::Cancel,
                _ => Self::OrderById,
            },
            ("trades", Some(page), Some(_)) if page.contains('-') => Self::Statements,
            ("trades", ..) => Self::Trades,
            ("super", ..) => Self::SuperOrders,
            ("forever", ..) => Self::ForeverOrders,
            ("alerts", ..) => Self::Alerts,
            ("positions", Some("convert"), _) => Self::Convert,
            ("positions", ..) if method == "DELETE" => Self::ExitAll,
            ("positions", ..) => Self::Positions,
            ("holdings", ..) => Self::Holdings,
            ("edis", ..) => Self::Edis,
            ("killswitch", ..) => Self::KillSwitch,
            ("pnlExit", ..) => Self::PnlExit,
            ("fundlimit", ..) => Self::Funds,
            ("margincalculator", ..) => Self::Margin,
            ("ledger", ..) => Self::Statements,
            ("marketfeed", ..) => Self::Quotes,
            ("optionchain", ..) => Self::OptionChain,
            ("charts", ..) => Self::Charts,
            ("profile", ..) => Self::Profile,
            ("ip", ..) => Self::Ip,
            ("RenewToken" | "app" | "partner", ..) => Self::Token,
            ("api-data" | "instrument", ..) => Self::Instruments,
            ("feed", ..) => Self::Feed,
            // 200 levels are served at the root as well.
            ("" | "twentydepth" | "twohundreddepth", ..) => Self::Depth,
            ("order-updates", ..) => Self::OrderSocket,
            _ => Self::Other,
        }
    }

    pub fn category(self) -> Category {
        match self {
            Self::Place | Self::Slice | Self::Modify | Self::Cancel | Self::ExitAll => Category::OrderCalls,
            Self::SuperOrders | Self::ForeverOrders | Self::Alerts => Category::OrderCalls,
            Self::OptionChain | Self::Charts => Category::DataCalls,
            Self::Quotes => Category::QuoteCalls,
            Self::Feed | Self::Depth | Self::OrderSocket => Category::Sockets,
            Self::OrderBook
            | Self::OrderById
            | Self::OrderByMark
            | Self::Trades
            | Self::Positions
            | Self::Convert
            | Self::Holdings
            | Self::Edis
            | Self::KillSwitch
            | Self::PnlExit
            | Self::Funds
            | Self::Margin
            | Self::Statements
            | Self::Profile
            | Self::Ip
            | Self::Token
            | Self::Instruments
            | Self::Other => Category::OtherCalls,
        }
    }

    /// Whether errors of this endpoint have the form of the data system (`{"data": {"805": …}}`).
    pub fn speaks_data(self) -> bool {
        matches!(self, Self::Quotes | Self::OptionChain)
    }

    pub fn is_in(self, category: Category) -> bool {
        let own = self.category();
        own == category || (category == Category::Rest && own != Category::Sockets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_names() {
        for (method, path, endpoint) in [
            ("POST", "/v2/orders", Endpoint::Place),
            ("GET", "/v2/orders", Endpoint::OrderBook),
            ("POST", "/v2/orders/slicing", Endpoint::Slice),
            ("GET", "/v2/orders/external/SD1", Endpoint::OrderByMark),
            ("PUT", "/v2/orders/1261120000001", Endpoint::Modify),
            ("DELETE", "/v2/orders/1261120000001", Endpoint::Cancel),
            ("GET", "/v2/orders/1261120000001", Endpoint::OrderById),
            ("GET", "/v2/trades/1261120000001", Endpoint::Trades),
            ("GET", "/v2/trades/2026-11-01/2026-11-20/0", Endpoint::Statements),
            ("DELETE", "/v2/positions", Endpoint::ExitAll),
            ("POST", "/v2/marketfeed/ltp", Endpoint::Quotes),
            ("GET", "/api-data/api-scrip-master.csv", Endpoint::Instruments),
            ("GET", "/feed", Endpoint::Feed),
            ("GET", "/twentydepth", Endpoint::Depth),
            ("GET", "/", Endpoint::Depth),
            ("GET", "/order-updates", Endpoint::OrderSocket),
            ("GET", "/v2/something", Endpoint::Other),
        ] {
            assert_eq!(Endpoint::of(method, path), endpoint, "{method} {path}");
        }
    }

    #[test]
    fn a_category_holds_its_endpoints() {
        assert!(Endpoint::Cancel.is_in(Category::OrderCalls) && Endpoint::Cancel.is_in(Category::Rest));
        assert!(Endpoint::Feed.is_in(Category::Sockets) && !Endpoint::Feed.is_in(Category::Rest));
        assert!(!Endpoint::Funds.is_in(Category::QuoteCalls));
    }
}
