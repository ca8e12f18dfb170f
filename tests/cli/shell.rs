//! Completions and manual pages.

use std::os::unix::fs::PermissionsExt as _;

use crate::home::Home;

#[test]
fn every_shell_script_calls_umai() {
    let home = Home::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = home.run(&["completions", shell]);
        assert_eq!(script.code, 0, "{script:?}");
        assert!(script.out.contains("UMAI_COMPLETE"), "{shell}: {script:?}");
    }
    assert!(!home.path("data").exists(), "no store is created");
}

#[test]
fn commands_and_options_are_completed() {
    let home = Home::new();
    assert_eq!(reported(&home, &["umai", "connections", "l"]), ["list"]);
    assert!(
        reported(&home, &["umai", "connections", "list", "--f"]).contains(&"--filter".to_owned())
    );
    assert_eq!(reported(&home, &["umai", "nonsense", "x"]), [""; 0]);
}

#[test]
fn aliases_are_completed_without_creating_a_store() {
    let empty = Home::new();
    assert_eq!(
        reported(&empty, &["umai", "connections", "get", "o"]),
        [""; 0]
    );
    assert!(!empty.path(".local").exists() && !empty.path(".config").exists());

    let home = Home::documented();
    let test = ["umai", "connections", "test", "OPEN"];
    assert_eq!(reported(&home, &test), ["openai-prod"]);
    let elsewhere = ["umai", "--data", "nowhere", "connections", "get", "open"];
    assert_eq!(reported(&home, &elsewhere), [""; 0]);
    let made = home.run(&[
        "connections",
        "duplicate",
        "openai-prod",
        "--name",
        "Other",
        "--json",
    ]);
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(
        reported(
            &home,
            &["umai", "connections", "delete", "openai-prod", "o"]
        ),
        ["openai-prod", "other"]
    );
}

#[test]
fn every_alias_with_the_prefix_is_completed() {
    let home = Home::new();
    let one = |number: usize| {
        format!(r#"{{"alias":"team-{number:03}","name":"Team {number}","providerId":"openai"}}"#)
    };
    let bodies: Vec<String> = (0..300).map(one).collect();
    let made = home.create(&format!("[{}]", bodies.join(",")));
    assert_eq!(made.code, 0, "{made:?}");
    let all = reported(&home, &["umai", "connections", "get", "team-"]);
    assert_eq!(all.len(), 300);
    assert_eq!(all.last().map(String::as_str), Some("team-299"));
    let some = reported(&home, &["umai", "connections", "get", "team-29"]);
    assert_eq!(some.len(), 10);
}

#[test]
fn providers_targets_and_setting_keys_are_completed() {
    let home = Home::documented();
    home.write(
        ".config/umai/config.toml",
        "[targets.prod]\nserver = \"https://127.0.0.1:1\"\n",
    );
    let create = ["umai", "connections", "create", "--provider"];
    let with = |more: &[&'static str]| [&create[..], more].concat();
    assert_eq!(reported(&home, &with(&["openai-"])), ["openai-compatible"]);
    assert_eq!(
        reported(&home, &with(&["amazon", "--set", "reg"])),
        ["region="]
    );
    assert_eq!(reported(&home, &["umai", "--target", "p"]), ["prod"]);
    std::fs::create_dir(home.path("place")).unwrap();
    let places = reported(&home, &["umai", "store", "copy", "p"]);
    assert_eq!(places, ["prod", "place/"]);
    let update = [
        "umai",
        "connections",
        "update",
        "openai-prod",
        "--unset",
        "org",
    ];
    assert_eq!(reported(&home, &update), ["organization"]);
}

#[test]
fn every_command_has_a_manual_page() {
    let home = Home::new();
    let first = home.run(&["man"]);
    assert!(first.out.contains(".TH umai 1"), "{first:?}");
    let written = home.run(&["man", "--to", "pages"]);
    assert_eq!(written.code, 0, "{written:?}");
    for page in [
        "umai",
        "umai-connections",
        "umai-connections-create",
        "umai-serve",
    ] {
        let path = home.path(&format!("pages/{page}.1"));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "every user can read it");
        let page = std::fs::read_to_string(path).unwrap();
        let synopsis = page.split(".SH SYNOPSIS\n").nth(1).unwrap();
        let (line, next) = synopsis.split_once('\n').unwrap();
        assert!(
            line.starts_with("umai ") && !line.contains(r"\-\-"),
            "{line}"
        );
        assert!(next.starts_with(".SH DESCRIPTION"), "{next}");
    }
}

/// Completions that bash receives for the last of these words.
fn reported(home: &Home, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let answer = home
        .umai(&["--"])
        .args(words)
        .env("UMAI_COMPLETE", "bash")
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_INDEX", index)
        .output()
        .unwrap();
    assert!(
        answer.status.success() && answer.stderr.is_empty(),
        "{answer:?}"
    );
    let reported = String::from_utf8(answer.stdout).unwrap();
    reported.lines().map(str::to_owned).collect()
}
