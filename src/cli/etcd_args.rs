//! Options for a store on etcd.

use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::Globals;
use super::exit::Failure;
use super::remote_args::{SERVER, UMBRACO, exposed, read, text_of_file};
use crate::config::{self, target_files::EtcdFiles};
use crate::store::etcd_options::{ClientCertificate, EtcdOptions, EtcdUser};

/// Option with the address.
pub const STORE: &str = "store";

/// Options that need a store on etcd.
pub const ETCD_OPTIONS: [&str; 5] = [
    "store_ca_file",
    "store_cert_file",
    "store_cert_key_file",
    "store_user",
    "store_password_file",
];

/// Certificates and user for a store on etcd.
#[derive(Debug, Clone, Default, Args)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the options begin with the same word"
)]
pub struct EtcdArgs {
    /// PEM file with the certificates to trust for etcd [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub store_ca_file: Option<PathBuf>,
    /// PEM file with the client certificate for etcd
    #[arg(long, value_name = "FILE")]
    pub store_cert_file: Option<PathBuf>,
    /// PEM file with the private key of the client certificate
    #[arg(long, value_name = "FILE")]
    pub store_cert_key_file: Option<PathBuf>,
    /// User of etcd
    #[arg(long, value_name = "NAME")]
    pub store_user: Option<String>,
    /// File with the password of the user
    #[arg(long, value_name = "FILE")]
    pub store_password_file: Option<PathBuf>,
}

impl EtcdArgs {
    /// Uses the settings of a target in place of options that were not given.
    pub fn or(&mut self, of_target: &EtcdFiles) {
        let or = |own: &mut Option<PathBuf>, other: &Option<PathBuf>| {
            if own.is_none() {
                own.clone_from(other);
            }
        };
        or(&mut self.store_ca_file, &of_target.ca_file);
        or(&mut self.store_cert_file, &of_target.cert_file);
        or(&mut self.store_cert_key_file, &of_target.cert_key_file);
        or(&mut self.store_password_file, &of_target.password_file);
        if self.store_user.is_none() {
            self.store_user.clone_from(&of_target.user);
        }
    }
}

/// Returns the store on etcd to use; none for other locations. Explicit options override the environment. Files with secrets that
/// others can read are reported in `notices`.
pub fn selected(
    globals: &Globals,
    notices: &mut Vec<String>,
) -> Result<Option<EtcdOptions>, Failure> {
    let written = &globals.explicit;
    let other = written.first(&[SERVER, UMBRACO, "data"]);
    let address = match (written.has(STORE), &globals.store, other) {
        (true, _, Some(other)) => {
            return Err(Failure::Usage(format!(
                "--store and {other} exclude each other. Remove one"
            )));
        }
        (true, Some(address), None) if address.is_empty() => {
            return Err(Failure::Usage(
                "--store is empty. Give the address as etcd://HOST:PORT/NAME, or remove the option for the local store".into(),
            ));
        }
        (_, Some(address), None) if !address.is_empty() => address,
        _ => {
            let option = written.first(&ETCD_OPTIONS);
            return option.map_or(Ok(None), |option| {
                Err(Failure::Usage(format!(
                    "{option} needs --store or a target"
                )))
            });
        }
    };
    let is_set = |variable: &Option<String>| variable.as_ref().is_some_and(|text| !text.is_empty());
    for (variable, value) in [
        ("UMAI_SERVER", &globals.server),
        ("UMAI_UMBRACO", &globals.umbraco),
    ] {
        if !written.has(STORE) && is_set(value) {
            return Err(Failure::Usage(format!(
                "UMAI_STORE and {variable} exclude each other. Unset one"
            )));
        }
    }
    let mut options = EtcdOptions::new(address.parse().map_err(Failure::Usage)?);
    options.cache = config::cache_folder();
    let options = with_access(&globals.etcd, options)?;
    let files = &globals.etcd;
    let secret = [&files.store_cert_key_file, &files.store_password_file];
    notices.extend(
        secret
            .into_iter()
            .flatten()
            .filter_map(|path| exposed(path)),
    );
    Ok(Some(options))
}

/// Adds certificates and user.
fn with_access(args: &EtcdArgs, mut options: EtcdOptions) -> Result<EtcdOptions, Failure> {
    if let Some(path) = &args.store_ca_file {
        options.ca = Some(read(path, "--store-ca-file")?.to_vec());
    }
    options.identity = match (&args.store_cert_file, &args.store_cert_key_file) {
        (Some(certificate), Some(key)) => Some(ClientCertificate {
            certificate: read(certificate, "--store-cert-file")?.to_vec(),
            key: secret(key, "--store-cert-key-file")?,
        }),
        (None, None) => None,
        _ => {
            return Err(Failure::Usage(
                "A client certificate needs --store-cert-file and --store-cert-key-file".into(),
            ));
        }
    };
    let has_certificates = options.ca.is_some() || options.identity.is_some();
    if has_certificates && !options.is_encrypted() {
        return Err(Failure::Usage(
            "Certificates need TLS. Remove ?tls=off from the store, or the certificates".into(),
        ));
    }
    options.user = match (&args.store_user, &args.store_password_file) {
        (Some(name), Some(path)) => Some(EtcdUser {
            name: name.clone(),
            password: secret(path, "--store-password-file")?,
        }),
        (None, None) => None,
        _ => {
            return Err(Failure::Usage(
                "A user of etcd needs --store-user and --store-password-file".into(),
            ));
        }
    };
    Ok(options)
}

fn secret(path: &Path, option: &str) -> Result<SecretString, Failure> {
    Ok(SecretString::from(text_of_file(path, option)?.as_str()))
}
