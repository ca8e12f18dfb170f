//! Trash.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::connection::ConnectionItem;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::text_width;

/// Minimum width to show the alias.
const ROOMY: u16 = 60;

/// Minimum width to show the provider and the time.
const WIDE: u16 = 90;

/// Columns of the alias.
const ALIAS: u16 = 22;

/// Columns of the provider.
const PROVIDER: u16 = 16;

/// Columns of a date with a time.
const LONG_DATE: u16 = 16;

/// Columns of a date.
const DATE: u16 = 10;

/// Draws the trash.
pub fn draw(scene: Scene<'_>, trash: &TrashDialog, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let area = layout.trash();
    let title = match &trash.items {
        Some(Ok(items)) => format!("Trash ({})", items.len()),
        Some(Err(_)) | None => "Trash".to_owned(),
    };
    let inside = paint::pane(buffer, area, &title, (theme, true));
    let (head, _) = inside.split_top(2);
    let (text, role) = details(scene, trash);
    let place = padded(head);
    for (row, line) in (0..place.height).zip(text_width::wrap(&text, place.width.into())) {
        let at = Area {
            y: place.y + row,
            height: 1,
            ..place
        };
        paint::line(buffer, at, &[(&line, role)]);
    }
    let list = ScreenLayout::choice_list(area);
    let top = trash.choices.top;
    for (row, (at, item)) in (0..list.height).zip(trash.items().iter().enumerate().skip(top)) {
        let place = Area {
            y: list.y + row,
            height: 1,
            ..list
        };
        line(scene, item, padded(place), buffer);
        if at == trash.choices.selected {
            paint::row(buffer, place, theme.selected.style());
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (top, list.height.into(), trash.items().len()),
        theme.border_focus.style(),
    );
}

fn padded(area: Area) -> Area {
    Area {
        x: area.x + 1.min(area.width),
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// Returns the details of the selected connection: the suggested alias, or the fields that its row may not show.
fn details(scene: Scene<'_>, trash: &TrashDialog) -> (String, ratatui::style::Style) {
    let theme = scene.theme;
    if let Some(offer) = trash.suggested_alias() {
        let text = format!(
            "Enter restores it as '{}'; '{}' is used by \"{}\"",
            offer.alias, offer.taken, offer.by
        );
        return (text, theme.warning.style());
    }
    match (&trash.items, trash.selected()) {
        (None, _) => ("Loading trash…".to_owned(), theme.dim.style()),
        (Some(Err(problem)), _) => (problem.clone(), theme.wrong.style()),
        (Some(Ok(_)), None) => ("The trash is empty".to_owned(), theme.dim.style()),
        (Some(Ok(_)), Some(item)) => {
            let text = format!(
                "{} · {} · deleted {}",
                item.alias,
                provider(scene, item),
                date(item, LONG_DATE)
            );
            (text, theme.dim.style())
        }
    }
}

fn line(scene: Scene<'_>, item: &ConnectionItem, area: Area, buffer: &mut Buffer) {
    let theme = scene.theme;
    let columns: &[(String, u16)] = if area.width >= WIDE {
        &[
            (item.alias.clone(), ALIAS),
            (provider(scene, item), PROVIDER),
            (date(item, LONG_DATE), LONG_DATE),
        ]
    } else if area.width >= ROOMY {
        &[(item.alias.clone(), ALIAS), (date(item, DATE), DATE)]
    } else {
        &[(date(item, DATE), DATE)]
    };
    let taken: u16 = columns.iter().map(|(_, wide)| wide + 2).sum();
    let (name, mut rest) = area.split_left(area.width.saturating_sub(taken));
    paint::line(buffer, name, &[(&item.name, theme.text.style())]);
    for (text, wide) in columns {
        let (cell, more) = rest.split_left(2).1.split_left(*wide);
        paint::line(buffer, cell, &[(text, theme.dim.style())]);
        rest = more;
    }
}

fn provider(scene: Scene<'_>, item: &ConnectionItem) -> String {
    let provider = scene.app.catalog.get(&item.provider_id);
    provider.map_or_else(|| item.provider_id.clone(), |known| known.name.clone())
}

fn date(item: &ConnectionItem, wide: u16) -> String {
    let format = if wide < LONG_DATE {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M"
    };
    let date = item.date_deleted.unwrap_or(item.date_modified);
    date.format(format).to_string()
}
