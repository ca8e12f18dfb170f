//! Drawing of the app, one file per part; never changes the model.

mod header_footer;
mod detail;
mod dialog;
mod form;
mod history;
mod info;
mod list;
mod paint;
mod tree;

use ratatui::buffer::Buffer;

use super::app::{App, Pane};
use super::dialogs::AnyDialog;
use super::layout::{Columns, ScreenLayout};
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
    if layout.columns == Columns::Nothing {
        paint::line(buffer, layout.header, &[("Needs 20×5", theme.text.style())]);
        return None;
    }
    header_footer::header(scene, buffer);
    let mut cursor = panes(scene, buffer);
    for (at, dialog) in app.dialogs.iter().enumerate() {
        cursor = match dialog {
            AnyDialog::Form(form) => form::draw(scene, form, buffer),
            other => dialog::draw(scene, other.get(), &app.dialog_context(at), buffer),
        };
    }
    if layout.notice != layout.footer || header_footer::current_notice(app).is_none() {
        header_footer::footer(scene, buffer);
    }
    header_footer::notice(scene, buffer);
    cursor
}

/// Draws the tree and the panes beside it; returns the cursor position in the filter.
fn panes(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, layout, .. } = scene;
    let has_form = app.form().is_some();
    let is_connection = app.tree.selected_item().is_some();
    match layout.columns {
        Columns::Nothing => None,
        Columns::One if has_form => None,
        Columns::One if app.pane == Pane::Detail && is_connection => {
            detail::draw(scene, layout.body, buffer);
            None
        }
        Columns::One => tree::draw(scene, buffer),
        Columns::Two | Columns::Three => {
            let cursor = tree::draw(scene, buffer);
            if has_form {
                return None;
            }
            if !is_connection {
                list::draw(scene, layout.side, buffer);
            } else if layout.columns == Columns::Three {
                let (list, detail) = layout.list_and_detail();
                list::draw(scene, list, buffer);
                detail::draw(scene, detail, buffer);
            } else {
                detail::draw(scene, layout.side, buffer);
            }
            cursor
        }
    }
}
