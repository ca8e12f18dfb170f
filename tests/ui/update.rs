//! `App::update` without a service and without drawing: events in, effects out.

use std::sync::Arc;

use crate::support::harness::set_active;
use chrono::{DateTime, Utc};
use umai::appsettings::ReferenceLookup;
use umai::connection::{
    Command, Connection, ConnectionError, ConnectionItem, DraftField, FieldReason, ListCursor,
    ListQuery, MaskedSecret, Outcome, Page, PageRequest, PlainSecret, SettingValue, Settings,
};
use umai::provider::ProviderCatalog;
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::dialogs::confirm::ConfirmDialog;
use umai::tui::dialogs::palette::PaletteDialog;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::Event;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::notice::Notice;
use umai::tui::tree::Node;
use uuid::Uuid;

fn item(number: u128, name: &str) -> ConnectionItem {
    let date: DateTime<Utc> = "2024-01-15T10:30:00Z".parse().unwrap();
    ConnectionItem {
        id: Uuid::from_u128(number),
        alias: umai::connection::alias::suggest(name),
        name: name.into(),
        provider_id: "openai".into(),
        is_active: true,
        date_created: date,
        date_modified: date,
        version: 1,
        date_deleted: None,
        endpoint: None,
    }
}

fn connection(item: ConnectionItem) -> Connection {
    let mut settings = Settings::default();
    settings.set("apiKey", SettingValue::Secret(MaskedSecret::OpenAiStyle));
    Connection {
        item,
        settings: Some(settings),
    }
}

fn page(items: &[ConnectionItem], total: usize) -> ServiceReply {
    let items = items
        .iter()
        .map(|item| TreeItem::new(item, Arc::from(item.provider_id.as_str())))
        .collect();
    ServiceReply::Listed(Ok(Page { items, total }))
}

/// App on a wide screen before its first request.
fn app() -> App {
    let mut app = App::new(
        Arc::new(ProviderCatalog::embedded()),
        Keymap::embedded(),
        Vec::new(),
    );
    let size = Size {
        width: 120,
        height: 40,
    };
    assert_eq!(app.update(Event::Resize(size)), None);
    app
}

/// App with these connections loaded.
fn app_with(names: &[&str]) -> App {
    let mut app = app();
    let items: Vec<_> = (1..)
        .zip(names)
        .map(|(number, name)| item(number, name))
        .collect();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&items, items.len())));
    app
}

/// Presses keys without replies; returns the last effect except timers.
fn press(app: &mut App, story: &str) -> Option<Effect> {
    let mut last = None;
    for event in crate::support::harness::events(story) {
        last = app.update(event);
    }
    last
}

fn call(effect: Option<Effect>) -> (Ticket, ServiceRequest) {
    match effect {
        Some(Effect::Call(ticket, request)) => (ticket, request),
        other => panic!("expected a call, got {other:?}"),
    }
}

/// Background effects, without replies.
fn due(app: &mut App) -> Vec<Effect> {
    std::iter::from_fn(|| app.update(Event::Idle)).collect()
}

fn names(app: &App) -> Vec<String> {
    (0..app.tree.shown_len())
        .filter_map(|at| app.tree.visible_at(at))
        .map(|item| item.name().to_owned())
        .collect()
}

#[test]
fn first_page_fills_the_screen_then_large_pages_follow() {
    let mut app = app();
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(
        request,
        ServiceRequest::List(ListQuery::all(PageRequest { skip: 0, take: 200 }))
    );
    assert_eq!(app.update(Event::Idle), None);
    let read: Vec<_> = (0..200)
        .map(|number| item(number, &format!("{number:03}")))
        .collect();
    app.update(Event::Reply(ticket, page(&read, 300)));
    let (_, request) = call(app.update(Event::Idle));
    // Pages overlap, to detect connections in between.
    assert_eq!(
        request,
        ServiceRequest::List(ListQuery {
            after: Some(ListCursor::at(&read[179])),
            ..ListQuery::all(PageRequest {
                skip: 180,
                take: 5_020
            })
        })
    );
}

#[test]
fn loaded_list_is_not_requested_again() {
    let mut app = app_with(&["A", "B"]);
    assert_eq!(due(&mut app), []);
    assert_eq!(names(&app), ["A", "B"]);
}

#[test]
fn unexpected_reply_is_ignored() {
    let mut app = app_with(&["A"]);
    app.update(Event::Reply(Ticket(999), page(&[item(7, "X")], 1)));
    assert_eq!(names(&app), ["A"]);
}

#[test]
fn save_sends_the_whole_draft_once() {
    let mut app = app_with(&[]);
    press(
        &mut app,
        "nopenai<enter>OpenAI Production<tab><tab><tab>sk-planted",
    );
    let (_, request) = call(press(&mut app, "<ctrl-s>"));
    let ServiceRequest::Run(Command::Create { draft, .. }) = request else {
        panic!("expected a create, got {request:?}");
    };
    assert_eq!(draft.name.as_deref(), Some("OpenAI Production"));
    assert_eq!(draft.alias.as_deref(), Some("openai-production"));
    assert_eq!(draft.provider_id.as_deref(), Some("openai"));
    assert_eq!(draft.is_active, Some(true));
    let settings = draft.settings.unwrap();
    assert_eq!(
        settings.get("apiKey"),
        Some(&SettingValue::Secret(PlainSecret::new("sk-planted")))
    );
    assert_eq!(
        settings.get("endpoint"),
        Some(&SettingValue::Text("https://api.openai.com/v1".into()))
    );
    assert_eq!(settings.get("organization"), None);
    assert_eq!(press(&mut app, "<ctrl-s>"), None, "a save is pending");
}

#[test]
fn form_is_locked_during_a_save() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>A<tab><tab><tab>sk-1<ctrl-s>");
    assert_eq!(press(&mut app, "x<tab><esc>"), None);
    assert_eq!(app.form().unwrap().focus, 3);
}

#[test]
fn invalid_form_sends_no_request() {
    let mut app = app_with(&[]);
    assert_eq!(press(&mut app, "nopenai<enter><ctrl-s>"), None);
    assert_eq!(app.form().unwrap().error_count(), 3);
}

#[test]
fn successful_save_closes_the_form_and_selects_the_connection() {
    let mut app = app_with(&["A", "C"]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (ticket, _) = call(press(&mut app, "<ctrl-s>"));
    app.update(Event::Reply(
        ticket,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(item(9, "B"))))),
    ));
    assert!(app.dialogs.is_empty());
    assert_eq!(names(&app), ["A", "B", "C"]);
    assert_eq!(app.tree.selected(), Node::Connection(Uuid::from_u128(9)));
    let asked = due(&mut app);
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::Call(..))),
        "the answer is the node and the detail: {asked:?}"
    );
}

#[test]
fn refused_save_keeps_the_input() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (ticket, _) = call(press(&mut app, "<ctrl-s>"));
    let refusal = ConnectionError::VersionConflict {
        expected: 1,
        found: 2,
    };
    app.update(Event::Reply(ticket, ServiceReply::Ran(Err(refusal))));
    assert_eq!(app.form().unwrap().name(), "B");
    assert!(
        app.notices
            .current
            .as_ref()
            .unwrap()
            .text
            .contains("was changed: ")
    );
    call(press(&mut app, "<ctrl-s>"));
}

#[test]
fn update_keeps_the_secret_and_sends_the_base_version() {
    let mut app = app_with(&["A"]);
    let (ticket, request) = call(press(&mut app, "<down><enter>"));
    assert_eq!(request, ServiceRequest::Get(Uuid::from_u128(1)));
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(item(1, "A")))),
    ));
    let (_, request) = call(press(&mut app, "X<ctrl-s>"));
    let ServiceRequest::Run(Command::Update {
        key,
        draft,
        expected_version,
    }) = request
    else {
        panic!("expected an update, got {request:?}");
    };
    assert_eq!(key, Uuid::from_u128(1).into());
    assert_eq!(expected_version, Some(1));
    assert_eq!(draft.name.as_deref(), Some("AX"));
    assert_eq!(
        draft.settings.unwrap().get("apiKey"),
        Some(&SettingValue::Secret(PlainSecret::new("sk-***")))
    );
}

#[test]
fn toggle_is_shown_before_its_reply() {
    let mut app = app_with(&["A"]);
    let (_, request) = call(press(&mut app, "<down>t"));
    assert_eq!(request, set_active(Uuid::from_u128(1), false));
    assert!(!app.tree.selected_item().unwrap().is_active);
    let (_, request) = call(press(&mut app, "t"));
    assert_eq!(request, set_active(Uuid::from_u128(1), true));
    assert!(app.tree.selected_item().unwrap().is_active);
}

#[test]
fn refused_toggle_is_reverted() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>t"));
    let gone = ConnectionError::NotFound(Uuid::from_u128(1).into());
    app.update(Event::Reply(ticket, ServiceReply::Ran(Err(gone))));
    assert!(app.tree.selected_item().unwrap().is_active);
    assert!(
        app.notices
            .current
            .as_ref()
            .unwrap()
            .text
            .contains("not found")
    );
}

#[test]
fn last_of_two_quick_toggles_is_shown() {
    let mut app = app_with(&["A"]);
    let (first, _) = call(press(&mut app, "<down>t"));
    let (second, _) = call(press(&mut app, "t"));
    let mut off = item(1, "A");
    off.is_active = false;
    app.update(Event::Reply(
        first,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(off)))),
    ));
    assert!(app.tree.selected_item().unwrap().is_active);
    app.update(Event::Reply(
        second,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(item(1, "A"))))),
    ));
    assert!(app.tree.selected_item().unwrap().is_active);
}

#[test]
fn undo_reverts_a_toggle_once() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>t"));
    let mut off = item(1, "A");
    off.is_active = false;
    app.update(Event::Reply(
        ticket,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(off)))),
    ));
    let (_, request) = call(press(&mut app, "u"));
    assert_eq!(request, set_active(Uuid::from_u128(1), true));
    assert_eq!(press(&mut app, "u"), None);
}

#[test]
fn quick_toggles_are_undone_one_by_one() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let mut asked = Vec::new();
    for key in ["t", "t", "t", "u", "u"] {
        asked.push(call(press(&mut app, key)));
    }
    let wanted: Vec<_> = asked.iter().map(|(_, request)| request).collect();
    let to = |active| set_active(Uuid::from_u128(1), active);
    assert_eq!(
        wanted,
        [&to(false), &to(true), &to(false), &to(true), &to(false)]
    );
    for (ticket, request) in asked {
        let ServiceRequest::Run(Command::SetActive { active, .. }) = request else {
            panic!("expected a SetActive request, got {request:?}");
        };
        let mut answer = item(1, "A");
        answer.is_active = active;
        app.update(Event::Reply(
            ticket,
            ServiceReply::Ran(Ok(Outcome::Saved(connection(answer)))),
        ));
        assert!(
            !app.tree.selected_item().unwrap().is_active,
            "the last toggle stays on screen"
        );
    }
    let (_, request) = call(press(&mut app, "u"));
    assert_eq!(request, to(true));
    assert_eq!(press(&mut app, "u"), None);
}

#[test]
fn refused_quick_toggles_restore_the_status() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let asked: Vec<_> = ["t", "t", "t"]
        .map(|key| call(press(&mut app, key)))
        .into_iter()
        .collect();
    for (ticket, _) in asked {
        let gone = ConnectionError::NotFound(Uuid::from_u128(1).into());
        app.update(Event::Reply(ticket, ServiceReply::Ran(Err(gone))));
    }
    assert!(app.tree.selected_item().unwrap().is_active);
    assert_eq!(press(&mut app, "u"), None, "there is no toggle to undo");
}

#[test]
fn palette_ranks_prefix_matches_first() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter><ctrl-p>quit");
    let Some(palette) = app.dialogs.top::<PaletteDialog>() else {
        panic!("expected the palette");
    };
    let actions = palette.actions();
    let ids: Vec<_> = actions.iter().map(|offered| offered.entry.id).collect();
    assert_eq!(ids, ["quit", "leave", "back"]);
    assert!(actions[0].is_available && !actions[1].is_available);
    assert_eq!(press(&mut app, "<enter>"), Some(Effect::Quit));
}

#[test]
fn enter_on_a_delete_prompt_cancels() {
    let mut app = app_with(&["A"]);
    assert_eq!(press(&mut app, "<down>D<enter>"), None);
    let (_, request) = call(press(&mut app, "D<tab><enter>"));
    let delete = Command::Delete {
        key: Uuid::from_u128(1).into(),
        expected_version: None,
    };
    assert_eq!(request, delete.into());
}

#[test]
fn q_quits_and_esc_does_not() {
    let mut app = app_with(&["A"]);
    assert_eq!(press(&mut app, "<down><esc><esc><esc><esc>"), None);
    assert_eq!(press(&mut app, "q"), Some(Effect::Quit));
}

#[test]
fn quit_with_a_changed_form_asks_but_ctrl_c_does_not() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>A");
    assert_eq!(press(&mut app, "q"), None, "q goes into the field");
    assert_eq!(app.form().unwrap().name(), "Aq");
    assert_eq!(press(&mut app, "<esc>"), None);
    assert!(app.dialogs.is_on::<ConfirmDialog>());
    assert_eq!(press(&mut app, "<ctrl-c>"), Some(Effect::Quit));
}

#[test]
fn fast_scrolling_requests_one_detail_at_a_time() {
    let mut app = app_with(&["A", "B", "C", "D"]);
    press(&mut app, "<down>");
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(request, ServiceRequest::Get(Uuid::from_u128(1)));
    for _ in 0..2 {
        press(&mut app, "<down>");
        assert_eq!(due(&mut app), []);
    }
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(item(1, "A")))),
    ));
    let (_, request) = call(app.update(Event::Idle));
    assert_eq!(request, ServiceRequest::Get(Uuid::from_u128(3)));
}

#[test]
fn alias_checks_run_one_at_a_time() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>a");
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(request, ServiceRequest::AliasOwner("a".into(), None));
    press(&mut app, "b");
    let asked = due(&mut app);
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::Call(..))),
        "{asked:?}"
    );
    app.update(Event::Reply(ticket, ServiceReply::AliasOwner(Ok(None))));
    let (_, request) = call(app.update(Event::Idle));
    assert_eq!(request, ServiceRequest::AliasOwner("ab".into(), None));
}

#[test]
fn failed_alias_check_is_not_repeated() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>a");
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, ServiceReply::TaskFailed("no".into())));
    let asked = due(&mut app);
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::Call(..))),
        "{asked:?}"
    );
}

#[test]
fn reference_is_resolved_on_focus_input_and_save() {
    let missing = || ReferenceLookup::Missing { looked_in: vec![] };
    let found = || ReferenceLookup::Found {
        source: "appsettings.json".into(),
    };
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter><tab><tab><tab>$A:B");
    let answers = |app: &mut App, answer: ReferenceLookup| {
        let asked: Vec<_> = due(app)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Call(ticket, ServiceRequest::LookUpReference(reference)) => {
                    Some((ticket, reference))
                }
                _ => None,
            })
            .collect();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].1.key(), "A:B");
        app.update(Event::Reply(asked[0].0, ServiceReply::LookedUp(Ok(answer))));
    };
    answers(&mut app, missing());
    assert_eq!(due(&mut app), [], "the result is cached");
    press(&mut app, "<tab><shift-tab>");
    answers(&mut app, missing());
    press(&mut app, "<home><delete>$");
    answers(&mut app, missing());
    press(&mut app, "<ctrl-s>");
    assert_eq!(app.form().unwrap().error_count(), 3);
    answers(&mut app, found());
    assert_eq!(
        app.form().unwrap().error_count(),
        2,
        "only name and alias remain"
    );
}

#[test]
fn reference_error_disappears_when_it_resolves() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>$A:B");
    let (ticket, _) = call(press(&mut app, "<ctrl-s>"));
    let refused = ConnectionError::at(
        DraftField::Setting {
            provider: "openai".into(),
            key: "apiKey".into(),
            label: "OpenAI API Key".into(),
        },
        FieldReason::ReferenceMissing {
            key: "A:B".into(),
            looked_in: vec![],
        },
    );
    app.update(Event::Reply(ticket, ServiceReply::Ran(Err(refused))));
    assert_eq!(app.form().unwrap().error_count(), 1);
    press(&mut app, "<tab><shift-tab>");
    for effect in due(&mut app) {
        if let Effect::Call(ticket, ServiceRequest::LookUpReference(_)) = effect {
            let found = ReferenceLookup::Found {
                source: "appsettings.json".into(),
            };
            app.update(Event::Reply(ticket, ServiceReply::LookedUp(Ok(found))));
        }
    }
    assert_eq!(app.form().unwrap().error_count(), 0);
}

#[test]
fn connection_created_during_paging_appears_once() {
    let mut app = app();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "A"), item(3, "C")], 5)));
    let (before, _) = call(app.update(Event::Idle));
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (save, _) = call(press(&mut app, "<ctrl-s>"));
    app.update(Event::Reply(
        save,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(item(2, "B"))))),
    ));
    // The pending page was counted without B and still continues after the previous one.
    app.update(Event::Reply(
        before,
        page(&[item(1, "A"), item(3, "C"), item(4, "D")], 5),
    ));
    assert_eq!(names(&app), ["A", "B", "C", "D"]);
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(
        request,
        ServiceRequest::List(ListQuery::all(PageRequest {
            skip: 0,
            take: 5_004
        }))
    );
    let all = ["A", "B", "C", "D", "E", "F"];
    let all: Vec<_> = [1, 2, 3, 4, 5, 6]
        .into_iter()
        .zip(all)
        .map(|(number, name)| item(number, name))
        .collect();
    app.update(Event::Reply(ticket, page(&all, 6)));
    assert_eq!(names(&app), ["A", "B", "C", "D", "E", "F"]);
    assert_eq!(app.tree.selected(), Node::Connection(Uuid::from_u128(2)));
}

#[test]
fn connection_created_after_the_loaded_page_appears_once() {
    let mut app = app();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "A")], 3)));
    press(&mut app, "nopenai<enter>X<tab><tab><tab>sk-1");
    let (save, _) = call(press(&mut app, "<ctrl-s>"));
    app.update(Event::Reply(
        save,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(item(9, "X"))))),
    ));
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(
        ticket,
        page(&[item(1, "A"), item(2, "B"), item(9, "X"), item(3, "Z")], 4),
    ));
    assert_eq!(names(&app), ["A", "B", "X", "Z"]);
}

#[test]
fn refresh_keeps_the_old_list_until_the_new_one_is_complete() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down><down>r");
    let (ticket, _) = call(app.update(Event::Idle));
    assert_eq!(names(&app), ["A", "B"]);
    app.update(Event::Reply(ticket, page(&[item(2, "B"), item(3, "C")], 2)));
    assert_eq!(names(&app), ["B", "C"]);
    assert_eq!(app.tree.selected(), Node::Connection(Uuid::from_u128(2)));
}

#[test]
fn filter_applies_to_pages_as_they_load() {
    let mut app = app();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "Apple")], 3)));
    press(&mut app, "/pear");
    assert_eq!(names(&app), Vec::<String>::new());
    let effects = due(&mut app);
    let Some(Effect::Call(ticket, _)) = effects.into_iter().next() else {
        panic!("expected the next page");
    };
    app.update(Event::Reply(
        ticket,
        page(&[item(2, "Pear"), item(3, "Plum")], 3),
    ));
    assert_eq!(app.update(Event::Idle), Some(Effect::Continue));
    assert_eq!(names(&app), ["Pear"]);
}

#[test]
fn debug_output_hides_input() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>A<tab><tab><tab>");
    for event in crate::support::harness::events("p<paste:planted>") {
        assert!(!format!("{event:?}").contains("planted"));
        assert!(!format!("{event:?}").contains('p') || format!("{event:?}") == "Paste(Pasted(…))");
        app.update(event);
    }
    let effect = press(&mut app, "<ctrl-s>");
    assert!(!format!("{effect:?} {:?}", app.dialogs).contains("planted"));
}

#[test]
fn connection_of_an_unknown_provider_can_be_toggled_but_not_edited() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down><enter>"));
    let mut strange = item(1, "A");
    strange.provider_id = "unknown".into();
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(strange))),
    ));
    assert!(app.form().is_none());
    assert!(
        app.notices
            .current
            .as_ref()
            .unwrap()
            .text
            .contains("'unknown'")
    );
}

#[test]
fn copy_menu_copies_values_without_secrets() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(item(1, "A")))),
    ));
    assert_eq!(
        press(&mut app, "ya"),
        Some(Effect::CopyToClipboard("a".into()))
    );
    assert_eq!(
        press(&mut app, "yn"),
        Some(Effect::CopyToClipboard("A".into()))
    );
    let Some(Effect::CopyToClipboard(json)) = press(&mut app, "yj") else {
        panic!("expected the JSON");
    };
    assert!(json.contains(r#""apiKey": "sk-***""#), "{json}");
    for keys in ["yu", "yc"] {
        let Some(Effect::CopyToClipboard(curl)) = press(&mut app, keys) else {
            panic!("expected the command");
        };
        assert!(
            curl.starts_with("curl -X POST 'https://localhost:44331/umbraco/"),
            "{curl}"
        );
        assert!(curl.contains(r#""apiKey": "sk-your-api-key""#), "{curl}");
    }
    assert!(
        app.notices
            .current
            .as_ref()
            .unwrap()
            .text
            .contains("the terminal does not confirm")
    );
    assert_eq!(press(&mut app, "y<esc>"), None);
    assert!(app.dialogs.is_empty());
}

#[test]
fn message_log_lists_all_startup_notices() {
    let problems = vec!["One is wrong".to_owned(), "Another is wrong".to_owned()];
    let app = App::new(
        Arc::new(ProviderCatalog::embedded()),
        Keymap::embedded(),
        problems,
    );
    let notice = &app.notices.current.as_ref().unwrap().text;
    assert_eq!(notice, "2 notices (M shows all): One is wrong");
    assert_eq!(app.notices.log.len(), 2);
}

#[test]
fn warnings_from_outside_do_not_replace_an_error() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>n");
    app.notices.current = Some(Notice::error("Not saved"));
    app.update(Event::Notices(vec!["The draft is not stored".into()]));
    let shown = app.notices.current.as_ref().unwrap();
    assert_eq!(shown.text, "Not saved");
    assert_eq!(app.notices.log.len(), 1);
    press(&mut app, "<esc>");
    let two = vec!["One is wrong".into(), "Another is wrong".into()];
    app.notices.current = None;
    app.update(Event::Notices(two));
    let shown = &app.notices.current.as_ref().unwrap().text;
    assert!(shown.starts_with("3 notices (M shows all)"), "{shown}");
}

#[test]
fn deleting_the_only_connection_selects_the_root() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>D<tab><enter>"));
    app.update(Event::Reply(
        ticket,
        ServiceReply::Ran(Ok(Outcome::Deleted(item(1, "A")))),
    ));
    assert_eq!(app.tree.selected(), Node::Connections);
    assert!(app.tree.selected_item().is_none());
}

#[test]
fn text_above_the_terminal_limit_is_not_copied() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let (ticket, _) = call(app.update(Event::Idle));
    let mut long = connection(item(1, "A"));
    let text = SettingValue::Text("x".repeat(80_000));
    long.settings.as_mut().unwrap().set("organization", text);
    app.update(Event::Reply(ticket, ServiceReply::Connection(Ok(long))));
    assert_eq!(press(&mut app, "yj"), None);
    let notice = &app.notices.current.as_ref().unwrap().text;
    assert!(notice.starts_with("JSON not copied: 80"), "{notice}");
    assert!(matches!(
        press(&mut app, "ya"),
        Some(Effect::CopyToClipboard(_))
    ));
}

#[test]
fn loading_connection_is_not_copied() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down>");
    for keys in ["yj", "yu"] {
        assert_eq!(press(&mut app, keys), None);
        let text = &app.notices.current.take().unwrap().text;
        assert_eq!(text, "The connection is still loading");
    }
}
