//! Tables of text, aligned by display width.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::output::style::Style;
use crate::text::{columns, printable};

/// Columns of space between two table columns.
const GAP: usize = 2;

/// Width below which no column is cut.
const MIN_WIDTH: usize = 8;

/// Table of `N` columns.
pub struct Table<'a, const N: usize> {
    /// Headings, if it has any.
    pub headings: Option<[&'a str; N]>,
    /// Rows; all cells are escaped.
    pub rows: &'a [[String; N]],
}

impl<const N: usize> Table<'_, N> {
    /// Returns the lines. Each column is as wide as its widest cell; the widest columns are cut to fit into `width`.
    pub fn text(&self, width: Option<usize>, has_colors: bool) -> String {
        let headings = self.headings.map(|headings| headings.map(Cow::Borrowed));
        let rows = self.rows.iter();
        let rows = rows.map(|row| std::array::from_fn(|column| printable(&row[column])));
        let cells: Vec<[Cow<'_, str>; N]> = headings.into_iter().chain(rows).collect();
        let mut widths: [usize; N] = std::array::from_fn(|column| {
            let widths = cells.iter().map(|row| columns(&row[column]));
            widths.max().unwrap_or_default()
        });
        if let Some(width) = width {
            fit(&mut widths, width);
        }
        let mut text = String::new();
        for (number, row) in cells.iter().enumerate() {
            if number == 0 && self.headings.is_some() {
                text.push_str(&Style::Heading.paint(&line(row, &widths, false), has_colors));
            } else {
                text.push_str(&line(row, &widths, has_colors));
            }
            text.push('\n');
        }
        text
    }
}

/// Returns a row as a line; words that are a status have its color.
fn line<const N: usize>(row: &[Cow<'_, str>; N], widths: &[usize; N], has_colors: bool) -> String {
    let mut line = String::new();
    for (column, cell) in row.iter().enumerate() {
        let cell = cut(cell, widths[column]);
        match Style::of_status(&cell) {
            Some(style) => line.push_str(&style.paint(&cell, has_colors)),
            None => line.push_str(&cell),
        }
        if column + 1 < N {
            let space = widths[column] + GAP - columns(&cell);
            line.extend(std::iter::repeat_n(' ', space));
        }
    }
    line.truncate(line.trim_end_matches(' ').len());
    line
}

/// Reduces the widest columns until all fit, or none is wider than the minimum.
fn fit(widths: &mut [usize], width: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        match widths.iter_mut().max() {
            Some(widest) if *widest > MIN_WIDTH => *widest -= 1,
            Some(_) | None => return,
        }
    }
}

/// Cuts a printable text to a width; a cut text ends with `…`.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.graphemes(true) {
        used += columns(letter);
        if used > width {
            break;
        }
        kept.push_str(letter);
    }
    kept.push('…');
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<const N: usize>(
        headings: [&str; N],
        rows: &[[&str; N]],
        width: Option<usize>,
    ) -> String {
        let rows: Vec<_> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        let table = Table {
            headings: Some(headings),
            rows: &rows,
        };
        table.text(width, false)
    }

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows = [["日本", "x"], ["\u{202e}a", "y"], ["👩‍👩‍👧‍👦", "z"]];
        let shown = shown(["NAME", "B"], &rows, None);
        let starts: Vec<usize> = shown
            .lines()
            .map(|line| columns(line.get(..line.len() - 1).unwrap_or_default()))
            .collect();
        assert_eq!(starts, [11, 11, 11, 11], "{shown}");
        assert!(shown.contains(r"\u{202e}a"));
    }

    #[test]
    fn status_is_colored_without_moving_columns() {
        let rows = [["A", "Active", "x"], ["B", "Inactive", "y"]];
        let rows: Vec<_> = rows.map(|row| row.map(str::to_owned)).into();
        let table = Table {
            headings: None,
            rows: &rows,
        };
        let plain = table.text(None, false);
        let colored = table.text(None, true);
        assert!(
            colored.contains("\u{1b}[32mActive\u{1b}[0m    x"),
            "{colored}"
        );
        assert!(
            colored.contains("\u{1b}[2mInactive\u{1b}[0m  y"),
            "{colored}"
        );
        let codes = ["\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"];
        let bare = codes
            .iter()
            .fold(colored, |text, code| text.replace(code, ""));
        assert_eq!(bare, plain);
    }

    #[test]
    fn widest_columns_are_cut_to_fit_the_terminal() {
        let rows = [[
            "OpenAI Production of the team in Berlin",
            "openai-prod",
            "日本語のテキスト",
        ]];
        for width in 30..80 {
            let shown = shown(["NAME", "ALIAS", "NOTE"], &rows, Some(width));
            let widest = shown.lines().map(columns).max().unwrap();
            assert!(widest <= width, "{width}: {shown}");
        }
        let cut = shown(["NAME", "ALIAS", "NOTE"], &rows, Some(50));
        assert!(cut.contains("OpenAI Prod") && cut.contains('…'), "{cut}");
        assert!(cut.contains("openai-prod"), "{cut}");
        assert!(!shown(["NAME", "ALIAS", "NOTE"], &rows, None).contains('…'));
    }

    #[test]
    fn only_the_headings_are_colored() {
        let rows = [["a".to_owned()]];
        let table = Table {
            headings: Some(["NAME"]),
            rows: &rows,
        };
        assert_eq!(table.text(None, true), "\u{1b}[1mNAME\u{1b}[0m\na\n");
    }
}
