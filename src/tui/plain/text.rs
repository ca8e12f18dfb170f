//! Replaces symbols with words.

use crate::provider::ProviderCatalog;
use crate::search::{Health, TreeItem};
use crate::tui::notice::{Notice, NoticeSeverity};

/// Number of lines in a page.
pub const PAGE: usize = 20;

/// Replaces a leading symbol with a word.
pub fn replace_symbol(text: &str) -> String {
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
pub fn count(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// Name, alias, provider and status of a connection.
pub fn connection_sentence(item: &TreeItem, catalog: &ProviderCatalog) -> String {
    let provider = catalog.get(&item.provider);
    let provider = provider.map_or(&*item.provider, |provider| &provider.name);
    let state = if item.is_active { "active" } else { "inactive" };
    let test = match item.health {
        Health::Untested => "",
        Health::Passed => ", last test passed",
        Health::Failed => ", last test failed",
        Health::Unresolved => ", a reference or secret does not resolve",
    };
    format!(
        "{}, alias {}, {provider}, {state}{test}",
        item.name(),
        item.alias()
    )
}
