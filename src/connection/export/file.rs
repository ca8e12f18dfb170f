//! Keeps an export as a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Document;
use crate::disk::{self, Over};

/// Why there is no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// There is one already, and it was not said that it may be replaced.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The system, or common sense, forbids it.
    #[error("{} cannot be written: {why}", path.display())]
    Refused {
        /// Where it would have been.
        path: PathBuf,
        /// What is known.
        why: String,
    },
}

/// Writes a document into a file that only its owner can read; answers where that is.
///
/// A name that begins with `~/` is looked for in the home folder, any other in the folder that the program was started in.
pub fn write(document: &Document, name: &str, over: Over) -> Result<PathBuf, NotWritten> {
    let path = place(name, over)?;
    let json = document.to_json().map_err(|error| NotWritten::Refused {
        path: path.clone(),
        why: error.to_string(),
    })?;
    deliver(&path, over, |file| file.write_all(json.as_bytes()))?;
    Ok(path)
}

/// Where a file of this name would be, unless it cannot be written there.
pub fn place(name: &str, over: Over) -> Result<PathBuf, NotWritten> {
    let path = whole(name).map_err(|why| NotWritten::Refused {
        path: name.into(),
        why,
    })?;
    let refused = |why: &dyn std::fmt::Display| NotWritten::Refused {
        path: path.clone(),
        why: why.to_string(),
    };
    // A device or a link would be replaced by a file.
    match std::fs::symlink_metadata(&path) {
        Ok(there) if there.is_dir() => return Err(refused(&"it is a folder")),
        Ok(there) if !there.is_file() => return Err(refused(&"it is no ordinary file")),
        Ok(_) if over == Over::Keep => return Err(NotWritten::Exists(path)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(refused(&sentence(&error))),
    }
    Ok(path)
}

/// Makes a file appear under its name at once, with what is written into it.
pub fn deliver(
    path: &Path,
    over: Over,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), NotWritten> {
    disk::write_next_to_others(path, over, write).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => NotWritten::Exists(path.to_owned()),
        _ => NotWritten::Refused {
            path: path.to_owned(),
            why: sentence(&error),
        },
    })
}

fn whole(name: &str) -> Result<PathBuf, String> {
    let path = disk::expand_home(Path::new(name))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

fn sentence(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such folder".into(),
        io::ErrorKind::PermissionDenied => "you may not write there".into(),
        io::ErrorKind::NotADirectory => "a part of its path is no folder".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::ReadOnlyFilesystem => "nothing can be written on that disk".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path, name: &str, over: Over) -> Result<PathBuf, NotWritten> {
        let path = folder.join(name);
        write(&Document::of(Vec::new()), path.to_str().unwrap(), over)
    }

    #[test]
    fn a_file_that_is_there_is_never_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "a.json", Over::Keep).unwrap();
        assert_eq!(
            written(folder.path(), "a.json", Over::Keep),
            Err(NotWritten::Exists(path.clone()))
        );
        assert_eq!(written(folder.path(), "a.json", Over::Replace), Ok(path));
    }

    #[test]
    fn what_is_no_file_is_not_replaced_even_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("link")).unwrap();
        for name in ["sub", "link"] {
            let refused = written(folder.path(), name, Over::Replace).unwrap_err();
            assert!(
                refused.to_string().contains("cannot be written: it is"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_missing_folder_is_said_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let refused = written(folder.path(), "no/a.json", Over::Keep).unwrap_err();
        let said = refused.to_string();
        assert!(
            said.ends_with("cannot be written: there is no such folder"),
            "{said}"
        );
    }
}
