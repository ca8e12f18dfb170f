//! Notices of a store for the user.

use std::sync::{Mutex, PoisonError};

use crate::connection::store::StoreNotice;

/// Distinct notices for the user, one sentence each.
#[derive(Default)]
pub struct Notices(Mutex<Vec<StoreNotice>>);

impl Notices {
    /// Adds a notice and logs it.
    pub fn add(&self, notice: StoreNotice) {
        tracing::warn!("{notice}");
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Notices so far.
    pub fn all(&self) -> Vec<StoreNotice> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
