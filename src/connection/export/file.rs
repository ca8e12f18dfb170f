//! Writes an export to a file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ExportedManifest;
use crate::atomic_file::{self, OverwritePolicy};

/// Error of writing an export file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportFileError {
    /// The file exists and must not be replaced.
    #[error("{} already exists", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{} cannot be written: {why}", path.display())]
    Failed {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        why: String,
    },
}

/// Writes a manifest to a file with owner-only permissions and returns its path: as YAML if its name ends so, otherwise as JSON.
///
/// `~/` is the home directory; other relative names start at the working directory.
pub fn write(
    document: &ExportedManifest,
    name: &str,
    policy: OverwritePolicy,
) -> Result<PathBuf, ExportFileError> {
    let path = write_destination(name, policy)?;
    let is_yaml = path.extension().is_some_and(is_yaml);
    let text = if is_yaml {
        document.to_yaml()
    } else {
        document.to_json()
    };
    let text = text.map_err(|error| ExportFileError::Failed {
        path: path.clone(),
        why: error.to_string(),
    })?;
    deliver(&path, policy, |file| file.write_all(text.as_bytes()))?;
    Ok(path)
}

/// Returns whether a file with this ending is written as YAML.
pub fn is_yaml(ending: &OsStr) -> bool {
    ending == "yaml" || ending == "yml"
}

/// Returns the path of a file, if it can be written.
pub fn write_destination(name: &str, policy: OverwritePolicy) -> Result<PathBuf, ExportFileError> {
    let path = absolute(name).map_err(|reason| ExportFileError::Failed {
        path: name.into(),
        why: reason,
    })?;
    let refused = |reason: &dyn std::fmt::Display| ExportFileError::Failed {
        path: path.clone(),
        why: reason.to_string(),
    };
    // The rename would replace a device or a link.
    match std::fs::symlink_metadata(&path) {
        Ok(there) if there.is_dir() => return Err(refused(&"it is a directory")),
        Ok(there) if !there.is_file() => return Err(refused(&"it is not a regular file")),
        Ok(_) if policy == OverwritePolicy::Keep => return Err(ExportFileError::Exists(path)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(refused(&sentence(&error))),
    }
    Ok(path)
}

/// Writes a file atomically.
pub fn deliver(
    path: &Path,
    policy: OverwritePolicy,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), ExportFileError> {
    atomic_file::write_next_to_others(path, policy, write).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ExportFileError::Exists(path.to_owned()),
        _ => ExportFileError::Failed {
            path: path.to_owned(),
            why: sentence(&error),
        },
    })
}

fn absolute(name: &str) -> Result<PathBuf, String> {
    let path = atomic_file::expand_home(Path::new(name))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

fn sentence(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "directory not found".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NotADirectory => "a part of the path is not a directory".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_document(
        folder: &Path,
        name: &str,
        policy: OverwritePolicy,
    ) -> Result<PathBuf, ExportFileError> {
        let path = folder.join(name);
        write(
            &ExportedManifest::new(Vec::new()),
            path.to_str().unwrap(),
            policy,
        )
    }

    #[test]
    fn existing_file_is_not_replaced_by_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = write_document(folder.path(), "a.json", OverwritePolicy::Keep).unwrap();
        assert_eq!(
            write_document(folder.path(), "a.json", OverwritePolicy::Keep),
            Err(ExportFileError::Exists(path.clone()))
        );
        assert_eq!(
            write_document(folder.path(), "a.json", OverwritePolicy::Replace),
            Ok(path)
        );
    }

    #[test]
    fn directory_or_link_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("link")).unwrap();
        for name in ["sub", "link"] {
            let refused =
                write_document(folder.path(), name, OverwritePolicy::Replace).unwrap_err();
            assert!(
                refused.to_string().contains("cannot be written: it is"),
                "{refused}"
            );
        }
    }

    #[test]
    fn missing_directory_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let refused =
            write_document(folder.path(), "no/a.json", OverwritePolicy::Keep).unwrap_err();
        let message = refused.to_string();
        assert!(
            message.ends_with("cannot be written: directory not found"),
            "{message}"
        );
    }
}
