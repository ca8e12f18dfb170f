//! Signals that the app handles.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

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
