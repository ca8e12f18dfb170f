//! Layout of the screen, a pure function of its size.

use super::dialogs::confirm::ConfirmDialog;
use super::dialogs::env_import::EnvImport;

/// Size of the screen in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Rectangle on the screen in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// Columns from the left.
    pub x: u16,
    /// Rows from the top.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// Returns true if a cell lies in the area.
    pub const fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x
            && y >= self.y
            && x < self.x.saturating_add(self.width)
            && y < self.y.saturating_add(self.height)
    }

    /// Returns true if the area has no cell.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Returns the area inside a border of one cell.
    #[must_use]
    pub const fn inside(self) -> Self {
        Self {
            x: self.x.saturating_add(1),
            y: self.y.saturating_add(1),
            width: self.width.saturating_sub(2),
            height: self.height.saturating_sub(2),
        }
    }

    /// Splits off the first `rows` rows.
    #[must_use]
    pub fn split_top(self, rows: u16) -> (Self, Self) {
        let rows = rows.min(self.height);
        let top = Self {
            height: rows,
            ..self
        };
        let rest = Self {
            y: self.y.saturating_add(rows),
            height: self.height - rows,
            ..self
        };
        (top, rest)
    }

    /// Splits off the first `columns` columns.
    #[must_use]
    pub fn split_left(self, columns: u16) -> (Self, Self) {
        let columns = columns.min(self.width);
        let left = Self {
            width: columns,
            ..self
        };
        let rest = Self {
            x: self.x.saturating_add(columns),
            width: self.width - columns,
            ..self
        };
        (left, rest)
    }

    /// Returns a centered area of at most this size.
    #[must_use]
    pub fn centered(self, width: u16, height: u16) -> Self {
        let width = width.min(self.width);
        let height = height.min(self.height);
        Self {
            x: self.x + (self.width - width) / 2,
            y: self.y + (self.height - height) / 2,
            width,
            height,
        }
    }
}

/// Maximum width of dialogs with text.
const MAX_TEXT_WIDTH: u16 = 88;

/// Maximum width of the trash.
const TRASH: u16 = 96;

/// Minimum usable size in columns and rows.
pub const SMALLEST: Size = Size {
    width: 20,
    height: 5,
};

/// Panes side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Too small; only a message is shown.
    Nothing,
    /// One pane.
    One,
    /// Tree and detail.
    Two,
    /// Tree, list and detail.
    Three,
}

/// Areas of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenLayout {
    /// Panes side by side.
    pub columns: Columns,
    /// Breadcrumb.
    pub header: Area,
    /// Area between the header and the last lines.
    pub body: Area,
    /// Pane of the tree.
    pub tree: Area,
    /// Area beside the tree; the whole body in the one-pane layout.
    pub side: Area,
    /// Line for notices.
    pub notice: Area,
    /// Line for hints.
    pub footer: Area,
}

impl ScreenLayout {
    /// Computes the layout for a screen size.
    pub fn new(size: Size) -> Self {
        let whole = Area {
            x: 0,
            y: 0,
            width: size.width,
            height: size.height,
        };
        let columns = if size.width < SMALLEST.width || size.height < SMALLEST.height {
            Columns::Nothing
        } else if size.width < 60 || size.height < 16 {
            Columns::One
        } else if size.width < 100 {
            Columns::Two
        } else {
            Columns::Three
        };
        let (header, rest) = whole.split_top(1);
        // With few rows, a notice covers the hints.
        let last_rows = if size.height < 16 { 1 } else { 2 };
        let (body, last) = rest.split_top(rest.height.saturating_sub(last_rows));
        let (notice, footer) = match last_rows {
            1 => (last, last),
            _ => last.split_top(1),
        };
        let (left, right) = match columns {
            Columns::Nothing | Columns::One => (body, body),
            Columns::Two => body.split_left((size.width * 2 / 5).clamp(26, 36)),
            Columns::Three => body.split_left((size.width / 3).clamp(36, 48)),
        };
        Self {
            columns,
            header,
            body,
            tree: left,
            side: right,
            notice,
            footer,
        }
    }

    /// Splits the area beside the tree into list and detail.
    pub fn list_and_detail(&self) -> (Area, Area) {
        self.side.split_left(self.side.width * 2 / 5)
    }

    /// Returns the area of a form: beside the tree if there is room for both.
    pub const fn form(&self) -> Area {
        self.side
    }

    /// Returns the area of the form rows, inside the border.
    pub const fn form_rows(&self) -> Area {
        let inside = self.form().inside();
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Returns the area of the provider picker.
    pub fn picker(&self, count: usize) -> Area {
        let rows = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(4);
        self.body.centered(64, rows.max(6))
    }

    /// Returns the area of the palette.
    pub fn palette(&self) -> Area {
        self.body.centered(64, 20)
    }

    /// Returns the area of the trash.
    pub fn trash(&self) -> Area {
        self.body.centered(TRASH, 20)
    }

    /// Returns the area of the drafts dialog for a number of drafts.
    pub fn drafts(&self, count: usize) -> Area {
        let rows = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(5);
        self.body.centered(TRASH, rows.max(7))
    }

    /// Returns the area of the import dialog.
    pub fn import(&self, import: &EnvImport) -> Area {
        let (choices, lines) = import.rows();
        let rows = u16::try_from(choices + lines).unwrap_or(u16::MAX);
        // The filter line, the gaps and the border.
        self.body.centered(MAX_TEXT_WIDTH, rows.saturating_add(5))
    }

    /// Returns the areas of the import options and of the details below them.
    fn import_parts(&self, import: &EnvImport) -> (Area, Area) {
        let list = Self::choice_list(self.import(import));
        let (_, lines) = import.rows();
        let lines = u16::try_from(lines).unwrap_or(u16::MAX);
        let details = lines.min(list.height / 2);
        list.split_top(list.height - details)
    }

    /// Returns the area of the import options.
    pub fn import_list(&self, import: &EnvImport) -> Area {
        self.import_parts(import).0
    }

    /// Returns the area of the details of the selected import option.
    pub fn import_details(&self, import: &EnvImport) -> Area {
        let (_, details) = self.import_parts(import);
        Area {
            x: details.x.saturating_add(1),
            width: details.width.saturating_sub(2),
            ..details
        }
    }

    /// Returns the area of the help.
    pub fn help(&self) -> Area {
        self.body.centered(72, u16::MAX)
    }

    /// Returns the area of the help lines.
    pub fn help_text(&self) -> Area {
        let inside = self.help().inside();
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Returns the area of a dialog with a number of text lines, such as a report or comparison.
    pub fn reading_area(&self, lines: usize) -> Area {
        let rows = u16::try_from(lines).unwrap_or(u16::MAX);
        self.body
            .centered(MAX_TEXT_WIDTH, rows.saturating_add(2).max(6))
    }

    /// Returns the area of its lines.
    pub fn reading_text(&self, lines: usize) -> Area {
        let inside = self.reading_area(lines).inside();
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Returns the width of its lines.
    pub fn reading_width(&self) -> u16 {
        self.reading_text(0).width
    }

    /// Returns the area of the tab titles.
    pub fn tabs(workspace: Area) -> Area {
        workspace.inside().split_top(1).0
    }

    /// Returns the area of the lines of a tab.
    pub fn tab(workspace: Area) -> Area {
        let inside = workspace.inside().split_top(1).1;
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Returns the areas of the versions and of the details of the selected version.
    pub fn versions(workspace: Area) -> (Area, Area) {
        let tab = Self::tab(workspace);
        tab.split_top(
            tab.height
                .saturating_sub(if tab.height < 8 { 0 } else { 3 }),
        )
    }

    /// Returns the area of a list below its filter line.
    pub fn choice_list(area: Area) -> Area {
        area.inside().split_top(2).1
    }

    /// Returns the visible rows of a list with a filter line.
    pub fn choice_rows(area: Area) -> usize {
        Self::choice_list(area).height.into()
    }

    /// Returns the area of a prompt.
    pub fn confirm(&self, confirm: &ConfirmDialog) -> Area {
        let width = self.body.width.min(56);
        let text = crate::tui::text_width::wrap(&confirm.text, width.saturating_sub(4).into());
        let more = u16::try_from(text.len().saturating_sub(2)).unwrap_or(0);
        let rows = 6
            + u16::from(confirm.subject.is_some())
            + u16::from(confirm.note.is_some())
            + 2 * u16::from(confirm.line.is_some())
            + more;
        self.body.centered(56, rows)
    }

    /// Returns the areas of the prompt's buttons.
    pub fn buttons(&self, confirm: &ConfirmDialog) -> Vec<Area> {
        let labels: Vec<&str> = confirm.buttons.iter().map(|(label, _)| *label).collect();
        Self::row_of_buttons(self.confirm(confirm).inside(), &labels)
    }

    /// Returns the areas of right-aligned buttons in the last row.
    pub fn row_of_buttons(inside: Area, labels: &[&str]) -> Vec<Area> {
        let y = inside.y + inside.height.saturating_sub(1);
        let widths: Vec<u16> = labels
            .iter()
            .map(|label| u16::try_from(label.len()).unwrap_or(0) + 4)
            .collect();
        let all = widths.iter().sum::<u16>() + u16::try_from(widths.len()).unwrap_or(0);
        let mut x = inside.x + inside.width.saturating_sub(all);
        let end = inside.x + inside.width;
        widths
            .iter()
            .map(|width| {
                let area = Area {
                    x: x.min(end),
                    y,
                    width: (*width).min(end.saturating_sub(x)),
                    height: 1.min(inside.height),
                };
                x = x.saturating_add(width + 1);
                area
            })
            .collect()
    }

    /// Returns the visible rows of the tree.
    pub const fn tree_rows(&self) -> usize {
        self.tree.inside().height as usize
    }

    /// Returns the visible rows of the list below its heading.
    pub const fn list_rows(&self) -> usize {
        self.side.inside().height.saturating_sub(1) as usize
    }
}

/// Returns the first row to show so that `selected` is visible, with the least scrolling.
pub fn follow(top: usize, selected: usize, rows: usize, total: usize) -> usize {
    if rows == 0 {
        return selected;
    }
    let last_top = total.saturating_sub(rows);
    let top = top.min(last_top);
    if selected < top {
        selected
    } else if selected >= top + rows {
        selected + 1 - rows
    } else {
        top
    }
}
