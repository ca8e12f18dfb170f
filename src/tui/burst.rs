//! Keys that arrived together: a paste from a terminal that does not mark pastes, or keys typed ahead of a slow connection.

use std::collections::VecDeque;

use crossterm::event::KeyCode;
use zeroize::Zeroizing;

use super::event::{Event, PastedText};
use super::key::KeyPress;

/// Number of characters in one read of the terminal above which they are a burst.
const MOST_TYPED: usize = 16;

/// Keys of one read of the terminal, or of several that followed each other without a pause.
#[derive(Debug, Default)]
pub struct Burst {
    pieces: VecDeque<BurstPiece>,
    /// Number of characters, line ends and tabs included.
    characters: usize,
    bytes: usize,
    /// True if a character or another line end follows a line end.
    has_text_after_line_end: bool,
    /// True if the last key was CR, so that LF belongs to it.
    is_after_return: bool,
    /// Number of bytes of the first piece that were taken out already.
    taken: usize,
    /// True if some of the keys were taken out already.
    has_begun: bool,
}

#[derive(Debug)]
enum BurstPiece {
    /// Characters, with a line feed for every line end.
    Text(PastedText),
    /// A key that is not a character.
    Key(KeyPress),
}

impl Burst {
    /// Adds a key at the end.
    pub fn push(&mut self, key: KeyPress) {
        let Some(character) = character(key) else {
            self.is_after_return = false;
            self.bytes += 1;
            self.pieces.push_back(BurstPiece::Key(key));
            return;
        };
        let last = match self.pieces.back() {
            Some(BurstPiece::Text(text)) => text.0.chars().next_back(),
            _ => None,
        };
        let is_pair = is_line_feed(key) && self.is_after_return;
        self.is_after_return = key.code() == KeyCode::Enter;
        if is_pair {
            return;
        }
        self.has_text_after_line_end |= last == Some('\n');
        self.characters += 1;
        self.bytes += character.len_utf8();
        if let Some(BurstPiece::Text(text)) = self.pieces.back_mut() {
            text.0.push(character);
        } else {
            let text = Zeroizing::new(String::from(character));
            self.pieces.push_back(BurstPiece::Text(PastedText(text)));
        }
    }

    /// Returns whether these keys are treated as a paste: more than 16 characters, or a line end followed by more.
    pub const fn is_paste(&self) -> bool {
        self.characters > MOST_TYPED || self.has_text_after_line_end
    }

    /// Size of the text in bytes, other keys counted as one each.
    pub const fn len(&self) -> usize {
        self.bytes
    }

    /// Returns whether no key is left.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Returns whether a character is left.
    pub(super) fn has_characters(&self) -> bool {
        self.characters().next().is_some()
    }

    /// Returns whether a character was taken out already.
    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Returns whether a line end is followed by more.
    pub(super) const fn has_lines(&self) -> bool {
        self.has_text_after_line_end
    }

    /// The text, if there are only characters.
    pub(super) fn text(&self) -> Option<&str> {
        let mut pieces = self.pieces.iter();
        match (pieces.next(), pieces.next()) {
            (Some(BurstPiece::Text(text)), None) => Some(&text.0),
            _ => None,
        }
    }

    /// Key that is held down, if all characters are the same.
    pub(super) fn held(&self) -> Option<KeyPress> {
        let mut characters = self.characters();
        let first = characters.next()?;
        (first != '\n' && characters.all(|character| character == first)).then(|| key_of(first))
    }

    fn characters(&self) -> impl Iterator<Item = char> {
        let texts = self.pieces.iter().map(|piece| match piece {
            BurstPiece::Text(text) => text.0.as_str(),
            BurstPiece::Key(_) => "",
        });
        texts.enumerate().flat_map(|(at, text)| {
            match at {
                0 => text.get(self.taken..).unwrap_or_default(),
                _ => text,
            }
            .chars()
        })
    }

    /// Takes out all characters as a paste and drops the other keys.
    pub(super) fn take_paste(&mut self) -> Event {
        let mut text = Zeroizing::new(String::with_capacity(self.bytes));
        text.extend(self.characters());
        *self = Self::default();
        Event::Paste(PastedText(text))
    }

    /// Takes out the first key, or the first characters if they can be typed `together`. Line ends are dropped.
    pub(super) fn take_typed(&mut self, together: bool) -> Option<Event> {
        self.has_begun = true;
        loop {
            let text = match self.pieces.front()? {
                BurstPiece::Text(text) => text.0.get(self.taken..).unwrap_or_default(),
                BurstPiece::Key(key) => {
                    let key = *key;
                    self.pieces.pop_front();
                    return Some(Event::Key(key));
                }
            };
            let Some(character) = text.chars().next() else {
                self.pieces.pop_front();
                self.taken = 0;
                continue;
            };
            let is_typed = !matches!(character, '\n' | '\t');
            let end = if together && is_typed {
                text.find(['\n', '\t']).unwrap_or(text.len())
            } else {
                character.len_utf8()
            };
            let typed = Zeroizing::new(text[..end].to_owned());
            self.taken += end;
            match character {
                '\n' => {}
                _ if together && is_typed => return Some(Event::Typed(PastedText(typed))),
                _ => return Some(Event::Key(key_of(character))),
            }
        }
    }
}

/// Character of a key in a pasted text.
fn character(key: KeyPress) -> Option<char> {
    match key.code() {
        KeyCode::Enter if is_bare(key) => Some('\n'),
        KeyCode::Tab if is_bare(key) => Some('\t'),
        _ if is_line_feed(key) => Some('\n'),
        _ => key.typed(),
    }
}

fn is_bare(key: KeyPress) -> bool {
    key == KeyPress::plain(key.code())
}

/// Returns whether a key is the byte LF, which is Ctrl-J in raw mode.
fn is_line_feed(key: KeyPress) -> bool {
    key.code() == KeyCode::Char('j') && key.has_control() && !key.has_alt()
}

fn key_of(character: char) -> KeyPress {
    KeyPress::plain(match character {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        character => KeyCode::Char(character),
    })
}
