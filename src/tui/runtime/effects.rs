//! Effects on the terminal and the clipboard.

use std::io::{self, Write as _};

use super::runtime_core::{EventLoop, RuntimeCore};
use super::{LoopControl, Runtime, TuiError};
use crate::tui::effect::Effect;
use crate::tui::event::Event;

impl EventLoop for Runtime {
    fn core(&mut self) -> &mut RuntimeCore {
        &mut self.core
    }

    fn before_update(&mut self) {
        self.is_changed = true;
    }

    fn perform_own(&mut self, effect: Effect) -> Result<LoopControl, TuiError> {
        match effect {
            Effect::OpenEditor(ticket, document) => {
                if let Err(reason) = self.release_terminal(ticket, &document)? {
                    return self.update(Event::Edited(ticket, Err(reason)));
                }
            }
            Effect::CopyToClipboard(text) => {
                let sequence = self.core.app.screen.clipboard.sequence(&text);
                let out = self.terminal.backend_mut();
                out.write_all(sequence.as_bytes())?;
                io::Write::flush(out)?;
            }
            Effect::Redraw => {
                self.clear_screen(self.core.app.screen.size)?;
                self.is_changed = true;
            }
            Effect::Suspend => return self.suspend(),
            // The next frame comes after the idle work.
            _ => self.is_changed = true,
        }
        Ok(LoopControl::Continue)
    }
}
