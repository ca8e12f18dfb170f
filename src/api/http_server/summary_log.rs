//! Access log of requests without a valid token: at most one line a second, so that strangers cannot fill the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::access_log::{self, AccessEntry};

/// Time between two lines.
const INTERVAL: Duration = Duration::from_secs(1);

/// Log that writes the first entry, then one summary for each interval.
#[derive(Clone, Default)]
pub struct SummaryLog(Arc<Mutex<SummaryState>>);

#[derive(Default)]
struct SummaryState {
    /// True while an interval runs.
    is_counting: bool,
    /// Number of entries in the interval by status.
    counts: BTreeMap<u16, u64>,
}

impl SummaryLog {
    /// Writes an entry, or counts it for the summary of the current interval.
    pub fn log(&self, entry: &AccessEntry<'_>) {
        let mut state = self.lock();
        if state.is_counting {
            *state.counts.entry(entry.status).or_default() += 1;
            return;
        }
        state.is_counting = true;
        drop(state);
        entry.log();
        let log = self.clone();
        tokio::spawn(async move {
            loop {
                sleep(INTERVAL).await;
                let Some(counts) = log.end_interval() else {
                    return;
                };
                access_log::log_summary(&counts);
            }
        });
    }

    /// Returns the counts of an interval, and starts the next one; `None` after an interval without entries.
    fn end_interval(&self) -> Option<BTreeMap<u16, u64>> {
        let mut state = self.lock();
        let counts = std::mem::take(&mut state.counts);
        state.is_counting = !counts.is_empty();
        state.is_counting.then_some(counts)
    }

    fn lock(&self) -> MutexGuard<'_, SummaryState> {
        // Every change is complete before the lock is released.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::request_id::RequestId;
    use super::*;

    #[tokio::test]
    async fn flood_is_counted_until_an_interval_is_quiet() {
        let log = SummaryLog::default();
        let id = RequestId::new();
        let entry = |status| AccessEntry {
            request: Some(("GET", "/")),
            status,
            duration: Duration::ZERO,
            bytes: None,
            token: None,
            peer: ([127, 0, 0, 1], 1).into(),
            id: &id,
        };
        for status in [401, 401, 401, 429] {
            log.log(&entry(status));
        }
        assert_eq!(log.end_interval(), Some([(401, 2), (429, 1)].into()));
        log.log(&entry(401));
        assert_eq!(
            log.end_interval(),
            Some([(401, 1)].into()),
            "still counting"
        );
        assert_eq!(log.end_interval(), None);
        assert!(!log.lock().is_counting);
    }
}
