//! Checks `config.toml` and its targets, and which target is active.

use std::path::{Path, PathBuf};

use super::super::exit::Exit;
use super::finding::Findings;
use crate::config::file::{ConfigFile, NAME};
use crate::config::target::{Target, TargetLocation};
use crate::config::target_files::LocalFiles;

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
    let files = files_of(&target.location);
    let missing = files
        .into_iter()
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

/// Returns the files of a location, with the names of their settings.
fn files_of(location: &TargetLocation) -> Vec<(&'static str, &Path)> {
    match location {
        TargetLocation::Server {
            token_file,
            ca_file,
            ..
        } => {
            let files = [("token-file", token_file), ("ca-file", ca_file)];
            files.into_iter().filter_map(given).collect()
        }
        TargetLocation::Site {
            client_secret_file,
            ca_file,
            ..
        } => {
            let files = [
                ("client-secret-file", client_secret_file),
                ("ca-file", ca_file),
            ];
            files.into_iter().filter_map(given).collect()
        }
        TargetLocation::Local { files, .. } => local_files(files),
        TargetLocation::Etcd { access, files, .. } => {
            let own = [
                ("store-ca-file", &access.ca_file),
                ("store-cert-file", &access.cert_file),
                ("store-cert-key-file", &access.cert_key_file),
                ("store-password-file", &access.password_file),
            ];
            own.into_iter()
                .filter_map(given)
                .chain(local_files(files))
                .collect()
        }
    }
}

fn local_files(files: &LocalFiles) -> Vec<(&'static str, &Path)> {
    let files = [
        ("key-file", &files.key_file),
        ("appsettings", &files.appsettings),
        ("key-per-file", &files.key_per_file),
    ];
    files.into_iter().filter_map(given).collect()
}

fn given<'a>((key, path): (&'static str, &'a Option<PathBuf>)) -> Option<(&'static str, &'a Path)> {
    Some((key, path.as_deref()?))
}
