//! Delayed messages to the writer.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;

use super::writer::WriterMessage;

/// Sends a message to the writer after a delay, unless the returned sender is dropped before.
pub fn send_after(
    delay: Duration,
    inbox: mpsc::WeakSender<WriterMessage>,
    message: WriterMessage,
) -> Sender<()> {
    let (timer, stopped) = channel();
    let started = std::thread::Builder::new()
        .name("umai-store-timer".into())
        .spawn(move || {
            if stopped.recv_timeout(delay) == Err(RecvTimeoutError::Timeout)
                && let Some(inbox) = inbox.upgrade()
            {
                // A writer that ended needs no message.
                let _ = inbox.blocking_send(message);
            }
        });
    if let Err(error) = started {
        tracing::warn!(%error, "starting a timer of the store failed");
    }
    timer
}
