//! Makes text that was not written in this program harmless for a terminal.
//!
//! Why: a name is typed by one person and read by another. A control character moves the cursor, a direction override
//! turns `gpj.exe` round, a zero-width sign makes two aliases look alike, and two hundred marks on one letter run over
//! the lines above. What cannot be seen is written out, so that it can.

pub mod address;
pub mod file;
pub mod fold;
pub mod json;
pub mod key_like;
pub mod shell;
pub mod secret;
pub mod yaml;

use std::borrow::Cow;
use std::fmt::{self, Write};

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The most marks that stay on one letter; Vietnamese, Thai and Hebrew with all its points need no more than four.
const MAX_MARKS: usize = 8;

/// The most joiners in one emoji; a family of four has three.
const MAX_JOINERS: usize = 3;

const JOINER: char = '\u{200D}';
const EMOJI_SELECTOR: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// A text to draw or print: control, bidi, zero-width and tag characters come out as `\u{…}`, and at most 8 marks stand on a letter.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&printable(self.0))
    }
}

/// The text as it may be drawn or printed; borrowed when nothing had to be changed.
pub fn printable(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        show(cluster, &mut shown);
    }
    if shown == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown)
    }
}

/// How many terminal columns a text takes, counted cluster by cluster as the screen draws it. Give it printable text.
pub fn columns(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Whether a character moves the cursor, breaks the line or changes the direction of what follows.
pub fn is_unprintable(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
        )
}

/// Whether a character takes no room and shows nothing: zero-width, joiners, direction marks, variation selectors, tags, blank
/// fillers; Unicode's `Default_Ignorable_Code_Point` and the annotation characters. Control characters are not among them.
pub const fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a character at the end of a text is no part of it: white space, or an invisible character.
pub fn is_outer(sign: char) -> bool {
    sign.is_whitespace() || is_invisible(sign)
}

/// The text without white space and invisible characters at its ends.
pub fn trim_invisible(text: &str) -> &str {
    text.trim_matches(is_outer)
}

/// Whether a character cannot be seen for what it is, and so is written out.
pub fn is_hidden(sign: char) -> bool {
    !is_shown(sign)
}

/// Whether there is anything to see in a text.
pub fn is_visible_text(text: &str) -> bool {
    text.chars()
        .any(|sign| is_shown(sign) && !sign.is_whitespace() && !is_mark(sign) && sign != '\u{2800}')
}

/// Whether every byte is a printable ASCII character, as in nearly all names.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Writes one cluster, its hidden parts escaped.
fn show(cluster: &str, shown: &mut String) {
    let mut before: Option<char> = None;
    let mut marks = 0;
    let mut joiners = 0;
    let mut has_picture = false;
    let mut signs = cluster.chars().peekable();
    while let Some(sign) = signs.next() {
        let stays = match sign {
            JOINER => {
                joiners += 1;
                joiners <= MAX_JOINERS
                    && has_picture
                    && joins(before, signs.peek().copied(), cluster)
            }
            EMOJI_SELECTOR => selects(before, signs.peek().copied()),
            _ => is_shown(sign),
        };
        if !stays {
            escape(sign, shown);
            before = None;
            has_picture = false;
            continue;
        }
        if is_mark(sign) && sign != JOINER {
            // A mark without a letter would stand on whatever is drawn to the left.
            if before.is_none() {
                escape(sign, shown);
                continue;
            }
            marks += 1;
            if marks > MAX_MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        shown.push(sign);
        before = Some(sign);
        has_picture |= is_picture(sign) && !is_colour(sign);
    }
}

fn escape(sign: char, shown: &mut String) {
    // Writing into a String cannot fail.
    let _ = write!(shown, "{}", sign.escape_unicode());
}

/// Whether a character is one that is not written with, but looked at.
fn is_picture(sign: char) -> bool {
    !sign.is_alphabetic() && !is_mark(sign) && is_shown(sign)
}

/// Whether a character is a skin colour: alone it stands on what is to the left, so that what it is joined to depends on that.
fn is_colour(sign: char) -> bool {
    matches!(sign, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Whether a joiner stands between two pictures that terminals draw as one.
fn joins(before: Option<char>, after: Option<char>, cluster: &str) -> bool {
    before.is_some_and(|sign| sign == EMOJI_SELECTOR || is_picture(sign))
        && after.is_some_and(is_picture)
        && cluster.width() == 2
}

/// Whether the emoji selector follows a character that has an emoji form.
fn selects(before: Option<char>, after: Option<char>) -> bool {
    let Some(base) = before else { return false };
    if base.is_ascii() {
        return after == Some(KEYCAP) && matches!(base, '0'..='9' | '#' | '*');
    }
    !base.is_alphabetic()
        && !is_mark(base)
        && [base, EMOJI_SELECTOR].iter().collect::<String>().width() == 2
}

/// Whether a character takes no column of its own: combining marks, and the vowels and finals of Hangul syllables.
fn is_mark(sign: char) -> bool {
    is_combining_mark(sign) || sign.width() == Some(0)
}

/// Whether a character can be seen for what it is.
fn is_shown(sign: char) -> bool {
    match sign {
        // ASCII; and the spaces of other scripts, which have a width, though `escape_debug` would escape them.
        ' '..='~'
        | '\u{A0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200A}'
        | '\u{202F}'
        | '\u{205F}'
        | '\u{3000}' => true,
        // Letters and marks by category, and yet nothing to see.
        '\u{034F}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FFA0}'
        | '\u{FFFC}'
        | '\u{E0000}'..='\u{E0FFF}' => false,
        _ => is_assigned(sign),
    }
}

/// Whether a character is one of those that Unicode has given out and that are neither format, control, private nor separator.
///
/// The standard library knows, and tells it only through `escape_debug`: behind another character even marks pass it.
fn is_assigned(sign: char) -> bool {
    let mut buffer = [b'a', 0, 0, 0, 0];
    let length = sign.encode_utf8(&mut buffer[1..]).len();
    let Ok(pair) = std::str::from_utf8(&buffer[..=length]) else {
        return false;
    };
    pair.escape_debug().nth(1) == Some(sign)
}

#[cfg(test)]
mod tests;
