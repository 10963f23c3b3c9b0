//! The settings files: the shipped ones are the defaults, each kind of mistake is explained.

use std::path::{Path, PathBuf};

use rust_decimal_macros::dec;
use serde_json::Value;

use super::*;
use crate::domain::{Lots, Product};
use crate::engine::config::FailurePolicy;

/// A config folder with one file.
fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

fn load(folder: &Path) -> Result<AppConfig, ConfigErrors> {
    AppConfig::load_with(folder, &|_| None)
}

fn load_file(name: &str, text: &str) -> Result<AppConfig, ConfigErrors> {
    load(folder_with(name, text).path())
}

fn refusal(name: &str, text: &str) -> String {
    let folder = folder_with(name, text);
    let message = load(folder.path()).unwrap_err().to_string();
    message.replace(&format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR), "")
}

#[test]
fn no_files_mean_the_defaults() {
    assert_eq!(load(Path::new("/nowhere")).unwrap(), AppConfig::default());
    assert_eq!(load_file("risk.yaml", "").unwrap(), AppConfig::default());
    assert_eq!(load_file("risk.yaml", "# nothing but words\n").unwrap(), AppConfig::default());
}

#[test]
fn the_shipped_files_are_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in SHIPPED {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    assert_eq!(load(folder.path()).unwrap(), AppConfig::default());
}

#[test]
fn the_shipped_files_show_every_setting() {
    let risk = |engine: &EngineConfig| {
        let mut all = serde_json::to_value(&engine.limits).unwrap();
        all["kill_switch"] = serde_json::to_value(&engine.kill_switch).unwrap();
        all["scalping"] = serde_json::to_value(&engine.scalping.limits).unwrap();
        all
    };
    let defaults = AppConfig::default();
    let all = [
        risk(&defaults.engine),
        serde_json::to_value(StrategyFile::default()).unwrap(),
        serde_json::to_value(&defaults.dhan).unwrap(),
        serde_json::to_value(&defaults.paper).unwrap(),
        serde_json::to_value(&defaults.cockpit).unwrap(),
        serde_json::to_value(&defaults.alerts).unwrap(),
    ];
    for ((name, text), all) in SHIPPED.iter().zip(all) {
        let shown: Value = serde_saphyr::from_str(text).unwrap();
        assert_eq!(names(&shown), names(&all), "{name}");
    }
}

/// Every setting's path.
fn names(value: &Value) -> Vec<String> {
    let Value::Object(map) = value else { return vec![String::new()] };
    let mut all: Vec<String> =
        map.iter().flat_map(|(k, v)| names(v).into_iter().map(move |n| format!("{k}.{n}"))).collect();
    all.sort();
    all
}

#[test]
fn what_is_written_is_laid_over_the_defaults() {
    let text = "kill_switch:\n  one_press: true\nmax_open_lots: 12\n";
    let config = load_file("risk.yaml", text).unwrap();
    let mut wanted = AppConfig::default();
    wanted.engine.limits.max_open_lots = Lots(12);
    wanted.engine.kill_switch.one_press = true;
    assert_eq!(config, wanted);
    let config = load_file("strategy.yaml", "execution:\n  product: INTRADAY\n  on_failure: hold\n").unwrap();
    assert_eq!(config.engine.execution.product, Product::Intraday);
    assert_eq!(config.engine.execution.on_failure, FailurePolicy::Hold);
    assert_eq!(config.engine.exits, ExitPolicy::default());
}

#[test]
fn files_saved_by_a_windows_editor_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in SHIPPED {
        std::fs::write(folder.path().join(name), format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    }
    assert_eq!(load(folder.path()).unwrap(), AppConfig::default());
    let config = load_file("strategy.yaml", "execution:\r\n  on_failure: hold\r\n").unwrap();
    assert_eq!(config.engine.execution.on_failure, FailurePolicy::Hold);
    // The place of a mistake is right, too.
    let message = refusal("risk.yaml", "capital: 1000000\r\nmax_trade_per_day: 3\r\n");
    assert!(message.starts_with("risk.yaml, line 2, column 1: "), "{message}");
}

#[test]
fn the_screen_is_set_in_words() {
    let config = load_file("cockpit.yaml", "screen:\n  colours: 16\n  symbols: plain\nkeep_awake: false\n").unwrap();
    let screen = &config.cockpit.screen;
    assert_eq!((screen.colours, screen.symbols), (Choice::Always(Colours::Sixteen), Choice::Always(SymbolSet::Plain)));
    assert!(!config.cockpit.keep_awake && screen.theme == "dark");
    let config = load_file("cockpit.yaml", "screen:\n  colours: true\n").unwrap();
    assert_eq!(config.cockpit.screen.colours, Choice::Always(Colours::True));
    let message = refusal("cockpit.yaml", "screen:\n  colours: 64\n");
    assert!(message.contains("line 2") && message.contains("16, 256, true or auto"), "{message}");
}

#[test]
fn money_is_exact_however_it_is_written() {
    for (written, exact) in [
        ("0.05", dec!(0.05)),
        ("'0.05'", dec!(0.05)),
        ("\"123456789.15\"", dec!(123456789.15)),
        ("90071992547409.93", dec!(90071992547409.93)),
        ("10_00_000", dec!(1000000)),
        ("0.1", dec!(0.1)),
        ("2.675", dec!(2.675)),
    ] {
        let text = format!("starting_cash: {written}\n");
        let cash = load_file("paper.yaml", &text).unwrap().paper.starting_cash.0;
        assert_eq!((cash, cash.scale()), (exact, exact.scale()), "{written}");
    }
    let pct = load_file("risk.yaml", "max_loss_per_trade_pct: 1.1\n").unwrap().engine.limits.max_loss_per_trade_pct;
    assert_eq!((pct, pct.scale()), (dec!(1.1), 1));
}

#[test]
fn a_mistake_is_shown_with_its_place_and_what_to_write() {
    let message = refusal("risk.yaml", "capital: 1000000\nmax_trade_per_day: 3\n");
    let wanted =
        "risk.yaml, line 2, column 1: there is no setting `max_trade_per_day` here; did you mean `max_trades_per_day`?
  1 | capital: 1000000
  2 | max_trade_per_day: 3
    | ^";
    assert_eq!(message, wanted);
    let message = refusal("risk.yaml", "kil_switch:\n  one_press: true\n");
    assert!(message.contains("did you mean `kill_switch`?"), "{message}");
    let message = refusal("risk.yaml", "kill_switch:\n  onepress: true\n");
    assert!(message.starts_with("risk.yaml, line 2, column 3: ") && message.contains("`one_press`"), "{message}");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let folder = folder_with("risk.yaml", "capital: -5\nmax_daily_loss: 0\n");
    std::fs::write(folder.path().join("paper.yaml"), "clock: weekends\n").unwrap();
    let errors = load(folder.path()).unwrap_err();
    assert_eq!(errors.0.len(), 3, "{errors}");
}

#[test]
fn a_secret_in_a_settings_file_is_refused_and_not_repeated() {
    let message = refusal("dhan.yaml", "client_id: 1000000001\naccess_token: eyJhbGci.eyJpc3M.c2ln\n");
    assert!(message.contains("line 2") && message.contains("DHAN_ACCESS_TOKEN"), "{message}");
    assert!(!message.contains("eyJ"), "{message}");
}

#[test]
fn a_file_with_nearly_the_right_name_is_a_mistake() {
    let message = refusal("risk.yml", "max_daily_loss: 100\n");
    assert_eq!(message, "risk.yml is not read: rename it to risk.yaml");
    let folder = folder_with("webhooks.yaml", "");
    let config = load(folder.path()).unwrap();
    assert!(config.warnings[0].contains("webhooks.yaml is not read"));
}

#[test]
fn the_client_id_of_the_environment_goes_before_the_files() {
    let folder = folder_with("dhan.yaml", "client_id: 1000000001\n");
    assert_eq!(load(folder.path()).unwrap().client_id(), Some("1000000001"));
    let set = |name: &str| (name == "DHAN_CLIENT_ID").then(|| "1000000002".to_string());
    assert_eq!(AppConfig::load_with(folder.path(), &set).unwrap().client_id(), Some("1000000002"));
    assert_eq!(AppConfig::default().client_id(), None);
}

fn fixtures(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/config")).join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|f| (f.clone(), std::fs::read_to_string(&f).unwrap())).collect()
}

/// `risk.a-word-about-it.yaml` is a `risk.yaml`.
fn target(file: &Path) -> String {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    format!("{}.yaml", name.split('.').next().unwrap())
}

#[test]
fn every_valid_example_loads() {
    for (file, text) in fixtures("valid") {
        let loaded = load_file(&target(&file), &text);
        assert!(loaded.is_ok(), "{}: {}", file.display(), loaded.unwrap_err());
        assert_ne!(loaded.unwrap(), AppConfig::default(), "{} changes nothing", file.display());
    }
}

/// The first line of each file says what its owner is told.
#[test]
fn every_invalid_example_is_refused_with_the_words_it_names() {
    let files = fixtures("invalid");
    assert!(files.len() >= 20);
    for (file, text) in files {
        let wanted = text.lines().next().unwrap().trim_start_matches("# ").to_string();
        let message = refusal(&target(&file), &text);
        assert!(message.contains(&wanted), "{}:\n{message}", file.display());
    }
}
