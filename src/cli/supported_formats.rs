//! Output formats of the commands.

use super::output::OutputFormat;
use super::{CliCommand, backup, connections, providers, targets, token};

/// Returns the error for a format that the command does not support; none if it does.
pub fn unsupported(command: Option<&CliCommand>, shape: OutputFormat) -> Option<String> {
    let word = match shape {
        OutputFormat::Table | OutputFormat::Json => return None,
        OutputFormat::Yaml => "yaml",
        OutputFormat::Csv => "csv",
        OutputFormat::Env => "env",
    };
    let Some(command) = command else {
        return Some(format!(
            "--output {word} needs a command, for example umai connections list"
        ));
    };
    let able = able(command);
    match shape {
        _ if !able.is_data => Some(format!(
            "This command does not support --output {word}; it prints text"
        )),
        OutputFormat::Csv if !able.is_list => Some(format!(
            "--output {word} is for lists; this command supports table, json and yaml"
        )),
        OutputFormat::Env if !able.is_one => Some(format!(
            "--output {word} is for umai connections get; this command supports table, json{} and yaml",
            if able.is_list { ", csv" } else { "" }
        )),
        _ => None,
    }
}

/// Kinds of output of a command.
#[derive(Clone, Copy)]
struct SupportedFormats {
    /// JSON and YAML.
    is_data: bool,
    /// CSV.
    is_list: bool,
    /// Environment variables.
    is_one: bool,
}

const TEXT: SupportedFormats = SupportedFormats {
    is_data: false,
    is_list: false,
    is_one: false,
};
const DATA: SupportedFormats = SupportedFormats {
    is_data: true,
    ..TEXT
};
const LIST: SupportedFormats = SupportedFormats {
    is_list: true,
    ..DATA
};
const ONE: SupportedFormats = SupportedFormats {
    is_list: true,
    is_one: true,
    ..DATA
};

fn able(command: &CliCommand) -> SupportedFormats {
    match command {
        CliCommand::Connections(verb) => connections(verb),
        CliCommand::Providers(
            providers::ProvidersCommand::List | providers::ProvidersCommand::Check { .. },
        )
        | CliCommand::Token(token::TokenCommand::List)
        | CliCommand::Backup(backup::BackupCommand::List)
        | CliCommand::Targets(targets::TargetsArgs {
            command: None | Some(targets::TargetsCommand::List | targets::TargetsCommand::Diff(_)),
        }) => LIST,
        CliCommand::Serve(_)
        | CliCommand::Completions(_)
        | CliCommand::Man(_)
        | CliCommand::Run(_)
        | CliCommand::Options
        | CliCommand::Help(_) => TEXT,
        _ => DATA,
    }
}

fn connections(verb: &connections::ConnectionsCommand) -> SupportedFormats {
    use connections::ConnectionsCommand;
    match verb {
        ConnectionsCommand::Get { .. } => ONE,
        ConnectionsCommand::List(_)
        | ConnectionsCommand::History(_)
        | ConnectionsCommand::Diff(_)
        | ConnectionsCommand::Models { .. } => LIST,
        _ => DATA,
    }
}
