//! Import from environment variables: shows the names of variables, never their values.

use crate::appsettings::{Reference, ReferenceLookup};
use crate::connection::{ProviderMatch, SetVariable};
use crate::tui::select_list::SelectList;

/// Import dialog.
#[derive(Debug)]
pub struct EnvImport {
    /// Typed text and selection.
    pub choices: SelectList,
    /// Providers with matching variables.
    offers: Vec<ProviderMatch>,
    /// Secret variables; the flag is true if a reference to the variable resolves, `None` until checked.
    secrets: Vec<(String, Option<bool>)>,
    is_prompting: bool,
}

/// Option to create a connection from the environment.
#[derive(Debug, Clone, Copy)]
pub struct EnvChoice<'a> {
    /// Provider and variables.
    pub offer: &'a ProviderMatch,
    /// True if secrets are stored as references instead of values.
    pub by_reference: bool,
}

impl EnvImport {
    /// Creates the dialog; references are checked before options are listed.
    pub fn new(offers: Vec<ProviderMatch>) -> Self {
        let mut secrets: Vec<(String, Option<bool>)> = Vec::new();
        let variables = offers.iter().flat_map(|offer| &offer.variables);
        for SetVariable { name, .. } in variables.filter(|variable| variable.is_secret) {
            if !secrets.iter().any(|(known, _)| known == name) {
                let known = reference(name).is_none().then_some(false);
                secrets.push((name.clone(), known));
            }
        }
        Self {
            choices: SelectList::default(),
            offers,
            secrets,
            is_prompting: false,
        }
    }

    /// Returns the next reference to check.
    pub fn to_look_up(&self) -> Option<Reference> {
        let mut unknown = self.secrets.iter().filter(|(_, known)| known.is_none());
        let (name, _) = unknown.next().filter(|_| !self.is_prompting)?;
        reference(name)
    }

    /// Marks the reference check as running.
    pub fn start_lookup(&mut self) {
        self.is_prompting = true;
    }

    /// Sets the result of the reference check.
    pub fn set_lookup_result(&mut self, lookup: Option<&ReferenceLookup>) {
        if !std::mem::take(&mut self.is_prompting) {
            return;
        }
        let resolves = matches!(lookup, Some(ReferenceLookup::Found { .. }));
        let unknown = self.secrets.iter_mut().find(|(_, known)| known.is_none());
        if let Some((_, known)) = unknown {
            *known = Some(resolves);
        }
    }

    /// Returns true if all references are checked.
    pub fn is_ready(&self) -> bool {
        self.secrets.iter().all(|(_, known)| known.is_some())
    }

    /// Returns true if a reference to a variable resolves.
    pub fn resolves(&self, name: &str) -> bool {
        let mut secrets = self.secrets.iter();
        secrets.any(|(known, resolves)| known == name && *resolves == Some(true))
    }

    /// Returns the matching options; for each provider, references come first.
    pub fn left(&self) -> Vec<EnvChoice<'_>> {
        if !self.is_ready() {
            return Vec::new();
        }
        let mut left = Vec::new();
        for offer in &self.offers {
            let names: Vec<_> = offer
                .variables
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            let text = format!("{} {} {}", offer.name, offer.provider_id, names.join(" "));
            if !self.choices.matches(&text) {
                continue;
            }
            let can_refer = names.iter().any(|name| self.resolves(name));
            let ways = [true, false];
            let ways = ways.into_iter().filter(|refers| can_refer || !refers);
            left.extend(ways.map(|by_reference| EnvChoice {
                offer,
                by_reference,
            }));
        }
        left
    }

    /// Returns the number of options without a filter, and the maximum number of detail lines of an option.
    pub fn rows(&self) -> (usize, usize) {
        let choices = self.offers.iter().map(|offer| {
            let mut names = offer.variables.iter().map(|one| &one.name);
            1 + usize::from(names.any(|name| self.resolves(name)))
        });
        let lines = self
            .offers
            .iter()
            .map(|offer| offer.variables.len() + usize::from(!offer.missing.is_empty()));
        (choices.sum(), lines.max().unwrap_or_default())
    }

    /// Returns the selected option.
    pub fn selected(&self) -> Option<EnvChoice<'_>> {
        self.left().get(self.choices.selected).copied()
    }
}

impl EnvChoice<'_> {
    /// Describes how secrets are imported.
    pub fn secrets_text(&self) -> &'static str {
        let has_secret = self.offer.variables.iter().any(|one| one.is_secret);
        match (has_secret, self.by_reference) {
            (false, _) => "no secrets",
            (true, true) => "by reference",
            (true, false) => "values, encrypted when saved",
        }
    }

    /// Returns a line for each imported variable, and the missing settings.
    pub fn lines(&self, import: &EnvImport) -> Vec<String> {
        let taken = self.offer.variables.iter().map(|variable| {
            let SetVariable {
                name,
                label,
                is_secret,
                ..
            } = variable;
            if *is_secret && self.by_reference && import.resolves(name) {
                format!("{label}: ${name}")
            } else if *is_secret {
                format!("{label}: value of {name} (hidden)")
            } else {
                format!("{label}: value of {name}")
            }
        });
        let missing = self.offer.missing.join(", ");
        let missing = (!missing.is_empty()).then(|| format!("Missing: {missing}"));
        taken.chain(missing).collect()
    }
}

fn reference(name: &str) -> Option<Reference> {
    Reference::read(&format!("${name}"))
}
