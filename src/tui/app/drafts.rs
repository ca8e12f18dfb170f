//! What is typed and not saved: kept while one types, given up when it is saved or discarded, offered after a crash.
//!
//! Why a wake-up: a key must not wait for a disk, and a disk need not hear of every key. The first key that goes into a form
//! asks for a wake-up; what is on screen then is kept, when it is something else than what was kept last.

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

/// How long what is typed is on screen alone.
const PAUSE: Duration = Duration::from_secs(1);

/// What is kept of the form that is open.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// The form's own name.
    slot: Option<Slot>,
    /// Whether something is kept under that name.
    is_kept: bool,
    /// What was kept last.
    last: Option<Arc<Kept>>,
    /// Whether something may have been typed since.
    is_touched: bool,
    /// When to look what is on screen.
    look: Look,
    /// What is saved or discarded, and still kept.
    over: Vec<Slot>,
    /// What is left to whoever looks next.
    left: Vec<Uuid>,
    /// What was found while something else was on screen.
    found: Option<Drafts>,
    /// Whether somebody asked for the drafts, and is told when there is none.
    is_asked: bool,
}

/// When to look what is on screen.
#[derive(Debug, Default, PartialEq, Eq)]
enum Look {
    /// Not before something is typed.
    #[default]
    Later,
    /// When this wake-up is there.
    At(Ticket),
    /// Now.
    Now,
}

impl App {
    /// Something was typed, pasted or clicked.
    pub(super) const fn touched(&mut self) {
        self.keeping.is_touched = true;
    }

    /// After every change: a form that is open has a name, and what is kept of one that is closed is over.
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
            // What was found is on disk already.
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

    /// What is to be kept, or is not to be kept any more.
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
            // What was touched before a wake-up is seen when it is there.
            return None;
        }
        let ticket = self.fresh_ticket();
        self.keeping.look = Look::At(ticket);
        Some(Effect::Wake(ticket, PAUSE))
    }

    /// It is time to look.
    pub(super) fn woken_to_keep(&mut self, ticket: Ticket) {
        if self.keeping.look == Look::At(ticket) {
            self.keeping.look = Look::Now;
        }
    }

    /// Keeps what is on screen, when it is not kept yet.
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

    /// What is to be done about drafts before the end, one after the other: what is not saved is kept as it is now.
    pub fn last_wish(&mut self) -> Option<Effect> {
        if let Some(over) = self.keeping.over.pop() {
            return Some(Effect::Forget(over));
        }
        self.keep()
    }

    /// Looks for what was typed and never saved.
    pub(super) fn look_for_drafts(&mut self) -> Effect {
        self.keeping.is_asked = true;
        Effect::Find
    }

    /// These were found: they are offered as soon as nothing else is on screen.
    pub(super) fn drafts_found(&mut self, found: Vec<Found>) {
        let is_asked = std::mem::take(&mut self.keeping.is_asked);
        if self.site.is_read_only() {
            // No form can be saved here; they stay for whoever can.
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

    /// Does what a key asked for in the drafts.
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

    /// Later: what is left is offered again, by the key or at the next start.
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

    /// Gives a draft up.
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
