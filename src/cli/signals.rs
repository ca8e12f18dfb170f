//! Signals: ends commands early, in order.

use anyhow::Context;
use rustix::process::{self, getpid, kill_process};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure};
use crate::store::StoreHandle;

const SIGNAL_ERROR: &str = "Cannot handle signals";

/// Listener for Ctrl-C and termination signals, active from its creation.
pub struct StopSignals {
    interrupted: Signal,
    terminated: Signal,
}

impl StopSignals {
    /// Starts to listen.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt()).context(SIGNAL_ERROR)?,
            terminated: signal(SignalKind::terminate()).context(SIGNAL_ERROR)?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupted.recv() => Exit::Interrupted,
            _ = self.terminated.recv() => Exit::Terminated,
        }
    }
}

/// Releases the store to other processes while the shell has stopped this process, and opens it again afterwards.
pub fn pause_when_suspended(
    store: StoreHandle,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut stopped =
        signal(SignalKind::from_raw(process::Signal::TSTP.as_raw())).context(SIGNAL_ERROR)?;
    Ok(async move {
        while stopped.recv().await.is_some() {
            let paused = store.pause().await;
            // Without this signal handler, umai continues without the release.
            let _ = kill_process(getpid(), process::Signal::STOP);
            drop(paused);
        }
    })
}

/// Waits for input from a terminal, or for a signal; restores the terminal in both cases.
///
/// `begin` returns a guard that restores the terminal when dropped, and the reader. Signals are handled from before that, so
/// that none ends the process in between. SIGHUP is included only here, where a terminal exists for certain: a command under
/// `nohup` continues.
pub fn unless_stopped<G, T: Send + 'static, R>(
    begin: impl FnOnce() -> Result<(G, R), Failure>,
) -> Result<T, Failure>
where
    R: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("Cannot start threads")?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let mut hangup = signal(SignalKind::hangup()).context(SIGNAL_ERROR)?;
        let (guard, read) = begin()?;
        let reading = tokio::task::spawn_blocking(read);
        let ended = tokio::select! {
            read = reading => read.context("Reading from the terminal failed")?,
            exit = signals.next() => Err(Failure::Signal(exit)),
            _ = hangup.recv() => Err(Failure::Signal(Exit::HungUp)),
        };
        drop(guard);
        ended
    });
    // The thread may still wait for the terminal and must not keep the process alive.
    runtime.shutdown_background();
    ended
}
