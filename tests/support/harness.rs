//! Test harness without a terminal: runs keys through `update` and `perform` against the real service and renders frames.
//!
//! Input is one string: characters are typed as they are, other keys stand in angle brackets, for example
//! `n<enter>OpenAI Production<ctrl-s>`. `<paste:…>` pastes, `<lt>` types `<`.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test file uses its part, and a test may fail anywhere"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::runtime::Runtime;
use umai::connection::{Command, ConnectionDraft, TestProgress};
use umai::service::ConnectionService;
use umai::tui::app::App;
use umai::tui::burst::Burst;
use umai::tui::effect::{DraftSlot, Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::{Event, PastedText};
use umai::tui::form::FormSnapshot;
use umai::tui::key::KeyPress;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::perform::perform;
use umai::tui::theme::{Theme, ThemeName};
use umai::tui::view;

/// App under test.
pub struct Harness {
    pub app: App,
    pub service: Arc<dyn ConnectionService>,
    pub clock: crate::support::TestClock,
    pub effects: Vec<Effect>,
    pub theme: ThemeName,
    pub runtime: Arc<Runtime>,
    /// Stored drafts by slot.
    pub kept: HashMap<DraftSlot, Arc<FormSnapshot>>,
    wakes: Vec<Ticket>,
    /// Replies that are held back, if they are.
    held: Option<Vec<(Ticket, ServiceReply)>>,
}

/// ID shown for every connection: the one of the management API's examples.
pub const EXAMPLE_ID: uuid::Uuid = uuid::uuid!("3fa85f64-5717-4562-b3fc-2c963f66afa6");

/// Three connections as request bodies.
pub const THREE: [&str; 3] = [
    r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","settings":{"apiKey":"sk-planted-one"}}"#,
    r#"{"alias":"anthropic-team-a","name":"Anthropic Team A","providerId":"anthropic","settings":{"apiKey":"sk-planted-two"}}"#,
    r#"{"alias":"openai-dev","name":"OpenAI Development","providerId":"openai","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey"}}"#,
];

impl Harness {
    /// Harness with an empty store.
    pub fn empty(width: u16, height: u16) -> Self {
        Self::with(width, height, &[])
    }

    /// Harness with the connections of [`THREE`].
    pub fn three(width: u16, height: u16) -> Self {
        Self::with(width, height, &THREE)
    }

    /// Harness with these connections, as request bodies.
    pub fn with(width: u16, height: u16, bodies: &[&str]) -> Self {
        let clock = crate::support::TestClock::new();
        let service = crate::support::service_at(&clock);
        let runtime = Arc::new(Runtime::new().unwrap());
        for body in bodies {
            runtime
                .block_on(service.create(ConnectionDraft::from_json(body.as_bytes()).unwrap()))
                .unwrap();
        }
        Self::over(Size { width, height }, clock, service, runtime)
    }

    /// Harness for an existing service.
    pub fn over(
        size: Size,
        clock: crate::support::TestClock,
        service: Arc<dyn ConnectionService>,
        runtime: Arc<Runtime>,
    ) -> Self {
        let app = App::new(service.providers(), Keymap::embedded(), Vec::new());
        let mut harness = Self {
            app,
            service,
            clock,
            effects: Vec::new(),
            theme: ThemeName::Dark,
            runtime,
            kept: HashMap::new(),
            wakes: Vec::new(),
            held: None,
        };
        harness.happens(Event::Resize(size));
        harness
    }

    /// Types the input.
    pub fn play(&mut self, story: &str) -> &mut Self {
        for event in events(story) {
            self.happens(event);
        }
        self
    }

    /// Sends the keys as one burst, as the runtime does after one read of the terminal.
    pub fn burst(&mut self, story: &str) -> &mut Self {
        let mut burst = Burst::default();
        for event in events(story) {
            let Event::Key(key) = event else {
                panic!("only keys are allowed in a burst");
            };
            burst.push(key);
        }
        assert!(burst.is_paste(), "too few keys for a burst");
        while let Some(event) = self.app.take_from_burst(&mut burst) {
            self.happens(event);
        }
        self
    }

    /// Handles an event and all its effects.
    pub fn happens(&mut self, event: Event) {
        self.follow(event);
        let now = self.clock.clock()();
        self.app.set_missing_times(now, now.time());
        // IDs depend on the wall clock; frames must be the same in every run.
        if let Some(connection) = &mut self.app.workspace.detail.connection {
            connection.item.id = EXAMPLE_ID;
        }
    }

    fn follow(&mut self, event: Event) {
        let mut effect = self.app.update(event);
        loop {
            let Some(done) = effect else {
                effect = self.app.update(Event::Idle);
                if effect.is_none() {
                    return;
                }
                continue;
            };
            effect = match done {
                // The harness sends no requests to providers; the test replies.
                Effect::Call(_, ref request)
                    if asks_provider(request) || writes_outside_temp_dir(request) =>
                {
                    self.effects.push(done);
                    None
                }
                Effect::Call(ticket, request) | Effect::CallConcurrent(ticket, request) => {
                    let reply = self.runtime.block_on(perform(
                        &*self.service,
                        request,
                        &TestProgress::default(),
                    ));
                    match &mut self.held {
                        Some(held) => {
                            held.push((ticket, reply));
                            None
                        }
                        None => self.app.update(Event::Reply(ticket, reply)),
                    }
                }
                Effect::Wake(ticket, _) => {
                    self.wakes.push(ticket);
                    None
                }
                Effect::Continue => None,
                Effect::StoreDraft(slot, kept) => {
                    self.kept.insert(slot, kept);
                    None
                }
                Effect::DeleteDraft(slot) => {
                    self.kept.remove(&slot);
                    None
                }
                Effect::CheckKeyBackup
                | Effect::ConfirmKeyBackup
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Quit
                | Effect::SwitchTarget(_)
                | Effect::CopyToClipboard(_)
                | Effect::ReleaseDrafts(_)
                | Effect::LoadDrafts
                | Effect::OpenEditor(..) => {
                    self.effects.push(done);
                    None
                }
            };
        }
    }

    /// Holds back replies until they are released.
    pub fn hold_answers(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Number of replies that are held back.
    pub fn held(&self) -> usize {
        self.held.as_ref().map_or(0, Vec::len)
    }

    /// Delivers a held reply, or reports it as lost.
    pub fn release(&mut self, which: usize, is_lost: bool) {
        let held = self.held.as_mut().expect("hold_answers was not called");
        let (ticket, reply) = held.remove(which);
        let reply = if is_lost {
            ServiceReply::TaskFailed("connection lost".to_owned())
        } else {
            reply
        };
        self.happens(Event::Reply(ticket, reply));
    }

    /// Fires all timers.
    pub fn time_passes(&mut self) -> &mut Self {
        for ticket in std::mem::take(&mut self.wakes) {
            self.happens(Event::TimerExpired(ticket));
        }
        self
    }

    /// Waits for a future on the runtime of the harness.
    pub fn wait_for<T>(&self, done: impl Future<Output = T>) -> T {
        self.runtime.block_on(done)
    }

    /// Runs a change by another client of the service.
    pub fn elsewhere<T>(&self, does: &impl AsyncFn(&dyn ConnectionService) -> T) -> T {
        self.runtime.block_on(does(&*self.service))
    }

    /// Renders the screen.
    pub fn buffer(&self) -> (Buffer, Option<(u16, u16)>) {
        self.buffer_in(self.theme)
    }

    /// Renders the screen in a theme.
    pub fn buffer_in(&self, theme: ThemeName) -> (Buffer, Option<(u16, u16)>) {
        let Size { width, height } = self.app.screen.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = view::draw(&self.app, &Theme::embedded(theme), &mut buffer);
        (buffer, cursor)
    }

    /// Screen as text, with the cursor as `▏` over its cell.
    pub fn frame(&self) -> String {
        let (buffer, cursor) = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut hidden = 0;
            for x in 0..buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                if hidden > 0 {
                    hidden -= 1;
                } else if cursor == Some((x, y)) {
                    line.push('▏');
                } else {
                    hidden = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                    line.push_str(symbol);
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Returns true for a request that leads to one to a provider.
const fn asks_provider(request: &ServiceRequest) -> bool {
    matches!(request, ServiceRequest::Test(_) | ServiceRequest::Models(_))
}

/// Returns true for an export outside the temporary directory, which the harness must not write.
fn writes_outside_temp_dir(request: &ServiceRequest) -> bool {
    let is_lasting = |name: &str| !Path::new(name).starts_with(std::env::temp_dir());
    matches!(request, ServiceRequest::Export(export) if is_lasting(&export.name))
}

/// Request that activates or deactivates a connection.
pub fn set_active(id: uuid::Uuid, active: bool) -> ServiceRequest {
    let key = id.into();
    Command::SetActive { key, active }.into()
}

/// Parses the input into events.
pub fn events(story: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = story;
    while let Some(sign) = rest.chars().next() {
        if sign == '<' {
            let end = rest.find('>').expect("missing > after a key name");
            let name = &rest[1..end];
            events.push(match name.strip_prefix("paste:") {
                Some(text) => Event::Paste(PastedText(text.to_owned().into())),
                None if name == "lt" => Event::Key(KeyPress::plain(KeyCode::Char('<'))),
                None => {
                    Event::Key(KeyPress::read(name).unwrap_or_else(|| panic!("unknown key {name}")))
                }
            });
            rest = &rest[end + 1..];
        } else {
            events.push(Event::Key(KeyPress::plain(KeyCode::Char(sign))));
            rest = &rest[sign.len_utf8()..];
        }
    }
    events
}
