//! Switching targets, and read-only mode for the session.

use crate::support::harness::Harness;
use umai::tui::effect::Effect;
use umai::tui::target_choice::TargetChoice;

fn choice(name: &str, address: &str) -> TargetChoice {
    TargetChoice {
        name: name.into(),
        address: address.into(),
        badge: Some(name.to_uppercase()),
        is_read_only: name == "prod",
        refused: None,
        is_current: name == "local",
    }
}

fn with_targets(width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    harness.app.site.choices = vec![
        choice("local", "~/.local/share/umai"),
        choice("staging", "https://staging.example"),
        choice("prod", "https://www.example"),
    ];
    harness
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
    assert!(harness.app.site.target.is_read_only());
    let before = harness.app.tree.selected_item().unwrap().is_active;
    harness.play("t");
    assert_eq!(harness.app.tree.selected_item().unwrap().is_active, before);
    harness.play("Rt");
    assert_ne!(harness.app.tree.selected_item().unwrap().is_active, before);
}

#[test]
fn read_only_target_stays_read_only() {
    let mut harness = Harness::three(120, 40);
    let mut target = harness.app.site.target.clone();
    target.read_only = Some("the target 'prod' is read-only".into());
    harness.app.set_target(target);
    harness.play("R");
    assert!(harness.app.site.target.is_read_only());
    let notice = harness.app.notices.current.as_ref().unwrap();
    assert!(
        notice.text.contains("cannot be turned off here"),
        "{}",
        notice.text
    );
}
