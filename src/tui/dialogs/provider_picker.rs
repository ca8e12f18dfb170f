//! Picker for the provider of a new connection, or for a profile of pasted credentials.

use crate::connection::PastedProfile;
use crate::provider::{Provider, ProviderCatalog};
use crate::text::printable;
use crate::tui::action::Action;
use crate::tui::dialog::DialogOutcome;
use crate::tui::select_list::SelectList;

/// List of providers, or of the profiles of a paste.
#[derive(Debug, Default)]
pub struct ProviderPicker {
    /// Typed text and selection.
    pub choices: SelectList,
    /// Profiles; empty if providers are listed.
    profiles: Vec<PastedProfile>,
}

/// A line of the list.
#[derive(Debug)]
pub struct PickerEntry {
    /// Name of the provider or the profile.
    pub name: String,
    /// Capabilities of the provider, or the kind of the profile.
    pub detail: String,
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
    pub fn entries(&self, catalog: &ProviderCatalog) -> Vec<PickerEntry> {
        if self.lists_providers() {
            let providers = self.providers(catalog).into_iter();
            return providers
                .map(|provider| PickerEntry {
                    name: provider.name.clone(),
                    detail: capability_text(provider),
                })
                .collect();
        }
        let profiles = self.matching_profiles().into_iter();
        profiles
            .map(|profile| PickerEntry {
                name: printable(&profile.name).into_owned(),
                detail: profile.connection.kind.as_str().to_owned(),
            })
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

    fn matching_profiles(&self) -> Vec<&PastedProfile> {
        let profiles = self.profiles.iter();
        profiles
            .filter(|profile| self.choices.matches(&profile.name))
            .collect()
    }

    /// Handles an action.
    pub fn act(&mut self, action: Action, catalog: &ProviderCatalog) -> DialogOutcome {
        let at = self.choices.selected;
        match action {
            Action::Choose if self.lists_providers() => match self.providers(catalog).get(at) {
                Some(provider) => DialogOutcome::Picked(provider.id.clone()),
                None => DialogOutcome::Stay,
            },
            Action::Choose => match self.matching_profiles().get(at) {
                Some(profile) => DialogOutcome::PickedProfile(Box::new(profile.connection.clone())),
                None => DialogOutcome::Stay,
            },
            Action::Back => DialogOutcome::Close,
            other => {
                self.choices.act(other, self.entries(catalog).len());
                DialogOutcome::Stay
            }
        }
    }
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
