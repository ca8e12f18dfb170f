//! Narration of the current state, and its difference to the previous one.

use super::{dialogs, form, listing, tree};
use crate::tui::app::App;
use crate::tui::dialog::Dialog;

pub use super::text::notice;

/// Narration of the current state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narration {
    /// Location.
    pub place: String,
    /// Content.
    pub body: Vec<String>,
    /// Selected entry or focused field.
    pub here: Vec<String>,
}

impl Narration {
    /// Narration of the app.
    pub fn new(app: &App) -> Self {
        match app.dialogs.last() {
            Some(Dialog::Form(form)) if form.is_choosing() => Self {
                place:
                    "Configuration keys: enter a number to choose, text to filter, :back to close."
                        .into(),
                body: form
                    .keys_message()
                    .into_iter()
                    .chain(listing::lines(app, 0))
                    .collect(),
                here: Vec::new(),
            },
            Some(Dialog::Form(form)) => form::form_narration(form, ":save"),
            Some(dialog) => dialogs::dialog_narration(app, dialog),
            None => tree::tree_narration(app),
        }
    }

    /// All lines.
    pub fn all(&self) -> Vec<String> {
        let place = (!self.place.is_empty()).then(|| self.place.clone());
        place
            .into_iter()
            .chain(self.body.iter().cloned())
            .chain(self.here.iter().cloned())
            .collect()
    }

    /// Lines that are new since another narration; all of them after a change of location.
    pub fn since(&self, before: &Self) -> Vec<String> {
        if self.place != before.place {
            return self.all();
        }
        let mut new = Vec::new();
        if self.body != before.body {
            new.extend(self.body.iter().cloned());
        }
        if self.here != before.here {
            new.extend(self.here.iter().cloned());
        }
        new
    }
}
