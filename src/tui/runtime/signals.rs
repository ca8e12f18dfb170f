//! Signals that the app handles.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// One stream for each signal.
pub(super) struct SignalStreams {
    pub(super) terminate: Signal,
    pub(super) hang_up: Signal,
    pub(super) interrupt: Signal,
    pub(super) stop: Signal,
    pub(super) resume: Signal,
    /// Window size changed: needed here since the input thread notices it only when it reads.
    pub(super) resize: Signal,
}

impl SignalStreams {
    /// Registers all signals.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resize: signal(SignalKind::window_change())?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}
