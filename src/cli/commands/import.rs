//! `import`: strategies from files. Each file is a table row; what is refused or flagged follows with its place and reason.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::args::ImportArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::text;
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::domain::time::Timestamp;
use crate::domain::{Exchange, Quantity, Recommendation, Symbol};
use crate::engine::command::{Command, Reply};
use crate::import::{self, Imported, MAX_BYTES};
use crate::web::LotQuestion;

/// What became of one file.
struct Outcome {
    file: String,
    /// What it brought, or why it was refused whole.
    read: Result<Imported, String>,
    /// What the engine made of it; `None` where there was nothing to hand over.
    reply: Option<Reply>,
}

pub async fn run(shell: &mut Shell<'_>, args: &ImportArgs) -> Result<(), Failure> {
    let status = shell.desk.status().await?;
    let now = text(&status, "at").parse::<Timestamp>().unwrap_or_else(|_| Timestamp::now());
    let mut outcomes = Vec::new();
    for path in &args.files {
        let file = path.display().to_string();
        let read = read(shell, path, now).await?;
        let reply = match &read {
            Ok(imported) if !imported.good.is_empty() && !args.dry_run => {
                Some(shell.ask(Command::Import { recommendations: imported.good.clone() }).await?)
            }
            Ok(_) | Err(_) => None,
        };
        outcomes.push(Outcome { file, read, reply });
    }
    shell.console.document(&Value::Array(outcomes.iter().map(document).collect()))?;
    tell(shell, &outcomes)?;
    if outcomes.iter().all(Outcome::is_well) { Ok(()) } else { Err(Failure::Told) }
}

impl Outcome {
    /// Without its folder.
    fn name(&self) -> &str {
        self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file)
    }

    /// Bad rows of a file that brought others are told, but no failure; nothing but bad rows is one.
    fn is_well(&self) -> bool {
        let brought = self.read.as_ref().is_ok_and(|i| !i.good.is_empty() || i.refused.is_empty());
        brought && !self.reply.as_ref().is_some_and(Reply::is_refused)
    }
}

/// The file with today's lots. It is read twice: first to learn whose lots are needed.
async fn read(shell: &Shell<'_>, path: &Path, now: Timestamp) -> Result<Result<Imported, String>, Failure> {
    let name = path.to_string_lossy();
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(Err(reason)),
    };
    let questions = RefCell::new(BTreeSet::new());
    let asking = |exchange: Exchange, symbol: Symbol, expiry| {
        questions.borrow_mut().insert(LotQuestion { exchange, symbol, expiry });
        None
    };
    if let Err(error) = import::read(&name, &bytes, now, &asking) {
        return Ok(Err(error.to_string()));
    }
    let questions: Vec<LotQuestion> = questions.into_inner().into_iter().collect();
    let answers = if questions.is_empty() { Vec::new() } else { shell.desk.lots(questions.clone()).await? };
    let lots: BTreeMap<LotQuestion, Option<Quantity>> = questions.into_iter().zip(answers).collect();
    let lot_of = |exchange, symbol, expiry| lots.get(&LotQuestion { exchange, symbol, expiry }).copied().flatten();
    Ok(import::read(&name, &bytes, now, &lot_of).map_err(|error| error.to_string()))
}

/// A file larger than any that is taken is not even loaded.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |e: std::io::Error| format!("{} cannot be read: {e}", path.display());
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_BYTES as u64 {
        let error = import::FileError::TooLarge {
            file: path.display().to_string(),
            bytes: usize::try_from(size).unwrap_or(usize::MAX),
        };
        return Err(error.to_string());
    }
    std::fs::read(path).map_err(failed)
}

fn flagged(imported: &Imported) -> impl Iterator<Item = &Recommendation> {
    imported.good.iter().filter(|r| !r.issues.is_empty())
}

fn document(outcome: &Outcome) -> Value {
    let imported = outcome.read.as_ref().ok();
    let flagged = imported.into_iter().flat_map(flagged).map(|r| {
        json!({"symbol": r.symbol, "strategy_name": r.name, "executable": r.blocked().is_none(), "issues": r.issues})
    });
    json!({
        "file": outcome.file,
        "good": imported.map_or(0, |i| i.good.len()),
        "flagged": flagged.collect::<Vec<_>>(),
        "refused": imported.map_or(&[][..], |i| &i.refused),
        "notes": imported.map_or(&[][..], |i| &i.notes),
        "error": outcome.read.as_ref().err(),
        "reply": outcome.reply.as_ref().map(reply_text),
    })
}

fn reply_text(reply: &Reply) -> String {
    match reply {
        Reply::Done { message } => message.clone(),
        Reply::Refused { reason } => reason.clone(),
        Reply::Partly { done, refused } => [done.as_slice(), refused.as_slice()].concat().join("; "),
        Reply::Previews { .. } | Reply::Signal { .. } => String::new(),
    }
}

fn tell(shell: &mut Shell<'_>, outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut table = Table::new([
        table::text("File"),
        table::figure("Good"),
        table::figure("Flagged"),
        table::figure("Not executable"),
        table::figure("Refused"),
        table::text(""),
    ]);
    for outcome in outcomes {
        table.row(match &outcome.read {
            Ok(i) => {
                let blocked = i.good.iter().filter(|r| r.blocked().is_some()).count();
                let reply = outcome.reply.as_ref().map(reply_text).unwrap_or_default();
                let cells =
                    [i.good.len(), flagged(i).count() - blocked, blocked, i.refused.len()].map(|n| n.to_string());
                let [good, flagged, blocked, refused] = cells;
                [outcome.name().into(), good, flagged, blocked, refused, reply]
            }
            Err(_) => [outcome.name(), "0", "", "", "whole", ""].map(str::to_string),
        });
    }
    shell.console.table(&table)?;
    for outcome in outcomes {
        match &outcome.read {
            Ok(imported) => {
                for refused in &imported.refused {
                    shell.console.warn(&format!("{}: {}: {}", outcome.name(), refused.place, refused.reason))?;
                }
            }
            Err(reason) => shell.console.warn(reason)?,
        }
        if let Some(Reply::Refused { reason }) = &outcome.reply {
            shell.console.warn(reason)?;
        }
    }
    kinds(shell, outcomes)
}

/// What was flagged, kind by kind over all files, with one example (`--json` has them all).
fn kinds(shell: &mut Shell<'_>, outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut kinds: BTreeMap<(bool, &str), (usize, String)> = BTreeMap::new();
    let read = outcomes.iter().filter_map(|o| Some((o, o.read.as_ref().ok()?)));
    for (outcome, recommendation) in read.flat_map(|(o, i)| flagged(i).map(move |r| (o, r))) {
        for issue in &recommendation.issues {
            let kind = kinds.entry((!issue.blocking, issue.code.as_str())).or_default();
            kind.0 += 1;
            if kind.0 == 1 {
                let (symbol, name) = (recommendation.symbol, &recommendation.name);
                kind.1 = format!("{symbol} {name} ({}): {}", outcome.name(), issue.detail);
            }
        }
    }
    for ((executable, code), (count, example)) in kinds {
        let weight = if executable { "Flagged" } else { "Not executable" };
        shell.console.say(&format!("{weight}: {code} ×{count}, such as {example}"))?;
    }
    Ok(())
}
