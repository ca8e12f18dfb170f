//! Benchmarks of bulk operations: marking all, and key latency while a thousand connections change.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::Utc;
use umai::connection::{Command, Connection, ConnectionItem, IdOrAlias, Outcome};
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::bulk::BulkPhase;
use umai::tui::change_feed::FeedEvent;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::Event;
use umai::tui::key::KeyPress;
use umai::tui::tree::ItemChange;
use uuid::Uuid;

use super::{COUNT, frame, report};

/// Number of connections that change while keys are pressed.
const MANY: usize = 1_000;

/// Duration of a save.
const SAVE: Duration = Duration::from_millis(2);

/// Interval between two keys, shorter than any keyboard repeat.
const BETWEEN: Duration = Duration::from_millis(5);

/// Runs all measurements.
pub fn measure(app: &mut App) {
    one(app, "mark all", &["ctrl-a"]);
    one(app, "invert the marks", &["*"]);
    one(
        app,
        "mark one and go on",
        &["g", "down", "down", "down", "space"],
    );
    clear(app);
    one_with(app, "ask about all", &["ctrl-a"], "t", &["esc", "esc"]);
    one_with(
        app,
        "begin with all",
        &["ctrl-a", "T"],
        "enter",
        &["esc", "esc", "esc"],
    );
    clear(app);
    run(app);
}

fn press(app: &mut App, name: &str) {
    app.update(Event::Key(KeyPress::read(name).unwrap()));
}

fn clear(app: &mut App) {
    for key in ["esc", "esc", "esc", "g"] {
        press(app, key);
    }
}

fn one(app: &mut App, what: &str, keys: &[&str]) {
    let mut times = Vec::new();
    for key in keys.iter().cycle().take(40) {
        let start = Instant::now();
        press(app, key);
        app.update(Event::Idle);
        frame(app);
        times.push(start.elapsed());
    }
    report(&format!("key to frame: {what} ({COUNT})"), &mut times);
}

fn one_with(app: &mut App, what: &str, before: &[&str], key: &str, after: &[&str]) {
    let mut times = Vec::new();
    for _ in 0..20 {
        for name in before {
            press(app, name);
        }
        let start = Instant::now();
        press(app, key);
        app.update(Event::Idle);
        frame(app);
        times.push(start.elapsed());
        for name in after {
            press(app, name);
        }
    }
    report(&format!("key to frame: {what} ({COUNT})"), &mut times);
}

/// Changes a thousand of a hundred thousand connections while keys are pressed. The latency of a key starts when it is due, so
/// that a blocked loop counts.
fn run(app: &mut App) {
    // The connections node may be collapsed.
    for key in ["g", "down", "down", "l", "g", "down", "down", "down"] {
        press(app, key);
    }
    // One of three is already inactive.
    for _ in 0..MANY * 3 / 2 {
        press(app, "space");
    }
    press(app, "-");
    press(app, "enter");
    let begun = Instant::now();
    let (mut waits, mut frames, mut progress) = (Vec::new(), 0, Vec::new());
    let mut under_way: VecDeque<(Instant, Ticket, ServiceRequest)> = VecDeque::new();
    let mut due = begun + BETWEEN;
    while app
        .dialogs
        .bulk()
        .is_some_and(|bulk| bulk.phase != BulkPhase::Finished)
    {
        while let Some(effect) = app.update(Event::Idle) {
            if let Effect::Call(ticket, request) | Effect::CallConcurrent(ticket, request) = effect
            {
                under_way.push_back((Instant::now() + SAVE, ticket, request));
            }
        }
        frame(app);
        frames += 1;
        progress.extend(app.dialogs.bulk().map(|bulk| bulk.progress.finished()));
        loop {
            let now = Instant::now();
            if now >= due {
                press(app, if waits.len() % 2 == 0 { "down" } else { "up" });
                app.update(Event::Idle);
                frame(app);
                waits.push(due.elapsed());
                due = Instant::now() + BETWEEN;
                break;
            }
            let is_answered = |(when, ..): &mut (Instant, Ticket, ServiceRequest)| *when <= now;
            let mut count = 0;
            while let Some((_, ticket, request)) = under_way.pop_front_if(is_answered) {
                answer(app, ticket, &request);
                count += 1;
            }
            if count > 0 {
                break;
            }
            std::hint::spin_loop();
        }
    }
    let took = begun.elapsed();
    progress.dedup();
    println!(
        "{MANY} switched in {} ms: {frames} frames, {} steps of progress seen",
        took.as_millis(),
        progress.len()
    );
    report(
        &format!("a key waits while {MANY} are switched"),
        &mut waits,
    );
}

/// Delivers the response of a save and its change event.
fn answer(app: &mut App, ticket: Ticket, request: &ServiceRequest) {
    let ServiceRequest::Run(Command::SetActive {
        key: IdOrAlias::Id(id),
        active: is_active,
    }) = *request
    else {
        return;
    };
    let item = item(id, is_active);
    let heard = ItemChange::Saved(TreeItem::new(&item, item.provider_id.as_str().into()));
    let saved = Connection {
        item,
        settings: None,
    };
    app.update(Event::Reply(
        ticket,
        ServiceReply::Ran(Ok(Outcome::Saved(saved))),
    ));
    app.update(Event::Feed(FeedEvent::Changes(vec![heard])));
}

fn item(id: Uuid, is_active: bool) -> ConnectionItem {
    ConnectionItem {
        endpoint: None,
        id,
        alias: format!("connection-{}", id.as_u128()),
        name: format!("Switched {}", id.as_u128()),
        provider_id: "openai".into(),
        is_active,
        date_created: Utc::now(),
        date_modified: Utc::now(),
        version: 1_000_000,
        date_deleted: None,
    }
}
