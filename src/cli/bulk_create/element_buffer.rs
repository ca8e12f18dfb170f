//! Buffer for the bytes of one element, limited in size and wiped after use.

use zeroize::Zeroizing;

/// Maximum size of one connection in bytes, as in the API.
pub const MAX_BYTES: usize = 256 * 1024;

/// Bytes of one element, up to the limit.
pub struct ElementBuffer {
    bytes: Zeroizing<Vec<u8>>,
    is_too_large: bool,
}

impl ElementBuffer {
    /// Creates an empty buffer.
    pub fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(1024)),
            is_too_large: false,
        }
    }

    /// Appends a byte, up to the limit.
    pub fn push(&mut self, byte: u8) {
        if self.bytes.len() == MAX_BYTES {
            self.is_too_large = true;
        } else {
            self.grow();
            self.bytes.push(byte);
        }
    }

    /// Grows the buffer without leaving an unwiped copy behind.
    fn grow(&mut self) {
        if self.bytes.len() == self.bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(self.bytes.capacity() * 4));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
    }

    /// Returns the bytes, or an error if the limit was exceeded.
    pub fn end(self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        if self.is_too_large {
            Err("A connection must not exceed 256 KiB")
        } else {
            Ok(self.bytes)
        }
    }
}
