//! Queries of lists, and pages of results.

use std::convert::Infallible;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ConnectionItem;
use crate::provider::Capability;
use crate::text::case_fold::fold;

/// Filter of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Text that names must contain, case-insensitive.
    pub filter: Option<String>,
    /// Provider IDs; any if none.
    pub provider_ids: Option<Vec<String>>,
    /// Capability of the provider; the service converts it to provider IDs, stores ignore it.
    pub capability: Option<Capability>,
    /// Status.
    pub is_active: Option<bool>,
    /// `true` to list the trash.
    #[serde(default)]
    pub is_trash: bool,
    /// Requested part of the list.
    pub window: PageRequest,
    /// Position that the part begins after, instead of counting [`PageRequest::skip`] items. Used for lists without a filter; a
    /// service or store that does not support it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ListCursor>,
}

/// Position in a list: that of an item, which may no longer exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor {
    /// Name of the item.
    pub name: String,
    /// Alias of the item.
    pub alias: String,
}

impl ListCursor {
    /// Position of an item.
    pub fn at(item: &ConnectionItem) -> Self {
        Self {
            name: item.name.clone(),
            alias: item.alias.clone(),
        }
    }
}

impl ListQuery {
    /// Creates a query for all connections.
    pub const fn all(window: PageRequest) -> Self {
        Self {
            filter: None,
            provider_ids: None,
            capability: None,
            is_active: None,
            is_trash: false,
            window,
            after: None,
        }
    }

    /// Returns the position that the part begins after, if it is used for this list.
    pub fn cursor(&self) -> Option<&ListCursor> {
        self.after.as_ref().filter(|_| self.is_everything())
    }

    /// Returns whether the query has no filter.
    pub const fn is_everything(&self) -> bool {
        self.filter.is_none() && self.provider_ids.is_none() && self.is_active.is_none()
    }

    /// Returns whether a connection matches. `self.filter` must be folded by [`ListQuery::lowered`].
    pub fn contains(&self, item: &ConnectionItem) -> bool {
        let name_matches = self
            .filter
            .as_ref()
            .is_none_or(|filter| fold(&item.name).contains(filter.as_str()));
        let provider_matches = self.provider_ids.as_ref().is_none_or(|ids| {
            ids.iter()
                .any(|id| id.eq_ignore_ascii_case(&item.provider_id))
        });
        let status_matches = self.is_active.is_none_or(|active| active == item.is_active);
        name_matches && provider_matches && status_matches && self.is_trash == item.is_deleted()
    }

    /// Folds the filter for comparison, as [`ListQuery::contains`] requires.
    #[must_use]
    pub fn lowered(mut self) -> Self {
        self.filter = self
            .filter
            .map(|filter| fold(&filter))
            .filter(|filter| !filter.is_empty());
        self
    }
}

/// Part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// Number of items to skip.
    pub skip: usize,
    /// Maximum number of items.
    pub take: usize,
}

/// Part of a list with the total number of items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Items of the part.
    pub items: Vec<T>,
    /// Number of items in the whole list.
    pub total: usize,
}

/// Sort key of lists: the folded name, then the alias.
pub fn order_of(item: &ConnectionItem) -> (String, &str) {
    (fold(&item.name), &item.alias)
}

/// Key of a connection. An alias cannot look like an ID, so that a text is never ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdOrAlias {
    /// ID.
    Id(Uuid),
    /// Alias, in any case.
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
