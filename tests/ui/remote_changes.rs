//! Remote changes in the tree, filters, forms and prompts, and across lost connections.

use std::collections::HashMap;
use std::sync::Arc;

use crate::support::harness::{Harness, set_active};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;
use umai::connection::{
    Connection, ConnectionError, ConnectionItem, ListCursor, ListQuery, MaskedSecret, Outcome,
    Page, PageRequest, ServerError, SettingValue, Settings,
};
use umai::provider::ProviderCatalog;
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::change_feed::FeedEvent;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::Event;
use umai::tui::form::TheirChange;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::tree::{ItemChange, Node};
use uuid::Uuid;

fn item(number: u128, name: &str, version: u64) -> ConnectionItem {
    ConnectionItem {
        id: Uuid::from_u128(number),
        alias: umai::connection::alias::suggest(name),
        name: name.into(),
        provider_id: "openai".into(),
        is_active: true,
        date_created: "2024-01-15T10:30:00Z".parse().unwrap(),
        date_modified: "2024-01-15T10:30:00Z".parse().unwrap(),
        version,
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

fn compact(item: &ConnectionItem) -> TreeItem {
    TreeItem::new(item, Arc::from(item.provider_id.as_str()))
}

fn saved(item: &ConnectionItem) -> ItemChange {
    ItemChange::Saved(compact(item))
}

fn deleted(number: u128) -> ItemChange {
    ItemChange::Deleted(Uuid::from_u128(number))
}

fn hear(app: &mut App, news: impl Into<Vec<ItemChange>>) {
    assert_eq!(
        app.update(Event::Feed(FeedEvent::Changes(news.into()))),
        None
    );
}

fn page(items: &[ConnectionItem], total: usize) -> ServiceReply {
    let items = items.iter().map(compact).collect();
    ServiceReply::Listed(Ok(Page { items, total }))
}

fn app_of(width: u16, height: u16) -> App {
    let catalog = Arc::new(ProviderCatalog::embedded());
    let mut app = App::new(catalog, Keymap::embedded(), Vec::new());
    app.update(Event::Resize(Size { width, height }));
    app
}

/// Creates an app that has loaded these connections, each at version 1.
fn app_with(names: &[&str]) -> App {
    let mut app = app_of(120, 40);
    let items: Vec<_> = (1..)
        .zip(names)
        .map(|(number, name)| item(number, name, 1))
        .collect();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&items, items.len())));
    app
}

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
        other => panic!("a call was expected, not {other:?}"),
    }
}

/// Returns the requests of an idle app.
fn asked(app: &mut App) -> Vec<(Ticket, ServiceRequest)> {
    std::iter::from_fn(|| app.update(Event::Idle))
        .filter_map(|effect| match effect {
            Effect::Call(ticket, request) => Some((ticket, request)),
            _ => None,
        })
        .collect()
}

fn names(app: &App) -> Vec<String> {
    (0..app.tree.shown_len())
        .filter_map(|at| app.tree.visible_at(at))
        .map(|item| item.name().to_owned())
        .collect()
}

fn selected(app: &App) -> &str {
    app.tree.selected_item().map_or("", TreeItem::name)
}

fn notice(app: &App) -> &str {
    app.notices
        .current
        .as_ref()
        .map_or("", |notice| notice.text.as_str())
}

#[test]
fn remote_changes_appear_and_the_selection_stays() {
    let mut app = app_with(&["B", "D", "F"]);
    press(&mut app, "<down><down>");
    assert_eq!(selected(&app), "D");
    hear(&mut app, [saved(&item(9, "A", 1))]);
    assert_eq!((names(&app).join(""), selected(&app)), ("ABDF".into(), "D"));
    hear(&mut app, [saved(&item(1, "Z", 2))]);
    assert_eq!((names(&app).join(""), selected(&app)), ("ADFZ".into(), "D"));
    let off = ConnectionItem {
        is_active: false,
        ..item(2, "D", 2)
    };
    hear(&mut app, [saved(&off)]);
    assert!(!app.tree.selected_item().unwrap().is_active);
    hear(&mut app, [deleted(9), deleted(1)]);
    assert_eq!((names(&app).join(""), selected(&app)), ("DF".into(), "D"));
    assert_eq!(notice(&app), "", "nothing of this concerns who looks on");
}

#[test]
fn selection_keeps_its_row_on_insertions_above() {
    let names: Vec<String> = (0..100).map(|number| format!("N{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut app = app_with(&names);
    press(&mut app, "G<up><up><up><up>");
    let row = app.tree.selected_row() - app.tree.top;
    let news: Vec<_> = (200..230)
        .map(|number| saved(&item(number, &format!("A{number}"), 1)))
        .collect();
    hear(&mut app, news);
    assert_eq!(selected(&app), "N095");
    assert_eq!(app.tree.selected_row() - app.tree.top, row);
}

#[test]
fn remote_delete_of_the_selection_selects_its_neighbour() {
    let mut app = app_with(&["A", "B", "C"]);
    press(&mut app, "<down><down>");
    hear(&mut app, [deleted(2)]);
    assert_eq!(selected(&app), "C");
    assert_eq!(notice(&app), "\"B\" was deleted elsewhere");
    hear(&mut app, [deleted(3), deleted(1)]);
    assert_eq!(app.tree.selected(), Node::Connections);
}

#[test]
fn late_old_version_does_not_replace_a_newer_one() {
    let mut app = app_with(&["A"]);
    hear(&mut app, [saved(&item(1, "Third", 3))]);
    hear(&mut app, [saved(&item(1, "Second", 2))]);
    assert_eq!(names(&app), ["Third"]);
    hear(
        &mut app,
        [saved(&item(1, "Fifth", 5)), saved(&item(1, "Fourth", 4))],
    );
    assert_eq!(names(&app), ["Fifth"]);
}

#[test]
fn stale_reply_does_not_restore_a_deleted_connection() {
    let mut app = app_with(&["A"]);
    press(&mut app, "nopenai<enter>B<tab><tab><tab>sk-1");
    let (save, _) = call(press(&mut app, "<ctrl-s>"));
    hear(&mut app, [saved(&item(2, "B", 1)), deleted(2)]);
    let answer = ServiceReply::Ran(Ok(Outcome::Saved(connection(item(2, "B", 1)))));
    app.update(Event::Reply(save, answer));
    assert_eq!(names(&app), ["A"]);
}

#[test]
fn echo_of_own_save_changes_nothing_in_any_order() {
    for is_echo_first in [true, false] {
        let mut app = app_with(&["A", "C"]);
        press(&mut app, "<down>");
        let (read, _) = call(app.update(Event::Idle));
        app.update(Event::Reply(
            read,
            ServiceReply::Connection(Ok(connection(item(1, "A", 1)))),
        ));
        let (read, _) = call(press(&mut app, "e"));
        app.update(Event::Reply(
            read,
            ServiceReply::Connection(Ok(connection(item(1, "A", 1)))),
        ));
        let (save, _) = call(press(&mut app, "X<ctrl-s>"));
        let after = item(1, "AX", 2);
        let echo = [saved(&after)];
        let answer = Event::Reply(
            save,
            ServiceReply::Ran(Ok(Outcome::Saved(connection(after)))),
        );
        if is_echo_first {
            hear(&mut app, echo);
            app.update(answer);
        } else {
            app.update(answer);
            hear(&mut app, echo);
        }
        assert_eq!(names(&app), ["AX", "C"]);
        assert_eq!(selected(&app), "AX");
        assert_eq!(notice(&app), "Saved \"AX\"");
        assert_eq!(asked(&mut app), [], "it is read already");
    }
}

#[test]
fn echo_of_a_toggle_keeps_undo_and_later_toggles() {
    let mut app = app_with(&["A"]);
    let (first, _) = call(press(&mut app, "<down>t"));
    let (second, _) = call(press(&mut app, "t"));
    let off = ConnectionItem {
        is_active: false,
        ..item(1, "A", 2)
    };
    hear(&mut app, [saved(&off)]);
    assert!(
        app.tree.selected_item().unwrap().is_active,
        "as it was pressed last"
    );
    app.update(Event::Reply(
        first,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(off)))),
    ));
    let gone = ConnectionError::NotFound(Uuid::from_u128(1).into());
    app.update(Event::Reply(second, ServiceReply::Ran(Err(gone))));
    assert!(
        !app.tree.selected_item().unwrap().is_active,
        "as it was heard last"
    );
    let (_, request) = call(press(&mut app, "u"));
    assert_eq!(request, set_active(Uuid::from_u128(1), true));
}

#[test]
fn toggle_of_a_remotely_deleted_connection_has_no_undo() {
    let mut app = app_with(&["A", "B"]);
    let (ticket, _) = call(press(&mut app, "<down>t"));
    let off = ConnectionItem {
        is_active: false,
        ..item(1, "A", 2)
    };
    app.update(Event::Reply(
        ticket,
        ServiceReply::Ran(Ok(Outcome::Saved(connection(off)))),
    ));
    hear(&mut app, [deleted(1)]);
    assert_eq!(press(&mut app, "u"), None);
}

#[test]
fn filter_keeps_its_selection_and_adds_new_matches() {
    let mut app = app_with(&["Apricot", "Cherry", "Pear"]);
    press(&mut app, "/r<enter><down>");
    let before = selected(&app).to_owned();
    hear(
        &mut app,
        [
            saved(&item(8, "Elder", 1)),
            saved(&item(9, "Plum", 1)),
            saved(&item(7, "Art", 1)),
        ],
    );
    assert_eq!(selected(&app), before);
    let mut shown = names(&app);
    shown.sort();
    assert_eq!(shown, ["Apricot", "Art", "Cherry", "Elder", "Pear"]);
    hear(&mut app, [saved(&item(1, "Mango", 2)), deleted(7)]);
    let mut shown = names(&app);
    shown.sort();
    assert!(!shown.contains(&"Apricot".to_owned()), "{shown:?}");
    assert!(!shown.contains(&"Mango".to_owned()), "{shown:?}");
    let (mut incremental, selection) = (names(&app), selected(&app).to_owned());
    // A new filter with the same text finds the same order.
    press(&mut app, "<esc>/r<enter>");
    assert_eq!(names(&app), incremental);
    incremental.retain(|name| *name == selection);
    assert_eq!(incremental.len(), 1, "what is selected is shown");
}

#[test]
fn grouped_list_applies_remote_changes() {
    let mut app = app_with(&["B", "C"]);
    press(&mut app, "sp");
    let other = ConnectionItem {
        provider_id: "anthropic".into(),
        ..item(9, "Z", 1)
    };
    hear(&mut app, [saved(&other), saved(&item(8, "A", 1))]);
    assert_eq!(names(&app), ["Z", "A", "B", "C"]);
}

#[test]
fn stale_detail_reloads_and_stays_until_then() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down>");
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(item(1, "A", 1)))),
    ));
    hear(&mut app, [saved(&item(2, "B", 2))]);
    assert_eq!(asked(&mut app), [], "it is another");
    hear(&mut app, [saved(&item(1, "A", 2))]);
    let again = asked(&mut app);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].1, ServiceRequest::Get(Uuid::from_u128(1)));
    assert!(app.workspace.detail.connection.is_some(), "no flicker");
    // A change during the request triggers another request, and the late reply is not shown.
    hear(&mut app, [saved(&item(1, "A", 3))]);
    app.update(Event::Reply(
        again[0].0,
        ServiceReply::Connection(Ok(connection(item(1, "A", 2)))),
    ));
    let again = asked(&mut app);
    assert_eq!(again.len(), 1);
    app.update(Event::Reply(
        again[0].0,
        ServiceReply::Connection(Ok(connection(item(1, "A", 3)))),
    ));
    assert_eq!(asked(&mut app), []);
    assert_eq!(
        app.workspace
            .detail
            .connection
            .as_ref()
            .unwrap()
            .item
            .version,
        3
    );
}

/// Opens a form over A and types an X.
fn editing() -> App {
    let mut app = app_with(&["A", "B"]);
    let (ticket, _) = call(press(&mut app, "<down>e"));
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(item(1, "A", 1)))),
    ));
    press(&mut app, "X");
    app
}

#[test]
fn form_reports_a_remote_change_and_keeps_input() {
    let mut app = editing();
    hear(&mut app, [saved(&item(2, "B", 2))]);
    assert_eq!(app.form().unwrap().remote_change, None);
    hear(&mut app, [saved(&item(1, "A", 2))]);
    assert_eq!(
        app.form().unwrap().remote_change,
        Some(TheirChange::Saved(2))
    );
    assert!(notice(&app).contains("Changed elsewhere (v2)"));
    assert_eq!(app.form().unwrap().name(), "AX");
    hear(&mut app, [deleted(1)]);
    assert_eq!(
        app.form().unwrap().remote_change,
        Some(TheirChange::Deleted)
    );
    assert_eq!(app.form().unwrap().name(), "AX");
}

#[test]
fn form_over_a_stale_connection_reports_it() {
    let mut app = app_with(&["A"]);
    let (ticket, _) = call(press(&mut app, "<down>e"));
    hear(&mut app, [saved(&item(1, "A", 2))]);
    app.update(Event::Reply(
        ticket,
        ServiceReply::Connection(Ok(connection(item(1, "A", 1)))),
    ));
    assert_eq!(
        app.form().unwrap().remote_change,
        Some(TheirChange::Saved(2))
    );
}

#[rstest]
fn remote_change_is_visible_at_every_size(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::three(size.0, size.1);
    harness.play("<down>eX");
    let id = harness.app.form().unwrap().id().unwrap();
    let changed = harness.elsewhere(&async |service: &dyn umai::service::ConnectionService| {
        let draft = crate::support::draft(r#"{"name":"Another name"}"#);
        service.update(&id.into(), draft, None).await.unwrap().item
    });
    harness.happens(Event::Feed(FeedEvent::Changes(vec![saved(&changed)])));
    harness.time_passes();
    assert!(
        harness.frame().contains("! Also changed elsewhere: Name"),
        "{}",
        harness.frame()
    );
}

#[test]
fn prompt_for_a_remotely_deleted_connection_closes() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down>D");
    hear(&mut app, [saved(&item(1, "Renamed", 2))]);
    assert_eq!(app.dialogs.len(), 1);
    hear(&mut app, [deleted(1)]);
    assert!(app.dialogs.is_empty());
    assert_eq!(notice(&app), "\"Renamed\" was deleted elsewhere");
}

#[test]
fn own_delete_is_not_reported_as_remote() {
    let mut app = app_with(&["A", "B"]);
    let (ticket, _) = call(press(&mut app, "<down>D<tab><enter>"));
    hear(&mut app, [deleted(1)]);
    assert_eq!(notice(&app), "");
    let answer = ServiceReply::Ran(Ok(Outcome::Deleted(item(1, "A", 1))));
    app.update(Event::Reply(ticket, answer));
    assert_eq!(notice(&app), "Deleted \"A\"");
}

#[test]
fn copy_never_copies_from_a_neighbour() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down>y");
    hear(&mut app, [deleted(1)]);
    assert_eq!(press(&mut app, "a"), None);
}

#[test]
fn gap_between_pages_triggers_a_reload() {
    let mut app = app_of(120, 40);
    let all: Vec<_> = (0..400)
        .map(|number| item(number + 1, &format!("N{number:03}"), 1))
        .collect();
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&all[..200], 400)));
    // Fifty loaded connections are deleted before the next page, which then begins after the known rows.
    let left: Vec<_> = all[50..].to_vec();
    let (ticket, request) = call(app.update(Event::Idle));
    assert_eq!(
        request,
        ServiceRequest::List(ListQuery {
            after: Some(ListCursor::at(&all[179])),
            ..ListQuery::all(PageRequest {
                skip: 180,
                take: 5_020
            })
        })
    );
    app.update(Event::Reply(ticket, page(&left[180..], left.len())));
    assert_eq!(app.tree.len(), 200, "nothing is taken over a gap");
    let gone: Vec<_> = (1..=50).map(deleted).collect();
    hear(&mut app, gone);
    let (ticket, request) = call(app.update(Event::Idle));
    let ServiceRequest::List(query) = request else {
        panic!("the next page was expected, not {request:?}");
    };
    app.update(Event::Reply(
        ticket,
        page(&left[query.window.skip..], left.len()),
    ));
    assert_eq!(app.tree.len(), 350);
    assert_eq!(asked(&mut app), []);
}

#[test]
fn stale_page_does_not_restore_a_deleted_connection() {
    let mut app = app_of(120, 40);
    let (ticket, _) = call(app.update(Event::Idle));
    hear(
        &mut app,
        [
            deleted(1),
            saved(&item(2, "Renamed", 2)),
            saved(&item(4, "New", 1)),
        ],
    );
    let old = [item(1, "A", 1), item(2, "B", 1), item(3, "C", 1)];
    app.update(Event::Reply(ticket, page(&old, 3)));
    assert_eq!(names(&app), ["C", "New", "Renamed"]);
}

#[test]
fn changes_during_a_reload_apply_to_both_lists() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "r");
    let (ticket, _) = call(app.update(Event::Idle));
    hear(&mut app, [deleted(1), saved(&item(3, "C", 1))]);
    assert_eq!(names(&app), ["B", "C"]);
    app.update(Event::Reply(
        ticket,
        page(&[item(1, "A", 1), item(2, "B", 1)], 2),
    ));
    assert_eq!(names(&app), ["B", "C"]);
    assert_eq!(asked(&mut app), [], "it is not read once more");
}

#[test]
fn lost_connection_and_reconnect_are_reported_once() {
    let mut app = app_with(&["A"]);
    app.update(Event::Feed(FeedEvent::Disconnected));
    assert!(app.feed.is_stale);
    assert_eq!(
        notice(&app),
        "",
        "a short break is no matter for a sentence"
    );
    app.update(Event::Feed(FeedEvent::CaughtUp));
    assert!(!app.feed.is_stale);
    assert_eq!(notice(&app), "");
    app.update(Event::Feed(FeedEvent::Disconnected));
    app.update(Event::Feed(FeedEvent::ReconnectFailed(
        "The server is away".into(),
    )));
    assert!(notice(&app).starts_with("The server is away. Reconnecting; unsaved input is kept"));
    app.update(Event::Feed(FeedEvent::CaughtUp));
    assert_eq!(notice(&app), "Reconnected, up to date");
}

#[rstest]
fn stale_marker_is_visible_at_every_size(
    #[values((20, 5), (40, 10), (60, 16), (80, 24), (120, 40))] size: (u16, u16),
    #[values("", "<down>", "<down>e", "<down>D")] keys: &str,
) {
    let mut harness = Harness::three(size.0, size.1);
    harness.play(keys);
    assert!(!harness.frame().contains("stale"));
    harness.happens(Event::Feed(FeedEvent::Disconnected));
    let frame = harness.frame();
    assert!(frame.lines().next().unwrap().contains("stale"), "{frame}");
    assert!(
        frame.lines().next().unwrap().contains('…')
            || frame.lines().next().unwrap().contains("Conn"),
        "where one is stays: {frame}"
    );
    harness.happens(Event::Feed(FeedEvent::CaughtUp));
    assert!(!harness.frame().contains("stale"));
}

#[test]
fn failed_requests_are_retried_after_reconnect() {
    let away = || {
        ConnectionError::Server(ServerError::Unreachable {
            server: "https://far.example".into(),
            why: "no answer".into(),
        })
    };
    let mut app = app_of(120, 40);
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, ServiceReply::Listed(Err(away()))));
    assert!(notice(&app).contains("https://far.example"));
    assert_eq!(asked(&mut app), [], "not asked for ever");
    app.update(Event::Feed(FeedEvent::Disconnected));
    app.update(Event::Feed(FeedEvent::CaughtUp));
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, page(&[item(1, "A", 1)], 1)));
    press(&mut app, "<down>");
    let (ticket, _) = call(app.update(Event::Idle));
    app.update(Event::Reply(ticket, ServiceReply::Connection(Err(away()))));
    assert!(app.workspace.detail.problem.is_some());
    app.update(Event::Feed(FeedEvent::Disconnected));
    app.update(Event::Feed(FeedEvent::CaughtUp));
    let again = asked(&mut app);
    assert_eq!(again[0].1, ServiceRequest::Get(Uuid::from_u128(1)));
}

#[test]
fn offline_save_keeps_input_and_is_repeated_with_the_same_key() {
    let mut app = editing();
    let (ticket, first) = call(press(&mut app, "<ctrl-s>"));
    let away = ConnectionError::Server(ServerError::Unreachable {
        server: "https://far.example".into(),
        why: "no answer".into(),
    });
    app.update(Event::Reply(ticket, ServiceReply::Ran(Err(away))));
    assert!(notice(&app).contains("https://far.example"));
    assert_eq!(app.form().unwrap().name(), "AX");
    let (_, second) = call(press(&mut app, "<ctrl-s>"));
    assert_eq!(first, second);
}

#[test]
fn expired_change_feed_reloads_the_list_once() {
    let mut app = app_with(&["A", "B"]);
    press(&mut app, "<down><down>");
    app.update(Event::Feed(FeedEvent::Disconnected));
    app.update(Event::Feed(FeedEvent::ReloadNeeded));
    app.update(Event::Feed(FeedEvent::CaughtUp));
    assert_eq!(names(&app), ["A", "B"], "until the new one is there");
    let asked_now = asked(&mut app);
    let lists: Vec<_> = asked_now
        .iter()
        .filter(|(_, request)| matches!(request, ServiceRequest::List(_)))
        .collect();
    assert_eq!(lists.len(), 1);
    app.update(Event::Reply(
        lists[0].0,
        page(&[item(2, "B", 2), item(3, "C", 1)], 2),
    ));
    assert_eq!(names(&app), ["B", "C"]);
    assert_eq!(selected(&app), "B");
}

/// Remote change: number of the connection, new name and version; `None` for a delete.
type Doing = (u128, Option<(String, u64)>);

fn provider(number: u128) -> String {
    ["openai", "anthropic", "unheard-of"][usize::try_from(number % 3).unwrap()].into()
}

fn date(days: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2024-01-15T10:30:00Z".parse().unwrap();
    first + TimeDelta::days(i64::try_from(days).unwrap())
}

/// Returns the rows of the tree as drawn, without guide lines.
fn rows(app: &App) -> Vec<String> {
    let tree = &app.tree;
    let title = |row| match tree.node(row).unwrap() {
        Node::Settings => "Settings".into(),
        Node::Ai => "AI".into(),
        Node::Connections => "Connections".into(),
        Node::Provider(number) => {
            format!(
                "{} ({})",
                tree.providers().title(number),
                tree.count_of(number)
            )
        }
        Node::Connection(id) => tree.item(id).unwrap().alias().to_owned(),
    };
    (0..tree.rows()).map(title).collect()
}

/// Checks that rows, groups and the selection of a tree agree.
fn is_consistent(app: &App) -> Result<(), TestCaseError> {
    let tree = &app.tree;
    let mut seen = Vec::new();
    let mut group: Option<(u16, usize)> = None;
    for row in 0..tree.rows() {
        match tree.node(row).unwrap() {
            Node::Settings | Node::Ai | Node::Connections => {}
            Node::Provider(number) => {
                prop_assert!(tree.shows_groups());
                prop_assert!(group.is_none_or(|(_, left)| left == 0));
                prop_assert!(tree.count_of(number) > 0, "a provider without connections");
                let is_open = tree.is_open(Node::Provider(number));
                group = Some((number, if is_open { tree.count_of(number) } else { 0 }));
            }
            Node::Connection(id) => {
                let at = tree.at_row(row).unwrap();
                let item = tree.visible_at(at).unwrap();
                prop_assert_eq!(item.id, id);
                prop_assert!(!seen.contains(&id), "one is there twice");
                seen.push(id);
                if let Some((number, left)) = &mut group {
                    let its_own = tree.providers().known_number(&item.provider);
                    prop_assert_eq!(its_own, Some(*number), "below another provider");
                    *left -= 1;
                }
            }
        }
    }
    prop_assert!(group.is_none_or(|(_, left)| left == 0));
    prop_assert_eq!(tree.node(tree.rows()), None);
    prop_assert!(tree.selected_row() < tree.rows());
    prop_assert_eq!(tree.node(tree.selected_row()), Some(tree.selected()));
    if let Node::Connection(id) = tree.selected() {
        prop_assert_eq!(tree.selected_item().map(|item| item.id), Some(id));
    }
    Ok(())
}

fn doings() -> impl Strategy<Value = Vec<Vec<Doing>>> {
    let saved = ("[a-f]{1,3}", 1..20_u64).prop_map(Some);
    let doing = (1..60_u128, prop_oneof![5 => saved, 1 => Just(None)]);
    prop::collection::vec(prop::collection::vec(doing, 1..30), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tree_after_any_changes_equals_a_fresh_load(
        doings in doings(),
        keys in prop::sample::select(vec![
            "", "S", "sa", "sp", "spS", "ss", "sm", "smS", "p", "psa", "psm", "pss", "p/a<enter>", "/a<enter>",
            "/ab status:active<enter>", "sp/b<enter>", "ss/status:active<enter>", "psmS/provider:openai -a<enter>",
            "p/b<enter>", "/x-1 provider:anth<enter>",
        ]),
        row in 0..40_usize,
    ) {
        let order = |item: &ConnectionItem| (item.name.to_lowercase(), item.alias.clone());
        let mut first: Vec<_> = (1..40)
            .map(|number| ConnectionItem {
                alias: format!("x-{number}"),
                provider_id: provider(number),
                ..item(number, &format!("{:02}", number % 7), 1)
            })
            .collect();
        first.sort_by_key(order);
        let mut app = app_of(59, 40);
        let (ticket, _) = call(app.update(Event::Idle));
        app.update(Event::Reply(ticket, page(&first, first.len())));
        press(&mut app, keys);
        press(&mut app, &"<down>".repeat(row));
        let mut known: HashMap<Uuid, ConnectionItem> =
            first.into_iter().map(|item| (item.id, item)).collect();
        for doing in doings {
            let before = app.tree.selected();
            let mut news = Vec::new();
            for (number, what) in doing {
                let id = Uuid::from_u128(number);
                let Some((name, version)) = what else {
                    known.remove(&id);
                    news.push(deleted(number));
                    continue;
                };
                let item = ConnectionItem {
                    is_active: version % 2 == 0,
                    alias: format!("x-{number}"),
                    provider_id: provider(number),
                    date_modified: date(version % 7),
                    ..item(number, &name, version)
                };
                news.push(saved(&item));
                if known.get(&id).is_none_or(|known| known.version <= version) {
                    known.insert(id, item);
                }
            }
            hear(&mut app, news);
            asked(&mut app);
            let mut wanted: Vec<_> = known.values().cloned().collect();
            wanted.sort_by_key(order);
            let mut fresh = app_of(59, 40);
            let (ticket, _) = call(fresh.update(Event::Idle));
            fresh.update(Event::Reply(ticket, page(&wanted, wanted.len())));
            press(&mut fresh, keys);
            let aliases = |app: &App| -> Vec<String> {
                (0..app.tree.shown_len())
                    .filter_map(|at| app.tree.visible_at(at))
                    .map(|item| item.alias().to_owned())
                    .collect()
            };
            prop_assert_eq!(aliases(&app), aliases(&fresh));
            prop_assert_eq!(rows(&app), rows(&fresh));
            is_consistent(&app)?;
            if let Some(at) = app.tree.selected_at() {
                prop_assert!(app.tree.visible_at(at).is_some());
                let shown = (0..app.tree.shown_len()).filter_map(|at| app.tree.visible_at(at));
                let mut shown = shown.map(|item| Node::Connection(item.id));
                if shown.any(|node| node == before) {
                    prop_assert_eq!(app.tree.selected(), before);
                }
            }
        }
    }
}
