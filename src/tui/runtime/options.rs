//! Options for starting the app, its end, and the user's keymap.

use std::path::PathBuf;
use std::sync::Arc;

use super::kept_theme::KeptTheme;
use super::session::SessionFile;
use super::suspend::SuspendHandler;
use crate::connection::ProviderVariables;
use crate::drafts::DraftsLocation;
use crate::provider::ProviderCatalog;
use crate::tui::app::App;
use crate::tui::key_backup::KeyBackupsHandle;
use crate::tui::keymap::Keymap;
use crate::tui::target_info::TargetInfo;
use crate::tui::targets::TargetsHandle;
use crate::tui::theme::ThemeName;
use crate::tui::theme::choice::{self, ThemeChoice};

/// Reason for the end of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppEnd {
    /// The user quits.
    Quit,
    /// The app starts again with this target.
    SwitchTarget(String),
}

/// Options for starting the app.
#[derive(Debug, Clone, Default)]
pub struct TuiOptions {
    /// Config directory with `keymap.toml` and `themes/`.
    pub config: Option<PathBuf>,
    /// Theme; by default the one that fits the terminal.
    pub theme: Option<String>,
    /// File of the theme that is chosen in the app.
    pub kept_theme: Option<KeptTheme>,
    /// Connections in the environment.
    pub provider_variables: ProviderVariables,
    /// Notices for the user, one sentence each.
    pub notices: Vec<String>,
    /// Location of the session file; without it, sessions are not restored.
    pub session: Option<SessionFile>,
    /// Base URL of the management API for copied commands; the documented one by default.
    pub api: Option<String>,
    /// Releases what other processes would wait for before the app is suspended.
    pub before_suspend: SuspendHandler,
    /// Location of drafts; without it, drafts are not stored.
    pub drafts: Option<DraftsLocation>,
    /// Target of the app.
    pub target: TargetInfo,
    /// Record of the backups of the key.
    pub key_backups: KeyBackupsHandle,
    /// Targets to switch and to copy to.
    pub targets: Option<TargetsHandle>,
}

impl TuiOptions {
    /// Checks that the configured theme exists; the error lists the themes.
    pub fn check_theme(&self) -> Result<(), String> {
        match &self.theme {
            Some(name) => choice::find(name, &self.themes()).map(drop),
            None => Ok(()),
        }
    }

    fn themes(&self) -> Vec<ThemeChoice> {
        let folder = self.config.as_ref().map(|folder| folder.join("themes"));
        ThemeChoice::all(folder.as_deref())
    }

    /// Creates the app, with notices about the user's keymap.
    pub(super) fn new_app(&mut self, catalog: Arc<ProviderCatalog>) -> App {
        let (keymap, problems) = match &self.config {
            Some(folder) => Keymap::read(folder),
            None => (Keymap::embedded(), Vec::new()),
        };
        let mut notices = std::mem::take(&mut self.notices);
        notices.extend(problems);
        let mut app = App::new(catalog, keymap, notices);
        app.set_target(std::mem::take(&mut self.target));
        let key = self.key_backups.0.as_ref();
        app.service.key_path = key.map(|key| key.path());
        app.service.targets = self.targets.take();
        app
    }
}

/// Available themes and the initial one, for an environment that may disable colors.
pub(super) fn themes(options: &TuiOptions) -> (Vec<ThemeChoice>, usize) {
    let is_mono = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_mono {
        return (vec![ThemeChoice::Embedded(ThemeName::Mono)], 0);
    }
    let all = options.themes();
    let named = options.theme.as_deref();
    let at = named.and_then(|name| choice::find(name, &all).ok());
    (all, at.unwrap_or(0))
}
