//! Switches between targets, and read-only mode for the session.

use super::App;
use crate::tui::dialogs::targets::TargetsDialog;
use crate::tui::effect::Effect;
use crate::tui::form::Form;
use crate::tui::keymap::Keymap;
use crate::tui::notice::Notice;

/// Reason for read-only mode that the user turned on.
const TURNED_ON: &str = "turned on for this session";

/// Read-only mode that the user turned on, with the keymap to return to.
#[derive(Debug, Default)]
pub(super) struct SessionReadOnly {
    keymap: Option<Box<Keymap>>,
}

impl App {
    /// Opens the list of targets.
    pub(super) fn open_targets(&mut self) {
        let targets = self.service.target_entries();
        // The current local store alone is no choice.
        if targets
            .iter()
            .all(|target| target.is_current && target.name.is_empty())
        {
            self.notify(Notice::info(
                "config.toml had no targets when umai started. umai login or a section [targets.NAME] adds one; then start umai again",
            ));
            return;
        }
        self.dialogs.push(TargetsDialog::new(targets));
    }

    /// Ends the app to start it again with another target, unless something would be lost.
    pub(super) fn switch_target(&mut self, name: String) -> Option<Effect> {
        let is_busy = self.dialogs.running_bulk().is_some();
        if is_busy || self.form().is_some_and(Form::has_unsaved_input) {
            self.notify(Notice::warning(
                "Finish what is running or unsaved, then switch the target",
            ));
            return None;
        }
        Some(Effect::SwitchTarget(name))
    }

    /// Hides the actions that write for a service that refuses them.
    pub(super) fn learn_read_only(&mut self, reason: String) {
        // Where the user turned it on, it can no longer be turned off.
        if self.read_only.keymap.take().is_some() {
            self.service.target.read_only = None;
        }
        self.keymap.hide_writes();
        self.service.target.read_only.get_or_insert(reason);
    }

    /// Switches read-only mode on or off for the session. What the target or the command line refuses stays refused.
    pub(super) fn toggle_read_only(&mut self) {
        match (&self.service.target.read_only, self.read_only.keymap.take()) {
            (_, Some(keymap)) => {
                self.keymap = *keymap;
                self.service.target.read_only = None;
                self.notify(Notice::info("Read-only mode is off"));
            }
            (Some(reason), None) => {
                let text = format!("Read-only: {reason}; it cannot be turned off here");
                self.notify(Notice::warning(text));
            }
            (None, None) => {
                self.read_only.keymap = Some(Box::new(self.keymap.clone()));
                self.keymap.hide_writes();
                self.service.target.read_only = Some(TURNED_ON.into());
                self.notify(Notice::info("Read-only mode is on for this session"));
            }
        }
    }
}
