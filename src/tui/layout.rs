//! Layout of the screen, a pure function of its size.

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

    /// Returns the area without its first and its last column.
    #[must_use]
    pub fn padded(self) -> Self {
        Self {
            x: self.x + 1.min(self.width),
            width: self.width.saturating_sub(2),
            ..self
        }
    }

    /// Returns the area with one more column on each side.
    #[must_use]
    pub const fn widened(self) -> Self {
        Self {
            x: self.x.saturating_sub(1),
            width: self.width.saturating_add(2),
            ..self
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

/// Minimum usable size in columns and rows.
pub const SMALLEST: Size = Size {
    width: 20,
    height: 5,
};

/// Minimum size for two panes and a line of its own for notices.
const ROOMY: Size = Size {
    width: 60,
    height: 16,
};

/// Number of panes side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaneCount {
    /// Too small; only a message is shown.
    None,
    /// One pane.
    One,
    /// Tree and content: the table of the connections, or the workspace of one.
    Two,
}

/// Areas of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenLayout {
    /// Panes side by side.
    pub panes: PaneCount,
    /// Breadcrumb.
    pub header: Area,
    /// Area between the header and the last lines.
    pub body: Area,
    /// Pane of the tree.
    pub tree: Area,
    /// Area beside the tree; the whole body in the one-pane layout.
    pub side: Area,
    /// Line for notices; with few rows, the lower border of the body.
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
        let panes = if size.width < SMALLEST.width || size.height < SMALLEST.height {
            PaneCount::None
        } else if size.width < ROOMY.width || size.height < ROOMY.height {
            PaneCount::One
        } else {
            PaneCount::Two
        };
        let (header, rest) = whole.split_top(1);
        let (rest, footer) = rest.split_top(rest.height.saturating_sub(1));
        let (above, last) = rest.split_top(rest.height.saturating_sub(1));
        let body = if size.height < ROOMY.height {
            rest
        } else {
            above
        };
        let (left, right) = match panes {
            PaneCount::None | PaneCount::One => (body, body),
            PaneCount::Two if size.width < 100 => {
                body.split_left((size.width * 2 / 5).clamp(26, 36))
            }
            PaneCount::Two => body.split_left((size.width / 3).clamp(36, 48)),
        };
        Self {
            panes,
            header,
            body,
            tree: left,
            side: right,
            notice: last,
            footer,
        }
    }

    /// Returns the area of a form: beside the tree if there is room for both.
    pub const fn form(&self) -> Area {
        self.side
    }

    /// Returns the area of the form rows, inside the border and above the help lines.
    pub fn form_rows(&self) -> Area {
        self.form_parts().0
    }

    /// Returns the area of the help lines of a form, below a rule; empty if there is no room.
    pub fn form_help(&self) -> Area {
        self.form_parts().1
    }

    fn form_parts(&self) -> (Area, Area) {
        let inside = self.form().inside().padded();
        let help = match inside.height {
            0..10 => 0,
            10..18 => 3,
            18.. => 4,
        };
        inside.split_top(inside.height - help)
    }

    /// Returns the area of the tab titles.
    pub fn tabs(workspace: Area) -> Area {
        workspace.inside().padded().split_top(1).0
    }

    /// Returns the area of the lines of a tab, below a blank row if there is room.
    pub fn tab(workspace: Area) -> Area {
        let inside = workspace.inside().padded();
        let above = if inside.height < ROOMY.height / 2 {
            1
        } else {
            2
        };
        inside.split_top(above).1
    }

    /// Returns the areas of the versions and of the details of the selected version.
    pub fn versions(workspace: Area) -> (Area, Area) {
        let tab = Self::tab(workspace);
        tab.split_top(
            tab.height
                .saturating_sub(if tab.height < 8 { 0 } else { 3 }),
        )
    }

    /// Returns the areas of right-aligned buttons in the last row, or in as many rows as they need.
    pub fn buttons(inside: Area, labels: &[&str]) -> Vec<Area> {
        let widths = labels
            .iter()
            .map(|label| u16::try_from(label.len()).unwrap_or(0) + 4);
        let mut rows: Vec<Vec<u16>> = Vec::new();
        for width in widths {
            match rows.last_mut() {
                Some(row) if width_of(row) + 1 + width <= inside.width => row.push(width),
                _ => rows.push(vec![width]),
            }
        }
        if rows.len() > usize::from(inside.height / 2) {
            // The question is more important than the end of the row.
            rows = vec![rows.concat()];
        }
        let below = inside.y + inside.height;
        let count = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let first = below.saturating_sub(count).max(inside.y);
        let end = inside.x + inside.width;
        let rows = rows.iter().zip(first..);
        rows.flat_map(|(row, y)| {
            // One column stays free where there is room.
            let mut x = inside.x + inside.width.saturating_sub(width_of(row) + 1);
            row.iter().map(move |width| {
                let area = Area {
                    x: x.min(end),
                    y,
                    width: (*width).min(end.saturating_sub(x)),
                    height: u16::from(y < below),
                };
                x = x.saturating_add(width + 1);
                area
            })
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

/// Width of buttons in a row.
fn width_of(row: &[u16]) -> u16 {
    let gaps = u16::try_from(row.len().saturating_sub(1)).unwrap_or(0);
    row.iter().sum::<u16>() + gaps
}
