//! Goes to the screen of an action that was chosen in the palette or the help.

use super::App;
use crate::tui::action::{Action, KeyContext};
use crate::tui::effect::Effect;
use crate::tui::form::Form;
use crate::tui::notice::Notice;
use crate::tui::tabs::Tab;

impl App {
    /// Runs an action of a context if it works here; otherwise opens its screen and names its key.
    pub(super) fn go_and_act(&mut self, action: Action, context: KeyContext) -> Option<Effect> {
        let here = self.context();
        let is_here = here.has(action.entry())
            || context == KeyContext::Global
            || here.menus().contains(&context);
        if is_here {
            return self.act(action);
        }
        let title = action.entry().title;
        if self.form().is_some_and(Form::has_unsaved_input) {
            self.notify(Notice::info(format!(
                "\"{title}\" is on another screen; save or close the form first"
            )));
            return None;
        }
        while !self.dialogs.is_empty() {
            self.dialogs.pop();
        }
        if self.context().has(action.entry()) {
            return self.act(action);
        }
        let effect = self.open_screen(context);
        if let Some(key) = self.keymap.first_key(context, action) {
            let text = format!("\"{title}\" is the key {key} on this screen");
            let has_arrived = self.context() == context || effect.is_some();
            if has_arrived {
                self.notify(Notice::info(text));
            }
        }
        effect
    }

    /// Opens the screen of a context, for the selected connection where it needs one.
    fn open_screen(&mut self, context: KeyContext) -> Option<Effect> {
        match context {
            KeyContext::Info => self.focus_tab(Tab::Info),
            KeyContext::History | KeyContext::Compare => self.focus_tab(Tab::History),
            KeyContext::Trash => return self.act(Action::Trash),
            KeyContext::Drafts => return self.act(Action::Drafts),
            KeyContext::Bulk => return self.act(Action::ShowBulk),
            KeyContext::Report => return self.act(Action::Test),
            KeyContext::CopyMenu => return self.act(Action::Copy),
            KeyContext::SortMenu => return self.act(Action::Sort),
            KeyContext::Form | KeyContext::MoveToReference | KeyContext::Merge => {
                if self.selected_to("edit it").is_some() {
                    return self.act(Action::Edit);
                }
            }
            KeyContext::List => return self.act(Action::Filter),
            KeyContext::Tree | KeyContext::Confirm | KeyContext::Global => {}
        }
        None
    }

    /// Shows a tab and moves the focus to it.
    fn focus_tab(&mut self, tab: Tab) {
        self.show_tab(tab);
        if self.tree.selected_item().is_some() {
            self.enter_workspace();
        }
    }
}
