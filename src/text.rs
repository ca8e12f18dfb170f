//! Escapes untrusted text for terminals.
//!
//! Text from other people can contain control characters that move the cursor, direction overrides that reverse `gpj.exe`,
//! zero-width characters that make two aliases look alike, and hundreds of combining marks that cover the lines above. Such
//! characters are escaped.

pub mod address;
pub mod file;
pub mod case_fold;
pub mod json;
pub mod key_like;
pub mod relative_time;
pub mod secret_detector;
pub mod yaml;

use std::borrow::Cow;
use std::fmt::{self, Write};

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Maximum number of combining marks on a letter; Vietnamese, Thai and pointed Hebrew need at most four.
const MAX_MARKS: usize = 8;

/// Maximum number of joiners in an emoji; a family of four has three.
const MAX_JOINERS: usize = 3;

const JOINER: char = '\u{200D}';
const EMOJI_SELECTOR: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// Displays a text for a terminal: escapes control, bidi, zero-width and tag characters as `\u{…}`, with at most 8 marks on a
/// letter.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&printable(self.0))
    }
}

/// Quotes a text as one word of a shell, in single quotes.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Escapes a text for a terminal; borrowed when nothing changes.
pub fn printable(text: &str) -> Cow<'_, str> {
    if is_simple(text) {
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

/// Returns the width of a printable text in terminal columns, by grapheme clusters.
pub fn columns(text: &str) -> usize {
    if is_simple(text) {
        return text.chars().count();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Returns whether a character moves the cursor, breaks the line or changes the text direction.
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
        )
}

/// Returns whether a character is invisible and has no width: zero-width characters, joiners, direction marks, variation
/// selectors, tags and blank fillers; Unicode's `Default_Ignorable_Code_Point` and annotation characters, without control
/// characters.
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
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

/// Returns whether a character is trimmed at the ends of a text: white space or invisible.
pub fn is_outer(character: char) -> bool {
    character.is_whitespace() || is_invisible(character)
}

/// Removes white space and invisible characters from both ends.
pub fn trim_invisible(text: &str) -> &str {
    text.trim_matches(is_outer)
}

/// Returns whether a character must be escaped to be recognizable.
pub fn is_hidden(character: char) -> bool {
    !is_shown(character)
}

/// Returns whether a text has a visible character.
pub fn is_visible_text(text: &str) -> bool {
    text.chars().any(|character| {
        is_shown(character)
            && !character.is_whitespace()
            && !is_mark(character)
            && character != '\u{2800}'
    })
}

/// Returns whether every byte is printable ASCII, as in most names.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Returns whether every character is shown as it is in one column, also beside the others: printable ASCII, and the lines and symbols
/// of the app. No search for grapheme clusters is needed then.
pub fn is_simple(text: &str) -> bool {
    text.chars().all(|character| {
        matches!(
            character,
            ' '..='~' | '·' | '›' | '…' | '↑' | '↓' | '✓' | '✗' | '\u{2500}'..='\u{25FC}'
        )
    })
}

/// Appends a grapheme cluster, with hidden characters escaped.
fn show(cluster: &str, shown: &mut String) {
    let mut before: Option<char> = None;
    let mut marks = 0;
    let mut joiners = 0;
    let mut has_picture = false;
    let mut characters = cluster.chars().peekable();
    while let Some(character) = characters.next() {
        let stays = match character {
            JOINER => {
                joiners += 1;
                joiners <= MAX_JOINERS
                    && has_picture
                    && joins(before, characters.peek().copied(), cluster)
            }
            EMOJI_SELECTOR => selects(before, characters.peek().copied()),
            _ => is_shown(character),
        };
        if !stays {
            escape(character, shown);
            before = None;
            has_picture = false;
            continue;
        }
        if is_mark(character) && character != JOINER {
            // A mark without a base letter would combine with the text to its left.
            if before.is_none() {
                escape(character, shown);
                continue;
            }
            marks += 1;
            if marks > MAX_MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        shown.push(character);
        before = Some(character);
        has_picture |= is_picture(character) && !is_colour(character);
    }
}

fn escape(character: char, shown: &mut String) {
    // Writing into a String cannot fail.
    let _ = write!(shown, "{}", character.escape_unicode());
}

/// Returns whether a character is a symbol.
fn is_picture(character: char) -> bool {
    !character.is_alphabetic() && !is_mark(character) && is_shown(character)
}

/// Returns whether a character is a skin tone, which changes the emoji before it.
fn is_colour(character: char) -> bool {
    matches!(character, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Returns whether a joiner connects two symbols that terminals draw as one.
fn joins(before: Option<char>, after: Option<char>, cluster: &str) -> bool {
    before.is_some_and(|character| character == EMOJI_SELECTOR || is_picture(character))
        && after.is_some_and(is_picture)
        && cluster.width() == 2
}

/// Returns whether the emoji selector follows a character with an emoji form.
fn selects(before: Option<char>, after: Option<char>) -> bool {
    let Some(base) = before else { return false };
    if base.is_ascii() {
        return after == Some(KEYCAP) && matches!(base, '0'..='9' | '#' | '*');
    }
    !base.is_alphabetic()
        && !is_mark(base)
        && [base, EMOJI_SELECTOR].iter().collect::<String>().width() == 2
}

/// Returns whether a character has no width: combining marks, and the vowels and finals of Hangul syllables.
fn is_mark(character: char) -> bool {
    is_combining_mark(character) || character.width() == Some(0)
}

/// Returns whether a character can be shown as it is.
fn is_shown(character: char) -> bool {
    match character {
        // ASCII, lines and symbols of the app, which need no search in tables, and spaces of other scripts, which have a width
        // although `escape_debug` escapes them.
        ' '..='~'
        | '\u{2500}'..='\u{25FF}'
        | '\u{A0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200A}'
        | '\u{202F}'
        | '\u{205F}'
        | '\u{3000}' => true,
        // Letters and marks by category, but invisible.
        '\u{034F}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FFA0}'
        | '\u{FFFC}'
        | '\u{E0000}'..='\u{E0FFF}' => false,
        _ => is_assigned(character),
    }
}

/// Returns whether a character is assigned and not a format, control, private-use or separator character.
///
/// The standard library exposes this only through `escape_debug`, which accepts even marks after another character.
fn is_assigned(character: char) -> bool {
    let mut buffer = [b'a', 0, 0, 0, 0];
    let length = character.encode_utf8(&mut buffer[1..]).len();
    let Ok(pair) = std::str::from_utf8(&buffer[..=length]) else {
        return false;
    };
    pair.escape_debug().nth(1) == Some(character)
}

#[cfg(test)]
mod tests;
