//! What is wrong with a settings file, in words for its owner: file, place, excerpt, what to write instead.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

/// One mistake.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("{} cannot be read: {reason}. Check that the file is yours and may be read", .file.display())]
    Unreadable { file: PathBuf, reason: String },

    /// The text is not what was expected at a place.
    #[error("{}, line {line}, column {column}: {message}\n{excerpt}", .file.display())]
    Text { file: PathBuf, line: u64, column: u64, message: String, excerpt: String },

    /// It reads well and makes no sense.
    #[error("{}: `{setting}` is {value}: {remedy}", .file.display())]
    Value { file: PathBuf, setting: String, value: String, remedy: String },

    #[error(
        "{}, line {line}: `{key}` is a secret and does not belong there. Put {variable} into the environment or into {}",
        .file.display(), .file.with_file_name("secrets.env").display()
    )]
    SecretInFile { file: PathBuf, line: usize, key: String, variable: &'static str },

    #[error("{}, line {line}: {message}", .file.display())]
    Secrets { file: PathBuf, line: usize, message: String },

    #[error("{} can be read by others on this machine. Make it yours alone: chmod 600 {}", .file.display(), .file.display())]
    SecretsOpen { file: PathBuf },

    #[error("{} is not read: rename it to {wanted}", .file.display())]
    WrongName { file: PathBuf, wanted: String },
}

/// All mistakes of all files: so that they can be mended at once.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if n == 0 { "" } else { "\n\n" })?;
        }
        Ok(())
    }
}

impl ConfigError {
    /// What the YAML reader found, with the lines around it. `others` are settings the reader does not know of.
    pub fn from_yaml(file: &Path, text: &str, error: &serde_saphyr::Error, others: &[&str]) -> Self {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
        let plain = error.without_snippet().to_string();
        let plain = plain.rsplit_once(" at line ").map_or(plain.as_str(), |(before, _)| before);
        let excerpt = excerpt(text, line, column);
        Self::Text { file: file.into(), line, column, message: in_words(plain, others), excerpt }
    }
}

/// The line before, the line, and a mark under the place.
fn excerpt(text: &str, line: u64, column: u64) -> String {
    let at = usize::try_from(line).unwrap_or(usize::MAX);
    let width = line.to_string().len();
    let mut out = String::new();
    // The end of the text may be where something is missing.
    for (n, words) in text.lines().chain([""]).enumerate().take(at).skip(at.saturating_sub(2)) {
        let _ = writeln!(out, "  {:>width$} | {words}", n + 1);
    }
    let before = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let _ = write!(out, "  {:>width$} | {}^", "", " ".repeat(before));
    out
}

/// The reader's message as a trader would say it, and what to write instead.
fn in_words(plain: &str, others: &[&str]) -> String {
    let quoted = |mark: char| plain.split(mark).nth(1).unwrap_or_default().to_string();
    if plain.starts_with("unknown field") {
        let wrong = quoted('`');
        let known = plain.split_once("expected").map_or("", |(_, list)| list);
        let words = known
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|w| !matches!(*w, "" | "one" | "of" | "or"));
        let known: Vec<&str> = words.chain(others.iter().copied()).collect();
        return match nearest(&wrong, &known) {
            Some(near) => format!("there is no setting `{wrong}` here; did you mean `{near}`?"),
            None => format!("there is no setting `{wrong}` here; there are: {}", known.join(", ")),
        };
    }
    if plain.starts_with("unknown variant") {
        let choices = plain.split_once("expected").map_or("", |(_, list)| list.trim().trim_start_matches("one of "));
        return format!("`{}` is not one of the choices: {choices}", quoted('`'));
    }
    if plain.contains("a Decimal type") {
        return format!(
            "`{}` is not a number. Write it with digits and a point, without commas: 1000000 or 10_00_000 or 2.5",
            quoted('"')
        );
    }
    let integer = |sign: char| {
        plain.strip_prefix("invalid ").is_some_and(|t| t.starts_with(sign) && t.ends_with(|c: char| c.is_ascii_digit()))
    };
    if integer('u') {
        return "this must be a whole number of 0 or more, without commas".into();
    }
    if integer('i') {
        return "this must be a whole number, without commas".into();
    }
    if plain.starts_with("invalid boolean") {
        return "this must be true or false".into();
    }
    if plain.contains("null into string") {
        return "a value is missing. Write one, or leave the line out for the default".into();
    }
    if plain.starts_with("duplicate mapping key") {
        let key = plain.trim_start_matches("duplicate mapping key:").split(',').next().unwrap_or_default().trim();
        return format!("`{key}` stands here twice; keep one");
    }
    if plain.starts_with("expected mapping start") {
        return "settings are expected here, each as `name: value`".into();
    }
    if plain.starts_with("expected string scalar") {
        return "one value is expected here, not a list or a group".into();
    }
    if plain.contains("quoted scalar") {
        return "a quotation mark is not closed in this line or above it".into();
    }
    plain.to_string()
}

/// The known word that differs least, if it is near enough to have been meant.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let best = known.iter().map(|k| (distance(wrong, k), *k)).min()?;
    (best.0 <= (wrong.len() / 3).max(2)).then_some(best.1)
}

/// Letters to add, drop or change to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        let known = ["max_trades_per_day", "max_daily_loss", "capital"];
        assert_eq!(nearest("max_trade_per_day", &known), Some("max_trades_per_day"));
        assert_eq!(nearest("captial", &known), Some("capital"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
