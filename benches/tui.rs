//! Benchmarks of the app with 100,000 connections: time from a key to its frame, and from a filter to its results.
//!
//! `cargo bench --bench tui` prints microseconds and bytes of the app alone, without a store.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench prints and may stop"
)]

#[path = "tui/many.rs"]
mod many;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use umai::connection::{ConnectionItem, Page};
use umai::provider::ProviderCatalog;
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::change_feed::FeedEvent;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::Event;
use umai::tui::key::KeyPress;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::theme::{Theme, ThemeName};
use umai::tui::tree::ItemChange;
use umai::tui::view;
use uuid::Uuid;

const COUNT: usize = 100_000;
const SIZE: Size = Size {
    width: 120,
    height: 40,
};

fn main() {
    let before = resident();
    let items = items();
    let with_items = resident();
    let mut app = filled(&items);
    let with_app = resident();
    println!("connections                         {COUNT}");
    println!(
        "memory of the items                 {:>8} bytes each",
        (with_items - before) / COUNT
    );
    println!(
        "memory of the tree beside them      {:>8} bytes each",
        (with_app - with_items) / COUNT
    );
    keys(&mut app, "move down", &["j"]);
    keys(&mut app, "page down", &["pagedown"]);
    keys(&mut app, "to the end and back", &["G", "g"]);
    keys(&mut app, "sort", &["s", "a", "s", "m"]);
    keys(&mut app, "group", &["p"]);
    while app.update(Event::Idle).is_some() {}
    for (what, keys) in [
        ("by alias", "sa"),
        ("by provider", "sp"),
        ("by the last change", "sm"),
        ("below the providers", "p"),
        ("by name again", "psn"),
    ] {
        arrange(&mut app, what, keys);
    }
    keys(
        &mut app,
        "open and close the node",
        &["g", "l", "h", "h", "l"],
    );
    many::measure(&mut app);
    hear(&mut app, &items);
    for text in ["p", "production", "prod open 42", "status:inactive", "zzzz"] {
        filter(&mut app, text);
    }
}

fn items() -> Vec<TreeItem> {
    let catalog = ProviderCatalog::embedded();
    let start = Utc::now();
    // Shared within a page, as in the app.
    let shared: Vec<Arc<str>> = catalog
        .all()
        .iter()
        .map(|provider| Arc::from(provider.id.as_str()))
        .collect();
    let mut items: Vec<TreeItem> = (0..COUNT)
        .map(|number| {
            let provider = &catalog.all()[number * 7 % catalog.all().len()];
            let kind = ["Production", "Team A", "Staging", "Zoë's", "日本"][number % 5];
            let item = ConnectionItem {
                id: Uuid::from_u128(number as u128 + 1),
                alias: format!("connection-{number}"),
                name: format!("{kind} {} {number}", provider.name),
                provider_id: provider.id.clone(),
                is_active: number % 3 != 0,
                date_created: start,
                date_modified: start + TimeDelta::seconds(i64::try_from(number).unwrap()),
                version: 1,
                date_deleted: None,
                endpoint: (number % 2 == 0)
                    .then(|| format!("https://host-{}.example/v1", number % 1_000)),
            };
            TreeItem::new(&item, Arc::clone(&shared[number * 7 % shared.len()]))
        })
        .collect();
    items.sort_by(TreeItem::order);
    items
}

/// App with all items loaded.
fn filled(items: &[TreeItem]) -> App {
    let mut app = App::new(
        Arc::new(ProviderCatalog::embedded()),
        Keymap::embedded(),
        Vec::new(),
    );
    app.update(Event::Resize(SIZE));
    while let Some(effect) = app.update(Event::Idle) {
        if let Effect::Call(ticket, ServiceRequest::List(query)) = effect {
            let page = items
                .iter()
                .skip(query.window.skip)
                .take(query.window.take)
                .cloned();
            let reply = ServiceReply::Listed(Ok(Page {
                items: page.collect(),
                total: items.len(),
            }));
            app.update(Event::Reply(ticket, reply));
        }
    }
    app
}

/// Measures a key until its frame, repeatedly; requests stay pending.
fn keys(app: &mut App, what: &str, names: &[&str]) {
    let theme = Theme::embedded(ThemeName::Dark);
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.width, SIZE.height));
    let mut times = Vec::new();
    for name in names.iter().cycle().take(2_000) {
        let key = KeyPress::read(name).unwrap();
        let start = Instant::now();
        app.update(Event::Key(key));
        app.update(Event::Idle);
        buffer.reset();
        view::draw(app, &theme, &mut buffer);
        times.push(start.elapsed());
    }
    report(&format!("key to frame: {what}"), &mut times);
}

/// Measures remote changes: single ones, and 5,000 at once with a key in between; plain, grouped and filtered.
fn hear(app: &mut App, items: &[TreeItem]) {
    let mut first_round = 2;
    for (what, keys, end) in [
        ("by name", "", ""),
        ("by provider", "sp", "sn"),
        ("below the providers", "psm", "psn"),
        ("filtered", "/prod\n", "\u{1b}"),
    ] {
        press(app, keys);
        while app.update(Event::Idle).is_some() {}
        app.update(Event::Key(KeyPress::read("down").unwrap()));
        let mut round = first_round;
        for (burst, count) in [(1, 500), (1_000, 40)] {
            let mut times = Vec::new();
            for _ in 0..count {
                let news = renamed(items, burst, round);
                round += 1;
                let start = Instant::now();
                app.update(Event::Feed(FeedEvent::Changes(news)));
                app.update(Event::Idle);
                frame(app);
                times.push(start.elapsed());
            }
            report(&format!("{burst} changes to a frame, {what}"), &mut times);
        }
        let mut waits = Vec::new();
        for _ in 0..10 {
            for _ in 0..5 {
                let news = renamed(items, 1_000, round);
                round += 1;
                let wait = Instant::now();
                app.update(Event::Feed(FeedEvent::Changes(news)));
                frame(app);
                app.update(Event::Key(KeyPress::read("j").unwrap()));
                app.update(Event::Idle);
                frame(app);
                waits.push(wait.elapsed());
            }
        }
        report(&format!("a key in 5,000 changes, {what}"), &mut waits);
        first_round = round;
        press(app, end);
    }
}

fn press(app: &mut App, keys: &str) {
    for sign in keys.chars() {
        let key = match sign {
            '\n' => KeyPress::plain(crossterm::event::KeyCode::Enter),
            '\u{1b}' => KeyPress::plain(crossterm::event::KeyCode::Esc),
            sign => KeyPress::plain(crossterm::event::KeyCode::Char(sign)),
        };
        app.update(Event::Key(key));
    }
}

fn frame(app: &App) {
    let theme = Theme::embedded(ThemeName::Dark);
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.width, SIZE.height));
    view::draw(app, &theme, &mut buffer);
}

/// Renamed connections, spread over the list.
fn renamed(items: &[TreeItem], count: usize, version: u64) -> Vec<ItemChange> {
    let step = items.len() / count;
    (0..count)
        .map(|number| {
            let old =
                &items[(number * step + usize::try_from(version).unwrap() * 37) % items.len()];
            let item = ConnectionItem {
                id: old.id,
                alias: old.alias().to_owned(),
                name: format!("{} {version}", items[(number * 7_919) % items.len()].name()),
                provider_id: old.provider.to_string(),
                is_active: true,
                date_created: old.modified,
                date_modified: old.modified,
                version,
                date_deleted: None,
                endpoint: None,
            };
            ItemChange::Saved(TreeItem::new(&item, Arc::clone(&old.provider)))
        })
        .collect()
}

/// Measures a new sort order: delay of a key, and time until the list is sorted.
fn arrange(app: &mut App, what: &str, keys: &str) {
    let (mut steps, mut all) = (Vec::new(), Vec::new());
    let start = Instant::now();
    press(app, keys);
    frame(app);
    steps.push(start.elapsed());
    loop {
        let step = Instant::now();
        if app.update(Event::Idle) != Some(Effect::Continue) {
            break;
        }
        frame(app);
        steps.push(step.elapsed());
    }
    all.push(start.elapsed());
    report(&format!("{what}: a key waits"), &mut steps);
    report(&format!("{what}: on screen"), &mut all);
}

/// Measures a typed filter: frame of each key, first results, all results.
fn filter(app: &mut App, text: &str) {
    let theme = Theme::embedded(ThemeName::Dark);
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.width, SIZE.height));
    let (mut first, mut steps, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..20 {
        app.update(Event::Key(KeyPress::read("/").unwrap()));
        for sign in text.chars() {
            let key = KeyPress::plain(crossterm::event::KeyCode::Char(sign));
            let start = Instant::now();
            app.update(Event::Key(key));
            buffer.reset();
            view::draw(app, &theme, &mut buffer);
            first.push(start.elapsed());
            loop {
                let step = Instant::now();
                let effect = app.update(Event::Idle);
                if effect != Some(Effect::Continue) {
                    break;
                }
                buffer.reset();
                view::draw(app, &theme, &mut buffer);
                steps.push(step.elapsed());
            }
            all.push(start.elapsed());
        }
        app.update(Event::Key(KeyPress::read("esc").unwrap()));
    }
    report(&format!("filter \"{text}\": first results"), &mut first);
    report(&format!("filter \"{text}\": a key waits"), &mut steps);
    report(&format!("filter \"{text}\": all results"), &mut all);
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_micros();
    println!(
        "{what:<44} p50 {:>7} µs   p99 {:>7} µs   most {:>7} µs",
        at(50),
        at(99),
        at(100)
    );
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = pages
        .split_whitespace()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(0);
    pages * 4096
}
