//! `umai connections export`: writes the connections without their secrets, as a document to store and apply.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Output, OutputFormat, OutputReader};
use super::super::progress::Progress;
use super::super::prompt;
use crate::atomic_file::OverwritePolicy;
use crate::connection::export::{self, ExportFileError, Exported};
use crate::connection::{
    ConnectionError, ConnectionItem, IdOrAlias, ListCursor, ListQuery, PageRequest,
};
use crate::provider::ProviderCatalog;
use crate::service::ConnectionService;

/// Number of concurrent reads.
const AT_ONCE: usize = 64;

/// Connections per list request. The service walks from the start to each page, so pages are large.
pub const PAGE: usize = 25_000;

/// Number of connections that may wait to be written.
const PREFETCH: usize = 1_000;

/// Arguments of `umai connections export`.
#[derive(Debug, Args)]
pub struct ExportConnections {
    /// Connections to export [default: all]
    #[arg(value_name = "ID_OR_ALIAS")]
    connections: Vec<IdOrAlias>,
    /// File to write, readable only by you [default: stdout]
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Document format [default: by the file extension, else json]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<ExportFormat>,
    /// Overwrite an existing file without a prompt
    #[arg(long, requires = "output_file")]
    yes: bool,
}

/// Format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ExportFormat {
    /// JSON, as the API writes it
    Json,
    /// YAML
    Yaml,
}

impl ExportConnections {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let format = self.format(output);
        with_service(context, output, async |service, output| {
            let mut target = None;
            if let Some(file) = &self.output_file {
                target = self.target(file, output)?;
                if target.is_none() {
                    output.note("Nothing exported");
                    return Ok(());
                }
            }
            let (exported, total) = self.read(service).await?;
            let progress = match target {
                None => Progress::unless_stdout_is_terminal("Exporting", total, output),
                Some(_) => Progress::new("Exporting", total, output),
            };
            let (count, blank) = match &target {
                None => print(exported, format, progress, output).await?,
                Some((path, policy)) => {
                    write_file(exported, format, path, *policy, progress).await?
                }
            };
            if let Some((path, _)) = target {
                output.note(&format!("{} to {}", plural(count), path.display()));
            }
            note_blank(blank, output);
            Ok(())
        })
    }

    fn format(&self, output: &Output) -> export::ExportStreamFormat {
        let ending = self.output_file.as_deref().and_then(Path::extension);
        let is_yaml = match self.format {
            Some(format) => format == ExportFormat::Yaml,
            None if output.format() == OutputFormat::Yaml => true,
            None => ending.is_some_and(|ending| ending == "yaml" || ending == "yml"),
        };
        if is_yaml {
            export::ExportStreamFormat::Yaml
        } else {
            export::ExportStreamFormat::Json
        }
    }

    /// Returns the file and the overwrite policy; none if the user declines to overwrite.
    fn target(
        &self,
        file: &Path,
        output: &Output,
    ) -> Result<Option<(PathBuf, OverwritePolicy)>, Failure> {
        let Some(name) = file.to_str() else {
            return Err(Failure::Usage("--output-file is not valid UTF-8".into()));
        };
        let policy = if self.yes {
            OverwritePolicy::Replace
        } else {
            OverwritePolicy::Keep
        };
        match export::write_destination(name, policy) {
            Ok(path) => Ok(Some((path, policy))),
            Err(ExportFileError::Exists(path)) => {
                let may = may_replace(&path, output)?;
                Ok(may.then_some((path, OverwritePolicy::Replace)))
            }
            Err(refused) => Err(anyhow::Error::from(refused).into()),
        }
    }

    /// Returns a stream of the connections in the order of their aliases, and their number.
    async fn read(
        &self,
        service: &Arc<dyn ConnectionService>,
    ) -> Result<(ConnectionStream, usize), ConnectionError> {
        if self.connections.is_empty() {
            let mut items = all_items(service).await?;
            items.sort_by(|one, other| one.alias.cmp(&other.alias));
            let total = items.len();
            return Ok((read_items(service, items), total));
        }
        let catalog = service.providers();
        let reads = stream::iter(&self.connections).map(|key| service.get(key));
        let read: Vec<_> = reads.buffered(AT_ONCE).try_collect().await?;
        let read = read.into_iter();
        let mut read: Vec<_> = read.map(|one| Exported::new(one, &catalog)).collect();
        read.sort_by(|one, other| one.alias.cmp(&other.alias));
        // A connection can be named twice, by ID and by alias.
        read.dedup_by(|one, other| one.alias == other.alias);
        let total = read.len();
        Ok((stream::iter(read.into_iter().map(Ok)).boxed(), total))
    }
}

/// Stream of connections that are being read.
type ConnectionStream =
    std::pin::Pin<Box<dyn Stream<Item = Result<Exported, ConnectionError>> + Send>>;

fn read_items(
    service: &Arc<dyn ConnectionService>,
    items: Vec<ConnectionItem>,
) -> ConnectionStream {
    let catalog = service.providers();
    let service = Arc::clone(service);
    let reads = stream::iter(items).map(move |item| {
        let (service, catalog) = (Arc::clone(&service), Arc::clone(&catalog));
        async move { read_one(&*service, item, &catalog).await }
    });
    reads
        .buffered(AT_ONCE)
        .try_filter_map(|one| std::future::ready(Ok(one)))
        .boxed()
}

async fn read_one(
    service: &dyn ConnectionService,
    item: ConnectionItem,
    catalog: &ProviderCatalog,
) -> Result<Option<Exported>, ConnectionError> {
    match service.get(&item.id.into()).await {
        Ok(connection) => Ok(Some(Exported::new(connection, catalog))),
        // Deleted since the list was read.
        Err(ConnectionError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn print(
    mut exported: ConnectionStream,
    format: export::ExportStreamFormat,
    mut progress: Progress,
    output: &mut Output,
) -> Result<(usize, usize), Failure> {
    let mut document =
        export::ExportStream::begin(output.writer(), format).map_err(Failure::Output)?;
    while let Some(one) = exported.next().await {
        document.add(&one?).map_err(Failure::Output)?;
        progress.advance();
    }
    document.end().map_err(Failure::Output)
}

/// Writes the file while the connections are read; the file appears when it is complete.
async fn write_file(
    mut exported: ConnectionStream,
    format: export::ExportStreamFormat,
    path: &Path,
    policy: OverwritePolicy,
    mut progress: Progress,
) -> Result<(usize, usize), Failure> {
    let (sender, mut receiver) = mpsc::channel::<Option<Exported>>(PREFETCH);
    let path = path.to_owned();
    let writing = tokio::task::spawn_blocking(move || {
        let mut counts = (0, 0);
        let written = export::deliver(&path, policy, |file| {
            let mut document = export::ExportStream::begin(BufWriter::new(file), format)?;
            loop {
                match receiver.blocking_recv() {
                    Some(Some(one)) => document.add(&one)?,
                    Some(None) => break,
                    None => return Err(io::Error::other("reading the connections failed")),
                }
            }
            counts = document.end()?;
            Ok(())
        });
        written.map(|()| counts)
    });
    while let Some(one) = exported.next().await {
        // Without a receiver, the write failed; its error is returned below.
        if sender.send(Some(one?)).await.is_err() {
            break;
        }
        progress.advance();
    }
    // As above.
    let _ = sender.send(None).await;
    let written = writing.await.map_err(anyhow::Error::from)?;
    Ok(written.map_err(anyhow::Error::from)?)
}

/// Returns all items of the list.
pub async fn all_items(
    service: &Arc<dyn ConnectionService>,
) -> Result<Vec<ConnectionItem>, ConnectionError> {
    let mut items: Vec<ConnectionItem> = Vec::new();
    loop {
        let window = PageRequest {
            skip: items.len(),
            take: PAGE,
        };
        let query = ListQuery {
            after: items.last().map(ListCursor::at),
            ..ListQuery::all(window)
        };
        let page = service.list(query).await?;
        let count = page.items.len();
        items.extend(page.items);
        if count < PAGE {
            return Ok(items);
        }
    }
}

fn may_replace(path: &Path, output: &Output) -> Result<bool, Failure> {
    let file = path.display();
    if output.reader() == OutputReader::Json || !prompt::is_possible() {
        return Err(Failure::Usage(format!(
            "{file} exists. Add --yes to overwrite it."
        )));
    }
    prompt::ask_yes_no(&format!("{file} exists. Overwrite it?"))
}

/// Notes how many settings were left blank.
fn note_blank(blank: usize, output: &Output) {
    if blank > 0 {
        output.note(&format!(
            "Secrets are not exported: {} blank settings, listed in \"blank\"",
            match blank {
                1 => "1 connection has".to_owned(),
                blank => format!("{blank} connections have"),
            }
        ));
    }
}

fn plural(count: usize) -> String {
    match count {
        1 => "Exported 1 connection".into(),
        count => format!("Exported {count} connections"),
    }
}
