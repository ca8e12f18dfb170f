//! `umai connections create --from-json` with several connections.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::home::Home;

const IMPORT: [&str; 5] = ["connections", "create", "--from-json", "-", "--json"];

fn body(alias: &str) -> String {
    format!(
        r#"{{"alias":"{alias}","name":"{alias}","providerId":"openai","settings":{{"apiKey":"sk-planted-{alias}"}}}}"#
    )
}

fn aliases(lines: &str) -> Vec<String> {
    let mut aliases: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["alias"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    aliases.sort();
    aliases
}

/// Starts an import whose stdin stays open.
fn open_import(home: &Home) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = home.umai(&IMPORT).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdin, stdout)
}

fn next_line(stdout: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn json_lines_are_created_and_refusals_name_their_line() {
    let home = Home::new();
    let lines = format!(
        "{}\n\n{}\n{{\"alias\": \n{}\n{}\n",
        body("a"),
        body("NO"),
        body("b"),
        body("a")
    );
    let answer = home.pipe(&IMPORT, lines);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(aliases(&answer.out), ["a", "b"]);
    let mut reported: Vec<(u64, String)> = answer
        .err
        .lines()
        .filter_map(|line| {
            let problem: Value = serde_json::from_str(line).unwrap();
            Some((
                problem["line"].as_u64()?,
                problem["detail"].as_str()?.to_owned(),
            ))
        })
        .collect();
    reported.sort();
    let numbers: Vec<u64> = reported.iter().map(|(line, _)| *line).collect();
    assert_eq!(numbers, [3, 4, 6], "{answer:?}");
    assert_eq!(reported[2].1, "A connection with alias 'a' already exists");
    assert_eq!(answer.problem()["detail"], "Created 2 of 5, 3 refused");
    assert!(!answer.output().contains("planted"), "{answer:?}");
    assert_eq!(home.total(), 2);
}

#[test]
fn array_is_created_and_refusals_name_their_element() {
    let home = Home::new();
    let file = home.write(
        "many.json",
        format!(
            "[{},\n {},\n 5,\n {}\n]\n",
            body("a"),
            body("NO"),
            body("b")
        ),
    );
    let answer = home.run(&[
        "connections",
        "create",
        "--from-json",
        file.to_str().unwrap(),
    ]);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(answer.out.lines().count(), 2, "{answer:?}");
    assert!(
        answer
            .err
            .contains("element 2: alias: Alias can only contain"),
        "{answer:?}"
    );
    assert!(answer.err.contains("element 3: "), "{answer:?}");
    assert!(
        answer.err.ends_with("Created 2 of 4, 2 refused\n"),
        "{answer:?}"
    );
    assert_eq!(home.total(), 2);
}

#[test]
fn position_is_reported_once() {
    let home = Home::new();
    let lines = home.pipe(&IMPORT, format!("{}\n{{\"alias\": x}}\n", body("a")));
    let reported: Value = serde_json::from_str(lines.err.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&reported["line"], &reported["detail"]),
        (
            &Value::from(2),
            &Value::from("The body is not valid JSON: expected value at column 11")
        )
    );
    let one = home.pipe(&IMPORT, "{\"alias\": x}\n");
    assert_eq!(
        one.problem()["detail"],
        "The body is not valid JSON: expected value at line 1 column 11"
    );
}

#[test]
fn refusals_are_printed_in_input_order() {
    let home = Home::new();
    assert_eq!(home.pipe(&IMPORT, body("taken")).code, 0);
    // Three refusals: immediate, after a lookup in the store, and after a slow create.
    let mut lines = String::new();
    for number in 0..300 {
        writeln!(
            lines,
            "{}\nno\n{}",
            body(&format!("c-{number}")),
            body("taken")
        )
        .unwrap();
    }
    let answer = home.pipe(&IMPORT, lines);
    let reported: Vec<u64> = answer
        .err
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64())
        .collect();
    let refused: Vec<u64> = (1..=900).filter(|line| line % 3 != 1).collect();
    assert_eq!(reported, refused);
    assert_eq!(
        answer.problem()["detail"],
        "Created 300 of 900, 600 refused"
    );
    let help = home.run(&["connections", "create", "--help"]).out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("Results are printed as they complete, errors in input order"),
        "{help}"
    );
}

#[test]
fn first_of_equal_aliases_is_created() {
    let home = Home::new();
    let mut lines = String::new();
    for number in 1..=50 {
        let line = body("same").replace(r#""name":"same""#, &format!(r#""name":"{number}""#));
        writeln!(lines, "{line}").unwrap();
    }
    let answer = home.pipe(&IMPORT, lines);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(answer.json()["name"], "1");
    assert_eq!(answer.problem()["detail"], "Created 1 of 50, 49 refused");
}

#[test]
fn valid_input_succeeds() {
    let home = Home::new();
    let mut lines = String::new();
    for number in 0..1000 {
        writeln!(lines, "{}", body(&format!("c-{number}"))).unwrap();
    }
    let answer = home.pipe(&IMPORT, lines);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.out.lines().count(), 1000);
    assert_eq!(home.total(), 1000);
    assert_eq!(home.pipe(&IMPORT, "[]").code, 0);
    assert_eq!(
        home.pipe(&IMPORT, format!("[{}", body("open"))).code,
        4,
        "not closed"
    );
}

#[test]
fn line_is_created_before_the_next_is_read() {
    let home = Home::new();
    let (mut child, mut stdin, mut stdout) = open_import(&home);
    for alias in ["first", "second"] {
        stdin
            .write_all(format!("{}\n", body(alias)).as_bytes())
            .unwrap();
        assert_eq!(next_line(&mut stdout)["alias"], alias);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        home.total(),
        2,
        "reported connections are durable, even if the process is killed"
    );
}

#[test]
fn second_process_can_use_the_store_concurrently() {
    let home = Home::new();
    let (mut child, mut stdin, mut stdout) = open_import(&home);
    stdin
        .write_all(format!("{}\n", body("first")).as_bytes())
        .unwrap();
    next_line(&mut stdout);
    assert_eq!(home.total(), 1);
    let second = home.pipe(
        &["connections", "create", "--from-json", "-"],
        body("second"),
    );
    assert_eq!(second.code, 0, "{second:?}");
    stdin
        .write_all(format!("{}\n", body("second")).as_bytes())
        .unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(4), "the alias is taken");
    assert_eq!(home.total(), 2);
}

/// Waits until a process is in a state, given by its letter in `/proc`.
fn until_state(child: &Child, state: char) {
    let path = format!("/proc/{}/stat", child.id());
    let end = Instant::now() + Duration::from_secs(20);
    while !std::fs::read_to_string(&path)
        .unwrap()
        .contains(&format!(") {state} "))
    {
        assert!(
            Instant::now() < end,
            "the process never reached state {state}"
        );
        std::thread::yield_now();
    }
}

#[test]
fn suspended_command_releases_the_store_and_continues() {
    let home = Home::new();
    let (mut child, mut stdin, mut stdout) = open_import(&home);
    stdin
        .write_all(format!("{}\n", body("first")).as_bytes())
        .unwrap();
    next_line(&mut stdout);
    kill_process(Pid::from_child(&child), Signal::TSTP).unwrap();
    until_state(&child, 'T');
    assert_eq!(home.total(), 1);
    kill_process(Pid::from_child(&child), Signal::CONT).unwrap();
    stdin
        .write_all(format!("{}\n", body("second")).as_bytes())
        .unwrap();
    assert_eq!(next_line(&mut stdout)["alias"], "second");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(home.total(), 2);
}

#[test]
fn process_stopped_by_sigstop_is_reported() {
    let home = Home::new();
    let (mut child, mut stdin, mut stdout) = open_import(&home);
    stdin
        .write_all(format!("{}\n", body("first")).as_bytes())
        .unwrap();
    next_line(&mut stdout);
    kill_process(Pid::from_child(&child), Signal::STOP).unwrap();
    until_state(&child, 'T');
    let second = home.run(&["connections", "list", "--json"]);
    assert_eq!(second.code, 6, "{second:?}");
    assert_eq!(second.problem()["code"], "held");
    for part in [format!("process {}", child.id()), "does not respond".into()] {
        assert!(second.err.contains(&part), "{second:?}");
    }
    kill_process(Pid::from_child(&child), Signal::CONT).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(home.total(), 1);
}

#[rstest]
#[case(Signal::TERM, 143)]
#[case(Signal::INT, 130)]
fn signal_ends_an_import_and_keeps_reported_connections(#[case] signal: Signal, #[case] code: i32) {
    let home = Home::new();
    let (mut child, mut stdin, mut stdout) = open_import(&home);
    stdin
        .write_all(format!("{}\n", body("first")).as_bytes())
        .unwrap();
    next_line(&mut stdout);
    kill_process(Pid::from_child(&child), signal).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code));
    drop(stdin);
    assert_eq!(home.total(), 1);
}

#[test]
fn import_continues_without_an_output_reader() {
    let home = Home::new();
    let (mut child, mut stdin, stdout) = open_import(&home);
    drop(stdout);
    let mut lines = String::new();
    for number in 0..500 {
        writeln!(lines, "{}", body(&format!("c-{number}"))).unwrap();
    }
    stdin.write_all(lines.as_bytes()).unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(home.total(), 500);
}

#[test]
fn endless_zeros_are_refused() {
    let answer = Home::new().run(&["connections", "create", "--from-json", "/dev/zero"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.err.contains("NUL byte"), "{answer:?}");
}
