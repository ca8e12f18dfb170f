//! Checks `config.toml` and its targets, and which target is active.

use std::path::Path;

use super::super::exit::Exit;
use super::finding::Findings;
use crate::config::file::{ConfigFile, NAME};
use crate::config::target::{Target, TargetLocation};

pub(super) fn check(file: &ConfigFile, meant: Option<&Target>, findings: &mut Findings) {
    for problem in &file.problems {
        let is_of_target = file
            .targets()
            .iter()
            .any(|(_, target)| target.as_ref() == Err(problem));
        if !is_of_target {
            findings.warning("config", problem.clone(), Some(format!("fix {NAME}")));
        }
    }
    for (name, target) in file.targets() {
        match target {
            Err(reason) => findings.warning(
                "target",
                format!("'{name}' cannot be used: {reason}"),
                Some(format!("fix {NAME}")),
            ),
            Ok(target) => one(target, meant == Some(target), findings),
        }
    }
}

fn one(target: &Target, is_meant: bool, findings: &mut Findings) {
    let mut says = format!("'{}' is {}", target.name, target.location.display_address());
    if target.is_read_only {
        says.push_str(", read-only");
    }
    if is_meant {
        says.push_str(", active");
    }
    if target.is_signed_out() {
        says.push_str(", signed out");
        if is_meant {
            // The check of the site gives the reason and the remedy.
            findings.ok("target", says);
        } else {
            findings.warning("target", says, Some(target.login_command()));
        }
        return;
    }
    let files: [Option<(&str, &Path)>; 3] = match &target.location {
        TargetLocation::Server {
            token_file,
            ca_file,
            ..
        } => [
            token_file.as_deref().map(|path| ("token-file", path)),
            ca_file.as_deref().map(|path| ("ca-file", path)),
            None,
        ],
        TargetLocation::Site {
            client_secret_file,
            ca_file,
            ..
        } => [
            client_secret_file
                .as_deref()
                .map(|path| ("client-secret-file", path)),
            ca_file.as_deref().map(|path| ("ca-file", path)),
            None,
        ],
        TargetLocation::Local {
            key_file,
            appsettings,
            key_per_file,
            ..
        } => [
            key_file.as_deref().map(|path| ("key-file", path)),
            appsettings.as_deref().map(|path| ("appsettings", path)),
            key_per_file.as_deref().map(|path| ("key-per-file", path)),
        ],
    };
    let missing = files
        .into_iter()
        .flatten()
        .find_map(|(key, path)| Some((key, path, std::fs::File::open(path).err()?)));
    match missing {
        None => findings.ok("target", says),
        Some((key, path, error)) => {
            let says = format!("{says}; cannot read its {key}: {}: {error}", path.display());
            let todo = Some(format!("create the file, or fix {NAME}"));
            if is_meant {
                findings.problem("target", says, todo, Exit::Usage);
            } else {
                findings.warning("target", says, todo);
            }
        }
    }
}
