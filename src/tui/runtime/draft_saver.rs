//! Stores drafts in a thread, in order, so that no key waits for the disk.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::drafts::{DraftError, Drafts, DraftsLocation, StoredDraft};
use crate::tui::app::App;
use crate::tui::effect::{DraftSlot, Effect};
use crate::tui::form::FormSnapshot;

/// Limit of the wait for drafts before the app suspends or ends.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// Task of the draft thread.
pub(super) enum DraftTask {
    /// Store this draft.
    Store(DraftSlot, Arc<FormSnapshot>),
    /// Delete the draft of this slot.
    Delete(DraftSlot),
    /// Release these drafts, so that another process can offer them.
    ReleaseDrafts(Vec<Uuid>),
    /// Look for unsaved drafts.
    Load,
    /// Reply when all earlier tasks are done.
    Flush(Sender<()>),
}

/// Result of a draft task.
pub(super) enum DraftTaskResult {
    /// Unsaved drafts.
    Loaded(Vec<StoredDraft>),
    /// First failure, as a sentence.
    Failed(String),
}

/// Draft thread; without a location, nothing is stored.
pub(super) struct DraftSaver {
    tasks: Option<Sender<DraftTask>>,
    results: UnboundedSender<DraftTaskResult>,
    received: UnboundedReceiver<DraftTaskResult>,
}

impl DraftSaver {
    /// Starts the thread, which ends with the app.
    pub(super) fn new(place: Option<DraftsLocation>) -> io::Result<Self> {
        let (results, received) = unbounded_channel();
        let tasks = match place {
            None => None,
            Some(place) => {
                let (tasks, asked) = channel();
                let state = DraftSaverState {
                    drafts: Drafts::new(place),
                    ids: HashMap::new(),
                    results: results.clone(),
                    is_failure_reported: false,
                };
                std::thread::Builder::new()
                    .name("drafts".into())
                    .spawn(move || state.run_tasks(&asked))?;
                Some(tasks)
            }
        };
        Ok(Self {
            tasks,
            results,
            received,
        })
    }

    /// Queues a task after the earlier ones.
    pub(super) fn queue_task(&self, task: DraftTask) {
        let needs_reply = matches!(task, DraftTask::Load);
        let is_sent = self
            .tasks
            .as_ref()
            .is_some_and(|tasks| tasks.send(task).is_ok());
        if needs_reply && !is_sent {
            // Without a thread, there are no drafts; a closed channel means that the app has ended.
            let _ = self.results.send(DraftTaskResult::Loaded(Vec::new()));
        }
    }

    /// Stores all unsaved input in its current state.
    pub(super) fn keep_all(&self, app: &mut App) {
        while let Some(effect) = app.next_exit_effect() {
            match effect {
                Effect::StoreDraft(slot, kept) => self.queue_task(DraftTask::Store(slot, kept)),
                Effect::DeleteDraft(slot) => self.queue_task(DraftTask::Delete(slot)),
                _ => break,
            }
        }
        self.wait_until_done();
    }

    /// Waits until all tasks are done, within a time limit.
    fn wait_until_done(&self) {
        let (done, is_done) = channel();
        self.queue_task(DraftTask::Flush(done));
        // Tasks that are not done after the limit are lost to a hanging disk.
        let _ = is_done.recv_timeout(FLUSH_TIMEOUT);
    }

    /// Waits for the next result.
    pub(super) async fn next(&mut self) -> DraftTaskResult {
        match self.received.recv().await {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }
}

/// State of the draft thread.
struct DraftSaverState {
    drafts: Drafts,
    ids: HashMap<DraftSlot, Uuid>,
    results: UnboundedSender<DraftTaskResult>,
    is_failure_reported: bool,
}

impl DraftSaverState {
    fn run_tasks(mut self, tasks: &Receiver<DraftTask>) {
        while let Ok(task) = tasks.recv() {
            match task {
                DraftTask::Store(slot, kept) => {
                    let id = self.draft_id(slot);
                    let done = self.drafts.store(id, &kept.to_bytes());
                    self.report_failure("Cannot store the draft", done);
                }
                DraftTask::Delete(slot) => {
                    if let Some(id) = self.known_id(slot) {
                        let done = self.drafts.discard(id);
                        self.report_failure("Cannot delete an old draft", done);
                    }
                    self.ids.remove(&slot);
                }
                DraftTask::ReleaseDrafts(ids) => {
                    for id in ids {
                        self.drafts.release(id);
                    }
                }
                DraftTask::Load => match self.drafts.find() {
                    Ok(found) => self.send(DraftTaskResult::Loaded(found)),
                    Err(error) => {
                        self.send(DraftTaskResult::Loaded(Vec::new()));
                        self.report_failure("Cannot look for unsaved drafts", Err(error));
                    }
                },
                DraftTask::Flush(done) => {
                    // The sender may have stopped waiting.
                    let _ = done.send(());
                }
            }
        }
    }

    fn draft_id(&mut self, slot: DraftSlot) -> Uuid {
        match slot {
            DraftSlot::Restored(id) => id,
            DraftSlot::New(_) => *self.ids.entry(slot).or_insert_with(Uuid::new_v4),
        }
    }

    fn known_id(&self, slot: DraftSlot) -> Option<Uuid> {
        match slot {
            DraftSlot::Restored(id) => Some(id),
            DraftSlot::New(_) => self.ids.get(&slot).copied(),
        }
    }

    /// Reports the first failure only: storing is retried with the next input.
    fn report_failure(&mut self, what: &str, done: Result<(), DraftError>) {
        match done {
            Ok(()) => self.is_failure_reported = false,
            Err(error) if !self.is_failure_reported => {
                self.is_failure_reported = true;
                self.send(DraftTaskResult::Failed(format!("{what}: {error}")));
            }
            Err(_) => {}
        }
    }

    fn send(&self, result: DraftTaskResult) {
        // A closed channel means that the app has ended.
        let _ = self.results.send(result);
    }
}
