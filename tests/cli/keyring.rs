//! Passphrase of the key in the system keyring.

use crate::home::Home;

#[cfg(not(feature = "keyring"))]
#[test]
fn build_without_keyring_says_so_and_changes_nothing() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    let before = std::fs::read(&key).unwrap();
    let answer = home.run(&["key", "add-keyring"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert!(answer.err.contains("--features keyring"), "{}", answer.err);
    assert_eq!(std::fs::read(&key).unwrap(), before);
}

/// Script that runs umai with a private D-Bus session and keyring.
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
fn keyring_passphrase_survives_a_rotation() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    let kept = in_a_session(
        &home,
        &format!(
            "{WITH_KEYRING}; umai key add-keyring && umai key show && umai key rotate && umai connections list && umai key show --json"
        ),
    );
    assert_eq!(kept.code, 0, "{kept:?}");
    assert!(kept.out.contains("in the keyring"), "{kept:?}");
    assert!(kept.out.contains("\"inKeyring\": true"), "{kept:?}");
    let sealed = std::fs::read_to_string(&key).unwrap();
    assert!(sealed.starts_with("umai-key-1"), "{sealed}");
    // The line break belongs to the log of the bus.
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
