//! Copies connections to another target: choose it, preview, results.

use std::sync::Arc;

use async_trait::async_trait;
use rstest::rstest;
use umai::connection::{ConnectionError, PlainSecret, SettingValue, Settings};
use umai::plan::{Revealed, RevealedSettings};
use umai::service::{ConnectionService, ReadOnlyService};
use umai::tui::dialogs::copy_to_target::CopyDialog;
use umai::tui::targets::{OpenPurpose, OpenTarget, TargetEntry, Targets, TargetsHandle};
use uuid::Uuid;

use crate::support::harness::{Harness, THREE};
use crate::support::{draft, service};

/// Targets of the tests: the current one, another store, and two that cannot be copied to.
struct TestTargets {
    prod: Arc<dyn ConnectionService>,
    /// Secrets of the current target; none as on a server.
    secrets: Option<RevealedSettings>,
}

#[async_trait]
impl Targets for TestTargets {
    fn list(&self) -> Vec<TargetEntry> {
        let entry = |name: &str, badge: Option<&str>, is_read_only: bool| TargetEntry {
            name: name.into(),
            address: format!("https://{name}.example.com"),
            badge: badge.map(str::to_owned),
            is_read_only,
            is_same_place: name == "dev",
            ..TargetEntry::default()
        };
        vec![
            entry("dev", None, false),
            entry("prod", Some("LIVE"), false),
            entry("archive", None, true),
        ]
    }

    async fn open(&self, _: &str, _: OpenPurpose) -> Result<OpenTarget, ConnectionError> {
        Ok(OpenTarget::existing(Arc::clone(&self.prod)))
    }

    async fn reveal(
        &self,
        _: Option<&str>,
        _: &[Uuid],
    ) -> Result<Option<RevealedSettings>, ConnectionError> {
        Ok(self.secrets.clone())
    }
}

/// Targets with an empty store.
pub fn targets() -> TargetsHandle {
    TargetsHandle(Arc::new(TestTargets {
        prod: service(),
        secrets: None,
    }))
}

fn secrets() -> RevealedSettings {
    let secret = |text: &str| {
        let mut settings = Settings::default();
        settings.set(
            "apiKey",
            SettingValue::Secret(PlainSecret::new(text.to_owned())),
        );
        Revealed {
            settings,
            lists: Vec::new(),
        }
    };
    [
        ("openai-prod".to_owned(), secret("sk-planted-one")),
        ("anthropic-team-a".to_owned(), secret("sk-planted-two")),
    ]
    .into()
}

/// App with three connections, and a target with an older one of them.
fn stage(
    width: u16,
    height: u16,
    secrets: Option<RevealedSettings>,
) -> (Harness, Arc<dyn ConnectionService>) {
    let mut harness = Harness::with(width, height, &THREE);
    let prod = service();
    let old = r#"{"alias":"openai-prod","name":"Old name","providerId":"openai","settings":{"apiKey":"sk-planted-old"}}"#;
    harness.wait_for(prod.create(draft(old))).unwrap();
    harness.app.service.targets = Some(TargetsHandle(Arc::new(TestTargets {
        prod: Arc::clone(&prod),
        secrets,
    })));
    (harness, prod)
}

/// Opens the copy of all connections.
const OPEN: &str = "<ctrl-a><ctrl-p>copy to target<enter>";

fn frame(harness: &Harness) -> String {
    let frame = harness.frame();
    assert!(!frame.contains("planted"), "{frame}");
    frame
}

#[rstest]
fn each_step_fits_on_every_screen(
    #[values((40, 10), (80, 24), (120, 40))] (width, height): (u16, u16),
) {
    let (mut harness, _) = stage(width, height, Some(secrets()));
    for (step, keys) in [
        ("choose", OPEN),
        ("preview", "<enter>"),
        ("preview_with_secrets", "<tab><tab><enter>"),
        ("result", "<tab><enter>"),
    ] {
        harness.play(keys);
        insta::assert_snapshot!(
            format!("copy_to_target_{step}@{width}x{height}"),
            frame(&harness)
        );
    }
}

#[test]
fn only_the_chosen_target_is_changed_and_secrets_stay() {
    let (mut harness, prod) = stage(120, 40, Some(secrets()));
    harness.play(OPEN).play("<enter>");
    let preview = frame(&harness);
    for part in [
        "To prod [LIVE], https://prod.example.com",
        "1 to create, 1 to change, 1 refused and left out",
        "needs its stored secret",
        "Secrets that differ and are not copied: 1 · ↑↓ shows details",
        "change name",
    ] {
        assert!(preview.contains(part), "{part}: {preview}");
    }
    harness.play("<down>");
    let selected = frame(&harness);
    assert!(
        selected.contains("name: Old name → OpenAI Production"),
        "{selected}"
    );
    assert!(
        harness.app.hint(umai::tui::action::Action::Choose.entry()) == Some("Cancel"),
        "the safe button has the focus"
    );
    harness.play("<tab><enter>");
    let result = frame(&harness);
    assert!(
        result.contains("1 created · 1 updated · 1 refused"),
        "{result}"
    );
    let changed = harness.wait_for(prod.get(&"openai-prod".parse().unwrap()));
    assert_eq!(changed.unwrap().item.name, "OpenAI Production");
    let refused = harness.wait_for(prod.get(&"anthropic-team-a".parse().unwrap()));
    assert!(refused.is_err(), "it has a secret that is not copied");
    harness.play("<enter>");
    assert_eq!(harness.app.tree.marked_len(), 1, "what failed stays marked");
}

#[test]
fn secrets_are_copied_only_on_request() {
    let (mut harness, prod) = stage(120, 40, Some(secrets()));
    harness.play(OPEN).play("<enter><tab><tab><enter>");
    let preview = frame(&harness);
    assert!(
        preview.contains("Stored secrets are copied, too"),
        "{preview}"
    );
    harness.play("<tab><enter><enter>");
    let all = harness.wait_for(prod.get(&"anthropic-team-a".parse().unwrap()));
    assert!(all.is_ok());
    harness.play(OPEN).play("<enter><tab><enter>");
    let again = frame(&harness);
    assert!(again.contains("3 the same"), "{again}");
    assert!(
        !again.contains("]   Copy"),
        "nothing is left to copy: {again}"
    );
}

#[test]
fn server_offers_no_secrets() {
    let (mut harness, _) = stage(120, 40, None);
    harness.play(OPEN).play("<enter>");
    let preview = frame(&harness);
    assert!(
        preview.contains("A server never sends secrets"),
        "{preview}"
    );
    assert!(!preview.contains("Add secrets"), "{preview}");
}

#[test]
fn unusable_targets_say_why() {
    let (mut harness, _) = stage(120, 40, None);
    harness.play(OPEN).play("<down><enter>");
    let text = frame(&harness);
    assert!(
        text.contains("dev: the connections are from there"),
        "{text}"
    );
    harness.play("<up><up><enter>");
    let text = frame(&harness);
    assert!(text.contains("archive: read-only"), "{text}");
    harness.play("<esc>");
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn escape_stops_after_the_current_row() {
    let (mut harness, prod) = stage(120, 40, Some(secrets()));
    harness.play(OPEN).play("<enter><tab><tab><enter>");
    harness.hold_answers();
    harness.play("<tab><enter>");
    assert_eq!(harness.held(), 1, "one row at a time");
    harness.play("<esc>");
    assert!(frame(&harness).contains("Stopping"));
    harness.release(0, false);
    let text = frame(&harness);
    assert!(text.contains("1 created · 2 not started"), "{text}");
    let missing = harness.wait_for(prod.get(&"openai-dev".parse().unwrap()));
    assert!(missing.is_err());
}

#[test]
fn refused_row_shows_its_reason_and_stops_the_rest() {
    let (mut harness, prod) = stage(120, 40, Some(secrets()));
    let read_only: Arc<dyn ConnectionService> = Arc::new(ReadOnlyService::new(prod, "a test"));
    harness.app.service.targets = Some(TargetsHandle(Arc::new(TestTargets {
        prod: read_only,
        secrets: Some(secrets()),
    })));
    harness.play(OPEN).play("<enter><tab><enter>");
    let text = frame(&harness);
    assert!(text.contains("Nothing was changed: a test"), "{text}");
    assert!(text.contains("2 refused · 1 not started"), "{text}");
}

#[test]
fn palette_finds_it_by_keywords() {
    for word in ["promote", "copy to"] {
        let (mut harness, _) = stage(120, 40, None);
        harness.play(&format!("<down><ctrl-p>{word}<enter>"));
        let is_open = harness.app.dialogs.is_on::<CopyDialog>();
        assert!(is_open, "{word}: {}", harness.frame());
    }
}

#[test]
fn changes_come_first_and_the_list_uses_the_whole_height() {
    let bodies: Vec<String> = (0..30)
        .map(|at| {
            format!(
                r#"{{"alias":"a-{at:02}","name":"A {at:02}","providerId":"openai","settings":{{"apiKey":"$OpenAI:ApiKey"}}}}"#
            )
        })
        .collect();
    let mut bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let mut harness = Harness::with(80, 24, &bodies);
    let prod = service();
    bodies.remove(29);
    for body in &bodies {
        harness.wait_for(prod.create(draft(body))).unwrap();
    }
    harness.app.service.targets = Some(TargetsHandle(Arc::new(TestTargets {
        prod,
        secrets: None,
    })));
    harness.play(OPEN).play("<enter>");
    let text = frame(&harness);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.contains("a-29"));
    let same = lines.iter().position(|line| line.contains("a-00"));
    assert!(first.unwrap() < same.unwrap(), "{text}");
    harness.play("<down><down>");
    let text = frame(&harness);
    let rows = text.lines().filter(|line| line.contains(" a-")).count();
    assert!(rows >= 15, "{rows} rows: {text}");
}

#[test]
fn answers_work_in_each_step_that_shows_them() {
    for keys in ["", "<enter>", "<enter><tab><tab><enter>", "<enter>y"] {
        super::dialogs::check_answers(keys, || {
            let (mut harness, _) = stage(120, 40, Some(secrets()));
            harness.play(OPEN).play(keys);
            harness
        });
    }
}

#[test]
fn yes_copies_and_no_cancels() {
    let (mut harness, prod) = stage(120, 40, Some(secrets()));
    harness.play(OPEN).play("<enter>n");
    assert!(harness.app.dialogs.is_empty());
    let created = "openai-dev".parse().unwrap();
    assert!(harness.wait_for(prod.get(&created)).is_err());
    harness.play("<ctrl-p>copy to target<enter><enter>y");
    assert!(harness.wait_for(prod.get(&created)).is_ok());
}
