//! Health of a connection: the result of its last test, as a symbol and as a cell of the table.

use ratatui::style::Style;

use super::Scene;
use crate::search::{Health, TreeItem};

/// Symbol of the last test of this version; blank without one.
pub fn symbol(scene: Scene<'_>, item: &TreeItem) -> (&'static str, Style) {
    let theme = scene.theme;
    let style = match item.health {
        Health::Passed => theme.success.style(),
        Health::Failed => theme.error.style(),
        Health::Unresolved => theme.warning.style(),
        Health::Untested => theme.text.style(),
    };
    (item.health.symbol(), style)
}

/// Cell of the table: symbol, and the age of a success or the reason of a failure.
pub fn cell(scene: Scene<'_>, item: &TreeItem) -> (String, Style) {
    let (symbol, style) = symbol(scene, item);
    let app = scene.app;
    let record = app.tree.last_test(item);
    let now = record.and_then(|record| app.screen.now.or(record.time));
    let text = record.zip(now);
    let text = text.map_or_else(String::new, |(record, now)| record.summary(now));
    (format!("{symbol} {text}"), style)
}
