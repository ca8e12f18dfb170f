//! What a process knows of the store, whoever holds it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::connection::store::{Revision, StoreNotice};

/// The newest revision and the notices that this process was told.
#[derive(Default)]
pub struct Known {
    revision: AtomicU64,
    notices: Mutex<Vec<StoreNotice>>,
}

impl Known {
    /// Takes in what the store said.
    pub fn learn(&self, revision: Revision, notices: impl IntoIterator<Item = StoreNotice>) {
        self.revision.fetch_max(revision.0, Ordering::AcqRel);
        let mut known = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for notice in notices {
            if !known.contains(&notice) {
                known.push(notice);
            }
        }
    }

    /// The newest revision.
    pub fn revision(&self) -> Revision {
        Revision(self.revision.load(Ordering::Acquire))
    }

    /// The notices, each once, in the order in which they were told.
    pub fn notices(&self) -> Vec<StoreNotice> {
        self.notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
