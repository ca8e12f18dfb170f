//! `umai connections`: list, read, create, switch, delete and test.

mod apply;
pub mod create;
mod delete;
pub mod export;
mod find;
pub mod from_env;
mod given;
mod history;
mod import;
mod models;
pub mod show;
mod test;
mod trash;
mod update;

use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::dry::{self, DryRun};
use super::exit::{Failure, is_lasting};
use super::import as bodies;
use super::output::{Format, Output};
use super::session::{self, Ground, with_service};
use crate::connection::{ConnectionService, IdOrAlias, Proposal, Query, Window};
use crate::provider::{Capability, ProviderCatalog};
use crate::tui::tree::{Column, Sort};

/// What can be done with connections.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List connections by name
    #[command(
        after_help = "Examples:\n  umai connections list --filter prod --active\n  umai connections list prodction provider:openai '!status:inactive' endpoint:eu\n  umai connections list --provider openai --skip 100 --json"
    )]
    List(List),
    /// Show one connection, its secrets masked
    #[command(after_help = "Example:\n  umai connections get openai-production --json")]
    Get {
        /// The connection
        #[arg(value_name = "ID_OR_ALIAS")]
        connection: IdOrAlias,
    },
    /// Create a connection, or many from JSON
    Create(Box<create::Create>),
    /// Change a connection; what is not named stays as it is
    Update(Box<update::Update>),
    /// Create a connection that is what another one is, with its secrets
    Duplicate(Box<update::Duplicate>),
    /// Switch connections on
    Activate {
        /// The connections
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Whether it is only said.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Switch connections off
    Deactivate {
        /// The connections
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Whether it is only said.
        #[command(flatten)]
        dry: DryRun,
    },
    /// List the versions of a connection, newest first
    History(history::History),
    /// Show what is different between two versions
    Diff(history::Diff),
    /// Make a connection what it was at a version
    Rollback(history::Rollback),
    /// Bring a connection back from the trash
    Restore(trash::Restore),
    /// Take connections out of the trash for good
    Purge(trash::Purge),
    /// Put connections into the trash, from where restore brings them back
    #[command(after_help = "Example:\n  umai connections delete openai-test --yes")]
    Delete {
        /// The connections
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Yes, delete. Without it, it is asked on a terminal
        #[arg(long)]
        yes: bool,
        /// Whether it is only said.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Write connections without their secrets, as a document to keep, compare and apply
    #[command(
        after_help = "Examples:\n  umai connections export --output-file connections.json\n  umai connections export openai-production > one.json\n\nReferences such as $OpenAI:ApiKey stay. Each secret becomes an empty text that \"blank\" names."
    )]
    Export(export::Export),
    /// Create the connections of an export, or of artifacts of Umbraco Deploy
    Import(import::Import),
    /// Make the connections what documents in YAML or JSON say
    Apply(apply::Apply),
    /// Ask the providers whether the credentials work
    #[command(
        after_help = "Examples:\n  umai connections test openai-production\n  umai connections test openai-production anthropic --json\n\nThe key goes to its provider and nowhere else; inactive connections can be tested too. Exit code 8: not accepted."
    )]
    Test {
        /// The connections
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
    },
    /// List the models that the provider names to a connection
    #[command(
        after_help = "Example:\n  umai connections models openai-production --capability Embedding"
    )]
    Models {
        /// The connection
        #[arg(value_name = "ID_OR_ALIAS")]
        connection: IdOrAlias,
        /// Only models that can do this
        #[arg(long, value_name = "CAPABILITY", ignore_case = true, value_parser = PossibleValuesParser::new(Capability::ALL.map(Capability::word)).try_map(|word| Capability::named(&word).ok_or("there is no such capability")))]
        capability: Option<Capability>,
    },
}

impl Verb {
    /// Whether it changes something.
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Create(_)
            | Self::Update(_)
            | Self::Duplicate(_)
            | Self::Activate { .. }
            | Self::Deactivate { .. }
            | Self::Rollback(_)
            | Self::Restore(_)
            | Self::Purge(_)
            | Self::Import(_)
            | Self::Apply(_)
            | Self::Delete { .. } => true,
            Self::List(_)
            | Self::Get { .. }
            | Self::History(_)
            | Self::Diff(_)
            | Self::Test { .. }
            | Self::Models { .. }
            | Self::Export(_) => false,
        }
    }
}

/// Which connections to list.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct List {
    /// What to find, as in the app's filter: words, be it with a typing mistake, and status: provider: name: alias: endpoint: id:,
    /// with ! before what must not be
    #[arg(value_name = "TERM", conflicts_with = "trash")]
    terms: Vec<String>,
    /// Only names that contain this, in any case
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only connections to this provider
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Only active ones
    #[arg(long, conflicts_with = "inactive")]
    active: bool,
    /// Only inactive ones
    #[arg(long)]
    inactive: bool,
    /// Those in the trash instead
    #[arg(long, conflicts_with_all = ["filter", "provider", "active", "inactive"])]
    trash: bool,
    /// What to order by; 'modified' begins with the newest [default: name, or with terms how well they fit]
    #[arg(long, value_name = "COLUMN", ignore_case = true, conflicts_with = "trash", value_parser = PossibleValuesParser::new(Column::ALL.map(Column::id)).try_map(|word| Column::named(&word).ok_or("there is no such column")))]
    sort: Option<Column>,
    /// From the other end
    #[arg(long, conflicts_with = "trash")]
    reverse: bool,
    /// How many to leave out at the start
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    skip: usize,
    /// How many to list at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        allow_negative_numbers = true
    )]
    take: usize,
}

impl List {
    fn sort(&self) -> Option<Sort> {
        let sort = self.sort.map(Sort::by);
        if self.reverse {
            Some(sort.unwrap_or_default().turned())
        } else {
            sort
        }
    }

    fn query(&self) -> Query {
        Query {
            filter: self.filter.clone(),
            provider_ids: self.provider.clone().map(|id| vec![id]),
            capability: None,
            is_trash: self.trash,
            is_active: match (self.active, self.inactive) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => None,
            },
            window: Window {
                skip: self.skip,
                take: self.take,
            },
        }
    }
}

impl List {
    fn is_narrowed(&self) -> bool {
        !self.terms.is_empty()
            || self.filter.is_some()
            || self.provider.is_some()
            || self.active
            || self.inactive
    }

    /// Says that nothing is as it was asked for; connections of a provider that is gone are listed all the same.
    fn matches_nothing(&self, catalog: &ProviderCatalog, output: &Output) -> Result<(), Failure> {
        match &self.provider {
            Some(id) if catalog.get(id).is_none() => Err(Failure::NoProvider(id.clone())),
            Some(_) | None => {
                output.note("No connection matches");
                Ok(())
            }
        }
    }
}

/// Carries out a verb.
pub fn run(verb: Verb, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    match verb {
        Verb::List(list) => with_service(ground, output, async |service, output| {
            if list.trash {
                let page = service.trash(list.query().window).await?;
                return trash::list(&page, output);
            }
            let page = if list.terms.is_empty() && list.sort().is_none() {
                service.list(list.query()).await?
            } else {
                find::find((&list.terms, list.sort()), list.query(), service).await?
            };
            if page.total == 0 && output.format() == Format::Text && list.is_narrowed() {
                return list.matches_nothing(&service.providers(), output);
            }
            show::list(&page, list.skip, &service.providers(), output)
        }),
        Verb::Get { connection } => with_service(ground, output, async |service, output| {
            let connection = service.get(&connection).await?;
            match output.format() {
                Format::Json => output.json(&connection),
                Format::Text => show::one(&connection, &service.providers(), output),
            }
        }),
        Verb::Create(given) => create(&given, ground, output),
        Verb::Update(update) => update.run(ground, output),
        Verb::Duplicate(duplicate) => duplicate.run(ground, output),
        Verb::History(history) => history.run(ground, output),
        Verb::Diff(diff) => diff.run(ground, output),
        Verb::Rollback(rollback) => rollback.run(ground, output),
        Verb::Restore(restore) => restore.run(ground, output),
        Verb::Export(export) => export.run(ground, output),
        Verb::Import(import) => import.run(ground, output),
        Verb::Apply(apply) => apply.run(ground, output),
        Verb::Purge(purge) => purge.run(ground, output),
        Verb::Activate { connections, dry } => switch(&connections, true, dry, ground, output),
        Verb::Deactivate { connections, dry } => switch(&connections, false, dry, ground, output),
        Verb::Delete {
            connections,
            yes: _,
            dry: DryRun { dry_run: true },
        } => delete::foresee(&connections, ground, output),
        Verb::Delete {
            connections, yes, ..
        } => delete::run(&connections, yes, ground, output),
        Verb::Test { connections } => test::run(&connections, ground, output),
        Verb::Models {
            connection,
            capability,
        } => models::run(&connection, capability, ground, output),
    }
}

fn create(given: &create::Create, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    if let Some(source) = given.source()? {
        return with_service(ground, output, async |service, output| {
            let intent = if given.is_dry_run() {
                bodies::Intent::Foresee
            } else {
                bodies::Intent::Create
            };
            bodies::run(service, source, intent, output).await
        });
    }
    let catalog = session::catalog(ground)?;
    let taken = match given.from_env() {
        None => None,
        Some(wish) => {
            // What a server names beyond the providers known here is none of its business.
            let environment = from_env::environment(&ground.catalog);
            if wish.is_dry_run {
                return wish.tell(&environment, &catalog, output);
            }
            Some(wish.take(&environment, &catalog)?)
        }
    };
    let draft = given.draft(&catalog, taken, output)?;
    if given.is_dry_run() {
        return with_service(ground, output, async |service, output| {
            dry::run(&**service, Proposal::Create(draft), dry::CREATE, output).await
        });
    }
    with_service(ground, output, async |service, output| {
        let connection = service.create(draft).await?;
        match output.format() {
            Format::Json => output.json(&connection)?,
            Format::Text => show::created(&connection, output)?,
        }
        given.tell(&connection, &service.providers(), output);
        Ok(())
    })
}

fn switch(
    connections: &[IdOrAlias],
    active: bool,
    dry: DryRun,
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_one = connections.len() == 1;
    if dry.dry_run {
        let proposal = |key: &IdOrAlias| Proposal::SetActive {
            key: key.clone(),
            active,
        };
        return foresee_each(connections, proposal, dry::UPDATE, ground, output);
    }
    with_service(ground, output, async |service, output| {
        each(
            connections,
            service,
            output,
            async |service, key, output| {
                let connection = service.set_active(key, active).await?;
                match output.format() {
                    Format::Json if is_one => output.json(&connection),
                    Format::Json => output.json_line(&connection),
                    Format::Text => {
                        let state = show::status(connection.item.is_active);
                        output.line(&format!(
                            "{} ({}): {state}",
                            connection.item.name, connection.item.alias
                        ))
                    }
                }
            },
        )
        .await
    })
}

/// Says of each what one change would come to.
fn foresee_each(
    connections: &[IdOrAlias],
    proposal: impl Fn(&IdOrAlias) -> Proposal,
    deed: dry::Deed,
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    with_service(ground, output, async |service, output| {
        let is_one = connections.len() == 1;
        each(
            connections,
            service,
            output,
            async |service, key, output| {
                if is_one {
                    return dry::run(&**service, proposal(key), deed, output).await;
                }
                let foreseen = service.foresee(proposal(key)).await?;
                dry::tell(deed, &foreseen, output)
            },
        )
        .await
    })
}

/// Does one thing to each; one that is refused does not keep the others from it, and the first refusal decides the exit code.
async fn each(
    connections: &[IdOrAlias],
    service: &Arc<dyn ConnectionService>,
    output: &mut Output,
    act: impl AsyncFn(&Arc<dyn ConnectionService>, &IdOrAlias, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut first = None;
    for key in connections {
        match act(service, key, output).await {
            Ok(()) => {}
            Err(Failure::Connection(error)) if is_lasting(&error) => return Err(error.into()),
            Err(failure @ Failure::Connection(_)) if first.is_none() => first = Some(failure),
            Err(failure @ Failure::Connection(_)) => output.failure(&failure),
            Err(failure) => return Err(failure),
        }
    }
    first.map_or(Ok(()), Err)
}
