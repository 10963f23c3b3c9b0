//! The cockpit with its screen: trading on the runtime's threads and the engine's, the screen on one of its own.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::cockpit::{Cockpit, Options, prepare};
use super::config::ScreenConfig;
use super::inputs::{Input, Inputs};
use crate::engine::command::{Command, Origin, Reply};
use crate::platform::console;
use crate::platform::files::read_text;
use crate::telemetry::{self, Pane};
use crate::tui::keymap::Keymap;
use crate::tui::looks::{Choice, Colours, Looks, SymbolSet, find_out};
use crate::tui::run::{self, Edges, Exit, Models};
use crate::tui::terminal;
use crate::tui::theme::Theme;

/// Commands that may wait for the engine; more, and the trader is told that nothing was sent.
const COMMANDS: usize = 64;

/// After the system has said that the program ends, the screen gets so long to notice …
const SCREEN_GRACE: Duration = Duration::from_secs(1);
/// … and the rest so long to end in order. Windows allows five seconds in all.
const STOP_WITHIN: Duration = Duration::from_millis(3_500);

/// What the command line says of the screen; the rest is in `cockpit.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub theme: Option<String>,
    pub colours: Choice<Colours>,
    pub symbols: Choice<SymbolSet>,
    /// Keys look, and halt; they do nothing else.
    pub read_only: bool,
}

/// Runs the cockpit until the trader leaves or the system ends it. The terminal must be usable
/// (`platform::console::usable`): reading keys would find one of its own, and draw where nobody looks.
pub fn run(options: &Options, wishes: &Wishes) -> anyhow::Result<()> {
    let (folder, config) = prepare(options)?;
    let log = telemetry::start(&folder.logs(), &config.cockpit.log, Pane::Shown)?;
    telemetry::install_panic_hook(terminal::restore);
    let settings = options.config.clone().unwrap_or_else(|| folder.config().to_path_buf());
    let keymap = Arc::new(keymap(&settings)?);
    let mouse = config.cockpit.screen.mouse;
    let theme = fitted_theme(wishes, &config.cockpit.screen, &settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stop = CancellationToken::new();
    watch_signals(&runtime, stop.clone()).context("the system's signals cannot be heard")?;
    let mut cockpit = runtime.block_on(Cockpit::start(folder, config))?;
    runtime.block_on(cockpit.open_control())?;
    runtime.block_on(cockpit.open_webhook());
    let (commands, queue) = mpsc::channel(COMMANDS);
    runtime.spawn(pass_on(queue, cockpit.inputs.clone()));
    let inputs = cockpit.inputs.clone();
    let views = cockpit.views.clone();
    let attentions = cockpit.take_attentions();
    let books = {
        let _runtime = runtime.enter();
        Some(super::books::open(&cockpit))
    };
    let models = Some(Models { analytics: cockpit.analytics.clone(), demand: cockpit.demand.clone() });
    let halt = Arc::new(move || inputs.halt());
    let screen = Edges { views, models, commands, books, attentions, halt, stop: stop.clone(), replay: None };
    let ended = show(&runtime, screen, run::Options { keymap, theme, mouse, read_only: wishes.read_only }, &stop)?;
    let hurry = stop.is_cancelled() || !matches!(ended, Some(Ok(Exit::Quit)));
    runtime.block_on(async {
        if !hurry {
            cockpit.stop().await;
        } else if tokio::time::timeout(STOP_WITHIN, cockpit.stop()).await.is_err() {
            warn!("the system allows no more time: what was not committed is looked up at the next start");
        }
    });
    // Whatever still hangs (a disk, a console) is not waited for.
    runtime.shutdown_background();
    drop(log);
    match ended {
        // A screen that nobody takes the output of could not be asked.
        None | Some(Ok(Exit::Quit | Exit::Stopped | Exit::TerminalGone)) => Ok(()),
        Some(Err(error)) => Err(error).context("the terminal failed"),
    }
}

/// The theme that was chosen, as this terminal can show it.
pub(super) fn fitted_theme(wishes: &Wishes, config: &ScreenConfig, folder: &Path) -> anyhow::Result<Theme> {
    let looks = looks(wishes, config);
    Ok(theme(wishes, config, looks.colours, folder)?.fitted(looks.colours, looks.symbols))
}

/// Shows the screen on a thread of its own until it ends. A console that takes no more output (a selection in the old
/// Windows console, a stopped terminal) holds up that thread and nothing else: asked to end, the program does not wait
/// for it, and the answer is `None`.
pub(super) fn show(
    runtime: &Runtime,
    screen: Edges,
    options: run::Options,
    stop: &CancellationToken,
) -> anyhow::Result<Option<std::io::Result<Exit>>> {
    let (done, mut over) = oneshot::channel();
    let body = move || {
        let _ = done.send(run::run(screen, options));
    };
    std::thread::Builder::new().name("screen".into()).spawn(body)?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = &mut over => Some(ended),
            () = stop.cancelled() => tokio::time::timeout(SCREEN_GRACE, over).await.ok(),
        }
    });
    match ended {
        None => {
            warn!("the screen does not answer: its console takes no output");
            Ok(None)
        }
        // It panicked; the report has been printed.
        Some(Err(_)) => Ok(Some(Err(std::io::Error::other("the screen has failed: see the log file")))),
        Some(Ok(ended)) => {
            info!("the screen has ended: {ended:?}");
            Ok(Some(ended))
        }
    }
}

/// Brings the screen's commands to the engine; each answer goes straight back.
async fn pass_on(mut queue: mpsc::Receiver<(Command, oneshot::Sender<Reply>)>, inputs: Inputs) {
    while let Some((command, reply)) = queue.recv().await {
        inputs.send(Input::Command { command, origin: Origin::Screen, reply });
    }
}

/// The shipped keys, with the user's `keymap.toml` over them.
pub(super) fn keymap(folder: &Path) -> anyhow::Result<Keymap> {
    let file = folder.join("keymap.toml");
    match read_text(&file) {
        Ok(text) => Keymap::with_overlay(&text, &file.display().to_string()).map_err(anyhow::Error::from),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Keymap::default()),
        Err(e) => Err(anyhow::anyhow!("{}: {e}", file.display())),
    }
}

/// What the terminal can show, unless the trader knows better.
pub fn looks(wishes: &Wishes, config: &ScreenConfig) -> Looks {
    let found = find_out(console::kind(), &|name| std::env::var(name).ok());
    Looks {
        colours: wishes.colours.or(config.colours.or(found.colours)),
        symbols: wishes.symbols.or(config.symbols.or(found.symbols)),
        because: found.because,
    }
}

/// One of the shipped themes, or `themes/NAME.toml` of the settings folder. With sixteen colours the ordinary theme is the
/// one that was made for them.
fn theme(wishes: &Wishes, config: &ScreenConfig, colours: Colours, folder: &Path) -> anyhow::Result<Theme> {
    let name = wishes.theme.as_deref().unwrap_or(&config.theme);
    let file = folder.join("themes").join(format!("{name}.toml"));
    let theme = match read_text(&file) {
        Ok(text) => Theme::parse(&text).map_err(|e| format!("{}: {e}", file.display())),
        Err(e) if e.kind() != ErrorKind::NotFound => Err(format!("{}: {e}", file.display())),
        Err(_) if name == "dark" && colours == Colours::Sixteen => Theme::named("ansi16"),
        Err(_) => Theme::named(name),
    };
    theme.map_err(anyhow::Error::msg)
}

/// The system's wish to end the program goes the same way as the trader's. It is heard from now on: what comes while
/// the cockpit still starts ends it then.
pub(super) fn watch_signals(runtime: &Runtime, stop: CancellationToken) -> std::io::Result<()> {
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
        let mut interrupt_hard = windows::ctrl_break()?;
        runtime.spawn(async move {
            tokio::select! {
                _ = close.recv() => {}
                _ = logoff.recv() => {}
                _ = shutdown.recv() => {}
                _ = interrupt.recv() => {}
                _ = interrupt_hard.recv() => {}
            }
            stop.cancel();
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_goes_before_the_settings_and_these_before_what_is_found() {
        let settings = ScreenConfig { colours: Choice::Always(Colours::Indexed), ..ScreenConfig::default() };
        assert_eq!(looks(&Wishes::default(), &settings).colours, Colours::Indexed);
        let wishes = Wishes { colours: Choice::Always(Colours::Sixteen), ..Wishes::default() };
        assert_eq!(looks(&wishes, &settings).colours, Colours::Sixteen);
    }

    #[test]
    fn sixteen_colours_have_a_theme_of_their_own_unless_another_was_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: Option<&str>, colours| {
            let wishes = Wishes { theme: name.map(str::to_string), ..Wishes::default() };
            theme(&wishes, &ScreenConfig::default(), colours, folder.path()).map(|t| t.name)
        };
        assert_eq!(named(None, Colours::True).unwrap(), "dark");
        assert_eq!(named(None, Colours::Sixteen).unwrap(), "ansi16");
        assert_eq!(named(Some("light"), Colours::Sixteen).unwrap(), "light");
        assert!(named(Some("plaid"), Colours::True).unwrap_err().to_string().contains("no theme `plaid`"));
    }

    #[test]
    fn keys_and_themes_saved_by_a_windows_editor_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keymap.toml"), "\u{feff}[keys]\r\nmark = 'm'\r\n").unwrap();
        assert_eq!(keymap(folder.path()).unwrap().key(crate::tui::keymap::Action::Mark), "m");
        std::fs::create_dir(folder.path().join("themes")).unwrap();
        let (_, dark) = crate::tui::theme::SHIPPED[0];
        let mine = dark.replace("name = \"dark\"", "name = \"mine\"").replace('\n', "\r\n");
        std::fs::write(folder.path().join("themes").join("mine.toml"), mine).unwrap();
        let wishes = Wishes { theme: Some("mine".into()), ..Wishes::default() };
        assert_eq!(theme(&wishes, &ScreenConfig::default(), Colours::True, folder.path()).unwrap().name, "mine");
        std::fs::write(folder.path().join("keymap.toml"), [0xa4, 0x80]).unwrap();
        assert!(keymap(folder.path()).unwrap_err().to_string().contains("save it as UTF-8"));
    }
}
