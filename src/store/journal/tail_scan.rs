//! Finds the end of the journal and replays the entries after a revision.

use std::io;

use super::digest::StateDigest;
use super::entry::{EntryWalk, JournalEntry, WalkItem};
use super::segment::{Segment, TailPosition};
use crate::store::key::StoreAuthenticator;

/// End of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEnd {
    /// Newest readable revision.
    pub revision: u64,
    /// Digest of the store after it.
    pub digest: StateDigest,
    /// Position of the next entry; `None` when the end is damaged and a new segment must be started.
    pub position: Option<TailPosition>,
    /// Reason why the replayed entries are incomplete.
    pub problem: Option<String>,
}

/// Reads the segments that have changes after `applied` and calls `visit` with these changes in order. With an authenticator, what
/// is not authentic is damaged.
pub fn read(
    segments: &[Segment],
    applied: u64,
    auth: Option<&StoreAuthenticator>,
    mut visit: impl FnMut(&JournalEntry<'_>),
) -> io::Result<JournalEnd> {
    let mut end = JournalEnd {
        revision: 0,
        digest: StateDigest::default(),
        position: None,
        problem: None,
    };
    let start = segments
        .iter()
        .rposition(|segment| segment.first <= applied.saturating_add(1));
    if start.is_none() {
        end.problem = Some(format!("the journal begins after change {applied}"));
    }
    for segment in &segments[start.unwrap_or(0)..] {
        end.read_segment(segment, (applied, auth), &mut visit)?;
    }
    Ok(end)
}

impl JournalEnd {
    fn read_segment(
        &mut self,
        segment: &Segment,
        (applied, auth): (u64, Option<&StoreAuthenticator>),
        visit: &mut impl FnMut(&JournalEntry<'_>),
    ) -> io::Result<()> {
        let (bytes, head) = segment.read(auth)?;
        match &head {
            Ok(head) if head.revision > self.revision => {
                self.expect_next(head.revision, applied);
                self.revision = head.revision - 1;
                self.digest = head.digest;
            }
            Ok(_) => {}
            Err(_) => {
                self.set_problem(format!(
                    "the header of {} is damaged",
                    segment.path.display()
                ));
            }
        }
        let mut walk = EntryWalk::of_segment(&bytes, auth);
        let mut cut = None;
        let mut damaged_end = false;
        for step in walk.by_ref() {
            damaged_end = false;
            match step {
                WalkItem::Entry(entry) => {
                    if entry.revision > applied {
                        self.expect_next(entry.revision, applied);
                        visit(&entry);
                    }
                    self.revision = entry.revision;
                    self.digest = entry.digest;
                }
                WalkItem::Damaged(damage) => {
                    damaged_end = true;
                    if self.revision >= applied {
                        self.set_problem(format!(
                            "the journal file {} {} at byte {}",
                            segment.path.display(),
                            damage.verb(),
                            damage.from
                        ));
                    }
                }
                WalkItem::Torn(at) => cut = Some(at),
            }
        }
        self.position = (!damaged_end && head.is_ok()).then(|| TailPosition {
            segment: segment.clone(),
            offset: cut.unwrap_or_else(|| walk.at()) as u64,
            cut: cut.is_some(),
            chain: walk.last_code(),
        });
        Ok(())
    }

    fn expect_next(&mut self, revision: u64, applied: u64) {
        let before = self.revision.max(applied);
        let next = before.saturating_add(1);
        if revision > next {
            self.set_problem(format!("the journal lacks change {next}"));
        }
    }

    fn set_problem(&mut self, why: String) {
        self.problem.get_or_insert(why);
    }
}
