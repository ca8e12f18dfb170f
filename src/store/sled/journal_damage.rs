//! Damage in the current part of the journal and in the snapshots: found, copied aside and described.

use std::io;
use std::path::Path;

use super::apply::Applier;
use super::{data_loss_marker, rebuild};
use crate::store::inspect;
use crate::store::io_error;
use crate::store::journal::entry::{Damage, EntryWalk, WalkItem};
use crate::store::journal::segment::Segment;
use crate::store::journal::{self, header, snapshot};

/// Copies damaged bytes aside and returns a sentence about each damage.
pub fn keep_copies(applier: &Applier, keep_going: impl Fn() -> bool) -> io::Result<Vec<String>> {
    let found = find_damage(&applier.data, keep_going)?;
    let sentences = found.iter().map(|(segment, damage)| {
        let kept = copy_damage(&applier.data, segment, damage)?;
        Ok(describe(applier, segment, damage, &kept))
    });
    let snapshots = set_snapshots_aside(&applier.data);
    sentences.chain(snapshots).collect()
}

/// Moves damaged snapshots aside, unless data was lost: everything that they had is in the verified index.
fn set_snapshots_aside(data: &Path) -> Vec<io::Result<String>> {
    if data_loss_marker::is_recorded(data) {
        return Vec::new();
    }
    let found = match inspect::damaged_snapshots(data) {
        Ok(found) => found,
        Err(error) => return vec![Err(error)],
    };
    let folder = data.join(rebuild::DAMAGED);
    let moved = found.into_iter().map(|(path, position)| {
        io_error::create_folder(&folder)?;
        let name = path.file_name().unwrap_or_default();
        std::fs::rename(&path, folder.join(name))?;
        Ok(format!(
            "{} was damaged {position}. It was moved to {}, and a new snapshot is written from the index; nothing is lost",
            path.display(),
            folder.display()
        ))
    });
    moved.collect()
}

fn find_damage(data: &Path, keep_going: impl Fn() -> bool) -> io::Result<Vec<(Segment, Damage)>> {
    let base = snapshot::all(data)?
        .last()
        .map_or(0, |(revision, _)| *revision);
    let segments = Segment::all(&data.join(journal::FOLDER))?;
    let from = segments
        .iter()
        .rposition(|segment| segment.first <= base + 1)
        .unwrap_or(0);
    let mut found = Vec::new();
    for segment in segments.into_iter().skip(from) {
        if !keep_going() {
            break;
        }
        let (bytes, _) = segment.read()?;
        let mut newest = segment.first.saturating_sub(1);
        for step in EntryWalk::new(&bytes, header::LENGTH) {
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

fn copy_damage(data: &Path, segment: &Segment, damage: &Damage) -> io::Result<std::path::PathBuf> {
    let folder = data.join(rebuild::DAMAGED);
    io_error::create_folder(&folder)?;
    let path = folder.join(format!("journal-{}-{}.bytes", segment.first, damage.from));
    if !path.exists() {
        let (bytes, _) = segment.read()?;
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
        "{change}{about} is damaged in {} at byte {}; a copy was kept in {}, and all other changes are intact",
        segment.path.display(),
        damage.from,
        kept.display()
    )
}
