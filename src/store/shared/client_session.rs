//! Session of one client in the leader; requests are answered concurrently.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::framing::{self, MessageSender, NumberedMessage, PeerGone};
use super::protocol::{
    ClientMessage, HELLO, Hello, LeaderMessage, MAX_REQUEST, PROTOCOL, Protocol, StoreReply,
    StoreRequest,
};
use super::request_tracker::{AcceptedRequest, RequestTracker, StoreClosing};
use crate::connection::{ConnectionStore, StoreError};

/// Maximum time for a client to send its hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

/// Session of one client.
pub struct ClientSession {
    tracker: Arc<RequestTracker>,
    sender: MessageSender,
    /// Cancelled when the client is gone.
    closed: CancellationToken,
    /// Number of the store's notices sent to the client so far.
    sent_notices: AtomicUsize,
    /// Requests that wait for an event, by number.
    waiting: Mutex<HashMap<u64, CancellationToken>>,
}

impl ClientSession {
    /// Serves a client until it disconnects, sends an invalid hello, or the tracker closes.
    pub async fn serve(tracker: Arc<RequestTracker>, stream: UnixStream) {
        let (sender, mut receiver) = framing::open(stream, MAX_REQUEST);
        let end = tracker.stop().child_token();
        let session = Arc::new(Self {
            tracker,
            sender,
            closed: end.clone(),
            sent_notices: AtomicUsize::new(0),
            waiting: Mutex::default(),
        });
        let session = async {
            session.send_hello().await?;
            let first = tokio::time::timeout(HELLO_TIMEOUT, receiver.receive()).await;
            let (HELLO, message) = first.map_err(|_| PeerGone)?? else {
                return Err(PeerGone);
            };
            match framing::read(&message) {
                Some(Protocol { protocol: PROTOCOL }) => {}
                Some(_) | None => return Err(PeerGone),
            }
            loop {
                session.dispatch(receiver.receive().await?);
            }
        };
        let _: Option<Result<(), PeerGone>> = end.run_until_cancelled(session).await;
        end.cancel();
    }

    async fn send_hello(&self) -> Result<(), PeerGone> {
        let store = self.tracker.store();
        let identity = store.unlocked().identity;
        let notices = store.notices();
        self.sent_notices.store(notices.len(), Ordering::Release);
        let hello = Hello {
            protocol: PROTOCOL,
            store: identity.store,
            check: identity.check.to_vec(),
            revision: store.revision(),
            notices,
        };
        let hello = framing::write(&hello).map_err(|_| PeerGone)?;
        self.sender.send(HELLO, hello).await
    }

    fn dispatch(self: &Arc<Self>, (number, message): NumberedMessage) {
        match framing::read(&message) {
            Some(ClientMessage::Request(request @ StoreRequest::AwaitChanges(_))) => {
                self.wait(number, request);
            }
            Some(ClientMessage::Request(request)) => {
                // A request that arrives during shutdown is sent to the next leader by the client.
                if let Ok(tracked) = self.tracker.accept() {
                    tokio::spawn(Arc::clone(self).send_reply(number, request, tracked));
                }
            }
            Some(ClientMessage::Forget) => {
                let wait = self.lock_waiting().remove(&number);
                wait.inspect(CancellationToken::cancel);
            }
            None => {
                let unknown = StoreError::Other(
                    "The umai process that has the store open does not support this request".into(),
                );
                let message = self.reply(Err(unknown));
                let session = Arc::clone(self);
                tokio::spawn(async move { session.send(number, message).await });
            }
        }
    }

    /// Answers immediately; long lists are produced on a blocking thread.
    async fn send_reply(
        self: Arc<Self>,
        number: u64,
        request: StoreRequest,
        tracked: AcceptedRequest,
    ) {
        let message = match request {
            StoreRequest::List(_) | StoreRequest::Versions { .. } => {
                let (session, runtime) = (Arc::clone(&self), Handle::current());
                let listed = spawn_blocking(move || {
                    let answer = runtime.block_on(tracked.execute(&request)).ok()?;
                    framing::write(&session.reply(answer)).ok()
                });
                let Ok(Some(message)) = listed.await else {
                    return;
                };
                // The client may be gone.
                let _ = self.sender.send(number, message).await;
                return;
            }
            request => match tracked.execute(&request).await {
                Ok(answer) => self.reply(answer),
                Err(StoreClosing) => return,
            },
        };
        self.send(number, message).await;
    }

    /// Answers when something happens, unless the client disconnects before.
    fn wait(self: &Arc<Self>, number: u64, request: StoreRequest) {
        let wait = self.closed.child_token();
        self.lock_waiting().insert(number, wait.clone());
        let session = Arc::clone(self);
        tokio::spawn(async move {
            let next = super::dispatch::dispatch(session.tracker.store(), &request);
            let happened = wait.run_until_cancelled(next).await;
            session.lock_waiting().remove(&number);
            if let Some(answer) = happened {
                let message = session.reply(answer);
                session.send(number, message).await;
            }
        });
    }

    fn reply(&self, answer: Result<StoreReply, StoreError>) -> LeaderMessage {
        let store = self.tracker.store();
        let mut notices = store.notices();
        let sent = self.sent_notices.fetch_max(notices.len(), Ordering::AcqRel);
        notices.drain(..sent.min(notices.len()));
        LeaderMessage {
            revision: store.revision(),
            notices,
            answer,
        }
    }

    async fn send(&self, number: u64, message: LeaderMessage) {
        let Ok(message) = framing::write(&message) else {
            return;
        };
        // The client may be gone.
        let _ = self.sender.send(number, message).await;
    }

    fn lock_waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
