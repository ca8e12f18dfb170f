//! Which theme is shown: the one that was chosen, or the one for the terminal's background.

use crate::tui::theme::{Theme, ThemeName};

/// The theme in force.
pub(super) struct Themes {
    chosen: Option<ThemeName>,
    shown: ThemeName,
    pub(super) theme: Theme,
}

impl Themes {
    pub(super) fn new(chosen: Option<ThemeName>) -> Self {
        let shown = chosen.unwrap_or_default();
        Self {
            chosen,
            shown,
            theme: Theme::embedded(shown),
        }
    }

    /// Shows the theme for such a background, unless one was chosen.
    pub(super) fn follow(&mut self, is_light: bool) {
        let wanted = self.chosen.unwrap_or(if is_light {
            ThemeName::Light
        } else {
            ThemeName::Dark
        });
        if wanted != self.shown {
            *self = Self {
                chosen: self.chosen,
                shown: wanted,
                theme: Theme::embedded(wanted),
            };
        }
    }
}
