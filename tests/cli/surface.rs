//! Names that scripts and settings of users rely on: commands, options, exit codes, keymap names.

use std::fmt::Write;

use clap::{Arg, Command};
use umai::cli::exit::Exit;
use umai::tui::action::{ACTIONS, KeyContext};

fn describe(argument: &Arg) -> String {
    let mut line = match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => format!("<{}>", argument.get_value_names().unwrap()[0]),
    };
    if let Some(short) = argument.get_short() {
        write!(line, ", -{short}").unwrap();
    }
    for alias in argument.get_all_aliases().unwrap_or_default() {
        write!(line, ", alias --{alias}").unwrap();
    }
    if argument.get_action().takes_values() && argument.get_long().is_some() {
        let names = argument.get_value_names().unwrap_or_default();
        write!(line, " <{}>", names.join("> <")).unwrap();
    }
    let values = argument.get_possible_values();
    if argument.get_action().takes_values() && !values.is_empty() {
        let values: Vec<_> = values
            .iter()
            .map(clap::builder::PossibleValue::get_name)
            .collect();
        write!(line, " = {}", values.join(" | ")).unwrap();
    }
    if let Some(variable) = argument.get_env() {
        write!(line, " [{}]", variable.to_string_lossy()).unwrap();
    }
    line
}

fn list(command: &Command, path: &str, surface: &mut String) {
    writeln!(surface, "{path}").unwrap();
    for alias in command.get_all_aliases() {
        writeln!(surface, "  alias {alias}").unwrap();
    }
    let mut arguments: Vec<_> = command.get_arguments().map(describe).collect();
    arguments.sort();
    for argument in arguments {
        writeln!(surface, "  {argument}").unwrap();
    }
    for command in command.get_subcommands() {
        list(command, &format!("{path} {}", command.get_name()), surface);
    }
}

#[test]
fn cli_surface() {
    let mut surface = String::new();
    list(&umai::cli::args::command(), "umai", &mut surface);
    insta::assert_snapshot!(surface);
}

#[test]
fn exit_codes_are_stable() {
    let codes = [
        (Exit::Success, 0),
        (Exit::Other, 1),
        (Exit::Usage, 2),
        (Exit::NotFound, 3),
        (Exit::Invalid, 4),
        (Exit::Conflict, 5),
        (Exit::Store, 6),
        (Exit::Server, 7),
        (Exit::TestFailed, 8),
        (Exit::CannotExecute, 126),
        (Exit::CommandNotFound, 127),
        (Exit::HungUp, 129),
        (Exit::Interrupted, 130),
        (Exit::Terminated, 143),
    ];
    for (exit, code) in codes {
        assert_eq!(exit as u8, code, "{exit:?}");
    }
}

/// Names in `keymap.toml`, which are also the commands of plain mode.
#[test]
fn keymap_names() {
    let mut names = String::new();
    for context in KeyContext::ALL {
        writeln!(names, "[{}]", context.id()).unwrap();
        for entry in ACTIONS
            .iter()
            .filter(|entry| entry.contexts.contains(&context))
        {
            writeln!(names, "{}", entry.id).unwrap();
        }
    }
    insta::assert_snapshot!(names);
}
