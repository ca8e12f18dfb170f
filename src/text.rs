//! Makes text that was not written in this program harmless for a terminal.

use std::fmt;

/// A text to draw or print: control, bidi, zero-width and tag characters come out as `\u{…}`, and at most 8 marks stand on a letter.
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sign in self.0.chars() {
            if sign.is_control() {
                write!(f, "{}", sign.escape_unicode())?;
            } else {
                write!(f, "{sign}")?;
            }
        }
        Ok(())
    }
}
