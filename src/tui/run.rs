//! The screen's loop: takes what has happened, updates the model, sends what comes out, draws when there is reason to.
//! The only part of the screen that waits for anything. It runs on a thread of its own.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use ratatui::crossterm::terminal;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::input::{self, Input, OnKill, Translator};
use super::keymap::{Action, Keymap};
use super::model::{Model, RequestId};
use super::terminal::{Canvas, Guard};
use super::theme::{Symbols, Theme};
use super::update::{Msg, Outgoing, ReplayMove, update};
use super::view::{LogView, Scene, TuiLog, draw};
use crate::engine::{Command, Reply};
use crate::view::View;
use crate::view::analytics::{Analytics, Demand};
use crate::view::books::{Question, Told};

/// The edges: what the screen looks at, and where its wishes go.
pub struct Edges {
    /// The newest picture; older ones may be skipped.
    pub views: watch::Receiver<Arc<View>>,
    /// What the models say of it; `None` where a past day is shown.
    pub models: Option<Models>,
    /// Bounded: when it is full, the trader is told that nothing was sent.
    pub commands: mpsc::Sender<(Command, oneshot::Sender<Reply>)>,
    /// The past, the audit trail, the inbox, whether the broker answers; `None` where a past day is shown.
    pub books: Option<mpsc::Sender<Asking>>,
    /// What is to be heard or seen beyond the picture; `None`: nothing.
    pub attentions: Option<mpsc::Receiver<Attention>>,
    /// Halts at once, past everything; must not block. Called by the keyboard's thread.
    pub halt: OnKill,
    /// Cancelled when the program ends for other reasons.
    pub stop: CancellationToken,
    /// Who plays the day, where a past one is shown.
    pub replay: Option<std::sync::mpsc::Sender<ReplayMove>>,
}

/// A question to the books, and where the answer goes: the error is for the trader.
pub type Asking = (Question, oneshot::Sender<Result<Told, String>>);
/// What the models say, and what the screen wants them to look at: in both only the newest counts.
pub struct Models {
    pub analytics: watch::Receiver<Arc<Analytics>>,
    pub demand: watch::Sender<Demand>,
}

/// Something for a trader who does not look at the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attention {
    Bell,
    /// As the terminal takes it: an escape sequence, whole and harmless.
    Toast(String),
}

/// How it looks and which keys it hears.
pub struct Options {
    pub keymap: Arc<Keymap>,
    pub theme: Theme,
    /// Nothing is sent but a halt and previews.
    pub read_only: bool,
    /// Takes the mouse wheel; then the terminal's own selecting needs Shift.
    pub mouse: bool,
}

/// Why the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The trader left.
    Quit,
    /// [`Edges::stop`] was cancelled.
    Stopped,
    /// The terminal was closed.
    TerminalGone,
}

/// Data draws at most this often …
const FRAME: Duration = Duration::from_millis(33);
/// … and the screen is looked over at least this often.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Takes the terminal and shows the cockpit until the trader leaves. Blocks: call it on a thread of its own, never on
/// one that trades.
pub fn run(screen: Edges, options: Options) -> io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let guard = Guard::enter(options.mouse)?;
    let (inputs, heard) = mpsc::unbounded_channel();
    let stop = Arc::new(AtomicBool::new(false));
    let kill = options.keymap.keys(Action::Halt).to_vec();
    let translator = Translator::new(kill, Arc::clone(&screen.halt));
    let keyboard = input::spawn(translator, inputs, Arc::clone(&stop))?;
    let ended = runtime.block_on(Loop::new(screen, options).run(heard));
    stop.store(true, Ordering::Relaxed);
    drop(guard);
    wait_for(&keyboard);
    ended
}

/// The keyboard's thread ends within its own waiting time; but where the terminal is gone, reading it may never return,
/// and nobody should wait for that.
fn wait_for(keyboard: &std::thread::JoinHandle<()>) {
    for _ in 0..40 {
        if keyboard.is_finished() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for ever where nothing comes.
async fn next_of(attentions: &mut Option<mpsc::Receiver<Attention>>) -> Option<Attention> {
    let Some(receiver) = attentions else { return std::future::pending().await };
    let next = receiver.recv().await;
    if next.is_none() {
        *attentions = None;
    }
    next
}

/// Waits for ever where there are no models, or where they have ended.
async fn next_analytics(models: &mut Option<Models>) -> Arc<Analytics> {
    if let Some(models) = models
        && models.analytics.changed().await.is_ok()
    {
        return Arc::clone(&models.analytics.borrow_and_update());
    }
    std::future::pending().await
}

/// Between two frames: a frame leaves in one write.
fn attend(attention: &Attention) {
    let bytes = match attention {
        Attention::Bell => "\u{7}",
        Attention::Toast(sequence) => sequence,
    };
    let mut out = io::stdout();
    let _ = out.write_all(bytes.as_bytes()).and_then(|()| out.flush());
}

/// What comes back to the screen later.
type Answer = BoxFuture<'static, Msg>;

struct Loop {
    screen: Edges,
    model: Model,
    theme: Theme,
    log: TuiLog,
    canvas: Canvas,
    answers: FuturesUnordered<Answer>,
    started: Instant,
    last_frame: Option<Instant>,
    /// Something the trader did, or an answer to it: draw now.
    urgent: bool,
    /// New data: draw when the frame rate allows.
    stale: bool,
    views_open: bool,
    exit: Option<Exit>,
}

impl Loop {
    fn new(screen: Edges, options: Options) -> Self {
        let size = terminal::size().unwrap_or((80, 24));
        let plain = options.theme.symbols == Symbols::PLAIN;
        Self {
            screen,
            model: Model { read_only: options.read_only, ..Model::new(options.keymap, size) },
            theme: options.theme,
            log: TuiLog::default(),
            canvas: if plain { Canvas::plain() } else { Canvas::default() },
            answers: FuturesUnordered::new(),
            started: Instant::now(),
            last_frame: None,
            urgent: true,
            stale: false,
            views_open: true,
            exit: None,
        }
    }

    async fn run(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) -> io::Result<Exit> {
        self.take_view();
        while self.exit.is_none() {
            self.draw_if_due()?;
            let wake = self.wake_at();
            tokio::select! {
                biased;
                () = self.screen.stop.cancelled() => self.exit = Some(Exit::Stopped),
                input = inputs.recv() => match input {
                    Some(input) => {
                        self.tick();
                        self.input(input);
                        // Everything that waits is taken before the next frame.
                        while let Ok(input) = inputs.try_recv() {
                            self.input(input);
                        }
                    }
                    None => self.exit = Some(Exit::TerminalGone),
                },
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => {
                    self.tick();
                    self.take(answer);
                    self.urgent = true;
                }
                changed = self.screen.views.changed(), if self.views_open => {
                    self.tick();
                    if let Ok(()) = changed { self.take_view() } else {
                        self.views_open = false;
                        self.take(Msg::EngineGone);
                    }
                    self.stale = true;
                }
                analytics = next_analytics(&mut self.screen.models) => {
                    self.tick();
                    self.take(Msg::Analytics(analytics));
                    self.stale = true;
                }
                Some(attention) = next_of(&mut self.screen.attentions) => attend(&attention),
                () = tokio::time::sleep_until(wake.into()) => {
                    self.tick();
                    self.stale = true;
                }
            }
        }
        Ok(self.exit.unwrap_or(Exit::Quit))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tick(&mut self) {
        let now = self.now();
        self.take(Msg::Tick(now));
    }

    fn take_view(&mut self) {
        let view = Arc::clone(&self.screen.views.borrow_and_update());
        self.take(Msg::View(view));
    }

    fn input(&mut self, input: Input) {
        self.urgent = true;
        match input {
            Input::Key(key) => self.take(Msg::Key(key)),
            Input::Paste(text) => self.take(Msg::Paste(text)),
            Input::Scroll(rows) => self.take(Msg::Scroll(rows)),
            Input::Resize => {
                // Asked for when drawing.
            }
            Input::Closed => self.exit = Some(Exit::TerminalGone),
        }
    }

    fn take(&mut self, msg: Msg) {
        for outgoing in update(&mut self.model, msg) {
            match outgoing {
                Outgoing::Send { request, command, card: _ } => self.send(request, command),
                Outgoing::Ask(question) => self.ask(question),
                Outgoing::Halt => (self.screen.halt)(),
                Outgoing::Log(by) => self.log.scroll(by),
                Outgoing::Replay(to) => {
                    // Nobody plays any more only while the program ends.
                    let _ = self.screen.replay.as_ref().map(|player| player.send(to));
                }
                Outgoing::Repaint => self.canvas.repaint(),
                Outgoing::Quit => self.exit = Some(Exit::Quit),
            }
        }
        if let Some(models) = &self.screen.models {
            let demand = self.model.demand();
            models.demand.send_if_modified(|old| {
                let changed = *old != demand;
                *old = demand;
                changed
            });
        }
    }

    /// Sends without waiting. What cannot be sent now is not sent later: the trader is told.
    fn send(&mut self, request: RequestId, command: Command) {
        let name = command.name();
        let (answer, answered) = oneshot::channel();
        let refused = match self.screen.commands.try_send((command, answer)) {
            Ok(()) => None,
            Err(TrySendError::Full(_)) => Some(format!("The engine is busy: `{name}` was not sent. Try again.")),
            Err(TrySendError::Closed(_)) => Some(format!("The engine has stopped: `{name}` was not sent.")),
        };
        self.answers.push(Box::pin(async move {
            if let Some(why) = refused {
                return Msg::Reply { request, reply: Reply::refused(why) };
            }
            let gone =
                || Reply::refused(format!("The engine ended without answering `{name}`: look at what happened."));
            Msg::Reply { request, reply: answered.await.unwrap_or_else(|_| gone()) }
        }));
    }

    /// Asks the books without waiting.
    fn ask(&mut self, question: Question) {
        let what = question.as_str();
        let (answer, answered) = oneshot::channel();
        let refused = match &self.screen.books {
            None => Some(format!("A replay shows one past day: {what} is not there.")),
            Some(books) => books.try_send((question.clone(), answer)).err().map(|e| match e {
                TrySendError::Full(_) => format!("Too much is asked for at once: {what} was not."),
                TrySendError::Closed(_) => format!("The cockpit is ending: {what} is not there any more."),
            }),
        };
        self.answers.push(Box::pin(async move {
            let answer = match refused {
                Some(why) => Err(why),
                None => answered.await.unwrap_or_else(|_| Err(format!("Reading {what} has failed: see the log file."))),
            };
            Msg::Told { question, answer }
        }));
    }

    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let last = self.last_frame.unwrap_or(now);
        let beat = if self.stale { last + FRAME } else { last + HEARTBEAT };
        let own = self.model.wake_at().map(|ms| self.started + Duration::from_millis(ms));
        own.map_or(beat, |at| at.min(beat)).max(now)
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let since = self.last_frame.map(|at| at.elapsed());
        let due = match since {
            None => true,
            Some(since) => self.urgent || (self.stale && since >= FRAME),
        };
        if !due {
            return Ok(());
        }
        let size = terminal::size().unwrap_or(self.model.size);
        if size != self.model.size {
            self.take(Msg::Resize(size.0, size.1));
        }
        self.log.take_new();
        let scene = Scene { model: &self.model, theme: &self.theme, log: &self.log };
        let drawn = self.canvas.frame(size, &mut io::stdout(), |buf| draw(&scene, buf))?;
        self.take(Msg::Drawn(drawn));
        self.last_frame = Some(Instant::now());
        self.urgent = false;
        self.stale = false;
        Ok(())
    }
}
