//! What is asked of a list, and what comes back.

use std::convert::Infallible;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ConnectionItem;
use crate::provider::Capability;
use crate::text::fold::fold;

/// Which connections a list has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Only names that contain this, without regard to case.
    pub filter: Option<String>,
    /// Only connections of these providers; any when none is named.
    pub provider_ids: Option<Vec<String>>,
    /// Only providers that can do this; the service turns it into provider ids, stores ignore it.
    pub capability: Option<Capability>,
    /// Only active or only inactive ones.
    pub is_active: Option<bool>,
    /// The connections in the trash instead of those in use.
    #[serde(default)]
    pub is_trash: bool,
    /// Which part of the whole list.
    pub window: Window,
}

impl Query {
    /// All connections, seen through a window.
    pub const fn all(window: Window) -> Self {
        Self {
            filter: None,
            provider_ids: None,
            capability: None,
            is_active: None,
            is_trash: false,
            window,
        }
    }

    /// Whether every connection that is where the list looks is in it.
    pub const fn is_everything(&self) -> bool {
        self.filter.is_none() && self.provider_ids.is_none() && self.is_active.is_none()
    }

    /// Whether the list has this connection. `self.filter` must be folded; [`Query::lowered`] makes it so.
    pub fn admits(&self, item: &ConnectionItem) -> bool {
        let named = self
            .filter
            .as_ref()
            .is_none_or(|filter| fold(&item.name).contains(filter.as_str()));
        let provided = self.provider_ids.as_ref().is_none_or(|ids| {
            ids.iter()
                .any(|id| id.eq_ignore_ascii_case(&item.provider_id))
        });
        let switched = self.is_active.is_none_or(|on| on == item.is_active);
        named && provided && switched && self.is_trash == item.is_deleted()
    }

    /// The same query with its filter folded for comparison, as [`Query::admits`] expects it.
    #[must_use]
    pub fn lowered(mut self) -> Self {
        self.filter = self
            .filter
            .map(|filter| fold(&filter))
            .filter(|filter| !filter.is_empty());
        self
    }
}

/// Which part of a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// How many to leave out at the start.
    pub skip: usize,
    /// How many to have at most.
    pub take: usize,
}

/// A part of a list, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many the whole list has.
    pub total: usize,
}

/// The key that lists are ordered by: the folded name, then the alias.
pub fn order_of(item: &ConnectionItem) -> (String, &str) {
    (fold(&item.name), &item.alias)
}

/// How people and scripts name one connection. An alias cannot look like an id, so every text is one or the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdOrAlias {
    /// By identity.
    Id(Uuid),
    /// By alias, in any case.
    Alias(String),
}

impl FromStr for IdOrAlias {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Uuid::try_parse(text).map_or_else(|_| Self::Alias(text.to_owned()), Self::Id))
    }
}

impl From<Uuid> for IdOrAlias {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl std::fmt::Display for IdOrAlias {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Alias(alias) => f.write_str(alias),
        }
    }
}
