//! The command line: one file per sub-command, argument parsing.
//!
//! Floor 5. No logic of its own: a sub-command asks a [`crate::web::Desk`] and writes what it says, for people or as JSON.
//! [`connect`] finds the desk, [`wiring`] is where the app is plugged in.

pub mod args;
mod commands;
pub mod connect;
mod console;
mod failure;
mod fields;
pub mod machine;
mod shell;
mod table;
#[cfg(test)]
mod tests;
mod wiring;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio_util::sync::CancellationToken;

use args::{
    Cli, Command, Global, IpCommand, JournalCommand, RiskCommand, SetupsCommand, SignalsCommand, TradingCommand,
};
use connect::Checks;
use console::{Console, NEEDS_YES};
use failure::Failure;
use machine::Machine;
use shell::Shell;

/// After Ctrl-C, what a sub-command gets to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// Pressed twice, Ctrl-C ends the program at once, with the code that says so.
const INTERRUPTED: i32 = 130;

/// The whole program: parses, starts, ends with 0 (done), 1 (refused or failed) or 2 (usage).
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and the version go to stdout and are no mistake.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let interrupted = CancellationToken::new();
    let mut console = Console::standard(cli.global.json, interrupted.clone());
    match start(&cli, &wiring::machine(), &mut console, interrupted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                let _ = console.warn(&text);
            }
            ExitCode::from(failure.code())
        }
    }
}

fn start(
    cli: &Cli,
    machine: &dyn Machine,
    console: &mut Console,
    interrupted: CancellationToken,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::Refused(format!("the program could not start its threads: {e}")))?;
    runtime.spawn(watch_for_ctrl_c(interrupted));
    let ended = runtime.block_on(async {
        match &cli.command {
            None => before_the_screen(&cli.global, machine, console).await,
            Some(command) => run(&cli.global, command, machine, console).await,
        }
    });
    // A question may still wait for its answer: it is not waited for.
    runtime.shutdown_background();
    ended?;
    match &cli.command {
        None => Ok(machine.cockpit(&cli.global)?),
        Some(Command::Replay(args)) if commands::replay::on_screen(args, console) => {
            commands::replay::show(&cli.global, args)
        }
        Some(_) => Ok(()),
    }
}

async fn watch_for_ctrl_c(interrupted: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        interrupted.cancel();
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    }
}

async fn before_the_screen(global: &Global, machine: &dyn Machine, console: &mut Console) -> Result<(), Failure> {
    if global.json {
        return Err(Failure::Usage("--json belongs to a sub-command, such as `strikedeck status --json`".into()));
    }
    // Before anything is asked or started.
    crate::platform::console::usable().map_err(Failure::Usage)?;
    connect::confirm_live(global, machine, console, Checks::MustHold).await
}

/// Runs a sub-command to its end.
async fn run(global: &Global, command: &Command, machine: &dyn Machine, console: &mut Console) -> Result<(), Failure> {
    if asks(command) && !console.can_ask() {
        return Err(Failure::Usage(NEEDS_YES.into()));
    }
    match command {
        Command::Exchange(args) => commands::exchange::run(global, args, machine, console).await,
        Command::Keys => commands::keys::run(global, console),
        Command::Calc { command } => commands::calc::run(command, console),
        Command::Tradebook(args) => commands::tradebook::run(global, args, console),
        Command::Rehearse(args) if args.what == "list" => commands::rehearse::list(console),
        Command::InstallShortcut(args) => commands::install_shortcut::run(*args, console),
        Command::Setup(args) => commands::setup::run(global, args, console).await,
        Command::Risk { command } => commands::risk::run(global, command.as_ref(), console).await,
        Command::Ip { command } => commands::ip::run(global, command.as_ref(), console).await,
        Command::Simulate(args) => commands::simulate::run(args, console),
        Command::Doctor => commands::doctor::run(global, machine, console).await,
        Command::Journal { command: JournalCommand::Verify(args) } => commands::journal::verify(global, args, console),
        Command::Replay(args) => commands::replay::run(global, args, console),
        Command::Flatten(args) if args.force => commands::flatten::force(global, *args, machine, console).await,
        _ => with_desk(global, command, machine, console).await,
    }
}

/// Whether it will ask before it does something. Where nobody can answer, nothing is even started.
fn asks(command: &Command) -> bool {
    match command {
        Command::Execute(args) => !args.dry_run && !args.yes.yes,
        Command::Flatten(args) => !args.yes.yes,
        Command::Kill(yes) => !yes.yes,
        Command::Backstop(args) => args.wish.is_some() && !args.yes.yes,
        Command::Resume(args) | Command::Unwind(args) | Command::Close(args) => !args.yes.yes,
        Command::Risk { command: Some(RiskCommand::Ack(yes)) } => !yes.yes,
        Command::Ip { command: Some(IpCommand::Set(args)) } => !args.yes.yes,
        // `top` marks without asking where nobody can be asked; the others send nothing.
        Command::List(_)
        | Command::Show { .. }
        | Command::Mark(_)
        | Command::Bulk(_)
        | Command::Top(_)
        | Command::Unmark { .. }
        | Command::Priority { .. }
        | Command::Note { .. }
        | Command::Status
        | Command::Arm { .. }
        | Command::Trading { .. }
        | Command::Retry(_)
        | Command::Import(_)
        | Command::Map(_)
        | Command::Calc { .. }
        | Command::Doctor
        | Command::Setup(_)
        | Command::Risk { command: None }
        | Command::Ip { command: None }
        | Command::Exchange(_)
        | Command::Rehearse(_)
        | Command::Keys
        | Command::Journal { .. }
        | Command::Replay(_)
        | Command::InstallShortcut(_)
        | Command::OnFailure { .. }
        | Command::Stop(_)
        | Command::Target(_)
        | Command::Rules(_)
        | Command::Tradebook(_)
        | Command::Alerts(_)
        | Command::Signals { .. }
        | Command::Setups { .. }
        | Command::Signal(_)
        | Command::Simulate(_) => false,
    }
}

/// What can enter or arm asks for the day's checks; looking, halting and leaving must work when something is wrong.
fn checks_before(command: &Command) -> Checks {
    match command {
        Command::Execute(_)
        | Command::Resume(_)
        | Command::Retry(_)
        | Command::Arm { .. }
        | Command::Signal(_)
        | Command::Signals { command: Some(SignalsCommand::Approve { .. }) }
        | Command::Setups { command: Some(SetupsCommand::Arm { .. }) }
        | Command::Trading { command: TradingCommand::Enable } => Checks::MustHold,
        _ => Checks::NotAsked,
    }
}

async fn with_desk(
    global: &Global,
    command: &Command,
    machine: &dyn Machine,
    console: &mut Console,
) -> Result<(), Failure> {
    let interrupted = console.interrupted();
    let connected = tokio::select! {
        biased;
        connected = connect::connect(global, machine, console, checks_before(command)) => connected?,
        stopped = abandoned(interrupted.clone()) => return Err(stopped),
    };
    let headless = connected.is_headless();
    let mut shell = Shell { desk: connected.desk.clone(), console, headless };
    let ended = tokio::select! {
        biased;
        ended = act(&mut shell, command) => ended,
        stopped = abandoned(interrupted) => Err(stopped),
    };
    connected.close().await;
    ended
}

/// For what does not listen for Ctrl-C itself.
async fn abandoned(interrupted: CancellationToken) -> Failure {
    interrupted.cancelled().await;
    tokio::time::sleep(GRACE).await;
    Failure::Refused("stopped; what was asked for last may have been done: see `strikedeck status`".into())
}

/// One sub-command at a desk.
async fn act(shell: &mut Shell<'_>, command: &Command) -> Result<(), Failure> {
    use crate::engine::command::Command as Order;
    match command {
        Command::List(args) => commands::list::run(shell, args).await,
        Command::Show { id } => commands::show::run(shell, *id).await,
        Command::Mark(args) => commands::mark::one(shell, args).await,
        Command::Bulk(args) => commands::mark::several(shell, args).await,
        Command::Top(args) => commands::top::run(shell, args).await,
        Command::Unmark { ids } => shell.order(Order::Unmark { ids: ids.clone() }).await,
        Command::Priority { id, priority } => shell.order(Order::SetPriority { id: *id, priority: *priority }).await,
        Command::Note { id, text } => shell.order(Order::SetNotes { id: *id, notes: text.join(" ") }).await,
        Command::Execute(args) => commands::execute::run(shell, args).await,
        Command::Status => commands::status::run(shell).await,
        Command::Flatten(args) => commands::flatten::run(shell, *args).await,
        Command::Kill(yes) => commands::kill::run(shell, *yes).await,
        Command::Trading { command } => commands::trading::run(shell, command).await,
        Command::Backstop(args) => commands::backstop::run(shell, *args).await,
        Command::Arm { word } => {
            shell.order(Order::Arm { word: word.clone() }).await?;
            commands::backstop::answered(shell, "broker_switch").await.map(|_| ())
        }
        Command::Retry(args) => shell.order(Order::Retry { id: args.id }).await,
        Command::Resume(args) => commands::decide::resume(shell, args).await,
        Command::Unwind(args) => commands::decide::unwind(shell, args).await,
        Command::Close(args) => commands::decide::close(shell, args).await,
        Command::Import(args) => commands::import::run(shell, args).await,
        Command::Map(args) => commands::map::run(shell, args).await,
        Command::Alerts(args) => commands::alerts::run(shell, args).await,
        Command::Rehearse(args) => commands::rehearse::run(shell, args).await,
        Command::OnFailure { id, policy } => shell.order(Order::SetFailurePolicy { id: *id, policy: policy.0 }).await,
        Command::Stop(args) => commands::protect::stop(shell, args).await,
        Command::Target(args) => commands::protect::target(shell, args).await,
        Command::Rules(args) => commands::protect::rules(shell, args).await,
        Command::Signals { command } => commands::scalping::signals(shell, command.as_ref()).await,
        Command::Setups { command } => commands::scalping::setups(shell, command.as_ref()).await,
        Command::Signal(args) => commands::scalping::send(shell, args).await,
        Command::Doctor
        | Command::Calc { .. }
        | Command::Setup(_)
        | Command::Risk { .. }
        | Command::Ip { .. }
        | Command::Exchange(_)
        | Command::Simulate(_)
        | Command::Tradebook(_)
        | Command::Journal { .. }
        | Command::Replay(_)
        | Command::Keys
        | Command::InstallShortcut(_) => Ok(()),
    }
}
