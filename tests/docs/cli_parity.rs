//! Compares the table of actions with the command line, and runs the commands that the app copies.

use std::collections::BTreeSet;

use crate::support::harness::Harness;
use clap::{CommandFactory, Parser};
use umai::cli::Args;
use umai::tui::action::{ACTIONS, Action, KeyContext};
use umai::tui::cli_equivalent::CliEquivalent;
use umai::tui::dialogs::palette::PaletteDialog;
use umai::tui::effect::Effect;
use umai::tui::target_info::TargetInfo;

/// Commands without an action in the app, with the reason.
const WITHOUT_A_KEY: &[(&str, &str)] = &[
    ("connections apply", "works on manifests"),
    ("connections import", "works on manifests"),
    ("key add-keyring", "manages the key"),
    ("providers list", "part of creating a connection"),
    ("providers get", "shown as a form"),
    ("providers check", "validates provider files"),
    ("serve", "manages the server"),
    ("token create", "manages the server"),
    ("token list", "manages the server"),
    ("token revoke", "manages the server"),
    ("backup create", "manages the store"),
    ("backup list", "manages the store"),
    ("backup verify", "manages the store"),
    ("backup restore", "manages the store"),
    ("store copy", "manages the store"),
    ("key show", "manages the key"),
    ("key export", "manages the key"),
    ("key rotate", "manages the key"),
    ("key new", "manages the key"),
    ("key add-passphrase", "manages the key"),
    ("key change-passphrase", "manages the key"),
    ("key remove-passphrase", "manages the key"),
    ("completions", "sets up a shell"),
    ("login", "used before the app starts"),
    ("logout", "used before the app starts"),
    ("targets diff", "works on two targets"),
    ("run", "starts another program"),
    ("options", "shows help"),
    ("help", "shows help"),
    ("targets remove", "used before the app starts"),
    ("targets rename", "used before the app starts"),
    ("doctor", "used before the app starts"),
];

/// Names of all commands that can be run, such as `connections list`.
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
fn every_action_has_a_command_or_a_reason() {
    let commands = commands();
    for entry in ACTIONS {
        match entry.action.command() {
            CliEquivalent::Command(words) => {
                assert!(commands.contains(words), "{}: umai {words}", entry.id);
            }
            CliEquivalent::None(why) => assert!(!why.is_empty(), "{}", entry.id),
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
            matches!(entry.action.command(), CliEquivalent::None(_)),
            is_typed,
            "{} changes stored data, so it needs a command",
            entry.id
        );
    }
}

#[test]
fn every_command_has_an_action_or_a_reason() {
    let by_action: BTreeSet<String> = ACTIONS
        .iter()
        .filter_map(|entry| match entry.action.command() {
            CliEquivalent::Command(words) => Some(words.to_owned()),
            CliEquivalent::None(_) => None,
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

/// Selects an action in the palette.
fn choose(harness: &mut Harness, action: Action) {
    let Some(palette) = harness.app.dialogs.top_mut::<PaletteDialog>() else {
        panic!("no palette");
    };
    let actions = palette.actions();
    let at = actions.iter().position(|one| one.entry.action == action);
    palette.choices.cursor.selected = at.unwrap();
}

fn copied(harness: &Harness) -> Option<String> {
    harness
        .effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::CopyToClipboard(text) => Some(text.clone()),
            _ => None,
        })
}

/// Asserts that every command of a line parses, with placeholders filled in.
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
fn palette_copies_a_valid_command_for_every_action() {
    for start in ["", "<end>", "<end><up>3", "<end><space><up><space>", "X"] {
        let mut harness = Harness::three(120, 40);
        harness.app.set_target(TargetInfo {
            called_with: vec!["--data".into(), "/else where".into()],
            ..TargetInfo::default()
        });
        harness.play(start);
        for entry in ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
        {
            harness.effects.clear();
            harness.play("<ctrl-p>");
            choose(&mut harness, entry.action);
            harness.play("<f7>");
            match (entry.action.command(), copied(&harness)) {
                (CliEquivalent::Command(_), Some(line)) => {
                    assert!(line.starts_with("umai --data '/else where' "), "{line}");
                    parses(&line);
                }
                (CliEquivalent::None(why), None) => {
                    let frame = harness.frame();
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
    Action::Deactivate,
    "umai connections deactivate openai-dev openai-prod"
)]
#[case("<end>", Action::Test, "umai connections test openai-prod")]
#[case("<end>3", Action::RollBack, "umai connections rollback openai-prod 1")]
#[case(
    "sm",
    Action::ReverseSort,
    "umai connections list --sort modified --reverse"
)]
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
#[case("", Action::EmptyTrash, "umai connections purge --all")]
fn copied_command_refers_to_the_selection(
    #[case] start: &str,
    #[case] action: Action,
    #[case] wanted: &str,
) {
    let mut harness = Harness::three(120, 40);
    harness.play(start).play("<ctrl-p>");
    choose(&mut harness, action);
    harness.play("<f7>");
    assert_eq!(copied(&harness).as_deref(), Some(wanted));
}

#[rstest::rstest]
#[case(
    "nopenai<enter>It's A<tab><tab><tab>$OpenAI:ApiKey<f7>",
    "umai connections create --provider openai --name \"It's A\" --alias it-s-a --set 'apiKey=$OpenAI:ApiKey'"
)]
#[case(
    "namazon<enter>Bedrock<tab><tab><tab>eu-central-1<tab><tab>AKIAPLANTED<tab>planted<f7>",
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
fn form_is_copied_as_a_command_without_secrets(#[case] story: &str, #[case] wanted: &str) {
    let mut harness = Harness::three(120, 40);
    harness.play(story);
    let line = copied(&harness).unwrap();
    assert!(
        !line.contains("PLANTED") && !line.contains("planted"),
        "{line}"
    );
    assert_eq!(line, wanted);
    parses(&line);
}

#[test]
fn copied_command_creates_the_same_connection_in_a_shell() {
    let mut harness = Harness::with(
        120,
        40,
        &[
            r#"{"alias":"it-s","name":"It's \"$HOME\" `x` \\ ünder","providerId":"openai","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey","organization":"-o 'x'"}}"#,
        ],
    );
    harness.play("<end>ym");
    let line = copied(&harness).unwrap();
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
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}\n{errors}");
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

#[rstest::rstest]
#[case("openai", "Incomplete: no settings", true)]
#[case("ollama", "No settings: defaults are used", false)]
fn connection_without_settings_is_incomplete_if_its_provider_needs_some(
    #[case] provider: &str,
    #[case] shown: &str,
    #[case] is_incomplete: bool,
) {
    let new = format!(r#"{{"alias":"one","name":"One","providerId":"{provider}"}}"#);
    let mut harness = Harness::with(120, 40, &[&new]);
    harness.play("<down><right>");
    assert!(harness.frame().contains(shown), "{}", harness.frame());
    harness.play("ym");
    let line = copied(&harness).unwrap();
    assert_eq!(line.contains("--allow-incomplete"), is_incomplete, "{line}");
}

#[test]
fn copy_command_works_in_lists_and_forms() {
    let places: Vec<KeyContext> = Action::CopyCommand.entry().contexts.to_vec();
    assert_eq!(places, [KeyContext::List, KeyContext::Form]);
}
