//! The analyser's own output, where it is at hand.

use super::*;
use std::path::PathBuf;

/// The analyser's own output, where it is at hand.
fn samples() -> Option<PathBuf> {
    ["/../shared", "/../../shared"]
        .iter()
        .map(|up| PathBuf::from(format!("{}{up}/options-v4/samples", env!("CARGO_MANIFEST_DIR"))))
        .find(|path| path.is_dir())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    found.sort();
    found
}

fn import(path: &Path) -> Result<Imported, FileError> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    read(&name, &std::fs::read(path).unwrap(), now(), &lot_of)
}

/// Executable, blocked, refused and noted per file: the same figures at every run.
#[test]
fn every_real_file_is_imported_or_refused_with_its_reason() {
    let Some(samples) = samples() else { return };
    let mut table = Vec::new();
    for path in files(&samples) {
        let imported = import(&path).unwrap();
        let (blocked, free): (Vec<_>, Vec<_>) = imported.good.iter().partition(|r| r.blocked().is_some());
        let stem = path.file_stem().unwrap().to_string_lossy().replace("options_v4_analysis_", "");
        table.push((stem, free.len(), blocked.len(), imported.refused.len(), imported.notes.len()));
    }
    for (file, free, blocked, refused, notes) in &table {
        println!("{file}  executable {free:>2}  blocked {blocked:>2}  refused {refused}  notes {notes:>3}");
    }
    let total = |f: fn(&(String, usize, usize, usize, usize)) -> usize| table.iter().map(f).sum::<usize>();
    assert_eq!(table.len(), 26);
    assert_eq!([total(|t| t.1), total(|t| t.2), total(|t| t.3), total(|t| t.4)], [66, 46, 0, 60]);
}

#[test]
fn the_truncated_real_file_is_refused_whole() {
    let Some(samples) = samples() else { return };
    for path in files(&samples.join("bad")) {
        let error = import(&path).unwrap_err();
        assert!(matches!(error, FileError::CutOff { .. }), "{error}");
    }
    // An allocation lists positions without legs.
    for path in files(&samples.join("allocation")) {
        let Ok(imported) = import(&path) else { continue };
        assert!(imported.good.is_empty() && imported.refused.iter().all(|r| r.code == "no_legs"), "{}", path.display());
    }
}
