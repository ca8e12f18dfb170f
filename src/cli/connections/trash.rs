//! `umai connections restore` and `purge`: out of the trash, back or for good.

use std::sync::Arc;

use clap::Args;

use super::super::ask;
use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::session::{Ground, with_service};
use super::update::told;
use crate::connection::{ConnectionError, ConnectionItem, ConnectionService, IdOrAlias, Window};

/// What to bring back.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai connections list --trash\n  umai connections restore 3fa85f64-5717-4562-b3fc-2c963f66afa6 --alias openai-old"
)]
pub struct Restore {
    /// The connection's ID, or the alias it had
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: String,
    /// Another alias, when its own is taken by now
    #[arg(long)]
    alias: Option<String>,
}

impl Restore {
    /// Carries it out.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        with_service(ground, output, async |service, output| {
            let item = in_trash(&self.connection, service).await?;
            let back = service.restore(item.id, self.alias.clone()).await?;
            told("Brought back", &back, output)
        })
    }
}

/// What to take out of the trash for good.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai connections purge openai-old --yes\n  umai connections purge --all --yes"
)]
pub struct Purge {
    /// IDs, or the aliases they had
    #[arg(value_name = "ID_OR_ALIAS", required_unless_present = "all")]
    connections: Vec<String>,
    /// Everything in the trash
    #[arg(long, conflicts_with = "connections")]
    all: bool,
    /// Yes, for good: their secrets and their history go with them. Without it, it is asked on a terminal
    #[arg(long)]
    yes: bool,
}

impl Purge {
    /// Carries it out.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let what = if self.all {
            "everything in the trash".to_owned()
        } else {
            self.connections.join(", ")
        };
        if !self.yes && !ask::is_certain(&format!("Delete {what} for good?"), output)? {
            output.note("Nothing was deleted");
            return Ok(());
        }
        with_service(ground, output, async |service, output| {
            if self.all {
                return empty(service, output).await;
            }
            for name in &self.connections {
                let item = in_trash(name, service).await?;
                service.purge(item.id).await?;
                tell(&item, output)?;
            }
            Ok(())
        })
    }
}

async fn empty(service: &Arc<dyn ConnectionService>, output: &mut Output) -> Result<(), Failure> {
    loop {
        let page = service
            .trash(Window {
                skip: 0,
                take: 1000,
            })
            .await?;
        if page.items.is_empty() {
            return Ok(());
        }
        for item in page.items {
            service.purge(item.id).await?;
            tell(&item, output)?;
        }
    }
}

fn tell(item: &ConnectionItem, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => output.json_line(item),
        Format::Text => output.line(&format!("Deleted {} ({}) for good", item.name, item.alias)),
    }
}

/// What has this ID or had this alias in the trash; of several with one alias the one that was deleted last.
async fn in_trash(
    name: &str,
    service: &Arc<dyn ConnectionService>,
) -> Result<ConnectionItem, Failure> {
    let Ok(key) = name.parse::<IdOrAlias>();
    let is_meant = |item: &ConnectionItem| match &key {
        IdOrAlias::Id(id) => item.id == *id,
        IdOrAlias::Alias(alias) => item.alias.eq_ignore_ascii_case(alias),
    };
    let everything = Window {
        skip: 0,
        take: usize::MAX,
    };
    let trash = service.trash(everything).await?.items.into_iter();
    let found = trash.filter(is_meant).max_by_key(|item| item.date_deleted);
    found.ok_or_else(|| ConnectionError::NotFound(key).into())
}
