//! Unsaved drafts.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::drafts::{DraftsDialog, UnsavedDraft};
use crate::tui::form::FormSubject;
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::text_width;

/// Minimum width to show the subject of a draft.
const ROOMY: u16 = 60;

/// Columns of the subject.
const ABOUT: u16 = 26;

/// Columns of a date with a time.
const DATE: u16 = 16;

/// Draws the drafts.
pub fn draw(scene: Scene<'_>, drafts: &DraftsDialog, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let area = layout.drafts(drafts.drafts.len());
    let title = format!("Unsaved drafts ({})", drafts.drafts.len());
    let inside = paint::pane(buffer, area, &title, (theme, true));
    let (head, _) = inside.split_top(2);
    let place = padded(head);
    let (text, role) = match drafts.selected().map(|draft| &draft.kept) {
        Some(Ok(kept)) => (kept.subject(&scene.app.catalog), theme.dim),
        Some(Err(reason)) => (format!("Cannot read the drafts: {reason}"), theme.wrong),
        None => (String::new(), theme.dim),
    };
    for (row, line) in (0..place.height).zip(text_width::wrap(&text, place.width.into())) {
        let at = Area {
            y: place.y + row,
            height: 1,
            ..place
        };
        paint::line(buffer, at, &[(&line, role.style())]);
    }
    let list = ScreenLayout::choice_list(area);
    let top = drafts.choices.top;
    for (row, (at, draft)) in (0..list.height).zip(drafts.drafts.iter().enumerate().skip(top)) {
        let place = Area {
            y: list.y + row,
            height: 1,
            ..list
        };
        line(scene, draft, padded(place), buffer);
        if at == drafts.choices.selected {
            paint::row(buffer, place, theme.selected.style());
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (top, list.height.into(), drafts.drafts.len()),
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

fn line(scene: Scene<'_>, draft: &UnsavedDraft, area: Area, buffer: &mut Buffer) {
    let theme = scene.theme;
    let date = draft.when.format("%Y-%m-%d %H:%M").to_string();
    let (name, about, role) = match &draft.kept {
        Ok(kept) => {
            let what = match kept.subject {
                FormSubject::New => "new",
                FormSubject::Copy { .. } => "copy",
                FormSubject::Stored { .. } => "changed",
            };
            let about = format!("{what} · {}", kept.provider_name(&scene.app.catalog));
            (
                kept.display_name(&scene.app.catalog).to_owned(),
                about,
                theme.text,
            )
        }
        Err(_) => ("Unreadable draft".to_owned(), String::new(), theme.wrong),
    };
    let is_roomy = area.width >= ROOMY;
    let details = DATE + 2 + if is_roomy { ABOUT + 2 } else { 0 };
    let (left, mut rest) = area.split_left(area.width.saturating_sub(details));
    paint::line(buffer, left, &[(&name, role.style())]);
    for (text, wide) in [(about, ABOUT), (date, DATE)] {
        if wide == ABOUT && !is_roomy {
            continue;
        }
        let (cell, more) = rest.split_left(2).1.split_left(wide);
        paint::line(buffer, cell, &[(&text, theme.dim.style())]);
        rest = more;
    }
}
