//! What each operating system does in its own way: consoles, staying awake, replacing a file that somebody reads, logs
//! that somebody reads, long paths, shortcuts.
//!
//! Floor 3. Nothing of the trade is known here. The calls into Windows are in one file, `windows_calls`, and nowhere else.

pub mod awake;
pub mod console;
pub mod files;
pub mod rotating;
pub mod shortcut;
#[cfg(windows)]
mod windows_calls;
