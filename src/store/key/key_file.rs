//! Key file: its location, content and atomic replacement.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::passphrase::{Passphrase, WrappedKey};
use super::{FILE, KeyFingerprint, LENGTH, StoreKey};
use crate::atomic_file;
use crate::connection::StoreError;
use crate::store::io_error;
use crate::text::file;
use crate::text::file::trust::{self, FileTrust};

/// Maximum length of a key file in bytes.
const MAX_LENGTH: u64 = 4096;

/// Source of the location of the key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFileOrigin {
    /// Given by the user.
    Option,
    /// Credentials of the service manager.
    Credentials,
    /// Default location in the config directory.
    Config,
}

/// Location of the key file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFileLocation {
    /// Path of the file.
    pub path: PathBuf,
    /// Source of the path.
    pub origin: KeyFileOrigin,
}

/// Content of a key file.
pub enum KeyFileContent {
    /// Unprotected key.
    Plain(StoreKey),
    /// Key protected by a passphrase.
    Wrapped(WrappedKey),
}

impl KeyFileLocation {
    /// Determines the location: the given file, then the credentials of the service manager, then the config directory. A link is
    /// followed, so that a new key replaces its target.
    pub fn find(key_file: Option<&Path>, config: &Path) -> Self {
        let Self { path, origin } = Self::find_link(key_file, config);
        let is_link = path
            .symlink_metadata()
            .is_ok_and(|found| found.is_symlink());
        let target = is_link.then(|| std::fs::canonicalize(&path).ok());
        Self {
            path: target.flatten().unwrap_or(path),
            origin,
        }
    }

    fn find_link(key_file: Option<&Path>, config: &Path) -> Self {
        if let Some(path) = key_file {
            return Self {
                path: path.to_owned(),
                origin: KeyFileOrigin::Option,
            };
        }
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        let provided = credentials.map(|folder| Path::new(&folder).join(FILE));
        match provided.filter(|path| path.exists()) {
            Some(path) => Self {
                path,
                origin: KeyFileOrigin::Credentials,
            },
            None => Self {
                path: config.join(FILE),
                origin: KeyFileOrigin::Config,
            },
        }
    }

    /// Reads the key file.
    pub fn read(&self) -> Result<KeyFileContent, StoreError> {
        read(&self.path)
    }

    /// Returns the protected key when its passphrase is required and was not given yet.
    pub fn locked(&self) -> Option<WrappedKey> {
        match self.read() {
            Ok(KeyFileContent::Wrapped(wrapped)) if wrapped.open().is_none() => Some(wrapped),
            Ok(KeyFileContent::Wrapped(_) | KeyFileContent::Plain(_)) | Err(_) => None,
        }
    }

    /// Path of a new key that is not yet installed.
    pub fn pending(&self) -> PathBuf {
        self.sibling("new")
    }

    /// Path of a related file: the path of the key file with an extension appended.
    pub fn sibling(&self, ending: &str) -> PathBuf {
        sibling_path(&self.path, ending)
    }

    /// Returns an error when the key file belongs to the service manager and cannot be written.
    pub fn reject_credentials(&self, command: &str) -> Result<(), StoreError> {
        match self.origin {
            KeyFileOrigin::Option | KeyFileOrigin::Config => Ok(()),
            KeyFileOrigin::Credentials => Err(StoreError::Key(format!(
                "The key comes from the service manager, so umai cannot change it; nothing was changed. \
                 Run {command} with --key-file and a copy of the key file, then give that copy to the service manager"
            ))),
        }
    }
}

impl KeyFileContent {
    /// Fingerprint of the key.
    pub fn fingerprint(&self) -> KeyFingerprint {
        match self {
            Self::Plain(key) => key.fingerprint(),
            Self::Wrapped(wrapped) => wrapped.fingerprint,
        }
    }

    /// Returns the key unless it is locked.
    pub fn open(&self) -> Option<StoreKey> {
        match self {
            Self::Plain(key) => Some(key.duplicate()),
            Self::Wrapped(wrapped) => wrapped.open(),
        }
    }

    /// Wraps another key in the same way, with the same passphrase if there is one.
    pub fn wrap_another(&self, key: &StoreKey) -> Result<Self, StoreError> {
        match self {
            Self::Plain(_) => Ok(Self::Plain(key.duplicate())),
            Self::Wrapped(wrapped) => wrapped.wrap_another(key).map(Self::Wrapped),
        }
    }

    /// Protects a key with a passphrase.
    pub fn protected(key: &StoreKey, passphrase: &Passphrase) -> Result<Self, StoreError> {
        WrappedKey::new(key, passphrase).map(Self::Wrapped)
    }

    /// Encodes the content of the file.
    fn text(&self) -> Zeroizing<String> {
        match self {
            Self::Plain(key) => {
                let mut text = Zeroizing::new(String::with_capacity(LENGTH * 2));
                STANDARD.encode_string(*key.0, &mut text);
                text.push('\n');
                text
            }
            Self::Wrapped(wrapped) => Zeroizing::new(wrapped.text()),
        }
    }

    /// Writes the key file atomically. Fails when the file exists.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            io_error::create_folder(folder).map_err(|error| create_error(path, &error))?;
            trust::check_folder(folder, FileTrust::OwnerOnly)
                .map_err(|why| StoreError::Key(format!("{} {why}", folder.display())))?;
        }
        let temporary = sibling_path(path, &format!("{UNFINISHED}{}", std::process::id()));
        remove(&temporary)?;
        let written = self.write_temporary(&temporary).and_then(|()| {
            // Unlike a rename, a link does not replace an existing file.
            std::fs::hard_link(&temporary, path)
                .or_else(|_| rename_if_absent(&temporary, path))
                .and_then(|()| io_error::sync_parents(path))
                .map_err(|error| create_error(path, &error))
        });
        // Either linked under its final name or unusable.
        let _ = remove_unfinished(path);
        written
    }

    fn write_temporary(&self, path: &Path) -> Result<(), StoreError> {
        io_error::create_file(path)
            .and_then(|mut file| {
                file.write_all(self.text().as_bytes())?;
                file.sync_all()
            })
            .map_err(|error| create_error(path, &error))?;
        if *read(path)?.text() == *self.text() {
            Ok(())
        } else {
            let error = std::io::Error::other("the file differs from what was written");
            Err(create_error(path, &error))
        }
    }

    /// Replaces the key file atomically.
    pub fn replace(&self, location: &KeyFileLocation) -> Result<(), StoreError> {
        let temporary = location.sibling("part");
        remove(&temporary)?;
        self.write_temporary(&temporary)?;
        install_pending(&temporary, location)
    }
}

/// Extension prefix of an unfinished key file, before the process ID.
const UNFINISHED: &str = "part-";

fn create_error(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Key(match error.kind() {
        std::io::ErrorKind::PermissionDenied => atomic_file::describe(path, error),
        _ => format!("The key file {} cannot be created: {error}", path.display()),
    })
}

fn sibling_path(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

/// Fallback for file systems without hard links.
fn rename_if_absent(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}

/// Removes unfinished key files left by other processes.
fn remove_unfinished(path: &Path) -> std::io::Result<()> {
    let unfinished = sibling_path(path, UNFINISHED);
    let (Some(folder), Some(name)) = (path.parent(), unfinished.file_name()) else {
        return Ok(());
    };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.file_name();
        if found
            .as_encoded_bytes()
            .starts_with(name.as_encoded_bytes())
        {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Replaces the current key file by the pending one.
pub fn install(location: &KeyFileLocation) -> Result<(), StoreError> {
    install_pending(&location.pending(), location)
}

fn install_pending(key: &Path, location: &KeyFileLocation) -> Result<(), StoreError> {
    std::fs::rename(key, &location.path)
        .and_then(|()| location.path.parent().map_or(Ok(()), io_error::sync_folder))
        .map_err(|error| {
            StoreError::Key(format!(
                "The key file {} cannot be replaced: {error}. The new key is in {}; move it there",
                location.path.display(),
                key.display()
            ))
        })
}

/// Returns the pending key of an interrupted rotation if it matches.
pub fn pending_key(
    location: &KeyFileLocation,
    matches: impl FnOnce(&StoreKey) -> bool,
) -> Option<StoreKey> {
    read(&location.pending()).ok()?.open().filter(matches)
}

/// Removes a key file that is no longer needed.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Key(
            format!("{} cannot be removed: {error}", path.display()),
        )),
        _ => Ok(()),
    }
}

/// Returns the error for a key file that cannot be read.
pub fn unreadable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Key(match error.kind() {
        std::io::ErrorKind::PermissionDenied => atomic_file::describe(path, error),
        _ => format!("The key file {} cannot be read: {error}", path.display()),
    })
}

/// Reads a key file.
pub fn read(path: &Path) -> Result<KeyFileContent, StoreError> {
    let shown = path.display();
    let content = read_bytes(path)?;
    let mut key = Zeroizing::new([0; LENGTH]);
    if content.len() == LENGTH {
        key.copy_from_slice(&content);
        return Ok(KeyFileContent::Plain(StoreKey(key)));
    }
    if let Some(wrapped) = std::str::from_utf8(&content)
        .ok()
        .and_then(WrappedKey::read)
    {
        return wrapped.map(KeyFileContent::Wrapped).map_err(|_| {
            StoreError::Key(format!(
                "The key file {shown} is damaged; restore a copy of it"
            ))
        });
    }
    let decoded = Zeroizing::new(STANDARD.decode(content.trim_ascii()).unwrap_or_default());
    if decoded.len() != LENGTH {
        return Err(StoreError::Key(format!(
            "{shown} is not a key file: expected 32 bytes, raw or as base64; restore the right file"
        )));
    }
    key.copy_from_slice(&decoded);
    Ok(KeyFileContent::Plain(StoreKey(key)))
}

fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let refuse = |error: std::io::Error| unreadable(path, &error);
    let file = file::open(path).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if !metadata.is_file() {
        let shown = path.display();
        return Err(StoreError::Key(format!(
            "{shown} is not a key file, but a folder, pipe or device; name a regular file"
        )));
    }
    trust::check_file(path, &metadata, FileTrust::OwnerOnly)
        .map_err(|why| StoreError::Key(format!("{} {why}", path.display())))?;
    let mut content = Zeroizing::new(Vec::with_capacity(512));
    file.take(MAX_LENGTH)
        .read_to_end(&mut content)
        .map_err(refuse)?;
    Ok(content)
}
