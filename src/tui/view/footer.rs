//! Footer: the keys that work here, with those of the palette and the help pinned at its end.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::action::{ACTIONS, Action};
use crate::tui::app::App;
use crate::tui::text_width;

/// Actions pinned at the end of every footer.
const PINNED: [Action; 2] = [Action::Palette, Action::Help];

/// Key and label.
type Hint = (String, &'static str);

/// Draws the pinned hints and the others that fit.
pub fn draw(scene: Scene<'_>, buffer: &mut Buffer) {
    let Scene { app, layout, .. } = scene;
    let (hints, pinned) = fitting(app, layout.footer.width.into());
    let wide: usize = pinned.iter().map(width).sum();
    let wide = u16::try_from(wide).unwrap_or(layout.footer.width);
    let (left, right) = layout
        .footer
        .split_left(layout.footer.width.saturating_sub(wide));
    line(scene, &hints, left, buffer);
    line(scene, &pinned, right, buffer);
}

/// Returns the hints that fit, and the pinned ones.
fn fitting(app: &App, room: usize) -> (Vec<Hint>, Vec<Hint>) {
    let hint = |action: Action| Some((app.key_here(action)?.to_string(), action.entry().hint?));
    let pinned: Vec<Hint> = PINNED.into_iter().filter_map(hint).collect();
    let mut room = room.saturating_sub(pinned.iter().map(width).sum());
    let mut hints = hints(app);
    // The way out is more important than what can be done here, except where it only moves up in the tree.
    let is_important =
        |(_, label): &Hint| !app.dialogs.is_empty() || Some(*label) != Action::Back.entry().hint;
    let back = hints
        .iter()
        .position(|(action, hint)| *action == Action::Back && is_important(hint));
    let mut back = back.map(|at| hints.remove(at).1);
    // Where only one of them fits, the key that saves is harder to guess than Esc.
    if let Some((Action::Save, save)) = hints.first()
        && back
            .as_ref()
            .is_some_and(|back| width(save) <= room && width(save) + width(back) > room)
    {
        back = None;
    }
    room = room.saturating_sub(back.as_ref().map_or(0, width));
    let mut fitting = Vec::new();
    for (_, hint) in hints {
        if width(&hint) > room {
            break;
        }
        room -= width(&hint);
        fitting.push(hint);
    }
    fitting.extend(back);
    (fitting, pinned)
}

/// Returns the hints of the actions that work here, in the order of the action table.
fn hints(app: &App) -> Vec<(Action, Hint)> {
    let context = app.context();
    let mut hints = Vec::new();
    for entry in ACTIONS {
        if context.has(entry)
            && !PINNED.contains(&entry.action)
            && let Some(hint) = app.hint(entry)
            && app.can(entry.action)
            && let Some(key) = app.keymap.first_key(context, entry.action)
        {
            hints.push((entry.action, (key.to_string(), hint)));
        }
    }
    hints
}

/// Columns of a hint with the spaces around it.
fn width((key, hint): &Hint) -> usize {
    text_width::width(key) + text_width::width(hint) + 3
}

fn line(scene: Scene<'_>, hints: &[Hint], mut area: crate::tui::layout::Area, buffer: &mut Buffer) {
    let theme = scene.theme;
    for (key, hint) in hints {
        let used = paint::line(
            buffer,
            area,
            &[
                (" ", theme.text.style()),
                (key, theme.key.style()),
                (" ", theme.text.style()),
                (hint, theme.hint.style()),
                (" ", theme.text.style()),
            ],
        );
        area = area.split_left(used).1;
    }
}
