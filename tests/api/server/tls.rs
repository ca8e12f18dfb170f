//! HTTPS: development certificate, own certificates, and their errors.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::server::fixture::{CONNECTIONS, Server, ServerHome};
use crate::server::raw_http::{Reply, connect, exchange, request};

/// Returns a client configuration that trusts only this file.
fn trusting(authority: &Path, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn secure(
    server: &Server,
    config: Arc<ClientConfig>,
    name: &'static str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(name).unwrap();
    let client = ClientConnection::new(config, name).unwrap();
    StreamOwned::new(client, connect(server.address))
}

/// Returns the status of a request over TLS, or the handshake error.
fn status(server: &Server, config: Arc<ClientConfig>, name: &'static str) -> Result<u16, String> {
    let mut stream = secure(server, config, name);
    stream
        .write_all(request("GET", "/health", &[], "").as_bytes())
        .map_err(|error| error.to_string())?;
    Ok(Reply::read(&mut stream).unwrap().status)
}

#[test]
fn development_certificate_is_valid_and_reused() {
    let home = ServerHome::new();
    let authority = home.config("localhost-ca.pem");
    let mut before = Vec::new();
    for _ in 0..2 {
        let server = home.serve(&["--no-auth"]);
        assert_eq!(server.startup["certificate"], authority.to_str().unwrap());
        assert_eq!(
            server.startup["listening"][0],
            format!("https://{}", server.address)
        );
        for name in ["localhost", "127.0.0.1", "::1"] {
            for version in [&[&TLS12], &[&TLS13]] {
                let client = trusting(&authority, version);
                assert_eq!(status(&server, client, name), Ok(200), "{name}");
            }
        }
        let client = trusting(&authority, &[&TLS13]);
        assert!(status(&server, client, "example.com").is_err());
        let now = fs::read(&authority).unwrap();
        assert!(before.is_empty() || before == now);
        before = now;
    }
    let key = home.config("localhost.pem");
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = fs::read_to_string(&key).unwrap();
    assert_eq!(
        kept.matches("PRIVATE KEY-----").count(),
        2,
        "the CA's key is discarded"
    );
}

#[test]
fn expired_development_certificate_is_replaced() {
    let home = ServerHome::new();
    drop(home.serve(&["--no-auth"]));
    let (path, authority) = (
        home.config("localhost.pem"),
        home.config("localhost-ca.pem"),
    );
    let first = fs::read(&authority).unwrap();
    fs::write(&authority, "gone").unwrap();
    drop(home.serve(&["--no-auth"]));
    assert_eq!(fs::read(&authority).unwrap(), first);
    let (old, key) = made("localhost", (2001, 2, 3));
    fs::write(&path, format!("{key}{old}")).unwrap();
    let server = home.serve(&["--no-auth"]);
    assert_ne!(fs::read(&authority).unwrap(), first);
    let client = trusting(&authority, &[&TLS13]);
    assert_eq!(status(&server, client, "localhost"), Ok(200));
}

/// Creates a certificate and its key, in PEM.
fn made(name: &str, (year, month, day): (i32, u8, u8)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(year, month, day);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn own_certificate_is_used_with_expiry_warning() {
    let home = ServerHome::new();
    for (year, is_noted) in [(2090, false), (2001, true)] {
        let (certificate, key) = made("umai.example", (year, 1, 1));
        fs::write(home.path("cert.pem"), &certificate).unwrap();
        fs::write(home.path("key.pem"), key).unwrap();
        let options = ["--cert", "cert.pem", "--key", "key.pem"];
        if is_noted {
            let output = home.run(&[&["serve", "--listen", "192.0.2.1:1"], &options[..]].concat());
            assert_ne!(output.code, Some(0));
            home.token("laptop", "write");
            let output = home.run(&[&["serve", "--listen", "192.0.2.1:1"], &options[..]].concat());
            assert!(output.err.contains("expired on 2001-01-01"), "{output:?}");
            continue;
        }
        let server = home.serve(&[&["--no-auth"], &options[..]].concat());
        let client = trusting(&home.path("cert.pem"), &[&TLS13]);
        assert_eq!(status(&server, client, "umai.example"), Ok(200));
        assert!(server.startup["certificate"].is_null());
    }
}

#[test]
fn ca_or_nameless_certificate_causes_warning() {
    use rcgen::{BasicConstraints, IsCa};
    let server = ServerHome::new();
    server.token("laptop", "write");
    for (names, constraints, warnings) in [
        (&["umai.example"][..], IsCa::ExplicitNoCa, [false, false]),
        (
            &["umai.example"][..],
            IsCa::Ca(BasicConstraints::Unconstrained),
            [true, false],
        ),
        (&[][..], IsCa::NoCa, [false, true]),
    ] {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = constraints;
        let certificate = params.self_signed(&key).unwrap();
        fs::write(server.path("cert.pem"), certificate.pem()).unwrap();
        fs::write(server.path("key.pem"), key.serialize_pem()).unwrap();
        // Not a local address, so that the command ends after its messages.
        let output = server.run(&[
            "serve",
            "--listen",
            "192.0.2.1:1",
            "--cert",
            "cert.pem",
            "--key",
            "key.pem",
        ]);
        let found = ["(CA:TRUE)", "no subjectAltName"].map(|words| output.err.contains(words));
        assert_eq!(found, warnings, "{output:?}");
        let is_told = output.err.contains("openssl req -x509");
        assert_eq!(is_told, warnings.contains(&true), "{output:?}");
    }
}

#[test]
fn unusable_certificate_files_are_explained() {
    let server = ServerHome::new();
    let (certificate, key) = made("localhost", (2090, 1, 1));
    let (_, other) = made("localhost", (2090, 1, 1));
    fs::write(server.path("cert.pem"), &certificate).unwrap();
    fs::write(server.path("key.pem"), &key).unwrap();
    fs::write(server.path("other.pem"), other).unwrap();
    fs::write(server.path("noise.pem"), [0xff, 0xfe, 0]).unwrap();
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    fs::write(server.path("cert.der"), der).unwrap();
    let der = KeyPair::from_pem(&key).unwrap().serialize_der();
    fs::write(server.path("key.der"), der).unwrap();
    fs::write(
        server.path("both.p12"),
        b"\x30\x82\x0a\x0f\x02\x01\x03\x30\x82",
    )
    .unwrap();
    fs::write(
        server.path("locked.pem"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    fs::write(server.path("broken.pem"), certificate.replace('M', "*")).unwrap();
    for (certificate, key, output) in [
        ("none.pem", "key.pem", "none.pem does not exist"),
        ("cert.pem", "none.pem", "none.pem does not exist"),
        ("key.pem", "key.pem", "key.pem contains no certificate"),
        ("cert.pem", "cert.pem", "cert.pem contains no private key"),
        (
            "cert.pem",
            "locked.pem",
            "locked.pem holds an encrypted key",
        ),
        (
            "cert.pem",
            "other.pem",
            "The key does not match the certificate",
        ),
        ("noise.pem", "key.pem", "noise.pem contains no certificate"),
        (
            "cert.der",
            "key.pem",
            "openssl x509 -inform DER -in cert.der",
        ),
        (
            "cert.pem",
            "key.der",
            "openssl pkey -inform DER -in key.der",
        ),
        ("both.p12", "key.pem", "openssl pkcs12 -in both.p12 -nokeys"),
        (
            "cert.pem",
            "both.p12",
            "openssl pkcs12 -in both.p12 -nocerts",
        ),
        ("broken.pem", "key.pem", "broken.pem is damaged"),
    ] {
        let files = ["--cert", certificate, "--key", key];
        let refused = server.run(
            &[
                &["serve", "--no-auth", "--listen", "127.0.0.1:0"],
                &files[..],
            ]
            .concat(),
        );
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(output), "{refused:?}");
        assert!(!refused.err.contains("PRIVATE KEY-----\nM"), "{refused:?}");
    }
}

#[test]
fn plain_http_on_tls_port_is_explained() {
    let home = ServerHome::new();
    let server = home.serve(&["--no-auth"]);
    let reply = exchange(
        server.address,
        request("GET", CONNECTIONS, &[], "").as_bytes(),
    )
    .unwrap();
    assert_eq!(reply.status, 400);
    assert!(
        reply.problem()["detail"]
            .as_str()
            .unwrap()
            .contains("https://"),
        "{reply:?}"
    );
    for noise in [
        &b"\x16\x03\x01\x00\x05hello"[..],
        b"\0\0\0\0",
        b"\x16",
        b"\xff",
    ] {
        let mut stream = connect(server.address);
        stream.write_all(noise).unwrap();
        // The server may have closed the connection already.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        // Closed or reset: at most a TLS alert arrives.
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP"));
    }
    let client = trusting(&home.config("localhost-ca.pem"), &[&TLS13]);
    assert_eq!(status(&server, client, "localhost"), Ok(200));
}

#[test]
fn localhost_listens_on_ipv4_and_ipv6() {
    let home = ServerHome::new();
    let log = home.path("log");
    let mut command = home.umai(&["serve", "--json", "--listen", "localhost:0", "--no-auth"]);
    command.arg("--log").arg(&log);
    let server = Server::start(command, log);
    let addresses = server.startup["addresses"].as_array().unwrap();
    for address in addresses {
        let address = address.as_str().unwrap().parse().unwrap();
        assert!(TcpStream::connect::<std::net::SocketAddr>(address).is_ok());
    }
    let has_newer = std::net::TcpListener::bind("[::1]:0").is_ok();
    assert_eq!(addresses.len(), 1 + usize::from(has_newer));
}
