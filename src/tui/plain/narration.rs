//! Narration of the current state, and its difference to the previous one.

use super::{listing, tree};
use crate::tui::app::App;
use crate::tui::dialog::Spoken;

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
        let Some((dialog, cx)) = app.top_dialog() else {
            return tree::tree_narration(app);
        };
        let model = dialog.model(&cx);
        let spoken = dialog.spoken(&cx);
        let is_listed = spoken.body.is_none() && !spoken.hides_selection;
        let selected = is_listed
            .then(|| listing::entry(&model, &spoken, model.cursor.selected))
            .flatten();
        let mut here: Vec<String> = selected
            .map(|line| format!("Selected: {line}"))
            .into_iter()
            .chain(spoken.remarks.iter().cloned())
            .collect();
        if !model.buttons.is_empty() {
            let answers = model.buttons.iter().zip(1..);
            let answers: Vec<_> = answers.map(|(label, at)| format!("{at} {label}")).collect();
            here.push(format!("Answers: {}", answers.join(", ")));
        }
        let Spoken {
            place, intro, body, ..
        } = spoken;
        let entries = body.unwrap_or_else(|| listing::lines(app, 0));
        Self {
            place,
            body: intro.into_iter().chain(entries).collect(),
            here,
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
