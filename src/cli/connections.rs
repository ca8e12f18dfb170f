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
mod list;
mod models;
pub mod show;
mod switch;
mod test;
mod trash;
mod update;

use std::sync::Arc;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::dry::{self, DryRun};
use super::exit::{Failure, is_lasting};
use super::import as bodies;
use super::output::{Format, Output};
use super::session::{self, Ground, with_service};
use crate::connection::{ConnectionService, IdOrAlias, Proposal};
use crate::provider::Capability;

/// What can be done with connections.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List connections by name
    #[command(
        after_help = "Examples:\n  umai connections list --filter prod --active\n  umai connections list prodction provider:openai '!status:inactive' endpoint:eu\n  umai connections list --provider openai --skip 100 --json"
    )]
    List(list::List),
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

/// Carries out a verb.
pub fn run(verb: Verb, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    match verb {
        Verb::List(list) => list.run(ground, output),
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
        Verb::Activate { connections, dry } => switch::run(&connections, true, dry, ground, output),
        Verb::Deactivate { connections, dry } => {
            switch::run(&connections, false, dry, ground, output)
        }
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
            Some(wish.take(&environment, &catalog, output)?)
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
        .await?;
        if deed.word == dry::DELETE.word
            && let Some(warning) = service.features().deletion_warning()
        {
            output.note(warning);
        }
        Ok(())
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
