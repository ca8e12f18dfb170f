//! Dialog that moves a secret to a reference: suggests references and shows what to add to the configuration, never the secret.

use crate::appsettings::{Reference, ReferenceLookup};
use crate::tui::action::Action;
use crate::tui::form::Form;
use crate::tui::form::field::{FieldTarget, FieldValue};
use crate::tui::notice::Notice;
use crate::tui::text_width::wrap;

/// Dialog above a form.
#[derive(Debug)]
pub struct MoveToReference {
    /// Index of the secret field.
    pub field: usize,
    /// Label of the field.
    pub label: String,
    /// Last part of the reference.
    key: String,
    /// Suggested references.
    pub suggestions: Vec<Reference>,
    /// Index of the selected one.
    pub selected: usize,
    /// Number of lines scrolled out at the top.
    pub top: usize,
}

/// Style of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStyle {
    /// Text.
    Plain,
    /// Selected reference.
    Selected,
    /// Text to copy.
    Snippet,
    /// Secondary text.
    Dim,
}

impl MoveToReference {
    /// Creates the dialog for the focused secret; the error says why there is nothing to move.
    pub fn for_focus(form: &Form) -> Result<Self, Notice> {
        const NO_SECRET: &str = "Only a secret can be moved to a reference; $ in an empty setting lists the configuration keys";
        let field = form.fields.get(form.focus);
        let field = field.filter(|field| matches!(field.value, FieldValue::Secret(_)));
        let (Some(field), Some(FieldTarget::Setting(key))) =
            (field, field.map(|field| &field.target))
        else {
            return Err(Notice::info(NO_SECRET));
        };
        if let Some(reference) = field.reference() {
            return Err(Notice::info(format!(
                "{} already references {reference}",
                field.label
            )));
        }
        let mut moving = Self {
            field: form.focus,
            label: field.label.clone(),
            key: joined(key),
            suggestions: Vec::new(),
            selected: 0,
            top: 0,
        };
        let provider = [&form.provider.name, &form.provider.id];
        let section = provider.into_iter().find_map(|name| section(name));
        moving.suggest(section.as_deref(), ":");
        moving.suggest(section_of_alias(form).as_deref(), ":");
        Ok(moving)
    }

    fn suggest(&mut self, section: Option<&str>, joint: &str) {
        let Some(section) = section else {
            return;
        };
        let reference = Reference::read(&format!("${section}{joint}{}", self.key));
        let known = |one: &Reference| self.suggestions.contains(one);
        self.suggestions.extend(reference.filter(|one| !known(one)));
    }

    /// Suggests references that the allow-list permits if it permits none of the present ones.
    pub fn set_suggestions(&mut self, form: &Form) {
        let refused = |reference: &Reference| match form.lookup(reference) {
            Some(ReferenceLookup::Refused { allowed }) => Some(allowed),
            Some(ReferenceLookup::Found { .. } | ReferenceLookup::Missing { .. }) | None => None,
        };
        let answers: Option<Vec<_>> = self.suggestions.iter().map(refused).collect();
        let allowed = answers.and_then(|all| all.first().map(|allowed| (*allowed).clone()));
        for prefix in allowed.unwrap_or_default() {
            let is_word = prefix.ends_with(|character: char| character.is_ascii_alphanumeric());
            let count = self.suggestions.len();
            self.suggest(Some(&prefix), if is_word { ":" } else { "" });
            if self.suggestions.len() > count {
                self.selected = count;
                return;
            }
        }
    }

    /// Selected reference.
    pub fn reference(&self) -> Option<&Reference> {
        self.suggestions.get(self.selected)
    }

    /// Moves the selection; beyond the last one it scrolls the lines, of which `over` do not fit.
    pub fn act(&mut self, action: Action, over: usize) {
        let last = self.suggestions.len().saturating_sub(1);
        match action {
            Action::Up | Action::PageUp if self.top > 0 => self.top -= 1,
            Action::Up | Action::PageUp => self.selected = self.selected.saturating_sub(1),
            Action::First => (self.top, self.selected) = (0, 0),
            Action::Down | Action::PageDown if self.selected < last => self.selected += 1,
            Action::Down | Action::PageDown => self.top = (self.top + 1).min(over),
            Action::Last => (self.top, self.selected) = (over, last),
            _ => {}
        }
    }

    /// Snippet for `appsettings.json`, with an empty value.
    pub fn snippet(&self) -> Option<String> {
        let sections: Vec<&str> = self.reference()?.key().split(':').collect();
        let mut text = "\"\"".to_owned();
        for (depth, section) in sections.iter().enumerate().rev() {
            let (outer, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
            text = format!("{{\n{inner}\"{section}\": {text}\n{outer}}}");
        }
        Some(text)
    }

    /// Environment variable with an empty value.
    pub fn variable(&self) -> Option<String> {
        Some(format!("{}=", self.reference()?.variable()?))
    }

    /// Lines of the dialog at a width.
    pub fn lines(&self, form: Option<&Form>, width: u16) -> Vec<(MoveStyle, String)> {
        let mut lines = Vec::new();
        let mut say = |tone, indent: usize, text: &str| {
            let room = usize::from(width).saturating_sub(indent);
            let wrapped = wrap(text, room).into_iter();
            let before = " ".repeat(indent);
            lines.extend(wrapped.map(|line| (tone, format!("{before}{line}"))));
        };
        for (at, reference) in self.suggestions.iter().enumerate() {
            let is_selected = at == self.selected;
            let known = form.and_then(|form| form.lookup(reference));
            let state = state(known);
            if is_selected {
                say(MoveStyle::Selected, 0, &format!("▸ {reference} {state}"));
            } else {
                say(MoveStyle::Plain, 2, &format!("{reference} {state}"));
            }
        }
        let compact = self.snippet().map(|text| {
            let parts: Vec<_> = text.split_whitespace().collect();
            parts.join(" ")
        });
        let (Some(snippet), Some(variable)) = (compact, self.variable()) else {
            return lines;
        };
        say(MoveStyle::Plain, 0, "Add the key to appsettings.json:");
        say(MoveStyle::Snippet, 2, &snippet);
        say(MoveStyle::Plain, 0, "or to the environment:");
        say(MoveStyle::Snippet, 2, &variable);
        let after = "Then press Enter to replace the field with the reference: typed text is removed at once, a stored secret when you save.";
        say(MoveStyle::Dim, 0, after);
        lines
    }
}

/// Status of a reference in a few words.
fn state(lookup: Option<&ReferenceLookup>) -> String {
    match lookup {
        None => "…".into(),
        Some(ReferenceLookup::Found { source }) => format!("(found in {source})"),
        Some(ReferenceLookup::Missing { .. }) => "(not found yet)".into(),
        Some(ReferenceLookup::Refused { .. }) => "(not allowed)".into(),
    }
}

/// Alias as a section, so that two connections of a provider do not share a key: `openai-prod` is `OpenaiProd`.
fn section_of_alias(form: &Form) -> Option<String> {
    let alias = form.field(&FieldTarget::Alias)?.line()?.value();
    section(alias)
}

/// Name as a section of letters and digits, which are valid in a variable's name; `None` if nothing is left.
fn section(name: &str) -> Option<String> {
    let joined = joined(name);
    joined
        .starts_with(|character: char| character.is_ascii_alphabetic())
        .then_some(joined)
}

/// Joined words, each capitalized.
fn joined(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let capital = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
        None => String::new(),
    };
    words.map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("OpenAI", Some("OpenAI"))]
    #[case("Amazon Bedrock", Some("AmazonBedrock"))]
    #[case("Z.AI", Some("ZAI"))]
    #[case("openai-prod-2", Some("OpenaiProd2"))]
    #[case("apiKey", Some("ApiKey"))]
    #[case("日本", None)]
    #[case("2nd", None)]
    fn name_becomes_a_section_valid_in_a_variable(#[case] name: &str, #[case] made: Option<&str>) {
        assert_eq!(section(name).as_deref(), made);
    }

    #[test]
    fn snippets_have_an_empty_value() {
        let moving = MoveToReference {
            field: 0,
            label: "Key".into(),
            key: "ApiKey".into(),
            suggestions: vec![Reference::read("$OpenAI:ApiKey").unwrap()],
            selected: 0,
            top: 0,
        };
        assert_eq!(moving.variable().unwrap(), "OpenAI__ApiKey=");
        let snippet = moving.snippet().unwrap();
        assert_eq!(snippet, "{\n  \"OpenAI\": {\n    \"ApiKey\": \"\"\n  }\n}");
    }
}
