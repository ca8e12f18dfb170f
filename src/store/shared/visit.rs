//! Session of one client in the leader; requests are answered concurrently.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::desk::{Desk, Taken};
use super::line::{self, Gone, Message, Sender};
use super::wire::{HELLO, Hello, LONGEST, PROTOCOL, Protocol, Reply, Request, Said, Told};
use crate::connection::{ConnectionStore, StoreError};

/// Maximum time for a client to send its hello.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// Session of one client.
pub struct Visit {
    desk: Arc<Desk>,
    sender: Sender,
    /// Cancelled when the client is gone.
    end: CancellationToken,
    /// Number of the store's notices sent to the client so far.
    told: AtomicUsize,
    /// Requests that wait for an event, by number.
    waits: Mutex<HashMap<u64, CancellationToken>>,
}

impl Visit {
    /// Serves a client until it disconnects, sends an invalid hello, or the tracker closes.
    pub async fn receive(desk: Arc<Desk>, stream: UnixStream) {
        let (sender, mut receiver) = line::open(stream, LONGEST);
        let end = desk.stop().child_token();
        let visit = Arc::new(Self {
            desk,
            sender,
            end: end.clone(),
            told: AtomicUsize::new(0),
            waits: Mutex::default(),
        });
        let attend = async {
            visit.greet().await?;
            let first = tokio::time::timeout(FIRST_WORD, receiver.receive()).await;
            let (HELLO, word) = first.map_err(|_| Gone)?? else {
                return Err(Gone);
            };
            match line::read(&word) {
                Some(Protocol { protocol: PROTOCOL }) => {}
                Some(_) | None => return Err(Gone),
            }
            loop {
                visit.take(receiver.receive().await?);
            }
        };
        let _: Option<Result<(), Gone>> = end.run_until_cancelled(attend).await;
        end.cancel();
    }

    async fn greet(&self) -> Result<(), Gone> {
        let store = self.desk.store();
        let identity = store.identity();
        let notices = store.notices();
        self.told.store(notices.len(), Ordering::Release);
        let hello = Hello {
            protocol: PROTOCOL,
            store: identity.store,
            check: identity.check.to_vec(),
            revision: store.revision(),
            notices,
        };
        let hello = line::write(&hello).map_err(|_| Gone)?;
        self.sender.send(HELLO, hello).await
    }

    fn take(self: &Arc<Self>, (ask, message): Message) {
        match line::read(&message) {
            Some(Said::Ask(request @ Request::Next(_))) => self.wait(ask, request),
            Some(Said::Ask(request)) => {
                // A request that arrives during shutdown is sent to the next leader by the client.
                if let Ok(taken) = self.desk.take() {
                    tokio::spawn(Arc::clone(self).answer(ask, request, taken));
                }
            }
            Some(Said::Forget) => {
                let wait = self.waits().remove(&ask);
                wait.inspect(CancellationToken::cancel);
            }
            None => {
                let unknown = StoreError::Unusable(
                    "The umai process that has the store open does not support this request".into(),
                );
                let told = self.tell(Err(unknown));
                let visit = Arc::clone(self);
                tokio::spawn(async move { visit.send(ask, told).await });
            }
        }
    }

    /// Answers immediately; long lists are produced on a blocking thread.
    async fn answer(self: Arc<Self>, ask: u64, request: Request, taken: Taken) {
        let told = match request {
            Request::List(_) | Request::Versions { .. } => {
                let (visit, runtime) = (Arc::clone(&self), Handle::current());
                let listed = spawn_blocking(move || {
                    let answer = runtime.block_on(taken.ask(&request)).ok()?;
                    line::write(&visit.tell(answer)).ok()
                });
                let Ok(Some(message)) = listed.await else {
                    return;
                };
                // The client may be gone.
                let _ = self.sender.send(ask, message).await;
                return;
            }
            request => match taken.ask(&request).await {
                Ok(answer) => self.tell(answer),
                Err(Gone) => return,
            },
        };
        self.send(ask, told).await;
    }

    /// Answers when something happens, unless the client disconnects before.
    fn wait(self: &Arc<Self>, ask: u64, request: Request) {
        let wait = self.end.child_token();
        self.waits().insert(ask, wait.clone());
        let visit = Arc::clone(self);
        tokio::spawn(async move {
            let next = super::answer::answer(visit.desk.store(), &request);
            let happened = wait.run_until_cancelled(next).await;
            visit.waits().remove(&ask);
            if let Some(answer) = happened {
                let told = visit.tell(answer);
                visit.send(ask, told).await;
            }
        });
    }

    fn tell(&self, answer: Result<Reply, StoreError>) -> Told {
        let store = self.desk.store();
        let mut notices = store.notices();
        let told = self.told.fetch_max(notices.len(), Ordering::AcqRel);
        notices.drain(..told.min(notices.len()));
        Told {
            revision: store.revision(),
            notices,
            answer,
        }
    }

    async fn send(&self, ask: u64, told: Told) {
        let Ok(message) = line::write(&told) else {
            return;
        };
        // The client may be gone.
        let _ = self.sender.send(ask, message).await;
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
