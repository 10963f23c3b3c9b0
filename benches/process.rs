//! The program as a whole, in a pseudo-terminal: start to first frame, processor use, resident memory. Linux only.
//!
//! `cargo bench --bench process`

#![allow(clippy::expect_used)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Symbols whose options, three months of them, make up an instrument list of about 230,000 rows; one strategy for each.
const SYMBOLS: usize = 930;

fn main() {
    let folder = std::env::temp_dir().join(format!("strikedeck-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the measurement");
    first_frame(&folder);
    at_rest(&folder, "paper market moving", &[]);
    at_rest(&folder, "paper market on the real clock", &["--clock", "real"]);
    with_a_large_list(&folder);
    std::fs::remove_dir_all(&folder).expect("the folder goes again");
}

fn first_frame(folder: &Path) {
    let mut times: Vec<u128> = (0..9)
        .map(|_| {
            let started = Instant::now();
            let program = Program::start(&folder.join("first"), &[]);
            program.until_shown("Pending");
            let took = started.elapsed().as_millis();
            program.quit();
            took
        })
        .collect();
    times.sort_unstable();
    println!("start to first frame: median {} ms, fastest {} ms, slowest {} ms", times[4], times[0], times[8]);
}

fn at_rest(folder: &Path, what: &str, args: &[&str]) {
    let program = Program::start(&folder.join("rest"), args);
    program.until_shown("Pending");
    std::thread::sleep(Duration::from_secs(5));
    let (before, started) = (program.processor_ticks(), Instant::now());
    std::thread::sleep(Duration::from_secs(20));
    let share = (program.processor_ticks() - before) as f64 / started.elapsed().as_secs_f64();
    println!("{what}: {share:.2} % of a core, {} MB resident", program.resident_mb());
    program.quit();
}

/// An instrument list of 230,000 rows and a strategy for each of its symbols. The built-in exchange, with its own list, is in the same process.
fn with_a_large_list(folder: &Path) {
    let spots = folder.join("spots.json");
    let results: Vec<String> = (0..SYMBOLS).map(result).collect();
    let text = format!(r#"{{"success": true, "symbol_results": {{{}}}}}"#, results.join(","));
    std::fs::write(&spots, text).expect("the analysis is written");
    let data = folder.join("large");
    let spots = spots.to_str().expect("a plain path");
    let import = std::process::Command::new(env!("CARGO_BIN_EXE_strikedeck"))
        .args(["--data", data.to_str().expect("a plain path"), "--spots-from", spots, "import", spots])
        .output()
        .expect("the import runs");
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    let program = Program::start(&data, &["--spots-from", spots]);
    program.until_shown("Pending");
    std::thread::sleep(Duration::from_secs(10));
    println!("about 230,000 instruments and {SYMBOLS} strategies: {} MB resident", program.resident_mb());
    program.quit();
}

fn result(n: usize) -> String {
    let symbol = format!("SYM{n:04}");
    let leg = r#"{"option_type": "CALL", "position": "LONG", "strike": 1000, "premium": 30.0, "quantity": 1}"#;
    let strategy = format!(
        r#"{{"rank": 1, "name": "Long Call", "total_score": 0.5, "probability_profit": 0.4, "max_profit": 1, "max_loss": 1, "legs": [{leg}]}}"#
    );
    format!(
        r#""{symbol}": {{"success": true, "symbol": "{symbol}", "spot_price": 1000.0, "top_strategies": [{strategy}]}}"#
    )
}

struct Program {
    child: Box<dyn Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Program {
    fn start(data: &Path, args: &[&str]) -> Self {
        let size = PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_strikedeck"));
        command.arg("--data");
        command.arg(data);
        command.args(args);
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut output = pair.master.try_clone_reader().expect("its output");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = shown.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 16_384];
            while let Ok(n @ 1..) = output.read(&mut bytes) {
                seen.lock().expect("nobody panics with it").extend_from_slice(&bytes[..n]);
            }
        });
        Self { child, _terminal: pair.master, shown }
    }

    fn until_shown(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.shown.lock().expect("nobody panics with it").windows(text.len()).any(|w| w == text.as_bytes()) {
            assert!(Instant::now() < end, "`{text}` was never shown");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn proc(&self, file: &str) -> String {
        let path = PathBuf::from("/proc").join(self.child.process_id().expect("it runs").to_string()).join(file);
        std::fs::read_to_string(path).expect("/proc tells")
    }

    /// Hundredths of a second of processor time, in all threads.
    fn processor_ticks(&self) -> u64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
    }

    fn resident_mb(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("a number") / 1024
    }

    fn quit(mut self) {
        self.child.kill().expect("it ends");
        self.child.wait().expect("it has ended");
    }
}
