//! A passphrase on a terminal: asked for before anything needs the key, never shown, and typed twice when it is new.

use crate::home::Home;
use crate::terminal::Asking;

const QUESTION: &str = "Passphrase of the key in";
const AGAIN: &str = "That is not it; try again\r\nPassphrase of the key in";
const PASSPHRASE: &str = "correct horse battery";
/// What makes a terminal show the app's own screen.
const SCREEN: &str = "\u{1b}[?1049h";

/// A home whose key is behind the passphrase.
fn protected() -> Home {
    let home = Home::documented();
    let added = Asking::start(
        &home,
        &["key", "add-passphrase"],
        "New passphrase (not shown): ",
    )
    .then(&format!("{PASSPHRASE}\r"), "The same again (not shown): ")
    .answer(&format!("{PASSPHRASE}\r"));
    assert_eq!(added.0, 0, "{}", added.1);
    assert!(
        added.1.contains("is now protected by a passphrase"),
        "{}",
        added.1
    );
    assert!(!added.1.contains("horse"), "{}", added.1);
    home
}

#[test]
fn a_command_asks_for_the_passphrase_again_when_it_is_wrong_and_then_does_its_work() {
    let home = protected();
    let (code, said) = Asking::start(&home, &["connections", "list"], QUESTION)
        .then("wrong\r", AGAIN)
        .answer(&format!("{PASSPHRASE}\r"));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("OpenAI Production"), "{said}");
    assert!(!said.contains("horse"), "{said}");
}

#[test]
fn three_wrong_ones_and_none_at_all_end_it() {
    let home = protected();
    let (code, said) = Asking::start(&home, &["connections", "list"], QUESTION)
        .then("wrong 1\r", AGAIN)
        .then("wrong 2\r", AGAIN)
        .answer("wrong 3\r");
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("None of these is the passphrase"), "{said}");
    let (code, said) = Asking::start(&home, &["connections", "list"], QUESTION).answer("\r");
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("--passphrase-file"), "{said}");
    let (code, _) = Asking::start(&home, &["connections", "list"], QUESTION).answer("\u{3}");
    assert_eq!(code, 130);
}

#[test]
fn the_app_asks_before_it_takes_the_screen() {
    let home = protected();
    let asking = Asking::start(&home, &[], QUESTION);
    assert!(!asking.said().contains(SCREEN), "{}", asking.said());
    let (code, said) = asking
        .then(&format!("{PASSPHRASE}\r"), "● Active")
        .answer("q");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_new_passphrase_that_is_typed_in_two_ways_changes_nothing() {
    let home = Home::documented();
    let key = std::fs::read(home.path(".config/umai/umai.key")).unwrap();
    let (code, said) = Asking::start(&home, &["key", "add-passphrase"], "New passphrase")
        .then(&format!("{PASSPHRASE}\r"), "The same again")
        .answer("correct horse batterie\r");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("two different passphrases"), "{said}");
    let after = std::fs::read(home.path(".config/umai/umai.key")).unwrap();
    assert_eq!(key, after);
}
