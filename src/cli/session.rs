//! Puts the parts together: catalogue, application settings, store and service.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use chrono::Utc;
use tokio::runtime::{Builder, Runtime};

use super::Globals;
use super::exit::Failure;
use super::output::{Format, Output};
use super::passphrase;
use super::server;
use super::signals::{self, Signals};
use crate::api::client::{RemoteOptions, RemoteService};
use crate::appsettings::{AppSettings, Variables};
use crate::config::Config;
use crate::connection::{
    ConnectionError, ConnectionService, ConnectionStore, CoreService, StoreError,
};
use crate::provider::ProviderCatalog;
use crate::store::shared::{Rest, SharedStore};
use crate::store::{self, StoreOptions};
use crate::tui::theme::ThemeName;
use crate::tui::{self, BeforeStop, Opening, TuiError, TuiOptions};

/// Enough for validating and sealing beside the store's own thread.
pub const WORKERS: usize = 2;

/// What a command needs before it opens the store.
#[derive(Clone)]
pub struct Ground {
    /// Folders and files.
    pub config: Config,
    /// The providers.
    pub catalog: Arc<ProviderCatalog>,
    /// What references resolve against.
    pub appsettings: AppSettings,
    /// The server that has the connections; none when they are here.
    pub server: Option<RemoteOptions>,
    problems: Vec<String>,
}

impl Ground {
    /// Reads the files that are not the store's.
    pub fn new(globals: &Globals) -> Result<Self, Failure> {
        let mut notices = Vec::new();
        if let Some(options) = server::named(globals, &mut notices)? {
            return Self::of_server(globals, options, notices);
        }
        Self::of_this_machine(globals)
    }

    /// The same for a command that is about this machine, and asks no server.
    pub fn here(globals: &Globals, command: &str) -> Result<Self, Failure> {
        server::refuse(globals, command)?;
        Self::of_this_machine(globals)
    }

    fn of_this_machine(globals: &Globals) -> Result<Self, Failure> {
        let config = Config::new(
            globals.data.clone(),
            globals.config.clone(),
            globals.key_file.clone(),
        )
        .map_err(Failure::Usage)?
        .with_backup_folder(globals.backup_folder.clone())
        .with_passphrase_file(globals.passphrase_file.clone());
        let (catalog, mut problems) = ProviderCatalog::load(Some(&config.providers()));
        let appsettings = match &globals.appsettings {
            Some(file) => AppSettings::file(file, Variables::Process),
            None => AppSettings::in_folder("", Variables::Process),
        };
        problems.extend(appsettings.problems());
        Ok(Self {
            config,
            catalog: Arc::new(catalog),
            appsettings,
            server: None,
            problems,
        })
    }

    /// The connections are a server's, and so are its providers and what references resolve against.
    fn of_server(
        globals: &Globals,
        options: RemoteOptions,
        problems: Vec<String>,
    ) -> Result<Self, Failure> {
        let nowhere = PathBuf::new();
        let config = Config::new(Some(nowhere), globals.config.clone(), None);
        Ok(Self {
            config: config.map_err(Failure::Usage)?,
            catalog: Arc::new(ProviderCatalog::embedded()),
            appsettings: AppSettings::default(),
            server: Some(options),
            problems,
        })
    }

    /// What to do about a key that others can read; a server has its own.
    fn exposed_key(&self) -> Option<String> {
        self.config.exposed_key().filter(|_| self.server.is_none())
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
        SharedStore::copying_backups(&self.config.data, self.config.backup_folder.clone())
    }

    /// Says on stderr what is wrong with files.
    pub fn tell(&self, output: &Output) {
        self.problems
            .iter()
            .for_each(|problem| output.note(problem));
    }
}

/// An open store with the service over it, or a server.
pub struct Session {
    /// The rules, here or far away.
    pub service: Arc<dyn ConnectionService>,
    /// What is below them; never opened when they are far away.
    store: SharedStore,
}

impl Session {
    async fn open(ground: &Ground, store: SharedStore) -> Result<Self, ConnectionError> {
        match &ground.server {
            None => Ok(Self::here(ground, store).await?),
            Some(options) => Ok(Self {
                service: Arc::new(RemoteService::connect(options).await?),
                store,
            }),
        }
    }

    async fn here(ground: &Ground, store: SharedStore) -> Result<Self, StoreError> {
        let service = CoreService::new(
            store::open_shared(&store, &ground.store_options()).await?,
            Arc::clone(&ground.catalog),
            ground.appsettings.clone(),
            Arc::new(Utc::now),
        );
        Ok(Self {
            service: Arc::new(service),
            store,
        })
    }
}

/// The providers of the service, before it is asked anything.
pub fn catalog(ground: &Ground) -> Result<Arc<ProviderCatalog>, Failure> {
    if ground.server.is_none() {
        return Ok(Arc::clone(&ground.catalog));
    }
    let runtime = runtime(WORKERS)?;
    let catalog = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            session = Session::open(ground, ground.store()) => {
                Ok(session?.service.providers())
            }
            exit = signals.next() => Err(Failure::Signal(exit)),
        }
    });
    runtime.shutdown_background();
    catalog
}

/// Runs one command over an open store until it is done or a signal ends it, and closes the store however it ends.
pub fn with_service(
    ground: &Ground,
    output: &mut Output,
    command: impl AsyncFnOnce(&Arc<dyn ConnectionService>, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while_open(ground, output, WORKERS, async |service, output, signals| {
        tokio::select! {
            done = command(service, output) => done,
            exit = signals.next() => Err(Failure::Signal(exit)),
        }
    })
}

/// Runs something over an open store that minds signals itself, and closes the store however it ends.
pub fn while_open(
    ground: &Ground,
    output: &mut Output,
    workers: usize,
    command: impl AsyncFnOnce(
        &Arc<dyn ConnectionService>,
        &mut Output,
        &mut Signals,
    ) -> Result<(), Failure>,
) -> Result<(), Failure> {
    ground.tell(output);
    if let Some(notice) = passphrase::unlock(ground)? {
        output.note(&notice);
    }
    let runtime = runtime(workers)?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let store = ground.store();
        let resting = tokio::spawn(signals::rest_when_stopped(store.clone())?);
        let session = match ground.server {
            // A server may take its time; the store here is opened in any case.
            Some(_) => tokio::select! {
                session = Session::open(ground, store) => session?,
                exit = signals.next() => return Err(Failure::Signal(exit)),
            },
            None => Session::open(ground, store).await?,
        };
        let at_first = session.service.notices();
        for notice in at_first.iter().chain(&ground.exposed_key()) {
            output.note(notice);
        }
        let done = command(&session.service, output, &mut signals).await;
        resting.abort();
        let closed = session.store.close().await;
        // A large store is looked at while it is in use already.
        for notice in session.service.notices() {
            if !at_first.contains(&notice) {
                output.note(&notice);
            }
        }
        done.and_then(|()| closed.map_err(Failure::from))
    });
    // A thread that still waits for stdin must not keep the process: the store is closed.
    runtime.shutdown_background();
    ended
}

/// Opens the app.
pub fn open_app(ground: &Ground, theme: Option<ThemeName>, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return Err(Failure::Usage(
            "--json belongs to a command, for example: umai connections list --json".into(),
        ));
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "The app needs a terminal. From a script use a command, for example: umai connections list".into(),
        ));
    }
    // Before the app takes the screen.
    let exposed_passphrase = passphrase::unlock(ground)?;
    let runtime = runtime(WORKERS)?;
    let ended = runtime.block_on(async {
        let store = ground.store();
        let (ground, opened, stopped) = (ground.clone(), store.clone(), store.clone());
        let catalog = Arc::clone(&ground.catalog);
        let options = TuiOptions {
            config: Some(ground.config.config.clone()),
            theme,
            notices: ground
                .problems
                .iter()
                .cloned()
                .chain(ground.exposed_key())
                .chain(exposed_passphrase)
                .collect(),
            before_stop: BeforeStop::new(move || let_go(stopped.clone())),
        };
        let opening: Opening = Box::pin(async move {
            let session = Session::open(&ground, opened).await?;
            Ok(session.service)
        });
        let left = tui::run(catalog, opening, options).await;
        store.close().await?;
        left.map_err(|error| match error {
            TuiError::Unopened(error) => Failure::Connection(error),
            error @ (TuiError::Terminal(_) | TuiError::Broken(_)) => Failure::Trouble(error.into()),
        })
    });
    runtime.shutdown_background();
    ended
}

/// Lets other processes have the store while the app is stopped.
async fn let_go(store: SharedStore) -> Rest {
    store.let_go().await
}

fn runtime(workers: usize) -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .context("The program's own threads cannot be started")?;
    Ok(runtime)
}
