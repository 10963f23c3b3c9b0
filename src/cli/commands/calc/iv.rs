//! `calc iv`: the volatility a price implies, or the name of the reason why there is none.

use super::sheet::{Field, Results, Sheet};
use super::{read, single, tell};
use crate::cli::args::IvArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::options::implied::{self, NoVolatility, Solved};

pub fn run(args: &IvArgs, console: &mut Console) -> Result<(), Failure> {
    let mut results = Results::new(&["id", "status", "iv"]);
    let Some(file) = &args.csv else {
        let terms = single::of_flags(&args.option)?;
        let price = args.price.ok_or_else(|| Failure::Usage("an implied volatility needs --price".into()))?;
        let solved = implied::solve(&terms, price);
        results.push(row(String::new(), &solved));
        results.write_one(console)?;
        return solved.map(|_| ()).map_err(|reason| Failure::Refused(reason.to_string()));
    };
    let sheet = Sheet::read(&read(file)?, &[&single::NEEDED[..], &["price"]].concat())?;
    let mut reasons = Vec::new();
    for line in sheet.rows() {
        let asked = single::of_row(&line).and_then(|terms| Ok((terms, line.value("price")?)));
        let solved = match asked {
            Ok((terms, price)) => implied::solve(&terms, price),
            Err(why) => {
                reasons.push(line.reason(&why));
                Err(NoVolatility::InvalidInput)
            }
        };
        results.push(row(line.id(), &solved));
    }
    results.write(console)?;
    tell(&reasons, console)
}

fn row(id: String, solved: &Result<Solved, NoVolatility>) -> Vec<Field> {
    let (status, iv) = match solved {
        Ok(found) => (found.as_str(), Field::Float(found.vol)),
        Err(reason) => (reason.as_str(), Field::Empty),
    };
    vec![Field::Text(id), Field::Text(status.into()), iv]
}
