//! `umai run`: starts a command with the settings of a connection in its environment.
//!
//! Secrets are passed in the environment of the new program only, which replaces this process: nothing is written or printed, and
//! no argument contains a secret.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;

use chrono::Utc;
use clap::Args;

use super::exit::{Exit, Failure};
use super::open_service::{self, CliContext};
use super::output::Output;
use super::passphrase;
use super::process_limits::ProcessLimits;
use super::signals::StopSignals;
use crate::connection::{ConnectionError, ConnectionItem, IdOrAlias};
use crate::provider::Provider;
use crate::provider::probe::ResolvedSettings;
use crate::service::CoreService;

/// Arguments of `umai run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai run openai-prod -- python app.py
  umai run openai-prod --set OpenAI__ApiKey=apiKey -- dotnet run
  umai run bedrock --set AWS_REGION=region --set TOKEN=apiKey -- ./deploy.sh

The provider names the variables, such as OPENAI_API_KEY; see umai providers get. With --set, only the variables named there are \
set. References are resolved. The command can read the secrets and replaces umai, so its exit code is the result. To forbid it on \
this machine, write allow-run = false in config.toml.")]
pub struct Run {
    /// Connection in a store of umai
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Set this variable to the value of a setting; may be repeated
    #[arg(long, value_name = "NAME=KEY")]
    set: Vec<Variable>,
    /// Use the connection although it is inactive
    #[arg(long)]
    inactive: bool,
    /// Command and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

/// `NAME=KEY` of `--set`.
#[derive(Debug, Clone)]
struct Variable {
    name: String,
    key: String,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, key)) if is_name(name) && !key.trim().is_empty() => Ok(Self {
                name: name.to_owned(),
                key: key.trim().to_owned(),
            }),
            _ => Err("write it as NAME=KEY, for example OpenAI__ApiKey=apiKey".into()),
        }
    }
}

/// Returns true for a name of an environment variable that every shell accepts.
fn is_name(name: &str) -> bool {
    let is_letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    name.starts_with(is_letter)
        && name
            .chars()
            .all(|character| is_letter(character) || character.is_ascii_digit())
}

impl Run {
    /// Replaces this process by the command; returns only if that fails.
    pub fn run(
        &self,
        context: &CliContext,
        limits: &ProcessLimits,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if let Some(reason) = &context.file.run_forbidden {
            return Err(Failure::Usage(format!(
                "umai run is forbidden on this machine: {reason}"
            )));
        }
        if context.server.is_some() {
            return Err(Failure::Usage(
                "umai run works on a store that umai opens itself, not through a server or on a site".into(),
            ));
        }
        context.print_problems(output);
        if let Some(notice) = passphrase::unlock(context)? {
            output.note(&notice);
        }
        let (item, settings) = self.resolve(context, output)?;
        if !item.is_active && !self.inactive {
            return Err(Failure::Usage(format!(
                "Connection '{}' is inactive. Activate it, or add --inactive",
                item.alias
            )));
        }
        let Some(provider) = context.catalog.get(&item.provider_id) else {
            return Err(Failure::NoProvider(item.provider_id));
        };
        let variables = self.variables(provider, &settings)?;
        output.flush()?;
        let Some((program, arguments)) = self.command.split_first() else {
            return Ok(());
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(variables);
        limits.restore()?;
        let error = command.exec();
        let shown = program.to_string_lossy();
        Err(match error.kind() {
            ErrorKind::NotFound => Failure::Program(
                format!("Command '{shown}' not found"),
                Exit::CommandNotFound,
            ),
            _ => Failure::Program(
                format!("Cannot start '{shown}': {error}"),
                Exit::CannotExecute,
            ),
        })
    }

    /// Reads the connection and closes the store, so that it is not held while the command runs.
    fn resolve(
        &self,
        context: &CliContext,
        output: &Output,
    ) -> Result<(ConnectionItem, ResolvedSettings), Failure> {
        let runtime = open_service::runtime(open_service::WORKERS)?;
        let found = runtime.block_on(async {
            let mut signals = StopSignals::listen()?;
            let store = context.store();
            let reading = async {
                let opened = context.open_store(&store).await?;
                if !context.is_local() {
                    for notice in opened.notices() {
                        output.note(&notice);
                    }
                }
                let service = CoreService::new(
                    opened,
                    Arc::clone(&context.catalog),
                    context.appsettings.clone(),
                    Arc::new(Utc::now),
                );
                service.resolved(&self.connection).await
            };
            let found = tokio::select! {
                found = reading => found.map_err(failure),
                exit = signals.next() => Err(Failure::Signal(exit)),
            };
            let closed = store.close().await;
            let found = found?;
            closed?;
            Ok(found)
        });
        runtime.shutdown_background();
        found
    }

    /// Returns the variables with their values.
    fn variables<'s>(
        &'s self,
        provider: &'s Provider,
        settings: &'s ResolvedSettings,
    ) -> Result<Vec<(&'s str, &'s str)>, Failure> {
        if self.set.is_empty() {
            return of_provider(provider, settings);
        }
        let mut variables = Vec::new();
        for Variable { name, key } in &self.set {
            let Some(field) = provider.field_in_any_case(key) else {
                let known = provider.settings.iter().map(|field| field.key.as_str());
                return Err(Failure::Usage(format!(
                    "--set {name}: {} has no setting '{key}'; settings: {}",
                    provider.name,
                    known.collect::<Vec<_>>().join(", ")
                )));
            };
            let Some(value) = settings.get(&field.key) else {
                return Err(Failure::NoSecret(format!(
                    "--set {name}: the connection has no value for {}",
                    field.key
                )));
            };
            variables.push((name.as_str(), value));
        }
        Ok(variables)
    }
}

/// Returns the variables that the provider file names, for each setting with a value.
fn of_provider<'s>(
    provider: &'s Provider,
    settings: &'s ResolvedSettings,
) -> Result<Vec<(&'s str, &'s str)>, Failure> {
    let fields = provider.settings.iter();
    let variables: Vec<_> = fields
        .filter_map(|field| Some((field, settings.get(&field.key)?)))
        .flat_map(|(field, value)| {
            field
                .variables
                .iter()
                .map(move |name| (name.as_str(), value))
        })
        .collect();
    if variables.is_empty() {
        return Err(Failure::Usage(format!(
            "{} names no variables for these settings; map them: --set NAME=KEY",
            provider.name
        )));
    }
    Ok(variables)
}

/// Returns the failure with the advice of a report: settings that cannot be used are not a failed test.
fn failure(error: ConnectionError) -> Failure {
    match error {
        ConnectionError::Provider(report) => {
            let reason = report.error_message.unwrap_or_default();
            let advice = report.advice.map(|advice| format!(". {advice}"));
            Failure::NoSecret(format!("{reason}{}", advice.unwrap_or_default()))
        }
        error => error.into(),
    }
}
