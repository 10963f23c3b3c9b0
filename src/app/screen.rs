//! The cockpit with its screen: trading on the runtime's threads and the engine's, the screen on one of its own.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::cockpit::{Cockpit, Options, prepare};
use super::engine_thread::{Input, Inputs};
use crate::engine::command::{Command, Origin, Reply};
use crate::telemetry::{self, Pane};
use crate::tui::keymap::Keymap;
use crate::tui::run::{self, Exit, Screen};
use crate::tui::terminal;
use crate::tui::theme::Theme;

/// Commands that may wait for the engine; more, and the trader is told that nothing was sent.
const COMMANDS: usize = 64;

/// Runs the cockpit until the trader leaves or the system ends it.
pub fn run(options: &Options, theme: Option<&str>) -> anyhow::Result<()> {
    // Asked before anything starts: reading keys would find a terminal of its own, and draw where nobody looks.
    anyhow::ensure!(
        terminal::is_terminal(&std::io::stdout()),
        "the screen needs a terminal, and its output goes elsewhere; sub-commands work without one: see `strikedeck help`"
    );
    let (folder, config) = prepare(options)?;
    let log = telemetry::start(&folder.logs(), &config.cockpit.log, Pane::Shown)?;
    telemetry::install_panic_hook(terminal::restore);
    let settings = options.config.clone().unwrap_or_else(|| folder.config().to_path_buf());
    let keymap = Arc::new(keymap(&settings)?);
    let theme = theme_named(theme, &settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stop = CancellationToken::new();
    watch_signals(&runtime, stop.clone()).context("the system's signals cannot be heard")?;
    let mut cockpit = runtime.block_on(Cockpit::start(folder, config))?;
    runtime.block_on(cockpit.open_control())?;
    let (commands, queue) = mpsc::channel(COMMANDS);
    runtime.spawn(pass_on(queue, cockpit.inputs.clone()));
    let inputs = cockpit.inputs.clone();
    let screen = Screen { views: cockpit.views.clone(), commands, halt: Arc::new(move || inputs.halt()), stop };
    let ended = run::run(screen, run::Options { keymap, theme, mouse: false });
    info!("the screen has ended: {ended:?}");
    runtime.block_on(cockpit.stop());
    drop(log);
    match ended.context("the terminal failed")? {
        Exit::Quit | Exit::Stopped | Exit::TerminalGone => Ok(()),
    }
}

/// Brings the screen's commands to the engine; each answer goes straight back.
async fn pass_on(mut queue: mpsc::Receiver<(Command, oneshot::Sender<Reply>)>, inputs: Inputs) {
    while let Some((command, reply)) = queue.recv().await {
        inputs.send(Input::Command { command, origin: Origin::Screen, reply });
    }
}

/// The shipped keys, with the user's `keymap.toml` over them.
fn keymap(folder: &Path) -> anyhow::Result<Keymap> {
    let file = folder.join("keymap.toml");
    match std::fs::read_to_string(&file) {
        Ok(text) => Keymap::with_overlay(&text, &file.display().to_string()).map_err(anyhow::Error::from),
        Err(_) => Ok(Keymap::default()),
    }
}

/// One of the shipped themes, or `themes/NAME.toml` of the settings folder.
fn theme_named(name: Option<&str>, folder: &Path) -> anyhow::Result<Theme> {
    let name = name.unwrap_or("dark");
    let file = folder.join("themes").join(format!("{name}.toml"));
    let theme = match std::fs::read_to_string(&file) {
        Ok(text) => Theme::parse(&text).map_err(|e| format!("{}: {e}", file.display())),
        Err(_) => Theme::named(name),
    };
    theme.map_err(anyhow::Error::msg)
}

/// The system's wish to end the program goes the same way as the trader's. It is heard from now on: what comes while
/// the cockpit still starts ends it then.
fn watch_signals(runtime: &Runtime, stop: CancellationToken) -> std::io::Result<()> {
    let _runtime = runtime.enter();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        runtime.spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = hangup.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
        });
    }
    #[cfg(windows)]
    {
        use tokio::signal::windows;
        let mut close = windows::ctrl_close()?;
        let mut logoff = windows::ctrl_logoff()?;
        let mut shutdown = windows::ctrl_shutdown()?;
        let mut interrupt = windows::ctrl_c()?;
        runtime.spawn(async move {
            tokio::select! {
                _ = close.recv() => {}
                _ = logoff.recv() => {}
                _ = shutdown.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
        });
    }
    Ok(())
}
