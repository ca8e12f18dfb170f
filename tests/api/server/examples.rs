//! Runs the examples of the documentation with their programs; only the port differs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, Server, ServerHome};

/// Returns the code block after the marker `<!-- example: NAME, … -->` on a page.
fn example(page: &str, name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let page = fs::read_to_string(page).unwrap();
    let (_, after) = page
        .split_once(&format!("<!-- example: {name},"))
        .expect("the example");
    let (_, code) = after.split_once("```").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    let (_, code) = code.split_once('\n').unwrap();
    code.to_owned()
}

/// Returns true if a program is installed. If it is missing, the test is skipped with a message; with `CI` set, it fails.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "{program} is not installed"
    );
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// Asserts that the documented connection was created.
fn assert_made(server: &Server, home: &ServerHome) {
    let one = home.run(&[
        "token", "create", "--name", "check", "--scope", "read", "--json",
    ]);
    let token = one.json()["token"].as_str().unwrap().to_owned();
    let output = Command::new("curl")
        .args(["-sS", "--cacert"])
        .arg(home.config("localhost-ca.pem"))
        .arg("-H")
        .arg(format!("Authorization: Bearer {token}"))
        .arg(format!(
            "https://localhost:{}{CONNECTIONS}/openai-prod",
            server.address.port()
        ))
        .output()
        .unwrap();
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut asked: serde_json::Value = serde_json::from_str(DOCUMENTED).unwrap();
    asked["settings"]["apiKey"] = "sk-***".into();
    for (member, value) in asked.as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
}

#[test]
fn curl_example_creates_the_documented_connection() {
    if !is_installed("curl") {
        return;
    }
    let home = ServerHome::new();
    home.token("first", "write");
    let server = home.serve(&[]);
    let script = example("docs/serving.md", "curl")
        .replace(":44331/", &format!(":{}/", server.address.port()));
    let output = shell(&home, &script);
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\"apiKey\":\"sk-***\""), "{answer}");
    assert_made(&server, &home);
}

#[test]
fn javascript_example_creates_the_documented_connection() {
    if !is_installed("node") || !is_installed("curl") {
        return;
    }
    let home = ServerHome::new();
    let token = home.token("node", "write");
    let server = home.serve(&[]);
    let script = example("docs/serving.md", "javascript")
        .replace(":44331/", &format!(":{}/", server.address.port()));
    fs::write(home.path("create.mjs"), script).unwrap();
    let output = Command::new("node")
        .arg("create.mjs")
        .current_dir(home.path(""))
        .env("NODE_EXTRA_CA_CERTS", home.config("localhost-ca.pem"))
        .env("UMAI_TOKEN", token)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(uuid::Uuid::try_parse(stdout.trim()).is_ok(), "{output:?}");
    assert_made(&server, &home);
}

/// Runs a script in the fixture's directory, with umai on the path.
fn shell(server: &ServerHome, script: &str) -> std::process::Output {
    let umai = Path::new(env!("CARGO_BIN_EXE_umai")).parent().unwrap();
    let path = format!("{}:{}", umai.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-euc", script])
        .env("HOME", server.path(""))
        .env("PATH", path)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME")
        .current_dir(server.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn readme_scripting_example_runs() {
    let server = ServerHome::new();
    let output = shell(&server, &example("README.md", "scripting"));
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\"alias\": \"openai-prod\""), "{answer}");
    assert!(server.path("connections.yaml").exists());
}
