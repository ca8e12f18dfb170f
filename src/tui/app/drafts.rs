//! Unsaved drafts: stored while the user types, removed when saved or discarded, offered after a crash.
//!
//! A key must not wait for a disk write. The first key typed into a form starts a timer; when it expires, the form is stored
//! if it differs from what was stored last.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::App;
use crate::drafts::StoredDraft;
use crate::tui::dialogs::drafts::DraftsDialog;
use crate::tui::effect::{DraftSlot, Effect, Ticket};
use crate::tui::form::FormSnapshot;
use crate::tui::notice::Notice;

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
    /// True if there was input since the last look.
    has_input: bool,
    /// Timer of the next look.
    timer: DraftTimer,
    /// Slots of saved or discarded forms whose drafts must be removed.
    obsolete: Vec<DraftSlot>,
    /// Drafts to release for other processes.
    to_release: Vec<Uuid>,
    /// Drafts found while another dialog was open.
    restored: Option<DraftsDialog>,
    /// True if the user requested the list; an empty result is then reported.
    is_requested: bool,
}

/// Timer of the next look at the form.
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

impl App {
    /// Records that there was input.
    pub(super) const fn record_input(&mut self) {
        self.open_draft.has_input = true;
    }

    /// Assigns a slot to a newly opened form and schedules the removal of a closed form's draft.
    pub(super) fn update_draft_slot(&mut self) {
        let mut slot = self.form().and_then(|form| form.slot);
        if slot.is_none() && self.form().is_some() {
            let fresh = DraftSlot::New(self.new_ticket());
            if let Some(form) = self.form_mut() {
                form.slot = Some(fresh);
            }
            slot = Some(fresh);
        }
        if slot != self.open_draft.slot {
            if let Some(over) = self.open_draft.slot.filter(|_| self.open_draft.is_stored) {
                self.open_draft.obsolete.push(over);
            }
            self.open_draft.slot = slot;
            // A restored draft is already on disk.
            self.open_draft.is_stored = matches!(slot, Some(DraftSlot::Restored(_)));
            self.open_draft.last = None;
            self.open_draft.has_input = slot.is_some();
        }
        if slot.is_none() {
            self.open_draft.has_input = false;
        }
        if self.dialogs.is_empty()
            && !self.is_filtering()
            && let Some(found) = self.open_draft.restored.take()
        {
            self.dialogs.push(found);
        }
    }

    /// Next draft to store, remove or release.
    pub(super) fn next_draft_effect(&mut self) -> Option<Effect> {
        if let Some(over) = self.open_draft.obsolete.pop() {
            return Some(Effect::DeleteDraft(over));
        }
        if !self.open_draft.to_release.is_empty() {
            return Some(Effect::ReleaseDrafts(std::mem::take(
                &mut self.open_draft.to_release,
            )));
        }
        if self.open_draft.timer == DraftTimer::Due {
            self.open_draft.timer = DraftTimer::Idle;
            if let Some(effect) = self.store_draft() {
                return Some(effect);
            }
        }
        let has_input = std::mem::take(&mut self.open_draft.has_input);
        if !has_input || matches!(self.open_draft.timer, DraftTimer::Scheduled(_)) {
            // The running timer covers this input, too.
            return None;
        }
        let ticket = self.new_ticket();
        self.open_draft.timer = DraftTimer::Scheduled(ticket);
        Some(Effect::Wake(ticket, STORE_DELAY))
    }

    /// Handles the timer.
    pub(super) fn draft_timer_expired(&mut self, ticket: Ticket) {
        if self.open_draft.timer == DraftTimer::Scheduled(ticket) {
            self.open_draft.timer = DraftTimer::Due;
        }
    }

    /// Stores the form if it changed since the last time.
    fn store_draft(&mut self) -> Option<Effect> {
        let slot = self.open_draft.slot?;
        let form = self.form()?;
        if !form.is_changed() {
            self.open_draft.last = None;
            let was_stored = std::mem::take(&mut self.open_draft.is_stored);
            return was_stored.then_some(Effect::DeleteDraft(slot));
        }
        let kept = form.snapshot();
        let last = self.open_draft.last.as_deref();
        if last.is_some_and(|last| last.has_same_input(&kept)) {
            return None;
        }
        let kept = Arc::new(kept);
        self.open_draft.last = Some(Arc::clone(&kept));
        self.open_draft.is_stored = true;
        Some(Effect::StoreDraft(slot, kept))
    }

    /// Next draft operation before the app exits; call it until it returns `None`.
    pub fn next_exit_effect(&mut self) -> Option<Effect> {
        if let Some(over) = self.open_draft.obsolete.pop() {
            return Some(Effect::DeleteDraft(over));
        }
        self.store_draft()
    }

    /// Requests the list of unsaved drafts.
    pub(super) fn look_for_drafts(&mut self) -> Effect {
        self.open_draft.is_requested = true;
        Effect::LoadDrafts
    }

    /// Takes the drafts that were found; they are offered when no dialog is open.
    pub(super) fn drafts_found(&mut self, found: Vec<StoredDraft>) {
        let is_requested = std::mem::take(&mut self.open_draft.is_requested);
        if self.target.is_read_only() {
            // A read-only app cannot save forms; leave the drafts to another process.
            let ids = found.into_iter().map(|draft| draft.id);
            self.open_draft.to_release.extend(ids);
            return;
        }
        if !found.is_empty() {
            self.open_draft.restored = Some(DraftsDialog::new(found));
        } else if is_requested {
            self.notify(Notice::info("No unsaved drafts"));
        }
    }

    /// Offers drafts to other processes.
    pub(super) fn release_drafts(&mut self, ids: Vec<Uuid>) {
        self.open_draft.to_release.extend(ids);
    }

    /// Discards a draft.
    pub(super) fn discard_draft(&mut self, id: Uuid) -> Effect {
        if let Some(drafts) = self.dialogs.top_mut::<DraftsDialog>() {
            drafts.take_out(id);
            if drafts.drafts.is_empty() {
                self.dialogs.pop();
            }
        }
        self.notify(Notice::done("Discarded the draft"));
        Effect::DeleteDraft(DraftSlot::Restored(id))
    }
}
