//! Adds up snapshots and journal to what the store is now.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::digest::{Digest, record_mark, version_mark};
use super::entry::{Damage, Entry, Kind, Step, Walk};
use super::head::{self, Identity};
use super::segment::Segment;
use super::snapshot;

/// What a store can be made from, together with the journal after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A snapshot.
    Snapshot(PathBuf),
    /// Nothing: the journal from its beginning.
    Beginning,
}

impl Source {
    /// All there are, the quickest first.
    pub fn all(data: &Path) -> io::Result<Vec<Self>> {
        let snapshots = snapshot::all(data)?.into_iter().rev();
        Ok(snapshots
            .map(|(_, path)| Self::Snapshot(path))
            .chain([Self::Beginning])
            .collect())
    }
}

/// What a store is, as its snapshot and journal tell it.
///
/// `T` is what is kept of an entry's payload: nothing, to compare digests, or all of it, to make a view.
pub struct Fold<T> {
    keep: fn(&Entry<'_>) -> T,
    /// The connections.
    pub connections: HashMap<Uuid, Folded<T>>,
    /// Which connections were deleted, and by which change.
    pub deleted: HashMap<Uuid, u64>,
    /// The newest revision in it.
    pub revision: u64,
    /// What the newest entry says that the store amounts to.
    pub expected: Digest,
    /// What was stepped over.
    pub damage: Vec<(Segment, Damage)>,
    /// Revisions that no file tells, from and to.
    pub missing: Vec<(u64, u64)>,
    /// Whose files they are.
    pub identity: Option<Identity>,
    /// Whether the bytes that were stepped over are the last ones.
    damaged_end: bool,
    /// Whether a change says that the store became something else than one change can make of it.
    jumps: bool,
}

/// A connection.
pub struct Folded<T> {
    /// Its newest version; none when only older ones were met so far.
    pub newest: Option<FoldedVersion<T>>,
    /// The versions before, by number.
    pub older: BTreeMap<u64, FoldedVersion<T>>,
}

/// A version of a connection.
pub struct FoldedVersion<T> {
    /// Its number.
    pub number: u64,
    /// Which revision saved it.
    pub revision: u64,
    /// What is kept of it.
    pub kept: T,
}

impl<T> Folded<T> {
    /// The sum of the marks of its versions.
    pub fn history(&self, id: Uuid) -> u64 {
        self.older
            .values()
            .chain(&self.newest)
            .map(|version| version_mark(id, version.number, version.revision))
            .fold(0, u64::wrapping_add)
    }

    fn add(&mut self, version: FoldedVersion<T>) {
        let newest = self.newest.as_ref();
        let older = match newest.map(|newest| newest.revision.cmp(&version.revision)) {
            None => {
                self.newest = Some(version);
                return;
            }
            Some(Ordering::Less) => self.newest.replace(version),
            Some(Ordering::Equal) => return,
            Some(Ordering::Greater) => Some(version),
        };
        self.older
            .extend(older.map(|version| (version.number, version)));
    }
}

impl<T> Fold<T> {
    /// Nothing yet.
    pub fn empty(keep: fn(&Entry<'_>) -> T) -> Self {
        Self {
            keep,
            connections: HashMap::new(),
            deleted: HashMap::new(),
            revision: 0,
            expected: Digest::default(),
            damage: Vec::new(),
            missing: Vec::new(),
            identity: None,
            damaged_end: false,
            jumps: false,
        }
    }

    /// Reads a source and the journal after it; none when the source is a snapshot that is not whole.
    ///
    /// Only one that [agrees](Self::agrees) is known to be right.
    pub fn read(
        data: &Path,
        source: &Source,
        keep: fn(&Entry<'_>) -> T,
    ) -> io::Result<Option<Self>> {
        let mut fold = Self::empty(keep);
        if let Source::Snapshot(path) = source
            && !fold.add_snapshot(path)?
        {
            return Ok(None);
        }
        let segments = Segment::all(&data.join(super::FOLDER))?;
        let from = segments
            .iter()
            .rposition(|segment| segment.first <= fold.revision + 1)
            .unwrap_or(0);
        for segment in &segments[from.min(segments.len())..] {
            fold.add_segment(segment)?;
        }
        if fold.damaged_end {
            // The last change was damaged; its revision must not come again.
            fold.reach(fold.revision + 1);
        }
        fold.connections.retain(|_, folded| folded.newest.is_some());
        Ok(Some(fold))
    }

    /// How many changes no file tells.
    pub fn changes_missing(&self) -> u64 {
        self.missing.iter().map(|(from, to)| to - from + 1).sum()
    }

    /// Knows that there were changes up to this revision; those that were not met are missing.
    pub fn reach(&mut self, revision: u64) {
        if revision > self.revision {
            self.missing.push((self.revision + 1, revision));
            self.revision = revision;
        }
    }

    /// What it amounts to.
    pub fn digest(&self) -> Digest {
        self.connections
            .iter()
            .filter_map(|(id, folded)| {
                let revision = folded.newest.as_ref()?.revision;
                Some(record_mark(*id, revision, folded.history(*id)))
            })
            .fold(Digest::default(), Digest::with)
    }

    /// Whether it amounts to what the newest entry says.
    pub fn agrees(&self) -> bool {
        self.missing.is_empty() && !self.jumps && self.digest() == self.expected
    }

    /// Adds a snapshot; false when it is not whole, and then what was added is of no use.
    fn add_snapshot(&mut self, path: &Path) -> io::Result<bool> {
        let Some(found) = snapshot::read(path, |entry| self.add_row(entry))? else {
            return Ok(false);
        };
        self.revision = found.revision;
        self.expected = found.digest;
        self.identity = Some(found.identity);
        Ok(true)
    }

    /// Adds a row of a snapshot or of a view.
    pub fn add_row(&mut self, entry: &Entry<'_>) {
        let version = self.version(entry);
        let folded = self.connection(entry.id);
        match entry.kind {
            Kind::Record => folded.newest = Some(version),
            Kind::Version => {
                folded.older.insert(entry.number, version);
            }
            Kind::Saved | Kind::Deleted | Kind::End => {}
        }
    }

    fn version(&self, entry: &Entry<'_>) -> FoldedVersion<T> {
        FoldedVersion {
            number: entry.number,
            revision: entry.revision,
            kept: (self.keep)(entry),
        }
    }

    fn connection(&mut self, id: Uuid) -> &mut Folded<T> {
        self.connections.entry(id).or_insert_with(|| Folded {
            newest: None,
            older: BTreeMap::new(),
        })
    }

    fn add_segment(&mut self, segment: &Segment) -> io::Result<()> {
        let (bytes, head) = segment.read()?;
        if let Ok(head) = head {
            if head.revision > self.revision {
                self.reach(head.revision - 1);
                self.expected = head.digest;
            }
            self.identity = Some(head.identity);
        }
        let mut damaged_end = false;
        for step in Walk::new(&bytes, head::LENGTH) {
            damaged_end = false;
            match step {
                Step::Entry(entry) => self.add_entry(&entry),
                Step::Damaged(damage) => {
                    damaged_end = true;
                    self.damage.push((segment.clone(), damage));
                }
                Step::Torn(_) => {}
            }
        }
        self.damaged_end = damaged_end;
        Ok(())
    }

    /// A snapshot is written while changes go on, so it may have some that the journal tells again.
    ///
    /// What a store amounts to is for the journal to say: a snapshot is not believed about itself when the journal still
    /// has the change that it was taken at.
    fn add_entry(&mut self, entry: &Entry<'_>) {
        if entry.revision == self.revision {
            self.expected = entry.digest;
        }
        if entry.revision <= self.revision {
            return;
        }
        if entry.revision == self.revision + 1 {
            self.jumps |= entry.digest.count.abs_diff(self.expected.count) > 1;
        }
        self.reach(entry.revision - 1);
        self.revision = entry.revision;
        self.expected = entry.digest;
        match entry.kind {
            Kind::Saved => {
                let version = self.version(entry);
                self.connection(entry.id).add(version);
            }
            Kind::Deleted => {
                self.connections.remove(&entry.id);
                self.deleted.insert(entry.id, entry.revision);
            }
            Kind::Record | Kind::Version | Kind::End => {}
        }
    }
}
