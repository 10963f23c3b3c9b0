//! Tracing: to rotating files and to the log pane. Secrets never reach it.
//!
//! Every line passes [`redact`] on its way to the file and to the pane: tokens are recognised by their shape and by the
//! name before them, and those given to [`keep_secret`] by what they are.

use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::platform::rotating::{Bounds, RotatingFile};

/// What is kept: a month, or less when somebody wants to know everything.
const BOUNDS: Bounds = Bounds { file_bytes: 20 * 1024 * 1024, files: 30 };

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// To the file and to the log pane: the screen calls `tui_logger::move_events()` once per frame.
    Shown,
    /// To the file only.
    None,
}

/// What could not be set up, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error(
        "no log file can be written in {folder} ({reason}). Give your user write permission there, or choose another folder with --data"
    )]
    Folder { folder: String, reason: String },
    #[error(
        "`{filter}` is not a log filter ({reason}). Write a level (info) or targets with levels (info,strikedeck::broker=debug)"
    )]
    Filter { filter: String, reason: String },
    #[error("logging has been set up already")]
    Twice,
}

/// Keeps the writer thread of the log file; dropping it writes what is left.
#[derive(Debug)]
pub struct Telemetry {
    _file: WorkerGuard,
}

/// Starts logging: files `strikedeck.<date>.log` in `folder` (which must exist), and the pane if there is one.
/// `filter` is a level or a list of targets with levels. A full disk or a slow one holds up nobody: lines are dropped.
pub fn start(folder: &Path, filter: &str, pane: Pane) -> Result<Telemetry, TelemetryError> {
    let mut files = Daily(RotatingFile::new(folder, "strikedeck", "log", BOUNDS));
    files
        .0
        .prepare(today())
        .map_err(|e| TelemetryError::Folder { folder: folder.display().to_string(), reason: e.to_string() })?;
    let (file, guard) = NonBlockingBuilder::default().lossy(true).thread_name("log").finish(files);
    let filter = EnvFilter::try_new(filter)
        .map_err(|e| TelemetryError::Filter { filter: filter.into(), reason: e.to_string() })?;
    let to_file = tracing_subscriber::fmt::layer().with_ansi(false).with_timer(IndianTime).with_writer(Redacting(file));
    let to_pane = (pane == Pane::Shown).then(|| {
        tui_logger::set_default_level(log::LevelFilter::Trace);
        PaneLayer
    });
    let all = tracing_subscriber::registry().with(filter).with(to_file).with(to_pane);
    all.try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(Telemetry { _file: guard })
}

/// The file of the day in India.
struct Daily(RotatingFile);

impl io::Write for Daily {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A line comes in one piece.
        self.0.write(today(), line)?;
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn today() -> Date {
    Timestamp::now().to_zoned(india()).date()
}

/// Logs panics, after the terminal has been given back by `restore`, so that the message can be read. What was
/// installed before runs as well.
pub fn install_panic_hook(restore: fn()) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        restore();
        let place = info.location().map_or_else(|| "unknown place".to_string(), ToString::to_string);
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(target: "panic", "{} at {place}", text.unwrap_or("a panic without words"));
        before(info);
    }));
}

/// Time of day in India, as the screen shows it.
struct IndianTime;

impl FormatTime for IndianTime {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        w.write_str(&in_india(Timestamp::now()))
    }
}

fn india() -> TimeZone {
    TimeZone::fixed(Offset::from_seconds(19_800).unwrap_or(Offset::UTC))
}

fn in_india(at: Timestamp) -> String {
    at.to_zoned(india()).strftime("%Y-%m-%d %H:%M:%S%.3f IST").to_string()
}

/// Takes the secrets out of every line before the file sees it.
struct Redacting(NonBlocking);

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = RedactingWriter;
    fn make_writer(&'a self) -> RedactingWriter {
        RedactingWriter(self.0.clone())
    }
}

struct RedactingWriter(NonBlocking);

impl io::Write for RedactingWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A line comes in one piece.
        self.0.write_all(redact(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Hands every event to the log pane as one line.
struct PaneLayer;

impl<S: Subscriber> Layer<S> for PaneLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let meta = event.metadata();
        let level = match *meta.level() {
            Level::ERROR => log::Level::Error,
            Level::WARN => log::Level::Warn,
            Level::INFO => log::Level::Info,
            Level::DEBUG => log::Level::Debug,
            Level::TRACE => log::Level::Trace,
        };
        let text = redact(&format!("{}{}", line.message, line.fields));
        let mut record = log::Record::builder();
        record.level(level).target(meta.target()).module_path(meta.module_path()).file(meta.file()).line(meta.line());
        tui_logger::Drain::new().log(&record.args(format_args!("{text}")).build());
    }
}

/// An event's message, then its fields as ` name=value`.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

fn secrets() -> &'static RwLock<Vec<String>> {
    static SECRETS: OnceLock<RwLock<Vec<String>>> = OnceLock::new();
    SECRETS.get_or_init(RwLock::default)
}

/// From now on this text is left out of every log line. For tokens, PINs and keys, as soon as they are known.
pub fn keep_secret(secret: &str) {
    let mut known = secrets().write().unwrap_or_else(PoisonError::into_inner);
    // Shorter ones would black out ordinary words and numbers; their names before them still give them away.
    if secret.len() >= 6 && !known.iter().any(|s| s == secret) {
        known.push(secret.to_string());
    }
}

/// Names of values that are secret whatever they look like. Compared without case, `-` and `_`.
const NAMES: &[&str] =
    &["accesstoken", "token", "authorization", "bearer", "pin", "totp", "password", "secret", "appsecret", "apikey"];
const HIDDEN: &str = "‹hidden›";

/// The text without secrets: those known by heart, JSON web tokens, and values that follow a telling name
/// (`access-token: …`, `token=…`, `"pin":"…"`).
pub fn redact(text: &str) -> String {
    let mut text = text.to_string();
    for secret in secrets().read().unwrap_or_else(PoisonError::into_inner).iter() {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), HIDDEN);
        }
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_word(c)).unwrap_or(from.len()));
        clean.push_str(before);
        rest = after;
        if is_web_token(word) {
            clean.push_str(HIDDEN);
            continue;
        }
        clean.push_str(word);
        if is_telling(word) {
            rest = hide_value(after, &mut clean);
        }
    }
    clean.push_str(rest);
    clean
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Three parts in base64, the first of which begins an object: `eyJ….….…`.
fn is_web_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.split('.').count() == 3
}

fn is_telling(word: &str) -> bool {
    let name: String = word.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    NAMES.iter().any(|n| name.eq_ignore_ascii_case(n))
}

/// Hides what follows a telling name: past `=`, `:`, quotes and blanks, up to the end of the value. Without `=` or `:`
/// only `Bearer …` names a value; `token expired` is a sentence.
fn hide_value<'a>(after: &'a str, clean: &mut String) -> &'a str {
    let is_between = |c: char| matches!(c, '=' | ':' | '"' | '\'' | ' ' | '\\');
    let (mut between, mut value) = after.split_at(after.find(|c| !is_between(c)).unwrap_or(after.len()));
    // As `{:?}` writes an optional one.
    if let Some(inner) = value.strip_prefix("Some(") {
        let start = inner.find(|c| !is_between(c)).unwrap_or(inner.len());
        (between, value) = after.split_at(after.len() - inner.len() + start);
    }
    let bearer = clean.ends_with("earer") || clean.ends_with("EARER");
    let named = between.contains(['=', ':']) || (bearer && between == " ");
    if !named {
        return after;
    }
    let end =
        value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '&' | ',' | ';' | '}' | ')' | ']' | '\\'));
    let (value, rest) = value.split_at(end.unwrap_or(value.len()));
    clean.push_str(between);
    if value.eq_ignore_ascii_case("bearer") {
        clean.push_str(value);
        return hide_value(rest, clean);
    }
    if !value.is_empty() {
        clean.push_str(HIDDEN);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJpc3MiOiJkaGFuIn0.c2lnbmF0dXJl-_1";

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let cases = [
            (format!("sent {JWT} to the feed"), "sent ‹hidden› to the feed"),
            (format!("wss://feed?version=2&token={JWT}&clientId=1"), "wss://feed?version=2&token=‹hidden›&clientId=1"),
            ("access-token: abc123 client-id: 7".into(), "access-token: ‹hidden› client-id: 7"),
            (r#"{"accessToken":"abc","pin": "123456"}"#.into(), r#"{"accessToken":"‹hidden›","pin": "‹hidden›"}"#),
            (r#"body="{\"pin\":\"1234\",\"n\":1}""#.into(), r#"body="{\"pin\":\"‹hidden›\",\"n\":1}""#),
            ("?dhanClientId=1&pin=123456&totp=654321".into(), "?dhanClientId=1&pin=‹hidden›&totp=‹hidden›"),
            ("Authorization: Bearer abc.def".into(), "Authorization: Bearer ‹hidden›"),
            ("app_secret=xyz".into(), "app_secret=‹hidden›"),
            (r#"{ token: Some("abc"), pin: None }"#.into(), r#"{ token: Some("‹hidden›"), pin: ‹hidden› }"#),
        ];
        for (line, clean) in cases {
            assert_eq!(redact(&line), clean);
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            "the token expired; renew it with `strikedeck setup`",
            "DH-901 Invalid_Authentication: client id or token invalid",
            "NSE:NIFTY:2026-11-24:25900:PE filled 65 at 84.25 (order 11261120001)",
            "pinned the spinner; opinions differ = fine",
            "",
            "नमस्ते ₹1,00,000",
        ] {
            assert_eq!(redact(line), line);
        }
    }

    #[test]
    fn a_secret_that_was_named_is_known_everywhere() {
        keep_secret("correct horse battery");
        keep_secret("1234");
        assert_eq!(redact("said correct horse battery at 1234"), "said ‹hidden› at 1234");
    }

    #[test]
    fn the_clock_of_the_log_is_indian() {
        let at: Timestamp = "2026-11-20T03:45:00.25Z".parse().unwrap();
        assert_eq!(in_india(at), "2026-11-20 09:15:00.250 IST");
    }

    #[test]
    fn the_file_gets_every_line_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let telemetry = start(folder.path(), "info", Pane::Shown).unwrap();
        tracing::info!(token = "abcdefgh", order = 7, "placed with {JWT}");
        tracing::debug!("not asked for");
        let caught = std::thread::spawn(|| {
            install_panic_hook(|| tracing::info!("the terminal is back"));
            std::panic::panic_any("out of ideas");
        });
        assert!(caught.join().is_err());
        let _ = std::panic::take_hook();
        assert!(matches!(start(folder.path(), "info", Pane::None), Err(TelemetryError::Twice)));
        drop(telemetry);
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("INFO") && text.contains(" IST "), "{text}");
        assert!(text.contains("placed with ‹hidden›") && text.contains("order=7"), "{text}");
        assert!(!text.contains("eyJ") && !text.contains("abcdefgh") && !text.contains("not asked for"), "{text}");
        let (back, panic) = (text.find("the terminal is back").unwrap(), text.find("out of ideas at").unwrap());
        assert!(back < panic);
    }
    #[test]
    fn a_wrong_filter_or_folder_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = start(folder.path(), "strikedeck=loudly", Pane::None).unwrap_err();
        assert!(wrong.to_string().contains("strikedeck=loudly"));
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(start(&file, "info", Pane::None), Err(TelemetryError::Folder { .. })));
    }
}
