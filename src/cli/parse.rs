//! Reads the arguments, and says what is wrong with them without repeating what could be a secret.
//!
//! Why: clap's own messages echo what they did not understand, and what people type in the wrong place is often a key.

use std::any::TypeId;
use std::error::Error as _;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::Args;
use super::exit::Failure;
use super::secret;
use super::server::Written;
use super::shapes;
use crate::disk;

/// What the arguments come to.
pub enum Parsed {
    /// A command.
    Args(Box<Args>),
    /// Text to print: help or version.
    Text(String),
}

/// The command line of umai. Every path in it, given as an option or in the environment, may begin with `~/`.
pub fn command() -> Command {
    with_home(Args::command())
}

fn with_home(command: Command) -> Command {
    let expand = |argument: Arg| {
        if argument.get_value_parser().type_id() == TypeId::of::<PathBuf>() {
            argument
                .value_parser(PathBufValueParser::new().try_map(|path| disk::expand_home(&path)))
        } else {
            argument
        }
    };
    command.mut_args(expand).mut_subcommands(with_home)
}

/// Reads the arguments of the process, without the program's name.
pub fn parse(arguments: &[OsString]) -> Result<Parsed, Failure> {
    if secret::is_among(arguments) {
        return Err(Failure::Usage(format!(
            "An argument looks like a secret: {}. If it is a path, write ./ before it",
            secret::way(None)
        )));
    }
    let program = std::iter::once(OsString::from("umai"));
    let matches = command().try_get_matches_from(program.chain(arguments.iter().cloned()));
    let args = matches.and_then(|matches| {
        let mut args = Args::from_arg_matches(&matches)?;
        args.globals.written = Written::of(&matches);
        Ok(args)
    });
    match args {
        Ok(args) => match shapes::refused(args.command.as_ref(), args.globals.shape()) {
            Some(why) => Err(Failure::Usage(why)),
            None => Ok(Parsed::Args(Box::new(args))),
        },
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Text(error.to_string()))
            }
            _ => Err(Failure::Usage(sentence(&error))),
        },
    }
}

/// What is wrong, without any value that was given.
fn sentence(error: &Error) -> String {
    let said = match error.kind() {
        ErrorKind::UnknownArgument => unknown_argument(error),
        ErrorKind::InvalidSubcommand => {
            match told(error, ContextKind::InvalidSubcommand).filter(|word| is_safe(word)) {
                Some(word) => format!(
                    "There is no command '{word}'{}",
                    suggestion(error, ContextKind::SuggestedSubcommand)
                ),
                None => "There is no such command".into(),
            }
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => invalid_value(error),
        ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::NoEquals => match told(error, ContextKind::InvalidArg) {
            Some(option) => format!("{option} is given the wrong number of values"),
            None => "An option is given the wrong number of values".into(),
        },
        ErrorKind::InvalidUtf8 => "An argument is not text in UTF-8".into(),
        // These name options and commands, and nothing that was given.
        _ => return without_globals(error.to_string().trim_start_matches("error: ").trim_end()),
    };
    let dot = if said.ends_with('?') { "" } else { "." };
    format!("{said}{dot} 'umai --help' and 'umai COMMAND --help' say how it goes")
}

/// The same with a usage line that names only what the command itself needs.
///
/// Why: clap names every option it has a value for, and one from the environment then looks as if it were required.
fn without_globals(said: &str) -> String {
    let mut program = Args::command();
    program.build();
    let lines = said.lines().map(|line| {
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

fn unknown_argument(error: &Error) -> String {
    let given = told(error, ContextKind::InvalidArg).unwrap_or_default();
    let name = given.split('=').next().unwrap_or_default();
    if !name.starts_with('-') {
        return "There is an argument too many; a value with spaces must be in quotes".into();
    }
    if secret::is_secret_name(name) {
        return format!("No option takes a secret, because {}", secret::way(None));
    }
    if is_safe(name) {
        format!(
            "There is no option {name}{}",
            suggestion(error, ContextKind::SuggestedArg)
        )
    } else {
        "There is no such option".into()
    }
}

fn invalid_value(error: &Error) -> String {
    let option = told(error, ContextKind::InvalidArg).unwrap_or_else(|| "An option".into());
    if told(error, ContextKind::InvalidValue).is_none_or(|value| value.is_empty()) {
        return format!("{option} needs a value");
    }
    let number = error
        .source()
        .and_then(|why| why.downcast_ref::<ParseIntError>());
    if let Some(why) = number {
        let name = option.split(' ').next().unwrap_or_default();
        return match why.kind() {
            IntErrorKind::PosOverflow => format!("{name} takes no number as large as this"),
            _ => format!("{name} takes a whole number from 0"),
        };
    }
    match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(why), _) => format!("{option} cannot take this value: {why}"),
        (None, Some(ContextValue::Strings(words))) => {
            format!("{option} takes one of {}", words.join(", "))
        }
        (None, _) => format!("{option} cannot take this value"),
    }
}

/// The nearest of what there is, when something is near.
fn suggestion(error: &Error, kind: ContextKind) -> String {
    let nearest = match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word),
        Some(ContextValue::Strings(words)) => words.last(),
        _ => None,
    };
    nearest.map_or_else(String::new, |word| format!("; did you mean {word}?"))
}

fn told(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    }
}

/// Whether a word is short and plain enough to be repeated: a slip of the finger, not a key.
fn is_safe(word: &str) -> bool {
    word.len() <= RUN_OF_LETTERS
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        && !word.starts_with("sk-")
}

/// No option or command is longer.
const RUN_OF_LETTERS: usize = 24;

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
    fn every_option_for_a_file_or_folder_expands_the_home_folder() {
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
        assert_eq!(*data, disk::home().unwrap().join("x"));
        let (_, man) = matches.subcommand().unwrap();
        let to: &PathBuf = man.get_one("to").unwrap();
        assert_eq!(*to, disk::home().unwrap().join(""));
    }
}
