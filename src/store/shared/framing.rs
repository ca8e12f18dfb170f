//! Message framing over a socket.
//!
//! A frame consists of its length, the request number, a flag for the last frame of a message, and a part of the message.
//! Messages are split because a list of 100,000 connections has 40 MB: frames stay small, and short replies are not delayed,
//! since the frames of all messages are interleaved.

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

/// Maximum message bytes in a frame.
const MAX_PART: usize = 128 * 1024;
/// Length of the request number and the flag in bytes.
const HEAD: usize = 9;
/// Number of queued messages before senders wait.
const QUEUE: usize = 64;

/// Returns both ends of a message channel over a socket. A task writes the messages until all senders are dropped.
pub fn open(stream: UnixStream, max_length: usize) -> (MessageSender, MessageReceiver) {
    let (read, write) = stream.into_split();
    let (sender, messages) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        // The receiver notices when the peer is gone.
        let _ = write_frames(messages, write).await;
    });
    let receiver = MessageReceiver {
        frames: FramedRead::new(read, codec()),
        parts: HashMap::new(),
        max_length,
    };
    (MessageSender(sender), receiver)
}

fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(MAX_PART + HEAD)
        .new_codec()
}

/// The peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerGone;

/// Request number and message.
pub type NumberedMessage = (u64, Bytes);

/// Sender of messages.
#[derive(Clone)]
pub struct MessageSender(mpsc::Sender<NumberedMessage>);

impl MessageSender {
    /// Sends a message. Cancelling the future before it completes sends nothing.
    pub async fn send(&self, number: u64, message: Bytes) -> Result<(), PeerGone> {
        self.0.send((number, message)).await.map_err(|_| PeerGone)
    }

    /// Sends a message if the queue has room.
    pub fn try_send(&self, number: u64, message: Bytes) {
        // The message is optional for the receiver.
        let _ = self.0.try_send((number, message));
    }
}

/// Encodes a message.
pub fn write<T: Serialize>(message: &T) -> io::Result<Bytes> {
    Ok(serde_json::to_vec(message)?.into())
}

/// Decodes a message. Returns `None` for an invalid one.
pub fn read<T: DeserializeOwned>(message: &[u8]) -> Option<T> {
    serde_json::from_slice(message).ok()
}

/// Receiver of messages.
pub struct MessageReceiver {
    frames: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    /// Incomplete messages by request number.
    parts: HashMap<u64, BytesMut>,
    max_length: usize,
}

impl MessageReceiver {
    /// Receives the next message. Invalid frames and messages that exceed the maximum length count as a disconnect.
    pub async fn receive(&mut self) -> Result<NumberedMessage, PeerGone> {
        loop {
            let Some(Ok(mut frame)) = self.frames.next().await else {
                return Err(PeerGone);
            };
            if frame.len() < HEAD {
                return Err(PeerGone);
            }
            let (number, is_last) = (frame.get_u64_le(), frame.get_u8() == 1);
            let message = match self.parts.remove(&number) {
                None => frame,
                Some(mut before) => {
                    before.extend_from_slice(&frame);
                    before
                }
            };
            if message.len() > self.max_length {
                return Err(PeerGone);
            }
            if is_last {
                return Ok((number, message.freeze()));
            }
            self.parts.insert(number, message);
        }
    }
}

async fn write_frames(
    mut messages: mpsc::Receiver<NumberedMessage>,
    mut out: OwnedWriteHalf,
) -> io::Result<()> {
    let mut codec = codec();
    let mut in_progress: VecDeque<NumberedMessage> = VecDeque::new();
    let mut frames = BytesMut::new();
    loop {
        if in_progress.is_empty() {
            match messages.recv().await {
                Some(message) => in_progress.push_back(message),
                None => return out.shutdown().await,
            }
        }
        while in_progress.len() < QUEUE
            && let Ok(message) = messages.try_recv()
        {
            in_progress.push_back(message);
        }
        for _ in 0..in_progress.len() {
            let Some((number, mut message)) = in_progress.pop_front() else {
                break;
            };
            let part = message.split_to(message.len().min(MAX_PART));
            let mut frame = BytesMut::with_capacity(HEAD + part.len());
            frame.put_u64_le(number);
            frame.put_u8(u8::from(message.is_empty()));
            frame.put(part);
            codec.encode(frame.freeze(), &mut frames)?;
            if !message.is_empty() {
                in_progress.push_back((number, message));
            }
        }
        out.write_all_buf(&mut frames).await?;
    }
}
