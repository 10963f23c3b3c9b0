//! Text fields.

use tui_input::{Input, InputRequest};

use crate::domain::StrategyId;
use crate::tui::filter::Filter;
use crate::tui::key::{Code, Key};

/// What is being typed.
#[derive(Clone, Debug)]
pub enum Asked {
    Notes(StrategyId),
    /// Takes effect while it is typed; the one before comes back on Esc.
    Filter {
        before: Filter,
    },
    Arm,
    /// What to do; which of what is offered the cursor is on.
    Palette {
        at: usize,
    },
    /// Narrows the audit trail while it is typed; the words before come back on Esc.
    FilterAudit {
        before: String,
    },
    MarkTop,
    /// What is to go wrong for practice, and for how long.
    Rehearse,
    /// Where to in the day that is replayed.
    ReplayTime,
    /// Of one leg (counted from 1), or of all that is held.
    Stop {
        id: StrategyId,
        leg: Option<usize>,
    },
}

#[derive(Clone, Debug)]
pub struct Field {
    pub label: &'static str,
    pub input: Input,
}

/// One or more fields with a title.
#[derive(Clone, Debug)]
pub struct TextDialog {
    pub asked: Asked,
    pub title: String,
    pub fields: Vec<Field>,
    pub active: usize,
    pub error: Option<String>,
}

/// No text of ours is longer.
const LONGEST: usize = 500;

impl TextDialog {
    pub fn new(asked: Asked, title: String, fields: &[(&'static str, &str)]) -> Self {
        let fields = fields.iter().map(|(label, text)| Field { label, input: Input::new((*text).to_string()) });
        Self { asked, title, fields: fields.collect(), active: 0, error: None }
    }

    pub fn value(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |f| f.input.value())
    }

    /// Types a key into the active field.
    pub fn key(&mut self, key: Key) {
        let chord = key.chord;
        let request = match (chord.code, chord.ctrl, chord.alt) {
            (Code::Char(c), false, false) => InputRequest::InsertChar(c),
            (Code::Backspace, false, false) => InputRequest::DeletePrevChar,
            (Code::Backspace, ..) | (Code::Char('w'), true, _) => InputRequest::DeletePrevWord,
            (Code::Delete, ..) => InputRequest::DeleteNextChar,
            (Code::Left, true, _) | (Code::Char('b'), _, true) => InputRequest::GoToPrevWord,
            (Code::Right, true, _) | (Code::Char('f'), _, true) => InputRequest::GoToNextWord,
            (Code::Left, ..) => InputRequest::GoToPrevChar,
            (Code::Right, ..) => InputRequest::GoToNextChar,
            (Code::Home, ..) | (Code::Char('a'), true, _) => InputRequest::GoToStart,
            (Code::End, ..) | (Code::Char('e'), true, _) => InputRequest::GoToEnd,
            (Code::Char('u'), true, _) => InputRequest::DeleteLine,
            (Code::Char('k'), true, _) => InputRequest::DeleteTillEnd,
            _ => return,
        };
        self.request(request);
    }

    /// Pasted text: lines are joined, what is not printable is left out.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()) {
            self.request(InputRequest::InsertChar(c));
        }
    }

    fn request(&mut self, request: InputRequest) {
        let Some(field) = self.fields.get_mut(self.active) else { return };
        let full = field.input.value().chars().count() >= LONGEST;
        if full && matches!(request, InputRequest::InsertChar(_)) {
            self.error = Some(format!("No longer than {LONGEST} characters."));
            return;
        }
        self.error = None;
        field.input.handle(request);
    }

    pub fn next_field(&mut self) {
        self.active = (self.active + 1) % self.fields.len().max(1);
    }

    pub fn previous_field(&mut self) {
        let fields = self.fields.len().max(1);
        self.active = (self.active + fields - 1) % fields;
    }
}
