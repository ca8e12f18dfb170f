//! Settings of a target that name files, by the kind of location they belong to.

use std::path::PathBuf;

/// Files on this machine, for a store that this process opens itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalFiles {
    /// Key file, if it is not in the config directory.
    pub key_file: Option<PathBuf>,
    /// Appsettings file, if it is not in the working directory.
    pub appsettings: Option<PathBuf>,
    /// User secrets of a .NET project, by `UserSecretsId`.
    pub user_secrets: Option<String>,
    /// Directory with one file per configuration key.
    pub key_per_file: Option<PathBuf>,
}

/// Certificates and user for a store on etcd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EtcdFiles {
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Client certificate.
    pub cert_file: Option<PathBuf>,
    /// Private key of the client certificate.
    pub cert_key_file: Option<PathBuf>,
    /// User of etcd.
    pub user: Option<String>,
    /// File with the password of the user.
    pub password_file: Option<PathBuf>,
}

impl LocalFiles {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl EtcdFiles {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
