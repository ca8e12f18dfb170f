//! Stories of many at once: marking, switching, testing, deleting, exporting, taking it back.
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
use umai::connection::{ConnectionService, Query, TestReport, TestStage, TestStep, Window};
use umai::tui::effect::{Effect, Reply, Request};
use umai::tui::event::{Event, Mouse, MouseKind};
use umai::tui::layer::Layer;

/// Marks all three.
const ALL: &str = "<ctrl-a>";

/// The state of each connection, by alias.
fn states(stage: &Stage) -> Vec<(String, bool)> {
    let page = stage.elsewhere(&async |service: &dyn ConnectionService| {
        let window = Window { skip: 0, take: 100 };
        service.list(Query::all(window)).await.unwrap()
    });
    let items = page.items.into_iter();
    items.map(|item| (item.alias, item.is_active)).collect()
}

fn are_active(stage: &Stage) -> Vec<bool> {
    states(stage).into_iter().map(|(_, on)| on).collect()
}

/// Somebody else deletes the connection of this alias, and nobody hears of it.
fn delete_elsewhere(stage: &Stage, alias: &str) {
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.delete(&alias.parse().unwrap(), None).await
        })
        .unwrap();
}

/// A frame of three connections, after these keys.
fn frame(keys: &str) -> String {
    let mut stage = Stage::three(120, 40);
    stage.play(keys);
    stage.frame()
}

macro_rules! stories {
    ($($name:ident: $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = Stage::three($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    marks_stand_in_the_gutter_and_are_counted: 120 x 40, "<ctrl-a>";
    marks_are_seen_in_two_panes: 80 x 24, "<down><space>";
    marks_are_seen_in_one_pane: 40 x 10, "<down><space>";
    a_mixed_selection_is_asked_which_way_to_switch: 120 x 40, "<ctrl-a>t";
    a_preview_says_what_changes_and_what_stays: 80 x 24, "<ctrl-a>+";
    a_preview_in_one_pane: 40 x 10, "<ctrl-a>t";
    deleting_many_asks_with_cancel_focused: 80 x 24, "<ctrl-a>D";
    deleting_many_in_one_pane: 40 x 10, "<ctrl-a>D";
    every_row_says_how_it_went: 120 x 40, "<ctrl-a>+<enter>";
    the_result_in_one_pane: 40 x 10, "<ctrl-a>+<enter>";
    an_export_asks_for_the_file: 80 x 24, "<ctrl-a>E";
    an_export_in_one_pane: 40 x 10, "<ctrl-a>E";
    tests_run_side_by_side_with_progress: 80 x 24, "<ctrl-a>T<enter>";
}

#[test]
fn space_marks_and_goes_on_and_marks_no_more() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><space><space>");
    assert_eq!(stage.app.tree.marked_len(), 2);
    assert_eq!(stage.app.tree.selected_at(), Some(2));
    stage.play("<up><space>");
    assert_eq!(stage.app.tree.marked_len(), 1);
    assert!(stage.frame().contains("1 marked"));
}

#[test]
fn space_where_nothing_can_be_marked_says_what_can() {
    let text = frame("<space>");
    assert!(text.contains("Ctrl-A marks all shown"), "{text}");
}

#[test]
fn a_range_is_marked_by_one_key_that_every_terminal_sends() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><space><end>V");
    assert_eq!(stage.app.tree.marked_len(), 3);
    stage.play("<esc><end>V<up><up>V");
    assert_eq!(stage.app.tree.marked_len(), 3, "upwards, too");
}

#[test]
fn shift_and_an_arrow_marks_on_the_way() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><shift-down>");
    assert_eq!(stage.app.tree.marked_len(), 2);
    assert_eq!(stage.app.tree.selected_at(), Some(1));
    stage.play("<esc><end><shift-up>");
    assert_eq!(stage.app.tree.marked_len(), 2);
    assert_eq!(stage.app.tree.selected_at(), Some(1));
}

#[test]
fn ctrl_a_marks_all_that_the_filter_shows_and_then_none_of_them() {
    let mut stage = Stage::three(120, 40);
    stage.play("/provider:openai<enter><ctrl-a>");
    assert_eq!(stage.app.tree.marked_len(), 2);
    stage.play("<esc>");
    assert!(stage.app.tree.filter().is_none());
    assert_eq!(stage.app.tree.marked_len(), 2, "marks outlive the filter");
    stage.play("/provider:anthropic<enter><ctrl-a>");
    assert_eq!(stage.app.tree.marked_len(), 3);
    stage.play("<ctrl-a>");
    assert_eq!(stage.app.tree.marked_len(), 2, "only what is shown");
}

#[test]
fn marks_can_be_turned_round() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><space>*");
    assert_eq!(stage.app.tree.marked_len(), 2);
    stage.play("*");
    assert_eq!(stage.app.tree.marked_len(), 1);
}

#[test]
fn esc_takes_the_marks_away_before_it_leaves_the_connection() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><space>");
    assert!(stage.frame().contains("Esc unmark"), "{}", stage.frame());
    stage.play("<esc>");
    assert_eq!(stage.app.tree.marked_len(), 0);
    assert!(stage.app.tree.selected_item().is_some());
}

#[test]
fn marks_outlive_sorting_and_reading_again() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><space><end><space>sr");
    assert_eq!(stage.app.tree.marked_len(), 2);
    assert!(stage.frame().contains("2 marked"));
}

#[test]
fn what_is_deleted_elsewhere_is_marked_no_more() {
    let mut stage = Stage::three(120, 40);
    stage.play(ALL);
    delete_elsewhere(&stage, "openai-dev");
    stage.play("r");
    assert_eq!(stage.app.tree.marked_len(), 2);
}

#[test]
fn the_gutter_takes_clicks() {
    let mut stage = Stage::three(120, 40);
    let click = |x, y| {
        Event::Mouse(Mouse {
            kind: MouseKind::Click,
            x,
            y,
        })
    };
    stage.happens(click(2, 5));
    assert_eq!(stage.app.tree.marked_len(), 1);
    stage.happens(click(2, 5));
    assert_eq!(stage.app.tree.marked_len(), 0);
    stage.happens(click(20, 5));
    assert_eq!(stage.app.tree.marked_len(), 0, "a name is not the gutter");
}

#[test]
fn all_that_are_marked_are_switched_on_and_the_others_said_to_be_so() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>+<enter>");
    assert_eq!(are_active(&stage), [true, true, true]);
    let text = stage.frame();
    assert!(text.contains("1 activated · 2 already active"), "{text}");
    assert_eq!(stage.app.tree.marked_len(), 0, "what is done is not marked");
}

#[test]
fn a_mixed_selection_can_go_either_way() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>t<tab><enter>");
    assert_eq!(are_active(&stage), [false, false, false]);
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>t<shift-tab><enter>");
    assert_eq!(are_active(&stage), [true, false, true], "that was Cancel");
    assert!(stage.app.layers.is_empty());
    assert_eq!(stage.app.tree.marked_len(), 3);
}

#[test]
fn t_on_connections_that_are_all_the_same_knows_the_way() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down><space><end><space><up><space>");
    let text = {
        stage.play("<esc>/prod<enter><ctrl-a>t");
        stage.frame()
    };
    assert!(text.contains("[ Disable ]"), "{text}");
    assert!(!text.contains("Activate"), "{text}");
}

#[test]
fn plus_and_minus_switch_the_selected_one_when_none_is_marked() {
    let mut stage = Stage::three(120, 40);
    stage.play("<down>-");
    assert_eq!(are_active(&stage), [false, false, true]);
    stage.play("-");
    assert!(stage.frame().contains("is already inactive"));
    stage.play("+u");
    assert_eq!(are_active(&stage), [false, false, true]);
}

#[test]
fn u_takes_a_bulk_switch_back_as_a_whole_and_leaves_what_was_so_before() {
    let mut stage = Stage::three(120, 40);
    let before = states(&stage);
    stage.play("<ctrl-a>t<tab><enter>");
    assert_ne!(states(&stage), before);
    stage.play("u");
    assert_eq!(states(&stage), before);
    let text = stage.frame();
    assert!(text.contains("Undo · Enable"), "{text}");
    stage.play("<esc>u");
    assert!(stage.frame().contains("Nothing to undo"));
}

#[test]
fn u_brings_back_all_that_were_deleted_at_once() {
    let mut stage = Stage::three(120, 40);
    let before = states(&stage);
    stage.play("<ctrl-a>D<tab><enter>");
    assert!(states(&stage).is_empty());
    assert_eq!(stage.app.tree.len(), 0);
    stage.play("<esc>u");
    assert_eq!(states(&stage), before);
    assert_eq!(stage.app.tree.len(), 3);
}

#[test]
fn enter_alone_deletes_nothing() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>D<enter>");
    assert_eq!(states(&stage).len(), 3);
    assert!(stage.app.layers.is_empty());
}

#[test]
fn one_that_was_deleted_elsewhere_before_is_no_failure_and_is_not_brought_back() {
    let mut stage = Stage::three(120, 40);
    stage.play(ALL);
    delete_elsewhere(&stage, "openai-dev");
    stage.play("D<tab><enter>");
    let text = stage.frame();
    assert!(text.contains("2 deleted · 1 already deleted"), "{text}");
    stage.play("u");
    assert_eq!(states(&stage).len(), 2, "what others deleted stays so");
}

#[test]
fn one_that_is_gone_fails_comes_first_and_stays_marked_until_it_is_heard_of() {
    let mut stage = Stage::three(120, 40);
    stage.play(ALL);
    delete_elsewhere(&stage, "openai-prod");
    stage.play("-<enter>");
    let text = stage.frame();
    assert!(text.contains("1 failed"), "{text}");
    let row = text.lines().position(|line| line.contains('✗')).unwrap();
    let done = text
        .lines()
        .position(|line| line.contains("✓ Anthropic Team A  "))
        .unwrap();
    assert!(row < done, "{text}");
    assert!(text.contains("r retry"), "{text}");
    stage.play("<esc>");
    assert_eq!(stage.app.tree.marked_len(), 1);
    stage.play("B");
    assert!(stage.frame().contains("1 failed"));
}

#[test]
fn what_failed_is_tried_again_and_undone_with_the_rest() {
    let mut stage = Stage::three(120, 40);
    let before = states(&stage);
    stage.play("<down>-<ctrl-a>");
    delete_elsewhere(&stage, "anthropic-team-a");
    stage.play("+<enter>");
    assert!(stage.frame().contains("1 failed"), "{}", stage.frame());
    stage.elsewhere(&async |service: &dyn ConnectionService| {
        let window = Window { skip: 0, take: 1 };
        let page = service.trash(window).await.unwrap();
        service.restore(page.items[0].id, None).await.unwrap();
    });
    stage.play("r");
    assert_eq!(are_active(&stage), [true, true, true]);
    assert!(stage.frame().contains("2 activated"), "{}", stage.frame());
    stage.play("u<esc>u");
    assert_eq!(states(&stage), before);
}

#[test]
fn an_alias_that_was_taken_meanwhile_is_told_in_its_row() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>D<tab><enter><esc>");
    let body = r#"{"alias":"openai-dev","name":"Other","providerId":"openai","settings":{"apiKey":"sk-1"}}"#;
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(common::draft(body)).await
        })
        .unwrap();
    stage.play("u");
    let text = stage.frame();
    assert!(text.contains("2 restored · 1 failed"), "{text}");
    assert!(text.contains("the trash (X)"), "{text}");
}

/// The tests that are asked for and not answered, here.
fn asked(stage: &Stage) -> Vec<umai::tui::effect::Ticket> {
    let effects = stage.effects.iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Call(ticket, Request::Test(_)) => Some(*ticket),
            _ => None,
        })
        .collect()
}

fn report(is_right: bool) -> TestReport {
    TestReport {
        success: is_right,
        error_message: (!is_right).then(|| "The key is not known".into()),
        steps: vec![TestStep {
            stage: TestStage::Reached,
            passed: is_right,
            detail: Some("api.example".into()),
        }],
        latency_ms: Some(42),
        ..TestReport::default()
    }
}

#[test]
fn a_selection_is_tested_side_by_side_and_each_report_can_be_opened() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>T<enter>");
    let tests = asked(&stage);
    assert_eq!(tests.len(), 3, "none waits for another");
    stage.happens(Event::Reply(tests[1], Reply::Tested(Ok(report(true)))));
    assert!(stage.frame().contains("1 of 3"), "{}", stage.frame());
    stage.happens(Event::Reply(tests[2], Reply::Tested(Ok(report(false)))));
    stage.happens(Event::Reply(tests[0], Reply::Tested(Ok(report(true)))));
    let text = stage.frame();
    assert!(text.contains("2 accepted · 1 failed"), "{text}");
    assert!(text.contains("The key is not known"), "{text}");
    stage.play("<enter>");
    let text = stage.frame();
    assert!(text.contains("Connection test failed"), "{text}");
    assert!(text.contains("api.example"), "{text}");
    stage.play("r");
    let again = *asked(&stage).last().unwrap();
    stage.happens(Event::Reply(again, Reply::Tested(Ok(report(true)))));
    stage.play("<esc>");
    assert!(stage.frame().contains("3 accepted"), "{}", stage.frame());
    stage.play("<esc>");
    assert_eq!(stage.app.tree.marked_len(), 1, "what failed stays marked");
    assert_eq!(stage.app.tests.len(), 3);
    stage.play("<down>2");
    assert!(
        stage.frame().contains("successful, 42 ms"),
        "{}",
        stage.frame()
    );
}

#[test]
fn esc_stops_tests_and_says_what_was_done() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>T<enter>");
    let tests = asked(&stage);
    stage.happens(Event::Reply(tests[0], Reply::Tested(Ok(report(true)))));
    stage.play("<esc>");
    let text = stage.frame();
    assert!(text.contains("1 accepted · 2 not started"), "{text}");
    assert!(!stage.app.awaits(tests[1]), "it is broken off");
    stage.happens(Event::Reply(tests[1], Reply::Tested(Ok(report(true)))));
    assert_eq!(stage.frame(), text, "a late answer changes nothing");
    stage.play("r");
    assert_eq!(asked(&stage).len(), 5);
}

#[test]
fn tests_go_on_behind_the_tree_and_tell_when_they_are_over() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>T<enter>b");
    assert!(stage.app.layers.is_empty());
    let text = stage.frame();
    assert!(text.contains("Testing 0 of 3 · 3 marked"), "{text}");
    stage.play("<ctrl-a><ctrl-a>T");
    assert!(
        stage.frame().contains("Testing is still running (B)"),
        "{}",
        stage.frame()
    );
    for test in asked(&stage) {
        stage.happens(Event::Reply(test, Reply::Tested(Ok(report(true)))));
    }
    let text = stage.frame();
    assert!(text.contains("Test: 3 accepted (B)"), "{text}");
    stage.play("B");
    assert!(matches!(stage.app.layers.as_slice(), [Layer::Bulk]));
}

#[test]
fn q_while_something_is_done_asks_and_ctrl_c_does_not() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>T<enter>bq");
    let text = stage.frame();
    assert!(text.contains("Testing is running: 0 of 3"), "{text}");
    stage.play("<enter>");
    assert!(stage.app.layers.is_empty());
    assert_eq!(asked(&stage).len(), 3);
    stage.play("q<tab><enter>");
    assert!(stage.effects.contains(&Effect::Quit));
}

/// A file of this name in a folder of its own.
fn file(name: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    (folder, path)
}

/// Exports what is marked into this file.
fn export_to(path: &str) -> String {
    format!("E<ctrl-u>{path}<enter>")
}

#[test]
fn an_export_has_every_marked_connection_and_no_secret() {
    // One stage: two would write the same file.
    let mut stage = stage::Stage::three(80, 24);
    let (_folder, path) = file("out.json");
    stage.play(ALL).play(&export_to(&path));
    let text = std::fs::read_to_string(&path).unwrap();
    let document: umai::connection::export::Document = serde_json::from_str(&text).unwrap();
    let aliases: Vec<&str> = document
        .connections
        .iter()
        .map(|one| one.alias.as_str())
        .collect();
    assert_eq!(aliases, ["anthropic-team-a", "openai-dev", "openai-prod"]);
    assert_eq!(document.connections[0].blank, ["apiKey"]);
    assert_eq!(document.connections[1].blank, [""; 0]);
    assert!(text.contains(r#""apiKey": "$OpenAI:ApiKey""#), "{text}");
    assert!(!text.contains("planted"), "{text}");
    assert!(!text.contains("***"), "{text}");
    let frame = stage.frame();
    assert!(frame.contains("3 exported, in "), "{frame}");
    assert_eq!(stage.app.tree.marked_len(), 0);
}

#[test]
fn a_file_that_is_there_is_asked_about_with_cancel_focused() {
    let mut stage = stage::Stage::three(120, 40);
    let (_folder, path) = file("out.json");
    std::fs::write(&path, "mine").unwrap();
    stage.play(ALL).play(&export_to(&path));
    assert!(stage.frame().contains("Replace file"), "{}", stage.frame());
    stage.play("<enter>");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(stage.frame().contains("[ Export ]"), "{}", stage.frame());
    stage.play("<enter><tab><enter>");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("umai.connections"), "{text}");
    assert!(
        stage.frame().contains("3 exported, in "),
        "{}",
        stage.frame()
    );
}

#[test]
fn a_file_that_cannot_be_written_says_why_and_another_name_can_be_typed() {
    let mut stage = stage::Stage::three(120, 40);
    let (folder, path) = file("missing/out.json");
    stage.play(ALL).play(&export_to(&path));
    let frame = stage.frame();
    assert!(frame.contains("there is no such folder"), "{frame}");
    let other = folder.path().join("other.json");
    stage.play(&format!("<ctrl-u>{}<enter>", other.display()));
    assert!(other.exists(), "{}", stage.frame());
}

#[test]
fn one_connection_is_exported_without_a_mark_under_its_own_name() {
    let text = frame("<down>E");
    assert!(text.contains("anthropic-team-a.json"), "{text}");
    assert!(text.contains("1 will be exported"), "{text}");
}

#[test]
fn what_vanished_is_not_in_the_file_and_is_said() {
    let mut stage = stage::Stage::three(120, 40);
    let (_folder, path) = file("out.json");
    stage.play(ALL);
    let key = "openai-dev".parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    stage.play(&export_to(&path));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("openai-dev"), "{text}");
    let frame = stage.frame();
    assert!(frame.contains("2 exported · 1 failed"), "{frame}");
}

#[test]
fn an_export_without_a_name_asks_for_one() {
    let text = frame("<ctrl-a>E<ctrl-u><enter>");
    assert!(text.contains("Enter a file name"), "{text}");
}

#[test]
fn what_the_filter_hides_is_counted_before_anything_is_done() {
    let mut stage = Stage::three(120, 40);
    stage.play("<ctrl-a>/prod<enter>D");
    let text = stage.frame();
    assert!(text.contains("delete 3 connection(s)?"), "{text}");
    assert!(text.contains("2 are hidden by the filter"), "{text}");
}
