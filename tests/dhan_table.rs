//! The table of DhanHQ's operations names modules and tests that exist, and leaves no operation of the API out.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The rows of every table: their cells.
fn rows() -> Vec<Vec<String>> {
    let text = read("assets/docs/dhanhq-v2.md");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|c| c.trim().to_string()).collect::<Vec<_>>();
    text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| ---")).map(cells).collect()
}

/// What stands between back quotes in a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs" || e == "py") {
            found.push(path);
        }
    }
}

/// Of all tests: the names of their functions.
fn functions() -> String {
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        files_below(&Path::new(ROOT).join(folder), &mut files);
    }
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn every_module_of_the_table_is_there() {
    let mut named = 0;
    for row in rows().iter().filter(|row| row.len() == 5) {
        let cells = [quoted(&row[2]), quoted(&row[3])].concat();
        for module in cells.iter().filter(|cell| Path::new(cell).extension().is_some_and(|e| e == "rs")) {
            assert!(Path::new(ROOT).join("src").join(module).is_file(), "{}: src/{module} is not there", row[0]);
            named += 1;
        }
    }
    assert!(named > 60, "only {named} modules were found in the table");
}

#[test]
fn every_test_of_the_table_is_there() {
    let all = functions();
    for row in rows().iter().filter(|row| row.len() == 5 && row[2] != "Client") {
        let is_operation = row[2] != "no API";
        let tests = quoted(&row[4]);
        assert!(!is_operation || !tests.is_empty(), "{} has no test", row[0]);
        for test in tests {
            let there = all.contains(&format!("fn {test}(")) || all.contains(&format!("def {test}("));
            assert!(there, "{}: no test is called {test}", row[0]);
        }
    }
}

#[test]
fn every_route_of_the_built_in_exchange_is_in_the_table() {
    let text = read("assets/docs/dhanhq-v2.md");
    let mut files = Vec::new();
    files_below(&Path::new(ROOT).join("src/exchange_server/rest"), &mut files);
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for route in source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            // Names of path parameters differ; what stands before the first does not.
            let fixed = route.split('{').next().unwrap().trim_end_matches('/');
            assert!(text.contains(fixed), "{}: {route} is not in the table", file.display());
        }
    }
}

#[test]
fn what_has_no_api_is_said_so_and_the_readme_leads_here() {
    for vain in ["contract note", "pledge", "postback URL"] {
        let said = rows().iter().any(|row| row[0].to_lowercase().contains(&vain.to_lowercase()) && row[2] == "no API");
        assert!(said, "{vain}");
    }
    assert!(read("README.md").contains("assets/docs/dhanhq-v2.md"));
}
