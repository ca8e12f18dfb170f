//! `umai login`: signs in to an Umbraco site and adds it as a target.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::exit::Failure;
use super::open_service::{WORKERS, runtime};
use super::output::{Audience, Output};
use super::signals::StopSignals;
use super::{Globals, prompt, remote_args};
use crate::api::client::{BaseUrl, RemoteOptions, RemoteService, find_site};
use crate::atomic_file::{self, OverwritePolicy};
use crate::config::Config;
use crate::config::file::{ConfigFile, NAME};
use crate::config::new_target::NewSite;
use crate::config::target::{Target, TargetLocation};
use crate::connection::{ConnectionError, ListQuery, PageRequest};
use crate::service::ConnectionService;
use crate::text::printable;

/// Arguments of `umai login`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai login https://www.example.com\n  umai login --target live https://example.com\n  umai login --client-id umbraco-back-office-umai https://example.com < secret\n\nWithout --target, the target is named after the first part of the host other than www.\n\nPrompts for the client ID and the client secret of an API user. Without a terminal, reads them from two lines of standard input; --client-id, --client-secret-file and their variables replace a line each."
)]
pub struct LoginArgs {
    /// Site.
    #[arg(value_name = "URL", help = "Site, as https://HOST")]
    url: String,
}

/// Content of a site that was signed in to.
struct SiteContent {
    providers: usize,
    connections: usize,
}

/// Runs `umai login`.
pub fn run(args: &LoginArgs, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
    let address = BaseUrl::of_site(&args.url).map_err(Failure::Usage)?;
    let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
    let name = match &globals.target {
        Some(name) if globals.explicit.has("target") => name.trim().to_owned(),
        Some(_) | None => name_of(&address),
    };
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Failure::Usage(
            "The name of a target must not be empty or contain control characters".into(),
        ));
    }
    let shown = address.to_string();
    let known = ConfigFile::read(&folder);
    let known_target = known.existing(&name);
    let known_client = known_target.map(|target| client_at(target, &name, &shown));
    let known_client = known_client.transpose()?;
    let mut globals = globals.clone();
    globals.target = Some(name.clone());
    let (known_id, known_file) = known_client.unzip();
    let (id, secret) = credentials(&globals, known_id.flatten())?;
    let secret_file = format!("{}.secret", file_name(&name));
    let site = NewSite {
        name: &name,
        address: &shown,
        client_id: &id,
        secret_file: &secret_file,
        ca_file: globals.ca_file.as_deref().map(absolute),
    };
    // Before the site is asked, and again under the lock.
    is_known(&site, &known)?;
    globals.client_id = Some(id.clone());
    let options = remote_args::options_of_site(&globals, address, &secret)?;
    let found = read(&options)?;
    let path = known_file.unwrap_or_else(|| folder.join(&secret_file));
    let is_known = save(&site, &folder, (&path, &secret))?;
    report(&site, &found, is_known, output)
}

/// Returns client ID and secret file of a target, which must be at this address.
fn client_at(
    target: &Result<Target, String>,
    name: &str,
    site: &str,
) -> Result<(Option<String>, PathBuf), Failure> {
    let Ok(target) = target else {
        return Err(taken(name, &format!("exists in {NAME}, with an error")));
    };
    match &target.location {
        TargetLocation::Site {
            address,
            client_id,
            client_secret_file,
            ..
        } if address == site => match client_secret_file {
            Some(file) => Ok((client_id.clone(), file.clone())),
            None => Err(Failure::TargetTaken(format!(
                "Target '{}' has no client-secret-file for the secret. Add the line to its section in {NAME}, or set UMAI_CLIENT_SECRET",
                printable(name)
            ))),
        },
        location => Err(taken(name, &format!("is {}", location.display_address()))),
    }
}

/// Returns whether the target is already that of this site and client; another target with this name is an error.
fn is_known(site: &NewSite<'_>, file: &ConfigFile) -> Result<bool, Failure> {
    match file.existing(site.name) {
        None => Ok(false),
        Some(Ok(target)) if site.is(target) => Ok(true),
        Some(target) => {
            let (id, _) = client_at(target, site.name, site.address)?;
            let id = id.unwrap_or_default();
            Err(taken(
                site.name,
                &format!("signs in to this site as '{id}'"),
            ))
        }
    }
}

/// Returns the failure of a name that another target has.
fn taken(name: &str, difference: &str) -> Failure {
    let quoted = shlex::try_quote(name).unwrap_or_default();
    let reason = format!(
        "Target '{name}' {difference}. Choose another name with --target, or remove it: umai targets remove {quoted}"
    );
    Failure::TargetTaken(printable(&reason).into_owned())
}

/// Returns client ID and secret from options, variables, prompts or standard input.
fn credentials(
    globals: &Globals,
    known_id: Option<String>,
) -> Result<(String, Zeroizing<String>), Failure> {
    const LABEL: &str = "Client ID of the API user";
    let given = globals.client_id.as_deref().unwrap_or_default().trim();
    let id = match known_id {
        _ if !given.is_empty() => given.to_owned(),
        Some(known) if prompt::is_possible() => prompt::optional_line(LABEL, &known)?,
        _ => prompt::line(LABEL)?.trim().to_owned(),
    };
    let secret = match remote_args::client_secret(globals)? {
        Some(secret) => secret,
        None => prompt::hidden_line("Client secret")?,
    };
    Ok((id, secret))
}

/// Signs in, and reads providers and connections.
fn read(options: &RemoteOptions) -> Result<SiteContent, Failure> {
    let runtime = runtime(WORKERS)?;
    let found = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        tokio::select! {
            found = content(options) => Ok(found?),
            exit = signals.next() => Err(Failure::Signal(exit)),
        }
    });
    runtime.shutdown_background();
    found
}

async fn content(options: &RemoteOptions) -> Result<SiteContent, ConnectionError> {
    find_site(options).await?;
    let service = RemoteService::connect(options).await?;
    let first = ListQuery::all(PageRequest { skip: 0, take: 1 });
    Ok(SiteContent {
        providers: service.providers().all().len(),
        connections: service.list(first).await?.total,
    })
}

/// Writes the secret file, then the section that names it. Returns whether the target is already that of this site and client.
fn save(site: &NewSite<'_>, folder: &Path, (path, secret): (&Path, &str)) -> Result<bool, Failure> {
    // Another login must not replace the file in between.
    let turn = atomic_file::create_folder(folder)
        .and_then(|()| atomic_file::lock(&folder.join(NAME)))
        .map_err(|error| Failure::Usage(atomic_file::describe(folder, &error)))?;
    let is_known = is_known(site, &ConfigFile::read(folder))?;
    let policy = if is_known {
        OverwritePolicy::Replace
    } else {
        OverwritePolicy::Keep
    };
    let write = |file: &mut fs::File| file.write_all(secret.as_bytes());
    match atomic_file::write_next_to_others(path, policy, write) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::TargetTaken(format!(
                "{} exists. Remove it, or choose another name with --target",
                path.display()
            )));
        }
        Err(error) => return Err(Failure::Usage(atomic_file::describe(path, &error))),
    }
    if !is_known {
        site.append(folder).map_err(|reason| {
            // The reason is more important than a file that cannot be removed.
            let _ = fs::remove_file(path);
            Failure::Usage(reason)
        })?;
    }
    drop(turn);
    Ok(is_known)
}

fn report(
    site: &NewSite<'_>,
    found: &SiteContent,
    is_known: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.audience() == Audience::Program {
        return output.value(&json!({
            "target": site.name,
            "umbraco": site.address,
            "clientId": site.client_id,
            "providers": found.providers,
            "connections": found.connections,
        }));
    }
    let count = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    output.line(&printable(&format!(
        "Signed in to {} as {}: {}, {}",
        site.address,
        site.client_id,
        count(found.connections, "connection"),
        count(found.providers, "provider"),
    )))?;
    let name = printable(site.name);
    output.note(&if is_known {
        format!("Target '{name}' has the new client secret")
    } else {
        format!("Added target '{name}' to {NAME}. Open it: umai --target {name}. To use it without --target, put this at the top of {NAME}: target = \"{name}\"")
    });
    Ok(())
}

/// Returns the first label of the host other than `www`; an IP address has no labels.
fn name_of(address: &BaseUrl) -> String {
    let host = address.host();
    if host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
        return host.trim_matches(['[', ']']).replace([':', '.'], "-");
    }
    let mut labels = host.split('.').filter(|label| *label != "www");
    labels.next().unwrap_or(host).to_owned()
}

/// Returns a name that is safe as a file name.
fn file_name(name: &str) -> String {
    let safe = |letter: char| {
        if letter.is_alphanumeric() || letter == '-' || letter == '_' {
            letter
        } else {
            '-'
        }
    };
    name.chars().map(safe).collect()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://www.example.com/umbraco", "example")]
    #[case("https://staging.example.com", "staging")]
    #[case("https://localhost:44331", "localhost")]
    #[case("https://127.0.0.1:44331", "127-0-0-1")]
    #[case("https://[::1]", "--1")]
    fn target_is_named_after_the_host(#[case] url: &str, #[case] expected: &str) {
        assert_eq!(name_of(&BaseUrl::of_site(url).unwrap()), expected);
        assert_eq!(file_name("../a b"), "---a-b");
    }
}
