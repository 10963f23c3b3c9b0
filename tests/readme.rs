//! The README tells what the program does: its key table is made from the program's own.

use strikedeck::tui::keymap::readme_table;

#[test]
fn the_key_table_of_the_readme_is_the_programs_own() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once("held equal by a test -->").expect("the mark before the table");
    let (table, _) = rest.split_once("<!-- /keys -->").expect("the mark after the table");
    let expected = readme_table();
    assert_eq!(table.trim(), expected.trim(), "put this between the marks of the README:\n\n{}\n", expected.trim());
}
