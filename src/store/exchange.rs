//! Puts another store in the place of the one in a data folder, whole, whatever ends the process meanwhile.
//!
//! ```text
//! data/next.unfinished/   the other store is made here
//! data/next/              renamed to this when all of it is on the disk: from now on it is the store of this folder
//! data/replaced/NAME/     where the parts of the one before go, one after the other; then those of the next take their places
//! ```
//! A process that ends before the renaming leaves the store as it was; after it, whoever opens the folder next does the rest.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::files;

const UNFINISHED: &str = "next.unfinished";
const NEXT: &str = "next";
/// The folder of the stores that were replaced.
pub const REPLACED: &str = "replaced";
/// In the next store: the name of the folder where the parts before go, until they are there.
const ASIDE: &str = "aside";
/// What a store is made of. The journal is the truth, so it is the last one.
const PARTS: [&str; 4] = ["sled", "damaged", "snapshots", "journal"];
/// Where a store goes that nobody needs any more.
const NEEDLESS: &str = "outgoing";

/// What becomes of the store that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before<'a> {
    /// It is kept in a folder whose name begins so.
    Kept(&'a str),
    /// It is removed once the other one was opened, since that has all of it.
    Needless,
}

/// Begins with an empty folder to make a store in. The lock of the data folder must be held, here and below.
pub fn begin(data: &Path) -> io::Result<PathBuf> {
    let folder = data.join(UNFINISHED);
    remove_folder(&folder)?;
    files::create_folder(&folder)?;
    Ok(folder)
}

/// Lets the store that was made take its place, and says where the one before is.
pub fn commit(data: &Path, before: Before<'_>) -> io::Result<PathBuf> {
    let unfinished = data.join(UNFINISHED);
    let name = match before {
        Before::Kept(name) => free_name(data, name),
        Before::Needless => NEEDLESS.to_owned(),
    };
    files::place(&unfinished.join(ASIDE), |file| {
        file.write_all(name.as_bytes())
    })?;
    sync_all(&unfinished)?;
    fs::rename(&unfinished, data.join(NEXT))?;
    files::sync_folder(data)?;
    finish(data)?;
    Ok(folder_of(data, &name))
}

/// Does what is left of an exchange that was cut short.
pub fn finish(data: &Path) -> io::Result<()> {
    for step in steps(data)? {
        step.take()?;
    }
    Ok(())
}

/// Whether an exchange is not finished.
pub fn is_under_way(data: &Path) -> bool {
    data.join(NEXT).exists()
}

/// What is said of an exchange that is not finished.
pub fn unfinished(data: &Path) -> String {
    format!(
        "The store in {} is being replaced. If no umai is doing that now, the replacement was interrupted: run umai connections list to finish it",
        data.display()
    )
}

/// The folder with the files of the store that is in place, or takes it.
pub fn current(data: &Path) -> PathBuf {
    let next = data.join(NEXT);
    if next.join("journal").exists() {
        next
    } else {
        data.to_owned()
    }
}

/// Takes away what nobody needs any more: a store that was not finished, and one that was replaced.
pub fn tidy(data: &Path) -> io::Result<()> {
    remove_folder(&data.join(UNFINISHED))?;
    remove_folder(&data.join(NEEDLESS))
}

/// One step; each can be taken again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Make(PathBuf),
    Move(PathBuf, PathBuf),
    Sync(PathBuf),
    Forget(PathBuf),
    Remove(PathBuf),
}

impl Step {
    fn take(&self) -> io::Result<()> {
        match self {
            Self::Make(folder) => files::create_folder(folder),
            Self::Move(from, to) => fs::rename(from, to),
            Self::Sync(folder) => files::sync_folder(folder),
            Self::Forget(file) => fs::remove_file(file),
            Self::Remove(folder) => remove_folder(folder),
        }
    }
}

/// What is still to do.
fn steps(data: &Path) -> io::Result<Vec<Step>> {
    let next = data.join(NEXT);
    if !next.exists() {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    if let Some(name) = aside(&next)? {
        let aside = folder_of(data, &name);
        steps.push(Step::Make(aside.clone()));
        for part in PARTS.map(|part| (data.join(part), aside.join(part))) {
            if part.0.exists() {
                steps.push(Step::Move(part.0, part.1));
            }
        }
        // That they are moved must be on the disk before it is forgotten that they were to be.
        steps.push(Step::Sync(aside));
        steps.push(Step::Sync(data.to_owned()));
        steps.push(Step::Forget(next.join(ASIDE)));
        steps.push(Step::Sync(next.clone()));
    }
    for part in PARTS.map(|part| (next.join(part), data.join(part))) {
        if part.0.exists() {
            steps.push(Step::Move(part.0, part.1));
        }
    }
    steps.push(Step::Sync(data.to_owned()));
    steps.push(Step::Remove(next));
    steps.push(Step::Sync(data.to_owned()));
    Ok(steps)
}

/// Where the parts before go; nothing when they are there.
fn aside(next: &Path) -> io::Result<Option<String>> {
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
    // A damaged name is none; what goes there is found all the same.
    Ok(Some(if is_name { name } else { "unnamed".into() }))
}

fn folder_of(data: &Path, name: &str) -> PathBuf {
    if name == NEEDLESS {
        data.join(NEEDLESS)
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

/// Makes everything in a folder durable, and the names of it.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_all(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    files::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a store of which every part says who it is, and another one made beside it.
    fn two() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        for part in PARTS {
            fs::create_dir(data.join(part)).unwrap();
            fs::write(data.join(part).join("who"), "old").unwrap();
        }
        let next = begin(data).unwrap();
        // The other one has no damage to tell of.
        for part in ["sled", "snapshots", "journal"] {
            fs::create_dir(next.join(part)).unwrap();
            fs::write(next.join(part).join("who"), "new").unwrap();
        }
        folder
    }

    fn who(folder: &Path) -> Vec<Option<String>> {
        PARTS
            .map(|part| fs::read_to_string(folder.join(part).join("who")).ok())
            .to_vec()
    }

    fn all(who: &str) -> Vec<Option<String>> {
        vec![Some(who.to_owned()); PARTS.len()]
    }

    #[test]
    fn an_exchange_that_is_cut_short_at_any_step_is_finished_by_the_next_who_comes() {
        let steps_in_all = {
            let folder = two();
            name_and_rename(folder.path());
            steps(folder.path()).unwrap().len()
        };
        assert!(steps_in_all > 10);
        for first in 0..=steps_in_all {
            for second in [0, 1, usize::MAX] {
                let folder = two();
                let data = folder.path();
                name_and_rename(data);
                // Cut short once, and once more while the rest is done.
                for taken in [first, second] {
                    for step in steps(data).unwrap().iter().take(taken) {
                        step.take().unwrap();
                    }
                }
                finish(data).unwrap();
                tidy(data).unwrap();
                let now = who(data);
                assert_eq!(now[1], None, "after {first} and {second} steps");
                assert_eq!(now[0].as_deref(), Some("new"));
                assert_eq!(now[2..], all("new")[2..]);
                assert_eq!(who(&data.join("replaced/before")), all("old"));
                assert!(!data.join(NEXT).exists());
            }
        }
    }

    /// What a commit does before the steps that are left to others.
    fn name_and_rename(data: &Path) {
        let unfinished = data.join(UNFINISHED);
        fs::write(unfinished.join(ASIDE), "before").unwrap();
        fs::rename(unfinished, data.join(NEXT)).unwrap();
    }

    #[test]
    fn before_the_renaming_nothing_has_changed() {
        let folder = two();
        finish(folder.path()).unwrap();
        tidy(folder.path()).unwrap();
        assert_eq!(who(folder.path()), all("old"));
        assert!(!folder.path().join(UNFINISHED).exists());
    }

    #[test]
    fn what_is_replaced_twice_is_kept_twice_and_what_is_needless_is_removed() {
        let folder = two();
        let data = folder.path();
        let first = commit(data, Before::Kept("same")).unwrap();
        fs::create_dir(begin(data).unwrap().join("journal")).unwrap();
        let second = commit(data, Before::Kept("same")).unwrap();
        assert_eq!(who(&first), all("old"));
        assert_eq!(who(&second)[3].as_deref(), Some("new"));
        fs::create_dir(begin(data).unwrap().join("journal")).unwrap();
        let third = commit(data, Before::Needless).unwrap();
        assert!(third.exists());
        tidy(data).unwrap();
        assert!(!third.exists());
    }
}
