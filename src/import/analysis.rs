//! The Options V4 analyser's own output: a portfolio of symbols, or one symbol alone.
//!
//! A symbol without strategies is ordinary and becomes a note.

use super::json::{Found, Node, keyed};
use super::raw::Cell;
use super::records::{self, Envelope};
use super::text::clean;
use super::{Note, Refused};

/// When the analysis says it was made.
pub(super) fn time_of(root: &Node<'_>) -> Option<Cell> {
    root.cell(&["analysis_timestamp", "generated_at"])
}

/// `{success: false, reason}`: what a symbol without strategies looks like when it stands alone.
pub(super) fn is_failure(node: &Node<'_>) -> bool {
    node.get("success").is_some_and(|s| s.is_false()) && node.get("legs").is_none()
}

pub(super) fn portfolio(root: &Node<'_>, results: &Node<'_>, found: &mut Found) -> Result<(), String> {
    let Some(symbols) = results.value.as_object() else {
        return Err("`symbol_results` is not an object".into());
    };
    let time = time_of(root);
    for (symbol, value) in symbols {
        let place = keyed(&results.place, symbol);
        symbol_result(&Node { value, place }, Some(symbol), time.as_ref(), found);
    }
    Ok(())
}

/// Everything one symbol brought. The name it is filed under stands in where it has none inside.
pub(super) fn symbol_result(node: &Node<'_>, filed_under: Option<&str>, time: Option<&Cell>, found: &mut Found) {
    let named = filed_under.map(|text| Cell { place: node.place.clone(), text: text.to_owned() });
    let symbol = node.cell(&["symbol"]).or(named);
    let note = |text: String| {
        let label = symbol.as_ref().map_or_else(|| "the symbol".to_owned(), |s| clean(&s.text, 40).0);
        Note { place: node.place.clone(), text: format!("{label}: {text}") }
    };
    let refuse =
        |place: &str, code, reason: &str| Err(Refused { place: place.to_owned(), code, reason: reason.into() });
    if !node.value.is_object() {
        found.strategies.push(refuse(&node.place, "bad_result", "the result of a symbol is not an object"));
        return;
    }
    if is_failure(node) {
        let reason =
            node.cell(&["reason", "error"]).map_or_else(|| "no reason given".into(), |r| clean(&r.text, 160).0);
        found.notes.push(note(format!("no strategies ({reason})")));
        return;
    }
    let Some(list) = node.get("top_strategies") else {
        found.notes.push(note("no strategies".into()));
        return;
    };
    let Some(strategies) = list.items() else {
        found.strategies.push(refuse(&list.place, "bad_result", "`top_strategies` is not a list"));
        return;
    };
    if strategies.is_empty() {
        found.notes.push(note("no strategies".into()));
    }
    let envelope = Envelope {
        symbol,
        spot: node.cell(&["spot_price"]),
        generated_at: time.cloned().or_else(|| time_of(node)),
        confidence: node.cell(&["market_analysis.confidence"]),
        view: view(node),
        ..Envelope::default()
    };
    for strategy in &strategies {
        records::one(strategy, &envelope, found);
    }
}

/// The analyser's view of the market in a few words: `Bearish, moderate`.
fn view(node: &Node<'_>) -> Option<Cell> {
    let market = node.get("market_analysis")?;
    let direction = market.cell(&["direction"])?;
    let strength = market.cell(&["sub_category"]).map(|s| s.text.to_lowercase()).filter(|s| !s.trim().is_empty());
    let text = strength.map_or_else(|| direction.text.clone(), |s| format!("{}, {s}", direction.text));
    Some(Cell { text, ..direction })
}
