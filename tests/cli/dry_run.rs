//! `--dry-run`: same checks and exit codes as the command, but no changes.

use rstest::rstest;

use crate::home::{Answer, DOCUMENTED, Home};

/// The documented connection, another one, and one in the trash.
fn home() -> Home {
    let home = Home::documented();
    for alias in ["other", "gone"] {
        let body = format!(r#"{{"alias":"{alias}","name":"{alias}","providerId":"openai"}}"#);
        assert_eq!(home.create(&body).code, 0);
    }
    let rename = ["connections", "update", "openai-prod", "--name", "Renamed"];
    assert_eq!(home.run(&rename).code, 0);
    assert_eq!(
        home.run(&["connections", "delete", "gone", "--yes"]).code,
        0
    );
    home
}

fn everything(home: &Home) -> String {
    let export = home.run(&["connections", "export"]).out;
    let trash = home.run(&["connections", "list", "--trash", "--json"]).out;
    let history = home.run(&["connections", "history", "openai-prod", "--json"]);
    format!("{export}{trash}{}", history.out)
}

fn dry(home: &Home, arguments: &[&str]) -> Answer {
    home.run(&[&["connections"], arguments, &["--dry-run"]].concat())
}

#[rstest]
#[case(&["create", "--name", "New", "--provider", "openai", "--allow-incomplete"], "Would create New (new)\n")]
#[case(&["update", "other", "--name", "Better"], "Would save Better (other): name\n")]
#[case(&["update", "other", "--name", "other"], "Nothing to change: other (other)\n")]
#[case(&["duplicate", "openai-prod", "--name", "Copy"], "Would create Copy (copy)\n")]
#[case(&["activate", "other"], "Nothing to change: other (other)\n")]
#[case(&["deactivate", "other"], "Would deactivate other (other)\n")]
#[case(&["delete", "other"], "Would delete other (other)\n")]
#[case(&["rollback", "openai-prod", "1"], "Would save OpenAI Production (openai-prod): name\n")]
#[case(&["restore", "gone"], "Would restore gone (gone)\n")]
#[case(&["purge", "gone"], "Would permanently delete gone (gone)\n")]
#[case(&["purge", "--all"], "Would permanently delete gone (gone)\n")]
fn dry_run_reports_the_change_and_makes_none(#[case] arguments: &[&str], #[case] output: &str) {
    let home = home();
    let before = everything(&home);
    let answer = dry(&home, arguments);
    assert_eq!(
        (answer.code, answer.out.as_str()),
        (0, output),
        "{answer:?}"
    );
    let reported = dry(&home, &[arguments, &["--json"]].concat());
    assert_eq!(reported.code, 0, "{reported:?}");
    assert_eq!(reported.json()["dryRun"], true, "{reported:?}");
    assert!(!reported.out.contains("sk-your"), "{reported:?}");
    assert_eq!(everything(&home), before);
}

#[rstest]
#[case(&["create", "--name", "other", "--provider", "openai", "--allow-incomplete"], 5)]
#[case(&["create", "--name", "New", "--provider", "missing"], 4)]
#[case(&["create", "--name", "New", "--provider", "openai", "--set", "apiKey=$No:Key"], 4)]
#[case(&["update", "missing", "--name", "x"], 3)]
#[case(&["update", "other", "--alias", "openai-prod"], 5)]
#[case(&["update", "openai-prod", "--name", "x", "--if-version", "1"], 5)]
#[case(&["duplicate", "openai-prod", "--name", "other"], 5)]
#[case(&["activate", "missing"], 3)]
#[case(&["delete", "missing"], 3)]
#[case(&["rollback", "openai-prod", "9"], 3)]
#[case(&["restore", "gone", "--alias", "other"], 5)]
#[case(&["restore", "missing"], 3)]
#[case(&["purge", "missing"], 3)]
fn dry_run_has_the_exit_code_of_the_command(#[case] arguments: &[&str], #[case] code: i32) {
    let home = home();
    let before = everything(&home);
    let dry = dry(&home, arguments);
    assert_eq!((dry.code, dry.out.as_str()), (code, ""), "{dry:?}");
    assert_eq!(everything(&home), before);
    let mut arguments = [&["connections"], arguments].concat();
    if ["delete", "purge"].contains(&arguments[1]) {
        arguments.push("--yes");
    }
    let real = home.run(&arguments);
    assert_eq!((real.code, real.err), (code, dry.err));
}

#[test]
fn dry_run_of_many_bodies_detects_duplicate_aliases() {
    let home = Home::documented();
    let new = DOCUMENTED.replace("openai-prod", "new");
    let lines = format!("{new}\n{DOCUMENTED}\n{new}\n");
    let arguments = ["connections", "create", "--from-json", "-", "--dry-run"];
    let answer = home.pipe(&arguments, lines);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(answer.out, "Would create OpenAI Production (new)\n");
    assert!(answer.err.contains("line 2: alias: "), "{answer:?}");
    assert!(answer.err.contains("line 3: alias: "), "{answer:?}");
    assert!(
        answer.err.contains("Would create 1 of 3, 2 refused"),
        "{answer:?}"
    );
    assert_eq!(home.total(), 1);
}

#[test]
fn exclusive_commands_are_refused_in_dry_run_as_well() {
    let home = Home::documented();
    assert_eq!(home.run(&["backup", "create"]).code, 0);
    let mut app = home
        .umai(&["serve", "--http", "--no-auth", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(app.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    for command in [
        &["key", "rotate", "--dry-run"][..],
        &["backup", "restore", "--newest", "--dry-run"],
    ] {
        let refused = home.run(command);
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(
            refused.err.contains("in use by another umai"),
            "{refused:?}"
        );
    }
    app.kill().unwrap();
    app.wait().unwrap();
}

#[test]
fn connection_outside_the_trash_is_not_missing() {
    let home = Home::documented();
    for verb in ["restore", "purge"] {
        let refused = home.run(&["connections", verb, "openai-prod", "--dry-run"]);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(
            refused.err.contains("'openai-prod' is not in the trash"),
            "{refused:?}"
        );
    }
}

#[test]
fn read_only_mode_allows_a_dry_run() {
    let home = home();
    let before = everything(&home);
    let arguments = ["connections", "deactivate", "other", "--read-only"];
    let dry = home.run(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.out.starts_with("Would deactivate"), "{dry:?}");
    assert_eq!(home.run(&arguments).code, 2);
    assert_eq!(everything(&home), before);
}
