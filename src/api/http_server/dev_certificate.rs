//! Development certificate: created once for this machine.
//!
//! It is signed by its own CA, because some clients reject a trusted self-signed certificate. The CA's key is discarded after
//! signing, so that it cannot sign anything else.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use super::tls::{TlsError, TlsIdentity};
use crate::atomic_file;

/// Certificate, key and CA certificate, for the server.
const FILE: &str = "localhost.pem";

/// CA certificate, for clients.
const AUTHORITY: &str = "localhost-ca.pem";

/// Validity, in days. Some clients reject certificates that are valid for more than 825 days.
const DAYS: u64 = 800;

/// Remaining validity below which the certificate is replaced.
const RENEW_BEFORE: TimeDelta = TimeDelta::days(30);

/// Returns the development certificate in a folder and the path of its CA certificate. Creates both when they are missing or
/// about to expire.
pub fn development(folder: &Path) -> Result<(TlsIdentity, PathBuf), TlsError> {
    let (path, authority) = (folder.join(FILE), folder.join(AUTHORITY));
    let refused = |error: std::io::Error| {
        TlsError(format!(
            "Cannot store the development certificate in {}: {error}",
            folder.display()
        ))
    };
    atomic_file::create_folder(folder).map_err(refused)?;
    // Two servers that start at the same time share one certificate.
    let _turn = atomic_file::lock(&path).map_err(refused)?;
    let identity = if path.exists() {
        let found = TlsIdentity::read(&path, &path)?;
        if found
            .expires()
            .is_some_and(|end| end > Utc::now() + RENEW_BEFORE)
        {
            found
        } else {
            generate(&path)?
        }
    } else {
        generate(&path)?
    };
    let issuer = identity.chain.last().map(CertificateDer::as_ref);
    let trusted = CertificateDer::from_pem_file(&authority);
    if trusted.ok().as_deref() != issuer {
        let pem = pem(issuer.unwrap_or_default());
        atomic_file::write_atomically(&authority, |file| file.write_all(pem.as_bytes()))
            .map_err(refused)?;
    }
    Ok((identity, authority))
}

fn generate(path: &Path) -> Result<TlsIdentity, TlsError> {
    let text = signed().map_err(|error| {
        TlsError(format!(
            "Cannot create the development certificate: {error}"
        ))
    })?;
    atomic_file::write_atomically(path, |file| file.write_all(text.as_bytes()))
        .map_err(|error| TlsError(format!("{}: {error}", path.display())))?;
    TlsIdentity::read(path, path)
}

/// Creates key, certificate and CA certificate, in PEM.
fn signed() -> Result<Zeroizing<String>, rcgen::Error> {
    let mut authority = validity(CertificateParams::default());
    let name = format!(
        "umai development {}",
        Utc::now().format("%Y-%m-%d %H:%M:%S")
    );
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut leaf = validity(CertificateParams::new(["localhost".to_owned()])?);
    leaf.subject_alt_names.extend([
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ]);
    leaf.distinguished_name
        .push(DnType::CommonName, "localhost");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &authority)?;
    let key = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new(
        [key.as_str(), &leaf.pem(), &authority.pem()].concat(),
    ))
}

/// Sets the validity, from yesterday to tolerate slow clocks.
fn validity(mut params: CertificateParams) -> CertificateParams {
    let date = |days: u64, is_past: bool| {
        let today = Utc::now().date_naive();
        let day = if is_past {
            today.checked_sub_days(Days::new(days))
        } else {
            today.checked_add_days(Days::new(days))
        };
        let day = day.unwrap_or(today);
        // Months and days fit into a byte.
        let small = |number: u32| u8::try_from(number).unwrap_or(1);
        date_time_ymd(day.year(), small(day.month()), small(day.day()))
    };
    params.not_before = date(1, true);
    params.not_after = date(DAYS, false);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
