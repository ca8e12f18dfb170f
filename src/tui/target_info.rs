//! Target of the app: its badge, its server and its write access.

/// Target of the app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetInfo {
    /// Name in the configuration; none for a server or folder that is given by options.
    pub name: Option<String>,
    /// Text of the badge.
    pub badge: Option<String>,
    /// Colour of the badge: a name, 0 to 255 or #rrggbb.
    pub color: Option<String>,
    /// URL of the server or the store on etcd; none if the connections are on this machine.
    pub server: Option<String>,
    /// True if the server is an Umbraco site.
    pub is_site: bool,
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

    /// Returns the name, unless it is the badge.
    pub fn name_beside_badge(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        let badge = self.badge.as_deref().unwrap_or_default();
        (!name.eq_ignore_ascii_case(badge)).then_some(name)
    }

    /// Returns badge and name.
    fn label(&self) -> Option<String> {
        match (&self.badge, self.name_beside_badge()) {
            (Some(badge), Some(name)) => Some(format!("{badge} {name}")),
            (Some(badge), None) => Some(badge.clone()),
            (None, name) => name.map(str::to_owned),
        }
    }

    /// Returns badge, name and URL for prompts about changes; `None` for a local store without a name.
    pub fn place(&self) -> Option<String> {
        match (self.label(), &self.server) {
            (Some(label), Some(server)) => Some(format!("{label} · {server}")),
            (Some(label), None) => Some(label),
            (None, server) => server.clone(),
        }
    }

    /// Describes the target in a sentence; `None` for a writable local store without a name.
    pub fn sentence(&self) -> Option<String> {
        let kind = match &self.server {
            _ if self.is_site => "site",
            Some(url) if url.starts_with("etcd://") => "store",
            Some(_) | None => "server",
        };
        let place = match (self.label(), &self.server) {
            (Some(label), Some(server)) => Some(format!("{label}, the {kind} {server}")),
            (Some(label), None) => Some(label),
            (None, server) => server.as_ref().map(|server| format!("the {kind} {server}")),
        };
        match (place, self.is_read_only()) {
            (Some(place), true) => Some(format!("This is {place}. It is read-only.")),
            (Some(place), false) => Some(format!("This is {place}.")),
            (None, true) => Some("Everything is read-only.".into()),
            (None, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_names_the_kind_of_location() {
        let at = |url: &str| TargetInfo {
            server: Some(url.into()),
            ..TargetInfo::default()
        };
        let sentence = |url: &str| at(url).sentence().unwrap();
        assert_eq!(sentence("https://h"), "This is the server https://h.");
        assert_eq!(sentence("etcd://h/t"), "This is the store etcd://h/t.");
    }
}
