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
mod etcd_args;
pub mod context;
pub mod bulk_create;
pub mod key;
mod keyring;
mod globals;
mod in_trash;
pub mod help;
pub mod login;
pub mod logout;
pub mod man;
pub mod output;
pub mod args;
mod app_targets;
pub mod manifest_plan;
mod process_limits;
pub mod progress;
pub mod passphrase;
pub mod providers;
mod run;
mod request_log;
pub mod secret_args;
pub mod serve;
#[cfg(feature = "etcd")]
mod shared_tokens;
mod token_place;
pub mod remote_args;
pub mod open_service;
mod suggestions;
pub mod supported_formats;
pub mod store;
pub mod signals;
pub mod site_token_cache;
pub mod table;
pub mod target;
pub mod targets;
pub mod token;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use args::ParseOutcome;
use exit::{Exit, Failure};
pub use globals::Globals;
use open_service::CliContext;
use output::{Audience, Output};
use process_limits::ProcessLimits;

/// Arguments of the command line.
#[derive(Debug, Parser)]
#[command(
    name = "umai",
    version = concat!(env!("CARGO_PKG_VERSION"), env!("UMAI_VERSION_SUFFIX")),
    about = "A terminal backoffice for AI connections",
    long_about = "A terminal backoffice for AI connections.\n\nWithout a command, umai opens the app. The commands do the same from a script: \
        data goes to stdout, messages go to stderr, and the exit code reports the result.",
    after_help = SHORT_EXAMPLES,
    after_long_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = args::MAX_WIDTH
)]
pub struct Args {
    /// Global options.
    #[command(flatten)]
    pub globals: Globals,
    /// Command; without one, the app opens.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

const SHORT_EXAMPLES: &str = "\
Examples:
  umai
  umai connections list prod
  umai run openai-prod -- python app.py";

const EXAMPLES: &str = "\
Examples:
  umai
  umai connections list prod
  umai connections create --name 'OpenAI Production' --provider openai --set 'apiKey=$OpenAI:ApiKey'
  pass show openai | umai connections create --name 'Team B' --provider openai --secret-stdin apiKey
  umai connections test openai-production
  umai run openai-production -- python app.py
  umai providers get openai
  umai --server https://umai.example:44331 --token-file token connections list
  umai login https://www.example.com
  umai --target prod

Exit codes:
  0 success, 1 error outside umai, for example output that cannot be written,
  2 usage error, or a change in read-only mode, 3 not found, 4 rejected by validation,
  5 conflict (the alias or ID exists, or the connection changed elsewhere), 6 store or key error,
  7 server unreachable or access denied, 8 connection test failed,
  126 the command of umai run cannot be executed, 127 it does not exist,
  129 terminal closed, 130 Ctrl-C, 131 SIGQUIT, 143 terminated by a signal

No option takes a secret, because every process on this machine can read arguments.";

/// Commands of umai.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// List, show, create, edit, activate, delete and test connections
    #[command(subcommand, visible_alias = "connection")]
    Connections(connections::ConnectionsCommand),
    /// List and show the available providers
    #[command(subcommand, visible_alias = "provider")]
    Providers(providers::ProvidersCommand),
    /// Run a command with the settings of a connection in its environment
    Run(run::Run),
    /// Serve the management API over HTTPS
    Serve(serve::Serve),
    /// Create, list and revoke access tokens for the server
    #[command(subcommand, visible_alias = "tokens")]
    Token(token::TokenCommand),
    /// Create, list, verify and restore backups of the store
    #[command(subcommand, visible_alias = "backups")]
    Backup(backup::BackupCommand),
    /// Copy a whole store between a data directory and etcd
    #[command(subcommand)]
    Store(store::StoreCommand),
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
    /// List the targets of config.toml, compare two, or copy between them
    Targets(targets::TargetsArgs),
    /// Check files, key, store, configuration and server, and suggest fixes
    Doctor,
    /// List the options that every command accepts
    Options,
    /// Show the help of a command
    Help(help::Help),
}

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    if completions::complete() {
        return Exit::Success.into();
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut output = Output::new(Audience::from_arguments(&arguments));
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
    let limits = ProcessLimits::restrict()?;
    let args = match args::parse(arguments)? {
        ParseOutcome::Args(args) => *args,
        ParseOutcome::Text(text) => return output.text(&text),
    };
    let Args { globals, command } = args;
    output.configure(&globals.output_options());
    if !matches!(command, Some(CliCommand::Run(_))) {
        ProcessLimits::make_permanent()?;
    }
    let has_own_log = matches!(command, None | Some(CliCommand::Serve(_)));
    if globals.verbose && !has_own_log {
        request_log::start()?;
    }
    match command {
        None => open_tui::open(&CliContext::new(&globals)?, &globals, output),
        Some(CliCommand::Providers(verb)) => {
            let context = if verb.is_about_files() {
                CliContext::with_own_store(&globals, "umai providers check")?
            } else {
                CliContext::new(&globals)?
            };
            providers::run(&verb, &context, output)
        }
        Some(CliCommand::Connections(verb)) => {
            let context = CliContext::new(&globals)?.for_command(verb.is_write())?;
            let context = context.adding(verb.adds());
            connections::run(verb, &context, output)
        }
        Some(CliCommand::Run(run)) => {
            run.run(&CliContext::new(&globals)?.reading(), &limits, output)
        }
        Some(CliCommand::Serve(serve)) => serve::run(
            &serve,
            &CliContext::with_own_store(&globals, "umai serve")?,
            output,
        ),
        Some(CliCommand::Token(verb)) => {
            let context = own_store(&globals, "umai token", verb.is_write())?;
            token::run(&verb, &context.adding(verb.adds()), output)
        }
        Some(CliCommand::Login(login)) => login::run(&login, &globals, output),
        Some(CliCommand::Logout(logout)) => logout::run(&logout, &globals, output),
        Some(CliCommand::Store(verb)) => store::run(&verb, &globals, output),
        Some(CliCommand::Targets(targets)) => targets::run(&targets, &globals, output),
        Some(CliCommand::Backup(verb)) => {
            let context = own_store(&globals, "umai backup", verb.is_write())?;
            backup::run(verb, &context, output)
        }
        Some(CliCommand::Key(verb)) => {
            let context = own_store(&globals, "umai key", verb.is_write())?;
            key::run(&verb, &context, output)
        }
        Some(CliCommand::Completions(completions)) => completions.run(output),
        Some(CliCommand::Man(man)) => man.run(output),
        Some(CliCommand::Doctor) => doctor::run(&globals, output),
        Some(CliCommand::Options) => output.text(&help::options()),
        Some(CliCommand::Help(help)) => print_help(&help, output),
    }
}

/// Returns the context of a command that needs the store itself, unless it writes and changes are not allowed.
fn own_store(globals: &Globals, command: &str, is_write: bool) -> Result<CliContext, Failure> {
    CliContext::with_own_store(globals, command)?.for_command(is_write)
}

fn print_help(help: &help::Help, output: &mut Output) -> Result<(), Failure> {
    match args::parse(&help.arguments())? {
        ParseOutcome::Text(text) => output.text(&text),
        // The arguments always request the help.
        ParseOutcome::Args(_) => Ok(()),
    }
}
