//! Brings a backup back in the place of the store, which is moved aside.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::file::{self, Label};
use super::keys::Keys;
use super::{SealVerdict, faulty, verdict};
use crate::connection::{ConnectionItem, StoreError};
use crate::store::StoreOptions;
use crate::store::content::{self, Content};
use crate::store::exchange::{self, Before};
use crate::store::files::{self, unusable};
use crate::store::journal::head::{Head, Identity};
use crate::store::key::Key;
use crate::store::lock::Lock;
use crate::store::reseal::{self, Resealed};
use crate::store::sled::gather::Payloads;
use crate::store::sled::making;
use crate::store::sled::rows::{self, SavedJson};

/// So long a process that is just closing the store is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// A store whose newest change is not known goes on so many changes later: no revision comes twice.
const GAP: u64 = 1_000_000;

/// A connection, to people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its alias.
    pub alias: String,
    /// Its id.
    pub id: Uuid,
}

/// What the store has that a backup does not, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Whether there is a store at all.
    pub has_store: bool,
    /// Why not all of the store could be read.
    pub trouble: Option<String>,
    /// Whether the backup is another store's.
    pub is_another: bool,
    /// Only the store has them: they were made after the backup.
    pub only_in_store: Vec<Named>,
    /// The store has them as they became after the backup.
    pub newer_in_store: Vec<Named>,
    /// The backup has them as they became after what the store still has.
    pub newer_in_backup: Vec<Named>,
    /// Only the backup has them: they were forgotten after it, or lost.
    pub only_in_backup: Vec<Named>,
}

/// A backup that was read to its end, and can take the place of a store.
pub struct Prepared {
    options: StoreOptions,
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself.
    pub label: Label,
    /// Whether it is as umai made it.
    pub seal: SealVerdict,
    /// What it would change.
    pub comparison: Comparison,
    fold: Payloads,
    keys: Keys,
}

/// A backup that took the place of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the store before is, when there was one.
    pub aside: Option<PathBuf>,
    /// How many connections there are now, those in the trash among them.
    pub count: u64,
    /// How many secrets cannot be opened with the key at hand; nothing when no key fits any of them.
    pub unreadable: Option<usize>,
}

/// Reads a backup and compares it to the store. Nothing is changed.
pub fn prepare(options: &StoreOptions, path: &Path) -> Result<Prepared, StoreError> {
    let (label, fold) = file::read(path).map_err(|fault| faulty(path, &fault))?;
    let keys = Keys::find(options);
    let seal = verdict(&label, &keys);
    if seal == SealVerdict::Broken {
        return Err(StoreError::Unusable(format!(
            "{}: the seal is invalid: the backup was modified without the key; nothing was restored",
            path.display()
        )));
    }
    let (comparison, _) = compare(&options.data, &label, &fold);
    Ok(Prepared {
        options: options.clone(),
        path: path.to_owned(),
        label,
        seal,
        comparison,
        fold,
        keys,
    })
}

impl Prepared {
    /// Puts the backup in the place of the store, which nobody else may have open.
    pub fn carry_out(self, now: DateTime<Utc>) -> Result<Restored, StoreError> {
        let data = &self.options.data;
        let refuse = |error: std::io::Error| unusable(data, &error);
        files::create_folder(data).map_err(refuse)?;
        files::refuse_writable_by_others(data)?;
        let _lock = lock_alone(data, "umai backup restore")?;
        exchange::finish(data).map_err(refuse)?;
        let (comparison, newest) = compare(data, &self.label, &self.fold);
        if comparison != self.comparison {
            return Err(StoreError::Unusable(format!(
                "The store in {} changed in the meantime; nothing was restored. Check the comparison again",
                data.display()
            )));
        }
        let Self {
            label,
            mut fold,
            keys,
            ..
        } = self;
        let (identity, unreadable) = under_current_key(&keys, label.identity(), &mut fold)?;
        let head = Head {
            identity,
            revision: label.head.revision.max(newest) + 1,
            digest: fold.digest(),
        };
        let had_store = has_files(data);
        let folder = exchange::begin(data).map_err(refuse)?;
        making::make(&folder, &head, |writer| making::write_rows(&fold, writer))?;
        let name = format!("{}-restore", now.format("%Y%m%dT%H%M%SZ"));
        let before = if had_store {
            Before::Kept(&name)
        } else {
            Before::Needless
        };
        let aside = exchange::commit(data, before).map_err(refuse)?;
        Ok(Restored {
            aside: had_store.then_some(aside),
            count: head.digest.count,
            unreadable,
        })
    }
}

/// The lock of a data folder, for what only one process alone may do.
pub fn lock_alone(data: &Path, command: &str) -> Result<Lock, StoreError> {
    Lock::take_within(data, PATIENCE).map_err(|error| match error {
        StoreError::Held { folder, pid } => StoreError::Unusable(format!(
            "{folder} is in use by another umai (process {pid}); nothing was changed. Close it, then run {command} again"
        )),
        error => error,
    })
}

/// Seals everything with the key in use, where another key at hand sealed it; whose store it is then.
fn under_current_key(
    keys: &Keys,
    identity: &Identity,
    fold: &mut Payloads,
) -> Result<(Identity, Option<usize>), StoreError> {
    let Some(fitting) = keys.fitting(identity) else {
        return Ok((identity.clone(), None));
    };
    let to: &Arc<Key> = keys.current.as_ref().unwrap_or(fitting);
    if Arc::ptr_eq(to, fitting) {
        return Ok((identity.clone(), Some(0)));
    }
    let Resealed { unreadable, .. } = reseal::reseal(fold, identity.store, fitting, to)?;
    let identity = Identity {
        store: identity.store,
        check: to.check(identity.store)?,
    };
    Ok((identity, Some(unreadable)))
}

fn has_files(data: &Path) -> bool {
    ["journal", "snapshots", "sled"]
        .iter()
        .any(|part| data.join(part).exists())
}

/// How the store and a backup differ, and the newest change that the store is known to have had.
fn compare(data: &Path, label: &Label, backup: &Payloads) -> (Comparison, u64) {
    let mut comparison = Comparison {
        has_store: has_files(data),
        ..Comparison::default()
    };
    let in_backup = items(backup);
    let store = match content::read(data) {
        Ok(Some(store)) => store,
        Ok(None) if !comparison.has_store => {
            comparison.only_in_backup = names(in_backup.values());
            return (comparison, 0);
        }
        Ok(None) => {
            comparison.trouble = Some("none of its journal files can be read".into());
            comparison.only_in_backup = names(in_backup.values());
            return (comparison, label.head.revision + GAP);
        }
        Err(error) => {
            comparison.trouble = Some(error.to_string());
            comparison.only_in_backup = names(in_backup.values());
            return (comparison, label.head.revision + GAP);
        }
    };
    let Content {
        identity,
        fold,
        trouble,
    } = store;
    let newest = fold.revision + if trouble.is_some() { GAP } else { 0 };
    comparison.trouble = trouble;
    comparison.is_another = identity.store != label.identity().store;
    let in_store = items(&fold);
    let version = |items: &Items, id: &Uuid| items.get(id).map(|item| item.version);
    let (mut added, mut ahead, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for (id, item) in &in_store {
        match version(&in_backup, id).map(|there| item.version.cmp(&there)) {
            None => added.push(item),
            Some(std::cmp::Ordering::Greater) => ahead.push(item),
            Some(std::cmp::Ordering::Less) => behind.push(item),
            Some(std::cmp::Ordering::Equal) => {}
        }
    }
    comparison.only_in_store = names(added);
    comparison.newer_in_store = names(ahead);
    comparison.newer_in_backup = names(behind);
    let missing = in_backup
        .iter()
        .filter(|(id, _)| !in_store.contains_key(*id));
    comparison.only_in_backup = names(missing.map(|(_, item)| item));
    (comparison, newest)
}

type Items = HashMap<Uuid, ConnectionItem>;

/// What lists show of the connections, as far as they can be read.
fn items(fold: &Payloads) -> Items {
    let read = |(id, folded): (&Uuid, &crate::store::journal::fold::Folded<_>)| {
        let newest: &crate::store::journal::fold::FoldedVersion<(_, Vec<u8>)> =
            folded.newest.as_ref()?;
        let saved: SavedJson<ConnectionItem, IgnoredAny> =
            rows::read_json(*id, &newest.kept.1).ok()?;
        Some((*id, saved.connection))
    };
    fold.connections.iter().filter_map(read).collect()
}

fn names<'a>(items: impl IntoIterator<Item = &'a ConnectionItem>) -> Vec<Named> {
    let mut names: Vec<Named> = items
        .into_iter()
        .map(|item| Named {
            name: item.name.clone(),
            alias: item.alias.clone(),
            id: item.id,
        })
        .collect();
    names.sort();
    names
}
