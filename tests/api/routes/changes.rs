//! Change feed: start, resume, and end.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::routes::fixture::{Answer, Fixture};

/// Longer than any event takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open feed.
struct Feed {
    response: Response,
    text: String,
}

/// An event: name, ID and JSON data.
type Event = (String, String, Value);

impl Feed {
    async fn open(fixture: &Fixture, path: &str, last_seen: Option<&str>) -> Self {
        let mut request = fixture.request(Method::GET, path);
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

    /// Returns the next event; none at the end of the feed.
    async fn next(&mut self) -> Option<Event> {
        let next = tokio::time::timeout(PATIENCE, self.read_on()).await;
        next.expect("the next event was not received in time")
    }

    async fn read_on(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                // A comment is not an event.
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
async fn feed_starts_now_and_sends_revisions() {
    let fixture = Fixture::new().await;
    fixture.create(&body("before")).await;
    let mut feed = Feed::open(&fixture, "/changes", None).await;
    assert_eq!(
        feed.next().await,
        Some(("at".into(), "1".into(), json!({ "revision": 1 })))
    );
    let created = fixture.create(&body("a")).await;
    let (event, id, output) = feed.next().await.unwrap();
    assert_eq!((event.as_str(), id.as_str()), ("", "2"));
    assert_eq!(output["revision"], 2);
    let mut item = created.clone();
    item.as_object_mut().unwrap().shift_remove("settings");
    assert_eq!(output["saved"], item, "a list item, without settings");
    fixture.delete("/connections/a").await;
    let (_, id, output) = feed.next().await.unwrap();
    assert_eq!(
        (id.as_str(), output),
        ("3", json!({ "revision": 3, "deleted": created["id"] }))
    );
}

#[tokio::test]
async fn feed_resumes_after_last_event_id() {
    let fixture = Fixture::new().await;
    for alias in ["a", "b", "c"] {
        fixture.create(&body(alias)).await;
    }
    for (path, last_seen) in [
        ("/changes?since=1", None),
        ("/changes", Some("1")),
        ("/changes?since=0", Some("1")),
    ] {
        let mut feed = Feed::open(&fixture, path, last_seen).await;
        let at = ("at".to_owned(), "1".to_owned(), json!({ "revision": 3 }));
        assert_eq!(
            feed.next().await,
            Some(at),
            "the ID is the start, the revision is the newest one"
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
async fn expired_revision_is_410() {
    let fixture = Fixture::new().await;
    let gone = fixture.get("/changes?since=7").await;
    assert_eq!(gone.status, 410);
    assert_eq!(gone.json()["code"], "feedTooOld");
    assert_eq!(
        gone.json()["cause"],
        json!({ "store": { "feedTooOld": 7 } })
    );
}

#[tokio::test]
async fn invalid_revision_is_400() {
    let fixture = Fixture::new().await;
    for since in ["x", "-1", "", "1.5", "99999999999999999999999"] {
        let refused = fixture.get(&format!("/changes?since={since}")).await;
        assert_eq!(
            refused.refusal(),
            (400, "since must be a revision number".into())
        );
        let request = fixture
            .request(Method::GET, "/changes")
            .header("last-event-id", since);
        assert_eq!(fixture.send(request).await.status, 400, "{since}");
    }
}

#[tokio::test]
async fn two_feed_clients_get_the_same_events() {
    let fixture = Fixture::new().await;
    let mut feeds = [
        Feed::open(&fixture, "/changes", None).await,
        Feed::open(&fixture, "/changes", None).await,
    ];
    for feed in &mut feeds {
        feed.next().await;
    }
    fixture.create(&body("a")).await;
    let [one, other] = &mut feeds;
    assert_eq!(one.next().await, other.next().await);
}

#[tokio::test]
async fn feed_ends_on_server_stop() {
    let fixture = Fixture::new().await;
    let mut feed = Feed::open(&fixture, "/changes", None).await;
    feed.next().await;
    fixture.server.end();
    assert_eq!(feed.next().await, None);
}

#[tokio::test]
async fn disconnected_feed_client_does_not_affect_others() {
    let fixture = Fixture::new().await;
    for _ in 0..20 {
        let feed = Feed::open(&fixture, "/changes", None).await;
        drop(feed);
    }
    let creates = (0..20).map(|number| {
        let (fixture, body) = (&fixture, body(&format!("a{number}")));
        async move { fixture.create(&body).await }
    });
    futures_util::stream::iter(creates)
        .buffer_unordered(8)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(fixture.state().await.0, 20);
}

#[tokio::test]
async fn head_of_feed_returns_immediately() {
    let fixture = Fixture::new().await;
    let request = fixture.request(Method::HEAD, "/changes").send();
    let answer = tokio::time::timeout(PATIENCE, request)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Answer::of(answer).await.status, 200);
}

#[tokio::test]
async fn idle_feed_sends_keep_alive_every_15_seconds() {
    let fixture = Fixture::new().await;
    let mut feed = Feed::open(&fixture, "/changes", None).await;
    feed.next().await;
    let begun = std::time::Instant::now();
    let line = tokio::time::timeout(PATIENCE, feed.response.chunk())
        .await
        .unwrap();
    assert_eq!(
        line.unwrap().unwrap(),
        ":\n\n",
        "a comment, which clients ignore"
    );
    assert!(
        begun.elapsed() > Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}
