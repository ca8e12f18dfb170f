//! Switching targets, and read-only mode for the session.

use std::sync::Arc;

use crate::support::harness::Harness;
use async_trait::async_trait;
use umai::connection::ConnectionError;
use umai::plan::RevealedSettings;
use umai::tui::effect::Effect;
use umai::tui::event::Event;
use umai::tui::targets::{OpenPurpose, OpenTarget, TargetEntry, Targets, TargetsHandle};
use uuid::Uuid;

/// Targets that are listed, and never opened.
struct ListedTargets(Vec<TargetEntry>);

#[async_trait]
impl Targets for ListedTargets {
    fn list(&self) -> Vec<TargetEntry> {
        self.0.clone()
    }

    async fn open(&self, _: &str, _: OpenPurpose) -> Result<OpenTarget, ConnectionError> {
        unreachable!("switching starts the app again")
    }

    async fn reveal(
        &self,
        _: Option<&str>,
        _: &[Uuid],
    ) -> Result<Option<RevealedSettings>, ConnectionError> {
        unreachable!("nothing is copied")
    }
}

fn entries() -> Vec<TargetEntry> {
    let entry = |name: &str, address: &str| TargetEntry {
        name: name.into(),
        address: address.into(),
        badge: Some(name.to_uppercase()),
        is_read_only: name == "prod",
        is_current: name == "local",
        is_same_place: name == "local",
        ..TargetEntry::default()
    };
    vec![
        entry("local", "~/.local/share/umai"),
        entry("staging", "https://staging.example"),
        entry("prod", "https://www.example"),
    ]
}

fn with_entries(width: u16, height: u16, entries: Vec<TargetEntry>) -> Harness {
    let mut harness = Harness::three(width, height);
    harness.app.service.targets = Some(TargetsHandle(Arc::new(ListedTargets(entries))));
    harness
}

fn with_targets(width: u16, height: u16) -> Harness {
    with_entries(width, height, entries())
}

#[test]
fn targets_are_listed_and_switched() {
    let mut harness = with_targets(120, 40);
    harness.play("@");
    insta::assert_snapshot!("targets_dialog@120x40", harness.frame());
    harness.play("prod<enter>");
    let switched = Effect::SwitchTarget("prod".into());
    assert!(harness.effects.contains(&switched), "{:?}", harness.effects);
    let mut small = with_targets(40, 10);
    small.play("@");
    insta::assert_snapshot!("targets_dialog@40x10", small.frame());
    small.play("<enter>");
    assert!(
        small.app.dialogs.is_empty(),
        "the current target closes the list"
    );
}

#[test]
fn palette_opens_the_targets() {
    let mut harness = with_targets(120, 40);
    harness.play(":target<enter>");
    assert!(
        harness.frame().contains("https://staging.example"),
        "{}",
        harness.frame()
    );
}

#[test]
fn read_only_mode_is_switched_on_and_off() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>R");
    assert!(harness.app.service.target.is_read_only());
    let before = harness.app.tree.selected_item().unwrap().is_active;
    harness.play("t");
    assert_eq!(harness.app.tree.selected_item().unwrap().is_active, before);
    harness.play("Rt");
    assert_ne!(harness.app.tree.selected_item().unwrap().is_active, before);
}

#[test]
fn read_only_target_stays_read_only() {
    let mut harness = Harness::three(120, 40);
    let mut target = harness.app.service.target.clone();
    target.read_only = Some("the target 'prod' is read-only".into());
    harness.app.set_target(target);
    harness.play("R");
    assert!(harness.app.service.target.is_read_only());
    let notice = harness.app.notices.current.as_ref().unwrap();
    assert!(
        notice.text.contains("cannot be turned off here"),
        "{}",
        notice.text
    );
}

#[test]
fn palette_lists_the_other_targets_and_switches() {
    let mut harness = with_targets(120, 40);
    harness.play(":staging");
    let frame = harness.frame();
    assert!(frame.contains("Switch to staging"), "{frame}");
    assert!(!frame.contains("Switch to local"), "the current target");
    harness.play("<enter>");
    let switched = Effect::SwitchTarget("staging".into());
    assert!(harness.effects.contains(&switched), "{:?}", harness.effects);
}

#[test]
fn token_with_read_scope_hides_what_writes() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>R");
    let reason = "the token has scope read".to_owned();
    harness.happens(Event::ServiceReadOnly(reason));
    let frame = harness.frame();
    assert!(frame.contains("read-only"), "{frame}");
    for hint in ["New", "Edit", "Delete", "Deactivate"] {
        assert!(!frame.contains(&format!(" {hint} ")), "{hint}\n{frame}");
    }
    harness.play("D");
    assert!(harness.app.dialogs.is_empty());
    harness.play("R");
    let notice = harness.app.notices.current.as_ref().unwrap();
    assert!(
        notice
            .text
            .contains("the token has scope read; it cannot be turned off"),
        "{}",
        notice.text
    );
    for keys in ["?", ":"] {
        harness.play(&format!("{keys}delete conn"));
        let frame = harness.frame();
        assert!(!frame.contains("Delete connection"), "{frame}");
        harness.play("<esc><esc>");
    }
}

#[test]
fn pinned_keys_of_the_targets_work_at_every_size() {
    for (width, height) in [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)] {
        for (key, word) in [("<ctrl-p>", "Actions"), ("<f1>", "Keys")] {
            let mut harness = with_targets(width, height);
            harness.play("@");
            let frame = harness.frame();
            let footer = frame.lines().last().unwrap();
            assert!(footer.ends_with(" Ctrl-P Actions  F1 Help"), "{footer}");
            harness.play(key);
            let title = harness.frame();
            assert!(title.contains(&format!("╭ {word}")), "{key} {title}");
        }
    }
}

#[test]
fn signed_out_target_says_how_to_sign_in() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut entries = entries();
        entries[2].refused =
            Some("Signed out; run: umai login --target prod https://www.example.com".into());
        let mut harness = with_entries(width, height, entries);
        harness.play("@");
        let frame = harness.frame();
        assert!(
            frame.contains("Signed out; run: umai login --target prod"),
            "{frame}"
        );
        harness.play("prod");
        let frame = harness.frame();
        assert!(
            frame.matches("umai login --target prod").count() == 2,
            "the whole reason is below the list: {frame}"
        );
        harness.play("<enter>");
        assert!(harness.effects.is_empty(), "{:?}", harness.effects);
    }
}

#[test]
fn local_store_is_listed_without_a_name() {
    let mut entries = entries();
    entries[0] = TargetEntry {
        address: "~/.local/share/umai".into(),
        ..TargetEntry::default()
    };
    let mut harness = with_entries(120, 40, entries.clone());
    harness.play("@");
    let frame = harness.frame();
    assert!(frame.contains("Local store"), "{frame}");
    harness.play("store<enter>");
    let switched = Effect::SwitchTarget(String::new());
    assert!(harness.effects.contains(&switched), "{:?}", harness.effects);
    entries.truncate(1);
    entries[0].is_current = true;
    let mut alone = with_entries(120, 40, entries);
    alone.play("@");
    let frame = alone.frame();
    assert!(frame.contains("config.toml had no targets"), "{frame}");
}
