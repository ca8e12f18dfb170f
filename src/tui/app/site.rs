//! Keeps everything as it is where nothing can be changed: what writes is not offered, and refused when it is asked for.

use super::App;
use crate::connection::ServiceFeatures;
use crate::tui::action::Action;
use crate::tui::effect::{Effect, Reply};
use crate::tui::notice::Notice;
use crate::tui::site::Site;
use crate::tui::tree::Node;

impl App {
    /// The app is there; where nothing can be changed, no key is offered that would.
    pub fn settle_at(&mut self, site: Site) {
        if site.is_read_only() {
            self.keymap.hide_writes();
        }
        self.site = site;
    }

    /// Learns what can be done where the app is; no key is offered that would do nothing.
    pub(super) fn learn_features(&mut self, features: ServiceFeatures) {
        if !features.trash {
            self.keymap.hide(Action::Trash);
        }
        self.features = features;
    }

    /// Whether an action is none here, because it would change something; says so.
    pub(super) fn refuses(&mut self, action: Action) -> bool {
        let Some(why) = &self.site.read_only else {
            return false;
        };
        let edits = match action {
            Action::Edit => true,
            // In the tree they are the same.
            Action::Choose => self.layers.is_empty() && !self.is_filtering(),
            _ => false,
        };
        let is_harmless = if edits {
            self.is_on_a_node_that_opens()
        } else {
            !action.is_write()
        };
        if is_harmless {
            return false;
        }
        let sentence = format!("Read-only: {why}");
        self.tell(Notice::warning(sentence));
        true
    }

    /// Whether the key that edits a connection opens or closes a node instead.
    fn is_on_a_node_that_opens(&self) -> bool {
        self.layers.is_empty()
            && match self.tree.selected() {
                Node::Settings | Node::Ai | Node::Provider(_) => true,
                Node::Connections => !self.tree.is_empty(),
                Node::Connection(_) => false,
            }
    }

    /// Lets no change out where nothing can be changed, whichever way it came about.
    pub(super) fn let_out(&mut self, effect: Option<Effect>) -> Option<Effect> {
        match (effect, &self.site.read_only) {
            (
                Some(Effect::Call(ticket, request) | Effect::CallConcurrent(ticket, request)),
                Some(why),
            ) if request.is_save() => {
                let why = why.clone();
                self.answered(ticket, Reply::Lost(why));
                None
            }
            (effect, _) => effect,
        }
    }

    /// Shows the next theme.
    pub(super) fn next_theme(&mut self) {
        let count = self.themes.len();
        if count < 2 {
            self.tell(Notice::info("No themes available: NO_COLOR is set"));
            return;
        }
        self.theme = (self.theme + 1) % count;
        let name = &self.themes[self.theme];
        self.tell(Notice::info(format!(
            "Theme: {name}. To keep it, set theme = \"{name}\" in config.toml"
        )));
    }
}
