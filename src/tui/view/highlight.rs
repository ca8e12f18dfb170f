//! Text with the parts that the filter matches underlined.

use ratatui::style::{Modifier, Style};

use super::Scene;
use crate::search::query::QueryField;

/// Splits the text of a field into parts with their styles.
pub fn parts<'a>(
    scene: Scene<'_>,
    (field, text): (QueryField, &'a str),
    style: Style,
) -> Vec<(&'a str, Style)> {
    let matched = style
        .patch(scene.theme.key.style())
        .add_modifier(Modifier::UNDERLINED);
    let mut parts = Vec::new();
    let mut end = 0;
    for range in scene.app.tree.highlights(field, text) {
        parts.push((text.get(end..range.start).unwrap_or_default(), style));
        parts.push((text.get(range.clone()).unwrap_or_default(), matched));
        end = range.end;
    }
    parts.push((text.get(end..).unwrap_or_default(), style));
    parts
}
