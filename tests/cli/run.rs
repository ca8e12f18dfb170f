//! `umai run`: the settings of a connection in the environment of a command, and nowhere else.

use rstest::rstest;

use crate::home::{Answer, Home};

const PLANTED: &str = "sk-planted-0123456789abcdef";

fn home() -> Home {
    let home = Home::new();
    home.write(
        "appsettings.json",
        format!(r#"{{"OpenAI":{{"ApiKey":"{PLANTED}"}}}}"#),
    );
    for body in [
        format!(r#"{{"alias":"stored","name":"Stored","providerId":"openai","settings":{{"apiKey":"{PLANTED}","organization":"org-1"}}}}"#),
        r#"{"alias":"referring","name":"Referring","providerId":"openai","settings":{"apiKey":"$OpenAI:ApiKey"}}"#.to_owned(),
        format!(r#"{{"alias":"inactive","name":"Inactive","providerId":"openai","isActive":false,"settings":{{"apiKey":"{PLANTED}"}}}}"#),
    ] {
        let created = home.create(&body);
        assert_eq!(created.code, 0, "{created:?}");
    }
    home
}

/// Runs a shell script with the connection.
fn script(home: &Home, options: &[&str], script: &str) -> Answer {
    home.run(&[&["run"], options, &["--", "/bin/sh", "-c", script]].concat())
}

/// Shell script that succeeds if the variable is the planted key.
fn check(variable: &str) -> String {
    let (start, end) = PLANTED.split_at(10);
    format!("test \"${variable}\" = \"{start}\"\"{end}\"")
}

#[rstest]
#[case(&["stored"], "OPENAI_API_KEY")]
#[case::reference_is_resolved(&["referring"], "OPENAI_API_KEY")]
#[case::mapped(&["referring", "--set", "OpenAI__ApiKey=apiKey"], "OpenAI__ApiKey")]
#[case::forced(&["inactive", "--inactive"], "OPENAI_API_KEY")]
fn command_gets_the_key(#[case] options: &[&str], #[case] variable: &str) {
    let home = home();
    let ran = script(&home, options, &check(variable));
    assert_eq!((ran.code, ran.output().as_str()), (0, ""));
}

#[test]
fn provider_variables_include_other_settings_unless_mapped() {
    let home = home();
    let ran = script(&home, &["stored"], "echo $OPENAI_ORG_ID $OPENAI_BASE_URL");
    assert_eq!(ran.out, "org-1 https://api.openai.com/v1\n");
    let mapped = ["stored", "--set", "ORG=organization"];
    let ran = script(&home, &mapped, "echo $ORG ${OPENAI_API_KEY-unset}");
    assert_eq!(ran.out, "org-1 unset\n");
}

#[test]
fn connection_without_settings_has_the_defaults_of_a_provider_that_needs_none() {
    let home = home();
    let created = home.run(&[
        "connections",
        "create",
        "--name",
        "L",
        "--provider",
        "ollama",
    ]);
    assert_eq!(created.code, 0, "{created:?}");
    assert!(!created.err.contains("settings"), "{created:?}");
    let ran = script(&home, &["l"], "echo $OLLAMA_HOST");
    assert_eq!(ran.out, "http://localhost:11434\n", "{ran:?}");
}

#[test]
fn secret_is_in_no_output_file_or_argument() {
    let home = home();
    std::fs::remove_file(home.path("appsettings.json")).unwrap();
    let before = home.files_with("planted");
    assert_eq!(before, Vec::<std::path::PathBuf>::new());
    // The process of the command is the one that was umai.
    let show = "tr '\\0' ' ' < /proc/$$/cmdline; ls -l /proc/$$/fd | grep -c umai";
    for options in [
        &["stored"][..],
        &["stored", "--verbose"],
        &["stored", "--json"],
    ] {
        let ran = script(&home, options, show);
        assert!(!ran.output().contains("planted"), "{ran:?}");
        assert!(ran.out.starts_with("/bin/sh -c"), "{ran:?}");
        assert!(
            ran.out.ends_with("0\n"),
            "no file of the store stays open: {ran:?}"
        );
    }
    assert_eq!(home.files_with("planted"), before);
}

#[test]
fn exit_code_and_limits_are_those_of_the_command() {
    let home = home();
    assert_eq!(script(&home, &["stored"], "exit 42").code, 42);
    let outside = std::process::Command::new("/bin/sh")
        .args(["-c", "umask; ulimit -c"])
        .output()
        .unwrap();
    let inside = script(&home, &["stored"], "umask; ulimit -c");
    assert_eq!(inside.out, String::from_utf8(outside.stdout).unwrap());
    let missing = home.run(&["run", "stored", "--", "no-such-command"]);
    assert_eq!(missing.code, 127, "{missing:?}");
    assert_eq!(missing.err, "error: Command 'no-such-command' not found\n");
    let directory = home.run(&["run", "stored", "--", "/"]);
    assert_eq!(directory.code, 126, "{directory:?}");
}

#[test]
fn store_is_free_while_the_command_runs() {
    let home = home();
    let umai = env!("CARGO_BIN_EXE_umai");
    let ran = script(
        &home,
        &["stored"],
        &format!("{umai} connections list && {umai} key show"),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("referring"), "{ran:?}");
}

#[rstest]
#[case::inactive(&["run", "inactive", "--", "true"], 2, "Connection 'inactive' is inactive. Activate it, or add --inactive")]
#[case::unknown(&["run", "none", "--", "true"], 3, "Connection 'none' not found")]
#[case::server(&["--server", "https://127.0.0.1:1", "run", "stored", "--", "true"], 2, "works on a store that umai opens itself")]
#[case::no_command(&["run", "stored"], 2, "<COMMAND>...")]
#[case::no_setting(&["run", "stored", "--set", "A=nothing", "--", "true"], 2, "has no setting 'nothing'")]
#[case::no_value(&["run", "inactive", "--inactive", "--set", "A=organization", "--", "true"], 4, "no value for organization")]
#[case::no_name(&["run", "stored", "--set", "A B=apiKey", "--", "true"], 2, "write it as NAME=KEY")]
fn command_is_not_started(#[case] arguments: &[&str], #[case] code: i32, #[case] reason: &str) {
    let answer = home().run(arguments);
    assert_eq!(answer.code, code, "{answer:?}");
    assert!(answer.err.contains(reason), "{answer:?}");
}

#[test]
fn missing_reference_is_an_error_with_advice() {
    let home = home();
    home.write("appsettings.json", "{}");
    let answer = script(&home, &["referring"], "echo started");
    assert_eq!((answer.code, answer.out.as_str()), (4, ""), "{answer:?}");
    assert!(
        answer
            .err
            .contains("refers to $OpenAI:ApiKey, which is not found"),
        "{answer:?}"
    );
}

#[test]
fn configuration_can_forbid_it() {
    let home = home();
    home.write(".config/umai/config.toml", "allow-run = false\n");
    let answer = script(&home, &["stored"], "echo started");
    assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{answer:?}");
    assert!(
        answer.err.contains("config.toml sets allow-run = false"),
        "{answer:?}"
    );
}

#[test]
fn arguments_of_the_command_may_look_like_secrets() {
    let home = home();
    let answer = home.run(&[
        "run",
        "stored",
        "--",
        "echo",
        "0123456789abcdef0123456789abcdef01234567",
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
}
