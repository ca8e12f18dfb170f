//! `umai login` and `umai logout`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rstest::rstest;

use crate::fixture::Mode;
use crate::home::{Answer, Home};
use crate::stand_in::{CLIENT_ID, CLIENT_SECRET, StandIn};

const CONFIG: &str = ".config/umai/config.toml";

const LINES: [&str; 2] = [CLIENT_ID, CLIENT_SECRET];

/// Runs `umai login` with these lines on stdin.
pub fn login(home: &Home, arguments: &[&str], lines: &[&str]) -> Answer {
    crate::home::answer_with(home.umai(arguments), lines.join("\n"))
}

fn read(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path(name)).unwrap()
}

#[test]
fn login_adds_a_target_that_every_command_can_use() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let before = "# mine\nplain = false # really\n";
    home.write(CONFIG, before);
    let url = format!("{}/umbraco", site.origin);
    let answer = login(&home, &["login", &url], &LINES);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer.out.contains("5 connections, 3 providers"),
        "{answer:?}"
    );
    assert!(answer.err.contains("umai --target 127-0-0-1"), "{answer:?}");
    assert!(!answer.output().contains("hush"), "{answer:?}");
    let config = read(&home, CONFIG);
    assert!(config.starts_with(before), "{config}");
    assert!(!config.contains("hush"), "{config}");
    let secret = home.path(".config/umai/127-0-0-1.secret");
    assert_eq!(fs::read_to_string(&secret).unwrap(), CLIENT_SECRET);
    assert_eq!(
        fs::metadata(&secret).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let list = home.run(&["--target", "127-0-0-1", "connections", "list"]);
    assert_eq!(list.code, 0, "{list:?}");
    assert_eq!(site.issued(), 1, "the token of the login is cached");
    let targets = home.run(&["targets", "--json"]).json();
    assert_eq!(targets["items"][0]["umbraco"], site.origin.as_str());
    site.assert_unharmed();
}

#[test]
fn logout_revokes_the_token_and_keeps_the_section() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["login", "--target", "site", &site.origin];
    assert_eq!(login(&home, &verb, &LINES).code, 0);
    let config = read(&home, CONFIG);
    let answer = home.run(&["logout", "site"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(site.valid_tokens(), 0);
    assert!(!home.path(".config/umai/site.secret").exists());
    assert_eq!(read(&home, CONFIG), config);
    let list = home.run(&["--target", "site", "connections", "list"]);
    assert_eq!(list.code, 7, "{list:?}");
    let expected = format!(
        "error: You are signed out of 'site'. Sign in again: umai login --target site {}\n",
        site.origin
    );
    assert_eq!(list.err, expected);
    let targets = home.run(&["targets"]);
    assert!(targets.out.contains("signed out"), "{targets:?}");
    let doctor = home.run(&["doctor"]);
    assert!(
        doctor.out.contains("fix: umai login --target site "),
        "{doctor:?}"
    );
    let again = home.run(&["logout", "site"]);
    assert!(again.out.contains("was not signed in"), "{again:?}");
    // The same site and client may sign in again under the same name.
    let again = login(&home, &verb, &LINES);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(read(&home, CONFIG), config);
}

#[test]
fn logout_without_the_site_still_removes_the_secret() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["login", "--target", "site", &site.origin];
    assert_eq!(login(&home, &verb, &LINES).code, 0);
    site.switch(|switches| switches.is_starting = true);
    let answer = home.run(&["logout", "site"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.err.contains("expires by itself"), "{answer:?}");
    assert!(!home.path(".config/umai/site.secret").exists());
    assert!(
        fs::read_dir(home.path(".cache/umai/tokens"))
            .unwrap()
            .all(|file| {
                file.unwrap()
                    .path()
                    .extension()
                    .is_some_and(|ending| ending == "lock")
            })
    );
}

#[test]
fn login_writes_the_secret_file_that_the_section_names() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["login", "--target", "site", &site.origin];
    assert_eq!(login(&home, &verb, &LINES).code, 0);
    assert_eq!(home.run(&["logout", "site"]).code, 0);
    assert_eq!(home.run(&["targets", "rename", "site", "renamed"]).code, 0);
    let again = ["login", "--target", "renamed", &site.origin];
    let again = login(&home, &again, &LINES);
    assert_eq!(again.code, 0, "{again:?}");
    let list = home.run(&["--target", "renamed", "connections", "list"]);
    assert_eq!(list.code, 0, "{list:?}");
    assert_eq!(home.run(&["logout", "renamed"]).code, 0);
    assert_eq!(home.files_with("hush"), Vec::<std::path::PathBuf>::new());
}

#[test]
fn login_to_a_target_without_a_secret_file_says_what_is_missing() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let section = format!("[targets.site]\numbraco = '{}'\n", site.origin);
    home.write(CONFIG, section);
    let verb = ["login", "--target", "site", &site.origin];
    let answer = login(&home, &verb, &LINES);
    assert_eq!(answer.code, 5, "{answer:?}");
    assert!(
        answer.err.contains("has no client-secret-file"),
        "{answer:?}"
    );
    assert!(site.requests().is_empty());
}

#[rstest]
#[case::other_kind("[targets.site]\ndata = 'd'\n")]
#[case::other_client(
    "[targets.site]\numbraco = 'ORIGIN'\nclient-id = 'other'\nclient-secret-file = 's'\n"
)]
#[case::invalid("[targets.site]\numbraco = 7\n")]
fn taken_target_is_a_conflict_and_nothing_is_written(#[case] config: &str) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let config = config.replace("ORIGIN", &site.origin);
    home.write(CONFIG, &config);
    let answer = login(&home, &["login", "--target", "site", &site.origin], &LINES);
    assert_eq!(answer.code, 5, "{answer:?}");
    assert!(answer.err.contains("--target"), "{answer:?}");
    assert_eq!(read(&home, CONFIG), config);
    assert!(!home.path(".config/umai/site.secret").exists());
    assert!(site.requests().is_empty());
}

#[test]
fn secret_is_not_sent_to_a_server_without_umbraco() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.switch(|switches| switches.lacks_umbraco = true);
    let answer = login(&home, &["login", &site.origin], &LINES);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(site.requests().iter().all(|one| !one.body.contains("hush")));
}

#[test]
fn secret_file_of_another_target_is_kept() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    home.write(".config/umai/site.secret", "other");
    let answer = login(&home, &["login", "--target", "site", &site.origin], &LINES);
    assert_eq!(answer.code, 5, "{answer:?}");
    assert_eq!(read(&home, ".config/umai/site.secret"), "other");
    assert!(!home.path(CONFIG).exists());
}

#[rstest]
#[case::no_input(&[], "Client ID of the API user is empty")]
#[case::no_secret(&[CLIENT_ID], "Client secret is empty")]
#[case::spaces(&["not an id", "hush"], "must not contain spaces")]
fn unusable_input_is_named(#[case] lines: &[&str], #[case] message: &str) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = login(&home, &["login", &site.origin], lines);
    assert_ne!(answer.code, 0, "{answer:?}");
    assert!(answer.err.contains(message), "{answer:?}");
    assert!(site.requests().is_empty());
}

#[test]
fn options_replace_the_prompts() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    home.write("outside", CLIENT_SECRET);
    let file = home.path("outside");
    let options = ["--client-id", CLIENT_ID, "--client-secret-file"];
    let verb = [
        &options[..],
        &[file.to_str().unwrap(), "login", &site.origin, "--json"],
    ];
    let answer = login(&home, &verb.concat(), &[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.json()["connections"], 5);
}

#[test]
fn concurrent_logins_keep_every_target() {
    let (home, site) = (Home::new(), StandIn::new(Mode::Stock));
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (home, site) = (&home, &site);
            scope.spawn(move || {
                let name = format!("site-{number}");
                let verb = ["login", "--target", &name, &site.origin];
                let answer = login(home, &verb, &LINES);
                assert_eq!(answer.code, 0, "{answer:?}");
            });
        }
    });
    let listed = home.run(&["targets", "--json"]).json();
    assert_eq!(listed["total"], 6, "{listed}");
}

#[test]
fn line_ends_of_windows_are_accepted() {
    let (home, site) = (Home::new(), StandIn::new(Mode::Stock));
    let lines = LINES.map(|line| format!("{line}\r"));
    let lines = lines.each_ref().map(String::as_str);
    let answer = login(&home, &["login", &site.origin], &lines);
    assert_eq!(answer.code, 0, "{answer:?}");
}
