//! Signals that the app handles.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::AbortHandle;

use crate::tui::terminal;

/// Time after a signal until output no longer waits for the terminal.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// Signal that ended the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSignal {
    /// The terminal was closed: SIGHUP, or no input or output is possible any more.
    HungUp,
    /// Ctrl-C or SIGINT.
    Interrupted,
    /// SIGQUIT.
    Quit,
    /// SIGTERM.
    Terminated,
}

/// Streams of the signals that end the app in every state.
pub(super) struct EndSignals {
    terminate: Signal,
    hang_up: Signal,
}

/// One stream for each signal.
pub(super) struct SignalStreams {
    pub(super) ending: EndSignals,
    pub(super) interrupt: Signal,
    pub(super) quit: Signal,
    pub(super) stop: Signal,
    pub(super) resume: Signal,
    /// Window size changed: needed here since the input thread notices it only when it reads.
    pub(super) resize: Signal,
}

impl SignalStreams {
    /// Registers all signals.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            ending: EndSignals {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            },
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resize: signal(SignalKind::window_change())?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}

impl EndSignals {
    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> EndSignal {
        tokio::select! {
            _ = self.terminate.recv() => EndSignal::Terminated,
            _ = self.hang_up.recv() => EndSignal::HungUp,
        }
    }
}

/// Watch for a signal while the app waits for a terminal that takes no output.
pub(super) struct SignalWatch {
    received: Arc<OnceLock<EndSignal>>,
    task: AbortHandle,
}

impl SignalWatch {
    /// Returns the signal that was received first.
    pub(super) fn signal(&self) -> Option<EndSignal> {
        self.received.get().copied()
    }
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Lets output that waits for the terminal fail a moment after a signal: the loop, which would handle it, is stuck there.
pub(super) fn give_up_after_signal() -> io::Result<SignalWatch> {
    let mut signals = SignalStreams::new()?;
    let received = Arc::<OnceLock<EndSignal>>::default();
    let first = Arc::clone(&received);
    let task = tokio::spawn(async move {
        loop {
            let (signal, ends_always) = tokio::select! {
                signal = signals.ending.next() => (signal, true),
                _ = signals.interrupt.recv() => (EndSignal::Interrupted, false),
                _ = signals.quit.recv() => (EndSignal::Quit, false),
            };
            tokio::time::sleep(OUTPUT_GRACE).await;
            // An editor that has the terminal handles the signals of the keyboard, and the app does not write then.
            if ends_always || terminal::is_waiting() {
                // Set once.
                let _ = first.set(signal);
                terminal::give_up();
                return;
            }
        }
    });
    Ok(SignalWatch {
        received,
        task: task.abort_handle(),
    })
}
