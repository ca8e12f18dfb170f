//! Connection tests with the real program: exit codes, certificates, proxies.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::path::Path;
use std::sync::Arc;

use assert_cmd::Command;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rstest::rstest;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::probe::fixture::{KEY, ProbeSetup};

/// Program with separate directories and connections from JSON.
struct Program {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

struct Ended {
    code: i32,
    out: String,
    output: String,
}

impl Program {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        let value = value.as_ref().to_str().unwrap().to_owned();
        self.variables.push((name.into(), value));
        self
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = Command::cargo_bin("umai").unwrap();
        command.env_clear().current_dir(self.home.path());
        command
            .env("HOME", self.home.path())
            .envs(self.variables.clone());
        command.args(arguments).write_stdin(input.to_owned());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!format!("{out}{err}").contains(KEY), "{out}{err}");
        let code = output.status.code().expect("no signal");
        Ended {
            code,
            out,
            output: err,
        }
    }

    async fn create(&self, alias: &str, endpoint: &str) {
        let body = json!({"alias": alias, "name": alias, "providerId": "openai",
            "settings": {"apiKey": KEY, "endpoint": endpoint}});
        let ended = self
            .run(
                &["connections", "create", "--from-json", "-"],
                &body.to_string(),
            )
            .await;
        assert_eq!(ended.code, 0, "{}", ended.output);
    }

    async fn test(&self, alias: &str) -> (i32, Value) {
        let ended = self
            .run(&["connections", "test", alias, "--json"], "")
            .await;
        (ended.code, serde_json::from_str(&ended.out).unwrap())
    }
}

async fn stand_in(status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn test_and_models_report_result_and_exit_code() {
    let good = stand_in(200, ProbeSetup::OpenAi.list()).await;
    let bad = stand_in(401, json!({"error": {"message": format!("No key {KEY}")}})).await;
    let program = Program::new();
    program.create("good", &good.uri()).await;
    program.create("bad", &bad.uri()).await;
    let ended = program.run(&["connections", "test", "good"], "").await;
    assert_eq!(ended.code, 0, "{}", ended.output);
    assert!(
        ended.out.contains("✓  models          2 models"),
        "{}",
        ended.out
    );
    let ended = program.run(&["connections", "test", "bad"], "").await;
    assert_eq!(ended.code, 8);
    assert!(ended.out.contains("✗  authentication"), "{}", ended.out);
    assert!(
        ended.out.contains("Provider message: No key ***"),
        "{}",
        ended.out
    );
    assert!(
        ended
            .output
            .contains("does not accept the credentials (401)"),
        "{}",
        ended.output
    );
    let (code, report) = program.test("good").await;
    assert_eq!(
        (code, &report["success"], &report["errorMessage"]),
        (0, &json!(true), &Value::Null)
    );
    let many = ["connections", "test", "good", "unknown", "bad", "--json"];
    let ended = program.run(&many, "").await;
    assert_eq!(ended.code, 8, "the worst of them");
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let aliases: Vec<_> = lines
        .iter()
        .map(|line| line["alias"].as_str().unwrap())
        .collect();
    assert_eq!(aliases, ["good", "bad"]);
    let ended = program.run(&["connections", "test", "unknown"], "").await;
    assert_eq!(ended.code, 3);
    let ended = program
        .run(
            &[
                "connections",
                "models",
                "good",
                "--capability",
                "embedding",
                "--json",
            ],
            "",
        )
        .await;
    let items = json!({"items": [{"id": "text-embedding-3-small", "name": "text-embedding-3-small", "capabilities": ["Embedding"]}]});
    assert_eq!(serde_json::from_str::<Value>(&ended.out).unwrap(), items);
    let ended = program.run(&["connections", "models", "good"], "").await;
    assert!(ended.out.starts_with("ID "), "{}", ended.out);
    assert_eq!(
        program
            .run(&["connections", "models", "bad"], "")
            .await
            .code,
        8
    );
}

/// CA and server certificate for these names.
fn certificates(
    names: &[&str],
    change: impl Fn(&mut CertificateParams),
) -> (String, Arc<rustls::ServerConfig>) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut server = CertificateParams::new(names).unwrap();
    change(&mut server);
    let key = KeyPair::generate().unwrap();
    let certificate = server.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (authority.pem(), Arc::new(config))
}

/// Serves a list of models over TLS; returns the port.
async fn https(config: Arc<rustls::ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(config);
    let body = ProbeSetup::OpenAi.list().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(body.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn valid(_: &mut CertificateParams) {}

fn expired(certificate: &mut CertificateParams) {
    certificate.not_before = rcgen::date_time_ymd(2000, 1, 1);
    certificate.not_after = rcgen::date_time_ymd(2001, 1, 1);
}

#[rstest]
#[case::trusted(true, "localhost", valid as fn(&mut CertificateParams), None)]
#[case::untrusted(false, "localhost", valid as fn(&mut CertificateParams), Some("is not signed by a trusted CA"))]
#[case::for_another(true, "other.example", valid as fn(&mut CertificateParams), Some("is valid for other names only"))]
#[case::expired(true, "localhost", expired as fn(&mut CertificateParams), Some("is not valid at this time"))]
#[tokio::test]
async fn certificate_is_verified_with_system_cas(
    #[case] is_trusted: bool,
    #[case] name: &str,
    #[case] change: fn(&mut CertificateParams),
    #[case] message: Option<&str>,
) {
    let (authority, config) = certificates(&[name], change);
    let (other, _) = certificates(&["unrelated.example"], valid);
    let port = https(config).await;
    let mut program = Program::new();
    let file = program.home.path().join("authorities.pem");
    std::fs::write(&file, if is_trusted { authority } else { other }).unwrap();
    program = program.with("SSL_CERT_FILE", &file);
    program
        .create("tls", &format!("https://localhost:{port}"))
        .await;
    let (code, report) = program.test("tls").await;
    match message {
        None => assert_eq!((code, &report["models"]), (0, &json!(2)), "{report}"),
        Some(message) => {
            assert_eq!(code, 8);
            let sentence = report["errorMessage"].as_str().unwrap();
            assert!(sentence.contains(message), "{sentence}");
        }
    }
}

/// Proxy that records its first request and refuses it.
async fn proxy() -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let asked = String::from_utf8_lossy(&request[..length]).into_owned();
            let _ = sender.send(asked);
            let _ = stream
                .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    (port, receiver)
}

#[tokio::test]
async fn public_hosts_use_the_proxy_of_the_environment() {
    let (port, mut asked) = proxy().await;
    let program = Program::new().with("HTTPS_PROXY", format!("http://127.0.0.1:{port}"));
    program
        .create("far", "https://api.provider.invalid/v1")
        .await;
    let (code, report) = program.test("far").await;
    assert_eq!(code, 8);
    let sentence = report["errorMessage"].as_str().unwrap();
    assert_eq!(
        sentence,
        format!(
            "The proxy http://127.0.0.1:{port} (HTTPS_PROXY) did not connect to api.provider.invalid"
        )
    );
    let asked = asked.recv().await.unwrap();
    assert!(
        asked.starts_with("CONNECT api.provider.invalid:443 "),
        "{asked}"
    );
    assert!(!asked.contains(KEY));
}

#[tokio::test]
async fn private_and_blocked_hosts_never_use_the_proxy() {
    let (port, mut asked) = proxy().await;
    let near = stand_in(200, ProbeSetup::OpenAi.list()).await;
    let url = format!("http://127.0.0.1:{port}");
    let program = Program::new()
        .with("HTTPS_PROXY", &url)
        .with("HTTP_PROXY", &url)
        .with("ALL_PROXY", &url);
    program.create("near", &near.uri()).await;
    program
        .create("meta", "https://metadata.google.internal")
        .await;
    program.create("link", "https://169.254.169.254").await;
    assert_eq!(program.test("near").await.0, 0);
    for alias in ["meta", "link"] {
        let (code, report) = program.test(alias).await;
        assert_eq!(code, 8);
        assert!(
            report["errorMessage"]
                .as_str()
                .unwrap()
                .contains("is blocked")
        );
    }
    assert!(asked.try_recv().is_err(), "the proxy was not asked");
}

/// Port without a listener.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[rstest]
#[case::dead(
    "HTTPS_PROXY",
    "http://me:s3cret@127.0.0.1:{port}",
    "The proxy http://127.0.0.1:{port} (HTTPS_PROXY) refused the connection"
)]
#[case::dead_tls(
    "https_proxy",
    "https://127.0.0.1:{port}",
    "The proxy https://127.0.0.1:{port} (https_proxy) refused the connection"
)]
#[case::dead_for_all(
    "ALL_PROXY",
    "127.0.0.1:{port}",
    "The proxy http://127.0.0.1:{port} (ALL_PROXY) refused the connection"
)]
#[case::mistyped(
    "HTTPS_PROXY",
    "http://me:s3cret@127.0.0.1:notaport",
    "The proxy http://127.0.0.1:notaport (HTTPS_PROXY) is not a valid address"
)]
#[case::unsupported(
    "HTTPS_PROXY",
    "ftp://me:s3cret@127.0.0.1:{port}",
    "The proxy ftp://127.0.0.1:{port} (HTTPS_PROXY) is not an HTTP proxy"
)]
#[case::socks(
    "all_proxy",
    "socks5h://me:s3cret@127.0.0.1:{port}",
    "The proxy socks5h://127.0.0.1:{port} (all_proxy) is not an HTTP proxy"
)]
#[case::unknown(
    "HTTPS_PROXY",
    "http://proxy.invalid:3128",
    "Cannot resolve the proxy http://proxy.invalid:3128 (HTTPS_PROXY) by DNS"
)]
#[tokio::test]
async fn unusable_proxy_is_reported(
    #[case] variable: &str,
    #[case] proxy: &str,
    #[case] message: &str,
) {
    let port = closed_port().to_string();
    let program = Program::new().with(variable, proxy.replace("{port}", &port));
    program
        .create("far", "https://api.provider.invalid/v1")
        .await;
    let (code, report) = program.test("far").await;
    assert_eq!(code, 8);
    assert_eq!(report["errorMessage"], message.replace("{port}", &port));
    let advice = report["advice"].as_str().unwrap();
    assert!(advice.contains("NO_PROXY"), "{advice}");
    assert!(!report.to_string().contains("s3cret"), "{report}");
}

#[tokio::test]
async fn proxy_login_requirement_is_reported() {
    let proxy =
        raw_answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .await;
    let program = Program::new().with("HTTPS_PROXY", format!("http://127.0.0.1:{proxy}"));
    program.create("far", "https://api.provider.invalid").await;
    let (_, report) = program.test("far").await;
    let sentence = report["errorMessage"].as_str().unwrap();
    assert!(
        sentence.ends_with("requires a user name and password (407)"),
        "{sentence}"
    );
}

/// Responds to every connection with these bytes; returns the port.
async fn raw_answer(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
        }
    });
    port
}

#[rstest]
#[case("*.provider.invalid")]
#[case(" .other.example , api.provider.invalid:443 ")]
#[case("*")]
#[tokio::test]
async fn no_proxy_excludes_hosts(#[case] exceptions: &str) {
    let (port, mut asked) = proxy().await;
    let program = Program::new()
        .with("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))
        .with("NO_PROXY", exceptions);
    program.create("far", "https://api.provider.invalid").await;
    let (code, report) = program.test("far").await;
    assert_eq!(
        (code, &report["errorMessage"]),
        (8, &json!("Cannot resolve api.provider.invalid (DNS)"))
    );
    assert!(asked.try_recv().is_err(), "the proxy was not asked");
}

/// A self-signed certificate as `openssl req -x509` makes it: it is marked as a CA.
fn self_signed(
    names: &[&str],
    change: impl Fn(&mut CertificateParams),
) -> (rcgen::Certificate, Arc<rustls::ServerConfig>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (certificate, Arc::new(config))
}

#[rstest]
#[case::own(&["localhost"], valid as fn(&mut CertificateParams), None)]
#[case::for_another(&["other.example"], valid, Some("is valid for other names only"))]
#[case::for_none(&[], valid, Some("has no subjectAltName"))]
#[case::expired(&["localhost"], expired, Some("is not valid at this time"))]
#[tokio::test]
async fn self_signed_ca_certificate_is_accepted_if_trusted(
    #[case] names: &[&str],
    #[case] change: fn(&mut CertificateParams),
    #[case] message: Option<&str>,
) {
    let (certificate, config) = self_signed(names, change);
    let port = https(config).await;
    let mut program = Program::new();
    let file = program.home.path().join("server.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    program = program.with("SSL_CERT_FILE", &file);
    let address = format!("https://localhost:{port}");
    program.create("tls", &address).await;
    let (code, report) = program.test("tls").await;
    match message {
        None => assert_eq!((code, &report["models"]), (0, &json!(2)), "{report}"),
        Some(message) => {
            let sentence = report["errorMessage"].as_str().unwrap();
            assert!(sentence.contains(message), "{sentence}");
        }
    }
    if names.is_empty() {
        let advice = report["advice"].as_str().unwrap();
        assert!(
            advice.contains("openssl req -x509")
                && advice.ends_with("subjectAltName=DNS:localhost"),
            "{advice}"
        );
    }
}

#[tokio::test]
async fn ca_certificate_with_same_name_is_not_trusted() {
    // Same subject and names with another key: not the trusted CA, and not the same certificate.
    let (_, config) = self_signed(&["localhost"], valid);
    let (other, _) = self_signed(&["localhost"], valid);
    let port = https(config).await;
    let mut program = Program::new();
    let file = program.home.path().join("other.pem");
    std::fs::write(&file, other.pem()).unwrap();
    program = program.with("SSL_CERT_FILE", &file);
    program
        .create("tls", &format!("https://localhost:{port}"))
        .await;
    let (code, report) = program.test("tls").await;
    assert_eq!(code, 8, "{report}");
    let sentence = report["errorMessage"].as_str().unwrap();
    assert!(sentence.contains("is not trusted itself"), "{sentence}");
    let advice = report["advice"].as_str().unwrap();
    assert!(
        advice.contains("SSL_CERT_FILE") && advice.contains("basicConstraints=critical,CA:FALSE"),
        "{advice}"
    );
}

#[rstest]
#[case::der(|certificate: &rcgen::Certificate| certificate.der().to_vec(), "must be PEM but is DER; convert it with: openssl x509 -inform DER -in ")]
#[case::pkcs12(|_: &rcgen::Certificate| b"\x30\x82\x0a\x0f\x02\x01\x03\x30\x82".to_vec(), "must be PEM but is PKCS#12; convert it with: openssl pkcs12 -in ")]
#[case::nothing(|_: &rcgen::Certificate| Vec::new(), "must be PEM, with -----BEGIN CERTIFICATE-----")]
#[tokio::test]
async fn ca_file_of_another_format_reports_conversion_command(
    #[case] content: fn(&rcgen::Certificate) -> Vec<u8>,
    #[case] message: &str,
) {
    let (certificate, config) = self_signed(&["localhost"], valid);
    let port = https(config).await;
    let mut program = Program::new();
    let file = program.home.path().join("server.crt");
    std::fs::write(&file, content(&certificate)).unwrap();
    let path = file.to_str().unwrap();
    let address = format!("https://localhost:{port}");
    let options = [
        "--server",
        address.as_str(),
        "--ca-file",
        path,
        "connections",
        "list",
    ];
    let ended = program.run(&options, "").await;
    assert_eq!(ended.code, 2, "{}", ended.output);
    assert!(ended.output.contains(message), "{}", ended.output);
    program = program.with("SSL_CERT_FILE", &file);
    program.create("tls", &address).await;
    let (_, report) = program.test("tls").await;
    let sentence = report["errorMessage"].as_str().unwrap();
    assert!(
        sentence.starts_with("SSL_CERT_FILE: ") && sentence.contains(message),
        "{sentence}"
    );
}

#[tokio::test]
async fn ca_file_can_be_the_self_signed_server_certificate() {
    let (certificate, config) = self_signed(&["localhost"], valid);
    let port = https(config).await;
    let program = Program::new();
    let file = program.home.path().join("server.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let address = format!("https://localhost:{port}");
    let list = ["--server", address.as_str(), "connections", "list"];
    let ended = program.run(&list, "").await;
    assert!(
        ended.output.contains("its certificate is"),
        "{}",
        ended.output
    );
    let trusting = ["--ca-file", file.to_str().unwrap()];
    let ended = program.run(&[&trusting[..], &list[..]].concat(), "").await;
    // The test server is not umai; a completed TLS handshake is sufficient.
    assert!(!ended.output.contains("certificate"), "{}", ended.output);
}
