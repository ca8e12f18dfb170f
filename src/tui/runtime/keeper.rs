//! Keeps drafts on a thread of its own, in the order it is told, so that no key waits for a disk.

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

/// The longest wait for what is still to be kept before the app stops or ends.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is to be done.
pub(super) enum Task {
    /// Keep this under its name.
    Keep(Slot, Arc<Kept>),
    /// Give up what is kept under this name.
    Forget(Slot),
    /// Leave these to whoever looks next.
    LetGo(Vec<Uuid>),
    /// Look for what was never saved.
    Find,
    /// Say that everything before is done.
    Answer(Sender<()>),
}

/// What is told of it.
pub(super) enum Told {
    /// These were never saved.
    Found(Vec<Found>),
    /// Something is not kept, for this reason; said once.
    Refused(String),
}

/// The thread that keeps drafts; where there is no place for them, nothing is kept.
pub(super) struct Keeper {
    tasks: Option<Sender<Task>>,
    says: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
}

impl Keeper {
    /// Begins; the thread ends with the app.
    pub(super) fn new(place: Option<Place>) -> io::Result<Self> {
        let (says, told) = unbounded_channel();
        let tasks = match place {
            None => None,
            Some(place) => {
                let (tasks, asked) = channel();
                let desk = Desk {
                    drafts: Drafts::new(place),
                    names: HashMap::new(),
                    says: says.clone(),
                    was_refused: false,
                };
                std::thread::Builder::new()
                    .name("drafts".into())
                    .spawn(move || desk.work(&asked))?;
                Some(tasks)
            }
        };
        Ok(Self { tasks, says, told })
    }

    /// Does this, behind what it was told before.
    pub(super) fn tell(&self, task: Task) {
        let is_question = matches!(task, Task::Find);
        let is_told = self
            .tasks
            .as_ref()
            .is_some_and(|tasks| tasks.send(task).is_ok());
        if is_question && !is_told {
            // Whoever asked is told that there is nothing; that nobody listens any more is the end.
            let _ = self.says.send(Told::Found(Vec::new()));
        }
    }

    /// Keeps what is typed and not saved as it is now.
    pub(super) fn keep_all(&self, app: &mut App) {
        while let Some(effect) = app.last_wish() {
            match effect {
                Effect::Keep(slot, kept) => self.tell(Task::Keep(slot, kept)),
                Effect::Forget(slot) => self.tell(Task::Forget(slot)),
                _ => break,
            }
        }
        self.settle();
    }

    /// Waits until everything is done that it was told, but not for a disk that hangs.
    fn settle(&self) {
        let (done, is_done) = channel();
        self.tell(Task::Answer(done));
        // What is not done by then is what the disk does not take.
        let _ = is_done.recv_timeout(PATIENCE);
    }

    /// Waits for what it has to tell.
    pub(super) async fn next(&mut self) -> Told {
        match self.told.recv().await {
            Some(told) => told,
            None => std::future::pending().await,
        }
    }
}

/// What the thread works with.
struct Desk {
    drafts: Drafts,
    names: HashMap<Slot, Uuid>,
    says: UnboundedSender<Told>,
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
                Task::LetGo(ids) => ids.into_iter().for_each(|id| self.drafts.release(id)),
                Task::Find => match self.drafts.find() {
                    Ok(found) => self.say(Told::Found(found)),
                    Err(error) => {
                        self.say(Told::Found(Vec::new()));
                        self.refuse("Cannot look for unsaved drafts", Err(error));
                    }
                },
                Task::Answer(done) => {
                    // Whoever asked may have waited long enough.
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

    /// Once is enough: it is tried again with whatever is typed next.
    fn refuse(&mut self, what: &str, done: Result<(), DraftError>) {
        match done {
            Ok(()) => self.was_refused = false,
            Err(error) if !self.was_refused => {
                self.was_refused = true;
                self.say(Told::Refused(format!("{what}: {error}")));
            }
            Err(_) => {}
        }
    }

    fn say(&self, told: Told) {
        // That nobody listens any more is the end.
        let _ = self.says.send(told);
    }
}
