//! Trash: undo of a delete, restore, delete permanently, empty.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use stage::twice::Twice as Stage;
use umai::connection::{ConnectionItem, ConnectionService, IdOrAlias, PageRequest};
use umai::tui::dialog::Dialog;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::Event;

/// Keys that delete the selected connection.
const DELETE: &str = "D<tab><enter>";

/// App with the second and third connection in the trash.
fn deleted(width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    stage.play("<end>").play(DELETE);
    stage.turn(3_600);
    stage.play("<end>").play(DELETE);
    stage
}

/// Former aliases of the connections in the trash.
fn in_trash(stage: &Stage) -> Vec<String> {
    let items = stage.elsewhere(&async |service: &dyn ConnectionService| {
        service
            .trash(PageRequest { skip: 0, take: 10 })
            .await
            .unwrap()
    });
    items.items.into_iter().map(|item| item.alias).collect()
}

/// Connection with this alias that is not in the trash.
fn stored(stage: &Stage, alias: &str) -> Option<ConnectionItem> {
    let key: IdOrAlias = alias.parse().unwrap();
    let found = stage
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await)
        .ok()?;
    Some(found.item)
}

/// Creates a connection with this alias elsewhere.
fn take(stage: &Stage, alias: &str) {
    let body = format!(
        r#"{{"alias":"{alias}","name":"Who has {alias}","providerId":"openai","settings":{{"apiKey":"sk-1"}}}}"#
    );
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(common::draft(&body)).await
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
    empty_trash_80x24: Stage::three, 80 x 24, "X";
    delete_permanently_prompt_80x24: deleted, 80 x 24, "XD";
    empty_trash_prompt_80x24: deleted, 80 x 24, "XE";
    empty_trash_prompt_40x10: deleted, 40 x 10, "XE";
}

#[test]
fn undo_restores_and_selects_a_deleted_connection() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down>");
    let name = stage.app.tree.selected_item().unwrap().name().to_owned();
    stage.play(DELETE);
    assert_eq!(stage.app.tree.len(), 2);
    assert!(stage.frame().contains("u to undo"), "{}", stage.frame());
    stage.play("u");
    let frame = stage.frame();
    assert!(frame.contains(&format!("Restored \"{name}\"")), "{frame}");
    assert_eq!(stage.app.tree.selected_item().unwrap().name(), name);
    assert_eq!(stage.app.tree.len(), 3);
    assert!(in_trash(&stage).is_empty());
    stage.play("u");
    assert!(stage.frame().contains("Nothing to undo"));
}

#[test]
fn toggle_and_delete_are_undone_in_reverse_order() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>");
    let id = stage.app.tree.selected_item().unwrap().id;
    let was_active = stage.app.tree.selected_item().unwrap().is_active;
    stage.play("t").play(DELETE).play("u");
    assert_eq!(
        stage.app.tree.item(id).unwrap().is_active,
        !was_active,
        "only the delete is undone"
    );
    stage.play("u");
    assert_eq!(stage.app.tree.item(id).unwrap().is_active, was_active);
}

#[test]
fn deletes_are_undone_one_by_one() {
    let mut stage = deleted(120, 40);
    assert_eq!(stage.app.tree.len(), 1);
    stage.play("uu");
    assert_eq!(stage.app.tree.len(), 3);
    assert_eq!(in_trash(&stage), Vec::<String>::new());
}

#[test]
fn undo_of_a_delete_with_a_used_alias_names_the_trash() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down>").play(DELETE);
    let alias = in_trash(&stage).remove(0);
    take(&stage, &alias);
    stage.play("u");
    let frame = stage.frame();
    assert!(
        frame.contains("Restore from the trash (X) with another alias"),
        "{frame}"
    );
}

#[test]
fn refused_delete_leaves_nothing_to_undo() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down>");
    let key: IdOrAlias = stage
        .app
        .tree
        .selected_item()
        .unwrap()
        .alias()
        .parse()
        .unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    stage.play(DELETE).play("u");
    assert!(stage.frame().contains("Nothing to undo"));
}

#[test]
fn enter_restores_the_selection_and_keeps_the_trash_open() {
    let mut stage = deleted(120, 40);
    let alias = in_trash(&stage).remove(0);
    stage.play("X<enter>");
    let frame = stage.frame();
    assert!(frame.contains("Restored"), "{frame}");
    assert!(frame.contains("Trash (1)"), "the trash stays open: {frame}");
    assert!(stored(&stage, &alias).is_some());
    stage.play("r");
    assert!(stage.frame().contains("The trash is empty"));
    assert_eq!(stage.app.tree.len(), 3);
    stage.play("<esc>u");
    assert!(
        stage.frame().contains("Nothing to undo"),
        "a restored connection is not restored again"
    );
}

#[test]
fn used_alias_offers_the_first_available_one() {
    let mut stage = deleted(80, 24);
    let alias = in_trash(&stage).remove(0);
    take(&stage, &alias);
    take(&stage, &format!("{alias}-2"));
    stage.play("rX<enter>");
    let frame = stage.frame();
    assert!(
        frame.contains(&format!("Enter restores it as '{alias}-3'")),
        "{frame}"
    );
    assert!(!frame.contains('✗'), "a suggestion, not an error: {frame}");
    stage.play("<enter>");
    assert!(
        stage.frame().contains(&format!("as '{alias}-3'")),
        "{}",
        stage.frame()
    );
    assert!(stored(&stage, &format!("{alias}-3")).is_some());
}

#[test]
fn used_suggestion_is_replaced_by_the_next_alias() {
    let mut stage = deleted(80, 24);
    let alias = in_trash(&stage).remove(0);
    take(&stage, &alias);
    stage.play("X<enter>");
    take(&stage, &format!("{alias}-2"));
    stage.play("<enter><enter>");
    assert!(
        stored(&stage, &format!("{alias}-3")).is_some(),
        "{}",
        stage.frame()
    );
}

#[test]
fn alias_suggestion_applies_to_its_connection_only() {
    let mut stage = deleted(80, 24);
    let aliases = in_trash(&stage);
    take(&stage, &aliases[0]);
    stage.play("X<enter><down><enter>");
    assert!(stored(&stage, &aliases[1]).is_some(), "{}", stage.frame());
    assert_eq!(in_trash(&stage), [aliases[0].clone()]);
}

#[test]
fn enter_on_a_permanent_delete_cancels() {
    let mut stage = deleted(80, 24);
    stage.play("XD<enter>E<enter>D<esc>E<esc>");
    assert_eq!(in_trash(&stage).len(), 2);
    assert!(stage.frame().contains("Trash (2)"));
}

#[test]
fn permanent_delete_cannot_be_undone() {
    let mut stage = deleted(80, 24);
    let aliases = in_trash(&stage);
    stage.play("XD<tab><enter>");
    assert!(
        stage.frame().contains("Permanently deleted 1 connection"),
        "{}",
        stage.frame()
    );
    assert_eq!(in_trash(&stage), [aliases[1].clone()]);
    stage.play("<esc>uu");
    assert_eq!(stage.app.tree.len(), 2, "only the other one is restored");
    assert!(stage.frame().contains("Nothing to undo"));
}

#[test]
fn empty_trash_deletes_all_listed_connections() {
    let mut stage = deleted(80, 24);
    stage.play("XE<tab><enter>");
    let frame = stage.frame();
    assert!(
        frame.contains("Permanently deleted 2 connections"),
        "{frame}"
    );
    assert!(frame.contains("The trash is empty"), "{frame}");
    assert!(in_trash(&stage).is_empty());
    stage.play("E");
    assert!(matches!(stage.app.dialogs.as_slice(), [Dialog::Trash(_)]));
}

#[test]
fn empty_trash_keeps_connections_deleted_after_the_prompt() {
    let mut stage = deleted(80, 24);
    stage.play("XE");
    let key: IdOrAlias = stage
        .app
        .tree
        .selected_item()
        .map_or("anthropic-team-a", |item| item.alias())
        .parse()
        .unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    stage.play("<tab><enter>");
    assert_eq!(in_trash(&stage), ["anthropic-team-a"]);
    assert!(stage.frame().contains("Trash (1)"), "{}", stage.frame());
}

#[test]
fn already_removed_connection_counts_as_deleted() {
    let mut stage = deleted(80, 24);
    stage.play("XE");
    stage.elsewhere(&async |service: &dyn ConnectionService| {
        let window = PageRequest { skip: 0, take: 1 };
        let page = service.trash(window).await.unwrap();
        service.purge(page.items[0].id).await.unwrap();
    });
    stage.play("<tab><enter>");
    assert!(stage.frame().contains("The trash is empty"));
    assert!(!stage.frame().contains('✗'), "{}", stage.frame());
}

#[test]
fn trash_loads_all_pages() {
    let stage = stage_with_many_deleted();
    assert!(stage.frame().contains("Trash (1001)"), "{}", stage.frame());
}

/// Local app with more than a page of connections in the trash.
fn stage_with_many_deleted() -> stage::Stage {
    let mut stage = stage::Stage::empty(80, 24);
    stage.elsewhere(&async |service: &dyn ConnectionService| {
        for number in 0..1_001 {
            let body =
                format!(r#"{{"alias":"c{number}","name":"N{number}","providerId":"openai"}}"#);
            let made = service.create(common::draft(&body)).await.unwrap();
            service.delete(&made.item.id.into(), None).await.unwrap();
        }
    });
    stage.play("X");
    stage
}

#[test]
fn trash_reports_a_load_error() {
    let mut stage = stage::Stage::three(80, 24);
    let event = stage::events("X").remove(0);
    assert_eq!(stage.app.update(event), None);
    let Some(Effect::Call(ticket, ServiceRequest::Trash)) = stage.app.update(Event::Idle) else {
        panic!("expected the trash");
    };
    stage.happens(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    let frame = stage.frame();
    assert!(frame.contains("connection lost"), "{frame}");
    assert!(!frame.contains("The trash is empty"), "{frame}");
}

#[test]
fn enter_during_a_restore_sends_no_request() {
    let mut stage = stage::Stage::three(80, 24);
    stage.play("<down>").play(DELETE).play("X");
    let enter = || stage::events("<enter>").remove(0);
    let first = stage.app.update(enter());
    assert!(
        matches!(
            first,
            Some(Effect::Call(_, ServiceRequest::Restore(_, None)))
        ),
        "{first:?}"
    );
    assert_eq!(stage.app.update(enter()), None);
}
