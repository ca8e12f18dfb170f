//! Carries messages over a connection in frames.
//!
//! A frame is its length, the number of the ask it belongs to, whether it is the last of its message, and a piece of the
//! message. Why pieces: a list of 100,000 connections is 40 MB long. It needs no frame of that length, and short answers are
//! not held up, since a frame of each message goes out in turn.

use std::collections::{HashMap, VecDeque};
use std::io;

use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio_util::bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::{Encoder, FramedRead, LengthDelimitedCodec};

/// A piece of a message has so many bytes at most.
const PIECE: usize = 128 * 1024;
/// The number and the mark of a frame.
const HEAD: usize = 9;
/// So many messages wait to be carried before those who send wait.
const WAITING: usize = 64;

/// Both ends of a line over a connection. What is sent is carried by a task of its own, until no sender is left.
pub fn open(stream: UnixStream, longest: usize) -> (Sender, Receiver) {
    let (read, write) = stream.into_split();
    let (sender, messages) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        // That the other side is gone is seen by whoever receives.
        let _ = carry(messages, write).await;
    });
    let receiver = Receiver {
        frames: FramedRead::new(read, codec()),
        parts: HashMap::new(),
        longest,
    };
    (Sender(sender), receiver)
}

fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(PIECE + HEAD)
        .new_codec()
}

/// The other side is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// A message, and the ask it belongs to.
pub type Message = (u64, Bytes);

/// Sends messages.
#[derive(Clone)]
pub struct Sender(mpsc::Sender<Message>);

impl Sender {
    /// Sends a message; one that waits and is given up is not sent at all.
    pub async fn send(&self, ask: u64, message: Bytes) -> Result<(), Gone> {
        self.0.send((ask, message)).await.map_err(|_| Gone)
    }

    /// Sends a message if that can be done at once.
    pub fn try_send(&self, ask: u64, message: Bytes) {
        // It is a courtesy: nobody waits for it.
        let _ = self.0.try_send((ask, message));
    }
}

/// A message as it is sent.
pub fn write<T: Serialize>(message: &T) -> io::Result<Bytes> {
    Ok(serde_json::to_vec(message)?.into())
}

/// What a message says; nothing when it makes no sense.
pub fn read<T: DeserializeOwned>(message: &[u8]) -> Option<T> {
    serde_json::from_slice(message).ok()
}

/// Receives messages.
pub struct Receiver {
    frames: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    /// Messages of which a piece is still to come.
    parts: HashMap<u64, BytesMut>,
    longest: usize,
}

impl Receiver {
    /// The next message; gone, too, is a side that says what is no frame, or a message longer than it may be.
    pub async fn receive(&mut self) -> Result<Message, Gone> {
        loop {
            let Some(Ok(mut frame)) = self.frames.next().await else {
                return Err(Gone);
            };
            if frame.len() < HEAD {
                return Err(Gone);
            }
            let (ask, is_last) = (frame.get_u64_le(), frame.get_u8() == 1);
            let message = match self.parts.remove(&ask) {
                None => frame,
                Some(mut before) => {
                    before.extend_from_slice(&frame);
                    before
                }
            };
            if message.len() > self.longest {
                return Err(Gone);
            }
            if is_last {
                return Ok((ask, message.freeze()));
            }
            self.parts.insert(ask, message);
        }
    }
}

async fn carry(mut messages: mpsc::Receiver<Message>, mut out: OwnedWriteHalf) -> io::Result<()> {
    let mut codec = codec();
    let mut under_way: VecDeque<Message> = VecDeque::new();
    let mut frames = BytesMut::new();
    loop {
        if under_way.is_empty() {
            match messages.recv().await {
                Some(message) => under_way.push_back(message),
                None => return out.shutdown().await,
            }
        }
        while under_way.len() < WAITING
            && let Ok(message) = messages.try_recv()
        {
            under_way.push_back(message);
        }
        for _ in 0..under_way.len() {
            let Some((ask, mut message)) = under_way.pop_front() else {
                break;
            };
            let piece = message.split_to(message.len().min(PIECE));
            let mut frame = BytesMut::with_capacity(HEAD + piece.len());
            frame.put_u64_le(ask);
            frame.put_u8(u8::from(message.is_empty()));
            frame.put(piece);
            codec.encode(frame.freeze(), &mut frames)?;
            if !message.is_empty() {
                under_way.push_back((ask, message));
            }
        }
        out.write_all_buf(&mut frames).await?;
    }
}
