//! JSON of any of the known forms: parsed with exact numbers, told apart by its keys.

use serde_json::Value;

use super::raw::{Cell, RawStrategy};
use super::text::{clean, tame_tokens};
use super::{FileError, Note, Refused, analysis, records};

/// What a file holds, before anything is judged.
#[derive(Default)]
pub(super) struct Found {
    pub strategies: Vec<Result<RawStrategy, Refused>>,
    pub notes: Vec<Note>,
}

/// A JSON value and its path.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    pub place: String,
}

pub(super) fn read(file: &str, content: String) -> Result<Found, FileError> {
    let mut bytes = content.into_bytes();
    tame_tokens(&mut bytes);
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| refused(file, &e))?;
    let root = Node { value: &value, place: String::new() };
    let mut found = Found::default();
    let unknown = |what: &str| FileError::UnknownForm { file: file.into(), found: what.into() };
    if let Value::Object(object) = root.value {
        if object.is_empty() {
            return Err(unknown("an empty object"));
        }
        if let Some(results) = root.get("symbol_results") {
            analysis::portfolio(&root, &results, &mut found).map_err(|what| unknown(&what))?;
        } else if let Some(result) = root.get("result").filter(|r| r.value.is_object()) {
            analysis::symbol_result(&result, None, analysis::time_of(&root).as_ref(), &mut found);
        } else if root.get("top_strategies").is_some() || analysis::is_failure(&root) {
            analysis::symbol_result(&root, None, analysis::time_of(&root).as_ref(), &mut found);
        } else if let Some(list) = records::list_in(&root) {
            records::list(&list, &records::Envelope::of(&root), &mut found);
        } else if records::is_record(&root) {
            records::one(&root, &records::Envelope::default(), &mut found);
        } else {
            let keys: Vec<String> = object.keys().take(6).map(|key| clean(key, 30).0).collect();
            return Err(unknown(&format!("an object with the keys {}", keys.join(", "))));
        }
    } else if root.value.is_array() {
        records::list(&root, &records::Envelope::default(), &mut found);
    } else {
        return Err(unknown("neither an object nor a list"));
    }
    Ok(found)
}

fn refused(file: &str, error: &serde_json::Error) -> FileError {
    let (file, line, column) = (file.to_owned(), error.line(), error.column());
    if error.is_eof() {
        return FileError::CutOff { file, line, column };
    }
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    FileError::NotJson { file, line, column, what: clean(what, 120).0 }
}

impl<'a> Node<'a> {
    /// The member of this name, `a.b` for one inside another; null counts as absent.
    pub fn get(&self, path: &str) -> Option<Node<'a>> {
        let mut value = self.value;
        for key in path.split('.') {
            value = value.as_object()?.get(key)?;
        }
        (!value.is_null()).then(|| Node { value, place: joined(&self.place, path) })
    }

    /// The first of these names that is there.
    pub fn first(&self, paths: &[&str]) -> Option<Node<'a>> {
        paths.iter().find_map(|path| self.get(path))
    }

    /// The first of these names as text.
    pub fn cell(&self, paths: &[&str]) -> Option<Cell> {
        self.first(paths).map(|node| node.text())
    }

    /// The text of a value: a string as it is, a number or a bool as it is written. Anything else is a text no field takes.
    pub fn text(&self) -> Cell {
        let text = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Null => String::new(),
            Value::Array(_) => "[list]".into(),
            Value::Object(_) => "{object}".into(),
        };
        Cell { place: self.place.clone(), text }
    }

    pub fn items(&self) -> Option<Vec<Node<'a>>> {
        let list = self.value.as_array()?;
        let node = |(i, value)| Node { value, place: format!("{}[{i}]", self.place) };
        Some(list.iter().enumerate().map(node).collect())
    }

    /// True for `false`, however it is written.
    pub fn is_false(&self) -> bool {
        self.text().text.eq_ignore_ascii_case("false")
    }
}

/// `a.b` below `x` is `x.a.b`.
fn joined(place: &str, path: &str) -> String {
    if place.is_empty() { path.to_owned() } else { format!("{place}.{path}") }
}

/// The path of a member whose name comes from the file: `x["BANK NIFTY"]`.
pub(super) fn keyed(place: &str, key: &str) -> String {
    let key = clean(key, 40).0;
    if key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.is_empty() {
        joined(place, &key)
    } else {
        format!("{place}[\"{key}\"]")
    }
}
