//! What the connections are ordered by: a column of the list, up or down.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Item;
use super::providers::Providers;

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// The name.
    Name,
    /// The alias.
    Alias,
    /// The provider's name.
    Provider,
    /// Active before inactive.
    Status,
    /// When it was last saved.
    Modified,
}

impl Column {
    /// Every column, in the order of the list.
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::Alias,
        Self::Provider,
        Self::Status,
        Self::Modified,
    ];

    /// What stands over it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Alias => "Alias",
            Self::Provider => "Provider",
            Self::Status => "Status",
            Self::Modified => "Modified",
        }
    }

    /// The same as an option of a command says it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Alias => "alias",
            Self::Provider => "provider",
            Self::Status => "status",
            Self::Modified => "modified",
        }
    }

    /// The column that an option names.
    pub fn named(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|column| column.id().eq_ignore_ascii_case(word))
    }

    /// The same in a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Alias => "alias",
            Self::Provider => "provider",
            Self::Status => "status",
            Self::Modified => "last change",
        }
    }

    /// The way it is looked at mostly: what was changed last is looked for first.
    const fn usual(self) -> Direction {
        match self {
            Self::Name | Self::Alias | Self::Provider | Self::Status => Direction::Up,
            Self::Modified => Direction::Down,
        }
    }
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the smallest: a before b, older before newer.
    Up,
    /// From the largest.
    Down,
}

impl Direction {
    /// The mark beside the column.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Up => "▲",
            Self::Down => "▼",
        }
    }

    const fn turned(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// What the connections are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// By which column; equal ones by name.
    pub column: Column,
    /// Which end comes first.
    pub direction: Direction,
}

impl Default for Sort {
    fn default() -> Self {
        Self::by(Column::Name)
    }
}

/// A connection where it stands in the list.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// The connection.
    pub item: &'a Item,
    /// Its provider's number.
    pub provider: u16,
    /// Its place in name order.
    pub index: u32,
}

impl Sort {
    /// By a column, the way it is looked at mostly.
    pub const fn by(column: Column) -> Self {
        Self {
            column,
            direction: column.usual(),
        }
    }

    /// By a column; the other way round where that is so already.
    #[must_use]
    pub fn or_turned(self, column: Column) -> Self {
        if self.column == column {
            self.turned()
        } else {
            Self::by(column)
        }
    }

    /// From the other end.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self {
            direction: self.direction.turned(),
            ..self
        }
    }

    /// As a sentence says it.
    pub fn words(self) -> String {
        let end = match (self.column, self.direction) {
            (Column::Modified, Direction::Up) => ", oldest first",
            (Column::Modified, Direction::Down) => ", newest first",
            (Column::Status, Direction::Up) => ", active first",
            (Column::Status, Direction::Down) => ", inactive first",
            (Column::Name | Column::Alias | Column::Provider, Direction::Up) => "",
            (Column::Name | Column::Alias | Column::Provider, Direction::Down) => ", descending",
        };
        format!("{}{end}", self.column.word())
    }

    /// Which of two comes first. Those that are equal stand in name order, so no two are the same.
    pub fn compare(self, one: Standing<'_>, other: Standing<'_>, known: &Providers) -> Ordering {
        let by_column = match self.column {
            Column::Name => one.index.cmp(&other.index),
            Column::Alias => one.item.alias().cmp(other.item.alias()),
            Column::Provider => known.order(one.provider).cmp(&known.order(other.provider)),
            Column::Status => other.item.is_active.cmp(&one.item.is_active),
            Column::Modified => one.item.modified.cmp(&other.item.modified),
        };
        let directed = match self.direction {
            Direction::Up => by_column,
            Direction::Down => by_column.reverse(),
        };
        directed.then_with(|| one.index.cmp(&other.index))
    }
}
