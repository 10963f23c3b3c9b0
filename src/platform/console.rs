//! The console the screen is drawn on: whether it can be, and what must be set before and put back after.
//!
//! On Windows: virtual-terminal processing on, code pages to UTF-8, Quick Edit off (a selection in the old console makes
//! every write wait until it ends). On Unix a terminal needs nothing of this.

use std::io::IsTerminal;

/// What kind of console this is, as far as the system tells; the environment tells the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A terminal that draws by itself, behind Windows' pseudo console: Windows Terminal and its like.
    Pseudo,
    /// The window of the old Windows console.
    Legacy,
    /// Known by its environment only: every terminal on Unix.
    Terminal,
}

/// Whether a stream goes to somebody's eyes. `STRIKEDECK_TERMINAL=yes` says so where the system cannot see it: where the
/// output passes through a pipe on its way to a terminal.
pub fn is_terminal(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() || assumed()
}

fn assumed() -> bool {
    std::env::var_os("STRIKEDECK_TERMINAL").is_some_and(|said| said == "yes")
}

/// Whether the screen can be shown here; otherwise one sentence that says why not and what to do.
pub fn usable() -> Result<(), String> {
    if !is_terminal(&std::io::stdout()) {
        return Err("the screen needs a terminal, and its output goes elsewhere; sub-commands work without one: \
                    see `strikedeck help`"
            .into());
    }
    system::usable()
}

pub fn kind() -> Kind {
    system::kind()
}

/// Makes the console ready for the screen. What it was before is kept for [`restore`].
pub fn prepare() -> std::io::Result<()> {
    system::prepare()
}

/// Puts back what [`prepare`] changed. May be called from anywhere and as often as you like.
pub fn restore() {
    system::restore();
}

/// What can be told of the console in words: code page, modes, window. Empty where there is nothing to tell.
pub fn facts() -> Vec<String> {
    system::facts()
}

#[cfg(not(windows))]
mod system {
    use super::Kind;

    #[allow(clippy::unnecessary_wraps)] // as on Windows
    pub fn usable() -> Result<(), String> {
        Ok(())
    }

    pub fn kind() -> Kind {
        Kind::Terminal
    }

    #[allow(clippy::unnecessary_wraps)] // as on Windows
    pub fn prepare() -> std::io::Result<()> {
        Ok(())
    }

    pub fn restore() {}

    pub fn facts() -> Vec<String> {
        Vec::new()
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::sync::{Mutex, PoisonError};

    use windows_sys::Win32::System::Console::{
        ENABLE_EXTENDED_FLAGS, ENABLE_PROCESSED_OUTPUT, ENABLE_QUICK_EDIT_MODE, ENABLE_VIRTUAL_TERMINAL_PROCESSING,
    };

    use super::super::windows_calls::{End, code_pages, mode, set_code_pages, set_mode, window_class, window_is_shown};
    use super::{Kind, assumed};

    const UTF8: u32 = 65_001;
    const OUT: u32 = ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;

    /// As it was found.
    #[derive(Clone, Copy)]
    struct Before {
        input: Option<u32>,
        output: Option<u32>,
        pages: (u32, u32),
    }

    static BEFORE: Mutex<Option<Before>> = Mutex::new(None);

    pub fn usable() -> Result<(), String> {
        // The terminal of MSYS and Git passes keys through a pipe; Windows gives none of them to a program.
        if mode(End::Input).is_none() {
            return Err("the screen needs a Windows console for its keys, and this terminal has none: start it in \
                        Windows Terminal, or as `winpty strikedeck`"
                .into());
        }
        match mode(End::Output) {
            Some(before) => {
                let able = set_mode(End::Output, before | OUT);
                set_mode(End::Output, before);
                if able || assumed() {
                    Ok(())
                } else {
                    Err("this console is in legacy mode and knows neither colours nor places: untick `Use legacy \
                         console` in its properties, or start strikedeck in Windows Terminal"
                        .into())
                }
            }
            None if assumed() => Ok(()),
            None => {
                Err("the screen needs a Windows console, and this terminal is none: start it in Windows Terminal, \
                         or as `winpty strikedeck`"
                    .into())
            }
        }
    }

    pub fn kind() -> Kind {
        match window_class().as_deref() {
            Some("PseudoConsoleWindow") => Kind::Pseudo,
            // Older pseudo consoles have the old window, and never show it.
            Some("ConsoleWindowClass") if window_is_shown() => Kind::Legacy,
            Some("ConsoleWindowClass") => Kind::Pseudo,
            Some(_) | None => Kind::Terminal,
        }
    }

    pub fn prepare() -> io::Result<()> {
        let before = Before { input: mode(End::Input), output: mode(End::Output), pages: code_pages() };
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(before);
        if let Some(input) = before.input {
            // A console that refuses keeps its selecting; trading goes on behind a picture that waits.
            set_mode(End::Input, (input | ENABLE_EXTENDED_FLAGS) & !ENABLE_QUICK_EDIT_MODE);
        }
        if let Some(output) = before.output
            && !set_mode(End::Output, output | OUT)
            && !assumed()
        {
            let error = io::Error::last_os_error();
            restore();
            return Err(error);
        }
        // The standard library writes to a console in UTF-16 and to a pipe in UTF-8: this is for what reads that pipe.
        set_code_pages((UTF8, UTF8));
        Ok(())
    }

    pub fn restore() {
        let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if let Some(output) = before.output {
            set_mode(End::Output, output);
        }
        if let Some(input) = before.input {
            set_mode(End::Input, input | ENABLE_EXTENDED_FLAGS);
        }
        if before.pages != (0, 0) {
            set_code_pages(before.pages);
        }
    }

    pub fn facts() -> Vec<String> {
        let (input, output) = code_pages();
        let mut all = vec![format!("code page {input} in, {output} out")];
        if let Some(input) = mode(End::Input) {
            let on = if input & ENABLE_QUICK_EDIT_MODE == 0 { "off" } else { "on (off while the screen runs)" };
            all.push(format!("Quick Edit {on}"));
        }
        if let Some(output) = mode(End::Output) {
            let can = set_mode(End::Output, output | OUT);
            set_mode(End::Output, output);
            all.push(format!("virtual terminal sequences {}", if can { "understood" } else { "not understood" }));
        }
        if let Some(class) = window_class() {
            all.push(format!("window {class}"));
        }
        all
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_was_changed_is_put_back() {
            let before = (mode(End::Input), mode(End::Output), code_pages());
            if prepare().is_ok() && before.2 != (0, 0) {
                assert_eq!(code_pages(), (UTF8, UTF8));
            }
            restore();
            restore();
            assert_eq!(before.2, code_pages());
            // Output first: a console keeps one mode for both where input and output are the same.
            assert_eq!(before.1, mode(End::Output));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn giving_back_what_was_not_taken_does_nothing() {
        restore();
        restore();
    }

    #[test]
    #[cfg(not(windows))]
    fn outside_of_windows_the_environment_tells_what_a_terminal_can() {
        assert_eq!((kind(), facts()), (Kind::Terminal, Vec::new()));
    }
}
