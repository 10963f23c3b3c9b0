//! `calc name`: what positions are called.

use serde_json::{Value, json};

use super::cases::{self, Case};
use super::{read, tell};
use crate::cli::args::NameArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::options::naming::{self, StrategyName};

pub fn run(args: &NameArgs, console: &mut Console) -> Result<(), Failure> {
    let Some(file) = &args.file else {
        let name = naming::name(&typed(args)?.holdings().map_err(Failure::Usage)?);
        console.document(&json!({"name": name.id(), "title": name.title(), "bias": name.bias().as_str()}))?;
        return console.say(&format!("{} ({})", name.title(), name.id()));
    };
    let (mut results, mut reasons) = (Vec::new(), Vec::new());
    for (n, value) in cases::of_text(&read(file)?)?.iter().enumerate() {
        let id = cases::id(value, n + 1);
        match named(value) {
            Ok(name) => {
                console.say(&format!("{}  {}", plain(&id), name.id()))?;
                results.push(json!({"id": id, "name": name.id()}));
            }
            Err(why) => {
                reasons.push(format!("case {}: {why}", plain(&id)));
                results.push(json!({"id": id, "error": why}));
            }
        }
    }
    console.document(&json!({"results": results}))?;
    tell(&reasons, console)
}

fn named(value: &Value) -> Result<StrategyName, String> {
    Ok(naming::name(&cases::case(value)?.holdings()?))
}

fn typed(args: &NameArgs) -> Result<Case, Failure> {
    let legs = args.legs.iter().map(|text| cases::of_flag(text)).collect::<Result<_, _>>()?;
    Ok(Case { legs, ..Case::default() })
}

/// An id without its quotation marks.
pub fn plain(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_string)
}
