//! `umai doctor`: finds problems in every state, changes nothing, and shows no secret.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rstest::rstest;
use uuid::Uuid;

use crate::home::{Answer, Home};

/// Findings of an area: state and sentence.
fn says(answer: &Answer, area: &str) -> Vec<(String, String)> {
    let findings = answer.json();
    let findings = findings["findings"].as_array().unwrap().clone();
    findings
        .iter()
        .filter(|finding| finding["area"] == area)
        .map(|finding| {
            let word = |name: &str| finding[name].as_str().unwrap().to_owned();
            (word("state"), word("says"))
        })
        .collect()
}

fn has(answer: &Answer, area: &str, state: &str, words: &str) {
    let output = says(answer, area);
    let is_it = |(is, sentence): &(String, String)| is == state && sentence.contains(words);
    assert!(
        output.iter().any(is_it),
        "{state} {words}: {output:?} {}",
        answer.err
    );
}

/// All files below a directory with their contents.
fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn doctor_finds_no_problem_in_a_healthy_home() {
    let home = Home::documented();
    assert_eq!(
        home.run(&["connections", "deactivate", "openai-prod"]).code,
        0
    );
    assert_eq!(
        home.run(&["connections", "delete", "openai-prod", "--yes"])
            .code,
        0
    );
    home.create(r#"{"alias":"b","name":"B","providerId":"openai"}"#);
    let before = files(&home.path(""));
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(before == files(&home.path("")), "nothing was changed");
    has(
        &answer,
        "store",
        "ok",
        "2 connections including 1 in the trash, 4 versions",
    );
    has(&answer, "store", "ok", "all checksums valid");
    has(&answer, "key", "ok", "matches the store");
    has(&answer, "providers", "ok", "available");
    has(
        &answer,
        "settings",
        "ok",
        "appsettings.json: does not exist",
    );
    let text = home.run(&["doctor"]);
    assert!(
        text.out.contains("ok       store      2 connections"),
        "{text:?}"
    );
}

#[test]
fn doctor_leaves_an_empty_home_empty() {
    let home = Home::new();
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    has(&answer, "store", "ok", "none yet");
    has(&answer, "key", "ok", "none yet");
    assert_eq!(files(&home.path("")), []);
}

#[test]
fn doctor_works_beside_a_running_app() {
    let home = Home::documented();
    let mut command = home.umai(&["--plain"]);
    command.stdin(std::process::Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut reader = std::io::BufReader::new(running.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("1 connection") {
        line.clear();
        std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
    }
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    has(
        &answer,
        "store",
        "ok",
        &format!("open in process {}", running.id()),
    );
    has(
        &answer,
        "store",
        "ok",
        "1 connection including 0 in the trash",
    );
    drop(running.stdin.take());
    assert!(running.wait().unwrap().success());
}

#[test]
fn missing_key_is_a_problem_with_a_fix() {
    let home = Home::documented();
    std::fs::remove_file(home.path(".config/umai/umai.key")).unwrap();
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    has(
        &answer,
        "key",
        "problem",
        "the key of this store is missing",
    );
    assert!(answer.out.contains("from your backup"), "{answer:?}");
    assert!(!home.path(".config/umai/umai.key").exists());
}

#[test]
fn different_key_is_a_problem() {
    let home = Home::documented();
    home.write(".config/umai/umai.key", [7; 32]);
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    has(&answer, "key", "problem", "is not the key of this store");
}

#[test]
fn damaged_journal_is_reported_and_not_changed() {
    let home = Home::documented();
    assert_eq!(
        home.run(&["connections", "deactivate", "openai-prod"]).code,
        0
    );
    let journal = home.path(".local/share/umai/journal");
    let segment = std::fs::read_dir(&journal)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[300] ^= 0x40;
    std::fs::write(&segment, &bytes).unwrap();
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    has(
        &answer,
        "store",
        "problem",
        "000001.log is damaged at byte 128",
    );
    assert_eq!(std::fs::read(&segment).unwrap(), bytes);
    bytes[20] ^= 0x40;
    std::fs::write(&segment, &bytes).unwrap();
    std::fs::remove_dir_all(home.path(".local/share/umai/sled")).unwrap();
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    has(&answer, "store", "problem", "has no readable journal");
}

#[test]
fn loose_permissions_are_reported() {
    let home = Home::documented();
    let open = |name: &str, mode: u32| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.path(name), permissions).unwrap();
    };
    open(".config/umai/umai.key", 0o644);
    open(".local/share/umai", 0o755);
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    has(&answer, "key", "warning", "is readable by others");
    has(&answer, "paths", "warning", "is readable by others");
    open(".local/share/umai", 0o777);
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    has(&answer, "paths", "problem", "is writable by other users");
}

#[test]
fn invalid_files_are_reported_without_secrets() {
    let home = Home::documented();
    home.write(
        ".config/umai/providers/torn.toml",
        "id = \"torn\"\nname = \n",
    );
    home.write(".config/umai/themes/mine.toml", "glow = {}\n");
    home.write(
        ".config/umai/config.toml",
        "theme = \"mine\"\nfoo = 1\n[targets.a]\nserver = \"https://h\"\ntoken-file = \"none\"\n",
    );
    home.write("appsettings.json", "{ \"OpenAI\": { \"ApiKey\": \"sk-planted\" }, \"Umbraco\": { \"AI\": { \"AllowedConfigurationKeyPrefixes\": [\"OpenAI\"] } } }");
    let mut command = home.umai(&["doctor", "--json"]);
    command
        .env("Anthropic__ApiKey", "sk-planted")
        .env("UMAI_TOKEN", "umai_planted");
    let output = command.output().unwrap();
    let answer = Answer {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.output().contains("planted"), "{answer:?}");
    has(&answer, "providers", "warning", "torn.toml, line 2");
    has(
        &answer,
        "theme",
        "warning",
        "themes/mine.toml, line 1: unknown role 'glow'",
    );
    has(
        &answer,
        "config",
        "warning",
        "config.toml, line 2: unknown setting 'foo'",
    );
    has(&answer, "target", "warning", "cannot read its token-file");
    has(&answer, "settings", "ok", "appsettings.json: 2 keys");
    has(&answer, "settings", "ok", "Anthropic__ApiKey");
    has(&answer, "settings", "ok", "allow-list: OpenAI");
}

#[test]
fn unreachable_target_or_server_is_a_problem() {
    let home = Home::new();
    let answer = home.run(&["--target", "none", "doctor", "--json"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    has(&answer, "target", "problem", "No target 'none'");
    assert_eq!(says(&answer, "store"), [], "no other store is checked");
    let answer = home.run(&["--server", "http://127.0.0.1:1", "doctor", "--json"]);
    assert_eq!(answer.code, 7, "{answer:?}");
    has(&answer, "server", "problem", "connection refused");
    assert_eq!(says(&answer, "store"), [], "the store is the server's");
}

#[test]
fn missing_store_with_backups_is_a_problem() {
    let home = Home::documented();
    assert_eq!(home.run(&["backup", "create"]).code, 0);
    for part in ["journal", "snapshots", "sled"] {
        let path = home.path(".local/share/umai").join(part);
        // Optional parts of a store may be missing.
        let _ = std::fs::remove_dir_all(path);
    }
    let start = home.run(&["connections", "list"]);
    let answer = home.run(&["doctor", "--json"]);
    assert_eq!((start.code, answer.code), (6, 6), "{start:?} {answer:?}");
    has(&answer, "store", "problem", "backups of one");
    assert!(
        answer.out.contains("umai backup restore --newest"),
        "{answer:?}"
    );
}

#[test]
fn damaged_token_and_key_files_are_named() {
    let home = Home::documented();
    assert_eq!(home.run(&["key", "rotate"]).code, 0);
    assert_eq!(
        home.run(&["token", "create", "--name", "ci", "--scope", "read"])
            .code,
        0
    );
    let paths = [
        (".local/share/umai/tokens.json", "tokens", "problem"),
        (".config/umai/umai.key.old", "key", "warning"),
    ];
    for (path, area, severity) in paths {
        let path = home.path(path);
        let intact = std::fs::read_to_string(&path).unwrap();
        let damaged = intact
            .replacen("ci", "cj", 1)
            .replacen("umai-old", "umai-odd", 1);
        assert_ne!(damaged, intact);
        std::fs::write(&path, &damaged).unwrap();
        let checked = home.run(&["doctor", "--json"]);
        has(&checked, area, severity, &path.display().to_string());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        assert_eq!(home.total(), 1);
    }
}

/// The doctor of a state in which every command is refused has the exit code of the commands and gives the same reason.
#[rstest]
#[case::key_missing(|home: &Home| std::fs::remove_file(home.path(KEY)).unwrap(), 6)]
#[case::key_damaged(|home: &Home| drop(home.write(KEY, "x")), 6)]
#[case::key_writable(|home: &Home| set_mode(&home.path(KEY), 0o666), 6)]
#[case::config_writable(|home: &Home| set_mode(&home.path(".config/umai"), 0o777), 6)]
#[case::data_writable(|home: &Home| set_mode(&home.path(".local/share/umai"), 0o777), 6)]
#[case::data_is_a_file(|home: &Home| {
    std::fs::remove_dir_all(home.path(".local/share/umai")).unwrap();
    drop(home.write(".local/share/umai", ""));
}, 6)]
#[case::target_unknown(|home: &Home| drop(home.write(CONFIG, "target = \"x\"\n")), 2)]
#[case::server_down(|home: &Home| {
    drop(home.write(CONFIG, "target = \"x\"\n[targets.x]\nserver = \"http://127.0.0.1:1\"\n"));
}, 7)]
fn doctor_exits_like_a_refused_command(#[case] damage: fn(&Home), #[case] code: i32) {
    let home = Home::documented();
    damage(&home);
    let refused = home.run(&["connections", "list"]);
    let doctor = home.run(&["doctor"]);
    assert_eq!(
        (refused.code, doctor.code),
        (code, code),
        "{refused:?} {doctor:?}"
    );
    assert!(!refused.err.contains("os error"), "{refused:?}");
}

const KEY: &str = ".config/umai/umai.key";
const CONFIG: &str = ".config/umai/config.toml";

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Provider file with a setting of its own.
const PROVIDER: &str = "id = \"mine\"\nname = \"Mine\"\ncapabilities = [\"Chat\"]\n\n[[settings]]\nkey = \"apiKey\"\nlabel = \"API Key\"\nsensitive = true\nrequired = true\n";

/// Flips random bits in the files beside the store: each is named, or its change has no effect; and nothing is overwritten. A file
/// that people write has no checksum and may hold another valid value, but never costs a connection.
///
/// `UMAI_FLIPS=500` flips 500 bits.
#[test]
fn flipped_bit_beside_the_store_is_named_and_left_alone() {
    let flips = std::env::var("UMAI_FLIPS").map_or(12, |text| text.parse().unwrap());
    let home = Home::documented();
    assert_eq!(home.run(&["key", "rotate"]).code, 0);
    let arguments = ["token", "create", "--name", "ci", "--scope", "read"];
    assert_eq!(home.run(&arguments).code, 0);
    home.write(
        ".config/umai/config.toml",
        "theme = \"nord\"\n\n[targets.staging]\nserver = \"https://umai.example\"\n",
    );
    home.write(".config/umai/providers/mine.toml", PROVIDER);
    let paths = [
        ".local/share/umai/tokens.json",
        ".config/umai/umai.key",
        ".config/umai/umai.key.old",
        ".config/umai/config.toml",
        ".config/umai/providers/mine.toml",
    ];
    let commands: [&[&str]; 4] = [
        &["connections", "list", "--json"],
        &["token", "list", "--json"],
        &["providers", "get", "mine", "--json"],
        &["doctor", "--json"],
    ];
    let run = || commands.map(|command| home.run(command));
    let before = run();
    assert!(before.iter().all(|answer| answer.code == 0), "{before:?}");
    for round in 0..flips {
        let path = home.path(paths[round % paths.len()]);
        let intact = std::fs::read(&path).unwrap();
        let bit = random_bit(&intact);
        let mut damaged = intact.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &damaged).unwrap();
        let after = run();
        let case = format!("{} bit {bit}: {after:?}", path.display());
        assert!(
            std::fs::read(&path).unwrap() == damaged,
            "overwritten: {case}"
        );
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_named = |answer: &Answer| format!("{}{}", answer.out, answer.err).contains(name);
        let compared = if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            1
        } else {
            commands.len()
        };
        for (before, after) in before.iter().zip(&after).take(compared) {
            assert!(after.out == before.out || is_named(after), "{case}");
        }
        std::fs::write(&path, &intact).unwrap();
    }
    assert_eq!(
        run().map(|answer| answer.out),
        before.map(|answer| answer.out)
    );
}

#[test]
fn doctor_checks_the_keymap() {
    let home = Home::new();
    home.write(".config/umai/keymap.toml", "[tree]\nnew = \"ctrl-n\"\n");
    let valid = home.run(&["doctor"]);
    assert!(
        valid.out.contains("keymap     keymap.toml: valid"),
        "{valid:?}"
    );
    home.write(".config/umai/keymap.toml", "[tree]\nfly = \"ctrl-n\"\n");
    let wrong = home.run(&["doctor"]);
    assert!(
        wrong
            .out
            .contains("warning  keymap     keymap.toml, line 2"),
        "{wrong:?}"
    );
}

fn random_bit(bytes: &[u8]) -> usize {
    let random = Uuid::new_v4().into_bytes();
    usize::from(u16::from_le_bytes([random[0], random[1]])) % (bytes.len() * 8)
}
