//! Unsaved input: drafts after a crash, merge conflicts, the external editor.
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
use umai::drafts::StoredDraft;
use umai::tui::change_feed::FeedEvent;
use umai::tui::dialog::Dialog;
use umai::tui::effect::{DraftSlot, Effect};
use umai::tui::event::Event;
use umai::tui::form::{EditorDocument, FormSnapshot, FormSubject};
use umai::tui::merge::MergeSide;
use umai::tui::tree::{ItemChange, TreeItem};
use uuid::Uuid;

/// Keys that open the form of the first connection, Anthropic Team A.
const EDIT: &str = "<down>e";

/// Drafts that both apps have stored.
fn kept(stage: &Stage) -> Vec<(DraftSlot, Arc<FormSnapshot>)> {
    let kept = stage.kept.iter();
    kept.map(|(slot, kept)| (*slot, Arc::clone(kept))).collect()
}

/// Draft as it is found at the next start.
fn found(number: u128, kept: &FormSnapshot) -> StoredDraft {
    StoredDraft {
        id: Uuid::from_u128(number),
        date: "2024-01-15T10:29:00Z".parse().unwrap(),
        content: Ok(kept.to_bytes()),
    }
}

fn unreadable(number: u128) -> StoredDraft {
    StoredDraft {
        id: Uuid::from_u128(number),
        date: "2024-01-14T08:00:00Z".parse().unwrap(),
        content: Err("It was sealed with another key, or is damaged".into()),
    }
}

/// Draft of an app that crashed after these keys.
fn crashed(keys: &str) -> FormSnapshot {
    let mut stage = Stage::three(120, 40);
    stage.play(keys).time_passes();
    let [(_, kept)] = kept(&stage).try_into().expect("one stored draft");
    FormSnapshot::clone(&kept)
}

/// Three drafts: of a new connection, of a changed connection, and an unreadable one.
fn after_crashes(width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    let new = crashed("nopenai<enter>Team B<tab><tab><tab>sk-planted-three");
    let changed = crashed("<down>e!<tab><tab><tab>sk-planted-four");
    stage.each(|stage| {
        let stored = item(stage, "anthropic-team-a");
        let mut changed = changed.clone();
        if let FormSubject::Stored { id, .. } = &mut changed.subject {
            *id = stored.id;
        }
        let drafts = vec![found(1, &new), found(2, &changed), unreadable(3)];
        stage.happens(Event::DraftsLoaded(drafts));
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

/// Changes a connection elsewhere, without a feed event.
fn changed(stage: &Stage, alias: &str, body: &str) {
    let key: IdOrAlias = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.update(&key, common::draft(body), None).await
        })
        .unwrap();
}

/// Changes a connection elsewhere, with a feed event for each app.
fn changed_and_heard(stage: &mut Stage, body: &str) {
    let alias = get(stage, "anthropic-team-a").unwrap().alias;
    changed(stage, &alias, body);
    stage.each(|stage| {
        let id = stage.app.form().unwrap().id().unwrap();
        let got =
            stage.elsewhere(&async |service: &dyn ConnectionService| service.get(&id.into()).await);
        let item = got.unwrap().item;
        hear(stage, ItemChange::Saved(compact(&item)));
    });
}

fn hear(stage: &mut One, news: ItemChange) {
    stage.happens(Event::Feed(FeedEvent::Changes(vec![news])));
}

fn compact(item: &ConnectionItem) -> TreeItem {
    TreeItem::new(item, Arc::from(item.provider_id.as_str()))
}

fn deleted_and_heard(stage: &mut Stage) {
    stage.each(|stage| {
        let id = stage.app.form().unwrap().id().unwrap();
        let deleted = stage.elsewhere(&async |service: &dyn ConnectionService| {
            service.delete(&id.into(), None).await
        });
        hear(stage, ItemChange::Deleted(deleted.unwrap().id));
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
    unsaved_drafts_120x40: after_crashes, 120 x 40, "";
    unsaved_drafts_80x24: after_crashes, 80 x 24, "<down>";
    unsaved_drafts_40x10: after_crashes, 40 x 10, "<down><down>";
    restored_draft_80x24: after_crashes, 80 x 24, "<enter>";
    discard_draft_prompt_80x24: after_crashes, 80 x 24, "D";
    conflict_notice_80x24: both_changed, 80 x 24, "";
    merge_conflicts_120x40: both_changed, 120 x 40, "<ctrl-s>";
    merge_conflicts_80x24: both_changed, 80 x 24, "<ctrl-s><right><down>";
    merge_conflicts_40x10: both_changed, 40 x 10, "<ctrl-s><down>";
    deleted_elsewhere_prompt_80x24: others_deleted, 80 x 24, "<ctrl-s>";
    deleted_elsewhere_prompt_40x10: others_deleted, 40 x 10, "<ctrl-s>";
}

#[test]
fn draft_is_stored_after_a_delay_and_removed_on_save() {
    let mut stage = Stage::three(120, 40);
    stage.play("nopenai<enter>Team B");
    assert!(kept(&stage).is_empty(), "keys do not wait for the store");
    stage.time_passes();
    let [(slot, first)] = kept(&stage).try_into().unwrap();
    assert_eq!(first.name, "Team B");
    stage.play("<tab><tab><tab>sk-1").time_passes();
    let [(again, second)] = kept(&stage).try_into().unwrap();
    assert_eq!(again, slot, "both writes go to one slot");
    assert_ne!(first, second);
    stage.play("<ctrl-s>");
    assert!(stage.frame().contains("Created"), "{}", stage.frame());
    assert!(kept(&stage).is_empty());
}

#[test]
fn draft_is_removed_when_discarded_or_reverted() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("X").time_passes();
    assert_eq!(kept(&stage).len(), 1);
    stage.play("<backspace>").time_passes();
    assert!(kept(&stage).is_empty(), "the form is unchanged again");
    stage.play("Y").time_passes();
    stage.play("<esc><shift-tab><enter>");
    assert_eq!(first(&stage).version, 1, "nothing is saved yet");
    assert!(stage.app.dialogs.is_empty());
    assert!(kept(&stage).is_empty());
    stage.play("eZ").time_passes();
    stage.play("<f1>").play("<esc>");
    assert_eq!(kept(&stage).len(), 1, "the help dialog does not remove it");
}

#[test]
fn restored_draft_keeps_its_base_version() {
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
fn restored_draft_merges_changes_elsewhere() {
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
fn restored_draft_of_a_deleted_connection_reports_it() {
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
fn esc_keeps_the_drafts_for_later() {
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
    assert!(left, "other processes may offer them");
    stage.play("U");
    assert_eq!(stage.effects.pop(), Some(Effect::LoadDrafts));
    stage.happens(Event::DraftsLoaded(Vec::new()));
    assert!(stage.frame().contains("No unsaved drafts"));
}

#[test]
fn drafts_are_offered_after_other_dialogs_close() {
    let mut stage = Stage::three(120, 40);
    stage.play("n");
    stage.happens(Event::DraftsLoaded(vec![unreadable(3)]));
    assert!(matches!(stage.app.dialogs.as_slice(), [Dialog::Picker(_)]));
    stage.play("<esc>");
    assert!(matches!(stage.app.dialogs.as_slice(), [Dialog::Drafts(_)]));
    let mut stage = Stage::three(120, 40);
    stage.play("/anth");
    stage.happens(Event::DraftsLoaded(vec![unreadable(3)]));
    assert!(stage.app.dialogs.is_empty());
    stage.play("ropic<enter>");
    assert!(matches!(stage.app.dialogs.as_slice(), [Dialog::Drafts(_)]));
}

#[test]
fn unreadable_draft_is_reported_and_can_be_discarded() {
    let mut stage = after_crashes(120, 40);
    stage.play("<down><down><enter>");
    assert!(
        stage.frame().contains("The draft cannot be read"),
        "{}",
        stage.frame()
    );
    stage.play("D<tab><enter>");
    assert!(stage.frame().contains("Discarded the draft"));
    let Some(Dialog::Drafts(drafts)) = stage.app.dialogs.last() else {
        panic!("expected the list of drafts");
    };
    assert_eq!(drafts.drafts.len(), 2);
}

#[test]
fn draft_of_an_unknown_provider_is_kept() {
    let mut stage = Stage::three(120, 40);
    let kept = crashed("nopenai<enter>Team B");
    let bytes = kept.to_bytes();
    let text = std::str::from_utf8(&bytes).unwrap();
    let other = text.replace("\"providerId\":\"openai\"", "\"providerId\":\"gone\"");
    let draft = StoredDraft {
        content: Ok(other.into_bytes().into()),
        ..found(1, &kept)
    };
    stage.happens(Event::DraftsLoaded(vec![draft]));
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
fn merge_keeps_changes_of_both_sides() {
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
fn save_over_an_unseen_version_merges_first() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play(" mine");
    changed(&stage, "anthropic-team-a", r#"{"isActive":false}"#);
    stage.play("<ctrl-s>");
    let frame = stage.frame();
    assert!(frame.contains("Save with Ctrl-S"), "{frame}");
    assert_eq!(first(&stage).version, 2, "nothing is saved without a merge");
    stage.play("<ctrl-s>");
    assert_eq!(first(&stage).version, 3);
}

#[test]
fn save_over_an_unseen_conflict_opens_the_merge() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play(" mine");
    changed(&stage, "anthropic-team-a", r#"{"name":"Theirs"}"#);
    stage.play("<ctrl-s>");
    assert!(matches!(stage.app.dialogs.last(), Some(Dialog::Merge(_))));
    stage.play("<enter>");
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn chosen_sides_are_saved_over_the_new_version() {
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
        assert!(stage.app.dialogs.is_empty(), "{keys}: {}", stage.frame());
        let item = first(&stage);
        assert_eq!(item.name, name, "{keys}");
        assert!(!item.is_active, "changes of the other side are merged");
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
fn closing_the_merge_changes_nothing() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s><right><esc>");
    assert_eq!(stage.app.form().unwrap().name(), "Anthropic Team A mine");
    stage.play("<ctrl-s>");
    assert!(matches!(stage.app.dialogs.last(), Some(Dialog::Merge(_))));
}

#[test]
fn further_changes_update_the_merge_and_keep_choices() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s><down><right>");
    changed_and_heard(&mut stage, r#"{"name":"Theirs again"}"#);
    let frame = stage.frame();
    assert!(frame.contains("Theirs again"), "{frame}");
    let Some(Dialog::Merge(merge)) = stage.app.dialogs.last() else {
        panic!("expected the merge dialog");
    };
    let sides: Vec<_> = merge.conflicts.iter().map(|one| one.side).collect();
    assert_eq!(sides, [MergeSide::Mine, MergeSide::Theirs]);
    stage.play("<enter>");
    assert_eq!(first(&stage).version, 4);
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn change_before_the_save_is_merged_again() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s>");
    changed(&stage, "anthropic-team-a", r#"{"name":"Theirs again"}"#);
    stage.play("<enter>");
    assert!(matches!(stage.app.dialogs.last(), Some(Dialog::Merge(_))));
    assert!(stage.frame().contains("Theirs again"), "{}", stage.frame());
    stage.play("<enter>");
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn equal_changes_are_no_conflict() {
    let mut stage = both_changed(120, 40);
    stage.play("<shift-tab><shift-tab><shift-tab><ctrl-u>Theirs<tab><tab><tab><ctrl-u>");
    stage.play("<ctrl-s>");
    assert!(stage.app.dialogs.is_empty(), "{}", stage.frame());
    assert_eq!(first(&stage).name, "Theirs");
}

#[test]
fn delete_elsewhere_closes_the_merge() {
    let mut stage = both_changed(120, 40);
    stage.play("<ctrl-s>");
    deleted_and_heard(&mut stage);
    assert!(matches!(stage.app.dialogs.last(), Some(Dialog::Form(_))));
    stage.play("<ctrl-s>");
    assert!(matches!(stage.app.dialogs.last(), Some(Dialog::Confirm(_))));
}

#[test]
fn deleted_connection_is_restored_and_saved() {
    let mut stage = others_deleted(120, 40);
    stage.play("<ctrl-s><enter>");
    assert!(stage.frame().contains("Restored"), "{}", stage.frame());
    stage.play("<ctrl-s>");
    assert!(stage.app.dialogs.is_empty(), "{}", stage.frame());
    assert_eq!(first(&stage).name, "Anthropic Team A mine");
}

#[test]
fn new_connection_from_a_deleted_one_needs_its_secret() {
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
fn new_connection_from_a_deleted_one_without_secrets_is_created() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<tab><tab><tab>sk-again");
    deleted_and_heard(&mut stage);
    stage.play("<ctrl-s><tab><enter>");
    assert!(stage.frame().contains("Created"), "{}", stage.frame());
}

#[test]
fn restore_with_a_used_alias_reports_it_at_the_field() {
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

/// Opens the editor; returns its ticket and document.
fn open_in_editor(stage: &mut Stage) -> (umai::tui::effect::Ticket, String) {
    match stage.effects.pop() {
        Some(Effect::OpenEditor(ticket, document)) => (ticket, String::clone(&document.0)),
        other => panic!("expected the editor, got {other:?}"),
    }
}

/// Edits the document.
fn edit(stage: &mut Stage, does: impl Fn(String) -> String) {
    let (ticket, text) = open_in_editor(stage);
    let text = does(text);
    stage.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
}

#[test]
fn editor_document_has_all_fields_and_no_secret() {
    let mut stage = Stage::three(120, 40);
    stage
        .play(EDIT)
        .play("<tab><tab><tab>sk-planted-typed<ctrl-e>");
    let (_, text) = open_in_editor(&mut stage);
    insta::assert_snapshot!(text);
}

#[test]
fn edited_document_fills_the_form_without_saving() {
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
fn changes_elsewhere_during_an_external_edit_are_kept() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    let (ticket, text) = open_in_editor(&mut stage);
    changed_and_heard(&mut stage, r#"{"alias":"team-a","isActive":false}"#);
    let text = text.replace("Anthropic Team A\",", "Renamed\",");
    stage.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
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
fn external_edit_from_the_tree_opens_the_form() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><ctrl-e>");
    assert!(stage.app.form().is_some());
    edit(&mut stage, |text| text.replace("Team A\"", "Team B\""));
    assert_eq!(stage.app.form().unwrap().name(), "Anthropic Team B");
}

#[test]
fn unchanged_document_keeps_typed_values() {
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
fn invalid_document_reopens_with_its_error() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    edit(&mut stage, |text| {
        text.replace("\"isActive\": true,", "\"isActive\": true; // why not")
    });
    let frame = stage.frame();
    assert!(frame.contains("Not valid JSON, line"), "{frame}");
    assert!(frame.contains("Ctrl-E reopens your text"), "{frame}");
    stage.play("<ctrl-e>");
    let (ticket, text) = open_in_editor(&mut stage);
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("// !!"));
    assert!(
        lines[at.unwrap() + 1].contains("true; // why not"),
        "{text}"
    );
    // The editor fails; the text is still offered.
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
fn invalid_values_of_a_document_are_reported_at_their_fields() {
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
fn unknown_members_of_a_document_are_listed() {
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
fn missing_null_and_masked_members_of_a_document() {
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
fn failed_editor_keeps_the_form() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("!<ctrl-e>");
    let (ticket, _) = open_in_editor(&mut stage);
    let why = "Editor 'emacs' not found; set another one in EDITOR";
    stage.happens(Event::Edited(ticket, Err(why.into())));
    assert!(stage.frame().contains(why));
    assert_eq!(stage.app.form().unwrap().name(), "Anthropic Team A!");
}

#[test]
fn external_edit_without_a_connection_is_refused() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-e>");
    assert!(stage.frame().contains("Select a connection to edit it"));
    assert!(stage.effects.is_empty());
}

#[test]
fn document_of_a_closed_form_is_dropped() {
    let mut stage = Stage::three(120, 40);
    stage.play(EDIT).play("<ctrl-e>");
    let (ticket, text) = open_in_editor(&mut stage);
    stage.play("<esc>");
    stage.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
    assert!(stage.app.dialogs.is_empty());
}
