//! Client of the leader's socket that multiplexes concurrent requests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio_util::bytes::Bytes;

use super::framing::{self, MessageReceiver, MessageSender, PeerGone};
use super::known_state::KnownState;
use super::protocol::{
    ClientMessage, HELLO, Hello, LeaderMessage, MAX_REQUEST, PROTOCOL, Protocol, StoreReply,
    StoreRequest,
};
use crate::connection::StoreError;

/// Time to wait for a reply before the leader is pinged.
const PING_AFTER: Duration = Duration::from_secs(5);
/// Time to wait for the reply to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Reason for a missing reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReply {
    /// The leader is gone.
    Disconnected,
    /// The leader is alive but does not respond.
    Unresponsive,
}

/// Result of the handshake with the process behind the socket.
pub enum HandshakeResult {
    /// A leader with the same protocol.
    Leader(LeaderClient, Hello),
    /// A process with another protocol.
    Incompatible,
}

/// Client of the process that has the store open.
pub struct LeaderClient {
    sender: MessageSender,
    pending: Arc<ReplySenders>,
    last: AtomicU64,
    known: Arc<KnownState>,
    receiving: AbortHandle,
}

/// Senders for pending replies by request number; `None` when the leader is gone.
struct ReplySenders(Mutex<Option<HashMap<u64, oneshot::Sender<Bytes>>>>);

impl LeaderClient {
    /// Reads the hello of the leader and replies with the protocol version.
    pub async fn handshake(
        stream: UnixStream,
        known: Arc<KnownState>,
    ) -> Result<HandshakeResult, PeerGone> {
        let (sender, mut receiver) = framing::open(stream, usize::MAX);
        let (HELLO, hello) = receiver.receive().await? else {
            return Err(PeerGone);
        };
        match framing::read::<Protocol>(&hello) {
            Some(Protocol { protocol: PROTOCOL }) => {}
            Some(_) | None => return Ok(HandshakeResult::Incompatible),
        }
        let Some(hello) = framing::read::<Hello>(&hello) else {
            return Ok(HandshakeResult::Incompatible);
        };
        let reply = framing::write(&Protocol { protocol: PROTOCOL }).map_err(|_| PeerGone)?;
        sender.send(HELLO, reply).await?;
        let pending = Arc::new(ReplySenders(Mutex::new(Some(HashMap::new()))));
        let receiving = tokio::spawn(receive(receiver, Arc::clone(&pending))).abort_handle();
        let client = Self {
            sender,
            pending,
            last: AtomicU64::new(HELLO),
            known,
            receiving,
        };
        Ok(HandshakeResult::Leader(client, hello))
    }

    /// Returns true when the leader is gone.
    pub fn is_disconnected(&self) -> bool {
        self.pending.lock().is_none()
    }

    /// Disconnects; pending requests get no reply.
    pub fn disconnect(&self) {
        self.receiving.abort();
        self.pending.close();
    }

    /// Sends a request and waits for the reply for as long as the leader responds to pings.
    pub async fn send(
        &self,
        request: &StoreRequest,
    ) -> Result<Result<StoreReply, StoreError>, NoReply> {
        let message =
            framing::write(&ClientMessage::Request(request)).map_err(|_| NoReply::Disconnected)?;
        if message.len() > MAX_REQUEST {
            return Ok(Err(StoreError::Other(
                "The connection is too large to store".into(),
            )));
        }
        let mut call = self.start(request, message).await?;
        let message = if call.is_long_poll {
            (&mut call.reply).await
        } else {
            loop {
                match tokio::time::timeout(PING_AFTER, &mut call.reply).await {
                    Ok(received) => break received,
                    Err(_) => self.ping().await?,
                }
            }
        };
        let message = message.map_err(|_| NoReply::Disconnected)?;
        let reply: LeaderMessage = framing::read(&message).ok_or(NoReply::Disconnected)?;
        self.known.update(reply.revision, reply.notices);
        Ok(reply.answer)
    }

    /// Checks that the leader responds.
    async fn ping(&self) -> Result<(), NoReply> {
        let message = framing::write(&ClientMessage::Request(StoreRequest::Ping))
            .map_err(|_| NoReply::Disconnected)?;
        let pinged = async {
            let mut call = self.start(&StoreRequest::Ping, message).await?;
            (&mut call.reply).await.map_err(|_| NoReply::Disconnected)
        };
        match tokio::time::timeout(PING_TIMEOUT, pinged).await {
            Ok(here) => here.map(drop),
            Err(_) => Err(NoReply::Unresponsive),
        }
    }

    async fn start(
        &self,
        request: &StoreRequest,
        message: Bytes,
    ) -> Result<PendingRequest<'_>, NoReply> {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, reply) = oneshot::channel();
        match &mut *self.pending.lock() {
            Some(pending) => pending.insert(number, sender),
            None => return Err(NoReply::Disconnected),
        };
        let call = PendingRequest {
            client: self,
            number,
            reply,
            is_long_poll: matches!(request, StoreRequest::AwaitChanges(_)),
        };
        match tokio::time::timeout(PING_TIMEOUT, self.sender.send(number, message)).await {
            Ok(Ok(())) => Ok(call),
            Ok(Err(PeerGone)) => Err(NoReply::Disconnected),
            Err(_) => Err(NoReply::Unresponsive),
        }
    }
}

impl Drop for LeaderClient {
    fn drop(&mut self) {
        self.disconnect();
    }
}

/// Request without a reply so far.
struct PendingRequest<'a> {
    client: &'a LeaderClient,
    number: u64,
    reply: oneshot::Receiver<Bytes>,
    /// True when the reply is sent only once something happens.
    is_long_poll: bool,
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        let was_pending = match &mut *self.client.pending.lock() {
            Some(pending) => pending.remove(&self.number).is_some(),
            None => false,
        };
        if self.is_long_poll
            && was_pending
            && let Ok(message) = framing::write(&ClientMessage::<StoreRequest>::Forget)
        {
            self.client.sender.try_send(self.number, message);
        }
    }
}

impl ReplySenders {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<Bytes>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, number: u64) -> Option<oneshot::Sender<Bytes>> {
        self.lock().as_mut()?.remove(&number)
    }

    /// Drops all pending requests.
    fn close(&self) {
        self.lock().take();
    }
}

async fn receive(mut receiver: MessageReceiver, pending: Arc<ReplySenders>) {
    while let Ok((number, message)) = receiver.receive().await {
        if let Some(sender) = pending.take(number) {
            // The caller may have been cancelled.
            let _ = sender.send(message);
        }
    }
    pending.close();
}
