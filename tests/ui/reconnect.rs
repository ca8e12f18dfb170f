//! Following a service over a connection that breaks: no change is missed, pauses between reconnects grow, and an open feed
//! causes no wake-ups.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use umai::appsettings::{ConfigurationKey, Reference, ReferenceLookup};
use umai::connection::store::{ChangeFeed, Revision};
use umai::connection::{
    Command, Connection, ConnectionError, ConnectionItem, IdOrAlias, ListQuery, Mode, Model,
    Outcome, Page, PageRequest, ServerError, StoreError, TestProgress, TestReport, TestSubject,
    Version, VersionComparison,
};
use umai::provider::{Capability, ProviderCatalog};
use umai::service::ConnectionService;
use umai::tui::change_feed::{FeedEvent, follow};
use umai::tui::tree::ItemChange;
use uuid::Uuid;

/// Longest wait for expected events.
const PATIENCE: Duration = Duration::from_secs(10);

/// A real service behind a connection that can be cut.
struct Line {
    far: Arc<dyn ConnectionService>,
    is_cut: watch::Sender<bool>,
    /// True if the service has lost its earlier changes.
    has_forgotten: AtomicBool,
    tries: std::sync::Mutex<Vec<Instant>>,
}

impl Line {
    fn to(far: Arc<dyn ConnectionService>) -> Arc<Self> {
        Arc::new(Self {
            far,
            is_cut: watch::Sender::new(false),
            has_forgotten: AtomicBool::new(false),
            tries: std::sync::Mutex::default(),
        })
    }

    fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }

    fn end(&self) -> Result<&dyn ConnectionService, ConnectionError> {
        if *self.is_cut.borrow() {
            return Err(ConnectionError::Server(ServerError::Unreachable {
                server: "https://far.example".into(),
                why: "no reply".into(),
            }));
        }
        Ok(&*self.far)
    }
}

#[async_trait]
impl ConnectionService for Line {
    fn providers(&self) -> Arc<ProviderCatalog> {
        self.far.providers()
    }

    async fn list(&self, query: ListQuery) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.end()?.list(query).await
    }

    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        self.end()?.get(key).await
    }

    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError> {
        self.end()?.alias_owner(alias, except).await
    }

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError> {
        self.end()?.aliases(prefix, most).await
    }

    async fn lookup(&self, reference: &Reference) -> Result<ReferenceLookup, ConnectionError> {
        self.end()?.lookup(reference).await
    }

    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError> {
        self.end()?.configuration_keys().await
    }

    async fn run(&self, command: Command, mode: Mode) -> Result<Outcome, ConnectionError> {
        self.end()?.run(command, mode).await
    }

    async fn trash(&self, window: PageRequest) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.end()?.trash(window).await
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: PageRequest,
    ) -> Result<Page<Version>, ConnectionError> {
        self.end()?.versions(key, window).await
    }

    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError> {
        self.end()?.version(key, number).await
    }

    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<VersionComparison, ConnectionError> {
        self.end()?.compare(key, from, to).await
    }

    async fn test_with_progress(
        &self,
        subject: TestSubject,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError> {
        self.end()?.test_with_progress(subject, progress).await
    }

    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        self.end()?.models(key, capability).await
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError> {
        self.end()?.capabilities().await
    }

    async fn revision(&self) -> Result<Revision, ConnectionError> {
        self.tries.lock().unwrap().push(Instant::now());
        self.end()?.revision().await
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError> {
        if self.has_forgotten.swap(false, Ordering::SeqCst) {
            return Err(ConnectionError::Store(StoreError::FeedTooOld(since.0)));
        }
        let feed = self.end()?.changes(since).await?;
        let mut line = self.is_cut.subscribe();
        let cut = async move {
            let _ = line.wait_for(|is_cut| *is_cut).await;
        };
        Ok(Box::pin(feed.take_until(Box::pin(cut))))
    }

    fn notices(&self) -> Vec<String> {
        self.far.notices()
    }
}

async fn create(service: &Arc<dyn ConnectionService>, alias: &str) {
    let body = format!(
        r#"{{"alias":"{alias}","name":"{alias}","providerId":"openai","settings":{{"apiKey":"sk-1"}}}}"#
    );
    service.create(crate::support::draft(&body)).await.unwrap();
}

/// A followed service, its connection, and the received events.
async fn followed() -> (Arc<dyn ConnectionService>, Arc<Line>, Receiver<FeedEvent>) {
    let far = crate::support::service();
    create(&far, "before").await;
    let line = Line::to(Arc::clone(&far));
    let since = line.revision().await;
    line.tries.lock().unwrap().clear();
    let (ears, heard) = channel(4);
    let near: Arc<dyn ConnectionService> = line.clone();
    tokio::spawn(follow(near, since, ears));
    (far, line, heard)
}

async fn next(heard: &mut Receiver<FeedEvent>) -> FeedEvent {
    timeout(PATIENCE, heard.recv())
        .await
        .expect("expected an event")
        .unwrap()
}

/// Aliases in the next events, up to a count.
async fn aliases(heard: &mut Receiver<FeedEvent>, count: usize) -> Vec<String> {
    let mut aliases = Vec::new();
    while aliases.len() < count {
        let FeedEvent::Changes(news) = next(heard).await else {
            panic!("expected changes");
        };
        aliases.extend(news.iter().map(|news| match news {
            ItemChange::Saved(item) => item.alias().to_owned(),
            ItemChange::Deleted(_) => panic!("unexpected deletion"),
        }));
    }
    aliases
}

#[tokio::test]
async fn changes_after_the_revision_arrive_in_order() {
    let (far, _line, mut heard) = followed().await;
    let wanted: Vec<String> = (0..50).map(|number| format!("c-{number}")).collect();
    for alias in &wanted {
        create(&far, alias).await;
    }
    assert_eq!(aliases(&mut heard, 50).await, wanted);
}

#[tokio::test]
async fn changes_during_an_interruption_arrive_before_caught_up() {
    let (far, line, mut heard) = followed().await;
    create(&far, "one").await;
    assert_eq!(aliases(&mut heard, 1).await, ["one"]);
    line.cut(true);
    assert_eq!(next(&mut heard).await, FeedEvent::Disconnected);
    create(&far, "two").await;
    create(&far, "three").await;
    let FeedEvent::ReconnectFailed(why) = next(&mut heard).await else {
        panic!("expected the reason of the failure");
    };
    assert!(why.contains("https://far.example"), "{why}");
    line.cut(false);
    assert_eq!(aliases(&mut heard, 2).await, ["two", "three"]);
    assert_eq!(next(&mut heard).await, FeedEvent::CaughtUp);
    create(&far, "four").await;
    assert_eq!(aliases(&mut heard, 1).await, ["four"]);
}

#[tokio::test]
async fn reconnect_pauses_grow_and_the_reason_is_reported_once() {
    let (_far, line, mut heard) = followed().await;
    // Following is known to work once its one request has arrived.
    while line.tries.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    line.tries.lock().unwrap().clear();
    let cut = Instant::now();
    line.cut(true);
    assert_eq!(next(&mut heard).await, FeedEvent::Disconnected);
    assert!(matches!(
        next(&mut heard).await,
        FeedEvent::ReconnectFailed(_)
    ));
    while line.tries.lock().unwrap().len() < 4 {
        assert!(cut.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    let tries = line.tries.lock().unwrap().clone();
    let pauses: Vec<Duration> = std::iter::once(cut)
        .chain(tries.iter().copied())
        .zip(&tries)
        .map(|(before, after)| after.duration_since(before))
        .collect();
    for (pause, least) in pauses.iter().zip([250, 500, 1_000, 2_000]) {
        assert!(*pause >= Duration::from_millis(least), "{pauses:?}");
    }
    assert!(heard.try_recv().is_err(), "an event was sent twice");
}

#[tokio::test]
async fn unknown_revision_reloads_the_list_and_continues() {
    let (far, line, mut heard) = followed().await;
    line.cut(true);
    assert_eq!(next(&mut heard).await, FeedEvent::Disconnected);
    line.has_forgotten.store(true, Ordering::SeqCst);
    line.cut(false);
    let mut events = vec![next(&mut heard).await];
    while events.last() != Some(&FeedEvent::CaughtUp) {
        events.push(next(&mut heard).await);
    }
    let missed = events
        .iter()
        .filter(|heard| **heard == FeedEvent::ReloadNeeded)
        .count();
    assert_eq!(missed, 1, "{events:?}");
    create(&far, "after").await;
    assert_eq!(aliases(&mut heard, 1).await, ["after"]);
}

#[tokio::test]
async fn service_without_a_revision_is_followed_later() {
    let far = crate::support::service();
    let line = Line::to(Arc::clone(&far));
    line.cut(true);
    let since = line.revision().await;
    let (ears, mut heard) = channel(4);
    let near: Arc<dyn ConnectionService> = line.clone();
    tokio::spawn(follow(near, since, ears));
    assert_eq!(next(&mut heard).await, FeedEvent::Disconnected);
    assert!(matches!(
        next(&mut heard).await,
        FeedEvent::ReconnectFailed(_)
    ));
    line.cut(false);
    assert_eq!(next(&mut heard).await, FeedEvent::ReloadNeeded);
    assert_eq!(next(&mut heard).await, FeedEvent::CaughtUp);
}

#[tokio::test]
async fn following_ends_without_a_receiver() {
    let far = crate::support::service();
    let since = far.revision().await;
    let (ears, heard) = channel(4);
    let following = tokio::spawn(follow(far, since, ears));
    drop(heard);
    timeout(PATIENCE, following).await.unwrap().unwrap();
}

#[tokio::test]
async fn trashed_connection_disappears_and_restored_one_appears() {
    let (far, _line, mut heard) = followed().await;
    let id = far
        .delete(&"before".parse().unwrap(), None)
        .await
        .unwrap()
        .id;
    assert_eq!(
        next(&mut heard).await,
        FeedEvent::Changes(vec![ItemChange::Deleted(id)])
    );
    far.restore(id, None).await.unwrap();
    assert_eq!(aliases(&mut heard, 1).await, ["before"]);
}
