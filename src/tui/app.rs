//! State of the app and its only transition function.
//!
//! [`App::update`] takes an event and returns the next effect. It never waits, draws, spawns tasks or reads a clock, so every
//! test runs without a terminal. The background work of [`Event::Idle`] (the next page of the list, the detail of the
//! selection, the check of the alias on screen) is derived from the state instead of being stored in it, and at most one
//! request of each kind is pending.

mod read_only;
mod reload;
mod replies;
mod restore;
mod tree_actions;
mod bulk;
mod copy_as_command;
mod open_dialogs;
mod drafts;
mod sync;
mod focus;
mod input;
mod actions;
mod form_actions;
mod form_requests;
mod state;
mod undo;
mod workspace;

use std::sync::Arc;

use super::action::{Action, KeyContext};
use super::dialog::DialogStack;
use super::dialogs::palette::PaletteDialog;
use super::dialogs::test_report::ReportDialog;
use super::effect::{Effect, ServiceRequest, Ticket};
use super::event::Event;
use super::form::Form;
use super::keymap::Keymap;
use super::layout::ScreenLayout;
use super::notice::{Notice, NoticeSeverity};
use super::session::SavedSession;
use super::tabs::{Tab, Workspace};
use super::tree::Tree;
use crate::provider::ProviderCatalog;
use drafts::DraftTracking;
pub use focus::{Focus, Pane};
use state::{AwaitedReply, FollowUps, PendingToggle, Requests, RunningWork};
pub use state::{FeedState, Notices, Screen, ServiceInfo, ThemeList};
use undo::UndoStack;

/// State of everything on screen.
pub struct App {
    /// Keys of each action.
    pub keymap: Keymap,
    /// Terminal.
    pub screen: Screen,
    /// Themes to choose from.
    pub themes: ThemeList,
    /// Service that the app works with.
    pub service: ServiceInfo,
    /// State of the change feed, and of the reloads without one.
    pub feed: FeedState,
    /// Tree of providers and connections.
    pub tree: Tree,
    /// Keyboard focus.
    pub focus: Focus,
    /// Selected connection.
    pub workspace: Workspace,
    /// Dialogs above the tree; the last one takes the keys.
    pub dialogs: DialogStack,
    /// Notices to the user.
    pub notices: Notices,
    open_draft: DraftTracking,
    follow_ups: FollowUps,
    undo: UndoStack,
    requests: Requests,
    running: RunningWork,
}

impl App {
    /// Creates the app with notices about its start.
    pub fn new(catalog: Arc<ProviderCatalog>, keymap: Keymap, notices: Vec<String>) -> Self {
        let mut app = Self {
            keymap,
            screen: Screen::default(),
            themes: ThemeList::default(),
            service: ServiceInfo::new(catalog),
            feed: FeedState::default(),
            tree: Tree::default(),
            focus: Focus::default(),
            workspace: Workspace::default(),
            dialogs: DialogStack::default(),
            notices: Notices::default(),
            open_draft: DraftTracking::default(),
            follow_ups: FollowUps::default(),
            undo: UndoStack::default(),
            requests: Requests::default(),
            running: RunningWork::default(),
        };
        app.tree.set_catalog(&app.service.catalog);
        app.show_notices(notices);
        app
    }

    /// Handles an event and returns the next effect.
    #[expect(clippy::too_many_lines, reason = "one arm for each event")]
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        let is_input = matches!(
            event,
            Event::Key(_) | Event::Typed(_) | Event::Paste(_) | Event::Mouse(_)
        );
        if is_input {
            self.open_draft.record_input();
        }
        let before = (self.view(), self.notices.shown);
        let effect = match event {
            Event::Key(key) => self.key(key),
            Event::Typed(text) => {
                self.type_characters(&text.0);
                None
            }
            Event::Paste(pasted) => self.paste(&pasted),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(size) => {
                self.screen.size = size;
                None
            }
            Event::Reply(ticket, reply) => self.handle_reply(ticket, reply),
            Event::TestStage(ticket, stage) => {
                let report = self.dialogs.find_mut::<ReportDialog>();
                if let Some(report) = report.filter(|report| report.ticket == Some(ticket)) {
                    report.passed = Some(stage);
                }
                None
            }
            Event::TimerExpired(ticket) => {
                self.timer_expired(ticket);
                None
            }
            Event::Idle => self.next_background_effect(),
            Event::Resumed => {
                self.hide_secrets();
                Some(Effect::Redraw)
            }
            Event::Feed(event) => {
                self.handle_feed_event(event);
                None
            }
            Event::ServiceOpened(catalog, features) => {
                self.tree.set_catalog(&catalog);
                self.service.catalog = catalog;
                self.learn_features(features);
                None
            }
            Event::ServiceReadOnly(reason) => {
                let service = &mut self.service;
                let target = &mut service.target;
                service.read_only.learn(reason, &mut self.keymap, target);
                None
            }
            Event::Notices(notices) => {
                self.show_notices(notices);
                None
            }
            Event::KeyNeedsBackup(path) => {
                let key = self.key_of(Action::KeyBackup);
                self.notify(Notice::warning(format!(
                    "Secrets are encrypted with the key in {path}: back it up{key}"
                )));
                None
            }
            Event::KeyBackupConfirmed(done) => {
                self.notify(match done {
                    Ok(()) => Notice::done("Noted: the key has a backup"),
                    Err(reason) => Notice::error(reason),
                });
                None
            }
            Event::DraftsLoaded(found) => {
                let is_read_only = self.service.target.is_read_only();
                if self.open_draft.found(found, is_read_only) {
                    self.notify(Notice::info("No unsaved drafts"));
                }
                None
            }
            Event::Edited(ticket, edited) => {
                self.edited(ticket, edited);
                None
            }
            Event::ProviderVariables(variables) => {
                self.service.provider_variables = variables;
                None
            }
            Event::LightBackground => {
                self.screen.is_light = true;
                None
            }
            Event::PlainInput(spoken) => self.run_plain_input(spoken),
        };
        let effect = self.block_writes(effect);
        self.settle();
        if is_input && self.view() != before.0 && self.notices.shown == before.1 {
            self.notices.remove_passing();
        }
        effect
    }

    /// Layout of the screen at its current size.
    pub fn layout(&self) -> ScreenLayout {
        ScreenLayout::new(self.screen.size)
    }

    /// Context that keys are looked up in.
    pub fn context(&self) -> KeyContext {
        match self.dialogs.last() {
            Some(dialog) => dialog.context(),
            None if self.tree.is_filtering() => KeyContext::List,
            None => match self.tab_in_focus() {
                Some(Tab::Info) => KeyContext::Info,
                Some(Tab::History) => KeyContext::History,
                Some(Tab::Settings) | None => KeyContext::Tree,
            },
        }
    }

    /// Open form, even below other dialogs.
    pub fn form(&self) -> Option<&Form> {
        self.dialogs.find()
    }

    fn form_mut(&mut self) -> Option<&mut Form> {
        self.dialogs.find_mut()
    }

    /// Returns true if the reply for this ticket is still expected.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.requests.pending.contains_key(&ticket)
    }

    /// Masks revealed secrets: after a suspend, another person may be at the terminal.
    pub(super) fn hide_secrets(&mut self) {
        if let Some(form) = self.form_mut() {
            form.hide_secrets();
        }
    }

    /// Returns true if the content beside the tree is the table of the connections, otherwise it is a workspace.
    pub fn shows_table(&self) -> bool {
        self.focus.shows_table(&self.tree, self.layout().panes)
    }

    /// Shows notices from outside the app; several are summarized in one line, and the log lists all. An error stays on the screen.
    pub fn show_notices(&mut self, notices: Vec<String>) {
        if notices.is_empty() {
            return;
        }
        for text in &notices {
            self.notices.log.keep(&Notice::warning(text));
        }
        self.notices.received.extend(notices);
        let current = self.notices.current.as_ref();
        if current.is_some_and(|notice| notice.severity == NoticeSeverity::Error) {
            return;
        }
        let received = self.notices.received.as_slice();
        let (Some(first), count) = (received.first().cloned(), received.len()) else {
            return;
        };
        let key = self.keymap.first_key(self.context(), Action::Messages);
        let text = match (count, key) {
            (2.., Some(key)) => format!("{count} notices ({key} shows all): {first}"),
            _ => first,
        };
        self.notices.replace(Notice::warning(text));
    }

    /// View that a notice belongs to.
    fn view(&self) -> (usize, KeyContext, Tab, bool) {
        let is_table = self.shows_table();
        (
            self.dialogs.len(),
            self.context(),
            self.workspace.tab,
            is_table,
        )
    }

    /// Pictures of the spinner so far.
    pub const fn ticks(&self) -> u32 {
        self.running.ticks
    }

    /// Shows a notice in place of the current one and logs it.
    pub(super) fn notify(&mut self, notice: Notice) {
        self.notices.show(notice);
    }

    /// Shows a notice, if there is one.
    pub(super) fn notify_any(&mut self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.notify(notice);
        }
    }

    /// First key of an action in the tree, in parentheses with a leading space; empty if it has none.
    pub(super) fn key_of(&self, action: Action) -> String {
        self.keymap.in_parentheses(KeyContext::Tree, action)
    }

    fn call(&mut self, waiting: AwaitedReply, request: impl Into<ServiceRequest>) -> Effect {
        Effect::Call(self.requests.register(waiting), request.into())
    }

    /// Restores the invariants after an event: the selection and the focus are visible.
    fn settle(&mut self) {
        let form = self.dialogs.find_mut();
        self.open_draft.update_slot(form, &mut self.requests);
        if self.dialogs.is_empty()
            && !self.tree.is_filtering()
            && let Some(found) = self.open_draft.take_found()
        {
            self.dialogs.push(found);
        }
        let layout = self.layout();
        self.focus.settle(&mut self.tree, layout.panes);
        self.tree.scroll(layout.tree_rows(), layout.list_rows());
        for at in 0..self.dialogs.len() {
            self.with_dialog(at, |dialog, cx| {
                dialog.scroll(cx);
            });
        }
        if !self.dialogs.is_on::<PaletteDialog>() {
            self.tree.search_connections("");
        }
        let (versions, _) = ScreenLayout::versions(layout.side);
        self.workspace.history.scroll(versions.height.into());
        self.drop_unneeded_requests();
    }

    /// Drops pending requests of closed dialogs.
    fn drop_unneeded_requests(&mut self) {
        let dialogs = &self.dialogs;
        self.requests
            .pending
            .retain(|ticket, waiting| match waiting {
                AwaitedReply::Dialog => dialogs
                    .iter()
                    .any(|dialog| dialog.ticket() == Some(*ticket)),
                AwaitedReply::Bulk(of) => dialogs.bulk().is_some_and(|bulk| bulk.awaits(*of)),
                _ => true,
            });
    }

    /// Next draft operation before the app exits; call it until it returns `None`.
    pub fn next_exit_effect(&mut self) -> Option<Effect> {
        self.open_draft.next_exit_effect(self.dialogs.find())
    }

    /// State to restore at the next start; `store` identifies the store.
    pub fn session(&self, store: &str) -> SavedSession {
        SavedSession::new(store, self.tree.saved_state(), self.workspace.tab)
            .with_tests(self.tree.saved_tests())
    }

    /// Restores the session; the connections are loaded later.
    pub fn restore_session(&mut self, mut session: SavedSession) {
        for (id, record) in session.take_tests() {
            self.tree.record_test(id, record);
        }
        let (state, tab) = session.into_parts();
        self.workspace.tab = tab;
        self.tree.restore_state(state);
    }
}
