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
    Delivered = 0,
    /// The leader gets the request, but the reply and the connection are lost.
    ReplyLost = 1,
    /// The request and the connection are lost.
    RequestLost = 2,
}

/// Proxy at the path where clients expect the leader.
pub struct LossyProxy {
    fate: Arc<AtomicU8>,
    lost: Arc<Notify>,
    resume: Arc<Notify>,
}

impl LossyProxy {
    /// Inserts a proxy in front of the leader of a data directory.
    pub fn in_front_of(data: &Path) -> Self {
        let (socket, behind) = (data.join("umai.sock"), data.join("behind.sock"));
        std::fs::rename(&socket, &behind).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let proxy = Self {
            fate: Arc::default(),
            lost: Arc::default(),
            resume: Arc::default(),
        };
        let (fate, lost, resume) = (
            Arc::clone(&proxy.fate),
            Arc::clone(&proxy.lost),
            Arc::clone(&proxy.resume),
        );
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let leader = UnixStream::connect(&behind).await.unwrap();
                forward(client, leader, &fate).await;
                lost.notify_one();
                resume.notified().await;
            }
        });
        proxy
    }

    /// Sets the fate of the next request.
    pub fn next(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::Release);
    }

    /// Waits until something was lost; clients are not accepted until [`LossyProxy::resume`].
    pub async fn lost(&self) {
        self.lost.notified().await;
    }

    pub fn resume(&self) {
        self.next(Fate::Delivered);
        self.resume.notify_one();
    }
}

/// Forwards messages in both directions for one client, until one side disconnects or something is lost.
async fn forward(mut client: UnixStream, mut leader: UnixStream, fate: &AtomicU8) {
    let (mut request, mut reply) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                // The hello is not a request.
                let is_request = request[..length].windows(5).any(|word| word == b"\"Ask\"");
                let fate = fate.load(Ordering::Acquire) * u8::from(is_request);
                if fate == Fate::RequestLost as u8 {
                    return;
                }
                leader.write_all(&request[..length]).await.unwrap();
                if fate == Fate::ReplyLost as u8 {
                    assert!(leader.read(&mut reply).await.unwrap() > 0);
                    return;
                }
            }
            read = leader.read(&mut reply) => {
                let Ok(length @ 1..) = read else { return };
                client.write_all(&reply[..length]).await.unwrap();
            }
        }
    }
}
