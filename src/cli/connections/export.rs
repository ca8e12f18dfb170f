//! `umai connections export`: writes the connections without their secrets, as a document to store and apply.

mod deploy_files;

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use deploy_files::DeployFolder;

use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Audience, Output, OutputFormat};
use super::super::progress::Progress;
use super::super::prompt;
use crate::atomic_file::OverwritePolicy;
use crate::connection::export::{self, ExportFileError, Exported};
use crate::connection::{Connection, ConnectionError, ConnectionItem, IdOrAlias};
use crate::plan::all_items;
use crate::service::ConnectionService;

/// Number of concurrent reads.
const AT_ONCE: usize = 64;

/// Number of connections that may wait to be written.
const PREFETCH: usize = 1_000;

/// Arguments of `umai connections export`.
#[derive(Debug, Args)]
pub struct ExportConnections {
    /// Connections to export [default: all]
    #[arg(value_name = "ID_OR_ALIAS")]
    connections: Vec<IdOrAlias>,
    /// File to write, readable only by you [default: stdout]
    #[arg(long, value_name = "FILE", group = "destination")]
    output_file: Option<PathBuf>,
    /// Directory to write one file for each connection to, with --format uda
    #[arg(long, value_name = "DIR", group = "destination")]
    output_folder: Option<PathBuf>,
    /// Document format [default: by the file extension, else json]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<ExportFormat>,
    /// Overwrite existing files without a prompt
    #[arg(long, requires = "destination")]
    yes: bool,
}

/// Format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ExportFormat {
    /// JSON, as the API writes it
    Json,
    /// YAML
    Yaml,
    /// Umbraco Deploy artifacts, with --output-folder
    Uda,
}

impl ExportConnections {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        if let Some(folder) = self.deploy_folder()? {
            return with_service(context, output, async |service, output| {
                let (connections, total) = self.read(service).await?;
                let progress = Progress::new("Exporting", total, output);
                let catalog = service.providers();
                let artifacts = deploy_files::read(connections, progress, &catalog, output).await?;
                folder.write(&artifacts, output)
            });
        }
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
            let (connections, total) = self.read(service).await?;
            let catalog = service.providers();
            let exported = connections
                .map_ok(move |one| Exported::new(one, &catalog))
                .boxed();
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
        })?;
        context.check_complete()
    }

    /// Returns the folder of the format uda; none for the other formats.
    fn deploy_folder(&self) -> Result<Option<DeployFolder<'_>>, Failure> {
        let is_uda = self.format == Some(ExportFormat::Uda);
        match (&self.output_folder, is_uda) {
            (Some(path), true) => Ok(Some(DeployFolder {
                path,
                is_replacing: self.yes,
            })),
            (None, false) => Ok(None),
            (None, true) => Err(Failure::Usage(
                "--format uda writes one file for each connection. Add --output-folder DIR".into(),
            )),
            (Some(_), false) => Err(Failure::Usage(
                "--output-folder is for --format uda. For one file, use --output-file FILE".into(),
            )),
        }
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
                let may = may_replace(&format!("{} exists", path.display()), output)?;
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
            let mut items = all_items(&**service).await?;
            items.sort_by(|one, other| one.alias.cmp(&other.alias));
            let total = items.len();
            return Ok((read_items(service, items), total));
        }
        let reads = stream::iter(&self.connections).map(|key| service.get(key));
        let mut read: Vec<_> = reads.buffered(AT_ONCE).try_collect().await?;
        read.sort_by(|one, other| one.item.alias.cmp(&other.item.alias));
        // A connection can be named twice, by ID and by alias.
        read.dedup_by(|one, other| one.item.id == other.item.id);
        let total = read.len();
        Ok((stream::iter(read.into_iter().map(Ok)).boxed(), total))
    }
}

/// Stream of connections that are being read.
type ConnectionStream = ResultStream<Connection>;

type ResultStream<T> = std::pin::Pin<Box<dyn Stream<Item = Result<T, ConnectionError>> + Send>>;

fn read_items(
    service: &Arc<dyn ConnectionService>,
    items: Vec<ConnectionItem>,
) -> ConnectionStream {
    let service = Arc::clone(service);
    let reads = stream::iter(items).map(move |item| {
        let service = Arc::clone(&service);
        async move { read_one(&*service, item).await }
    });
    reads
        .buffered(AT_ONCE)
        .try_filter_map(|one| std::future::ready(Ok(one)))
        .boxed()
}

async fn read_one(
    service: &dyn ConnectionService,
    item: ConnectionItem,
) -> Result<Option<Connection>, ConnectionError> {
    match service.get(&item.id.into()).await {
        Ok(connection) => Ok(Some(connection)),
        // Deleted since the list was read.
        Err(ConnectionError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn print(
    mut exported: ResultStream<Exported>,
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
    mut exported: ResultStream<Exported>,
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

/// Asks for permission to overwrite; `found` says which files exist.
fn may_replace(found: &str, output: &Output) -> Result<bool, Failure> {
    if output.audience() == Audience::Program || !prompt::is_possible() {
        return Err(Failure::Usage(format!("{found}. Add --yes to overwrite.")));
    }
    prompt::ask_yes_no(&format!("{found}. Overwrite?"))
}

/// Notes how many connections have blank settings.
fn note_blank(with_blanks: usize, output: &Output) {
    if with_blanks > 0 {
        output.note(&format!(
            "Secrets are not exported: {} blank settings, listed in \"blank\"",
            match with_blanks {
                1 => "1 connection has".to_owned(),
                many => format!("{many} connections have"),
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
