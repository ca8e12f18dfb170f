//! `umai backup`: create, list, verify and restore, also with a damaged or missing store.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::home::Home;

const DATA: &str = ".local/share/umai";

fn create(home: &Home, name: &str) {
    let alias = name.to_lowercase();
    let body = format!(
        r#"{{"alias":"{alias}","name":"{name}","providerId":"openai","settings":{{"apiKey":"sk-planted-{name}"}}}}"#
    );
    let answer = home.create(&body);
    assert_eq!(answer.code, 0, "{answer:?}");
}

/// All connections in the output of commands.
fn everything(home: &Home) -> Vec<Value> {
    let listed = home.run(&["connections", "list", "--json"]).json();
    let aliases = listed["items"].as_array().unwrap().iter();
    aliases
        .map(|item| {
            let alias = item["alias"].as_str().unwrap();
            home.run(&["connections", "get", alias, "--json"]).json()
        })
        .collect()
}

fn backup(home: &Home) -> PathBuf {
    let answer = home.run(&["backup", "create", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    answer.json()["path"].as_str().unwrap().into()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn restore_reverts_to_the_backup_and_lists_newer_connections() {
    let home = Home::new();
    create(&home, "Alpha");
    create(&home, "Beta");
    let before = everything(&home);
    let backup = backup(&home);
    create(&home, "Gamma");
    let renamed = home.run(&["connections", "update", "beta", "--name", "Better"]);
    assert_eq!(renamed.code, 0, "{renamed:?}");

    let path = backup.to_str().unwrap();
    let looked = home.run(&["backup", "restore", path, "--dry-run"]);
    assert_eq!(looked.code, 0, "{looked:?}");
    assert!(
        looked.err.contains("1 connection only in the store: Gamma"),
        "{looked:?}"
    );
    let newer = "1 connection newer in the store than in the backup: Better";
    assert!(looked.err.contains(newer), "{looked:?}");
    assert_eq!(home.total(), 3, "nothing was changed");

    let refused = home.run(&["backup", "restore", path]);
    assert_eq!(refused.code, 2, "no terminal for a prompt: {refused:?}");
    assert!(refused.err.contains("--yes"), "{refused:?}");
    assert_eq!(home.total(), 3);

    let restored = home.run(&["backup", "restore", path, "--yes", "--json"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let output = restored.json();
    assert_eq!(output["restored"], true);
    assert_eq!(output["changes"]["onlyInStore"][0]["name"], "Gamma");
    assert_eq!(everything(&home), before);
    // The previous store was moved aside, complete.
    let aside = output["movedTo"].as_str().unwrap();
    assert!(Path::new(aside).join("journal").is_dir(), "{aside}");
    let listed = home.run(&["--data", aside, "connections", "list", "--json"]);
    assert_eq!(listed.json()["total"], 3, "{listed:?}");
    // It can be restored like a backup.
    let undone = home.run(&["backup", "restore", aside, "--yes"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(home.total(), 3);
    let restored = home.run(&["backup", "restore", path, "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert_eq!(everything(&home), before);
    // The restored store works, and its secrets can be decrypted.
    create(&home, "Delta");
    let answer = home.run(&["backup", "create"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let verified = home.run(&["backup", "verify", "--json"]).json();
    for item in verified["items"].as_array().unwrap() {
        assert_eq!(item["isWhole"], true, "{item}");
        assert_eq!(item["seal"], "right", "{item}");
        assert_eq!(item["secrets"]["total"], item["secrets"]["open"], "{item}");
    }
}

#[test]
fn damaged_or_missing_store_names_the_restore_command() {
    let home = Home::new();
    create(&home, "Alpha");
    let before = everything(&home);
    backup(&home);
    let data = home.path(DATA);
    // First the index is truncated and the journal missing; then both are missing; then only the second directory is left.
    for gone in [vec!["journal"], vec!["journal", "snapshots", "sled"]] {
        for part in &gone {
            let _ = fs::remove_dir_all(data.join(part));
        }
        for file in fs::read_dir(data.join("sled")).into_iter().flatten() {
            let path = file.unwrap().path();
            if path.is_file() {
                fs::write(path, "").unwrap();
            }
        }
        let refused = home.run(&["connections", "list"]);
        assert_eq!(refused.code, 6, "{gone:?}: {refused:?}");
        assert!(
            refused.err.contains("umai backup restore --newest"),
            "{gone:?}: {refused:?}"
        );
        let restored = home.run(&["backup", "restore", "--newest", "--yes"]);
        assert_eq!(restored.code, 0, "{gone:?}: {restored:?}");
        assert_eq!(everything(&home), before, "{gone:?}");
        let listed = home.run(&["connections", "list"]);
        assert_eq!(listed.err, "", "{gone:?}");
    }
}

#[test]
fn copies_for_another_disk_need_an_existing_directory() {
    let home = Home::new();
    create(&home, "Alpha");
    for command in [
        &["backup", "create", "--to", "stick/"][..],
        &["backup", "create", "--to", "stick/", "--dry-run"],
        &["backup", "create", "--to", "stick/mine.backup"],
        &["key", "export", "stick/umai.key"],
    ] {
        let refused = home.run(command);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("mount its disk"), "{refused:?}");
    }
    assert!(!home.path("stick").exists());
}

#[test]
fn backup_to_a_directory_or_file_replaces_nothing() {
    let home = Home::new();
    create(&home, "Alpha");
    fs::create_dir(home.path("stick")).unwrap();
    let to_folder = home.run(&["backup", "create", "--to", "stick"]);
    assert_eq!(to_folder.code, 0, "{to_folder:?}");
    assert_eq!(files(&home.path("stick")).len(), 1);
    let to_file = home.run(&["backup", "create", "--to", "mine.backup"]);
    assert_eq!(to_file.code, 0, "{to_file:?}");
    let bytes = fs::read(home.path("mine.backup")).unwrap();
    let again = home.run(&["backup", "create", "--to", "mine.backup"]);
    assert_eq!(again.code, 6, "{again:?}");
    assert!(again.err.contains("already exists"), "{again:?}");
    assert_eq!(fs::read(home.path("mine.backup")).unwrap(), bytes);
    let verified = home.run(&["backup", "verify", "mine.backup"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.out.contains("valid, 1 connection"), "{verified:?}");
}

#[test]
fn backups_are_private_and_contain_no_plaintext_secret() {
    let home = Home::new();
    create(&home, "Alpha");
    backup(&home);
    assert_eq!(home.files_with("sk-planted"), Vec::<PathBuf>::new());
    for file in files(&home.path(DATA).join("backups")) {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    let folder = fs::metadata(home.path(DATA).join("backups")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

#[test]
fn automatic_backup_is_copied_to_the_second_directory() {
    let home = Home::new();
    let other = home.path("other");
    let run = |arguments: &[&str]| {
        let mut command = home.umai(arguments);
        command.env("UMAI_BACKUP_FOLDER", &other);
        command.output().unwrap()
    };
    let body = home.write("body.json", crate::home::DOCUMENTED);
    let made = run(&[
        "connections",
        "create",
        "--from-json",
        body.to_str().unwrap(),
    ]);
    assert!(made.status.success(), "{made:?}");
    assert!(made.stderr.is_empty(), "{made:?}");
    let here = files(&home.path(DATA).join("backups"));
    let there = files(&other);
    assert_eq!((here.len(), there.len()), (1, 1));
    assert_eq!(fs::read(&here[0]).unwrap(), fs::read(&there[0]).unwrap());
    // The disk is lost; the second directory is not.
    fs::remove_dir_all(home.path(DATA)).unwrap();
    let listed = run(&["connections", "list"]);
    assert_eq!(listed.status.code(), Some(6), "{listed:?}");
    let output = String::from_utf8(listed.stderr).unwrap();
    assert!(output.contains("umai backup restore --newest"), "{output}");
    // Backups of another store in the same directory are ignored.
    let another = run(&["--data", "another", "connections", "list"]);
    assert!(another.status.success(), "{another:?}");
    let restored = run(&["backup", "restore", "--newest", "--yes"]);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(home.total(), 1);
}

#[test]
fn failed_backup_copy_is_reported_and_the_save_kept() {
    let home = Home::new();
    let body = home.write("body.json", crate::home::DOCUMENTED);
    let file = home.write("other", "this is a file");
    let mut command = home.umai(&[
        "connections",
        "create",
        "--from-json",
        body.to_str().unwrap(),
    ]);
    let made = command.env("UMAI_BACKUP_FOLDER", &file).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let output = String::from_utf8(made.stderr).unwrap();
    assert!(output.contains("not copied"), "{output}");
    assert!(output.contains("It is kept next to the store"), "{output}");
    assert_eq!(home.total(), 1);
}

#[test]
fn damaged_backup_is_reported_and_skipped() {
    let home = Home::new();
    create(&home, "Alpha");
    let good = backup(&home);
    create(&home, "Beta");
    let bad = backup(&home);
    let mut bytes = fs::read(&bad).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&bad, bytes).unwrap();
    let verified = home.run(&["backup", "verify"]);
    assert_eq!(verified.code, 6, "{verified:?}");
    assert!(verified.out.contains("damaged"), "{verified:?}");
    assert!(verified.out.contains(bad.to_str().unwrap()), "{verified:?}");
    let refused = home.run(&["backup", "restore", bad.to_str().unwrap(), "--yes"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert_eq!(home.total(), 2, "nothing was changed");
    // The automatic backups are moved away, so that the damaged one is the newest.
    for file in files(&home.path(DATA).join("backups")) {
        if file != good && file != bad {
            fs::remove_file(file).unwrap();
        }
    }
    let restored = home.run(&["backup", "restore", "--newest", "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.err.contains("Skipped"), "{restored:?}");
    assert_eq!(home.total(), 1);
}

/// Removes the signature in the trailer of a backup, as someone without the key can.
fn remove_signature(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - 128;
    let trailer = &mut bytes[at..];
    trailer[25] = 0;
    trailer[64..104].fill(0);
    let mut sum = crc32fast::Hasher::new();
    sum.update(&trailer[..12]);
    sum.update(&trailer[16..]);
    trailer[12..16].copy_from_slice(&sum.finalize().to_le_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn unsigned_backup_is_skipped_unless_it_is_allowed() {
    let home = Home::new();
    create(&home, "Alpha");
    let signed = backup(&home);
    create(&home, "Beta");
    let unsigned = backup(&home);
    remove_signature(&unsigned);
    for file in files(&home.path(DATA).join("backups")) {
        if file != signed && file != unsigned {
            fs::remove_file(file).unwrap();
        }
    }
    let named = unsigned.to_str().unwrap();
    let refused = home.run(&["backup", "restore", named, "--yes"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("--allow-unsigned"), "{refused:?}");
    let newest = ["backup", "restore", "--newest", "--yes", "--json"];
    let restored = home.run(&newest);
    assert_eq!(restored.code, 0, "{restored:?}");
    let note = restored.json()["notes"][0].to_string();
    assert!(note.contains("Skipped: ") && note.contains(named), "{note}");
    assert_eq!(home.total(), 1);
    let allowed = home.run(&[&newest[..], &["--allow-unsigned"]].concat());
    assert_eq!(allowed.code, 0, "{allowed:?}");
    let note = allowed.json()["notes"][0].to_string();
    assert!(note.contains("not signed"), "{note}");
    assert_eq!(home.total(), 2);
}

#[test]
fn missing_backups_are_reported() {
    let home = Home::new();
    let none = home.run(&["backup", "create"]);
    assert_eq!(none.code, 6, "{none:?}");
    assert!(none.err.contains("There is no readable store"), "{none:?}");
    let listed = home.run(&["backup", "list"]);
    assert_eq!((listed.code, &*listed.out), (0, ""), "{listed:?}");
    assert!(listed.err.contains("No backups yet"), "{listed:?}");
    let restored = home.run(&["backup", "restore", "nothing", "--yes"]);
    assert_eq!(restored.code, 3, "{restored:?}");
    let newest = ["backup", "restore", "--newest", "--yes"];
    let none = home.run(&newest);
    assert_eq!(none.code, 3, "{none:?}");
    assert!(none.err.contains("with --backup-folder"), "{none:?}");
    let copies = home.path("copies");
    let elsewhere = ["--backup-folder", copies.to_str().unwrap()];
    let none = home.run(&[&elsewhere[..], &newest].concat());
    let both = [home.path(DATA).join("backups"), copies];
    let both = both.map(|folder| folder.display().to_string());
    let searched = both.join(" and ");
    let expected =
        format!("No backup in {searched}. Name a backup file: umai backup restore FILE\n");
    assert!(none.err.ends_with(&expected), "{none:?}");
    home.write(&format!("{DATA}/backups/damaged.backup"), "{");
    let damaged = home.run(&newest);
    assert_eq!(damaged.code, 3, "{damaged:?}");
    let expected = format!("No valid backup in {}. Name a backup file", both[0]);
    assert!(damaged.err.contains(&expected), "{damaged:?}");
    let unnamed = home.run(&["backup", "restore"]);
    assert_eq!(unnamed.code, 2, "{unnamed:?}");
    home.write("notes.txt", "no backup");
    let foreign = home.run(&["backup", "restore", "notes.txt", "--yes"]);
    assert_eq!(foreign.code, 6, "{foreign:?}");
    assert!(foreign.err.contains("not an umai backup"), "{foreign:?}");
}

#[test]
fn restore_dry_run_of_a_moved_store_leaves_no_backup() {
    let home = Home::new();
    create(&home, "Alpha");
    let first = backup(&home);
    create(&home, "Beta");
    let restored = home.run(&["backup", "restore", first.to_str().unwrap(), "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let aside = fs::read_dir(home.path(DATA).join("replaced")).unwrap();
    let aside = aside.map(|entry| entry.unwrap().path()).next().unwrap();
    let before = files(&home.path(DATA).join("backups")).len();
    let aside = aside.to_str().unwrap();
    for (arguments, code) in [(["--dry-run"].as_slice(), 0), (&[], 2)] {
        let looked = home.run(&[&["backup", "restore", aside], arguments].concat());
        assert_eq!(looked.code, code, "{looked:?}");
        assert_eq!(files(&home.path(DATA).join("backups")).len(), before);
    }
    let back = home.run(&["backup", "restore", aside, "--yes"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(home.total(), 2);
    assert!(files(&home.path(DATA).join("backups")).len() > before);
}
