//! The trade log: what was decided, sent, answered and filled, one JSON object per line, for tools that follow a file.
//!
//! Written by the tables' thread from committed records, never on the way of a trade. Lines carry the number of their journal
//! record: a start goes on behind the last line that is there, so that no record is told twice and none is left out.

use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Value, json};

use super::cells::{Cells, when};
use crate::domain::time::{Timestamp, ist};
use crate::domain::{IntentId, TradeSighting};
use crate::engine::record::{Owner, Purpose, Record, Unplaced};
use crate::engine::state::{Order, SignalFate, State};
use crate::platform::rotating::{Bounds, RotatingFile};
use crate::store::Entry;

/// More than a year of trading days; a day of a hundred trades is some hundred kilobytes.
const BOUNDS: Bounds = Bounds { file_bytes: 20 * 1024 * 1024, files: 400 };

/// `trades.<date>.jsonl` in the folder of the logs.
#[derive(Debug)]
pub struct TradeLog {
    file: RotatingFile,
    /// The last record that is told.
    told: u64,
    failing: bool,
}

impl TradeLog {
    pub fn open(folder: &Path) -> Self {
        Self::bounded(folder, BOUNDS)
    }

    fn bounded(folder: &Path, bounds: Bounds) -> Self {
        let file = RotatingFile::new(folder, "trades", "jsonl", bounds);
        let told = file.paths().iter().rev().find_map(|path| last_seq(path)).unwrap_or(0);
        Self { file, told, failing: false }
    }

    /// Tells of one record, which has led to `state` and ended these trades. What cannot be written is left out, and that is
    /// told once.
    pub fn take<'a>(&mut self, entry: &Entry, state: &State, ended: impl Iterator<Item = &'a Cells>) {
        if entry.seq <= self.told {
            return;
        }
        let events = event(&entry.record, state).into_iter().chain(ended.map(trade));
        for event in events {
            self.write(entry.seq, entry.at, event);
        }
        self.told = entry.seq;
    }

    fn write(&mut self, seq: u64, at: Timestamp, mut event: Value) {
        event["seq"] = seq.into();
        event["at"] = when(at).into();
        let written = self.file.write(ist(at).date(), format!("{event}\n").as_bytes());
        if let (Err(e), false) = (&written, self.failing) {
            tracing::warn!("the trade log cannot be written: {e}");
        }
        self.failing = written.is_err();
    }
}

/// The number in the last whole line.
fn last_seq(path: &Path) -> Option<u64> {
    let lines = BufReader::new(std::fs::File::open(path).ok()?).lines().map_while(Result::ok);
    let seq = |line: String| serde_json::from_str::<Value>(&line).ok()?["seq"].as_u64();
    lines.filter_map(seq).last()
}

/// What a record tells of a trade.
fn event(record: &Record, state: &State) -> Vec<Value> {
    let of_order = |name: &str, id: IntentId, more: Value| {
        state.orders.get(&id).map(|order| merged(order_line(name, order), more)).into_iter().collect()
    };
    let of_lot =
        |name: &str, owner: &Owner, more: Value| vec![merged(json!({"event": name, "strategy": id(*owner)}), more)];
    match record {
        Record::IntentMade { intent, .. } => of_order("intent", intent.id, json!({})),
        Record::OrderSeen { intent, .. } => of_order("order", *intent, json!({})),
        Record::IntentUnplaced { intent, how, reason } => {
            let how = match how {
                Unplaced::NotSent => "not sent",
                Unplaced::Refused => "refused",
                Unplaced::Unknown => "unknown",
                Unplaced::Lost => "lost",
            };
            of_order("not placed", *intent, json!({"how": how, "reason": reason}))
        }
        Record::ModifyAsked { intent, .. } => of_order("modify", *intent, json!({})),
        Record::ModifyFailed { intent, reason, .. } => of_order("modify failed", *intent, json!({"reason": reason})),
        Record::CancelAsked { intent } => of_order("cancel", *intent, json!({})),
        Record::CancelFailed { intent, reason } => of_order("cancel failed", *intent, json!({"reason": reason})),
        Record::TradesSeen { trades } => trades.iter().map(|t| fill(t, state)).collect(),
        Record::StopSet { owner, contract, stop, .. } => {
            let (trigger, how) = (stop.map(|s| s.trigger.0.normalize()), stop.map(|s| s.how.as_str()));
            of_lot("stop", owner, json!({"contract": contract.to_string(), "trigger": trigger, "how": how}))
        }
        Record::TargetSet { owner, contract, target, .. } => {
            let price = target.map(|p| p.0.normalize());
            of_lot("target", owner, json!({"contract": contract.to_string(), "price": price}))
        }
        Record::ExitStarted { owner, contract, reason, .. } => {
            of_lot("exit", owner, json!({"contract": contract.to_string(), "reason": reason}))
        }
        Record::LotWrittenOff { owner, contract, quantity, reason, .. } => {
            let contract = contract.to_string();
            of_lot("written off", owner, json!({"contract": contract, "quantity": quantity, "reason": reason}))
        }
        Record::SignalSeen { id, signal, .. } => vec![json!({
            "event": "signal",
            "signal": id.0,
            "setup": signal.setup.as_str(),
            "symbol": signal.symbol.as_str(),
            "side": signal.side.as_str(),
            "price": signal.price.0.normalize(),
            "sent_at": when(signal.at),
            "source": signal.source,
        })],
        Record::SignalEnded { id, fate } => vec![merged(json!({"event": "signal ended", "signal": id.0}), told(fate))],
        Record::ScalpMoved { id, to } => vec![json!({"event": "scalp", "strategy": id.0, "state": to.as_str()})],
        Record::ScalpClosed { id, reason, gross, charges } => vec![json!({
            "event": "scalp",
            "strategy": id.0,
            "state": "EXITED",
            "reason": reason,
            "gross": gross.0.normalize(),
            "charges": charges.0.normalize(),
        })],
        Record::Halted { reason } => vec![json!({"event": "halted", "reason": reason})],
        Record::FlattenStarted { .. } => vec![json!({"event": "flatten started"})],
        Record::FlattenEnded => vec![json!({"event": "flatten ended"})],
        Record::Armed => vec![json!({"event": "armed"})],
        _ => Vec::new(),
    }
}

fn told(fate: &SignalFate) -> Value {
    match fate {
        SignalFate::Traded { strategy } => json!({"fate": "traded", "strategy": strategy.0}),
        SignalFate::Observed { what } => json!({"fate": "observed", "reason": what}),
        SignalFate::Refused { why, reason } => json!({"fate": "refused", "refusal": why.as_str(), "reason": reason}),
    }
}

fn order_line(name: &str, order: &Order) -> Value {
    let (purpose, leg) = match order.purpose {
        Purpose::Entry { leg, .. } => ("entry", Some(leg + 1)),
        Purpose::Exit { .. } => ("exit", None),
        Purpose::Protect { .. } => ("stop", None),
    };
    json!({
        "event": name,
        "strategy": id(order.purpose.owner()),
        "purpose": purpose,
        "leg": leg,
        "intent": order.intent.id.0,
        "correlation": order.intent.correlation.to_string(),
        "order": order.order_id.as_ref().map(|id| id.0.clone()),
        "contract": order.intent.spec.contract.to_string(),
        "product": order.intent.spec.product.as_str(),
        "side": order.intent.spec.side.as_str(),
        "quantity": order.quantity.0,
        "filled": order.filled.0,
        "price": order.kind.price().map(|p| p.0.normalize()),
        "trigger": order.kind.trigger().map(|p| p.0.normalize()),
        "value": order.value.0.normalize(),
        "status": order.state.as_str(),
        "reason": order.reason,
    })
}

fn fill(fill: &TradeSighting, state: &State) -> Value {
    let order = state.order_ids.get(&fill.order_id).and_then(|id| state.orders.get(id));
    json!({
        "event": "fill",
        "strategy": order.and_then(|o| id(o.purpose.owner())),
        "order": fill.order_id.0,
        "fill": fill.trade_id,
        "contract": fill.contract.to_string(),
        "product": fill.product.as_str(),
        "side": fill.side.as_str(),
        "quantity": fill.quantity.0,
        "price": fill.price.0.normalize(),
        "traded_at": fill.at.map(when),
    })
}

/// A round trip that is over, by the columns of its table.
fn trade(row: &Cells) -> Value {
    merged(json!({"event": "trade"}), row.json())
}

fn id(owner: Owner) -> Option<u64> {
    match owner {
        Owner::Strategy(id) => Some(id.0),
        Owner::Foreign => None,
    }
}

/// Both objects' fields.
fn merged(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::engine::record::Profile;
    use crate::store::projection::Projector;
    use crate::store::sample::{day, nine_fifteen};
    use crate::store::{Journal, JournalOptions};

    fn lines(folder: &Path) -> Vec<Value> {
        let file = RotatingFile::new(folder, "trades", "jsonl", BOUNDS);
        let texts = file.paths().into_iter().map(|p| std::fs::read_to_string(p).unwrap());
        texts.flat_map(|t| t.lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<_>>()).collect()
    }

    fn journal(folder: &Path) -> Journal {
        Journal::open(folder, Profile::Paper, JournalOptions::default(), nine_fifteen()).unwrap().0
    }

    /// Follows the journal with tables and a log.
    fn follow(folder: &Path, journal: &mut Journal) -> Projector {
        Projector::start_with_log(&folder.join("strikedeck.db"), folder, journal).unwrap()
    }

    #[test]
    fn every_step_of_an_order_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        let projector = follow(folder.path(), &mut journal);
        journal.append(&day()).unwrap();
        drop(projector);
        let lines = lines(folder.path());
        let told = |n: u64| {
            let of = lines.iter().filter(|l| l["intent"] == n);
            of.map(|l| format!("{} {} {}", l["event"], l["status"], l["filled"]).replace('"', "")).collect::<Vec<_>>()
        };
        assert_eq!(told(1), ["intent sent 0", "order working 0", "order filled 65"]);
        assert_eq!(told(3), ["intent sent 0", "order working 30"]);
        let fills: Vec<_> = lines.iter().filter(|l| l["event"] == "fill").map(|l| l["price"].to_string()).collect();
        assert_eq!(fills, ["\"61.15\"", "\"61.2\"", "\"84.25\""]);
        assert!(lines.iter().all(|l| l["at"].as_str().unwrap().ends_with("+05:30")));
    }

    #[test]
    fn a_killed_program_tells_every_record_once() {
        let (straight, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut one = journal(straight.path());
        let projector = follow(straight.path(), &mut one);
        one.append(&day()).unwrap();
        drop(projector);

        let mut other = journal(killed.path());
        for (n, record) in day().into_iter().enumerate() {
            let projector = (n % 3 == 1).then(|| follow(killed.path(), &mut other));
            other.append(&[record]).unwrap();
            drop(projector);
        }
        // Tables that are made anew do not tell it all again.
        std::fs::remove_file(killed.path().join("strikedeck.db")).unwrap();
        drop(follow(killed.path(), &mut other));
        assert_eq!(lines(killed.path()), lines(straight.path()));
    }

    #[test]
    fn the_log_rotates_and_goes_on_behind_its_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::default();
        let bounds = Bounds { file_bytes: 600, files: 4 };
        for (seq, (at, record)) in (1..).zip(day()) {
            state.apply(&record, at);
            let entry = Entry { seq, at, record };
            let mut log = TradeLog::bounded(folder.path(), bounds);
            log.take(&entry, &state, std::iter::empty());
            // Twice is once.
            log.take(&entry, &state, std::iter::empty());
        }
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 4);
        let lines = lines(folder.path());
        let distinct: BTreeSet<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), lines.len());
    }
}
