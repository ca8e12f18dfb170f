//! Background work, derived from the state when the app is idle; at most one request of each kind is pending.

use std::time::Duration;

use super::{App, AwaitedReply, Pane};
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::AliasCheck;
use crate::tui::layout::Columns;
use crate::tui::notice::NoticeSeverity;
use crate::tui::tabs::Tab;
use crate::tui::tree::Node;

/// Time that a notice stays on screen.
const NOTICE_TIME: Duration = Duration::from_secs(8);

/// Time that a revealed secret stays visible.
const REVEAL_TIME: Duration = Duration::from_secs(10);

impl App {
    /// Next background effect.
    pub(super) fn next_background_effect(&mut self) -> Option<Effect> {
        self.apply_queued_changes();
        self.next_arrangement()
            .or_else(|| self.next_page())
            .or_else(|| self.next_detail())
            .or_else(|| self.next_versions())
            .or_else(|| self.next_dialog_request())
            .or_else(|| self.next_test())
            .or_else(|| self.next_alias())
            .or_else(|| self.next_lookup())
            .or_else(|| self.next_bulk_request())
            .or_else(|| self.next_keys())
            .or_else(|| self.next_expiry())
            .or_else(|| self.next_hiding())
            .or_else(|| self.next_remote_version_request())
            .or_else(|| self.next_external_edit())
            .or_else(|| self.next_draft_effect())
    }

    fn next_arrangement(&mut self) -> Option<Effect> {
        self.tree.is_arranging().then(|| {
            self.tree.arrange();
            Effect::Continue
        })
    }

    fn next_page(&mut self) -> Option<Effect> {
        let query = self.tree.next_page()?;
        let ticket = self.ticket(AwaitedReply::Page);
        self.tree.loading.requested(ticket, query.window);
        Some(Effect::Call(ticket, ServiceRequest::List(query)))
    }

    /// Requests one detail at a time, so that moving quickly through the list does not request every connection.
    fn next_detail(&mut self) -> Option<Effect> {
        let Node::Connection(id) = self.tree.selected() else {
            return None;
        };
        if (self.detail.id() == Some(id) && !self.detail.is_stale())
            || self.layout().columns == Columns::Nothing
            || self.is_pending(|waiting| matches!(waiting, AwaitedReply::Detail))
        {
            return None;
        }
        self.detail.expect(id);
        Some(self.call(AwaitedReply::Detail, ServiceRequest::Get(id)))
    }

    fn next_versions(&mut self) -> Option<Effect> {
        let is_shown = match self.layout().columns {
            Columns::Nothing => false,
            Columns::One => self.pane == Pane::Detail,
            Columns::Two | Columns::Three => true,
        };
        if !is_shown
            || self.workspace.tab != Tab::History
            || self.is_pending(|waiting| matches!(waiting, AwaitedReply::Versions(..)))
        {
            return None;
        }
        let item = self.tree.selected_item()?;
        let (id, newest) = (item.id, item.version());
        let window = self.workspace.history.next_request(id, newest)?;
        self.workspace.history.expect(id, newest);
        Some(self.call(
            AwaitedReply::Versions(id, window),
            ServiceRequest::Versions(id, window),
        ))
    }

    fn next_alias(&mut self) -> Option<Effect> {
        let form = self.form()?;
        let except = form.id();
        let alias = form.alias_to_check()?.to_owned();
        let ticket = self.ticket(AwaitedReply::Alias);
        if let Some(form) = self.form_mut() {
            form.alias_check = AliasCheck::Checking(ticket, alias.clone());
        }
        Some(Effect::Call(
            ticket,
            ServiceRequest::AliasOwner(alias, except),
        ))
    }

    fn next_lookup(&mut self) -> Option<Effect> {
        let reference = self.form()?.reference_to_look_up()?;
        if let Some(form) = self.form_mut() {
            form.start_check(reference.clone());
        }
        Some(self.call(
            AwaitedReply::Lookup,
            ServiceRequest::LookUpReference(reference),
        ))
    }

    fn next_expiry(&mut self) -> Option<Effect> {
        let notice = self.notice.as_ref()?;
        if notice.expiry.is_some() || notice.severity == NoticeSeverity::Error {
            return None;
        }
        let ticket = self.new_ticket();
        if let Some(notice) = &mut self.notice {
            notice.expiry = Some(ticket);
        }
        Some(Effect::Wake(ticket, NOTICE_TIME))
    }

    fn next_hiding(&mut self) -> Option<Effect> {
        let form = self.form()?;
        if form.hiding.is_some() || !form.shows_secret() {
            return None;
        }
        let ticket = self.new_ticket();
        if let Some(form) = self.form_mut() {
            form.hiding = Some(ticket);
        }
        Some(Effect::Wake(ticket, REVEAL_TIME))
    }
}
