//! What the journal has taken, in words, for the log: every order, its fills and its end, every refusal.

use tracing::{info, warn};

use crate::domain::{OrderKind, OrderSighting, OrderSpec, SeenStatus};
use crate::engine::Record;
use crate::engine::record::{Owner, Purpose};

/// Tells what a committed record means to a trader, if it means anything.
pub fn narrate(record: &Record) {
    match record {
        Record::IntentMade { intent, purpose } => {
            info!(target: "order", "send {} · {} · {}", order(&intent.spec), reason_of(*purpose), intent.correlation);
        }
        Record::OrderSeen { sighting, .. } => told(sighting),
        Record::IntentUnplaced { intent, how, reason } => {
            warn!(target: "order", "intent {intent} {}: {reason}", format!("{how:?}").to_lowercase());
        }
        Record::ModifyAsked { intent, kind, .. } => {
            info!(target: "order", "intent {intent} priced again: {}", price(kind));
        }
        Record::Refused { what, reason, .. } => warn!(target: "refused", "{what}: {reason}"),
        _ => {}
    }
}

fn told(seen: &OrderSighting) {
    let (spec, filled) = (order(&seen.spec), seen.filled);
    let average = seen.average.map(|a| format!(" @ {}", a.0.normalize())).unwrap_or_default();
    let why = seen.reason.as_deref().unwrap_or("no reason given");
    match seen.status {
        SeenStatus::Filled => info!(target: "fill", "{spec}{average}"),
        SeenStatus::Working if !filled.is_zero() => info!(target: "fill", "{filled} of {spec}{average}"),
        SeenStatus::Transit | SeenStatus::Working => {}
        SeenStatus::Rejected => warn!(target: "order", "rejected {spec}: {why}"),
        SeenStatus::Cancelled => info!(target: "order", "cancelled {spec}, {filled} filled"),
        SeenStatus::Expired => info!(target: "order", "expired {spec}, {filled} filled"),
    }
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
