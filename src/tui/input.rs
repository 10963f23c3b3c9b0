//! The keyboard's own thread: terminal events become our keys. The halt key goes to the engine from here, before anything
//! else sees it, so that a screen that hangs cannot hold it up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind};
use tokio::sync::mpsc::UnboundedSender;

use super::key::{Chord, Code, Key};

/// What the screen hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Key(Key),
    Paste(String),
    /// Rows down; negative is up.
    Scroll(isize),
    /// The size is asked for when drawing; what the event says of it is not relied on.
    Resize,
    /// The terminal is gone.
    Closed,
}

/// Called for the halt key. It must not block.
pub type OnKill = Arc<dyn Fn() + Send + Sync>;

/// Turns events into inputs. Pure but for the callback, so that it can be tested.
pub struct Translator {
    kill: Vec<Chord>,
    on_kill: OnKill,
    last: Option<(Chord, u64)>,
    last_kill: Option<u64>,
    /// This terminal tells when a key is let go (Windows does): then a key held down is known for certain.
    releases: bool,
    /// The last key is still down, as far as has been told.
    down: bool,
}

/// The same key again within this time is held down: hands are slower, repeat rates are not.
const REPEAT_MS: u64 = 60;
/// Held down, a key begins to repeat within this time, even at the slowest setting. A release that was lost (the window was
/// left meanwhile) makes nothing a repetition for longer.
const SLOWEST_MS: u64 = 1_200;
/// Held down, the halt key calls once; a second press this much later calls again, which does no harm.
const KILL_AGAIN_MS: u64 = 700;
/// This many characters at once, not all the same, come from a clipboard.
const BURST: usize = 8;
/// More than this is not taken from a clipboard.
const LONGEST_PASTE: usize = 4_096;

impl Translator {
    pub fn new(kill: Vec<Chord>, on_kill: OnKill) -> Self {
        Self { kill, on_kill, last: None, last_kill: None, releases: false, down: false }
    }

    /// Events that were waiting together at `now` (milliseconds).
    pub fn batch(&mut self, events: &[Event], now: u64) -> Vec<Input> {
        let events = mend(events);
        let presses: Vec<Chord> = events.iter().filter_map(pressed).collect();
        for chord in presses.iter().filter(|c| self.kill.contains(c)) {
            let _ = chord;
            if self.last_kill.is_none_or(|at| now.saturating_sub(at) > KILL_AGAIN_MS) {
                (self.on_kill)();
            }
            self.last_kill = Some(now);
        }
        let typed: Vec<char> = presses.iter().filter_map(|c| c.text()).collect();
        let burst = typed.len() >= BURST && typed.iter().any(|c| *c != typed[0]);
        events.iter().filter_map(|e| self.input(e, burst, now)).collect()
    }

    fn input(&mut self, event: &Event, burst: bool, now: u64) -> Option<Input> {
        match event {
            Event::Key(key) => {
                let Some(chord) = pressed(event) else {
                    self.released(*key);
                    return None;
                };
                let within = |ms| self.last.is_some_and(|(last, at)| last == chord && now.saturating_sub(at) < ms);
                let held = key.kind == KeyEventKind::Repeat || (self.releases && self.down && within(SLOWEST_MS));
                let soon = within(REPEAT_MS);
                self.last = Some((chord, now));
                self.down = true;
                let is_kill = self.kill.contains(&chord);
                let pasted = burst && !is_kill;
                Some(Input::Key(Key { chord, repeat: held || (soon && !burst), pasted, halt_sent: is_kill }))
            }
            Event::Paste(text) => Some(Input::Paste(text.chars().take(LONGEST_PASTE).collect())),
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollDown => Some(Input::Scroll(1)),
                MouseEventKind::ScrollUp => Some(Input::Scroll(-1)),
                _ => None,
            },
            Event::Resize(..) | Event::FocusGained => Some(Input::Resize),
            Event::FocusLost => None,
        }
    }
}

impl Translator {
    /// A key was let go. Where this is never told, only time tells a held key from two presses.
    fn released(&mut self, key: KeyEvent) {
        if key.kind != KeyEventKind::Release {
            return;
        }
        self.releases = true;
        // Shift may have been let go before the letter.
        let bare = |chord: Chord| match chord.code {
            Code::Char(c) => Code::Char(c.to_ascii_lowercase()),
            code => code,
        };
        let up = chord(key).map(bare);
        if self.last.is_some_and(|(last, _)| up.is_none_or(|up| up == bare(last))) {
            self.down = false;
        }
    }
}

/// Escape and a function key that arrive together are read as Escape and the letters `[24~`. A halt must not get lost
/// that way: the letters become the function key they were.
fn mend(events: &[Event]) -> Vec<Event> {
    let letter = |at: usize| match events.get(at) {
        Some(Event::Key(KeyEvent { code: KeyCode::Char(c), .. })) => Some(*c),
        _ => None,
    };
    let mut mended = Vec::with_capacity(events.len());
    let mut at = 0;
    while at < events.len() {
        mended.push(events[at].clone());
        let escape = matches!(&events[at], Event::Key(KeyEvent { code: KeyCode::Esc, .. }));
        at += 1;
        let letters = [letter(at), letter(at + 1), letter(at + 2), letter(at + 3)];
        let key = match letters {
            [Some('['), Some(tens), Some(ones), Some('~')] if escape => function_key(tens, ones),
            _ => None,
        };
        if let Some(key) = key {
            mended.push(Event::Key(KeyEvent::new(KeyCode::F(key), KeyModifiers::NONE)));
            at += 4;
        }
    }
    mended
}

/// F5 to F12 as terminals number them.
fn function_key(tens: char, ones: char) -> Option<u8> {
    let number = tens.to_digit(10)? * 10 + ones.to_digit(10)?;
    let numbers = [(15, 5), (17, 6), (18, 7), (19, 8), (20, 9), (21, 10), (23, 11), (24, 12)];
    numbers.into_iter().find(|(n, _)| *n == number).map(|(_, key)| key)
}

/// Our key for a press (or repeat); releases are dropped.
fn pressed(event: &Event) -> Option<Chord> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => chord(*key),
        _ => None,
    }
}

fn chord(key: KeyEvent) -> Option<Chord> {
    let code = match key.code {
        // Some keyboards make control characters of Ctrl and Alt with a letter that types nothing.
        KeyCode::Char(c) if c.is_control() => return None,
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::F(n) => Code::F(n),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab | KeyCode::BackTab => Code::Tab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        _ => return None,
    };
    // AltGr reaches Windows programs as Ctrl and Alt together: it types a character.
    let alt_gr = matches!(code, Code::Char(_)) && key.modifiers.contains(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL) && !alt_gr;
    let alt = key.modifiers.contains(KeyModifiers::ALT) && !alt_gr;
    Some(match code {
        Code::Char(c) if ctrl => Chord { code: Code::Char(c.to_ascii_lowercase()), ctrl, alt, shift: false },
        Code::Char(c) => {
            // Some terminals send a small letter with Shift.
            let shifted = key.modifiers.contains(KeyModifiers::SHIFT) && c.is_ascii_lowercase();
            let c = if shifted { c.to_ascii_uppercase() } else { c };
            Chord { code: Code::Char(c), ctrl, alt, shift: false }
        }
        _ => {
            let shift = key.modifiers.contains(KeyModifiers::SHIFT) || key.code == KeyCode::BackTab;
            Chord { code, ctrl, alt, shift }
        }
    })
}

/// Reads the terminal until told to stop, or until it is gone.
pub fn spawn(
    mut translator: Translator,
    out: UnboundedSender<Input>,
    stop: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<()>> {
    /// How long a stop may take.
    const WAIT: Duration = Duration::from_millis(250);
    const AT_ONCE: usize = 512;
    let started = Instant::now();
    std::thread::Builder::new().name("keyboard".into()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let mut events = Vec::new();
            let read = (|| -> std::io::Result<()> {
                let mut wait = WAIT;
                while events.len() < AT_ONCE && event::poll(wait)? {
                    events.push(event::read()?);
                    wait = Duration::ZERO;
                }
                Ok(())
            })();
            let now = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let mut inputs = translator.batch(&events, now);
            let gone = read.is_err();
            if gone {
                inputs.push(Input::Closed);
            }
            let heard = inputs.into_iter().all(|i| out.send(i).is_ok());
            if gone || !heard {
                return;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn plain(code: KeyCode) -> Event {
        press(code, KeyModifiers::NONE)
    }

    fn counting() -> (Translator, Arc<AtomicU32>) {
        let calls = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&calls);
        let on_kill: OnKill = Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        (Translator::new(vec![Chord::plain(Code::F(12))], on_kill), calls)
    }

    fn keys(inputs: Vec<Input>) -> Vec<Key> {
        inputs
            .into_iter()
            .filter_map(|i| match i {
                Input::Key(key) => Some(key),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn releases_are_dropped() {
        let (mut translator, _) = counting();
        let mut release = KeyEvent::new(KeyCode::Char('e'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(translator.batch(&[Event::Key(release)], 0), []);
    }

    #[test]
    fn the_halt_key_reaches_the_engine_once_however_long_it_is_held() {
        let (mut translator, calls) = counting();
        for n in 0..50 {
            translator.batch(&[plain(KeyCode::F(12))], 1_000 + n * 33);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        translator.batch(&[plain(KeyCode::F(12))], 20_000);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_halt_key_counts_in_the_middle_of_a_paste() {
        let (mut translator, calls) = counting();
        let mut events: Vec<Event> = "pasted text".chars().map(|c| plain(KeyCode::Char(c))).collect();
        events.insert(3, plain(KeyCode::F(12)));
        let keys = keys(translator.batch(&events, 0));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert!(keys.iter().all(|k| k.pasted != k.halt_sent));
    }

    #[test]
    fn the_halt_key_right_after_escape_is_not_lost() {
        let (mut translator, calls) = counting();
        let mut events = vec![plain(KeyCode::Esc)];
        events.extend("[24~".chars().map(|c| plain(KeyCode::Char(c))));
        let keys = keys(translator.batch(&events, 0));
        let names: Vec<String> = keys.iter().map(|k| k.chord.to_string()).collect();
        assert_eq!((names, calls.load(Ordering::SeqCst)), (vec!["Esc".to_string(), "F12".to_string()], 1));
        assert!(keys.iter().all(|k| !k.pasted));
    }

    #[test]
    fn a_burst_of_characters_is_pasted_a_held_key_is_repeated() {
        let (mut translator, _) = counting();
        let burst: Vec<Event> = "eyFyeyFy".chars().map(|c| plain(KeyCode::Char(c))).collect();
        assert!(keys(translator.batch(&burst, 0)).iter().all(|k| k.pasted));
        let held: Vec<Event> = "jjjjjj".chars().map(|c| plain(KeyCode::Char(c))).collect();
        let keys = keys(translator.batch(&held, 1_000));
        assert!(keys.iter().all(|k| !k.pasted) && keys[1..].iter().all(|k| k.repeat) && !keys[0].repeat);
    }

    fn let_go(code: KeyCode) -> Event {
        let mut event = KeyEvent::new(code, KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        Event::Key(event)
    }

    #[test]
    fn where_releases_are_told_a_held_key_is_a_repetition_from_the_second_on() {
        let (mut translator, _) = counting();
        let (space, other) = (KeyCode::Char(' '), KeyCode::Char('j'));
        let mut repeat_at = |event: &Event, now| {
            let keys = keys(translator.batch(std::slice::from_ref(event), now));
            keys.first().map(|k| k.repeat)
        };
        // Nothing is known yet: half a second later it may be a second press.
        assert_eq!(repeat_at(&plain(space), 0), Some(false));
        assert_eq!(repeat_at(&plain(space), 500), Some(false));
        assert_eq!(repeat_at(&let_go(space), 600), None);
        // From here on it is known: held, it repeats after half a second.
        assert_eq!(repeat_at(&plain(space), 2_000), Some(false));
        assert_eq!(repeat_at(&plain(space), 2_500), Some(true));
        assert_eq!(repeat_at(&plain(space), 2_533), Some(true));
        repeat_at(&let_go(space), 2_600);
        // Let go and pressed again, however soon after, is a press.
        assert_eq!(repeat_at(&plain(space), 2_700), Some(false));
        repeat_at(&let_go(space), 2_750);
        assert_eq!(repeat_at(&plain(other), 2_800), Some(false));
        // A release that was lost does not swallow the next press.
        assert_eq!(repeat_at(&plain(other), 4_500), Some(false));
    }

    #[test]
    fn shift_let_go_before_its_letter_is_a_release_all_the_same() {
        let (mut translator, _) = counting();
        translator.batch(&[let_go(KeyCode::Enter)], 0);
        translator.batch(&[press(KeyCode::Char('E'), KeyModifiers::SHIFT)], 1_000);
        translator.batch(&[let_go(KeyCode::Char('e'))], 1_100);
        let again = keys(translator.batch(&[press(KeyCode::Char('E'), KeyModifiers::SHIFT)], 1_300));
        assert!(!again[0].repeat);
    }

    #[test]
    fn what_alt_gr_types_is_text_on_every_layout() {
        let (mut translator, _) = counting();
        let alt_gr = KeyModifiers::CONTROL | KeyModifiers::ALT;
        for (n, c) in (1_u64..).zip("@{}[]\\|~€ąęłß₹".chars()) {
            let keys = keys(translator.batch(&[press(KeyCode::Char(c), alt_gr)], n * 1_000));
            assert_eq!(keys[0].chord.text(), Some(c));
        }
        assert_eq!(translator.batch(&[press(KeyCode::Char('\u{5}'), alt_gr)], 99_000), []);
    }

    #[test]
    fn three_keys_typed_ahead_are_three_keys() {
        let (mut translator, _) = counting();
        let events = [plain(KeyCode::Char('j')), plain(KeyCode::Char(' ')), plain(KeyCode::Char('e'))];
        assert!(keys(translator.batch(&events, 0)).iter().all(|k| !k.pasted && !k.repeat));
    }

    #[test]
    fn modifiers_mean_the_same_on_every_terminal() {
        let (mut translator, _) = counting();
        let cases = [
            (KeyCode::BackTab, KeyModifiers::SHIFT, "Shift-Tab"),
            (KeyCode::BackTab, KeyModifiers::NONE, "Shift-Tab"),
            (KeyCode::Char('E'), KeyModifiers::SHIFT, "E"),
            (KeyCode::Char('e'), KeyModifiers::SHIFT, "E"),
            (KeyCode::Char('C'), KeyModifiers::CONTROL, "Ctrl-c"),
            (KeyCode::Char('@'), KeyModifiers::from_bits_retain(6), "@"),
        ];
        for (n, (code, modifiers, expected)) in (1_u64..).zip(cases) {
            let keys = keys(translator.batch(&[press(code, modifiers)], n * 1_000));
            assert_eq!(keys[0].chord.to_string(), expected);
        }
    }
}
