//! Follows quotes and brackets of JSON, just enough to see where a value ends.

/// Where in a value the last byte was.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
    /// The last byte that was no white space, outside of text.
    last: u8,
    has_bracket: bool,
}

impl Shape {
    /// Before the first byte.
    pub const fn new() -> Self {
        Self {
            depth: 0,
            is_in_text: false,
            is_escaped: false,
            last: 0,
            has_bracket: false,
        }
    }

    /// Takes the next byte in.
    pub fn see(&mut self, byte: u8) {
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

    /// Whether something was opened and everything is closed.
    pub const fn is_whole(&self) -> bool {
        self.depth == 0 && self.has_bracket && !self.is_in_text
    }

    /// Whether the next byte is outside of any bracket and text.
    pub const fn is_outside(&self) -> bool {
        self.depth == 0 && !self.is_in_text
    }

    /// Whether the next byte is inside a text, where no line may end.
    pub const fn is_in_text(&self) -> bool {
        self.is_in_text
    }

    /// Whether this byte opens an object where none can be: the one before was not closed.
    pub const fn is_new_object(&self, byte: u8) -> bool {
        byte == b'{' && !self.is_in_text && !matches!(self.last, b':' | b',' | b'[' | 0)
    }
}
