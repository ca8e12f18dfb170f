//! Tests, models, info, history, comparison and rollback. Keys in, frames out.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test names describe the behaviour, and a test may panic"
)]

mod common;
mod stage;

use rstest::rstest;
use stage::twice::Twice as Stage;
use umai::connection::{
    Connection, ConnectionError, ConnectionService, Model, PageRequest, TestReport, TestStage,
    TestStep, TestSubject,
};
use umai::provider::Capability;
use umai::tui::action::{Action, KeyContext};
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::Event;
use umai::tui::theme::ThemeName;

/// Creates a stage with a connection in five versions: renamed, toggled, with a new endpoint and key.
fn changed(width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    for body in [
        r#"{"name":"OpenAI Production EU","changeDescription":"moved to Europe"}"#,
        r#"{"settings":{"organization":"org-1"}}"#,
        r#"{"settings":{"apiKey":"sk-planted-again"}}"#,
    ] {
        change(&stage, "openai-prod", body);
    }
    switch(&stage, "openai-prod", false);
    // The stage loaded the connections when it opened; later changes are loaded now.
    stage.play("r<end>");
    stage
}

/// Changes a connection outside the app.
fn change(stage: &Stage, alias: &str, body: &str) {
    let key = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.update(&key, common::draft(body), None).await
        })
        .unwrap();
}

/// Toggles a connection outside the app.
fn switch(stage: &Stage, alias: &str, active: bool) {
    let key = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.set_active(&key, active).await)
        .unwrap();
}

/// Returns a stored connection.
fn stored(stage: &Stage, alias: &str) -> Connection {
    let key = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await)
        .unwrap()
}

macro_rules! stories {
    ($($name:ident: $stage:ident $width:literal x $height:literal, $keys:expr;)*) => {
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
    history_in_three_panes: changed 120 x 40, "H";
    history_in_two_panes: changed 80 x 24, "H<down>";
    history_in_one_pane: changed 40 x 10, "H<down><down>";
    comparison_with_the_current_version: changed 80 x 24, "H<end><enter>";
    comparison_with_a_marked_version: changed 80 x 24, "H<down><down><space><end><enter>";
    comparison_in_one_pane: changed 40 x 10, "H<end><enter><down>";
    rollback_prompt_with_a_note: changed 80 x 24, "H<end>bas it was";
    rollback_creates_a_version_with_its_note: changed 120 x 40, "H<end>bas it was<enter>";
    field_rollback_keeps_other_fields: changed 120 x 40, "H<end><enter><down>f<enter>";
    info_in_three_panes: changed 120 x 40, "2<down><down>";
    info_in_one_pane: changed 40 x 10, "2";
    form_with_a_version_note: changed 80 x 24, "e<shift-tab>because";
}

#[test]
fn history_never_draws_a_secret() {
    let mut stage = changed(120, 40);
    for keys in [
        "H",
        "<end>",
        "<enter>",
        "<esc>",
        "<space><up><enter>",
        "<esc>",
        "b<enter>",
        "2",
    ] {
        stage.play(keys);
        assert!(!stage.frame().contains("planted"), "{keys}");
    }
}

#[test]
fn retyped_secret_is_reported_only_as_changed() {
    let mut stage = changed(80, 24);
    stage.play("H<down><space><down><enter>");
    let frame = stage.frame();
    assert!(frame.contains("OpenAI API Key: changed"), "{frame}");
    assert!(!frame.contains("***"), "{frame}");
    stage.play("f");
    assert!(
        stage.frame().contains("The history contains no secrets"),
        "{}",
        stage.frame()
    );
}

#[test]
fn equal_versions_have_no_changes() {
    let mut stage = changed(80, 24);
    stage.play("ttH<down><down><enter>");
    assert!(
        stage.frame().contains("No changes detected"),
        "{}",
        stage.frame()
    );
}

#[test]
fn esc_cancels_a_rollback_prompt() {
    let mut stage = changed(80, 24);
    stage.play("H<end>b<esc>");
    let version = |stage: &Stage| stored(stage, "openai-prod").item.version;
    assert_eq!(version(&stage), 5);
    stage.play("b<shift-tab><enter>");
    assert_eq!(version(&stage), 5, "Cancel was pressed");
    stage.play("b<enter>");
    assert_eq!(version(&stage), 6);
}

#[test]
fn rollback_to_the_current_version_is_unavailable() {
    let mut stage = changed(80, 24);
    stage.play("Hb");
    assert!(stage.app.dialogs.is_empty());
    assert!(stage.frame().contains("v5 is the current version"));
}

#[test]
fn rejected_rollback_shows_the_reason() {
    let mut stage = Stage::three(120, 40);
    change(&stage, "openai-dev", r#"{"alias":"moved"}"#);
    let body = r#"{"alias":"openai-dev","name":"Other","providerId":"openai","settings":{"apiKey":"sk-1"}}"#;
    stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(common::draft(body)).await
        })
        .unwrap();
    stage.play("r/development<enter>H<end>b<enter>");
    let frame = stage.frame();
    assert!(
        frame.contains("A connection with alias 'openai-dev' already exists"),
        "{frame}"
    );
}

#[test]
fn rollback_keeps_the_stored_key() {
    let mut stage = changed(120, 40);
    stage.play("H<end>b<enter>");
    let connection = stored(&stage, "openai-prod");
    assert_eq!(connection.item.name, "OpenAI Production");
    assert!(connection.item.is_active);
    let versions = stage
        .elsewhere(&async |service: &dyn ConnectionService| {
            let window = PageRequest { skip: 0, take: 1 };
            service.versions(&connection.item.id.into(), window).await
        })
        .unwrap();
    let change = &versions.items[0].change;
    assert!(!change.paths.contains(&"settings.apiKey".to_owned()));
    assert_eq!(change.description.as_deref(), Some("Rollback to v1"));
}

#[rstest]
#[case("<down><down>", "openai-prod")]
#[case("", "3fa85f64-5717-4562-b3fc-2c963f66afa6")]
#[case("<down><down><down>", "openai")]
#[case("<end>", "not in this session")]
#[case("<end><up>", "5")]
fn every_info_line_can_be_copied(#[case] keys: &str, #[case] copied: &str) {
    let mut stage = changed(120, 40);
    stage.play("2").play(keys).play("<enter>");
    assert_eq!(stage.effects, [Effect::Copy(copied.into())]);
}

#[test]
fn tab_stays_while_moving_in_the_tree() {
    let mut stage = changed(120, 40);
    stage.play("H<esc><up><up>");
    assert!(stage.frame().contains("[H History]"), "{}", stage.frame());
    assert!(
        stage.frame().contains("v1  2024-01-15"),
        "{}",
        stage.frame()
    );
    stage.play("1");
    assert!(stage.frame().contains("[1 Settings]"), "{}", stage.frame());
}

#[test]
fn tree_keys_work_in_the_history() {
    let mut stage = changed(120, 40);
    stage.play("H");
    assert_eq!(stage.app.context(), KeyContext::History);
    let keymap = &stage.app.keymap;
    assert_eq!(
        keymap
            .first_key(KeyContext::History, Action::Edit)
            .unwrap()
            .to_string(),
        "e",
        "Enter compares here"
    );
    stage.play("t");
    assert!(stage.frame().contains("is active"), "{}", stage.frame());
    assert!(stage.frame().contains("v6"), "{}", stage.frame());
}

/// Presses keys that send a request to a provider; returns the request without sending it.
fn asked(stage: &mut Stage, keys: &str) -> (Ticket, ServiceRequest) {
    match stage.play(keys).effects.pop() {
        Some(Effect::Call(ticket, request)) => (ticket, request),
        other => panic!("a call was expected, not {other:?}"),
    }
}

fn passed() -> TestReport {
    let step = |stage, detail: &str| TestStep {
        stage,
        passed: true,
        detail: Some(detail.into()),
    };
    TestReport {
        success: true,
        steps: vec![
            step(TestStage::Settings, "every setting is present"),
            step(TestStage::Reached, "api.openai.com answers"),
            step(TestStage::Authentication, "the key is valid"),
            step(TestStage::Permission, "the key has permission"),
            step(TestStage::Models, "2 models"),
        ],
        address: Some("https://api.openai.com/v1/models".into()),
        status: Some(200),
        latency_ms: Some(123),
        models: Some(2),
        ..TestReport::default()
    }
}

fn failed() -> TestReport {
    TestReport {
        success: false,
        error_message: Some("The provider does not accept the key".into()),
        steps: vec![
            TestStep {
                stage: TestStage::Settings,
                passed: true,
                detail: None,
            },
            TestStep {
                stage: TestStage::Reached,
                passed: true,
                detail: Some("api.openai.com answers".into()),
            },
            TestStep {
                stage: TestStage::Authentication,
                passed: false,
                detail: Some("401".into()),
            },
        ],
        advice: Some("Create a new key at the provider and enter it in the form".into()),
        provider_message: Some("Incorrect API key provided: \u{1b}[31m.".into()),
        address: Some("https://api.openai.com/v1/models".into()),
        status: Some(401),
        latency_ms: Some(98),
        models: None,
    }
}

#[rstest]
#[case(40, 10)]
#[case(80, 24)]
#[case(120, 40)]
fn test_dialog_shows_steps_and_advice(#[case] width: u16, #[case] height: u16) {
    let mut stage = Stage::three(width, height);
    let (ticket, request) = asked(&mut stage, "<down>T");
    let id = stage.app.tree.selected_item().unwrap().id;
    assert_eq!(
        request,
        ServiceRequest::Test(TestSubject::Stored(id.into()))
    );
    let mut frames = stage.frame();
    for report in [failed(), passed()] {
        stage.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(report))));
        frames.push_str(&stage.frame());
        if width == 40 {
            stage.play("<end>");
            frames.push_str(&stage.frame());
        }
        stage.play("<esc>");
        let (again, _) = asked(&mut stage, "T");
        stage.happens(Event::Reply(again, ServiceReply::Tested(Ok(passed()))));
    }
    insta::assert_snapshot!(format!("test_dialog@{width}x{height}"), frames);
}

#[test]
fn esc_cancels_a_test_and_its_late_reply_is_ignored() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>");
    let (ticket, request) = asked(&mut stage, "T");
    assert!(request.is_stoppable());
    assert!(stage.app.awaits(ticket));
    assert!(stage.frame().contains("Esc stop"), "{}", stage.frame());
    stage.play("<esc>");
    assert!(!stage.app.awaits(ticket), "so the request is stopped");
    let before = stage.frame();
    stage.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(passed()))));
    assert_eq!(stage.frame(), before);
    assert!(stage.app.tests.is_empty());
}

#[test]
fn info_shows_the_last_test() {
    let mut stage = Stage::three(120, 40);
    let (ticket, _) = asked(&mut stage, "<down>T");
    stage.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(passed()))));
    stage.play("<esc>2");
    let frame = stage.frame();
    assert!(frame.contains("successful, 123 ms"), "{frame}");
    let (ticket, _) = asked(&mut stage, "T");
    stage.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(failed()))));
    stage.play("<esc>");
    assert!(
        stage.frame().contains("failed at version 1"),
        "{}",
        stage.frame()
    );
}

#[test]
fn ctrl_t_tests_a_new_form_without_saving() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nopenai<enter>A<tab><tab><tab>sk-planted");
    let (ticket, request) = asked(&mut stage, "<ctrl-t>");
    let ServiceRequest::Test(TestSubject::Draft(draft)) = &request else {
        panic!("a test of the draft was expected, not {request:?}");
    };
    assert_eq!(draft.name.as_deref(), Some("A"));
    assert!(!format!("{request:?}").contains("planted"));
    stage.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(failed()))));
    assert!(stage.frame().contains("Connection test failed"));
    stage.play("<esc>");
    assert!(
        stage.frame().contains("Create Connection"),
        "{}",
        stage.frame()
    );
    assert!(
        stage.app.form().unwrap().is_changed(),
        "what was typed stays"
    );
    assert_eq!(stage.app.tree.len(), 0);
}

#[test]
fn ctrl_t_tests_edits_over_the_stored_connection() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>e");
    let id = stage.app.form().unwrap().id().unwrap();
    let (_, request) = asked(&mut stage, "X<ctrl-t>");
    let ServiceRequest::Test(TestSubject::Edited(key, draft)) = request else {
        panic!("a test of the change was expected, not {request:?}");
    };
    assert_eq!(key, id.into());
    assert_eq!(draft.name.as_deref(), Some("Anthropic Team AX"));
}

#[test]
fn test_shows_field_errors_before_and_after_the_request() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nopenai<enter><ctrl-t>");
    assert!(stage.frame().contains("3 errors"), "{}", stage.frame());
    assert_eq!(stage.app.dialogs.len(), 1);
    stage.play("<esc>");
    stage.play("nopenai<enter>A<tab><tab><tab>$Nothing:Here");
    let (ticket, _) = asked(&mut stage, "<ctrl-t>");
    let refused = ConnectionError::at(
        umai::connection::DraftField::Setting {
            provider: "openai".into(),
            key: "apiKey".into(),
            label: "OpenAI API Key".into(),
        },
        umai::connection::FieldReason::ReferenceMissing {
            key: "Nothing:Here".into(),
            looked_in: vec![],
        },
    );
    stage.happens(Event::Reply(ticket, ServiceReply::Tested(Err(refused))));
    let frame = stage.frame();
    assert!(frame.contains("Nothing:Here"), "{frame}");
    assert!(frame.contains("1 error"), "{frame}");
    assert_eq!(stage.app.dialogs.len(), 1, "no report lies over the field");
}

#[test]
fn failed_test_request_shows_the_reason_and_can_be_repeated() {
    let mut stage = Stage::three(80, 24);
    let (ticket, first) = asked(&mut stage, "<down>T");
    let gone = ConnectionError::NotFound("x".parse().unwrap());
    stage.happens(Event::Reply(ticket, ServiceReply::Tested(Err(gone))));
    assert!(stage.frame().contains("Connection 'x' not found"));
    let (_, again) = asked(&mut stage, "r");
    assert_eq!(first, again);
}

fn models() -> Vec<Model> {
    let model = |id: &str, capability| Model {
        id: id.into(),
        name: id.into(),
        capabilities: vec![capability],
    };
    vec![
        model("gpt-4o", Capability::Chat),
        model("gpt-4o-mini", Capability::Chat),
        model("text-embedding-3-small", Capability::Embedding),
        model("whisper-1", Capability::SpeechToText),
    ]
}

#[test]
fn models_can_be_filtered_and_copied() {
    let mut stage = Stage::three(80, 24);
    let (ticket, request) = asked(&mut stage, "<down>m");
    let id = stage.app.tree.selected_item().unwrap().id;
    assert_eq!(request, ServiceRequest::Models(id));
    let mut frames = stage.frame();
    stage.happens(Event::Reply(ticket, ServiceReply::Models(Ok(models()))));
    frames.push_str(&stage.frame());
    stage.play("chat mini");
    frames.push_str(&stage.frame());
    insta::assert_snapshot!(frames);
    stage.play("<enter>");
    assert_eq!(stage.effects, [Effect::Copy("gpt-4o-mini".into())]);
}

#[test]
fn failed_model_request_shows_the_reason() {
    let mut stage = Stage::three(40, 10);
    let (ticket, _) = asked(&mut stage, "<down>m");
    let gone = ConnectionError::NotFound("x".parse().unwrap());
    stage.happens(Event::Reply(ticket, ServiceReply::Models(Err(gone))));
    assert!(
        stage.frame().contains("Connection 'x' not found"),
        "{}",
        stage.frame()
    );
}

#[test]
fn comparison_has_the_same_text_in_every_theme() {
    let mut frames = ThemeName::ALL.map(|theme| {
        let mut stage = changed(80, 24);
        stage.theme = theme;
        stage.play("H<end><enter>");
        if theme == ThemeName::Mono {
            let (buffer, _) = stage.buffer();
            for cell in &buffer.content {
                assert_eq!((cell.fg, cell.bg), Default::default());
            }
        }
        stage.frame()
    });
    frames.sort();
    assert_eq!(frames[0], frames[2]);
}

#[test]
fn long_history_loads_in_pages_while_scrolling() {
    let mut stage = Stage::three(80, 24);
    for number in 0..250 {
        switch(&stage, "anthropic-team-a", number % 2 == 1);
    }
    stage.play("r<down>H");
    assert_eq!(stage.app.workspace.history.versions().len(), 100);
    assert_eq!(stage.app.workspace.history.total(), Some(251));
    stage.play("<end><end><end>");
    assert_eq!(stage.app.workspace.history.versions().len(), 251);
    assert!(stage.frame().contains("v1 "), "{}", stage.frame());
}

#[test]
fn history_shows_saves_made_while_open() {
    let mut stage = changed(120, 40);
    stage.play("H<down>");
    let selected = stage.app.workspace.history.selected().unwrap().number();
    stage.play("t");
    let history = &stage.app.workspace.history;
    assert_eq!(history.current(), Some(6));
    assert_eq!(history.selected().unwrap().number(), selected);
}
