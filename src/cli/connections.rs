//! `umai connections`: list, show, create, change, delete and test connections.

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

/// Subcommands of `umai connections`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List and filter connections
    #[command(
        after_help = "Examples:\n  umai connections list --filter prod --active\n  umai connections list prodction provider:openai '!status:inactive' endpoint:eu\n  umai connections list --provider openai --skip 100 --json"
    )]
    List(list::List),
    /// Show one connection, with masked secrets
    #[command(after_help = "Example:\n  umai connections get openai-production --json")]
    Get {
        /// Connection to show
        #[arg(value_name = "ID_OR_ALIAS")]
        connection: IdOrAlias,
    },
    /// Create a connection, or several from JSON
    Create(Box<create::Create>),
    /// Change a connection; options that are not given keep their values
    Update(Box<update::Update>),
    /// Duplicate a connection, including its secrets
    Duplicate(Box<update::Duplicate>),
    /// Activate connections
    Activate {
        /// Connections to activate
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Deactivate connections
    Deactivate {
        /// Connections to deactivate
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRun,
    },
    /// List the versions of a connection, newest first
    History(history::History),
    /// Show the differences between two versions
    Diff(history::Diff),
    /// Roll a connection back to an earlier version
    Rollback(history::Rollback),
    /// Restore a connection from the trash
    Restore(trash::Restore),
    /// Delete connections in the trash permanently
    Purge(trash::Purge),
    /// Move connections to the trash
    #[command(after_help = "Example:\n  umai connections delete openai-test --yes")]
    Delete {
        /// Connections to delete
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Export connections without their secrets, to store, compare and apply
    #[command(
        after_help = "Examples:\n  umai connections export --output-file connections.json\n  umai connections export openai-production > one.json\n\nReferences such as $OpenAI:ApiKey are kept. Each secret becomes an empty string and is listed in \"blank\"."
    )]
    Export(export::Export),
    /// Create the connections of an export, or of Umbraco Deploy artifacts
    Import(import::Import),
    /// Apply connections from YAML or JSON files
    Apply(apply::Apply),
    /// Test the credentials of connections with their providers
    #[command(
        after_help = "Examples:\n  umai connections test openai-production\n  umai connections test openai-production anthropic --json\n\nThe key is sent only to its provider. Inactive connections can be tested too. Exit code 8: a test failed."
    )]
    Test {
        /// Connections to test
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
    },
    /// List the models that the provider offers to a connection
    #[command(
        after_help = "Example:\n  umai connections models openai-production --capability Embedding"
    )]
    Models {
        /// Connection whose models to list
        #[arg(value_name = "ID_OR_ALIAS")]
        connection: IdOrAlias,
        /// Only models with this capability
        # [ arg ( long , value_name = "CAPABILITY" , ignore_case = true , value_parser = PossibleValuesParser :: new ( Capability :: ALL . map ( Capability :: as_str ) ) . try_map ( | word | Capability :: from_name ( & word ) . ok_or ( "unknown capability" ) ) ) ]
        capability: Option<Capability>,
    },
}

impl Verb {
    /// Returns true if the command changes something.
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

/// Runs a subcommand.
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
        Verb::Create(given) if given.is_from_json() => create(&given, ground, output),
        Verb::Create(given) => create(&given, ground, output).map_err(Failure::in_options),
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
        } => delete::dry_run(&connections, ground, output),
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
    let env_settings = match given.from_env() {
        None => None,
        Some(selection) => {
            // Only variables of providers known here are read; a server could name any variable.
            let environment = from_env::environment(&ground.catalog);
            if selection.is_dry_run {
                return selection.list(&environment, &catalog, output);
            }
            Some(selection.read(&environment, &catalog, output)?)
        }
    };
    let draft = given.draft(&catalog, env_settings, output)?;
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
        given.note_defaults(&connection, &service.providers(), output);
        Ok(())
    })
}

/// Reports the result of one change to each connection.
fn dry_run_each(
    connections: &[IdOrAlias],
    proposal: impl Fn(&IdOrAlias) -> Proposal,
    operation: dry::Deed,
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
                    return dry::run(&**service, proposal(key), operation, output).await;
                }
                let foreseen = service.foresee(proposal(key)).await?;
                dry::write_line(operation, &foreseen, output)
            },
        )
        .await?;
        if operation.word == dry::DELETE.word
            && let Some(warning) = service.features().deletion_warning()
        {
            output.note(warning);
        }
        Ok(())
    })
}

/// Runs an operation on each connection. A refusal does not stop the others, and the first refusal decides the exit code.
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
