//! Menus of keys in the footer: the next key runs an action of the menu, any other closes it.

use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Spoken};

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

    /// Returns true for the sort menu.
    pub fn is_sort(&self) -> bool {
        self.context == KeyContext::SortMenu
    }
}

impl Dialog for Menu {
    fn context(&self) -> KeyContext {
        self.context
    }

    fn model<'a>(&'a self, _cx: &DialogContext<'a>) -> DialogModel<'a> {
        DialogModel::new(self.context.title(), Frame::Hidden)
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let place = if self.context == KeyContext::CopyMenu {
            "Print for copying: name, alias, id or json; back closes."
        } else {
            "Sort: by-name, by-alias, by-provider, by-status, by-modified; \
             turn reverses, group or back."
        };
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
