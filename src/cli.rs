//! The command line: what can be said, and the composition root that carries it out.

pub mod app;
pub mod ask;
pub mod backup;
pub mod completions;
pub mod connections;
pub mod doctor;
pub mod drafts;
pub mod dry;
pub mod exit;
pub mod ground;
pub mod import;
pub mod key;
mod keyring;
pub mod man;
pub mod output;
pub mod parse;
pub mod plan;
pub mod progress;
pub mod passphrase;
pub mod providers;
pub mod secret;
pub mod serve;
pub mod server;
pub mod session;
pub mod shapes;
pub mod signals;
pub mod table;
pub mod target;
pub mod targets;
pub mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args as ClapArgs, Parser, Subcommand};

use exit::{Exit, Failure};
use output::{Format, Output, Shape};
use parse::Parsed;
use session::Ground;

use crate::config::Config;
use crate::config::file::ConfigFile;

/// What can be said.
#[derive(Debug, Parser)]
#[command(
    name = "umai",
    version,
    about = "A terminal backoffice for AI connections",
    long_about = "A terminal backoffice for AI connections.\n\nWithout a command it opens the app. The commands do the same from a script: \
        data goes to stdout, talk to stderr, and the exit code says how it ended.",
    after_long_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Args {
    /// Where things are and how to answer.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; nothing opens the app.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  umai
  umai connections list --filter prod
  umai connections create --name 'OpenAI Production' --provider openai --set 'apiKey=$OpenAI:ApiKey'
  pass show openai | umai connections create --name 'Team B' --provider openai --secret-stdin apiKey
  umai connections create --from-json request.json --json
  umai connections test openai-production
  umai providers get openai
  umai --server https://umai.example:44331 --token-file token connections list
  umai --target prod

Exit codes:
  0 done, 1 trouble outside umai, for example output that cannot be written,
  2 the command line is not right or nothing may be changed, 3 not found, 4 refused by validation,
  5 conflict (the alias is taken, or someone else saved meanwhile), 6 store or key trouble,
  7 the server cannot be reached or does not let us in, 8 the provider did not accept the connection,
  130 Ctrl-C, 143 asked to end by a signal, 129 the terminal is gone

No option takes a secret: every process can read arguments.";

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Globals {
    /// The folder where connections are kept [default: umai in XDG's data folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UMAI_DATA_DIR",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub data: Option<PathBuf>,
    /// The folder of the key and of your own providers [default: umai in XDG's config folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UMAI_CONFIG_DIR",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    /// The file with the key that seals secrets [default: umai.key in the config folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UMAI_KEY_FILE",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub key_file: Option<PathBuf>,
    /// The file with the passphrase of the key [default: asked for on a terminal]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UMAI_PASSPHRASE_FILE",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub passphrase_file: Option<PathBuf>,
    /// Another folder, where the backups of the store are copied to
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UMAI_BACKUP_FOLDER",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub backup_folder: Option<PathBuf>,
    /// The settings that $Section:Key refers to [default: appsettings.json in this folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub appsettings: Option<PathBuf>,
    /// User secrets of a .NET project.
    #[arg(
        long,
        global = true,
        value_name = "ID",
        help = "User secrets of the .NET project with this UserSecretsId, read over appsettings in Development only",
        help_heading = "Global options"
    )]
    pub user_secrets: Option<String>,
    /// Folder with one file per configuration key.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help = "Folder with one file per configuration key, named Section__Key, read over the environment",
        help_heading = "Global options"
    )]
    pub key_per_file: Option<PathBuf>,
    /// The place that config.toml has under this name [default: its 'target', or the connections of this machine]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "UMAI_TARGET",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub target: Option<String>,
    /// Change nothing, whatever is asked
    #[arg(long, global = true, help_heading = "Global options")]
    pub read_only: bool,
    /// The server to ask, as https://HOST:PORT [default: the connections of this machine]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "UMAI_SERVER",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub server: Option<String>,
    /// The file with the token for the server.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "The file with the token for the server [default: UMAI_TOKEN in the environment]",
        help_heading = "Global options"
    )]
    pub token_file: Option<PathBuf>,
    /// Certificates in PEM that the server is trusted by, besides the system's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub ca_file: Option<PathBuf>,
    /// The app's colours: dark, light, mono, colorblind, contrast, or one of your own [default: what fits the terminal]
    #[arg(
        long,
        value_name = "NAME",
        env = "UMAI_THEME",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub theme: Option<String>,
    /// Speak line by line, for a screen reader or a pipe; the way of a terminal with TERM=dumb
    #[arg(long, help_heading = "Global options")]
    pub plain: bool,
    /// Start the app as at the first time, not where it was left
    #[arg(long, help_heading = "Global options")]
    pub fresh: bool,
    /// Answer as the management API does, in JSON: --output json
    #[arg(
        long,
        global = true,
        conflicts_with = "output",
        help_heading = "Global options"
    )]
    pub json: bool,
    /// How to answer [default: table]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        help_heading = "Global options"
    )]
    pub output: Option<Shape>,
    /// Say nothing besides the answer but what went wrong
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Which of these were written on the command line.
    #[arg(skip)]
    pub written: server::Written,
}

impl Globals {
    /// How to answer.
    pub fn shape(&self) -> Shape {
        match self.output {
            Some(shape) => shape,
            None if self.json => Shape::Json,
            None => Shape::Table,
        }
    }
}

/// A noun.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List, read, create, switch, delete and test connections
    #[command(subcommand, visible_alias = "connection")]
    Connections(connections::Verb),
    /// List and read the providers a connection can be made for
    #[command(subcommand, visible_alias = "provider")]
    Providers(providers::Verb),
    /// Answer the management API over HTTPS
    Serve(serve::Serve),
    /// Make, list and revoke the tokens that let somebody ask the server
    #[command(subcommand, visible_alias = "tokens")]
    Token(token::Verb),
    /// Make, list and check backups of the store, and bring one back
    #[command(subcommand, visible_alias = "backups")]
    Backup(backup::Verb),
    /// Show and change the key that seals secrets
    #[command(subcommand)]
    Key(key::Verb),
    /// Write the script that lets a shell complete commands, options and aliases
    Completions(completions::Completions),
    /// Write the manual pages
    Man(man::Man),
    /// List the named places of config.toml
    Targets,
    /// Say what umai sees of terminal, files, key, store, providers, configuration and server, and what to do about it
    Doctor,
}

/// Runs the process's command line.
pub fn main() -> ExitCode {
    if completions::answer() {
        return Exit::Done.into();
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut output = Output::new(Format::of_arguments(&arguments));
    let ended = run(&arguments, &mut output).and_then(|()| output.flush());
    match ended {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            // What was written before belongs to whoever reads it; the failure is told either way.
            let _ = output.flush();
            output.failure(&failure);
            failure.exit().into()
        }
    }
}

fn run(arguments: &[OsString], output: &mut Output) -> Result<(), Failure> {
    keep_to_ourselves()?;
    let args = match parse::parse(arguments)? {
        Parsed::Args(args) => *args,
        Parsed::Text(text) => return output.text(&text),
    };
    let Args { globals, command } = args;
    output.answer_as(globals.shape(), globals.quiet);
    match command {
        None => app::open(&Ground::new(&globals)?, &globals, output.format()),
        Some(Command::Providers(verb)) => {
            let ground = if verb.is_about_files() {
                Ground::here(&globals, "umai providers check")?
            } else {
                Ground::new(&globals)?
            };
            providers::run(&verb, &ground, output)
        }
        Some(Command::Connections(verb)) => {
            let ground = Ground::new(&globals)?;
            ground.admit(verb.is_write())?;
            connections::run(verb, &ground, output)
        }
        Some(Command::Serve(serve)) => {
            serve::run(&serve, &Ground::here(&globals, "umai serve")?, output)
        }
        Some(Command::Token(verb)) => {
            let ground = Ground::here(&globals, "umai token")?;
            ground.admit(verb.is_write())?;
            token::run(&verb, &ground, output)
        }
        Some(Command::Targets) => {
            let folder = Config::folder(globals.config).map_err(Failure::Usage)?;
            targets::list(&ConfigFile::read(&folder), output)
        }
        Some(Command::Backup(verb)) => {
            let ground = Ground::here(&globals, "umai backup")?;
            ground.admit(verb.is_write())?;
            backup::run(verb, &ground, output)
        }
        Some(Command::Key(verb)) => {
            let ground = Ground::here(&globals, "umai key")?;
            ground.admit(verb.is_write())?;
            key::run(&verb, &ground, output)
        }
        Some(Command::Completions(completions)) => completions.run(output),
        Some(Command::Man(man)) => man.run(output),
        Some(Command::Doctor) => doctor::run(&globals, output),
    }
}

/// Files that only their owner reads, and no memory written to disk when something breaks.
fn keep_to_ourselves() -> Result<(), Failure> {
    use rustix::fs::Mode;
    use rustix::process::{Resource, Rlimit, setrlimit, umask};
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).context("Core dumps cannot be switched off")?;
    Ok(())
}
