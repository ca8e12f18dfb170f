//! Read-only mode and optional capabilities of the service; also switches themes.

use super::App;
use crate::service::ServiceFeatures;
use crate::tui::action::Action;
use crate::tui::effect::{Effect, ServiceReply};
use crate::tui::notice::Notice;
use crate::tui::target_info::TargetInfo;
use crate::tui::tree::Node;

impl App {
    /// Sets the target; a read-only one hides the keys that write.
    pub fn set_target(&mut self, site: TargetInfo) {
        if site.is_read_only() {
            self.keymap.hide_writes();
        }
        self.target = site;
    }

    /// Sets the capabilities of the service and hides keys without effect.
    pub(super) fn learn_features(&mut self, features: ServiceFeatures) {
        if !features.trash {
            self.keymap.hide(Action::Trash);
        }
        self.features = features;
    }

    /// Refuses an action that writes in read-only mode, with a notice.
    pub(super) fn reject_write(&mut self, action: Action) -> bool {
        let Some(reason) = &self.target.read_only else {
            return false;
        };
        let edits = match action {
            Action::Edit => true,
            // In the tree, Choose is the same as Edit.
            Action::Choose => self.dialogs.is_empty() && !self.is_filtering(),
            _ => false,
        };
        let is_harmless = if edits {
            self.is_on_expandable_node()
        } else {
            !action.is_write()
        };
        if is_harmless {
            return false;
        }
        let text = format!("Read-only: {reason}");
        self.notify(Notice::warning(text));
        true
    }

    /// Returns true if Edit opens or closes the selected node.
    fn is_on_expandable_node(&self) -> bool {
        self.dialogs.is_empty()
            && match self.tree.selected() {
                Node::Settings | Node::Ai | Node::Provider(_) => true,
                Node::Connections => !self.tree.is_empty(),
                Node::Connection(_) => false,
            }
    }

    /// Drops requests that write in read-only mode, as a second safeguard.
    pub(super) fn block_writes(&mut self, effect: Option<Effect>) -> Option<Effect> {
        match (effect, &self.target.read_only) {
            (
                Some(Effect::Call(ticket, request) | Effect::CallConcurrent(ticket, request)),
                Some(reason),
            ) if request.is_save() => {
                let reason = reason.clone();
                self.handle_reply(ticket, ServiceReply::TaskFailed(reason))
            }
            (effect, _) => effect,
        }
    }

    pub(super) fn next_theme(&mut self) {
        let count = self.themes.len();
        if count < 2 {
            self.notify(Notice::info("No themes available: NO_COLOR is set"));
            return;
        }
        self.theme = (self.theme + 1) % count;
        let name = &self.themes[self.theme];
        self.notify(Notice::info(format!(
            "Theme: {name}. To keep it, set theme = \"{name}\" in config.toml"
        )));
    }
}
