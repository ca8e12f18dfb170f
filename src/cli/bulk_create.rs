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
        let unreadable = |why: &dyn std::fmt::Display| {
            Failure::Usage(format!("Cannot read {}: {why}", path.display()))
        };
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable(&"it is a directory"));
        }
        Ok(Self(file))
    }
}

/// Action for each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMode {
    /// Create it.
    Create,
    /// Check it only.
    DryRun,
}

/// Creates every connection of a source. A refused connection is reported with its number, and the others continue.
pub async fn run(
    service: &Arc<dyn ConnectionService>,
    source: JsonSource,
    intent: BulkMode,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut incoming = parsed_element::read(source.0)?;
    let mut under_way = InFlight::new(intent);
    let mut tally = BulkCreateSummary::default();
    let mut waiting = None;
    let mut is_open = true;
    loop {
        // Results that are durable are reported before the next wait.
        while let Some(outcome) = under_way.try_next()? {
            tally.count(outcome, output)?;
        }
        tally.flush(output)?;
        if let Some(next) = waiting.take_if(|next| under_way.has_capacity(next)) {
            under_way.begin(service, next);
        }
        tokio::select! {
            biased;
            next = incoming.recv(), if is_open && waiting.is_none() && under_way.has_room() => match next {
                Some(Ok(next)) if tally.failure.is_none() => {
                    tally.start(&next, output);
                    waiting = Some(next);
                }
                Some(Err(error)) => {
                    let unreadable = anyhow::Error::from(error).context("Cannot continue reading the input");
                    tally.failure.get_or_insert(unreadable.into());
                    is_open = false;
                }
                Some(Ok(_)) | None => is_open = false,
            },
            Some(outcome) = under_way.next_finished(), if !under_way.is_empty() => tally.count(outcome?, output)?,
            else => break,
        }
    }
    tally.end(output)
}
