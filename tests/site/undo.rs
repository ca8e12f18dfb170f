//! Undo on a site: at once where no secret is concerned, else after a prompt; never offered and then refused.

use crate::app::{screen, stage};
use crate::fixture::Mode;
use crate::stand_in::StandIn;

/// Words of the screen, because prompts are wrapped.
fn words(harness: &crate::support::harness::Harness) -> String {
    let text = screen(harness).replace(['│', '║'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Types a new key into the form of the connection and saves it.
const NEW_KEY: &str = "/OpenAI<enter><enter><tab><tab><tab>sk-planted-newer-0123456789<ctrl-s>";

#[test]
fn edit_without_a_secret_is_undone_at_once() {
    let site = StandIn::new(Mode::Stock);
    let before = site.get("pascal");
    let mut harness = stage(&site);
    harness.play("/Pascal<enter><enter> 2<ctrl-s>");
    assert_eq!(site.get("pascal").name, "Pascal Case 2");
    assert!(screen(&harness).contains("(u to undo)"));
    harness.play("u");
    let after = site.get("pascal");
    assert_eq!(
        (after.name, after.settings, after.version),
        (before.name, before.settings, 3),
        "{}",
        screen(&harness)
    );
    assert!(harness.app.dialogs.is_empty());
    site.assert_unharmed();
}

#[test]
fn edit_of_a_secret_is_undone_after_a_warning() {
    let site = StandIn::new(Mode::Stock);
    let before = site.get("openai-prod");
    let mut harness = stage(&site);
    harness.play(NEW_KEY);
    let changed = site.get("openai-prod");
    assert_ne!(changed.settings, before.settings, "{}", screen(&harness));
    for _ in 0..2 {
        harness.play("u");
        let prompt = words(&harness);
        assert!(
            prompt.contains("Roll back to v1? The secrets of that version are restored, too."),
            "{prompt}"
        );
        harness.play("<enter>");
        assert_eq!(site.get("openai-prod"), changed, "Cancel is the default");
    }
    harness.play("uy");
    let after = site.get("openai-prod");
    assert_eq!((after.settings, after.version), (before.settings, 3));
    let text = screen(&harness);
    assert!(
        text.contains("Undid the last change") && !text.contains("stays"),
        "{text}"
    );
    site.assert_unharmed();
}

#[test]
fn rollback_is_undone_after_a_warning() {
    let site = StandIn::new(Mode::Stock);
    site.edit("openai-prod", |one| one.name = "OpenAI New".into());
    let mut harness = stage(&site);
    harness.play("/OpenAI<enter>3<end>by");
    assert_eq!(site.get("openai-prod").name, "OpenAI Production");
    harness.play("u");
    let prompt = words(&harness);
    assert!(prompt.contains("Roll back to v2?"), "{prompt}");
    harness.play("y");
    assert_eq!(site.get("openai-prod").name, "OpenAI New");
    site.assert_unharmed();
}

#[test]
fn undo_never_reverts_an_edit_by_others() {
    let edits = [("/Pascal<enter><enter> 2<ctrl-s>", "u"), (NEW_KEY, "uy")];
    for (keys, undo) in edits {
        let site = StandIn::new(Mode::Stock);
        let mut harness = stage(&site);
        harness.play(keys);
        for alias in ["pascal", "openai-prod"] {
            site.edit(alias, |one| one.name = "Theirs".into());
        }
        let before = site.all();
        harness.play(undo);
        assert_eq!(site.all(), before);
        let text = screen(&harness);
        assert!(text.contains("\"Theirs\" was changed again"), "{text}");
    }
}

#[test]
fn undo_of_a_create_survives_its_cancellation() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    harness.play("nopenai<enter>Fresh<tab><tab><tab>sk-planted-0123456789<ctrl-s>");
    assert!(site.find("fresh").is_some(), "{}", screen(&harness));
    for _ in 0..2 {
        harness.play("u");
        let prompt = words(&harness);
        assert!(prompt.contains("Deletes permanently"), "{prompt}");
        harness.play("<esc>");
    }
    harness.play("uy");
    assert!(site.find("fresh").is_none());
    let text = screen(&harness);
    assert!(!text.contains("u Undo"), "{text}");
    site.assert_unharmed();
}
