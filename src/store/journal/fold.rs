//! Adds up snapshots and journal to what the store is now.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use uuid::Uuid;

use super::digest::{Digest, record_mark, version_mark};
use super::entry::{Damage, Entry, Kind, Step, Walk};
use super::head::{self, Identity};
use super::segment::Segment;
use super::snapshot;

/// What a store is, as its snapshot and journal tell it.
///
/// `T` is what is kept of an entry's payload: nothing, to compare digests, or all of it, to make a view.
pub struct Fold<T> {
    keep: fn(&Entry<'_>) -> T,
    /// The connections.
    pub connections: HashMap<Uuid, Folded<T>>,
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
}

/// A connection.
pub struct Folded<T> {
    /// Which revision saved it.
    pub revision: u64,
    /// What is kept of it.
    pub record: T,
    /// Its versions: number, revision, what is kept of it.
    pub versions: BTreeMap<u64, (u64, T)>,
}

impl<T> Folded<T> {
    /// The sum of the marks of its versions.
    pub fn history(&self, id: Uuid) -> u64 {
        self.versions
            .iter()
            .map(|(number, (revision, _))| version_mark(id, *number, *revision))
            .fold(0, u64::wrapping_add)
    }
}

impl<T> Fold<T> {
    /// Reads the newest good snapshot and the journal after it.
    pub fn read(data: &Path, keep: fn(&Entry<'_>) -> T) -> io::Result<Self> {
        let mut fold = Self {
            keep,
            connections: HashMap::new(),
            revision: 0,
            expected: Digest::default(),
            damage: Vec::new(),
            missing: Vec::new(),
            identity: None,
            damaged_end: false,
        };
        for (_, path) in snapshot::all(data)?.into_iter().rev() {
            if fold.add_snapshot(&path)? {
                break;
            }
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
            fold.revision += 1;
            fold.missing.push((fold.revision, fold.revision));
        }
        fold.connections.retain(|_, folded| folded.revision > 0);
        Ok(fold)
    }

    /// What it amounts to.
    pub fn digest(&self) -> Digest {
        self.connections
            .iter()
            .fold(Digest::default(), |digest, (id, folded)| {
                digest.with(record_mark(*id, folded.revision, folded.history(*id)))
            })
    }

    /// Whether it amounts to what the newest entry says.
    pub fn agrees(&self) -> bool {
        self.missing.is_empty() && self.digest() == self.expected
    }

    /// Adds a snapshot; nothing of it, and false, when it is not whole.
    fn add_snapshot(&mut self, path: &Path) -> io::Result<bool> {
        let Some(found) = snapshot::read(path, |entry| self.add_row(entry))? else {
            self.connections.clear();
            return Ok(false);
        };
        self.revision = found.revision;
        self.expected = found.digest;
        self.identity = Some(found.identity);
        Ok(true)
    }

    fn add_row(&mut self, entry: &Entry<'_>) {
        let keep = self.keep;
        match entry.kind {
            Kind::Record => {
                let folded = self.connection(entry);
                folded.revision = entry.revision;
                folded.record = keep(entry);
            }
            Kind::Version => {
                self.connection(entry)
                    .versions
                    .insert(entry.number, (entry.revision, keep(entry)));
            }
            Kind::Saved | Kind::Deleted | Kind::End => {}
        }
    }

    fn connection(&mut self, entry: &Entry<'_>) -> &mut Folded<T> {
        let keep = self.keep;
        self.connections.entry(entry.id).or_insert_with(|| Folded {
            revision: 0,
            record: keep(entry),
            versions: BTreeMap::new(),
        })
    }

    fn add_segment(&mut self, segment: &Segment) -> io::Result<()> {
        let (bytes, head) = segment.read()?;
        if let Ok(head) = head {
            if head.revision == self.revision + 1 {
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
    fn add_entry(&mut self, entry: &Entry<'_>) {
        if entry.revision <= self.revision {
            return;
        }
        if entry.revision > self.revision + 1 {
            self.missing.push((self.revision + 1, entry.revision - 1));
        }
        self.revision = entry.revision;
        self.expected = entry.digest;
        match entry.kind {
            Kind::Saved => {
                let keep = self.keep;
                let folded = self.connection(entry);
                if folded.revision <= entry.revision {
                    folded.revision = entry.revision;
                    folded.record = keep(entry);
                }
                folded
                    .versions
                    .insert(entry.number, (entry.revision, keep(entry)));
            }
            Kind::Deleted => {
                self.connections.remove(&entry.id);
            }
            Kind::Record | Kind::Version | Kind::End => {}
        }
    }
}
