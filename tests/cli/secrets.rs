//! A secret is taken from stdin, a file or the keyboard, never from an argument, and is never said again.

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
fn a_secret_in_an_argument_is_refused_without_being_repeated(#[case] arguments: &[&str]) {
    for json in [false, true] {
        let home = Home::new();
        let mut arguments = arguments.to_vec();
        if json {
            arguments.push("--json");
        }
        let answer = home.run(&arguments);
        assert_eq!(answer.code, 2, "{arguments:?}: {answer:?}");
        assert!(
            !answer.said().contains("planted"),
            "{arguments:?}: {answer:?}"
        );
        assert_eq!(answer.out, "", "{answer:?}");
        let folder = std::fs::read_dir(home.path("")).unwrap();
        assert!(
            folder
                .flatten()
                .all(|entry| !entry.file_name().to_string_lossy().contains("planted")),
            "{arguments:?} made a file"
        );
    }
}

#[test]
fn a_path_that_looks_like_a_secret_is_one_when_it_is_there_or_names_a_folder() {
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
fn the_way_to_give_it_is_said(#[case] arguments: &[&str]) {
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
fn the_way_fits_the_setting() {
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
fn a_secret_from_stdin_or_a_file_is_sealed_masked_and_nowhere_in_clear() {
    let home = Home::new();
    let answer = home.pipe(
        &[&CREATE[..], &["--secret-stdin", "apiKey", "--json"]].concat(),
        format!("{PLANTED}\n"),
    );
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("The line end after the secret for apiKey was left out"),
        "{answer:?}"
    );
    assert_eq!(answer.json()["settings"]["apiKey"], "sk-***");
    assert!(!answer.said().contains("planted"));
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
fn a_secret_that_waits_on_stdin_and_is_not_asked_for_is_not_passed_over_in_silence() {
    let said = "Nothing was read from stdin; --secret-stdin apiKey";
    let home = Home::new();
    let waiting = std::fs::File::open(home.write("key.txt", PLANTED)).unwrap();
    let passed = home.umai(&CREATE).stdin(waiting).output().unwrap();
    let err = String::from_utf8_lossy(&passed.stderr);
    assert_eq!(passed.status.code(), Some(0), "{err}");
    assert!(err.contains(said), "{err}");
    let alone = Home::new().umai(&CREATE).output().unwrap();
    let err = String::from_utf8_lossy(&alone.stderr);
    assert!(err.contains("no settings yet"), "{err}");
    assert!(!err.contains("stdin"), "nothing waits there: {err}");
    let given = Home::new().pipe(
        &[&CREATE[..], &["--secret-stdin", "apiKey"]].concat(),
        "sk-1",
    );
    assert!(!given.err.contains("Nothing was read"), "{given:?}");
}

#[test]
fn only_text_of_a_sensible_size_is_a_secret() {
    let home = Home::new();
    let from_stdin = [&CREATE[..], &["--secret-stdin", "apiKey"]].concat();
    let binary = home.pipe(&from_stdin, b"sk-\xff\x00planted".to_vec());
    assert_eq!(binary.code, 2, "{binary:?}");
    assert!(binary.err.contains("is not text"), "{binary:?}");
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
        (twice.code, twice.err.contains("given twice")),
        (2, true),
        "{twice:?}"
    );
}
