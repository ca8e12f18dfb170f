//! `umai serve` refuses insecure or useless configurations and says what to do.

use std::fs;
use std::net::TcpListener;

use crate::house::House;

/// Returns the exit code and the message of a server that does not start.
fn refused(house: &House, options: &[&str]) -> (i32, String) {
    let said = house.run(&[&["serve"], options].concat());
    assert_eq!(said.out, "", "{said:?}");
    (said.code.unwrap(), said.err)
}

#[test]
fn serve_without_token_names_create_command() {
    let house = House::new();
    for options in [&[][..], &["--http"], &["--listen", "127.0.0.1:0"]] {
        let (code, said) = refused(&house, options);
        assert_eq!(code, 2, "{said}");
        assert!(
            said.contains("umai token create") && said.contains("--no-auth"),
            "{said}"
        );
    }
    assert!(!house.data("journal").exists(), "no file was created");
}

#[test]
fn serve_beyond_loopback_needs_tls_and_token() {
    let house = House::new();
    house.token("laptop", "write");
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
        let (code, said) = refused(&house, options);
        assert_eq!(code, 2, "{said}");
        assert!(
            said.contains("loopback only") && said.contains(word),
            "{said}"
        );
    }
}

#[test]
fn conflicting_serve_options_are_rejected() {
    let house = House::new();
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
        let (code, said) = refused(&house, options);
        assert_eq!(code, 2, "{options:?}: {said}");
    }
}

#[test]
fn port_in_use_is_reported_with_advice() {
    let house = House::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (code, said) = refused(&house, &["--http", "--no-auth", "--listen", &address]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains(&address) && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn development_certificate_is_rejected_beyond_loopback() {
    let house = House::new();
    house.token("laptop", "write");
    let (code, said) = refused(&house, &["--listen", "0.0.0.0:0", "--host", "umai.example"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--cert FILE --key FILE"), "{said}");
}

#[test]
fn damaged_token_file_is_reported_with_line() {
    let house = House::new();
    house.token("laptop", "write");
    fs::write(house.data("tokens.json"), "{\n\"tokens\": [\n{]").unwrap();
    for arguments in [
        &["serve", "--http"][..],
        &["token", "list"],
        &["token", "create", "--name", "a", "--scope", "read"],
        &["token", "revoke", "laptop"],
    ] {
        let said = house.run(arguments);
        assert_eq!(said.code, Some(6), "{said:?}");
        assert!(
            said.err.contains("tokens.json is damaged at line 3"),
            "{said:?}"
        );
    }
    assert_eq!(
        fs::read_to_string(house.data("tokens.json")).unwrap(),
        "{\n\"tokens\": [\n{]"
    );
}
