//! Damaged files are reported and ignored; locations can be configured.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::home::{DOCUMENTED, Home};

#[test]
fn invalid_provider_file_is_reported_with_its_line() {
    let home = Home::new();
    home.write(
        ".config/umai/providers/mine.toml",
        "id = \"mine\"\nname = \"Mine\"\ncapabilities = [\"Chat\"]\n",
    );
    home.write(
        ".config/umai/providers/torn.toml",
        "id = \"torn\"\nname = \n",
    );
    let answer = home.run(&["providers", "list"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer.out.contains("mine") && answer.out.contains("openai"),
        "{answer:?}"
    );
    assert!(
        answer.err.contains("torn.toml, line 2, column"),
        "{answer:?}"
    );
    let made = home.run(&["connections", "create", "--name", "A", "--provider", "mine"]);
    assert_eq!(made.code, 0, "{made:?}");
}

#[test]
fn invalid_appsettings_file_is_reported_with_its_line() {
    let home = Home::documented();
    home.write("appsettings.json", "{\n  \"A\": oops\n}");
    let answer = home.run(&["connections", "list"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("appsettings.json is not valid at line 2, column 8"),
        "{answer:?}"
    );
    let missing = home.run(&["--appsettings", "none.json", "connections", "list"]);
    assert_eq!(missing.code, 0);
    assert!(
        missing.err.contains("none.json does not exist"),
        "{missing:?}"
    );
}

#[test]
fn directories_are_configurable_and_private() {
    let home = Home::new();
    let (data, config) = (home.path("d"), home.path("c"));
    let options = [
        "--data",
        data.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ];
    home.write("request.json", DOCUMENTED);
    let made = home.run(
        &[
            &options[..],
            &["connections", "create", "--from-json", "request.json"],
        ]
        .concat(),
    );
    assert_eq!(made.code, 0, "{made:?}");
    for folder in [&data, &config] {
        let rights = fs::metadata(folder).unwrap().permissions().mode();
        assert_eq!(rights & 0o077, 0, "{}", folder.display());
    }
    let by_variable = home
        .umai(&["connections", "get", "openai-prod"])
        .env("UMAI_DATA_DIR", &data)
        .env("UMAI_CONFIG_DIR", &config)
        .output()
        .unwrap();
    assert_eq!(by_variable.status.code(), Some(0));
    assert!(
        !home.path(".local").exists(),
        "nothing is created elsewhere"
    );
}

#[test]
fn missing_key_is_a_store_error() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    fs::rename(&key, home.path("away.key")).unwrap();
    let answer = home.run(&["connections", "list", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert_eq!(answer.problem()["code"], "key", "{answer:?}");
    assert!(!key.exists(), "no new key for an existing store");
    let with = home.run(&["--key-file", "away.key", "connections", "list"]);
    assert_eq!(with.code, 0, "{with:?}");
}

#[test]
fn readable_key_file_is_reported() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    let list = ["connections", "list"];
    assert_eq!(home.run(&list).err, "");
    let reported = |path: &str| format!("{path} is readable by others; run: chmod go-r {path}\n");
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let answer = home.run(&list);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(answer.err, reported(key.to_str().unwrap()));
    }
    assert_eq!(home.run(&["providers", "list"]).err, "", "no key is used");
    fs::rename(&key, home.path("my.key")).unwrap();
    let named = home.run(&["--key-file", "my.key", "connections", "list"]);
    assert_eq!(named.err, reported("my.key"));
    fs::create_dir(home.path("credentials")).unwrap();
    fs::rename(home.path("my.key"), home.path("credentials/umai.key")).unwrap();
    let handed_over = home
        .umai(&list)
        .env("CREDENTIALS_DIRECTORY", home.path("credentials"))
        .output()
        .unwrap();
    assert_eq!(handed_over.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&handed_over.stderr), "");
}

#[test]
fn crash_writes_no_core_dump() {
    let home = Home::new();
    let umai = home.umai(&["connections", "create", "--from-json", "-", "--json"]);
    // The shell allows core dumps first, because many systems disable them by default.
    let mut child = Command::new("/bin/sh")
        .args(["-c", "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\""])
        .arg(umai.get_program())
        .args(umai.get_args())
        .env_clear()
        .env("HOME", home.path(""))
        .current_dir(home.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(format!("{DOCUMENTED}\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut answer)
        .unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let numbers: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{core}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
