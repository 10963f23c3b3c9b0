//! What can be typed after `strikedeck`, and what each word means. Parsing only.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::{OptionRight, Price, Quantity, ScaleStep, StrategyId, StrategyStatus, Symbol};
use crate::engine::config::FailurePolicy;
use crate::engine::record::Profile;
use crate::simulation::Weather;
use crate::tui::looks::{Choice, Colours, SymbolSet};

/// A terminal cockpit for the Indian options trader. Without a sub-command it opens the screen, in paper mode.
#[derive(Clone, Debug, Parser)]
#[command(name = "strikedeck", version, about, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 refused or failed (the reason is on stderr), 2 usage.\n\
    Sub-commands talk to the running cockpit; without one they open its journal and go through the same engine.")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every sub-command and for the screen.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Keep everything below this folder instead of the user's own data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Read settings from this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub config: Option<PathBuf>,
    /// Write JSON on stdout, nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Trade with real money at the real broker; asks for the account's last four digits before it starts
    #[arg(long, global = true, conflicts_with_all = ["seed", "clock", "spots_from"])]
    pub live: bool,
    /// The paper market's prices follow from this number
    #[arg(long, global = true, value_name = "N", help_heading = "Paper market")]
    pub seed: Option<u64>,
    /// When the paper market is open
    #[arg(long, global = true, value_enum, value_name = "CLOCK", help_heading = "Paper market")]
    pub clock: Option<PaperClock>,
    /// List the underlyings of this analysis too, at the prices it states
    #[arg(long, global = true, value_name = "FILE", help_heading = "Paper market")]
    pub spots_from: Option<PathBuf>,
    /// Colours of the screen
    #[arg(long, value_name = "NAME", help_heading = "Screen")]
    pub theme: Option<String>,
    /// How many colours: 16, 256, true, or auto to find out
    #[arg(long, alias = "colours", value_name = "COUNT", help_heading = "Screen")]
    pub colors: Option<Choice<Colours>>,
    /// Which signs: unicode, plain (ASCII only), or auto to find out
    #[arg(long, value_name = "SET", help_heading = "Screen")]
    pub symbols: Option<Choice<SymbolSet>>,
}

impl Global {
    pub fn profile(&self) -> Profile {
        if self.live { Profile::Live } else { Profile::Paper }
    }
}

/// When the built-in exchange is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PaperClock {
    /// At any hour of any day
    #[default]
    AlwaysOpen,
    /// In the sessions of the real exchanges
    Real,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Strategies, the highest priority first, then the best score
    List(ListArgs),
    /// One strategy whole, with what executing it would mean; without ID, all that are marked
    Show {
        /// Its number, as `list` shows it
        #[arg(value_parser = strategy_id)]
        id: Option<StrategyId>,
    },
    /// Mark a strategy for execution: its legs become contracts and are frozen
    Mark(MarkArgs),
    /// Mark several strategies
    Bulk(BulkArgs),
    /// Mark the best pending strategies
    Top(TopArgs),
    /// Back to pending
    Unmark {
        /// Their numbers, as `list` shows them
        #[arg(required = true, value_name = "ID", value_parser = strategy_id)]
        ids: Vec<StrategyId>,
    },
    /// Set the priority of a marked strategy: higher goes first
    Priority {
        /// Its number, as `list` shows it
        #[arg(value_parser = strategy_id)]
        id: StrategyId,
        /// 0 to 999
        #[arg(value_name = "N", allow_negative_numbers = true)]
        priority: i32,
    },
    /// Write a note beside a strategy
    Note {
        /// Its number, as `list` shows it
        #[arg(value_parser = strategy_id)]
        id: StrategyId,
        /// Replaces what was noted before
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Execute marked strategies (all, or those named) and wait until the queue is done
    Execute(ExecuteArgs),
    /// Mode, session, P&L, positions, working orders, queue, limits
    Status,
    /// Halt, cancel what works, exit everything; waits until flat
    Flatten(FlattenArgs),
    /// Halt: no entries, working entries cancelled; positions stay
    Kill(Yes),
    /// Allow entries again after a halt, by the word that the cockpit is configured with (ARM)
    Arm {
        /// In full, as configured
        word: String,
    },
    /// The broker's own exit of everything at the day-loss limit: `on`, `off`, or how it stands
    Backstop(BackstopArgs),
    /// A failed strategy becomes pending again
    Retry(OneArgs),
    /// A held execution goes on where it stopped
    Resume(OneArgs),
    /// A held execution exits what has filled
    Unwind(OneArgs),
    /// Exit what a strategy holds
    Close(OneArgs),
    /// Move, arm or lift the stop of what a strategy holds
    Stop(StopArgs),
    /// Set or lift the price at which a position is exited with a profit
    Target(TargetArgs),
    /// State the exit rules of a strategy; without options, show them
    Rules(RulesArgs),
    /// What happens when a leg of a strategy fails: unwind, hold, market_with_band, or default (as the settings say)
    OnFailure {
        /// Its number, as `list` shows it
        #[arg(value_parser = strategy_id)]
        id: StrategyId,
        /// unwind, hold, market_with_band or default
        #[arg(value_name = "POLICY", value_parser = failure_policy)]
        policy: OwnPolicy,
    },
    /// Read strategies from files: an analysis, records, positions, CSV
    Import(ImportArgs),
    /// The contract that an option means today
    Map(MapArgs),
    /// Check folders, settings, terminal and links; with --live, all that must hold before trading live
    Doctor,
    /// Log in at the broker and keep the login, for live trading
    Setup(SetupArgs),
    /// The limits of live trading, and that you have looked at them
    Risk {
        #[command(subcommand)]
        command: Option<RiskCommand>,
    },
    /// Run the built-in exchange alone until stopped; prints its addresses as one line of JSON
    Exchange(ExchangeArgs),
    /// Let something go wrong in the running paper cockpit, for practice; `list` tells what, `clear` ends it
    Rehearse(RehearseArgs),
    /// Play trading days with faults, from seeds, in virtual time, and check every promise after every step
    Simulate(SimulateArgs),
    /// The keys of the screen, as they are set
    Keys,
    /// Put Strikedeck into the Start menu and among Windows Terminal's profiles, or into the desktop's menu
    InstallShortcut(ShortcutArgs),
}

#[derive(Clone, Copy, Debug, Args)]
pub struct ShortcutArgs {
    /// Take it out again
    #[arg(long)]
    pub remove: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct ListArgs {
    /// Of this underlying only
    #[arg(long)]
    pub symbol: Option<String>,
    /// Scoring at least this
    #[arg(long, value_name = "SCORE")]
    pub min_score: Option<Decimal>,
    /// In these states only: pending, marked, deferred, executing, executed, failed, expired
    #[arg(long, value_delimiter = ',', value_name = "STATUS")]
    pub status: Vec<StrategyStatus>,
}

#[derive(Clone, Debug, Args)]
pub struct MarkArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// Higher goes first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub priority: Option<i32>,
    /// Shown beside it
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct BulkArgs {
    /// Their numbers, as `list` shows them
    #[arg(required = true, value_name = "ID", value_parser = strategy_id)]
    pub ids: Vec<StrategyId>,
    /// For all of them
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub priority: Option<i32>,
}

#[derive(Clone, Debug, Args)]
pub struct TopArgs {
    /// How many at most
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub count: u32,
    /// Scoring at least this
    #[arg(long, default_value = "0.6", value_name = "SCORE")]
    pub min_score: Decimal,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Clone, Debug, Args)]
pub struct ExecuteArgs {
    /// Marked strategies; none named: all that are marked
    #[arg(value_name = "ID", value_parser = strategy_id)]
    pub ids: Vec<StrategyId>,
    /// Show what would be sent, send nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct FlattenArgs {
    /// Positions that were opened elsewhere go too
    #[arg(long)]
    pub include_foreign: bool,
    /// Go to the broker itself, past a cockpit that hangs; takes everything in the account
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct BackstopArgs {
    /// Without it: how it stands
    #[arg(value_enum, value_name = "on|off")]
    pub wish: Option<OnOff>,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// The broker exits everything at the limit, today
    On,
    /// It no longer does
    Off,
}

#[derive(Clone, Debug, Args)]
pub struct OneArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// What it is shows in its content, not in its name
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Read and check, import nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Debug, Args)]
pub struct MapArgs {
    /// As the exchange spells it: NIFTY, BANKNIFTY, RELIANCE
    pub symbol: String,
    /// As listed: 24000, 152.5
    pub strike: Price,
    /// CE or PE
    #[arg(value_name = "CE|PE", value_parser = option_right)]
    pub right: OptionRight,
    /// As 2026-11-24; without it, the nearest that can still be entered
    #[arg(long, value_name = "DATE")]
    pub expiry: Option<Date>,
}

#[derive(Clone, Debug, Args)]
pub struct ExchangeArgs {
    /// Address and port; port 0 takes any that is free
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Keep the books in this file; without it they end with the program
    #[arg(long, value_name = "FILE")]
    pub books: Option<PathBuf>,
    /// Let go wrong what this file says
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Answer as this file says where sources on the broker's interface disagree
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Serve /control: faults, clock and market steered by whoever has the token that is printed
    #[arg(long)]
    pub control: bool,
    /// Shares that a new account holds for delivery, such as RELIANCE=20; they must be listed (--spots-from)
    #[arg(long, value_name = "SYMBOL=QUANTITY", value_parser = holding)]
    pub hold: Vec<(Symbol, Quantity)>,
    /// Post every order change to this address of this machine, as the broker does to a registered one
    #[arg(long, value_name = "URL")]
    pub postback: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct RehearseArgs {
    /// What is to go wrong, by its name; or `list`, or `clear`
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// For how long: 30s, 2m
    #[arg(long = "for", default_value = "30s", value_name = "TIME", value_parser = seconds)]
    pub seconds: u32,
}

/// Off a terminal, setup reads lines `NAME=value` from standard input (DHAN_CLIENT_ID, DHAN_ACCESS_TOKEN, …).
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct SetupArgs {
    /// Only try what is kept already
    #[arg(long, conflicts_with_all = ["forget", "store"])]
    pub check: bool,
    /// Take away everything secret that is kept
    #[arg(long, conflicts_with = "store")]
    pub forget: bool,
    /// Where to keep it; the keyring where the system has one that lasts
    #[arg(long, value_enum, value_name = "WHERE")]
    pub store: Option<Store>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// The system's keyring (on Linux the kernel's, until the machine starts again)
    Keyring,
    /// secrets.env in the settings folder, readable by you only
    File,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum RiskCommand {
    /// They are right: live trading may start with them
    Ack(Yes),
}

#[derive(Clone, Debug, Args)]
pub struct StopArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// A price, `breakeven`, `trail 10` (points behind the best price), or `off`
    #[arg(required = true, value_name = "STOP")]
    pub stop: Vec<String>,
    /// One leg only, counted from 1; without it every leg that is held
    #[arg(long, value_name = "N")]
    pub leg: Option<usize>,
}

#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// A price, or `off`
    #[arg(value_name = "PRICE", value_parser = target_price)]
    pub target: Target,
    /// One leg only, counted from 1; without it every leg that is held
    #[arg(long, value_name = "N")]
    pub leg: Option<usize>,
}

/// A strategy's own policy, or the settings'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPolicy(pub Option<FailurePolicy>);

/// A price, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(pub Option<Price>);

#[derive(Clone, Debug, Args)]
pub struct RulesArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// Follow the rules it came with
    #[arg(long, conflicts_with = "off")]
    pub stated: bool,
    /// No rules
    #[arg(long)]
    pub off: bool,
    /// Close at this profit in rupees
    #[arg(long, value_name = "RUPEES")]
    pub target: Option<Decimal>,
    /// … in per cent of the largest profit
    #[arg(long, value_name = "PCT")]
    pub target_pct: Option<Decimal>,
    /// Close at this loss in rupees
    #[arg(long, value_name = "RUPEES")]
    pub stop: Option<Decimal>,
    /// … in per cent of the largest loss
    #[arg(long, value_name = "PCT")]
    pub stop_pct: Option<Decimal>,
    /// … in multiples of the premium
    #[arg(long, value_name = "TIMES")]
    pub stop_premium: Option<Decimal>,
    /// Trail the profit from this share of the largest on, in per cent
    #[arg(long, value_name = "PCT", requires = "trail_by")]
    pub trail_after: Option<Decimal>,
    /// … and close once it has fallen by this share
    #[arg(long, value_name = "PCT", requires = "trail_after")]
    pub trail_by: Option<Decimal>,
    /// Close when so many days are left to the first expiry
    #[arg(long, value_name = "DAYS")]
    pub days: Option<i64>,
    /// Close when the delta of a short leg reaches this
    #[arg(long, value_name = "DELTA")]
    pub short_delta: Option<Decimal>,
    /// Close parts: `50:25,75:50` closes a quarter at half the largest profit, half of it at three quarters
    #[arg(long, value_name = "AT:CLOSE", value_delimiter = ',', value_parser = scale_step)]
    pub scale: Vec<ScaleStep>,
}

#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// One seed, or the first and the last of many: 7, 1..10000
    #[arg(long, default_value = "1..1000", value_name = "SEEDS", value_parser = seeds)]
    pub seeds: Seeds,
    /// How much goes wrong: calm, rough or hostile
    #[arg(long, default_value = "hostile", value_name = "PROFILE")]
    pub profile: Weather,
    /// Play one seed and print every line of it
    #[arg(long)]
    pub trace: bool,
    /// Seeds played at the same time
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
}

/// Seeds from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    pub first: u64,
    pub last: u64,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Yes {
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `118`, or `#118` as the screen shows it.
fn strategy_id(text: &str) -> Result<StrategyId, String> {
    text.trim_start_matches('#').parse().map_err(|_| "a strategy is named by its number, as in `list`".into())
}

/// `RELIANCE=20`.
fn holding(text: &str) -> Result<(Symbol, Quantity), String> {
    let read = || {
        let (symbol, quantity) = text.split_once('=')?;
        Some((Symbol::new(symbol).ok()?, Quantity(quantity.parse().ok()?)))
    };
    read().ok_or_else(|| "a holding is written SYMBOL=QUANTITY".into())
}

fn failure_policy(text: &str) -> Result<OwnPolicy, String> {
    if text.eq_ignore_ascii_case("default") {
        return Ok(OwnPolicy(None));
    }
    text.parse().map(|p| OwnPolicy(Some(p)))
}

fn target_price(text: &str) -> Result<Target, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(Target(None));
    }
    text.parse().map(|p| Target(Some(p))).map_err(|_| "a price such as 120.50, or off".into())
}

fn scale_step(text: &str) -> Result<ScaleStep, String> {
    let parsed = text.split_once(':').and_then(|(at, close)| {
        Some(ScaleStep { profit_pct: at.trim().parse().ok()?, close_pct: close.trim().parse().ok()? })
    });
    parsed.ok_or_else(|| "two percentages such as 50:25".into())
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let parsed = match text.split_once("..") {
        None => text.parse().ok().map(|seed| Seeds { first: seed, last: seed }),
        Some((first, last)) => {
            first.parse().ok().zip(last.trim_start_matches('=').parse().ok()).map(|(first, last)| Seeds { first, last })
        }
    };
    parsed.filter(|s| s.first <= s.last).ok_or_else(|| "a seed such as 7, or the first and the last: 1..10000".into())
}

fn option_right(text: &str) -> Result<OptionRight, String> {
    match text.to_ascii_uppercase().as_str() {
        "CE" | "CALL" => Ok(OptionRight::Call),
        "PE" | "PUT" => Ok(OptionRight::Put),
        _ => Err("CE for a call, PE for a put".into()),
    }
}

/// `30s`, `2m`, or a bare number of seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        _ => return Err("a time is said as 30s or 2m".into()),
    };
    let number: u32 = number.parse().map_err(|_| "a time is said as 30s or 2m")?;
    Ok(number.saturating_mul(factor))
}
