//! What the environment has for connections, to choose a form from: names of variables, never values.

use super::choices::Choices;
use crate::appsettings::{Lookup, Reference};
use crate::connection::{Offer, Variable};

/// What can be made of the environment.
#[derive(Debug)]
pub struct Import {
    /// What was typed, what is selected.
    pub choices: Choices,
    /// The providers that something is there for.
    offers: Vec<Offer>,
    /// The variables with secrets, and whether a reference to each resolves, once that is known.
    secrets: Vec<(String, Option<bool>)>,
    is_asking: bool,
}

/// One way to make a connection of what is there.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// What is there.
    pub offer: &'a Offer,
    /// Whether secrets are referred to instead of taken over.
    pub by_reference: bool,
}

impl Import {
    /// What can be made of offers, once it is known which variables can be referred to.
    pub fn of(offers: Vec<Offer>) -> Self {
        let mut secrets: Vec<(String, Option<bool>)> = Vec::new();
        let variables = offers.iter().flat_map(|offer| &offer.variables);
        for Variable { name, .. } in variables.filter(|variable| variable.is_secret) {
            if !secrets.iter().any(|(known, _)| known == name) {
                let known = reference(name).is_none().then_some(false);
                secrets.push((name.clone(), known));
            }
        }
        Self {
            choices: Choices::default(),
            offers,
            secrets,
            is_asking: false,
        }
    }

    /// The reference to ask about next.
    pub fn to_look_up(&self) -> Option<Reference> {
        let mut unknown = self.secrets.iter().filter(|(_, known)| known.is_none());
        let (name, _) = unknown.next().filter(|_| !self.is_asking)?;
        reference(name)
    }

    /// Remembers that it is being asked about.
    pub fn looking_up(&mut self) {
        self.is_asking = true;
    }

    /// Takes the answer: only what resolves can be referred to.
    pub fn looked_up(&mut self, lookup: Option<&Lookup>) {
        if !std::mem::take(&mut self.is_asking) {
            return;
        }
        let resolves = matches!(lookup, Some(Lookup::Found { .. }));
        let unknown = self.secrets.iter_mut().find(|(_, known)| known.is_none());
        if let Some((_, known)) = unknown {
            *known = Some(resolves);
        }
    }

    /// Whether everything is known.
    pub fn is_ready(&self) -> bool {
        self.secrets.iter().all(|(_, known)| known.is_some())
    }

    /// Whether a variable can be referred to.
    pub fn resolves(&self, name: &str) -> bool {
        let mut secrets = self.secrets.iter();
        secrets.any(|(known, resolves)| known == name && *resolves == Some(true))
    }

    /// The choices that what was typed leaves; of one provider, references go first.
    pub fn left(&self) -> Vec<Choice<'_>> {
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
            if !self.choices.admits(&text) {
                continue;
            }
            let can_refer = names.iter().any(|name| self.resolves(name));
            let ways = [true, false];
            let ways = ways.into_iter().filter(|refers| can_refer || !refers);
            left.extend(ways.map(|by_reference| Choice {
                offer,
                by_reference,
            }));
        }
        left
    }

    /// How many choices there are before anything is typed, and how many lines are said of one at most.
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

    /// The one that is selected.
    pub fn selected(&self) -> Option<Choice<'_>> {
        self.left().get(self.choices.selected).copied()
    }
}

impl Choice<'_> {
    /// What becomes of secrets, in a word or two.
    pub fn word(&self) -> &'static str {
        let has_secret = self.offer.variables.iter().any(|one| one.is_secret);
        match (has_secret, self.by_reference) {
            (false, _) => "no secrets",
            (true, true) => "by reference",
            (true, false) => "values, encrypted when saved",
        }
    }

    /// What is taken from where, a line for each variable, and what is missing.
    pub fn lines(&self, import: &Import) -> Vec<String> {
        let taken = self.offer.variables.iter().map(|variable| {
            let Variable {
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
