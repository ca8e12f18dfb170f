//! Whatever the app does, a command does: the table of actions and the command line are compared, and what the app copies as a
//! command is run.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};
use stage::Stage;
use umai::cli::Args;
use umai::tui::action::{ACTIONS, Action, Context};
use umai::tui::command::Parity;
use umai::tui::effect::Effect;
use umai::tui::layer::Layer;
use umai::tui::site::Site;

/// Commands that no key of the app does, and why.
const WITHOUT_A_KEY: &[(&str, &str)] = &[
    ("connections apply", "a file says what there shall be"),
    ("connections import", "a file says what there shall be"),
    ("key add-keyring", "the key, without the app"),
    ("providers list", "the app shows them where one is chosen"),
    ("providers get", "the app shows it as a form"),
    ("providers check", "a file of one's own is looked at"),
    ("serve", "the server"),
    ("token create", "the server"),
    ("token list", "the server"),
    ("token revoke", "the server"),
    ("backup create", "the store, without the app"),
    ("backup list", "the store, without the app"),
    ("backup verify", "the store, without the app"),
    ("backup restore", "the store, without the app"),
    ("key show", "the key, without the app"),
    ("key rotate", "the key, without the app"),
    ("key new", "the key, without the app"),
    ("key add-passphrase", "the key, without the app"),
    ("key change-passphrase", "the key, without the app"),
    ("key remove-passphrase", "the key, without the app"),
    ("completions", "the shell"),
    ("targets", "said before the app starts"),
    ("doctor", "said before the app starts"),
];

/// The words of every command that can be run.
fn commands() -> BTreeSet<String> {
    fn collect(command: &clap::Command, words: &str, all: &mut BTreeSet<String>) {
        if !command.has_subcommands() {
            all.insert(words.trim().to_owned());
        }
        for inner in command.get_subcommands() {
            collect(inner, &format!("{words} {}", inner.get_name()), all);
        }
    }
    let mut all = BTreeSet::new();
    collect(&Args::command(), "", &mut all);
    all
}

#[test]
fn every_action_has_its_command_or_says_why_only_a_screen_has_it() {
    let commands = commands();
    for entry in ACTIONS {
        match entry.action.command() {
            Parity::Command(words) => {
                assert!(commands.contains(words), "{}: umai {words}", entry.id);
            }
            Parity::Screen(why) => assert!(!why.is_empty(), "{}", entry.id),
        }
    }
    for entry in ACTIONS.iter().filter(|entry| entry.action.is_write()) {
        let is_typed = matches!(
            entry.action,
            Action::Drafts
                | Action::RestoreDraft
                | Action::DiscardDraft
                | Action::KeepMine
                | Action::TakeTheirs
                | Action::Undo
        );
        assert_eq!(
            matches!(entry.action.command(), Parity::Screen(_)),
            is_typed,
            "{} changes what is kept, so a script can do it",
            entry.id
        );
    }
}

#[test]
fn every_command_is_an_actions_or_says_why_it_is_none() {
    let by_action: BTreeSet<String> = ACTIONS
        .iter()
        .filter_map(|entry| match entry.action.command() {
            Parity::Command(words) => Some(words.to_owned()),
            Parity::Screen(_) => None,
        })
        .chain(["connections update".to_owned()])
        .collect();
    let without: BTreeSet<String> = WITHOUT_A_KEY
        .iter()
        .map(|(words, _)| (*words).to_owned())
        .collect();
    let both: Vec<_> = by_action.intersection(&without).collect();
    assert!(both.is_empty(), "{both:?}");
    let known: BTreeSet<String> = by_action.union(&without).cloned().collect();
    assert_eq!(commands(), known);
}

/// Goes to an action in the palette.
fn choose(stage: &mut Stage, action: Action) {
    let Some(Layer::Palette(palette)) = stage.app.layers.last_mut() else {
        panic!("no palette");
    };
    let actions = palette.actions();
    let at = actions.iter().position(|one| one.entry.action == action);
    palette.choices.selected = at.unwrap();
}

fn copied(stage: &Stage) -> Option<String> {
    stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    })
}

/// Every command of a line parses; what stands for something to fill in is filled in.
fn parses(line: &str) {
    for command in line.split(" && ") {
        let filled = command
            .replace("KEY=VALUE", "organization=org-1")
            .replace("VERSION", "1");
        let words = shlex::split(&filled).unwrap();
        if let Err(error) = Args::try_parse_from(&words) {
            panic!("{command}\n{error}");
        }
    }
}

#[test]
fn the_palette_copies_the_command_of_every_action_and_the_command_line_takes_it() {
    for start in ["", "<end>", "<end><up>3", "<end><space><up><space>", "X"] {
        let mut stage = Stage::three(120, 40);
        stage.app.settle_at(Site {
            called_with: vec!["--data".into(), "/else where".into()],
            ..Site::default()
        });
        stage.play(start);
        for entry in ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
        {
            stage.effects.clear();
            stage.play("<ctrl-p>");
            choose(&mut stage, entry.action);
            stage.play("<f7>");
            match (entry.action.command(), copied(&stage)) {
                (Parity::Command(_), Some(line)) => {
                    assert!(line.starts_with("umai --data '/else where' "), "{line}");
                    parses(&line);
                }
                (Parity::Screen(why), None) => {
                    let frame = stage.frame();
                    let begins: String = why.chars().take(25).collect();
                    assert!(frame.contains(&begins), "{}: {frame}", entry.id);
                }
                (parity, copied) => panic!("{} {start}: {parity:?} {copied:?}", entry.id),
            }
        }
    }
}

#[rstest::rstest]
#[case("<end>", Action::Toggle, "umai connections deactivate openai-prod")]
#[case("<end><up>", Action::Toggle, "umai connections activate openai-dev")]
#[case(
    "<end><space><up><space>",
    Action::Disable,
    "umai connections deactivate openai-dev openai-prod"
)]
#[case("<end>", Action::Test, "umai connections test openai-prod")]
#[case("<end>3", Action::RollBack, "umai connections rollback openai-prod 1")]
#[case("sm", Action::Turn, "umai connections list --sort modified --reverse")]
#[case(
    "/status:active \"Team A\"<enter>",
    Action::Filter,
    "umai connections list status:active '\"Team A\"'"
)]
#[case("/it's<enter>", Action::Filter, "umai connections list \"it's\"")]
#[case(
    "<end><enter> 2",
    Action::Save,
    "umai connections update openai-prod --name 'OpenAI Production 2'"
)]
#[case(
    "",
    Action::New,
    "umai connections create --provider PROVIDER --name NAME"
)]
#[case("", Action::Empty, "umai connections purge --all")]
fn the_command_is_about_what_is_selected(
    #[case] start: &str,
    #[case] action: Action,
    #[case] wanted: &str,
) {
    let mut stage = Stage::three(120, 40);
    stage.play(start).play("<ctrl-p>");
    choose(&mut stage, action);
    stage.play("<f7>");
    assert_eq!(copied(&stage).as_deref(), Some(wanted));
}

#[rstest::rstest]
#[case(
    "nopenai<enter>It's A<tab><tab><tab>$OpenAI:ApiKey<f7>",
    "umai connections create --provider openai --name \"It's A\" --alias it-s-a --set 'apiKey=$OpenAI:ApiKey'"
)]
#[case(
    "namazon<enter>Bedrock<tab><tab><tab>eu-central-1<tab>AKIAPLANTED<tab>planted<f7>",
    "umai connections create --provider amazon --name Bedrock --alias bedrock --set 'region=eu-central-1' --secret-stdin accessKeyId --secret-file 'secretAccessKey=secretAccessKey.txt'"
)]
#[case(
    "<end><enter> 2<tab><tab><space><f7>",
    "umai connections update openai-prod --name 'OpenAI Production 2' && umai connections deactivate openai-prod"
)]
#[case(
    "<end>c<f7>",
    "umai connections duplicate openai-prod --name 'OpenAI Production (copy)' --alias openai-production-copy"
)]
fn a_form_is_copied_as_the_command_that_saves_it_without_its_secrets(
    #[case] story: &str,
    #[case] wanted: &str,
) {
    let mut stage = Stage::three(120, 40);
    stage.play(story);
    let line = copied(&stage).unwrap();
    assert!(
        !line.contains("PLANTED") && !line.contains("planted"),
        "{line}"
    );
    assert_eq!(line, wanted);
    parses(&line);
}

#[test]
fn what_is_copied_creates_the_same_connection_when_a_shell_runs_it() {
    let mut stage = Stage::with(
        120,
        40,
        &[
            r#"{"alias":"it-s","name":"It's \"$HOME\" `x` \\ ünder","providerId":"openai","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey","organization":"-o 'x'"}}"#,
        ],
    );
    stage.play("<end>ym");
    let line = copied(&stage).unwrap();
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("appsettings.json"),
        r#"{"OpenAI":{"ApiKey":"k"}}"#,
    )
    .unwrap();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_umai"))
        .parent()
        .unwrap();
    let run = |line: &str| {
        let mut shell = std::process::Command::new("/bin/sh");
        shell
            .args(["-c", line])
            .current_dir(home.path())
            .env_clear();
        shell.env("HOME", home.path());
        shell.env("PATH", folder);
        let output = shell.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}\n{said}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&line);
    let made: serde_json::Value =
        serde_json::from_str(&run("umai connections get it-s --json")).unwrap();
    assert_eq!(made["name"], "It's \"$HOME\" `x` \\ ünder");
    assert_eq!(made["isActive"], false);
    assert_eq!(made["settings"]["apiKey"], "$OpenAI:ApiKey");
    assert_eq!(made["settings"]["organization"], "-o 'x'");
}

#[test]
fn no_place_hides_the_key() {
    let places: Vec<Context> = Action::CopyCommand.entry().contexts.to_vec();
    assert_eq!(places, [Context::List, Context::Form]);
}
