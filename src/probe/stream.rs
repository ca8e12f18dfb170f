//! Parses a list of models while it arrives, on a blocking thread a few chunks behind the socket.

use std::io::{self, BufReader, Read};

use reqwest::Response;
use tokio::sync::mpsc;

use super::transport_error::TransportError;
use crate::provider::probe::{ListAnswer, ListShape, ModelListFormat};

/// Maximum number of chunks between the socket and the parser.
const MAX_CHUNKS: usize = 4;

/// Maximum number of bytes that are kept for a response that is text.
const MAX_TEXT: usize = 4096;

/// Response to a request for a list.
pub(super) enum Streamed {
    /// JSON.
    Json(ListAnswer),
    /// Start of any other body.
    Other(Vec<u8>),
}

/// Reads a response of at most `max` bytes.
pub(super) async fn read_list(
    mut response: Response,
    listing: ModelListFormat,
    shape: ListShape,
    max: usize,
) -> Result<Streamed, TransportError> {
    let (sender, receiver) = mpsc::channel(MAX_CHUNKS);
    let parsing = tokio::task::spawn_blocking(move || {
        listing.read(shape, BufReader::new(ChunkReader::new(receiver)))
    });
    let (mut start, mut length) = (Vec::new(), 0);
    loop {
        let chunk = match response.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) => chunk,
            Err(error) if error.is_timeout() => return Err(TransportError::Timeout),
            Err(_) => return Err(TransportError::Truncated),
        };
        length += chunk.len();
        if length > max {
            return Err(TransportError::TooLarge(max));
        }
        let wanted = MAX_TEXT.saturating_sub(start.len()).min(chunk.len());
        start.extend(chunk.iter().take(wanted));
        // The parser stops at the first byte that is not JSON.
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    Ok(match parsing.await {
        Ok(Ok(answer)) => Streamed::Json(answer),
        Ok(Err(_)) | Err(_) => Streamed::Other(start),
    })
}

/// Reader of the chunks until their sender is dropped.
struct ChunkReader<B> {
    receiver: mpsc::Receiver<B>,
    chunk: Option<B>,
    used: usize,
}

impl<B: AsRef<[u8]>> ChunkReader<B> {
    const fn new(receiver: mpsc::Receiver<B>) -> Self {
        Self {
            receiver,
            chunk: None,
            used: 0,
        }
    }
}

impl<B: AsRef<[u8]>> Read for ChunkReader<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let chunk = self.chunk.as_ref().map_or(&[][..], AsRef::as_ref);
            let mut rest = chunk.get(self.used..).unwrap_or_default();
            if !rest.is_empty() || buffer.is_empty() {
                let read = rest.read(buffer)?;
                self.used += read;
                return Ok(read);
            }
            self.chunk = self.receiver.blocking_recv();
            self.used = 0;
            if self.chunk.is_none() {
                return Ok(0);
            }
        }
    }
}
