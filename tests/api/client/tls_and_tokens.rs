//! `umai --server` with `umai serve`: certificates, tokens, and conflicting options.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use rstest::rstest;
use umai::api::client::{RemoteOptions, RemoteService};
use umai::service::ConnectionService;

use crate::home::{Answer, Home};

/// `umai serve` with a separate home directory, killed on drop.
struct Serving {
    home: Home,
    child: Child,
    origin: String,
}

impl Serving {
    fn start() -> Self {
        let home = Home::new();
        for scope in ["read", "write"] {
            let made = home.run(&["token", "create", "--name", scope, "--scope", scope]);
            assert_eq!(made.code, 0, "{made:?}");
            home.write(scope, &made.out);
        }
        let mut command = home.umai(&["serve", "--listen", "127.0.0.1:0", "--log", "log"]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let origin = output
            .find_map(|line| {
                let line = line.unwrap();
                Some(line.strip_prefix("Listening on ")?.to_owned())
            })
            .expect("the server did not print its address");
        // Drains later output.
        std::thread::spawn(move || output.count());
        Self {
            home,
            child,
            origin,
        }
    }

    fn file(&self, name: &str) -> String {
        self.home.path(name).display().to_string()
    }

    fn authority(&self) -> String {
        self.file(".config/umai/localhost-ca.pem")
    }

    /// Runs a command from another home directory, with these options before it.
    fn ask(&self, options: &[&str], command: &[&str]) -> Answer {
        let mut arguments = vec!["--server", &self.origin];
        arguments.extend(options);
        arguments.extend(command);
        let asking = Home::new();
        let answer = asking.run(&arguments);
        assert!(
            !asking.path(".local").exists() && !asking.path(".config").exists(),
            "a remote command creates no local store"
        );
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const LIST: [&str; 2] = ["connections", "list"];
const CREATE: [&str; 7] = [
    "connections",
    "create",
    "--name",
    "A",
    "--provider",
    "openai",
    "--allow-incomplete",
];

#[test]
fn server_needs_trusted_certificate_and_token() {
    let serving = Serving::start();
    let (authority, read, write) = (
        serving.authority(),
        serving.file("read"),
        serving.file("write"),
    );

    let answer = serving.ask(&["--token-file", &write], &LIST);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer
            .err
            .contains("its certificate is not signed by a trusted CA")
            && answer.err.contains("--ca-file"),
        "{answer:?}"
    );

    let trusting = |options: &[&str], command: &[&str]| {
        serving.ask(&[&["--ca-file", &authority], options].concat(), command)
    };
    let answer = trusting(&[], &LIST);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer
            .err
            .contains("unknown, revoked or expired; set UMAI_TOKEN or --token-file"),
        "{answer:?}"
    );

    serving.home.write("wrong", "umai_planted");
    let answer = trusting(&["--token-file", &serving.file("wrong")], &LIST);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(!answer.output().contains("planted"), "{answer:?}");

    let answer = trusting(&["--token-file", &read], &LIST);
    assert_eq!(answer.code, 0, "{answer:?}");
    let answer = trusting(&["--token-file", &read], &CREATE);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(answer.err.contains("read"), "{answer:?}");
    let answer = trusting(&["--token-file", &write, "--json"], &CREATE);
    assert_eq!(answer.code, 0, "{answer:?}");

    let token = std::fs::read_to_string(&write).unwrap();
    let home = Home::new();
    let mut command = home.umai(&["--ca-file", &authority, "connections", "get", "a"]);
    command
        .env("UMAI_SERVER", &serving.origin)
        .env("UMAI_TOKEN", token.trim());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains(token.trim()));
    let log = std::fs::read_to_string(serving.file("log")).unwrap();
    assert!(
        !log.contains(token.trim()) && log.contains("\"token\":\"write\""),
        "{log}"
    );
}

#[test]
fn readable_token_file_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let token = home.write("token", "umai_planted\n");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    let answer = home.run(&[
        "--server",
        "http://127.0.0.1:1",
        "--token-file",
        "token",
        "connections",
        "list",
    ]);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer
            .err
            .contains("token is readable by others; run: chmod go-r token"),
        "{answer:?}"
    );
    assert!(!answer.output().contains("planted"), "{answer:?}");
}

#[rstest]
#[case(&["--server", "http://umai.example", "connections", "list"], "must use https://")]
#[case(&["--server", "https://me:planted@umai.example", "connections", "list"], "must not contain a user name or password")]
#[case(&["--server", "umai.example:44331", "connections", "list"], "must start with https://")]
#[case(&["--server", "https://umai.example", "--data", "data", "connections", "list"], "--data is for the local store")]
#[case(&["connections", "list", "--server", "https://umai.example", "--key-file", "key"], "--key-file is for the local store")]
#[case(&["--server", "https://umai.example", "--appsettings", "x.json", "connections", "list"], "--appsettings is for the local store")]
#[case(&["--token-file", "token", "connections", "list"], "--token-file needs --server or a target")]
#[case(&["--ca-file", "pem", "connections", "list"], "--ca-file needs --server or a target")]
#[case(&["--server", "https://umai.example", "--token-file", "nowhere", "connections", "list"], "Cannot read the file of --token-file")]
#[case(&["--server", "https://umai.example", "--token-file", "spaced", "connections", "list"], "is not a token")]
#[case(&["--server", "https://umai.example", "--ca-file", "spaced", "connections", "list"], "contains no certificate")]
#[case(&["--server", "https://umai.example", "serve"], "umai serve works on the store itself")]
#[case(&["--server", "https://umai.example", "token", "list"], "umai token works on the store itself")]
fn conflicting_options_exit_with_code_2(#[case] arguments: &[&str], #[case] why: &str) {
    let home = Home::new();
    home.write("spaced", "umai planted\n");
    let answer = home.run(arguments);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(
        answer.err.contains(why) && !answer.output().contains("planted"),
        "{answer:?}"
    );
}

#[test]
fn options_override_environment_variables() {
    let home = Home::new();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = home.umai(arguments);
        command.envs(variables.iter().copied());
        command.output().unwrap().status.code().unwrap()
    };
    let gone = ("UMAI_SERVER", "http://127.0.0.1:1");
    let list = ["connections", "list"];
    assert_eq!(run(&list, &[gone]), 7);
    assert_eq!(run(&list, &[gone, ("UMAI_DATA_DIR", "data")]), 7);
    assert_eq!(run(&["--data", "data", "connections", "list"], &[gone]), 0);
    assert_eq!(run(&list, &[("UMAI_SERVER", "")]), 0);
    assert_eq!(run(&["token", "list"], &[gone]), 0);
    let written = ["--server", "http://127.0.0.1:1", "connections", "list"];
    assert_eq!(run(&written, &[("UMAI_DATA_DIR", "data")]), 7);
}

#[tokio::test]
async fn client_learns_the_scope_of_its_token() {
    let serving = Serving::start();
    for (scope, reason) in [("read", Some("the token has scope read")), ("write", None)] {
        let token = std::fs::read_to_string(serving.file(scope)).unwrap();
        let authority = serving.authority();
        let certificates = std::fs::read(&authority).unwrap();
        let options = RemoteOptions::new(serving.origin.parse().unwrap())
            .with_token(token.trim())
            .unwrap()
            .with_certificates(&certificates, authority.as_ref())
            .unwrap();
        let service = RemoteService::connect(&options).await.unwrap();
        assert_eq!(service.read_only_reason(), reason, "{scope}");
    }
}
