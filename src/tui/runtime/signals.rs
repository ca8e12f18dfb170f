//! The signals that the app answers.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// One stream for each signal.
pub(super) struct Signals {
    pub(super) terminate: Signal,
    pub(super) hang_up: Signal,
    pub(super) interrupt: Signal,
    pub(super) stop: Signal,
    pub(super) go_on: Signal,
    /// The window has another size: told here, since the reading thread hears of it only once it reads.
    pub(super) resize: Signal,
}

impl Signals {
    /// Listens to all of them.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resize: signal(SignalKind::window_change())?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}
