//! `tradebook`: trades or fills as CSV, from the tables; no cockpit is needed or disturbed.

use jiff::civil::Date;

use crate::cli::args::{Global, TradebookArgs};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::store::{DataFolder, Tradebook};

pub fn run(global: &Global, args: &TradebookArgs, console: &mut Console) -> Result<(), Failure> {
    let (from, to) = (args.from.unwrap_or(Date::constant(2000, 1, 1)), args.to.unwrap_or(Date::constant(9999, 1, 1)));
    if from > to {
        return Err(Failure::Usage("--from is after --to".into()));
    }
    let tables = DataFolder::locate(global.data.as_deref(), global.profile())?.projection();
    let (book, what) = if args.fills {
        (Tradebook::fills(&tables, from, to)?, ("fill", "fills"))
    } else {
        (Tradebook::trades(&tables, from, to)?, ("trade", "trades"))
    };
    let Some(file) = &args.out else {
        console.document(&book.json())?;
        return book.csv().lines().try_for_each(|line| console.say(line));
    };
    std::fs::write(file, book.csv())
        .map_err(|e| Failure::Refused(format!("{} cannot be written: {e}", file.display())))?;
    let count = super::list::plural(book.len(), what.0, what.1);
    console.document(&serde_json::json!({"file": file, "lines": book.len()}))?;
    console.say(&format!("{count} in {}", file.display()))
}
