//! A cockpit for tests: shows pictures one after another, answers as told, remembers what it was asked.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json as json_value};

use super::desk::{AlertsRequest, Answer, Desk, DeskError, LotQuestion, MapQuestion};
use super::office::{BrokerForm, CurrentBroker, LoginTold, Office, SupportedBroker};
use crate::domain::{Instrument, Quantity, StrategyId};
use crate::engine::command::{Command, Origin, Preview, Reply};
use crate::view::fixture::{Desk as Trader, LOT, instrument, option};
use crate::view::{View, json};

type Answering = Box<dyn Fn(&Command) -> Result<Reply, DeskError> + Send + Sync>;

pub(crate) struct FakeDesk {
    /// The first is current; each look at the status goes on to the next, the last stays.
    pictures: Mutex<VecDeque<View>>,
    answering: Answering,
    preview: Option<Preview>,
    asked: Mutex<Vec<(Command, Origin)>>,
    halts: AtomicUsize,
}

impl FakeDesk {
    pub fn showing(picture: View) -> Self {
        Self {
            pictures: Mutex::new(VecDeque::from([picture])),
            answering: Box::new(|command| Ok(Reply::done(format!("did {}", command.name())))),
            preview: None,
            asked: Mutex::default(),
            halts: AtomicUsize::new(0),
        }
    }

    /// A desk with nothing on it.
    pub fn empty() -> Self {
        Self::showing(Trader::new().view())
    }

    pub fn then(self, picture: View) -> Self {
        self.pictures.lock().unwrap().push_back(picture);
        self
    }

    pub fn answering(mut self, answer: impl Fn(&Command) -> Result<Reply, DeskError> + Send + Sync + 'static) -> Self {
        self.answering = Box::new(answer);
        self
    }

    pub fn with_preview(mut self, preview: Preview) -> Self {
        self.preview = Some(preview);
        self
    }

    pub fn asked(&self) -> Vec<Command> {
        self.asked.lock().unwrap().iter().map(|(c, _)| c.clone()).collect()
    }

    pub fn origins(&self) -> Vec<Origin> {
        self.asked.lock().unwrap().iter().map(|(_, o)| *o).collect()
    }

    pub fn halts(&self) -> usize {
        self.halts.load(Ordering::SeqCst)
    }

    fn picture(&self) -> View {
        self.pictures.lock().unwrap()[0].clone()
    }
}

fn ready<'a, T: Send + 'a>(result: Result<T, DeskError>) -> Answer<'a, T> {
    Box::pin(std::future::ready(result))
}

impl Desk for FakeDesk {
    fn command(&self, command: Command, origin: Origin) -> Answer<'_, Reply> {
        let reply = (self.answering)(&command);
        self.asked.lock().unwrap().push((command, origin));
        ready(reply)
    }

    fn halt(&self, _: Origin) -> Answer<'_, Reply> {
        self.halts.fetch_add(1, Ordering::SeqCst);
        ready(Ok(Reply::done("Halted: no entries.")))
    }

    fn list(&self) -> Answer<'_, Value> {
        ready(Ok(json::list(&self.picture())))
    }

    fn status(&self) -> Answer<'_, Value> {
        let mut pictures = self.pictures.lock().unwrap();
        let status = json::status(&pictures[0]);
        if pictures.len() > 1 {
            pictures.pop_front();
        }
        ready(Ok(status))
    }

    fn signals(&self) -> Answer<'_, Value> {
        ready(Ok(json::signals(&self.picture())))
    }

    fn show(&self, id: StrategyId) -> Answer<'_, Value> {
        let found = json::show(&self.picture(), id, self.preview.as_ref());
        ready(found.ok_or_else(|| DeskError::NotFound(format!("#{id}: there is no such strategy"))))
    }

    fn map(&self, question: MapQuestion) -> Answer<'_, Instrument> {
        let strike = i64::try_from(question.strike.0.mantissa()).unwrap();
        if question.symbol == "NIFTY" {
            return ready(Ok(instrument(option("NIFTY", strike, question.right.as_str()))));
        }
        ready(Err(DeskError::Refused(format!("{}: no such underlying; did you mean NIFTY?", question.symbol))))
    }

    fn alerts(&self, request: AlertsRequest) -> Answer<'_, Value> {
        let at = "2026-11-20T09:15:00+05:30";
        let alert = |id: u64, read_at: Option<&str>| json_value!({"id": id, "at": at, "level": "warning", "text": format!("alert {id}"), "read_at": read_at});
        ready(Ok(match request {
            AlertsRequest::List { unread: true } => json_value!({"unread": 1, "alerts": [alert(8, None)]}),
            AlertsRequest::List { unread: false } => {
                json_value!({"unread": 1, "alerts": [alert(7, Some(at)), alert(8, None)]})
            }
            AlertsRequest::Read { ids } => json_value!({"read": ids.map_or(1, |ids| ids.len()), "unread": 0}),
            AlertsRequest::Mute { seconds } => json_value!({"muted_until": (seconds > 0).then_some(at)}),
        }))
    }

    fn lots(&self, questions: Vec<LotQuestion>) -> Answer<'_, Vec<Option<Quantity>>> {
        let lot = |q: &LotQuestion| (q.symbol.as_str() == "NIFTY").then_some(Quantity(LOT));
        ready(Ok(questions.iter().map(lot).collect()))
    }
}

/// A desk whose engine hangs.
pub(crate) struct Hanging;

impl Desk for Hanging {
    fn signals(&self) -> Answer<'_, Value> {
        Box::pin(std::future::pending())
    }
    fn alerts(&self, _: AlertsRequest) -> Answer<'_, Value> {
        Box::pin(std::future::pending())
    }
    fn command(&self, _: Command, _: Origin) -> Answer<'_, Reply> {
        Box::pin(std::future::pending())
    }
    fn halt(&self, _: Origin) -> Answer<'_, Reply> {
        Box::pin(std::future::pending())
    }
    fn list(&self) -> Answer<'_, Value> {
        Box::pin(std::future::pending())
    }
    fn status(&self) -> Answer<'_, Value> {
        Box::pin(std::future::pending())
    }
    fn show(&self, _: StrategyId) -> Answer<'_, Value> {
        Box::pin(std::future::pending())
    }
    fn map(&self, _: MapQuestion) -> Answer<'_, Instrument> {
        Box::pin(std::future::pending())
    }
    fn lots(&self, _: Vec<LotQuestion>) -> Answer<'_, Vec<Option<Quantity>>> {
        Box::pin(std::future::pending())
    }
}

/// An office that keeps what it is told, and takes one client id only.
#[derive(Default)]
pub(crate) struct FakeOffice {
    pub configured: Mutex<Vec<BrokerForm>>,
}

impl Office for FakeOffice {
    fn brokers(&self) -> Vec<SupportedBroker> {
        vec![SupportedBroker { name: "dhan", title: "Dhan", logins: vec![vec!["client_id", "access_token"]] }]
    }
    fn broker(&self) -> Answer<'_, CurrentBroker> {
        ready(Ok(CurrentBroker {
            broker: "dhan",
            mode: "paper",
            client_id: Some("…0001".into()),
            kept: vec!["access_token"],
            token_ends_at: None,
            token_refused: false,
        }))
    }
    fn configure(&self, form: BrokerForm) -> Answer<'_, LoginTold> {
        if form.client_id != "1000000001" {
            return ready(Err(DeskError::Refused("the broker does not know that client id".into())));
        }
        self.configured.lock().unwrap().push(form);
        self.test()
    }
    fn test(&self) -> Answer<'_, LoginTold> {
        ready(Ok(LoginTold {
            account_ends_in: "0001".into(),
            token_ends_at: None,
            segments: "Derivatives".into(),
            market_data: true,
            kept_in: None,
        }))
    }
    fn metrics(&self) -> String {
        "strikedeck_uptime_seconds 1\n".into()
    }
}
