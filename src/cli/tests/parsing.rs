use clap::{CommandFactory, Parser};

use crate::cli::args::{Cli, Command, PaperClock};
use crate::domain::{OptionRight, StrategyId, StrategyStatus};

fn parsed(line: &str) -> Cli {
    Cli::try_parse_from(format!("strikedeck {line}").split_whitespace()).unwrap_or_else(|e| panic!("{line}: {e}"))
}

fn refused(line: &str) -> String {
    let error = Cli::try_parse_from(format!("strikedeck {line}").split_whitespace()).err();
    let error = error.unwrap_or_else(|| panic!("{line} was taken"));
    assert!(error.use_stderr() && error.exit_code() == 2, "{line}");
    error.to_string()
}

#[test]
fn the_table_of_arguments_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_documented_call_is_understood() {
    for line in [
        "",
        "--seed 7 --clock real --spots-from run.json --theme dusk --colors 256 --symbols plain",
        "--live",
        "list",
        "list --symbol NIFTY --min-score 0.65 --status pending,marked --json",
        "show",
        "show 118",
        "show #118 --json",
        "mark 118",
        "mark 118 --priority 5 --notes weekly",
        "bulk 118 119 120 --priority 2",
        "top",
        "top --count 3 --min-score 0.7 --yes",
        "unmark 118",
        "unmark 118 119",
        "priority 118 9",
        "note 118 watch the open",
        "execute",
        "execute 118 119 --dry-run",
        "execute --yes --json",
        "status --json",
        "calc greeks --csv options.csv",
        "calc greeks --model black76 --type C --underlying 26000 --strike 26100 --days 7 --vol 13 --rate 6.5",
        "calc greeks --type P --underlying 26000 --strike 26100 --expiry 2026-11-23 --exchange NSE --vol 13 --json",
        "calc iv --csv -",
        "calc iv --model bs --type PE --underlying 26000 --strike 26100 --t-years 0.02 --price 130 --dividend 1.2",
        "calc payoff --json cases.json",
        "calc payoff cases.json",
        "calc name --json cases.json",
        "calc charges --csv orders.csv --notes",
        "journal verify",
        "journal verify --folder /backup/paper --json",
        "replay 2026-11-20",
        "replay yesterday --at 11:32",
        "replay today --at 11:32:05 --print --folder /backup/live",
        "flatten",
        "flatten --include-foreign --yes",
        "flatten --force --yes",
        "kill",
        "kill --yes",
        "arm ARM",
        "trading status --json",
        "trading enable",
        "trading disable --reason news at noon",
        "retry 118",
        "resume 118 --yes",
        "unwind 118 --yes",
        "close 118 -y",
        "tradebook",
        "tradebook --from 2026-11-01 --to 2026-11-30 --out book.csv --fills",
        "alerts",
        "alerts --unread --json",
        "alerts read 7 #8",
        "alerts read all",
        "alerts mute 45m",
        "alerts mute off",
        "stop 118 82.50",
        "stop 118 trail 10 --leg 2",
        "stop 118 breakeven",
        "target 118 off",
        "signals",
        "signals --json",
        "signals approve 5",
        "signals decline 5",
        "setups",
        "setups arm SCALP_ATM",
        "setups pause scalp_atm",
        "signal --setup SCALP_ATM --symbol NIFTY --side buy --price 25944.35",
        "ip",
        "ip --json",
        "ip set secondary 203.0.113.7 --yes",
        "setup --consent",
        "setup --consent partner --store file",
        "rules 118 --stop-pct 50 --target 2500 --scale 50:25,75:50",
        "rules 118 --stated",
        "simulate --seeds 1..10000 --profile hostile --threads 2",
        "simulate --seeds 7 --profile calm --trace",
        "simulate --seeds 7 --profile rough --only delays,key@12,call@45.2 --trace",
        "import a.json b.csv",
        "import a.json --dry-run --json",
        "map NIFTY 24000 CE",
        "map NIFTY 24000 pe --expiry 2026-11-24",
        "doctor",
        "rehearse list",
        "rehearse dead-feed --for 2m",
        "rehearse clear",
        "exchange --faults faults.yaml --profile profile.yaml --control",
        "install-shortcut",
        "install-shortcut --remove",
        "doctor --live",
        "setup",
        "setup --check",
        "setup --forget",
        "setup --store file",
        "setup --webhook",
        "setup --webhook renew --store keyring",
        "risk",
        "risk ack --yes",
        "keys --json",
        "exchange --listen 127.0.0.1:8765 --seed 42",
        "exchange --listen 127.0.0.1:0 --seed 1 --books books.db --clock always-open --spots-from run.json",
        "--data here --config there list",
        "list --data here --config there --live",
    ] {
        parsed(line);
    }
}

#[test]
fn words_mean_what_they_say() {
    let Some(Command::List(list)) = parsed("list --status marked,DEFERRED --min-score 0.60").command else { panic!() };
    assert_eq!(list.status, [StrategyStatus::Marked, StrategyStatus::Deferred]);
    assert_eq!(list.min_score.unwrap().to_string(), "0.60");
    let Some(Command::Top(top)) = parsed("top").command else { panic!() };
    assert_eq!((top.count, top.min_score.to_string(), top.yes.yes), (5, "0.6".into(), false));
    let Some(Command::Unmark { ids }) = parsed("unmark 3 #4").command else { panic!() };
    assert_eq!(ids, [StrategyId(3), StrategyId(4)]);
    let Some(Command::Map(map)) = parsed("map NIFTY 152.5 put").command else { panic!() };
    assert_eq!((map.strike.to_string(), map.right), ("152.5".into(), OptionRight::Put));
    let cli = parsed("exchange --seed 42 --clock real");
    assert_eq!((cli.global.seed, cli.global.clock), (Some(42), Some(PaperClock::Real)));
    let Some(Command::Note { text, .. }) = parsed("note 1 watch the open").command else { panic!() };
    assert_eq!(text.join(" "), "watch the open");
}

#[test]
fn what_is_missing_or_no_value_is_a_usage_error_that_names_it() {
    for (line, word) in [
        ("fly", "fly"),
        ("mark", "ID"),
        ("mark x", "number"),
        ("bulk", "ID"),
        ("unmark", "ID"),
        ("list --status done", "done"),
        ("list --min-score high", "high"),
        ("map NIFTY 24000 XX", "PE for a put"),
        ("map NIFTY 24000 CE --expiry tomorrow", "tomorrow"),
        ("exchange --listen here", "here"),
        ("rehearse dead-feed --for ever", "30s or 2m"),
        ("--live --seed 7", "seed"),
        ("--clock sometimes", "sometimes"),
    ] {
        let text = refused(line);
        assert!(text.contains(word), "{line}: {text}");
    }
}

#[test]
fn help_and_version_are_no_mistake() {
    for line in ["--help", "--version", "execute --help"] {
        let error = Cli::try_parse_from(format!("strikedeck {line}").split_whitespace()).unwrap_err();
        assert!(!error.use_stderr(), "{line}");
    }
}
