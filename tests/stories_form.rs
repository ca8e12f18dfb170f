//! Stories of the form that knows providers: keys, clippings, suggestions, the address that will be called.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use rstest::rstest;
use stage::twice::Twice as Stage;

/// An OpenAI form of a new connection with the focus on the key.
const ON_KEY: &str = "nopenai<enter>A<tab><tab><tab>";

/// What a frame says, its words one space apart: notes are wrapped where the screen is narrow.
fn said(stage: &Stage) -> String {
    let frame = stage.frame().replace(['│', '┃', '"'], " ");
    let words: Vec<&str> = frame.split_whitespace().collect();
    words.join(" ")
}

#[rstest]
fn a_key_of_another_provider_is_told_and_can_be_saved(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut stage = Stage::empty(size.0, size.1);
    stage.play(ON_KEY).play("<paste:sk-ant-planted>");
    let frame = said(&stage);
    assert!(
        frame.contains("! This looks like a key of Anthropic"),
        "{frame}"
    );
    assert!(!frame.contains("planted"), "{frame}");
    stage.play("<ctrl-s>");
    let frame = said(&stage);
    assert!(frame.contains("Created"), "{frame}");
}

#[rstest]
#[case::its_own("sk-proj-planted")]
#[case::a_beginning_of_its_own("sk")]
#[case::nobodys("planted")]
#[case::a_reference("$OpenAI:ApiKey")]
#[case::taken_out("sk-ant-planted<ctrl-x>")]
fn nothing_is_said_of_another_key(#[case] keys: &str) {
    let mut stage = Stage::empty(80, 24);
    stage.play(ON_KEY).play(keys);
    let frame = stage.frame();
    assert!(!frame.contains("looks like a key"), "{frame}");
}

#[test]
fn while_the_beginning_of_a_key_is_typed_nothing_is_said() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nanthropic<enter>A<tab><tab><tab>");
    for sign in ["s", "k", "-", "a", "n", "t", "-", "x"] {
        stage.play(sign);
        assert!(!stage.frame().contains("looks like a key"), "{sign}");
    }
}

#[test]
fn many_owners_of_a_key_are_not_named() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nanthropic<enter>A<tab><tab><tab>sk-planted");
    let frame = said(&stage);
    assert!(
        frame.contains("This looks like a key of another provider"),
        "{frame}"
    );
}
