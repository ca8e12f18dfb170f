//! Parses the arguments. Error messages never repeat a value that could be a secret.
//!
//! clap's own messages repeat unknown arguments, and a key that is pasted in the wrong place is one.

use std::any::TypeId;
use std::error::Error as _;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::exit::Failure;
use super::remote_args::ExplicitOptions;
use super::{Args, help, secret_args, suggestions, supported_formats};
use crate::atomic_file;

/// Result of parsing.
pub enum ParseOutcome {
    /// Command to run.
    Args(Box<Args>),
    /// Text to print: help or version.
    Text(String),
}

/// Command whose last argument is a program with its arguments.
const RUN: &str = "umai run";
/// Option that confirms a command.
const YES: &str = "--yes";

/// Width of help texts, in columns.
pub const MAX_WIDTH: usize = 100;

/// Returns the clap command of umai. Every path, given as an option or in the environment, may begin with `~/`.
pub fn command() -> Command {
    help::with_layout(with_home(Args::command()))
}

fn with_home(command: Command) -> Command {
    let expand = |argument: Arg| {
        if argument.get_value_parser().type_id() == TypeId::of::<PathBuf>() {
            argument.value_parser(
                PathBufValueParser::new().try_map(|path| atomic_file::expand_home(&path)),
            )
        } else {
            argument
        }
    };
    command.mut_args(expand).mut_subcommands(with_home)
}

/// Parses the arguments of the process, without the program name.
pub fn parse(arguments: &[OsString]) -> Result<ParseOutcome, Failure> {
    if secret_args::is_among(arguments) {
        return Err(Failure::Usage(format!(
            "An argument looks like a secret: {}. If it is a path, prefix it with ./",
            secret_args::advice(None)
        )));
    }
    let program = std::iter::once(OsString::from("umai"));
    let matches = command().try_get_matches_from(program.chain(arguments.iter().cloned()));
    let args = matches.and_then(|matches| {
        let mut args = Args::from_arg_matches(&matches)?;
        args.globals.explicit = ExplicitOptions::from_matches(&matches);
        Ok(args)
    });
    match args {
        Ok(args) => {
            match supported_formats::unsupported(args.command.as_ref(), args.globals.format()) {
                Some(reason) => Err(Failure::Usage(reason)),
                None => Ok(ParseOutcome::Args(Box::new(args))),
            }
        }
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(ParseOutcome::Text(error.to_string()))
            }
            _ => Err(Failure::Usage(message(&error, arguments))),
        },
    }
}

/// Returns the error message, without any value that was given.
fn message(error: &Error, arguments: &[OsString]) -> String {
    let reason = match error.kind() {
        ErrorKind::UnknownArgument => unknown_argument(error, arguments),
        ErrorKind::InvalidSubcommand => unknown_command(error, &command_path(arguments)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => invalid_value(error),
        ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::NoEquals => match context(error, ContextKind::InvalidArg) {
            Some(option) => format!("wrong number of values for {option}"),
            None => "wrong number of values for an option".into(),
        },
        ErrorKind::InvalidUtf8 => "an argument is not valid UTF-8".into(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let help = without_globals(error.to_string().trim_end());
            return format!(
                "error: {} needs a command\n\n{help}",
                command_path(arguments)
            );
        }
        // These name options and commands, not values.
        _ => return without_globals(error.to_string().trim_end()),
    };
    format!("error: {reason}. See {} --help", command_path(arguments))
}

/// Returns the command that the arguments name, for example `umai connections list`.
fn command_path(arguments: &[OsString]) -> String {
    named_command(arguments).0
}

/// Same as [`command_path`], with the command.
fn named_command(arguments: &[OsString]) -> (String, Command) {
    let mut command = Args::command();
    let mut path = "umai".to_owned();
    // Parsing ends at the unknown option, and the command may follow it; help would be an error.
    let left_out = [YES, "-h", "--help"];
    let others = arguments
        .iter()
        .filter(|argument| left_out.iter().all(|option| argument != option));
    let parser = command.clone().no_binary_name(true).ignore_errors(true);
    let matches = parser.try_get_matches_from(others).ok();
    let mut named = matches.as_ref().and_then(ArgMatches::subcommand);
    while let Some((name, matches)) = named {
        path = format!("{path} {name}");
        let Some(subcommand) = command.find_subcommand(name) else {
            break;
        };
        command = subcommand.clone();
        named = matches.subcommand();
    }
    (path, command)
}

/// Removes the global options from a usage line, so that it names only what the command itself needs.
///
/// clap lists every option that has a value; one from the environment would look required.
fn without_globals(message: &str) -> String {
    let mut program = Args::command();
    program.build();
    let lines = message.lines().map(|line| {
        if !line.starts_with("Usage: ") {
            return line.to_owned();
        }
        program
            .get_arguments()
            .filter(|option| !option.is_positional())
            .fold(line.to_owned(), |line, option| {
                line.replace(&format!(" {option}"), "")
            })
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn unknown_command(error: &Error, path: &str) -> String {
    let word = context(error, ContextKind::InvalidSubcommand).filter(|word| is_safe(word));
    let Some(word) = word else {
        return "unknown command".into();
    };
    let mut meant = suggestions::commands(&word);
    if meant.is_empty() {
        let nearest = nearest(error, ContextKind::SuggestedSubcommand);
        meant.extend(nearest.map(|name| format!("{path} {name}")));
    }
    match meant.join(" or ") {
        commands if commands.is_empty() => format!("unknown command '{word}'"),
        commands => format!("unknown command '{word}' (did you mean {commands}?)"),
    }
}

fn unknown_argument(error: &Error, arguments: &[OsString]) -> String {
    let given = context(error, ContextKind::InvalidArg).unwrap_or_default();
    let name = given.split('=').next().unwrap_or_default();
    if !name.starts_with('-') {
        let is_file = !given.is_empty() && std::path::Path::new(&given).is_file();
        let (path, _) = named_command(arguments);
        return if path == RUN {
            "the program to start follows -- after the connection".into()
        } else if is_file {
            "unexpected argument, which is a file; the help of the command names the option for a file".into()
        } else {
            "unexpected argument; quote a value that contains spaces, or give it to an option"
                .into()
        };
    }
    if secret_args::is_secret_name(name) {
        return format!(
            "no option takes a secret, because {}",
            secret_args::advice(None)
        );
    }
    if name == YES {
        let (path, command) = named_command(arguments);
        let is_known = command.get_arguments().any(|one| one.get_id() == "yes");
        return if is_known {
            format!("--yes belongs to {path}: write it after the command")
        } else {
            format!("unknown option --yes: {path} asks for no confirmation; leave it out")
        };
    }
    if is_safe(name) {
        format!(
            "unknown option {name}{}",
            suggestion(error, ContextKind::SuggestedArg)
        )
    } else {
        "unknown option".into()
    }
}

fn invalid_value(error: &Error) -> String {
    let option = context(error, ContextKind::InvalidArg).unwrap_or_else(|| "an option".into());
    if context(error, ContextKind::InvalidValue).is_none_or(|value| value.is_empty()) {
        return format!("{option} needs a value");
    }
    let number = error
        .source()
        .and_then(|reason| reason.downcast_ref::<ParseIntError>());
    if let Some(reason) = number {
        let name = option.split(' ').next().unwrap_or_default();
        return match reason.kind() {
            IntErrorKind::PosOverflow => format!("the number for {name} is too large"),
            _ => format!("{name} takes a whole number, 0 or more"),
        };
    }
    match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(reason), _) => format!("invalid value for {option}: {reason}"),
        (None, Some(ContextValue::Strings(values))) => {
            format!(
                "invalid value for {option}; possible values: {}",
                values.join(", ")
            )
        }
        (None, _) => format!("invalid value for {option}"),
    }
}

/// Returns clap's best suggestion in parentheses, or an empty string.
fn suggestion(error: &Error, kind: ContextKind) -> String {
    nearest(error, kind).map_or_else(String::new, |word| format!(" (did you mean {word}?)"))
}

fn nearest(error: &Error, kind: ContextKind) -> Option<&String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word),
        Some(ContextValue::Strings(words)) => words.last(),
        _ => None,
    }
}

fn context(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    }
}

/// Returns true if a word is short and plain enough to repeat: a typing mistake, not a key.
fn is_safe(word: &str) -> bool {
    word.len() <= MAX_NAME_LENGTH
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        && !word.starts_with("sk-")
}

/// Longest name of an option or command, in bytes.
const MAX_NAME_LENGTH: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(command: &Command, found: &mut Vec<Arg>) {
        found.extend(command.get_arguments().cloned());
        for command in command.get_subcommands() {
            arguments(command, found);
        }
    }

    #[test]
    fn path_options_expand_the_home_directory() {
        let mut all = Vec::new();
        arguments(&Args::command(), &mut all);
        let named = |argument: &&Arg| {
            let names = argument.get_value_names().unwrap_or_default();
            names.iter().any(|name| name == "FILE" || name == "DIR")
        };
        let paths: Vec<&Arg> = all.iter().filter(named).collect();
        assert!(paths.len() > 15, "{}", paths.len());
        for path in paths {
            let type_id = path.get_value_parser().type_id();
            assert!(type_id == TypeId::of::<PathBuf>(), "{path}");
        }
        let matches = command().try_get_matches_from(["umai", "--data", "~/x", "man", "--to", "~"]);
        let matches = matches.unwrap();
        let data: &PathBuf = matches.get_one("data").unwrap();
        assert_eq!(*data, atomic_file::home().unwrap().join("x"));
        let (_, man) = matches.subcommand().unwrap();
        let to: &PathBuf = man.get_one("to").unwrap();
        assert_eq!(*to, atomic_file::home().unwrap().join(""));
    }
}
