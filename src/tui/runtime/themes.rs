//! Selects the theme: the chosen one, or the one for the terminal's background.

use crate::tui::theme::Theme;
use crate::tui::theme::choice::ThemeChoice;

/// Available themes and the current one.
pub(super) struct Themes {
    choices: Vec<ThemeChoice>,
    /// Index of the current theme, and whether the background is light.
    shown: (usize, bool),
    pub(super) theme: Theme,
}

impl Themes {
    /// Shows a theme; returns the problems in its file.
    pub(super) fn new(choices: Vec<ThemeChoice>, at: usize) -> (Self, Vec<String>) {
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

    /// Names of the themes.
    pub(super) fn words(&self) -> Vec<String> {
        let words = self.choices.iter().map(|choice| choice.name().to_owned());
        words.collect()
    }

    /// Returns whether the terminal's background determines the theme.
    pub(super) fn follow_the_terminal(&self) -> bool {
        self.choices
            .get(self.shown.0)
            .is_some_and(ThemeChoice::follows_the_terminal)
    }

    /// Shows a theme for a background; returns the problems in its file; none if it is shown already.
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
