//! DhanHQ v2: one file per category of its documentation, over the wire types of `protocol` and the clients of `net`.
//!
//! Paper mode is this same client with the addresses of the built-in exchange.

mod authentication;
mod classify;
mod conditional_triggers;
mod contracts;
mod edis;
mod endpoints;
mod forever_orders;
mod funds;
mod historical;
mod instruments;
mod market_depth;
mod market_feed;
mod market_quote;
mod option_chain;
mod order_update;
mod orders;
mod pacing;
mod portfolio;
mod postback;
mod profile;
mod protection;
mod rest;
mod sighting;
mod statements;
mod super_orders;
mod traders_control;
mod trades;

use std::sync::atomic::AtomicU32;

use jiff::civil::Date;
use tokio::sync::{mpsc, watch};

pub use self::authentication::{Consent, ConsentKey, NewToken, last_four};
pub use self::contracts::SharedIndex;
pub use self::endpoints::{DhanCredentials, DhanEndpoints, DhanSettings, MarketOrders};
pub use self::forever_orders::ForeverChange;
pub use self::profile::TokenCheck;
use super::{AccountProfile, Broker, BrokerError, MarketFeed, OrderNews, PlaceAck, Reply};
use crate::domain::{
    BrokerOrderId, Contract, CorrelationId, Funds, Intent, Money, OptionChain, OrderSighting, OrderSpec, PnlExit,
    PositionSighting, Quote, TradeSighting,
};
use crate::gateway::ErrorClass;
use crate::net::{HttpClient, HttpFailure, HttpSettings};

/// Whether a call changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

impl Purpose {
    /// What a call without a clear answer means: a change may have been made, a question can be asked again.
    fn unknown(self) -> ErrorClass {
        match self {
            Self::Read => ErrorClass::TryLater,
            Self::Write => ErrorClass::AskFirst,
        }
    }
}

/// One account at DhanHQ, or at something that speaks its protocol.
#[derive(Debug)]
pub struct DhanBroker {
    endpoints: DhanEndpoints,
    credentials: watch::Sender<DhanCredentials>,
    settings: DhanSettings,
    index: SharedIndex,
    http: HttpClient,
    download: HttpClient,
    /// How many calls are under way that replace the token.
    changing: AtomicU32,
    pacing: pacing::Pacing,
}

impl DhanBroker {
    /// `index` is today's instruments; whoever holds it too may put a newer one in.
    pub fn new(
        endpoints: DhanEndpoints,
        credentials: DhanCredentials,
        settings: DhanSettings,
        index: SharedIndex,
    ) -> Result<Self, BrokerError> {
        let client = |settings: &HttpSettings| {
            let made = if endpoints.need_tls() { HttpClient::new(settings) } else { HttpClient::plain(settings) };
            made.map_err(|failure: HttpFailure| BrokerError::not_sent(format!("no HTTP client: {failure}")))
        };
        let http = client(&settings.http)?;
        let download = client(&HttpSettings {
            total: settings.download,
            longest_body: 256 * 1024 * 1024,
            redirects: 5,
            ..settings.http
        })?;
        let credentials = watch::Sender::new(credentials);
        let pacing = pacing::Pacing::new(settings.quote_pause);
        Ok(Self { endpoints, credentials, settings, index, http, download, changing: AtomicU32::new(0), pacing })
    }

    pub fn client_id(&self) -> String {
        self.credentials.borrow().client_id.clone()
    }
}

impl Broker for DhanBroker {
    fn place<'a>(&'a self, intent: &'a Intent) -> Reply<'a, PlaceAck> {
        Box::pin(self.place_order(intent))
    }
    fn modify<'a>(&'a self, order_id: &'a BrokerOrderId, spec: &'a OrderSpec) -> Reply<'a, PlaceAck> {
        Box::pin(self.modify_order(order_id, spec))
    }
    fn cancel<'a>(&'a self, order_id: &'a BrokerOrderId) -> Reply<'a, PlaceAck> {
        Box::pin(self.cancel_order(order_id))
    }
    fn orders(&self) -> Reply<'_, Vec<OrderSighting>> {
        Box::pin(self.order_book())
    }
    fn order_by_correlation<'a>(&'a self, id: &'a CorrelationId) -> Reply<'a, Option<OrderSighting>> {
        Box::pin(self.find_order(id))
    }
    fn order<'a>(&'a self, order_id: &'a BrokerOrderId) -> Reply<'a, Option<OrderSighting>> {
        Box::pin(self.one_order(order_id))
    }
    fn trades(&self) -> Reply<'_, Vec<TradeSighting>> {
        Box::pin(self.trade_book())
    }
    fn positions(&self) -> Reply<'_, Vec<PositionSighting>> {
        Box::pin(self.position_book())
    }
    fn exit_all(&self) -> Reply<'_, String> {
        Box::pin(self.exit_everything())
    }
    fn funds(&self) -> Reply<'_, Funds> {
        Box::pin(self.fund_limit())
    }
    fn margin<'a>(&'a self, orders: &'a [OrderSpec]) -> Reply<'a, Money> {
        Box::pin(async move { Ok(self.margin_of_all(orders, false, false).await?.total) })
    }
    fn kill_switch(&self, on: bool) -> Reply<'_, bool> {
        Box::pin(self.set_kill_switch(on))
    }
    fn kill_switch_state(&self) -> Reply<'_, bool> {
        Box::pin(self.read_kill_switch())
    }
    fn set_pnl_exit(&self, exit: PnlExit) -> Reply<'_, ()> {
        Box::pin(self.make_pnl_exit(exit))
    }
    fn pnl_exit(&self) -> Reply<'_, Option<PnlExit>> {
        Box::pin(self.read_pnl_exit())
    }
    fn stop_pnl_exit(&self) -> Reply<'_, ()> {
        Box::pin(self.remove_pnl_exit())
    }
    fn quotes<'a>(&'a self, contracts: &'a [Contract]) -> Reply<'a, Vec<(Contract, Quote)>> {
        Box::pin(self.market_quotes(contracts))
    }
    fn option_chain(&self, underlying: Contract, expiry: Date) -> Reply<'_, OptionChain> {
        Box::pin(self.chain(underlying, expiry))
    }
    fn expiries(&self, underlying: Contract) -> Reply<'_, Vec<Date>> {
        Box::pin(self.expiry_list(underlying))
    }
    fn instrument_master(&self) -> Reply<'_, Vec<u8>> {
        Box::pin(self.master())
    }
    fn profile(&self) -> Reply<'_, AccountProfile> {
        Box::pin(self.read_profile())
    }
    fn order_updates(&self) -> mpsc::Receiver<OrderNews> {
        self.open_order_updates()
    }
    fn market_feed(&self) -> MarketFeed {
        self.open_market_feed()
    }
}

#[cfg(test)]
mod tests;
