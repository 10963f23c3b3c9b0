//! The real binary in a real pseudo-terminal: keys go in, the screen is read as a person reads it.
//!
//! Or the Windows program in Wine's console, which shows in the same pseudo-terminal.

pub mod screen;
mod wine;

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use self::wine::Console;
use crate::program::{Folder, until_or, windows_program};

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// The console between the terminal and a Windows program.
    console: Option<Console>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
    /// The window is being closed: nobody reads any more.
    closing: Arc<AtomicBool>,
    /// It has ended, and its number may be another's.
    over: bool,
}

/// Everything the program has written, and what a terminal makes of it.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Starts `strikedeck ARGS` on a folder, in a terminal of this size.
    pub fn start(folder: &Folder, size: (u16, u16), args: &[&str]) -> Self {
        Self::start_by(None, folder, size, args)
    }

    /// The same, by a line of the shell that ends in `exec "$0" "$@"`.
    pub fn start_by(shell: Option<&str>, folder: &Folder, (columns, rows): (u16, u16), args: &[&str]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let console = windows_program().map(|_| Console::listen());
        let mut command = match &console {
            Some(console) => console.command(),
            None => by_shell(shell, env!("CARGO_BIN_EXE_strikedeck")),
        };
        command.args(folder.arguments());
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let shown = Arc::new(Mutex::new(Shown {
            parser: vt100::Parser::new(size_of(rows), size_of(columns), 0),
            bytes: Vec::new(),
        }));
        let writing = Arc::clone(&shown);
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 16_384];
            while let Ok(n @ 1..) = output.read(&mut bytes) {
                let mut shown = writing.lock().unwrap();
                shown.parser.process(&bytes[..n]);
                shown.bytes.extend_from_slice(&bytes[..n]);
                if closed.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        let (master, keys, reader) = (Some(pair.master), Some(keys), Some(reader));
        Self { child, console, master, keys, shown, reader, closing, over: false }
    }

    pub fn text(&self) -> String {
        self.shown.lock().unwrap().parser.screen().contents()
    }

    /// All bytes written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.shown.lock().unwrap().bytes.clone()
    }

    /// Whether the terminal is as a shell wants it: the ordinary screen, a cursor, pasting as typing.
    pub fn is_given_back(&self) -> bool {
        let shown = self.shown.lock().unwrap();
        let screen = shown.parser.screen();
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    }

    /// The window is drawn to another size; the program is told by the system.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.shown.lock().unwrap().parser.screen_mut().set_size(size_of(rows), size_of(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
        if let Some(console) = &mut self.console {
            console.tell(&format!("resize {columns} {rows}"));
        }
    }

    /// Types keys as a terminal sends them.
    pub fn press(&mut self, keys: &str) {
        if let Some(console) = self.console.as_mut().filter(|_| keys == CTRL_C) {
            return console.tell("ctrl-c");
        }
        let to = self.keys.as_mut().unwrap();
        to.write_all(keys.as_bytes()).unwrap();
        to.flush().unwrap();
    }

    /// Turns the mouse wheel a notch towards the user, over this cell.
    pub fn wheel_down(&mut self, (column, row): (u16, u16)) {
        match &mut self.console {
            Some(console) => console.tell(&format!("wheel {column} {row} -1")),
            None => self.press(&format!("\x1b[<65;{};{}M", column + 1, row + 1)),
        }
    }

    /// Clicks on this cell.
    pub fn click(&mut self, (column, row): (u16, u16)) {
        match &mut self.console {
            Some(console) => console.tell(&format!("click {column} {row}")),
            None => {
                let at = format!("{};{}", column + 1, row + 1);
                self.press(&format!("\x1b[<0;{at}M\x1b[<0;{at}m"));
            }
        }
    }

    /// Waits until the screen satisfies a condition; the screen is in the message if it never does.
    pub fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let complaint = || format!("never saw {what}; the screen is:\n{}", self.text());
        until_or(complaint, &mut || Some(self.text()).filter(|text| holds(text)))
    }

    pub fn until_text(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Goes back, step by step, until the screen satisfies a condition: what Esc clears first depends on what there is.
    pub fn back_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        let mut screen = self.text();
        while !holds(&screen) {
            self.press(ESCAPE);
            let before = screen;
            screen = self.until(what, |s| s != before);
        }
    }

    /// What the system asks of a program, it asks.
    pub fn ask(&mut self, wish: Wish) {
        if let Some(console) = &mut self.console {
            return console.tell(&format!("event {}", wish as u8));
        }
        #[cfg(unix)]
        self.signal(match wish {
            Wish::Interrupt => "INT",
            Wish::Close => "HUP",
            Wish::ShutDown => "TERM",
        });
        // A test cannot make the other wishes; this one says the same.
        #[cfg(windows)]
        self.close_window();
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        crate::program::signal(self.child.process_id().unwrap(), name);
    }

    /// The process in the terminal.
    #[cfg(unix)]
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Kills the process as the system would: no clean-up of any kind.
    pub fn kill_hard(mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        if let Some(console) = &mut self.console {
            console.kill();
        } else {
            // The harness's own way asks first.
            #[cfg(unix)]
            self.signal("KILL");
            #[cfg(windows)]
            self.child.kill().unwrap();
        }
        self.child.wait().unwrap();
        self.over = true;
    }

    /// Takes no more output, as a console does while something in it is selected: what the program writes waits.
    #[cfg(unix)]
    pub fn stop_taking_output(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // The reader lets go with the next picture.
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    /// Closes the window: the terminal is gone, the program is not asked.
    pub fn close_window(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // The reader lets go of its end with the next picture.
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.keys = None;
        self.master = None;
    }

    /// Waits for the program to end while nobody reads; returns what it wrote that nobody had read.
    #[cfg(unix)]
    pub fn ended_unread(&mut self) -> Vec<u8> {
        // Opened before the end, so that what is left is not thrown away with it.
        let mut rest = self.master.as_ref().unwrap().try_clone_reader().unwrap();
        let complaint = || "it did not end although its console was blocked".to_string();
        until_or(complaint, &mut || self.child.try_wait().unwrap());
        self.over = true;
        let mut bytes = Vec::new();
        // On Linux the end of a terminal is an error.
        let _ = rest.read_to_end(&mut bytes);
        bytes
    }

    /// Waits for the program to end by itself, and until all it wrote has been read.
    pub fn ended(&mut self) -> u32 {
        let shown = Arc::clone(&self.shown);
        let complaint =
            || format!("it did not end; the screen is:\n{}", shown.lock().unwrap().parser.screen().contents());
        let status = until_or(complaint, &mut || self.child.try_wait().unwrap());
        self.over = true;
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status.exit_code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !self.over {
            self.kill();
        }
    }
}

fn by_shell(shell: Option<&str>, program: &str) -> CommandBuilder {
    let Some(line) = shell else { return CommandBuilder::new(program) };
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", line, program]);
    command
}

fn size_of(cells: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(cells).unwrap()
}

/// What the system asks of a program; the numbers are those of Windows' console events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wish {
    Interrupt = 0,
    /// The window is closed.
    Close = 2,
    ShutDown = 6,
}

/// Keys that are more than a letter, as xterm sends them.
pub const ENTER: &str = "\r";
pub const ESCAPE: &str = "\x1b";
/// To the queue of the cockpit.
pub const F3: &str = "\x1bOR";
/// To its positions.
pub const F4: &str = "\x1bOS";
/// To the alerts, the audit trail, the logs.
pub const F7: &str = "\x1b[18~";
pub const F8: &str = "\x1b[19~";
pub const F9: &str = "\x1b[20~";
pub const F12: &str = "\x1b[24~";
pub const DOWN: &str = "\x1b[B";
pub const CTRL_C: &str = "\x03";
