//! Proxy between the leader's socket and its clients that can lose messages.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;

/// Fate of the next request of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fate {
    /// The reply is delivered.
    Answered = 0,
    /// The leader gets the request, but the reply and the connection are lost.
    AnswerLost = 1,
    /// The request and the connection are lost.
    Lost = 2,
}

/// Proxy at the path where clients expect the leader.
pub struct Relay {
    fate: Arc<AtomicU8>,
    lost: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Relay {
    /// Inserts a proxy in front of the leader of a data folder.
    pub fn before(data: &Path) -> Self {
        let (socket, behind) = (data.join("umai.sock"), data.join("behind.sock"));
        std::fs::rename(&socket, &behind).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let relay = Self {
            fate: Arc::default(),
            lost: Arc::default(),
            go_on: Arc::default(),
        };
        let (fate, lost, go_on) = (
            Arc::clone(&relay.fate),
            Arc::clone(&relay.lost),
            Arc::clone(&relay.go_on),
        );
        tokio::spawn(async move {
            while let Ok((guest, _)) = listener.accept().await {
                let holder = UnixStream::connect(&behind).await.unwrap();
                carry(guest, holder, &fate).await;
                lost.notify_one();
                go_on.notified().await;
            }
        });
        relay
    }

    /// Sets the fate of the next request.
    pub fn next(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::Release);
    }

    /// Waits until something was lost; clients are not accepted until [`Relay::go_on`].
    pub async fn lost(&self) {
        self.lost.notified().await;
    }

    pub fn go_on(&self) {
        self.next(Fate::Answered);
        self.go_on.notify_one();
    }
}

/// Forwards messages in both directions for one client, until one side disconnects or something is lost.
async fn carry(mut guest: UnixStream, mut holder: UnixStream, fate: &AtomicU8) {
    let (mut asked, mut told) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        tokio::select! {
            said = guest.read(&mut asked) => {
                let Ok(length @ 1..) = said else { return };
                // The hello is not a request.
                let asks = asked[..length].windows(5).any(|word| word == b"\"Ask\"");
                let fate = fate.load(Ordering::Acquire) * u8::from(asks);
                if fate == Fate::Lost as u8 {
                    return;
                }
                holder.write_all(&asked[..length]).await.unwrap();
                if fate == Fate::AnswerLost as u8 {
                    assert!(holder.read(&mut told).await.unwrap() > 0);
                    return;
                }
            }
            said = holder.read(&mut told) => {
                let Ok(length @ 1..) = said else { return };
                guest.write_all(&told[..length]).await.unwrap();
            }
        }
    }
}
