//! The workspace of the connection that is selected: which of its tabs is shown, and where one is in it.

use serde::{Deserialize, Serialize};

use super::history::History;

/// A tab of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tab {
    /// What is stored.
    #[default]
    Settings,
    /// What it is: identity, dates, the last test.
    Info,
    /// What it was.
    History,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 3] = [Self::Settings, Self::Info, Self::History];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Info => "Info",
            Self::History => "History",
        }
    }
}

/// The tabs, and where one is in them.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The tab that is shown.
    pub tab: Tab,
    /// The line of the info that is selected.
    pub line: usize,
    /// The versions.
    pub history: History,
}
