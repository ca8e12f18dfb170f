//! Bulk operations: marking, activating, testing, deleting, exporting, undo.

use crate::support::every_target::EveryTarget as Harness;
use ratatui::buffer::Cell;
use ratatui::style::Color;
use umai::connection::{ListQuery, PageRequest, TestReport, TestStage, TestStep};
use umai::service::ConnectionService;
use umai::tui::bulk::BulkOperation;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::{Event, Mouse, MouseKind};
use umai::tui::theme::{Theme, ThemeName};

/// Keys that mark all connections.
const ALL: &str = "<ctrl-a>";

/// Alias and status of each connection.
fn states(harness: &Harness) -> Vec<(String, bool)> {
    let page = harness.elsewhere(&async |service: &dyn ConnectionService| {
        let window = PageRequest { skip: 0, take: 100 };
        service.list(ListQuery::all(window)).await.unwrap()
    });
    let items = page.items.into_iter();
    items.map(|item| (item.alias, item.is_active)).collect()
}

fn are_active(harness: &Harness) -> Vec<bool> {
    states(harness).into_iter().map(|(_, on)| on).collect()
}

/// Deletes a connection elsewhere, without a feed event.
fn delete_elsewhere(harness: &Harness, alias: &str) {
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.delete(&alias.parse().unwrap(), None).await
        })
        .unwrap();
}

/// Screen of three connections after these keys.
fn frame(keys: &str) -> String {
    let mut harness = Harness::three(120, 40);
    harness.play(keys);
    harness.frame()
}

macro_rules! stories {
    ($($name:ident: $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = Harness::three($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    marks_120x40: 120 x 40, "<ctrl-a>";
    marks_80x24: 80 x 24, "<down><space>";
    marks_40x10: 40 x 10, "<down><space>";
    toggle_preview_of_mixed_status_120x40: 120 x 40, "<ctrl-a>t";
    activate_preview_80x24: 80 x 24, "<ctrl-a>+";
    toggle_preview_40x10: 40 x 10, "<ctrl-a>t";
    delete_preview_80x24: 80 x 24, "<ctrl-a>D";
    delete_preview_40x10: 40 x 10, "<ctrl-a>D";
    activate_result_120x40: 120 x 40, "<ctrl-a>+<enter>";
    activate_result_40x10: 40 x 10, "<ctrl-a>+<enter>";
    export_prompt_80x24: 80 x 24, "<ctrl-a>E";
    export_prompt_40x10: 40 x 10, "<ctrl-a>E";
    bulk_test_progress_80x24: 80 x 24, "<ctrl-a>T<enter>";
}

#[test]
fn space_toggles_the_mark_and_selects_the_next() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><space><space>");
    assert_eq!(harness.app.tree.marked_len(), 2);
    assert_eq!(harness.app.tree.selected_at(), Some(2));
    harness.play("<up><space>");
    assert_eq!(harness.app.tree.marked_len(), 1);
    assert!(harness.frame().contains("1 marked"));
}

#[test]
fn space_without_a_connection_names_mark_all() {
    let text = frame("<space>");
    assert!(text.contains("Ctrl-A marks all shown"), "{text}");
}

#[test]
fn shift_v_marks_a_range() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><space><end>V");
    assert_eq!(harness.app.tree.marked_len(), 3);
    harness.play("<esc><end>V<up><up>V");
    assert_eq!(harness.app.tree.marked_len(), 3, "the range may go upwards");
}

#[test]
fn shift_arrow_marks_and_moves() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><shift-down>");
    assert_eq!(harness.app.tree.marked_len(), 2);
    assert_eq!(harness.app.tree.selected_at(), Some(1));
    harness.play("<esc><end><shift-up>");
    assert_eq!(harness.app.tree.marked_len(), 2);
    assert_eq!(harness.app.tree.selected_at(), Some(1));
}

#[test]
fn ctrl_a_toggles_the_marks_of_all_filtered_connections() {
    let mut harness = Harness::three(120, 40);
    harness.play("/provider:openai<enter><ctrl-a>");
    assert_eq!(harness.app.tree.marked_len(), 2);
    harness.play("<esc>");
    assert!(harness.app.tree.filter().is_none());
    assert_eq!(harness.app.tree.marked_len(), 2, "marks survive the filter");
    harness.play("/provider:anthropic<enter><ctrl-a>");
    assert_eq!(harness.app.tree.marked_len(), 3);
    harness.play("<ctrl-a>");
    assert_eq!(
        harness.app.tree.marked_len(),
        2,
        "only filtered connections change"
    );
}

#[test]
fn star_inverts_the_marks() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><space>*");
    assert_eq!(harness.app.tree.marked_len(), 2);
    harness.play("*");
    assert_eq!(harness.app.tree.marked_len(), 1);
}

#[test]
fn esc_removes_the_marks_first() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><space>");
    assert!(
        harness.frame().contains("Esc Unmark"),
        "{}",
        harness.frame()
    );
    harness.play("<esc>");
    assert_eq!(harness.app.tree.marked_len(), 0);
    assert!(harness.app.tree.selected_item().is_some());
}

#[test]
fn marks_survive_sorting_and_refresh() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><space><end><space>sr");
    assert_eq!(harness.app.tree.marked_len(), 2);
    assert!(harness.frame().contains("2 marked"));
}

#[test]
fn delete_elsewhere_removes_the_mark() {
    let mut harness = Harness::three(120, 40);
    harness.play(ALL);
    delete_elsewhere(&harness, "openai-dev");
    harness.play("r");
    assert_eq!(harness.app.tree.marked_len(), 2);
}

#[test]
fn click_left_of_the_name_toggles_the_mark() {
    let mut harness = Harness::three(120, 40);
    let click = |x, y| {
        Event::Mouse(Mouse {
            kind: MouseKind::Click,
            x,
            y,
        })
    };
    for (left, name, row) in [(41, 60, 4), (1, 12, 5)] {
        harness.happens(click(left, row));
        assert_eq!(harness.app.tree.marked_len(), 1);
        harness.happens(click(left, row));
        assert_eq!(harness.app.tree.marked_len(), 0);
        harness.happens(click(name, row));
        assert_eq!(
            harness.app.tree.marked_len(),
            0,
            "a click on the name sets no mark"
        );
        // The tree lists the connections beside a workspace.
        harness.play("<right><tab>");
    }
}

/// Colour of a text on screen.
fn colour_of(harness: &Harness, text: &str) -> Option<Color> {
    let (buffer, _) = harness.buffer();
    let width = usize::from(buffer.area.width);
    let symbols: Vec<_> = buffer.content.iter().map(Cell::symbol).collect();
    let rows = symbols.chunks(width).enumerate();
    let mut places = rows.filter_map(|(y, row)| {
        let line = row.concat();
        let at = line.find(text)?;
        Some(y * width + line[..at].chars().count())
    });
    places.next_back().map(|at| buffer.content[at].fg)
}

#[test]
fn bulk_activate_reports_connections_already_active() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>+<enter>");
    assert_eq!(are_active(&harness), [true, true, true]);
    let text = harness.frame();
    assert!(text.contains("1 activated · 2 already active"), "{text}");
    let theme = Theme::embedded(ThemeName::Dark);
    let (green, dim) = (theme.success.style().fg, theme.dim.style().fg);
    assert_eq!(colour_of(&harness, "1 activated"), green);
    assert_eq!(colour_of(&harness, "2 already active"), dim);
    assert_eq!(
        harness.app.tree.marked_len(),
        0,
        "finished rows are unmarked"
    );
}

#[test]
fn mixed_status_can_be_activated_or_deactivated() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>t<tab><enter>");
    assert_eq!(are_active(&harness), [false, false, false]);
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>t<shift-tab><enter>");
    assert_eq!(
        are_active(&harness),
        [true, false, true],
        "Cancel changes nothing"
    );
    assert!(harness.app.dialogs.is_empty());
    assert_eq!(harness.app.tree.marked_len(), 3);
}

#[test]
fn toggle_of_equal_status_offers_one_choice() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down><space><end><space><up><space>");
    let text = {
        harness.play("<esc>/prod<enter><ctrl-a>t");
        harness.frame()
    };
    assert!(text.contains("[ Deactivate ]"), "{text}");
    assert!(!text.contains("Activate"), "{text}");
}

#[test]
fn plus_and_minus_set_the_status_of_the_selection() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>-");
    assert_eq!(are_active(&harness), [false, false, true]);
    harness.play("-");
    assert!(harness.frame().contains("is already inactive"));
    harness.play("+u");
    assert_eq!(are_active(&harness), [false, false, true]);
}

#[test]
fn undo_reverts_a_bulk_toggle_except_unchanged_rows() {
    let mut harness = Harness::three(120, 40);
    let before = states(&harness);
    harness.play("<ctrl-a>t<tab><enter>");
    assert_ne!(states(&harness), before);
    harness.play("u");
    assert_eq!(states(&harness), before);
    let text = harness.frame();
    assert!(text.contains("Undo · Activate"), "{text}");
    harness.play("<esc>u");
    assert!(harness.frame().contains("Nothing to undo"));
}

#[test]
fn undo_restores_a_bulk_delete() {
    let mut harness = Harness::three(120, 40);
    let before = states(&harness);
    harness.play("<ctrl-a>D<tab><enter>");
    assert!(states(&harness).is_empty());
    assert_eq!(harness.app.tree.len(), 0);
    harness.play("<esc>u");
    assert_eq!(states(&harness), before);
    assert_eq!(harness.app.tree.len(), 3);
}

#[test]
fn enter_on_a_bulk_delete_cancels() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>D<enter>");
    assert_eq!(states(&harness).len(), 3);
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn already_deleted_row_succeeds_and_is_not_restored_by_undo() {
    let mut harness = Harness::three(120, 40);
    harness.play(ALL);
    delete_elsewhere(&harness, "openai-dev");
    harness.play("D<tab><enter>");
    let text = harness.frame();
    assert!(text.contains("2 deleted · 1 already deleted"), "{text}");
    harness.play("u");
    assert_eq!(
        states(&harness).len(),
        2,
        "connections deleted elsewhere stay deleted"
    );
}

#[test]
fn failed_row_comes_first_and_stays_marked() {
    let mut harness = Harness::three(120, 40);
    harness.play(ALL);
    delete_elsewhere(&harness, "openai-prod");
    harness.play("-<enter>");
    let text = harness.frame();
    assert!(text.contains("1 failed"), "{text}");
    let row = text.lines().position(|line| line.contains('✗')).unwrap();
    let done = text
        .lines()
        .position(|line| line.contains("✓ Anthropic Team A  "))
        .unwrap();
    assert!(row < done, "{text}");
    assert!(text.contains("r Retry"), "{text}");
    harness.play("<esc>");
    assert_eq!(harness.app.tree.marked_len(), 1);
    harness.play("B");
    assert!(harness.frame().contains("1 failed"));
}

#[test]
fn retried_rows_are_undone_with_the_operation() {
    let mut harness = Harness::three(120, 40);
    let before = states(&harness);
    harness.play("<down>-<ctrl-a>");
    delete_elsewhere(&harness, "anthropic-team-a");
    harness.play("+<enter>");
    assert!(harness.frame().contains("1 failed"), "{}", harness.frame());
    harness.elsewhere(&async |service: &dyn ConnectionService| {
        let window = PageRequest { skip: 0, take: 1 };
        let page = service.trash(window).await.unwrap();
        service.restore(page.items[0].id, None).await.unwrap();
    });
    harness.play("r");
    assert_eq!(are_active(&harness), [true, true, true]);
    assert!(
        harness.frame().contains("2 activated"),
        "{}",
        harness.frame()
    );
    harness.play("u<esc>u");
    assert_eq!(states(&harness), before);
}

#[test]
fn alias_conflict_is_reported_in_its_row() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>D<tab><enter><esc>");
    let body = r#"{"alias":"openai-dev","name":"Other","providerId":"openai","settings":{"apiKey":"sk-1"}}"#;
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(crate::support::draft(body)).await
        })
        .unwrap();
    harness.play("u");
    let text = harness.frame();
    assert!(text.contains("2 restored · 1 failed"), "{text}");
    assert!(text.contains("trash (X) with another alias"), "{text}");
}

/// Tickets of the pending tests of the local app.
fn asked(harness: &Harness) -> Vec<umai::tui::effect::Ticket> {
    let effects = harness.effects.iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Call(ticket, ServiceRequest::Test(_)) => Some(*ticket),
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
fn bulk_test_runs_in_parallel_and_opens_reports() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>T<enter>");
    let tests = asked(&harness);
    assert_eq!(tests.len(), 3, "all tests run in parallel");
    harness.happens(Event::Reply(
        tests[1],
        ServiceReply::Tested(Ok(report(true))),
    ));
    assert!(harness.frame().contains("1 of 3"), "{}", harness.frame());
    harness.happens(Event::Reply(
        tests[2],
        ServiceReply::Tested(Ok(report(false))),
    ));
    harness.happens(Event::Reply(
        tests[0],
        ServiceReply::Tested(Ok(report(true))),
    ));
    let text = harness.frame();
    assert!(text.contains("2 accepted · 1 failed"), "{text}");
    assert!(text.contains("The key is not known"), "{text}");
    harness.play("<enter>");
    let text = harness.frame();
    assert!(text.contains("Connection test failed"), "{text}");
    assert!(text.contains("api.example"), "{text}");
    harness.play("r");
    let again = *asked(&harness).last().unwrap();
    harness.happens(Event::Reply(again, ServiceReply::Tested(Ok(report(true)))));
    harness.play("<esc>");
    assert!(
        harness.frame().contains("3 accepted"),
        "{}",
        harness.frame()
    );
    harness.play("<esc>");
    assert_eq!(harness.app.tree.marked_len(), 1, "failed rows stay marked");
    assert_eq!(harness.app.workspace.tests.len(), 3);
    harness.play("<down>2");
    assert!(
        harness.frame().contains("successful, 42 ms"),
        "{}",
        harness.frame()
    );
}

#[test]
fn esc_stops_bulk_tests_and_reports_the_result() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>T<enter>");
    let tests = asked(&harness);
    harness.happens(Event::Reply(
        tests[0],
        ServiceReply::Tested(Ok(report(true))),
    ));
    harness.play("<esc>");
    let text = harness.frame();
    assert!(text.contains("1 accepted · 2 not started"), "{text}");
    assert!(
        !harness.app.awaits(tests[1]),
        "the pending test is cancelled"
    );
    harness.happens(Event::Reply(
        tests[1],
        ServiceReply::Tested(Ok(report(true))),
    ));
    assert_eq!(harness.frame(), text, "a late reply is ignored");
    harness.play("r");
    assert_eq!(asked(&harness).len(), 5);
}

#[test]
fn hidden_bulk_test_reports_its_end() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>T<enter>b");
    assert!(harness.app.dialogs.is_empty());
    let text = harness.frame();
    assert!(text.contains("Connections 3 · 3 marked"), "{text}");
    assert!(text.contains(" Testing 0 of 3 "), "{text}");
    harness.play("<ctrl-a><ctrl-a>T");
    assert!(
        harness.frame().contains("Testing is still running (B)"),
        "{}",
        harness.frame()
    );
    for test in asked(&harness) {
        harness.happens(Event::Reply(test, ServiceReply::Tested(Ok(report(true)))));
    }
    let text = harness.frame();
    assert!(text.contains("Test: 3 accepted (B)"), "{text}");
    harness.play("B");
    assert!(harness.app.dialogs.len() == 1 && harness.app.dialogs.is_on::<BulkOperation>());
}

#[test]
fn quit_during_bulk_asks_and_ctrl_c_does_not() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>T<enter>bq");
    let text = harness.frame();
    assert!(text.contains("Testing is running: 0 of 3"), "{text}");
    harness.play("<enter>");
    assert!(harness.app.dialogs.is_empty());
    assert_eq!(asked(&harness).len(), 3);
    harness.play("q<tab><enter>");
    assert!(harness.effects.contains(&Effect::Quit));
}

/// Path of a file in a new temporary directory.
fn file(name: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    (folder, path)
}

/// Keys that export the marked connections to this file.
fn export_to(path: &str) -> String {
    format!("E<ctrl-u>{path}<enter>")
}

#[test]
fn export_works_in_read_only_mode() {
    let mut harness = crate::support::harness::Harness::three(80, 24);
    harness.app.set_target(umai::tui::target_info::TargetInfo {
        read_only: Some("--read-only is set".into()),
        ..Default::default()
    });
    let (_folder, path) = file("out.json");
    harness.play("<ctrl-a>").play(&export_to(&path));
    assert!(std::fs::exists(&path).unwrap(), "{}", harness.frame());
}

#[test]
fn export_contains_marked_connections_without_secrets() {
    // Only one app, because two would write the same file.
    let mut harness = crate::support::harness::Harness::three(80, 24);
    let (_folder, path) = file("out.json");
    harness.play(ALL).play(&export_to(&path));
    let text = std::fs::read_to_string(&path).unwrap();
    let document: umai::connection::export::ExportedManifest = serde_json::from_str(&text).unwrap();
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
    let frame = harness.frame();
    assert!(frame.contains("3 exported · in "), "{frame}");
    assert_eq!(harness.app.tree.marked_len(), 0);
}

#[test]
fn existing_export_file_asks_with_cancel_focused() {
    let mut harness = crate::support::harness::Harness::three(120, 40);
    let (_folder, path) = file("out.json");
    std::fs::write(&path, "mine").unwrap();
    harness.play(ALL).play(&export_to(&path));
    assert!(
        harness.frame().contains("Replace file"),
        "{}",
        harness.frame()
    );
    harness.play("<enter>");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(
        harness.frame().contains("[ Export ]"),
        "{}",
        harness.frame()
    );
    harness.play("<enter><tab><enter>");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("umai.connections"), "{text}");
    assert!(
        harness.frame().contains("3 exported · in "),
        "{}",
        harness.frame()
    );
}

#[test]
fn failed_export_reports_the_error_and_keeps_the_prompt() {
    let mut harness = crate::support::harness::Harness::three(120, 40);
    let (folder, path) = file("missing/out.json");
    harness.play(ALL).play(&export_to(&path));
    let frame = harness.frame();
    assert!(frame.contains("directory not found"), "{frame}");
    let other = folder.path().join("other.json");
    harness.play(&format!("<ctrl-u>{}<enter>", other.display()));
    assert!(other.exists(), "{}", harness.frame());
}

#[test]
fn export_without_marks_uses_the_alias_as_file_name() {
    let text = frame("<down>E");
    assert!(text.contains("anthropic-team-a.yaml"), "{text}");
    assert!(text.contains("1 will be exported"), "{text}");
}

#[test]
fn deleted_connection_is_reported_and_not_exported() {
    let mut harness = crate::support::harness::Harness::three(120, 40);
    let (_folder, path) = file("out.json");
    harness.play(ALL);
    let key = "openai-dev".parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| service.delete(&key, None).await)
        .unwrap();
    harness.play(&export_to(&path));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("openai-dev"), "{text}");
    let frame = harness.frame();
    assert!(frame.contains("2 exported · 1 failed"), "{frame}");
}

#[test]
fn export_without_a_file_name_is_refused() {
    let text = frame("<ctrl-a>E<ctrl-u><enter>");
    assert!(text.contains("Enter a file name"), "{text}");
}

#[test]
fn preview_counts_connections_hidden_by_the_filter() {
    let mut harness = Harness::three(120, 40);
    harness.play("<ctrl-a>/prod<enter>D");
    let text = harness.frame();
    assert!(text.contains("Delete 3 connections?"), "{text}");
    assert!(text.contains("2 are hidden"), "{text}");
}
