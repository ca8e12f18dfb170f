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
    /// Whether what changes something is left out.
    pub hides_writes: bool,
}

impl Palette {
    /// The actions of a place.
    pub fn of(place: Context) -> Self {
        Self {
            choices: Choices::default(),
            place,
            hides_writes: false,
        }
    }

    /// The actions that what was typed leaves, those first that begin with it.
    pub fn left(&self) -> Vec<&'static Entry> {
        let mut left: Vec<_> = ACTIONS
            .iter()
            .filter(|entry| self.place.has(entry) || entry.contexts.contains(&Context::Anywhere))
            .filter(|entry| entry.action != Action::Palette)
            .filter(|entry| !(self.hides_writes && entry.action.is_write()))
            .filter(|entry| {
                self.choices
                    .admits(&format!("{} {}", entry.title, entry.id))
            })
            .collect();
        left.sort_by_key(|entry| self.rank(entry));
        left
    }

    /// How far what was typed is from an entry's beginning; those that are equally far keep their order.
    fn rank(&self, entry: &Entry) -> u8 {
        let typed = self.choices.line.value().trim().to_lowercase();
        let title = entry.title.to_lowercase();
        if title.starts_with(&typed) || entry.id.starts_with(&typed) {
            return 0;
        }
        let begins = |word: &str| {
            title
                .split(|sign: char| !sign.is_alphanumeric())
                .chain(entry.id.split('-'))
                .any(|begun| begun.starts_with(word))
        };
        u8::from(!typed.split_whitespace().all(begins)) + 1
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
