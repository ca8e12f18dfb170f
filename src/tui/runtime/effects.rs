//! Performs the effects of the app.

use std::io::{self, Write as _};

use super::draft_saver::DraftTask;
use super::options::AppEnd;
use super::save_queue::SaveOrdering;
use super::{LoopControl, Runtime, TuiError};
use crate::tui::effect::Effect;
use crate::tui::event::Event;

impl Runtime {
    pub(super) fn perform(&mut self, effect: Option<Effect>) -> Result<LoopControl, TuiError> {
        match effect {
            None => {}
            Some(Effect::Continue) => self.is_changed = true,
            Some(Effect::Call(ticket, request)) => {
                self.requests
                    .send((ticket, request), SaveOrdering::Exclusive);
            }
            Some(Effect::CallConcurrent(ticket, request)) => {
                self.requests
                    .send((ticket, request), SaveOrdering::Concurrent);
            }
            Some(Effect::Wake(ticket, after)) => {
                self.wakes.spawn(async move {
                    tokio::time::sleep(after).await;
                    ticket
                });
            }
            Some(Effect::StoreDraft(slot, kept)) => {
                self.draft_saver.queue_task(DraftTask::Store(slot, kept));
            }
            Some(Effect::DeleteDraft(slot)) => self.draft_saver.queue_task(DraftTask::Delete(slot)),
            Some(Effect::ReleaseDrafts(ids)) => {
                self.draft_saver.queue_task(DraftTask::ReleaseDrafts(ids));
            }
            Some(Effect::CheckKeyBackup) => {
                let key = self.key_backups.0.as_ref();
                if let Some(path) = key.and_then(|key| key.remind()) {
                    return self.update(Event::KeyNeedsBackup(path));
                }
            }
            Some(Effect::ConfirmKeyBackup) => {
                if let Some(key) = &self.key_backups.0 {
                    let done = key.confirm();
                    return self.update(Event::KeyBackupConfirmed(done));
                }
            }
            Some(Effect::LoadDrafts) => self.draft_saver.queue_task(DraftTask::Load),
            Some(Effect::OpenEditor(ticket, document)) => {
                if let Err(reason) = self.release_terminal(ticket, &document)? {
                    return self.update(Event::Edited(ticket, Err(reason)));
                }
            }
            Some(Effect::Copy(text)) => {
                let sequence = self.app.screen.clipboard.sequence(&text);
                let out = self.terminal.backend_mut();
                out.write_all(sequence.as_bytes())?;
                io::Write::flush(out)?;
            }
            Some(Effect::Redraw) => {
                self.clear_screen(self.app.screen.size)?;
                self.is_changed = true;
            }
            Some(Effect::Suspend) => return self.suspend(),
            Some(Effect::Quit) => return Ok(LoopControl::Quit),
            Some(Effect::SwitchTarget(name)) => {
                self.end = AppEnd::SwitchTarget(name);
                return Ok(LoopControl::Quit);
            }
        }
        Ok(LoopControl::Continue)
    }
}
