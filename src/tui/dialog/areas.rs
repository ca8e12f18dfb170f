//! Areas of a dialog, and the movement and scrolling in it.

use super::model::{DialogModel, Frame, InputLine, Rows, TextEntries};
use crate::tui::action::Action;
use crate::tui::layout::{Area, ScreenLayout, follow};
use crate::tui::select_list::Cursor;

/// Areas of a dialog, used for drawing, scrolling and the mouse.
#[derive(Debug, Default)]
pub struct DialogAreas {
    /// Frame.
    pub frame: Area,
    /// Lines above the rows.
    pub head: Area,
    /// Progress bar.
    pub bar: Area,
    /// Text field.
    pub input: Area,
    /// Titles of the columns.
    pub titles: Area,
    /// Rows.
    pub list: Area,
    /// Lines below the rows.
    pub details: Area,
    /// Buttons, from left to right.
    pub buttons: Vec<Area>,
}

impl DialogModel<'_> {
    /// Areas of the dialog on a screen.
    pub fn areas(&self, layout: &ScreenLayout) -> DialogAreas {
        let frame = match self.frame {
            Frame::Centered(width, height) => layout.body.padded().centered(width, height),
            Frame::Beside => layout.form(),
        };
        let inside = frame.inside();
        let buttons = ScreenLayout::buttons(inside, &self.buttons);
        let above = match buttons.first() {
            Some(first) => first.y.saturating_sub(inside.y),
            None => inside.height,
        };
        let (body, _) = inside.split_top(above);
        // Without room for both, the text is more important than a field without the focus.
        let is_typing = matches!(
            self.input,
            Some(InputLine {
                label: Some(_),
                is_focused: true,
                ..
            })
        );
        let for_field = u16::from(is_typing);
        let (head, rest) =
            body.split_top(self.head.rows.min(body.height.saturating_sub(for_field)));
        let (bar, rest) = rest.split_top(u16::from(self.progress.is_some()));
        let (input, rest) = match &self.input {
            None => (Area::default(), rest),
            Some(InputLine { label: None, .. }) => {
                let (line, _) = rest.split_top(1);
                (line.split_left(1).1, rest.split_top(2).1)
            }
            Some(InputLine { label: Some(_), .. }) => {
                let has_room = rest.height > 1 || is_typing;
                let (line, rest) = rest.split_top(u16::from(has_room));
                (line.padded(), rest)
            }
        };
        let (titles, rest) = rest.split_top(u16::from(self.titles.is_some()));
        let details = self.details.rows.min(rest.height / 2);
        let (list, details) = rest.split_top(rest.height - details);
        DialogAreas {
            frame,
            head: head.padded(),
            bar: bar.padded(),
            input,
            titles,
            list,
            details: details.padded(),
            buttons,
        }
    }

    /// Position after a movement, with this number of visible rows.
    pub fn moved(&self, action: Action, visible: usize) -> Cursor {
        let mut cursor = self.cursor;
        match &self.rows {
            Rows::List(count, _) => {
                cursor.step(action, *count);
            }
            Rows::Text(_, Some(entries)) => {
                let last = entries.count.saturating_sub(1);
                cursor.selected = match action {
                    Action::Up | Action::PageUp | Action::HalfPageUp => {
                        cursor.selected.saturating_sub(1)
                    }
                    Action::Down | Action::PageDown | Action::HalfPageDown => cursor.selected + 1,
                    Action::First => 0,
                    Action::Last => last,
                    _ => cursor.selected,
                }
                .min(last);
            }
            Rows::Text(rows, None) => {
                let last = rows.len().saturating_sub(visible);
                cursor.top = match action {
                    Action::Up => cursor.top.saturating_sub(1),
                    Action::Down => cursor.top + 1,
                    Action::PageUp => cursor.top.saturating_sub(visible),
                    Action::PageDown => cursor.top + visible,
                    Action::HalfPageUp => cursor.top.saturating_sub(visible / 2),
                    Action::HalfPageDown => cursor.top + visible / 2,
                    Action::First => 0,
                    Action::Last => last,
                    _ => cursor.top,
                }
                .min(last);
            }
        }
        cursor
    }

    /// Position with the selection in view, with the least scrolling.
    pub fn scrolled(&self, visible: usize) -> Cursor {
        let mut cursor = self.cursor;
        match &self.rows {
            Rows::List(count, _) => {
                cursor.selected = cursor.selected.min(count.saturating_sub(1));
                cursor.top = follow(cursor.top, cursor.selected, visible, *count);
            }
            Rows::Text(rows, Some(TextEntries { count, selected })) => {
                cursor.selected = cursor.selected.min(count.saturating_sub(1));
                let last = selected.end.saturating_sub(1);
                let top = follow(cursor.top, last, visible, rows.len());
                cursor.top = follow(top, selected.start, visible, rows.len());
            }
            Rows::Text(rows, None) => {
                cursor.top = cursor.top.min(rows.len().saturating_sub(visible));
            }
        }
        cursor
    }
}
