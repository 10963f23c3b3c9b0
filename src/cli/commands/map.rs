//! `map`: the contract that an option means today.

use serde_json::json;

use crate::cli::args::MapArgs;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::domain::Instrument;
use crate::view::format;
use crate::web::MapQuestion;

pub async fn run(shell: &mut Shell<'_>, args: &MapArgs) -> Result<(), Failure> {
    // Exchanges know capitals only; people type as they like.
    let symbol = args.symbol.trim().to_uppercase();
    let question = MapQuestion { symbol, strike: args.strike, right: args.right, expiry: args.expiry };
    let found = shell.desk.map(question).await?;
    shell.console.document(&document(&found))?;
    let most = found.max_order.map(|most| format!(", at most {most} in one order")).unwrap_or_default();
    let line = format!(
        "{}: security id {}, lot {}, tick {}{most}",
        format::contract(&found.contract),
        found.security_id,
        found.lot,
        found.tick.0.normalize()
    );
    shell.console.say(&line)?;
    match found.contract.expiry() {
        Some(expiry) if args.expiry.is_none() => {
            shell.console.say(&format!("Without --expiry: the nearest that can still be entered, {expiry}."))
        }
        _ => Ok(()),
    }
}

fn document(found: &Instrument) -> serde_json::Value {
    json!({
        "contract": found.contract.to_string(),
        "symbol": found.contract.label(),
        "exchange": found.contract.exchange.as_str(),
        "underlying": found.contract.underlying.as_str(),
        "expiry": found.contract.expiry().map(|d| d.to_string()),
        "security_id": found.security_id.to_string(),
        "lot": found.lot.0,
        "tick": found.tick.0.normalize().to_string().parse::<serde_json::Number>().ok(),
        "max_order": found.max_order.map(|q| q.0),
    })
}
