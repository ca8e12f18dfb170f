//! Client of the leader's socket that multiplexes concurrent requests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio_util::bytes::Bytes;

use super::known::Known;
use super::line::{self, Gone, Receiver, Sender};
use super::wire::{HELLO, Hello, LONGEST, PROTOCOL, Protocol, Reply, Request, Said, Told};
use crate::connection::StoreError;

/// Time to wait for a reply before the leader is pinged.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time to wait for the reply to a ping.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// Reason for a missing reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// The leader is gone.
    Gone,
    /// The leader is alive but does not respond.
    Silent,
}

/// Result of the handshake with the process behind the socket.
pub enum Met {
    /// A leader with the same protocol.
    Holder(Guest, Hello),
    /// A process with another protocol.
    Foreign,
}

/// Client of the process that has the store open.
pub struct Guest {
    sender: Sender,
    waiting: Arc<Waiting>,
    last: AtomicU64,
    known: Arc<Known>,
    receiving: AbortHandle,
}

/// Senders for pending replies by request number; `None` when the leader is gone.
struct Waiting(Mutex<Option<HashMap<u64, oneshot::Sender<Bytes>>>>);

impl Guest {
    /// Reads the hello of the leader and replies with the protocol version.
    pub async fn meet(stream: UnixStream, known: Arc<Known>) -> Result<Met, Gone> {
        let (sender, mut receiver) = line::open(stream, usize::MAX);
        let (HELLO, hello) = receiver.receive().await? else {
            return Err(Gone);
        };
        match line::read::<Protocol>(&hello) {
            Some(Protocol { protocol: PROTOCOL }) => {}
            Some(_) | None => return Ok(Met::Foreign),
        }
        let Some(hello) = line::read::<Hello>(&hello) else {
            return Ok(Met::Foreign);
        };
        let word = line::write(&Protocol { protocol: PROTOCOL }).map_err(|_| Gone)?;
        sender.send(HELLO, word).await?;
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        let receiving = tokio::spawn(receive(receiver, Arc::clone(&waiting))).abort_handle();
        let guest = Self {
            sender,
            waiting,
            last: AtomicU64::new(HELLO),
            known,
            receiving,
        };
        Ok(Met::Holder(guest, hello))
    }

    /// Returns true when the leader is gone.
    pub fn is_left(&self) -> bool {
        self.waiting.lock().is_none()
    }

    /// Disconnects; pending requests get no reply.
    pub fn leave(&self) {
        self.receiving.abort();
        self.waiting.end();
    }

    /// Sends a request and waits for the reply for as long as the leader responds to pings.
    pub async fn ask(&self, request: &Request) -> Result<Result<Reply, StoreError>, Unanswered> {
        let message = line::write(&Said::Ask(request)).map_err(|_| Unanswered::Gone)?;
        if message.len() > LONGEST {
            return Ok(Err(StoreError::Unusable(
                "The connection is too large to store".into(),
            )));
        }
        let mut asked = self.send(request, message).await?;
        let message = if asked.is_wait {
            (&mut asked.answer).await
        } else {
            loop {
                match tokio::time::timeout(PATIENCE, &mut asked.answer).await {
                    Ok(answered) => break answered,
                    Err(_) => self.ping().await?,
                }
            }
        };
        let message = message.map_err(|_| Unanswered::Gone)?;
        let told: Told = line::read(&message).ok_or(Unanswered::Gone)?;
        self.known.learn(told.revision, told.notices);
        Ok(told.answer)
    }

    /// Checks that the leader responds.
    async fn ping(&self) -> Result<(), Unanswered> {
        let message = line::write(&Said::Ask(Request::Ping)).map_err(|_| Unanswered::Gone)?;
        let pinged = async {
            let mut asked = self.send(&Request::Ping, message).await?;
            (&mut asked.answer).await.map_err(|_| Unanswered::Gone)
        };
        match tokio::time::timeout(LAST_PATIENCE, pinged).await {
            Ok(here) => here.map(drop),
            Err(_) => Err(Unanswered::Silent),
        }
    }

    async fn send(&self, request: &Request, message: Bytes) -> Result<Asked<'_>, Unanswered> {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (answered, answer) = oneshot::channel();
        match &mut *self.waiting.lock() {
            Some(waiting) => waiting.insert(number, answered),
            None => return Err(Unanswered::Gone),
        };
        let asked = Asked {
            guest: self,
            number,
            answer,
            is_wait: matches!(request, Request::Next(_)),
        };
        match tokio::time::timeout(LAST_PATIENCE, self.sender.send(number, message)).await {
            Ok(Ok(())) => Ok(asked),
            Ok(Err(Gone)) => Err(Unanswered::Gone),
            Err(_) => Err(Unanswered::Silent),
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Request without a reply so far.
struct Asked<'a> {
    guest: &'a Guest,
    number: u64,
    answer: oneshot::Receiver<Bytes>,
    /// True when the reply is sent only once something happens.
    is_wait: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let was_waiting = match &mut *self.guest.waiting.lock() {
            Some(waiting) => waiting.remove(&self.number).is_some(),
            None => false,
        };
        if self.is_wait
            && was_waiting
            && let Ok(message) = line::write(&Said::<Request>::Forget)
        {
            self.guest.sender.try_send(self.number, message);
        }
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<Bytes>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, number: u64) -> Option<oneshot::Sender<Bytes>> {
        self.lock().as_mut()?.remove(&number)
    }

    /// Drops all pending requests.
    fn end(&self) {
        self.lock().take();
    }
}

async fn receive(mut receiver: Receiver, waiting: Arc<Waiting>) {
    while let Ok((number, message)) = receiver.receive().await {
        if let Some(answer) = waiting.take(number) {
            // The caller may have been cancelled.
            let _ = answer.send(message);
        }
    }
    waiting.end();
}
