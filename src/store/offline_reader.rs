//! Reads a store from its files only: without the lock, while another process may have it open, and without changing anything.

mod checked_files;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::io_error::io_error;
use super::journal::header::StoreIdentity;
use super::journal::replay::{RebuildBase, StateBuilder};
use super::journal::segment::Segment;
use super::journal::{self, snapshot};
use super::key::StoreAuthenticator;
use super::replacement;
use super::sled::open::read_head;
use super::sled::salvage::{
    FullPayload, LossExtent, RetainedPayload, SalvageResult, salvage_files,
};
use crate::connection::StoreError;

pub use checked_files::CheckedFiles;

/// Maximum number of attempts to read a store that is being written.
const MAX_ATTEMPTS: usize = 16;

/// Content of a store.
pub struct StoreContent<T = FullPayload> {
    /// Store and key check value.
    pub identity: StoreIdentity,
    /// Connections and their versions.
    pub state: StateBuilder<T>,
    /// Reason why the content is incomplete; `None` when it matches the journal.
    pub problem: Option<String>,
}

/// Reads a complete store. Returns an error when part of it cannot be read or, with an authenticator, is not authentic.
pub fn read_complete(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> Result<StoreContent, StoreError> {
    read_complete_from(data, auth).map(|(content, _)| content)
}

fn read_complete_from<T: RetainedPayload>(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> Result<(StoreContent<T>, RebuildBase), StoreError> {
    match read_from(data, auth)? {
        Some((
            StoreContent {
                problem: Some(why), ..
            },
            _,
        )) => Err(StoreError::Other(format!(
            "The store in {} cannot be read completely: {why}",
            data.display()
        ))),
        Some(found) => Ok(found),
        None => Err(StoreError::Other(format!(
            "There is no readable store in {}",
            data.display()
        ))),
    }
}

/// Reads whatever is readable of a store and, with an authenticator, authentic. Returns `None` when no file identifies the store.
pub fn read(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> Result<Option<StoreContent>, StoreError> {
    read_from(data, auth).map(|found| found.map(|(content, _)| content))
}

/// Returns the content and the base that it was built on.
fn read_from<T: RetainedPayload>(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> Result<Option<(StoreContent<T>, RebuildBase)>, StoreError> {
    if replacement::is_pending(data) {
        return Err(StoreError::Other(replacement::pending_message(data)));
    }
    reject_newer(data)?;
    let refuse = |error: io::Error| io_error(data, &error);
    let mut before = signature(data).map_err(refuse)?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let salvaged = salvage_files(data, 0, auth);
        let after = signature(data).map_err(refuse)?;
        let is_final = after == before || attempts == MAX_ATTEMPTS;
        before = after;
        match salvaged {
            Ok(salvaged) if salvaged.lost == LossExtent::None || is_final => {
                return Ok(to_content(data, salvaged));
            }
            Err(error) if is_final => return Err(refuse(error)),
            // Another process changed or removed files; try again.
            Ok(_) | Err(_) => {}
        }
    }
}

fn to_content<T>(
    data: &Path,
    salvaged: SalvageResult<T>,
) -> Option<(StoreContent<T>, RebuildBase)> {
    let SalvageResult {
        state, base, lost, ..
    } = salvaged;
    let problem = (lost != LossExtent::None).then(|| describe_problem(data, &state));
    let content = StoreContent {
        identity: state.identity.clone()?,
        state,
        problem,
    };
    Some((content, base))
}

fn describe_problem<T>(data: &Path, state: &StateBuilder<T>) -> String {
    if let Some((segment, damage)) = state.damage.first() {
        return format!(
            "{} {} at byte {}",
            segment.path.display(),
            damage.verb(),
            damage.from
        );
    }
    if let Some((from, to)) = state.missing.first() {
        return format!("none of its files has changes {from} to {to}");
    }
    format!(
        "the journal in {} records {} connections, but {} were found",
        data.join(journal::FOLDER).display(),
        state.expected.count,
        state.connections.len()
    )
}

/// Lists the files of the journal and the snapshots.
pub fn list_files(data: &Path) -> io::Result<Vec<PathBuf>> {
    let snapshots = snapshot::all(data)?.into_iter().map(|(_, path)| path);
    let segments = Segment::all(&data.join(journal::FOLDER))?.into_iter();
    Ok(snapshots
        .chain(segments.map(|segment| segment.path))
        .collect())
}

fn reject_newer(data: &Path) -> Result<(), StoreError> {
    for path in list_files(data).map_err(|error| io_error(data, &error))? {
        match read_head(&path) {
            Err(error) if path.exists() => return Err(error),
            // A file that is gone was removed by the retention of another process.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Path, length and time of the files, to detect changes while reading.
type FilesSignature = Vec<(PathBuf, u64, Option<SystemTime>)>;

fn signature(data: &Path) -> io::Result<FilesSignature> {
    let files = list_files(data)?.into_iter().filter_map(|path| {
        let found = std::fs::metadata(&path).ok()?;
        Some((path, found.len(), found.modified().ok()))
    });
    Ok(files.collect())
}
