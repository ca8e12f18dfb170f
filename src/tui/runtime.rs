//! The only loop: wait, update, perform, draw.
//!
//! Everything that waits is taken in before one frame is drawn, and nothing is drawn while nothing happens. Keys go before
//! answers, and what is left to do comes last.

mod feed;
mod options;
mod order;
mod service;
mod signals;
mod stop;
mod themes;

use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter};
use std::sync::Arc;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::app::App;
use super::effect::{Effect, Reply, Request, Ticket};
use super::event::Event;
use super::layout::Size;
use super::perform::perform;
use super::terminal::{self, Background, Input, Taken};
use super::theme::ThemeName;
use super::view;
use crate::connection::ConnectionError;
use crate::provider::ProviderCatalog;
use feed::Feed;
pub use options::TuiOptions;
use options::keymap;
use order::Order;
pub use service::Opening;
use service::{Opened, Service};
use signals::Signals;
pub use stop::BeforeStop;
use themes::Themes;

/// The most a frame waits for more to happen before it is drawn.
const DRAIN: usize = 1_000;

/// So long nothing else is looked at while the service opens; it takes a few milliseconds.
const OPENING_ALONE: Duration = Duration::from_millis(100);

/// Why the app ended otherwise than by a key.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal takes or gives nothing any more.
    #[error("the terminal is gone: {0}")]
    Terminal(#[from] io::Error),
    /// A request broke off in the middle.
    #[error("the app broke off: {0}")]
    Broken(JoinError),
    /// There is nothing to ask: the connections could not be opened.
    #[error(transparent)]
    Unopened(ConnectionError),
}

/// Runs the app until it is left; the terminal is given back on every way out.
///
/// The first frame is drawn while the service is still opening; what is asked until then waits for it.
pub async fn run(
    catalog: Arc<ProviderCatalog>,
    opening: Opening,
    options: TuiOptions,
) -> Result<(), TuiError> {
    let (keymap, problems) = keymap(&options);
    let mut notices = options.notices;
    notices.extend(problems);
    let mut app = App::new(catalog, keymap, notices);
    // Nothing follows from it.
    let _ = app.update(Event::Environment(options.environment));
    let is_mono = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = if is_mono {
        Some(ThemeName::Mono)
    } else {
        options.theme
    };
    let signals = Signals::new()?;
    let taken = Taken::new()?;
    // Behind the hook that gives the terminal back: the store keeps the panics that it expects from it.
    let service = Service::on_its_way(opening);
    let (sender, inputs) = unbounded_channel();
    let out = BufWriter::with_capacity(64 * 1024, io::stdout());
    let mut runtime = Runtime {
        app,
        service,
        feed: Feed::default(),
        told: 0,
        terminal: Terminal::new(CrosstermBackend::new(out))?,
        themes: Themes::new(theme),
        inputs,
        calls: JoinSet::new(),
        saves: HashSet::new(),
        stoppable: HashMap::new(),
        order: Order::default(),
        wakes: JoinSet::new(),
        is_changed: true,
        before_stop: options.before_stop,
    };
    runtime.measure()?;
    runtime.draw()?;
    // The terminal is asked nothing before it is clear that the app stays: an answer that comes later would be typed into the
    // shell. Keys wait in the terminal until then.
    if let Ok(opened) = tokio::time::timeout(OPENING_ALONE, runtime.service.opened()).await {
        runtime.begin(opened)?;
    }
    let background = match theme {
        Some(_) => Background::DoesNotMatter,
        None => Background::Matters,
    };
    terminal::read(sender, background)?;
    let ended = runtime.turn(signals).await;
    drop(taken);
    runtime.finish().await;
    ended
}

/// What a round of the loop says about the next one.
#[derive(PartialEq, Eq)]
enum Turn {
    On,
    End,
}

/// An answer, or how its task ended without one.
type Answered = Result<(tokio::task::Id, (Ticket, Reply)), JoinError>;

struct Runtime {
    app: App,
    service: Service,
    feed: Feed,
    /// How many of the service's notices were told.
    told: usize,
    terminal: Terminal<CrosstermBackend<BufWriter<io::Stdout>>>,
    themes: Themes,
    inputs: UnboundedReceiver<Input>,
    calls: JoinSet<(Ticket, Reply)>,
    /// Saves under way: quitting waits for them.
    saves: HashSet<Ticket>,
    /// What is under way and stops when nobody waits for it any more.
    stoppable: HashMap<Ticket, AbortHandle>,
    order: Order,
    wakes: JoinSet<Ticket>,
    /// Whether something happened since the last frame.
    is_changed: bool,
    before_stop: BeforeStop,
}

impl Runtime {
    async fn turn(&mut self, mut signals: Signals) -> Result<(), TuiError> {
        loop {
            if self.catch_up()? == Turn::End {
                return Ok(());
            }
            let turn = tokio::select! {
                biased;
                _ = signals.terminate.recv() => Turn::End,
                _ = signals.hang_up.recv() => Turn::End,
                _ = signals.interrupt.recv() => Turn::End,
                _ = signals.stop.recv() => self.suspend()?,
                _ = signals.go_on.recv() => self.resume()?,
                _ = signals.resize.recv() => self.measure()?,
                input = self.inputs.recv() => self.take_in(input)?,
                opened = self.service.opened() => self.begin(opened)?,
                Some(answer) = self.calls.join_next_with_id() => self.take_answer(answer)?,
                heard = self.feed.next() => self.update(Event::Heard(heard))?,
                Some(Ok(ticket)) = self.wakes.join_next() => self.update(Event::Woken(ticket))?,
            };
            if turn == Turn::End {
                return Ok(());
            }
        }
    }

    /// Takes in everything that waits, does what is left to do, and draws.
    fn catch_up(&mut self) -> Result<Turn, TuiError> {
        loop {
            for _ in 0..DRAIN {
                let turn = match self.inputs.try_recv() {
                    Ok(input) => self.take_in(Some(input))?,
                    Err(_) => match self.calls.try_join_next_with_id() {
                        Some(answer) => self.take_answer(answer)?,
                        None => break,
                    },
                };
                if turn == Turn::End {
                    return Ok(Turn::End);
                }
            }
            if let Some(heard) = self.feed.heard()
                && self.update(Event::Heard(heard))? == Turn::End
            {
                return Ok(Turn::End);
            }
            let effect = self.app.update(Event::Idle);
            let is_done = effect.is_none();
            let draws_now = is_done || effect == Some(Effect::Continue);
            if self.perform(effect)? == Turn::End {
                return Ok(Turn::End);
            }
            if draws_now && self.is_changed {
                self.draw()?;
            }
            if is_done {
                return Ok(Turn::On);
            }
        }
    }

    fn take_in(&mut self, input: Option<Input>) -> Result<Turn, TuiError> {
        match input {
            Some(Input::Event(event)) => self.update(event),
            Some(Input::Gone) | None => Ok(Turn::End),
        }
    }

    fn take_answer(&mut self, answer: Answered) -> Result<Turn, TuiError> {
        let (_, (ticket, reply)) = match answer {
            Ok(answer) => answer,
            // It was stopped, and nobody waits for it.
            Err(error) if error.is_cancelled() => return Ok(Turn::On),
            Err(error) => return Err(TuiError::Broken(error)),
        };
        self.saves.remove(&ticket);
        self.stoppable.remove(&ticket);
        self.tell_notices()?;
        self.update(Event::Reply(ticket, reply))
    }

    /// The service is there: asks it what was asked meanwhile.
    fn begin(&mut self, opened: Opened) -> Result<Turn, TuiError> {
        let (service, since) = opened
            .map_err(TuiError::Broken)?
            .map_err(TuiError::Unopened)?;
        self.feed.open(Arc::clone(&service), since);
        self.update(Event::Opened(service.providers()))?;
        let before = std::mem::replace(&mut self.service, Service::Open(service));
        if let Service::Opening(_, waiting) = before {
            for (ticket, request) in waiting {
                self.call(ticket, request);
            }
        }
        self.tell_notices()
    }

    /// Tells what the service found since it was asked last.
    fn tell_notices(&mut self) -> Result<Turn, TuiError> {
        let Service::Open(service) = &self.service else {
            return Ok(Turn::On);
        };
        let notices = service.notices();
        if notices.len() <= self.told {
            return Ok(Turn::On);
        }
        let fresh = notices[self.told..].to_vec();
        self.told = notices.len();
        self.update(Event::Noticed(fresh))
    }

    fn update(&mut self, event: Event) -> Result<Turn, TuiError> {
        self.is_changed = true;
        let effect = self.app.update(event);
        self.stop_unawaited();
        self.perform(effect)
    }

    /// Stops what nobody waits for any more.
    fn stop_unawaited(&mut self) {
        let app = &self.app;
        self.stoppable.retain(|ticket, call| {
            let is_awaited = app.awaits(*ticket);
            if !is_awaited {
                call.abort();
            }
            is_awaited
        });
    }

    fn perform(&mut self, effect: Option<Effect>) -> Result<Turn, TuiError> {
        match effect {
            None => {}
            Some(Effect::Continue) => self.is_changed = true,
            Some(Effect::Call(ticket, request)) => self.call(ticket, request),
            Some(Effect::Wake(ticket, after)) => {
                self.wakes.spawn(async move {
                    tokio::time::sleep(after).await;
                    ticket
                });
            }
            Some(Effect::Copy(text)) => {
                crossterm::execute!(
                    self.terminal.backend_mut(),
                    CopyToClipboard::to_clipboard_from(text)
                )?;
            }
            Some(Effect::Redraw) => {
                // Not `clear`: that asks the terminal where its cursor is, and the answer goes to the reading thread.
                let size = self.terminal.size()?;
                self.terminal.resize(Rect::from((Position::ORIGIN, size)))?;
                self.is_changed = true;
            }
            Some(Effect::Suspend) => return self.suspend(),
            Some(Effect::Quit) => return Ok(Turn::End),
        }
        Ok(Turn::On)
    }

    fn call(&mut self, ticket: Ticket, request: Request) {
        if request.is_save() {
            self.saves.insert(ticket);
        }
        match &mut self.service {
            Service::Opening(_, waiting) => waiting.push((ticket, request)),
            Service::Open(service) => {
                let service = Arc::clone(service);
                let turn = request.is_save().then(|| self.order.next());
                let is_stoppable = request.is_stoppable();
                let call = self.calls.spawn(async move {
                    let performed = perform(&*service, request);
                    let reply = match turn {
                        Some(turn) => turn.run(performed).await,
                        None => performed.await,
                    };
                    (ticket, reply)
                });
                if is_stoppable {
                    self.stoppable.insert(ticket, call);
                }
            }
        }
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        self.themes.follow(self.app.is_light);
        let (app, theme) = (&self.app, &self.themes.theme);
        self.terminal.draw(|frame| {
            if let Some(cursor) = view::draw(app, theme, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })?;
        self.is_changed = false;
        Ok(())
    }

    /// Goes to the shell, and comes back when it lets us.
    fn suspend(&mut self) -> Result<Turn, TuiError> {
        let rest = self.before_stop.let_go();
        terminal::give_back()?;
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)
            .map_err(io::Error::from)?;
        drop(rest);
        self.resume()
    }

    fn resume(&mut self) -> Result<Turn, TuiError> {
        terminal::take()?;
        self.measure()?;
        self.update(Event::Resumed)
    }

    /// Takes the size that the window has now.
    fn measure(&mut self) -> Result<Turn, TuiError> {
        let (width, height) = crossterm::terminal::size()?;
        self.update(Event::Resize(Size { width, height }))
    }

    /// Waits for the saves under way, or until Ctrl-C says that it shall not.
    async fn finish(mut self) {
        while !self.saves.is_empty() {
            tokio::select! {
                answer = self.calls.join_next() => match answer {
                    Some(Ok((ticket, _))) => {
                        self.saves.remove(&ticket);
                    }
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(Err(_)) | None => return,
                },
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
}
