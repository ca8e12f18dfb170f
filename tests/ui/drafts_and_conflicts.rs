//! Unsaved input: drafts after a crash, merge conflicts, the external editor.

use std::sync::Arc;

use crate::support::every_target::EveryTarget as Harness;
use crate::support::harness::Harness as LocalHarness;
use umai::connection::{ConnectionItem, IdOrAlias};
use umai::drafts::StoredDraft;
use umai::search::TreeItem;
use umai::service::ConnectionService;
use umai::tui::change_feed::FeedEvent;
use umai::tui::dialogs::confirm::ConfirmDialog;
use umai::tui::dialogs::drafts::DraftsDialog;
use umai::tui::dialogs::merge::MergeDialog;
use umai::tui::dialogs::merge::MergeSide;
use umai::tui::dialogs::provider_picker::ProviderPicker;
use umai::tui::effect::{DraftSlot, Effect};
use umai::tui::event::Event;
use umai::tui::form::Form;
use umai::tui::form::{EditorDocument, FormSnapshot, FormSubject};
use umai::tui::tree::ItemChange;
use uuid::Uuid;

/// Keys that open the form of the first connection, Anthropic Team A.
const EDIT: &str = "<down>e";

/// Drafts that both apps have stored.
fn kept(harness: &Harness) -> Vec<(DraftSlot, Arc<FormSnapshot>)> {
    let kept = harness.kept.iter();
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
    let mut harness = Harness::three(120, 40);
    harness.play(keys).time_passes();
    let [(_, kept)] = kept(&harness).try_into().expect("one stored draft");
    FormSnapshot::clone(&kept)
}

/// Three drafts: of a new connection, of a changed connection, and an unreadable one.
fn after_crashes(width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    let new = crashed("nopenai<enter>Team B<tab><tab><tab>sk-planted-three");
    let changed = crashed("<down>e!<tab><tab><tab>sk-planted-four");
    harness.each(|harness| {
        let stored = item(harness, "anthropic-team-a");
        let mut changed = changed.clone();
        if let FormSubject::Stored { id, .. } = &mut changed.subject {
            *id = stored.id;
        }
        let drafts = vec![found(1, &new), found(2, &changed), unreadable(3)];
        harness.happens(Event::DraftsLoaded(drafts));
    });
    harness
}

fn first(harness: &Harness) -> ConnectionItem {
    get(harness, "anthropic-team-a").unwrap()
}

fn item(harness: &LocalHarness, alias: &str) -> ConnectionItem {
    let key: IdOrAlias = alias.parse().unwrap();
    let got = harness.elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await);
    got.unwrap().item
}

fn get(harness: &Harness, alias: &str) -> Option<ConnectionItem> {
    let key: IdOrAlias = alias.parse().unwrap();
    let got = harness.elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await);
    Some(got.ok()?.item)
}

/// Changes a connection elsewhere, without a feed event.
fn changed(harness: &Harness, alias: &str, body: &str) {
    let key: IdOrAlias = alias.parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service
                .update(&key, crate::support::draft(body), None)
                .await
        })
        .unwrap();
}

/// Changes a connection elsewhere, with a feed event for each app.
fn changed_and_heard(harness: &mut Harness, body: &str) {
    let alias = get(harness, "anthropic-team-a").unwrap().alias;
    changed(harness, &alias, body);
    harness.each(|harness| {
        let id = harness.app.form().unwrap().id().unwrap();
        let got = harness
            .elsewhere(&async |service: &dyn ConnectionService| service.get(&id.into()).await);
        let item = got.unwrap().item;
        hear(harness, ItemChange::Saved(compact(&item)));
    });
}

fn hear(harness: &mut LocalHarness, news: ItemChange) {
    harness.happens(Event::Feed(FeedEvent::Changes(vec![news])));
}

fn compact(item: &ConnectionItem) -> TreeItem {
    TreeItem::new(item, Arc::from(item.provider_id.as_str()))
}

fn deleted_and_heard(harness: &mut Harness) {
    harness.each(|harness| {
        let id = harness.app.form().unwrap().id().unwrap();
        let deleted = harness.elsewhere(&async |service: &dyn ConnectionService| {
            service.delete(&id.into(), None).await
        });
        hear(harness, ItemChange::Deleted(deleted.unwrap().id));
    });
}

fn both_changed(width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    harness
        .play(EDIT)
        .play(" mine<tab><tab><tab>sk-planted-mine");
    changed_and_heard(
        &mut harness,
        r#"{"name":"Theirs","isActive":false,"settings":{"apiKey":"sk-planted-theirs"}}"#,
    );
    harness
}

fn others_deleted(width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    harness.play(EDIT).play(" mine");
    deleted_and_heard(&mut harness);
    harness
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
    let mut harness = Harness::three(120, 40);
    harness.play("nopenai<enter>Team B");
    assert!(kept(&harness).is_empty(), "keys do not wait for the store");
    harness.time_passes();
    let [(slot, first)] = kept(&harness).try_into().unwrap();
    assert_eq!(first.name, "Team B");
    harness.play("<tab><tab><tab>sk-1").time_passes();
    let [(again, second)] = kept(&harness).try_into().unwrap();
    assert_eq!(again, slot, "both writes go to one slot");
    assert_ne!(first, second);
    harness.play("<ctrl-s>");
    assert!(harness.frame().contains("Created"), "{}", harness.frame());
    assert!(kept(&harness).is_empty());
}

#[test]
fn draft_is_removed_when_discarded_or_reverted() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("X").time_passes();
    assert_eq!(kept(&harness).len(), 1);
    harness.play("<backspace>").time_passes();
    assert!(kept(&harness).is_empty(), "the form is unchanged again");
    harness.play("Y").time_passes();
    harness.play("<esc><shift-tab><enter>");
    assert_eq!(first(&harness).version, 1, "nothing is saved yet");
    assert!(harness.app.dialogs.is_empty());
    assert!(kept(&harness).is_empty());
    harness.play("eZ").time_passes();
    harness.play("<f1>").play("<esc>");
    assert_eq!(
        kept(&harness).len(),
        1,
        "the help dialog does not remove it"
    );
}

#[test]
fn restored_draft_keeps_its_base_version() {
    let mut harness = after_crashes(120, 40);
    harness.play("<down><enter>");
    let form = harness.app.form().unwrap();
    assert_eq!(form.name(), "Anthropic Team A!");
    assert!(form.is_changed());
    harness.play("<ctrl-s>");
    assert!(
        harness.frame().contains("Saved \"Anthropic Team A!\""),
        "{}",
        harness.frame()
    );
}

#[test]
fn restored_draft_merges_changes_elsewhere() {
    let mut harness = after_crashes(120, 40);
    changed(&harness, "anthropic-team-a", r#"{"isActive":false}"#);
    harness.play("<down><enter>");
    let frame = harness.frame();
    assert!(
        frame.contains("Updated from elsewhere (v2): Status"),
        "{frame}"
    );
    harness.play("<ctrl-s>");
    let item = first(&harness);
    assert_eq!(
        (item.name.as_str(), item.is_active),
        ("Anthropic Team A!", false)
    );
}

#[test]
fn restored_draft_of_a_deleted_connection_reports_it() {
    let mut harness = after_crashes(120, 40);
    let key: IdOrAlias = "anthropic-team-a".parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    harness.play("<down><enter>");
    assert!(
        harness.frame().contains("Deleted elsewhere"),
        "{}",
        harness.frame()
    );
    harness.play("<ctrl-s><enter><ctrl-s>");
    assert_eq!(first(&harness).name, "Anthropic Team A!");
}

#[test]
fn esc_keeps_the_drafts_for_later() {
    let mut harness = after_crashes(120, 40);
    harness.play("<esc>");
    let frame = harness.frame();
    assert!(frame.contains("3 unsaved drafts kept (U)"), "{frame}");
    let left = harness
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::ReleaseDrafts(ids) if ids.len() == 3));
    assert!(left, "other processes may offer them");
    harness.play("U");
    assert_eq!(harness.effects.pop(), Some(Effect::LoadDrafts));
    harness.happens(Event::DraftsLoaded(Vec::new()));
    assert!(harness.frame().contains("No unsaved drafts"));
}

#[test]
fn drafts_are_offered_after_other_dialogs_close() {
    let mut harness = Harness::three(120, 40);
    harness.play("n");
    harness.happens(Event::DraftsLoaded(vec![unreadable(3)]));
    assert!(harness.app.dialogs.len() == 1 && harness.app.dialogs.is_on::<ProviderPicker>());
    harness.play("<esc>");
    assert!(harness.app.dialogs.len() == 1 && harness.app.dialogs.is_on::<DraftsDialog>());
    let mut harness = Harness::three(120, 40);
    harness.play("/anth");
    harness.happens(Event::DraftsLoaded(vec![unreadable(3)]));
    assert!(harness.app.dialogs.is_empty());
    harness.play("ropic<enter>");
    assert!(harness.app.dialogs.len() == 1 && harness.app.dialogs.is_on::<DraftsDialog>());
}

#[test]
fn unreadable_draft_is_reported_and_can_be_discarded() {
    let mut harness = after_crashes(120, 40);
    harness.play("<down><down><enter>");
    assert!(
        harness.frame().contains("The draft cannot be read"),
        "{}",
        harness.frame()
    );
    harness.play("D<tab><enter>");
    assert!(harness.frame().contains("Discarded the draft"));
    let Some(drafts) = harness.app.dialogs.top::<DraftsDialog>() else {
        panic!("expected the list of drafts");
    };
    assert_eq!(drafts.drafts.len(), 2);
}

#[test]
fn draft_of_an_unknown_provider_is_kept() {
    let mut harness = Harness::three(120, 40);
    let kept = crashed("nopenai<enter>Team B");
    let bytes = kept.to_bytes();
    let text = std::str::from_utf8(&bytes).unwrap();
    let other = text.replace("\"providerId\":\"openai\"", "\"providerId\":\"gone\"");
    let draft = StoredDraft {
        content: Ok(other.into_bytes().into()),
        ..found(1, &kept)
    };
    harness.happens(Event::DraftsLoaded(vec![draft]));
    harness.play("<enter>");
    assert!(
        harness
            .frame()
            .contains("Provider 'gone' is not in the catalog"),
        "{}",
        harness.frame()
    );
}

#[test]
fn merge_keeps_changes_of_both_sides() {
    let mut harness = Harness::three(120, 40);
    harness
        .play(EDIT)
        .play(" mine<tab><tab><tab>sk-planted-mine");
    changed_and_heard(&mut harness, r#"{"alias":"team-a","isActive":false}"#);
    let frame = harness.frame();
    assert!(frame.contains("team-a"), "{frame}");
    assert!(
        frame.contains("Updated from elsewhere (v2): Alias, Status"),
        "{frame}"
    );
    harness.play("<ctrl-s>");
    let item = get(&harness, "team-a").unwrap();
    assert_eq!(
        (item.name.as_str(), item.is_active),
        ("Anthropic Team A mine", false)
    );
}

#[test]
fn save_over_an_unseen_version_merges_first() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play(" mine");
    changed(&harness, "anthropic-team-a", r#"{"isActive":false}"#);
    harness.play("<ctrl-s>");
    let frame = harness.frame();
    assert!(frame.contains("Save with Ctrl-S"), "{frame}");
    assert_eq!(
        first(&harness).version,
        2,
        "nothing is saved without a merge"
    );
    harness.play("<ctrl-s>");
    assert_eq!(first(&harness).version, 3);
}

#[test]
fn save_over_an_unseen_conflict_opens_the_merge() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play(" mine");
    changed(&harness, "anthropic-team-a", r#"{"name":"Theirs"}"#);
    harness.play("<ctrl-s>");
    assert!(harness.app.dialogs.is_on::<MergeDialog>());
    harness.play("<enter>");
    assert_eq!(first(&harness).name, "Anthropic Team A mine");
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
        let mut harness = both_changed(120, 40);
        harness.play(keys);
        assert!(
            harness.app.dialogs.is_empty(),
            "{keys}: {}",
            harness.frame()
        );
        let item = first(&harness);
        assert_eq!(item.name, name, "{keys}");
        assert!(!item.is_active, "changes of the other side are merged");
        let saved = harness.elsewhere(&async |service: &dyn ConnectionService| {
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
    let mut harness = both_changed(120, 40);
    harness.play("<ctrl-s><right><esc>");
    assert_eq!(harness.app.form().unwrap().name(), "Anthropic Team A mine");
    harness.play("<ctrl-s>");
    assert!(harness.app.dialogs.is_on::<MergeDialog>());
}

#[test]
fn further_changes_update_the_merge_and_keep_choices() {
    let mut harness = both_changed(120, 40);
    harness.play("<ctrl-s><down><right>");
    changed_and_heard(&mut harness, r#"{"name":"Theirs again"}"#);
    let frame = harness.frame();
    assert!(frame.contains("Theirs again"), "{frame}");
    let Some(merge) = harness.app.dialogs.top::<MergeDialog>() else {
        panic!("expected the merge dialog");
    };
    let sides: Vec<_> = merge.conflicts.iter().map(|one| one.side).collect();
    assert_eq!(sides, [MergeSide::Mine, MergeSide::Theirs]);
    harness.play("<enter>");
    assert_eq!(first(&harness).version, 4);
    assert_eq!(first(&harness).name, "Anthropic Team A mine");
}

#[test]
fn change_before_the_save_is_merged_again() {
    let mut harness = both_changed(120, 40);
    harness.play("<ctrl-s>");
    changed(&harness, "anthropic-team-a", r#"{"name":"Theirs again"}"#);
    harness.play("<enter>");
    assert!(harness.app.dialogs.is_on::<MergeDialog>());
    assert!(
        harness.frame().contains("Theirs again"),
        "{}",
        harness.frame()
    );
    harness.play("<enter>");
    assert_eq!(first(&harness).name, "Anthropic Team A mine");
}

#[test]
fn equal_changes_are_no_conflict() {
    let mut harness = both_changed(120, 40);
    harness.play("<shift-tab><shift-tab><shift-tab><ctrl-u>Theirs<tab><tab><tab><ctrl-u>");
    harness.play("<ctrl-s>");
    assert!(harness.app.dialogs.is_empty(), "{}", harness.frame());
    assert_eq!(first(&harness).name, "Theirs");
}

#[test]
fn delete_elsewhere_closes_the_merge() {
    let mut harness = both_changed(120, 40);
    harness.play("<ctrl-s>");
    deleted_and_heard(&mut harness);
    assert!(harness.app.dialogs.is_on::<Form>());
    harness.play("<ctrl-s>");
    assert!(harness.app.dialogs.is_on::<ConfirmDialog>());
}

#[test]
fn deleted_connection_is_restored_and_saved() {
    let mut harness = others_deleted(120, 40);
    harness.play("<ctrl-s><enter>");
    assert!(harness.frame().contains("Restored"), "{}", harness.frame());
    harness.play("<ctrl-s>");
    assert!(harness.app.dialogs.is_empty(), "{}", harness.frame());
    assert_eq!(first(&harness).name, "Anthropic Team A mine");
}

#[test]
fn new_connection_from_a_deleted_one_needs_its_secret() {
    let mut harness = others_deleted(120, 40);
    harness.play("<ctrl-s><tab><enter>");
    let frame = harness.frame();
    assert!(frame.contains("This is now a new connection"), "{frame}");
    harness.play("sk-again<ctrl-s>");
    assert!(
        harness
            .frame()
            .contains("Created \"Anthropic Team A mine\""),
        "{}",
        harness.frame()
    );
    assert_eq!(first(&harness).version, 1);
}

#[test]
fn new_connection_from_a_deleted_one_without_secrets_is_created() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<tab><tab><tab>sk-again");
    deleted_and_heard(&mut harness);
    harness.play("<ctrl-s><tab><enter>");
    assert!(harness.frame().contains("Created"), "{}", harness.frame());
}

#[test]
fn restore_with_a_used_alias_reports_it_at_the_field() {
    let mut harness = others_deleted(120, 40);
    let body = r#"{"alias":"anthropic-team-a","name":"Quick","providerId":"anthropic","settings":{"apiKey":"sk-1"}}"#;
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(crate::support::draft(body)).await
        })
        .unwrap();
    harness.play("<ctrl-s><enter>");
    let frame = harness.frame();
    assert!(frame.contains("Not restored"), "{frame}");
    harness.play("<ctrl-u>team-a<ctrl-s><enter><ctrl-s>");
    assert_eq!(
        get(&harness, "team-a").unwrap().name,
        "Anthropic Team A mine",
        "{}",
        harness.frame()
    );
}

/// Opens the editor; returns its ticket and document.
fn open_in_editor(harness: &mut Harness) -> (umai::tui::effect::Ticket, String) {
    match harness.effects.pop() {
        Some(Effect::OpenEditor(ticket, document)) => (ticket, String::clone(&document.0)),
        other => panic!("expected the editor, got {other:?}"),
    }
}

/// Edits the document.
fn edit(harness: &mut Harness, does: impl Fn(String) -> String) {
    let (ticket, text) = open_in_editor(harness);
    let text = does(text);
    harness.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
}

#[test]
fn editor_document_has_all_fields_and_no_secret() {
    let mut harness = Harness::three(120, 40);
    harness
        .play(EDIT)
        .play("<tab><tab><tab>sk-planted-typed<ctrl-e>");
    let (_, text) = open_in_editor(&mut harness);
    insta::assert_snapshot!(text);
}

#[test]
fn edited_document_fills_the_form_without_saving() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    edit(&mut harness, |text| {
        text.replace("Anthropic Team A\",", "Renamed\", \"colour\": 1,")
            .replace("\"<unchanged>\"", "\"sk-planted-new\"")
            .replace("\"isActive\": true", "\"isActive\": false")
    });
    insta::assert_snapshot!(harness.frame());
    assert_eq!(first(&harness).version, 1);
    harness.play("<ctrl-s>");
    let item = first(&harness);
    assert_eq!((item.name.as_str(), item.is_active), ("Renamed", false));
}

#[test]
fn changes_elsewhere_during_an_external_edit_are_kept() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    let (ticket, text) = open_in_editor(&mut harness);
    changed_and_heard(&mut harness, r#"{"alias":"team-a","isActive":false}"#);
    let text = text.replace("Anthropic Team A\",", "Renamed\",");
    harness.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
    let frame = harness.frame();
    assert!(frame.contains("Applied to the form: Name"), "{frame}");
    assert!(!frame.contains("Applied to the form: Name,"), "{frame}");
    harness.play("<ctrl-s>");
    let item = get(&harness, "team-a").unwrap();
    assert_eq!((item.name.as_str(), item.is_active), ("Renamed", false));
}

#[test]
fn surrounded_mask_from_the_editor_is_refused_at_its_field() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    edit(&mut harness, |text| {
        text.replace("\"<unchanged>\"", "\"Bearer ***\"")
    });
    let frame = harness.frame();
    assert!(!frame.contains("Applied to the form"), "{frame}");
    assert!(frame.contains("Is a mask, not a key"), "{frame}");
}
#[test]
fn external_edit_from_the_tree_opens_the_form() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><ctrl-e>");
    assert!(harness.app.form().is_some());
    edit(&mut harness, |text| text.replace("Team A\"", "Team B\""));
    assert_eq!(harness.app.form().unwrap().name(), "Anthropic Team B");
}

#[test]
fn unchanged_document_keeps_typed_values() {
    let mut harness = Harness::three(120, 40);
    harness
        .play(EDIT)
        .play("!<tab><tab><tab>sk-planted-typed<ctrl-e>");
    let before = harness.app.form().unwrap().snapshot();
    edit(&mut harness, |text| text);
    assert!(harness.frame().contains("No changes made in the editor"));
    assert_eq!(harness.app.form().unwrap().snapshot(), before);
    harness.play("<ctrl-e>");
    edit(&mut harness, |text| format!("{text}\n// looked at"));
    assert_eq!(harness.app.form().unwrap().snapshot(), before);
    harness.play("<ctrl-e>");
    edit(&mut harness, |_| " \n".into());
    assert!(harness.frame().contains("The file is empty"));
    assert_eq!(harness.app.form().unwrap().snapshot(), before);
}

#[test]
fn invalid_document_reopens_with_its_error() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    edit(&mut harness, |text| {
        text.replace("\"isActive\": true,", "\"isActive\": true; // why not")
    });
    let frame = harness.frame();
    assert!(frame.contains("Not valid JSON, line"), "{frame}");
    assert!(frame.contains("Ctrl-E reopens your text"), "{frame}");
    harness.play("<ctrl-e>");
    let (ticket, text) = open_in_editor(&mut harness);
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("// !!"));
    assert!(
        lines[at.unwrap() + 1].contains("true; // why not"),
        "{text}"
    );
    // The editor fails; the text is still offered.
    let lost = Err("The editor 'vi' failed (exit status: 1); the form was not changed".into());
    harness.happens(Event::Edited(ticket, lost));
    assert!(harness.frame().contains("the form was not changed"));
    harness.play("<ctrl-e>");
    edit(&mut harness, |text| text.replace("true;", "false,"));
    assert!(
        harness.frame().contains("Applied to the form: Status"),
        "{}",
        harness.frame()
    );
}

#[test]
fn leaving_with_an_invalid_document_prompts() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    edit(&mut harness, |_| "not JSON".into());
    harness.play("<esc>");
    assert!(
        harness.frame().contains("Save changes to"),
        "{}",
        harness.frame()
    );
    harness.play("<esc><ctrl-e>");
    // Closing the editor without a change keeps the text, too.
    edit(&mut harness, |text| text);
    harness.play("<ctrl-e>");
    let (_, text) = open_in_editor(&mut harness);
    assert!(text.contains("not JSON"), "{text}");
}

#[test]
fn invalid_values_of_a_document_are_reported_at_their_fields() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    edit(&mut harness, |text| {
        text.replace("\"Anthropic Team A\",", "null,")
            .replace("\"anthropic-team-a\"", "\"Bad Alias\"")
            .replace("\"isActive\": true", "\"isActive\": \"maybe\"")
    });
    insta::assert_snapshot!(harness.frame());
}

#[test]
fn unknown_members_of_a_document_are_listed() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    edit(&mut harness, |_| {
        r#"{"name":"Renamed","providerId":"openai","id":7,"settings":{"region":"x"}}"#.into()
    });
    let frame = harness.frame();
    for name in ["Applied to the form: Name", "region", "id", "providerId"] {
        assert!(frame.contains(name), "{name}: {frame}");
    }
}

#[test]
fn missing_null_and_masked_members_of_a_document() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>e<ctrl-e>");
    edit(&mut harness, |_| {
        r#"{"settings":{"apiKey":"sk-***"}}"#.into()
    });
    assert!(!harness.app.form().unwrap().is_changed());
    harness.play("<ctrl-e>");
    edit(&mut harness, |_| r#"{"settings":{"apiKey":null}}"#.into());
    assert!(harness.frame().contains("This field is required"));
    harness.play("<ctrl-e>");
    edit(&mut harness, |text| {
        assert!(text.contains("\"apiKey\": null"), "{text}");
        text.replace("\"apiKey\": null", "\"apiKey\": \"$OpenAI:ApiKey\"")
    });
    assert!(harness.frame().contains("resolves"), "{}", harness.frame());
}

#[test]
fn failed_editor_keeps_the_form() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("!<ctrl-e>");
    let (ticket, _) = open_in_editor(&mut harness);
    let why = "Editor 'emacs' not found; set another one in EDITOR";
    harness.happens(Event::Edited(ticket, Err(why.into())));
    assert!(harness.frame().contains(why));
    assert_eq!(harness.app.form().unwrap().name(), "Anthropic Team A!");
}

#[test]
fn external_edit_without_a_connection_is_refused() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-e>");
    assert!(harness.frame().contains("Select a connection to edit it"));
    assert!(harness.effects.is_empty());
}

#[test]
fn document_of_a_closed_form_is_dropped() {
    let mut harness = Harness::three(120, 40);
    harness.play(EDIT).play("<ctrl-e>");
    let (ticket, text) = open_in_editor(&mut harness);
    harness.play("<esc>");
    harness.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn saving_shows_elapsed_seconds_and_says_that_it_cannot_stop() {
    let mut harness = LocalHarness::three(120, 40);
    harness.play("<down>e<end> two");
    harness.hold_answers();
    harness.play("<ctrl-s>");
    let saving = |harness: &LocalHarness| {
        harness
            .frame()
            .lines()
            .any(|line| line.contains("Saving… 1 s"))
    };
    assert!(harness.frame().contains("Saving… 0 s"));
    for _ in 0..4 {
        harness.time_passes();
    }
    assert!(saving(&harness), "{}", harness.frame());
    harness.play("<esc>");
    let frame = harness.frame();
    assert!(
        frame.contains("The save was sent and cannot be cancelled"),
        "{frame}"
    );
    harness.release(0, false);
    assert!(harness.frame().contains("✓ Saved"));
}
