//! `risk`: the limits as they are set, and that their owner has looked at them.

use serde_json::json;

use crate::app::{Options, prepare, risk_review};
use crate::cli::args::{Global, RiskCommand};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::table::{self, Table};
use crate::domain::time::{Timestamp, ist};
use crate::engine::record::Profile;

pub async fn run(global: &Global, command: Option<&RiskCommand>, console: &mut Console) -> Result<(), Failure> {
    let options = Options {
        profile: Profile::Live,
        data: global.data.clone(),
        config: global.config.clone(),
        ..Options::default()
    };
    let (folder, config) = prepare(&options)?;
    let lines = risk_review::lines(&config);
    let mut table = Table::new([table::text("Limit"), table::text("Value")]);
    for (name, value) in &lines {
        table.row([name.clone(), value.clone()]);
    }
    console.table(&table)?;
    if let Some(RiskCommand::Ack(yes)) = command {
        console.confirm("These are the limits for live trading. Are they right?", yes.yes).await?;
        risk_review::agree(&folder, &config, Timestamp::now())?;
    }
    let reviewed = risk_review::reviewed(&folder, &config);
    let limits: serde_json::Map<String, serde_json::Value> =
        lines.into_iter().map(|(name, value)| (name, value.into())).collect();
    console.document(&json!({ "limits": limits, "reviewed_at": reviewed.map(|t| t.to_string()) }))?;
    console.say(&match reviewed {
        Some(at) => format!("Reviewed {}.", ist(at).strftime("%d %b %Y %H:%M IST")),
        None => "Not reviewed since they were set: strikedeck risk ack.".into(),
    })
}
