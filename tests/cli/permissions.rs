//! Files that belong to another user, as `sudo umai` leaves them, are a permission problem and never damage.
//!
//! As root, the files in the home directory are given to `nobody`, some back to root, and umai runs as `nobody`. Otherwise, the
//! permissions of the files are removed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use rstest::rstest;
use tempfile::TempDir;

use crate::home::{Answer, Home, answer_of};

/// User ID of `nobody`.
const NOBODY: u32 = 65_534;

const DATA: &str = ".local/share/umai";
const KEY: &str = ".config/umai/umai.key";

/// Home directory of this user or of `nobody`, with one connection.
struct Owned {
    home: Home,
    program: TempDir,
    is_root: bool,
}

impl Owned {
    fn new() -> Self {
        let home = Home::documented();
        let is_root = fs::metadata(home.path("")).unwrap().uid() == 0;
        let program = tempfile::tempdir().unwrap();
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let built = Path::new(env!("CARGO_BIN_EXE_umai"));
        let umai = program.path().join("umai");
        if fs::hard_link(built, &umai).is_err() {
            fs::copy(built, &umai).unwrap();
        }
        let owned = Self {
            home,
            program,
            is_root,
        };
        owned.give("", NOBODY);
        owned
    }

    /// Changes the owner of a path and everything below it; needs root.
    fn give(&self, path: &str, owner: u32) {
        if self.is_root {
            for path in below(&self.home.path(path)) {
                chown(path, Some(owner), Some(owner)).unwrap();
            }
        }
    }

    /// Makes a path inaccessible for the user that runs umai.
    fn forbid(&self, path: &str) {
        if self.is_root {
            self.give(path, 0);
        } else {
            self.set_mode(path, 0o000);
        }
    }

    fn allow(&self, path: &str) {
        if self.is_root {
            self.give(path, NOBODY);
        } else {
            let is_folder = self.home.path(path).is_dir();
            self.set_mode(path, if is_folder { 0o700 } else { 0o600 });
        }
    }

    fn set_mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.home.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        let mut command = std::process::Command::new(self.program.path().join("umai"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path(""))
            .current_dir(self.home.path(""));
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        answer_of(command)
    }

    /// Names of all files and directories, except those of locks and sockets.
    fn names(&self) -> Vec<PathBuf> {
        let mut names = below(&self.home.path(""));
        names.retain(|path| !path.ends_with("lock") && !path.ends_with("socket"));
        names.sort();
        names
    }
}

fn below(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if fs::symlink_metadata(path).unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            found.extend(below(&entry.unwrap().path()));
        }
    }
    found
}

/// First file in a directory of the data directory.
fn first_in(owned: &Owned, folder: &str) -> String {
    let path = owned.home.path(DATA).join(folder);
    let files = fs::read_dir(path).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    format!("{DATA}/{folder}/{}", names[0])
}

#[rstest]
#[case::whole_folder("")]
#[case::lock("lock")]
#[case::journal("journal")]
#[case::journal_file("journal/*")]
#[case::database("sled")]
#[case::database_file("sled/*")]
fn store_of_another_user_is_not_damage(#[case] place: &str) {
    let owned = Owned::new();
    let path = match place.strip_suffix("/*") {
        Some(folder) => first_in(&owned, folder),
        None => format!("{DATA}/{place}"),
    };
    let before = owned.names();
    owned.forbid(&path);
    let refused = owned.run(&["connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("Permission denied"), "{refused:?}");
    let command = if owned.is_root {
        "sudo chown -R \"$USER\" "
    } else {
        "chmod -R u+rwX "
    };
    assert!(refused.err.contains(command), "{refused:?}");
    assert!(!refused.err.contains("damaged"), "{refused:?}");
    let checked = owned.run(&["doctor"]);
    assert!(
        checked.output().contains("Permission denied"),
        "{checked:?}"
    );
    assert!(!checked.output().contains("damaged"), "{checked:?}");
    owned.allow(&path);
    assert_eq!(owned.names(), before, "nothing was moved");
    let listed = owned.run(&["connections", "list", "--json"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_eq!(listed.json()["total"], 1);
    assert_eq!(listed.err, "", "nothing was repaired");
}

#[rstest]
#[case::file(KEY, 6)]
// It may have a configuration that names another store.
#[case::folder(".config/umai", 2)]
fn key_of_another_user_is_not_lost(#[case] path: &str, #[case] code: i32) {
    let owned = Owned::new();
    owned.forbid(path);
    for command in [&["connections", "list"][..], &["key", "show"]] {
        let refused = owned.run(command);
        assert_eq!(refused.code, code, "{refused:?}");
        let message = refused.output().to_lowercase();
        assert!(message.contains("permission denied"), "{refused:?}");
        assert!(!message.contains("forget-secrets"), "{refused:?}");
    }
    owned.allow(path);
    assert_eq!(owned.run(&["connections", "list"]).code, 0);
}

#[test]
fn system_directory_is_not_taken_over() {
    let owned = Owned::new();
    let of_root = tempfile::tempdir().unwrap();
    let foreign = if owned.is_root {
        of_root.path().to_str().unwrap()
    } else {
        "/usr"
    };
    let refused = owned.run(&["--data", foreign, "connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("belongs to root"), "{refused:?}");
    assert!(!refused.err.contains("chown"), "{refused:?}");
}
