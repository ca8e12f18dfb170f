//! Read-only mode that the user turns on for the session.

use crate::tui::keymap::Keymap;
use crate::tui::notice::Notice;
use crate::tui::target_info::TargetInfo;

/// Reason for read-only mode that the user turned on.
const TURNED_ON: &str = "turned on for this session";

/// Read-only mode that the user turned on, with the keymap to return to.
#[derive(Debug, Default)]
pub(super) struct SessionReadOnly {
    keymap: Option<Box<Keymap>>,
}

impl SessionReadOnly {
    /// Hides the actions that write for a service that refuses them.
    pub fn learn(&mut self, reason: String, keymap: &mut Keymap, target: &mut TargetInfo) {
        // Where the user turned it on, it can no longer be turned off.
        if self.keymap.take().is_some() {
            target.read_only = None;
        }
        keymap.hide_writes();
        target.read_only.get_or_insert(reason);
    }

    /// Switches read-only mode on or off for the session. What the target or the command line refuses stays refused.
    pub fn toggle(&mut self, keymap: &mut Keymap, target: &mut TargetInfo) -> Notice {
        match (&target.read_only, self.keymap.take()) {
            (_, Some(before)) => {
                *keymap = *before;
                target.read_only = None;
                Notice::info("Read-only mode is off")
            }
            (Some(reason), None) => {
                Notice::warning(format!("Read-only: {reason}; it cannot be turned off here"))
            }
            (None, None) => {
                self.keymap = Some(Box::new(keymap.clone()));
                keymap.hide_writes();
                target.read_only = Some(TURNED_ON.into());
                Notice::info("Read-only mode is on for this session")
            }
        }
    }
}
