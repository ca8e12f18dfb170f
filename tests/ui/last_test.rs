//! Results of the last tests: in the tree, in the filter and in the next session.

use std::sync::Arc;

use crate::support::harness::Harness;
use umai::connection::{TestReport, TestStage, TestStep};
use umai::search::Health;
use umai::tui::effect::{Effect, ServiceReply, Ticket};
use umai::tui::event::Event;
use umai::tui::layout::Size;

fn passed() -> TestReport {
    TestReport {
        success: true,
        latency_ms: Some(12),
        ..TestReport::default()
    }
}

fn failed() -> TestReport {
    TestReport {
        status: Some(401),
        error_message: Some("Incorrect API key provided: sk-planted".into()),
        provider_message: Some("Incorrect API key provided: sk-planted".into()),
        steps: vec![TestStep {
            stage: TestStage::Authentication,
            passed: false,
            detail: Some("Incorrect API key provided: sk-planted".into()),
        }],
        ..TestReport::default()
    }
}

/// Begins a test of the selected connection.
fn begin_test(harness: &mut Harness) -> Ticket {
    harness.play("T");
    let asked = harness.effects.iter().rev();
    let ticket = asked.into_iter().find_map(|effect| match effect {
        Effect::Call(ticket, request) if request.is_stoppable() => Some(*ticket),
        _ => None,
    });
    ticket.unwrap()
}

/// Tests the selected connection.
fn run(harness: &mut Harness, report: TestReport) {
    let ticket = begin_test(harness);
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(report))));
}

/// Tests the selected connection and closes the report.
fn test(harness: &mut Harness, report: TestReport) {
    run(harness, report);
    harness.play("<esc>");
}

#[test]
fn result_shows_in_the_filter_until_the_connection_changes() {
    let mut harness = Harness::three(160, 40);
    harness.play("<down>");
    test(&mut harness, failed());
    harness.play("<down>");
    test(&mut harness, passed());
    harness.play("/status:failing");
    assert_eq!(harness.app.tree.shown_len(), 1);
    harness.play("<ctrl-u>status:untested");
    assert_eq!(harness.app.tree.shown_len(), 1);
    harness.play("<ctrl-u>status:failing<enter>");
    let tested = harness.app.tree.selected_item().unwrap();
    assert_eq!(tested.health, Health::Failed);
    let record = harness.app.tree.last_test(tested).unwrap();
    assert_eq!(record.summary(harness.app.screen.now.unwrap()), "401");
    harness.play("e<end> two<ctrl-s>/<ctrl-u>status:untested");
    assert_eq!(
        harness.app.tree.shown_len(),
        2,
        "a changed connection is untested"
    );
}

#[test]
fn results_are_restored_without_text_of_the_provider() {
    let mut harness = Harness::three(160, 40);
    harness.play("<down>");
    test(&mut harness, failed());
    harness.play("<home>");
    let saved = harness.app.session("/data");
    let text = saved.text().unwrap();
    assert!(
        text.contains("401") && !text.contains("Incorrect"),
        "{text}"
    );
    let size = Size {
        width: 160,
        height: 40,
    };
    let (service, runtime) = (Arc::clone(&harness.service), Arc::clone(&harness.runtime));
    let mut next = Harness::over(size, harness.clock.clone(), service, runtime);
    next.app.restore_session(saved);
    next.play("r/status:failing");
    assert_eq!(next.app.tree.shown_len(), 1);
    next.play("<enter>2");
    let frame = next.frame();
    assert!(frame.contains("failed, just now: 401"), "{frame}");
}

#[test]
fn stages_of_a_running_test_tick_off() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>");
    let ticket = begin_test(&mut harness);
    assert!(!harness.frame().contains('✓'));
    harness.happens(Event::TestStage(ticket, TestStage::Reached));
    let frame = harness.frame();
    for line in [
        "✓ settings        passed",
        "✓ reached         passed",
        "○ authentication  …",
    ] {
        assert!(frame.contains(line), "{line}\n{frame}");
    }
    harness.play("<esc>");
    let next = begin_test(&mut harness);
    harness.happens(Event::TestStage(ticket, TestStage::Models));
    assert_ne!(next, ticket);
    assert!(
        !harness.frame().contains('✓'),
        "a stage of the earlier test"
    );
}

#[test]
fn report_of_a_failure_says_that_the_connection_is_inactive() {
    for (report, is_named) in [(failed(), true), (passed(), false)] {
        let mut harness = Harness::three(120, 40);
        harness.play("<down><down>");
        assert!(!harness.app.tree.selected_item().unwrap().is_active);
        run(&mut harness, report);
        let frame = harness.frame();
        assert_eq!(
            frame.contains("The connection is inactive"),
            is_named,
            "{frame}"
        );
    }
}
