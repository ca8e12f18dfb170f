//! Changes of the store on disk that are no longer in memory, from its journal.

use std::collections::VecDeque;
use std::path::PathBuf;

use async_trait::async_trait;

use super::change;
use crate::connection::StoreError;
use crate::connection::store::ChangeEvent;
use crate::store::change_log::{ChangeHistory, MAX_FETCH};
use crate::store::journal::entry::{EntryWalk, WalkItem};
use crate::store::journal::segment::Segment;
use crate::store::key::StoreAuthenticator;

/// Journal in a folder.
#[derive(Clone)]
pub struct JournalHistory {
    /// Folder of the segments.
    pub journal: PathBuf,
    /// Authenticator of the segments.
    pub auth: Option<StoreAuthenticator>,
}

#[async_trait]
impl ChangeHistory for JournalHistory {
    async fn read_after(
        &self,
        seen: u64,
        newest: u64,
    ) -> Result<VecDeque<ChangeEvent>, StoreError> {
        let history = self.clone();
        let read = tokio::task::spawn_blocking(move || read_after(&history, seen, newest)).await;
        read.unwrap_or(Err(StoreError::FeedTooOld(seen)))
    }
}

/// Reads changes after `seen` up to `newest` from the journal, at most [`MAX_FETCH`].
fn read_after(
    history: &JournalHistory,
    seen: u64,
    newest: u64,
) -> Result<VecDeque<ChangeEvent>, StoreError> {
    let too_old = || StoreError::FeedTooOld(seen);
    let segments = Segment::all(&history.journal).map_err(|_| too_old())?;
    let from = segments
        .iter()
        .rposition(|segment| segment.first <= seen + 1)
        .ok_or_else(too_old)?;
    let auth = history.auth.as_ref();
    let mut found = VecDeque::new();
    for segment in &segments[from..] {
        let (bytes, _) = segment.read(auth).map_err(|_| too_old())?;
        for step in EntryWalk::of_segment(&bytes, auth) {
            let WalkItem::Entry(entry) = step else {
                continue;
            };
            let next = seen + 1 + found.len() as u64;
            if entry.revision < next || entry.revision > newest {
                continue;
            }
            if entry.revision > next {
                // The change before is damaged or its segment was removed.
                return if found.is_empty() {
                    Err(too_old())
                } else {
                    Ok(found)
                };
            }
            if let Some(changed) = change::to_event(&entry) {
                found.push_back(changed?);
            }
            if found.len() >= MAX_FETCH {
                return Ok(found);
            }
        }
    }
    if found.is_empty() {
        return Err(too_old());
    }
    Ok(found)
}
