//! The columns of the collection: which there is room for, and where they stand.

use super::layout::Area;
use super::tree::Column;

/// A date with its time.
pub const LONG_DATE: u16 = 16;

/// From how many columns of the screen on, which columns stand beside the name, and how wide.
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

/// The columns there is room for; the name takes what the others leave.
fn columns(width: u16) -> impl Iterator<Item = (Column, u16)> {
    let beside = SETS
        .iter()
        .find(|(from, _)| width >= *from)
        .map_or(&[][..], |(_, columns)| columns);
    let taken: u16 = beside.iter().map(|(_, wide)| wide + 1).sum();
    let name = (Column::Name, width.saturating_sub(taken));
    std::iter::once(name).chain(beside.iter().copied())
}

/// The columns before the first cell; there is room for marks where there are some.
pub const fn gutter(has_marks: bool) -> u16 {
    if has_marks { 2 } else { 1 }
}

/// The cells of a row, or of the heading, of a list with this inside.
pub fn cells(row: Area, inside: Area, gutter: u16) -> impl Iterator<Item = (Column, Area)> {
    let mut rest = row.split_left(gutter).1;
    columns(inside.width.saturating_sub(gutter)).map(move |(column, width)| {
        let (cell, behind) = rest.split_left(width);
        rest = behind.split_left(1).1;
        (column, cell)
    })
}

/// The column whose title is in a place.
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
    fn titles_are_found_where_they_stand() {
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
