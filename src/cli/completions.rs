//! `umai completions`: the script that lets a shell complete commands, options and aliases.

mod live;

use clap::{Args as ClapArgs, Command, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::Shells;

use super::Args;
use super::exit::Failure;
use super::output::Output;

/// The variable by which the script asks the program itself; every shell sets it for one call.
const ASKED: &str = "UMAI_COMPLETE";

/// Which shell's script is wanted.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  umai completions bash > ~/.local/share/bash-completion/completions/umai\n  umai completions zsh > \"${fpath[1]}/_umai\"\n  umai completions fish > ~/.config/fish/completions/umai.fish"
)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The shells a script can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "they are names")]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    const fn word(self) -> &'static str {
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
        if let Some(shell) = Shells::builtins().completer(self.shell.word()) {
            shell
                .write_registration(ASKED, "umai", "umai", "umai", &mut script)
                .map_err(Failure::Output)?;
        }
        output.text(&String::from_utf8_lossy(&script))
    }
}

/// Answers a shell that asks what could be written next; false when none asks.
pub fn answer() -> bool {
    let folder = std::env::current_dir().ok();
    // What cannot be completed is told to nobody: it would stand in the middle of a line being typed.
    CompleteEnv::with_factory(|| with_aliases(Args::command()))
        .var(ASKED)
        .try_complete(std::env::args_os(), folder.as_deref())
        .unwrap_or(true)
}

/// The same command line, which knows the connections wherever one can be named.
fn with_aliases(command: Command) -> Command {
    command
        .mut_args(|argument| {
            let names = argument.get_value_names().unwrap_or_default();
            if names.iter().any(|name| name == "ID_OR_ALIAS") {
                argument.add(ArgValueCompleter::new(live::aliases))
            } else {
                argument
            }
        })
        .mut_subcommands(with_aliases)
}
