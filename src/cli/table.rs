//! Tables of text, aligned by display width.

use std::borrow::Cow;

use crate::text::{columns, printable};

/// Columns of space between two table columns.
const GAP: usize = 2;

/// Returns a table with headings; each column is as wide as its widest cell, and all cells are escaped.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let cells: Vec<[Cow<'_, str>; N]> = std::iter::once(headings.map(Cow::Borrowed))
        .chain(
            rows.iter()
                .map(|row| std::array::from_fn(|column| printable(&row[column]))),
        )
        .collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        cells
            .iter()
            .map(|row| columns(&row[column]))
            .max()
            .unwrap_or_default()
    });
    let mut text = String::new();
    for row in &cells {
        for (column, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if column + 1 < N {
                let space = widths[column] + GAP - columns(cell);
                text.extend(std::iter::repeat_n(' ', space));
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows =
            [["日本", "x"], ["\u{202e}a", "y"], ["👩‍👩‍👧‍👦", "z"]].map(|row| row.map(str::to_owned));
        let shown = table(["NAME", "B"], &rows);
        let starts: Vec<usize> = shown
            .lines()
            .map(|line| columns(line.get(..line.len() - 1).unwrap_or_default()))
            .collect();
        assert_eq!(starts, [11, 11, 11, 11], "{shown}");
        assert!(shown.contains(r"\u{202e}a"));
    }
}
