//! Lists the configuration keys that a setting can reference: `$` in an empty field opens the list, typing filters it.

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use crate::appsettings::{ConfigurationKey, Reference};
use crate::connection::Page;
use crate::provider::ProviderCatalog;
use crate::tui::action::Action;
use crate::tui::effect::Ticket;
use crate::tui::key::KeyPress;
use crate::tui::notice::Notice;
use crate::tui::select_list::SelectList;

/// Number of visible keys.
const VISIBLE_KEYS: usize = 8;

/// First character of a reference.
const SIGN: char = '$';

/// List of configuration keys, open below a field.
#[derive(Debug)]
pub struct ReferencePicker {
    /// Filter and selection.
    pub choices: SelectList,
    /// True if the text of the field filters the list; otherwise the list has a separate filter.
    pub follows: bool,
    /// Number of visible keys.
    pub seen: usize,
}

/// Configuration keys and their loading state.
#[derive(Debug, Default)]
pub(super) struct ReferenceKeys {
    request: Option<Ticket>,
    is_wanted: bool,
    keys: Option<Result<Page<ConfigurationKey>, String>>,
}

impl Form {
    /// Opens the list below the focused field; returns the reason if the field cannot have a reference.
    pub(super) fn open_configuration_keys(&mut self) -> Option<Notice> {
        let is_setting = |id: &FieldId| matches!(id, FieldId::Setting(_));
        let field = self.fields.get(self.focus)?;
        let line = field.line().filter(|_| is_setting(&field.id));
        let Some(line) = line else {
            return Some(Notice::info(
                "Only a text setting can reference a configuration key",
            ));
        };
        // A reference in the field would leave no key but itself.
        let typed = narrowing(line.value()).filter(|typed| typed.is_empty());
        let typed = typed.map(str::to_owned);
        self.list_configuration_keys(typed.as_deref());
        None
    }

    fn list_configuration_keys(&mut self, typed: Option<&str>) {
        let mut choices = SelectList::default();
        choices.line.set(typed.unwrap_or_default());
        // Files change while a form is open.
        self.keys.is_wanted = true;
        self.reference_picker = Some(ReferencePicker {
            choices,
            follows: typed.is_some(),
            seen: VISIBLE_KEYS,
        });
    }

    /// Opens, filters or closes the list after an edit of the field.
    pub(super) fn update_configuration_keys(&mut self) {
        let field = self.fields.get(self.focus);
        let field = field.filter(|field| matches!(field.id, FieldId::Setting(_)));
        let typed = field.and_then(|field| narrowing(field.line()?.value()));
        let typed = typed.map(str::to_owned);
        match (&mut self.reference_picker, typed) {
            (Some(choosing), Some(typed)) => {
                choosing.follows = true;
                choosing.choices.set_filter(&typed);
            }
            (None, Some(typed)) if typed.is_empty() => self.list_configuration_keys(Some("")),
            (None, Some(_)) => {}
            (_, None) => self.reference_picker = None,
        }
    }

    /// Returns whether the list handles the keys for choosing.
    pub fn is_choosing(&self) -> bool {
        let Some(choosing) = &self.reference_picker else {
            return false;
        };
        if !choosing.follows {
            return true;
        }
        let left = self.matching_configuration_keys();
        let is_whole = |only: &ConfigurationKey| {
            let typed = choosing.choices.line.value();
            only.key.eq_ignore_ascii_case(typed.trim())
        };
        match left.as_slice() {
            [] => false,
            [only] => !is_whole(only),
            _ => true,
        }
    }

    /// Returns whether the text of the field filters the list.
    pub fn is_narrowing(&self, field: &FormField) -> bool {
        let focused = self.fields.get(self.focus);
        let is_here = focused.is_some_and(|focused| focused.id == field.id);
        let follows = self.reference_picker.as_ref().is_some_and(|it| it.follows);
        is_here && follows && self.is_choosing()
    }

    /// Keys that match the filter: those that begin with it first, then those of the provider.
    pub fn matching_configuration_keys(&self) -> Vec<&ConfigurationKey> {
        let (Some(choosing), Some(Ok(page))) = (&self.reference_picker, &self.keys.keys) else {
            return Vec::new();
        };
        let typed = choosing.choices.line.value().trim().to_lowercase();
        let admitted = page.items.iter();
        let admitted = admitted.filter(|listed| choosing.choices.matches(&listed.key));
        let mut left: Vec<_> = admitted.collect();
        left.sort_by_key(|listed| {
            let begins = listed.key.to_lowercase().starts_with(&typed);
            (!begins, !self.is_own_key(&listed.key))
        });
        left
    }

    /// Returns whether the name of a configuration key contains the name or ID of the provider.
    fn is_own_key(&self, key: &str) -> bool {
        let letters = |text: &str| -> String {
            let letters = text.chars().filter(|letter| letter.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let key = letters(key);
        let names = [&self.provider.id, &self.provider.name];
        let mut names = names.map(|name| letters(name)).into_iter();
        names.any(|name| !name.is_empty() && key.contains(&name))
    }

    /// Message shown instead of keys.
    pub fn configuration_keys_message(&self) -> Option<String> {
        let choosing = self.reference_picker.as_ref()?;
        let is_open = !choosing.follows || choosing.choices.line.is_empty();
        match &self.keys.keys {
            None => is_open.then(|| "Loading configuration keys…".to_owned()),
            Some(Err(reason)) => is_open.then(|| reason.clone()),
            Some(Ok(page)) if page.items.is_empty() => {
                is_open.then(|| "No configuration key can be referenced yet".to_owned())
            }
            Some(Ok(page)) if page.total > page.items.len() && is_open => {
                Some(format!("First {} of {} keys", page.items.len(), page.total))
            }
            Some(Ok(_)) => {
                let is_empty = !choosing.follows && self.matching_configuration_keys().is_empty();
                is_empty.then(|| "No match".to_owned())
            }
        }
    }

    /// Runs an action of the list; returns false if the list does not have it.
    pub(super) fn act_in_configuration_keys(
        &mut self,
        action: Action,
        catalog: &ProviderCatalog,
    ) -> bool {
        if !self.is_choosing() {
            return false;
        }
        let count = self.matching_configuration_keys().len();
        match action {
            Action::Choose => {
                let at = self.reference_picker.as_ref();
                self.choose_configuration_key(
                    at.map_or(0, |choosing| choosing.choices.cursor.selected),
                    catalog,
                );
                true
            }
            Action::Back => {
                self.reference_picker = None;
                self.remove_lone_dollar();
                true
            }
            other => {
                let choosing = self.reference_picker.as_mut();
                choosing.is_some_and(|choosing| choosing.choices.cursor.step(other, count))
            }
        }
    }

    /// Removes a lone `$`, which is no reference and would be invisible in a secret.
    fn remove_lone_dollar(&mut self) {
        let line = self
            .fields
            .get_mut(self.focus)
            .and_then(FormField::line_mut);
        if let Some(line) = line.filter(|line| narrowing(line.value()) == Some("")) {
            line.set("");
        }
    }

    /// Replaces the text of the field with a reference to the key at this index.
    pub fn choose_configuration_key(&mut self, at: usize, catalog: &ProviderCatalog) {
        let key = self
            .matching_configuration_keys()
            .get(at)
            .map(|listed| listed.key.clone());
        let reference = key.and_then(|key| Reference::read(&format!("{SIGN}{key}")));
        if let Some(reference) = reference {
            self.refer(self.focus, &reference, catalog);
        }
    }

    /// Replaces the text of a field with a reference.
    pub fn refer(&mut self, at: usize, reference: &Reference, catalog: &ProviderCatalog) {
        self.hide_secrets();
        let Some(field) = self.fields.get_mut(at) else {
            return;
        };
        let Some(line) = field.line_mut() else {
            return;
        };
        line.set(&reference.to_string());
        if let FieldValue::Secret(secret) = &mut field.value {
            secret.is_cleared = false;
        }
        field.mark_filled();
        self.reference_picker = None;
        self.invalidate_reference(at);
        self.check_key_owner(at, catalog);
    }

    /// Filters the keys.
    pub fn filter_configuration_keys(&mut self, text: &str) {
        if let Some(choosing) = &mut self.reference_picker {
            choosing.choices.set_filter(text);
        }
    }

    /// Types into the separate filter; returns false if there is none.
    pub(super) fn type_into_configuration_key_filter(&mut self, key: KeyPress) -> bool {
        match &mut self.reference_picker {
            Some(choosing) if !choosing.follows => {
                choosing.choices.key(key);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Keeps the selection visible within a number of rows.
    pub fn fit_configuration_keys(&mut self, rows: usize) {
        let count = self.matching_configuration_keys().len();
        if let Some(choosing) = &mut self.reference_picker {
            let taken = if choosing.follows { 2 } else { 3 };
            choosing.seen = rows.saturating_sub(taken).clamp(1, VISIBLE_KEYS);
            choosing.choices.scroll(choosing.seen, count);
        }
    }

    /// Returns whether the keys are to be requested.
    pub fn needs_configuration_keys(&self) -> bool {
        self.keys.is_wanted && self.keys.request.is_none() && self.reference_picker.is_some()
    }

    /// Records the request for the keys.
    pub fn configuration_keys_requested(&mut self, ticket: Ticket) {
        self.keys.is_wanted = false;
        self.keys.request = Some(ticket);
    }

    /// Handles the reply; known keys stay if the request was lost.
    pub fn configuration_keys_loaded(
        &mut self,
        ticket: Ticket,
        found: Result<Page<ConfigurationKey>, String>,
    ) {
        if self.keys.request == Some(ticket) {
            self.keys.request = None;
            if found.is_err()
                && let Some(choosing) = &mut self.reference_picker
            {
                // Without keys, the next character belongs into the field, not into a filter.
                choosing.follows = true;
            }
            self.keys.keys = Some(found);
        }
    }
}

/// Text after the sign of a reference; `None` if it cannot become one.
fn narrowing(typed: &str) -> Option<&str> {
    let rest = typed.trim().strip_prefix(SIGN)?;
    (!rest.starts_with(SIGN)).then_some(rest)
}
