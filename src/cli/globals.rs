//! Options that every command accepts.

use std::path::PathBuf;

use clap::{Arg, Args as ClapArgs};

use super::etcd_args::EtcdArgs;
use super::output::style::ColorChoice;
use super::output::{OutputFormat, OutputOptions};
use super::remote_args;
use crate::tui::theme::choice;

/// Heading of the options that every command accepts.
pub(super) const GLOBAL: &str = "Global options";

/// Heading of the options of the app.
pub(super) const APP: &str = "Options of the app";

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = GLOBAL, mut_args = for_every_command)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Globals {
    /// Data directory, where connections are stored [default: umai in the XDG data directory]
    #[arg(long, value_name = "DIR", env = "UMAI_DATA_DIR")]
    pub data: Option<PathBuf>,
    /// Store on etcd, shared by several machines, as etcd://HOST:PORT,HOST:PORT/NAME.
    #[arg(
        long,
        value_name = "URL",
        help = "Store on etcd that several machines share, as etcd://HOST:PORT,HOST:PORT/NAME",
        env = "UMAI_STORE"
    )]
    pub store: Option<String>,
    /// Certificates and user for a store on etcd.
    #[command(flatten)]
    pub etcd: EtcdArgs,
    /// Config directory, with the key and your own providers [default: umai in the XDG config directory]
    #[arg(long, value_name = "DIR", env = "UMAI_CONFIG_DIR")]
    pub config: Option<PathBuf>,
    /// File with the key that encrypts secrets [default: umai.key in the config directory]
    #[arg(long, value_name = "FILE", env = "UMAI_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// File with the passphrase of the key [default: prompt on a terminal]
    #[arg(long, value_name = "FILE", env = "UMAI_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Second directory that backups of the store are copied to
    #[arg(long, value_name = "DIR", env = "UMAI_BACKUP_FOLDER")]
    pub backup_folder: Option<PathBuf>,
    /// File that $Section:Key references resolve against [default: appsettings.json in the working directory]
    #[arg(long, value_name = "FILE")]
    pub appsettings: Option<PathBuf>,
    /// User secrets of a .NET project.
    #[arg(
        long,
        value_name = "ID",
        help = "User secrets of the .NET project with this UserSecretsId; they override appsettings, in Development only"
    )]
    pub user_secrets: Option<String>,
    /// Directory with one file per configuration key.
    #[arg(
        long,
        value_name = "DIR",
        help = "Directory with one file per configuration key, named Section__Key; overrides the environment"
    )]
    pub key_per_file: Option<PathBuf>,
    /// Named target from config.toml [default: its 'target', or the local store]
    #[arg(long, value_name = "NAME", env = "UMAI_TARGET")]
    pub target: Option<String>,
    /// Refuse every change
    #[arg(long)]
    pub read_only: bool,
    /// Server to use, as https://HOST:PORT [default: the local store]
    #[arg(long, value_name = "URL", env = "UMAI_SERVER")]
    pub server: Option<String>,
    /// File with the access token for the server.
    #[arg(
        long,
        value_name = "FILE",
        help = "File with the access token for the server [default: the environment variable UMAI_TOKEN]"
    )]
    pub token_file: Option<PathBuf>,
    /// Umbraco site to use.
    #[arg(
        long,
        value_name = "URL",
        help = "Umbraco site to use, as https://HOST, signed in to as an API user; see umai login",
        env = "UMAI_UMBRACO"
    )]
    pub umbraco: Option<String>,
    /// Client ID of the API user of the site
    #[arg(long, value_name = "ID", env = "UMAI_CLIENT_ID")]
    pub client_id: Option<String>,
    /// File with the client secret of the API user.
    #[arg(
        long,
        value_name = "FILE",
        help = "File with the client secret of the API user [default: the environment variable UMAI_CLIENT_SECRET]"
    )]
    pub client_secret_file: Option<PathBuf>,
    /// PEM file with certificates to trust for the server, in addition to the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Color theme.
    #[arg(
        long,
        help = format!("Color theme: {}, or one of your own [default: chosen for the terminal]", choice::names()),
        value_name = "NAME",
        env = "UMAI_THEME",
        help_heading = APP
    )]
    pub theme: Option<String>,
    /// Line-by-line mode for screen readers and pipes; automatic with TERM=dumb
    #[arg(long, help_heading = APP)]
    pub plain: bool,
    /// Do not restore the previous session
    #[arg(long, help_heading = APP)]
    pub fresh: bool,
    /// Print JSON in the shapes of the management API; same as --output json
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// Output format [default: table]
    #[arg(long, short, value_name = "FORMAT", value_enum)]
    pub output: Option<OutputFormat>,
    /// Print only results and errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Print tables in full, with exact times, on a terminal too
    #[arg(long)]
    pub wide: bool,
    /// Colors of the output of commands.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "Color the output of commands: auto, always or never"
    )]
    pub color: ColorChoice,
    /// Print each request to a server or provider to stderr: method, URL, status and time
    #[arg(long, short, visible_alias = "debug")]
    pub verbose: bool,
    /// Options that were given explicitly on the command line.
    #[arg(skip)]
    pub explicit: remote_args::ExplicitOptions,
}

/// Makes an option available in every command. No help shows the value of a variable: it may be private.
fn for_every_command(option: Arg) -> Arg {
    let is_global = option.get_help_heading() == Some(GLOBAL);
    option.global(is_global).hide_env_values(true)
}

impl Globals {
    pub(super) fn output_options(&self) -> OutputOptions {
        OutputOptions {
            format: self.format(),
            is_quiet: self.quiet,
            color: self.color,
            is_wide: self.wide,
        }
    }

    /// Returns the output format.
    pub fn format(&self) -> OutputFormat {
        match self.output {
            Some(format) => format,
            None if self.json => OutputFormat::Json,
            None => OutputFormat::Table,
        }
    }
}
