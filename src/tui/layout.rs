//! Where everything is: a pure function of the screen's size.

use super::confirm::Confirm;
use super::import::Import;

/// The size of the screen, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// A rectangle on the screen, in cells.
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
    /// Whether a cell lies in it.
    pub const fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x
            && y >= self.y
            && x < self.x.saturating_add(self.width)
            && y < self.y.saturating_add(self.height)
    }

    /// Whether it has no cell.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// What is left inside a border.
    #[must_use]
    pub const fn inside(self) -> Self {
        Self {
            x: self.x.saturating_add(1),
            y: self.y.saturating_add(1),
            width: self.width.saturating_sub(2),
            height: self.height.saturating_sub(2),
        }
    }

    /// The first `rows` rows, and the rest.
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

    /// The first `columns` columns, and the rest.
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

    /// A rectangle of at most this size in the middle.
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

/// The most columns of something to read.
const READING: u16 = 88;

/// The columns of the trash, at most.
const TRASH: u16 = 96;

/// The fewest columns and rows that something can be done in.
pub const SMALLEST: Size = Size {
    width: 20,
    height: 5,
};

/// How much stands side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Too small for anything but a sentence.
    Nothing,
    /// One pane.
    One,
    /// The tree, and a detail.
    Two,
    /// The tree, the list, and a detail.
    Three,
}

/// Where the parts of the screen are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How much stands side by side.
    pub columns: Columns,
    /// Where one is: the breadcrumb.
    pub header: Area,
    /// Everything between the header and the last lines.
    pub body: Area,
    /// The tree's pane.
    pub tree: Area,
    /// Everything beside the tree; the whole body when there is one pane.
    pub side: Area,
    /// The line for notices.
    pub notice: Area,
    /// The line for hints.
    pub footer: Area,
}

impl Layout {
    /// The layout of a screen of this size.
    pub fn of(size: Size) -> Self {
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
        // Where rows are few, a notice stands over the hints.
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

    /// The list's and the detail's part of what is beside the tree, when both are shown.
    pub fn list_and_detail(&self) -> (Area, Area) {
        self.side.split_left(self.side.width * 2 / 5)
    }

    /// Where a form is: beside the tree where there is room for both.
    pub const fn form(&self) -> Area {
        self.side
    }

    /// Where the rows of a form are, inside its border.
    pub const fn form_rows(&self) -> Area {
        let inside = self.form().inside();
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Where the providers to choose from are.
    pub fn picker(&self, count: usize) -> Area {
        let rows = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(4);
        self.body.centered(64, rows.max(6))
    }

    /// Where the actions to choose from are.
    pub fn palette(&self) -> Area {
        self.body.centered(64, 20)
    }

    /// Where what is in the trash is.
    pub fn trash(&self) -> Area {
        self.body.centered(TRASH, 20)
    }

    /// Where so many drafts are.
    pub fn drafts(&self, count: usize) -> Area {
        let rows = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(5);
        self.body.centered(TRASH, rows.max(7))
    }

    /// Where what the environment has is.
    pub fn import(&self, import: &Import) -> Area {
        let (choices, lines) = import.rows();
        let rows = u16::try_from(choices + lines).unwrap_or(u16::MAX);
        // The line that narrows, the gaps and the border.
        self.body.centered(READING, rows.saturating_add(5))
    }

    /// Where its choices are, and below them what is said of the one that is selected.
    fn import_parts(&self, import: &Import) -> (Area, Area) {
        let list = Self::choice_list(self.import(import));
        let (_, lines) = import.rows();
        let lines = u16::try_from(lines).unwrap_or(u16::MAX);
        let said = lines.min(list.height / 2);
        list.split_top(list.height - said)
    }

    /// Where its choices are.
    pub fn import_list(&self, import: &Import) -> Area {
        self.import_parts(import).0
    }

    /// Where is said what the one that is selected takes from where.
    pub fn import_said(&self, import: &Import) -> Area {
        let (_, said) = self.import_parts(import);
        Area {
            x: said.x.saturating_add(1),
            width: said.width.saturating_sub(2),
            ..said
        }
    }

    /// Where the keys are shown.
    pub fn help(&self) -> Area {
        self.body.centered(72, u16::MAX)
    }

    /// Where the lines of the keys are.
    pub fn help_text(&self) -> Area {
        let inside = self.help().inside();
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Where something to read lies over the rest: a report, a comparison of so many lines.
    pub fn reading(&self, lines: usize) -> Area {
        let rows = u16::try_from(lines).unwrap_or(u16::MAX);
        self.body.centered(READING, rows.saturating_add(2).max(6))
    }

    /// Where its lines are.
    pub fn reading_text(&self, lines: usize) -> Area {
        let inside = self.reading(lines).inside();
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// How wide its lines are.
    pub fn reading_width(&self) -> u16 {
        self.reading_text(0).width
    }

    /// Where the tabs of a workspace are.
    pub fn tabs(workspace: Area) -> Area {
        workspace.inside().split_top(1).0
    }

    /// Where a tab's lines are.
    pub fn tab(workspace: Area) -> Area {
        let inside = workspace.inside().split_top(1).1;
        Area {
            x: inside.x.saturating_add(1),
            width: inside.width.saturating_sub(2),
            ..inside
        }
    }

    /// Where the versions are, and below them what is said of the one that is selected.
    pub fn versions(workspace: Area) -> (Area, Area) {
        let tab = Self::tab(workspace);
        tab.split_top(
            tab.height
                .saturating_sub(if tab.height < 8 { 0 } else { 3 }),
        )
    }

    /// The list in a choice, below its line.
    pub fn choice_list(area: Area) -> Area {
        area.inside().split_top(2).1
    }

    /// How many rows of a choice are seen.
    pub fn choice_rows(area: Area) -> usize {
        Self::choice_list(area).height.into()
    }

    /// Where a question is.
    pub fn confirm(&self, confirm: &Confirm) -> Area {
        let width = self.body.width.min(56);
        let text = crate::tui::fit::wrap(&confirm.text, width.saturating_sub(4).into());
        let more = u16::try_from(text.len().saturating_sub(2)).unwrap_or(0);
        let rows = 6
            + u16::from(confirm.subject.is_some())
            + u16::from(confirm.note.is_some())
            + 2 * u16::from(confirm.line.is_some())
            + more;
        self.body.centered(56, rows)
    }

    /// Where the buttons of a question are.
    pub fn buttons(&self, confirm: &Confirm) -> Vec<Area> {
        let labels: Vec<&str> = confirm.buttons.iter().map(|(label, _)| *label).collect();
        Self::row_of_buttons(self.confirm(confirm).inside(), &labels)
    }

    /// Where buttons are, in the last row and to the right.
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

    /// How many rows of the tree are seen.
    pub const fn tree_rows(&self) -> usize {
        self.tree.inside().height as usize
    }

    /// How many rows of the list are seen, below its heading.
    pub const fn list_rows(&self) -> usize {
        self.side.inside().height.saturating_sub(1) as usize
    }
}

/// The first row to show so that `selected` is seen, moving as little as possible.
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
