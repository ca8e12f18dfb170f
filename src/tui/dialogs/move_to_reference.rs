//! Dialog that moves a secret to a reference: suggests references and shows what to add to the configuration, never the secret.

use crate::appsettings::{Reference, ReferenceLookup};
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Row, Rows, Spoken, Tone,
};
use crate::tui::form::Form;
use crate::tui::form::field::{FieldId, FieldValue};
use crate::tui::notice::Notice;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::wrap;

/// Dialog above a form.
#[derive(Debug)]
pub struct MoveToReference {
    /// Index of the secret field.
    field: usize,
    /// Label of the field.
    label: String,
    /// Last part of the reference.
    key: String,
    /// Suggested references.
    pub suggestions: Vec<Reference>,
    /// Selected suggestion and scroll position.
    cursor: Cursor,
}

impl MoveToReference {
    /// Creates the dialog for the focused secret; the error says why there is nothing to move.
    pub fn for_focus(form: &Form) -> Result<Self, Notice> {
        const NO_SECRET: &str = "Only a secret can be moved to a reference; $ in an empty setting lists the configuration keys";
        let field = form.fields.get(form.focus);
        let field = field.filter(|field| matches!(field.value, FieldValue::Secret(_)));
        let (Some(field), Some(FieldId::Setting(key))) = (field, field.map(|field| &field.id))
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
            cursor: Cursor::default(),
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
                self.cursor.selected = count;
                return;
            }
        }
    }

    /// Selected reference.
    fn reference(&self) -> Option<&Reference> {
        self.suggestions.get(self.cursor.selected)
    }

    /// Snippet for `appsettings.json`, with an empty value.
    fn snippet(&self) -> Option<String> {
        let sections: Vec<&str> = self.reference()?.key().split(':').collect();
        let mut text = "\"\"".to_owned();
        for (depth, section) in sections.iter().enumerate().rev() {
            let (outer, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
            text = format!("{{\n{inner}\"{section}\": {text}\n{outer}}}");
        }
        Some(text)
    }

    /// Environment variable with an empty value.
    fn variable(&self) -> Option<String> {
        Some(format!("{}=", self.reference()?.variable()?))
    }

    /// Lines of the dialog at a width.
    fn lines(&self, cx: &DialogContext<'_>, width: u16) -> Vec<Row> {
        let form = cx.form();
        let named = |text| cx.keymap.with_keys(KeyContext::MoveToReference, text);
        let mut lines = Vec::new();
        let mut say = |tone, indent: usize, text: &str| {
            let room = usize::from(width).saturating_sub(indent);
            let wrapped = wrap(text, room).into_iter();
            let before = " ".repeat(indent);
            lines.extend(wrapped.map(|line| Row::text(format!("{before}{line}"), tone)));
        };
        for (at, reference) in self.suggestions.iter().enumerate() {
            let is_selected = at == self.cursor.selected;
            let known = form.and_then(|form| form.lookup(reference));
            let state = state(known);
            if is_selected {
                say(Tone::Title, 0, &format!("▸ {reference} {state}"));
            } else {
                say(Tone::Text, 2, &format!("{reference} {state}"));
            }
        }
        let found = self.reference().zip(form);
        let found = found.and_then(|(reference, form)| form.lookup(reference));
        if let Some(ReferenceLookup::Found { source }) = found {
            say(Tone::Text, 0, &format!("The key is already in {source}."));
            let after = "Press {choose} to replace the field with the reference: typed text is removed at once, a stored secret when you save.";
            say(Tone::Dim, 0, &named(after));
            return lines;
        }
        let compact = self.snippet().map(|text| {
            let parts: Vec<_> = text.split_whitespace().collect();
            parts.join(" ")
        });
        let (Some(snippet), Some(variable)) = (compact, self.variable()) else {
            return lines;
        };
        say(Tone::Text, 0, "Add the key to appsettings.json:");
        say(Tone::Key, 2, &snippet);
        say(Tone::Text, 0, "or to the environment:");
        say(Tone::Key, 2, &variable);
        let after = "Then press {choose} to replace the field with the reference: typed text is removed at once, a stored secret when you save.";
        say(Tone::Dim, 0, &named(after));
        lines
    }

    /// Closes the dialog and forgets its suggestions in the form.
    fn close() -> Vec<DialogOutcome> {
        let forget = DialogOutcome::edit_form(|form, _| {
            form.suggest(Vec::new());
            None
        });
        vec![DialogOutcome::Close, forget]
    }

    /// Fills the field with the selected reference.
    fn refer(&self) -> DialogOutcome {
        let Some(reference) = self.reference().cloned() else {
            return DialogOutcome::Stay;
        };
        let (at, label) = (self.field, self.label.clone());
        let mut all = Self::close();
        all.push(DialogOutcome::edit_form(move |form, catalog| {
            form.refer(at, &reference, catalog);
            let text = format!("{label} now refers to {reference}");
            Some(Notice::done(text))
        }));
        DialogOutcome::All(all)
    }
}

impl Dialog for MoveToReference {
    fn context(&self) -> KeyContext {
        KeyContext::MoveToReference
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let lines = self.lines(cx, cx.reading_width());
        let frame = cx.reading_frame(lines.len());
        DialogModel {
            rows: Rows::Text(lines, None),
            cursor: self.cursor,
            ..DialogModel::new(format!("Move to a reference · {}", self.label), frame)
        }
    }

    fn spoken(&self, cx: &DialogContext<'_>) -> Spoken {
        let lines = self.lines(cx, u16::MAX).into_iter();
        let lines = lines.map(|line| line.sentence());
        let references = self.suggestions.iter().map(Reference::to_string);
        Spoken {
            entries: Some(references.collect()),
            ..Spoken::text(
                format!(
                    "Move {} to a reference: choose, copy-snippet, copy-variable or back.",
                    self.label
                ),
                lines.filter(|line| !line.trim().is_empty()).collect(),
            )
        }
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        let copied = match action {
            Action::CopySnippet => self
                .snippet()
                .map(|text| ("Lines for appsettings.json", text)),
            Action::CopyVariable => self.variable().map(|text| ("Environment variable", text)),
            Action::Choose => return self.refer(),
            Action::Back => return DialogOutcome::All(Self::close()),
            _ => None,
        };
        copied.map_or(DialogOutcome::Stay, |(label, text)| {
            DialogOutcome::CopyToClipboard(label.to_owned(), text)
        })
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    /// Moves the selection; beyond the last one it scrolls the lines.
    fn step(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        let page = usize::from(self.model(cx).areas(&cx.layout).list.height);
        let last = self.suggestions.len().saturating_sub(1);
        let Cursor { selected, top } = &mut self.cursor;
        match action {
            Action::Up if *top > 0 => *top -= 1,
            Action::PageUp if *top > 0 => *top = top.saturating_sub(page),
            Action::Up | Action::PageUp => *selected = selected.saturating_sub(1),
            Action::First => (*top, *selected) = (0, 0),
            Action::Down | Action::PageDown if *selected < last => *selected += 1,
            Action::Down => *top += 1,
            Action::PageDown => *top += page,
            // The lines depend on the selection: `scroll` finds the last ones.
            Action::Last => (*top, *selected) = (usize::MAX, last),
            _ => {}
        }
        DialogOutcome::Stay
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
    let alias = form.field(&FieldId::Alias)?.line()?.value();
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
            cursor: Cursor::default(),
        };
        assert_eq!(moving.variable().unwrap(), "OpenAI__ApiKey=");
        let snippet = moving.snippet().unwrap();
        assert_eq!(snippet, "{\n  \"OpenAI\": {\n    \"ApiKey\": \"\"\n  }\n}");
    }
}
