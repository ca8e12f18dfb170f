//! How the app is started, and the user's keys.

use std::io;
use std::path::PathBuf;

use super::session::SessionFile;
use super::stop::BeforeStop;
use crate::connection::Environment;
use crate::drafts::Place;
use crate::tui::keymap::Keymap;
use crate::tui::site::Site;
use crate::tui::theme::ThemeName;
use crate::tui::theme::choice::{self, Choice};

/// How the app is started.
#[derive(Debug, Clone, Default)]
pub struct TuiOptions {
    /// The folder with `keymap.toml` and `themes/`.
    pub config: Option<PathBuf>,
    /// The theme; what fits the terminal when none is named.
    pub theme: Option<String>,
    /// What the environment has for connections.
    pub environment: Environment,
    /// What people should know from the start, one sentence each.
    pub notices: Vec<String>,
    /// Where it is kept what comes back at the next start; nothing does without.
    pub session: Option<SessionFile>,
    /// Where the management API of the service is, for what is copied; as it is documented when nobody says.
    pub api: Option<String>,
    /// Lets go, before the app is stopped by the shell, of what others would wait for.
    pub before_stop: BeforeStop,
    /// Where what is typed and not saved is kept; nowhere when there is no place for it.
    pub drafts: Option<Place>,
    /// Where the app is.
    pub site: Site,
}

impl TuiOptions {
    /// Whether the theme that is named is there; a sentence with those that are when it is not.
    pub fn check_theme(&self) -> Result<(), String> {
        match &self.theme {
            Some(name) => choice::find(name, &self.themes()).map(drop),
            None => Ok(()),
        }
    }

    fn themes(&self) -> Vec<Choice> {
        let folder = self.config.as_ref().map(|folder| folder.join("themes"));
        Choice::all(folder.as_deref())
    }
}

/// The themes that can be chosen and the one to begin with, by an environment that may ask for no colours.
pub(super) fn themes(options: &TuiOptions) -> (Vec<Choice>, usize) {
    let is_mono = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_mono {
        return (vec![Choice::One(ThemeName::Mono)], 0);
    }
    let all = options.themes();
    let named = options.theme.as_deref();
    let at = named.and_then(|name| choice::find(name, &all).ok());
    (all, at.unwrap_or(0))
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
            vec![format!("Cannot read keymap.toml: {error}")],
        ),
    }
}
