//! Byte reader that counts lines and reads no further than requested.

use std::io::{Error, ErrorKind, Read};

use zeroize::Zeroizing;

const CHUNK: usize = 64 * 1024;

/// Input with its read position.
pub struct ByteReader<R> {
    source: R,
    chunk: Zeroizing<Vec<u8>>,
    at: usize,
    end: usize,
    line: u64,
}

impl<R: Read> ByteReader<R> {
    /// Creates a reader at the start of a source.
    pub fn new(source: R) -> Self {
        Self {
            source,
            chunk: Zeroizing::new(vec![0; CHUNK]),
            at: 0,
            end: 0,
            line: 1,
        }
    }

    /// Returns the line of the next byte, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Returns the next byte without consuming it.
    pub fn peek(&mut self) -> std::io::Result<Option<u8>> {
        while self.at == self.end {
            match self.source.read(&mut self.chunk) {
                Ok(0) => return Ok(None),
                // JSON has none, and a device such as /dev/zero nothing else.
                Ok(length) if self.chunk[..length].contains(&0) => {
                    return Err(Error::new(
                        ErrorKind::InvalidData,
                        "it has a NUL byte, so it is not JSON text in UTF-8",
                    ));
                }
                Ok(length) => (self.at, self.end) = (0, length),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.chunk.get(self.at).copied())
    }

    /// Consumes the next byte.
    pub fn take(&mut self) {
        if self.chunk.get(self.at) == Some(&b'\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    /// Skips white space and returns the next byte.
    pub fn skip_space(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.take(),
                byte => return Ok(byte),
            }
        }
    }

    /// Skips a byte order mark.
    pub fn skip_mark(&mut self) -> std::io::Result<()> {
        for expected in *b"\xEF\xBB\xBF" {
            if self.peek()? != Some(expected) {
                break;
            }
            self.take();
        }
        Ok(())
    }
}
