//! The key's passphrase in the keyring of the system.

use crate::home::Home;

#[cfg(not(feature = "keyring"))]
#[test]
fn a_umai_without_it_says_so_and_changes_nothing() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    let before = std::fs::read(&key).unwrap();
    let answer = home.run(&["key", "add-keyring"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert!(answer.err.contains("--features keyring"), "{}", answer.err);
    assert_eq!(std::fs::read(&key).unwrap(), before);
}

/// What stands between a test and the Secret Service: a bus of its own with a keyring of its own.
#[cfg(feature = "keyring")]
const WITH_KEYRING: &str =
    "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";

#[cfg(feature = "keyring")]
fn in_a_session(home: &Home, line: &str) -> crate::home::Answer {
    let mut command = std::process::Command::new("dbus-run-session");
    let umai = std::path::Path::new(env!("CARGO_BIN_EXE_umai"));
    let path = format!(
        "{}:{}",
        umai.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    command
        .args(["--", "sh", "-c", line])
        .env_clear()
        .env("HOME", home.path(""))
        .env("PATH", path)
        .current_dir(home.path(""));
    crate::home::answer_of(command)
}

#[cfg(feature = "keyring")]
#[test]
fn the_key_opens_with_the_keyring_through_a_rotation_and_not_without_it() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    let kept = in_a_session(
        &home,
        &format!(
            "{WITH_KEYRING}; umai key add-keyring && umai key show && umai key rotate && umai connections list && umai key show --json"
        ),
    );
    assert_eq!(kept.code, 0, "{kept:?}");
    assert!(kept.out.contains("kept by the keyring"), "{kept:?}");
    assert!(kept.out.contains("\"inKeyring\": true"), "{kept:?}");
    let sealed = std::fs::read_to_string(&key).unwrap();
    assert!(sealed.starts_with("umai-key-1"), "{sealed}");
    // A line break in the log of a bus is no keyring.
    let without = home.run(&["connections", "list"]);
    assert_eq!(without.code, 6, "{without:?}");
    assert!(
        without.err.contains("keyring of this system"),
        "{without:?}"
    );
    assert_eq!(std::fs::read_to_string(&key).unwrap(), sealed);
    let another_day = in_a_session(
        &home,
        &format!("{WITH_KEYRING}; umai connections list && umai key remove-passphrase"),
    );
    assert_eq!(another_day.code, 0, "{another_day:?}");
    let open = home.run(&["connections", "list"]);
    assert_eq!(open.code, 0, "{open:?}");
}
