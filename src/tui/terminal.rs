//! The terminal itself: set up in steps and restored in exactly the reverse order, by the same code whether we quit,
//! fail or panic; frames leave in one write, wrapped as one synchronized update, and the screen is never cleared.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;

use super::ascii;
use crate::platform::console;

/// Steps of the set-up that are in force, one bit each: what a panic in any thread must undo.
static IN_FORCE: AtomicU8 = AtomicU8::new(0);

const RAW: u8 = 1;
const ALTERNATE: u8 = 2;
const PASTE: u8 = 4;
const MOUSE: u8 = 8;
const CURSOR: u8 = 16;
const CONSOLE: u8 = 32;

/// The thread that draws: when it panics, nobody draws any more.
static SCREEN: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Reports of panics elsewhere. They would tear the picture; they are printed once the terminal is given back.
static HELD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Holds the terminal; gives it back when dropped.
pub struct Guard(());

impl Guard {
    /// Takes the terminal. A step that fails undoes those before it.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        restore_on_panic();
        *SCREEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current().id());
        let guard = Self(());
        let mut out = io::stdout();
        console::prepare()?;
        done(CONSOLE);
        enable_raw_mode()?;
        done(RAW);
        execute!(out, EnterAlternateScreen)?;
        done(ALTERNATE);
        execute!(out, EnableBracketedPaste)?;
        done(PASTE);
        if mouse {
            execute!(out, EnableMouseCapture)?;
            done(MOUSE);
        }
        execute!(out, Hide)?;
        done(CURSOR);
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn done(step: u8) {
    IN_FORCE.fetch_or(step, Ordering::SeqCst);
}

/// Undoes the set-up, last step first, each step on its own. May be called from anywhere and as often as you like.
pub fn restore() {
    let steps = IN_FORCE.swap(0, Ordering::SeqCst);
    if steps == 0 {
        return;
    }
    let mut out = io::stdout();
    // A frame may have been cut off in the middle.
    let _ = execute!(out, EndSynchronizedUpdate);
    if steps & CURSOR != 0 {
        let _ = execute!(out, Show);
    }
    if steps & MOUSE != 0 {
        let _ = execute!(out, DisableMouseCapture);
    }
    if steps & PASTE != 0 {
        let _ = execute!(out, DisableBracketedPaste);
    }
    if steps & ALTERNATE != 0 {
        let _ = execute!(out, LeaveAlternateScreen);
    }
    if steps & RAW != 0 {
        let _ = disable_raw_mode();
    }
    if steps & CONSOLE != 0 {
        console::restore();
    }
    let held = std::mem::take(&mut *HELD.lock().unwrap_or_else(PoisonError::into_inner));
    let mut err = io::stderr();
    for report in held {
        let _ = writeln!(err, "{report}");
    }
}

/// A panic of the thread that draws, or of the main thread, ends the picture: the terminal is given back first, so that
/// the report can be read. A panic elsewhere goes to the log and is printed when the screen ends; whoever supervises
/// that thread decides what becomes of the program.
fn restore_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let here = std::thread::current();
            let draws = *SCREEN.lock().unwrap_or_else(PoisonError::into_inner) == Some(here.id());
            let shown = IN_FORCE.load(Ordering::SeqCst) != 0;
            if shown && !draws && here.name() != Some("main") {
                let report = format!("thread `{}` {info}", here.name().unwrap_or("?"));
                tracing::error!("{report}");
                HELD.lock().unwrap_or_else(PoisonError::into_inner).push(report);
            } else {
                restore();
                before(info);
            }
        }));
    });
}

/// What is on the screen, and the next frame.
pub struct Canvas {
    shown: Buffer,
    next: Buffer,
    /// One frame's bytes; kept so that a frame allocates nothing.
    bytes: Vec<u8>,
    /// Only ASCII is written.
    plain: bool,
}

/// More than a full repaint of a large screen needs.
const FRAME_BYTES: usize = 64 * 1024;

impl Default for Canvas {
    fn default() -> Self {
        Self {
            shown: Buffer::empty(Rect::ZERO),
            next: Buffer::empty(Rect::ZERO),
            bytes: Vec::with_capacity(FRAME_BYTES),
            plain: false,
        }
    }
}

impl Canvas {
    /// For consoles whose font has nothing but ASCII.
    pub fn plain() -> Self {
        Self { plain: true, ..Self::default() }
    }

    /// The next frame writes every cell.
    pub fn repaint(&mut self) {
        self.shown = unlike_any(self.shown.area);
    }

    /// Draws a frame of this size and writes what differs from the last, if anything does.
    pub fn frame<T>(
        &mut self,
        (columns, rows): (u16, u16),
        out: &mut impl Write,
        draw: impl FnOnce(&mut Buffer) -> T,
    ) -> io::Result<T> {
        let area = Rect::new(0, 0, columns, rows);
        if self.next.area != area {
            self.next = Buffer::empty(area);
            self.shown = unlike_any(area);
        }
        let drawn = draw(&mut self.next);
        if self.plain {
            ascii::only(&mut self.next);
        }
        let changes = self.shown.diff(&self.next);
        if !changes.is_empty() {
            self.bytes.clear();
            queue!(self.bytes, BeginSynchronizedUpdate)?;
            CrosstermBackend::new(&mut self.bytes).draw(changes.into_iter())?;
            queue!(self.bytes, EndSynchronizedUpdate)?;
            out.write_all(&self.bytes)?;
            out.flush()?;
            std::mem::swap(&mut self.shown, &mut self.next);
        }
        Ok(drawn)
    }
}

/// A screen that differs in every cell from anything drawn, so that a frame over it is written whole.
fn unlike_any(area: Rect) -> Buffer {
    Buffer::filled(area, Cell::new("\u{fffe}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn a_frame_is_one_synchronized_update_and_clears_nothing() {
        let (mut canvas, mut out) = (Canvas::default(), Vec::new());
        canvas.frame((10, 2), &mut out, |buf| buf.set_string(0, 0, "hello", ratatui::style::Style::new())).unwrap();
        let written = text(&out);
        assert!(written.starts_with("\u{1b}[?2026h") && written.ends_with("\u{1b}[?2026l"), "{written:?}");
        assert!(!written.contains("\u{1b}[2J") && written.contains("hello"));
    }

    #[test]
    fn a_frame_like_the_last_writes_nothing() {
        let (mut canvas, mut out) = (Canvas::default(), Vec::new());
        let draw = |buf: &mut Buffer| {
            buf.reset();
            buf.set_string(0, 0, "same", ratatui::style::Style::new());
        };
        canvas.frame((10, 2), &mut out, draw).unwrap();
        out.clear();
        canvas.frame((10, 2), &mut out, draw).unwrap();
        assert_eq!(text(&out), "");
        canvas.repaint();
        canvas.frame((10, 2), &mut out, draw).unwrap();
        assert!(text(&out).contains("same"));
    }

    #[test]
    fn another_size_is_written_whole() {
        let (mut canvas, mut out) = (Canvas::default(), Vec::new());
        let draw = |buf: &mut Buffer| {
            buf.reset();
            buf.set_string(0, 0, "same", ratatui::style::Style::new());
        };
        canvas.frame((10, 2), &mut out, draw).unwrap();
        out.clear();
        canvas.frame((12, 3), &mut out, draw).unwrap();
        assert!(text(&out).contains("same"));
    }

    #[test]
    fn giving_back_what_was_not_taken_does_nothing() {
        restore();
        restore();
    }
}
