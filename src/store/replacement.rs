//! Replaces the store in a data directory by another one atomically; an interrupted replacement is completed by the next start.
//!
//! ```text
//! data/next.unfinished/   the other store is created here
//! data/next/              renamed to this once it is durable: from now on it is the store of this folder
//! data/replaced/NAME/     the parts of the previous store are moved here one by one; then the parts of the next one move into
//! place
//! ```
//! A process that ends before the rename leaves the store unchanged; after it, the next process that opens the folder completes
//! the steps.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::io_error;

const UNFINISHED: &str = "next.unfinished";
const NEXT: &str = "next";
/// Folder of the replaced stores in the data directory.
pub const REPLACED: &str = "replaced";
/// File in the next store: name of the folder for the previous parts, until all of them are moved.
const ASIDE: &str = "aside";
/// Parts of a store. The journal is authoritative, so it is moved last.
const PARTS: [&str; 4] = ["sled", "damaged", "snapshots", "journal"];
/// Folder of a replaced store that is no longer needed.
const OUTGOING: &str = "outgoing";

/// Treatment of the replaced store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplacedStore<'a> {
    /// Keep it in a folder with this name, or this name and a number.
    Keep(&'a str),
    /// Remove it once the new store was opened, because the new store contains all of it.
    Remove,
}

/// Creates an empty folder for the new store. The caller must hold the lock of the data directory, here and below.
pub fn begin(data: &Path) -> io::Result<PathBuf> {
    let folder = data.join(UNFINISHED);
    remove_folder(&folder)?;
    io_error::create_folder(&folder)?;
    Ok(folder)
}

/// Puts the new store in place. Returns the path of the previous one.
pub fn commit(data: &Path, before: ReplacedStore<'_>) -> io::Result<PathBuf> {
    let unfinished = data.join(UNFINISHED);
    let name = match before {
        ReplacedStore::Keep(name) => free_name(data, name),
        ReplacedStore::Remove => OUTGOING.to_owned(),
    };
    io_error::write_atomically(&unfinished.join(ASIDE), |file| {
        file.write_all(name.as_bytes())
    })?;
    sync_all(&unfinished)?;
    fs::rename(&unfinished, data.join(NEXT))?;
    io_error::sync_folder(data)?;
    complete(data)?;
    Ok(folder_of(data, &name))
}

/// Completes an interrupted replacement.
pub fn complete(data: &Path) -> io::Result<()> {
    for step in steps(data)? {
        step.execute()?;
    }
    Ok(())
}

/// Returns true while a replacement is incomplete.
pub fn is_pending(data: &Path) -> bool {
    data.join(NEXT).exists()
}

/// Message for an incomplete replacement.
pub fn pending_message(data: &Path) -> String {
    format!(
        "The store in {} is being replaced. If no umai is doing that now, the replacement was interrupted: run umai connections list to finish it",
        data.display()
    )
}

/// Folder with the files of the current store, also while a replacement is incomplete.
pub fn current(data: &Path) -> PathBuf {
    let next = data.join(NEXT);
    if next.join("journal").exists() {
        next
    } else {
        data.to_owned()
    }
}

/// Removes an unfinished new store and a replaced store that is no longer needed.
pub fn remove_leftovers(data: &Path) -> io::Result<()> {
    remove_folder(&data.join(UNFINISHED))?;
    remove_folder(&data.join(OUTGOING))
}

/// Step of a replacement. Every step can be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ReplacementStep {
    Create(PathBuf),
    Move(PathBuf, PathBuf),
    Sync(PathBuf),
    RemoveFile(PathBuf),
    Remove(PathBuf),
}

impl ReplacementStep {
    fn execute(&self) -> io::Result<()> {
        match self {
            Self::Create(folder) => io_error::create_folder(folder),
            Self::Move(from, to) => fs::rename(from, to),
            Self::Sync(folder) => io_error::sync_folder(folder),
            Self::RemoveFile(file) => fs::remove_file(file),
            Self::Remove(folder) => remove_folder(folder),
        }
    }
}

/// Lists the remaining steps.
fn steps(data: &Path) -> io::Result<Vec<ReplacementStep>> {
    let next = data.join(NEXT);
    if !next.exists() {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    if let Some(name) = previous_parts_name(&next)? {
        let aside = folder_of(data, &name);
        steps.push(ReplacementStep::Create(aside.clone()));
        for part in PARTS.map(|part| (data.join(part), aside.join(part))) {
            if part.0.exists() {
                steps.push(ReplacementStep::Move(part.0, part.1));
            }
        }
        // The moves must be durable before the name of their destination is removed.
        steps.push(ReplacementStep::Sync(aside));
        steps.push(ReplacementStep::Sync(data.to_owned()));
        steps.push(ReplacementStep::RemoveFile(next.join(ASIDE)));
        steps.push(ReplacementStep::Sync(next.clone()));
    }
    for part in PARTS.map(|part| (next.join(part), data.join(part))) {
        if part.0.exists() {
            steps.push(ReplacementStep::Move(part.0, part.1));
        }
    }
    steps.push(ReplacementStep::Sync(data.to_owned()));
    steps.push(ReplacementStep::Remove(next));
    steps.push(ReplacementStep::Sync(data.to_owned()));
    Ok(steps)
}

/// Name of the folder for the previous parts; `None` when all of them are moved.
fn previous_parts_name(next: &Path) -> io::Result<Option<String>> {
    let name = match fs::read_to_string(next.join(ASIDE)) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(error),
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // A damaged name is replaced; the parts can still be found in that folder.
    Ok(Some(if is_name { name } else { "unnamed".into() }))
}

fn folder_of(data: &Path, name: &str) -> PathBuf {
    if name == OUTGOING {
        data.join(OUTGOING)
    } else {
        data.join(REPLACED).join(name)
    }
}

fn free_name(data: &Path, name: &str) -> String {
    let is_free = |name: &String| !folder_of(data, name).exists();
    let mut names = std::iter::once(name.to_owned())
        .chain((2_u32..).map(|number| format!("{name}-{number}")))
        .filter(is_free);
    names.next().unwrap_or_default()
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Syncs all files and folders in a folder.
pub fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_all(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    io_error::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folder with a store whose parts contain a marker, and a second store created next to it.
    fn two_stores() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        for part in PARTS {
            fs::create_dir(data.join(part)).unwrap();
            fs::write(data.join(part).join("who"), "old").unwrap();
        }
        let next = begin(data).unwrap();
        // The second store has no `damaged` part.
        for part in ["sled", "snapshots", "journal"] {
            fs::create_dir(next.join(part)).unwrap();
            fs::write(next.join(part).join("who"), "new").unwrap();
        }
        folder
    }

    fn markers(folder: &Path) -> Vec<Option<String>> {
        PARTS
            .map(|part| fs::read_to_string(folder.join(part).join("who")).ok())
            .to_vec()
    }

    fn all(marker: &str) -> Vec<Option<String>> {
        vec![Some(marker.to_owned()); PARTS.len()]
    }

    #[test]
    fn interrupted_replacement_is_completed_from_any_step() {
        let step_count = {
            let folder = two_stores();
            name_and_rename(folder.path());
            steps(folder.path()).unwrap().len()
        };
        assert!(step_count > 10);
        for first in 0..=step_count {
            for second in [0, 1, usize::MAX] {
                let folder = two_stores();
                let data = folder.path();
                name_and_rename(data);
                // Interrupted once, and again while the remaining steps are completed.
                for executed in [first, second] {
                    for step in steps(data).unwrap().iter().take(executed) {
                        step.execute().unwrap();
                    }
                }
                complete(data).unwrap();
                remove_leftovers(data).unwrap();
                let now = markers(data);
                assert_eq!(now[1], None, "after {first} and {second} steps");
                assert_eq!(now[0].as_deref(), Some("new"));
                assert_eq!(now[2..], all("new")[2..]);
                assert_eq!(markers(&data.join("replaced/before")), all("old"));
                assert!(!data.join(NEXT).exists());
            }
        }
    }

    /// Performs the part of a commit before the repeatable steps.
    fn name_and_rename(data: &Path) {
        let unfinished = data.join(UNFINISHED);
        fs::write(unfinished.join(ASIDE), "before").unwrap();
        fs::rename(unfinished, data.join(NEXT)).unwrap();
    }

    #[test]
    fn replacement_changes_nothing_before_the_rename() {
        let folder = two_stores();
        complete(folder.path()).unwrap();
        remove_leftovers(folder.path()).unwrap();
        assert_eq!(markers(folder.path()), all("old"));
        assert!(!folder.path().join(UNFINISHED).exists());
    }

    #[test]
    fn replaced_stores_are_kept_or_removed_by_policy() {
        let folder = two_stores();
        let data = folder.path();
        let first = commit(data, ReplacedStore::Keep("same")).unwrap();
        fs::create_dir(begin(data).unwrap().join("journal")).unwrap();
        let second = commit(data, ReplacedStore::Keep("same")).unwrap();
        assert_eq!(markers(&first), all("old"));
        assert_eq!(markers(&second)[3].as_deref(), Some("new"));
        fs::create_dir(begin(data).unwrap().join("journal")).unwrap();
        let third = commit(data, ReplacedStore::Remove).unwrap();
        assert!(third.exists());
        remove_leftovers(data).unwrap();
        assert!(!third.exists());
    }
}
