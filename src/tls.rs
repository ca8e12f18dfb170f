//! Certificates: PEM files, trust, and validation messages.

pub mod pem;
pub mod trust;
pub mod x509;

/// Returns the command that creates a self-signed certificate which every client accepts once it is trusted.
pub fn self_signed_command(host: Option<&str>) -> String {
    let host = host.unwrap_or("server.example");
    let is_address = host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok();
    let (kind, host) = if is_address {
        ("IP", host.trim_matches(['[', ']']))
    } else {
        ("DNS", host)
    };
    format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -keyout key.pem -out cert.pem -subj /CN={host} \
         -addext basicConstraints=critical,CA:FALSE -addext subjectAltName={kind}:{host}"
    )
}
