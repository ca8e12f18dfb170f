//! Collects the bytes of one element, as many as are allowed, and wipes them.

use zeroize::Zeroizing;

/// The most bytes of one connection, as in the API.
pub const MAX_BYTES: usize = 256 * 1024;

/// The bytes of one element, as many as are allowed.
pub struct Body {
    bytes: Zeroizing<Vec<u8>>,
    is_too_large: bool,
}

impl Body {
    /// Before the first byte.
    pub fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(1024)),
            is_too_large: false,
        }
    }

    /// Takes the next byte in, while there is room.
    pub fn push(&mut self, byte: u8) {
        if self.bytes.len() == MAX_BYTES {
            self.is_too_large = true;
        } else {
            self.grow();
            self.bytes.push(byte);
        }
    }

    /// Makes room without leaving a copy behind that nobody wipes.
    fn grow(&mut self) {
        if self.bytes.len() == self.bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(self.bytes.capacity() * 4));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
    }

    /// The bytes, or why they are not kept.
    pub fn end(self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        if self.is_too_large {
            Err("A connection must not exceed 256 KiB")
        } else {
            Ok(self.bytes)
        }
    }
}
