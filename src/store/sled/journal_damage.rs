//! Damage in the current part of the journal and in the snapshots: found, copied aside and described.

use std::io;
use std::path::{Path, PathBuf};

use super::apply::Applier;
use super::data_loss_marker::{self, DAMAGED};
use crate::store::io_error;
use crate::store::journal::entry::{Damage, EntryWalk, WalkItem};
use crate::store::journal::segment::Segment;
use crate::store::journal::{self, damage_scan, snapshot};

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
            data.join(DAMAGED).display()
        )
    });
    Ok(sentences.collect())
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
    let folder = data.join(DAMAGED);
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
