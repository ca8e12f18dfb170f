//! Target of the app: its badge, its server and its write access.

/// Target of the app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetInfo {
    /// Text of the badge.
    pub badge: Option<String>,
    /// Colour of the badge: a name, 0 to 255 or #rrggbb.
    pub color: Option<String>,
    /// URL of the server, if the connections are on one.
    pub server: Option<String>,
    /// Data directory for the header, if the connections are on this machine.
    pub folder: Option<String>,
    /// Reason for read-only access, to follow `Nothing was changed:` in errors and `Read-only:` in the app; `None` if writable.
    pub read_only: Option<String>,
    /// Command-line options that select the same target.
    pub called_with: Vec<String>,
}

impl TargetInfo {
    /// Returns true if the target is read-only.
    pub const fn is_read_only(&self) -> bool {
        self.read_only.is_some()
    }

    /// Returns the URL or the data directory.
    pub fn address(&self) -> Option<&str> {
        self.server.as_deref().or(self.folder.as_deref())
    }

    /// Returns badge and URL for prompts about changes; `None` for a local store without a badge.
    pub fn place(&self) -> Option<String> {
        match (&self.badge, &self.server) {
            (Some(badge), Some(server)) => Some(format!("{badge} · {server}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }

    /// Describes the target in a sentence; `None` for a writable local store without a badge.
    pub fn sentence(&self) -> Option<String> {
        let place = match (&self.badge, &self.server) {
            (Some(badge), Some(server)) => Some(format!("{badge}, the server {server}")),
            (Some(badge), None) => Some(badge.clone()),
            (None, Some(server)) => Some(format!("the server {server}")),
            (None, None) => None,
        };
        match (place, self.is_read_only()) {
            (Some(place), true) => Some(format!("This is {place}. It is read-only.")),
            (Some(place), false) => Some(format!("This is {place}.")),
            (None, true) => Some("Everything is read-only.".into()),
            (None, false) => None,
        }
    }
}
