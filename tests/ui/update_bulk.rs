//! Bulk operations of `App::update`, without a service: requests, order of replies, stop and undo.

use std::sync::Arc;

use crate::support::harness::set_active;
use chrono::{DateTime, Utc};
use umai::connection::{
    Command, Connection, ConnectionError, ConnectionItem, IdOrAlias, Outcome, Page, PageRequest,
    ServerError,
};
use umai::provider::ProviderCatalog;
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::bulk::{AT_ONCE, BulkPhase, BulkRowState};
use umai::tui::change_feed::FeedEvent;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::Event;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::notice::NoticeSeverity;
use umai::tui::tree::ItemChange;
use uuid::Uuid;

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

fn item(number: usize, is_active: bool, version: u64) -> ConnectionItem {
    let date: DateTime<Utc> = "2024-01-15T10:30:00Z".parse().unwrap();
    ConnectionItem {
        endpoint: None,
        id: id(number),
        alias: format!("c-{number:06}"),
        name: format!("C {number:06}"),
        provider_id: "openai".into(),
        is_active,
        date_created: date,
        date_modified: date,
        version,
        date_deleted: None,
    }
}

fn saved(number: usize, is_active: bool) -> ItemChange {
    ItemChange::Saved(TreeItem::new(
        &item(number, is_active, 2),
        Arc::from("openai"),
    ))
}

/// App with `count` loaded connections, all inactive.
fn app_with(count: usize) -> App {
    let catalog = Arc::new(ProviderCatalog::embedded());
    let mut app = App::new(catalog, Keymap::embedded(), Vec::new());
    let (width, height) = (120, 40);
    app.update(Event::Resize(Size { width, height }));
    while let Some(Effect::Call(ticket, ServiceRequest::List(query))) = app.update(Event::Idle) {
        let PageRequest { skip, take } = query.window;
        let items = (1..=count).skip(skip).take(take);
        let items = items
            .map(|number| TreeItem::new(&item(number, false, 1), Arc::from("openai")))
            .collect();
        let page = Page {
            items,
            total: count,
        };
        app.update(Event::Reply(ticket, ServiceReply::Listed(Ok(page))));
    }
    app
}

fn press(app: &mut App, story: &str) -> Option<Effect> {
    let mut last = None;
    for event in crate::support::harness::events(story) {
        last = app.update(event);
    }
    last
}

/// Background requests, without their replies.
fn due(app: &mut App) -> Vec<(Ticket, ServiceRequest)> {
    let effects = std::iter::from_fn(|| app.update(Event::Idle));
    let calls = effects.filter_map(|effect| match effect {
        Effect::CallConcurrent(ticket, request) => Some((ticket, request)),
        Effect::Call(ticket, request) if !matches!(request, ServiceRequest::Get(_)) => {
            Some((ticket, request))
        }
        _ => None,
    });
    calls.collect()
}

/// Successful reply to a request.
fn done(request: &ServiceRequest) -> ServiceReply {
    let number = |id: &Uuid| usize::try_from(id.as_u128()).unwrap();
    match request {
        ServiceRequest::Run(Command::SetActive {
            key: IdOrAlias::Id(id),
            active: on,
        }) => ServiceReply::Ran(Ok(Outcome::Saved(Connection {
            item: item(number(id), *on, if *on { 2 } else { 3 }),
            settings: None,
        }))),
        ServiceRequest::Run(Command::Delete {
            key: IdOrAlias::Id(id),
            ..
        }) => ServiceReply::Ran(Ok(Outcome::Deleted(item(number(id), false, 2)))),
        ServiceRequest::Run(Command::Restore { id, alias: None }) => {
            ServiceReply::Ran(Ok(Outcome::Saved(Connection {
                item: item(number(id), false, 3),
                settings: None,
            })))
        }
        other => panic!("unexpected request: {other:?}"),
    }
}

fn answer(app: &mut App, (ticket, request): &(Ticket, ServiceRequest)) {
    app.update(Event::Reply(*ticket, done(request)));
}

/// Replies to all requests until none is left; returns their number.
fn finish(app: &mut App) -> usize {
    let mut count = 0;
    loop {
        let calls = due(app);
        if calls.is_empty() {
            return count;
        }
        for call in &calls {
            answer(app, call);
            count += 1;
        }
    }
}

/// App that activates all connections, and its first requests.
fn activating(count: usize) -> (App, Vec<(Ticket, ServiceRequest)>) {
    let mut app = app_with(count);
    press(&mut app, "<ctrl-a>+<enter>");
    let calls = due(&mut app);
    (app, calls)
}

fn tally(app: &App) -> (usize, usize, usize, usize) {
    let tally = app.dialogs.bulk().unwrap().progress;
    (tally.done, tally.unchanged, tally.failed, tally.waiting)
}

fn state(app: &App, number: usize) -> BulkRowState {
    let rows = app.dialogs.bulk().unwrap().rows();
    let row = rows.iter().find(|row| row.id == id(number)).unwrap();
    row.state.clone()
}

#[test]
fn pending_requests_are_limited() {
    let (mut app, calls) = activating(100);
    assert_eq!(calls.len(), AT_ONCE);
    assert!(
        due(&mut app).is_empty(),
        "the limit of pending requests is reached"
    );
    answer(&mut app, &calls[3]);
    let next = due(&mut app);
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].1, set_active(id(AT_ONCE + 1), true));
}

#[test]
fn replies_are_accepted_in_any_order() {
    let (mut app, mut calls) = activating(40);
    let mut asked = calls.len();
    while let Some(call) = calls.pop() {
        answer(&mut app, &call);
        let next = due(&mut app);
        asked += next.len();
        calls.extend(next);
    }
    assert_eq!(asked, 40, "one request per row");
    assert_eq!(tally(&app), (40, 0, 0, 0));
    assert!((0..40).all(|at| app.tree.visible_at(at).unwrap().is_active));
    assert_eq!(app.tree.marked_len(), 0);
}

#[test]
fn esc_stops_after_pending_requests_and_reports_the_result() {
    let (mut app, calls) = activating(100);
    press(&mut app, "<esc>");
    assert!(due(&mut app).is_empty());
    assert_eq!(app.dialogs.bulk().unwrap().phase, BulkPhase::Running);
    for call in &calls {
        answer(&mut app, call);
    }
    assert!(due(&mut app).is_empty());
    assert_eq!(app.dialogs.bulk().unwrap().phase, BulkPhase::Finished);
    assert_eq!(tally(&app), (AT_ONCE, 0, 0, 100 - AT_ONCE));
    assert_eq!(
        app.tree.marked_len(),
        100 - AT_ONCE,
        "unfinished rows stay marked"
    );
    press(&mut app, "r");
    assert_eq!(finish(&mut app), 100 - AT_ONCE);
    assert_eq!(tally(&app), (100, 0, 0, 0));
    press(&mut app, "u");
    assert_eq!(finish(&mut app), 100, "both parts are one operation");
}

#[test]
fn keys_work_during_a_bulk_operation() {
    let (mut app, calls) = activating(1_000);
    press(&mut app, "<down><down>");
    assert_eq!(app.dialogs.bulk().unwrap().cursor.selected, AT_ONCE + 1);
    answer(&mut app, &calls[0]);
    due(&mut app);
    assert_eq!(
        app.dialogs.bulk().unwrap().cursor.selected,
        AT_ONCE + 1,
        "a manual selection stays"
    );
    press(&mut app, "b<esc>");
    assert!(app.dialogs.is_empty());
    let effect = press(&mut app, "<down><down>t");
    assert!(
        matches!(
            effect,
            Some(Effect::Call(
                _,
                ServiceRequest::Run(Command::SetActive { active: true, .. })
            ))
        ),
        "{effect:?}"
    );
}

#[test]
fn connection_deleted_elsewhere_during_the_operation_is_skipped() {
    let (mut app, calls) = activating(20);
    let gone = ItemChange::Deleted(id(15));
    app.update(Event::Feed(FeedEvent::Changes(vec![gone])));
    for call in &calls {
        answer(&mut app, call);
    }
    assert_eq!(finish(&mut app), 20 - AT_ONCE - 1);
    assert_eq!(tally(&app), (19, 0, 1, 0));
    assert_eq!(
        state(&app, 15),
        BulkRowState::Failed("Deleted elsewhere".into())
    );
}

#[test]
fn connection_changed_elsewhere_during_the_operation_is_skipped_and_not_undone() {
    let (mut app, calls) = activating(20);
    app.update(Event::Feed(FeedEvent::Changes(vec![saved(15, true)])));
    for call in &calls {
        answer(&mut app, call);
    }
    assert_eq!(finish(&mut app), 20 - AT_ONCE - 1);
    assert_eq!(state(&app, 15), BulkRowState::Unchanged);
    press(&mut app, "u");
    assert_eq!(finish(&mut app), 19);
    assert!(app.tree.item(id(15)).unwrap().is_active);
}

#[test]
fn own_change_may_arrive_through_the_feed_before_the_reply() {
    let (mut app, calls) = activating(3);
    app.update(Event::Feed(FeedEvent::Changes(vec![saved(2, true)])));
    for call in &calls {
        answer(&mut app, call);
    }
    assert!(due(&mut app).is_empty());
    assert_eq!(tally(&app), (3, 0, 0, 0));
}

#[test]
fn unchanged_version_in_a_reply_counts_as_unchanged() {
    let (mut app, calls) = activating(3);
    let same = Connection {
        item: item(1, true, 1),
        settings: None,
    };
    app.update(Event::Reply(
        calls[0].0,
        ServiceReply::Ran(Ok(Outcome::Saved(same))),
    ));
    assert_eq!(state(&app, 1), BulkRowState::Unchanged);
}

#[test]
fn lost_or_unexpected_reply_fails_only_its_row() {
    let (mut app, calls) = activating(4);
    app.update(Event::Reply(
        calls[0].0,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    let strange = ServiceReply::Ran(Ok(Outcome::Purged));
    app.update(Event::Reply(calls[1].0, strange));
    answer(&mut app, &calls[2]);
    answer(&mut app, &calls[3]);
    assert_eq!(tally(&app), (2, 0, 2, 0));
    assert_eq!(
        state(&app, 1),
        BulkRowState::Failed("The request failed: connection lost".into())
    );
    assert_eq!(app.tree.marked_len(), 2, "failed rows stay marked");
}

#[test]
fn error_that_affects_all_requests_stops_the_operation() {
    let (mut app, calls) = activating(100);
    let trouble = ConnectionError::Server(ServerError::SignIn);
    app.update(Event::Reply(calls[0].0, ServiceReply::Ran(Err(trouble))));
    assert!(due(&mut app).is_empty());
    for call in &calls[1..] {
        answer(&mut app, call);
    }
    assert_eq!(tally(&app), (AT_ONCE - 1, 0, 1, 100 - AT_ONCE));
    let text = app.dialogs.bulk().unwrap().summary_text();
    assert!(text.contains("Stopped: Unauthorized"), "{text}");
}

#[test]
fn running_operation_cannot_be_undone() {
    let mut app = app_with(30);
    let switched = press(&mut app, "<down>t");
    let Some(Effect::Call(ticket, request)) = switched else {
        panic!("expected a SetActive request");
    };
    answer(&mut app, &(ticket, request));
    press(&mut app, "<ctrl-a>+<enter>b");
    assert_eq!(press(&mut app, "u"), None);
    let notice = app.notices.current.as_ref().unwrap();
    assert!(notice.text.contains("still running"), "{}", notice.text);
    finish(&mut app);
    press(&mut app, "u");
    assert_eq!(finish(&mut app), 29);
    press(&mut app, "<esc>");
    let effect = press(&mut app, "u");
    assert!(
        matches!(
            effect,
            Some(Effect::Call(
                _,
                ServiceRequest::Run(Command::SetActive { active: false, .. })
            ))
        ),
        "the earlier change is undone: {effect:?}"
    );
}

#[test]
fn stopped_undo_can_be_continued() {
    let (mut app, calls) = activating(100);
    for call in &calls {
        answer(&mut app, call);
    }
    finish(&mut app);
    press(&mut app, "u");
    let calls = due(&mut app);
    press(&mut app, "<esc>");
    for call in &calls {
        answer(&mut app, call);
    }
    assert_eq!(app.dialogs.bulk().unwrap().phase, BulkPhase::Finished);
    press(&mut app, "<esc>u");
    assert_eq!(finish(&mut app), 100 - AT_ONCE);
    press(&mut app, "<esc>");
    assert_eq!(press(&mut app, "u"), None);
    assert!(due(&mut app).is_empty(), "nothing is left to undo");
}

#[test]
fn retried_undo_leaves_nothing_to_undo() {
    let (mut app, calls) = activating(20);
    for call in &calls {
        answer(&mut app, call);
    }
    finish(&mut app);
    press(&mut app, "u");
    let calls = due(&mut app);
    press(&mut app, "<esc>");
    for call in &calls {
        answer(&mut app, call);
    }
    press(&mut app, "r");
    assert_eq!(finish(&mut app), 20 - AT_ONCE);
    press(&mut app, "<esc>u");
    let notice = app.notices.current.as_ref().unwrap();
    assert_eq!(notice.text, "Nothing to undo");
}

#[test]
fn bulk_delete_is_not_reported_as_deleted_elsewhere() {
    let mut app = app_with(10);
    press(&mut app, "<down><ctrl-a>D<tab><enter>");
    let calls = due(&mut app);
    let heard = (1..=4)
        .map(|number| ItemChange::Deleted(id(number)))
        .collect();
    app.update(Event::Feed(FeedEvent::Changes(heard)));
    assert!(
        app.notices
            .current
            .as_ref()
            .is_none_or(|notice| notice.severity != NoticeSeverity::Warning),
        "{:?}",
        app.notices.current
    );
    for call in &calls {
        answer(&mut app, call);
    }
    finish(&mut app);
    assert_eq!(tally(&app), (10, 0, 0, 0));
    press(&mut app, "u");
    assert_eq!(finish(&mut app), 10);
    assert_eq!(app.tree.len(), 10);
}

#[test]
fn delete_after_a_restore_is_reported_as_deleted_elsewhere() {
    let mut app = app_with(2);
    press(&mut app, "<ctrl-a>D<tab><enter>");
    finish(&mut app);
    press(&mut app, "<esc>");
    let back = ItemChange::Saved(TreeItem::new(&item(1, false, 3), Arc::from("openai")));
    app.update(Event::Feed(FeedEvent::Changes(vec![back])));
    press(&mut app, "<down>");
    app.update(Event::Feed(FeedEvent::Changes(vec![ItemChange::Deleted(
        id(1),
    )])));
    let notice = app.notices.current.as_ref().unwrap();
    assert!(notice.text.contains("was deleted elsewhere"), "{notice:?}");
}

#[test]
fn bulk_toggle_is_not_undone_for_connections_deleted_elsewhere() {
    let (mut app, calls) = activating(5);
    for call in &calls {
        answer(&mut app, call);
    }
    due(&mut app);
    app.update(Event::Feed(FeedEvent::Changes(vec![ItemChange::Deleted(
        id(2),
    )])));
    press(&mut app, "<esc>u");
    assert_eq!(finish(&mut app), 4);
    assert_eq!(tally(&app), (4, 0, 0, 0));
}

#[test]
fn cancelled_preview_sends_no_request_and_keeps_the_marks() {
    let mut app = app_with(5);
    press(&mut app, "<ctrl-a>D<esc>");
    assert!(app.dialogs.bulk().is_none() && app.dialogs.is_empty());
    assert!(due(&mut app).is_empty());
    assert_eq!(app.tree.marked_len(), 5);
}

#[test]
fn changes_elsewhere_update_the_preview() {
    let mut app = app_with(5);
    press(&mut app, "<ctrl-a>+");
    let news = vec![saved(1, true), ItemChange::Deleted(id(2))];
    app.update(Event::Feed(FeedEvent::Changes(news)));
    let counts = app.dialogs.bulk().unwrap().preview_counts();
    assert_eq!((counts.change, counts.unchanged, counts.deleted), (3, 1, 1));
    press(&mut app, "<enter>");
    assert_eq!(due(&mut app).len(), 3);
}

#[test]
fn ctrl_c_quits_and_starts_no_more_rows() {
    let (mut app, _) = activating(100);
    assert_eq!(press(&mut app, "<ctrl-c>"), Some(Effect::Quit));
}

#[test]
fn replies_of_an_earlier_operation_are_ignored() {
    let mut app = app_with(3);
    press(&mut app, "<ctrl-a>T<enter>");
    let tests = due(&mut app);
    assert_eq!(tests.len(), 3);
    press(&mut app, "<esc><esc>+<enter>");
    let calls = due(&mut app);
    assert_eq!(calls.len(), 3);
    app.update(Event::Reply(
        tests[0].0,
        ServiceReply::TaskFailed("late".into()),
    ));
    assert_eq!(state(&app, 1), BulkRowState::Running);
}

#[test]
fn marking_100000_connections_one_by_one_matches_mark_all() {
    let mut app = app_with(100_000);
    press(&mut app, "<ctrl-a>");
    assert_eq!(app.tree.marked_len(), 100_000);
    press(&mut app, "<down><space>");
    assert_eq!(app.tree.marked_len(), 99_999);
    press(&mut app, "*");
    assert_eq!(app.tree.marked_len(), 1);
}
