//! The floors hold: each room uses only the rooms this table allows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room → rooms it may use. A room on one floor may use the floors below it, and only those it needs.
const ALLOWED: &[(&str, &[&str])] = &[
    // floor 0
    ("domain", &[]),
    // floor 1
    ("options", &["domain"]),
    ("risk", &["domain", "options"]),
    ("protocol", &["domain"]),
    ("import", &["domain", "options"]),
    // floor 2
    ("engine", &["domain", "options", "risk"]),
    ("gateway", &["domain", "engine"]),
    ("exchange", &["domain", "options"]),
    // floor 3
    ("view", &["domain", "options", "risk", "engine", "gateway"]),
    ("net", &["domain"]),
    ("broker", &["domain", "protocol", "gateway", "net"]),
    ("platform", &[]),
    ("exchange_server", &["domain", "options", "protocol", "exchange", "net", "platform"]),
    ("store", &["domain", "engine", "gateway", "import", "options", "platform", "risk"]),
    ("web", &["domain", "protocol", "engine", "view", "net"]),
    ("telemetry", &["platform"]),
    ("alerts", &["domain", "engine", "net"]),
    // floor 4
    ("simulation", &["domain", "options", "risk", "engine", "gateway", "exchange"]),
    ("tui", &["domain", "options", "platform", "risk", "engine", "view"]),
    // floor 5
    ("app", &["*"]),
    ("cli", &["*"]),
];

#[test]
fn each_room_uses_only_the_rooms_it_may() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let room = room_of(&file);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let Some(may) = allowed.get(room.as_str()) else {
            wrong.push(format!("{}: the room `{room}` is not in the table", file.display()));
            continue;
        };
        for (n, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            for used in rooms_named(line) {
                if used != room && !may.contains(&"*") && !may.contains(&used.as_str()) {
                    wrong.push(format!("{}:{}: `{room}` may not use `{used}`", file.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_path_into_another_room_is_seen() {
    assert_eq!(rooms_named("use crate::broker::dhan; // and crate::store"), ["broker", "store"]);
}

#[test]
fn the_table_has_no_circles() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    for (room, _) in ALLOWED {
        assert!(!reaches(room, room, &allowed), "`{room}` reaches itself");
    }
}

fn reaches(from: &str, to: &str, allowed: &BTreeMap<&str, &[&str]>) -> bool {
    allowed.get(from).is_some_and(|next| next.iter().any(|n| *n == to || reaches(n, to, allowed)))
}

/// The rooms named in `crate::room` paths of one line, comments included: a doc link is a dependency of the reader.
fn rooms_named(line: &str) -> Vec<String> {
    line.match_indices("crate::")
        .map(|(at, word)| line[at + word.len()..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect())
        .filter(|room: &String| !room.is_empty())
        .collect()
}

fn room_of(file: &Path) -> String {
    let below = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_string()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}
