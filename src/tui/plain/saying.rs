//! What there is to say about the app as it stands, and of that what is new since it was said last.

use super::{form, layers, listing, tree};
use crate::tui::app::App;
use crate::tui::layer::Layer;

pub use super::words::notice;

/// What there is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saying {
    /// Where one is.
    pub place: String,
    /// What there is to read there.
    pub body: Vec<String>,
    /// What is selected there, or has the focus.
    pub here: Vec<String>,
}

impl Saying {
    /// What there is to say now.
    pub fn of(app: &App) -> Self {
        match app.layers.last() {
            Some(Layer::Form(form)) if form.is_choosing() => Self {
                place: "Configuration keys: enter a number to choose, text to filter, :back to close.".into(),
                body: form
                    .keys_said()
                    .into_iter()
                    .chain(listing::lines(app, 0))
                    .collect(),
                here: Vec::new(),
            },
            Some(Layer::Form(form)) => form::saying(form, ":save"),
            Some(layer) => layers::saying(app, layer),
            None => tree::saying(app),
        }
    }

    /// All of it.
    pub fn all(&self) -> Vec<String> {
        let place = (!self.place.is_empty()).then(|| self.place.clone());
        place
            .into_iter()
            .chain(self.body.iter().cloned())
            .chain(self.here.iter().cloned())
            .collect()
    }

    /// What is new since something else was said: who comes to another place hears all of it.
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
