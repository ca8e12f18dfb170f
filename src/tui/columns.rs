//! Columns of the connection list for a width.

use super::layout::Area;
use crate::search::Column;

/// Width of a date with a time.
pub const LONG_DATE: u16 = 16;

/// Minimum list width, with the columns beside the name and their widths.
const SETS: [(u16, &[(Column, u16)]); 4] = [
    (
        98,
        &[
            (Column::Alias, 24),
            (Column::Provider, 20),
            (Column::Status, 10),
            (Column::Modified, LONG_DATE),
        ],
    ),
    (
        72,
        &[
            (Column::Alias, 18),
            (Column::Provider, 14),
            (Column::Status, 10),
            (Column::Modified, 10),
        ],
    ),
    (50, &[(Column::Provider, 18), (Column::Status, 10)]),
    (27, &[(Column::Status, 10)]),
];

/// Returns the columns that fit; the name takes the remaining width.
fn columns(width: u16) -> impl Iterator<Item = (Column, u16)> {
    let others = SETS
        .iter()
        .find(|(from, _)| width >= *from)
        .map_or(&[][..], |(_, columns)| columns);
    let used: u16 = others.iter().map(|(_, wide)| wide + 1).sum();
    let name = (Column::Name, width.saturating_sub(used));
    std::iter::once(name).chain(others.iter().copied())
}

/// Returns the width before the first cell, wider if marks are shown.
pub const fn gutter(has_marks: bool) -> u16 {
    if has_marks { 2 } else { 1 }
}

/// Returns the cells of a row or of the heading.
pub fn cells(row: Area, inside: Area, gutter: u16) -> impl Iterator<Item = (Column, Area)> {
    let mut rest = row.split_left(gutter).1;
    columns(inside.width.saturating_sub(gutter)).map(move |(column, width)| {
        let (cell, behind) = rest.split_left(width);
        rest = behind.split_left(1).1;
        (column, cell)
    })
}

/// Returns the column whose title is at a position.
pub fn title_at(inside: Area, gutter: u16, (x, y): (u16, u16)) -> Option<Column> {
    let (heading, _) = inside.split_top(1);
    cells(heading, inside, gutter)
        .find(|(_, cell)| cell.contains(x, y))
        .map(|(column, _)| column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_at_finds_every_column() {
        let inside = Area {
            x: 10,
            y: 3,
            width: 110,
            height: 9,
        };
        let (heading, _) = inside.split_top(1);
        let all: Vec<_> = cells(heading, inside, 1).collect();
        assert_eq!(all.len(), 5);
        for (column, cell) in all {
            assert_eq!(title_at(inside, 1, (cell.x, 3)), Some(column));
            assert_eq!(title_at(inside, 1, (cell.x, 4)), None);
        }
    }
}
