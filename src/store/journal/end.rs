//! Finds out where the journal ends, and tells what it has after a revision.

use std::io;

use super::digest::Digest;
use super::entry::{Entry, Step, Walk};
use super::head;
use super::segment::Segment;

/// Where the journal ends.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The newest change that can be read.
    pub revision: u64,
    /// What the store amounts to after it.
    pub digest: Digest,
    /// Where the next entry goes; nowhere when the end is damaged and a new segment is to begin.
    pub place: Option<Place>,
    /// Why the entries that were told are not all there are.
    pub trouble: Option<String>,
}

/// Where the next entry goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In which segment.
    pub segment: Segment,
    /// Behind which byte.
    pub at: u64,
    /// Whether a write that never finished is to be cut off there.
    pub cut: bool,
}

/// Reads the segments that have changes after `applied`, and tells these in order.
pub fn read(
    segments: &[Segment],
    applied: u64,
    mut tell: impl FnMut(&Entry<'_>),
) -> io::Result<End> {
    let mut end = End {
        revision: 0,
        digest: Digest::default(),
        place: None,
        trouble: None,
    };
    let start = segments
        .iter()
        .rposition(|segment| segment.first <= applied + 1);
    if start.is_none() {
        end.trouble = Some(format!("the journal begins after change {applied}"));
    }
    for segment in &segments[start.unwrap_or(0)..] {
        end.read_segment(segment, applied, &mut tell)?;
    }
    Ok(end)
}

impl End {
    fn read_segment(
        &mut self,
        segment: &Segment,
        applied: u64,
        tell: &mut impl FnMut(&Entry<'_>),
    ) -> io::Result<()> {
        let (bytes, head) = segment.read()?;
        match &head {
            Ok(head) if head.revision > self.revision => {
                self.must_follow(head.revision, applied);
                self.revision = head.revision - 1;
                self.digest = head.digest;
            }
            Ok(_) => {}
            Err(_) => {
                self.trouble_with(format!("the header of {} is damaged", segment.path.display()));
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
                        self.must_follow(entry.revision, applied);
                        tell(&entry);
                    }
                    self.revision = entry.revision;
                    self.digest = entry.digest;
                }
                Step::Damaged(damage) => {
                    damaged_end = true;
                    if self.revision >= applied {
                        self.trouble_with(format!(
                            "the journal file {} is damaged at byte {}",
                            segment.path.display(),
                            damage.from
                        ));
                    }
                }
                Step::Torn(at) => cut = Some(at),
            }
        }
        self.place = (!damaged_end && head.is_ok()).then(|| Place {
            segment: segment.clone(),
            at: cut.unwrap_or_else(|| walk.at()) as u64,
            cut: cut.is_some(),
        });
        Ok(())
    }

    fn must_follow(&mut self, revision: u64, applied: u64) {
        let before = self.revision.max(applied);
        if revision > before + 1 {
            self.trouble_with(format!("the journal lacks change {}", before + 1));
        }
    }

    fn trouble_with(&mut self, why: String) {
        self.trouble.get_or_insert(why);
    }
}
