//! `umai connections create --from-json`: creates connections concurrently and reports each as soon as it is durable.

mod element_buffer;
mod byte_reader;
pub mod json_splitter;
mod parsed_element;
mod position;
mod bracket_scanner;
mod summary;
mod in_flight;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::exit::Failure;
use super::output::Output;
use super::secret_args::unbuffered_stdin;
use crate::connection::Mode;
use crate::service::ConnectionService;
use in_flight::InFlight;
use summary::BulkCreateSummary;

/// JSON input.
pub struct JsonSource(File);

impl JsonSource {
    /// Opens a file, or stdin for `-`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let stdin = unbuffered_stdin().context("cannot read stdin")?;
            return Ok(Self(stdin));
        }
        let unreadable = |reason: &dyn std::fmt::Display| {
            Failure::Usage(format!("Cannot read {}: {reason}", path.display()))
        };
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable(&"it is a directory"));
        }
        Ok(Self(file))
    }
}

/// Creates every connection of a source, or only checks them. A refused connection is reported with its number, and the others continue.
pub async fn run(
    service: &Arc<dyn ConnectionService>,
    source: JsonSource,
    mode: Mode,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut incoming = parsed_element::read(source.0)?;
    let mut in_flight = InFlight::new(mode);
    let mut summary = BulkCreateSummary::default();
    let mut waiting = None;
    let mut is_open = true;
    loop {
        // Results that are durable are reported before the next wait.
        while let Some(outcome) = in_flight.try_next()? {
            summary.count(outcome, output)?;
        }
        summary.flush(output)?;
        if let Some(next) = waiting.take_if(|next| in_flight.is_alias_idle(next)) {
            in_flight.begin(service, next);
        }
        tokio::select! {
            biased;
            next = incoming.recv(), if is_open && waiting.is_none() && in_flight.has_room() => match next {
                Some(Ok(next)) if summary.failure.is_none() => {
                    summary.start(&next, output);
                    waiting = Some(next);
                }
                Some(Err(error)) => {
                    let unreadable = anyhow::Error::from(error).context("Cannot continue reading the input");
                    summary.failure.get_or_insert(unreadable.into());
                    is_open = false;
                }
                Some(Ok(_)) | None => is_open = false,
            },
            Some(outcome) = in_flight.next_finished(), if !in_flight.is_empty() => summary.count(outcome?, output)?,
            else => break,
        }
    }
    summary.end(output)
}
