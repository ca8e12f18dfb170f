//! How this tool behaves: where its files are, and what the file of its settings says.

pub mod file;
mod lines;
pub mod target;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

/// The name of the folders below XDG's.
const FOLDER: &str = "umai";

/// The name of the key's file in the config folder and among the service manager's credentials.
const KEY: &str = "umai.key";

const NO_HOME: &str = "There is no home folder; name the folders with --data and --config";

const READABLE_BY_OTHERS: u32 = 0o044;

/// The folders and files of this tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where connections are kept.
    pub data: PathBuf,
    /// Where the key, the user's providers, themes and keys are.
    pub config: PathBuf,
    /// The sealing key, when it is not in the config folder.
    pub key_file: Option<PathBuf>,
    /// Another folder, where backups are copied to.
    pub backup_folder: Option<PathBuf>,
    /// The file with the passphrase of the key.
    pub passphrase_file: Option<PathBuf>,
}

impl Config {
    /// The folders that were named, and XDG's for those that were not; without a home folder both must be named.
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

    /// The same with a file that holds the passphrase of the key; an empty name is none.
    #[must_use]
    pub fn with_passphrase_file(self, passphrase_file: Option<PathBuf>) -> Self {
        Self {
            passphrase_file: passphrase_file.filter(|file| !file.as_os_str().is_empty()),
            ..self
        }
    }

    /// The same with another folder for copies of backups; an empty name is none.
    #[must_use]
    pub fn with_backup_folder(self, backup_folder: Option<PathBuf>) -> Self {
        Self {
            backup_folder: backup_folder.filter(|folder| !folder.as_os_str().is_empty()),
            ..self
        }
    }

    /// The folder of the key and of the files that people write: the one that was named, or XDG's.
    pub fn folder(named: Option<PathBuf>) -> Result<PathBuf, String> {
        match named {
            Some(folder) => Ok(folder),
            None => choose_base_strategy()
                .map(|home| home.config_dir().join(FOLDER))
                .map_err(|_| NO_HOME.to_owned()),
        }
    }

    /// What to do about a key file that others can read; nothing when it is only its owner's.
    ///
    /// The service manager's own is as it makes it.
    pub fn exposed_key(&self) -> Option<String> {
        let path = match &self.key_file {
            Some(path) => path.clone(),
            None if has_credential() => return None,
            None => self.config.join(KEY),
        };
        let mode = fs::metadata(&path).ok()?.permissions().mode();
        let shown = path.display();
        (mode & READABLE_BY_OTHERS != 0)
            .then(|| format!("{shown} can be read by others; run: chmod go-r {shown}"))
    }

    /// Whether the key comes from the service manager.
    pub fn has_credential(&self) -> bool {
        self.key_file.is_none() && has_credential()
    }

    /// Where the app keeps what comes back at its next start, of a data folder or a server.
    pub fn session(&self, of: &str) -> PathBuf {
        let name = format!("{:08x}.json", crc32fast::hash(of.as_bytes()));
        self.config.join("sessions").join(name)
    }

    /// Where the user's own providers are.
    pub fn providers(&self) -> PathBuf {
        self.config.join("providers")
    }
}

/// Whether the service manager hands the key over, as far as the environment tells.
fn has_credential() -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY")
        .is_some_and(|folder| Path::new(&folder).join(KEY).exists())
}
