//! Unsaved drafts: stored while the user types, removed when saved or discarded, offered after a crash.
//!
//! A key must not wait for a disk write. The first key typed into a form starts a timer; when it expires, the form is stored
//! if it differs from what was stored last.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::App;
use crate::drafts::Found;
use crate::tui::action::{Action, Context};
use crate::tui::confirm::Confirm;
use crate::tui::drafts::Drafts;
use crate::tui::effect::{Effect, Slot, Ticket};
use crate::tui::form::{Form, Kept};
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;

/// Delay between typing and storing a draft.
const PAUSE: Duration = Duration::from_secs(1);

/// State of the draft of the open form.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// Slot of the open form.
    slot: Option<Slot>,
    /// True if a draft is stored in the slot.
    is_kept: bool,
    /// Contents stored last.
    last: Option<Arc<Kept>>,
    /// True if there was input since the last look.
    is_touched: bool,
    /// Timer of the next look.
    look: Look,
    /// Slots of saved or discarded forms whose drafts must be removed.
    over: Vec<Slot>,
    /// Drafts to release for other processes.
    left: Vec<Uuid>,
    /// Drafts found while another dialog was open.
    found: Option<Drafts>,
    /// True if the user requested the list; an empty result is then reported.
    is_asked: bool,
}

/// Timer of the next look at the form.
#[derive(Debug, Default, PartialEq, Eq)]
enum Look {
    /// Not started.
    #[default]
    Later,
    /// Started, with this ticket.
    At(Ticket),
    /// Expired.
    Now,
}

impl App {
    /// Records that there was input.
    pub(super) const fn touched(&mut self) {
        self.keeping.is_touched = true;
    }

    /// Assigns a slot to a newly opened form and schedules the removal of a closed form's draft.
    pub(super) fn settle_drafts(&mut self) {
        let mut slot = self.form().and_then(|form| form.slot);
        if slot.is_none() && self.form().is_some() {
            let fresh = Slot::New(self.fresh_ticket());
            if let Some(form) = self.form_mut() {
                form.slot = Some(fresh);
            }
            slot = Some(fresh);
        }
        if slot != self.keeping.slot {
            if let Some(over) = self.keeping.slot.filter(|_| self.keeping.is_kept) {
                self.keeping.over.push(over);
            }
            self.keeping.slot = slot;
            // A restored draft is already on disk.
            self.keeping.is_kept = matches!(slot, Some(Slot::Found(_)));
            self.keeping.last = None;
            self.keeping.is_touched = slot.is_some();
        }
        if slot.is_none() {
            self.keeping.is_touched = false;
        }
        if self.layers.is_empty()
            && !self.is_filtering()
            && let Some(found) = self.keeping.found.take()
        {
            self.layers.push(Layer::Drafts(found));
        }
    }

    /// Next draft to store, remove or release.
    pub(super) fn next_keeping(&mut self) -> Option<Effect> {
        if let Some(over) = self.keeping.over.pop() {
            return Some(Effect::Forget(over));
        }
        if !self.keeping.left.is_empty() {
            return Some(Effect::ReleaseDrafts(std::mem::take(
                &mut self.keeping.left,
            )));
        }
        if self.keeping.look == Look::Now {
            self.keeping.look = Look::Later;
            if let Some(effect) = self.keep() {
                return Some(effect);
            }
        }
        let is_touched = std::mem::take(&mut self.keeping.is_touched);
        if !is_touched || matches!(self.keeping.look, Look::At(_)) {
            // The running timer covers this input, too.
            return None;
        }
        let ticket = self.fresh_ticket();
        self.keeping.look = Look::At(ticket);
        Some(Effect::Wake(ticket, PAUSE))
    }

    /// Handles the timer.
    pub(super) fn woken_to_keep(&mut self, ticket: Ticket) {
        if self.keeping.look == Look::At(ticket) {
            self.keeping.look = Look::Now;
        }
    }

    /// Stores the form if it changed since the last time.
    fn keep(&mut self) -> Option<Effect> {
        let slot = self.keeping.slot?;
        let form = self.form()?;
        if !form.is_changed() {
            self.keeping.last = None;
            let was_kept = std::mem::take(&mut self.keeping.is_kept);
            return was_kept.then_some(Effect::Forget(slot));
        }
        let kept = form.kept();
        let last = self.keeping.last.as_deref();
        if last.is_some_and(|last| last.has_same_input(&kept)) {
            return None;
        }
        let kept = Arc::new(kept);
        self.keeping.last = Some(Arc::clone(&kept));
        self.keeping.is_kept = true;
        Some(Effect::Keep(slot, kept))
    }

    /// Next draft operation before the app exits; call it until it returns `None`.
    pub fn last_wish(&mut self) -> Option<Effect> {
        if let Some(over) = self.keeping.over.pop() {
            return Some(Effect::Forget(over));
        }
        self.keep()
    }

    /// Requests the list of unsaved drafts.
    pub(super) fn look_for_drafts(&mut self) -> Effect {
        self.keeping.is_asked = true;
        Effect::Find
    }

    /// Takes the drafts that were found; they are offered when no dialog is open.
    pub(super) fn drafts_found(&mut self, found: Vec<Found>) {
        let is_asked = std::mem::take(&mut self.keeping.is_asked);
        if self.site.is_read_only() {
            // A read-only app cannot save forms; leave the drafts to another process.
            let ids = found.into_iter().map(|draft| draft.id);
            self.keeping.left.extend(ids);
            return;
        }
        if !found.is_empty() {
            self.keeping.found = Some(Drafts::new(found));
        } else if is_asked {
            self.tell(Notice::info("No unsaved drafts"));
        }
    }

    fn drafts_mut(&mut self) -> Option<&mut Drafts> {
        match self.layers.last_mut() {
            Some(Layer::Drafts(drafts)) => Some(drafts),
            _ => None,
        }
    }

    pub(super) fn act_in_drafts(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Back => self.leave_drafts(),
            Action::RestoreDraft => self.restore_draft(),
            Action::DiscardDraft => {
                let draft = self.drafts_mut()?.selected()?;
                let name = match &draft.kept {
                    Ok(kept) if !kept.name.is_empty() => kept.name.clone(),
                    Ok(_) => "Untitled".to_owned(),
                    Err(_) => "Cannot be read".to_owned(),
                };
                let confirm = Confirm::discard_draft(draft.id, &name);
                self.layers.push(Layer::Confirm(confirm));
            }
            other => self.drafts_mut()?.go(other),
        }
        None
    }

    /// Closes the list; the remaining drafts are offered again later.
    fn leave_drafts(&mut self) {
        let Some(Layer::Drafts(drafts)) = self.layers.pop() else {
            return;
        };
        let ids = drafts.ids();
        if !ids.is_empty() {
            let count = match ids.len() {
                1 => "1 unsaved draft".to_owned(),
                count => format!("{count} unsaved drafts"),
            };
            let key = self.keymap.first_key(Context::Tree, Action::Drafts);
            let key = key.map_or_else(String::new, |key| format!(" ({key})"));
            self.tell(Notice::info(format!("{count} kept for later{key}")));
        }
        self.keeping.left.extend(ids);
    }

    fn restore_draft(&mut self) {
        let catalog = Arc::clone(&self.catalog);
        let Some(draft) = self.drafts_mut().and_then(|drafts| drafts.selected()) else {
            return;
        };
        let (id, when) = (draft.id, draft.when);
        let kept = match &draft.kept {
            Ok(kept) => kept.clone(),
            Err(why) => {
                let why = format!("The draft cannot be read. {why}");
                self.tell(Notice::error(why));
                return;
            }
        };
        let Some(provider) = catalog.get(&kept.provider_id) else {
            self.tell(Notice::error(format!(
                "Provider '{}' is not in the catalogue; the draft cannot be opened and is kept",
                kept.provider_id
            )));
            return;
        };
        let mut form = Form::restored(&kept, provider, &catalog);
        form.slot = Some(Slot::Found(id));
        if let Some(drafts) = self.drafts_mut() {
            drafts.take_out(id);
        }
        self.leave_drafts();
        let is_alone = self.keeping.left.is_empty();
        if let Some(id) = form.id() {
            self.tree.select_id(id);
        }
        self.layers.push(Layer::Form(Box::new(form)));
        self.compare_with_tree();
        if is_alone {
            let when = when.format("%Y-%m-%d %H:%M");
            self.tell(Notice::done(format!("Restored the draft of {when} UTC")));
        }
    }

    /// Discards a draft.
    pub(super) fn discard_draft(&mut self, id: Uuid) -> Effect {
        if let Some(drafts) = self.drafts_mut() {
            drafts.take_out(id);
            if drafts.drafts.is_empty() {
                self.layers.pop();
            }
        }
        self.tell(Notice::done("Discarded the draft"));
        Effect::Forget(Slot::Found(id))
    }
}
