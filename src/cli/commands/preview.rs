//! What executing would mean now, for people: the legs in the order they would go, the figures, what is against it.

use serde_json::Value;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::fields::{self, items, number, text, texts};
use crate::cli::table::{self, Table};
use crate::domain::Money;
use crate::view::format;

pub fn tell(console: &mut Console, preview: &Value) -> Result<(), Failure> {
    console.say(text(preview, "title"))?;
    let mut table = Table::new([
        table::figure("Wave"),
        table::text("Side"),
        table::figure("Qty"),
        table::text("Contract"),
        table::figure("Orders"),
        table::figure("Recommended"),
        table::figure("Bid"),
        table::figure("Ask"),
        table::figure("Limit"),
    ]);
    for leg in items(preview, "legs") {
        table.row([
            leg["wave"].to_string(),
            text(leg, "action").into(),
            leg["quantity"].to_string(),
            text(leg, "symbol").into(),
            leg["slices"].to_string(),
            fields::price(leg, "recommended"),
            fields::price(leg, "bid"),
            fields::price(leg, "ask"),
            fields::price(leg, "limit"),
        ]);
    }
    if !table.is_empty() {
        console.table(&table)?;
    }
    let premium = |name: &str| format::or_unknown(number(preview, name), |n| format::pnl(Money(n)));
    console.say(&format!(
        "net premium now {} (recommended {}) · max loss {} · margin {} ({}) of {} available",
        premium("net_premium"),
        premium("recommended_premium"),
        fields::bound(preview, "max_loss"),
        fields::rupees(preview, "margin"),
        text(preview, "margin_by"),
        fields::rupees(preview, "available"),
    ))?;
    for warning in texts(preview, "warnings") {
        console.say(&format!("Note: {warning}"))?;
    }
    for refusal in texts(preview, "refusals") {
        console.say(&format!("Would be refused: {refusal}"))?;
    }
    Ok(())
}

pub fn is_refused(preview: &Value) -> bool {
    !items(preview, "refusals").is_empty()
}
