//! Trash: undo of a delete, restore, delete permanently, empty.

use crate::support::every_target::EveryTarget as Harness;
use umai::connection::{Command, ConnectionItem, IdOrAlias, PageRequest};
use umai::service::ConnectionService;
use umai::tui::dialogs::trash::TrashDialog;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::Event;

/// Keys that delete the selected connection.
const DELETE: &str = "D<tab><enter>";

/// App with the second and third connection in the trash.
fn deleted(width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    harness.play("<end>").play(DELETE);
    harness.turn(3_600);
    harness.play("<end>").play(DELETE);
    harness
}

/// Former aliases of the connections in the trash.
fn in_trash(harness: &Harness) -> Vec<String> {
    let items = harness.elsewhere(&async |service: &dyn ConnectionService| {
        service
            .trash(PageRequest { skip: 0, take: 10 })
            .await
            .unwrap()
    });
    items.items.into_iter().map(|item| item.alias).collect()
}

/// Connection with this alias that is not in the trash.
fn stored(harness: &Harness, alias: &str) -> Option<ConnectionItem> {
    let key: IdOrAlias = alias.parse().unwrap();
    let found = harness
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await)
        .ok()?;
    Some(found.item)
}

/// Creates a connection with this alias elsewhere.
fn take(harness: &Harness, alias: &str) {
    let body = format!(
        r#"{{"alias":"{alias}","name":"Who has {alias}","providerId":"openai","settings":{{"apiKey":"sk-1"}}}}"#
    );
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(crate::support::draft(&body)).await
        })
        .unwrap();
}

macro_rules! stories {
    ($($name:ident: $stage:expr, $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = $stage($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    trash_120x40: deleted, 120 x 40, "X";
    trash_80x24: deleted, 80 x 24, "X<down>";
    trash_40x10: deleted, 40 x 10, "X";
    empty_trash_80x24: Harness::three, 80 x 24, "X";
    delete_permanently_prompt_80x24: deleted, 80 x 24, "XD";
    empty_trash_prompt_80x24: deleted, 80 x 24, "XE";
    empty_trash_prompt_40x10: deleted, 40 x 10, "XE";
}

#[test]
fn undo_restores_and_selects_a_deleted_connection() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>");
    let name = harness.app.tree.selected_item().unwrap().name().to_owned();
    harness.play(DELETE);
    assert_eq!(harness.app.tree.len(), 2);
    assert!(harness.frame().contains("u to undo"), "{}", harness.frame());
    harness.play("u");
    let frame = harness.frame();
    assert!(frame.contains(&format!("Restored \"{name}\"")), "{frame}");
    assert_eq!(harness.app.tree.selected_item().unwrap().name(), name);
    assert_eq!(harness.app.tree.len(), 3);
    assert!(in_trash(&harness).is_empty());
    harness.play("u");
    assert!(harness.frame().contains("Nothing to undo"));
}

#[test]
fn toggle_and_delete_are_undone_in_reverse_order() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>");
    let id = harness.app.tree.selected_item().unwrap().id;
    let was_active = harness.app.tree.selected_item().unwrap().is_active;
    harness.play("t").play(DELETE).play("u");
    assert_eq!(
        harness.app.tree.item(id).unwrap().is_active,
        !was_active,
        "only the delete is undone"
    );
    harness.play("u");
    assert_eq!(harness.app.tree.item(id).unwrap().is_active, was_active);
}

#[test]
fn deletes_are_undone_one_by_one() {
    let mut harness = deleted(120, 40);
    assert_eq!(harness.app.tree.len(), 1);
    harness.play("uu");
    assert_eq!(harness.app.tree.len(), 3);
    assert_eq!(in_trash(&harness), Vec::<String>::new());
}

#[test]
fn undo_of_a_delete_with_a_used_alias_names_the_trash() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>").play(DELETE);
    let alias = in_trash(&harness).remove(0);
    take(&harness, &alias);
    harness.play("u");
    let frame = harness.frame();
    assert!(
        frame.contains("Restore from the trash (X) with another alias"),
        "{frame}"
    );
}

#[test]
fn refused_delete_leaves_nothing_to_undo() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>");
    let key: IdOrAlias = harness
        .app
        .tree
        .selected_item()
        .unwrap()
        .alias()
        .parse()
        .unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    harness.play(DELETE).play("u");
    assert!(harness.frame().contains("Nothing to undo"));
}

#[test]
fn enter_restores_the_selection_and_keeps_the_trash_open() {
    let mut harness = deleted(120, 40);
    let alias = in_trash(&harness).remove(0);
    harness.play("X<enter>");
    let frame = harness.frame();
    assert!(frame.contains("Restored"), "{frame}");
    assert!(frame.contains("Trash (1)"), "the trash stays open: {frame}");
    assert!(stored(&harness, &alias).is_some());
    harness.play("r");
    assert!(harness.frame().contains("The trash is empty"));
    assert_eq!(harness.app.tree.len(), 3);
    harness.play("<esc>u");
    assert!(
        harness.frame().contains("Cancel"),
        "undoing a restore asks before it deletes again: {}",
        harness.frame()
    );
}

#[test]
fn used_alias_offers_the_first_available_one() {
    let mut harness = deleted(80, 24);
    let alias = in_trash(&harness).remove(0);
    take(&harness, &alias);
    take(&harness, &format!("{alias}-2"));
    harness.play("rX<enter>");
    let frame = harness.frame();
    assert!(
        frame.contains(&format!("Enter restores it as '{alias}-3'")),
        "{frame}"
    );
    assert!(!frame.contains('✗'), "a suggestion, not an error: {frame}");
    harness.play("<enter>");
    assert!(
        harness.frame().contains(&format!("as '{alias}-3'")),
        "{}",
        harness.frame()
    );
    assert!(stored(&harness, &format!("{alias}-3")).is_some());
}

#[test]
fn used_suggestion_is_replaced_by_the_next_alias() {
    let mut harness = deleted(80, 24);
    let alias = in_trash(&harness).remove(0);
    take(&harness, &alias);
    harness.play("X<enter>");
    take(&harness, &format!("{alias}-2"));
    harness.play("<enter><enter>");
    assert!(
        stored(&harness, &format!("{alias}-3")).is_some(),
        "{}",
        harness.frame()
    );
}

#[test]
fn alias_suggestion_applies_to_its_connection_only() {
    let mut harness = deleted(80, 24);
    let aliases = in_trash(&harness);
    take(&harness, &aliases[0]);
    harness.play("X<enter><down><enter>");
    assert!(
        stored(&harness, &aliases[1]).is_some(),
        "{}",
        harness.frame()
    );
    assert_eq!(in_trash(&harness), [aliases[0].clone()]);
}

#[test]
fn enter_on_a_permanent_delete_cancels() {
    let mut harness = deleted(80, 24);
    harness.play("XD<enter>E<enter>D<esc>E<esc>");
    assert_eq!(in_trash(&harness).len(), 2);
    assert!(harness.frame().contains("Trash (2)"));
}

#[test]
fn permanent_delete_cannot_be_undone() {
    let mut harness = deleted(80, 24);
    let aliases = in_trash(&harness);
    harness.play("XD<tab><enter>");
    assert!(
        harness.frame().contains("Permanently deleted 1 connection"),
        "{}",
        harness.frame()
    );
    assert_eq!(in_trash(&harness), [aliases[1].clone()]);
    harness.play("<esc>u");
    assert!(harness.frame().contains("ermanent"), "{}", harness.frame());
    harness.play("uu");
    assert_eq!(harness.app.tree.len(), 2, "only the other one is restored");
    assert!(harness.frame().contains("Nothing to undo"));
}

#[test]
fn empty_trash_deletes_all_listed_connections() {
    let mut harness = deleted(80, 24);
    harness.play("XE<tab><enter>");
    let frame = harness.frame();
    assert!(
        frame.contains("Permanently deleted 2 connections"),
        "{frame}"
    );
    assert!(frame.contains("The trash is empty"), "{frame}");
    assert!(in_trash(&harness).is_empty());
    harness.play("E");
    assert!(harness.app.dialogs.len() == 1 && harness.app.dialogs.is_on::<TrashDialog>());
}

#[test]
fn empty_trash_keeps_connections_deleted_after_the_prompt() {
    let mut harness = deleted(80, 24);
    harness.play("XE");
    let key: IdOrAlias = harness
        .app
        .tree
        .selected_item()
        .map_or("anthropic-team-a", |item| item.alias())
        .parse()
        .unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    harness.play("<tab><enter>");
    assert_eq!(in_trash(&harness), ["anthropic-team-a"]);
    assert!(harness.frame().contains("Trash (1)"), "{}", harness.frame());
}

#[test]
fn already_removed_connection_counts_as_deleted() {
    let mut harness = deleted(80, 24);
    harness.play("XE");
    harness.elsewhere(&async |service: &dyn ConnectionService| {
        let window = PageRequest { skip: 0, take: 1 };
        let page = service.trash(window).await.unwrap();
        service.purge(page.items[0].id).await.unwrap();
    });
    harness.play("<tab><enter>");
    assert!(harness.frame().contains("The trash is empty"));
    assert!(!harness.frame().contains('✗'), "{}", harness.frame());
}

#[test]
fn trash_loads_all_pages() {
    let harness = harness_with_many_deleted();
    assert!(
        harness.frame().contains("Trash (1001)"),
        "{}",
        harness.frame()
    );
}

/// Local app with more than a page of connections in the trash.
fn harness_with_many_deleted() -> crate::support::harness::Harness {
    let mut harness = crate::support::harness::Harness::empty(80, 24);
    harness.elsewhere(&async |service: &dyn ConnectionService| {
        for number in 0..1_001 {
            let body =
                format!(r#"{{"alias":"c{number}","name":"N{number}","providerId":"openai"}}"#);
            let made = service.create(crate::support::draft(&body)).await.unwrap();
            service.delete(&made.item.id.into(), None).await.unwrap();
        }
    });
    harness.play("X");
    harness
}

#[test]
fn trash_reports_a_load_error() {
    let mut harness = crate::support::harness::Harness::three(80, 24);
    let event = crate::support::harness::events("X").remove(0);
    assert_eq!(harness.app.update(event), None);
    let Some(Effect::Call(ticket, ServiceRequest::Trash)) = harness.app.update(Event::Idle) else {
        panic!("expected the trash");
    };
    harness.happens(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    let frame = harness.frame();
    assert!(frame.contains("connection lost"), "{frame}");
    assert!(!frame.contains("The trash is empty"), "{frame}");
}

#[test]
fn enter_during_a_restore_sends_no_request() {
    let mut harness = crate::support::harness::Harness::three(80, 24);
    harness.play("<down>").play(DELETE).play("X");
    let enter = || crate::support::harness::events("<enter>").remove(0);
    let first = harness.app.update(enter());
    assert!(
        matches!(
            first,
            Some(Effect::Call(
                _,
                ServiceRequest::Run(Command::Restore { alias: None, .. })
            ))
        ),
        "{first:?}"
    );
    assert_eq!(harness.app.update(enter()), None);
}
