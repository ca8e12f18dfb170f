//! `umai providers`: providers that connections can use.

mod validate;

use std::path::PathBuf;

use clap::Subcommand;

use super::exit::Failure;
use super::open_service::{self, CliContext};
use super::output::{Audience, Output};
use crate::provider::{
    Capability, DefaultValue, Provider, ProviderCatalog, SettingsField, ValueType,
};

/// Subcommands of `umai providers`.
#[derive(Debug, Subcommand)]
pub enum ProvidersCommand {
    /// List the providers by name
    #[command(alias = "ls")]
    List,
    /// Show a provider and the settings of its connections
    #[command(aliases = ["show", "describe"], after_help = "Example:\n  umai providers get openai")]
    Get {
        /// Provider ID, in any case
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Check provider files and report the first invalid line of each
    #[command(
        after_help = "Examples:\n  umai providers check\n  umai providers check my-gateway.toml\n\nExit code 4: a file is invalid."
    )]
    Check {
        /// Files [default: all in the directory 'providers' of the config directory]
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl ProvidersCommand {
    /// Returns true if the command only reads local files.
    pub const fn is_about_files(&self) -> bool {
        match self {
            Self::Check { .. } => true,
            Self::List | Self::Get { .. } => false,
        }
    }
}

/// Runs a subcommand.
pub fn run(
    command: &ProvidersCommand,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    if let ProvidersCommand::Check { files } = command {
        return validate::run(files, &context.config.providers(), output);
    }
    context.print_problems(output);
    print_provider(command, &*open_service::catalog(context)?, output)
}

/// Answers from the provider catalog.
fn print_provider(
    command: &ProvidersCommand,
    catalog: &ProviderCatalog,
    output: &mut Output,
) -> Result<(), Failure> {
    match command {
        ProvidersCommand::Check { .. } => Ok(()),
        ProvidersCommand::List => list(catalog, output),
        ProvidersCommand::Get { id } => {
            let provider = catalog
                .get(id)
                .ok_or_else(|| Failure::NoProvider(id.clone()))?;
            match output.audience() {
                Audience::Program => output.value(&provider.described()),
                Audience::Person => show(provider, output),
            }
        }
    }
}

fn list(catalog: &ProviderCatalog, output: &mut Output) -> Result<(), Failure> {
    match output.audience() {
        Audience::Program => output.value(
            &catalog
                .all()
                .iter()
                .map(Provider::listed)
                .collect::<Vec<_>>(),
        ),
        Audience::Person => {
            let rows: Vec<_> = catalog
                .all()
                .iter()
                .map(|provider| {
                    [
                        provider.id.clone(),
                        provider.name.clone(),
                        capability_names(&provider.capabilities),
                    ]
                })
                .collect();
            output.table(["ID", "NAME", "CAPABILITIES"], &rows)
        }
    }
}

fn show(provider: &Provider, output: &mut Output) -> Result<(), Failure> {
    output.line(&format!(
        "{} ({}): {}",
        provider.name,
        provider.id,
        capability_names(&provider.capabilities)
    ))?;
    if provider.settings.is_empty() {
        return output.line("Connections to this provider have no settings.");
    }
    let rows: Vec<_> = provider
        .settings
        .iter()
        .map(|field| {
            [
                field.key.clone(),
                field.label.clone(),
                facts(field),
                field.description.clone(),
            ]
        })
        .collect();
    output.text("\n")?;
    output.table(["SETTING", "LABEL", "VALUE", "DESCRIPTION"], &rows)
}

fn capability_names(capabilities: &[Capability]) -> String {
    capabilities
        .iter()
        .map(|capability| capability.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns the constraints of a setting in a few words.
fn facts(field: &SettingsField) -> String {
    let mut facts = Vec::new();
    if field.required {
        facts.push("required".to_owned());
    }
    if field.sensitive {
        facts.push("secret".to_owned());
    }
    match field.kind.value_type() {
        ValueType::Switch => facts.push("true or false".into()),
        ValueType::Number => facts.push("number".into()),
        ValueType::Text => {}
    }
    match &field.default {
        None => {}
        Some(DefaultValue::Switch(on)) => facts.push(format!("default {on}")),
        Some(DefaultValue::Text(text)) => facts.push(format!("default {text}")),
    }
    if !field.options.is_empty() {
        facts.push(format!("one of {}", field.options.join(" ")));
    }
    facts.join(", ")
}
