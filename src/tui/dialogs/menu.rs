//! Menus of keys: the next key runs an action of the menu, any other closes it.

use crate::tui::action::{ACTIONS, Action, KeyContext};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Part, Row, Rows, Spoken, Tone,
};

/// Width of the frame.
const WIDTH: u16 = 40;

/// Width of the first column.
const COLUMN: u16 = 14;

/// Copy menu or sort menu.
#[derive(Debug)]
pub struct Menu {
    context: KeyContext,
}

impl Menu {
    /// Menu of what can be copied.
    pub const COPY: Self = Self {
        context: KeyContext::CopyMenu,
    };

    /// Menu of sort orders.
    pub const SORT: Self = Self {
        context: KeyContext::SortMenu,
    };

    /// Keys of the menu with their labels.
    fn entries(&self, cx: &DialogContext<'_>) -> impl Iterator<Item = Vec<Part>> {
        let entries = ACTIONS.iter().filter(|entry| {
            let is_way_out = entry.action == Action::Back;
            self.context.has(entry) && !is_way_out && self.can(entry.action, cx)
        });
        entries.filter_map(|entry| {
            let key = cx.keymap.first_key(self.context, entry.action)?;
            let label = match entry.action {
                // The footer has no room for the reason.
                Action::CopyCurl => " cURL (umai server)".to_owned(),
                _ => format!(" {}", entry.hint.unwrap_or(entry.title)),
            };
            Some(vec![(key.to_string(), Tone::Key), (label, Tone::Hint)])
        })
    }

    /// Returns true for the sort menu.
    pub fn is_sort(&self) -> bool {
        self.context == KeyContext::SortMenu
    }
}

impl Dialog for Menu {
    fn context(&self) -> KeyContext {
        self.context
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let entries: Vec<_> = self.entries(cx).collect();
        // Two columns, so that the menu fits on a small screen.
        let rows = entries.len().div_ceil(2);
        let (left, right) = entries.split_at(rows);
        let rows = left.iter().enumerate().map(|(at, left)| {
            let right = right.get(at).cloned().unwrap_or_default();
            Row::cells(vec![Cell::Column(COLUMN, left.clone()), Cell::Text(right)])
        });
        let rows: Vec<_> = rows.collect();
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let frame = Frame::Centered(WIDTH, height.saturating_add(2));
        DialogModel {
            rows: Rows::Text(rows, None),
            ..DialogModel::new(self.context.title(), frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        if self.context == KeyContext::CopyMenu {
            let place = "Print for copying: name, alias, id or json; back closes.";
            return Spoken::text(place, Vec::new());
        }
        let columns = ACTIONS
            .iter()
            .filter(|entry| entry.action.sort_column().is_some());
        let columns: Vec<_> = columns.map(|entry| entry.id).collect();
        let columns = columns.join(", ");
        let place = format!("Sort: {columns}; reverse-sort reverses, group or back.");
        Spoken::text(place, Vec::new())
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        if action != Action::Back && self.context.has(action.entry()) {
            DialogOutcome::close_and(DialogOutcome::Act(action))
        } else {
            DialogOutcome::Close
        }
    }

    fn step(&mut self, _action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        DialogOutcome::Close
    }

    fn wheel(&self, _is_down: bool) -> Option<Action> {
        None
    }

    fn inherits(&self, _action: Action) -> bool {
        false
    }

    fn can(&self, action: Action, cx: &DialogContext<'_>) -> bool {
        cx.tree.len() > 1 || !matches!(action, Action::ReverseSort | Action::Group)
    }
}
