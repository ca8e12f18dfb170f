//! Separation of stdout and stderr, and escaping of control characters in both.

use rstest::rstest;
use serde_json::json;

use crate::home::{DOCUMENTED, Home};

#[test]
fn closed_pipe_is_not_an_error() {
    let home = Home::documented();
    for arguments in [
        &["connections", "list"][..],
        &["connections", "get", "openai-prod", "--json"],
        &["providers", "list"],
        &["--help"],
    ] {
        let mut child = home.umai(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn control_characters_are_escaped_and_columns_aligned() {
    let home = Home::new();
    let names = [
        "日本語",
        "👩‍👩‍👧‍👦 family",
        "open\u{200b}ai",
        "plain",
        &format!("a{}", "\u{301}".repeat(200)),
        "tag\u{e0041}",
    ];
    for (number, name) in names.iter().enumerate() {
        let body = json!({"alias": format!("c-{number}"), "name": name, "providerId": "openai"});
        assert_eq!(home.create(&body.to_string()).code, 0);
    }
    let listed = home.run(&["connections", "list"]);
    assert!(
        listed.out.contains(r"open\u{200b}ai") && listed.out.contains(r"tag\u{e0041}"),
        "{listed:?}"
    );
    assert!(listed.out.contains("👩‍👩‍👧‍👦 family"), "{listed:?}");
    assert!(!listed.out.contains(&"\u{301}".repeat(9)), "{listed:?}");
    let starts: Vec<usize> = listed
        .out
        .lines()
        .map(|line| {
            line.find(if line.starts_with("NAME") {
                "ALIAS"
            } else {
                "c-"
            })
            .unwrap()
        })
        .zip(listed.out.lines())
        .map(|(start, line)| umai::text::columns(&line[..start]))
        .collect();
    assert!(
        starts.iter().all(|start| *start == starts[0]),
        "{starts:?} {listed:?}"
    );
    for number in [2, 5] {
        let one = home.run(&["connections", "get", &format!("c-{number}"), "--json"]);
        assert_eq!(
            one.json()["name"],
            names[number],
            "JSON contains the exact name"
        );
        assert!(one.out.is_ascii(), "escaped: {one:?}");
    }
}

#[test]
fn control_characters_are_escaped_in_messages() {
    let home = Home::new();
    let name = "open\u{200b}ai\u{e0041}";
    for arguments in [
        &[
            "connections",
            "create",
            "--allow-incomplete",
            "--provider",
            "openai",
            "--alias",
            "a",
            "--name",
            name,
        ][..],
        &["connections", "get", "a"],
        &["connections", "deactivate", "a"],
        &["connections", "delete", "a", "--yes"],
    ] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(
            answer.out.contains(r"open\u{200b}ai\u{e0041}"),
            "{answer:?}"
        );
        assert!(answer.output().is_ascii(), "{answer:?}");
    }
}

#[rstest]
#[case(&["connections", "get", "a\u{1b}[2Jb"])]
#[case(&["providers", "get", "a\u{1b}[2J\u{202e}b"])]
#[case(&["connections", "create", "--name", "A", "--provider", "a\u{1b}[2J"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--set", "a\u{1b}[2J=b"])]
#[case(&["connections", "create", "--from-json", "a\u{1b}[2J"])]
#[case(&["connections", "create", "--name", "a\u{1b}[2J", "--provider", "openai"])]
#[case(&["--data", "/proc/a\u{1b}[2J", "connections", "list"])]
#[case(&["connections", "list", "--bo\u{1b}[2J"])]
#[case(&["a\u{1b}[2J"])]
fn arguments_are_escaped_in_messages(#[case] arguments: &[&str]) {
    for format in [&[][..], &["--json"]] {
        let answer = Home::new().run(&[arguments, format].concat());
        assert_ne!(answer.code, 0, "{answer:?}");
        assert_ne!(answer.err, "");
        assert!(
            !answer.output().contains(['\u{1b}', '\u{202e}']),
            "{answer:?}"
        );
    }
}

#[test]
fn usage_errors_suggest_the_correction() {
    let home = Home::new();
    let help = home.run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Exit codes:"), "{help:?}");
    assert_eq!(
        home.run(&["--version"]).out,
        format!("umai {}\n", env!("CARGO_PKG_VERSION"))
    );
    for (arguments, output) in [
        (
            &["conections"][..],
            "(did you mean umai connections?). See umai --help",
        ),
        (
            &["connections", "list", "--filtre", "x"],
            "(did you mean --filter?). See umai connections list --help",
        ),
        (
            &["connections", "list", "--take"],
            "--take <N> needs a value",
        ),
        (
            &["connections", "list", "--take", "-1"],
            "--take takes a whole number, 0 or more.",
        ),
        (
            &["connections", "list", "--skip", "99999999999999999999"],
            "the number for --skip is too large",
        ),
        (
            &["connections", "create", "--set", "x"],
            "write it as KEY=VALUE",
        ),
        (
            &["connections", "create", "--name", "A", "--from-json", "-"],
            "cannot be used with",
        ),
        (&["connections"], "Usage: umai connections"),
        (&["connections", "get"], "<ID_OR_ALIAS>"),
        (&[], "needs a terminal"),
        (&["--json"], "needs a command"),
    ] {
        let answer = home.run(arguments);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (2, ""),
            "{arguments:?}: {answer:?}"
        );
        assert!(answer.err.contains(output), "{arguments:?}: {answer:?}");
    }
}

#[test]
fn usage_line_omits_options_from_the_environment() {
    let home = Home::new();
    let output = home
        .umai(&["connections", "get", "--json"])
        .env("UMAI_DATA_DIR", "d")
        .env("UMAI_CONFIG_DIR", "c")
        .env("UMAI_KEY_FILE", "k")
        .env("UMAI_THEME", "dark")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("Usage: umai connections get <ID_OR_ALIAS>"),
        "{text}"
    );
}

#[test]
fn help_lists_every_exit_code() {
    let help = Home::new().run(&["--help"]).out;
    for code in [
        "0 success",
        "1 error outside umai",
        "2 ",
        "3 ",
        "4 ",
        "5 ",
        "6 ",
        "129 ",
        "130 ",
        "143 ",
    ] {
        assert!(
            help.lines()
                .skip_while(|line| *line != "Exit codes:")
                .any(|line| line.contains(&format!(" {code}"))),
            "{code}: {help}"
        );
    }
}

#[test]
fn every_line_of_stderr_is_json_with_json_output() {
    let home = Home::documented();
    home.write("appsettings.json", "{");
    for arguments in [
        &[
            "connections",
            "create",
            "--name",
            "A",
            "--alias",
            "openai-prod",
            "--provider",
            "openai",
            "--json",
        ][..],
        &["connections", "list", "--bogus", "--json"],
        &["connections", "get", "none", "other", "--json"],
        &["connections", "deactivate", "none", "other", "--json"],
    ] {
        let answer = home.run(arguments);
        assert_ne!(answer.code, 0);
        for line in answer.err.lines() {
            let value: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(
                value["notice"].is_string() || value["status"].is_number(),
                "{line}"
            );
        }
    }
    assert!(
        home.create(DOCUMENTED)
            .err
            .contains("appsettings.json is not valid at line 1")
    );
}

#[test]
fn unwritable_output_is_reported_without_a_panic() {
    let home = Home::documented();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = home
        .umai(&["connections", "list"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let output = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.starts_with("error: Cannot write the output: No space left"),
        "{output}"
    );
}
