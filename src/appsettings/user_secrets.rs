//! The file of .NET user secrets, which apply in the environment `Development` only.

use std::path::PathBuf;

use crate::disk;

/// Environment in which user secrets apply, in any case.
const DEVELOPMENT: &str = "Development";

/// Folder that stands for the home folder where there is none, as in .NET.
const FALLBACK: &str = "DOTNET_USER_SECRETS_FALLBACK_DIR";

/// Longest `UserSecretsId`, in bytes: it is the name of a folder.
const LONGEST: usize = 255;

/// Whether user secrets apply in an environment.
pub(super) fn apply_in(environment: &str) -> bool {
    environment.eq_ignore_ascii_case(DEVELOPMENT)
}

/// Path of the user secrets with this `UserSecretsId`.
pub(super) fn path(id: &str) -> Result<PathBuf, String> {
    let is_folder = !matches!(id, "" | "." | "..") && !id.contains(['/', '\\', '\0']);
    if !is_folder || id.len() > LONGEST {
        return Err(
            "--user-secrets takes the UserSecretsId of a project, for example aspnet-Site-1b9d6bcd"
                .into(),
        );
    }
    let fallback = || std::env::var_os(FALLBACK).map(PathBuf::from);
    let home = disk::home().or_else(fallback);
    let home = home.ok_or("--user-secrets needs a home folder, and HOME is not set")?;
    Ok(home
        .join(".microsoft/usersecrets")
        .join(id)
        .join("secrets.json"))
}
