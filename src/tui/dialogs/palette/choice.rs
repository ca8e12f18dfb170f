//! Themes and targets in the palette.

use crate::tui::dialog::DialogOutcome;
use crate::tui::targets::TargetEntry;

/// Theme or target in the palette.
#[derive(Debug, Clone)]
pub enum PaletteChoice {
    /// Theme at an index, with its name.
    Theme(usize, String),
    /// Target to switch to.
    Target(TargetEntry),
}

impl PaletteChoice {
    pub(super) fn title(&self) -> String {
        match self {
            Self::Theme(_, name) => format!("Theme: {name}"),
            Self::Target(target) => format!("Switch to {}", target.label()),
        }
    }

    /// Other words that find it.
    pub(super) const fn keywords(&self) -> &'static str {
        match self {
            Self::Theme(..) => "colours colors appearance",
            Self::Target(_) => "target server site environment",
        }
    }

    pub(super) fn choose(&self) -> DialogOutcome {
        match self {
            Self::Theme(at, _) => DialogOutcome::ChooseTheme(*at),
            Self::Target(target) => target.switch(),
        }
    }
}
