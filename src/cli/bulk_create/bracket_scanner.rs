//! Scanner for quotes and brackets that finds the end of a JSON value.

/// Scanner state after the last byte.
#[derive(Debug, Clone, Copy)]
pub struct BracketScanner {
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
    /// Last byte that was not white space, outside of strings.
    last: u8,
    has_bracket: bool,
}

impl BracketScanner {
    /// Creates a scanner before the first byte.
    pub const fn new() -> Self {
        Self {
            depth: 0,
            is_in_text: false,
            is_escaped: false,
            last: 0,
            has_bracket: false,
        }
    }

    /// Processes the next byte.
    pub fn advance(&mut self, byte: u8) {
        if self.is_in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_text = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.is_in_text = true,
            b'{' | b'[' => {
                self.depth += 1;
                self.has_bracket = true;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
    }

    /// Returns true if a value was opened and is completely closed.
    pub const fn is_whole(&self) -> bool {
        self.depth == 0 && self.has_bracket && !self.is_in_text
    }

    /// Returns true if the next byte is outside of all brackets and strings.
    pub const fn is_outside(&self) -> bool {
        self.depth == 0 && !self.is_in_text
    }

    /// Returns true if the next byte is inside a string, which cannot contain a line end.
    pub const fn is_in_text(&self) -> bool {
        self.is_in_text
    }

    /// Returns true if this byte opens an object where none can start: the previous one is incomplete.
    pub const fn is_new_object(&self, byte: u8) -> bool {
        byte == b'{' && !self.is_in_text && !matches!(self.last, b':' | b',' | b'[' | 0)
    }
}
