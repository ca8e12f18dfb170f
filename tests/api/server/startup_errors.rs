//! `umai serve` refuses insecure or useless configurations and says what to do.

use std::fs;
use std::net::TcpListener;

use crate::server::fixture::ServerHome;

/// Returns the exit code and the message of a server that does not start.
fn refused(server: &ServerHome, options: &[&str]) -> (i32, String) {
    let output = server.run(&[&["serve"], options].concat());
    assert_eq!(output.out, "", "{output:?}");
    (output.code.unwrap(), output.err)
}

#[test]
fn serve_without_token_names_create_command() {
    let server = ServerHome::new();
    for options in [&[][..], &["--http"], &["--listen", "127.0.0.1:0"]] {
        let (code, output) = refused(&server, options);
        assert_eq!(code, 2, "{output}");
        assert!(
            output.contains("umai token create") && output.contains("--no-auth"),
            "{output}"
        );
    }
    assert!(!server.data("journal").exists(), "no file was created");
}

#[test]
fn serve_beyond_loopback_needs_tls_and_token() {
    let server = ServerHome::new();
    server.token("laptop", "write");
    for (options, word) in [
        (&["--listen", "0.0.0.0:0", "--http"][..], "reverse proxy"),
        (&["--listen", "[::]:0", "--http"], "reverse proxy"),
        (&["--listen", "0.0.0.0:0", "--no-auth"], "umai token create"),
        (
            &[
                "--listen",
                "127.0.0.1:0",
                "--listen",
                "192.0.2.1:0",
                "--http",
            ],
            "reverse proxy",
        ),
        (
            &["--listen", "0.0.0.0:0", "--http", "--no-auth"],
            "reverse proxy",
        ),
    ] {
        let (code, output) = refused(&server, options);
        assert_eq!(code, 2, "{output}");
        assert!(
            output.contains("loopback only") && output.contains(word),
            "{output}"
        );
    }
}

#[test]
fn conflicting_serve_options_are_rejected() {
    let server = ServerHome::new();
    for options in [
        &["--cert", "cert.pem"][..],
        &["--key", "key.pem"],
        &["--http", "--cert", "cert.pem", "--key", "key.pem"],
        &["--listen", "localhost"],
        &["--listen", "127.0.0.1"],
        &["--listen", "example.com:80"],
        &["--listen", "127.0.0.1:99999"],
        &["--listen", "localhost:x"],
    ] {
        let (code, output) = refused(&server, options);
        assert_eq!(code, 2, "{options:?}: {output}");
    }
}

#[test]
fn port_in_use_is_reported_with_advice() {
    let server = ServerHome::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (code, output) = refused(&server, &["--http", "--no-auth", "--listen", &address]);
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains(&address) && output.contains("--listen"),
        "{output}"
    );
}

#[test]
fn development_certificate_is_rejected_beyond_loopback() {
    let server = ServerHome::new();
    server.token("laptop", "write");
    let (code, output) = refused(
        &server,
        &["--listen", "0.0.0.0:0", "--host", "umai.example"],
    );
    assert_eq!(code, 2, "{output}");
    assert!(output.contains("--cert FILE --key FILE"), "{output}");
}

#[test]
fn damaged_token_file_is_reported_with_line() {
    let server = ServerHome::new();
    server.token("laptop", "write");
    fs::write(server.data("tokens.json"), "{\n\"tokens\": [\n{]").unwrap();
    for arguments in [
        &["serve", "--http"][..],
        &["token", "list"],
        &["token", "create", "--name", "a", "--scope", "read"],
        &["token", "revoke", "laptop"],
    ] {
        let output = server.run(arguments);
        assert_eq!(output.code, Some(6), "{output:?}");
        assert!(
            output.err.contains("tokens.json is damaged at line 3"),
            "{output:?}"
        );
    }
    assert_eq!(
        fs::read_to_string(server.data("tokens.json")).unwrap(),
        "{\n\"tokens\": [\n{]"
    );
}
