//! Compact connection in the tree, small because there may be very many.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::connection::{Connection, ConnectionItem, ListCursor};
use crate::text::case_fold::fold;

/// Connection as shown in the tree and the list, in one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeItem {
    /// ID.
    pub id: Uuid,
    /// Name, alias and endpoint, separated by spaces.
    text: Box<str>,
    /// ID of the provider, shared.
    pub provider: Arc<str>,
    /// Time of the last save.
    pub modified: DateTime<Utc>,
    /// Length of the name in `text` in bytes.
    name_length: u32,
    /// Version; 32 bits suffice for a save every millisecond for weeks.
    version: u32,
    /// Length of the alias in `text` in bytes.
    alias_length: u16,
    /// True if active.
    pub is_active: bool,
    /// Result of the last test of this version.
    pub health: Health,
}

/// Result of the last test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Never tested, or changed since the test.
    #[default]
    Untested,
    /// The provider accepted the credentials.
    Passed,
    /// The test failed.
    Failed,
    /// A reference does not resolve, or a secret cannot be decrypted.
    Unresolved,
}

impl Health {
    /// Returns true for a connection that needs attention.
    pub const fn is_failing(self) -> bool {
        matches!(self, Self::Failed | Self::Unresolved)
    }

    /// Returns the symbol beside a connection; a space if it was not tested.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Failed => "✗",
            Self::Unresolved => "!",
            Self::Untested => " ",
            Self::Passed => "✓",
        }
    }
}

impl From<&Connection> for TreeItem {
    fn from(connection: &Connection) -> Self {
        let provider = Arc::from(connection.item.provider_id.as_str());
        Self::new(&connection.listed(), provider)
    }
}

impl TreeItem {
    /// Creates the compact form of `item`.
    pub fn new(item: &ConnectionItem, provider: Arc<str>) -> Self {
        // A name has at most 255 characters, so its length fits.
        let name_length = u32::try_from(item.name.len()).unwrap_or(0);
        let mut text = format!("{} {}", item.name, item.alias);
        // The length fits: validation limits an alias to 100 characters. Above 65,535 bytes, from another server, `alias()` is empty.
        let alias_length = u16::try_from(item.alias.len()).unwrap_or(0);
        if let Some(endpoint) = &item.endpoint {
            text.push(' ');
            text.push_str(endpoint);
        }
        Self {
            id: item.id,
            text: text.into_boxed_str(),
            provider,
            modified: item.date_modified,
            name_length,
            version: u32::try_from(item.version).unwrap_or(u32::MAX),
            alias_length,
            is_active: item.is_active,
            health: Health::Untested,
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        self.text.get(..self.name_length as usize).unwrap_or("")
    }

    /// Returns the alias.
    pub fn alias(&self) -> &str {
        let start = self.name_length as usize + 1;
        let end = start + usize::from(self.alias_length);
        self.text.get(start..end).unwrap_or("")
    }

    /// Returns the endpoint; empty if not set.
    pub fn endpoint(&self) -> &str {
        let end = self.name_and_alias().len();
        self.text.get(end + 1..).unwrap_or("")
    }

    /// Returns name, alias and endpoint.
    pub fn all_texts(&self) -> &str {
        &self.text
    }

    /// Returns the version.
    pub fn version(&self) -> u64 {
        self.version.into()
    }

    /// Returns the text that a search with typing mistakes reads first; endpoints follow in a second pass.
    pub fn name_and_alias(&self) -> &str {
        let end = self.name_length as usize + 1 + usize::from(self.alias_length);
        self.text.get(..end).unwrap_or("")
    }

    /// Position of the item in the list.
    pub fn cursor(&self) -> ListCursor {
        ListCursor {
            name: self.name().to_owned(),
            alias: self.alias().to_owned(),
        }
    }

    /// Compares by folded name, then by alias.
    pub fn order(&self, other: &Self) -> Ordering {
        if self.name().is_ascii() && other.name().is_ascii() {
            let mine = self.name().bytes().map(|byte| byte.to_ascii_lowercase());
            let others = other.name().bytes().map(|byte| byte.to_ascii_lowercase());
            mine.cmp(others)
        } else {
            fold(self.name()).cmp(&fold(other.name()))
        }
        .then_with(|| self.alias().cmp(other.alias()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_stays_small_and_has_an_endpoint() {
        assert!(size_of::<TreeItem>() <= 72);
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a-1","name":"Ä One","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1}"#;
        let mut item: ConnectionItem = serde_json::from_str(json).unwrap();
        for endpoint in [None, Some("https://x.example/ä".to_owned())] {
            item.endpoint.clone_from(&endpoint);
            let kept = TreeItem::new(&item, Arc::from("openai"));
            assert_eq!((kept.name(), kept.alias()), ("Ä One", "a-1"));
            assert_eq!(kept.name_and_alias(), "Ä One a-1");
            assert_eq!(kept.endpoint(), endpoint.as_deref().unwrap_or(""));
        }
    }
}
