//! Options of the connection to etcd.

mod address;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;

pub use self::address::{EtcdAddress, SCHEME};
use crate::tls::x509;

/// Address and credentials of a store on etcd.
#[derive(Debug, Clone)]
pub struct EtcdOptions {
    /// Nodes and prefix.
    pub address: EtcdAddress,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca: Option<Vec<u8>>,
    /// Client certificate.
    pub identity: Option<ClientCertificate>,
    /// User of etcd.
    pub user: Option<EtcdUser>,
    /// Cache folder of umai, for an index; none to keep it only in memory.
    pub cache: Option<PathBuf>,
}

/// Client certificate with its key, in PEM.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// Certificate with its chain.
    pub certificate: Vec<u8>,
    /// Private key.
    pub key: SecretString,
}

/// User of etcd with its password.
#[derive(Debug, Clone)]
pub struct EtcdUser {
    /// Name.
    pub name: String,
    /// Password.
    pub password: SecretString,
}

impl EtcdOptions {
    /// Returns the end of the validity of the client certificate, if there is one that can be read.
    pub fn certificate_expiry(&self) -> Option<DateTime<Utc>> {
        let identity = self.identity.as_ref()?;
        let leaf = CertificateDer::from_pem_slice(&identity.certificate).ok()?;
        x509::not_after(&leaf)
    }

    /// Options without certificates and user.
    pub const fn new(address: EtcdAddress) -> Self {
        Self {
            address,
            ca: None,
            identity: None,
            user: None,
            cache: None,
        }
    }

    /// Returns true if the connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        let has_certificates = self.ca.is_some() || self.identity.is_some();
        self.address.is_encrypted(has_certificates)
    }
}
