//! Tests, models, info, history, comparison and rollback. Keys in, frames out.

use crate::support::every_target::EveryTarget as Harness;
use rstest::rstest;
use umai::connection::{
    Connection, ConnectionError, Model, PageRequest, TestReport, TestStage, TestStep, TestSubject,
};
use umai::provider::Capability;
use umai::service::ConnectionService;
use umai::tui::action::{Action, KeyContext};
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::Event;
use umai::tui::theme::ThemeName;

/// Creates a stage with a connection in five versions: renamed, toggled, with a new endpoint and key.
fn changed(width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    for body in [
        r#"{"name":"OpenAI Production EU","changeDescription":"moved to Europe"}"#,
        r#"{"settings":{"organization":"org-1"}}"#,
        r#"{"settings":{"apiKey":"sk-planted-again"}}"#,
    ] {
        change(&harness, "openai-prod", body);
    }
    switch(&harness, "openai-prod", false);
    // The stage loaded the connections when it opened; later changes are loaded now.
    harness.play("r<end>");
    harness
}

/// Changes a connection outside the app.
fn change(harness: &Harness, alias: &str, body: &str) {
    let key = alias.parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service
                .update(&key, crate::support::draft(body), None)
                .await
        })
        .unwrap();
}

/// Toggles a connection outside the app.
fn switch(harness: &Harness, alias: &str, active: bool) {
    let key = alias.parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| service.set_active(&key, active).await)
        .unwrap();
}

/// Returns a stored connection.
fn stored(harness: &Harness, alias: &str) -> Connection {
    let key = alias.parse().unwrap();
    harness
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
    history_at_120x40: changed 120 x 40, "H";
    history_at_80x24: changed 80 x 24, "H<down>";
    history_in_one_pane: changed 40 x 10, "H<down><down>";
    comparison_with_the_current_version: changed 80 x 24, "H<end><enter>";
    comparison_with_a_marked_version: changed 80 x 24, "H<down><down><space><end><enter>";
    comparison_in_one_pane: changed 40 x 10, "H<end><enter><down>";
    rollback_prompt_with_a_note: changed 80 x 24, "H<end>b<shift-tab>as it was";
    rollback_creates_a_version_with_its_note: changed 120 x 40, "H<end>b<shift-tab>as it was<enter><enter>";
    field_rollback_keeps_other_fields: changed 120 x 40, "H<end><enter><down>fy";
    info_at_120x40: changed 120 x 40, "2<down><down>";
    info_in_one_pane: changed 40 x 10, "2";
    form_with_a_version_note: changed 80 x 24, "e<shift-tab>because";
}

#[test]
fn history_never_draws_a_secret() {
    let mut harness = changed(120, 40);
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
        harness.play(keys);
        assert!(!harness.frame().contains("planted"), "{keys}");
    }
}

#[test]
fn retyped_secret_is_reported_only_as_changed() {
    let mut harness = changed(80, 24);
    harness.play("H<down><space><down><enter>");
    let frame = harness.frame();
    assert!(frame.contains("OpenAI API Key: changed"), "{frame}");
    assert!(!frame.contains("***"), "{frame}");
    harness.play("f");
    assert!(
        harness.frame().contains("The history contains no secrets"),
        "{}",
        harness.frame()
    );
}

#[test]
fn equal_versions_have_no_changes() {
    let mut harness = changed(80, 24);
    harness.play("ttH<down><down><enter>");
    assert!(
        harness.frame().contains("No changes detected"),
        "{}",
        harness.frame()
    );
}

#[test]
fn esc_cancels_a_rollback_prompt() {
    let mut harness = changed(80, 24);
    harness.play("H<end>b<esc>");
    let version = |harness: &Harness| stored(harness, "openai-prod").item.version;
    assert_eq!(version(&harness), 5);
    harness.play("b<enter>");
    assert_eq!(version(&harness), 5, "Cancel has the focus");
    harness.play("bx<esc>bn");
    assert_eq!(version(&harness), 5, "letters are no note, and n cancels");
    harness.play("b<tab><enter>");
    assert_eq!(version(&harness), 6);
}

#[test]
fn note_of_a_rollback_is_visible_while_it_is_typed() {
    let mut harness = changed(40, 10);
    harness.play("H<end>b<shift-tab>seen");
    let frame = harness.frame();
    assert!(frame.contains("seen"), "{frame}");
}

#[test]
fn rollback_to_the_current_version_is_unavailable() {
    let mut harness = changed(80, 24);
    harness.play("Hb");
    assert!(harness.app.dialogs.is_empty());
    assert!(harness.frame().contains("v5 is the current version"));
}

#[test]
fn rejected_rollback_shows_the_reason() {
    let mut harness = Harness::three(120, 40);
    change(&harness, "openai-dev", r#"{"alias":"moved"}"#);
    let body = r#"{"alias":"openai-dev","name":"Other","providerId":"openai","settings":{"apiKey":"sk-1"}}"#;
    harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            service.create(crate::support::draft(body)).await
        })
        .unwrap();
    harness.play("r/development<enter>H<end>by");
    let frame = harness.frame();
    assert!(
        frame.contains("A connection with alias 'openai-dev' already exists"),
        "{frame}"
    );
}

#[test]
fn rollback_keeps_the_stored_key() {
    let mut harness = changed(120, 40);
    harness.play("H<end>by");
    let connection = stored(&harness, "openai-prod");
    assert_eq!(connection.item.name, "OpenAI Production");
    assert!(connection.item.is_active);
    let versions = harness
        .elsewhere(&async |service: &dyn ConnectionService| {
            let window = PageRequest { skip: 0, take: 1 };
            service.versions(&connection.item.id.into(), window).await
        })
        .unwrap();
    let change = &versions.items[0].change;
    assert!(!change.paths.contains(&"settings.apiKey".to_owned()));
    assert_eq!(change.note.as_deref(), Some("Rollback to v1"));
}

#[rstest]
#[case("<down>", "openai-prod")]
#[case("", "3fa85f64-5717-4562-b3fc-2c963f66afa6")]
#[case("<down><down>", "openai")]
#[case("<end>", "none of this version")]
#[case("<end><up>", "5")]
fn every_info_line_can_be_copied(#[case] keys: &str, #[case] copied: &str) {
    let mut harness = changed(120, 40);
    harness.play("2").play(keys).play("<enter>");
    assert_eq!(harness.effects, [Effect::CopyToClipboard(copied.into())]);
}

#[test]
fn tab_stays_while_moving_in_the_tree() {
    let mut harness = changed(120, 40);
    harness.play("H<tab><up><up>");
    assert!(
        harness.frame().contains("[H History]"),
        "{}",
        harness.frame()
    );
    assert!(
        harness.frame().contains("v1  2024-01-15"),
        "{}",
        harness.frame()
    );
    harness.play("1");
    assert!(
        harness.frame().contains("[1 Settings]"),
        "{}",
        harness.frame()
    );
}

#[test]
fn tree_keys_work_in_the_history() {
    let mut harness = changed(120, 40);
    harness.play("H");
    assert_eq!(harness.app.context(), KeyContext::History);
    let keymap = &harness.app.keymap;
    assert_eq!(
        keymap
            .first_key(KeyContext::History, Action::Edit)
            .unwrap()
            .to_string(),
        "e",
        "Enter compares here"
    );
    harness.play("t");
    assert!(harness.frame().contains("is active"), "{}", harness.frame());
    assert!(harness.frame().contains("v6"), "{}", harness.frame());
}

/// Presses keys that send a request to a provider; returns the request without sending it.
fn asked(harness: &mut Harness, keys: &str) -> (Ticket, ServiceRequest) {
    match harness.play(keys).effects.pop() {
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
        ..TestReport::default()
    }
}

#[rstest]
#[case(40, 10)]
#[case(80, 24)]
#[case(120, 40)]
fn test_dialog_shows_steps_and_advice(#[case] width: u16, #[case] height: u16) {
    let mut harness = Harness::three(width, height);
    let (ticket, request) = asked(&mut harness, "<down>T");
    let id = harness.app.tree.selected_item().unwrap().id;
    assert_eq!(
        request,
        ServiceRequest::Test(TestSubject::Stored(id.into()))
    );
    let mut frames = harness.frame();
    for report in [failed(), passed()] {
        harness.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(report))));
        frames.push_str(&harness.frame());
        if width == 40 {
            harness.play("<end>");
            frames.push_str(&harness.frame());
        }
        harness.play("<esc>");
        let (again, _) = asked(&mut harness, "T");
        harness.happens(Event::Reply(again, ServiceReply::Tested(Ok(passed()))));
    }
    insta::assert_snapshot!(format!("test_dialog@{width}x{height}"), frames);
}

#[test]
fn esc_cancels_a_test_and_its_late_reply_is_ignored() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>");
    let (ticket, request) = asked(&mut harness, "T");
    assert!(request.is_stoppable());
    assert!(harness.app.awaits(ticket));
    assert!(harness.frame().contains("Esc Stop"), "{}", harness.frame());
    harness.play("<esc>");
    assert!(!harness.app.awaits(ticket), "so the request is stopped");
    let before = harness.frame();
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(passed()))));
    assert_eq!(harness.frame(), before);
    assert!(harness.app.workspace.tests.is_empty());
}

#[test]
fn info_shows_the_last_test() {
    let mut harness = Harness::three(120, 40);
    let (ticket, _) = asked(&mut harness, "<down>T");
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(passed()))));
    harness.play("<esc>2");
    let frame = harness.frame();
    assert!(frame.contains("successful, 123 ms"), "{frame}");
    let (ticket, _) = asked(&mut harness, "T");
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(failed()))));
    harness.play("<esc>");
    assert!(
        harness.frame().contains("failed at version 1"),
        "{}",
        harness.frame()
    );
}

#[test]
fn ctrl_t_tests_a_new_form_without_saving() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nopenai<enter>A<tab><tab><tab>sk-planted");
    let (ticket, request) = asked(&mut harness, "<ctrl-t>");
    let ServiceRequest::Test(TestSubject::Draft(draft)) = &request else {
        panic!("a test of the draft was expected, not {request:?}");
    };
    assert_eq!(draft.name.as_deref(), Some("A"));
    assert!(!format!("{request:?}").contains("planted"));
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Ok(failed()))));
    assert!(harness.frame().contains("Connection test failed"));
    harness.play("<esc>");
    assert!(
        harness.frame().contains("Create Connection"),
        "{}",
        harness.frame()
    );
    assert!(
        harness.app.form().unwrap().is_changed(),
        "what was typed stays"
    );
    assert_eq!(harness.app.tree.len(), 0);
}

#[test]
fn ctrl_t_tests_edits_over_the_stored_connection() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>e");
    let id = harness.app.form().unwrap().id().unwrap();
    let (_, request) = asked(&mut harness, "X<ctrl-t>");
    let ServiceRequest::Test(TestSubject::Edited(key, draft)) = request else {
        panic!("a test of the change was expected, not {request:?}");
    };
    assert_eq!(key, id.into());
    assert_eq!(draft.name.as_deref(), Some("Anthropic Team AX"));
}

#[test]
fn test_shows_field_errors_before_and_after_the_request() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nopenai<enter><ctrl-t>");
    assert!(harness.frame().contains("3 errors"), "{}", harness.frame());
    assert_eq!(harness.app.dialogs.len(), 1);
    harness.play("<esc>");
    harness.play("nopenai<enter>A<tab><tab><tab>$Nothing:Here");
    let (ticket, _) = asked(&mut harness, "<ctrl-t>");
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
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Err(refused))));
    let frame = harness.frame();
    assert!(frame.contains("Nothing:Here"), "{frame}");
    assert!(frame.contains("1 error"), "{frame}");
    assert_eq!(
        harness.app.dialogs.len(),
        1,
        "no report lies over the field"
    );
}

#[test]
fn failed_test_request_shows_the_reason_and_can_be_repeated() {
    let mut harness = Harness::three(80, 24);
    let (ticket, first) = asked(&mut harness, "<down>T");
    let gone = ConnectionError::NotFound("x".parse().unwrap());
    harness.happens(Event::Reply(ticket, ServiceReply::Tested(Err(gone))));
    assert!(harness.frame().contains("Connection 'x' not found"));
    let (_, again) = asked(&mut harness, "r");
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
    let mut harness = Harness::three(80, 24);
    let (ticket, request) = asked(&mut harness, "<down>m");
    let id = harness.app.tree.selected_item().unwrap().id;
    assert_eq!(request, ServiceRequest::Models(id));
    let mut frames = harness.frame();
    harness.happens(Event::Reply(ticket, ServiceReply::Models(Ok(models()))));
    frames.push_str(&harness.frame());
    harness.play("chat mini");
    frames.push_str(&harness.frame());
    insta::assert_snapshot!(frames);
    harness.play("<enter>");
    assert_eq!(
        harness.effects,
        [Effect::CopyToClipboard("gpt-4o-mini".into())]
    );
}

#[test]
fn failed_model_request_shows_the_reason() {
    let mut harness = Harness::three(40, 10);
    let (ticket, _) = asked(&mut harness, "<down>m");
    let gone = ConnectionError::NotFound("x".parse().unwrap());
    harness.happens(Event::Reply(ticket, ServiceReply::Models(Err(gone))));
    assert!(
        harness.frame().contains("Connection 'x' not found"),
        "{}",
        harness.frame()
    );
}

#[test]
fn comparison_has_the_same_text_in_every_theme() {
    let mut frames = ThemeName::ALL.map(|theme| {
        let mut harness = changed(80, 24);
        harness.theme = theme;
        harness.play("H<end><enter>");
        if theme == ThemeName::Mono {
            let (buffer, _) = harness.buffer();
            for cell in &buffer.content {
                assert_eq!((cell.fg, cell.bg), Default::default());
            }
        }
        harness.frame()
    });
    frames.sort();
    assert_eq!(frames[0], frames[2]);
}

#[test]
fn long_history_loads_in_pages_while_scrolling() {
    let mut harness = Harness::three(80, 24);
    for number in 0..250 {
        switch(&harness, "anthropic-team-a", number % 2 == 1);
    }
    harness.play("r<down>H");
    assert_eq!(harness.app.workspace.history.versions().len(), 100);
    assert_eq!(harness.app.workspace.history.total(), Some(251));
    harness.play("<end><end><end>");
    assert_eq!(harness.app.workspace.history.versions().len(), 251);
    assert!(harness.frame().contains("v1 "), "{}", harness.frame());
}

#[test]
fn history_shows_saves_made_while_open() {
    let mut harness = changed(120, 40);
    harness.play("H<down>");
    let selected = harness.app.workspace.history.selected().unwrap().number();
    harness.play("t");
    let history = &harness.app.workspace.history;
    assert_eq!(history.current(), Some(6));
    assert_eq!(history.selected().unwrap().number(), selected);
}

#[test]
fn history_key_leads_into_a_history_beside_the_tree() {
    let mut harness = changed(120, 40);
    harness.play("H<tab>1");
    assert_eq!(harness.app.context(), KeyContext::Tree);
    assert!(!harness.frame().contains("Into history"));
    harness.play("H");
    assert_eq!(harness.app.context(), KeyContext::Tree);
    let frame = harness.frame();
    assert!(frame.contains("H Into history"), "{frame}");
    harness.play("H");
    assert_eq!(harness.app.context(), KeyContext::History);
    assert!(!harness.frame().contains("Into history"));
    harness.play("<down>b");
    assert!(!harness.app.dialogs.is_empty());
}
