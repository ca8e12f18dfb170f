//! `~` at the start of a path is the home directory, wherever a path is accepted.

use std::path::Path;

use crate::home::{Answer, DOCUMENTED, Home, answer_of};

fn with(home: &Home, variable: &str, value: &str, arguments: &[&str]) -> Answer {
    let mut command = home.umai(arguments);
    command.env(variable, value).current_dir(work(home));
    answer_of(command)
}

fn run(home: &Home, arguments: &[&str]) -> Answer {
    let mut command = home.umai(arguments);
    command.current_dir(work(home));
    answer_of(command)
}

/// Working directory beside the data, so that relative paths and paths below the home directory differ.
fn work(home: &Home) -> std::path::PathBuf {
    let work = home.path("work");
    std::fs::create_dir_all(&work).unwrap();
    work
}

fn has_no_tilde(home: &Home) {
    let found = std::fs::read_dir(work(home)).unwrap().count();
    assert_eq!(found, 0, "files were created in the working directory");
    assert!(!home.path("~").exists());
}

#[test]
fn directory_options_expand_the_tilde() {
    for (variable, option, folder) in [
        ("UMAI_DATA_DIR", "--data=~/x/y", "x/y/journal"),
        ("UMAI_CONFIG_DIR", "--config=~/x/y", "x/y/umai.key"),
        ("UMAI_KEY_FILE", "--key-file=~/x/y", "x/y"),
        ("UMAI_BACKUP_FOLDER", "--backup-folder=~/x/y", "x/y"),
    ] {
        let value = option.split_once('=').unwrap().1;
        for is_option in [true, false] {
            let home = Home::new();
            home.write("body.json", DOCUMENTED);
            let backup = ["backup", "create"];
            let create = ["connections", "create", "--from-json", "~/body.json"];
            for arguments in [&create[..], &backup[..]] {
                if variable == "UMAI_KEY_FILE" {
                    home.write("x/y", [7; 32]);
                    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                    std::fs::set_permissions(home.path("x/y"), mode).unwrap();
                }
                let done = if is_option {
                    run(&home, &[&[option], arguments].concat())
                } else {
                    with(&home, variable, value, arguments)
                };
                assert_eq!(done.code, 0, "{option}: {done:?}");
            }
            assert!(home.path(folder).exists(), "{option}");
            has_no_tilde(&home);
        }
    }
}

#[test]
fn file_options_expand_the_tilde() {
    let home = Home::documented();
    home.write("secret.txt", "sk-planted-from-file");
    home.write("mine.json", r#"{"Mine":{"Key":"x"}}"#);
    home.write(
        "apply.yaml",
        "connections:\n- alias: from-file\n  name: F\n  providerId: openai\n  settings: {apiKey: {file: ~/secret.txt}}\n",
    );
    for arguments in [
        &[
            "connections",
            "update",
            "openai-prod",
            "--secret-file",
            "apiKey=~/secret.txt",
        ][..],
        &["connections", "apply", "-f", "~/apply.yaml", "--yes"],
        &[
            "--appsettings",
            "~/mine.json",
            "connections",
            "update",
            "from-file",
            "--set",
            "apiKey=$Mine:Key",
        ],
        &["connections", "export", "--output-file", "~/out.json"],
        &[
            "connections",
            "import",
            "~/out.json",
            "--on-conflict",
            "skip",
        ],
        &["backup", "create", "--to", "~/backups"],
        &["man", "--to", "~/man"],
    ] {
        let done = run(&home, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {done:?}");
    }
    for path in ["out.json", "backups", "man"] {
        assert!(home.path(path).exists(), "{path}");
    }
    has_no_tilde(&home);
}

#[test]
fn paths_in_config_toml_expand_the_tilde() {
    let home = Home::new();
    home.write(
        ".config/umai/config.toml",
        "target = \"dev\"\nbackup-folder = \"~/copies\"\n[targets.dev]\ndata = \"~/dev\"\n",
    );
    assert_eq!(home.create(DOCUMENTED).code, 0);
    assert!(home.path("dev/journal").exists());
    assert!(!home.path(".config/umai/~").exists());
    home.write(
        ".config/umai/config.toml",
        "[targets.dev]\ndata = \"~other/dev\"\n",
    );
    let refused = home.run(&["--target", "dev", "connections", "list"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("write the whole path"), "{refused:?}");
}

#[test]
fn home_of_another_user_is_refused() {
    let home = Home::documented();
    for arguments in [
        &["--data=~root/x", "connections", "list"][..],
        &["connections", "apply", "-f", "~root/x.yaml"],
        &[
            "connections",
            "update",
            "openai-prod",
            "--secret-file",
            "apiKey=~root/x",
        ],
    ] {
        let refused = run(&home, arguments);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("write the whole path"), "{refused:?}");
    }
    let literal = run(&home, &["--data=./~", "connections", "list"]);
    assert_eq!(literal.code, 0, "{literal:?}");
    assert!(Path::new(&work(&home)).join("~/journal").exists());
}
