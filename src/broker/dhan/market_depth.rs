//! The depth links: 20 levels of up to 50 contracts, 200 levels of one. Kept up until nobody listens.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::contracts::{SharedIndex, current, security_of};
use super::market_feed::login_query;
use super::order_update::{down, fell, up};
use super::{DhanBroker, DhanCredentials};
use crate::broker::{BrokerError, DepthNews, Level};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Price, Quantity, Segment};
use crate::net::{Outbox, Secret, Socket, SocketEvent, SocketMessage, SocketSettings};
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::market_depth::{
    DepthBody, DepthDecoder, DepthLevels, DepthPacket, DepthRequest, DepthRow, DepthSide,
};
use crate::protocol::dhan::market_feed::FeedInstrument;

impl DhanBroker {
    /// Starts a link that tells 20 levels of at most 50 contracts of NSE, until the receiver is dropped. Needs a runtime.
    pub fn depth_20(&self, contracts: &[Contract]) -> Result<mpsc::Receiver<DepthNews>, BrokerError> {
        self.open_depth(DepthLevels::Twenty, &self.endpoints.depth_20, contracts)
    }

    /// Starts a link that tells 200 levels of one contract of NSE. The broker takes only tokens made on its own page here.
    pub fn depth_200(&self, contract: Contract) -> Result<mpsc::Receiver<DepthNews>, BrokerError> {
        self.open_depth(DepthLevels::TwoHundred, &self.endpoints.depth_200, &[contract])
    }

    fn open_depth(
        &self,
        levels: DepthLevels,
        address: &str,
        contracts: &[Contract],
    ) -> Result<mpsc::Receiver<DepthNews>, BrokerError> {
        if contracts.is_empty() || contracts.len() > levels.instruments() {
            let most = levels.instruments();
            return Err(BrokerError::not_sent(format!("this depth link carries 1 to {most} contracts")));
        }
        let odd = |c: &&Contract| !matches!(c.segment(), Segment::NseEquity | Segment::NseDerivatives);
        if let Some(odd) = contracts.iter().find(odd) {
            return Err(BrokerError::not_sent(format!(
                "{odd} has no deep book: only NSE's shares and derivatives have"
            )));
        }
        let (sender, receiver) = mpsc::channel(256);
        let link = DepthLink {
            levels,
            address: address.to_string(),
            settings: self.settings.feed,
            penalty: self.settings.penalty,
            credentials: self.credentials.subscribe(),
            index: self.index.clone(),
            contracts: contracts.to_vec(),
            by_number: BTreeMap::new(),
            decoder: DepthDecoder::new(levels),
            news: sender,
        };
        tokio::spawn(link.run());
        Ok(receiver)
    }
}

struct DepthLink {
    levels: DepthLevels,
    address: String,
    settings: SocketSettings,
    /// The wait after the broker ended the session for a reason.
    penalty: Duration,
    credentials: watch::Receiver<DhanCredentials>,
    index: SharedIndex,
    contracts: Vec<Contract>,
    /// By the feed's numbers of segment and security.
    by_number: BTreeMap<(u8, u32), Contract>,
    decoder: DepthDecoder,
    news: mpsc::Sender<DepthNews>,
}

/// Why a session is over.
enum Over {
    /// Nobody listens any more.
    Unheard,
    NewToken,
    /// The broker ended it and said why.
    Ended,
}

impl DepthLink {
    async fn run(mut self) {
        loop {
            let over = self.one_session().await;
            self.decoder.resynchronise();
            let goes_on = match over {
                Over::Unheard => false,
                Over::NewToken => self.tell(DepthNews::Link(down("the access token was replaced"))).await,
                Over::Ended => self.penalty().await,
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn penalty(&mut self) -> bool {
        tokio::select! {
            () = sleep(self.penalty) => true,
            changed = self.credentials.changed() => changed.is_ok(),
            () = self.news.closed() => false,
        }
    }

    /// From one access token to the next.
    async fn one_session(&mut self) -> Over {
        let url = {
            let credentials = self.credentials.borrow_and_update();
            Secret::new(format!("{}?{}", self.address, login_query(&credentials)))
        };
        let mut socket = Socket::open(url, self.settings);
        loop {
            let event = tokio::select! {
                event = socket.next() => event,
                changed = self.credentials.changed() => {
                    return if changed.is_ok() { Over::NewToken } else { Over::Unheard };
                }
                () = self.news.closed() => return Over::Unheard,
            };
            let heard = match event {
                None => return Over::Unheard,
                Some(SocketEvent::Connected(outbox)) => self.subscribe(&outbox).await,
                Some(SocketEvent::Disconnected(end)) => {
                    self.decoder.resynchronise();
                    self.tell(DepthNews::Link(fell(&end))).await
                }
                Some(SocketEvent::Message(SocketMessage::Binary(bytes))) => match self.read(&bytes).await {
                    Ok(heard) => heard,
                    Err(over) => return over,
                },
                Some(SocketEvent::Message(SocketMessage::Text(text))) => {
                    tracing::info!("the depth link says: {}", text.chars().take(200).collect::<String>());
                    true
                }
            };
            if !heard {
                return Over::Unheard;
            }
        }
    }

    async fn subscribe(&mut self, outbox: &Outbox) -> bool {
        self.decoder.resynchronise();
        self.by_number.clear();
        let index = current(&self.index);
        let mut wanted = Vec::new();
        for contract in &self.contracts {
            match security_of(&index, contract) {
                Ok((exchange_segment, id)) => {
                    if let (Some(segment), Ok(number)) = (exchange_segment.number(), u32::try_from(id.0)) {
                        self.by_number.insert((segment, number), *contract);
                    }
                    wanted.push(FeedInstrument { exchange_segment, security_id: id.to_string() });
                }
                Err(error) => tracing::warn!("no depth: {error}"),
            }
        }
        for request in DepthRequest::subscribe(self.levels, &wanted) {
            let Ok(text) = serde_json::to_string(&request) else { continue };
            if outbox.send(text).await.is_err() {
                // The end of this connection is heard of by itself.
                return true;
            }
        }
        self.tell(DepthNews::Link(up())).await
    }

    async fn read(&mut self, bytes: &[u8]) -> Result<bool, Over> {
        let at = Timestamp::now();
        let misfits = self.decoder.counters().misfits;
        let mut packets: Vec<DepthPacket> = Vec::new();
        self.decoder.push(bytes, |packet| packets.push(packet));
        if self.decoder.counters().misfits > misfits {
            // The next frame begins with a packet again.
            self.decoder.resynchronise();
        }
        for packet in packets {
            match packet.body {
                DepthBody::Side { side, rows, .. } => {
                    let Some(contract) = self.by_number.get(&(packet.segment, packet.security_id)) else { continue };
                    let levels = rows.iter().filter_map(level).collect();
                    let news = DepthNews::Side { contract: *contract, bids: side == DepthSide::Bid, levels, at };
                    if !self.tell(news).await {
                        return Ok(false);
                    }
                }
                DepthBody::Disconnect(reason) => {
                    let words =
                        DataCode::from_number(reason).map_or_else(|| reason.to_string(), |code| code.to_string());
                    let detail = format!("ended by the broker: {words}; next attempt in {} s", self.penalty.as_secs());
                    if !self.tell(DepthNews::Link(down(&detail))).await {
                        return Ok(false);
                    }
                    return Err(Over::Ended);
                }
                DepthBody::Unknown { .. } => {}
            }
        }
        Ok(true)
    }

    async fn tell(&self, news: DepthNews) -> bool {
        self.news.send(news).await.is_ok()
    }
}

/// `None` for an empty row.
fn level(row: &DepthRow) -> Option<Level> {
    let price = Price(row.price.decimal()?);
    let there = price.is_positive() && row.quantity > 0;
    there.then_some(Level { price, quantity: Quantity(row.quantity), orders: row.orders })
}
