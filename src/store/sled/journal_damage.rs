//! Damage in the current part of the journal and in the snapshots: found, copied aside and described.

use std::io;
use std::path::{Path, PathBuf};

use super::apply::Applier;
use super::{data_loss_marker, rebuild};
use crate::store::io_error;
use crate::store::journal::entry::{Damage, EntryWalk, WalkItem};
use crate::store::journal::segment::Segment;
use crate::store::journal::{self, damage_scan, snapshot};
use crate::store::key::StoreAuthenticator;

/// Copies damaged bytes of the journal aside and returns a sentence about each damage.
pub fn keep_copies(applier: &Applier, keep_going: impl Fn() -> bool) -> io::Result<Vec<String>> {
    let found = find_damage(applier, keep_going)?;
    let sentences = found.iter().map(|(segment, damage)| {
        let kept = copy_damage(&applier.data, segment, damage)?;
        Ok(describe(applier, segment, damage, &kept))
    });
    sentences.collect()
}

/// Returns a sentence about each damaged snapshot, unless data was lost: the next snapshot replaces them.
pub fn damaged_snapshots(applier: &Applier) -> io::Result<Vec<String>> {
    let data = &applier.data;
    if data_loss_marker::is_recorded(data) {
        return Ok(Vec::new());
    }
    let found = damage_scan::damaged_snapshots(data, applier.access.auth())?.into_iter();
    let sentences = found.map(|(path, position)| {
        format!(
            "{} is damaged {position}. It is replaced by a new snapshot of the index and kept in {}",
            path.display(),
            data.join(rebuild::DAMAGED).display()
        )
    });
    Ok(sentences.collect())
}

/// Damaged snapshots of a store, kept aside when an intact one replaces them.
pub struct DamagedSnapshots {
    folder: PathBuf,
    paths: Vec<PathBuf>,
}

impl DamagedSnapshots {
    /// Finds the damaged snapshots.
    pub fn find(data: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<Self> {
        let found = damage_scan::damaged_snapshots(data, auth)?.into_iter();
        Ok(Self {
            folder: data.join(rebuild::DAMAGED),
            paths: found.map(|(path, _)| path).collect(),
        })
    }

    /// Keeps a damaged file that a new snapshot of the same revision is about to replace. Linked, because a disk may not be able
    /// to read it; without a link it is lost, but it could not be used.
    pub fn link(&self, replaced: &Path) -> io::Result<()> {
        if self.paths.iter().any(|path| path == replaced) {
            io_error::create_folder(&self.folder)?;
            if let Err(error) = std::fs::hard_link(replaced, self.target(replaced)) {
                tracing::warn!(%error, "a damaged snapshot cannot be kept");
            }
        }
        Ok(())
    }

    /// Moves the damaged files aside, except the one that `written` has replaced.
    pub fn set_aside(&self, written: &Path) -> io::Result<()> {
        for path in self.paths.iter().filter(|path| *path != written) {
            io_error::create_folder(&self.folder)?;
            std::fs::rename(path, self.target(path))?;
            io_error::sync_folder(&self.folder)?;
            path.parent().map_or(Ok(()), io_error::sync_folder)?;
        }
        Ok(())
    }

    fn target(&self, path: &Path) -> PathBuf {
        self.folder.join(path.file_name().unwrap_or_default())
    }
}

fn find_damage(
    applier: &Applier,
    keep_going: impl Fn() -> bool,
) -> io::Result<Vec<(Segment, Damage)>> {
    let (data, auth) = (&applier.data, applier.access.auth());
    let base = snapshot::newest_header(data, auth)?.map_or(0, |head| head.revision);
    let segments = Segment::all(&data.join(journal::FOLDER))?;
    let from = segments
        .iter()
        .rposition(|segment| segment.first <= base.saturating_add(1))
        .unwrap_or(0);
    let mut found = Vec::new();
    for segment in segments.into_iter().skip(from) {
        if !keep_going() {
            break;
        }
        let (bytes, _) = segment.read(auth)?;
        let mut newest = segment.first.saturating_sub(1);
        for step in EntryWalk::of_segment(&bytes, auth) {
            match step {
                WalkItem::Entry(entry) => newest = entry.revision,
                WalkItem::Damaged(damage) if newest >= base => {
                    found.push((segment.clone(), damage));
                }
                WalkItem::Damaged(_) | WalkItem::Torn(_) => {}
            }
        }
    }
    Ok(found)
}

fn copy_damage(data: &Path, segment: &Segment, damage: &Damage) -> io::Result<PathBuf> {
    let folder = data.join(rebuild::DAMAGED);
    io_error::create_folder(&folder)?;
    let path = folder.join(format!("journal-{}-{}.bytes", segment.first, damage.from));
    if !path.exists() {
        let (bytes, _) = segment.read(None)?;
        let bytes = bytes.get(damage.from..damage.to).unwrap_or_default();
        io_error::write_atomically(&path, |file| io::Write::write_all(file, bytes))?;
    }
    Ok(path)
}

fn describe(applier: &Applier, segment: &Segment, damage: &Damage, kept: &Path) -> String {
    let about = damage
        .id
        .map_or(String::new(), |id| match applier.index.record(id) {
            Ok(Some(current)) => format!(
                " to the connection '{}' (kept at version {})",
                current.item.alias, current.item.version
            ),
            Ok(None) | Err(_) => format!(" to the connection with ID {id}"),
        });
    let change = damage.revision.map_or_else(
        || "A change".into(),
        |revision| format!("Change {revision}"),
    );
    format!(
        "{change}{about} {} in {} at byte {}; a copy was kept in {}, and all other changes are intact",
        damage.verb(),
        segment.path.display(),
        damage.from,
        kept.display()
    )
}
