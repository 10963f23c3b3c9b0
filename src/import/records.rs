//! Records of a strategy with its legs: the canonical record, the analyser's strategy object, position lists.
//!
//! Field names differ between tools, so each field is looked for under all its usual names.

use super::Refused;
use super::exits::RawRules;
use super::json::{Found, Node};
use super::leg::RawLeg;
use super::raw::{Cell, RawStrategy};

/// What a record takes from what surrounds it where it has no own.
#[derive(Clone, Default)]
pub(super) struct Envelope {
    pub symbol: Option<Cell>,
    pub exchange: Option<Cell>,
    pub expiry: Option<Cell>,
    pub spot: Option<Cell>,
    pub generated_at: Option<Cell>,
    pub valid_until: Option<Cell>,
    pub confidence: Option<Cell>,
    /// The market view in a few words, put before the record's own outlook.
    pub view: Option<Cell>,
}

impl Envelope {
    pub fn of(node: &Node<'_>) -> Self {
        Self {
            symbol: symbol(node),
            exchange: node.cell(&["exchange"]),
            expiry: node.cell(&["expiry", "expiry_date"]),
            spot: node.cell(&["spot_price", "spot"]),
            generated_at: generated_at(node),
            valid_until: node.cell(&["valid_until"]),
            confidence: node.cell(&["market_analysis.confidence", "scores.confidence"]),
            view: None,
        }
    }
}

const LISTS: [&str; 5] = ["positions", "strategies", "recommendations", "records", "cases"];

/// The list of records that an object wraps.
pub(super) fn list_in<'a>(root: &Node<'a>) -> Option<Node<'a>> {
    LISTS.iter().filter_map(|key| root.get(key)).find(|list| list.value.is_array())
}

pub(super) fn is_record(node: &Node<'_>) -> bool {
    node.get("legs").is_some() || node.get("record").is_some_and(|r| r.value.is_object())
}

pub(super) fn list(list: &Node<'_>, envelope: &Envelope, found: &mut Found) {
    for item in list.items().unwrap_or_default() {
        one(&item, envelope, found);
    }
}

/// One record; `{envelope, record}` is taken apart.
pub(super) fn one(node: &Node<'_>, envelope: &Envelope, found: &mut Found) {
    if let Some(inner) = node.get("record") {
        let own = node.get("envelope").map(|e| Envelope::of(&e)).unwrap_or_default();
        found.strategies.push(strategy(&inner, &own));
    } else {
        found.strategies.push(strategy(node, envelope));
    }
}

fn strategy(node: &Node<'_>, envelope: &Envelope) -> Result<RawStrategy, Refused> {
    let refuse =
        |place: &str, reason: &str| Err(Refused { place: place.into(), code: "bad_record", reason: reason.into() });
    if !node.value.is_object() {
        return refuse(&node.place, "a strategy must be an object");
    }
    let legs = match node.get("legs") {
        None => Vec::new(),
        Some(list) => match list.items() {
            Some(items) => items.iter().map(leg).collect::<Result<_, _>>()?,
            None => return refuse(&list.place, "`legs` must be a list"),
        },
    };
    let or = |own: Option<Cell>, outer: &Option<Cell>| own.or_else(|| outer.clone());
    let own = Envelope::of(node);
    Ok(RawStrategy {
        place: node.place.clone(),
        symbol: or(own.symbol, &envelope.symbol),
        exchange: or(own.exchange, &envelope.exchange),
        name: name(node),
        legs,
        expiry: or(own.expiry, &envelope.expiry),
        spot: or(own.spot, &envelope.spot),
        score: node.cell(&["total_score", "score", "scores.total"]),
        probability: node.cell(&["probability_profit", "probability_of_profit", "pop", "metrics.pop", "probability"]),
        conviction: node.cell(&["conviction_level", "conviction", "scores.conviction"]),
        confidence: or(own.confidence, &envelope.confidence),
        max_profit: node.cell(&["max_profit", "metrics.max_profit"]),
        max_loss: node.cell(&["max_loss", "metrics.max_loss"]),
        generated_at: or(own.generated_at, &envelope.generated_at),
        valid_until: or(own.valid_until, &envelope.valid_until),
        outlook: outlook(node, envelope),
        exits: RawRules::of(node),
    })
}

fn leg(node: &Node<'_>) -> Result<RawLeg, Refused> {
    if !node.value.is_object() {
        let reason = "a leg must be an object".into();
        return Err(Refused { place: node.place.clone(), code: "bad_record", reason });
    }
    Ok(RawLeg {
        place: node.place.clone(),
        side: node.cell(&["position", "action", "side", "setup_type", "transaction_type"]),
        kind: node.cell(&["option_type", "type", "right", "instrument"]),
        strike: node.cell(&["strike", "strike_price"]),
        expiry: node.cell(&["expiry", "expiry_date"]),
        // In rows of the analyser's database `quantity` is the lot size and `lots` the ratio.
        ratio: node.cell(&["ratio", "lots", "quantity"]),
        premium: node.cell(&["premium", "price", "entry_price"]),
    })
}

fn name(node: &Node<'_>) -> Option<Cell> {
    let plain = node.first(&["strategy_name", "name", "claimed_name", "strategy.claimed_name", "strategy.name"]);
    plain.or_else(|| node.get("strategy").filter(|s| s.value.is_string())).map(|n| n.text())
}

fn symbol(node: &Node<'_>) -> Option<Cell> {
    node.cell(&["symbol", "stock_name", "underlying"])
}

/// A time, or an object that gives it in UTC and in Indian time.
fn generated_at(node: &Node<'_>) -> Option<Cell> {
    let times = ["analysis_timestamp", "generated_at", "generated_on", "entry_date"];
    times
        .iter()
        .filter_map(|key| node.get(key))
        .find_map(|at| if at.value.is_object() { at.cell(&["utc", "ist"]) } else { Some(at.text()) })
}

fn outlook(node: &Node<'_>, envelope: &Envelope) -> Option<Cell> {
    let own = node
        .cell(&["optimal_outcome", "outlook", "market_outlook", "notes", "description"])
        .filter(|cell| !cell.text.trim().is_empty());
    match (&envelope.view, own) {
        (Some(view), Some(own)) => Some(Cell { text: format!("{}. {}", view.text, own.text), place: own.place }),
        (view, own) => own.or_else(|| view.clone()),
    }
}
