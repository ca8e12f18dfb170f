//! `umai key`: show, rotation, passphrases, and a lost key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::home::{Answer, Home};

const KEY: &str = ".config/umai/umai.key";
const DATA: &str = ".local/share/umai";
const PASSPHRASE: &str = "correct horse battery";

fn with_file(home: &Home, passphrase: &str, arguments: &[&str]) -> Answer {
    home.write("passphrase", format!("{passphrase}\n"));
    let file = home.path("passphrase");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut all = vec!["--passphrase-file", "passphrase"];
    all.extend(arguments);
    home.run(&all)
}

fn key(home: &Home) -> String {
    fs::read_to_string(home.path(KEY)).unwrap()
}

/// Number of secrets in a new backup, and of those that can be decrypted.
fn open_secrets(home: &Home) -> (u64, u64) {
    let made = home.run(&["backup", "create", "--json"]);
    assert_eq!(made.code, 0, "{made:?}");
    let path = made.json()["path"].as_str().unwrap().to_owned();
    let verified = home.run(&["backup", "verify", &path, "--json"]).json();
    let item = &verified["items"][0];
    assert_eq!(item["seal"], "right", "{item}");
    let count = |name: &str| item["secrets"][name].as_u64().unwrap();
    (count("total"), count("open"))
}

#[test]
fn key_show_prints_the_fingerprint_but_not_the_key() {
    let home = Home::documented();
    let shown = home.run(&["key", "show"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let text = key(&home);
    assert!(!shown.output().contains(text.trim()), "{shown:?}");
    assert!(shown.out.contains("config directory"), "{shown:?}");
    assert!(shown.out.contains("encrypted with this key"), "{shown:?}");
    let json = home.run(&["key", "show", "--json"]);
    assert!(!json.output().contains(text.trim()), "{json:?}");
    assert_eq!(json.json()["store"]["key"], "fits");
    let fingerprint = json.json()["fingerprint"].as_str().unwrap().to_owned();
    assert!(shown.out.contains(&fingerprint), "{shown:?}");
    // Another key is reported as an error.
    let other = home.write(
        "other.key",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n",
    );
    let wrong = home.run(&["--key-file", other.to_str().unwrap(), "key", "show"]);
    assert_eq!(wrong.code, 6, "{wrong:?}");
    assert!(
        wrong.out.contains("--key-file or UMAI_KEY_FILE"),
        "{wrong:?}"
    );
    assert!(wrong.err.contains("key new --forget-secrets"), "{wrong:?}");
}

#[test]
fn rotation_encrypts_everything_and_old_backups_restore() {
    let home = Home::documented();
    let made = home.run(&["backup", "create", "--json"]).json();
    let before = made["path"].as_str().unwrap().to_owned();
    let deleted = home.pipe(
        &["connections", "create", "--from-json", "-"],
        r#"{"alias":"gone","name":"Gone","providerId":"openai","settings":{"apiKey":"sk-planted"}}"#,
    );
    assert_eq!(deleted.code, 0, "{deleted:?}");
    let deleted = home.run(&["connections", "delete", "gone", "--yes"]);
    assert_eq!(deleted.code, 0, "{deleted:?}");
    let old = key(&home);
    let sealed: Vec<String> = seals(&home);
    assert!(!sealed.is_empty());

    let rotated = home.run(&["key", "rotate"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert!(
        rotated.out.contains("encrypted 2 secrets"),
        "includes the trash: {rotated:?}"
    );
    assert_ne!(key(&home), old);
    let metadata = fs::metadata(home.path(KEY)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    // Nothing in the store can be decrypted with the old key.
    for seal in &sealed {
        let with: Vec<PathBuf> = home
            .files_with(seal)
            .into_iter()
            .filter(|path| !path.starts_with(home.path(DATA).join("backups")))
            .collect();
        assert_eq!(with, Vec::<PathBuf>::new());
    }
    assert_eq!(home.files_with(old.trim()), Vec::<PathBuf>::new());
    assert_eq!(home.total(), 1);
    assert_eq!(open_secrets(&home), (2, 2));
    let restored = home.run(&["connections", "restore", "gone"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    // A backup from before the rotation is restored with the current key.
    let now = key(&home);
    let back = home.run(&["backup", "restore", &before, "--yes"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(key(&home), now);
    assert_eq!(open_secrets(&home), (1, 1));
    // Second restore.
    let rotated = home.run(&["key", "rotate"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    let back = home.run(&["backup", "restore", &before, "--yes"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(open_secrets(&home), (1, 1));
}

/// Sealed secrets in the journal.
fn seals(home: &Home) -> Vec<String> {
    let journal = home.path(DATA).join("journal");
    let mut found = Vec::new();
    for entry in fs::read_dir(journal).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for part in text.split("{\"sealed\":\"").skip(1) {
            found.push(part.split('"').next().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn protected_key_needs_its_passphrase() {
    let home = Home::documented();
    let open = key(&home);
    let short = with_file(&home, "short", &["key", "add-passphrase"]);
    assert_eq!(short.code, 2, "{short:?}");
    assert_eq!(key(&home), open);
    let added = with_file(&home, PASSPHRASE, &["key", "add-passphrase"]);
    assert_eq!(added.code, 0, "{added:?}");
    assert!(
        key(&home).starts_with("umai-key-1 argon2id 65536 3 4 "),
        "the file contains the KDF cost"
    );
    assert_eq!(home.files_with(open.trim()), Vec::<PathBuf>::new());

    let refused = home.run(&["connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("--passphrase-file"), "{refused:?}");
    let wrong = with_file(&home, "wrong horse battery", &["connections", "list"]);
    assert_eq!(wrong.code, 6, "{wrong:?}");
    assert!(
        wrong.err.contains("does not contain the passphrase"),
        "{wrong:?}"
    );
    assert!(!wrong.output().contains("wrong horse"), "{wrong:?}");
    let listed = with_file(&home, PASSPHRASE, &["connections", "list", "--json"]);
    assert_eq!((listed.code, &*listed.err), (0, ""), "{listed:?}");
    assert_eq!(listed.json()["total"], 1);
    let shown = home.run(&["key", "show"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(
        shown
            .out
            .contains("yes (Argon2id, 64 MiB, 3 passes, 4 lanes)"),
        "{shown:?}"
    );

    // The rotated key has the same passphrase.
    let rotated = with_file(&home, PASSPHRASE, &["key", "rotate"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert_eq!(home.run(&["connections", "list"]).code, 6);
    let listed = with_file(&home, PASSPHRASE, &["connections", "list", "--json"]);
    assert_eq!(listed.json()["total"], 1);

    home.write("new", "another horse battery");
    let changed = with_file(
        &home,
        PASSPHRASE,
        &["key", "change-passphrase", "--new-passphrase-file", "new"],
    );
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!(
        with_file(&home, PASSPHRASE, &["connections", "list"]).code,
        6
    );
    let removed = with_file(
        &home,
        "another horse battery",
        &["key", "remove-passphrase"],
    );
    assert_eq!(removed.code, 0, "{removed:?}");
    assert_eq!(home.total(), 1);
    assert_eq!(open_secrets(&home), (1, 1));
}

#[test]
fn lost_key_loses_only_the_secrets() {
    let home = Home::documented();
    let lost = key(&home);
    for is_wrong in [false, true] {
        fs::remove_file(home.path(KEY)).unwrap();
        if is_wrong {
            home.write(KEY, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n");
        }
        let refused = home.run(&["connections", "list"]);
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(
            refused.err.contains("umai key new --forget-secrets"),
            "{refused:?}"
        );
        let unsaid = home.run(&["key", "new"]);
        assert_eq!(unsaid.code, 2, "{unsaid:?}");
        let renewed = home.run(&["key", "new", "--forget-secrets"]);
        assert_eq!(renewed.code, 0, "{renewed:?}");
        assert!(renewed.err.contains("OpenAI Production"), "{renewed:?}");
        assert_ne!(key(&home), lost);
        if is_wrong {
            let aside = home.path(&format!("{KEY}.wrong-1"));
            assert!(fs::read_to_string(aside).unwrap().starts_with("Bwc"));
        }
        // Names are readable; secrets that cannot be decrypted are reported, and kept when other settings are saved.
        assert_eq!(home.total(), 1);
        let got = home.run(&["connections", "get", "openai-prod"]);
        assert_eq!(got.code, 0, "{got:?}");
        assert!(
            got.err
                .contains("cannot be decrypted: another key encrypted it"),
            "{got:?}"
        );
        let renamed = home.run(&[
            "connections",
            "update",
            "openai-prod",
            "--name",
            "Still here",
        ]);
        assert_eq!(renamed.code, 0, "{renamed:?}");
        assert_eq!(open_secrets(&home), (1, 0));
        let typed = home.pipe(
            &[
                "connections",
                "update",
                "openai-prod",
                "--name",
                "OpenAI Production",
                "--secret-stdin",
                "apiKey",
            ],
            "sk-typed-again",
        );
        assert_eq!(typed.code, 0, "{typed:?}");
        let got = home.run(&["connections", "get", "openai-prod"]);
        assert_eq!(got.err, "", "{got:?}");
        assert_eq!(open_secrets(&home), (1, 1));
    }
    let fits = home.run(&["key", "new", "--forget-secrets"]);
    assert_eq!(fits.code, 6, "{fits:?}");
    assert!(fits.err.contains("umai key rotate"), "{fits:?}");
}

#[test]
fn found_key_opens_the_store_that_was_moved_aside() {
    let home = Home::documented();
    let lost = key(&home);
    fs::remove_file(home.path(KEY)).unwrap();
    let renewed = home
        .run(&["key", "new", "--forget-secrets", "--json"])
        .json();
    let aside = renewed["storeMovedTo"].as_str().unwrap();
    home.write("found.key", lost);
    fs::set_permissions(home.path("found.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let listed = home.run(&[
        "--data",
        aside,
        "--key-file",
        "found.key",
        "connections",
        "get",
        "openai-prod",
    ]);
    assert_eq!((listed.code, &*listed.err), (0, ""), "{listed:?}");
}

#[test]
fn rotation_needs_a_store_and_its_key() {
    let home = Home::new();
    let none = home.run(&["key", "rotate"]);
    assert_eq!(none.code, 6, "{none:?}");
    assert!(none.err.contains("There is no store"), "{none:?}");
    let home = Home::documented();
    let credentials = home.path("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::copy(home.path(KEY), credentials.join("umai.key")).unwrap();
    let mut command = home.umai(&["key", "rotate"]);
    let refused = command
        .env("CREDENTIALS_DIRECTORY", &credentials)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(6));
    let output = String::from_utf8(refused.stderr).unwrap();
    assert!(output.contains("service manager"), "{output}");
    assert_eq!(home.total(), 1);
}

#[test]
fn key_export_copies_the_key_and_doctor_stops_reminding() {
    let home = Home::documented();
    let reminds = |home: &Home| {
        let found = home.run(&["doctor"]);
        found.out.contains("no backup of the key is known")
    };
    assert!(reminds(&home));
    let exported = home.run(&["key", "export", "copy.key"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    let copy = fs::read_to_string(home.path("copy.key")).unwrap();
    assert_eq!(copy, key(&home));
    assert!(!exported.output().contains(copy.trim()), "{exported:?}");
    let mode = fs::metadata(home.path("copy.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!reminds(&home));
    let again = home.run(&["key", "export", "copy.key"]);
    assert_eq!(again.code, 6, "an existing file is kept: {again:?}");
    assert_eq!(home.run(&["key", "rotate"]).code, 0);
    assert!(reminds(&home), "the new key has no backup");
}
