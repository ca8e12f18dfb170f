//! Stands between the socket and hyper: lets whole, well-formed heads and their bodies through, and nothing else.

mod chunks;
mod head;

pub use self::head::malformed;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::chunks::Chunks;
use self::head::{Framing, Head};
use super::limits::Limits;
use super::vitals::{Doing, Vitals};
use crate::api::Problem;

/// How much is read from the socket at a time.
const PIECE: usize = 8 * 1024;

/// What the next byte belongs to.
enum Part {
    Head(Head),
    Sized(u64),
    Chunked(Chunks),
    /// Nothing more is read: the bytes make no request, or there are none to come.
    Over,
}

/// A socket that is read with care.
pub struct Sentry<S> {
    socket: S,
    vitals: Vitals,
    limits: Limits,
    part: Part,
    /// What was read and not yet handed on.
    bytes: Vec<u8>,
    /// How far what was read may be handed on.
    passed: usize,
    /// How far the head was looked at.
    looked: usize,
}

impl<S> Sentry<S> {
    /// Over a socket.
    pub fn new(socket: S, vitals: Vitals, limits: Limits) -> Self {
        Self {
            socket,
            vitals,
            limits,
            part: Part::Head(Head::default()),
            bytes: Vec::new(),
            passed: 0,
            looked: 0,
        }
    }

    /// The socket.
    pub fn into_inner(self) -> S {
        self.socket
    }

    /// Looks at what was read; nothing more is read once it is refused.
    fn look(&mut self) {
        if let Err(problem) = self.walk() {
            self.part = Part::Over;
            self.vitals.refuse(problem);
        }
    }

    fn walk(&mut self) -> Result<(), Box<Problem>> {
        while self.looked < self.bytes.len() {
            let rest = &self.bytes[self.looked..];
            match &mut self.part {
                Part::Over => return Ok(()),
                Part::Sized(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= taken as u64;
                    let is_end = *left == 0;
                    self.pass(taken, is_end);
                }
                Part::Chunked(chunks) => {
                    let (taken, is_end) = chunks.follow(rest)?;
                    self.pass(taken, is_end);
                }
                Part::Head(_) => {
                    if !self.line()? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets bytes of a body through.
    fn pass(&mut self, taken: usize, is_end: bool) {
        self.looked += taken;
        self.passed = self.looked;
        if is_end {
            self.part = Part::Head(Head::default());
        }
    }

    /// Looks at the head's next line; answers whether there was one.
    fn line(&mut self) -> Result<bool, Box<Problem>> {
        let Part::Head(head) = &mut self.part else {
            return Ok(false);
        };
        let rest = &self.bytes[self.looked..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(rest.len(), |end| end + 1);
        if !head.is_begun() && length > self.limits.target_bytes {
            let most = self.limits.target_bytes;
            let sentence = format!("The address of a request has at most {most} bytes");
            return Err(Box::new(Problem::new(414, sentence, "uriTooLong")));
        }
        if self.looked + length - self.passed > self.limits.head_bytes {
            let most = self.limits.head_bytes;
            let sentence = format!("The head of a request has at most {most} bytes");
            return Err(Box::new(Problem::new(431, sentence, "headTooLarge")));
        }
        if end.is_none() {
            // What cannot be a request is not waited for: a handshake, or another protocol.
            return if !head.is_begun() && !rest.iter().all(|byte| is_plain(*byte)) {
                Err(malformed("This is not HTTP"))
            } else {
                Ok(false)
            };
        }
        let framing = head.take(&rest[..length])?;
        self.looked += length;
        if let Some(framing) = framing {
            self.passed = self.looked;
            self.part = match framing {
                Framing::Sized(0) => Part::Head(Head::default()),
                Framing::Sized(length) => Part::Sized(length),
                Framing::Chunked => Part::Chunked(Chunks::new()),
            };
            self.vitals.turn_to(Doing::Answering);
        }
        Ok(true)
    }

    /// Forgets what was handed on.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.passed.min(buffer.remaining());
        buffer.put_slice(&self.bytes[..count]);
        self.bytes.drain(..count);
        self.passed -= count;
        self.looked -= count;
    }
}

impl<S: AsyncRead + Unpin> Sentry<S> {
    /// Reads what is there; answers whether anything was.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut piece = [std::mem::MaybeUninit::uninit(); PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut piece))?;
        self.bytes.extend_from_slice(piece.filled());
        Poll::Ready(Ok(!piece.filled().is_empty()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sentry<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.passed > 0 {
                self.hand_on(buffer);
                return Poll::Ready(Ok(()));
            }
            if matches!(self.part, Part::Over) {
                return Poll::Ready(Ok(()));
            }
            // Of a new request, or left from behind the one before.
            let is_in_head = !self.bytes.is_empty() && matches!(self.part, Part::Head(_));
            if is_in_head && matches!(self.vitals.now().0, Doing::Arriving | Doing::Idle) {
                self.vitals.turn_to(Doing::Head);
            }
            if ready!(self.poll_more(cx))? {
                self.look();
            } else {
                self.part = Part::Over;
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sentry<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.vitals.written(written.is_ready());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.vitals.written(flushed.is_ready());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Whether a byte may be in a head that is still without a line end.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\r')
}
