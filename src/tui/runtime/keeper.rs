//! Stores drafts in a thread, in order, so that no key waits for the disk.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::drafts::{DraftError, Drafts, Found, Place};
use crate::tui::app::App;
use crate::tui::effect::{Effect, Slot};
use crate::tui::form::Kept;

/// Limit of the wait for drafts before the app suspends or ends.
const PATIENCE: Duration = Duration::from_millis(500);

/// Task of the draft thread.
pub(super) enum Task {
    /// Store this draft.
    Keep(Slot, Arc<Kept>),
    /// Delete the draft of this slot.
    Forget(Slot),
    /// Release these drafts, so that another process can offer them.
    ReleaseDrafts(Vec<Uuid>),
    /// Look for unsaved drafts.
    Find,
    /// Reply when all earlier tasks are done.
    Answer(Sender<()>),
}

/// Result of a draft task.
pub(super) enum Told {
    /// Unsaved drafts.
    Found(Vec<Found>),
    /// First failure, as a sentence.
    Refused(String),
}

/// Draft thread; without a location, nothing is stored.
pub(super) struct Keeper {
    tasks: Option<Sender<Task>>,
    results: UnboundedSender<Told>,
    received: UnboundedReceiver<Told>,
}

impl Keeper {
    /// Starts the thread, which ends with the app.
    pub(super) fn new(place: Option<Place>) -> io::Result<Self> {
        let (results, received) = unbounded_channel();
        let tasks = match place {
            None => None,
            Some(place) => {
                let (tasks, asked) = channel();
                let desk = Desk {
                    drafts: Drafts::new(place),
                    names: HashMap::new(),
                    results: results.clone(),
                    was_refused: false,
                };
                std::thread::Builder::new()
                    .name("drafts".into())
                    .spawn(move || desk.work(&asked))?;
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
    pub(super) fn tell(&self, task: Task) {
        let is_question = matches!(task, Task::Find);
        let is_told = self
            .tasks
            .as_ref()
            .is_some_and(|tasks| tasks.send(task).is_ok());
        if is_question && !is_told {
            // Without a thread, there are no drafts; a closed channel means that the app has ended.
            let _ = self.results.send(Told::Found(Vec::new()));
        }
    }

    /// Stores all unsaved input in its current state.
    pub(super) fn keep_all(&self, app: &mut App) {
        while let Some(effect) = app.next_exit_effect() {
            match effect {
                Effect::Keep(slot, kept) => self.tell(Task::Keep(slot, kept)),
                Effect::Forget(slot) => self.tell(Task::Forget(slot)),
                _ => break,
            }
        }
        self.settle();
    }

    /// Waits until all tasks are done, within a time limit.
    fn settle(&self) {
        let (done, is_done) = channel();
        self.tell(Task::Answer(done));
        // Tasks that are not done after the limit are lost to a hanging disk.
        let _ = is_done.recv_timeout(PATIENCE);
    }

    /// Waits for the next result.
    pub(super) async fn next(&mut self) -> Told {
        match self.received.recv().await {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }
}

/// State of the draft thread.
struct Desk {
    drafts: Drafts,
    names: HashMap<Slot, Uuid>,
    results: UnboundedSender<Told>,
    was_refused: bool,
}

impl Desk {
    fn work(mut self, tasks: &Receiver<Task>) {
        while let Ok(task) = tasks.recv() {
            match task {
                Task::Keep(slot, kept) => {
                    let id = self.name(slot);
                    let done = self.drafts.save(id, &kept.to_bytes());
                    self.refuse("Cannot store the draft", done);
                }
                Task::Forget(slot) => {
                    if let Some(id) = self.known(slot) {
                        let done = self.drafts.discard(id);
                        self.refuse("Cannot delete an old draft", done);
                    }
                    self.names.remove(&slot);
                }
                Task::ReleaseDrafts(ids) => ids.into_iter().for_each(|id| self.drafts.release(id)),
                Task::Find => match self.drafts.find() {
                    Ok(found) => self.send(Told::Found(found)),
                    Err(error) => {
                        self.send(Told::Found(Vec::new()));
                        self.refuse("Cannot look for unsaved drafts", Err(error));
                    }
                },
                Task::Answer(done) => {
                    // The sender may have stopped waiting.
                    let _ = done.send(());
                }
            }
        }
    }

    fn name(&mut self, slot: Slot) -> Uuid {
        match slot {
            Slot::Found(id) => id,
            Slot::New(_) => *self.names.entry(slot).or_insert_with(Uuid::new_v4),
        }
    }

    fn known(&self, slot: Slot) -> Option<Uuid> {
        match slot {
            Slot::Found(id) => Some(id),
            Slot::New(_) => self.names.get(&slot).copied(),
        }
    }

    /// Reports the first failure only: storing is retried with the next input.
    fn refuse(&mut self, what: &str, done: Result<(), DraftError>) {
        match done {
            Ok(()) => self.was_refused = false,
            Err(error) if !self.was_refused => {
                self.was_refused = true;
                self.send(Told::Refused(format!("{what}: {error}")));
            }
            Err(_) => {}
        }
    }

    fn send(&self, result: Told) {
        // A closed channel means that the app has ended.
        let _ = self.results.send(result);
    }
}
