//! Runs the examples of the documentation with their programs; only the port differs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::house::{CONNECTIONS, DOCUMENTED, House, Server};

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
fn is_there(program: &str) -> bool {
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
fn assert_made(server: &Server, house: &House) {
    let one = house.run(&[
        "token", "create", "--name", "check", "--scope", "read", "--json",
    ]);
    let token = one.json()["token"].as_str().unwrap().to_owned();
    let output = Command::new("curl")
        .args(["-sS", "--cacert"])
        .arg(house.config("localhost-ca.pem"))
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
    if !is_there("curl") {
        return;
    }
    let house = House::new();
    house.token("first", "write");
    let server = house.serve(&[]);
    let script = example("docs/serving.md", "curl")
        .replace(":44331/", &format!(":{}/", server.address.port()));
    let output = shell(&house, &script);
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\"apiKey\":\"sk-***\""), "{answer}");
    assert_made(&server, &house);
}

#[test]
fn javascript_example_creates_the_documented_connection() {
    if !is_there("node") || !is_there("curl") {
        return;
    }
    let house = House::new();
    let token = house.token("node", "write");
    let server = house.serve(&[]);
    let script = example("docs/serving.md", "javascript")
        .replace(":44331/", &format!(":{}/", server.address.port()));
    fs::write(house.path("create.mjs"), script).unwrap();
    let output = Command::new("node")
        .arg("create.mjs")
        .current_dir(house.path(""))
        .env("NODE_EXTRA_CA_CERTS", house.config("localhost-ca.pem"))
        .env("UMAI_TOKEN", token)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(uuid::Uuid::try_parse(said.trim()).is_ok(), "{output:?}");
    assert_made(&server, &house);
}

/// Runs a script in the fixture's directory, with umai on the path.
fn shell(house: &House, script: &str) -> std::process::Output {
    let umai = Path::new(env!("CARGO_BIN_EXE_umai")).parent().unwrap();
    let path = format!("{}:{}", umai.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-euc", script])
        .env("HOME", house.path(""))
        .env("PATH", path)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME")
        .current_dir(house.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn readme_scripting_example_runs() {
    let house = House::new();
    let output = shell(&house, &example("README.md", "scripting"));
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\"alias\": \"openai-prod\""), "{answer}");
    assert!(house.path("connections.yaml").exists());
}
