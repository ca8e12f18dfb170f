//! Parts of the app's state.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::read_only::SessionReadOnly;
use super::reload::ReloadState;
use super::restore::PendingRestore;
use super::undo::EditedVersion;
use crate::connection::{PageRequest, ProviderVariables};
use crate::provider::ProviderCatalog;
use crate::service::ServiceFeatures;
use crate::tui::bulk::BulkRowRef;
use crate::tui::clipboard::Multiplexer;
use crate::tui::curl;
use crate::tui::effect::Ticket;
use crate::tui::key::KeyPress;
use crate::tui::layout::Size;
use crate::tui::message_log::MessageLog;
use crate::tui::notice::{Notice, NoticeSeverity};
use crate::tui::target_info::TargetInfo;
use crate::tui::targets::{TargetEntry, TargetsHandle};
use crate::tui::tree::ItemChange;

/// Request that waits for its reply.
#[derive(Debug)]
pub(super) enum AwaitedReply {
    Page,
    Detail,
    /// Connection to edit in a form.
    Edit,
    /// Document that is open in the external editor.
    Editor,
    TheirVersion,
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
    /// Undo of an edit.
    UndoEdit(EditedVersion),
    /// Current version before the undo of an edit, of a service that does not announce changes.
    UndoCheck(EditedVersion),
}

/// Connection that is being activated or deactivated.
#[derive(Debug, Clone)]
pub(super) struct PendingToggle {
    pub id: Uuid,
    pub active: bool,
    /// Status last reported by the service.
    pub from: bool,
    pub is_undo: bool,
}

/// Terminal that the app is drawn on.
#[derive(Debug, Default)]
pub struct Screen {
    /// Size in cells.
    pub size: Size,
    /// True if the background is light.
    pub is_light: bool,
    /// True if only ASCII can be shown.
    pub is_ascii: bool,
    /// Route to the clipboard.
    pub clipboard: Multiplexer,
    /// Time that ages count from; the app has no clock.
    pub now: Option<DateTime<Utc>>,
}

/// Available themes.
#[derive(Debug, Default)]
pub struct ThemeList {
    /// Names.
    pub names: Vec<String>,
    /// Index of the current one.
    pub current: usize,
    /// True if the user chose it in the app.
    pub is_chosen: bool,
}

impl ThemeList {
    /// Chooses the next theme.
    pub(super) fn choose_next(&mut self) -> Notice {
        let next = (self.current + 1) % self.names.len().max(1);
        let notice = if self.names.len() < 2 {
            None
        } else {
            self.choose(next)
        };
        notice.unwrap_or_else(|| Notice::info("No themes available: NO_COLOR is set"))
    }

    /// Chooses a theme, now and from the next start on.
    pub(super) fn choose(&mut self, at: usize) -> Option<Notice> {
        let name = self.names.get(at)?;
        self.current = at;
        self.is_chosen = true;
        let text = format!("Theme: {name}; kept for the next start");
        Some(Notice::info(text))
    }

    /// Returns the theme that was chosen in the app.
    pub fn chosen(&self) -> Option<&str> {
        let current = self.names.get(self.current).filter(|_| self.is_chosen);
        current.map(String::as_str)
    }
}

/// Service that the app works with, and the targets beside it.
#[derive(Debug)]
pub struct ServiceInfo {
    /// Providers that connections can be created for.
    pub catalog: Arc<ProviderCatalog>,
    /// Optional features of the service.
    pub features: ServiceFeatures,
    /// Target in the configuration.
    pub target: TargetInfo,
    /// Path of the key of the local store; `None` for a server, which has its own.
    pub key_path: Option<String>,
    /// Base URL of the management API, for copied cURL commands.
    pub api: String,
    /// Environment variables that can fill a connection.
    pub provider_variables: ProviderVariables,
    /// Targets to switch and to copy to.
    pub targets: Option<TargetsHandle>,
    /// Read-only mode that the user turned on.
    pub(super) read_only: SessionReadOnly,
}

impl ServiceInfo {
    /// Returns the targets of the configuration.
    pub(super) fn target_entries(&self) -> Vec<TargetEntry> {
        let targets = self.targets.as_ref();
        targets.map_or_else(Vec::new, |targets| targets.0.list())
    }

    pub(super) fn new(catalog: Arc<ProviderCatalog>) -> Self {
        Self {
            catalog,
            features: ServiceFeatures::ALL,
            target: TargetInfo::default(),
            key_path: None,
            api: curl::DOCUMENTED.into(),
            provider_variables: ProviderVariables::default(),
            targets: None,
            read_only: SessionReadOnly::default(),
        }
    }
}

/// State of the change feed, and of the reloads of a service without one.
#[derive(Debug, Default)]
pub struct FeedState {
    /// True if changes may have been missed.
    pub is_stale: bool,
    /// True if the lost connection to the service was reported.
    pub(super) is_offline: bool,
    /// Reloads of the list.
    pub(super) reload: ReloadState,
}

/// Notices to the user.
#[derive(Debug, Default)]
pub struct Notices {
    /// Notice on screen.
    pub current: Option<Notice>,
    /// Log of all notices since the start.
    pub log: MessageLog,
    /// Notices from outside the app, such as warnings of the start; plain mode prints them.
    pub received: Vec<String>,
    /// Number of notices since the start.
    pub shown: u64,
    /// Last key without an action that was reported.
    pub unknown_key: Option<KeyPress>,
}

/// Work that the topmost dialog waits for.
#[derive(Debug, Default)]
pub(super) struct RunningWork {
    /// Ticket of the request.
    pub awaited: Option<Ticket>,
    /// Timer of the next picture of the spinner.
    pub timer: Option<Ticket>,
    /// Pictures of the spinner so far.
    pub ticks: u32,
}

/// Steps that follow a reply.
#[derive(Debug, Default)]
pub(super) struct FollowUps {
    /// Connection whose form opens for the external editor.
    pub(super) editor_connection: Option<Uuid>,
    /// Ticket of a save that is followed by a test.
    pub(super) test_after: Option<Ticket>,
    /// Saved connection that is to be tested next.
    pub(super) test_due: Option<Uuid>,
    /// True if a secret was stored, so that the backup of the key is checked.
    pub(super) key_check_due: bool,
    /// True if the backup of the key was checked in this session.
    pub(super) is_key_checked: bool,
}

/// Requests that wait for their replies.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_ticket: u64,
    pub(super) pending: HashMap<Ticket, AwaitedReply>,
}

impl Requests {
    /// New ticket of a request or a timer.
    pub fn new_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    /// Ticket of the next request.
    pub const fn next_ticket(&self) -> Ticket {
        Ticket(self.last_ticket + 1)
    }

    /// Registers a request and returns its ticket.
    pub fn register(&mut self, waiting: AwaitedReply) -> Ticket {
        let ticket = self.new_ticket();
        self.pending.insert(ticket, waiting);
        ticket
    }

    fn toggles_of(&mut self, id: Uuid) -> impl Iterator<Item = &mut PendingToggle> {
        let pending = self.pending.values_mut();
        pending.filter_map(move |waiting| match waiting {
            AwaitedReply::Toggle(toggle) if toggle.id == id => Some(toggle),
            _ => None,
        })
    }

    /// Status that the service reported before the pending toggles of a connection; `None` if there are none.
    pub fn status_before_toggles(&mut self, id: Uuid) -> Option<bool> {
        self.toggles_of(id).next().map(|toggle| toggle.from)
    }

    /// Records the status to which the pending toggles of a connection are reverted if they are refused.
    pub fn set_status_before_toggles(&mut self, id: Uuid, is_active: bool) {
        for toggle in self.toggles_of(id) {
            toggle.from = is_active;
        }
    }

    /// Records the status in changes by others for the pending toggles; returns the connections that have some.
    pub fn update_toggles(&mut self, news: &[ItemChange]) -> Vec<Uuid> {
        let mut toggling = Vec::new();
        for waiting in self.pending.values_mut() {
            let AwaitedReply::Toggle(toggle) = waiting else {
                continue;
            };
            let newest = news.iter().rev().find(|change| change.id() == toggle.id);
            if let Some(ItemChange::Saved(item)) = newest {
                toggle.from = item.is_active;
                toggling.push(toggle.id);
            }
        }
        toggling
    }

    /// Returns true if a request of this kind is pending.
    pub fn has(&self, kind: impl Fn(&AwaitedReply) -> bool) -> bool {
        self.pending.values().any(kind)
    }
}

impl Notices {
    /// Shows a notice in place of the current one and logs it.
    pub fn show(&mut self, notice: Notice) {
        self.log.keep(&notice);
        self.replace(notice);
    }

    /// Shows a notice whose parts are in the log.
    pub fn replace(&mut self, notice: Notice) {
        self.shown += 1;
        self.current = Some(notice);
    }

    /// Returns true while an error is shown.
    pub fn shows_error(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|notice| notice.severity == NoticeSeverity::Error)
    }

    /// Removes the notice of another view; an error stays until its cause is gone.
    pub fn remove_passing(&mut self) {
        self.current
            .take_if(|notice| notice.severity != NoticeSeverity::Error);
    }
}
