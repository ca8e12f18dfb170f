//! Context of a command: directories, files, providers, and the target.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::{Exit, Failure};
use super::output::Output;
use super::target::{self, TargetNameSource};
use super::{Globals, draft_location, etcd_args, remote_args};
use crate::api::client::RemoteOptions;
use crate::appsettings::{AppSettings, EnvironmentVariables};
use crate::config::Config;
use crate::config::file::ConfigFile;
use crate::config::target::Target;
use crate::connection::{ConnectionError, ConnectionStore, PlainSecret, StoreError};
use crate::provider::ProviderCatalog;
use crate::store::etcd_options::EtcdOptions;
use crate::store::place::StorePlace;
use crate::store::{StoreHandle, StoreOptions, WithoutStore, sled};
use crate::tui::SessionFile;

/// Context of a command, before the store is opened.
#[derive(Clone)]
pub struct CliContext {
    /// Directories and files.
    pub config: Config,
    /// Contents of `config.toml`.
    pub file: ConfigFile,
    /// Selected target.
    pub target: Option<Target>,
    /// Reason for read-only mode; none if changes are allowed.
    pub read_only: Option<String>,
    /// Behaviour if the store does not exist.
    pub without_store: WithoutStore,
    /// Providers.
    pub catalog: Arc<ProviderCatalog>,
    /// Configuration that references resolve against.
    pub appsettings: AppSettings,
    /// Server with the connections; none for the local store.
    pub server: Option<RemoteOptions>,
    /// Store on etcd; none for other locations.
    pub etcd: Option<EtcdOptions>,
    /// Location of the app's unsaved drafts; none without a directory for them.
    pub drafts: Option<crate::drafts::DraftsLocation>,
    /// Problems with files.
    pub problems: Vec<String>,
}

impl CliContext {
    /// Reads all files outside the store.
    pub fn new(globals: &Globals) -> Result<Self, Failure> {
        let file = read_file(globals)?;
        let target = target::selected(globals, &file)?.map(|(target, _)| target);
        Self::at(globals, file, target)
    }

    /// Same as `new`, for a command that works on the store itself, a data directory or etcd, and not through a server.
    pub fn with_own_store(globals: &Globals, command: &str) -> Result<Self, Failure> {
        remote_args::reject_conflicts(globals, command)?;
        let file = read_file(globals)?;
        let target = match target::selected(globals, &file)? {
            Some((target, asked)) => match target.location.remote_kind() {
                None => Some(target),
                Some(kind) if asked == TargetNameSource::Argument => {
                    return Err(Failure::Usage(format!(
                        "{command} works on the store itself, not through a server, but the target '{}' is {kind}",
                        target.name
                    )));
                }
                Some(_) => None,
            },
            None => None,
        };
        let globals = Globals {
            server: None,
            umbraco: None,
            token_file: None,
            ca_file: None,
            ..globals.clone()
        };
        Self::at(&globals, file, target)
    }

    fn at(globals: &Globals, file: ConfigFile, target: Option<Target>) -> Result<Self, Failure> {
        if let Some(why) = &file.refused {
            return Err(StoreError::Other(why.clone()).into());
        }
        let mut globals = match &target {
            Some(target) => target::with_target_options(globals, target),
            None => globals.clone(),
        };
        use_defaults(&mut globals, &file);
        let read_only = read_only_reason(&globals, &file, target.as_ref());
        let mut problems = file.problems.clone();
        let location = location(&mut globals, &mut problems);
        let (etcd, server) = location.map_err(|failure| for_target(failure, target.as_ref()))?;
        if etcd.is_none() && server.is_none() && globals.data.is_none() {
            file.check_data().map_err(Failure::Usage)?;
        }
        let mut context = Self {
            config: Config::default(),
            file,
            target,
            without_store: match read_only {
                Some(_) => WithoutStore::Refuse,
                None => WithoutStore::Create,
            },
            read_only,
            catalog: Arc::new(ProviderCatalog::default()),
            appsettings: AppSettings::default(),
            server,
            etcd,
            drafts: None,
            problems,
        };
        if let Some(server) = &context.server {
            context.drafts = draft_location::for_server(&globals, server);
            // A server has its own providers and configuration.
            let nowhere = Some(PathBuf::new());
            context.config = Config::new(nowhere, globals.config, None).map_err(Failure::Usage)?;
            context.catalog = Arc::new(ProviderCatalog::embedded());
            return Ok(context);
        }
        context.config = Config::new(globals.data, globals.config, globals.key_file)
            .map_err(Failure::Usage)?
            .with_backup_folder(globals.backup_folder)
            .with_passphrase_file(globals.passphrase_file);
        context.drafts = Some(match &context.etcd {
            Some(etcd) => draft_location::for_etcd(&context.config, &etcd.address),
            None => draft_location::local(&context.config),
        });
        let (catalog, of_providers) = ProviderCatalog::load(Some(&context.config.providers()));
        context.catalog = Arc::new(catalog);
        context.appsettings = appsettings(
            globals.appsettings.as_deref(),
            globals.user_secrets.as_deref(),
            globals.key_per_file.as_deref(),
        )?;
        context.problems.extend(of_providers);
        context.problems.extend(context.appsettings.problems());
        Ok(context)
    }

    /// Returns the location of the connections for prompts: target, badge and address. None for a local store that is no target.
    pub fn place(&self) -> Option<String> {
        let address = self.address();
        let Some(target) = &self.target else {
            return address;
        };
        let badge = target.badge.as_ref();
        let badge = badge.map_or_else(String::new, |badge| format!(" [{badge}]"));
        let address = address.unwrap_or_else(|| self.config.data.display().to_string());
        Some(format!("{}{badge}, {address}", target.name))
    }

    /// Returns the URL of the connections; none for a local store.
    pub fn address(&self) -> Option<String> {
        let server = self.server.as_ref();
        let server = server.map(|server| server.address().to_string());
        server.or_else(|| self.etcd.as_ref().map(|etcd| etcd.address.to_string()))
    }

    /// Returns true if the connections are in a data directory.
    pub const fn is_local(&self) -> bool {
        self.server.is_none() && self.etcd.is_none()
    }

    /// Returns a prompt about changes, with their location: `Delete a (on prod [LIVE], https://…)?`.
    pub fn question(&self, question: &str) -> String {
        match self.place() {
            Some(place) => format!("{} (on {place})?", question.trim_end_matches('?')),
            None => question.to_owned(),
        }
    }

    /// Refuses a change in read-only mode.
    pub fn check_write(&self, is_write: bool) -> Result<(), Failure> {
        match &self.read_only {
            Some(reason) if is_write => Err(ConnectionError::ReadOnly(reason.clone()).into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the context of a command that changes something, which read-only mode refuses, or only reads.
    pub fn for_command(self, is_write: bool) -> Result<Self, Failure> {
        self.check_write(is_write)?;
        Ok(if is_write { self } else { self.reading() })
    }

    /// Returns the context of a command that needs an existing store: it creates none on etcd.
    #[must_use]
    pub fn reading(mut self) -> Self {
        if self.without_store == WithoutStore::Create {
            self.without_store = WithoutStore::Empty;
        }
        self
    }

    /// Returns the context of a command that adds something to a store that may not exist yet, or needs an existing one.
    #[must_use]
    pub fn adding(self, adds: bool) -> Self {
        if adds { self } else { self.reading() }
    }

    /// Returns the session file of the app; each data directory, each server and each store on etcd has its own.
    pub fn session(&self, is_fresh: bool) -> SessionFile {
        let of = match (&self.server, &self.etcd) {
            (Some(server), _) => server.api(),
            (None, Some(etcd)) => etcd.address.to_string(),
            (None, None) => {
                let folder = &self.config.data;
                let absolute = std::path::absolute(folder);
                absolute.as_ref().unwrap_or(folder).display().to_string()
            }
        };
        SessionFile {
            path: self.config.session(&of),
            of,
            is_fresh,
        }
    }

    /// Returns the options of the store and its key.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            data: self.config.data.clone(),
            config: self.config.config.clone(),
            key_file: self.config.key_file.clone(),
        }
    }

    /// Returns the place of the store, to read or replace all of it.
    pub fn store_place(&self) -> Result<StorePlace, StoreError> {
        StorePlace::new(self.store_options(), self.etcd.as_ref())
    }

    /// Returns the store, not opened yet.
    pub fn store(&self) -> StoreHandle {
        match &self.etcd {
            Some(etcd) => StoreHandle::etcd(etcd.clone()),
            None => StoreHandle::local(&self.config.data, self.config.backup_folder.clone()),
        }
    }

    /// Opens the store. In read-only mode, and for a command that only reads from etcd, it is not created.
    pub async fn open_store(
        &self,
        store: &StoreHandle,
    ) -> Result<Arc<dyn ConnectionStore<PlainSecret>>, StoreError> {
        store.open(&self.store_options(), self.without_store).await
    }

    /// Returns a warning if others can read the key of the local store.
    pub fn exposed_key(&self) -> Option<String> {
        self.config.exposed_key().filter(|_| self.server.is_none())
    }

    /// Fails if connections of the local store were lost, so that what was read may be incomplete.
    pub fn check_complete(&self) -> Result<(), Failure> {
        if !self.is_local() || sled::recorded_loss(&self.config.data).is_none() {
            return Ok(());
        }
        let reason = "The result is incomplete: this store has lost connections. umai doctor shows what to do";
        Err(Failure::Partial(reason.into(), Exit::Store))
    }

    /// Prints the problems with files to stderr.
    pub fn print_problems(&self, output: &Output) {
        self.problems
            .iter()
            .for_each(|problem| output.note(problem));
    }
}

/// Uses the paths of `config.toml` in place of options that were not given.
fn use_defaults(globals: &mut Globals, file: &ConfigFile) {
    let or = |own: &mut Option<PathBuf>, other: &Option<PathBuf>| {
        if own.is_none() {
            own.clone_from(other);
        }
    };
    or(&mut globals.data, &file.data);
    or(&mut globals.backup_folder, &file.backup_folder);
    or(&mut globals.passphrase_file, &file.passphrase_file);
}

/// Returns the store on etcd or the server to use; neither for a local store.
pub fn location(
    globals: &mut Globals,
    problems: &mut Vec<String>,
) -> Result<(Option<EtcdOptions>, Option<RemoteOptions>), Failure> {
    let etcd = etcd_args::selected(globals, problems)?;
    if etcd.is_some() {
        // The store overrides a server from the environment.
        (globals.server, globals.umbraco) = (None, None);
    }
    Ok((etcd, remote_args::selected(globals, problems)?))
}

/// Reads the configuration for references from the sources in the options.
pub fn appsettings(
    file: Option<&Path>,
    user_secrets: Option<&str>,
    key_per_file: Option<&Path>,
) -> Result<AppSettings, Failure> {
    let mut settings = match file {
        Some(file) => AppSettings::file(file, EnvironmentVariables::Process),
        None => AppSettings::in_folder("", EnvironmentVariables::Process),
    };
    if let Some(id) = user_secrets {
        settings = settings.with_user_secrets(id).map_err(Failure::Usage)?;
    }
    Ok(match key_per_file {
        Some(folder) => settings.with_key_per_file(folder),
        None => settings,
    })
}

/// Reads `config.toml` of the config directory.
fn read_file(globals: &Globals) -> Result<ConfigFile, Failure> {
    let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
    Ok(ConfigFile::read(&folder))
}

/// Returns the reason for read-only mode, to follow `Nothing was changed:` in errors and `Read-only:` in the app.
fn read_only_reason(
    globals: &Globals,
    file: &ConfigFile,
    target: Option<&Target>,
) -> Option<String> {
    if let Some(target) = target.filter(|target| target.is_read_only) {
        return Some(format!("the target '{}' is read-only", target.name));
    }
    if globals.read_only {
        return Some("--read-only is set".into());
    }
    file.read_only.clone()
}

/// Adds the name of the target to the failure.
fn for_target(failure: Failure, target: Option<&Target>) -> Failure {
    match (failure, target) {
        (Failure::Usage(reason), Some(target)) => {
            Failure::Usage(format!("Target '{}': {reason}", target.name))
        }
        (failure, _) => failure,
    }
}
