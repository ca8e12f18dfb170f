//! Reads the validity and the extensions of a certificate (RFC 5280, section 4.1).

use chrono::{DateTime, NaiveDateTime, Utc};

const SEQUENCE: u8 = 0x30;
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

const BASIC_CONSTRAINTS: &[u8] = &[0x06, 0x03, 0x55, 0x1D, 0x13];
const SUBJECT_ALT_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x1D, 0x11];

/// Returns the end of a certificate's validity; none when it cannot be parsed.
pub fn not_after(certificate: &[u8]) -> Option<DateTime<Utc>> {
    validity(certificate).map(|(_, end)| end)
}

/// Returns the start and the end of a certificate's validity.
pub fn validity(certificate: &[u8]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (SEQUENCE, validity, _) = element(after_issuer(certificate)?)? else {
        return None;
    };
    let (kind, text, rest) = element(validity)?;
    let begin = time(kind, std::str::from_utf8(text).ok()?)?;
    let (kind, text, _) = element(rest)?;
    let end = time(kind, std::str::from_utf8(text).ok()?)?;
    Some((begin, end))
}

/// Returns whether a certificate is a CA certificate: `basicConstraints = CA:TRUE`.
pub fn is_ca(certificate: &[u8]) -> bool {
    let constraints = extension(certificate, BASIC_CONSTRAINTS);
    let is_ca = constraints.and_then(|der| {
        let (SEQUENCE, content, _) = element(der)? else {
            return None;
        };
        let (kind, value, _) = element(content)?;
        Some(kind == BOOLEAN && value != [0])
    });
    is_ca.unwrap_or_default()
}

/// Returns whether a certificate has a `subjectAltName`, the only names that clients check.
pub fn has_names(certificate: &[u8]) -> bool {
    extension(certificate, SUBJECT_ALT_NAME).is_some()
}

/// Returns the value of an extension, by the DER of its object identifier.
fn extension<'a>(certificate: &'a [u8], id: &[u8]) -> Option<&'a [u8]> {
    let mut rest = after_issuer(certificate)?;
    // Skips validity, subject and key, and two rare identifiers.
    let extensions = loop {
        let (kind, content, after) = element(rest)?;
        if kind == EXTENSIONS {
            break content;
        }
        rest = after;
    };
    let (SEQUENCE, mut list, _) = element(extensions)? else {
        return None;
    };
    while let Some((SEQUENCE, extension, after)) = element(list) {
        if let Some(mut rest) = extension.strip_prefix(id) {
            // The criticality flag is optional.
            loop {
                let (kind, value, after) = element(rest)?;
                if kind == OCTETS {
                    return Some(value);
                }
                rest = after;
            }
        }
        list = after;
    }
    None
}

/// Returns the elements after version, serial number, algorithm and issuer.
fn after_issuer(certificate: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, certificate, _) = element(certificate)? else {
        return None;
    };
    let (SEQUENCE, mut signed, _) = element(certificate)? else {
        return None;
    };
    if let (VERSION, _, rest) = element(signed)? {
        signed = rest;
    }
    for _ in 0..3 {
        (_, _, signed) = element(signed)?;
    }
    Some(signed)
}

fn time(kind: u8, text: &str) -> Option<DateTime<Utc>> {
    let text = match kind {
        GENERALIZED_TIME => text.to_owned(),
        // Two-digit years mean 1950 to 2049.
        UTC_TIME if text < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some(time.and_utc())
}

/// Returns the first DER element: tag, content, and the rest.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match usize::from(length) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long & 0x7F)?;
            let length = digits.iter().try_fold(0usize, |length, digit| {
                length.checked_mul(256)?.checked_add(usize::from(*digit))
            })?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn expiry_is_parsed_before_and_after_2050() {
        for (year, end) in [
            (2031, "2031-05-06T00:00:00Z"),
            (2065, "2065-05-06T00:00:00Z"),
        ] {
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.not_after = date_time_ymd(year, 5, 6);
            let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            assert_eq!(not_after(made.der()), Some(end.parse().unwrap()));
            for cut in 0..made.der().len() {
                assert_eq!(not_after(&made.der()[..cut]), None);
            }
        }
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn ca_and_names_are_read_from_extensions() {
        use rcgen::{BasicConstraints, IsCa};
        for (is_ca_made, constraints) in [
            (false, IsCa::NoCa),
            (false, IsCa::ExplicitNoCa),
            (true, IsCa::Ca(BasicConstraints::Unconstrained)),
            (true, IsCa::Ca(BasicConstraints::Constrained(0))),
        ] {
            for names in [vec![], vec!["localhost".to_owned()]] {
                let mut params = CertificateParams::new(names.clone()).unwrap();
                params.is_ca = constraints;
                let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
                assert_eq!(is_ca(made.der()), is_ca_made);
                assert_eq!(has_names(made.der()), !names.is_empty());
                for cut in 0..made.der().len() {
                    assert!(!is_ca(&made.der()[..cut]) && !has_names(&made.der()[..cut]));
                }
            }
        }
    }
}
