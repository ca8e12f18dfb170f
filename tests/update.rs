//! The model alone: what happens goes in, and what comes out is compared. No service, no drawing.
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

use chrono::{DateTime, Utc};
use umai::appsettings::Lookup;
use umai::connection::{
    Connection, ConnectionError, ConnectionItem, Field, Mask, Page, Plain, Reason, Setting,
    Settings, Window,
};
use umai::provider::ProviderCatalog;
use umai::tui::app::App;
use umai::tui::effect::{Effect, Reply, Request, Ticket};
use umai::tui::event::Event;
use umai::tui::keymap::Keymap;
use umai::tui::layer::Layer;
use umai::tui::layout::Size;
use umai::tui::tree::{Item, Node};
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
    settings.set("apiKey", Setting::Secret(Mask::Sk));
    Connection {
        item,
        settings: Some(settings),
    }
}

fn page(items: &[ConnectionItem], total: usize) -> Reply {
    let items = items
        .iter()
        .map(|item| Item::new(item, Arc::from(item.provider_id.as_str())))
        .collect();
    Reply::Listed(Ok(Page { items, total }))
}

/// An app on a wide screen that has asked for nothing yet.
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

/// An app that has read these connections.
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

/// Plays keys without any answers; the last effect that is no wake-up comes back.
fn press(app: &mut App, story: &str) -> Option<Effect> {
    let mut last = None;
    for event in stage::events(story) {
        last = app.update(event);
    }
    last
}

fn call(effect: Option<Effect>) -> (Ticket, Request) {
    match effect {
        Some(Effect::Call(ticket, request)) => (ticket, request),
        other => panic!("a call was expected, not {other:?}"),
    }
}

/// Everything that is left to do, without its answers.
fn due(app: &mut App) -> Vec<Effect> {
    std::iter::from_fn(|| app.update(Event::Idle)).collect()
}

fn names(app: &App) -> Vec<String> {
    (0..app.tree.shown_len())
        .filter_map(|at| app.tree.shown(at))
        .map(|item| item.name().to_owned())
        .collect()
}

#[test]
fn the_first_thing_asked_is_a_screenful_then_large_pages_one_at_a_time() {
    let mut app = app();
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(request, Request::List(Window { skip: 0, take: 200 }));
    assert_eq!(app.update(Event::Idle), None);
    let read: Vec<_> = (0..200)
        .map(|number| item(number, &format!("{number:03}")))
        .collect();
    app.update(Event::Reply(ticket, page(&read, 300)));
    let (_, request) = call(app.update(Event::Idle));
    // A few that are known come again: so it is seen that none lies between.
    assert_eq!(
        request,
        Request::List(Window {
            skip: 180,
            take: 5_020
        })
    );
}

#[test]
fn a_list_that_was_read_is_asked_for_no_more() {
    let mut app = app_with(&["A", "B"]);
    assert_eq!(due(&mut app), []);
    assert_eq!(names(&app), ["A", "B"]);
}

#[test]
fn an_answer_nobody_waits_for_changes_nothing() {
    let mut app = app_with(&["A"]);
    app.update(Event::Reply(Ticket(999), page(&[item(7, "X")], 1)));
    assert_eq!(names(&app), ["A"]);
}

#[test]
fn ctrl_s_in_a_right_form_asks_once_for_the_whole_draft() {
    let mut app = app_with(&[]);
    press(
        &mut app,
        "nopenai<enter>OpenAI Production<tab><tab><tab>sk-planted",
    );
    let (_, request) = call(press(&mut app, "<ctrl-s>"));
    let Request::Create(draft) = request else {
        panic!("a create was expected, not {request:?}");
    };
    assert_eq!(draft.name.as_deref(), Some("OpenAI Production"));
    assert_eq!(draft.alias.as_deref(), Some("openai-production"));
    assert_eq!(draft.provider_id.as_deref(), Some("openai"));
    assert_eq!(draft.is_active, Some(true));
    let settings = draft.settings.unwrap();
    assert_eq!(
        settings.get("apiKey"),
        Some(&Setting::Secret(Plain::new("sk-planted")))
    );
    assert_eq!(
        settings.get("endpoint"),
        Some(&Setting::Text("https://api.openai.com/v1".into()))
    );
    assert_eq!(settings.get("organization"), None);
    assert_eq!(press(&mut app, "<ctrl-s>"), None, "a save is under way");
}

#[test]
fn while_a_save_is_under_way_nothing_typed_gets_lost_or_in() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>A<tab><tab><tab>sk-1<ctrl-s>");
    assert_eq!(press(&mut app, "x<tab><esc>"), None);
    assert_eq!(app.form().unwrap().focus, 3);
}

#[test]
fn a_wrong_form_asks_nothing() {
    let mut app = app_with(&[]);
    assert_eq!(press(&mut app, "nopenai<enter><ctrl-s>"), None);
    assert_eq!(app.form().unwrap().error_count(), 3);
}

#[test]
fn a_saved_answer_becomes_the_node_and_closes_the_form() {
    let mut app = app_with(&["A", "C"]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (ticket, _) = call(press(&mut app, "<ctrl-s>"));
    app.update(Event::Reply(
        ticket,
        Reply::Saved(Ok(connection(item(9, "B")))),
    ));
    assert!(app.layers.is_empty());
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
fn a_refused_save_keeps_everything_typed() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (ticket, _) = call(press(&mut app, "<ctrl-s>"));
    let refusal = ConnectionError::VersionMoved {
        expected: 1,
        found: 2,
    };
    app.update(Event::Reply(ticket, Reply::Saved(Err(refusal))));
    assert_eq!(app.form().unwrap().name(), "B");
    assert!(
        app.notice
            .as_ref()
            .unwrap()
            .text
            .contains("was changed meanwhile")
    );
    call(press(&mut app, "<ctrl-s>"));
}

#[test]
fn an_edit_keeps_an_untouched_secret_and_says_what_it_was_made_over() {
    let mut app = app_with(&["A"]);
    let (ticket, request) = call(press(&mut app, "<down><enter>"));
    assert_eq!(request, Request::Get(Uuid::from_u128(1)));
    app.update(Event::Reply(
        ticket,
        Reply::Got(Ok(connection(item(1, "A")))),
    ));
    let (_, request) = call(press(&mut app, "X<ctrl-s>"));
    let Request::Update(change) = request else {
        panic!("an update was expected, not {request:?}");
    };
    assert_eq!((change.id, change.over), (Uuid::from_u128(1), 1));
    assert_eq!(change.draft.name.as_deref(), Some("AX"));
    assert_eq!(
        change.draft.settings.unwrap().get("apiKey"),
        Some(&Setting::Secret(Plain::new("sk-***")))
    );
}

#[test]
fn a_switch_is_on_screen_before_its_answer() {
    let mut app = app_with(&["A"]);
    let (_, request) = call(press(&mut app, "<down>t"));
    assert_eq!(request, Request::SetActive(Uuid::from_u128(1), false));
    assert!(!app.tree.selected_item().unwrap().is_active);
    let (_, request) = call(press(&mut app, "t"));
    assert_eq!(request, Request::SetActive(Uuid::from_u128(1), true));
    assert!(app.tree.selected_item().unwrap().is_active);
}

#[test]
fn a_switch_that_is_refused_is_taken_back() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>t"));
    let gone = ConnectionError::NotFound(Uuid::from_u128(1).into());
    app.update(Event::Reply(ticket, Reply::Saved(Err(gone))));
    assert!(app.tree.selected_item().unwrap().is_active);
    assert!(app.notice.as_ref().unwrap().text.contains("not found"));
}

#[test]
fn of_two_quick_switches_the_last_one_stays_on_screen() {
    let mut app = app_with(&["A"]);
    let (first, _) = call(press(&mut app, "<down>t"));
    let (second, _) = call(press(&mut app, "t"));
    let mut off = item(1, "A");
    off.is_active = false;
    app.update(Event::Reply(first, Reply::Saved(Ok(connection(off)))));
    assert!(app.tree.selected_item().unwrap().is_active);
    app.update(Event::Reply(
        second,
        Reply::Saved(Ok(connection(item(1, "A")))),
    ));
    assert!(app.tree.selected_item().unwrap().is_active);
}

#[test]
fn undo_asks_for_the_opposite_and_only_once() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>t"));
    let mut off = item(1, "A");
    off.is_active = false;
    app.update(Event::Reply(ticket, Reply::Saved(Ok(connection(off)))));
    let (_, request) = call(press(&mut app, "u"));
    assert_eq!(request, Request::SetActive(Uuid::from_u128(1), true));
    assert_eq!(press(&mut app, "u"), None);
}

#[test]
fn three_quick_switches_end_as_three_and_are_undone_one_by_one() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let mut asked = Vec::new();
    for key in ["t", "t", "t", "u", "u"] {
        asked.push(call(press(&mut app, key)));
    }
    let wanted: Vec<_> = asked.iter().map(|(_, request)| request).collect();
    let to = |active| Request::SetActive(Uuid::from_u128(1), active);
    assert_eq!(
        wanted,
        [&to(false), &to(true), &to(false), &to(true), &to(false)]
    );
    for (ticket, request) in asked {
        let Request::SetActive(_, active) = request else {
            panic!("a switch was expected, not {request:?}");
        };
        let mut answer = item(1, "A");
        answer.is_active = active;
        app.update(Event::Reply(ticket, Reply::Saved(Ok(connection(answer)))));
        assert!(
            !app.tree.selected_item().unwrap().is_active,
            "the last press is on screen all the time"
        );
    }
    let (_, request) = call(press(&mut app, "u"));
    assert_eq!(request, to(true));
    assert_eq!(press(&mut app, "u"), None);
}

#[test]
fn quick_switches_that_are_all_refused_leave_what_was() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let asked: Vec<_> = ["t", "t", "t"]
        .map(|key| call(press(&mut app, key)))
        .into_iter()
        .collect();
    for (ticket, _) in asked {
        let gone = ConnectionError::NotFound(Uuid::from_u128(1).into());
        app.update(Event::Reply(ticket, Reply::Saved(Err(gone))));
    }
    assert!(app.tree.selected_item().unwrap().is_active);
    assert_eq!(press(&mut app, "u"), None, "nothing was switched");
}

#[test]
fn the_palette_offers_first_what_begins_with_what_was_typed() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter><ctrl-p>quit");
    let Some(Layer::Palette(palette)) = app.layers.last() else {
        panic!("the palette was expected");
    };
    let actions = palette.actions();
    let ids: Vec<_> = actions.iter().map(|offered| offered.entry.id).collect();
    assert_eq!(ids, ["quit", "leave", "back"]);
    assert!(actions[0].is_here && !actions[1].is_here);
    assert_eq!(press(&mut app, "<enter>"), Some(Effect::Quit));
}

#[test]
fn delete_needs_another_key_than_enter() {
    let mut app = app_with(&["A"]);
    assert_eq!(press(&mut app, "<down>D<enter>"), None);
    let (_, request) = call(press(&mut app, "D<tab><enter>"));
    assert_eq!(request, Request::Delete(Uuid::from_u128(1)));
}

#[test]
fn esc_never_quits_and_q_does() {
    let mut app = app_with(&["A"]);
    assert_eq!(press(&mut app, "<down><esc><esc><esc><esc>"), None);
    assert_eq!(press(&mut app, "q"), Some(Effect::Quit));
}

#[test]
fn quitting_from_a_changed_form_asks_and_ctrl_c_does_not() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>A");
    assert_eq!(press(&mut app, "q"), None, "q is typed");
    assert_eq!(app.form().unwrap().name(), "Aq");
    assert_eq!(press(&mut app, "<esc>"), None);
    assert!(matches!(app.layers.last(), Some(Layer::Confirm(_))));
    assert_eq!(press(&mut app, "<ctrl-c>"), Some(Effect::Quit));
}

#[test]
fn who_runs_through_the_list_asks_for_one_detail_at_a_time() {
    let mut app = app_with(&["A", "B", "C", "D"]);
    press(&mut app, "<down>");
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(request, Request::Get(Uuid::from_u128(1)));
    for _ in 0..2 {
        press(&mut app, "<down>");
        assert_eq!(due(&mut app), []);
    }
    app.update(Event::Reply(
        ticket,
        Reply::Got(Ok(connection(item(1, "A")))),
    ));
    let (_, request) = call(app.update(Event::Idle));
    assert_eq!(request, Request::Get(Uuid::from_u128(3)));
}

#[test]
fn an_alias_is_asked_about_one_at_a_time_and_the_last_one_wins() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>a");
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(request, Request::AliasOwner("a".into(), None));
    press(&mut app, "b");
    let asked = due(&mut app);
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::Call(..))),
        "{asked:?}"
    );
    app.update(Event::Reply(ticket, Reply::AliasOwner(Ok(None))));
    let (_, request) = call(app.update(Event::Idle));
    assert_eq!(request, Request::AliasOwner("ab".into(), None));
}

#[test]
fn an_alias_that_cannot_be_checked_is_not_asked_about_for_ever() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>a");
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, Reply::Lost("no".into())));
    let asked = due(&mut app);
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::Call(..))),
        "{asked:?}"
    );
}

#[test]
fn a_reference_is_looked_up_again_on_focus_on_typing_and_on_a_save() {
    let missing = || Lookup::Missing { looked_in: vec![] };
    let found = || Lookup::Found {
        source: "appsettings.json".into(),
    };
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter><tab><tab><tab>$A:B");
    let answers = |app: &mut App, answer: Lookup| {
        let asked: Vec<_> = due(app)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Call(ticket, Request::Lookup(reference)) => Some((ticket, reference)),
                _ => None,
            })
            .collect();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].1.key(), "A:B");
        app.update(Event::Reply(asked[0].0, Reply::LookedUp(Ok(answer))));
    };
    answers(&mut app, missing());
    assert_eq!(due(&mut app), [], "an answer is kept while nothing happens");
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
        "only name and alias are left"
    );
}

#[test]
fn a_refusal_for_a_reference_is_taken_back_when_it_resolves() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>$A:B");
    let (ticket, _) = call(press(&mut app, "<ctrl-s>"));
    let refused = ConnectionError::at(
        Field::Setting {
            provider: "openai".into(),
            key: "apiKey".into(),
            label: "OpenAI API Key".into(),
        },
        Reason::ReferenceMissing {
            key: "A:B".into(),
            looked_in: vec![],
        },
    );
    app.update(Event::Reply(ticket, Reply::Saved(Err(refused))));
    assert_eq!(app.form().unwrap().error_count(), 1);
    press(&mut app, "<tab><shift-tab>");
    for effect in due(&mut app) {
        if let Effect::Call(ticket, Request::Lookup(_)) = effect {
            let found = Lookup::Found {
                source: "appsettings.json".into(),
            };
            app.update(Event::Reply(ticket, Reply::LookedUp(Ok(found))));
        }
    }
    assert_eq!(app.form().unwrap().error_count(), 0);
}

#[test]
fn a_connection_created_while_pages_are_read_is_there_once() {
    let mut app = app();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "A"), item(3, "C")], 5)));
    let (before, _) = call(app.update(Event::Idle));
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (save, _) = call(press(&mut app, "<ctrl-s>"));
    app.update(Event::Reply(
        save,
        Reply::Saved(Ok(connection(item(2, "B")))),
    ));
    // The page under way was counted without B, and all the same goes on where the one before ended.
    app.update(Event::Reply(
        before,
        page(&[item(1, "A"), item(3, "C"), item(4, "D")], 5),
    ));
    assert_eq!(names(&app), ["A", "B", "C", "D"]);
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(
        request,
        Request::List(Window {
            skip: 0,
            take: 5_004
        })
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
fn a_connection_created_beyond_what_was_read_is_there_once() {
    let mut app = app();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "A")], 3)));
    press(&mut app, "nopenai<enter>X<tab><tab><tab>sk-1");
    let (save, _) = call(press(&mut app, "<ctrl-s>"));
    app.update(Event::Reply(
        save,
        Reply::Saved(Ok(connection(item(9, "X")))),
    ));
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(
        ticket,
        page(&[item(1, "A"), item(2, "B"), item(9, "X"), item(3, "Z")], 4),
    ));
    assert_eq!(names(&app), ["A", "B", "X", "Z"]);
}

#[test]
fn a_refresh_keeps_the_old_list_until_the_new_one_is_whole() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down><down>r");
    let (ticket, _) = call(app.update(Event::Idle));
    assert_eq!(names(&app), ["A", "B"]);
    app.update(Event::Reply(ticket, page(&[item(2, "B"), item(3, "C")], 2)));
    assert_eq!(names(&app), ["B", "C"]);
    assert_eq!(app.tree.selected(), Node::Connection(Uuid::from_u128(2)));
}

#[test]
fn a_filter_keeps_up_with_a_list_that_is_still_read() {
    let mut app = app();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "Apple")], 3)));
    press(&mut app, "/pear");
    assert_eq!(names(&app), Vec::<String>::new());
    let effects = due(&mut app);
    let Some(Effect::Call(ticket, _)) = effects.into_iter().next() else {
        panic!("the next page was expected");
    };
    app.update(Event::Reply(
        ticket,
        page(&[item(2, "Pear"), item(3, "Plum")], 3),
    ));
    assert_eq!(app.update(Event::Idle), Some(Effect::Continue));
    assert_eq!(names(&app), ["Pear"]);
}

#[test]
fn no_debug_text_has_what_was_typed_or_pasted() {
    let mut app = app_with(&[]);
    press(&mut app, "nopenai<enter>A<tab><tab><tab>");
    for event in stage::events("p<paste:planted>") {
        assert!(!format!("{event:?}").contains("planted"));
        assert!(!format!("{event:?}").contains('p') || format!("{event:?}") == "Paste(Pasted(…))");
        app.update(event);
    }
    let effect = press(&mut app, "<ctrl-s>");
    assert!(!format!("{effect:?} {:?}", app.layers).contains("planted"));
}

#[test]
fn a_connection_of_an_unknown_provider_can_be_switched_and_says_why_it_cannot_be_edited() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down><enter>"));
    let mut strange = item(1, "A");
    strange.provider_id = "nobody".into();
    app.update(Event::Reply(ticket, Reply::Got(Ok(connection(strange)))));
    assert!(app.form().is_none());
    assert!(app.notice.as_ref().unwrap().text.contains("'nobody'"));
}

#[test]
fn y_and_a_second_key_copy_what_it_names_and_never_a_secret() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(
        ticket,
        Reply::Got(Ok(connection(item(1, "A")))),
    ));
    assert_eq!(press(&mut app, "ya"), Some(Effect::Copy("a".into())));
    assert_eq!(press(&mut app, "yn"), Some(Effect::Copy("A".into())));
    let Some(Effect::Copy(json)) = press(&mut app, "yj") else {
        panic!("the JSON was expected");
    };
    assert!(json.contains(r#""apiKey": "sk-***""#), "{json}");
    for keys in ["yu", "yc"] {
        let Some(Effect::Copy(curl)) = press(&mut app, keys) else {
            panic!("the command was expected");
        };
        assert!(
            curl.starts_with("curl -X POST 'https://localhost:44331/umbraco/"),
            "{curl}"
        );
        assert!(curl.contains(r#""apiKey": "sk-your-api-key""#), "{curl}");
    }
    assert!(
        app.notice
            .as_ref()
            .unwrap()
            .text
            .contains("the terminal does not confirm")
    );
    assert_eq!(press(&mut app, "y<esc>"), None);
    assert!(app.layers.is_empty());
}

#[test]
fn of_several_things_to_know_the_help_has_all() {
    let problems = vec!["One is wrong".to_owned(), "Another is wrong".to_owned()];
    let app = App::new(
        Arc::new(ProviderCatalog::embedded()),
        Keymap::embedded(),
        problems,
    );
    let notice = &app.notice.as_ref().unwrap().text;
    assert_eq!(notice, "2 notices (? shows all): One is wrong");
}

#[test]
fn deleting_the_only_connection_selects_the_collection() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>D<tab><enter>"));
    app.update(Event::Reply(ticket, Reply::Deleted(Ok(item(1, "A")))));
    assert_eq!(app.tree.selected(), Node::Connections);
    assert!(app.tree.selected_item().is_none());
}

#[test]
fn what_is_too_long_for_a_terminal_is_not_copied_and_that_is_said() {
    let mut app = app_with(&["A"]);
    press(&mut app, "<down>");
    let (ticket, _) = call(app.update(Event::Idle));
    let mut long = connection(item(1, "A"));
    let text = Setting::Text("x".repeat(80_000));
    long.settings.as_mut().unwrap().set("organization", text);
    app.update(Event::Reply(ticket, Reply::Got(Ok(long))));
    assert_eq!(press(&mut app, "yj"), None);
    let said = &app.notice.as_ref().unwrap().text;
    assert!(said.starts_with("JSON not copied: 80"), "{said}");
    assert!(matches!(press(&mut app, "ya"), Some(Effect::Copy(_))));
}

#[test]
fn what_is_still_being_read_is_not_copied_and_that_is_said() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down>");
    for keys in ["yj", "yu"] {
        assert_eq!(press(&mut app, keys), None);
        let said = &app.notice.take().unwrap().text;
        assert_eq!(said, "The connection is still loading");
    }
}
