//! Takes changes that are durable into the view, then acknowledges and announces them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::change::Step;
use super::feed::Feed;
use super::rebuild;
use super::repair::in_memory;
use super::rows::Applied;
use super::views::Views;
use crate::connection::StoreError;
use crate::connection::store::{Revision, StoreNotice};
use crate::store::backup::BackupPlan;
use crate::store::journal::head::Identity;

/// Where the answer to a change goes.
pub type Answer = oneshot::Sender<Result<Revision, StoreError>>;

/// Changes that are durable together, each with who waits for it.
pub type Group = Vec<(Step, Answer)>;

/// Applies groups, one after the other.
pub struct Applier {
    /// Whose view it is.
    pub identity: Identity,
    /// How backups of it are made.
    pub backups: BackupPlan,
    /// The folder of the store.
    pub data: std::path::PathBuf,
    /// The view.
    pub views: Arc<Views>,
    /// The feed.
    pub feed: Arc<Feed>,
    /// What people should know.
    pub notices: Arc<Notices>,
}

impl Applier {
    /// Applies a durable group, then answers everyone who waits for it.
    ///
    /// A view that does not take it is left: the journal has the group, and a view in memory is made from that.
    pub fn apply(&self, group: Group) {
        let Some(last) = group.last().map(|(step, _)| (step.revision, step.digest)) else {
            return;
        };
        let applied = Applied {
            revision: last.0,
            digest: last.1,
            identity: self.identity.clone(),
        };
        if !self.views.current().is_in_memory() && !rebuild::has_room(&self.data) {
            // Sled would wait for ever for a write that the disk refused.
            let full = format!("the disk of {} is full", self.data.display());
            self.leave_view(&full);
        } else if let Err(error) = self.write(&group, &applied) {
            self.leave_view(&error.to_string());
        }
        self.feed
            .announce(group.iter().map(|(step, _)| step.told()));
        for (step, answer) in group {
            // Whoever no longer waits does not need the answer.
            let _ = answer.send(Ok(Revision(step.revision)));
        }
    }

    fn write(&self, group: &Group, applied: &Applied) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(group.len() * 5 + 1);
        let view = self.views.current();
        for (step, _) in group {
            step.write_rows(&view, &mut rows)?;
        }
        rows.push(applied.row());
        self.views.apply(rows, applied.digest.count)?;
        Ok(())
    }

    fn leave_view(&self, why: &str) {
        tracing::warn!(why, "applying changes to the index failed");
        let old = self.views.current();
        let made = rebuild::into_memory(&self.data, &self.identity, &old).and_then(|rebuilt| {
            let told = rebuilt.tell(&self.data, &self.notices);
            rebuild::leave(self.views.replace(rebuilt.view));
            told
        });
        rebuild::leave(old);
        self.notices.tell(match made {
            Ok(()) => in_memory(why),
            Err(error) => error.to_string(),
        });
    }
}

/// What people should know, one sentence each, each once.
#[derive(Default)]
pub struct Notices(Mutex<Vec<StoreNotice>>);

impl Notices {
    /// Adds a sentence.
    pub fn tell(&self, notice: StoreNotice) {
        tracing::warn!("{notice}");
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// The sentences so far.
    pub fn all(&self) -> Vec<StoreNotice> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
