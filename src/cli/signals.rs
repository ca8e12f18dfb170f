//! Ends early, and in order, when a signal says so.

use anyhow::Context;
use rustix::process::{self, getpid, kill_process};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure};
use crate::store::shared::SharedStore;

const UNHEARD: &str = "Signals cannot be listened for";

/// Ctrl-C, and being asked to end: heard from when this is made.
pub struct Signals {
    interrupted: Signal,
    terminated: Signal,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt()).context(UNHEARD)?,
            terminated: signal(SignalKind::terminate()).context(UNHEARD)?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupted.recv() => Exit::Interrupted,
            _ = self.terminated.recv() => Exit::Terminated,
        }
    }
}

/// Lets other processes have the store whenever the shell stops this one, and takes it again when it goes on.
pub fn rest_when_stopped(
    store: SharedStore,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut stopped =
        signal(SignalKind::from_raw(process::Signal::TSTP.as_raw())).context(UNHEARD)?;
    Ok(async move {
        while stopped.recv().await.is_some() {
            let rest = store.pause().await;
            // One that cannot be stopped goes on.
            let _ = kill_process(getpid(), process::Signal::STOP);
            drop(rest);
        }
    })
}

/// Waits for what is read from a terminal, or for a signal; what was changed for it is put back either way.
///
/// The beginning gives what puts it back when dropped, and what reads. Signals are listened for before that: none ends the
/// process in between. A terminal that goes away is one of them here, and only here, where there is one for certain: a command
/// under `nohup` goes on.
pub fn unless_stopped<G, T: Send + 'static, R>(
    begin: impl FnOnce() -> Result<(G, R), Failure>,
) -> Result<T, Failure>
where
    R: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("The program's own threads cannot be started")?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let mut hung_up = signal(SignalKind::hangup()).context(UNHEARD)?;
        let (guard, read) = begin()?;
        let reading = tokio::task::spawn_blocking(read);
        let ended = tokio::select! {
            read = reading => read.context("The terminal is not read any more")?,
            exit = signals.next() => Err(Failure::Signal(exit)),
            _ = hung_up.recv() => Err(Failure::Signal(Exit::HungUp)),
        };
        drop(guard);
        ended
    });
    // The thread may still wait for the terminal, and must not keep the process.
    runtime.shutdown_background();
    ended
}
