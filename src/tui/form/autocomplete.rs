//! Completes typed text to a common value; other values are accepted, too.

use super::field::{FieldValue, FormField};

impl FormField {
    /// Rest of the first suggestion that begins with the typed text, if the cursor is at its end.
    pub fn completion(&self) -> Option<&str> {
        let suggestion = self.suggestion()?;
        suggestion.get(self.line()?.value().len()..)
    }

    /// Accepts the suggestion with its spelling; returns false if there is none.
    pub(super) fn complete(&mut self) -> bool {
        let Some(taken) = self.suggestion().map(str::to_owned) else {
            return false;
        };
        let Some(line) = self.line_mut() else {
            return false;
        };
        line.set(&taken);
        self.mark_filled();
        true
    }

    fn suggestion(&self) -> Option<&str> {
        let FieldValue::Text(line) = &self.value else {
            return None;
        };
        let (typed, "") = line.around_cursor() else {
            return None;
        };
        if typed.is_empty() {
            return None;
        }
        let begins = |suggestion: &&String| {
            suggestion
                .split_at_checked(typed.len())
                .is_some_and(|(begin, rest)| begin.eq_ignore_ascii_case(typed) && !rest.is_empty())
        };
        self.suggestions.iter().find(begins).map(String::as_str)
    }
}
