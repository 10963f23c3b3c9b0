//! `journal verify`: whether the journal is what was written, record by record.

use serde_json::json;

use crate::cli::args::{Global, VerifyArgs};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::domain::time::{Timestamp, ist};
use crate::engine::record::Profile;
use crate::store::journal::Verdict;
use crate::store::{DataFolder, JournalCopy};
use crate::view::format;

pub fn verify(global: &Global, args: &VerifyArgs, console: &mut Console) -> Result<(), Failure> {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => DataFolder::locate(global.data.as_deref(), global.profile())?.folder().to_path_buf(),
    };
    let copy = JournalCopy::take(&folder)?;
    let found = copy.verify()?;
    let file = folder.join("journal.db");
    console.document(&json!({
        "file": file.display().to_string(),
        "sound": found.is_sound(),
        "profile": found.profile,
        "records": found.records,
        "first_at": found.first.map(|t| t.to_string()),
        "last_at": found.last.map(|t| t.to_string()),
        "held_by": copy.holder.and_then(|h| h.pid),
        "first_break": found.broken.as_ref().map(|b| json!({ "record": b.seq, "reason": b.reason })),
        "snapshot": found.identity.map(|i| json!({ "record": i.snapshot, "kept": i.kept, "same": i.same })),
        "cut_off": found.cut_off,
    }))?;
    if let Some(holder) = copy.holder {
        let process = holder.pid.map_or_else(|| "a process".into(), |p| format!("process {p}"));
        console.say(&format!("A cockpit is running on it ({process}): this is the journal as it was a moment ago."))?;
    }
    console.say(&records(&file.display().to_string(), &found))?;
    if let Some(line) = identity(&found) {
        console.say(&line)?;
    }
    if found.cut_off {
        console
            .say("Its last commit was cut off (the power went?) and is no part of it: nothing of it was ever sent.")?;
    }
    refusal(&found).map_or(Ok(()), |why| Err(Failure::Refused(why)))
}

fn records(file: &str, found: &Verdict) -> String {
    let profile = match found.profile {
        Some(Profile::Paper) => "paper, ",
        Some(Profile::Live) => "live, ",
        None => "",
    };
    let count = format::grouped(found.records.into(), 0);
    let span = match (found.first, found.last) {
        (Some(first), Some(last)) => format!(", from {} to {}", instant(first), instant(last)),
        _ => String::new(),
    };
    let whole = if found.broken.is_none() { "the chain is whole" } else { "whole up to there" };
    format!("{file}: {profile}{count} records{span}; {whole}.")
}

fn instant(at: Timestamp) -> String {
    ist(at).strftime("%d %b %Y %H:%M:%S IST").to_string()
}

fn identity(found: &Verdict) -> Option<String> {
    let identity = found.identity?;
    let made = if identity.kept { "the snapshot kept" } else { "a snapshot made for this check" };
    let at = format::grouped(identity.snapshot.into(), 0);
    Some(if identity.same {
        format!("Folded from {made} after record {at}, and from the first record: the same state, byte for byte.")
    } else {
        format!("Folded from {made} after record {at}, the state is NOT what it is from the first record.")
    })
}

/// What is wrong, and what to do.
fn refusal(found: &Verdict) -> Option<String> {
    if let Some(broken) = &found.broken {
        return Some(format!(
            "the chain is broken at record {}: {}. Look at your positions in the broker's own app, and put a backup of \
             journal.db in its place",
            broken.seq, broken.reason
        ));
    }
    let differs = found.identity.is_some_and(|i| !i.same);
    differs.then(|| {
        "the snapshot differs from its records: quit the cockpit and delete the rows of the table `snapshot`; the next \
         start folds the records, which are whole"
            .into()
    })
}
