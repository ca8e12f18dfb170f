//! Passphrase prompts: before the key is needed, without echo, and twice for a new passphrase.

use crate::home::Home;
use crate::terminal::PromptTerminal;

const QUESTION: &str = "Passphrase of the key in";
const AGAIN: &str = "Wrong passphrase; try again\r\nPassphrase of the key in";
const PASSPHRASE: &str = "correct horse battery";
/// Escape sequence that switches a terminal to the app's screen.
const SCREEN: &str = "\u{1b}[?1049h";

/// Home whose key has the passphrase.
fn protected() -> Home {
    let home = Home::documented();
    let added = PromptTerminal::start(
        &home,
        &["key", "add-passphrase"],
        "New passphrase (hidden): ",
    )
    .then(
        &format!("{PASSPHRASE}\r"),
        "Repeat the passphrase (hidden): ",
    )
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
fn wrong_passphrase_prompts_again() {
    let home = protected();
    let (code, output) = PromptTerminal::start(&home, &["connections", "list"], QUESTION)
        .then("wrong\r", AGAIN)
        .answer(&format!("{PASSPHRASE}\r"));
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("OpenAI Production"), "{output}");
    assert!(!output.contains("horse"), "{output}");
}

#[test]
fn three_wrong_passphrases_or_none_end_the_command() {
    let home = protected();
    let (code, output) = PromptTerminal::start(&home, &["connections", "list"], QUESTION)
        .then("wrong 1\r", AGAIN)
        .then("wrong 2\r", AGAIN)
        .answer("wrong 3\r");
    assert_eq!(code, 6, "{output}");
    assert!(output.contains("Wrong passphrase of the key"), "{output}");
    let (code, output) =
        PromptTerminal::start(&home, &["connections", "list"], QUESTION).answer("\r");
    assert_eq!(code, 6, "{output}");
    assert!(output.contains("--passphrase-file"), "{output}");
    let (code, _) =
        PromptTerminal::start(&home, &["connections", "list"], QUESTION).answer("\u{3}");
    assert_eq!(code, 130);
}

#[test]
fn app_prompts_before_it_takes_the_screen() {
    let home = protected();
    let asking = PromptTerminal::start(&home, &[], QUESTION);
    assert!(!asking.output().contains(SCREEN), "{}", asking.output());
    let (code, output) = asking
        .then(&format!("{PASSPHRASE}\r"), "Production")
        .answer("q");
    assert_eq!(code, 0, "{output}");
}

#[test]
fn different_new_passphrases_change_nothing() {
    let home = Home::documented();
    let key = std::fs::read(home.path(".config/umai/umai.key")).unwrap();
    let (code, output) = PromptTerminal::start(&home, &["key", "add-passphrase"], "New passphrase")
        .then(&format!("{PASSPHRASE}\r"), "Repeat the passphrase")
        .answer("correct horse batterie\r");
    assert_eq!(code, 2, "{output}");
    assert!(output.contains("The passphrases differ"), "{output}");
    let after = std::fs::read(home.path(".config/umai/umai.key")).unwrap();
    assert_eq!(key, after);
}

#[test]
fn readable_passphrase_file_is_mentioned_when_it_is_set() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::documented();
    let file = home.write("passphrase", PASSPHRASE);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let file = file.to_str().unwrap();
    let added = home.run(&["key", "add-passphrase", "--passphrase-file", file]);
    assert_eq!(added.code, 0, "{added:?}");
    assert!(added.err.contains("readable by others"), "{added:?}");
}
