//! Toasts of the desktop: by the system's own service where there is one, else by the terminal.
//!
//! Terminals: `OSC 777 ; notify ; title ; body` (Windows Terminal 1.26, WezTerm, Ghostty, kitty, foot, Konsole and others), and
//! `OSC 9 ; text` for iTerm2, which knows only that. A terminal that knows neither shows nothing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

const TITLE: &str = "Strikedeck";
/// Longer texts are cut: toasts show a few lines.
const LONGEST: usize = 240;

/// What a terminal shows as a toast. `variable` answers for the environment.
pub fn sequence(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    // Nothing in the text may end the sequence, or begin another field of it.
    let clean = |c: char| {
        if c.is_control() {
            ' '
        } else if c == ';' {
            ','
        } else {
            c
        }
    };
    let text: String = text.chars().map(clean).take(LONGEST).collect();
    if variable("TERM_PROGRAM").is_some_and(|p| p == "iTerm.app") {
        format!("\u{1b}]9;{TITLE}: {text}\u{1b}\\")
    } else {
        format!("\u{1b}]777;notify;{TITLE};{text}\u{1b}\\")
    }
}

/// The program that hands a toast to a Linux desktop, where both are there.
pub fn notifier(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let set = |name: &str| variable(name).is_some_and(|v| !v.is_empty());
    let desktop = set("DBUS_SESSION_BUS_ADDRESS") && (set("WAYLAND_DISPLAY") || set("DISPLAY"));
    let path = variable("PATH").filter(|_| desktop)?;
    std::env::split_paths(&path).map(|folder| folder.join("notify-send")).find(|file| file.is_file())
}

/// Shows a toast by that program, and waits for it: not for a thread that has other things to do.
pub fn notify(notifier: &std::path::Path, text: &str, urgent: bool) -> std::io::Result<()> {
    let text: String = text.chars().take(LONGEST).collect();
    let urgency = if urgent { "critical" } else { "normal" };
    let mut command = Command::new(notifier);
    command.args(["--app-name", TITLE, "--urgency", urgency, "--", TITLE, &text]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_place_in_the_sequence() {
        let none = |_: &str| None;
        assert_eq!(
            sequence("NIFTY;\u{1b}]0;x\u{7}\nrefused", none),
            "\u{1b}]777;notify;Strikedeck;NIFTY, ]0,x  refused\u{1b}\\"
        );
        let iterm = |name: &str| (name == "TERM_PROGRAM").then(|| "iTerm.app".to_string());
        assert_eq!(sequence("4;1", iterm), "\u{1b}]9;Strikedeck: 4,1\u{1b}\\");
        assert!(sequence(&"x".repeat(5_000), none).len() < 300);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn without_a_desktop_no_program_is_started() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notify-send"), "").unwrap();
        let path = folder.path().to_str().unwrap().to_string();
        let with = |desktop: bool| {
            let path = path.clone();
            move |name: &str| match name {
                "PATH" => Some(path.clone()),
                "DISPLAY" | "DBUS_SESSION_BUS_ADDRESS" if desktop => Some(":0".to_string()),
                _ => None,
            }
        };
        assert_eq!(notifier(with(false)), None);
        assert_eq!(notifier(with(true)), Some(folder.path().join("notify-send")));
    }
}
