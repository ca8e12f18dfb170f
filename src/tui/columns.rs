//! Columns of the connection table for a width.

use super::layout::Area;
use crate::search::Column;

/// Width of a date with a time.
pub const LONG_DATE: u16 = 16;

/// Width of a status with its word; in less, only its symbol is shown.
pub const STATUS: u16 = 10;

/// Column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableColumn {
    /// Column that the table can be sorted by.
    Sortable(Column),
    /// Result and age of the last test.
    LastTest,
}

use TableColumn::{LastTest, Sortable};

impl TableColumn {
    /// Returns the title.
    pub const fn title(self) -> &'static str {
        match self {
            Sortable(column) => column.title(),
            LastTest => "Last test",
        }
    }
}

/// Minimum width of the table, with its columns and their widths; the name has the remaining width.
const SETS: [(u16, &[(TableColumn, u16)]); 5] = [
    (
        108,
        &[
            (Sortable(Column::Status), STATUS),
            (Sortable(Column::Name), 0),
            (Sortable(Column::Alias), 26),
            (Sortable(Column::Provider), 18),
            (LastTest, 14),
            (Sortable(Column::Modified), LONG_DATE),
        ],
    ),
    (
        66,
        &[
            (Sortable(Column::Status), STATUS),
            (Sortable(Column::Name), 0),
            (Sortable(Column::Provider), 13),
            (LastTest, 11),
            (Sortable(Column::Modified), 10),
        ],
    ),
    (
        40,
        &[
            (Sortable(Column::Status), 1),
            (Sortable(Column::Name), 0),
            (Sortable(Column::Provider), 10),
            (LastTest, 11),
        ],
    ),
    (
        28,
        &[
            (Sortable(Column::Status), 1),
            (Sortable(Column::Name), 0),
            (LastTest, 10),
        ],
    ),
    (
        0,
        &[(Sortable(Column::Status), 1), (Sortable(Column::Name), 0)],
    ),
];

/// Returns the columns that fit, with their widths.
fn columns(width: u16) -> impl Iterator<Item = (TableColumn, u16)> {
    let set = SETS.iter().find(|(from, _)| width >= *from);
    let columns = set.map_or(&[][..], |(_, columns)| columns);
    let gaps = u16::try_from(columns.len()).unwrap_or(0).saturating_sub(1);
    let fixed: u16 = columns.iter().map(|(_, wide)| wide).sum();
    let name = width.saturating_sub(fixed + gaps);
    columns
        .iter()
        .map(move |(column, wide)| (*column, if *wide == 0 { name } else { *wide }))
}

/// Returns the cells of a row or of the heading, inside the padding.
pub fn cells(row: Area) -> impl Iterator<Item = (TableColumn, Area)> {
    let mut rest = row.padded();
    columns(rest.width).map(move |(column, width)| {
        let (cell, behind) = rest.split_left(width);
        rest = behind.split_left(1).1;
        (column, cell)
    })
}

/// Returns the sortable column whose title is at a position.
pub fn title_at(inside: Area, (x, y): (u16, u16)) -> Option<Column> {
    let (heading, _) = inside.split_top(1);
    let (column, _) = cells(heading).find(|(_, cell)| cell.contains(x, y))?;
    match column {
        Sortable(column) => Some(column),
        LastTest => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(width: u16) -> Area {
        Area {
            x: 10,
            y: 3,
            width,
            height: 9,
        }
    }

    #[test]
    fn title_at_finds_every_sortable_column() {
        let inside = inside(110);
        let (heading, _) = inside.split_top(1);
        let all: Vec<_> = cells(heading).collect();
        assert_eq!(all.len(), 6);
        for (column, cell) in all {
            let expected = match column {
                Sortable(column) => Some(column),
                LastTest => None,
            };
            assert_eq!(title_at(inside, (cell.x, 3)), expected);
            assert_eq!(title_at(inside, (cell.x, 4)), None);
        }
    }

    #[test]
    fn columns_fill_any_width_and_keep_the_name() {
        for width in 4..240 {
            let cells: Vec<_> = cells(inside(width)).collect();
            let last = cells.last().unwrap().1;
            assert!(last.x + last.width < 10 + width, "{width}");
            let name = cells
                .iter()
                .find(|(column, _)| *column == Sortable(Column::Name));
            assert!(
                name.unwrap().1.width >= 15 || width < 30,
                "{width}: {name:?}"
            );
        }
    }
}
