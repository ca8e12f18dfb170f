//! Plain mode through a pipe: a whole session, and repeatable output.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use serde_json::json;

use crate::home::{Answer, Home};

const PLANTED: &str = "sk-planted-0123456789";

/// Replaces dates and IDs, which differ in every run.
fn settled(text: &str) -> String {
    let is_digit = |sign: char| sign.is_ascii_digit();
    let mut settled = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        while let Some(at) = line.find(" UTC") {
            let is_date = |sign: char| is_digit(sign) || "-: ".contains(sign);
            let start = line[..at].trim_end_matches(is_date).len();
            let start = start + line[start..at].find("20").unwrap();
            let date: String = line[start..at]
                .chars()
                .filter(|sign| is_digit(*sign))
                .collect();
            assert!(date.len() >= 12, "{line}");
            line.replace_range(start..at + 4, "(date)");
        }
        if let Some((before, id)) = line.split_once("ID: ")
            && id.len() == 36
        {
            line = format!("{before}ID: (id)");
        }
        settled.push_str(&line);
        settled.push('\n');
    }
    settled
}

fn plain(home: &Home, lines: &[&str]) -> Answer {
    let mut text = lines.join("\n");
    text.push('\n');
    let answer = home.pipe(&["--plain"], text);
    assert!(
        !answer
            .output()
            .chars()
            .any(|sign| sign.is_control() && sign != '\n'),
        "no escape code and no carriage return: {answer:?}"
    );
    assert!(!answer.output().contains("planted"), "{answer:?}");
    answer
}

#[test]
fn plain_session_covers_every_action() {
    let home = Home::new();
    home.write(
        "appsettings.json",
        r#"{ "OpenAI": { "ApiKey": "sk-planted-in-a-file" } }"#,
    );
    let lines = [
        "?",
        "new",
        "openai",
        "1",
        ":save",
        "?",
        "OpenAI Production",
        "",
        "maybe",
        "off",
        "$OpenAI:ApiKey",
        ":list",
        ":4",
        PLANTED,
        ":save",
        "new",
        "anthropic",
        "",
        "Team A",
        ":4",
        PLANTED,
        ":list",
        ":save",
        "list",
        "2",
        "toggle",
        "undo",
        "edit",
        "OpenAI Everything",
        ":back",
        "save",
        "history",
        "2",
        "compare",
        "back",
        "rollback",
        "because",
        "rollback",
        "info",
        "show",
        "back",
        "/team",
        "list",
        "/",
        "delete",
        "yes",
        "delete",
        "trash",
        "restore",
        "back",
        "copy",
        "alias",
        "quit",
    ];
    let answer = plain(&home, &lines);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    insta::assert_snapshot!(settled(&answer.out));
    let kept = home.run(&["connections", "list", "--json"]).json();
    assert_eq!(kept["total"], 2);
    assert_eq!(home.files_with("planted"), [home.path("appsettings.json")]);
}

#[test]
fn plain_mode_waits_for_a_connection_test() {
    let home = Home::new();
    let made = home.run(&[
        "connections",
        "create",
        "--name",
        "Near",
        "--provider",
        "openai-compatible",
        "--set",
        "endpoint=http://127.0.0.1:1/v1",
    ]);
    assert_eq!(made.code, 0, "{made:?}");
    let answer = plain(&home, &["1", "test", "back", "models", ":back", "where"]);
    let output = &answer.out;
    assert!(output.contains("Test of Near\n"), "{output}");
    assert!(output.contains("Error: Connection test failed"), "{output}");
    assert!(output.contains("Advice: "), "{output}");
    assert!(output.contains("Models of Near\nError: "), "{output}");
}

#[test]
fn end_of_input_ends_plain_mode_and_reports_unsaved_changes() {
    let home = Home::new();
    let answer = plain(&home, &["new", "openai", "1", "Half a name"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(
        answer
            .err
            .contains("error: The input ended in a form: its changes are discarded."),
        "{answer:?}"
    );
    let answer = plain(&home, &["new", "openai", "1", "Half a name", ":back", "2"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let answer = home.pipe(&["--plain"], "");
    assert_eq!(answer.code, 0, "{answer:?}");
}

#[test]
fn leaving_a_changed_form_prompts() {
    let home = Home::new();
    let answer = plain(
        &home,
        &[
            "new",
            "openai",
            "1",
            "Half a name",
            ":quit",
            "1",
            ":quit",
            "discard and quit",
            "list",
        ],
    );
    assert!(
        answer
            .out
            .contains("Answers: 1 Keep editing, 2 Discard and quit"),
        "{answer:?}"
    );
    assert!(
        !answer.out.contains("Nothing to list"),
        "it had ended: {answer:?}"
    );
    assert_eq!(answer.code, 0);
}

#[test]
fn unknown_plain_command_is_reported_without_its_text() {
    let home = Home::new();
    let answer = plain(
        &home,
        &[PLANTED, "down 3", "list 99", "new", ":nothing", ":9999"],
    );
    assert_eq!(
        answer.out.matches("Unknown command").count(),
        4,
        "{answer:?}"
    );
    assert!(answer.out.contains("Nothing to list"), "{answer:?}");
}

#[test]
fn read_only_plain_mode_offers_no_change() {
    let home = Home::documented();
    let output = home.pipe(
        &["--plain", "--read-only"],
        "?\n1\n?\ntoggle\nnew\nt\ndelete\nedit\nundo\nquit\n",
    );
    let output = &output.out;
    assert!(output.contains("Everything is read-only.\n"), "{output}");
    for word in ["new:", "edit:", "toggle:", "delete:", "undo:", "rollback:"] {
        assert!(!output.contains(&format!("\n{word}")), "{word} {output}");
    }
    assert_eq!(
        output
            .matches("Warning: Read-only: --read-only is set")
            .count(),
        6,
        "{output}"
    );
    let kept = home
        .run(&["connections", "get", "openai-prod", "--json"])
        .json();
    assert_eq!(
        (&kept["version"], &kept["isActive"]),
        (&1.into(), &true.into())
    );
}

#[test]
fn long_lists_are_paged_in_plain_mode() {
    let home = Home::new();
    let mut many = String::new();
    for number in 0..50 {
        let body = json!({
            "alias": format!("c{number:02}"),
            "name": format!("Name {number:02}"),
            "providerId": "openai",
        });
        many.push_str(&body.to_string());
        many.push('\n');
    }
    assert_eq!(home.create(&many).code, 0);
    let answer = plain(&home, &["list", "list 41", "33"]);
    let output = &answer.out;
    assert!(
        output.contains("20. Name 19, alias c19, OpenAI, active\nAnd 30 more: list 21\n"),
        "{output}"
    );
    assert!(
        output.contains("\n41. Name 40") && output.contains("\n50. Name 49"),
        "{output}"
    );
    assert!(
        output.contains("Selected: Name 32, alias c32, OpenAI, active; 33 of 50"),
        "{output}"
    );
}

#[test]
fn control_characters_in_names_are_escaped() {
    let home = Home::new();
    let body = "{\"alias\":\"evil\",\"name\":\"a\\u200bb\\ue0041\",\"providerId\":\"openai\"}";
    assert_eq!(home.create(body).code, 0);
    let answer = plain(&home, &["list", "1", "show", "history", "delete"]);
    assert!(answer.out.contains(r"a\u{200b}b"), "{answer:?}");
    assert!(!answer.out.contains('\u{200b}'), "{answer:?}");
}

#[test]
fn extra_characters_of_a_key_are_removed_with_a_message() {
    let home = Home::new();
    let key = format!("Bearer {PLANTED}");
    let lines = ["new", "openai", "1", "Case", ":4", &key, ":save", "quit"];
    let answer = plain(&home, &lines);
    let words = "Removed 'Bearer ' before the key (OpenAI API Key)";
    assert!(answer.out.contains(words), "{answer:?}");
    home.write("clean.txt", PLANTED);
    let file = [
        "connections",
        "update",
        "case",
        "--secret-file",
        "apiKey=clean.txt",
    ];
    assert!(home.run(&file).out.contains("version 1"));
}

#[test]
fn key_in_the_name_is_reported_and_moved() {
    let home = Home::new();
    let answer = plain(
        &home,
        &[
            "new",
            "12",
            "sk-planted123def456ghi789jkl",
            ":save",
            ":move-to-reference",
            "Team",
            "",
            ":save",
            "quit",
        ],
    );
    assert!(
        answer.out.contains(":move-to-reference moves it to"),
        "{answer:?}"
    );
    assert!(answer.out.contains("Created \"Team\""), "{answer:?}");
    assert_eq!(home.total(), 1);
}
