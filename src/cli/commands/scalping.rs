//! `signals`, `setups` and `signal`: what the scalper does, and a signal sent by hand.

use serde_json::Value;

use crate::cli::args::{SetupsCommand, SignalArgs, SignalsCommand};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::fields::{self, flag, items, number, text, texts, whole};
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::domain::{Money, Price, Signal, SignalKey};
use crate::engine::command::Command;
use crate::view::format;

pub async fn signals(shell: &mut Shell<'_>, command: Option<&SignalsCommand>) -> Result<(), Failure> {
    let (id, approve) = match command {
        Some(SignalsCommand::Approve { id }) => (*id, true),
        Some(SignalsCommand::Decline { id }) => (*id, false),
        None => return show(shell).await,
    };
    shell.order(Command::DecideSignal { id, approve }).await
}

pub async fn setups(shell: &mut Shell<'_>, command: Option<&SetupsCommand>) -> Result<(), Failure> {
    let (setup, armed) = match command {
        Some(SetupsCommand::Arm { name }) => (name.clone(), true),
        Some(SetupsCommand::Pause { name }) => (name.clone(), false),
        None => {
            let all = shell.desk.signals().await?;
            shell.console.document(&all["setups"])?;
            return tell_setups(shell.console, &all);
        }
    };
    shell.order(Command::ArmSetup { setup, armed }).await
}

/// Its time is the cockpit's own: nothing is stale that was typed just now.
pub async fn send(shell: &mut Shell<'_>, args: &SignalArgs) -> Result<(), Failure> {
    let all = shell.desk.signals().await?;
    let price = match args.price {
        Some(price) => price,
        None => last(&all, args.symbol.as_str())?,
    };
    let at = text(&all, "at").to_string();
    let not_understood = |_| Failure::Refused("the cockpit's time is not understood: is it another version?".into());
    let signal = Box::new(Signal {
        setup: args.setup.clone(),
        symbol: args.symbol,
        side: args.side,
        timeframe: "by hand".into(),
        price,
        at: at.parse().map_err(not_understood)?,
        key: SignalKey(format!("shell {at} {}", std::process::id())),
        source: "shell".into(),
    });
    shell.order(Command::Signal { signal }).await
}

fn last(all: &Value, symbol: &str) -> Result<Price, Failure> {
    let index = items(all, "indices").iter().find(|i| text(i, "symbol") == symbol);
    let last = index.and_then(|i| number(i, "last"));
    last.map(Price).ok_or_else(|| Failure::Refused(format!("{symbol} has no price here yet: say one with --price")))
}

async fn show(shell: &mut Shell<'_>) -> Result<(), Failure> {
    let all = shell.desk.signals().await?;
    shell.console.document(&all)?;
    tell_setups(shell.console, &all)?;
    shell.console.say(&today(&all["today"]))?;
    for reason in texts(&all["today"], "full") {
        shell.console.say(&format!("! No further scalp now: {reason}"))?;
    }
    shell.console.say(&webhook(&all["webhook"]))?;
    for table in [open(&all), signal_rows(&all), closed(&all)] {
        if !table.is_empty() {
            shell.console.say("")?;
            shell.console.table(&table)?;
        }
    }
    for asks in items(&all, "signals").iter().filter(|s| s["asks"].is_object()) {
        let id = &asks["id"];
        let line =
            format!("Signal {id} waits: `strikedeck signals approve {id}` or `strikedeck signals decline {id}`.");
        shell.console.say(&line)?;
    }
    Ok(())
}

fn tell_setups(console: &mut Console, all: &Value) -> Result<(), Failure> {
    let rows = items(all, "setups");
    if rows.is_empty() {
        return console.say("There is no set-up: `scalping.setups` in strategy.yaml declares them.");
    }
    let mut table = Table::new([
        table::text("Set-up"),
        table::text("Mode"),
        table::text("State"),
        table::figure("Trades"),
        table::figure("Net today"),
        table::text("Symbols"),
        table::text("Entries"),
    ]);
    for s in rows {
        let until = || match text(s, "until").get(..5) {
            Some(until) => format!("open until {until}"),
            None => "open".into(),
        };
        table.row([
            text(s, "name").into(),
            text(s, "mode").into(),
            if flag(s, "armed") { "armed".into() } else { "paused".into() },
            fields::shown(s, "trades", 0),
            fields::pnl(s, "net"),
            texts(s, "symbols").join(" "),
            s["closed"].as_str().map_or_else(until, str::to_string),
        ]);
    }
    console.table(&table)?;
    if !rows.iter().any(|s| flag(s, "armed")) {
        let name = rows.first().map_or("NAME", |s| text(s, "name"));
        return console.say(&format!("None is armed: `strikedeck setups arm {name}` lets it trade."));
    }
    Ok(())
}

fn today(today: &Value) -> String {
    format!(
        "Today {} of {} trades, net {} (limit −{}), {} of {} losses in a row, {} of {} open",
        fields::shown(today, "trades", 0),
        fields::shown(today, "max_trades", 0),
        fields::pnl(today, "net"),
        fields::rupees(today, "max_loss"),
        fields::shown(today, "losses_in_a_row", 0),
        fields::shown(today, "max_losses_in_a_row", 0),
        fields::shown(today, "open", 0),
        fields::shown(today, "max_open", 0),
    )
}

fn webhook(webhook: &Value) -> String {
    let counts =
        || format!("{} taken, {} refused", fields::shown(webhook, "taken", 0), fields::shown(webhook, "refused", 0));
    match text(webhook, "state") {
        "open" => format!("Webhook at {}: {}", text(webhook, "detail"), counts()),
        "failed" => format!("! Webhook not open: {}", text(webhook, "detail")),
        _ => "Webhook off.".into(),
    }
}

fn open(all: &Value) -> Table {
    let mut table = Table::new([
        table::text("Open scalp"),
        table::text("State"),
        table::figure("Qty"),
        table::figure("Average"),
        table::figure("LTP"),
        table::figure("P&L"),
        table::figure("Stop"),
        table::figure("to stop"),
        table::figure("Target"),
        table::figure("to go"),
        table::figure("Left"),
        table::cut("", 40),
    ]);
    for s in items(all, "open") {
        let left = [whole(s, "holding_left_ms"), whole(s, "square_off_left_ms")].into_iter().flatten().min();
        table.row([
            name(s),
            text(s, "state").into(),
            fields::shown(s, "net_quantity", 0),
            fields::price(s, "average_price"),
            fields::price(s, "ltp"),
            fields::pnl(s, "pnl"),
            fields::price(&s["stop"], "trigger_price"),
            fields::shown(s, "to_stop", 2),
            fields::price(s, "target"),
            fields::shown(s, "to_target", 2),
            format::or_unknown(left, format::left),
            s["exiting"].as_str().map(|why| format!("leaving: {why}")).unwrap_or_default(),
        ]);
    }
    table
}

fn signal_rows(all: &Value) -> Table {
    let mut table = Table::new([
        table::figure("Signal"),
        table::text("Time"),
        table::text("Set-up"),
        table::text("Symbol"),
        table::text("Side"),
        table::figure("Price"),
        table::text("What became of it"),
    ]);
    for s in items(all, "signals") {
        table.row([
            s["id"].to_string(),
            fields::time(s, "at").map(|t| t.strftime("%H:%M:%S").to_string()).unwrap_or_default(),
            text(s, "setup").into(),
            text(s, "symbol").into(),
            text(s, "side").into(),
            fields::price(s, "price"),
            format!("{} {}", text(s, "status"), text(s, "detail")),
        ]);
    }
    table
}

fn closed(all: &Value) -> Table {
    let mut table = Table::new([
        table::text("Closed today"),
        table::text("At"),
        table::figure("Held"),
        table::figure("In"),
        table::figure("Out"),
        table::figure("Gross"),
        table::figure("Charges"),
        table::figure("Net"),
        table::text("Why"),
    ]);
    for s in items(all, "closed") {
        table.row([
            name(s),
            fields::time(s, "exited_at").map(|t| t.strftime("%H:%M:%S").to_string()).unwrap_or_default(),
            format::or_unknown(whole(s, "held_ms"), format::left),
            fields::price(s, "entry_price"),
            fields::price(s, "exit_price"),
            fields::pnl(s, "gross"),
            format::or_unknown(number(s, "charges"), |n| format::rupees(Money(n))),
            fields::pnl(s, "net"),
            text(s, "reason").into(),
        ]);
    }
    table
}

fn name(scalp: &Value) -> String {
    format!("#{} {}", scalp["strategy_id"], text(scalp, "symbol"))
}
