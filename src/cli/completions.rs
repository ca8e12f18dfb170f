//! `umai completions`: prints the script that completes commands, options and values in a shell.

mod aliases;
mod values;

use clap::{Args as ClapArgs, Command, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::Shells;

use super::Args;
use super::exit::Failure;
use super::output::Output;

/// Environment variable that the shell script sets to request completions.
const COMPLETION_VARIABLE: &str = "UMAI_COMPLETE";

/// Arguments of `umai completions`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  umai completions bash > ~/.local/share/bash-completion/completions/umai\n  umai completions zsh > \"${fpath[1]}/_umai\"\n  umai completions fish > ~/.config/fish/completions/umai.fish"
)]
pub struct Completions {
    /// Shell
    #[arg(value_enum)]
    shell: CompletionShell,
}

/// Supported shells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "names of shells")]
pub enum CompletionShell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl CompletionShell {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        }
    }
}

impl Completions {
    /// Writes the script.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut script = Vec::new();
        if let Some(shell) = Shells::builtins().completer(self.shell.as_str()) {
            shell
                .write_registration(COMPLETION_VARIABLE, "umai", "umai", "umai", &mut script)
                .map_err(Failure::Output)?;
        }
        output.text(&String::from_utf8_lossy(&script))
    }
}

/// Answers a completion request of a shell; returns false if there is none.
pub fn complete() -> bool {
    let folder = std::env::current_dir().ok();
    // Errors are not printed: they would appear in the line that is being edited.
    CompleteEnv::with_factory(|| with_values(Args::command()))
        .var(COMPLETION_VARIABLE)
        .try_complete(std::env::args_os(), folder.as_deref())
        .unwrap_or(true)
}

/// Adds the completion of aliases, providers, targets and setting keys.
fn with_values(command: Command) -> Command {
    command
        .mut_args(|argument| {
            let names = argument.get_value_names().unwrap_or_default();
            let name = names.first().map_or("", |name| name.as_str()).to_owned();
            let completer = match (argument.get_id().as_str(), name.as_str()) {
                ("provider" | "id", "ID") => ArgValueCompleter::new(values::providers),
                ("target", _) | (_, "A" | "B") => ArgValueCompleter::new(values::targets),
                (_, "FROM" | "TO") => ArgValueCompleter::new(values::places),
                (_, "ID_OR_ALIAS") => ArgValueCompleter::new(aliases::aliases),
                (_, "KEY") => ArgValueCompleter::new(values::keys),
                (_, "KEY=VALUE" | "KEY=PATH") => ArgValueCompleter::new(values::assigned_keys),
                _ => return argument,
            };
            argument.add(completer)
        })
        .mut_subcommands(with_values)
}
