//! The package for Windows: the same program packs to the same bytes, and scoop is told the right ones.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success())
}

fn pack(exe: &Path, into: &Path) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/package");
    let ran = Command::new(script).args([exe, into]).env("SOURCE_DATE_EPOCH", "1795000000").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(into.join(format!("strikedeck-{}-x86_64-pc-windows.zip", env!("CARGO_PKG_VERSION")))).unwrap()
}

#[test]
fn the_same_program_packs_to_the_same_bytes_and_scoop_knows_them() {
    if !has("zip") || !has("sha256sum") {
        return; // .ci/package brings them where it may install
    }
    let folder = tempfile::tempdir().unwrap();
    let exe = folder.path().join("strikedeck.exe");
    std::fs::write(&exe, "a program").unwrap();
    let first = pack(&exe, &folder.path().join("one"));
    // Another time, another order of the folder.
    std::fs::remove_file(&exe).unwrap();
    std::fs::write(&exe, "a program").unwrap();
    let second = pack(&exe, &folder.path().join("two"));
    assert!(first == second, "two runs made two different zips");

    let manifest = std::fs::read_to_string(folder.path().join("two").join("strikedeck.json")).unwrap();
    assert!(!manifest.contains('@'), "{manifest}");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let hash: String = Sha256::digest(&first).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(manifest["architecture"]["64bit"]["hash"], hash);
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));

    std::fs::write(&exe, "another program").unwrap();
    assert!(pack(&exe, &folder.path().join("three")) != first);
}
