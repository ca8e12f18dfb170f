//! Log of the server: one JSON object per line, to stderr or a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use tracing::Subscriber;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::exit::Failure;

/// Starts the log; pending lines are written when the guard is dropped.
///
/// A separate thread writes the lines, so that a slow reader of the log does not delay responses. Only lines of umai are
/// logged: those of libraries could quote requests.
pub fn start(file: Option<&Path>) -> Result<WorkerGuard, Failure> {
    let target: Box<dyn Write + Send> = match file {
        None => Box::new(std::io::stderr()),
        Some(path) => Box::new(append(path)?),
    };
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .thread_name("log")
        .finish(target);
    tracing_subscriber::registry()
        .with(lines(writer))
        .with(Targets::new().with_target("umai", LevelFilter::INFO))
        .try_init()
        .context("Cannot start the log")?;
    log_panics();
    Ok(guard)
}

/// Layer that writes one JSON object per line.
fn lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
}

fn append(path: &Path) -> Result<File, Failure> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            Failure::Usage(format!(
                "Cannot write the log to {}: {error}",
                path.display()
            ))
        })
}

/// Logs the location of panics without their message, which could contain secrets.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "internal error (panic)");
    }));
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn panic_is_logged_with_its_location_but_not_its_message() {
        let written = Written::default();
        let target = written.clone();
        let lines = lines(move || target.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let before = std::panic::take_hook();
            log_panics();
            let broken = std::panic::catch_unwind(|| panic!("over {}", "sk-planted"));
            std::panic::set_hook(before);
            assert!(broken.is_err());
        });
        let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(
            log.contains("internal error (panic)") && log.contains("log.rs:"),
            "{log}"
        );
        assert!(!log.contains("planted"), "{log}");
    }
}
