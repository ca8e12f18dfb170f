//! Filters, themes and targets in the palette.

use crate::tui::dialog::DialogOutcome;
use crate::tui::targets::TargetEntry;

/// Filter, theme or target in the palette.
#[derive(Debug, Clone)]
pub enum PaletteChoice {
    /// Filter of the tree with its title.
    Filter(&'static str, &'static str),
    /// Theme.
    Theme {
        /// Index.
        at: usize,
        /// Name.
        name: String,
        /// True if it is in use.
        is_current: bool,
    },
    /// Target to switch to.
    Target(TargetEntry),
}

impl PaletteChoice {
    /// Filters by status.
    pub const FILTERS: [Self; 4] = [
        Self::Filter("Show failing connections", "status:failing"),
        Self::Filter("Show untested connections", "status:untested"),
        Self::Filter("Show inactive connections", "status:inactive"),
        Self::Filter("Show active connections", "status:active"),
    ];

    pub(super) fn title(&self) -> String {
        match self {
            Self::Filter(title, _) => (*title).to_owned(),
            Self::Theme {
                name,
                is_current: true,
                ..
            } => format!("Theme: {name} (current)"),
            Self::Theme { name, .. } => format!("Theme: {name}"),
            Self::Target(target) => format!("Switch to {}", target.label()),
        }
    }

    /// Other words that find it.
    pub(super) const fn keywords(&self) -> &'static str {
        match self {
            Self::Filter(..) => "filter status failed broken error health test",
            Self::Theme { .. } => "colours colors appearance",
            Self::Target(_) => "target server site environment",
        }
    }

    pub(super) fn choose(&self) -> DialogOutcome {
        match self {
            Self::Filter(_, filter) => DialogOutcome::Filter(filter),
            Self::Theme { at, .. } => DialogOutcome::ChooseTheme(*at),
            Self::Target(target) => target.switch(),
        }
    }
}
