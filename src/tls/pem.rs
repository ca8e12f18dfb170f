//! Reads certificates from PEM files; errors include the command that converts other formats.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::text::shell_quoted;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;

/// Expected content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PemContent {
    /// Certificates.
    Certificate,
    /// A private key.
    Key,
}

/// Parses the certificates of a PEM file. The error completes a sentence that begins with the file name.
pub fn certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => Err(not_pem(bytes, path, PemContent::Certificate)),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("is damaged: {error}")),
    }
}

/// Parses certificates that will be trusted.
pub fn roots(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = certificates(bytes, path)?;
    let mut store = RootCertStore::empty();
    for root in &found {
        let added = store.add(root.clone());
        added
            .map_err(|_| "holds a certificate that is damaged or of an unknown type".to_owned())?;
    }
    Ok(found)
}

/// Describes a file without usable content. The text completes a sentence that begins with the file name.
pub fn not_pem(bytes: &[u8], path: &Path, wanted: PemContent) -> String {
    let file = file(path);
    let (what, label, output) = match wanted {
        PemContent::Certificate => ("certificate", "CERTIFICATE", "cert.pem"),
        PemContent::Key => ("private key", "PRIVATE KEY", "key.pem"),
    };
    let command = match (DerFormat::from_der(bytes), wanted) {
        (DerFormat::Pkcs12, PemContent::Certificate) => {
            format!("PKCS#12; convert it with: openssl pkcs12 -in {file} -nokeys -out {output}")
        }
        (DerFormat::Pkcs12, PemContent::Key) => {
            format!(
                "PKCS#12; convert it with: openssl pkcs12 -in {file} -nocerts -noenc -out {output}"
            )
        }
        (DerFormat::Pkcs7, PemContent::Certificate) => format!(
            "PKCS#7; convert it with: openssl pkcs7 -inform DER -in {file} -print_certs -out {output}"
        ),
        (DerFormat::Der, PemContent::Certificate) => {
            format!("DER; convert it with: openssl x509 -inform DER -in {file} -out {output}")
        }
        (DerFormat::DerKey, PemContent::Key) => {
            format!("DER; convert it with: openssl pkey -inform DER -in {file} -out {output}")
        }
        (DerFormat::Der | DerFormat::DerKey | DerFormat::Pkcs7 | DerFormat::Other, _) => {
            return format!("contains no {what}; it must be PEM, with -----BEGIN {label}-----");
        }
    };
    format!("contains no {what}; it must be PEM but is {command}")
}

/// Quotes a path for the command.
fn file(path: &Path) -> String {
    let shown = path.display().to_string();
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-+".contains(sign);
    if !shown.is_empty() && !shown.starts_with('-') && shown.chars().all(is_plain) {
        shown
    } else {
        shell_quoted(&shown)
    }
}

/// Binary formats of certificates and keys, detected by their first elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DerFormat {
    /// A certificate.
    Der,
    /// A private key.
    DerKey,
    /// A container of certificates and keys: `.p12`, `.pfx`.
    Pkcs12,
    /// A container of certificates: `.p7b`.
    Pkcs7,
    Other,
}

impl DerFormat {
    fn from_der(bytes: &[u8]) -> Self {
        // The length takes one byte, or the number of bytes in its low bits; 0x80 means indefinite.
        let content = match bytes {
            [SEQUENCE, length @ ..0x80, rest @ ..] if *length > 0 => rest,
            [SEQUENCE, length, rest @ ..] => {
                rest.get(usize::from(length & 0x7F)..).unwrap_or_default()
            }
            _ => return Self::Other,
        };
        match content {
            [INTEGER, 1, 3, ..] => Self::Pkcs12,
            [INTEGER, 1, 0 | 1, ..] => Self::DerKey,
            [OBJECT_ID, ..] => Self::Pkcs7,
            [SEQUENCE, ..] => Self::Der,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rstest::rstest;

    use super::*;

    fn generate() -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap(), key)
    }

    #[test]
    fn pem_certificates_are_read() {
        let (certificate, key) = generate();
        let text = format!("# ours\n{}{}", key.serialize_pem(), certificate.pem());
        let read = roots(text.as_bytes(), Path::new("a.pem"));
        assert_eq!(read, Ok(vec![certificate.der().clone()]));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(
            roots(broken, Path::new("a.pem"))
                .unwrap_err()
                .contains("damaged")
        );
    }

    #[test]
    fn der_certificate_gets_the_command_that_converts_it() {
        let (certificate, key) = generate();
        let why = certificates(certificate.der(), Path::new("/a/server.der")).unwrap_err();
        assert_eq!(
            why,
            "contains no certificate; it must be PEM but is DER; convert it with: openssl x509 -inform DER -in /a/server.der -out cert.pem"
        );
        let why = not_pem(&key.serialize_der(), Path::new("my key"), PemContent::Key);
        assert!(
            why.ends_with("openssl pkey -inform DER -in 'my key' -out key.pem"),
            "{why}"
        );
    }

    #[rstest]
    // First bytes of a file from `openssl pkcs12 -export`, and with an indefinite length.
    #[case(
        b"\x30\x82\x0a\x0f\x02\x01\x03\x30\x82",
        PemContent::Certificate,
        "openssl pkcs12 -in a -nokeys -out cert.pem"
    )]
    #[case(
        b"\x30\x80\x02\x01\x03\x30\x80",
        PemContent::Key,
        "openssl pkcs12 -in a -nocerts -noenc -out key.pem"
    )]
    #[case(
        b"\x30\x82\x01\x00\x06\x09",
        PemContent::Certificate,
        "openssl pkcs7 -inform DER -in a -print_certs -out cert.pem"
    )]
    #[case(
        b"",
        PemContent::Certificate,
        "it must be PEM, with -----BEGIN CERTIFICATE-----"
    )]
    #[case(
        b"\x30",
        PemContent::Key,
        "it must be PEM, with -----BEGIN PRIVATE KEY-----"
    )]
    #[case(
        b"\x30\xff\x00",
        PemContent::Key,
        "it must be PEM, with -----BEGIN PRIVATE KEY-----"
    )]
    #[case(
        b"some text",
        PemContent::Certificate,
        "it must be PEM, with -----BEGIN CERTIFICATE-----"
    )]
    fn other_formats_are_named(
        #[case] bytes: &[u8],
        #[case] wanted: PemContent,
        #[case] end: &str,
    ) {
        let why = not_pem(bytes, Path::new("a"), wanted);
        assert!(why.ends_with(end), "{why}");
    }
}
