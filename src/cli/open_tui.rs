//! Opens the app: full screen, or in plain mode.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::app_targets::AppTargets;
use super::connections::from_env;
use super::exit::{Exit, Failure};
use super::key::key_backup::LocalKey;
use super::open_service::{CliContext, OpenSession, WORKERS, catalog, runtime};
use super::output::{Audience, Output};
use super::targets::content;
use super::{Globals, passphrase};
use crate::api::client::RemoteOptions;
use crate::config::file::{ConfigFile, NAME};
use crate::store::StoreHandle;
use crate::store::shared::PausedStore;
use crate::tui::key_backup::{KeyBackups, KeyBackupsHandle};
use crate::tui::target_info::TargetInfo;
use crate::tui::targets::{Targets, TargetsHandle};
use crate::tui::{
    self, AppEnd, EndSignal, KeptTheme, ServiceOpening, SuspendHandler, TuiError, TuiOptions,
};

/// Values of `TERM` for terminals that only show lines.
const LINES_ONLY: [&str; 2] = ["dumb", "unknown"];

/// Mode of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AppMode {
    /// Full screen.
    Screen,
    /// Plain mode, line by line.
    Plain,
}

/// Opens the app, and opens it again when the user switches to another target.
pub fn open(context: &CliContext, globals: &Globals, output: &Output) -> Result<(), Failure> {
    let mut here = (context.clone(), globals.clone());
    let (mut before, mut notice) = (None, None);
    loop {
        let end = match (
            open_at((&here.0, &here.1), output, notice.take()),
            before.take(),
        ) {
            (Ok(end), _) => end,
            // A target that cannot be opened ends the switch, not the app.
            (Err(Failure::Connection(error)), Some(back)) => {
                notice = Some(format!("The target was not opened: {error}"));
                here = back;
                continue;
            }
            (Err(failure), _) => return Err(failure),
        };
        let AppEnd::SwitchTarget(name) = end else {
            return Ok(());
        };
        match at_target(globals, &name) {
            Ok(there) => before = Some(std::mem::replace(&mut here, there)),
            Err(failure) => notice = Some(format!("Target '{name}' was not opened: {failure}")),
        }
    }
}

/// Returns the context of a named target, if its service can be opened.
fn at_target(globals: &Globals, name: &str) -> Result<(CliContext, Globals), Failure> {
    let globals = content::globals_of(globals, name);
    let context = CliContext::new(&globals)?;
    passphrase::unlock(&context)?;
    if context.server.is_some() {
        catalog(&context)?;
    }
    Ok((context, globals))
}

fn open_at(
    (context, globals): (&CliContext, &Globals),
    output: &Output,
    notice: Option<String>,
) -> Result<AppEnd, Failure> {
    if output.audience() == Audience::Program {
        return Err(Failure::Usage(
            "--json needs a command, for example: umai connections list --json".into(),
        ));
    }
    let way = mode(context, globals)?;
    // Must happen before the app takes over the terminal.
    let exposed_passphrase = passphrase::unlock(context)?;
    let store = context.store();
    let stopped = store.clone();
    let targets = Arc::new(AppTargets::new(context, globals));
    let mut options = app_options(context, globals);
    options.notices.extend(exposed_passphrase);
    options.notices.extend(notice);
    options.before_suspend = SuspendHandler::new(move || release(stopped.clone()));
    options.targets = Some(TargetsHandle(Arc::clone(&targets) as Arc<dyn Targets>));
    options.check_theme().map_err(Failure::Usage)?;
    choose_theme(&mut options, &context.file);
    let runtime = runtime(WORKERS)?;
    let ended = runtime.block_on(async {
        let (mut context, opened) = (context.clone(), store.clone());
        // The app runs long enough to keep its tokens to itself.
        context.server = context.server.map(RemoteOptions::without_token_cache);
        let catalog = Arc::clone(&context.catalog);
        let opening: ServiceOpening = Box::pin(async move {
            let session = OpenSession::open(&context, opened).await?;
            Ok(session.service)
        });
        let left = match way {
            AppMode::Screen => Box::pin(tui::run(catalog, opening, options)).await,
            AppMode::Plain => Box::pin(tui::run_plain(catalog, opening, options)).await,
        };
        for notice in targets.close().await? {
            output.note(&notice);
        }
        // The app is the same on a new store and on a local one; afterwards, a mistyped address is noticed.
        if let Some(notice) = store.opening_notice() {
            output.note(&notice);
        }
        store.close().await?;
        left.map_err(failure)
    });
    runtime.shutdown_background();
    ended
}

/// Options that follow from the context and the arguments.
fn app_options(context: &CliContext, globals: &Globals) -> TuiOptions {
    let notices = context.problems.iter().cloned();
    TuiOptions {
        config: Some(context.config.config.clone()),
        theme: globals.theme.clone(),
        kept_theme: Some(KeptTheme::new(
            context.config.chosen_theme(),
            context.file.theme.clone(),
        )),
        notices: notices.chain(context.exposed_key()).collect(),
        target: site(context, globals),
        key_backups: KeyBackupsHandle(key_backups(context)),
        drafts: context.drafts.clone(),
        provider_variables: from_env::provider_variables(&context.catalog),
        session: Some(context.session(globals.fresh)),
        api: context.server.as_ref().map(RemoteOptions::api),
        ..TuiOptions::default()
    }
}

/// Uses the theme that was chosen in the app before, else that of `config.toml`.
fn choose_theme(options: &mut TuiOptions, file: &ConfigFile) {
    if options.theme.is_none() {
        options.theme = options.kept_theme.as_ref().and_then(KeptTheme::read);
    }
    if options.theme.is_none() || options.check_theme().is_err() {
        options.theme.clone_from(&file.theme);
        if let Err(reason) = options.check_theme() {
            options.notices.push(format!("{NAME}: {reason}"));
        }
    }
}

/// Returns the record of the key's backups; none for a server.
fn key_backups(context: &CliContext) -> Option<Arc<dyn KeyBackups>> {
    let is_local = context.server.is_none() && !context.config.has_credential();
    is_local.then(|| Arc::new(LocalKey::new(context)) as Arc<dyn KeyBackups>)
}

/// Returns the failure of a command for the end of the app.
fn failure(error: TuiError) -> Failure {
    match error {
        TuiError::ServiceUnavailable(error) => Failure::Connection(error),
        TuiError::Signal(signal) => Failure::Signal(match signal {
            EndSignal::HungUp => Exit::HungUp,
            EndSignal::Interrupted => Exit::Interrupted,
            EndSignal::Quit => Exit::Quit,
            EndSignal::Terminated => Exit::Terminated,
        }),
        error @ TuiError::UnsavedForm => Failure::Partial(error.to_string(), Exit::Other),
        error @ (TuiError::Terminal(_) | TuiError::Broken(_)) => Failure::Other(error.into()),
    }
}

/// Returns the mode for this terminal.
fn mode(context: &CliContext, globals: &Globals) -> Result<AppMode, Failure> {
    if globals.plain {
        return Ok(AppMode::Plain);
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "The app needs a terminal. In scripts, use a command, for example umai connections list, or --plain to read lines".into(),
        ));
    }
    Ok(if shows_lines_only(&context.file) {
        AppMode::Plain
    } else {
        AppMode::Screen
    })
}

/// Returns true if the terminal only shows lines, or plain mode is configured.
pub fn shows_lines_only(file: &ConfigFile) -> bool {
    let terminal = std::env::var("TERM").unwrap_or_default();
    file.is_plain || LINES_ONLY.contains(&terminal.as_str())
}

/// Returns the target as the app shows it.
fn site(context: &CliContext, globals: &Globals) -> TargetInfo {
    let target = context.target.as_ref();
    TargetInfo {
        name: target.map(|target| target.name.clone()),
        badge: target.and_then(|target| target.badge.clone()),
        color: target.and_then(|target| target.color.clone()),
        server: context.address(),
        is_site: context.server.as_ref().is_some_and(RemoteOptions::is_site),
        folder: Some(in_home(&context.config.data)),
        read_only: context.read_only.clone(),
        called_with: target_options(globals),
    }
}

/// Returns a folder for the header, with `~` for the home directory.
pub(super) fn in_home(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let below = std::env::home_dir().and_then(|home| {
        let below = folder.strip_prefix(home).ok()?;
        Some(Path::new("~").join(below))
    });
    below.unwrap_or(folder).display().to_string()
}

/// Returns the options that lead a command to the same target: those given explicitly. Commands read the environment
/// themselves.
fn target_options(globals: &Globals) -> Vec<String> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let options = [
        ("target", globals.target.clone()),
        ("server", globals.server.clone()),
        ("umbraco", globals.umbraco.clone()),
        ("client_id", globals.client_id.clone()),
        ("client_secret_file", path(&globals.client_secret_file)),
        ("token_file", path(&globals.token_file)),
        ("ca_file", path(&globals.ca_file)),
        ("data", path(&globals.data)),
        ("store", globals.store.clone()),
        ("store_ca_file", path(&globals.etcd.store_ca_file)),
        ("store_cert_file", path(&globals.etcd.store_cert_file)),
        (
            "store_cert_key_file",
            path(&globals.etcd.store_cert_key_file),
        ),
        ("store_user", globals.etcd.store_user.clone()),
        (
            "store_password_file",
            path(&globals.etcd.store_password_file),
        ),
        ("config", path(&globals.config)),
        ("key_file", path(&globals.key_file)),
        ("appsettings", path(&globals.appsettings)),
        ("user_secrets", globals.user_secrets.clone()),
        ("key_per_file", path(&globals.key_per_file)),
    ];
    let written = options
        .into_iter()
        .filter_map(|(option, value)| Some((globals.explicit.first(&[option])?, value?)));
    written
        .flat_map(|(option, value)| [option, value])
        .collect()
}

/// Releases the store to other processes while the app is stopped.
async fn release(store: StoreHandle) -> Option<PausedStore> {
    store.pause().await
}
