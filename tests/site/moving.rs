//! Connections that move between targets: `umai targets diff` and `umai targets copy`.

use rstest::rstest;

use crate::fixture::{Mode, PLANTED, Stored};
use crate::home::{Answer, Home};
use crate::stand_in::{CLIENT_ID, CLIENT_SECRET, StandIn};

/// Sites of a team: 50 connections in development, none in the others.
struct Team {
    home: Home,
    dev: StandIn,
    staging: StandIn,
    prod: StandIn,
}

impl Team {
    fn new() -> Self {
        let all = (0..50).map(|number| {
            let settings = match number % 3 {
                0 => r#"{"apiKey":"$OpenAI:ApiKey"}"#.to_owned(),
                1 => format!(r#"{{"apiKey":"sk-planted-{number:020}","organization":"org-1"}}"#),
                _ => format!(r#"{{"apiKey":"planted-{number:020}"}}"#),
            };
            let (alias, name) = (format!("one-{number:02}"), format!("One {number:02}"));
            let provider = if number % 3 == 1 { "openai" } else { "mistral" };
            Stored {
                is_active: number % 5 > 0,
                ..Stored::new(&alias, &name, provider, Some(&settings))
            }
        });
        let home = Home::new();
        let team = Self {
            dev: StandIn::with(Mode::Stock, all.collect()),
            staging: StandIn::with(Mode::Stock, Vec::new()),
            prod: StandIn::with(Mode::Stock, Vec::new()),
            home,
        };
        let mut config = "[targets.local]\ndata = 'local'\n".to_owned();
        for (name, site) in [
            ("dev", &team.dev),
            ("staging", &team.staging),
            ("prod", &team.prod),
        ] {
            config = format!(
                "{config}[targets.{name}]\numbraco = '{}'\nclient-id = '{CLIENT_ID}'\nclient-secret-file = 'site.secret'\n",
                site.origin
            );
        }
        team.home.write(".config/umai/config.toml", config);
        team.home.write(".config/umai/site.secret", CLIENT_SECRET);
        team
    }

    fn targets(&self, arguments: &[&str]) -> Answer {
        let answer = self.home.run(&[&["targets"], arguments].concat());
        assert!(!answer.output().contains(PLANTED), "{answer:?}");
        for site in [&self.dev, &self.staging, &self.prod] {
            site.assert_unharmed();
        }
        answer
    }
}

#[test]
fn copy_with_secrets_makes_targets_equal_and_is_idempotent() {
    let team = Team::new();
    for (from, to, site) in [
        ("dev", "staging", &team.staging),
        ("staging", "prod", &team.prod),
    ] {
        let copy = ["copy", from, to, "--with-secrets", "--yes"];
        let answer = team.targets(&copy);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.out.contains("50 created"), "{answer:?}");
        let differences = team.targets(&["diff", from, to, "--exit-code", "--json"]);
        assert_eq!(differences.code, 0, "{differences:?}");
        assert_eq!(differences.json()["secretsNotCompared"], 0);
        let writes = site.writes().len();
        assert_eq!(writes, 50);
        let again = team.targets(&copy);
        assert!(
            again.err.contains("50 connections are up to date"),
            "{again:?}"
        );
        assert_eq!(site.writes().len(), writes, "nothing is saved twice");
    }
    let secrets = |site: &StandIn| {
        let mut all: Vec<_> = site
            .all()
            .into_iter()
            .map(|one| (one.alias, one.settings, one.is_active))
            .collect();
        all.sort();
        all
    };
    assert_eq!(secrets(&team.dev), secrets(&team.prod));
}

#[test]
fn diff_names_fields_and_different_secrets_without_values() {
    let team = Team::new();
    team.targets(&["copy", "dev", "staging", "--with-secrets", "--yes"]);
    team.staging.edit("one-01", |one| {
        let settings = one.settings.take().unwrap();
        one.settings = Some(
            settings
                .replace("planted", "planted-other")
                .replace("org-1", "org-2"),
        );
    });
    team.staging
        .edit("one-02", |one| one.alias = "moved".into());
    let answer = team.targets(&["diff", "dev", "staging", "--exit-code"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    for row in [
        ["one-01", "settings.apiKey", "sk-***", "sk-*** (different)"],
        ["one-01", "settings.organization", "org-1", "org-2"],
        ["one-02", "connection", "One 02", "-"],
        ["moved", "connection", "-", "One 02"],
    ] {
        let row = row.join(" ");
        let lines = answer
            .out
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(
            lines.into_iter().any(|line| line == row),
            "{row}: {answer:?}"
        );
    }
    let some = team.targets(&[
        "diff",
        "dev",
        "staging",
        "--only",
        "name:one 03",
        "--exit-code",
    ]);
    assert_eq!(some.code, 0, "{some:?}");
    let json = team.targets(&["diff", "dev", "staging", "--exit-code", "--json"]);
    assert_eq!(json.code, 1, "{json:?}");
    assert!(!json.err.contains("\"status\""), "{json:?}");
    for command in ["diff", "copy"] {
        let none = team.targets(&[command, "dev", "staging", "--only", "name:nothing"]);
        assert_eq!(none.code, 2, "{none:?}");
        assert!(
            none.err.contains("matches --only; check the term"),
            "{none:?}"
        );
    }
}

#[test]
fn copy_without_secrets_keeps_those_of_the_target() {
    let team = Team::new();
    let refused = team.targets(&["copy", "dev", "prod", "--yes"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(team.prod.writes().is_empty(), "all or nothing");
    team.targets(&["copy", "dev", "prod", "--with-secrets", "--yes"]);
    team.dev.edit("one-01", |one| one.name = "Renamed".into());
    let before = team.prod.get("one-01");
    let answer = team.targets(&["copy", "dev", "prod", "--only", "name:renamed", "--yes"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let after = team.prod.get("one-01");
    assert_eq!(
        (after.name.as_str(), after.settings),
        ("Renamed", before.settings)
    );
    assert_eq!(team.prod.writes().len(), 51);
}

#[test]
fn prune_deletes_what_the_source_lacks_and_warns() {
    let team = Team::new();
    team.targets(&["copy", "dev", "prod", "--with-secrets", "--yes"]);
    team.prod.edit("one-07", |one| one.alias = "extra".into());
    let copy = ["copy", "dev", "prod", "--with-secrets", "--prune"];
    let dry = team.targets(&[&copy[..], &["--dry-run"]].concat());
    assert!(dry.err.contains("Deletes permanently"), "{dry:?}");
    assert!(team.prod.find("extra").is_some());
    let unconfirmed = team.targets(&copy);
    assert_eq!(unconfirmed.code, 2, "{unconfirmed:?}");
    let done = team.targets(&[&copy[..], &["--yes"]].concat());
    assert!(
        done.out.contains("1 created") && done.out.contains("1 deleted"),
        "{done:?}"
    );
    assert!(team.prod.find("extra").is_none());
}

#[test]
fn local_store_is_a_source_and_a_destination() {
    let team = Team::new();
    let missing = team.targets(&["diff", "local", "dev"]);
    assert_eq!(missing.code, 6, "{missing:?}");
    let copy = ["copy", "dev", "local", "--with-secrets", "--yes"];
    let answer = team.targets(&copy);
    if answer.code != 0 {
        // The references resolve on the site only.
        assert!(answer.err.contains("OpenAI:ApiKey"), "{answer:?}");
        team.home
            .write("appsettings.json", r#"{"OpenAI":{"ApiKey":"sk-x"}}"#);
        assert_eq!(team.targets(&copy).code, 0);
    }
    let answer = team.targets(&["diff", "local", "dev", "--exit-code"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let answer = team.targets(&["copy", "local", "prod", "--with-secrets", "--yes"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(
        team.prod.get("one-02").settings,
        team.dev.get("one-02").settings
    );
    assert!(
        team.home.files_with("planted-0").is_empty(),
        "secrets are sealed"
    );
}

#[rstest]
#[case::same(&["copy", "dev", "dev"], 2, "same target")]
#[case::unknown(&["diff", "dev", "none"], 2, "No target 'none'")]
#[case::partial_prune(&["copy", "dev", "prod", "--only", "x", "--prune"], 2, "cannot be used with")]
fn wrong_arguments_are_refused(
    #[case] arguments: &[&str],
    #[case] code: i32,
    #[case] message: &str,
) {
    let team = Team::new();
    let answer = team.targets(arguments);
    assert_eq!(answer.code, code, "{answer:?}");
    assert!(answer.err.contains(message), "{answer:?}");
}

#[rstest]
#[case::stated(&[])]
#[case::as_json(&["--json"])]
#[case::with_prune(&["--prune"])]
fn broken_copy_says_which_rows_it_did(#[case] options: &[&str]) {
    let team = Team::new();
    team.prod.add(Stored::new("extra", "Extra", "openai", None));
    let copy = ["copy", "dev", "prod", "--with-secrets", "--yes"];
    let copy = [&copy[..], options].concat();
    team.prod
        .switch(|switches| switches.fails_writes_after = Some(5));
    let broken = team.targets(&copy);
    assert_eq!(broken.code, 7, "{broken:?}");
    let saved: Vec<String> = team.prod.all().into_iter().map(|one| one.alias).collect();
    assert!(team.prod.find("extra").is_some(), "deletions come last");
    if options == ["--json"] {
        let json = broken.json();
        let rows = json["results"].as_array().unwrap();
        let aliases = |result: &str| -> Vec<&str> {
            let rows = rows.iter().filter(|row| row["result"] == result);
            rows.map(|row| row["alias"].as_str().unwrap()).collect()
        };
        let (created, unconfirmed) = (aliases("created"), aliases("unconfirmed"));
        assert_eq!(created.len(), 5, "{broken:?}");
        assert!(
            created
                .iter()
                .all(|alias| saved.contains(&(*alias).to_owned()))
        );
        assert!(!unconfirmed.is_empty(), "{broken:?}");
        let not_started = aliases("notStarted");
        assert!(!not_started.is_empty(), "{broken:?}");
        assert!(
            not_started
                .iter()
                .all(|alias| !saved.contains(&(*alias).to_owned()))
        );
        assert_eq!(rows.len(), 50);
    } else {
        for part in [
            "may have been saved: check before you retry",
            "Stopped after an error: 5 created",
            "Created: one-0",
            "May have been saved: ",
            "Not started: ",
        ] {
            assert!(broken.err.contains(part), "{part}: {broken:?}");
        }
    }
    team.prod
        .switch(|switches| switches.fails_writes_after = None);
    let again = team.targets(&copy);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(team.prod.find("extra").is_none(), options == ["--prune"]);
}

#[test]
fn secrets_that_differ_are_named_and_not_copied() {
    let team = Team::new();
    team.targets(&["copy", "dev", "prod", "--with-secrets", "--yes"]);
    team.prod.edit("one-02", |one| {
        let settings = one.settings.take().unwrap();
        one.settings = Some(settings.replace("planted", "planted-other"));
    });
    let writes = team.prod.writes().len();
    let copy = ["copy", "dev", "prod", "--yes"];
    let answer = team.targets(&copy);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer
            .out
            .contains("= one-02\n    settings.apiKey: differs, not copied\n"),
        "{answer:?}"
    );
    assert!(answer.err.contains("Add --with-secrets"), "{answer:?}");
    let json = team.targets(&[&copy[..], &["--json"]].concat());
    assert_eq!(
        json.json()["changes"][0]["keptSecrets"][0],
        "settings.apiKey"
    );
    assert_eq!(team.prod.writes().len(), writes);
    let json = team.targets(&["diff", "dev", "prod", "--json"]);
    assert_eq!(json.json()["items"][0]["secret"], "different");
}

#[test]
fn only_terms_are_alternatives() {
    let team = Team::new();
    let only = ["--only", "name:one 03", "--only", "name:one 06"];
    let copy = [&["copy", "dev", "prod", "--yes"][..], &only].concat();
    let answer = team.targets(&copy);
    assert_eq!(answer.code, 0, "{answer:?}");
    let mut aliases: Vec<_> = team.prod.all().into_iter().map(|one| one.alias).collect();
    aliases.sort();
    assert_eq!(aliases, ["one-03", "one-06"]);
}

#[test]
fn read_only_target_allows_a_dry_run() {
    let team = Team::new();
    let path = team.home.path(".config/umai/config.toml");
    let config = std::fs::read_to_string(path).unwrap();
    let config = format!("{config}read-only = true\nbadge = 'LIVE'\n");
    team.home.write(".config/umai/config.toml", config);
    let copy = ["copy", "dev", "prod", "--with-secrets"];
    let dry = team.targets(&[&copy[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.err.contains("50 created"), "{dry:?}");
    let real = team.targets(&[&copy[..], &["--yes"]].concat());
    assert_eq!(real.code, 2, "{real:?}");
    assert!(real.err.contains("'prod' is read-only"), "{real:?}");
    let update = [
        "--target",
        "prod",
        "connections",
        "create",
        "--provider",
        "openai",
    ];
    let update = [
        &update[..],
        &["--name", "N", "--set", "apiKey=$A:B", "--dry-run"],
    ]
    .concat();
    let dry = team.home.run(&update);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(team.prod.writes().is_empty());
}

#[test]
fn targets_are_renamed_and_removed() {
    let team = Team::new();
    let renamed = team.targets(&["rename", "dev", "development"]);
    assert_eq!(renamed.code, 0, "{renamed:?}");
    assert_eq!(team.targets(&["rename", "development", "prod"]).code, 5);
    assert_eq!(team.targets(&["diff", "development", "prod"]).code, 0);
    assert_eq!(team.targets(&["remove", "staging"]).code, 2, "no prompt");
    let removed = team.targets(&["remove", "staging", "--yes"]);
    assert_eq!(removed.code, 0, "{removed:?}");
    let secret = team.home.path(".config/umai/site.secret");
    assert!(secret.exists(), "others use it");
    team.targets(&["remove", "development", "--yes"]);
    team.targets(&["remove", "prod", "--yes"]);
    assert!(!secret.exists());
    let list = team.targets(&["list", "--json"]);
    assert_eq!(list.json()["total"], 1, "{list:?}");
}

#[test]
fn app_copies_to_a_configured_target() {
    let team = Team::new();
    let lines = "/one 03\ncopy-to-target\n3\n2\nback\nquit\n";
    let talk = crate::home::answer_with(team.home.umai(&["--target", "dev", "--plain"]), lines);
    let output = talk.output();
    assert!(!output.contains(PLANTED), "{output}");
    assert!(
        output.contains(&format!("To prod, {}", team.prod.origin)),
        "{output}"
    );
    assert!(output.contains("1 created"), "{output}");
    assert_eq!(
        team.prod.get("one-03").settings,
        team.dev.get("one-03").settings
    );
    assert!(team.dev.writes().is_empty());
}

#[test]
fn lists_and_objects_are_compared_and_named_but_not_copied() {
    let team = Team::new();
    let settings = r#"{"apiKey":"$OpenAI:ApiKey","tags":["planted-tag"],"more":{"a":1}}"#;
    team.dev
        .add(Stored::new("listed", "Listed", "openai", Some(settings)));
    let only = ["--only", "name:listed", "--yes"];
    let copy = [&["copy", "dev", "prod"][..], &only].concat();
    let answer = team.targets(&copy);
    assert_eq!(answer.code, 0, "{answer:?}");
    for part in [
        "settings.tags: list or object, not copied",
        "settings.more: list or object, not copied",
    ] {
        assert!(answer.out.contains(part), "{part}: {answer:?}");
    }
    assert!(answer.err.contains("not copied: 2"), "{answer:?}");
    let diff = team.targets(&["diff", "dev", "prod", "--only", "name:listed"]);
    assert!(diff.out.contains("settings.tags"), "{diff:?}");
    team.prod.edit("listed", |one| {
        one.settings = Some(settings.to_owned());
    });
    let diff = team.targets(&[
        "diff",
        "dev",
        "prod",
        "--only",
        "name:listed",
        "--exit-code",
    ]);
    assert_eq!(diff.code, 0, "{diff:?}");
    let again = team.targets(&copy);
    assert!(!again.output().contains("not copied"), "{again:?}");
    let before = team.prod.get("listed").settings;
    team.dev.edit("listed", |one| one.name = "Renamed".into());
    let copy = ["copy", "dev", "prod", "--only", "name:renamed", "--yes"];
    assert_eq!(team.targets(&copy).code, 0);
    let after = team.prod.get("listed");
    assert_eq!((after.name.as_str(), after.settings), ("Renamed", before));
}
