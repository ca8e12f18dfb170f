//! Checks which other users can change a file that umai trusts.
//!
//! A link is followed: the target and its folder are checked, and the folder of the link. In a folder with the sticky bit, such as
//! `/tmp` or a mounted Kubernetes secret, other users cannot replace a file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::geteuid;

const GROUP_WRITABLE: u32 = 0o020;
const OTHERS_WRITABLE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Users, apart from the current one and root, that may change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileTrust {
    /// Any user: a file that umai does not depend on.
    Anyone,
    /// The group of the file: configuration and themes.
    Group,
    /// No user: keys, and files that decide where keys are sent.
    OwnerOnly,
}

/// Returns an error when a user that `trust` excludes can change an open file or replace it. The error completes a sentence that
/// begins with the file name.
pub fn check_file(path: &Path, file: &Metadata, trust: FileTrust) -> Result<(), String> {
    let Some(forbidden) = trust.forbidden_mode() else {
        return Ok(());
    };
    check_entry(path, file, forbidden)?;
    let folder = std::path::absolute(path);
    let target = std::fs::canonicalize(path);
    for path in [folder, target].into_iter().flatten() {
        check_parents(&path, forbidden).map_err(|why| format!("is in a folder that {why}"))?;
    }
    Ok(())
}

/// Returns an error when a user that `trust` excludes can change what a folder contains. A missing folder is accepted. The error
/// completes a sentence that begins with the path of the folder.
pub fn check_folder(folder: &Path, trust: FileTrust) -> Result<(), String> {
    match (trust.forbidden_mode(), std::fs::metadata(folder)) {
        (Some(forbidden), Ok(found)) => check_entry(folder, &found, forbidden),
        (None, _) | (_, Err(_)) => Ok(()),
    }
}

/// Checks the folder of a path, and the folders above it, where only a mode that lets all users write matters.
fn check_parents(path: &Path, forbidden: u32) -> Result<(), String> {
    let mut folders = path.ancestors().skip(1);
    if let Some(folder) = folders.next()
        && let Ok(found) = std::fs::metadata(folder)
    {
        check_entry(folder, &found, forbidden)?;
    }
    for folder in folders {
        if let Ok(found) = std::fs::metadata(folder) {
            check_mode(folder, &found, OTHERS_WRITABLE)?;
        }
    }
    Ok(())
}

fn check_entry(path: &Path, found: &Metadata, forbidden: u32) -> Result<(), String> {
    check_mode(path, found, forbidden)?;
    let owner = found.uid();
    if owner == 0 || owner == geteuid().as_raw() {
        return Ok(());
    }
    let path = shell_quoted(path);
    Err(format!(
        "belongs to user ID {owner}; if its content is yours, run: sudo chown \"$USER\" {path}"
    ))
}

fn check_mode(path: &Path, found: &Metadata, forbidden: u32) -> Result<(), String> {
    let is_sticky = found.is_dir() && found.mode() & STICKY != 0;
    let writable = found.mode() & forbidden;
    if is_sticky || writable == 0 {
        return Ok(());
    }
    let who = if forbidden == OTHERS_WRITABLE {
        "o"
    } else {
        "go"
    };
    let path = shell_quoted(path);
    Err(format!(
        "is writable by other users; run: chmod {who}-w {path}"
    ))
}

fn shell_quoted(path: &Path) -> String {
    super::super::shell_quoted(&path.display().to_string())
}

impl FileTrust {
    fn forbidden_mode(self) -> Option<u32> {
        match self {
            Self::Anyone => None,
            Self::Group => Some(OTHERS_WRITABLE),
            Self::OwnerOnly => Some(OTHERS_WRITABLE | GROUP_WRITABLE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// Result of a check of `folder/file` with these modes.
    fn checked(folder_mode: u32, file_mode: u32, trust: FileTrust) -> Result<(), String> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let path = folder.join("file");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(file_mode)).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(folder_mode)).unwrap();
        check_file(&path, &fs::metadata(&path).unwrap(), trust)
            .map_err(|why| why.replace(home.path().to_str().unwrap(), ""))
    }

    #[rstest]
    #[case::private(0o700, 0o600, FileTrust::OwnerOnly, None)]
    #[case::readable(0o755, 0o644, FileTrust::OwnerOnly, None)]
    #[case::group(0o700, 0o664, FileTrust::Group, None)]
    #[case::group_and_key(0o700, 0o664, FileTrust::OwnerOnly, Some("chmod go-w '/folder/file'"))]
    #[case::others(0o700, 0o602, FileTrust::Group, Some("chmod o-w '/folder/file'"))]
    #[case::folder(0o777, 0o600, FileTrust::Group, Some("chmod o-w '/folder'"))]
    #[case::group_folder(0o770, 0o600, FileTrust::OwnerOnly, Some("chmod go-w '/folder'"))]
    #[case::sticky_folder(0o1777, 0o600, FileTrust::OwnerOnly, None)]
    #[case::untrusted(0o777, 0o666, FileTrust::Anyone, None)]
    fn file_that_others_can_write_is_refused(
        #[case] folder: u32,
        #[case] file: u32,
        #[case] trust: FileTrust,
        #[case] advice: Option<&str>,
    ) {
        match (checked(folder, file, trust), advice) {
            (Ok(()), None) => {}
            (Err(why), Some(advice)) => assert!(why.ends_with(advice), "{why}"),
            (checked, _) => panic!("{checked:?}"),
        }
    }

    #[test]
    fn target_of_link_and_its_folder_are_checked() {
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::write(open.join("file"), "").unwrap();
        let link = home.path().join("link");
        symlink(open.join("file"), &link).unwrap();
        let check = || check_file(&link, &fs::metadata(&link).unwrap(), FileTrust::Group);
        assert_eq!(check(), Ok(()));
        fs::set_permissions(&open, Permissions::from_mode(0o707)).unwrap();
        assert!(check().unwrap_err().contains("open'"));
    }

    #[test]
    fn folder_above_that_others_can_write_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("open/folder");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("file");
        fs::write(&path, "").unwrap();
        fs::set_permissions(home.path().join("open"), Permissions::from_mode(0o707)).unwrap();
        let why = check_file(&path, &fs::metadata(&path).unwrap(), FileTrust::Group).unwrap_err();
        assert!(why.ends_with("/open'"), "{why}");
    }
}
