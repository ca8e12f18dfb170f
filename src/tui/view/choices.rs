//! Draws lists to choose from: the providers, the actions.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::action::Context;
use crate::tui::choices::Choices;
use crate::tui::fit;
use crate::tui::layout::{Area, Layout};
use crate::tui::models::{self, Models};
use crate::tui::palette::Palette;
use crate::tui::picker::{self, Picker};

/// Draws Select AI Provider; answers where the cursor stands.
pub fn picker(scene: Scene<'_>, picker: &Picker, buffer: &mut Buffer) -> (u16, u16) {
    let catalog = &scene.app.catalog;
    let rows: Vec<(String, String)> = picker
        .left(catalog)
        .into_iter()
        .map(|provider| (provider.name.clone(), picker::words(provider)))
        .collect();
    let area = scene.layout.picker(catalog.all().len());
    draw(
        scene,
        ("Select AI Provider", area),
        (&picker.choices, &rows, "Nothing fits"),
        buffer,
    )
}

/// Draws the actions; answers where the cursor stands.
pub fn palette(scene: Scene<'_>, palette: &Palette, buffer: &mut Buffer) -> (u16, u16) {
    let keymap = &scene.app.keymap;
    let rows: Vec<(String, String)> = palette
        .left()
        .into_iter()
        .map(|entry| {
            let key = keymap
                .first_key(palette.place, entry.action)
                .or_else(|| keymap.first_key(Context::Anywhere, entry.action));
            (
                entry.title.to_owned(),
                key.map(|key| key.to_string()).unwrap_or_default(),
            )
        })
        .collect();
    let area = scene.layout.palette();
    draw(
        scene,
        ("Actions", area),
        (&palette.choices, &rows, "Nothing fits"),
        buffer,
    )
}

/// Draws the models of a connection; answers where the cursor stands.
pub fn models(scene: Scene<'_>, models: &Models, buffer: &mut Buffer) -> (u16, u16) {
    let left = models.left();
    let title = match &models.found {
        Some(Ok(all)) => format!("Models ({} of {}) · {}", left.len(), all.len(), models.name),
        Some(Err(_)) | None => format!("Models · {}", models.name),
    };
    let rows: Vec<(String, String)> = left
        .into_iter()
        .map(|model| (model.id.clone(), models::words(model)))
        .collect();
    let empty = match &models.found {
        None => "Asking the provider…",
        Some(Err(problem)) => problem,
        Some(Ok(_)) => "Nothing fits",
    };
    let area = scene.layout.palette();
    draw(
        scene,
        (&title, area),
        (&models.choices, &rows, empty),
        buffer,
    )
}

fn draw(
    scene: Scene<'_>,
    frame: (&str, Area),
    what: (&Choices, &[(String, String)], &str),
    buffer: &mut Buffer,
) -> (u16, u16) {
    let (title, area) = frame;
    let list = Layout::choice_list(area);
    draw_in(scene, (title, area, list), what, buffer)
}

/// Draws a list below the line that narrows it, in a part of its frame; answers where the cursor stands.
pub(super) fn draw_in(
    scene: Scene<'_>,
    frame: (&str, Area, Area),
    what: (&Choices, &[(String, String)], &str),
    buffer: &mut Buffer,
) -> (u16, u16) {
    let theme = scene.theme;
    let (title, area, list) = frame;
    let (choices, rows, empty) = what;
    let inside = paint::pane(buffer, area, title, (theme, true));
    let (line, _) = inside.split_top(1);
    let prompt = line.split_left(1).1;
    let used = paint::line(buffer, prompt, &[("› ", theme.key.style())]);
    let typing = prompt.split_left(used).1;
    if choices.line.is_empty() {
        paint::line(
            buffer,
            typing,
            &[("Type to narrow", theme.placeholder.style())],
        );
    }
    let cursor = paint::typed(
        buffer,
        typing,
        choices.line.around_cursor(),
        theme.text.style(),
    );
    for (row, (at, (left, right))) in
        (0..list.height).zip(rows.iter().enumerate().skip(choices.top))
    {
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
        let used = paint::line(buffer, text, &[(left, theme.text.style())]);
        let rest = text.split_left(used + 2).1;
        if fit::width(right) <= usize::from(rest.width) {
            paint::right(buffer, rest, right, theme.dim.style());
        }
        if at == choices.selected {
            paint::row(buffer, place, theme.selected.style());
        }
    }
    if rows.is_empty() {
        let text = list.split_left(1).1;
        let sentences = fit::wrap(empty, text.width.saturating_sub(1).into());
        for (row, sentence) in (0..text.height).zip(sentences) {
            let at = Area {
                y: text.y + row,
                height: 1,
                ..text
            };
            paint::line(buffer, at, &[(&sentence, theme.dim.style())]);
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (choices.top, list.height.into(), rows.len()),
        theme.border_focus.style(),
    );
    cursor
}
