//! Where the app is: the target or the server, how that is marked on screen, and whether anything can be changed there.

/// Where the app is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// The word that marks it.
    pub badge: Option<String>,
    /// The colour of that word: a name, 0 … 255 or #rrggbb.
    pub color: Option<String>,
    /// The server's address, when the connections are on one.
    pub server: Option<String>,
    /// Why nothing can be changed there, as words that follow `Nothing was changed:`; none where it can.
    pub read_only: Option<String>,
    /// The options that lead a command to the same place.
    pub called_with: Vec<String>,
}

impl Site {
    /// Whether nothing can be changed there.
    pub const fn is_read_only(&self) -> bool {
        self.read_only.is_some()
    }

    /// Where it is and what can be done there, as one sentence; none on this machine without a mark.
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
