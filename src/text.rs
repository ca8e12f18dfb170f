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

/// Whether a character would act on a terminal instead of showing.
pub fn is_unprintable(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether anything in a text can be seen.
pub fn is_visible_text(text: &str) -> bool {
    text.chars().any(|sign| !sign.is_whitespace())
}
