//! `umai connections`: list, show, create, change, delete and test connections.

pub mod apply;
pub mod create;
mod delete;
mod edit;
pub mod export;
pub mod search;
pub mod from_env;
mod setting_args;
mod get;
mod history;
mod import;
mod list;
mod missing;
mod models;
pub mod format;
mod activate;
mod test;
mod trash;
mod update;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::bulk_create;
use super::dry_run::{self, DryRunArg};
use super::exit::Failure;
use super::open_service::{self, CliContext, with_service};
use super::output::{Audience, Output};
use crate::connection::{Command, IdOrAlias, Mode, Outcome};
use crate::provider::Capability;
use crate::service::ConnectionService;

/// Subcommands of `umai connections`.
#[derive(Debug, Subcommand)]
pub enum ConnectionsCommand {
    /// List and filter connections
    #[command(
        alias = "ls",
        after_help = "Examples:\n  umai connections list --filter prod --active\n  umai connections list prodction provider:openai '!status:inactive' endpoint:eu\n  umai connections list --provider openai --skip 100 --json"
    )]
    List(list::ListArgs),
    /// Show one connection, with masked secrets
    #[command(
        aliases = ["show", "describe"],
        after_help = "Examples:\n  umai connections get openai-production\n  umai connections get openai-production -o yaml"
    )]
    Get {
        /// Connection to show
        #[arg(value_name = "ID_OR_ALIAS")]
        connection: IdOrAlias,
    },
    /// Create a connection, or several from JSON
    #[command(aliases = ["new", "add"])]
    Create(Box<create::Create>),
    /// Change a connection; options that are not given keep their values
    Update(Box<update::Update>),
    /// Edit a connection as text in your editor
    Edit(edit::Edit),
    /// Duplicate a connection, including its secrets
    Duplicate(Box<update::Duplicate>),
    /// Activate connections
    Activate {
        /// Connections to activate
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRunArg,
    },
    /// Deactivate connections
    Deactivate {
        /// Connections to deactivate
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRunArg,
    },
    /// List the versions of a connection, newest first
    History(history::HistoryArgs),
    /// Show the differences between two versions
    Diff(history::DiffArgs),
    /// Roll a connection back to an earlier version
    Rollback(history::RollbackArgs),
    /// Restore a connection from the trash
    Restore(trash::RestoreConnection),
    /// Delete connections in the trash permanently
    Purge(trash::PurgeConnection),
    /// Delete connections: move them to the trash, or permanently on an Umbraco site
    #[command(
        alias = "rm",
        after_help = "Example:\n  umai connections delete openai-test --yes"
    )]
    Delete {
        /// Connections to delete
        #[arg(value_name = "ID_OR_ALIAS", required = true)]
        connections: Vec<IdOrAlias>,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRunArg,
    },
    /// Export connections without their secrets, to store, compare and apply
    #[command(
        after_help = "Examples:\n  umai connections export --output-file connections.json\n  umai connections export openai-production > one.json\n  umai connections export --format uda --output-folder umbraco/Deploy/Revision\n\nReferences such as $OpenAI:ApiKey are kept. Each secret becomes an empty string and is listed in \"blank\". Umbraco Deploy (uda) replaces all settings on its target, so nothing is exported if a secret is not a reference."
    )]
    Export(export::ExportConnections),
    /// Create the connections of an export, or of Umbraco Deploy artifacts
    Import(import::ImportArgs),
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
        #[arg(
            long,
            value_name = "CAPABILITY",
            ignore_case = true,
            value_parser = PossibleValuesParser::new(Capability::ALL.map(Capability::as_str))
                .try_map(|word| Capability::from_name(&word).ok_or("unknown capability"))
        )]
        capability: Option<Capability>,
    },
}

impl ConnectionsCommand {
    /// Returns true if the command changes something, which a dry run does not.
    pub fn is_write(&self) -> bool {
        match self {
            Self::List(_)
            | Self::Get { .. }
            | Self::History(_)
            | Self::Diff(_)
            | Self::Test { .. }
            | Self::Models { .. }
            | Self::Export(_) => false,
            Self::Create(create) => create.mode() == Mode::Commit,
            Self::Edit(edit) => !edit.dry_run.dry_run,
            Self::Update(update) => !update.dry_run.dry_run,
            Self::Duplicate(duplicate) => !duplicate.dry_run.dry_run,
            Self::Rollback(rollback) => !rollback.dry_run.dry_run,
            Self::Restore(restore) => !restore.dry_run.dry_run,
            Self::Purge(purge) => !purge.dry_run.dry_run,
            Self::Activate { dry, .. }
            | Self::Deactivate { dry, .. }
            | Self::Delete { dry, .. } => !dry.dry_run,
            Self::Import(import) => !import.dry_run,
            Self::Apply(apply) => !apply.dry_run,
        }
    }

    /// Returns true if the command adds connections to a store that may not exist yet. Others need existing ones.
    pub const fn adds(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Import(_) | Self::Apply(_))
    }
}

/// Runs a subcommand.
pub fn run(
    command: ConnectionsCommand,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    match command {
        ConnectionsCommand::List(list) => list.run(context, output),
        ConnectionsCommand::Get { connection } => get::run(&connection, context, output),
        ConnectionsCommand::Create(given) if given.is_from_json() => {
            create(&given, context, output)
        }
        ConnectionsCommand::Create(given) => {
            let created = create(&given, context, output).map_err(Failure::in_options);
            created.map_err(|failure| {
                let hint = given.hint(&failure);
                failure.with_hint(hint)
            })
        }
        ConnectionsCommand::Update(update) => update.run(context, output),
        ConnectionsCommand::Edit(edit) => edit.run(context, output),
        ConnectionsCommand::Duplicate(duplicate) => duplicate.run(context, output),
        ConnectionsCommand::History(history) => history.run(context, output),
        ConnectionsCommand::Diff(diff) => diff.run(context, output),
        ConnectionsCommand::Rollback(rollback) => rollback.run(context, output),
        ConnectionsCommand::Restore(restore) => restore.run(context, output),
        ConnectionsCommand::Export(export) => export.run(context, output),
        ConnectionsCommand::Import(import) => import.run(context, output),
        ConnectionsCommand::Apply(apply) => apply.run(context, output),
        ConnectionsCommand::Purge(purge) => purge.run(context, output),
        ConnectionsCommand::Activate { connections, dry } => {
            activate::run(&connections, true, dry, context, output)
        }
        ConnectionsCommand::Deactivate { connections, dry } => {
            activate::run(&connections, false, dry, context, output)
        }
        ConnectionsCommand::Delete {
            connections,
            yes,
            dry,
        } => delete::run(&connections, yes, dry.mode(), context, output),
        ConnectionsCommand::Test { connections } => test::run(&connections, context, output),
        ConnectionsCommand::Models {
            connection,
            capability,
        } => models::run(&connection, capability, context, output),
    }
}

fn create(
    given: &create::Create,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    if let Some(source) = given.source()? {
        return with_service(context, output, async |service, output| {
            bulk_create::run(service, source, given.mode(), output).await
        });
    }
    let catalog = open_service::catalog(context)?;
    let env_settings = match given.from_env() {
        None => None,
        Some(selection) => {
            // Only variables of providers known here are read; a server could name any variable.
            let variables = from_env::provider_variables(&context.catalog);
            if selection.is_dry_run {
                return selection.list(&variables, &catalog, output);
            }
            Some(selection.read(&variables, &catalog, output)?)
        }
    };
    let draft = given.draft(&catalog, env_settings, output)?;
    with_service(context, output, async |service, output| {
        let command = Command::create(draft);
        let Some(outcome) = dry_run::run(&**service, command, given.mode(), output).await? else {
            return Ok(());
        };
        let connection = outcome.connection()?;
        match output.audience() {
            Audience::Program => output.value(&connection)?,
            Audience::Person => format::created(&connection, output)?,
        }
        given.note_defaults(&connection, &catalog, output);
        Ok(())
    })
}

/// Runs commands, and writes the outcome of each. A refusal does not stop the others, and the first refusal decides the exit code.
async fn run_each(
    commands: impl ExactSizeIterator<Item = Command>,
    service: &dyn ConnectionService,
    mode: Mode,
    output: &mut Output,
    write: impl Fn(Outcome, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let is_one = commands.len() == 1;
    let mut first = None;
    for command in commands {
        let ran = if is_one {
            dry_run::run(service, command, mode, output).await
        } else {
            dry_run::run_one_of_many(service, command, mode, output).await
        };
        match ran.and_then(|outcome| outcome.map_or(Ok(()), |outcome| write(outcome, output))) {
            Ok(()) => {}
            Err(Failure::Connection(error)) if error.fails_next_request() => {
                return Err(error.into());
            }
            Err(failure @ Failure::Connection(_)) if first.is_none() => first = Some(failure),
            Err(failure @ Failure::Connection(_)) => output.failure(&failure),
            Err(failure) => return Err(failure),
        }
    }
    first.map_or(Ok(()), Err)
}
