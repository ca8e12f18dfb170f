//! Drawing of the app, one file per part; never changes the model.

mod header_footer;
mod bulk;
mod select_list;
mod version_diff;
mod confirm;
mod detail;
mod drafts;
mod form;
mod help;
mod history;
mod env_import;
mod info;
mod list;
mod merge;
mod message_log;
mod move_to_reference;
mod paint;
mod test_report;
mod trash;
mod tree;

use ratatui::buffer::Buffer;

use super::app::{App, Pane};
use super::dialog::Dialog;
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
#[expect(clippy::too_many_lines, reason = "one arm for each dialog")]
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
    for dialog in &app.dialogs {
        cursor = match dialog {
            Dialog::Form(form) => form::draw(scene, form, buffer),
            Dialog::Picker(picker) => Some(select_list::picker(scene, picker, buffer)),
            Dialog::Palette(palette) => Some(select_list::palette(scene, palette, buffer)),
            Dialog::Confirm(confirm) => confirm::draw(scene, confirm, buffer),
            Dialog::Models(models) => Some(select_list::models(scene, models, buffer)),
            Dialog::Report(report) => {
                test_report::draw(scene, report, buffer);
                None
            }
            Dialog::Compare(compare) => {
                version_diff::draw(scene, compare, buffer);
                None
            }
            Dialog::Trash(trash) => {
                trash::draw(scene, trash, buffer);
                None
            }
            Dialog::Merge(merge) => {
                merge::draw(scene, merge, buffer);
                None
            }
            Dialog::Drafts(drafts) => {
                drafts::draw(scene, drafts, buffer);
                None
            }
            Dialog::Bulk => bulk::draw(scene, buffer),
            Dialog::Messages(messages) => {
                message_log::draw(scene, messages, buffer);
                None
            }
            Dialog::Clipboard | Dialog::Sorting => None,
            Dialog::EnvImport(import) => Some(env_import::draw(scene, import, buffer)),
            Dialog::MoveToReference(moving) => {
                move_to_reference::draw(scene, moving, buffer);
                None
            }
            Dialog::Help(help) => {
                help::draw(scene, help, buffer);
                None
            }
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
