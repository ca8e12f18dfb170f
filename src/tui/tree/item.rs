//! One connection as the tree keeps it: small, because there may be very many.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::connection::ConnectionItem;
use crate::text::fold::fold;

/// What the tree and the list show of a connection, in one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The identity.
    pub id: Uuid,
    /// Name, alias and endpoint with spaces between.
    text: Box<str>,
    /// The provider's id, shared.
    pub provider: Arc<str>,
    /// When it was last saved.
    pub modified: DateTime<Utc>,
    /// How many bytes of `text` are the name.
    name_length: u32,
    /// How often it was saved; more than 32 bits cannot be, with a save every millisecond for weeks.
    version: u32,
    /// How many bytes of `text` are the alias.
    alias_length: u16,
    /// Whether it may be used.
    pub is_active: bool,
}

impl Item {
    /// What is kept of `item`.
    pub fn new(item: &ConnectionItem, provider: Arc<str>) -> Self {
        // Longer than 4 GiB cannot be: a name has 255 characters.
        let name_length = u32::try_from(item.name.len()).unwrap_or(0);
        let mut text = format!("{} {}", item.name, item.alias);
        // Longer than 64 KiB no alias is that a store takes.
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
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.text.get(..self.name_length as usize).unwrap_or("")
    }

    /// The alias.
    pub fn alias(&self) -> &str {
        let start = self.name_length as usize + 1;
        let end = start + usize::from(self.alias_length);
        self.text.get(start..end).unwrap_or("")
    }

    /// Where it calls; empty when its settings do not say.
    pub fn endpoint(&self) -> &str {
        let end = self.text().len();
        self.text.get(end + 1..).unwrap_or("")
    }

    /// The version that this is.
    pub fn version(&self) -> u64 {
        self.version.into()
    }

    /// What a word of a filter is looked for in: name and alias.
    pub fn text(&self) -> &str {
        let end = self.name_length as usize + 1 + usize::from(self.alias_length);
        self.text.get(..end).unwrap_or("")
    }

    /// The order of lists: by folded name, then by alias.
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
    fn an_item_is_as_small_as_it_was_and_says_where_it_calls() {
        assert!(size_of::<Item>() <= 72);
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a-1","name":"Ä One","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1}"#;
        let mut item: ConnectionItem = serde_json::from_str(json).unwrap();
        for endpoint in [None, Some("https://x.example/ä".to_owned())] {
            item.endpoint.clone_from(&endpoint);
            let kept = Item::new(&item, Arc::from("openai"));
            assert_eq!((kept.name(), kept.alias()), ("Ä One", "a-1"));
            assert_eq!(kept.text(), "Ä One a-1");
            assert_eq!(kept.endpoint(), endpoint.as_deref().unwrap_or(""));
        }
    }
}
