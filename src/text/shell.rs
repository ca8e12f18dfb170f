//! Texts as words of a shell.

/// One word, whatever is in it: in single quotes nothing means anything to a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
