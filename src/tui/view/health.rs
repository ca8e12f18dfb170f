//! Health of a connection: the result of its last test, as a symbol and as a cell of the table.

use ratatui::style::Style;

use super::Scene;
use crate::search::TreeItem;
use crate::tui::info::LastTest;

/// Symbol of the last test of this version: passed, failed, or blank without one.
pub fn symbol(scene: Scene<'_>, item: &TreeItem) -> (&'static str, Style) {
    let theme = scene.theme;
    match last_test(scene, item).map(LastTest::has_passed) {
        Some(true) => ("✓", theme.right.style()),
        Some(false) => ("✗", theme.wrong.style()),
        None => (" ", theme.text.style()),
    }
}

/// Cell of the table: symbol and what is known about the last test of this version.
pub fn cell(scene: Scene<'_>, item: &TreeItem) -> (String, Style) {
    let (symbol, style) = symbol(scene, item);
    let text = last_test(scene, item).map_or_else(String::new, LastTest::short);
    (format!("{symbol} {text}"), style)
}

fn last_test<'a>(scene: Scene<'a>, item: &TreeItem) -> Option<&'a LastTest> {
    let test = scene.app.workspace.tests.get(&item.id)?;
    (test.version == item.version()).then_some(test)
}
