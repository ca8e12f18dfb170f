//! `umai connections export`: the connections without their secrets, as a document that can be kept and applied.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::ask;
use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::session::{Ground, with_service};
use crate::connection::export::{Document, Exported, NotWritten, write};
use crate::connection::{ConnectionError, ConnectionService, IdOrAlias, Query, Window};
use crate::disk::Over;

/// How many are read side by side.
const AT_ONCE: usize = 16;

/// How many of the list are asked for at a time.
const PAGE: usize = 1_000;

/// Which connections, and where to.
#[derive(Debug, Args)]
pub struct Export {
    /// The connections; all of them when none is named
    #[arg(value_name = "ID_OR_ALIAS")]
    connections: Vec<IdOrAlias>,
    /// The file to write, readable by you alone [default: stdout]
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Yes, replace a file that is there. Without it, it is asked on a terminal
    #[arg(long, requires = "output_file")]
    yes: bool,
}

impl Export {
    /// Writes the document.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        with_service(ground, output, async |service, output| {
            let document = Document::of(self.read(service).await?);
            match &self.output_file {
                None => {
                    let json = document.to_json().map_err(anyhow::Error::from)?;
                    output.text(&json)?;
                }
                Some(file) => self.keep(&document, file, output)?,
            }
            tell(&document, output);
            Ok(())
        })
    }

    async fn read(
        &self,
        service: &Arc<dyn ConnectionService>,
    ) -> Result<Vec<Exported>, ConnectionError> {
        let catalog = service.providers();
        let is_all = self.connections.is_empty();
        let keys = if is_all {
            all(service).await?
        } else {
            self.connections.clone()
        };
        let connections = stream::iter(keys).map(async |key| match service.get(&key).await {
            // Deleted since the list was read.
            Err(ConnectionError::NotFound(_)) if is_all => Ok(None),
            found => found.map(|connection| Some(Exported::of(connection, &catalog))),
        });
        let read: Vec<Option<Exported>> = connections.buffered(AT_ONCE).try_collect().await?;
        let mut read: Vec<Exported> = read.into_iter().flatten().collect();
        // Whoever names one twice, by its id and by its alias, wants it once.
        let mut seen = std::collections::HashSet::new();
        read.retain(|one| seen.insert(one.alias.clone()));
        Ok(read)
    }

    fn keep(&self, document: &Document, file: &Path, output: &Output) -> Result<(), Failure> {
        let Some(name) = file.to_str() else {
            return Err(Failure::Usage("--output-file is not text in UTF-8".into()));
        };
        let over = if self.yes {
            Over::Anything
        } else {
            Over::Nothing
        };
        let written = match write(document, name, over) {
            Err(NotWritten::Exists(path)) => {
                if !may_replace(&path, output)? {
                    output.note("Nothing was written");
                    return Ok(());
                }
                write(document, name, Over::Anything)
            }
            written => written,
        };
        let path = written.map_err(anyhow::Error::from)?;
        output.note(&format!(
            "{} in {}",
            many(document.connections.len()),
            path.display()
        ));
        Ok(())
    }
}

/// The identities of all connections.
async fn all(service: &Arc<dyn ConnectionService>) -> Result<Vec<IdOrAlias>, ConnectionError> {
    let mut keys = Vec::new();
    loop {
        let window = Window {
            skip: keys.len(),
            take: PAGE,
        };
        let page = service.list(Query::all(window)).await?;
        let count = page.items.len();
        keys.extend(page.items.into_iter().map(|item| IdOrAlias::Id(item.id)));
        if count < PAGE {
            return Ok(keys);
        }
    }
}

fn may_replace(path: &Path, output: &Output) -> Result<bool, Failure> {
    let file = path.display();
    if output.format() == Format::Json || !ask::is_possible() {
        return Err(Failure::Usage(format!(
            "{file} is there already: repeat the command with --yes if it shall be replaced"
        )));
    }
    ask::yes_or_no(&format!("{file} is there already. Replace it?"))
}

/// Says what somebody has to type again where the document is used.
fn tell(document: &Document, output: &Output) {
    let blank = document.connections.iter();
    let blank = blank.filter(|one| !one.blank.is_empty()).count();
    if blank > 0 {
        output.note(&format!(
            "Secrets do not leave: {} blank settings, named in \"blank\"",
            match blank {
                1 => "1 connection has".to_owned(),
                blank => format!("{blank} connections have"),
            }
        ));
    }
}

fn many(count: usize) -> String {
    match count {
        1 => "1 connection is".into(),
        count => format!("{count} connections are"),
    }
}
