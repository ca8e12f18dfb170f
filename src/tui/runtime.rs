//! The event loop: wait, update, perform, draw.
//!
//! All waiting events are handled before one frame is drawn, and nothing is drawn while nothing happens. Input goes before
//! replies, and idle work comes last.

mod requests;
pub(super) mod editor;
mod feed;
mod terminal_handoff;
mod inputs;
mod kept_theme;
mod draft_saver;
mod effects;
mod options;
mod save_queue;
mod screen;
pub mod plain;
mod connecting;
mod runtime_core;
mod session;
mod signals;
mod suspend;
mod themes;

use std::io::{self, BufWriter};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinError;

use super::app::App;
use super::clipboard::Multiplexer;
use super::effect::Effect;
use super::event::Event;
use super::key::KeyPress;
use super::terminal::{self, Input, InputThread, QueryBackground, TerminalGuard, TerminalOutput};
use super::view;
use crate::connection::ConnectionError;
use crate::provider::ProviderCatalog;
pub use connecting::ServiceOpening;
use editor::Editing;
use inputs::Inputs;
pub use kept_theme::KeptTheme;
pub use options::{AppEnd, TuiOptions};
use requests::ServiceEvent;
use runtime_core::{EventLoop, RuntimeCore};
pub use session::SessionFile;
pub use signals::EndSignal;
use signals::SignalStreams;
pub use suspend::SuspendHandler;
use themes::Themes;

/// Limit of events handled before a frame is drawn.
const MAX_DRAIN: usize = 1_000;

/// Limit of the time for handling events before a frame is drawn.
const MAX_DRAIN_TIME: Duration = Duration::from_millis(100);

/// Time between frames while idle work goes on, such as a search: drawing each slice would take longer than the work.
const FRAME: Duration = Duration::from_millis(16);

/// Time to wait for the service before the terminal is read; opening takes a few milliseconds.
const OPENING_FIRST: Duration = Duration::from_millis(100);

/// Reason for an abnormal end of the app.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Reading from or writing to the terminal failed.
    #[error("lost the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// A signal ended the app.
    #[error("Interrupted")]
    Signal(EndSignal),
    /// A task of a request panicked or was aborted.
    #[error("a request stopped unexpectedly: {0}")]
    Broken(JoinError),
    /// The input of plain mode ended in a form with unsaved changes.
    #[error("The input ended in a form: its changes are discarded. End a form with :save or :back")]
    UnsavedForm,
    /// The connections could not be opened.
    #[error(transparent)]
    ServiceUnavailable(ConnectionError),
}

/// Creates the app and its themes.
fn new_app(catalog: Arc<ProviderCatalog>, options: &mut TuiOptions) -> (App, Themes) {
    let mut app = options.new_app(catalog);
    let (choices, at) = options::themes(options);
    let (themes, flaws) = Themes::new(choices, at);
    app.show_notices(flaws);
    app.themes.names = themes.words();
    app.themes.current = at;
    app.screen.clipboard = Multiplexer::from_env(|name| std::env::var(name).ok());
    app.screen.is_ascii = view::ascii::is_needed(|name| std::env::var(name).ok());
    if let Some(api) = options.api.take() {
        app.service.api = api;
    }
    (app, themes)
}

/// Runs the app until the user quits; the terminal is restored on every exit path.
///
/// The first frame is drawn while the service is still opening; requests wait for it.
pub async fn run(
    catalog: Arc<ProviderCatalog>,
    opening: ServiceOpening,
    mut options: TuiOptions,
) -> Result<AppEnd, TuiError> {
    let (mut app, themes) = new_app(catalog, &mut options);
    let read = options
        .session
        .as_ref()
        .and_then(|session| session.restore(&mut app));
    // This event has no effects.
    let _ = app.update(Event::ProviderVariables(std::mem::take(
        &mut options.provider_variables,
    )));
    // Before the streams of signals: from then on a signal no longer ends the process, and this must not miss it.
    let watch = signals::give_up_after_signal()?;
    let signals = SignalStreams::new()?;
    let taken = TerminalGuard::new()?;
    // After the terminal guard: opening the store wraps the panic hook that the guard installs.
    let core = RuntimeCore::new(app, opening, &mut options, true)?;
    let (sender, inputs) = unbounded_channel();
    let out = BufWriter::with_capacity(64 * 1024, TerminalOutput::open()?);
    let mut runtime = Runtime {
        core,
        // A fixed viewport, because ratatui would otherwise open the terminal and ask for its size at every frame.
        // Not dropped: it would show the cursor, and panic if the terminal is gone. The guard shows the cursor.
        terminal: ManuallyDrop::new(Terminal::with_options(
            CrosstermBackend::new(out),
            TerminalOptions {
                viewport: Viewport::Fixed(Rect::default()),
            },
        )?),
        themes,
        inputs: Inputs::new(inputs),
        is_changed: true,
        drawn: None,
        input_thread: None,
        editing: None,
    };
    let ended = runtime.start_and_run(signals, sender).await;
    drop(taken);
    if let Some(session) = &options.session {
        // There is no one to report it to, and the next start begins without a session.
        let _ = session.keep(&runtime.core.app, read.as_deref());
    }
    if let Some(kept) = &options.kept_theme
        && let Some(name) = runtime.core.app.themes.chosen()
    {
        // As with the session, there is no one to report it to.
        let _ = kept.write(name);
    }
    let end = std::mem::replace(&mut runtime.core.end, AppEnd::Quit);
    runtime.finish().await;
    ended
        .map(|()| end)
        .map_err(|error| error.with_signal(watch.signal()))
}

impl TuiError {
    /// Returns the signal instead of an error of a terminal that was closed, or that took no output when `signal` came.
    fn with_signal(self, signal: Option<EndSignal>) -> Self {
        match self {
            Self::Terminal(error) if error.kind() == io::ErrorKind::TimedOut => {
                Self::Signal(signal.unwrap_or(EndSignal::Terminated))
            }
            Self::Terminal(error) if is_gone(&error) => Self::Signal(EndSignal::HungUp),
            error => error,
        }
    }
}

/// Returns true for an error of a terminal that was closed.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
        || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

/// Decision of an iteration about the loop.
#[derive(PartialEq, Eq)]
enum LoopControl {
    Continue,
    Quit,
}

struct Runtime {
    core: RuntimeCore,
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<TerminalOutput>>>>,
    themes: Themes,
    inputs: Inputs,
    /// True if something happened since the last frame.
    is_changed: bool,
    /// Time of the last frame.
    drawn: Option<Instant>,
    input_thread: Option<InputThread>,
    /// The editor that has the terminal.
    editing: Option<Editing>,
}

impl Runtime {
    /// Draws the first frame while the service opens, then runs until the end.
    async fn start_and_run(
        &mut self,
        signals: SignalStreams,
        inputs: UnboundedSender<Input>,
    ) -> Result<(), TuiError> {
        self.measure()?;
        self.draw()?;
        // The terminal is queried only once it is clear that the app stays: a late reply would be typed into the shell. Keys
        // wait in the terminal until then.
        if let Ok(opened) = tokio::time::timeout(OPENING_FIRST, self.core.requests.opened()).await {
            self.begin(opened)?;
        }
        let background = if self.themes.follow_the_terminal() {
            QueryBackground::Yes
        } else {
            QueryBackground::No
        };
        self.input_thread = Some(terminal::read(inputs, background)?);
        self.run_loop(signals).await
    }

    async fn run_loop(&mut self, mut signals: SignalStreams) -> Result<(), TuiError> {
        loop {
            if self.catch_up()? == LoopControl::Quit {
                return Ok(());
            }
            let turn = tokio::select! {
                biased;
                ended = signals.ending.next() => return Err(TuiError::Signal(ended)),
                _ = signals.interrupt.recv() => self.end_by(EndSignal::Interrupted)?,
                _ = signals.quit.recv() => self.end_by(EndSignal::Quit)?,
                _ = signals.stop.recv() => self.suspend()?,
                _ = signals.resume.recv() => self.resume()?,
                _ = signals.resize.recv() => self.measure()?,
                ended = editor::end(&mut self.editing) => self.reclaim_terminal(ended)?,
                input = self.inputs.next(), if self.editing.is_none() => self.handle_input(input)?,
                happened = self.core.requests.next() => match happened {
                    ServiceEvent::Opened(opened) => self.begin(opened)?,
                    ServiceEvent::Reply(answer) => self.accept_reply(answer)?,
                    ServiceEvent::Stage(ticket, stage) => {
                        self.update(Event::TestStage(ticket, stage))?
                    }
                },
                feed_event = self.core.feed.next() => self.update(Event::Feed(feed_event))?,
                result = self.core.draft_saver.next() => self.update(result.into())?,
                Some(Ok(ticket)) = self.core.wakes.join_next() => self.update(Event::TimerExpired(ticket))?,
            };
            if turn == LoopControl::Quit {
                return Ok(());
            }
        }
    }

    /// Ends by a signal from the keyboard, unless an editor has the terminal and handles it.
    fn end_by(&self, signal: EndSignal) -> Result<LoopControl, TuiError> {
        match self.editing {
            Some(_) => Ok(LoopControl::Continue),
            None => Err(TuiError::Signal(signal)),
        }
    }

    /// Handles all waiting events, does idle work, and draws.
    fn catch_up(&mut self) -> Result<LoopControl, TuiError> {
        loop {
            let begin = Instant::now();
            for _ in 0..MAX_DRAIN {
                let input = match self.editing {
                    Some(_) => None,
                    None => self.inputs.waiting(self.core.app.takes_text()),
                };
                let turn = match input {
                    Some(input) => self.handle_input(Some(input))?,
                    None => match self.core.requests.ready() {
                        Some(answer) => self.accept_reply(answer)?,
                        None => break,
                    },
                };
                if turn == LoopControl::Quit {
                    return Ok(LoopControl::Quit);
                }
                // Signals and the next frame do not wait for the end of a long text.
                if begin.elapsed() > MAX_DRAIN_TIME {
                    break;
                }
            }
            if let Some(feed_event) = self.core.feed.try_next()
                && self.update(Event::Feed(feed_event))? == LoopControl::Quit
            {
                return Ok(LoopControl::Quit);
            }
            let effect = self.core.app.update(Event::Idle);
            let is_done = effect.is_none();
            let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME);
            let draws_now = is_done || (effect == Some(Effect::Continue) && is_due);
            if self.perform(effect)? == LoopControl::Quit {
                return Ok(LoopControl::Quit);
            }
            if draws_now && self.is_changed {
                self.draw()?;
            }
            if is_done {
                return Ok(LoopControl::Continue);
            }
        }
    }

    fn handle_input(&mut self, input: Option<Input>) -> Result<LoopControl, TuiError> {
        match input {
            Some(Input::Event(event)) => self.take_input(event),
            Some(Input::Burst(mut burst)) => {
                while let Some(event) = self.core.app.take_from_burst(&mut burst) {
                    if self.take_input(event)? == LoopControl::Quit {
                        return Ok(LoopControl::Quit);
                    }
                }
                Ok(LoopControl::Continue)
            }
            Some(Input::Closed) | None => Err(TuiError::Signal(EndSignal::HungUp)),
        }
    }

    /// Handles an input; Ctrl-C that quits counts as its signal.
    fn take_input(&mut self, event: Event) -> Result<LoopControl, TuiError> {
        let is_interrupt = matches!(event, Event::Key(key) if key == KeyPress::interrupt());
        match self.update(event)? {
            LoopControl::Quit if is_interrupt => Err(TuiError::Signal(EndSignal::Interrupted)),
            turn => Ok(turn),
        }
    }
}
