//! The price link: subscribes what is wanted, again after every reconnect, and tells the newest quotes.

mod book;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use self::book::{PriceBook, Said};
use super::contracts::{SharedIndex, current, security_of};
use super::order_update::{down, fell, up};
use super::{DhanBroker, DhanCredentials};
use crate::broker::{FeedControl, FeedNews, Heard, LinkState, MarketFeed};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Segment};
use crate::gateway::ErrorClass;
use crate::net::{Outbox, Secret, Socket, SocketEvent, SocketMessage, SocketSettings};
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::market_feed::{
    FeedDecoder, FeedInstrument, FeedMode, FeedRequest, MAX_PER_CONNECTION, Packet,
};

impl DhanBroker {
    pub(super) fn open_market_feed(&self) -> MarketFeed {
        let (sender, news) = mpsc::channel(64);
        let (control, wanted) = FeedControl::new();
        let heard = Heard::default();
        let link = FeedLink {
            address: self.endpoints.feed.clone(),
            settings: self.settings.feed,
            penalty: self.settings.penalty,
            quiet: Quiet::new(self.settings.quiet),
            credentials: self.credentials.subscribe(),
            index: self.index.clone(),
            wanted,
            news: sender,
            heard: heard.clone(),
            book: PriceBook::default(),
            decoder: FeedDecoder::new(),
            subscribed: BTreeSet::new(),
            outbox: None,
        };
        tokio::spawn(link.run());
        MarketFeed { news, control, heard }
    }
}

/// What is subscribed of a contract: an index has neither depth nor volume, and is known to be sent as a ticker.
type Subscription = (FeedMode, FeedInstrument, Contract);

struct FeedLink {
    address: String,
    settings: SocketSettings,
    /// The wait after the broker ended the session for a reason.
    penalty: Duration,
    quiet: Quiet,
    credentials: watch::Receiver<DhanCredentials>,
    index: SharedIndex,
    wanted: watch::Receiver<BTreeSet<Contract>>,
    news: mpsc::Sender<FeedNews>,
    heard: Heard,
    book: PriceBook,
    decoder: FeedDecoder,
    /// On this connection.
    subscribed: BTreeSet<Subscription>,
    outbox: Option<Outbox>,
}

enum Happened {
    Event(SocketEvent),
    /// What is wanted has changed (or will not any more).
    Wanted(bool),
    /// There is news, and room to tell it.
    Room,
}

/// Why a session is over.
enum Over {
    /// Nobody listens any more.
    Unheard,
    NewToken,
    /// The broker ended it and said why.
    Ended,
    /// It stands, but tells nothing any more.
    Quiet,
}

/// Notices a feed that stands and tells nothing. A market that is closed tells nothing either: only a connection that told
/// prices for a while, and not just what it says to a subscription, is taken for dead when it falls quiet.
struct Quiet {
    longest: Duration,
    subscribed: Instant,
    /// When it last told something, if it has been lively.
    told: Option<Instant>,
}

impl Quiet {
    /// What comes within this time is the answer to a subscription.
    const ANSWER: Duration = Duration::from_millis(800);

    fn new(longest: Duration) -> Self {
        Self { longest, subscribed: Instant::now(), told: None }
    }

    fn subscribed(&mut self) {
        self.subscribed = Instant::now();
        self.told = None;
    }

    fn told(&mut self) {
        let now = Instant::now();
        if self.told.is_some() || now.duration_since(self.subscribed) > Self::ANSWER {
            self.told = Some(now);
        }
    }

    /// Returns when it has been quiet for too long.
    async fn lasts(&self) {
        match self.told {
            Some(told) => sleep_until(told + self.longest).await,
            None => std::future::pending().await,
        }
    }
}

impl FeedLink {
    async fn run(mut self) {
        loop {
            let Err(over) = self.one_session().await;
            self.forget_connection();
            let told = match over {
                Over::Unheard => return,
                Over::NewToken => self.tell(FeedNews::Link(down("the access token was replaced"))).await,
                Over::Ended => self.penalty().await,
                Over::Quiet => self.tell(FeedNews::Link(down("it stood, but told nothing"))).await,
            };
            if told.is_err() {
                return;
            }
        }
    }

    /// Coming back at once can block the account; a new token is worth a try.
    async fn penalty(&mut self) -> Result<(), Over> {
        tokio::select! {
            () = sleep(self.penalty) => Ok(()),
            changed = self.credentials.changed() => changed.map_err(|_| Over::Unheard),
            () = self.news.closed() => Err(Over::Unheard),
        }
    }

    /// From one access token to the next.
    async fn one_session(&mut self) -> Result<Infallible, Over> {
        let url = address(&self.address, &self.credentials.borrow_and_update());
        let mut socket = Socket::open(url, self.settings);
        let mut controlled = true;
        loop {
            let happened = tokio::select! {
                event = socket.next() => Happened::Event(event.ok_or(Over::Unheard)?),
                changed = self.wanted.changed(), if controlled => Happened::Wanted(changed.is_ok()),
                changed = self.credentials.changed() => {
                    return Err(if changed.is_ok() { Over::NewToken } else { Over::Unheard });
                }
                room = self.news.reserve(), if self.book.has_news() => match room {
                    Ok(_) => Happened::Room,
                    Err(_) => return Err(Over::Unheard),
                },
                () = self.quiet.lasts() => return Err(Over::Quiet),
                () = self.news.closed() => return Err(Over::Unheard),
            };
            match happened {
                Happened::Event(event) => self.take(event).await?,
                Happened::Wanted(true) => self.subscribe().await,
                // The control is gone; what is watched stays so.
                Happened::Wanted(false) => controlled = false,
                Happened::Room => {
                    let quotes = self.book.take_quotes();
                    self.tell(FeedNews::Quotes(quotes)).await?;
                }
            }
        }
    }

    async fn take(&mut self, event: SocketEvent) -> Result<(), Over> {
        match event {
            SocketEvent::Connected(outbox) => {
                self.forget_connection();
                self.outbox = Some(outbox);
                self.subscribe().await;
                self.tell(FeedNews::Link(up())).await
            }
            SocketEvent::Disconnected(end) => {
                self.forget_connection();
                self.tell(FeedNews::Link(fell(&end))).await
            }
            SocketEvent::Message(SocketMessage::Binary(bytes)) => self.read(&bytes).await,
            SocketEvent::Message(SocketMessage::Text(text)) => {
                tracing::info!("the price link says: {}", text.chars().take(200).collect::<String>());
                Ok(())
            }
        }
    }

    fn forget_connection(&mut self) {
        self.outbox = None;
        self.quiet.subscribed();
        self.subscribed.clear();
        self.decoder.resynchronise();
    }

    /// Brings what is subscribed to what is wanted. A connection that goes away meanwhile is heard of by itself.
    async fn subscribe(&mut self) {
        let Some(outbox) = &self.outbox else { return };
        let index = current(&self.index);
        let mut wanted = BTreeSet::new();
        for contract in self.wanted.borrow_and_update().iter() {
            match security_of(&index, contract) {
                Ok((exchange_segment, id)) => {
                    let mode = if contract.segment() == Segment::Index { FeedMode::Ticker } else { FeedMode::Full };
                    let instrument = FeedInstrument { exchange_segment, security_id: id.to_string() };
                    wanted.insert((mode, instrument, *contract));
                }
                Err(error) => tracing::warn!("no prices: {error}"),
            }
        }
        if wanted.len() > MAX_PER_CONNECTION {
            tracing::warn!("{} contracts are wanted, the feed carries {MAX_PER_CONNECTION}", wanted.len());
            wanted = wanted.into_iter().take(MAX_PER_CONNECTION).collect();
        }
        let (gone, new) = (only(&self.subscribed, &wanted), only(&wanted, &self.subscribed));
        let mut requests = Vec::new();
        for mode in FeedMode::ALL {
            requests.extend(FeedRequest::unsubscribe(mode, &of_mode(&gone, mode)));
            requests.extend(FeedRequest::subscribe(mode, &of_mode(&new, mode)));
        }
        if !requests.is_empty() && self.quiet.told.is_none() {
            self.quiet.subscribed();
        }
        for request in requests {
            let Ok(text) = serde_json::to_string(&request) else { continue };
            if outbox.send(text).await.is_err() {
                return;
            }
        }
        self.book.watch(wanted.iter().map(|(_, instrument, contract)| (instrument, *contract)));
        self.subscribed = wanted;
    }

    async fn read(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let now = Timestamp::now();
        self.heard.note(now);
        self.quiet.told();
        let misfits = self.decoder.counters().misfits;
        let mut packets: Vec<Packet> = Vec::new();
        self.decoder.push(bytes, |packet| packets.push(packet));
        if self.decoder.counters().misfits > misfits {
            // The next frame begins with a packet again.
            self.decoder.resynchronise();
        }
        for packet in &packets {
            match self.book.take(packet, now) {
                Said::Nothing => {}
                Said::PreviousClose(contract, close) => {
                    self.tell(FeedNews::PreviousClose(contract, close)).await?;
                }
                Said::Disconnect(reason) => self.ended(reason).await?,
            }
        }
        Ok(())
    }

    /// The broker says why it is about to close.
    async fn ended(&mut self, reason: u16) -> Result<(), Over> {
        let code = DataCode::from_number(reason);
        let words = code.map_or_else(|| reason.to_string(), |code| code.to_string());
        let refused = code.and_then(refused);
        let seconds = self.penalty.as_secs();
        let detail = format!("ended by the broker: {words}; next attempt in {seconds} s");
        self.tell(FeedNews::Link(LinkState { refused, ..down(&detail) })).await?;
        Err(Over::Ended)
    }

    async fn tell(&self, news: FeedNews) -> Result<(), Over> {
        self.news.send(news).await.map_err(|_| Over::Unheard)
    }
}

/// What a reason says about the token or the account.
fn refused(code: DataCode) -> Option<ErrorClass> {
    match code {
        DataCode::NotSubscribed => Some(ErrorClass::Blocked),
        DataCode::TokenExpired | DataCode::AuthenticationFailed | DataCode::InvalidToken | DataCode::InvalidClient => {
            Some(ErrorClass::LogIn)
        }
        DataCode::Internal
        | DataCode::TooManyInstruments
        | DataCode::TooMany
        | DataCode::InvalidExpiry
        | DataCode::InvalidDate
        | DataCode::InvalidSecurity
        | DataCode::InvalidRequest => None,
    }
}

fn only(some: &BTreeSet<Subscription>, others: &BTreeSet<Subscription>) -> Vec<Subscription> {
    some.difference(others).cloned().collect()
}

fn of_mode(all: &[Subscription], mode: FeedMode) -> Vec<FeedInstrument> {
    all.iter().filter(|(of, _, _)| *of == mode).map(|(_, instrument, _)| instrument.clone()).collect()
}

/// The feed takes its login in the address, which is therefore a secret.
fn address(base: &str, credentials: &DhanCredentials) -> Secret {
    Secret::new(format!("{base}?version=2&{}", login_query(credentials)))
}

/// What all price links have in their address.
pub(super) fn login_query(credentials: &DhanCredentials) -> String {
    let token = in_query(credentials.access_token.expose());
    let client = in_query(&credentials.client_id);
    format!("token={token}&clientId={client}&authType=2")
}

/// Everything but letters, digits and what a token is made of is written as `%XX`.
fn in_query(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    let written = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(written).collect()
}
