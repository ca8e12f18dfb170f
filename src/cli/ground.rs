//! What a command stands on before it opens the store: folders, files, providers, the target that is meant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Failure;
use super::output::Output;
use super::server;
use super::target::{self, Asked};
use super::{Globals, drafts};
use crate::api::client::RemoteOptions;
use crate::appsettings::{AppSettings, Variables};
use crate::config::Config;
use crate::config::file::{ConfigFile, NAME};
use crate::config::target::{Place, Target};
use crate::connection::ConnectionError;
use crate::provider::ProviderCatalog;
use crate::store::StoreOptions;
use crate::store::shared::SharedStore;
use crate::tui::SessionFile;

/// What a command needs before it opens the store.
#[derive(Clone)]
pub struct Ground {
    /// Folders and files.
    pub config: Config,
    /// What `config.toml` says.
    pub file: ConfigFile,
    /// The target that is meant, when one is.
    pub target: Option<Target>,
    /// Why nothing may be changed; nothing where it may.
    pub read_only: Option<String>,
    /// The providers.
    pub catalog: Arc<ProviderCatalog>,
    /// What references resolve against.
    pub appsettings: AppSettings,
    /// The server that has the connections; none when they are here.
    pub server: Option<RemoteOptions>,
    /// Where the app keeps what is typed and not saved; none where there is no folder for it.
    pub drafts: Option<crate::drafts::Place>,
    /// What is wrong with files.
    pub problems: Vec<String>,
}

impl Ground {
    /// Reads the files that are not the store's.
    pub fn new(globals: &Globals) -> Result<Self, Failure> {
        let file = read_file(globals)?;
        let target = target::meant(globals, &file)?.map(|(target, _)| target);
        Self::at(globals, file, target)
    }

    /// The same for a command that is about this machine, and asks no server.
    pub fn here(globals: &Globals, command: &str) -> Result<Self, Failure> {
        server::refuse(globals, command)?;
        let file = read_file(globals)?;
        let target = match target::meant(globals, &file)? {
            Some((target, asked)) if matches!(target.place, Place::Server { .. }) => {
                if asked == Asked::Written {
                    return Err(Failure::Usage(format!(
                        "{command} is about the store on this machine and asks no server, and the target '{}' is one",
                        target.name
                    )));
                }
                None
            }
            meant => meant.map(|(target, _)| target),
        };
        let globals = Globals {
            server: None,
            token_file: None,
            ca_file: None,
            ..globals.clone()
        };
        Self::at(&globals, file, target)
    }

    fn at(globals: &Globals, file: ConfigFile, target: Option<Target>) -> Result<Self, Failure> {
        let mut globals = match &target {
            Some(target) => target::laid_over(globals, target),
            None => globals.clone(),
        };
        if globals.data.is_none() {
            globals.data.clone_from(&file.data);
        }
        let backup_folder = globals.backup_folder.take();
        globals.backup_folder = backup_folder.or_else(|| file.backup_folder.clone());
        let passphrase_file = globals.passphrase_file.take();
        globals.passphrase_file = passphrase_file.or_else(|| file.passphrase_file.clone());
        let read_only = why_read_only(&globals, &file, target.as_ref());
        let mut problems = file.problems.clone();
        let server = server::named(&globals, &mut problems);
        let server = server.map_err(|failure| of_target(failure, target.as_ref()))?;
        let mut ground = Self {
            config: Config {
                data: PathBuf::new(),
                config: PathBuf::new(),
                key_file: None,
                backup_folder: None,
                passphrase_file: None,
            },
            file,
            target,
            read_only,
            catalog: Arc::new(ProviderCatalog::default()),
            appsettings: AppSettings::default(),
            server,
            drafts: None,
            problems,
        };
        if let Some(server) = &ground.server {
            ground.drafts = drafts::of_server(&globals, server);
            // The connections are a server's, and so are its providers and what references resolve against.
            let nowhere = Some(PathBuf::new());
            ground.config = Config::new(nowhere, globals.config, None).map_err(Failure::Usage)?;
            ground.catalog = Arc::new(ProviderCatalog::embedded());
            return Ok(ground);
        }
        ground.config = Config::new(globals.data, globals.config, globals.key_file)
            .map_err(Failure::Usage)?
            .with_backup_folder(globals.backup_folder)
            .with_passphrase_file(globals.passphrase_file);
        ground.drafts = Some(drafts::here(&ground.config));
        let (catalog, of_providers) = ProviderCatalog::load(Some(&ground.config.providers()));
        ground.catalog = Arc::new(catalog);
        ground.appsettings = appsettings(
            globals.appsettings.as_deref(),
            globals.user_secrets.as_deref(),
            globals.key_per_file.as_deref(),
        )?;
        ground.problems.extend(of_providers);
        ground.problems.extend(ground.appsettings.problems());
        Ok(ground)
    }

    /// Refuses a command that changes something where nothing may be changed.
    pub fn admit(&self, is_write: bool) -> Result<(), Failure> {
        match &self.read_only {
            Some(why) if is_write => Err(ConnectionError::ReadOnly(why.clone()).into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Where it is kept what comes back at the next start of the app: each data folder and each server has its own.
    pub fn session(&self, is_fresh: bool) -> SessionFile {
        let of = self.server.as_ref().map_or_else(
            || {
                let folder = &self.config.data;
                let whole = std::path::absolute(folder);
                whole.as_ref().unwrap_or(folder).display().to_string()
            },
            RemoteOptions::api,
        );
        SessionFile {
            path: self.config.session(&of),
            of,
            is_fresh,
        }
    }

    /// Where the store and its key are.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            data: self.config.data.clone(),
            config: self.config.config.clone(),
            key_file: self.config.key_file.clone(),
        }
    }

    /// The store, not yet open.
    pub fn store(&self) -> SharedStore {
        SharedStore::with_backup_copies(&self.config.data, self.config.backup_folder.clone())
    }

    /// What to do about a key that others can read; a server has its own.
    pub fn exposed_key(&self) -> Option<String> {
        self.config.exposed_key().filter(|_| self.server.is_none())
    }

    /// Says on stderr what is wrong with files.
    pub fn tell(&self, output: &Output) {
        self.problems
            .iter()
            .for_each(|problem| output.note(problem));
    }
}

/// The settings that references resolve against, from the options that say where they are.
pub fn appsettings(
    file: Option<&Path>,
    user_secrets: Option<&str>,
    key_per_file: Option<&Path>,
) -> Result<AppSettings, Failure> {
    let mut settings = match file {
        Some(file) => AppSettings::file(file, Variables::Process),
        None => AppSettings::in_folder("", Variables::Process),
    };
    if let Some(id) = user_secrets {
        settings = settings.with_user_secrets(id).map_err(Failure::Usage)?;
    }
    Ok(match key_per_file {
        Some(folder) => settings.with_key_per_file(folder),
        None => settings,
    })
}

/// What `config.toml` in the config folder says.
fn read_file(globals: &Globals) -> Result<ConfigFile, Failure> {
    let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
    Ok(ConfigFile::read(&folder))
}

/// Why nothing may be changed, as words that follow `Nothing was changed:`.
fn why_read_only(globals: &Globals, file: &ConfigFile, target: Option<&Target>) -> Option<String> {
    if let Some(target) = target.filter(|target| target.is_read_only) {
        return Some(format!("the target '{}' is read-only", target.name));
    }
    if globals.read_only {
        return Some("--read-only says so".into());
    }
    file.is_read_only.then(|| format!("{NAME} says read-only"))
}

/// The same, saying whose address or file it is.
fn of_target(failure: Failure, target: Option<&Target>) -> Failure {
    match (failure, target) {
        (Failure::Usage(why), Some(target)) => {
            Failure::Usage(format!("The target '{}': {why}", target.name))
        }
        (failure, _) => failure,
    }
}
