//! File of .NET user secrets, which apply only in the environment `Development`.

use std::path::PathBuf;

use crate::atomic_file;

/// Environment in which user secrets apply, ignoring case.
const DEVELOPMENT: &str = "Development";

/// Variable with the folder to use without a home directory, as in .NET.
const FALLBACK: &str = "DOTNET_USER_SECRETS_FALLBACK_DIR";

/// Maximum length of a `UserSecretsId`, in bytes: it is a folder name.
const MAX_LENGTH: usize = 255;

/// Returns whether user secrets apply in an environment.
pub(super) fn apply_in(environment: &str) -> bool {
    environment.eq_ignore_ascii_case(DEVELOPMENT)
}

/// Returns the path of the user secrets with this `UserSecretsId`.
pub(super) fn path(id: &str) -> Result<PathBuf, String> {
    let is_folder = !matches!(id, "" | "." | "..") && !id.contains(['/', '\\', '\0']);
    if !is_folder || id.len() > MAX_LENGTH {
        return Err(
            "--user-secrets takes the UserSecretsId of a project, for example aspnet-Site-1b9d6bcd"
                .into(),
        );
    }
    let fallback = || std::env::var_os(FALLBACK).map(PathBuf::from);
    let home = atomic_file::home().or_else(fallback);
    let home = home.ok_or("--user-secrets needs a home directory, but HOME is not set")?;
    Ok(home
        .join(".microsoft/usersecrets")
        .join(id)
        .join("secrets.json"))
}
