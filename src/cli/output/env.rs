//! Writes one item as lines of `KEY='value'` for a shell.

use std::collections::HashSet;

use super::rows::OutputRow;
use crate::text::shell_quoted;

/// Prefix of all names, so that none collides with a variable of the shell or of umai.
const PREFIX: &str = "CONNECTION";

/// Returns the lines of a row; of two members with the same name, the first.
pub fn lines(row: &OutputRow) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for (path, cell) in row {
        let name = name(path);
        if seen.insert(name.clone()) {
            lines.push(format!("{name}={}", shell_quoted(cell.text())));
        }
    }
    lines
}

/// Returns `CONNECTION_SETTINGS_API_KEY` for `settings.apiKey`.
fn name(path: &str) -> String {
    let mut name = PREFIX.to_owned();
    name.push('_');
    let mut is_lower = false;
    for character in path.chars() {
        if character.is_ascii_uppercase() && is_lower {
            name.push('_');
        }
        is_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        name.push(if character.is_ascii_alphanumeric() {
            character.to_ascii_uppercase()
        } else {
            '_'
        });
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rows::row;
    use super::*;

    #[test]
    fn names_are_shell_names_and_values_are_quoted() {
        let value = json!({
            "alias": "a",
            "providerId": "openai",
            "name": "it's $(id) `id` \"x\" \\ \n!",
            "settings": {"apiKey": "sk-***", "apiKEY": "second", "x y;z": "$A:B", "none": null},
        });
        assert_eq!(
            lines(&row(&value)),
            [
                "CONNECTION_ALIAS='a'",
                "CONNECTION_PROVIDER_ID='openai'",
                r#"CONNECTION_NAME='it'\''s $(id) `id` "x" \ \u{a}!'"#,
                "CONNECTION_SETTINGS_API_KEY='sk-***'",
                "CONNECTION_SETTINGS_X_Y_Z='$A:B'",
                "CONNECTION_SETTINGS_NONE=''",
            ]
        );
    }
}
