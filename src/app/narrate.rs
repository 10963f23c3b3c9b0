//! What the journal has taken, in words, for the log: every order, its fills and its end, every refusal.

use tracing::{info, warn};

use crate::domain::{OrderKind, OrderSighting, OrderSpec, SeenStatus};
use crate::engine::Record;
use crate::engine::record::{Owner, Purpose};

/// What a record means to a trader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// In a word.
    pub kind: &'static str,
    pub text: String,
    pub warning: bool,
}

impl Told {
    fn new(kind: &'static str, text: String) -> Self {
        Self { kind, text, warning: false }
    }

    fn warning(kind: &'static str, text: String) -> Self {
        Self { kind, text, warning: true }
    }
}

/// Tells the log what a committed record means, if it means anything.
pub fn narrate(record: &Record) {
    // The target of a log line is fixed where it is written.
    match words(record) {
        Some(Told { kind: ORDER, text, warning: false }) => info!(target: ORDER, "{text}"),
        Some(Told { kind: ORDER, text, warning: true }) => warn!(target: ORDER, "{text}"),
        Some(Told { kind: FILL, text, .. }) => info!(target: FILL, "{text}"),
        Some(Told { text, .. }) => warn!(target: REFUSED, "{text}"),
        None => {}
    }
}

const ORDER: &str = "order";
const FILL: &str = "fill";
const REFUSED: &str = "refused";

/// Orders, their fills and their ends, and refusals, in words.
pub fn words(record: &Record) -> Option<Told> {
    Some(match record {
        Record::IntentMade { intent, purpose } => {
            let (order, why) = (order(&intent.spec), reason_of(*purpose));
            Told::new(ORDER, format!("send {order} · {why} · {}", intent.correlation))
        }
        Record::OrderSeen { sighting, .. } => return seen(sighting),
        Record::IntentUnplaced { intent, how, reason } => {
            let how = format!("{how:?}").to_lowercase();
            Told::warning(ORDER, format!("intent {intent} {how}: {reason}"))
        }
        Record::ModifyAsked { intent, kind, .. } => {
            Told::new(ORDER, format!("intent {intent} priced again: {}", price(kind)))
        }
        Record::Refused { what, reason, .. } => Told::warning(REFUSED, format!("{what}: {reason}")),
        _ => return None,
    })
}

fn seen(seen: &OrderSighting) -> Option<Told> {
    let (spec, filled) = (order(&seen.spec), seen.filled);
    let average = seen.average.map(|a| format!(" @ {}", a.0.normalize())).unwrap_or_default();
    let why = seen.reason.as_deref().unwrap_or("no reason given");
    Some(match seen.status {
        SeenStatus::Filled => Told::new(FILL, format!("{spec}{average}")),
        SeenStatus::Working if !filled.is_zero() => Told::new(FILL, format!("{filled} of {spec}{average}")),
        SeenStatus::Transit | SeenStatus::Working => return None,
        SeenStatus::Rejected => Told::warning(ORDER, format!("rejected {spec}: {why}")),
        SeenStatus::Cancelled => Told::new(ORDER, format!("cancelled {spec}, {filled} filled")),
        SeenStatus::Expired => Told::new(ORDER, format!("expired {spec}, {filled} filled")),
    })
}

fn order(spec: &OrderSpec) -> String {
    format!("{} {} {} {}", spec.side, spec.quantity, spec.contract.label(), price(&spec.kind))
}

fn price(kind: &OrderKind) -> String {
    match kind {
        OrderKind::Limit { price } => format!("limit {}", price.0.normalize()),
        OrderKind::Market => "market".into(),
        OrderKind::StopLimit { trigger, price } => {
            format!("stop {} limit {}", trigger.0.normalize(), price.0.normalize())
        }
        OrderKind::StopMarket { trigger } => format!("stop {}", trigger.0.normalize()),
    }
}

fn reason_of(purpose: Purpose) -> String {
    match purpose {
        Purpose::Entry { strategy, leg } => format!("#{strategy} leg {}", leg + 1),
        Purpose::Exit { owner: Owner::Strategy(id) } => format!("exit of #{id}"),
        Purpose::Exit { owner: Owner::Foreign } => "exit of a position opened elsewhere".into(),
        Purpose::Protect { owner: Owner::Strategy(id) } => format!("stop of #{id}"),
        Purpose::Protect { owner: Owner::Foreign } => "stop of a position opened elsewhere".into(),
    }
}
