//! What happened, in one line each, for the tail of a violation.

use crate::domain::OrderSighting;
use crate::gateway::{Answer, Call};

pub fn cut(mut text: String, most: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
    text
}

pub fn seen_text(s: &OrderSighting) -> String {
    let mark = s.correlation.as_ref().map_or("-", |c| c.as_str());
    let (spec, filled) = (s.spec, s.filled);
    let reason = s.reason.as_deref().unwrap_or_default();
    let price = spec.kind.price().map_or_else(|| "market".into(), |p| p.to_string());
    let price = spec.kind.trigger().map_or_else(|| price.clone(), |t| format!("{price} stop {t}"));
    let (id, side, quantity, label) = (&s.order_id, spec.side, spec.quantity, spec.contract.label());
    format!("{id} {mark} {side} {filled}/{quantity} {label} @{price} {:?} {reason}", s.status)
}

pub fn call_text(call: &Call) -> String {
    match call {
        Call::Place(i) => {
            let (s, mark) = (i.spec, i.correlation.as_str());
            format!("place {mark} {} {} {} {:?}", s.side, s.quantity, s.contract.label(), s.kind)
        }
        Call::Modify { order_id, spec } => format!("modify {order_id} {} {:?}", spec.quantity, spec.kind),
        Call::Cancel { order_id } => format!("cancel {order_id}"),
        Call::FindByCorrelation(mark) => format!("find {mark}"),
        Call::Orders | Call::Trades | Call::Positions | Call::Funds | Call::Safeguard(_) => call.name().into(),
    }
}

pub fn short(answer: &Answer) -> String {
    match answer {
        Answer::Orders(all) => format!("{} orders", all.len()),
        Answer::Trades(all) => format!("{} trades", all.len()),
        Answer::Positions(all) => {
            all.iter().map(|p| format!("{} {:+}", p.contract.label(), p.net.0)).collect::<Vec<_>>().join(", ")
        }
        Answer::Found(Some(s)) => format!("found {}", seen_text(s)),
        other => cut(format!("{other:?}"), 120),
    }
}
