//! Records that connections were lost, so that no files are removed and the notice is repeated until the user resolves it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::notices::Notices;
use crate::connection::StoreError;
use crate::store::io_error;
use crate::store::journal::{self, snapshot};

/// Folder of damaged files in the data directory.
pub const DAMAGED: &str = "damaged";

fn file(data: &Path) -> PathBuf {
    data.join(DAMAGED).join("missing.txt")
}

/// Returns true when a loss is recorded and not resolved.
pub fn is_recorded(data: &Path) -> bool {
    file(data).exists()
}

/// Returns the data loss that an earlier start recorded, as a sentence.
pub fn recorded_loss(data: &Path) -> Option<String> {
    std::fs::read_to_string(file(data)).ok()
}

/// Records the loss.
pub fn record(data: &Path, found: u64, expected: u64) -> Result<(), StoreError> {
    let path = file(data);
    let sentence = format!(
        "The journal records {expected} connections, but only {found} could be recovered{}. \
         Nothing was deleted: the journal is in {}, its snapshots in {}, damaged files in {}. \
         No snapshot is taken and no file is removed until you restore a backup (umai backup restore --newest), or delete {} to continue without the missing connections",
        missing(found, expected),
        data.join(journal::FOLDER).display(),
        data.join(snapshot::FOLDER).display(),
        data.join(DAMAGED).display(),
        path.display()
    );
    io_error::create_folder(&data.join(DAMAGED))
        .and_then(|()| {
            io_error::write_atomically(&path, |file| file.write_all(sentence.as_bytes()))
        })
        .map(drop)
        .map_err(|error| io_error::io_error(&path, &error))
}

fn missing(found: u64, expected: u64) -> String {
    match expected.checked_sub(found) {
        Some(0) | None => "; their content differs".into(),
        Some(missing) => format!("; {missing} are missing"),
    }
}

/// Records the loss of the store in `data` for the store that is about to replace it.
pub fn copy(data: &Path, next: &Path) -> io::Result<()> {
    let Some(sentence) = recorded_loss(data) else {
        return Ok(());
    };
    io_error::create_folder(&next.join(DAMAGED))?;
    io_error::write_atomically(&file(next), |file| file.write_all(sentence.as_bytes())).map(drop)
}

/// Repeats the recorded sentence as a notice.
pub fn add_notice(data: &Path, notices: &Notices) {
    if let Ok(sentence) = std::fs::read_to_string(file(data)) {
        notices.add(sentence);
    }
}

/// Moves snapshots that do not match the journal aside. Returns one sentence each.
pub fn set_snapshots_aside(data: &Path, snapshots: &[PathBuf]) -> io::Result<Vec<String>> {
    let folder = data.join(DAMAGED);
    let mut sentences = Vec::new();
    for path in snapshots {
        let Some(name) = path.file_name() else {
            continue;
        };
        io_error::create_folder(&folder)?;
        let target = folder.join(name);
        std::fs::rename(path, &target)?;
        sentences.push(format!(
            "The snapshot {} does not match the journal; it was moved to {}, and nothing is lost",
            path.display(),
            target.display()
        ));
    }
    if !sentences.is_empty() {
        io_error::sync_folder(&folder)?;
        io_error::sync_folder(&data.join(snapshot::FOLDER))?;
    }
    Ok(sentences)
}
