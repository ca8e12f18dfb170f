//! Reads a store from its files only: without the lock, while another process may have it open, and without changing anything.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::io_error::io_error;
use super::journal::header::StoreIdentity;
use super::journal::segment::Segment;
use super::journal::{self, snapshot};
use super::key::StoreAuthenticator;
use super::replacement;
use super::sled::open::read_head;
use super::sled::salvage::{FullState, LossExtent, SalvageResult, salvage_files};
use crate::connection::StoreError;

/// Maximum number of attempts to read a store that is being written.
const MAX_ATTEMPTS: usize = 16;

/// Content of a store.
pub struct StoreContent {
    /// Store and key check value.
    pub identity: StoreIdentity,
    /// Connections and their versions.
    pub state: FullState,
    /// Reason why the content is incomplete; `None` when it matches the journal.
    pub problem: Option<String>,
}

/// Reads a complete store. Returns an error when part of it cannot be read or, with an authenticator, is not authentic.
pub fn read_complete(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> Result<StoreContent, StoreError> {
    match read(data, auth)? {
        Some(StoreContent {
            problem: Some(why), ..
        }) => Err(StoreError::Other(format!(
            "The store in {} cannot be read completely: {why}",
            data.display()
        ))),
        Some(content) => Ok(content),
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

fn to_content(data: &Path, salvaged: SalvageResult) -> Option<StoreContent> {
    let SalvageResult { state, lost, .. } = salvaged;
    let problem = (lost != LossExtent::None).then(|| describe_problem(data, &state));
    Some(StoreContent {
        identity: state.identity.clone()?,
        state,
        problem,
    })
}

fn describe_problem(data: &Path, state: &FullState) -> String {
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

/// State of the files, to detect changes while reading.
fn signature(data: &Path) -> io::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let files = list_files(data)?.into_iter().filter_map(|path| {
        let found = std::fs::metadata(&path).ok()?;
        Some((path, found.len(), found.modified().ok()))
    });
    Ok(files.collect())
}
