//! The analyser's own files, as they lie beside the sources: each is imported or refused with its reason, and one of its
//! strategies goes all the way.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Folder, id_of, shared};

/// `None`, said aloud, where the samples are not there.
fn samples() -> Option<PathBuf> {
    let found = shared().map(|s| s.join("options-v4/samples")).filter(|s| s.is_dir());
    if found.is_none() {
        eprintln!("skipped: the samples of options-v4 are not beside the sources");
    }
    found
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "json" || e == "jsonl"));
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// How many strategies a file holds, counted without reading it: each has one list of legs.
fn strategies_in(file: &Path) -> usize {
    std::fs::read_to_string(file).unwrap().matches("\"legs\": [").count()
}

#[test]
fn every_file_of_the_analyser_is_imported_or_refused_with_its_reason() {
    let Some(samples) = samples() else { return };
    let analyses = files_in(&samples);
    let others: Vec<PathBuf> = ["bad", "allocation", "misc"].iter().flat_map(|f| files_in(&samples.join(f))).collect();
    assert!(analyses.len() >= 26 && others.len() >= 3);
    let folder = Folder::new();
    let paths: Vec<String> = analyses.iter().chain(&others).map(|f| f.display().to_string()).collect();
    let mut args: Vec<&str> = vec!["import", "--json"];
    args.extend(paths.iter().map(String::as_str));
    // Some of them are refused whole, so this is no success.
    let outcomes = folder.run(&args).with(1).json();
    let outcomes = outcomes.as_array().unwrap();
    assert_eq!(outcomes.len(), paths.len());

    println!("{:<52} {:>5} {:>8} {:>8} {:>8}", "file", "good", "flagged", "blocked", "refused");
    let mut total = 0;
    for (path, outcome) in paths.iter().zip(outcomes) {
        let file = name(Path::new(path));
        let count = |field: &str| outcome[field].as_array().unwrap().len();
        let good = usize::try_from(outcome["good"].as_u64().unwrap()).unwrap();
        let flags = outcome["flagged"].as_array().unwrap();
        let blocked = flags.iter().filter(|f| f["executable"] == false).count();
        let refused = count("refused");
        let whole = outcome["error"].as_str();
        println!("{file:<52} {good:>5} {:>8} {blocked:>8} {refused:>8} {}", flags.len(), whole.unwrap_or_default());
        for row in outcome["refused"].as_array().unwrap() {
            assert!(!row["place"].as_str().unwrap().is_empty() && row["reason"].as_str().unwrap().len() > 10, "{row}");
        }
        if let Some(analysis) = analyses.iter().find(|a| name(a) == file) {
            assert_eq!((good + refused, whole), (strategies_in(analysis), None), "{file}");
            assert!(good > 0 || refused > 0 || count("notes") > 0, "{file}: nothing is said of it");
        } else {
            assert_eq!(good, 0, "{file} holds no strategies with legs");
            let said = whole.map_or(refused > 0, |reason| reason.contains(&file));
            assert!(said, "{file}: no reason: {outcome}");
        }
        total += good;
    }
    // The same strategy in a later file updates the earlier one, so fewer are listed; none is lost.
    let listed = folder.list().iter().filter(|s| s["source"] != "seed").count();
    assert!(listed > 0 && listed <= total, "{listed} listed of {total}");
    println!("{total} strategies in all, {listed} different ones");

    let cut_off = outcomes.iter().find(|o| o["file"].as_str().unwrap().contains("114916")).unwrap();
    let reason = cut_off["error"].as_str().unwrap();
    assert!(reason.contains("114916") && reason.contains("line"), "{reason}");
}

#[test]
fn a_strategy_of_a_real_analysis_is_marked_executed_and_flattened() {
    let Some(samples) = samples() else { return };
    let file = samples.join("options_v4_analysis_20250622_133805.json").display().to_string();
    // On any day, also on one on which shares would be delivered.
    let folder = Folder::new().with("strategy.yaml", "execution:\n  stock_expiry_days: 0\n");
    let run = |args: &[&str]| {
        let all: Vec<&str> = ["--spots-from", &file].into_iter().chain(args.iter().copied()).collect();
        folder.run(&all)
    };
    run(&["import", &file]).well();
    let all = run(&["list", "--json"]).well().json();
    let theirs = |s: &&Value| name(Path::new(s["source"].as_str().unwrap())) == name(Path::new(&file));
    let blocked = |s: &Value| s["issues"].as_array().unwrap().iter().any(|i| i["blocking"] == true);
    let ids: Vec<u64> = all.as_array().unwrap().iter().filter(theirs).filter(|s| !blocked(s)).map(id_of).collect();
    assert!(!ids.is_empty());
    let names: Vec<String> = ids.iter().map(u64::to_string).collect();
    let bulk: Vec<&str> = ["bulk"].into_iter().chain(names.iter().map(String::as_str)).collect();
    run(&bulk);
    // What the gate allows depends on today's market; of so many, some are always fit.
    let previews = run(&["execute", "--dry-run", "--json"]).json();
    let fit =
        previews.as_array().unwrap().iter().find(|p| p["executable"] == true).unwrap_or_else(|| panic!("{previews}"));
    let id = id_of(fit);
    let listed = all.as_array().unwrap().iter().find(|s| id_of(s) == id).unwrap();
    assert!(!["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX"].contains(&listed["symbol"].as_str().unwrap()));

    run(&["execute", &id.to_string(), "--yes"]).well();
    let shown = run(&["status", "--json"]).well().json();
    let open: Vec<&Value> = shown["positions"].as_array().unwrap().iter().collect();
    assert_eq!(open.len(), listed["legs"].as_array().unwrap().len());
    for position in open {
        assert_eq!(
            (position["underlying"].clone(), position["strategy_id"].as_u64()),
            (listed["symbol"].clone(), Some(id))
        );
        assert!(position["pnl"].is_number() && position["net_quantity"].as_i64() != Some(0), "{position}");
    }
    run(&["flatten", "--yes"]).well();
    let tables = folder.tables();
    assert_eq!((tables.open_positions(), tables.open_lots()), (vec![], vec![]));
    assert_eq!(tables.strategy(id).status, "executed");
    for leg in tables.legs(id) {
        assert_eq!(leg.filled, leg.quantity, "{leg:?}");
    }
}
