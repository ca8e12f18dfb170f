//! Checks every file of the journal and its snapshots for damage, including those that a start does not read.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::FOLDER;
use super::entry::{EntryWalk, WalkItem};
use super::header::HeaderError;
use super::segment::Segment;
use super::snapshot::{self, SnapshotError};
use crate::store::io_error;
use crate::store::key::StoreAuthenticator;

/// Lists the damaged files, one sentence each. With an authenticator, what is not authentic is damaged.
pub fn all(data: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let segments = Segment::all(&data.join(FOLDER))?;
    for (number, segment) in segments.iter().enumerate() {
        let is_last = number + 1 == segments.len();
        if let Some(position) = in_segment(segment, is_last, auth)? {
            found.push(sentence(&segment.path, &position));
        }
    }
    for (path, position) in damaged_snapshots(data, auth)? {
        found.push(sentence(&path, &position));
    }
    Ok(found)
}

/// Lists the damaged snapshots with the position of the damage.
pub fn damaged_snapshots(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for (_, path) in snapshot::all(data)? {
        if let Some(position) = in_snapshot(&path, auth)? {
            found.push((path, position));
        }
    }
    Ok(found)
}

fn sentence(path: &Path, position: &str) -> String {
    format!("{} is damaged {position}", path.display())
}

fn at(byte: impl std::fmt::Display) -> String {
    format!("at byte {byte}")
}

/// Returns the first damaged position of a segment; the last segment may end with an unfinished write.
fn in_segment(
    segment: &Segment,
    is_last: bool,
    auth: Option<&StoreAuthenticator>,
) -> io::Result<Option<String>> {
    let (bytes, head) = segment.read(auth)?;
    match head {
        Ok(_) => {}
        Err(HeaderError::Damaged) => return Ok(Some("in its header".into())),
        // Only a newer umai can check it.
        Err(HeaderError::Newer(_)) => return Ok(None),
    }
    let position = EntryWalk::of_segment(&bytes, auth).find_map(|step| match step {
        WalkItem::Damaged(damage) => Some(at(damage.from)),
        WalkItem::Torn(from) if !is_last => Some(at(from)),
        WalkItem::Entry(_) | WalkItem::Torn(_) => None,
    });
    Ok(position)
}

/// Returns the damaged position of a snapshot; a part that the disk cannot read is damaged too.
fn in_snapshot(path: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<Option<String>> {
    let mut file = BufReader::with_capacity(256 * 1024, io_error::open_file(path)?);
    let read = match snapshot::read_from(&mut file, auth, |_| {}) {
        Ok(read) => read,
        Err(error) => return Ok(Some(format!("and cannot be read: {error}"))),
    };
    Ok(match read {
        Ok(_) | Err(SnapshotError::Newer(_)) => None,
        Err(SnapshotError::Head) => Some("in its header".into()),
        Err(SnapshotError::Entry(from) | SnapshotError::Truncated(from)) => Some(at(from)),
    })
}
