//! Stories of what must not be lost: drafts after a crash, changes of two at once, the whole connection in an editor.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use std::sync::Arc;

use stage::Stage as One;
use stage::twice::Twice as Stage;
use umai::connection::{ConnectionItem, ConnectionService, IdOrAlias};
use umai::drafts::Found;
use umai::tui::effect::{Effect, Slot};
use umai::tui::event::Event;
use umai::tui::follow::Heard;
use umai::tui::form::{Document, Kept, Subject};
use umai::tui::layer::Layer;
use umai::tui::merge::Side;
use umai::tui::tree::{Item, News};
use uuid::Uuid;

/// Opens the form of Anthropic Team A, the first of the three.
const EDIT: &str = "<down>e";

/// What both would keep now.
fn kept(stage: &Stage) -> Vec<(Slot, Arc<Kept>)> {
    let kept = stage.kept.iter();
    kept.map(|(slot, kept)| (*slot, Arc::clone(kept))).collect()
}

/// What is kept after a crash, as it is found at the next start.
fn found(number: u128, kept: &Kept) -> Found {
    Found {
        id: Uuid::from_u128(number),
        when: "2024-01-15T10:29:00Z".parse().unwrap(),
        content: Ok(kept.to_bytes()),
    }
}

fn unreadable(number: u128) -> Found {
    Found {
        id: Uuid::from_u128(number),
        when: "2024-01-14T08:00:00Z".parse().unwrap(),
        content: Err("It was sealed with another key, or is damaged".into()),
    }
}

/// An app that was typed into and crashed, and what it left.
fn crashed(keys: &str) -> Kept {
    let mut stage = Stage::three(120, 40);
    stage.play(keys).time_passes();
    let [(_, kept)] = kept(&stage).try_into().expect("one is kept");
    Kept::clone(&kept)
}

/// A new form and the change of a stored connection were not saved when two apps crashed, and one draft cannot be read.
fn after_crashes(width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    let new = crashed("nopenai<enter>Team B<tab><tab><tab>sk-planted-three");
    let changed = crashed("<down>e!<tab><tab><tab>sk-planted-four");
    stage.each(|stage| {
        let stored = item(stage, "anthropic-team-a");
        let mut changed = changed.clone();
        if let Subject::Stored { id, .. } = &mut changed.subject {
            *id = stored.id;
        }
        let drafts = vec![found(1, &new), found(2, &changed), unreadable(3)];
        stage.happens(Event::Found(drafts));
    });
    stage
}

fn first(stage: &Stage) -> ConnectionItem {
    get(stage, "anthropic-team-a").unwrap()
}

fn item(stage: &One, alias: &str) -> ConnectionItem {
    let key: IdOrAlias = alias.parse().unwrap();
    let got = stage.elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await);
    got.unwrap().item
}

fn get(stage: &Stage, alias: &str) -> Option<ConnectionItem> {
    let key: IdOrAlias = alias.parse().unwrap();
    let got = stage.elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await);
    Some(got.ok()?.item)
}

/// Somebody else changes the connection; nobody hears of it.
fn changed(stage: &Stage, alias: &str, body: &str) {
    let key: IdOrAlias = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.update(&key, common::draft(body), None).await
        })
        .unwrap();
}

/// The same, and it is heard of: of each connection where it has its own id.
fn changed_and_heard(stage: &mut Stage, body: &str) {
    let alias = get(stage, "anthropic-team-a").unwrap().alias;
    changed(stage, &alias, body);
    stage.each(|stage| {
        let id = stage.app.form().unwrap().id().unwrap();
        let got =
            stage.elsewhere(&async |service: &dyn ConnectionService| service.get(&id.into()).await);
        let item = got.unwrap().item;
        hear(stage, News::Saved(compact(&item)));
    });
}

fn hear(stage: &mut One, news: News) {
    stage.happens(Event::Heard(Heard::News(vec![news])));
}

fn compact(item: &ConnectionItem) -> Item {
    Item::new(item, Arc::from(item.provider_id.as_str()))
}

fn deleted_and_heard(stage: &mut Stage) {
    stage.each(|stage| {
        let id = stage.app.form().unwrap().id().unwrap();
        let deleted = stage.elsewhere(&async |service: &dyn ConnectionService| {
            service.delete(&id.into(), None).await
        });
        hear(stage, News::Deleted(deleted.unwrap().id));
    });
}

fn both_changed(width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    stage.play(EDIT).play(" mine<tab><tab><tab>sk-planted-mine");
    changed_and_heard(
        &mut stage,
        r#"{"name":"Theirs","isActive":false,"settings":{"apiKey":"sk-planted-theirs"}}"#,
    );
    stage
}

fn others_deleted(width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    stage.play(EDIT).play(" mine");
    deleted_and_heard(&mut stage);
    stage
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
    drafts_are_offered_at_the_start_with_what_they_are_and_when: after_crashes, 120 x 40, "";
    drafts_are_offered_in_two_panes: after_crashes, 80 x 24, "<down>";
    drafts_are_offered_in_one_pane: after_crashes, 40 x 10, "<down><down>";
    a_draft_of_a_new_connection_comes_back_as_it_was_typed: after_crashes, 80 x 24, "<enter>";
    discarding_a_draft_asks_with_cancel_focused: after_crashes, 80 x 24, "D";
    what_both_changed_is_said_below_the_form: both_changed, 80 x 24, "";
    what_both_changed_is_shown_side_by_side: both_changed, 120 x 40, "<ctrl-s>";
    what_both_changed_in_two_panes: both_changed, 80 x 24, "<ctrl-s><right><down>";
    what_both_changed_in_one_pane: both_changed, 40 x 10, "<ctrl-s><down>";
    what_was_deleted_elsewhere_can_come_back_or_become_a_new_one: others_deleted, 80 x 24, "<ctrl-s>";
    the_same_in_one_pane: others_deleted, 40 x 10, "<ctrl-s>";
}

#[test]
fn what_is_typed_is_kept_after_a_moment_and_given_up_when_it_is_saved() {
    let mut stage = Stage::three(120, 40);
    stage.play("nopenai<enter>Team B");
    assert!(kept(&stage).is_empty(), "no key waits for it");
    stage.time_passes();
    let [(slot, first)] = kept(&stage).try_into().unwrap();
    assert_eq!(first.name, "Team B");
    stage.play("<tab><tab><tab>sk-1").time_passes();
    let [(again, second)] = kept(&stage).try_into().unwrap();
    assert_eq!(again, slot, "it is one draft");
    assert_ne!(first, second);
    stage.play("<ctrl-s>");
    assert!(stage.frame().contains("Created"), "{}", stage.frame());
    assert!(kept(&stage).is_empty());
}

#[test]
fn what_is_discarded_or_typed_back_is_kept_no_more() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("X").time_passes();
    assert_eq!(kept(&stage).len(), 1);
    stage.play("<backspace>").time_passes();
    assert!(kept(&stage).is_empty(), "it is as it is stored");
    stage.play("Y").time_passes();
    stage.play("<esc><shift-tab><enter>");
    assert_eq!(first(&stage).version, 1, "nothing is saved");
    assert!(stage.app.layers.is_empty());
    assert!(kept(&stage).is_empty());
    stage.play("eZ").time_passes();
    stage.play("<f1>").play("<esc>");
    assert_eq!(kept(&stage).len(), 1, "help lies over it and takes nothing");
}

#[test]
fn the_draft_of_a_stored_connection_comes_back_over_the_version_it_was_made_over() {
    let mut stage = after_crashes(120, 40);
    stage.play("<down><enter>");
    let form = stage.app.form().unwrap();
    assert_eq!(form.name(), "Anthropic Team A!");
    assert!(form.is_changed());
    stage.play("<ctrl-s>");
    assert!(
        stage.frame().contains("Saved \"Anthropic Team A!\""),
        "{}",
        stage.frame()
    );
}

#[test]
fn a_restored_draft_takes_in_what_others_did_meanwhile() {
    let mut stage = after_crashes(120, 40);
    changed(&stage, "anthropic-team-a", r#"{"isActive":false}"#);
    stage.play("<down><enter>");
    let frame = stage.frame();
    assert!(
        frame.contains("Updated from elsewhere (v2): Status"),
        "{frame}"
    );
    stage.play("<ctrl-s>");
    let item = first(&stage);
    assert_eq!(
        (item.name.as_str(), item.is_active),
        ("Anthropic Team A!", false)
    );
}

#[test]
fn a_restored_draft_of_what_was_deleted_meanwhile_says_so() {
    let mut stage = after_crashes(120, 40);
    let key: IdOrAlias = "anthropic-team-a".parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    stage.play("<down><enter>");
    assert!(
        stage.frame().contains("Deleted elsewhere"),
        "{}",
        stage.frame()
    );
    stage.play("<ctrl-s><enter><ctrl-s>");
    assert_eq!(first(&stage).name, "Anthropic Team A!");
}

#[test]
fn later_keeps_the_drafts_and_the_key_shows_them_again() {
    let mut stage = after_crashes(120, 40);
    stage.play("<esc>");
    let frame = stage.frame();
    assert!(
        frame.contains("3 unsaved drafts kept for later (U)"),
        "{frame}"
    );
    let left = stage
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::ReleaseDrafts(ids) if ids.len() == 3));
    assert!(left, "others may be offered them");
    stage.play("U");
    assert_eq!(stage.effects.pop(), Some(Effect::Find));
    stage.happens(Event::Found(Vec::new()));
    assert!(stage.frame().contains("No unsaved drafts"));
}

#[test]
fn drafts_wait_until_nothing_else_is_on_screen() {
    let mut stage = Stage::three(120, 40);
    stage.play("n");
    stage.happens(Event::Found(vec![unreadable(3)]));
    assert!(matches!(stage.app.layers.as_slice(), [Layer::Picker(_)]));
    stage.play("<esc>");
    assert!(matches!(stage.app.layers.as_slice(), [Layer::Drafts(_)]));
    let mut stage = Stage::three(120, 40);
    stage.play("/anth");
    stage.happens(Event::Found(vec![unreadable(3)]));
    assert!(stage.app.layers.is_empty());
    stage.play("ropic<enter>");
    assert!(matches!(stage.app.layers.as_slice(), [Layer::Drafts(_)]));
}

#[test]
fn a_draft_that_cannot_be_read_is_said_and_can_be_discarded() {
    let mut stage = after_crashes(120, 40);
    stage.play("<down><down><enter>");
    assert!(
        stage.frame().contains("The draft cannot be read"),
        "{}",
        stage.frame()
    );
    stage.play("D<tab><enter>");
    assert!(stage.frame().contains("Discarded the draft"));
    let Some(Layer::Drafts(drafts)) = stage.app.layers.last() else {
        panic!("the others are still offered");
    };
    assert_eq!(drafts.drafts.len(), 2);
}

#[test]
fn a_draft_of_a_provider_that_is_gone_stays_kept() {
    let mut stage = Stage::three(120, 40);
    let kept = crashed("nopenai<enter>Team B");
    let bytes = kept.to_bytes();
    let text = std::str::from_utf8(&bytes).unwrap();
    let other = text.replace("\"providerId\":\"openai\"", "\"providerId\":\"gone\"");
    let draft = Found {
        content: Ok(other.into_bytes().into()),
        ..found(1, &kept)
    };
    stage.happens(Event::Found(vec![draft]));
    stage.play("<enter>");
    assert!(
        stage
            .frame()
            .contains("Provider 'gone' is not in the catalogue"),
        "{}",
        stage.frame()
    );
}

#[test]
fn what_only_others_changed_is_taken_in_and_what_only_i_changed_is_kept() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play(" mine<tab><tab><tab>sk-planted-mine");
    changed_and_heard(&mut stage, r#"{"alias":"team-a","isActive":false}"#);
    let frame = stage.frame();
    assert!(frame.contains("team-a"), "{frame}");
    assert!(
        frame.contains("Updated from elsewhere (v2): Alias, Status"),
        "{frame}"
    );
    stage.play("<ctrl-s>");
    let item = get(&stage, "team-a").unwrap();
    assert_eq!(
        (item.name.as_str(), item.is_active),
        ("Anthropic Team A mine", false)
    );
}

#[test]
fn a_save_over_what_was_not_heard_of_merges_and_saves_with_the_next_key() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play(" mine");
    changed(&stage, "anthropic-team-a", r#"{"isActive":false}"#);
    stage.play("<ctrl-s>");
    let frame = stage.frame();
    assert!(frame.contains("Save with Ctrl-S"), "{frame}");
    assert_eq!(first(&stage).version, 2, "nothing is saved unseen");
    stage.play("<ctrl-s>");
    assert_eq!(first(&stage).version, 3);
}

#[test]
fn a_save_over_a_conflict_that_was_not_heard_of_shows_both_at_once() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play(" mine");
    changed(&stage, "anthropic-team-a", r#"{"name":"Theirs"}"#);
    stage.play("<ctrl-s>");
    assert!(matches!(stage.app.layers.last(), Some(Layer::Merge(_))));
    stage.play("<enter>");
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn for_each_field_one_side_is_chosen_and_saved_over_the_new_version() {
    for (keys, name, is_mine) in [
        ("<ctrl-s><enter>", "Anthropic Team A mine", true),
        ("<ctrl-s><right><enter>", "Theirs", true),
        (
            "<ctrl-s><down><right><enter>",
            "Anthropic Team A mine",
            false,
        ),
        (
            "<ctrl-s><right><left><down><right><enter>",
            "Anthropic Team A mine",
            false,
        ),
    ] {
        let mut stage = both_changed(120, 40);
        stage.play(keys);
        assert!(stage.app.layers.is_empty(), "{keys}: {}", stage.frame());
        let item = first(&stage);
        assert_eq!(item.name, name, "{keys}");
        assert!(!item.is_active, "what only they changed is taken in");
        let saved = stage.elsewhere(&async |service: &dyn ConnectionService| {
            service.compare(&item.id.into(), 2, 3).await
        });
        let is_retyped = saved.is_ok_and(|compared| {
            let mut changes = compared.changes.iter();
            changes.any(|change| change.path == "settings.apiKey")
        });
        assert_eq!(is_retyped, is_mine, "{keys}");
    }
}

#[test]
fn nothing_is_decided_by_looking() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s><right><esc>");
    assert_eq!(stage.app.form().unwrap().name(), "Anthropic Team A mine");
    stage.play("<ctrl-s>");
    assert!(matches!(stage.app.layers.last(), Some(Layer::Merge(_))));
}

#[test]
fn others_who_go_on_while_one_chooses_are_taken_in_and_the_choice_stays() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s><down><right>");
    changed_and_heard(&mut stage, r#"{"name":"Theirs again"}"#);
    let frame = stage.frame();
    assert!(frame.contains("Theirs again"), "{frame}");
    let Some(Layer::Merge(merge)) = stage.app.layers.last() else {
        panic!("it is still asked");
    };
    let sides: Vec<_> = merge.conflicts.iter().map(|one| one.side).collect();
    assert_eq!(sides, [Side::Mine, Side::Theirs]);
    stage.play("<enter>");
    assert_eq!(first(&stage).version, 4);
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn others_who_save_between_the_choice_and_the_save_are_merged_once_more() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s>");
    changed(&stage, "anthropic-team-a", r#"{"name":"Theirs again"}"#);
    stage.play("<enter>");
    assert!(matches!(stage.app.layers.last(), Some(Layer::Merge(_))));
    assert!(stage.frame().contains("Theirs again"), "{}", stage.frame());
    stage.play("<enter>");
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn who_types_what_others_saved_is_in_no_conflict() {
    let mut stage = both_changed(120, 40);
    stage.play("<shift-tab><shift-tab><shift-tab><ctrl-u>Theirs<tab><tab><tab><ctrl-u>");
    stage.play("<ctrl-s>");
    assert!(stage.app.layers.is_empty(), "{}", stage.frame());
    assert_eq!(first(&stage).name, "Theirs");
}

#[test]
fn what_is_deleted_while_one_chooses_is_asked_about_otherwise() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s>");
    deleted_and_heard(&mut stage);
    assert!(matches!(stage.app.layers.last(), Some(Layer::Form(_))));
    stage.play("<ctrl-s>");
    assert!(matches!(stage.app.layers.last(), Some(Layer::Confirm(_))));
}

#[test]
fn what_was_deleted_elsewhere_comes_back_and_is_saved_over() {
    let mut stage = others_deleted(120, 40);
    stage.play("<ctrl-s><enter>");
    assert!(stage.frame().contains("Restored"), "{}", stage.frame());
    stage.play("<ctrl-s>");
    assert!(stage.app.layers.is_empty(), "{}", stage.frame());
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn what_was_deleted_elsewhere_becomes_a_new_one_once_its_secret_is_typed_again() {
    let mut stage = others_deleted(120, 40);
    stage.play("<ctrl-s><tab><enter>");
    let frame = stage.frame();
    assert!(frame.contains("This is now a new connection"), "{frame}");
    stage.play("sk-again<ctrl-s>");
    assert!(
        stage.frame().contains("Created \"Anthropic Team A mine\""),
        "{}",
        stage.frame()
    );
    assert_eq!(first(&stage).version, 1);
}

#[test]
fn what_was_deleted_elsewhere_becomes_a_new_one_at_once_where_nothing_is_left_behind() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<tab><tab><tab>sk-again");
    deleted_and_heard(&mut stage);
    stage.play("<ctrl-s><tab><enter>");
    assert!(stage.frame().contains("Created"), "{}", stage.frame());
}

#[test]
fn bringing_back_under_a_taken_alias_says_so_at_the_field() {
    let mut stage = others_deleted(120, 40);
    let body = r#"{"alias":"anthropic-team-a","name":"Quick","providerId":"anthropic","settings":{"apiKey":"sk-1"}}"#;
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(common::draft(body)).await
        })
        .unwrap();
    stage.play("<ctrl-s><enter>");
    let frame = stage.frame();
    assert!(frame.contains("Not restored"), "{frame}");
    stage.play("<ctrl-u>team-a<ctrl-s><enter><ctrl-s>");
    assert_eq!(
        get(&stage, "team-a").unwrap().name,
        "Anthropic Team A mine",
        "{}",
        stage.frame()
    );
}

/// What the editor is given.
fn handed_out(stage: &mut Stage) -> (umai::tui::effect::Ticket, String) {
    match stage.effects.pop() {
        Some(Effect::Edit(ticket, document)) => (ticket, String::clone(&document.0)),
        other => panic!("an editor was expected, not {other:?}"),
    }
}

/// The editor makes something of what it was given.
fn edit(stage: &mut Stage, does: impl Fn(String) -> String) {
    let (ticket, text) = handed_out(stage);
    let text = does(text);
    stage.happens(Event::Edited(ticket, Ok(Document(text.into()))));
}

#[test]
fn the_editor_gets_the_whole_connection_and_no_secret() {
    let mut stage = Stage::three(120, 40);
    stage
        .play(EDIT)
        .play("<tab><tab><tab>sk-planted-typed<ctrl-e>");
    let (_, text) = handed_out(&mut stage);
    insta::assert_snapshot!(text);
}

#[test]
fn what_the_editor_made_of_it_lands_in_the_form_and_is_not_saved() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    edit(&mut stage, |text| {
        text.replace("Anthropic Team A\",", "Renamed\", \"colour\": 1,")
            .replace("\"<unchanged>\"", "\"sk-planted-new\"")
            .replace("\"isActive\": true", "\"isActive\": false")
    });
    insta::assert_snapshot!(stage.frame());
    assert_eq!(first(&stage).version, 1);
    stage.play("<ctrl-s>");
    let item = first(&stage);
    assert_eq!((item.name.as_str(), item.is_active), ("Renamed", false));
}

#[test]
fn what_others_changed_while_the_editor_was_open_stays_changed() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    let (ticket, text) = handed_out(&mut stage);
    changed_and_heard(&mut stage, r#"{"alias":"team-a","isActive":false}"#);
    let text = text.replace("Anthropic Team A\",", "Renamed\",");
    stage.happens(Event::Edited(ticket, Ok(Document(text.into()))));
    let frame = stage.frame();
    assert!(frame.contains("Applied to the form: Name"), "{frame}");
    assert!(!frame.contains("Applied to the form: Name,"), "{frame}");
    stage.play("<ctrl-s>");
    let item = get(&stage, "team-a").unwrap();
    assert_eq!((item.name.as_str(), item.is_active), ("Renamed", false));
}

#[test]
fn surrounded_mask_from_the_editor_is_refused_at_its_field() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    edit(&mut stage, |text| {
        text.replace("\"<unchanged>\"", "\"Bearer ***\"")
    });
    let frame = stage.frame();
    assert!(!frame.contains("Taken into the form"), "{frame}");
    assert!(frame.contains("Is a mask, not a key"), "{frame}");
}

#[test]
fn an_edit_from_the_tree_opens_the_form_first() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><ctrl-e>");
    assert!(stage.app.form().is_some());
    edit(&mut stage, |text| text.replace("Team A\"", "Team B\""));
    assert_eq!(stage.app.form().unwrap().name(), "Anthropic Team B");
}

#[test]
fn what_the_editor_leaves_as_it_was_changes_nothing_not_even_what_is_typed() {
    let mut stage = Stage::three(120, 40);
    stage
        .play(EDIT)
        .play("!<tab><tab><tab>sk-planted-typed<ctrl-e>");
    let before = stage.app.form().unwrap().kept();
    edit(&mut stage, |text| text);
    assert!(stage.frame().contains("No changes made in the editor"));
    assert_eq!(stage.app.form().unwrap().kept(), before);
    stage.play("<ctrl-e>");
    edit(&mut stage, |text| format!("{text}\n// looked at"));
    assert_eq!(stage.app.form().unwrap().kept(), before);
    stage.play("<ctrl-e>");
    edit(&mut stage, |_| " \n".into());
    assert!(stage.frame().contains("The file is empty"));
    assert_eq!(stage.app.form().unwrap().kept(), before);
}

#[test]
fn a_text_that_cannot_be_read_is_offered_again_with_the_reason_where_it_is() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    edit(&mut stage, |text| {
        text.replace("\"isActive\": true,", "\"isActive\": true; // why not")
    });
    let frame = stage.frame();
    assert!(frame.contains("Not valid JSON, line"), "{frame}");
    assert!(frame.contains("Ctrl-E reopens your text"), "{frame}");
    stage.play("<ctrl-e>");
    let (ticket, text) = handed_out(&mut stage);
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("// !!"));
    assert!(
        lines[at.unwrap() + 1].contains("true; // why not"),
        "{text}"
    );
    // The editor breaks off: what was typed there is still offered.
    let lost = Err("The editor 'vi' failed (exit status: 1); the form was not changed".into());
    stage.happens(Event::Edited(ticket, lost));
    assert!(stage.frame().contains("the form was not changed"));
    stage.play("<ctrl-e>");
    edit(&mut stage, |text| text.replace("true;", "false,"));
    assert!(
        stage.frame().contains("Applied to the form: Status"),
        "{}",
        stage.frame()
    );
}

#[test]
fn errors_of_what_the_editor_made_stand_at_their_fields() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    edit(&mut stage, |text| {
        text.replace("\"Anthropic Team A\",", "null,")
            .replace("\"anthropic-team-a\"", "\"Bad Alias\"")
            .replace("\"isActive\": true", "\"isActive\": \"maybe\"")
    });
    insta::assert_snapshot!(stage.frame());
}

#[test]
fn members_that_no_field_takes_are_named() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    edit(&mut stage, |_| {
        r#"{"name":"Renamed","providerId":"openai","id":7,"settings":{"region":"x"}}"#.into()
    });
    let frame = stage.frame();
    for name in ["Applied to the form: Name", "region", "id", "providerId"] {
        assert!(frame.contains(name), "{name}: {frame}");
    }
}

#[test]
fn a_member_that_is_left_out_stays_and_null_empties_and_a_mask_is_no_secret() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>e<ctrl-e>");
    edit(&mut stage, |_| r#"{"settings":{"apiKey":"sk-***"}}"#.into());
    assert!(!stage.app.form().unwrap().is_changed());
    stage.play("<ctrl-e>");
    edit(&mut stage, |_| r#"{"settings":{"apiKey":null}}"#.into());
    assert!(stage.frame().contains("This field is required"));
    stage.play("<ctrl-e>");
    edit(&mut stage, |text| {
        assert!(text.contains("\"apiKey\": null"), "{text}");
        text.replace("\"apiKey\": null", "\"apiKey\": \"$OpenAI:ApiKey\"")
    });
    assert!(stage.frame().contains("resolves"), "{}", stage.frame());
}

#[test]
fn the_editor_may_be_gone_and_nothing_is_lost() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("!<ctrl-e>");
    let (ticket, _) = handed_out(&mut stage);
    let why = "Editor 'emacs' not found; set another one in EDITOR";
    stage.happens(Event::Edited(ticket, Err(why.into())));
    assert!(stage.frame().contains(why));
    assert_eq!(stage.app.form().unwrap().name(), "Anthropic Team A!");
}

#[test]
fn without_a_connection_there_is_nothing_to_edit() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-e>");
    assert!(stage.frame().contains("Select a connection to edit it"));
    assert!(stage.effects.is_empty());
}

#[test]
fn a_text_from_the_editor_for_a_form_that_is_gone_is_dropped() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    let (ticket, text) = handed_out(&mut stage);
    stage.play("<esc>");
    stage.happens(Event::Edited(ticket, Ok(Document(text.into()))));
    assert!(stage.app.layers.is_empty());
}
