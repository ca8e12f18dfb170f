//! `umai connections restore` and `purge`: take connections out of the trash.

use std::sync::Arc;

use clap::{ArgGroup, Args};

use super::super::dry_run::{self, DryRunArg};
use super::super::exit::Failure;
use super::super::in_trash;
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Audience, Output};
use super::super::prompt;
use super::format;
use super::update::write_saved;
use crate::connection::{
    Command, ConnectionError, ConnectionItem, IdOrAlias, Mode, Page, PageRequest,
};
use crate::service::ConnectionService;

/// Noun for the contents of the trash.
const IN_TRASH: &str = "connections in the trash";

/// Arguments of `umai connections restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai connections list --trash\n  umai connections restore openai-test\n  umai connections restore 3fa85f64-5717-4562-b3fc-2c963f66afa6 --alias openai-old"
)]
pub struct RestoreConnection {
    /// ID of the connection, or the alias it had
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: String,
    /// New alias, if the old one is used again
    #[arg(long)]
    alias: Option<String>,
    /// Dry-run option.
    #[command(flatten)]
    pub(super) dry_run: DryRunArg,
}

impl RestoreConnection {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        with_service(context, output, async |service, output| {
            let item = find_in_trash(&self.connection, service).await?;
            let command = Command::Restore {
                id: item.id,
                alias: self.alias.clone(),
            };
            match dry_run::run(&**service, command, self.dry_run.mode(), output).await? {
                Some(outcome) => write_saved("Restored", &outcome.connection()?, output),
                None => Ok(()),
            }
        })
    }
}

/// Arguments of `umai connections purge`.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").args(["connections", "all"]).required(true)),
    after_help = "Examples:\n  umai connections purge openai-old --yes\n  umai connections purge --all --yes"
)]
pub struct PurgeConnection {
    /// IDs, or the aliases the connections had
    #[arg(value_name = "ID_OR_ALIAS")]
    connections: Vec<String>,
    /// Delete everything in the trash
    #[arg(long)]
    all: bool,
    /// Skip the confirmation prompt; secrets and history are deleted too
    #[arg(long)]
    yes: bool,
    /// Dry-run option.
    #[command(flatten)]
    pub(super) dry_run: DryRunArg,
}

impl PurgeConnection {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        if self.dry_run.dry_run {
            return self.dry_run(context, output);
        }
        if !open_service::features(context)?.trash {
            return Err(Failure::Usage(
                "This server has no trash: deleted connections cannot be restored".into(),
            ));
        }
        let what = if self.all {
            "everything in the trash".to_owned()
        } else {
            self.connections.join(", ")
        };
        let question = context.question(&format!("Delete {what} permanently?"));
        if !self.yes && !prompt::confirm_deletion(&question, output)? {
            output.note("Nothing deleted");
            return Ok(());
        }
        with_service(context, output, async |service, output| {
            if self.all {
                return empty_trash(service, output).await;
            }
            for name in &self.connections {
                let item = find_in_trash(name, service).await?;
                purge(service, &item, Mode::Commit, output).await?;
            }
            Ok(())
        })
    }
}

impl PurgeConnection {
    fn dry_run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        with_service(context, output, async |service, output| {
            let mut items = Vec::new();
            if self.all {
                let everything = PageRequest {
                    skip: 0,
                    take: usize::MAX,
                };
                items = service.trash(everything).await?.items;
            }
            for name in &self.connections {
                items.push(find_in_trash(name, service).await?);
            }
            for item in items {
                purge(service, &item, Mode::DryRun, output).await?;
            }
            Ok(())
        })
    }
}

async fn empty_trash(
    service: &Arc<dyn ConnectionService>,
    output: &mut Output,
) -> Result<(), Failure> {
    loop {
        let page = service
            .trash(PageRequest {
                skip: 0,
                take: 1000,
            })
            .await?;
        if page.items.is_empty() {
            return Ok(());
        }
        for item in page.items {
            purge(service, &item, Mode::Commit, output).await?;
        }
    }
}

async fn purge(
    service: &Arc<dyn ConnectionService>,
    item: &ConnectionItem,
    mode: Mode,
    output: &mut Output,
) -> Result<(), Failure> {
    let command = Command::Purge { id: item.id };
    let outcome = dry_run::run_one_of_many(&**service, command, mode, output).await?;
    if outcome.is_none() {
        return Ok(());
    }
    match output.audience() {
        Audience::Program => output.value_line(item),
        Audience::Person => output.line(&format!(
            "Deleted {} ({}) permanently",
            item.name, item.alias
        )),
    }
}

/// Returns the connection in the trash with this ID or former alias; an error lists the IDs if several had the alias.
async fn find_in_trash(
    name: &str,
    service: &Arc<dyn ConnectionService>,
) -> Result<ConnectionItem, Failure> {
    let Ok(key) = name.parse::<IdOrAlias>();
    let mut found = in_trash::find(&key, &**service).await?;
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(match service.get(&key).await {
            Ok(_) => Failure::NotInTrash(name.to_owned()),
            Err(_) => ConnectionError::NotFound(key).into(),
        }),
        (Some(item), true) => Ok(item),
        (Some(item), false) => {
            let ids = found.iter().chain([&item]);
            let ids: Vec<_> = ids.map(|item| item.id.to_string()).collect();
            Err(Failure::Usage(format!(
                "Several connections in the trash had the alias '{name}'. Use an ID instead: {}",
                ids.join(" or ")
            )))
        }
    }
}

/// Writes the contents of the trash.
pub fn list(
    page: &Page<ConnectionItem>,
    skipped: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.audience() == Audience::Program {
        output.value(page)?;
        format::note_part(page, skipped, IN_TRASH, output);
        return Ok(());
    }
    if page.total == 0 {
        output.note("The trash is empty");
        return Ok(());
    }
    let rows: Vec<_> = page
        .items
        .iter()
        .map(|item| {
            [
                item.name.clone(),
                item.alias.clone(),
                item.date_deleted
                    .map(|date| output.when(date))
                    .unwrap_or_default(),
                item.id.to_string(),
            ]
        })
        .collect();
    output.table(["NAME", "ALIAS", "DELETED", "ID"], &rows)?;
    format::note_part(page, skipped, IN_TRASH, output);
    Ok(())
}
