//! Flattens JSON to rows of names and texts, for CSV and for a shell.

use serde_json::Value;

use crate::text::printable;

/// One item: its members by path, in order.
pub type OutputRow = Vec<(String, Cell)>;

/// Cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Empty,
    /// Number or boolean.
    Plain(String),
    /// Text, escaped.
    Text(String),
}

impl Cell {
    /// Returns the text.
    pub fn text(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Plain(text) | Self::Text(text) => text,
        }
    }
}

/// Members that contain the items of a list.
const LISTS: [&str; 2] = ["items", "changes"];

/// Returns the rows of a list, or one row for any other value.
pub fn rows(value: &Value) -> Vec<OutputRow> {
    let list = match value {
        Value::Array(values) => Some(values),
        Value::Object(members) => LISTS
            .iter()
            .find_map(|name| members.get(*name).and_then(Value::as_array)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    match list {
        Some(values) => values.iter().map(row).collect(),
        None => vec![row(value)],
    }
}

/// Returns a value as one row.
pub fn row(value: &Value) -> OutputRow {
    let mut row = OutputRow::new();
    flatten(value, String::new(), &mut row);
    row
}

fn flatten(value: &Value, path: String, row: &mut OutputRow) {
    let Value::Object(members) = value else {
        row.push((path, cell(value)));
        return;
    };
    for (name, value) in members {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        flatten(value, below, row);
    }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(on) => Cell::Plain(on.to_string()),
        Value::Number(number) => Cell::Plain(number.to_string()),
        Value::String(text) => Cell::Text(printable(text).into_owned()),
        Value::Array(values) => {
            let texts = values.iter().map(|value| match value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            });
            let joined = texts.collect::<Vec<_>>().join(", ");
            Cell::Text(printable(&joined).into_owned())
        }
        Value::Object(_) => Cell::Text(printable(&value.to_string()).into_owned()),
    }
}
