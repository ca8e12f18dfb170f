//! Output formats of the commands.

use super::output::Shape;
use super::{Command, backup, connections, providers, token};

/// Returns the error for a format that the command does not support; none if it does.
pub fn refused(command: Option<&Command>, shape: Shape) -> Option<String> {
    let word = match shape {
        Shape::Table | Shape::Json => return None,
        Shape::Yaml => "yaml",
        Shape::Csv => "csv",
        Shape::Env => "env",
    };
    let Some(command) = command else {
        return Some(format!(
            "--output {word} needs a command, for example umai connections list"
        ));
    };
    let able = able(command);
    match shape {
        Shape::Yaml if !able.is_data => Some(format!(
            "This command does not support --output {word}; it prints text"
        )),
        Shape::Csv if !able.is_list => Some(format!(
            "--output {word} is for lists; this command supports table, json and yaml"
        )),
        Shape::Env if !able.is_one => Some(format!(
            "--output {word} is for umai connections get; this command supports table, json{} and yaml",
            if able.is_list { ", csv" } else { "" }
        )),
        Shape::Table | Shape::Json | Shape::Yaml | Shape::Csv | Shape::Env => None,
    }
}

/// Kinds of output of a command.
#[derive(Clone, Copy)]
struct Able {
    is_data: bool,
    is_list: bool,
    is_one: bool,
}

const TEXT: Able = Able {
    is_data: false,
    is_list: false,
    is_one: false,
};
const DATA: Able = Able {
    is_data: true,
    ..TEXT
};
const LIST: Able = Able {
    is_list: true,
    ..DATA
};
const ONE: Able = Able {
    is_list: true,
    is_one: true,
    ..DATA
};

fn able(command: &Command) -> Able {
    match command {
        Command::Connections(verb) => of_connections(verb),
        Command::Providers(providers::Verb::List | providers::Verb::Check { .. })
        | Command::Token(token::Verb::List)
        | Command::Backup(backup::Verb::List)
        | Command::Targets => LIST,
        Command::Providers(providers::Verb::Get { .. })
        | Command::Token(_)
        | Command::Backup(_)
        | Command::Key(_)
        | Command::Doctor => DATA,
        Command::Serve(_) | Command::Completions(_) | Command::Man(_) => TEXT,
    }
}

fn of_connections(verb: &connections::Verb) -> Able {
    use connections::Verb;
    match verb {
        Verb::Get { .. } => ONE,
        Verb::List(_) | Verb::History(_) | Verb::Diff(_) | Verb::Models { .. } => LIST,
        Verb::Create(_)
        | Verb::Update(_)
        | Verb::Duplicate(_)
        | Verb::Restore(_)
        | Verb::Activate { .. }
        | Verb::Deactivate { .. }
        | Verb::Rollback(_)
        | Verb::Purge(_)
        | Verb::Delete { .. }
        | Verb::Export(_)
        | Verb::Import(_)
        | Verb::Apply(_)
        | Verb::Test { .. } => DATA,
    }
}
