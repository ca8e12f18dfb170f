//! State of the store as known to this process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::connection::store::{Revision, StoreNotice};

/// State of the store as known to this process, independent of its role: the newest revision and the notices.
#[derive(Default)]
pub struct KnownState {
    revision: AtomicU64,
    notices: Mutex<Vec<StoreNotice>>,
}

impl KnownState {
    /// Updates the state.
    pub fn update(&self, revision: Revision, notices: impl IntoIterator<Item = StoreNotice>) {
        self.revision.fetch_max(revision.0, Ordering::AcqRel);
        let mut known = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for notice in notices {
            if !known.contains(&notice) {
                known.push(notice);
            }
        }
    }

    /// Newest revision.
    pub fn revision(&self) -> Revision {
        Revision(self.revision.load(Ordering::Acquire))
    }

    /// Distinct notices in order of arrival.
    pub fn notices(&self) -> Vec<StoreNotice> {
        self.notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
