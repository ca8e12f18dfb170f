//! Creates files and folders that only their owner can access, syncs directory entries, and expands and explains paths.

#[cfg(feature = "etcd")]
use std::fs::TryLockError;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;
use rustix::process::{Uid, geteuid};

/// Creates a folder and its missing parents with mode 0700 and syncs their entries. An existing folder is left unchanged.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(is_missing).collect();
    let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
    created.map_err(|error| {
        if path.ancestors().any(Path::is_file) {
            io::Error::new(
                io::ErrorKind::NotADirectory,
                "a file is in the way of this folder; move it away, or use another folder",
            )
        } else {
            error
        }
    })?;
    for folder in missing {
        folder.parent().map_or(Ok(()), sync_folder)?;
    }
    path.parent().map_or(Ok(()), sync_folder)
}

/// Syncs every parent folder of `path`, so that entries created by an earlier, killed process are durable too. Parents that must
/// not be opened are skipped.
pub fn sync_parents(path: &Path) -> io::Result<()> {
    for folder in path.ancestors().skip(1) {
        match sync_folder(folder) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Describes what the system refused about a path. A permission problem comes with the command that solves it.
pub fn describe(path: &Path, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return format!("{}: {error}", path.display());
    }
    let mut existing = path
        .ancestors()
        .filter(|path| path.symlink_metadata().is_ok());
    let obstacle = existing.next().unwrap_or(path);
    permission_denied(path, obstacle, obstacle)
}

/// Describes a path that this user may not use because of the permissions of `obstacle`. The command is about `folder`.
///
/// No command changes the owner of a folder that belongs to another user outside the home folder: it may be the system's.
pub fn permission_denied(path: &Path, obstacle: &Path, folder: &Path) -> String {
    let shown = path.display();
    // In single quotes nothing means anything to a shell.
    let quoted = folder.display().to_string().replace('\'', r"'\''");
    let quoted = format!("'{quoted}'");
    let current_user = geteuid();
    let owner = owner(obstacle).filter(|owner| *owner != current_user);
    let Some(owner) = owner else {
        return format!(
            "Permission denied: {shown}; nothing was changed. Run: chmod -R u+rwX {quoted}"
        );
    };
    let owner = match owner.as_raw() {
        0 => "root".to_owned(),
        id => format!("user ID {id}"),
    };
    let is_in_home = home().is_some_and(|home| folder != home && folder.starts_with(home));
    let what_to_do = if is_in_home || self::owner(folder) == Some(current_user) {
        format!("If umai ran with sudo, run: sudo chown -R \"$USER\" {quoted}")
    } else {
        "Run umai as that user, or use another path".to_owned()
    };
    let because = if obstacle == path {
        String::new()
    } else {
        format!(", because {}", obstacle.display())
    };
    format!(
        "Permission denied: {shown}{because} belongs to {owner}; nothing was changed. {what_to_do}"
    )
}

fn owner(path: &Path) -> Option<Uid> {
    let found = path.metadata().ok()?;
    Some(Uid::from_raw(found.uid()))
}

/// The home folder that the environment names.
pub fn home() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    home.map(PathBuf::from)
}

/// Replaces a leading `~` by the home folder, as a shell does where it is not quoted. Every path that people give passes here.
pub fn expand_home(path: &Path) -> Result<PathBuf, String> {
    let mut parts = path.components();
    let Some(Component::Normal(first)) = parts.next() else {
        return Ok(path.to_owned());
    };
    match first.as_encoded_bytes() {
        b"~" => {
            let home = home().ok_or("~ stands for the home folder, and HOME is not set")?;
            Ok(home.join(parts.as_path()))
        }
        // The name is not repeated: what is given in the place of a path may be a secret.
        [b'~', ..] => Err(
            "of the paths that begin with ~ only ~ and ~/… are expanded: write the whole path, or ./ before it".into(),
        ),
        _ => Ok(path.to_owned()),
    }
}

/// Use of a file or folder that a permission is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessPurpose {
    /// Reading a file.
    Read,
    /// Reading and writing a file, or changing what a folder contains.
    Change,
}

/// Returns whether the permissions of a path forbid a use. A path that does not exist forbids nothing.
pub fn is_forbidden(path: &Path, wanted: AccessPurpose) -> bool {
    let access = match wanted {
        AccessPurpose::Read => Access::READ_OK,
        AccessPurpose::Change if path.is_dir() => {
            Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK
        }
        AccessPurpose::Change => Access::READ_OK | Access::WRITE_OK,
    };
    matches!(
        rustix::fs::access(path, access),
        Err(Errno::ACCESS | Errno::PERM)
    )
}

/// Creates a file with mode 0600. Fails when the file exists.
pub fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Syncs a folder, which makes the entries in it durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}

/// Temporary path that [`write_atomically`] writes before it renames the file. The whole name is kept, so that files whose names
/// differ only in the extension have different temporary paths.
pub fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    name.into()
}

/// Writes a file atomically: to a temporary path, synced, renamed, and the folder synced. Replaces an existing file.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<File> {
    let temporary = temporary_path(path);
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = create_file(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        Ok(file)
    });
    let file = match written {
        Ok(file) => file,
        Err(error) => {
            // The write error is returned; a temporary file that cannot be removed now is replaced by the next attempt.
            let _ = std::fs::remove_file(&temporary);
            return Err(error);
        }
    };
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(file)
}

/// Policy for an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverwritePolicy {
    /// Fail and keep the existing file.
    Keep,
    /// Replace the existing file.
    Replace,
}

/// Maximum number of temporary names tried by [`write_next_to_others`].
const MAX_NAMES: u32 = 100;

/// Writes a file atomically in a folder that also has other people's files: no other file is touched, and the file itself is
/// replaced only when `policy` allows it.
pub fn write_next_to_others(
    path: &Path,
    policy: OverwritePolicy,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    // Claim the name first, so that a file created by another program in between is not replaced.
    let is_claimed = match policy {
        OverwritePolicy::Keep => create_file(path).map(|_| true)?,
        OverwritePolicy::Replace => false,
    };
    let written = create_temporary(path).and_then(|(temporary, mut file)| {
        let written = write(&mut file)
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&temporary, path));
        if written.is_err() {
            // The write error is returned; nothing else can be done about the temporary file.
            let _ = std::fs::remove_file(&temporary);
        }
        written
    });
    if written.is_err() && is_claimed {
        // Best effort, as above: the claimed file is empty.
        let _ = std::fs::remove_file(path);
    }
    written?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Creates a temporary file next to `path` under an unused name.
fn create_temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 0;
    loop {
        let temporary = path.with_file_name(format!(".{name}.{number}.new"));
        match create_file(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MAX_NAMES => {
                number += 1;
            }
            created => return Ok((temporary, created?)),
        }
    }
}

/// Waits for the exclusive lock of a file and returns the guard. One process holds it at a time, until the guard is dropped.
///
/// The lock is on a file with the extension `lock` in place of its own (`config.lock`), because the file itself is replaced by renames. The system releases it when the process ends.
pub fn lock(path: &Path) -> io::Result<File> {
    let file = lock_file(path)?;
    file.lock()?;
    Ok(file)
}

/// Takes the lock of [`lock`]; none while another process has it.
#[cfg(feature = "etcd")]
pub fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = lock_file(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(lock_path(path))
}

/// Path of the file that [`lock`] locks.
pub fn lock_path(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn file_next_to_others_is_private_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_next_to_others(&path, OverwritePolicy::Keep, |file| file.write_all(b"one")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(files(folder.path()), ["a.json"]);
    }

    #[test]
    fn file_next_to_others_replaces_only_by_policy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "theirs").unwrap();
        let error =
            write_next_to_others(&path, OverwritePolicy::Keep, |file| file.write_all(b"one"))
                .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
        write_next_to_others(&path, OverwritePolicy::Replace, |file| {
            file.write_all(b"one")
        })
        .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(files(folder.path()), ["a.json"]);
    }

    #[test]
    fn failed_write_next_to_others_keeps_existing_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let other = folder.path().join(".a.json.0.new");
        std::fs::write(&other, "other").unwrap();
        let full = |_: &mut File| Err(io::Error::other("the disk is full"));
        assert!(write_next_to_others(&path, OverwritePolicy::Keep, full).is_err());
        assert_eq!(files(folder.path()), [".a.json.0.new"]);
        std::fs::write(&path, "theirs").unwrap();
        assert!(write_next_to_others(&path, OverwritePolicy::Replace, full).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
        assert_eq!(std::fs::read(&other).unwrap(), b"other");
    }

    #[rstest]
    #[case("~", Some(""))]
    #[case("~/", Some(""))]
    #[case("~/x y/z", Some("x y/z"))]
    #[case("~//x", Some("x"))]
    #[case("./~", None)]
    #[case("a/~/b", None)]
    #[case("/~", None)]
    #[case("-", None)]
    #[case("", None)]
    fn only_a_leading_tilde_is_the_home_folder(#[case] path: &str, #[case] in_home: Option<&str>) {
        let expected = match in_home {
            Some(rest) => home().unwrap().join(rest),
            None => path.into(),
        };
        assert_eq!(expand_home(Path::new(path)), Ok(expected));
    }

    #[test]
    fn home_of_another_user_is_refused_without_its_name() {
        let refused = expand_home(Path::new("~planted/x")).unwrap_err();
        assert!(refused.contains("write the whole path"), "{refused}");
        assert!(!refused.contains("planted"), "{refused}");
    }
}
