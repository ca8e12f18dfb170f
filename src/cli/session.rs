//! Puts the parts together: catalogue, application settings, store and service.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::Context;
use chrono::Utc;
use tokio::runtime::{Builder, Runtime};

use super::Globals;
use super::exit::Failure;
use super::output::{Format, Output};
use super::signals;
use crate::appsettings::{AppSettings, Variables};
use crate::config::Config;
use crate::connection::{ConnectionService, ConnectionStore, CoreService, StoreError};
use crate::provider::ProviderCatalog;
use crate::store::shared::{Rest, SharedStore};
use crate::store::{self, StoreOptions};
use crate::tui::theme::ThemeName;
use crate::tui::{self, BeforeStop, Opening, TuiError, TuiOptions};

/// Enough for validating and sealing beside the store's own thread.
const WORKERS: usize = 2;

/// What a command needs before it opens the store.
#[derive(Clone)]
pub struct Ground {
    /// Folders and files.
    pub config: Config,
    /// The providers.
    pub catalog: Arc<ProviderCatalog>,
    /// What references resolve against.
    pub appsettings: AppSettings,
    problems: Vec<String>,
}

impl Ground {
    /// Reads the files that are not the store's.
    pub fn new(globals: &Globals) -> Result<Self, Failure> {
        let config = Config::new(
            globals.data.clone(),
            globals.config.clone(),
            globals.key_file.clone(),
        )
        .map_err(Failure::Usage)?;
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
            problems,
        })
    }

    /// Says on stderr what is wrong with files.
    pub fn tell(&self, output: &Output) {
        self.problems
            .iter()
            .for_each(|problem| output.note(problem));
    }
}

/// An open store with the service over it.
pub struct Session {
    /// The rules.
    pub service: Arc<dyn ConnectionService>,
    /// What is below them.
    store: SharedStore,
}

impl Session {
    async fn open(ground: &Ground, store: SharedStore) -> Result<Self, StoreError> {
        let Config {
            data,
            config,
            key_file,
        } = ground.config.clone();
        let options = StoreOptions {
            data,
            config,
            key_file,
        };
        let service = CoreService::new(
            store::open_shared(&store, &options).await?,
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

/// Runs one command over an open store, and closes the store however it ends.
pub fn with_service(
    ground: &Ground,
    output: &mut Output,
    command: impl AsyncFnOnce(&Arc<dyn ConnectionService>, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    ground.tell(output);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let stopped = signals::stopped()?;
        let store = SharedStore::new(&ground.config.data);
        let resting = tokio::spawn(signals::rest_when_stopped(store.clone())?);
        let session = Session::open(ground, store).await?;
        let at_first = session.service.notices();
        for notice in at_first.iter().chain(&ground.config.exposed_key()) {
            output.note(notice);
        }
        let done = tokio::select! {
            done = command(&session.service, output) => done,
            exit = stopped => Err(Failure::Signal(exit)),
        };
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
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let store = SharedStore::new(&ground.config.data);
        let (ground, opened, stopped) = (ground.clone(), store.clone(), store.clone());
        let catalog = Arc::clone(&ground.catalog);
        let options = TuiOptions {
            config: Some(ground.config.config.clone()),
            theme,
            notices: ground
                .problems
                .iter()
                .cloned()
                .chain(ground.config.exposed_key())
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

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("The program's own threads cannot be started")?;
    Ok(runtime)
}
