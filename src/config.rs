//! How this tool behaves: where its files are.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};

/// The name of the folders below XDG's.
const FOLDER: &str = "umai";

/// The folders and files of this tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where connections are kept.
    pub data: PathBuf,
    /// Where the key, the user's providers, themes and keys are.
    pub config: PathBuf,
    /// The sealing key, when it is not in the config folder.
    pub key_file: Option<PathBuf>,
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
                let home = choose_base_strategy().map_err(|_| {
                    "There is no home folder; name the folders with --data and --config".to_owned()
                })?;
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
        })
    }

    /// Where the user's own providers are.
    pub fn providers(&self) -> PathBuf {
        self.config.join("providers")
    }
}
