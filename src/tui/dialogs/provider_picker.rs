//! Picker for the provider of a new connection, or for a profile of pasted credentials.

use crate::connection::{PasteResult, PastedConnection, PastedProfile};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::printable;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Row, Rows, Spoken, paste_into,
};
use crate::tui::event::PastedText;
use crate::tui::form::Form;
use crate::tui::notice::Notice;
use crate::tui::select_list::SelectList;

/// List of providers, or of the profiles of a paste.
#[derive(Debug, Default)]
pub struct ProviderPicker {
    /// Typed text and selection.
    pub choices: SelectList,
    /// Profiles; empty if providers are listed.
    profiles: Vec<PastedProfile>,
}

impl ProviderPicker {
    /// A list of profiles.
    pub fn from_profiles(profiles: Vec<PastedProfile>) -> Self {
        Self {
            profiles,
            ..Self::default()
        }
    }

    /// Returns whether providers are listed.
    pub const fn lists_providers(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Title of the dialog.
    pub const fn title(&self) -> &'static str {
        if self.lists_providers() {
            "Select AI Provider"
        } else {
            "Select AWS Profile"
        }
    }

    /// Number of lines before anything is typed.
    pub fn total(&self, catalog: &ProviderCatalog) -> usize {
        if self.lists_providers() {
            catalog.all().len()
        } else {
            self.profiles.len()
        }
    }

    /// Returns the lines that match the typed text.
    fn entries(&self, catalog: &ProviderCatalog) -> Vec<Row> {
        if self.lists_providers() {
            let providers = self.providers(catalog).into_iter();
            return providers
                .map(|provider| Row::pair(&provider.name, capability_text(provider)))
                .collect();
        }
        let profiles = self.matching_profiles().into_iter();
        profiles
            .map(|profile| Row::pair(printable(&profile.name), profile.connection.kind.as_str()))
            .collect()
    }

    fn providers<'a>(&self, catalog: &'a ProviderCatalog) -> Vec<&'a Provider> {
        catalog
            .all()
            .iter()
            .filter(|provider| {
                self.choices.matches(&format!(
                    "{} {} {}",
                    provider.name,
                    provider.id,
                    capability_text(provider)
                ))
            })
            .collect()
    }

    /// Fills the form below the list, or opens a new one.
    fn choose_profile(connection: PastedConnection, cx: &DialogContext<'_>) -> DialogOutcome {
        let below = cx.below.last();
        if below.is_some_and(|dialog| dialog.downcast::<Form>().is_some()) {
            let fill =
                DialogOutcome::edit_form(|form, catalog| Some(form.fill(connection, catalog)));
            return DialogOutcome::close_and(fill);
        }
        filled_form(connection, cx.catalog)
    }

    fn matching_profiles(&self) -> Vec<&PastedProfile> {
        let profiles = self.profiles.iter();
        profiles
            .filter(|profile| self.choices.matches(&profile.name))
            .collect()
    }
}

impl Dialog for ProviderPicker {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let rows = self.entries(cx.catalog);
        let height = u16::try_from(self.total(cx.catalog)).unwrap_or(u16::MAX);
        let frame = Frame::Centered(64, height.saturating_add(4).max(6));
        DialogModel {
            input: Some(self.choices.filter("Type to filter", cx.catalog)),
            rows: Rows::list(rows.len(), move |at, _| rows[at].clone()),
            cursor: self.choices.cursor,
            empty: self.choices.no_match(cx.catalog),
            ..DialogModel::new(self.title(), frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::list(format!(
            "{}: enter a number to choose, text to filter, :back to close.",
            self.title()
        ))
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        let at = self.choices.cursor.selected;
        match action {
            Action::Choose if self.lists_providers() => match self.providers(cx.catalog).get(at) {
                Some(provider) => DialogOutcome::open_form(Form::new(provider), None),
                None => DialogOutcome::Stay,
            },
            Action::Choose => match self.matching_profiles().get(at) {
                Some(profile) => Self::choose_profile(profile.connection.clone(), cx),
                None => DialogOutcome::Stay,
            },
            Action::Back => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn list(&self) -> Option<&SelectList> {
        Some(&self.choices)
    }

    fn list_mut(&mut self) -> Option<&mut SelectList> {
        Some(&mut self.choices)
    }

    fn paste(&mut self, text: &PastedText, cx: &DialogContext<'_>) -> DialogOutcome {
        let pasted = pasted_connection(text, cx.catalog).filter(|_| self.lists_providers());
        pasted.unwrap_or_else(|| paste_into(&mut self.choices.line, text))
    }

    fn set_text(&mut self, text: &PastedText, cx: &DialogContext<'_>) -> DialogOutcome {
        let pasted = pasted_connection(text, cx.catalog).filter(|_| self.lists_providers());
        pasted.unwrap_or_else(|| {
            self.choices.set_filter(&text.0);
            DialogOutcome::Stay
        })
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.choices.cursor.selected = at;
        (by != Pick::Click).then_some(Action::Choose)
    }
}

/// Replaces the provider list with a form filled from a paste; `None` if the text is not a connection.
pub fn pasted_connection(text: &PastedText, catalog: &ProviderCatalog) -> Option<DialogOutcome> {
    match PasteResult::read(&text.0, catalog, None) {
        PasteResult::Connection(connection) => Some(filled_form(connection, catalog)),
        PasteResult::Unreadable(unreadable) => Some(DialogOutcome::Notify(Notice::warning(
            unreadable.to_string(),
        ))),
        PasteResult::ChooseProfile(profiles) => Some(DialogOutcome::close_and(
            DialogOutcome::Open(ProviderPicker::from_profiles(profiles).into()),
        )),
        PasteResult::NotAConnection => None,
    }
}

/// Replaces the list with a form for a pasted connection.
fn filled_form(connection: PastedConnection, catalog: &ProviderCatalog) -> DialogOutcome {
    let id = connection.draft.provider_id.as_deref();
    let Some(provider) = id.and_then(|id| catalog.get(id)) else {
        return DialogOutcome::Notify(Notice::warning(
            "The pasted text does not name a provider; select one",
        ));
    };
    let mut form = Form::new(provider);
    let notice = form.fill(connection, catalog);
    DialogOutcome::open_form(form, Some(notice))
}

/// Returns the capabilities of a provider, as the list shows them.
pub fn capability_text(provider: &Provider) -> String {
    let words: Vec<&str> = provider
        .capabilities
        .iter()
        .map(|capability| capability.as_str())
        .collect();
    words.join(", ")
}
