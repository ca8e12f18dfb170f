//! One connection as the tree keeps it: small, because there may be very many.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::connection::ConnectionItem;

/// What the tree and the list show of a connection, in one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The identity.
    pub id: Uuid,
    /// Name and alias with a space between: what a filter reads.
    text: Box<str>,
    /// The provider's id, shared.
    pub provider: Arc<str>,
    /// When it was last saved.
    pub modified: DateTime<Utc>,
    /// How many bytes of `text` are the name.
    name_length: u32,
    /// How often it was saved; more than 32 bits cannot be, with a save every millisecond for weeks.
    version: u32,
    /// Whether it may be used.
    pub is_active: bool,
}

impl Item {
    /// What is kept of `item`.
    pub fn new(item: &ConnectionItem, provider: Arc<str>) -> Self {
        // Longer than 4 GiB cannot be: a name has 255 characters.
        let name_length = u32::try_from(item.name.len()).unwrap_or(0);
        Self {
            id: item.id,
            text: format!("{} {}", item.name, item.alias).into_boxed_str(),
            provider,
            modified: item.date_modified,
            name_length,
            version: u32::try_from(item.version).unwrap_or(u32::MAX),
            is_active: item.is_active,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.text.get(..self.name_length as usize).unwrap_or("")
    }

    /// The alias.
    pub fn alias(&self) -> &str {
        self.text.get(self.name_length as usize + 1..).unwrap_or("")
    }

    /// The version that this is.
    pub fn version(&self) -> u64 {
        self.version.into()
    }

    /// What a filter reads: name and alias.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The order of lists: by name without regard to case, then by alias.
    pub fn order(&self, other: &Self) -> Ordering {
        let lower = |name: &str| {
            name.chars()
                .flat_map(char::to_lowercase)
                .collect::<String>()
        };
        if self.name().is_ascii() && other.name().is_ascii() {
            let mine = self.name().bytes().map(|byte| byte.to_ascii_lowercase());
            let others = other.name().bytes().map(|byte| byte.to_ascii_lowercase());
            mine.cmp(others)
        } else {
            lower(self.name()).cmp(&lower(other.name()))
        }
        .then_with(|| self.alias().cmp(other.alias()))
    }
}
