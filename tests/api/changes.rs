//! The change feed: where it begins, what it tells, when it ends.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::world::{Answer, World};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A feed being read.
struct Feed {
    response: Response,
    text: String,
}

/// One event: its name, its id and its JSON.
type Event = (String, String, Value);

impl Feed {
    async fn open(world: &World, path: &str, last_seen: Option<&str>) -> Self {
        let mut request = world.request(Method::GET, path);
        if let Some(last_seen) = last_seen {
            request = request.header("last-event-id", last_seen);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event; none when the feed has ended.
    async fn next(&mut self) -> Option<Event> {
        let next = tokio::time::timeout(PATIENCE, self.read_on()).await;
        next.expect("the next event comes in time")
    }

    async fn read_on(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                // A comment is no event.
                if !event.starts_with(':') {
                    return Some(read(&event));
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn read(event: &str) -> Event {
    let line = |name: &str| {
        let lines = event
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")));
        lines.unwrap_or_default().to_owned()
    };
    (
        line("event"),
        line("id"),
        serde_json::from_str(&line("data")).unwrap(),
    )
}

fn body(alias: &str) -> String {
    json!({ "alias": alias, "name": alias, "providerId": "google" }).to_string()
}

#[tokio::test]
async fn a_feed_begins_now_and_tells_each_change_with_its_revision() {
    let world = World::new().await;
    world.create(&body("before")).await;
    let mut feed = Feed::open(&world, "/changes", None).await;
    assert_eq!(
        feed.next().await,
        Some(("at".into(), "1".into(), json!({ "revision": 1 })))
    );
    let created = world.create(&body("a")).await;
    let (event, id, told) = feed.next().await.unwrap();
    assert_eq!((event.as_str(), id.as_str()), ("", "2"));
    assert_eq!(told["revision"], 2);
    let mut item = created.clone();
    item.as_object_mut().unwrap().shift_remove("settings");
    assert_eq!(told["saved"], item, "a list item, without settings");
    world.delete("/connections/a").await;
    let (_, id, told) = feed.next().await.unwrap();
    assert_eq!(
        (id.as_str(), told),
        ("3", json!({ "revision": 3, "deleted": created["id"] }))
    );
}

#[tokio::test]
async fn a_feed_resumes_after_what_was_seen() {
    let world = World::new().await;
    for alias in ["a", "b", "c"] {
        world.create(&body(alias)).await;
    }
    for (path, last_seen) in [
        ("/changes?since=1", None),
        ("/changes", Some("1")),
        ("/changes?since=0", Some("1")),
    ] {
        let mut feed = Feed::open(&world, path, last_seen).await;
        let at = ("at".to_owned(), "1".to_owned(), json!({ "revision": 3 }));
        assert_eq!(
            feed.next().await,
            Some(at),
            "the id is where it begins, the revision how far there is to go"
        );
        for alias in ["b", "c"] {
            assert_eq!(
                feed.next().await.unwrap().2["saved"]["alias"],
                alias,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_revision_that_is_not_kept_is_a_410_before_anything_is_streamed() {
    let world = World::new().await;
    let gone = world.get("/changes?since=7").await;
    assert_eq!(gone.status, 410);
    assert_eq!(gone.json()["code"], "feedTooOld");
    assert_eq!(
        gone.json()["cause"],
        json!({ "store": { "feedTooOld": 7 } })
    );
}

#[tokio::test]
async fn a_revision_that_is_none_is_a_400() {
    let world = World::new().await;
    for since in ["x", "-1", "", "1.5", "99999999999999999999999"] {
        let refused = world.get(&format!("/changes?since={since}")).await;
        assert_eq!(
            refused.refusal(),
            (400, "since must be a revision number".into())
        );
        let request = world
            .request(Method::GET, "/changes")
            .header("last-event-id", since);
        assert_eq!(world.send(request).await.status, 400, "{since}");
    }
}

#[tokio::test]
async fn two_readers_are_told_the_same() {
    let world = World::new().await;
    let mut feeds = [
        Feed::open(&world, "/changes", None).await,
        Feed::open(&world, "/changes", None).await,
    ];
    for feed in &mut feeds {
        feed.next().await;
    }
    world.create(&body("a")).await;
    let [one, other] = &mut feeds;
    assert_eq!(one.next().await, other.next().await);
}

#[tokio::test]
async fn a_feed_ends_when_the_server_stops() {
    let world = World::new().await;
    let mut feed = Feed::open(&world, "/changes", None).await;
    feed.next().await;
    world.server.end();
    assert_eq!(feed.next().await, None);
}

#[tokio::test]
async fn a_reader_that_goes_away_disturbs_nobody() {
    let world = World::new().await;
    for _ in 0..20 {
        let feed = Feed::open(&world, "/changes", None).await;
        drop(feed);
    }
    let creates = (0..20).map(|number| {
        let (world, body) = (&world, body(&format!("a{number}")));
        async move { world.create(&body).await }
    });
    futures_util::stream::iter(creates)
        .buffer_unordered(8)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(world.state().await.0, 20);
}

#[tokio::test]
async fn head_of_the_feed_ends_at_once() {
    let world = World::new().await;
    let request = world.request(Method::HEAD, "/changes").send();
    let answer = tokio::time::timeout(PATIENCE, request)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Answer::of(answer).await.status, 200);
}

#[tokio::test]
async fn a_feed_in_which_nothing_happens_says_every_15_seconds_that_it_lives() {
    let world = World::new().await;
    let mut feed = Feed::open(&world, "/changes", None).await;
    feed.next().await;
    let begun = std::time::Instant::now();
    let line = tokio::time::timeout(PATIENCE, feed.response.chunk())
        .await
        .unwrap();
    assert_eq!(
        line.unwrap().unwrap(),
        ":\n\n",
        "a comment, which no reader takes for an event"
    );
    assert!(
        begun.elapsed() > Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}
