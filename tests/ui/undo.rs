//! Undo takes back the last change of any kind, or says what can be done instead.

use crate::support::harness::Harness;

fn name(harness: &Harness) -> String {
    harness.app.tree.selected_item().unwrap().name().to_owned()
}

fn notice(harness: &Harness) -> String {
    let notice = harness.app.notices.current.as_ref();
    notice.map_or_else(String::new, |notice| notice.text.clone())
}

#[test]
fn edit_is_undone_as_a_new_version() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>");
    let before = name(&harness);
    harness.play("e<end> two<ctrl-s>");
    assert_eq!(name(&harness), format!("{before} two"));
    harness.play("u");
    assert_eq!(name(&harness), before);
    assert_eq!(harness.app.tree.selected_item().unwrap().version(), 3);
    assert_eq!(
        notice(&harness),
        format!("Undid the last change of \"{before}\" (v2)")
    );
}

#[test]
fn changes_are_undone_from_the_last_to_the_first() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>");
    let before = name(&harness);
    harness.play("e<end> two<ctrl-s>te<end> three<ctrl-s>D<tab><enter>");
    for want in [
        format!("{before} two three"),
        format!("{before} two"),
        format!("{before} two"),
        before.clone(),
    ] {
        harness.play("u");
        assert_eq!(name(&harness), want, "{}", notice(&harness));
    }
    assert!(harness.app.tree.selected_item().unwrap().is_active);
    harness.play("u");
    assert_eq!(notice(&harness), "Nothing to undo");
}

#[test]
fn rollback_is_undone() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>");
    let before = name(&harness);
    harness.play("e<end> two<ctrl-s>3");
    while harness.app.focus.pane != umai::tui::app::Pane::Workspace {
        harness.play("<tab>");
    }
    harness.play("<end>by");
    assert_eq!(name(&harness), before);
    harness.play("u");
    assert_eq!(
        name(&harness),
        format!("{before} two"),
        "{}",
        notice(&harness)
    );
}

#[test]
fn changed_secret_is_named_because_it_stays() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>e<tab><tab><tab>sk-planted-2<ctrl-s>u");
    let notice = notice(&harness);
    assert!(
        notice.ends_with("the new key stays, because the history has no secrets"),
        "{notice}"
    );
}

#[test]
fn undo_of_a_create_asks_before_it_deletes() {
    let mut harness = Harness::three(120, 40);
    harness.play("nopenai<enter>Fresh<tab><tab><tab>sk-planted<ctrl-s>u");
    assert!(harness.frame().contains("Fresh"), "{}", harness.frame());
    assert!(!harness.app.dialogs.is_empty());
    harness.play("<esc>u");
    assert!(!harness.app.dialogs.is_empty(), "Cancel keeps the undo");
    harness.play("y");
    assert!(!harness.frame().contains("Fresh  "), "{}", harness.frame());
    harness.play("u");
    assert_eq!(name(&harness), "Fresh", "{}", notice(&harness));
    harness.play("u");
    assert_eq!(notice(&harness), "Nothing to undo");
}
