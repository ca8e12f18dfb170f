//! Layout of the help texts, and `umai help` and `umai options`.
//!
//! Examples stand directly after the usage, and the global options only in `umai options`, so that `-h` fits on a screen.

use std::ffi::OsString;

use clap::{Arg, Args, Command, CommandFactory};

use super::args;
use super::globals::{APP, GLOBAL};

/// Parts of the help of umai; `after-help` holds the examples.
const PROGRAM: &str = "{about-with-newline}\n{usage-heading} {usage}{after-help}\n\n{all-args}";

/// Parts of the help of a command.
const COMMAND: &str = "{about-with-newline}\n{usage-heading} {usage}{after-help}\n\n{all-args}\n\nGlobal options: umai options";

/// Parts of the help of a command with subcommands and without options.
const GROUP: &str = "{about-with-newline}\n{usage-heading} {usage}{after-help}\n\nCommands:\n{subcommands}\n\nGlobal options: umai options";

/// Examples in the help of a command with subcommands.
const GROUP_EXAMPLES: usize = 2;

/// Arguments of `umai help`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umai help connections create\n  umai help run")]
pub struct Help {
    /// Command to describe [default: umai itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

impl Help {
    /// Returns the arguments that print the long help of the command.
    pub fn arguments(&self) -> Vec<OsString> {
        let words = self.command.iter().map(OsString::from);
        words.chain([OsString::from("--help")]).collect()
    }
}

/// Returns the command with this layout of its help texts and those of its subcommands.
pub fn with_layout(command: Command) -> Command {
    let hide = |argument: Arg| {
        let is_hidden = is_described_elsewhere(&argument);
        argument.hide(is_hidden)
    };
    with_template(command.mut_args(hide)).help_template(PROGRAM)
}

fn with_template(command: Command) -> Command {
    let command = command
        .help_template(COMMAND)
        .disable_help_subcommand(true)
        .mut_subcommands(with_template);
    if command.get_after_help().is_some() {
        return command;
    }
    let examples: Vec<_> = command.get_subcommands().filter_map(example).collect();
    if examples.is_empty() {
        return command;
    }
    let examples = examples.into_iter().take(GROUP_EXAMPLES);
    let examples: Vec<_> = examples.map(|line| format!("\n{line}")).collect();
    let command = command.after_help(format!("Examples:{}", examples.concat()));
    let has_options = command
        .get_arguments()
        .any(|argument| !is_described_elsewhere(argument));
    command.help_template(if has_options { COMMAND } else { GROUP })
}

/// Returns the first line of the examples of a command.
fn example(command: &Command) -> Option<String> {
    let examples = command.get_after_help()?.to_string();
    let mut lines = examples.lines();
    lines
        .find(|line| line.starts_with("  umai "))
        .map(str::to_owned)
}

fn is_described_elsewhere(argument: &Arg) -> bool {
    matches!(argument.get_help_heading(), Some(GLOBAL | APP))
}

/// Returns the text of `umai options`.
pub fn options() -> String {
    let program = super::Args::command();
    let options = program
        .get_arguments()
        .filter(|one| is_described_elsewhere(one));
    let mut page = Command::new("umai options")
        .disable_help_flag(true)
        .max_term_width(args::MAX_WIDTH)
        .help_template(
            "These options work with every command, before or after its name.\n\n{all-args}\n",
        )
        .args(options);
    page.render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that `-h` may have at most, so that it fits on a screen.
    const MAX_LINES: usize = 30;

    fn check(command: &mut Command, path: &str, too_long: &mut Vec<String>) {
        let help = command.render_help().to_string();
        let lines = help.trim_end().lines().count();
        if lines > MAX_LINES {
            too_long.push(format!("{path}: {lines}"));
        }
        let names: Vec<String> = command
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .collect();
        for name in names {
            if let Some(command) = command.find_subcommand_mut(&name) {
                check(command, &format!("{path} {name}"), too_long);
            }
        }
    }

    #[test]
    fn short_help_of_every_command_fits_on_a_screen() {
        let mut program = args::command();
        program.build();
        let mut too_long = Vec::new();
        check(&mut program, "umai", &mut too_long);
        assert_eq!(too_long, Vec::<String>::new());
    }

    #[test]
    fn help_of_every_group_has_examples() {
        let mut program = args::command();
        program.build();
        let groups = program
            .get_subcommands()
            .filter(|command| command.has_subcommands());
        let groups: Vec<String> = groups.map(|group| group.get_name().to_owned()).collect();
        assert!(groups.len() > 4, "{groups:?}");
        for name in groups {
            let group = program.find_subcommand_mut(&name).unwrap();
            let text = group.render_help().to_string();
            assert!(text.contains("Examples:\n  umai "), "{name}: {text}");
        }
    }

    #[test]
    fn examples_follow_the_usage_and_global_options_have_a_page() {
        let mut program = args::command();
        program.build();
        let group = program.find_subcommand_mut("connections").unwrap();
        let create = group.find_subcommand_mut("create").unwrap();
        let text = create.render_long_help().to_string();
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
        assert!(at("Usage:") < at("Examples:") && at("Examples:") < at("Options:"));
        assert!(!text.contains("--key-file"), "{text}");
        for option in ["--key-file", "--output", "-q", "--theme"] {
            assert!(options().contains(option), "{option}");
        }
    }
}
