//! Unsaved drafts: stored while the user types, removed when saved or discarded, offered after a crash.
//!
//! A key must not wait for a disk write. The first key typed into a form starts a timer; when it expires, the form is stored
//! if it differs from what was stored last.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Requests;
use crate::drafts::StoredDraft;
use crate::tui::dialogs::drafts::DraftsDialog;
use crate::tui::effect::{DraftSlot, Effect, Ticket};
use crate::tui::form::{Form, FormSnapshot};

/// Delay between typing and storing a draft.
const STORE_DELAY: Duration = Duration::from_secs(1);

/// State of the draft of the open form.
#[derive(Debug, Default)]
pub(super) struct DraftTracking {
    /// Slot of the open form.
    slot: Option<DraftSlot>,
    /// True if a draft is stored in the slot.
    is_stored: bool,
    /// Contents stored last.
    last: Option<Arc<FormSnapshot>>,
    /// True if there was input since the last check.
    has_input: bool,
    /// Timer of the next check.
    timer: DraftTimer,
    /// Slots of saved or discarded forms whose drafts must be removed.
    obsolete: Vec<DraftSlot>,
    /// Drafts to release for other processes.
    to_release: Vec<Uuid>,
    /// Drafts found while another dialog was open.
    to_offer: Option<DraftsDialog>,
    /// True if the user requested the list; an empty result is then reported.
    is_requested: bool,
}

/// Timer of the next check of the form.
#[derive(Debug, Default, PartialEq, Eq)]
enum DraftTimer {
    /// Not started.
    #[default]
    Idle,
    /// Started, with this ticket.
    Scheduled(Ticket),
    /// Expired.
    Due,
}

impl DraftTracking {
    /// Records that there was input.
    pub const fn record_input(&mut self) {
        self.has_input = true;
    }

    /// Follows the open form: assigns a slot to a new one and schedules the removal of a closed one's draft.
    pub fn update_slot(&mut self, form: Option<&mut Form>, requests: &mut Requests) {
        let slot = form.map(|form| {
            let new = || DraftSlot::New(requests.new_ticket());
            *form.slot.get_or_insert_with(new)
        });
        if slot != self.slot {
            if let Some(ended) = self.slot.filter(|_| self.is_stored) {
                self.obsolete.push(ended);
            }
            self.slot = slot;
            // A restored draft is already on disk.
            self.is_stored = matches!(slot, Some(DraftSlot::Restored(_)));
            self.last = None;
            self.has_input = slot.is_some();
        }
        if slot.is_none() {
            self.has_input = false;
        }
    }

    /// Drafts to offer, once.
    pub const fn take_found(&mut self) -> Option<DraftsDialog> {
        self.to_offer.take()
    }

    /// Next draft to store, remove or release.
    pub fn next_effect(&mut self, form: Option<&Form>, requests: &mut Requests) -> Option<Effect> {
        if let Some(ended) = self.obsolete.pop() {
            return Some(Effect::DeleteDraft(ended));
        }
        if !self.to_release.is_empty() {
            return Some(Effect::ReleaseDrafts(std::mem::take(&mut self.to_release)));
        }
        if self.timer == DraftTimer::Due {
            self.timer = DraftTimer::Idle;
            if let Some(effect) = self.store(form) {
                return Some(effect);
            }
        }
        let has_input = std::mem::take(&mut self.has_input);
        if !has_input || matches!(self.timer, DraftTimer::Scheduled(_)) {
            // The running timer covers this input, too.
            return None;
        }
        let ticket = requests.new_ticket();
        self.timer = DraftTimer::Scheduled(ticket);
        Some(Effect::Wake(ticket, STORE_DELAY))
    }

    /// Handles the timer.
    pub fn timer_expired(&mut self, ticket: Ticket) {
        if self.timer == DraftTimer::Scheduled(ticket) {
            self.timer = DraftTimer::Due;
        }
    }

    /// Stores the form if it changed since the last time.
    fn store(&mut self, form: Option<&Form>) -> Option<Effect> {
        let slot = self.slot?;
        let form = form?;
        if !form.is_changed() {
            self.last = None;
            let was_stored = std::mem::take(&mut self.is_stored);
            return was_stored.then_some(Effect::DeleteDraft(slot));
        }
        let kept = form.snapshot();
        let last = self.last.as_deref();
        if last.is_some_and(|last| last.has_same_input(&kept)) {
            return None;
        }
        let kept = Arc::new(kept);
        self.last = Some(Arc::clone(&kept));
        self.is_stored = true;
        Some(Effect::StoreDraft(slot, kept))
    }

    /// Next draft operation before the app exits; call it until it returns `None`.
    pub fn next_exit_effect(&mut self, form: Option<&Form>) -> Option<Effect> {
        if let Some(ended) = self.obsolete.pop() {
            return Some(Effect::DeleteDraft(ended));
        }
        self.store(form)
    }

    /// Requests the list of unsaved drafts.
    pub fn look(&mut self) -> Effect {
        self.is_requested = true;
        Effect::LoadDrafts
    }

    /// Takes the drafts that were found; returns true if the user requested them and there are none.
    pub fn found(&mut self, found: Vec<StoredDraft>, is_read_only: bool) -> bool {
        let is_requested = std::mem::take(&mut self.is_requested);
        if is_read_only {
            // A read-only app cannot save forms; leave the drafts to another process.
            self.release(found.into_iter().map(|draft| draft.id));
            return false;
        }
        if found.is_empty() {
            return is_requested;
        }
        self.to_offer = Some(DraftsDialog::new(found));
        false
    }

    /// Offers drafts to other processes.
    pub fn release(&mut self, ids: impl IntoIterator<Item = Uuid>) {
        self.to_release.extend(ids);
    }
}
