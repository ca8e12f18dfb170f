//! How the app is started, and the user's keys.

use std::io;
use std::path::PathBuf;

use super::stop::BeforeStop;
use crate::connection::Environment;
use crate::tui::keymap::Keymap;
use crate::tui::theme::ThemeName;

/// How the app is started.
#[derive(Debug, Clone, Default)]
pub struct TuiOptions {
    /// The folder with `keymap.toml`.
    pub config: Option<PathBuf>,
    /// The theme; chosen by the terminal when none is named.
    pub theme: Option<ThemeName>,
    /// What the environment has for connections.
    pub environment: Environment,
    /// What people should know from the start, one sentence each.
    pub notices: Vec<String>,
    /// Lets go, before the app is stopped by the shell, of what others would wait for.
    pub before_stop: BeforeStop,
}

/// The keys in force, and what is wrong in the user's file.
pub(super) fn keymap(options: &TuiOptions) -> (Keymap, Vec<String>) {
    let Some(path) = options
        .config
        .as_ref()
        .map(|folder| folder.join("keymap.toml"))
    else {
        return (Keymap::embedded(), Vec::new());
    };
    match std::fs::read_to_string(&path) {
        Ok(file) => Keymap::with(&file, "keymap.toml"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Keymap::embedded(), Vec::new()),
        Err(error) => (
            Keymap::embedded(),
            vec![format!("keymap.toml was not read: {error}")],
        ),
    }
}
