//! Writes rows as comma-separated values that spreadsheets do not interpret as formulas.

use std::io::Write;

use csv::{Terminator, WriterBuilder};

use super::rows::{Cell, OutputRow};

/// Characters that start a formula in spreadsheets.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Returns the columns of these rows in the order of their first appearance.
pub fn columns(rows: &[OutputRow]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut columns = Vec::new();
    for (path, _) in rows.iter().flatten() {
        if seen.insert(path.as_str()) {
            columns.push(path.clone());
        }
    }
    columns
}

/// Writes rows with these columns, optionally with the headings.
pub fn write(
    columns: &[String],
    has_headings: bool,
    rows: &[OutputRow],
    writer: impl Write,
) -> csv::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(writer);
    if has_headings && !columns.is_empty() {
        writer.write_record(columns)?;
    }
    for row in rows {
        let cells = columns.iter().map(|column| {
            let cell = row.iter().find(|(path, _)| path == column);
            cell.map_or_else(String::new, |(_, cell)| harmless(cell))
        });
        writer.write_record(cells)?;
    }
    writer.flush()?;
    Ok(())
}

/// Returns the text of a cell, with an apostrophe if it could be a formula.
fn harmless(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Cell::Empty | Cell::Plain(_) | Cell::Text(_) => cell.text().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rows::rows;
    use super::*;

    fn written(value: &serde_json::Value) -> String {
        let rows = rows(value);
        let mut bytes = Vec::new();
        write(&columns(&rows), true, &rows, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn columns_are_the_union_of_all_rows_with_nested_paths() {
        let value = json!({"total": 2, "items": [
            {"alias": "a", "version": 1, "list": ["x", "y"]},
            {"alias": "b", "settings": {"apiKey": "***", "on": true, "none": null}},
        ]});
        assert_eq!(
            written(&value),
            "alias,version,list,settings.apiKey,settings.on,settings.none\na,1,\"x, y\",,,\nb,,,***,true,\n"
        );
    }

    #[test]
    fn text_is_never_a_formula_or_another_cell() {
        for words in ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"x\")"] {
            let text = written(&json!([{ "name": words }]));
            let cell = text.lines().nth(1).unwrap().trim_start_matches('"');
            assert!(cell.starts_with('\''), "{text}");
        }
        assert_eq!(written(&json!([{ "n": -1 }])), "n\n-1\n");
        assert_eq!(written(&json!([{ "n": "a,\"b" }])), "n\n\"a,\"\"b\"\n");
        assert!(!written(&json!([{ "n": "a\nb\u{202e}" }])).contains(['\u{202e}']));
        assert_eq!(written(&json!({"items": []})), "");
    }
}
