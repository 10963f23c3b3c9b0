//! `calc greeks`: price and Greeks.

use super::sheet::{Field, Results, Sheet};
use super::{read, single, tell};
use crate::cli::args::GreeksArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::options::black76::Valuation;
use crate::options::pricing;

const HEADER: [&str; 8] = ["id", "price", "delta", "gamma", "theta_per_day", "vega_per_pct", "rho_per_pct", "prob_itm"];

pub fn run(args: &GreeksArgs, console: &mut Console) -> Result<(), Failure> {
    let mut results = Results::new(&HEADER);
    let Some(file) = &args.csv else {
        let terms = single::of_flags(&args.option)?;
        let vol = args.vol.ok_or_else(|| Failure::Usage("Greeks need --vol".into()))? / 100.0;
        let found = pricing::value(&terms, vol).map_err(|e| Failure::Refused(e.to_string()))?;
        results.push(row(String::new(), &found));
        return results.write_one(console);
    };
    let sheet = Sheet::read(&read(file)?, &[&single::NEEDED[..], &["vol"]].concat())?;
    let mut reasons = Vec::new();
    for line in sheet.rows() {
        let found = single::of_row(&line).and_then(|terms| {
            let vol = line.value("vol")?;
            pricing::value(&terms, vol).map_err(|e| e.to_string())
        });
        match found {
            Ok(found) => results.push(row(line.id(), &found)),
            Err(why) => {
                reasons.push(line.reason(&why));
                results.push_empty(line.id());
            }
        }
    }
    results.write(console)?;
    tell(&reasons, console)
}

fn row(id: String, found: &Valuation) -> Vec<Field> {
    let g = &found.greeks;
    let figures = [found.price, g.delta, g.gamma, g.theta, g.vega, g.rho, found.in_the_money];
    std::iter::once(Field::Text(id)).chain(figures.map(Field::Float)).collect()
}
