//! State of the app and its only transition function.
//!
//! [`App::update`] takes an event and returns the next effect. It never waits, draws, spawns tasks or reads a clock, so every
//! test runs without a terminal. The background work of [`Event::Idle`] (the next page of the list, the detail of the
//! selection, the check of the alias on screen) is derived from the state instead of being stored in it, and at most one
//! request of each kind is pending.

mod replies;
mod sort_menu;
mod tree_actions;
mod bulk;
mod burst;
mod copy_as_command;
mod copy;
mod open_dialogs;
mod drafts;
mod poll;
mod duplicate;
mod remote_changes;
mod footer;
mod input;
mod dialogs;
mod conflicts;
mod marks;
mod mouse;
mod external_editor;
mod read_only;
mod plain_input;
mod move_to_reference;
mod connection_test;
mod trash;
mod undo;
mod tabs;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::action::{Action, KeyContext};
use super::bulk::BulkRowRef;
use super::clipboard::Multiplexer;
use super::curl;
use super::detail::ConnectionDetail;
use super::dialog::DialogStack;
use super::dialogs::palette::PaletteDialog;
use super::effect::{Effect, ServiceRequest, Ticket};
use super::event::Event;
use super::form::Form;
use super::info::LastTest;
use super::keymap::Keymap;
use super::layout::{Columns, ScreenLayout, Size};
use super::message_log::MessageLog;
use super::notice::Notice;
use super::session::SavedSession;
use super::tabs::{Tab, Workspace};
use super::target_info::TargetInfo;
use super::tree::Tree;
use crate::connection::{Environment, PageRequest};
use crate::provider::ProviderCatalog;
use crate::service::ServiceFeatures;
use drafts::DraftTracking;
use trash::PendingRestore;
use undo::UndoableChange;

/// Pane with the keyboard focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// Tree of providers and connections.
    Tree,
    /// List of connections.
    List,
    /// Workspace of the selected connection.
    Detail,
}

/// Request that waits for its reply.
#[derive(Debug)]
enum AwaitedReply {
    Page,
    Detail,
    Edit,
    Editor,
    RemoteVersion,
    Duplicate,
    Alias,
    Lookup,
    ConfigurationKeys,
    Save,
    Toggle(PendingToggle),
    Delete(Uuid),
    Restore(PendingRestore),
    Purge,
    /// Request of the dialog that has its ticket.
    Dialog,
    /// Row of a bulk operation.
    Bulk(BulkRowRef),
    /// Export file of a bulk operation.
    ExportFile,
    Versions(Uuid, PageRequest),
    /// Roll back to this version.
    Rollback(u64),
    /// Roll one field back to this version.
    RollbackField(u64),
}

/// Connection that is being activated or deactivated.
#[derive(Debug, Clone)]
struct PendingToggle {
    id: Uuid,
    active: bool,
    /// Status last reported by the service.
    from: bool,
    is_undo: bool,
}

/// State of everything on screen.
pub struct App {
    /// Providers that connections can be created for.
    pub catalog: Arc<ProviderCatalog>,
    /// Keys of each action.
    pub keymap: Keymap,
    /// Size of the terminal.
    pub size: Size,
    /// True if the terminal's background is light.
    pub is_light: bool,
    /// Route from the app to the terminal's clipboard.
    pub clipboard: Multiplexer,
    /// Base URL of the management API, for copied cURL commands.
    pub api: String,
    /// Tree of providers and connections.
    pub tree: Tree,
    /// Pane with the keyboard focus.
    pub pane: Pane,
    /// Detail of the selected connection.
    pub detail: ConnectionDetail,
    /// Tabs of the selected connection.
    pub workspace: Workspace,
    /// Latest test result of each connection since the start.
    pub tests: HashMap<Uuid, LastTest>,
    /// Dialogs above the tree; the last one takes the keys.
    pub dialogs: DialogStack,
    /// Notice on screen.
    pub notice: Option<Notice>,
    /// Log of all notices since the start.
    pub log: MessageLog,
    /// True if changes may have been missed.
    pub is_stale: bool,
    /// True if the lost connection to the service was reported.
    is_offline: bool,
    /// Environment variables that can fill a connection.
    pub environment: Environment,
    /// Startup notices; the help dialog lists all.
    pub startup_notices: Vec<String>,
    /// Target that the app works on.
    pub target: TargetInfo,
    /// Optional capabilities of the service.
    pub features: ServiceFeatures,
    /// Names of the available themes.
    pub themes: Vec<String>,
    /// Index of the current theme.
    pub theme: usize,
    open_draft: DraftTracking,
    /// Connection whose form opens for the external editor.
    editor_connection: Option<Uuid>,
    /// Ticket of a save that is followed by a test.
    test_after: Option<Ticket>,
    /// Saved connection that is to be tested next.
    test_due: Option<Uuid>,
    undo: Vec<UndoableChange>,
    last_ticket: u64,
    pending: HashMap<Ticket, AwaitedReply>,
}

impl App {
    /// Creates the app with its startup notices.
    pub fn new(catalog: Arc<ProviderCatalog>, keymap: Keymap, notices: Vec<String>) -> Self {
        let mut app = Self {
            catalog,
            keymap,
            size: Size::default(),
            is_light: false,
            clipboard: Multiplexer::default(),
            api: curl::DOCUMENTED.into(),
            tree: Tree::default(),
            pane: Pane::Tree,
            detail: ConnectionDetail::default(),
            workspace: Workspace::default(),
            tests: HashMap::new(),
            dialogs: DialogStack::default(),
            notice: None,
            log: MessageLog::default(),
            is_stale: false,
            is_offline: false,
            environment: Environment::default(),
            startup_notices: Vec::new(),
            target: TargetInfo::default(),
            features: ServiceFeatures::ALL,
            themes: Vec::new(),
            theme: 0,
            open_draft: DraftTracking::default(),
            editor_connection: None,
            test_after: None,
            test_due: None,
            undo: Vec::new(),
            last_ticket: 0,
            pending: HashMap::new(),
        };
        app.tree.set_catalog(&app.catalog);
        app.show_startup_notices(notices);
        app
    }

    /// Handles an event and returns the next effect.
    #[expect(clippy::too_many_lines, reason = "one arm for each event")]
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        if matches!(
            event,
            Event::Key(_) | Event::Typed(_) | Event::Paste(_) | Event::Mouse(_)
        ) {
            self.record_input();
        }
        let effect = match event {
            Event::Key(key) => self.key(key),
            Event::Typed(text) => {
                self.type_text(&text);
                None
            }
            Event::Paste(pasted) => self.paste(&pasted),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(size) => {
                self.size = size;
                None
            }
            Event::Reply(ticket, reply) => self.handle_reply(ticket, reply),
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
                self.catalog = catalog;
                self.learn_features(features);
                None
            }
            Event::StoreNotices(notices) => {
                self.show_startup_notices(notices);
                None
            }
            Event::DraftsLoaded(found) => {
                self.drafts_found(found);
                None
            }
            Event::Edited(ticket, edited) => {
                self.edited(ticket, edited);
                None
            }
            Event::Environment(environment) => {
                self.environment = environment;
                None
            }
            Event::LightBackground => {
                self.is_light = true;
                None
            }
            Event::PlainInput(spoken) => self.run_plain_input(spoken),
        };
        let effect = self.block_writes(effect);
        self.settle();
        effect
    }

    /// Layout of the screen at its current size.
    pub fn layout(&self) -> ScreenLayout {
        ScreenLayout::new(self.size)
    }

    /// Context that keys are looked up in.
    pub fn context(&self) -> KeyContext {
        match self.dialogs.last() {
            Some(dialog) => dialog.get().context(),
            None if self.is_filtering() => KeyContext::List,
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
        self.pending.contains_key(&ticket)
    }

    /// Masks revealed secrets: after a suspend, another person may be at the terminal.
    pub(super) fn hide_secrets(&mut self) {
        if let Some(form) = self.form_mut() {
            form.hide_secrets();
        }
    }

    fn is_filtering(&self) -> bool {
        self.tree.filter().is_some_and(|filter| filter.is_typing)
    }

    /// Shows startup notices; several are summarized in one line, and the help dialog lists all.
    pub fn show_startup_notices(&mut self, notices: Vec<String>) {
        self.startup_notices.extend(notices);
        let help = self.keymap.first_key(KeyContext::Tree, Action::Help);
        let text = match (self.startup_notices.as_slice(), help) {
            ([], _) => return,
            ([_, _, ..], Some(key)) => format!(
                "{} notices ({key} shows all): {}",
                self.startup_notices.len(),
                self.startup_notices[0]
            ),
            ([first, ..], _) => first.clone(),
        };
        self.notify(Notice::warning(text));
    }

    /// Shows a notice in place of the current one and logs it.
    pub(super) fn notify(&mut self, notice: Notice) {
        self.log.keep(&notice);
        self.notice = Some(notice);
    }

    fn ticket(&mut self, waiting: AwaitedReply) -> Ticket {
        let ticket = self.new_ticket();
        self.pending.insert(ticket, waiting);
        ticket
    }

    fn new_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    fn call(&mut self, waiting: AwaitedReply, request: impl Into<ServiceRequest>) -> Effect {
        Effect::Call(self.ticket(waiting), request.into())
    }

    /// Restores the invariants after an event: the selection and the focus are visible.
    fn settle(&mut self) {
        self.update_draft_slot();
        let layout = self.layout();
        self.tree.scroll(layout.tree_rows(), layout.list_rows());
        if layout.columns != Columns::Three && self.pane == Pane::List {
            self.pane = Pane::Tree;
        }
        for at in 0..self.dialogs.len() {
            self.with_dialog(at, |dialog, cx| dialog.scroll(cx));
        }
        if !self.dialogs.is_on::<PaletteDialog>() {
            self.tree.look_up("");
        }
        let (versions, _) = ScreenLayout::versions(self.detail_area());
        self.workspace.history.scroll(versions.height.into());
        self.drop_unneeded_requests();
    }

    /// Drops pending requests of closed dialogs.
    fn drop_unneeded_requests(&mut self) {
        let dialogs = &self.dialogs;
        self.pending.retain(|ticket, waiting| match waiting {
            AwaitedReply::Dialog => dialogs
                .iter()
                .any(|dialog| dialog.get().ticket() == Some(*ticket)),
            AwaitedReply::Bulk(of) => dialogs.bulk().is_some_and(|bulk| bulk.awaits(*of)),
            _ => true,
        });
    }

    /// State to restore at the next start; `store` identifies the store.
    pub fn session(&self, store: &str) -> SavedSession {
        SavedSession::new(store, self.tree.saved_state(), self.workspace.tab)
    }

    /// Restores the session; the connections are loaded later.
    pub fn restore_session(&mut self, session: SavedSession) {
        let (state, tab) = session.into_parts();
        self.workspace.tab = tab;
        self.tree.restore_state(state);
    }
}
