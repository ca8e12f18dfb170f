//! Random lines in plain mode: no panic, printable output only, no secret printed, and no change in read-only mode.

use crate::support::harness::Harness;
use proptest::prelude::*;
use umai::connection::{ListQuery, PageRequest};
use umai::service::ConnectionService;
use umai::tui::plain::narration::{Narration, notice};
use umai::tui::plain::parse::{ParsedLine, parse_line};
use umai::tui::target_info::TargetInfo;

const LINES: [&str; 58] = [
    "",
    "?",
    ":",
    "new",
    "edit",
    "toggle",
    "undo",
    "delete",
    "trash",
    "restore",
    "purge",
    "empty",
    "history",
    "info",
    "show",
    "compare",
    "mark",
    "rollback",
    "rollback-field",
    "list",
    "list 2",
    "list 999999999999",
    "1",
    "2",
    "3",
    "9",
    "where",
    "back",
    ":back",
    "up",
    "down",
    "first",
    "last",
    "open",
    "close",
    "/open",
    "/",
    "/zzz",
    "copy",
    "name",
    "json",
    "n",
    "t",
    "D",
    "enter",
    "esc",
    ":save",
    ":next-error",
    ":clear",
    ":2",
    ":99",
    "::x",
    "yes",
    "off",
    "openai",
    "delete",
    "discard",
    "sort",
];

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..LINES.len()).prop_map(|at| LINES[at].to_owned()),
        1 => "[a-zA-Z0-9 $:/é日\u{202e}\u{301}\u{1b}-]{0,12}",
        1 => Just("sk-planted-0123456789".to_owned()),
    ]
}

/// Enters a line and returns all output.
fn say(harness: &mut Harness, line: &str) -> Vec<String> {
    match parse_line(&harness.app, line) {
        ParsedLine::Input(event) => {
            harness.happens(event);
            let shown = harness.app.notices.current.take();
            let mut sentences: Vec<String> = shown.iter().map(notice).collect();
            sentences.extend(Narration::new(&harness.app).all());
            sentences
        }
        ParsedLine::Reply(lines) => lines,
    }
}

fn play(harness: &mut Harness, lines: &[String]) {
    for line in lines {
        let is_form = harness.app.form().is_some();
        for sentences in say(harness, line) {
            // Text typed into a name is not secret; text typed into a key is never printed.
            assert!(is_form || !sentences.contains("planted-one"), "{sentences}");
            assert!(!sentences.contains("planted-two"), "{sentences}");
        }
        if let Some(form) = harness.app.form() {
            assert!(form.focus < form.fields.len());
        }
        // A screen may be drawn at any time.
        harness.buffer();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_lines_never_break_the_app(lines in prop::collection::vec(line(), 1..80)) {
        let mut harness = Harness::three(120, 40);
        play(&mut harness, &lines);
    }

    #[test]
    fn random_lines_change_nothing_in_read_only_mode(lines in prop::collection::vec(line(), 1..80)) {
        let mut harness = Harness::three(120, 40);
        harness.app.set_target(TargetInfo {
            read_only: Some("it is kept".into()),
            ..TargetInfo::default()
        });
        play(&mut harness, &lines);
        let page = harness.elsewhere(&async |service: &dyn ConnectionService| {
            service.list(ListQuery::all(PageRequest { skip: 0, take: 9 })).await.unwrap()
        });
        prop_assert_eq!(page.total, 3);
        prop_assert!(page.items.iter().all(|item| item.version == 1));
    }
}

#[test]
fn typed_secret_is_never_printed() {
    let mut harness = Harness::empty(120, 40);
    for line in [
        "new",
        "openai",
        "1",
        "Name",
        "",
        "",
        "sk-planted-0123456789",
        ":4",
        ":list",
        ":test",
        ":back",
    ] {
        for sentences in say(&mut harness, line) {
            assert!(!sentences.contains("planted"), "{line}: {sentences}");
        }
    }
}
