//! Drawing of the app, one file per part; never changes the model.

pub mod ascii;
mod detail;
mod dialog;
mod footer;
mod form;
mod header;
mod health;
mod highlight;
mod history;
mod info;
mod list;
mod list_title;
mod notice_line;
mod paint;
mod tree;

use ratatui::buffer::Buffer;

use super::app::{App, Pane};
use super::form::Form;
use super::layout::{PaneCount, ScreenLayout};
use super::theme::Theme;

/// Drawing context.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Model.
    pub app: &'a App,
    /// Styles.
    pub theme: &'a Theme,
    /// Layout.
    pub layout: &'a ScreenLayout,
}

/// Draws one frame; returns the cursor position if visible.
pub fn draw(app: &App, theme: &Theme, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let layout = app.layout();
    let scene = Scene {
        app,
        theme,
        layout: &layout,
    };
    if layout.panes == PaneCount::None {
        paint::line(buffer, layout.header, &[("Needs 20×5", theme.text.style())]);
        return None;
    }
    let cursor = parts(scene, buffer);
    if app.screen.is_ascii {
        ascii::replace(buffer);
    }
    cursor
}

/// Draws all parts; returns the cursor position if visible.
fn parts(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let app = scene.app;
    header::draw(scene, buffer);
    let mut cursor = panes(scene, buffer);
    for (at, dialog) in app.dialogs.iter().enumerate() {
        cursor = match dialog.downcast::<Form>() {
            Some(form) => form::draw(scene, form, buffer),
            None => dialog::draw(scene, &**dialog, &app.dialog_context(at), buffer),
        };
    }
    footer::draw(scene, buffer);
    notice_line::draw(scene, buffer);
    cursor
}

/// Draws the tree and the panes beside it; returns the cursor position in the filter.
fn panes(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, layout, .. } = scene;
    let has_form = app.form().is_some();
    let is_connection = app.tree.selected_item().is_some();
    match layout.panes {
        PaneCount::None => None,
        PaneCount::One if has_form => None,
        PaneCount::One if app.focus.pane == Pane::Workspace && is_connection => {
            detail::draw(scene, layout.body, buffer);
            None
        }
        PaneCount::One => tree::draw(scene, buffer),
        PaneCount::Two => {
            let cursor = tree::draw(scene, buffer);
            if has_form {
                return None;
            }
            if app.shows_table() {
                return list::draw(scene, layout.side, buffer);
            }
            if is_connection {
                detail::draw(scene, layout.side, buffer);
            } else {
                list::draw_empty(scene, layout.side, buffer);
            }
            cursor
        }
    }
}
