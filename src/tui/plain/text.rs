//! Replaces symbols with words.

use crate::tui::notice::{Notice, NoticeSeverity};

/// Replaces a leading symbol with a word.
pub(super) fn replace_symbol(text: &str) -> String {
    const SIGNS: [(&str, &str); 6] = [
        ("✓ ", ""),
        ("✗ ", "Error: "),
        ("! ", "Warning: "),
        ("● ", ""),
        ("○ ", ""),
        ("▸ ", ""),
    ];
    for (character, word) in SIGNS {
        if let Some(rest) = text.strip_prefix(character) {
            return format!("{word}{rest}");
        }
    }
    text.to_owned()
}

/// The notice with a word for its severity.
pub fn notice(notice: &Notice) -> String {
    let severity = match notice.severity {
        NoticeSeverity::Info => "",
        NoticeSeverity::Success => "Done: ",
        NoticeSeverity::Warning => "Warning: ",
        NoticeSeverity::Error => "Error: ",
    };
    let undo = if notice.offers_undo {
        "; undo reverts it"
    } else {
        ""
    };
    format!("{severity}{}{undo}", notice.text)
}

/// `1 connection`, `3 connections`.
pub(super) fn count(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}
