//! Keys as Markdown tables, for the documentation.

use std::fmt::Write as _;

use super::{ACTIONS, KeyContext};
use crate::tui::keymap::Keymap;

/// Returns the keys of every context as Markdown tables, for `docs/keys.md`.
pub fn key_tables() -> String {
    let mut tables: Vec<String> = KeyContext::ALL.into_iter().map(key_table).collect();
    tables.push(String::new());
    tables.join("\n")
}

/// Returns the keys of one context as a Markdown table.
pub fn key_table(context: KeyContext) -> String {
    let keymap = Keymap::embedded();
    let mut table = format!("| {} | |\n|---|---|\n", context.title());
    for entry in ACTIONS
        .iter()
        .filter(|entry| entry.contexts.contains(&context))
    {
        let keys: Vec<String> = keymap
            .keys(context, entry.action)
            .map(|key| match key.to_string().as_str() {
                "|" => "`\\|`".to_owned(),
                name => format!("`{name}`"),
            })
            .collect();
        if !keys.is_empty() {
            let _ = writeln!(table, "| {} | {} |", keys.join(" "), entry.title); // writing to a String cannot fail
        }
    }
    table
}
