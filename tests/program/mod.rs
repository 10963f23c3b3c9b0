//! The program as a shell runs it: a data folder of a test's own, commands and their ends, the tables, the exchange.

mod exchange;
mod tables;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use exchange::{Exchange, http_get};
pub use tables::{LegRow, OrderRow, Tables};

/// How long a person would wait before giving up. Waiting ends with the condition, not with the time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Looks again and again until there is something to see.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    until_or(|| format!("never saw {what}"), &mut look)
}

/// The same; what is said in the end is made in the end.
pub fn until_or<T>(complaint: impl Fn() -> String, look: &mut dyn FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "{}", complaint());
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// Where to find what runs Windows programs on other systems.
pub const WINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/wine");

/// The Windows program that Wine runs in the place of the one built with these tests: `STRIKEDECK_EXE`.
pub fn windows_program() -> Option<PathBuf> {
    std::env::var_os("STRIKEDECK_EXE").map(PathBuf::from)
}

/// The program, before its arguments.
fn program() -> Command {
    let Some(exe) = windows_program() else { return Command::new(env!("CARGO_BIN_EXE_strikedeck")) };
    let mut command = Command::new(Path::new(WINE).join("run"));
    command.arg(exe);
    command
}

/// A data folder with its settings beside it; gone with the test.
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("strikedeck-").tempdir().unwrap();
        std::fs::create_dir(folder.path().join("config")).unwrap();
        Self { folder }
    }

    /// With a settings file of its own.
    pub fn with(self, file: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join("config").join(file), text).unwrap();
        self
    }

    /// With secrets, in the file that nobody else may read.
    pub fn with_secrets(self, lines: &str) -> Self {
        let folder = self.with("secrets.env", lines);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = folder.folder.path().join("config").join("secrets.env");
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        folder
    }

    /// `--data` and `--config`, as every command gets them.
    pub fn arguments(&self) -> [String; 4] {
        let config = self.folder.path().join("config");
        ["--data".into(), self.data().display().to_string(), "--config".into(), config.display().to_string()]
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where paper mode keeps its files.
    pub fn paper(&self) -> PathBuf {
        self.data().join("paper")
    }

    /// A file beside the data, to import.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path_of(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where such a file is.
    pub fn path_of(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs a command to its end, with nobody at a terminal.
    pub fn run(&self, args: &[&str]) -> Ran {
        Running::start(&self.arguments(), args).end()
    }

    /// The JSON that a command prints when all is well.
    pub fn json(&self, args: &[&str]) -> Value {
        let all: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        self.run(&all).well().json()
    }

    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(&self.arguments(), args)
    }

    pub fn tables(&self) -> Tables {
        Tables::open(&self.paper().join("strikedeck.db"))
    }

    /// Every strategy, by `list --json`.
    pub fn list(&self) -> Vec<Value> {
        self.json(&["list"]).as_array().unwrap().clone()
    }

    pub fn status(&self) -> Value {
        self.json(&["status"])
    }

    /// Imports the strategies of the program's own list once more with `lots` times as many lots, and returns their
    /// numbers. Their legs are of today's market, whatever day it is.
    pub fn import_larger(&self, chosen: impl Fn(&Value) -> bool, lots: u64) -> Vec<u64> {
        let rows: Vec<Value> = self.list().into_iter().filter(|s| chosen(s)).collect();
        let larger: Vec<Value> = rows.iter().map(|s| larger(s, lots)).collect();
        let file = self.file("larger.json", &json!({ "positions": larger }).to_string());
        self.run(&["import", &file]).well();
        let known: Vec<u64> = rows.iter().map(id_of).collect();
        let new: Vec<u64> = self
            .list()
            .iter()
            .filter(|s| s["source"] == "larger.json")
            .map(id_of)
            .filter(|i| !known.contains(i))
            .collect();
        assert_eq!(new.len(), rows.len(), "every one of them is a strategy of its own");
        new
    }
}

fn larger(strategy: &Value, lots: u64) -> Value {
    let legs = strategy["legs"].as_array().unwrap().iter().map(|leg| {
        json!({
            "strike": leg["strike"], "type": leg["type"], "action": leg["action"], "premium": leg["premium"],
            "expiry": leg["expiry"], "ratio": leg["ratio"].as_u64().unwrap() * lots,
        })
    });
    json!({
        "symbol": strategy["symbol"], "exchange": strategy["exchange"], "strategy_name": strategy["strategy_name"],
        "spot": strategy["spot"], "total_score": 0.5, "legs": legs.collect::<Vec<_>>(),
    })
}

pub fn id_of(strategy: &Value) -> u64 {
    strategy["id"].as_u64().unwrap()
}

/// A command under way.
pub struct Running {
    child: Child,
    readers: Vec<JoinHandle<String>>,
}

impl Running {
    fn start(folder: &[String], args: &[&str]) -> Self {
        let mut command = program();
        command.args(folder).args(args).env_remove("NO_COLOR");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let readers = vec![reader(child.stdout.take().unwrap()), reader(child.stderr.take().unwrap())];
        Self { child, readers }
    }

    /// Its end, waited for.
    pub fn end(mut self) -> Ran {
        let status = until("the end of the command", || self.child.try_wait().unwrap());
        let mut texts = self.readers.drain(..).map(|r| r.join().unwrap());
        let (out, err) = (texts.next().unwrap(), texts.next().unwrap());
        Ran { code: status.code(), out, err }
    }

    /// Kills it as the system would: no clean-up of any kind.
    pub fn kill_hard(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn reader(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    })
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// `None`: ended by a signal.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// It must have ended with 0.
    pub fn well(self) -> Self {
        self.with(0)
    }

    /// It must have ended with this code.
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Stdout is one JSON document and nothing else.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in:\n{}", self.out))
    }
}

/// Sends a signal by its name, as `kill` does.
#[cfg(unix)]
pub fn signal(process: u32, name: &str) {
    let done = Command::new("kill").args([format!("-{name}"), process.to_string()]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// The folder with facts and samples that may lie beside the sources.
pub fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared", "../../shared"].iter().map(|p| root.join(p)).find(|p| p.is_dir())
}
