//! Every command with every kind of site: no secret in the output, no mask sent, no unrequested change.

use rstest::rstest;

use crate::fixture::{MODES, Mode, PIN, PLANTED};
use crate::home::Home;
use crate::stand_in::{CLIENT_SECRET, StandIn, Switches};

/// Command and the connection that it may change.
type Case<'c> = (&'c [&'c str], Option<&'c str>);

const VERBS: [Case<'static>; 41] = [
    (&["list"], None),
    (&["list", "--json"], None),
    (&["list", "--inactive"], None),
    (&["list", "--trash"], None),
    (&["list", "endpoint:openai", "--output", "csv"], None),
    (&["get", "openai-prod"], None),
    (&["get", "openai-prod", "--json"], None),
    (&["get", "pascal"], None),
    (&["get", "pascal", "--json"], None),
    (&["get", "acme"], None),
    (&["get", "acme", "--output", "yaml"], None),
    (&["get", "gone", "--json"], None),
    (&["get", "openai-prod", "--output", "env"], None),
    (&["export"], None),
    (&["export", "--format", "yaml"], None),
    (&["export", "--output-file", "exported.json"], None),
    (&["history", "openai-prod"], None),
    (&["history", "openai-prod", "--json"], None),
    (&["diff", "openai-prod", "1", "2"], None),
    (&["diff", "openai-prod", "1"], None),
    (&["test", "openai-prod", "pascal", "bare", "resting"], None),
    (&["test", "openai-prod", "--json"], None),
    (&["models", "openai-prod"], None),
    (&["activate", "openai-prod", "--dry-run"], None),
    (&["activate", "resting"], Some("resting")),
    (&["deactivate", "pascal"], Some("pascal")),
    (&["deactivate", "acme", "--json"], Some("acme")),
    (
        &["update", "openai-prod", "--name", "New", "--dry-run"],
        None,
    ),
    (
        &["update", "openai-prod", "--name", "New"],
        Some("openai-prod"),
    ),
    (&["update", "acme", "--set", "retries=9"], Some("acme")),
    (&["update", "pascal", "--unset", "apiKey"], Some("pascal")),
    (
        &["duplicate", "pascal", "--name", "Copy", "--json"],
        Some("copy"),
    ),
    (&["duplicate", "acme", "--name", "Copy", "--dry-run"], None),
    (&["rollback", "openai-prod", "1", "--yes"], None),
    (&["rollback", "openai-prod", "1", "--dry-run"], None),
    (
        &[
            "create",
            "--provider",
            "openai",
            "--name",
            "N",
            "--set",
            "apiKey=$Umbraco:AI:Secrets:X",
        ],
        Some("n"),
    ),
    (&["restore", "resting"], None),
    (&["purge", "--all", "--yes"], None),
    (&["delete", "resting", "--dry-run"], None),
    (&["delete", "resting", "--yes"], Some("resting")),
    (
        &["delete", "openai-prod", "--yes", "--json"],
        Some("openai-prod"),
    ),
];

/// Change of the switches of the site.
type Switch = fn(&mut Switches);

/// Switches that change what a site sends or accepts.
const HARMLESS: [Switch; 4] = [
    |_| {},
    |it| it.is_newer = true,
    |it| it.page_limit = 1,
    |it| it.expires_in = 0,
];

/// Switches with which nothing works, and a part of their messages.
const FAILING: [(Switch, &str); 6] = [
    (|it| it.lacks_package = true, "Umbraco without Umbraco.AI"),
    (|it| it.lacks_umbraco = true, "no Umbraco at"),
    (|it| it.lacks_section = true, "the section AI"),
    (|it| it.is_disabled = true, "is disabled"),
    (|it| it.is_starting = true, "is starting"),
    (|it| it.requires_https = true, "requires https"),
];

#[rstest]
fn verb_leaks_nothing_and_changes_only_its_connection(
    #[values(Mode::Stock, Mode::Masking, Mode::Extra)] mode: Mode,
    #[values(0, 1, 2, 3)] switch: usize,
) {
    for (verb, changed) in VERBS {
        let (site, home) = (StandIn::new(mode), Home::new());
        site.switch(HARMLESS[switch]);
        let before = site.all();
        let answer = site.umai(&home, &[&["connections"], verb].concat());
        for hidden in [PLANTED, PIN, CLIENT_SECRET] {
            assert!(!answer.output().contains(hidden), "{verb:?}: {answer:?}");
        }
        let files = home.files_with(PLANTED);
        assert!(files.is_empty(), "{verb:?}: {files:?}");
        site.assert_unharmed();
        let is_other = |alias: &str| Some(alias) != changed;
        let others = |all: &[crate::fixture::Stored]| -> Vec<crate::fixture::Stored> {
            let others = all.iter().filter(|one| is_other(&one.alias));
            others.cloned().collect()
        };
        assert_eq!(others(&site.all()), others(&before), "{verb:?}");
    }
}

#[rstest]
fn verb_fails_with_the_reason_of_the_site(#[values(0, 1, 2, 3, 4, 5)] switch: usize) {
    let (switch, message) = FAILING[switch];
    for (verb, _) in VERBS {
        let (site, home) = (StandIn::new(Mode::Extra), Home::new());
        site.switch(switch);
        let before = site.all();
        let answer = site.umai(&home, &[&["connections"], verb].concat());
        assert_eq!(answer.code, 7, "{verb:?}: {answer:?}");
        assert!(answer.err.contains(message), "{verb:?}: {answer:?}");
        assert!(!answer.output().contains(CLIENT_SECRET), "{answer:?}");
        assert_eq!(site.all(), before);
        assert!(site.writes().is_empty(), "{verb:?}");
    }
}

#[rstest]
fn messages_are_the_same_over_tls(#[values(0, 1, 2, 3, 4, 5)] switch: usize) {
    let (switch, message) = FAILING[switch];
    let (site, certificate) = StandIn::over_tls(Mode::Stock);
    let home = Home::new();
    let file = home.write("outside/site.pem", certificate);
    let trusted = ["--ca-file", file.to_str().unwrap()];
    let list = [&trusted[..], &["connections", "list"]].concat();
    let works = site.umai(&home, &list);
    assert_eq!(works.code, 0, "{works:?}");
    let untrusted = site.umai(&home, &["connections", "list"]);
    assert_eq!(untrusted.code, 7, "{untrusted:?}");
    assert!(
        untrusted.err.contains("not signed by a trusted CA")
            && untrusted.err.contains("dotnet dev-certs"),
        "{untrusted:?}"
    );
    site.switch(switch);
    site.revoke_tokens();
    let failed = site.umai(&home, &list);
    assert_eq!(failed.code, 7, "{failed:?}");
    assert!(failed.err.contains(message), "{failed:?}");
    assert!(!failed.output().contains(CLIENT_SECRET), "{failed:?}");
    site.assert_unharmed();
}

#[test]
fn other_commands_leak_nothing() {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        for command in [
            &["doctor"][..],
            &["doctor", "--json"],
            &["providers", "list"],
            &["providers", "list", "--json"],
            &["providers", "get", "openai"],
            &["providers", "get", "acme"],
        ] {
            let answer = site.umai(&home, command);
            assert!(
                !answer.output().contains(PLANTED),
                "{command:?}: {answer:?}"
            );
            assert!(site.writes().is_empty(), "{command:?}");
        }
    }
}
