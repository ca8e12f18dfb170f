//! Loading of the connection list in pages, in the background.
//!
//! Connections are saved and deleted while pages load, so a page may begin later or earlier than requested. Each page
//! overlaps the known rows and is accepted only if it begins with a known row: then there is no gap.
//! Changes from the feed take precedence over the contents of a page.

use std::collections::HashSet;

use uuid::Uuid;

use super::updates::IndexShift;
use crate::connection::{ListQuery, PageRequest};
use crate::search::TreeItem;
use crate::tui::effect::Ticket;

/// Size of the first page: enough for any screen.
const FIRST: usize = 200;

/// Rows added by each further page.
const NEXT: usize = 5_000;

/// Known rows at the start of a page: the number of deletions tolerated without a gap.
const OVERLAP: usize = 20;

/// Progress of loading.
#[derive(Debug)]
pub struct Loading {
    /// Number of connections, from the first, loaded without a gap.
    complete: usize,
    /// Total number in the last reply of the service.
    total: Option<usize>,
    overlap: usize,
    state: LoadingState,
    /// Connections changed since loading began, here or elsewhere.
    changed: HashSet<Uuid>,
}

#[derive(Debug, PartialEq, Eq)]
enum LoadingState {
    Pending,
    Requested(Ticket, PageRequest),
    Done,
    /// The last request failed; retried on demand.
    Failed,
}

impl Default for Loading {
    fn default() -> Self {
        Self {
            complete: 0,
            total: None,
            overlap: OVERLAP,
            state: LoadingState::Pending,
            changed: HashSet::new(),
        }
    }
}

impl Loading {
    /// Returns the next page to request for a list that begins with `items`.
    pub fn next_page(&self, items: &[TreeItem]) -> Option<ListQuery> {
        if self.state != LoadingState::Pending {
            return None;
        }
        let overlap = self.overlap.min(self.complete);
        let skip = self.complete - overlap;
        let take = if self.complete == 0 {
            FIRST
        } else {
            overlap + NEXT
        };
        let before = skip.checked_sub(1).and_then(|at| items.get(at));
        Some(ListQuery {
            after: before.map(TreeItem::cursor),
            ..ListQuery::all(PageRequest { skip, take })
        })
    }

    /// Records the ticket of the requested page.
    pub fn requested(&mut self, ticket: Ticket, window: PageRequest) {
        self.state = LoadingState::Requested(ticket, window);
    }

    /// Returns true if the ticket belongs to the pending page.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        matches!(self.state, LoadingState::Requested(awaited, _) if awaited == ticket)
    }

    /// Records a failed request.
    pub fn fail(&mut self) {
        self.state = LoadingState::Failed;
    }

    /// Requests the failed page again after a reconnect.
    pub fn retry(&mut self) {
        if self.state == LoadingState::Failed {
            self.state = LoadingState::Pending;
        }
    }

    /// Returns the total number while loading is incomplete.
    pub fn incomplete_total(&self) -> Option<usize> {
        match self.state {
            LoadingState::Done | LoadingState::Failed => None,
            LoadingState::Pending | LoadingState::Requested(..) => self.total,
        }
    }

    /// Returns the number of connections, from the first, that are loaded without a gap.
    pub const fn complete(&self) -> usize {
        self.complete
    }

    /// Returns true before the first reply.
    pub fn is_first(&self) -> bool {
        self.total.is_none() && self.state != LoadingState::Failed
    }

    /// Returns true if all connections are loaded.
    pub fn is_done(&self) -> bool {
        self.state == LoadingState::Done
    }

    /// Returns true if the last request failed.
    pub fn is_broken(&self) -> bool {
        self.state == LoadingState::Failed
    }

    /// Records a change of a connection; pages that arrive later may be older.
    pub fn note_change(&mut self, id: Uuid) {
        if !self.is_done() {
            self.changed.insert(id);
        }
    }

    /// Adjusts to index shifts; a row inserted after the complete part may have unknown rows before it.
    pub fn shift(&mut self, shift: &IndexShift) {
        self.complete = shift.moved_end(self.complete);
    }

    /// Merges a page after the complete part, and existing later rows in order. Returns the first
    /// changed index.
    pub fn take_page(
        &mut self,
        items: &mut Vec<TreeItem>,
        page: Vec<TreeItem>,
        total: usize,
    ) -> usize {
        let LoadingState::Requested(_, window) = self.state else {
            return items.len();
        };
        self.total = Some(total);
        self.state = LoadingState::Pending;
        let known = self.complete.checked_sub(1).and_then(|at| items.get(at));
        let is_beyond = |item: &TreeItem| known.is_none_or(|known| known.order(item).is_lt());
        let is_joined = window.skip == 0 || page.first().is_some_and(|first| !is_beyond(first));
        if !is_joined {
            self.overlap = self.overlap.saturating_mul(4);
            return items.len();
        }
        let is_short = page.len() < window.take;
        let is_end = window.skip + page.len() >= total;
        let fresh: Vec<TreeItem> = page.into_iter().filter(|item| is_beyond(item)).collect();
        // The total alone does not tell: rows before the page were saved or deleted since `skip` was counted.
        let is_last = is_short && (is_end || fresh.is_empty());
        if fresh.is_empty() && !is_last {
            // Every row of the page is known already; a smaller overlap moves the next page forward.
            self.overlap = (self.overlap / 2).max(1);
            return items.len();
        }
        self.overlap = OVERLAP;
        let end = fresh.last().cloned();
        let from = self.complete.min(items.len());
        let ahead = items.split_off(from);
        if items.is_empty() {
            // One allocation for the whole list.
            items.reserve_exact(total);
        }
        let accepted = fresh
            .into_iter()
            .filter(|item| !self.changed.contains(&item.id));
        let mut ahead = ahead.into_iter().peekable();
        for item in accepted {
            while let Some(before) = ahead.next_if(|other| other.order(&item).is_lt()) {
                items.push(before);
            }
            items.push(item);
        }
        items.extend(ahead);
        if is_last {
            self.complete = items.len();
            self.state = LoadingState::Done;
            self.changed = HashSet::new();
        } else if let Some(end) = end {
            self.complete = items.partition_point(|item| item.order(&end).is_le());
        }
        from
    }
}
