//! Rebuilds the state of the store from snapshots and journal.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::digest::{StateDigest, record_hash, version_hash};
use super::entry::{Damage, EntryKind, EntryWalk, JournalEntry, WalkItem};
use super::header::StoreIdentity;
use super::segment::Segment;
use super::snapshot;
use crate::store::key::StoreAuthenticator;

/// Base that the state can be built on, together with the journal after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RebuildBase {
    /// A snapshot.
    Snapshot(PathBuf),
    /// The empty store: the complete journal is replayed.
    JournalStart,
}

impl RebuildBase {
    /// Returns all bases, fastest first.
    pub fn all(data: &Path) -> io::Result<Vec<Self>> {
        let snapshots = snapshot::all(data)?.into_iter().rev();
        Ok(snapshots
            .map(|(_, path)| Self::Snapshot(path))
            .chain([Self::JournalStart])
            .collect())
    }
}

/// State of a store as recorded by a snapshot and the journal.
///
/// `T` is what is retained of an entry's payload: nothing to compare digests, all of it to build an index.
pub struct StateBuilder<T> {
    retain_payload: fn(&JournalEntry<'_>) -> T,
    /// Checks that everything read is authentic, where the key is known.
    auth: Option<StoreAuthenticator>,
    /// Connections by ID.
    pub connections: HashMap<Uuid, BuiltConnection<T>>,
    /// Permanently deleted connections, and the revision of their purge.
    pub purged: HashMap<Uuid, u64>,
    /// Newest revision.
    pub revision: u64,
    /// Digest recorded by the newest entry.
    pub expected: StateDigest,
    /// Damaged ranges that were skipped.
    pub damage: Vec<(Segment, Damage)>,
    /// Missing revision ranges, inclusive.
    pub missing: Vec<(u64, u64)>,
    /// Identity found in the files.
    pub identity: Option<StoreIdentity>,
    /// True when the last bytes of the journal are damaged.
    damaged_end: bool,
    /// True when a recorded digest differs from the previous one by more than a single change allows.
    has_jump: bool,
}

/// Lists the segments that have the changes after a revision, oldest first.
fn segments_after(data: &Path, revision: u64) -> io::Result<Vec<Segment>> {
    let mut segments = Segment::all(&data.join(super::FOLDER))?;
    let from = segments
        .iter()
        .rposition(|segment| segment.first <= revision.saturating_add(1))
        .unwrap_or(0);
    segments.drain(..from.min(segments.len()));
    Ok(segments)
}

/// Visits the intact entries of a base and of the journal after it, one at a time, as [`StateBuilder::read`] reads them. Returns
/// false when the base is an incomplete snapshot; what was visited must then be discarded.
pub fn visit_entries(
    data: &Path,
    base: &RebuildBase,
    auth: Option<&StoreAuthenticator>,
    mut visit: impl FnMut(&JournalEntry<'_>),
) -> io::Result<bool> {
    let mut revision = 0;
    if let RebuildBase::Snapshot(path) = base {
        let Some(head) = snapshot::read(path, auth, &mut visit)? else {
            return Ok(false);
        };
        revision = head.revision;
    }
    for segment in segments_after(data, revision)? {
        let (bytes, _) = segment.read(auth)?;
        for item in EntryWalk::of_segment(&bytes, auth) {
            match item {
                WalkItem::Entry(entry) => visit(&entry),
                WalkItem::Damaged(_) | WalkItem::Torn(_) => {}
            }
        }
    }
    Ok(true)
}

/// Connection with its versions.
pub struct BuiltConnection<T> {
    /// Current version; `None` while only older versions were read.
    pub newest: Option<BuiltVersion<T>>,
    /// Older versions by number.
    pub older: BTreeMap<u64, BuiltVersion<T>>,
}

/// Version of a connection.
pub struct BuiltVersion<T> {
    /// Version number.
    pub number: u64,
    /// Revision that saved it.
    pub revision: u64,
    /// Retained part of the payload.
    pub payload: T,
}

impl<T> BuiltConnection<T> {
    /// Sum of the hashes of all versions.
    pub fn history_digest(&self, id: Uuid) -> u64 {
        self.older
            .values()
            .chain(&self.newest)
            .map(|version| version_hash(id, version.number, version.revision))
            .fold(0, u64::wrapping_add)
    }

    fn add(&mut self, version: BuiltVersion<T>) {
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

impl<T> StateBuilder<T> {
    /// Returns an empty state.
    pub fn empty(retain_payload: fn(&JournalEntry<'_>) -> T) -> Self {
        Self {
            retain_payload,
            auth: None,
            connections: HashMap::new(),
            purged: HashMap::new(),
            revision: 0,
            expected: StateDigest::default(),
            damage: Vec::new(),
            missing: Vec::new(),
            identity: None,
            damaged_end: false,
            has_jump: false,
        }
    }

    /// Reads a base and the journal after it. Returns `None` when the base is an incomplete snapshot.
    ///
    /// The result is verified only when it [is consistent](Self::is_consistent) with the journal.
    pub fn read(
        data: &Path,
        source: &RebuildBase,
        auth: Option<&StoreAuthenticator>,
        retain_payload: fn(&JournalEntry<'_>) -> T,
    ) -> io::Result<Option<Self>> {
        let mut state = Self {
            auth: auth.cloned(),
            ..Self::empty(retain_payload)
        };
        if let RebuildBase::Snapshot(path) = source
            && !state.add_snapshot(path)?
        {
            return Ok(None);
        }
        for segment in segments_after(data, state.revision)? {
            state.add_segment(&segment)?;
        }
        if state.damaged_end {
            // The last change is damaged; its revision must not be used again.
            state.extend_to(state.revision.saturating_add(1));
        }
        state.connections.retain(|_, built| built.newest.is_some());
        Ok(Some(state))
    }

    /// Number of changes that no file contains.
    pub fn missing_changes(&self) -> u64 {
        self.missing.iter().map(|(from, to)| to - from + 1).sum()
    }

    /// Records that changes up to a revision exist; those not read are missing.
    pub fn extend_to(&mut self, revision: u64) {
        if revision > self.revision {
            self.missing.push((self.revision + 1, revision));
            self.revision = revision;
        }
    }

    /// Computes the digest of the state.
    pub fn digest(&self) -> StateDigest {
        self.connections
            .iter()
            .filter_map(|(id, built)| {
                let revision = built.newest.as_ref()?.revision;
                Some(record_hash(*id, revision, built.history_digest(*id)))
            })
            .fold(StateDigest::default(), StateDigest::with)
    }

    /// Returns true when the state is complete and matches the digest of the newest entry.
    pub fn is_consistent(&self) -> bool {
        self.missing.is_empty() && !self.has_jump && self.digest() == self.expected
    }

    /// Adds a snapshot. Returns false when the snapshot is incomplete; the state must then be discarded.
    fn add_snapshot(&mut self, path: &Path) -> io::Result<bool> {
        let auth = self.auth.clone();
        let Some(found) = snapshot::read(path, auth.as_ref(), |entry| self.add_row(entry))? else {
            return Ok(false);
        };
        self.revision = found.revision;
        self.expected = found.digest;
        self.identity = Some(found.identity);
        Ok(true)
    }

    /// Adds a row of a snapshot or index.
    pub fn add_row(&mut self, entry: &JournalEntry<'_>) {
        let version = self.version(entry);
        let built = self.connection(entry.id);
        match entry.kind {
            EntryKind::Record => built.newest = Some(version),
            EntryKind::Version => {
                built.older.insert(entry.number, version);
            }
            EntryKind::Saved | EntryKind::Purged | EntryKind::End => {}
        }
    }

    fn version(&self, entry: &JournalEntry<'_>) -> BuiltVersion<T> {
        BuiltVersion {
            number: entry.number,
            revision: entry.revision,
            payload: (self.retain_payload)(entry),
        }
    }

    fn connection(&mut self, id: Uuid) -> &mut BuiltConnection<T> {
        self.connections
            .entry(id)
            .or_insert_with(|| BuiltConnection {
                newest: None,
                older: BTreeMap::new(),
            })
    }

    fn add_segment(&mut self, segment: &Segment) -> io::Result<()> {
        let auth = self.auth.clone();
        let (bytes, head) = segment.read(auth.as_ref())?;
        if let Ok(head) = head {
            if head.revision > self.revision {
                self.extend_to(head.revision - 1);
                self.expected = head.digest;
            }
            self.identity = Some(head.identity);
        }
        let mut damaged_end = false;
        for step in EntryWalk::of_segment(&bytes, auth.as_ref()) {
            damaged_end = false;
            match step {
                WalkItem::Entry(entry) => self.add_entry(&entry),
                WalkItem::Damaged(damage) => {
                    damaged_end = true;
                    self.damage.push((segment.clone(), damage));
                }
                WalkItem::Torn(_) => {}
            }
        }
        self.damaged_end = damaged_end;
        Ok(())
    }

    /// Adds a journal entry. A snapshot is written while changes continue, so it may contain changes that the journal repeats.
    ///
    /// The journal decides on the expected digest: a snapshot is not trusted about itself while the journal still has the change
    /// it was taken at.
    fn add_entry(&mut self, entry: &JournalEntry<'_>) {
        if entry.revision == self.revision {
            self.expected = entry.digest;
        }
        if entry.revision <= self.revision {
            return;
        }
        if entry.revision - 1 == self.revision {
            self.has_jump |= entry.digest.count.abs_diff(self.expected.count) > 1;
        }
        self.extend_to(entry.revision - 1);
        self.revision = entry.revision;
        self.expected = entry.digest;
        match entry.kind {
            EntryKind::Saved => {
                let version = self.version(entry);
                self.connection(entry.id).add(version);
            }
            EntryKind::Purged => {
                self.connections.remove(&entry.id);
                self.purged.insert(entry.id, entry.revision);
            }
            EntryKind::Record | EntryKind::Version | EntryKind::End => {}
        }
    }
}
