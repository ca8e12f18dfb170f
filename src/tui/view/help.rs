//! Help with the keys.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::help::{HelpDialog, HelpLine};
use crate::tui::layout::Area;
use crate::tui::text_width;

/// Draws the help.
pub fn draw(scene: Scene<'_>, help: &HelpDialog, buffer: &mut Buffer) {
    let Scene { app, theme, layout } = scene;
    let area = layout.help();
    let inside = paint::pane(buffer, area, "Keys", (theme, true));
    let text = layout.help_text();
    let lines = help.lines(&app.keymap, &app.startup_notices, text.width);
    for (row, line) in (0..inside.height).zip(lines.iter().skip(help.top)) {
        let at = Area {
            y: text.y + row,
            height: 1,
            ..text
        };
        match line {
            HelpLine::Heading(heading) => {
                paint::line(buffer, at, &[(heading, theme.heading.style())]);
            }
            HelpLine::Text(sentence) => {
                paint::line(buffer, at, &[(sentence, theme.warning.style())]);
            }
            HelpLine::Keys(keys, title) => {
                let (left, right) = at.split_left(HelpDialog::keys_width(at.width));
                let keys = text_width::cut(keys, usize::from(left.width).saturating_sub(1));
                paint::line(buffer, left, &[(&keys, theme.key.style())]);
                paint::line(buffer, right, &[(title, theme.text.style())]);
            }
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (help.top, inside.height.into(), lines.len()),
        theme.border_focus.style(),
    );
}
