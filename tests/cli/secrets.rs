//! Secrets come from stdin, a file or a prompt, never from an argument, and are never printed.

use rstest::rstest;

use crate::home::Home;

const PLANTED: &str = "sk-planted-0123456789";

#[rstest]
#[case(&["--api-key", PLANTED])]
#[case(&["--api-key=sk-planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--api-key", "sk-planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--apiKey=sk-planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--set", "apiKey=sk-planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--set", "apiKey=planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--set=apiKey=$$planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--set", "organization=sk-planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "amazon", "--set", "secretAccessKey=planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "none", "--set", "apiKey=planted"])]
#[case(&["connections", "create", "--name", "A", "--set", "token=planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", PLANTED])]
#[case(&["connections", "create", "--name", PLANTED, "--provider", "openai"])]
#[case(&["connections", "create", "--set", PLANTED])]
#[case(&["connections", "create", "--alias", PLANTED])]
#[case(&["connections", "get", PLANTED])]
#[case(&["connections", "get", "a", "sk-planted"])]
#[case(&["connections", "list", "--take", PLANTED])]
#[case(&["connections", "list", "--take", "planted"])]
#[case(&["connections", PLANTED])]
#[case(&["sk-planted"])]
#[case(&["planted1"])]
#[case(&["-sk-planted"])]
#[case(&["--json=sk-planted"])]
#[case(&["--data", PLANTED, "connections", "list"])]
#[case(&["--config", PLANTED, "connections", "list"])]
#[case(&["--key-file=sk-planted-0123456789", "connections", "list"])]
#[case(&["connections", "list", "--appsettings", PLANTED])]
#[case(&["connections", "create", "--from-json", PLANTED])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--secret-file", "apiKey=sk-planted-0123456789"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--secret-file=apiKey=sk-planted-0123456789"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--secret-file", "apiKey=planted"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--secret-file", "sk-planted-0123456789=apiKey"])]
#[case(&["connections", "create", "--name", "A", "--provider", "openai", "--secret-file", PLANTED])]
#[case(&["connections", "get", "Authorization: Bearer plantedplantedplantedplanted0123456789"])]
fn secret_in_an_argument_is_rejected_without_being_repeated(#[case] arguments: &[&str]) {
    for json in [false, true] {
        let home = Home::new();
        let mut arguments = arguments.to_vec();
        if json {
            arguments.push("--json");
        }
        let answer = home.run(&arguments);
        assert_eq!(answer.code, 2, "{arguments:?}: {answer:?}");
        assert!(
            !answer.output().contains("planted"),
            "{arguments:?}: {answer:?}"
        );
        assert_eq!(answer.out, "", "{answer:?}");
        let folder = std::fs::read_dir(home.path("")).unwrap();
        assert!(
            folder
                .flatten()
                .all(|entry| !entry.file_name().to_string_lossy().contains("planted")),
            "{arguments:?} created a file"
        );
    }
}

#[test]
fn path_that_looks_like_a_secret_must_exist_or_name_a_directory() {
    let home = Home::new();
    home.write(PLANTED, "sk-1");
    for path in [PLANTED, "./sk-planted-0123456789"] {
        let file = format!("apiKey={path}");
        let answer = home.run(&[
            "connections",
            "create",
            "--name",
            "A",
            "--alias",
            &format!("a-{}", path.len()),
            "--provider",
            "openai",
            "--secret-file",
            &file,
        ]);
        assert_eq!(answer.code, 0, "{answer:?}");
    }
    let made = home.run(&[
        "--data",
        "./sk-planted-new-0123456789",
        "connections",
        "list",
    ]);
    assert_eq!(made.code, 0, "{made:?}");
}

#[rstest]
#[case(&["--api-key", "sk-planted"])]
#[case(&["connections", "create", "--apiKey=sk-planted"])]
#[case(&["connections", "create", "--provider", "openai", "--set", "apiKey=sk-planted"])]
fn rejected_secret_names_the_alternatives(#[case] arguments: &[&str]) {
    let answer = Home::new().run(arguments);
    for way in [
        "--secret-stdin apiKey",
        "--secret-file apiKey=PATH",
        "--set 'apiKey=$Section:Key'",
    ] {
        assert!(answer.err.contains(way), "{answer:?}");
    }
}

#[test]
fn alternatives_name_the_setting() {
    let set = [
        "connections",
        "create",
        "--provider",
        "amazon",
        "--set",
        "secretAccessKey=x",
    ];
    let answer = Home::new().run(&set);
    assert!(
        answer.err.contains("--set 'secretAccessKey=$Section:Key'"),
        "{answer:?}"
    );
    assert!(!answer.err.contains("OpenAI"), "{answer:?}");
}

const CREATE: [&str; 6] = [
    "connections",
    "create",
    "--name",
    "Team B",
    "--provider",
    "openai",
];

#[test]
fn secret_from_stdin_or_file_is_never_stored_in_plaintext() {
    let home = Home::new();
    let answer = home.pipe(
        &[&CREATE[..], &["--secret-stdin", "apiKey", "--json"]].concat(),
        format!("{PLANTED}\n"),
    );
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("Removed the line end after the secret for apiKey"),
        "{answer:?}"
    );
    assert_eq!(answer.json()["settings"]["apiKey"], "sk-***");
    assert!(!answer.output().contains("planted"));
    assert_eq!(
        home.files_with("sk-planted"),
        Vec::<std::path::PathBuf>::new()
    );
    let file = home.write("key.txt", PLANTED);
    let answer = home.run(&[
        "connections",
        "create",
        "--name",
        "C",
        "--provider",
        "openai",
        "--secret-file",
        "apiKey=key.txt",
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.err.contains("line end"), "{answer:?}");
    assert_eq!(home.files_with("sk-planted"), [file]);
}

#[test]
fn unread_secret_on_stdin_is_an_error() {
    let home = Home::new();
    let missing = home.pipe(&CREATE, PLANTED);
    assert_eq!(missing.code, 4, "{missing:?}");
    assert!(missing.err.contains("--secret-stdin apiKey"), "{missing:?}");
    assert!(missing.err.contains("--allow-incomplete"), "{missing:?}");
    assert_eq!(home.total(), 0);
}

#[test]
fn secret_must_be_text_of_limited_size() {
    let home = Home::new();
    let from_stdin = [&CREATE[..], &["--secret-stdin", "apiKey"]].concat();
    let binary = home.pipe(&from_stdin, b"sk-\xff\x00planted".to_vec());
    assert_eq!(binary.code, 2, "{binary:?}");
    assert!(binary.err.contains("is not UTF-8 text"), "{binary:?}");
    let zero = home.pipe(&from_stdin, b"sk-\x00planted".to_vec());
    assert!(zero.err.contains("has a zero byte"), "{zero:?}");
    let large = home.pipe(&from_stdin, vec![b'a'; 64 * 1024 + 1]);
    assert_eq!(large.code, 2, "{large:?}");
    assert!(large.err.contains("larger than 64 KiB"), "{large:?}");
    let missing = home.run(&[&CREATE[..], &["--secret-file", "apiKey=none.txt"]].concat());
    assert_eq!(missing.code, 2, "{missing:?}");
    let twice = home.pipe(
        &[&from_stdin[..], &["--set", "apiKey=$A:B"]].concat(),
        "sk-1",
    );
    assert_eq!(
        (twice.code, twice.err.contains("is set twice")),
        (2, true),
        "{twice:?}"
    );
}

const UPDATE: [&str; 3] = ["connections", "update", "case"];

/// Home with a connection whose optional API key is stored.
fn with_optional_key() -> Home {
    let home = Home::new();
    home.write("key.txt", PLANTED);
    let made = home.run(&[
        "connections",
        "create",
        "--name",
        "Case",
        "--provider",
        "openai-compatible",
        "--set",
        "endpoint=http://127.0.0.1:9/v1",
        "--secret-file",
        "apiKey=key.txt",
    ]);
    assert_eq!(made.code, 0, "{made:?}");
    home
}

fn stored_key(home: &Home) -> serde_json::Value {
    let stored = home.run(&["connections", "get", "case", "--json"]).json();
    stored["settings"]["apiKey"].clone()
}

#[rstest]
#[case::nothing("")]
#[case::line_end("\n")]
#[case::windows_line_end("\r\n")]
#[case::blank(" \t\n\n")]
#[case::invisible("\u{feff}\u{200b}\n")]
#[case::scheme_alone("Bearer \n")]
#[case::variable_alone("OPENAI_API_KEY=\n")]
#[case::empty_quotes("\"\"\n")]
fn empty_secret_keeps_the_stored_one(#[case] text: &str) {
    let home = with_optional_key();
    home.write("empty", text);
    let piped = home.pipe(&[&UPDATE[..], &["--secret-stdin", "apiKey"]].concat(), text);
    assert_eq!(piped.code, 4, "{piped:?}");
    assert!(piped.err.contains("No input on stdin"), "{piped:?}");
    let file = home.run(&[&UPDATE[..], &["--secret-file", "apiKey=empty"]].concat());
    assert_eq!(file.code, 4, "{file:?}");
    assert!(file.err.contains("is empty"), "{file:?}");
    for answer in [&piped, &file] {
        assert!(answer.err.contains("--unset apiKey"), "{answer:?}");
    }
    assert_eq!(stored_key(&home), "sk-***");
}

#[rstest]
#[case::alone("***")]
#[case::with_prefix("sk-***\n")]
#[case::scheme("Bearer sk-***")]
#[case::quotes("\"***\"")]
#[case::variable("OPENAI_API_KEY=••••••••")]
#[case::invisible("\u{feff}***\u{200b}\n")]
fn entered_mask_never_keeps_the_stored_secret(
    #[case] text: &str,
    #[values("update", "duplicate")] verb: &str,
) {
    let home = with_optional_key();
    home.write("mask", text);
    let verb: &[&str] = match verb {
        "update" => &UPDATE,
        _ => &["connections", "duplicate", "case", "--name", "Copy"],
    };
    let piped = home.pipe(&[verb, &["--secret-stdin", "apiKey"]].concat(), text);
    let file = home.run(&[verb, &["--secret-file", "apiKey=mask"]].concat());
    for answer in [&piped, &file] {
        assert_eq!(answer.code, 4, "{answer:?}");
        assert!(answer.err.contains("is a mask (***)"), "{answer:?}");
    }
    assert_eq!(home.total(), 1);
}

#[test]
fn empty_secret_is_refused_on_create_and_as_json() {
    let home = Home::new();
    let from_stdin = [&CREATE[..], &["--secret-stdin", "apiKey", "--json"]].concat();
    let answer = home.pipe(&from_stdin, "\n");
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(answer.problem()["code"], "noSecret");
    let device = [&CREATE[..], &["--secret-file", "apiKey=/dev/null"]].concat();
    assert_eq!(home.run(&device).code, 4);
    assert_eq!(home.total(), 0);
}

#[rstest]
#[case("apiKey=")]
#[case("apiKey= ")]
#[case("apiKey=\u{200b}")]
fn blank_set_keeps_the_stored_secret_and_unset_clears_it(#[case] blank: &str) {
    let home = with_optional_key();
    let set = home.run(&[&UPDATE[..], &["--set", blank]].concat());
    assert_eq!(set.code, 4, "{set:?}");
    assert!(set.err.contains("--unset apiKey"), "{set:?}");
    assert_eq!(stored_key(&home), "sk-***");
    let unset = home.run(&[&UPDATE[..], &["--unset", "apiKey"]].concat());
    assert_eq!(unset.code, 0, "{unset:?}");
    assert_eq!(stored_key(&home), serde_json::Value::Null);
}

#[test]
fn name_with_a_key_prefix_of_a_provider_suggests_no_alias() {
    let home = Home::new();
    let name = "bedrock-api-key-abc123def456ghi789";
    let create = ["connections", "create", "--provider", "openai-compatible"];
    let more = ["--set", "endpoint=http://127.0.0.1:9/v1", "--name", name];
    let answer = home.run(&[&create[..], &more].concat());
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(!answer.output().contains("Alias"), "{answer:?}");
}

#[test]
fn two_secrets_from_stdin_are_refused() {
    let home = with_optional_key();
    let both = ["--secret-stdin", "apiKey", "--secret-stdin", "headers"];
    let answer = home.pipe(&[&UPDATE[..], &both].concat(), PLANTED);
    assert_eq!(answer.code, 2, "{answer:?}");
    let both = [
        "--secret-stdin",
        "apiKey",
        "--secret-file",
        "headers=/dev/stdin",
    ];
    let answer = home.pipe(&[&UPDATE[..], &both].concat(), PLANTED);
    assert_ne!(answer.code, 0, "one of them is empty: {answer:?}");
    assert_eq!(stored_key(&home), "sk-***");
}

#[rstest]
#[case::bearer("Bearer sk-planted-1\n", "Removed 'Bearer ' before the key for apiKey")]
#[case::quotes("'sk-planted-1'", "Removed quotes around the key for apiKey")]
#[case::variable(
    "export OPENAI_API_KEY=sk-planted-1",
    "Removed 'OPENAI_API_KEY=' before the key for apiKey"
)]
#[case::byte_order_mark(
    "\u{feff}sk-planted-1\r\n",
    "Removed invisible characters around the key for apiKey"
)]
#[case::white_space("  sk-planted-1 \n\n", "Removed white space around the key for apiKey")]
fn extra_characters_of_a_secret_are_removed_with_a_note(#[case] text: &str, #[case] note: &str) {
    let home = Home::new();
    home.write("key.txt", text);
    let more: [&[&str]; 2] = [
        &["--alias", "one", "--secret-stdin", "apiKey"],
        &["--alias", "two", "--secret-file", "apiKey=key.txt"],
    ];
    for more in more {
        let made = home.pipe(&[&CREATE[..], more].concat(), text);
        assert_eq!(made.code, 0, "{made:?}");
        assert!(made.err.contains(note), "{made:?}");
        assert!(!made.output().contains("planted"), "{made:?}");
        // Saving the same key again is no change, because only the cleaned key is stored.
        home.write("clean.txt", "sk-planted-1");
        let again = [
            "connections",
            "update",
            more[1],
            "--secret-file",
            "apiKey=clean.txt",
        ];
        assert!(home.run(&again).out.contains("version 1"));
    }
}

#[rstest]
#[case::encrypted("ENC:planted", "is encrypted by Umbraco (ENC:…): enter the key itself")]
#[case::invisible("sk-\u{200b}planted", "contains an invisible character (U+200B)")]
#[case::soft_hyphen("sk-\u{ad}planted", "contains an invisible character (U+00AD)")]
fn text_that_is_not_a_key_is_rejected(#[case] text: &str, #[case] words: &str) {
    let home = with_optional_key();
    let answer = home.pipe(&[&UPDATE[..], &["--secret-stdin", "apiKey"]].concat(), text);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.err.contains(words), "{answer:?}");
    assert!(!answer.output().contains("planted"), "{answer:?}");
    assert_eq!(stored_key(&home), "sk-***");
}

#[test]
fn utf_16_file_is_named_as_such() {
    let home = Home::new();
    let wide: Vec<u8> = "\u{feff}sk-planted\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    home.write("wide.txt", wide);
    let answer = home.run(&[&CREATE[..], &["--secret-file", "apiKey=wide.txt"]].concat());
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(
        answer.err.contains("UTF-16 text; save it as UTF-8"),
        "{answer:?}"
    );
}

#[test]
fn documents_and_request_bodies_reject_extra_characters_of_a_key() {
    let home = Home::new();
    home.write("env.txt", "OPENAI_API_KEY=sk-planted-1\n");
    home.write(
        "one.yaml",
        "- {alias: a, name: A, providerId: openai, settings: {apiKey: {file: env.txt}}}",
    );
    let applied = home.run(&["connections", "apply", "-f", "one.yaml", "--yes"]);
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"OPENAI_API_KEY=sk-planted-1"}}"#;
    for answer in [applied, home.create(body)] {
        assert_eq!(answer.code, 4, "{answer:?}");
        let words = "begins with 'OPENAI_API_KEY=': send the key alone";
        assert!(answer.err.contains(words), "{answer:?}");
        assert!(!answer.output().contains("planted"), "{answer:?}");
    }
    assert_eq!(home.total(), 0);
}

#[test]
fn empty_secret_of_a_document_keeps_the_stored_one() {
    let home = with_optional_key();
    home.write("empty.txt", "\u{feff}\n");
    let document = |place: &str| {
        format!(
            "- {{alias: case, name: Case, providerId: openai-compatible, settings: {{endpoint: 'http://127.0.0.1:9/v1', apiKey: {{{place}}}}}}}"
        )
    };
    for (place, words) in [
        ("stdin: true", "no input on stdin"),
        ("file: empty.txt", "its file is empty"),
    ] {
        home.write("case.yaml", document(place));
        let arguments = ["connections", "apply", "-f", "case.yaml", "--yes"];
        let answer = home.pipe(&arguments, "\n");
        assert_eq!(answer.code, 4, "{answer:?}");
        assert!(answer.err.contains(words), "{answer:?}");
        assert!(answer.err.contains("null clears"), "{answer:?}");
    }
    assert_eq!(stored_key(&home), "sk-***");
}

#[test]
fn empty_token_and_passphrase_files_are_named() {
    let home = Home::documented();
    home.write("empty", "\u{feff}\n");
    let server = ["--server", "http://127.0.0.1:9", "--token-file", "empty"];
    let token = home.run(&[&server[..], &["connections", "list"]].concat());
    assert_eq!(token.code, 2, "{token:?}");
    let words = "The file of --token-file is empty";
    assert!(token.err.contains(words), "{token:?}");
    home.write("empty", "\n");
    let arguments = ["--passphrase-file", "empty", "key", "add-passphrase"];
    let passphrase = home.run(&arguments);
    assert_eq!(passphrase.code, 2, "{passphrase:?}");
    let words = "The file of --passphrase-file is empty";
    assert!(passphrase.err.contains(words), "{passphrase:?}");
}
