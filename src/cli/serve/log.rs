//! Where the server's log goes: one JSON object to a line, to stderr or a file.

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
    tracing_subscriber::registry()
        .with(lines(writer))
        .with(Targets::new().with_target("umai", LevelFilter::INFO))
        .try_init()
        .context("The log cannot be started")?;
    log_panics();
    Ok(guard)
}

/// One JSON object to a line.
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
    fn a_panic_is_logged_with_its_place_and_nothing_of_what_it_says() {
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
            log.contains("something broke down") && log.contains("log.rs:"),
            "{log}"
        );
        assert!(!log.contains("planted"), "{log}");
    }
}
