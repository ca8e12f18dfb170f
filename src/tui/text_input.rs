//! Single-line text input: `tui-input` with support for secrets and pastes.
//!
//! `tui-input` has no paste, keeps cut text, prints its value in `Debug`, and uses a key that terminals do not send. A secret
//! is kept in one allocation that is zeroized, is never copied to the cut buffer, and is deleted completely where deleting a
//! word would reveal its parts. Text that was hidden while typed stays hidden: names of references are visible, so it never
//! becomes one.

#[cfg(test)]
mod tests;
mod undo;

use std::borrow::Cow;

use crossterm::event::KeyCode;
use tui_input::{Input, InputRequest};
use zeroize::{Zeroize, Zeroizing};

use super::key::KeyPress;
use crate::provider::ProviderCatalog;
use crate::text::key_like;

/// Size limit in bytes; names, addresses and keys are shorter.
pub const LONGEST: usize = 64 * 1024;

/// Replacement of a character in masked text.
const MASKED: &str = "•";

/// Initial capacity for a secret, so that typing it leaves no copies behind.
const SECRET_CAPACITY: usize = 1024;

/// Text with a cursor.
pub struct TextInput {
    input: Input,
    is_secret: bool,
    /// True if the last key or paste was ignored because it would have revealed hidden text.
    has_blocked_reveal: bool,
    /// True if a part of the text was typed while hidden.
    was_hidden: bool,
    /// Earlier texts with their cursors, newest last; a secret has none.
    earlier: Vec<(Zeroizing<String>, usize)>,
    /// Cursor after the last typed character, while typing continues one undo step.
    typing_at: Option<usize>,
}

/// Result of a paste.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasteOutcome {
    /// Inserted unchanged.
    Inserted,
    /// Inserted without surrounding white space or line ends.
    Trimmed,
    /// Ignored because it is too long.
    TooLong,
    /// Ignored because it would have revealed hidden text.
    WouldReveal,
    /// Ignored because a secret is one line.
    SeveralLines,
}

impl PasteOutcome {
    /// Reason why nothing was inserted; `None` when something was.
    pub const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Inserted | Self::Trimmed => None,
            Self::TooLong => Some("the text is longer than 64 KiB"),
            Self::WouldReveal => Some("a reference must begin in an empty field"),
            Self::SeveralLines => Some("a key is one line, and the text has several; copy one key"),
        }
    }
}

impl TextInput {
    /// Creates a visible input.
    pub fn text(value: &str) -> Self {
        Self {
            input: Input::new(value.to_owned()),
            is_secret: false,
            has_blocked_reveal: false,
            was_hidden: false,
            earlier: Vec::new(),
            typing_at: None,
        }
    }

    /// Creates an empty input for a secret.
    pub fn secret() -> Self {
        Self {
            input: Input::new(String::with_capacity(SECRET_CAPACITY)),
            is_secret: true,
            has_blocked_reveal: false,
            was_hidden: false,
            earlier: Vec::new(),
            typing_at: None,
        }
    }

    /// Text of the input.
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// Text for display: masked if it contains an API key.
    pub fn displayed(&self, catalog: &ProviderCatalog) -> Cow<'_, str> {
        let value = self.value();
        if key_like::has_key_with(value, catalog.key_prefixes()) {
            Cow::Owned(self.masked())
        } else {
            Cow::Borrowed(value)
        }
    }

    /// A sign for every character of the text.
    pub fn masked(&self) -> String {
        MASKED.repeat(self.value().chars().count())
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.value().is_empty()
    }

    /// Text before and after the cursor.
    pub fn around_cursor(&self) -> (&str, &str) {
        let value = self.value();
        let at = value
            .char_indices()
            .nth(self.input.cursor())
            .map_or(value.len(), |(at, _)| at);
        value.split_at(at)
    }

    /// Replaces the text and moves the cursor to its end.
    pub fn set(&mut self, value: &str) {
        self.has_blocked_reveal = false;
        self.was_hidden = !value.trim().is_empty() && !is_name(value);
        if value != self.value() {
            self.remember();
        }
        let cursor = value.chars().count();
        let mut next = String::with_capacity(value.len().max(self.room()));
        next.push_str(value);
        self.replace(next, cursor);
    }

    /// Returns whether the last key or paste was ignored because a secret would have become the name of a reference, which is
    /// visible.
    pub const fn has_blocked_reveal(&self) -> bool {
        self.has_blocked_reveal
    }

    /// Applies an edit and reverts it if hidden text would become visible.
    fn edit_without_reveal<T>(&mut self, does: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.has_blocked_reveal = false;
        if !self.is_secret {
            return Some(self.edit_with_undo(does));
        }
        let mut before = Zeroizing::new(String::with_capacity(
            self.value().len().max(SECRET_CAPACITY),
        ));
        before.push_str(self.value());
        let cursor = self.input.cursor();
        let done = does(self);
        let text = self.value();
        // A lone `$` reveals nothing.
        if matches!(text.trim(), "" | "$") {
            self.was_hidden = false;
        } else if !is_name(text) {
            // Text that was visible when typed does not become a secret when the sign is removed.
            self.was_hidden |= text.len() > before.len();
        } else if self.was_hidden {
            self.replace(std::mem::take(&mut *before), cursor);
            self.has_blocked_reveal = true;
            return None;
        }
        Some(done)
    }

    /// Types a character; returns false if there is no room, or hidden text would become visible.
    pub fn insert(&mut self, character: char) -> bool {
        self.edit_without_reveal(|line| line.put(character))
            .unwrap_or(false)
    }

    fn put(&mut self, character: char) -> bool {
        if self.value().len() + character.len_utf8() > LONGEST {
            return false;
        }
        if self.is_secret && self.value().len() + character.len_utf8() > SECRET_CAPACITY {
            // Growing the buffer would move the text and leave a copy behind.
            let mut text = [0; 4];
            return self.splice(character.encode_utf8(&mut text));
        }
        self.input.handle(InputRequest::InsertChar(character));
        true
    }

    /// Types as many characters as fit; returns false if none fits.
    pub fn type_text(&mut self, text: &str) -> bool {
        let room = LONGEST.saturating_sub(self.value().len());
        let end = text.floor_char_boundary(room);
        let fits = &text[..end];
        let is_done = self.edit_without_reveal(|line| end > 0 && line.splice(fits));
        // Falls back to typing key by key, which reports ignored characters.
        is_done.unwrap_or_else(|| {
            let typed = fits
                .chars()
                .filter(|character| self.insert(*character))
                .count();
            self.has_blocked_reveal = true;
            typed > 0
        })
    }

    /// Inserts pasted text at the cursor as one line.
    pub fn paste(&mut self, text: &str) -> PasteOutcome {
        let trimmed = text.trim();
        if self.value().len() + trimmed.len() > LONGEST {
            return PasteOutcome::TooLong;
        }
        if self.is_secret && trimmed.contains(['\r', '\n']) {
            return PasteOutcome::SeveralLines;
        }
        // In a secret a tab is a mistake; elsewhere white space separates words.
        let mut folded = String::with_capacity(trimmed.len());
        for part in trimmed
            .split(['\r', '\n', '\t'])
            .filter(|part| !part.is_empty())
        {
            if !folded.is_empty() && !self.is_secret {
                folded.push(' ');
            }
            folded.push_str(part);
        }
        let changed = folded != text;
        let is_done = self
            .edit_without_reveal(|line| line.splice(&folded))
            .is_some();
        folded.zeroize();
        if !is_done {
            PasteOutcome::WouldReveal
        } else if changed {
            PasteOutcome::Trimmed
        } else {
            PasteOutcome::Inserted
        }
    }

    /// Handles an editing or cursor key; returns false for other keys.
    pub fn edit(&mut self, key: KeyPress) -> bool {
        if let Some(character) = key.typed() {
            return self.insert(character);
        }
        if is_undo(key) {
            return self.undo();
        }
        let Some(request) = request(key) else {
            return false;
        };
        if self.is_secret && request == InputRequest::Yank {
            return false;
        }
        if self.is_secret && cuts(request) {
            self.set("");
            return true;
        }
        let handled = self.edit_without_reveal(|line| line.input.handle(request).is_some());
        handled.unwrap_or(false)
    }

    /// Returns whether a key moves the cursor or deletes text.
    pub fn is_editing_key(key: KeyPress) -> bool {
        is_undo(key) || request(key).is_some()
    }

    fn splice(&mut self, text: &str) -> bool {
        let (before, behind) = self.around_cursor();
        let mut next =
            String::with_capacity((before.len() + text.len() + behind.len()).max(self.room()));
        next.push_str(before);
        next.push_str(text);
        next.push_str(behind);
        let cursor = self.input.cursor() + text.chars().count();
        self.replace(next, cursor);
        true
    }

    fn replace(&mut self, next: String, cursor: usize) {
        let old = std::mem::replace(&mut self.input, Input::new(next).with_cursor(cursor));
        String::from(old).zeroize();
    }

    const fn room(&self) -> usize {
        if self.is_secret { SECRET_CAPACITY } else { 0 }
    }
}

/// Returns whether the text is the name of a reference or begins like one.
fn is_name(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('$') && !text.starts_with("$$")
}

impl Drop for TextInput {
    fn drop(&mut self) {
        String::from(std::mem::take(&mut self.input)).zeroize();
    }
}

impl std::fmt::Debug for TextInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line(…)")
    }
}

/// Returns whether a key undoes the last edit: Alt-Z or Ctrl-_, which terminals send as Ctrl-7.
fn is_undo(key: KeyPress) -> bool {
    match key.code() {
        KeyCode::Char('z') => key.has_alt(),
        KeyCode::Char('_' | '7' | '/') => key.has_control(),
        _ => false,
    }
}

/// Editing command of a key, as in shells.
fn request(key: KeyPress) -> Option<InputRequest> {
    let by_word = key.has_control() || key.has_alt();
    Some(match key.code() {
        KeyCode::Left if by_word => InputRequest::GoToPrevWord,
        KeyCode::Right if by_word => InputRequest::GoToNextWord,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        KeyCode::Backspace if by_word => InputRequest::DeletePrevWord,
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete if by_word => InputRequest::DeleteNextWord,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Char(character) if key.has_control() => match character {
            'a' => InputRequest::GoToStart,
            'e' => InputRequest::GoToEnd,
            'b' => InputRequest::GoToPrevChar,
            'f' => InputRequest::GoToNextChar,
            'h' => InputRequest::DeletePrevChar,
            'd' => InputRequest::DeleteNextChar,
            'w' => InputRequest::DeletePrevWord,
            'u' => InputRequest::DeleteFromStart,
            'k' => InputRequest::DeleteTillEnd,
            'y' => InputRequest::Yank,
            _ => return None,
        },
        KeyCode::Char('b') if key.has_alt() => InputRequest::GoToPrevWord,
        KeyCode::Char('f') if key.has_alt() => InputRequest::GoToNextWord,
        KeyCode::Char('d') if key.has_alt() => InputRequest::DeleteNextWord,
        _ => return None,
    })
}

/// Returns whether a command puts the deleted text into the cut buffer.
const fn cuts(request: InputRequest) -> bool {
    matches!(
        request,
        InputRequest::DeletePrevWord
            | InputRequest::DeleteNextWord
            | InputRequest::DeleteLine
            | InputRequest::DeleteFromStart
            | InputRequest::DeleteTillEnd
    )
}
