//! Every action that can be done now, to be found by typing and run.

use super::action::{ACTIONS, Action, Context, Entry};
use super::choices::Choices;
use super::layer::Outcome;

/// The actions to choose from.
#[derive(Debug)]
pub struct Palette {
    /// What was typed, what is selected.
    pub choices: Choices,
    /// Where it was opened: only what can be done there is offered.
    pub place: Context,
}

impl Palette {
    /// The actions of a place.
    pub fn of(place: Context) -> Self {
        Self {
            choices: Choices::default(),
            place,
        }
    }

    /// The actions that what was typed leaves.
    pub fn left(&self) -> Vec<&'static Entry> {
        ACTIONS
            .iter()
            .filter(|entry| {
                entry.contexts.contains(&self.place) || entry.contexts.contains(&Context::Anywhere)
            })
            .filter(|entry| entry.action != Action::Palette)
            .filter(|entry| {
                self.choices
                    .admits(&format!("{} {}", entry.title, entry.id))
            })
            .collect()
    }

    /// Does what a key asked for.
    pub fn act(&mut self, action: Action) -> Outcome {
        let left = self.left();
        match action {
            Action::Choose => match left.get(self.choices.selected) {
                Some(entry) => Outcome::Run(entry.action),
                None => Outcome::Stay,
            },
            Action::Back => Outcome::Close,
            other => {
                self.choices.act(other, left.len());
                Outcome::Stay
            }
        }
    }
}
