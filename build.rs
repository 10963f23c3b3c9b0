//! Gives the Windows program its icon, its version and its manifest. Does nothing for other systems.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        return Ok(());
    }
    println!("cargo:rerun-if-changed=assets/windows");
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        // The time of linking would make every build another file.
        println!("cargo:rustc-link-arg-bins=-Wl,--no-insert-timestamp");
    }
    let mut resource = winresource::WindowsResource::new();
    resource
        .set_icon("assets/windows/strikedeck.ico")
        .set_manifest_file("assets/windows/strikedeck.exe.manifest")
        .set("ProductName", "Strikedeck")
        .set("FileDescription", "Strikedeck, a trading cockpit")
        .set("OriginalFilename", "strikedeck.exe")
        .set("LegalCopyright", "See LICENSE");
    resource.compile()?;
    Ok(())
}
