//! `replay`: a past day from its journal alone, on the screen or as the status it was.

use serde_json::{Value, json};

use crate::app::replay::{self, Player};
use crate::cli::args::{Global, ReplayArgs, ReplayDay};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::wiring;
use crate::domain::time::{Timestamp, trading_day};
use crate::platform::console::{is_terminal, usable};
use crate::view::{format, json as document};

/// Whether the day is shown on the screen rather than printed.
pub fn on_screen(args: &ReplayArgs, console: &Console) -> bool {
    !args.print && !console.is_json() && is_terminal(&std::io::stdin()) && is_terminal(&std::io::stdout())
}

/// Prints the status as it was; for the screen, only looks whether there can be one.
pub fn run(global: &Global, args: &ReplayArgs, console: &mut Console) -> Result<(), Failure> {
    if on_screen(args, console) {
        return usable().map_err(Failure::Usage);
    }
    let mut player = player(global, args)?;
    if args.at.is_none() {
        player.go_to_end();
    }
    let view = player.view();
    let mut status = document::status(&view);
    if let (Value::Object(fields), Some(at)) = (&mut status, &view.replay) {
        let place = json!({ "day": at.day.to_string(), "record": at.record, "records": at.records, "kind": at.kind });
        fields.insert("replay".into(), place);
        let number = |n: usize| format::grouped(n.into(), 0);
        console.say(&format!(
            "REPLAY of {}: record {} of {} ({}); nothing is connected.",
            at.day,
            number(at.record),
            number(at.records),
            at.kind
        ))?;
    }
    console.document(&status)?;
    super::status::tell(console, &status)
}

/// Opens the screen, outside any runtime.
pub fn show(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    let player = player(global, args)?;
    Ok(replay::run(&wiring::options(global), &wiring::wishes(global), player)?)
}

fn player(global: &Global, args: &ReplayArgs) -> Result<Player, Failure> {
    let today = trading_day(Timestamp::now());
    let day = match args.day {
        ReplayDay::Today => today,
        ReplayDay::Yesterday => today.yesterday().unwrap_or(today),
        ReplayDay::On(day) => day,
    };
    let mut player = replay::player(&wiring::options(global), args.folder.as_deref(), day)?;
    if let Some(at) = args.at {
        player.go_to(at);
    }
    Ok(player)
}
