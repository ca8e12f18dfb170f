//! Lists with a filter line: providers, palette, models.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::search::TreeItem;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialogs::models::{self, Models};
use crate::tui::dialogs::palette::{PaletteDialog, PaletteEntry};
use crate::tui::dialogs::provider_picker::ProviderPicker;
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::select_list::SelectList;
use crate::tui::text_width;

/// Minimum width to show the provider of a connection.
const NARROW: usize = 50;

/// Text of a list without a match; what was typed is added.
pub(super) const NO_MATCH: &str = "No match";

/// Row of a list.
#[derive(Clone, Default)]
pub(super) struct ListRow {
    pub(super) left: String,
    pub(super) right: String,
    /// True for a row that cannot be chosen here.
    pub(super) is_dim: bool,
}

impl ListRow {
    pub(super) const fn new(left: String, right: String) -> Self {
        Self {
            left,
            right,
            is_dim: false,
        }
    }
}

/// Draws the provider or profile picker; returns the cursor position.
pub fn picker(scene: Scene<'_>, picker: &ProviderPicker, buffer: &mut Buffer) -> (u16, u16) {
    let catalog = &scene.app.catalog;
    let rows: Vec<ListRow> = picker
        .entries(catalog)
        .into_iter()
        .map(|entry| ListRow::new(entry.name, entry.detail))
        .collect();
    let area = scene.layout.picker(picker.total(catalog));
    draw(
        scene,
        (picker.title(), area, "Type to filter"),
        (&picker.choices, &rows, NO_MATCH),
        buffer,
    )
}

/// Draws the palette; returns the cursor position.
pub fn palette(scene: Scene<'_>, palette: &PaletteDialog, buffer: &mut Buffer) -> (u16, u16) {
    let Scene { app, layout, .. } = scene;
    let area = layout.palette();
    let list = ScreenLayout::choice_list(area);
    let (top, seen) = (palette.choices.top, usize::from(list.height));
    let actions = palette.actions();
    let count = palette.count(&app.tree);
    let room = usize::from(list.width.saturating_sub(2));
    let mut rows = vec![ListRow::default(); top];
    for at in top..count.min(top + seen) {
        rows.push(match actions.get(at) {
            Some(entry) => action(scene, (palette, *entry), room),
            None => match app.tree.result_at(at - actions.len()) {
                Some(item) => connection(scene, item, room),
                None => ListRow::default(),
            },
        });
    }
    rows.resize(count, ListRow::default());
    let copies = app.keymap.first_key(KeyContext::List, Action::CopyCommand);
    let copies = copies.map_or_else(String::new, |key| format!("; {key} copies the command"));
    let (title, hint) = if palette.lists_connections() {
        (
            "Actions and connections",
            format!("Type an action or a connection{copies}"),
        )
    } else {
        ("Actions", format!("Type to filter{copies}"))
    };
    draw(
        scene,
        (title, area, &hint),
        (&palette.choices, &rows, NO_MATCH),
        buffer,
    )
}

/// Returns the row of an action with its keys, and its context if not available here.
fn action(
    scene: Scene<'_>,
    (palette, entry): (&PaletteDialog, PaletteEntry),
    room: usize,
) -> ListRow {
    let keys = palette.keys(entry, &scene.app.keymap);
    let right = match entry.elsewhere() {
        None => keys,
        Some(place) => format!("{} {keys}", place.title()),
    };
    let left = text_width::cut(
        entry.entry.title,
        room.saturating_sub(text_width::width(&right) + 2),
    );
    ListRow {
        left,
        right,
        is_dim: !entry.is_available,
    }
}

fn connection(scene: Scene<'_>, item: &TreeItem, room: usize) -> ListRow {
    let mark = if item.is_active { "●" } else { "○" };
    let provider = match scene.app.catalog.get(&item.provider) {
        Some(provider) => provider.name.as_str(),
        None => &item.provider,
    };
    let alias_first = if room < NARROW {
        item.alias().to_owned()
    } else {
        format!("{} · {provider}", item.alias())
    };
    let right = text_width::cut(&alias_first, room / 2);
    let left = format!("→ {mark} {}", item.name());
    ListRow {
        left: text_width::cut(&left, room.saturating_sub(text_width::width(&right) + 2)),
        right,
        is_dim: false,
    }
}

/// Draws the models of a connection; returns the cursor position.
pub fn models(scene: Scene<'_>, models: &Models, buffer: &mut Buffer) -> (u16, u16) {
    let left = models.left();
    let title = match &models.models {
        Some(Ok(all)) => format!("Models ({} of {}) · {}", left.len(), all.len(), models.name),
        Some(Err(_)) | None => format!("Models · {}", models.name),
    };
    let rows: Vec<ListRow> = left
        .into_iter()
        .map(|model| ListRow::new(model.id.clone(), models::capability_text(model)))
        .collect();
    let empty = match &models.models {
        None => "Loading models…",
        Some(Err(problem)) => problem,
        Some(Ok(_)) => NO_MATCH,
    };
    let area = scene.layout.palette();
    draw(
        scene,
        (&title, area, "Type to filter"),
        (&models.choices, &rows, empty),
        buffer,
    )
}

fn draw(
    scene: Scene<'_>,
    frame: (&str, Area, &str),
    what: (&SelectList, &[ListRow], &str),
    buffer: &mut Buffer,
) -> (u16, u16) {
    let (title, area, hint) = frame;
    let list = ScreenLayout::choice_list(area);
    draw_in(scene, (title, area, list, hint), what, buffer)
}

/// Draws a list below its filter line, in a part of its frame; returns the cursor position.
pub(super) fn draw_in(
    scene: Scene<'_>,
    frame: (&str, Area, Area, &str),
    what: (&SelectList, &[ListRow], &str),
    buffer: &mut Buffer,
) -> (u16, u16) {
    let theme = scene.theme;
    let (title, area, list, hint) = frame;
    let (choices, rows, empty) = what;
    let inside = paint::pane(buffer, area, title, (theme, true));
    let (line, _) = inside.split_top(1);
    let prompt = line.split_left(1).1;
    let used = paint::line(buffer, prompt, &[("› ", theme.key.style())]);
    let typing = prompt.split_left(used).1;
    if choices.line.is_empty() {
        paint::line(buffer, typing, &[(hint, theme.placeholder.style())]);
    }
    let shown = choices.line.displayed(&scene.app.catalog);
    let typed = (&choices.line, shown.as_ref());
    let cursor = paint::typed_line(buffer, typing, typed, theme.text.style());
    for (row, (at, shown)) in (0..list.height).zip(rows.iter().enumerate().skip(choices.top)) {
        let place = Area {
            y: list.y + row,
            height: 1,
            ..list
        };
        let text = Area {
            x: place.x + 1,
            width: place.width.saturating_sub(2),
            ..place
        };
        let style = if shown.is_dim {
            theme.dim.style()
        } else {
            theme.text.style()
        };
        let used = paint::line(buffer, text, &[(&shown.left, style)]);
        let rest = text.split_left(used + 2).1;
        if text_width::width(&shown.right) <= usize::from(rest.width) {
            paint::right(buffer, rest, &shown.right, theme.dim.style());
        }
        if at == choices.selected {
            paint::row(buffer, place, theme.selected.style());
        }
    }
    if rows.is_empty() {
        draw_empty(scene, (choices, empty), list, buffer);
    }
    paint::scroll_bar(
        buffer,
        area,
        (choices.top, list.height.into(), rows.len()),
        theme.border_focus.style(),
    );
    cursor
}

/// Draws the text of an empty list.
fn draw_empty(
    scene: Scene<'_>,
    (choices, empty): (&SelectList, &str),
    list: Area,
    buffer: &mut Buffer,
) {
    let typed = choices.line.displayed(&scene.app.catalog);
    let no_match = format!("{NO_MATCH} for \"{}\"", typed.trim());
    let empty = if empty == NO_MATCH && !typed.trim().is_empty() {
        &no_match
    } else {
        empty
    };
    let text = list.split_left(1).1;
    let sentences = text_width::wrap(empty, text.width.saturating_sub(1).into());
    for (row, sentence) in (0..text.height).zip(sentences) {
        let at = Area {
            y: text.y + row,
            height: 1,
            ..text
        };
        paint::line(buffer, at, &[(&sentence, scene.theme.dim.style())]);
    }
}
