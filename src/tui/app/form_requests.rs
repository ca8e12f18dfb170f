//! Requests and timers of the open form in the background.

use std::time::Duration;

use super::{AwaitedReply, Requests};
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::{AliasCheck, Form};

/// Time between two lookups of the references in a form.
const RECHECK_TIME: Duration = Duration::from_secs(2);

/// Same, on a server.
const REMOTE_RECHECK_TIME: Duration = Duration::from_secs(30);

/// Time that a revealed secret stays visible.
const REVEAL_TIME: Duration = Duration::from_secs(10);

/// Next request: the check of the alias or of a reference, the configuration keys for an open list, or the stored state after
/// a change elsewhere.
pub(super) fn next_request(form: &mut Form, requests: &mut Requests) -> Option<Effect> {
    let (ticket, request) = if let Some(alias) = form.alias_to_check() {
        let alias = alias.to_owned();
        let ticket = requests.register(AwaitedReply::Alias);
        form.alias_check = AliasCheck::Checking(ticket, alias.clone());
        (ticket, ServiceRequest::AliasOwner(alias, form.id()))
    } else if let Some(reference) = form.reference_to_look_up() {
        form.start_check(reference.clone());
        let ticket = requests.register(AwaitedReply::Lookup);
        (ticket, ServiceRequest::LookUpReference(reference))
    } else if form.needs_configuration_keys() {
        let ticket = requests.register(AwaitedReply::ConfigurationKeys);
        form.configuration_keys_requested(ticket);
        (ticket, ServiceRequest::ConfigurationKeys)
    } else {
        let (id, version) = form.remote_version_to_request()?;
        if requests.has(|waiting| matches!(waiting, AwaitedReply::TheirVersion)) {
            return None;
        }
        let ticket = requests.register(AwaitedReply::TheirVersion);
        form.mark_remote_version_requested();
        // A pending save waits for this reply.
        form.saving = form.save_waits().then_some(ticket);
        (ticket, ServiceRequest::GetTheirVersion(id, version))
    };
    Some(Effect::Call(ticket, request))
}

/// Next timer: one hides a revealed secret, the other repeats the lookup of references, since appsettings.json may change.
pub(super) fn next_timer(
    form: &mut Form,
    requests: &mut Requests,
    is_remote: bool,
) -> Option<Effect> {
    let (timer, after) = if form.hiding.is_none() && form.shows_secret() {
        (&mut form.hiding, REVEAL_TIME)
    } else if form.recheck.is_none() && form.has_reference() {
        let after = if is_remote {
            REMOTE_RECHECK_TIME
        } else {
            RECHECK_TIME
        };
        (&mut form.recheck, after)
    } else {
        return None;
    };
    let ticket = requests.new_ticket();
    *timer = Some(ticket);
    Some(Effect::Wake(ticket, after))
}
