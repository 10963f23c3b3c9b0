//! `calc`: the options room for people and scripts. Files in, results on stdout, reasons on stderr; no desk is needed.

mod cases;
mod charges;
mod greeks;
mod iv;
mod name;
mod near_expiry;
mod payoff;
mod sheet;
mod single;

use std::path::Path;

use crate::cli::args::CalcCommand;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::platform::files::read_text;

pub fn run(command: &CalcCommand, console: &mut Console) -> Result<(), Failure> {
    match command {
        CalcCommand::Greeks(args) => greeks::run(args, console),
        CalcCommand::Iv(args) => iv::run(args, console),
        CalcCommand::Payoff(args) => payoff::run(args, console),
        CalcCommand::Name(args) => name::run(args, console),
        CalcCommand::Charges(args) => charges::run(args, console),
    }
}

/// A file as text, `-` being standard input.
fn read(file: &Path) -> Result<String, Failure> {
    let text = if file == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { read_text(file) };
    text.map_err(|e| Failure::Refused(format!("{} cannot be read: {e}", file.display())))
}

/// Every reason on stderr, by the row it belongs to; with one at least, the command has failed in part.
fn tell(reasons: &[String], console: &mut Console) -> Result<(), Failure> {
    reasons.iter().try_for_each(|reason| console.warn(reason))?;
    if reasons.is_empty() { Ok(()) } else { Err(Failure::Told) }
}
