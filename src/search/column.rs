//! Sort order of the connections: a column and a direction.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::TreeItem;
use super::providers::Providers;

/// Column that the list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// Name.
    Name,
    /// Alias.
    Alias,
    /// Name of the provider.
    Provider,
    /// Status: active before inactive.
    Status,
    /// Time of the last save.
    Modified,
}

impl Column {
    /// All columns, in the order of `--sort`.
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::Alias,
        Self::Provider,
        Self::Status,
        Self::Modified,
    ];

    /// Returns the title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Alias => "Alias",
            Self::Provider => "Provider",
            Self::Status => "Status",
            Self::Modified => "Modified",
        }
    }

    /// Returns the name in command-line options.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Alias => "alias",
            Self::Provider => "provider",
            Self::Status => "status",
            Self::Modified => "modified",
        }
    }

    /// Returns the column with a name in command-line options.
    pub fn from_name(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|column| column.id().eq_ignore_ascii_case(word))
    }

    /// Returns the name in a sentence.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Alias => "alias",
            Self::Provider => "provider",
            Self::Status => "status",
            Self::Modified => "last change",
        }
    }

    /// Returns the default direction: newest first for dates.
    const fn default_direction(self) -> Direction {
        match self {
            Self::Name | Self::Alias | Self::Provider | Self::Status => Direction::Ascending,
            Self::Modified => Direction::Descending,
        }
    }
}

/// Sort direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Ascending: a before b, older before newer.
    #[serde(rename = "up")]
    Ascending,
    /// Descending.
    #[serde(rename = "down")]
    Descending,
}

impl Direction {
    /// Returns the symbol beside the column title.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Ascending => "▲",
            Self::Descending => "▼",
        }
    }

    const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// Sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Column; ties are sorted by name.
    pub column: Column,
    /// Sort direction.
    pub direction: Direction,
}

impl Default for Sort {
    fn default() -> Self {
        Self::by(Column::Name)
    }
}

/// Sort key of a connection.
#[derive(Clone, Copy)]
pub struct SortKey<'a> {
    /// Connection.
    pub item: &'a TreeItem,
    /// Number of the provider.
    pub provider: u16,
    /// Index in name order.
    pub index: u32,
}

impl Sort {
    /// Creates the default order of a column.
    pub const fn by(column: Column) -> Self {
        Self {
            column,
            direction: column.default_direction(),
        }
    }

    /// Returns the default order of a column, or the reverse if it is already the order.
    #[must_use]
    pub fn or_reversed(self, column: Column) -> Self {
        if self.column == column {
            self.turned()
        } else {
            Self::by(column)
        }
    }

    /// Returns the reverse order.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self {
            direction: self.direction.reversed(),
            ..self
        }
    }

    /// Describes the order in a sentence.
    pub fn description(self) -> String {
        let end = match (self.column, self.direction) {
            (Column::Modified, Direction::Ascending) => ", oldest first",
            (Column::Modified, Direction::Descending) => ", newest first",
            (Column::Status, Direction::Ascending) => ", active first",
            (Column::Status, Direction::Descending) => ", inactive first",
            (Column::Name | Column::Alias | Column::Provider, Direction::Ascending) => "",
            (Column::Name | Column::Alias | Column::Provider, Direction::Descending) => {
                ", descending"
            }
        };
        format!("{}{end}", self.column.label())
    }

    /// Compares two connections. Ties are broken by name order, so the order is total.
    pub fn compare(self, one: SortKey<'_>, other: SortKey<'_>, known: &Providers) -> Ordering {
        let by_column = match self.column {
            Column::Name => one.index.cmp(&other.index),
            Column::Alias => one.item.alias().cmp(other.item.alias()),
            Column::Provider => known.order(one.provider).cmp(&known.order(other.provider)),
            Column::Status => other.item.is_active.cmp(&one.item.is_active),
            Column::Modified => one.item.modified.cmp(&other.item.modified),
        };
        let directed = match self.direction {
            Direction::Ascending => by_column,
            Direction::Descending => by_column.reverse(),
        };
        directed.then_with(|| one.index.cmp(&other.index))
    }
}
