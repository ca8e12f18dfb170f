//! Tabs of the selected connection and the position in each.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::detail::ConnectionDetail;
use super::history::VersionHistory;
use super::info::LastTest;

/// Tab of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tab {
    /// Stored settings.
    #[default]
    Settings,
    /// ID, dates and last test.
    Info,
    /// Versions.
    History,
}

impl Tab {
    /// All tabs, from left to right.
    pub const ALL: [Self; 3] = [Self::Settings, Self::Info, Self::History];

    /// Returns the title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Info => "Info",
            Self::History => "History",
        }
    }
}

/// Selected connection and the state of its tabs.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Detail of the connection.
    pub detail: ConnectionDetail,
    /// Latest test of each connection since the start, with its whole report; `Tree::tests` has what is kept for later starts.
    pub tests: HashMap<Uuid, LastTest>,
    /// Visible tab.
    pub tab: Tab,
    /// Selected line of the info tab.
    pub line: usize,
    /// History tab.
    pub history: VersionHistory,
}
