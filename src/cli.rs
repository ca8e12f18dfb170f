//! Command line: arguments, and the composition root that runs the commands.

pub mod open_tui;
pub mod prompt;
pub mod backup;
pub mod completions;
pub mod connections;
pub mod doctor;
pub mod draft_location;
pub mod dry_run;
pub mod exit;
pub mod context;
pub mod bulk_create;
pub mod key;
mod keyring;
pub mod login;
pub mod logout;
pub mod man;
pub mod output;
pub mod args;
pub mod manifest_plan;
pub mod progress;
pub mod passphrase;
pub mod providers;
pub mod secret_args;
pub mod serve;
pub mod remote_args;
pub mod open_service;
pub mod supported_formats;
pub mod signals;
pub mod site_token_cache;
pub mod table;
pub mod target;
pub mod targets;
pub mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args as ClapArgs, Parser, Subcommand};

use args::ParseOutcome;
use exit::{Exit, Failure};
use open_service::CliContext;
use output::{Output, OutputFormat, OutputReader};

/// Arguments of the command line.
#[derive(Debug, Parser)]
#[command(
    name = "umai",
    version,
    about = "A terminal backoffice for AI connections",
    long_about = "A terminal backoffice for AI connections.\n\nWithout a command, umai opens the app. The commands do the same from a script: \
        data goes to stdout, messages go to stderr, and the exit code reports the result.",
    after_long_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Args {
    /// Global options.
    #[command(flatten)]
    pub globals: Globals,
    /// Command; without one, the app opens.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
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
  umai login https://www.example.com
  umai --target prod

Exit codes:
  0 success, 1 error outside umai, for example output that cannot be written,
  2 usage error, or a change in read-only mode, 3 not found, 4 rejected by validation,
  5 conflict (the alias or ID exists, or the connection changed elsewhere), 6 store or key error,
  7 server unreachable or access denied, 8 connection test failed,
  129 terminal closed, 130 Ctrl-C, 131 SIGQUIT, 143 terminated by a signal

No option takes a secret, because every process on this machine can read arguments.";

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Globals {
    /// Data directory, where connections are stored [default: umai in the XDG data directory]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UMAI_DATA_DIR",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub data: Option<PathBuf>,
    /// Config directory, with the key and your own providers [default: umai in the XDG config directory]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UMAI_CONFIG_DIR",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    /// File with the key that encrypts secrets [default: umai.key in the config directory]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UMAI_KEY_FILE",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub key_file: Option<PathBuf>,
    /// File with the passphrase of the key [default: prompt on a terminal]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UMAI_PASSPHRASE_FILE",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub passphrase_file: Option<PathBuf>,
    /// Second directory that backups of the store are copied to
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UMAI_BACKUP_FOLDER",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub backup_folder: Option<PathBuf>,
    /// File that $Section:Key references resolve against [default: appsettings.json in the working directory]
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
        help = "User secrets of the .NET project with this UserSecretsId; they override appsettings, in Development only",
        help_heading = "Global options"
    )]
    pub user_secrets: Option<String>,
    /// Directory with one file per configuration key.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help = "Directory with one file per configuration key, named Section__Key; overrides the environment",
        help_heading = "Global options"
    )]
    pub key_per_file: Option<PathBuf>,
    /// Named target from config.toml [default: its 'target', or the local store]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "UMAI_TARGET",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub target: Option<String>,
    /// Refuse every change
    #[arg(long, global = true, help_heading = "Global options")]
    pub read_only: bool,
    /// Server to use, as https://HOST:PORT [default: the local store]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "UMAI_SERVER",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub server: Option<String>,
    /// File with the access token for the server.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "File with the access token for the server [default: the environment variable UMAI_TOKEN]",
        help_heading = "Global options"
    )]
    pub token_file: Option<PathBuf>,
    /// Umbraco site to use.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Umbraco site to use, as https://HOST, signed in to as an API user; see umai login",
        env = "UMAI_UMBRACO",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub umbraco: Option<String>,
    /// Client ID of the API user of the site
    #[arg(
        long,
        global = true,
        value_name = "ID",
        env = "UMAI_CLIENT_ID",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub client_id: Option<String>,
    /// File with the client secret of the API user.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "File with the client secret of the API user [default: the environment variable UMAI_CLIENT_SECRET]",
        help_heading = "Global options"
    )]
    pub client_secret_file: Option<PathBuf>,
    /// PEM file with certificates to trust for the server, in addition to the system's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub ca_file: Option<PathBuf>,
    /// Color theme: dark, light, mono, colorblind, contrast, or one of your own [default: chosen for the terminal]
    #[arg(
        long,
        value_name = "NAME",
        env = "UMAI_THEME",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub theme: Option<String>,
    /// Line-by-line mode for screen readers and pipes; automatic with TERM=dumb
    #[arg(long, help_heading = "Global options")]
    pub plain: bool,
    /// Do not restore the previous session
    #[arg(long, help_heading = "Global options")]
    pub fresh: bool,
    /// Print JSON in the shapes of the management API; same as --output json
    #[arg(
        long,
        global = true,
        conflicts_with = "output",
        help_heading = "Global options"
    )]
    pub json: bool,
    /// Output format [default: table]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        help_heading = "Global options"
    )]
    pub output: Option<OutputFormat>,
    /// Print only results and errors
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Options that were given explicitly on the command line.
    #[arg(skip)]
    pub explicit: remote_args::ExplicitOptions,
}

impl Globals {
    /// Returns the output format.
    pub fn format(&self) -> OutputFormat {
        match self.output {
            Some(format) => format,
            None if self.json => OutputFormat::Json,
            None => OutputFormat::Table,
        }
    }
}

/// Commands of umai.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// List, show, create, activate, delete and test connections
    #[command(subcommand, visible_alias = "connection")]
    Connections(connections::ConnectionsCommand),
    /// List and show the available providers
    #[command(subcommand, visible_alias = "provider")]
    Providers(providers::ProvidersCommand),
    /// Serve the management API over HTTPS
    Serve(serve::Serve),
    /// Create, list and revoke access tokens for the server
    #[command(subcommand, visible_alias = "tokens")]
    Token(token::TokenCommand),
    /// Create, list, verify and restore backups of the store
    #[command(subcommand, visible_alias = "backups")]
    Backup(backup::BackupCommand),
    /// Show and change the key that encrypts secrets
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Print the script that completes commands, options and aliases in a shell
    Completions(completions::Completions),
    /// Print the manual pages
    Man(man::Man),
    /// Sign in to an Umbraco site and add it to config.toml as a target
    Login(login::LoginArgs),
    /// Remove the client secret and the access token of an Umbraco site
    Logout(logout::LogoutArgs),
    /// List the named targets of config.toml, compare two, or copy connections from one to another
    Targets(targets::TargetsArgs),
    /// Check terminal, files, key, store, providers, configuration and server, and suggest fixes
    Doctor,
}

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    if completions::complete() {
        return Exit::Success.into();
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut output = Output::new(OutputReader::from_arguments(&arguments));
    let ended = run(&arguments, &mut output).and_then(|()| output.flush());
    match ended {
        Ok(()) => Exit::Success.into(),
        Err(failure) => {
            // Output that was written before the failure is still valid, so it is flushed first.
            let _ = output.flush();
            output.failure(&failure);
            failure.exit().into()
        }
    }
}

fn run(arguments: &[OsString], output: &mut Output) -> Result<(), Failure> {
    restrict_process()?;
    let args = match args::parse(arguments)? {
        ParseOutcome::Args(args) => *args,
        ParseOutcome::Text(text) => return output.text(&text),
    };
    let Args { globals, command } = args;
    output.configure(globals.format(), globals.quiet);
    match command {
        None => open_tui::open(&CliContext::new(&globals)?, &globals, output.reader()),
        Some(CliCommand::Providers(verb)) => {
            let context = if verb.is_about_files() {
                CliContext::local(&globals, "umai providers check")?
            } else {
                CliContext::new(&globals)?
            };
            providers::run(&verb, &context, output)
        }
        Some(CliCommand::Connections(verb)) => {
            let context = CliContext::new(&globals)?;
            context.check_write(verb.is_write())?;
            connections::run(verb, &context, output)
        }
        Some(CliCommand::Serve(serve)) => {
            serve::run(&serve, &CliContext::local(&globals, "umai serve")?, output)
        }
        Some(CliCommand::Token(verb)) => {
            let context = CliContext::local(&globals, "umai token")?;
            context.check_write(verb.is_write())?;
            token::run(&verb, &context, output)
        }
        Some(CliCommand::Login(login)) => login::run(&login, &globals, output),
        Some(CliCommand::Logout(logout)) => logout::run(&logout, &globals, output),
        Some(CliCommand::Targets(targets)) => targets::run(&targets, &globals, output),
        Some(CliCommand::Backup(verb)) => {
            let context = CliContext::local(&globals, "umai backup")?;
            context.check_write(verb.is_write())?;
            backup::run(verb, &context, output)
        }
        Some(CliCommand::Key(verb)) => {
            let context = CliContext::local(&globals, "umai key")?;
            context.check_write(verb.is_write())?;
            key::run(&verb, &context, output)
        }
        Some(CliCommand::Completions(completions)) => completions.run(output),
        Some(CliCommand::Man(man)) => man.run(output),
        Some(CliCommand::Doctor) => doctor::run(&globals, output),
    }
}

/// Restricts new files to their owner and disables core dumps.
fn restrict_process() -> Result<(), Failure> {
    use rustix::fs::Mode;
    use rustix::process::{Resource, Rlimit, setrlimit, umask};
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).context("Cannot disable core dumps")?;
    // Other processes of the same user can no longer read the memory, where the key is.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .context("Cannot protect the memory of the process")?;
    Ok(())
}
