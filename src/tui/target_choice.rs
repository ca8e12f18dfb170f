//! Target of the configuration that the app can switch to.

/// Target in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetChoice {
    /// Name.
    pub name: String,
    /// URL or directory.
    pub address: String,
    /// Badge.
    pub badge: Option<String>,
    /// True if the target refuses changes.
    pub is_read_only: bool,
    /// Reason why it cannot be used.
    pub refused: Option<String>,
    /// True for the target of the app.
    pub is_current: bool,
}

/// Reason for the end of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppEnd {
    /// The user quits.
    Quit,
    /// The app starts again with this target.
    SwitchTarget(String),
}
