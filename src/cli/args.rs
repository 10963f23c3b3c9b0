//! What can be typed after `strikedeck`, and what each word means. Parsing only.

mod calc;
mod live;
mod protection;
mod records;
mod scalping;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use rust_decimal::Decimal;

pub use self::calc::{CalcCommand, ChargesArgs, GreeksArgs, IvArgs, NameArgs, OptionArgs, PayoffArgs};
pub use self::live::{ConsentBy, IpCommand, IpSetArgs, RiskCommand, SetupArgs, Store, WebhookSecret};
pub use self::protection::{RulesArgs, StopArgs, TargetArgs};
pub use self::records::{AlertsArgs, AlertsCommand, JournalCommand, ReplayArgs, ReplayDay, TradebookArgs, VerifyArgs};
pub use self::scalping::{SetupsCommand, SignalArgs, SignalsCommand};
pub use self::values::{OwnPolicy, Seeds, Target};
use self::values::{failure_policy, holding, option_right, seconds, seeds, strategy_id};
use crate::domain::{OptionRight, Price, Quantity, StrategyId, StrategyStatus, Symbol};
use crate::engine::record::Profile;
use crate::simulation::{Disturbance, Weather};
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
    /// Look only: keys send nothing but a halt
    #[arg(long, help_heading = "Screen")]
    pub read_only: bool,
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
    /// Whether entries are allowed; forbid them with a reason, or allow them again
    Trading {
        #[command(subcommand)]
        command: TradingCommand,
    },
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
    /// What the scalper does: set-ups, signals, open scalps and those of the day; decides over a signal that waits
    Signals {
        #[command(subcommand)]
        command: Option<SignalsCommand>,
    },
    /// The scalping set-ups; arms or pauses one
    Setups {
        #[command(subcommand)]
        command: Option<SetupsCommand>,
    },
    /// Send a signal by hand, to try a set-up out
    Signal(SignalArgs),
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
    /// Prices, Greeks, implied volatilities, payoffs, names and charges, for one position or a file of them
    Calc {
        #[command(subcommand)]
        command: CalcCommand,
    },
    /// Check folders, settings, terminal and links; with --live, all that must hold before trading live
    Doctor,
    /// Log in at the broker and keep the login, for live trading
    Setup(SetupArgs),
    /// The limits of live trading, and that you have looked at them
    Risk {
        #[command(subcommand)]
        command: Option<RiskCommand>,
    },
    /// Trades of some days as CSV, one line per trade; whether a cockpit runs or not
    Tradebook(TradebookArgs),
    /// The inbox of alerts
    Alerts(AlertsArgs),
    /// The addresses from which the broker takes orders, and where we come from
    Ip {
        #[command(subcommand)]
        command: Option<IpCommand>,
    },
    /// Run the built-in exchange alone until stopped; prints its addresses as one line of JSON
    Exchange(ExchangeArgs),
    /// Let something go wrong in the running paper cockpit, for practice; `list` tells what, `clear` ends it
    Rehearse(RehearseArgs),
    /// Play trading days with faults, from seeds, in virtual time, and check every promise after every step
    Simulate(SimulateArgs),
    /// The journal of this folder: everything that was decided and seen
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
    /// A past day on the screen, from its journal alone: play, step, jump; nothing can be traded
    Replay(ReplayArgs),
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

#[derive(Clone, Debug, Subcommand)]
pub enum TradingCommand {
    /// Whether entries are allowed, since when not, and why
    Status,
    /// Entries are allowed again (not after a flatten: that takes `arm`)
    Enable,
    /// No entries, working entries cancelled, positions stay; kept over a restart
    Disable {
        /// Why: shown and kept
        #[arg(long, num_args = 1.., value_name = "TEXT")]
        reason: Vec<String>,
    },
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
    /// Nothing disturbs the run but these, as a broken promise names them: delays,key@12,call@45.2
    #[arg(long, value_delimiter = ',', value_name = "DISTURBANCES", requires = "trace")]
    pub only: Option<Vec<Disturbance>>,
    /// Seeds played at the same time
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Yes {
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
