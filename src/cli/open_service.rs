//! Opens the store with its service, or a server, for the duration of a command.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use tokio::runtime::{Builder, Runtime};

pub use super::context::CliContext;
use super::exit::Failure;
use super::in_trash;
use super::output::Output;
use super::passphrase;
use super::signals::{self, StopSignals};
use crate::api::client::RemoteService;
use crate::connection::{ConnectionError, StoreError};
use crate::provider::ProviderCatalog;
use crate::service::{ConnectionService, CoreService, ReadOnlyService, ServiceFeatures};
use crate::store::StoreHandle;

/// Worker threads: enough for validation and encryption beside the store's own thread.
pub const WORKERS: usize = 2;

/// Open store with its service, or a server.
pub struct OpenSession {
    /// Service: local or remote.
    pub service: Arc<dyn ConnectionService>,
    /// Store; never opened for a server.
    store: StoreHandle,
}

impl OpenSession {
    /// Opens the store, or connects to the server. In read-only mode, refuses all changes.
    pub async fn open(context: &CliContext, store: StoreHandle) -> Result<Self, ConnectionError> {
        let session = match &context.server {
            None => Self::of_store(context, store).await?,
            Some(options) => Self {
                service: Arc::new(RemoteService::connect(options).await?),
                store,
            },
        };
        Ok(match &context.read_only {
            None => session,
            Some(reason) => Self {
                service: Arc::new(ReadOnlyService::new(session.service, reason)),
                store: session.store,
            },
        })
    }

    /// Returns a sentence for the user if the store was created on etcd, or is another one there than before.
    pub fn opening_notice(&self) -> Option<String> {
        self.store.opening_notice()
    }

    /// Returns true if there is no store, and none was created.
    pub fn is_missing(&self) -> bool {
        self.store.is_missing()
    }

    /// Closes the store.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }

    async fn of_store(context: &CliContext, store: StoreHandle) -> Result<Self, StoreError> {
        let service = CoreService::new(
            context.open_store(&store).await?,
            Arc::clone(&context.catalog),
            context.appsettings.clone(),
            Arc::new(Utc::now),
        );
        Ok(Self {
            service: Arc::new(service),
            store,
        })
    }
}

/// Returns the providers of the service without opening the local store.
pub fn catalog(context: &CliContext) -> Result<Arc<ProviderCatalog>, Failure> {
    if context.server.is_none() {
        return Ok(Arc::clone(&context.catalog));
    }
    remote(context, |service| service.providers())
}

/// Returns the features of the service without opening the local store.
pub fn features(context: &CliContext) -> Result<ServiceFeatures, Failure> {
    if context.server.is_none() {
        return Ok(ServiceFeatures::ALL);
    }
    remote(context, |service| service.features())
}

fn remote<T>(
    context: &CliContext,
    read: impl FnOnce(&dyn ConnectionService) -> T,
) -> Result<T, Failure> {
    let runtime = runtime(WORKERS)?;
    let found = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        tokio::select! {
            session = OpenSession::open(context, context.store()) => Ok(read(&*session?.service)),
            exit = signals.next() => Err(Failure::Signal(exit)),
        }
    });
    runtime.shutdown_background();
    found
}

/// Runs a command on an open store until it ends or a signal arrives, and closes the store in any case.
pub fn with_service(
    context: &CliContext,
    output: &mut Output,
    command: impl AsyncFnOnce(&Arc<dyn ConnectionService>, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while_open(
        context,
        output,
        WORKERS,
        async |service, output, signals| {
            tokio::select! {
                done = command(service, output) => done,
                exit = signals.next() => Err(Failure::Signal(exit)),
            }
        },
    )
}

/// Runs an operation that handles signals itself on an open store, and closes the store in any case.
pub fn while_open(
    context: &CliContext,
    output: &mut Output,
    workers: usize,
    command: impl AsyncFnOnce(
        &Arc<dyn ConnectionService>,
        &mut Output,
        &mut StopSignals,
    ) -> Result<(), Failure>,
) -> Result<(), Failure> {
    context.print_problems(output);
    if let Some(notice) = passphrase::unlock(context)? {
        output.note(&notice);
    }
    let runtime = runtime(workers)?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let store = context.store();
        let suspend_watcher = tokio::spawn(signals::pause_when_suspended(store.clone())?);
        // Another machine may be slow; the local store is opened in any case.
        let session = if context.is_local() {
            OpenSession::open(context, store).await?
        } else {
            tokio::select! {
                session = OpenSession::open(context, store) => session?,
                exit = signals.next() => return Err(Failure::Signal(exit)),
            }
        };
        let at_first = session.service.notices();
        let opening = session.opening_notice();
        for notice in at_first
            .iter()
            .chain(&opening)
            .chain(&context.exposed_key())
        {
            output.note(notice);
        }
        let done = command(&session.service, output, &mut signals).await;
        if let Some(hint) = in_trash::hint(&done, &*session.service).await {
            output.note(&hint);
        }
        suspend_watcher.abort();
        let closed = session.store.close().await;
        // A large store is still being verified while it is in use.
        for notice in session.service.notices() {
            if !at_first.contains(&notice) {
                output.note(&notice);
            }
        }
        done.and_then(|()| closed.map_err(Failure::from))
    });
    // A thread that waits for stdin must not keep the process alive; the store is closed.
    runtime.shutdown_background();
    ended
}

/// Runs a query without any output; returns the default after a time limit.
pub fn query_silently<T: Default>(
    context: &CliContext,
    longest: Duration,
    ask: impl AsyncFnOnce(&Arc<dyn ConnectionService>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = runtime(WORKERS)?;
    let answer = runtime.block_on(async {
        let store = context.store();
        let asking = async {
            let session = OpenSession::open(context, store.clone()).await?;
            ask(&session.service).await
        };
        let answer = tokio::time::timeout(longest, asking).await;
        store.close().await?;
        answer.unwrap_or_else(|_| Ok(T::default()))
    });
    runtime.shutdown_background();
    answer
}

/// Creates the async runtime.
pub fn runtime(workers: usize) -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .context("Cannot start threads")?;
    Ok(runtime)
}
