//! Parser of chunked bodies (RFC 9112, section 7.1) that rejects ambiguous framing.

use super::request_head::{is_text, malformed};
use crate::api::Problem;

/// Maximum number of digits of a chunk size.
const MAX_SIZE_DIGITS: usize = 8;

/// Maximum size of the extensions of a chunk, and of all trailers, in bytes.
const MAX_BESIDE: usize = 1024;

/// Position in the body.
#[derive(Debug, Clone, Copy)]
enum ChunkPosition {
    /// In a chunk size: its value and the number of digits so far.
    Size(u64, usize),
    /// In a chunk extension.
    Extension(u64),
    /// At the end of a size line.
    SizeEnd(u64),
    /// In the data: bytes left.
    Data(u64),
    /// After the data, before CR.
    DataCr,
    /// After the data, before LF.
    DataLf,
    /// In a trailer line: its length so far.
    Trailer(usize),
    /// After the CR of a trailer line.
    TrailerEnd(usize),
}

/// Parser state.
#[derive(Debug)]
pub struct ChunkedScanner {
    at: ChunkPosition,
    overhead: usize,
}

impl ChunkedScanner {
    /// Starts at the first byte of a body.
    pub const fn new() -> Self {
        Self {
            at: ChunkPosition::Size(0, 0),
            overhead: 0,
        }
    }

    /// Parses bytes; returns how many belong to the body, and whether it ends there.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<(usize, bool), Box<Problem>> {
        let mut index = 0;
        while let Some(byte) = bytes.get(index) {
            if let ChunkPosition::Data(left) = self.at {
                let there = (bytes.len() - index) as u64;
                let passed = left.min(there);
                self.at = if passed == left {
                    ChunkPosition::DataCr
                } else {
                    ChunkPosition::Data(left - passed)
                };
                // At most the number of available bytes.
                index += usize::try_from(passed).unwrap_or(usize::MAX);
                continue;
            }
            index += 1;
            if self.step(*byte)? {
                return Ok((index, true));
            }
        }
        Ok((index, false))
    }

    fn step(&mut self, byte: u8) -> Result<bool, Box<Problem>> {
        self.at = match (self.at, byte) {
            (ChunkPosition::Size(size, digits), byte) if byte.is_ascii_hexdigit() => {
                if digits == MAX_SIZE_DIGITS {
                    return Err(malformed("A chunk is too large"));
                }
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                ChunkPosition::Size(size * 16 + u64::from(digit), digits + 1)
            }
            (ChunkPosition::Size(size, 1..) | ChunkPosition::Extension(size), b'\r') => {
                ChunkPosition::SizeEnd(size)
            }
            (ChunkPosition::Size(size, 1..), b';') => {
                self.overhead = 0;
                ChunkPosition::Extension(size)
            }
            (ChunkPosition::Extension(size), byte) if is_text(byte) => {
                self.count()?;
                ChunkPosition::Extension(size)
            }
            (ChunkPosition::SizeEnd(0), b'\n') => {
                self.overhead = 0;
                ChunkPosition::Trailer(0)
            }
            (ChunkPosition::SizeEnd(size), b'\n') => ChunkPosition::Data(size),
            (ChunkPosition::DataCr, b'\r') => ChunkPosition::DataLf,
            (ChunkPosition::DataLf, b'\n') => ChunkPosition::Size(0, 0),
            (ChunkPosition::Trailer(length), b'\r') => ChunkPosition::TrailerEnd(length),
            (ChunkPosition::Trailer(length), byte) if is_text(byte) => {
                self.count()?;
                ChunkPosition::Trailer(length + 1)
            }
            (ChunkPosition::TrailerEnd(0), b'\n') => return Ok(true),
            (ChunkPosition::TrailerEnd(_), b'\n') => ChunkPosition::Trailer(0),
            _ => return Err(malformed("The chunked body is malformed")),
        };
        Ok(false)
    }

    fn count(&mut self) -> Result<(), Box<Problem>> {
        self.overhead += 1;
        if self.overhead > MAX_BESIDE {
            return Err(malformed("Chunk extensions or trailers are too large"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_body_ends_after_last_chunk() {
        let body = b"5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nDigest: x\r\n\r\n";
        let whole = [body.as_slice(), b"GET"].concat();
        assert_eq!(ChunkedScanner::new().scan(&whole), Ok((body.len(), true)));
        let mut chunks = ChunkedScanner::new();
        for byte in &body[..body.len() - 1] {
            assert_eq!(chunks.scan(&[*byte]), Ok((1, false)));
        }
        assert_eq!(chunks.scan(b"\nGET"), Ok((1, true)));
    }

    #[test]
    fn ambiguous_chunks_are_rejected() {
        for body in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "0x5\r\nhello\r\n",
            "5\nhello\r\n",
            "5 \r\nhello\r\n",
            "5\r\nhello!\r\n",
            "5\r\nhello\n",
            "123456789\r\n",
            "0\r\n\n",
            "0\r\nA: b\n\r\n",
            ";\r\n",
        ] {
            assert!(
                ChunkedScanner::new().scan(body.as_bytes()).is_err(),
                "{body:?}"
            );
        }
        let long = format!("1;{}\r\n", "a".repeat(MAX_BESIDE + 1));
        assert!(ChunkedScanner::new().scan(long.as_bytes()).is_err());
    }
}
