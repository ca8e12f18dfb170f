//! Where the server's log goes: one JSON object to a line, to stderr or a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::exit::Failure;

/// Starts the log; what was logged is written out when the guard is dropped.
///
/// Lines are written by a thread of their own: whoever reads them slowly does not hold up an answer. Only umai's own lines are
/// kept: what its libraries would say about a request could quote it.
pub fn start(file: Option<&Path>) -> Result<WorkerGuard, Failure> {
    let target: Box<dyn Write + Send> = match file {
        None => Box::new(std::io::stderr()),
        Some(path) => Box::new(append(path)?),
    };
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .thread_name("log")
        .finish(target);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(lines)
        .with(Targets::new().with_target("umai", LevelFilter::INFO))
        .try_init()
        .context("The log cannot be started")?;
    log_panics();
    Ok(guard)
}

fn append(path: &Path) -> Result<File, Failure> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            Failure::Usage(format!(
                "The log cannot be written to {}: {error}",
                path.display()
            ))
        })
}

/// Says where something broke down, and nothing of what it says itself: that can quote anything.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "something broke down");
    }));
}
