//! Finds the end of the journal and replays the entries after a revision.

use std::io;

use super::digest::Digest;
use super::entry::{Entry, Step, Walk};
use super::head;
use super::segment::Segment;

/// End of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Newest readable revision.
    pub revision: u64,
    /// Digest of the store after it.
    pub digest: Digest,
    /// Position of the next entry; `None` when the end is damaged and a new segment must be started.
    pub position: Option<Place>,
    /// Reason why the replayed entries are incomplete.
    pub problem: Option<String>,
}

/// Position of the next entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Segment to append to.
    pub segment: Segment,
    /// Byte offset.
    pub at: u64,
    /// True when an unfinished write must be truncated at the offset.
    pub cut: bool,
}

/// Reads the segments that have changes after `applied` and calls `visit` with these changes in order.
pub fn read(
    segments: &[Segment],
    applied: u64,
    mut visit: impl FnMut(&Entry<'_>),
) -> io::Result<End> {
    let mut end = End {
        revision: 0,
        digest: Digest::default(),
        position: None,
        problem: None,
    };
    let start = segments
        .iter()
        .rposition(|segment| segment.first <= applied + 1);
    if start.is_none() {
        end.problem = Some(format!("the journal begins after change {applied}"));
    }
    for segment in &segments[start.unwrap_or(0)..] {
        end.read_segment(segment, applied, &mut visit)?;
    }
    Ok(end)
}

impl End {
    fn read_segment(
        &mut self,
        segment: &Segment,
        applied: u64,
        visit: &mut impl FnMut(&Entry<'_>),
    ) -> io::Result<()> {
        let (bytes, head) = segment.read()?;
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
        let mut walk = Walk::new(&bytes, head::LENGTH);
        let mut cut = None;
        let mut damaged_end = false;
        for step in walk.by_ref() {
            damaged_end = false;
            match step {
                Step::Entry(entry) => {
                    if entry.revision > applied {
                        self.expect_next(entry.revision, applied);
                        visit(&entry);
                    }
                    self.revision = entry.revision;
                    self.digest = entry.digest;
                }
                Step::Damaged(damage) => {
                    damaged_end = true;
                    if self.revision >= applied {
                        self.set_problem(format!(
                            "the journal file {} is damaged at byte {}",
                            segment.path.display(),
                            damage.from
                        ));
                    }
                }
                Step::Torn(at) => cut = Some(at),
            }
        }
        self.position = (!damaged_end && head.is_ok()).then(|| Place {
            segment: segment.clone(),
            at: cut.unwrap_or_else(|| walk.at()) as u64,
            cut: cut.is_some(),
        });
        Ok(())
    }

    fn expect_next(&mut self, revision: u64, applied: u64) {
        let before = self.revision.max(applied);
        if revision > before + 1 {
            self.set_problem(format!("the journal lacks change {}", before + 1));
        }
    }

    fn set_problem(&mut self, why: String) {
        self.problem.get_or_insert(why);
    }
}
