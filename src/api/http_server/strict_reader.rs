//! Strict HTTP/1 reader between the socket and hyper: passes only well-formed request heads and their bodies.

mod chunked;
mod request_head;

pub use self::request_head::malformed;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::chunked::ChunkedScanner;
use self::request_head::{Framing, HeadParser};
use super::connection_state::{TcpConnectionPhase, TcpConnectionState};
use super::limits::ServerLimits;
use crate::api::Problem;

/// Size of a read from the socket, in bytes.
const PIECE: usize = 8 * 1024;

/// Part of the request that the next byte belongs to.
enum RequestPart {
    Head(HeadParser),
    Sized(u64),
    Chunked(ChunkedScanner),
    /// The input is malformed or ended: nothing more is read.
    Done,
}

/// A socket with strict request parsing.
pub struct StrictReader<S> {
    socket: S,
    state: TcpConnectionState,
    limits: ServerLimits,
    part: RequestPart,
    /// Bytes that were read and not passed on yet.
    bytes: Vec<u8>,
    /// Number of bytes that may be passed on.
    accepted: usize,
    /// Number of bytes of the head that were checked.
    scanned: usize,
}

impl<S> StrictReader<S> {
    /// Wraps a socket.
    pub fn new(socket: S, state: TcpConnectionState, limits: ServerLimits) -> Self {
        Self {
            socket,
            state,
            limits,
            part: RequestPart::Head(HeadParser::default()),
            bytes: Vec::new(),
            accepted: 0,
            scanned: 0,
        }
    }

    /// Returns the socket.
    pub fn into_inner(self) -> S {
        self.socket
    }

    /// Checks the bytes that were read. Reading stops after an error.
    fn scan(&mut self) {
        if let Err(problem) = self.check_bytes() {
            self.part = RequestPart::Done;
            self.state.set_error(problem);
        }
    }

    fn check_bytes(&mut self) -> Result<(), Box<Problem>> {
        while self.scanned < self.bytes.len() {
            let rest = &self.bytes[self.scanned..];
            match &mut self.part {
                RequestPart::Done => return Ok(()),
                RequestPart::Sized(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= taken as u64;
                    let is_end = *left == 0;
                    self.accept_body_bytes(taken, is_end);
                }
                RequestPart::Chunked(chunks) => {
                    let (taken, is_end) = chunks.scan(rest)?;
                    self.accept_body_bytes(taken, is_end);
                }
                RequestPart::Head(_) => {
                    if !self.check_head_line()? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes bytes of a body on.
    fn accept_body_bytes(&mut self, taken: usize, is_end: bool) {
        self.scanned += taken;
        self.accepted = self.scanned;
        if is_end {
            self.part = RequestPart::Head(HeadParser::default());
        }
    }

    /// Checks the next line of the head; returns false without a complete line.
    fn check_head_line(&mut self) -> Result<bool, Box<Problem>> {
        let RequestPart::Head(head) = &mut self.part else {
            return Ok(false);
        };
        let rest = &self.bytes[self.scanned..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(rest.len(), |end| end + 1);
        if !head.has_request_line() && length > self.limits.max_target_bytes {
            let most = self.limits.max_target_bytes;
            let sentence = format!("The request target must not exceed {most} bytes");
            return Err(Box::new(Problem::new(414, sentence, "uriTooLong")));
        }
        if self.scanned + length - self.accepted > self.limits.max_head_bytes {
            let most = self.limits.max_head_bytes;
            let sentence = format!("The request head must not exceed {most} bytes");
            return Err(Box::new(Problem::new(431, sentence, "headTooLarge")));
        }
        if end.is_none() {
            // Rejects other protocols, such as TLS, without waiting for a line end.
            return if !head.has_request_line() && !rest.iter().all(|byte| is_plain(*byte)) {
                Err(malformed("This is not an HTTP request"))
            } else {
                Ok(false)
            };
        }
        let framing = head.parse_line(&rest[..length])?;
        self.scanned += length;
        if let Some(framing) = framing {
            self.accepted = self.scanned;
            self.part = match framing {
                Framing::Sized(0) => RequestPart::Head(HeadParser::default()),
                Framing::Sized(length) => RequestPart::Sized(length),
                Framing::Chunked => RequestPart::Chunked(ChunkedScanner::new()),
            };
            self.state.set_phase(TcpConnectionPhase::Responding);
        }
        Ok(true)
    }

    /// Removes the bytes that were passed on.
    fn copy_out(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.accepted.min(buffer.remaining());
        buffer.put_slice(&self.bytes[..count]);
        self.bytes.drain(..count);
        self.accepted -= count;
        self.scanned -= count;
    }
}

impl<S: AsyncRead + Unpin> StrictReader<S> {
    /// Reads from the socket; returns false at the end of the input.
    fn poll_read_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut piece = [std::mem::MaybeUninit::uninit(); PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut piece))?;
        self.bytes.extend_from_slice(piece.filled());
        Poll::Ready(Ok(!piece.filled().is_empty()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictReader<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.accepted > 0 {
                self.copy_out(buffer);
                return Poll::Ready(Ok(()));
            }
            if matches!(self.part, RequestPart::Done) {
                return Poll::Ready(Ok(()));
            }
            // Bytes of a new request, read with the previous one.
            let is_in_head = !self.bytes.is_empty() && matches!(self.part, RequestPart::Head(_));
            if is_in_head
                && matches!(
                    self.state.phase_and_start().0,
                    TcpConnectionPhase::New | TcpConnectionPhase::Idle
                )
            {
                self.state.set_phase(TcpConnectionPhase::Head);
            }
            if ready!(self.poll_read_more(cx))? {
                self.scan();
            } else {
                self.part = RequestPart::Done;
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictReader<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.state.response_written(written.is_ready());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.state.response_written(flushed.is_ready());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Returns whether a byte may occur in an incomplete head.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\r')
}
