//! Which theme is shown: the one that is chosen, or the one for the terminal's background.

use crate::tui::theme::Theme;
use crate::tui::theme::choice::Choice;

/// The themes that can be chosen, and the one in force.
pub(super) struct Themes {
    choices: Vec<Choice>,
    /// Which one is shown, and on which background.
    shown: (usize, bool),
    pub(super) theme: Theme,
}

impl Themes {
    /// Shows one of these; answers what is wrong with its file.
    pub(super) fn new(choices: Vec<Choice>, at: usize) -> (Self, Vec<String>) {
        let (theme, problems) = choices
            .get(at)
            .map(|choice| choice.theme(false))
            .unwrap_or_default();
        let themes = Self {
            choices,
            shown: (at, false),
            theme,
        };
        (themes, problems)
    }

    /// What they are called.
    pub(super) fn words(&self) -> Vec<String> {
        let words = self.choices.iter().map(|choice| choice.name().to_owned());
        words.collect()
    }

    /// Whether the terminal's background decides which one is shown.
    pub(super) fn follow_the_terminal(&self) -> bool {
        self.choices
            .get(self.shown.0)
            .is_some_and(Choice::follows_the_terminal)
    }

    /// Shows this one, on such a background; answers what is wrong with its file when it is shown anew.
    pub(super) fn show(&mut self, at: usize, is_light: bool) -> Vec<String> {
        if self.shown == (at, is_light) {
            return Vec::new();
        }
        self.shown = (at, is_light);
        let Some(choice) = self.choices.get(at) else {
            return Vec::new();
        };
        let (theme, problems) = choice.theme(is_light);
        self.theme = theme;
        problems
    }
}
