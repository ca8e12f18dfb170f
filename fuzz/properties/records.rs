//! Files of the store: after any damage, only written data is read, and the damage is reported.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;
use umai::api::problem::Problem;
use umai::connection::{Connection, ConnectionError, ConnectionItem, SealedSecret, Version};
use umai::provider::ProviderCatalog;
use umai::store::backup::file::{self, BackupFault, BackupInfo, BackupOrigin, FolderHash};
use umai::store::journal::digest::{StateDigest, record_hash, version_hash};
use umai::store::journal::entry::{EntryKind, EntryWalk, JournalEntry, WalkItem};
use umai::store::journal::header::{self, FileHeader, HeaderError, NewFile, StoreIdentity};
use umai::store::journal::replay::{RebuildBase, StateBuilder};
use umai::store::journal::{FOLDER, snapshot};
use umai::store::key::passphrase::WrappedKey;
use umai::tui::form::{Form, FormSnapshot};
use umai::tui::session::SavedSession;
use uuid::Uuid;

use super::bytes::Bytes;
use super::folder::folder;

/// Maximum number of changes of a store.
const MOST: usize = 12;

/// The first byte selects the kind of input.
pub fn holds(input: &[u8]) {
    let mut bytes = Bytes(input);
    match bytes.byte() % 8 {
        0 => walks(bytes.0),
        1 => reads_whole_files(bytes.0),
        2 => a_damaged_walk_tells_only_what_was_written(&mut bytes),
        3 => a_damaged_journal_is_never_taken_for_whole(&mut bytes),
        4 => a_damaged_snapshot_is_refused(&mut bytes),
        5 => a_damaged_backup_is_refused(&mut bytes),
        6 => is_kept(bytes.0),
        _ => is_recorded(bytes.0),
    }
}

fn walks(bytes: &[u8]) {
    let mut at = 0;
    let mut walk = EntryWalk::new(bytes, 0);
    while let Some(step) = walk.next() {
        match step {
            WalkItem::Entry(entry) => {
                assert_eq!(entry.size(), walk.at() - at);
                let mut again = Vec::new();
                entry.write(&mut again);
                assert_eq!(JournalEntry::read(&again), Some(entry));
            }
            WalkItem::Damaged(damage) => {
                assert_eq!((damage.from, damage.to), (at, walk.at()));
                assert!(damage.from < damage.to && damage.to <= bytes.len());
            }
            WalkItem::Torn(from) => assert_eq!((from, walk.at()), (at, bytes.len())),
        }
        at = walk.at();
    }
    assert!(
        bytes[at.min(bytes.len())..].iter().all(|byte| *byte == 0),
        "nothing is passed over"
    );
}

fn reads_whole_files(bytes: &[u8]) {
    match FileHeader::read(bytes) {
        Ok(head) => assert_eq!(FileHeader::read(&head.to_bytes()), Ok(head)),
        Err(HeaderError::Newer(format)) => assert!(format > header::FORMAT),
        Err(HeaderError::Damaged) => {}
    }
    let mut entries = 0;
    let read = snapshot::read_from(&mut &*bytes, None, |_| entries += 1).unwrap();
    assert!(read.is_err() || bytes.len() >= header::LENGTH + entries);
    let path = data().join("any.backup");
    std::fs::write(&path, bytes).unwrap();
    if let (Err(fault), _) | (_, Err(fault)) = (file::label(&path), file::read(&path)) {
        assert!(
            !fault.to_string().is_empty() && !matches!(fault, BackupFault::Unreadable(_)),
            "{fault}"
        );
    }
}

fn data() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    folder(&FOLDER)
}

/// Change in a journal.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    kind: EntryKind,
    revision: u64,
    id: Uuid,
    number: u64,
    digest: StateDigest,
    payload: Vec<u8>,
}

impl Change {
    fn of(entry: &JournalEntry<'_>) -> Self {
        Self {
            kind: entry.kind,
            revision: entry.revision,
            id: entry.id,
            number: entry.number,
            digest: entry.digest,
            payload: entry.payload.to_vec(),
        }
    }

    fn entry(&self) -> JournalEntry<'_> {
        JournalEntry {
            kind: self.kind,
            revision: self.revision,
            id: self.id,
            number: self.number,
            digest: self.digest,
            payload: &self.payload,
            codes: None,
        }
    }
}

/// Versions of every connection with revision and contents.
type Model = BTreeMap<Uuid, Vec<(u64, Vec<u8>)>>;

/// Changes of a store and the resulting state.
fn changes(bytes: &mut Bytes<'_>) -> (Vec<Change>, Model) {
    let count = 1 + usize::from(bytes.byte()) % MOST;
    let mut model = Model::new();
    let mut changes = Vec::new();
    for revision in (1..).take(count) {
        let choice = bytes.byte();
        let id = Uuid::from_u128(u128::from(choice % 3) + 1);
        let payload = format!("{{\"a\":\"{}\"}}", "x".repeat(usize::from(bytes.byte())));
        let kind = if choice >= 200 && model.contains_key(&id) {
            model.remove(&id);
            EntryKind::Purged
        } else {
            let versions = model.entry(id).or_default();
            versions.push((revision, payload.clone().into_bytes()));
            EntryKind::Saved
        };
        let number = model.get(&id).map_or(0, Vec::len) as u64;
        changes.push(Change {
            kind,
            revision,
            id,
            number,
            digest: digest(&model),
            payload: payload.into_bytes(),
        });
    }
    (changes, model)
}

fn digest(model: &Model) -> StateDigest {
    let marks = model.iter().map(|(id, versions)| {
        let marks = (1..).zip(versions);
        let marks = marks.map(|(number, (revision, _))| version_hash(*id, number, *revision));
        let newest = versions.last().map_or(0, |(revision, _)| *revision);
        record_hash(*id, newest, marks.fold(0, u64::wrapping_add))
    });
    marks.fold(StateDigest::default(), StateDigest::with)
}

fn head_of(revision: u64, digest: StateDigest) -> FileHeader {
    let identity = StoreIdentity::new(Uuid::from_u128(7), [3; 40]);
    FileHeader {
        identity,
        revision,
        digest,
    }
}

/// Damages a file: flipped bits, zeros, truncation, appended bytes.
fn damage(bytes: &mut Bytes<'_>, file: &mut Vec<u8>) {
    for _ in 0..=bytes.byte() % 4 {
        let at = bytes.below(file.len());
        match bytes.byte() % 8 {
            0 => file.truncate(at),
            1 => {
                let to = (at + bytes.below(300)).min(file.len());
                file[at..to].fill(0);
            }
            2 => file.extend_from_slice(bytes.take(at % 64)),
            _ => {
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= bytes.byte();
                }
            }
        }
    }
}

fn a_damaged_walk_tells_only_what_was_written(bytes: &mut Bytes<'_>) {
    let (changes, _) = changes(bytes);
    let mut whole = Vec::new();
    let mut places = Vec::new();
    for change in &changes {
        let from = whole.len();
        change.entry().write(&mut whole);
        places.push(from..whole.len());
    }
    let mut damaged = whole.clone();
    // One byte followed by zeros: preallocated space.
    let at = bytes.below(whole.len());
    damaged[at] ^= bytes.byte();
    damaged.resize(damaged.len() + usize::from(bytes.byte()), 0);
    let mut outcome = Vec::new();
    let mut is_named = false;
    for step in EntryWalk::new(&damaged, 0) {
        match step {
            WalkItem::Entry(entry) => outcome.push(Change::of(&entry)),
            WalkItem::Damaged(damage) => {
                assert!(
                    (damage.from..damage.to).contains(&at),
                    "another place is named"
                );
                is_named = true;
            }
            WalkItem::Torn(from) => {
                panic!("one byte at {at} is no write that never finished at {from}")
            }
        }
    }
    let is_same = damaged[..whole.len()] == whole;
    let wanted: Vec<Change> = changes
        .iter()
        .zip(&places)
        .filter(|(_, place)| is_same || !place.contains(&at))
        .map(|(change, _)| change.clone())
        .collect();
    assert_eq!(outcome, wanted, "the others are reported unchanged");
    assert_eq!(is_named, !is_same);
}

fn keep(entry: &JournalEntry<'_>) -> (EntryKind, Vec<u8>) {
    (entry.kind, entry.payload.to_vec())
}

type Whole = StateBuilder<(EntryKind, Vec<u8>)>;

fn content(fold: &Whole) -> Model {
    let connections = fold.connections.iter().map(|(id, folded)| {
        let versions = folded.older.values().chain(&folded.newest);
        let versions = versions.map(|version| (version.revision, version.payload.1.clone()));
        (*id, versions.collect())
    });
    connections.collect()
}

fn a_damaged_journal_is_never_taken_for_whole(bytes: &mut Bytes<'_>) {
    let (changes, model) = changes(bytes);
    let mut file = head_of(1, StateDigest::default()).to_bytes().to_vec();
    for change in &changes {
        change.entry().write(&mut file);
    }
    file.resize(file.len() + usize::from(bytes.byte()), 0);
    let journal = data().join(FOLDER);
    let _ = std::fs::create_dir(&journal);
    let path = journal.join(format!("{:020}.log", 1));
    std::fs::write(&path, &file).unwrap();
    let read = || {
        Whole::read(data(), &RebuildBase::JournalStart, None, keep)
            .unwrap()
            .unwrap()
    };
    let fold = read();
    assert!(fold.is_consistent());
    assert_eq!(content(&fold), model);

    let mut damaged = file.clone();
    damage(bytes, &mut damaged);
    std::fs::write(&path, &damaged).unwrap();
    let fold = read();
    let newest = changes
        .iter()
        .rev()
        .find(|change| change.revision == fold.revision);
    if fold.is_consistent() && fold.damage.is_empty() {
        // Entries at the end may not be acknowledged; the result is the state at some earlier revision.
        let mut there = Model::new();
        for change in changes
            .iter()
            .take_while(|change| change.revision <= fold.revision)
        {
            match change.kind {
                EntryKind::Purged => {
                    there.remove(&change.id);
                }
                _ => there
                    .entry(change.id)
                    .or_default()
                    .push((change.revision, change.payload.clone())),
            }
        }
        assert_eq!(content(&fold), there);
        assert!(newest.is_some() || fold.revision == 0);
    }
    for (id, versions) in content(&fold) {
        for version in versions {
            let is_written = changes.iter().any(|change| {
                (change.id, change.revision, &change.payload) == (id, version.0, &version.1)
            });
            assert!(is_written, "never written: {version:?}");
        }
    }
}

/// Complete store: header and contents.
fn whole(bytes: &mut Bytes<'_>) -> (FileHeader, Whole, Model) {
    let (changes, model) = changes(bytes);
    let mut fold = Whole::empty(keep);
    for (id, versions) in &model {
        for (number, (revision, payload)) in (1..).zip(versions) {
            let is_newest = number == versions.len() as u64;
            fold.add_row(&JournalEntry {
                kind: if is_newest {
                    EntryKind::Record
                } else {
                    EntryKind::Version
                },
                revision: *revision,
                id: *id,
                number,
                digest: StateDigest::default(),
                payload,
                codes: None,
            });
        }
    }
    (head_of(changes.len() as u64, digest(&model)), fold, model)
}

fn a_damaged_snapshot_is_refused(bytes: &mut Bytes<'_>) {
    let (head, fold, _) = whole(bytes);
    let mut rows = Vec::new();
    for (id, folded) in &fold.connections {
        let versions = folded.older.values().chain(&folded.newest);
        rows.extend(versions.map(|version| Change {
            kind: version.payload.0,
            revision: version.revision,
            id: *id,
            number: version.number,
            digest: StateDigest::default(),
            payload: version.payload.1.clone(),
        }));
    }
    let mut file = Vec::new();
    let start = NewFile {
        head: &head,
        auth: None,
    };
    snapshot::write_to(&mut file, start, |writer| {
        rows.iter().try_for_each(|row| writer.add(&row.entry()))
    })
    .unwrap();
    let mut damaged = file.clone();
    damage(bytes, &mut damaged);
    let mut outcome = Vec::new();
    let read = snapshot::read_from(&mut &*damaged, None, |entry| {
        outcome.push(Change::of(entry));
    })
    .unwrap();
    let is_prefix = damaged.starts_with(&file);
    assert_eq!(read.is_ok(), is_prefix, "{read:?}");
    if let Ok(found) = read {
        assert_eq!((found, outcome), (head, rows));
    } else {
        assert!(
            outcome.iter().all(|row| rows.contains(row)),
            "never written"
        );
    }
}

fn a_damaged_backup_is_refused(bytes: &mut Bytes<'_>) {
    let (head, fold, model) = whole(bytes);
    let about = BackupInfo {
        created: chrono::DateTime::UNIX_EPOCH,
        origin: BackupOrigin::Manual,
        folder: FolderHash::for_folder(Path::new("/data")),
    };
    let path = data().join("one.backup");
    let mut written = File::create(&path).unwrap();
    file::write(&mut written, &mut (head.clone(), &fold), &about, None).unwrap();
    let (label, read) = file::read(&path).unwrap();
    assert_eq!((label.header, label.info), (head, about));
    assert_eq!(content(&read), model);
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damage(bytes, &mut damaged);
    std::fs::write(&path, &damaged).unwrap();
    match file::read(&path) {
        Ok(_) => assert!(damaged == whole, "it was changed and is taken for whole"),
        Err(fault) => {
            assert!(damaged != whole);
            assert!(
                !matches!(fault, BackupFault::Unreadable(_) | BackupFault::Newer(_)),
                "{fault}"
            );
            if let BackupFault::Damaged(at) = fault {
                assert!(at <= damaged.len() as u64);
            }
        }
    }
}

/// Files between two starts: drafts, sessions, wrapped keys.
fn is_kept(bytes: &[u8]) {
    static CATALOG: OnceLock<ProviderCatalog> = OnceLock::new();
    let catalog = CATALOG.get_or_init(ProviderCatalog::embedded);
    if let Some(kept) = FormSnapshot::read(bytes) {
        assert_eq!(FormSnapshot::read(&kept.to_bytes()).as_ref(), Some(&kept));
        assert!(!kept.subject(catalog).is_empty() && !kept.display_name(catalog).is_empty());
        let provider = catalog.get(&kept.provider_id).unwrap_or(&catalog.all()[0]);
        let form = Form::restore(&kept, provider, catalog);
        assert!(form.focus < form.fields.len());
        let again = form.snapshot();
        let once_more = Form::restore(&again, provider, catalog).snapshot();
        assert!(
            once_more.has_same_input(&again),
            "{once_more:?} was {again:?}"
        );
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(session) = SavedSession::read(text, "/data") {
        let written = session.text().unwrap();
        assert_eq!(SavedSession::read(&written, "/data"), Ok(session.clone()));
        let (tree, tab) = session.into_parts();
        let again = SavedSession::new("/data", tree, tab);
        assert_eq!(
            SavedSession::read(&again.text().unwrap(), "/data"),
            Ok(again)
        );
    }
    if let Some(Ok(wrapped)) = WrappedKey::read(text) {
        assert_eq!(WrappedKey::read(&wrapped.text()), Some(Ok(wrapped)));
    }
}

/// Entries and error responses are JSON and round-trip.
fn is_recorded(bytes: &[u8]) {
    fn comes_back<T>(bytes: &[u8]) -> Option<T>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let read: T = serde_json::from_slice(bytes).ok()?;
        let written = serde_json::to_vec(&read).unwrap();
        let again: T = serde_json::from_slice(&written).expect("what was written is read");
        assert_eq!(again, read);
        Some(read)
    }
    comes_back::<ConnectionItem>(bytes);
    comes_back::<Connection<SealedSecret>>(bytes);
    comes_back::<Version>(bytes);
    if let Some(error) = comes_back::<ConnectionError>(bytes) {
        assert!(!error.to_string().is_empty());
        let problem = Problem::from_error(&error);
        let sent = serde_json::to_vec(&problem).unwrap();
        let received: Problem = serde_json::from_slice(&sent).unwrap();
        assert_eq!(received.cause, Some(error));
    }
    comes_back::<Problem>(bytes);
}
