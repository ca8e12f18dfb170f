//! Configuration of umai itself: its directories, and the settings in `config.toml`.

pub mod edit_target;
pub mod file;
pub mod new_target;
mod toml_lines;
pub mod target;
pub mod target_files;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use sha2::{Digest, Sha256};

/// Length of the digest that distinguishes servers, in bytes.
const DIGEST_BYTES: usize = 8;

/// Name of umai's directories below those of XDG.
const FOLDER: &str = "umai";

/// Name of the key file in the config directory and among the service manager's credentials.
const KEY: &str = "umai.key";

const NO_HOME: &str = "No home directory. Set the directories with --data and --config";

const READABLE_BY_OTHERS: u32 = 0o044;

/// Directories and files of umai.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Data directory.
    pub data: PathBuf,
    /// Config directory, with the key and the user's providers, themes and keymap.
    pub config: PathBuf,
    /// Key file, if it is not in the config directory.
    pub key_file: Option<PathBuf>,
    /// Second directory that backups are copied to.
    pub backup_folder: Option<PathBuf>,
    /// File with the passphrase of the key.
    pub passphrase_file: Option<PathBuf>,
}

/// Returns the cache directory, whose files can be deleted at any time; none without a home directory.
pub fn cache_folder() -> Option<PathBuf> {
    let home = choose_base_strategy().ok()?;
    Some(home.cache_dir().join(FOLDER))
}

impl Config {
    /// Returns the given directories, or those of XDG. Fails without a home directory unless both are given.
    pub fn new(
        data: Option<PathBuf>,
        config: Option<PathBuf>,
        key_file: Option<PathBuf>,
    ) -> Result<Self, String> {
        let (data, config) = match (data, config) {
            (Some(data), Some(config)) => (data, config),
            (data, config) => {
                let home = choose_base_strategy().map_err(|_| NO_HOME.to_owned())?;
                (
                    data.unwrap_or_else(|| home.data_dir().join(FOLDER)),
                    config.unwrap_or_else(|| home.config_dir().join(FOLDER)),
                )
            }
        };
        Ok(Self {
            data,
            config,
            key_file,
            backup_folder: None,
            passphrase_file: None,
        })
    }

    /// Sets the file with the passphrase of the key; an empty path means none.
    #[must_use]
    pub fn with_passphrase_file(self, passphrase_file: Option<PathBuf>) -> Self {
        Self {
            passphrase_file: passphrase_file.filter(|file| !file.as_os_str().is_empty()),
            ..self
        }
    }

    /// Sets the second directory for backups; an empty path means none.
    #[must_use]
    pub fn with_backup_folder(self, backup_folder: Option<PathBuf>) -> Self {
        Self {
            backup_folder: backup_folder.filter(|folder| !folder.as_os_str().is_empty()),
            ..self
        }
    }

    /// Returns the config directory: the given one, or that of XDG.
    pub fn folder(named: Option<PathBuf>) -> Result<PathBuf, String> {
        match named {
            Some(folder) => Ok(folder),
            None => choose_base_strategy()
                .map(|home| home.config_dir().join(FOLDER))
                .map_err(|_| NO_HOME.to_owned()),
        }
    }

    /// Returns a warning if others can read the key file.
    ///
    /// The permissions of the service manager's credentials are not checked.
    pub fn exposed_key(&self) -> Option<String> {
        let path = match &self.key_file {
            Some(path) => path.clone(),
            None if has_credential() => return None,
            None => self.config.join(KEY),
        };
        let mode = fs::metadata(&path).ok()?.permissions().mode();
        let shown = path.display();
        (mode & READABLE_BY_OTHERS != 0)
            .then(|| format!("{shown} is readable by others; run: chmod go-r {shown}"))
    }

    /// Returns true if the key comes from the service manager.
    pub fn has_credential(&self) -> bool {
        self.key_file.is_none() && has_credential()
    }

    /// Returns the session file of the app for a data directory or a server.
    pub fn session(&self, of: &str) -> PathBuf {
        let name = format!("{:08x}.json", crc32fast::hash(of.as_bytes()));
        self.config.join("sessions").join(name)
    }

    /// Returns the file of the theme that was chosen in the app.
    pub fn chosen_theme(&self) -> PathBuf {
        self.config.join("sessions").join("theme.json")
    }

    /// Returns the directory of the user's own providers.
    pub fn providers(&self) -> PathBuf {
        self.config.join("providers")
    }
}

/// Returns true if the service manager provides the key, according to the environment.
fn has_credential() -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY")
        .is_some_and(|folder| Path::new(&folder).join(KEY).exists())
}

/// Returns a file name that distinguishes texts.
pub fn short_digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut name = String::new();
    for byte in digest.iter().take(DIGEST_BYTES) {
        let _ = write!(name, "{byte:02x}"); // writing to a String cannot fail
    }
    name
}
