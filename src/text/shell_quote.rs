//! Quotes text for a shell.

/// Quotes a text as one shell word, in single quotes where needed.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
