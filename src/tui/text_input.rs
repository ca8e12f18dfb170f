//! Single-line text input: `tui-input` with support for secrets and pastes.
//!
//! `tui-input` has no paste, keeps cut text, prints its value in `Debug`, and uses a key that terminals do not send. A secret
//! is kept in one allocation that is zeroized, is never copied to the cut buffer, and is deleted completely where deleting a
//! word would reveal its parts. Text that was hidden while typed stays hidden: names of references are visible, so it never
//! becomes one.

use std::borrow::Cow;

use crossterm::event::KeyCode;
use tui_input::{Input, InputRequest};
use zeroize::{Zeroize, Zeroizing};

use super::key::KeyPress;
use crate::provider::ProviderCatalog;
use crate::text::key_like;

/// Size limit in bytes; names, addresses and keys are shorter.
pub const LONGEST: usize = 64 * 1024;

/// Maximum number of undo steps.
const MAX_UNDO: usize = 100;

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

    /// Applies an edit and remembers the text before it. Characters typed one after the other, up to a space, are one step.
    fn edit_with_undo<T>(&mut self, does: impl FnOnce(&mut Self) -> T) -> T {
        let (text, cursor) = (Zeroizing::new(self.value().to_owned()), self.input.cursor());
        let done = does(self);
        if self.value() == text.as_str() {
            self.typing_at = None;
            return done;
        }
        let is_typed = self.value().chars().count() == text.chars().count() + 1
            && self.input.cursor() == cursor + 1;
        let is_space = self.around_cursor().0.ends_with(char::is_whitespace);
        let continues = is_typed && !is_space && self.typing_at == Some(cursor);
        if !continues {
            self.push_earlier(text, cursor);
        }
        self.typing_at = is_typed.then_some(cursor + 1);
        done
    }

    /// Remembers the text for an undo.
    fn remember(&mut self) {
        self.typing_at = None;
        if !self.is_secret {
            let (text, cursor) = (self.value().to_owned(), self.input.cursor());
            self.push_earlier(Zeroizing::new(text), cursor);
        }
    }

    fn push_earlier(&mut self, text: Zeroizing<String>, cursor: usize) {
        if self.earlier.len() == MAX_UNDO {
            self.earlier.remove(0);
        }
        self.earlier.push((text, cursor));
    }

    /// Forgets the earlier texts, which may contain a key.
    pub fn forget_undo(&mut self) {
        self.earlier.clear();
        self.typing_at = None;
    }

    /// Returns to the text before the last edit; false if there is none.
    fn undo(&mut self) -> bool {
        self.typing_at = None;
        let Some((text, cursor)) = self.earlier.pop() else {
            return false;
        };
        self.replace(text.to_string(), cursor);
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    fn press(line: &mut TextInput, names: &[&str]) {
        for name in names {
            line.edit(KeyPress::read(name).unwrap());
        }
    }

    #[test]
    fn words_are_cut_and_pasted() {
        let mut line = TextInput::text("one two");
        press(&mut line, &["ctrl-w", "home", "ctrl-y"]);
        assert_eq!(line.value(), "twoone ");
    }

    #[test]
    fn undo_returns_to_the_text_before_each_edit() {
        let mut line = TextInput::text("");
        press(
            &mut line,
            &["o", "n", "e", "space", "t", "w", "o", "ctrl-w"],
        );
        assert_eq!(line.value(), "one ");
        for want in ["one two", "one", ""] {
            press(&mut line, &["alt-z"]);
            assert_eq!(line.value(), want);
        }
        press(&mut line, &["ctrl-7"]);
        assert_eq!(line.value(), "", "nothing is left");
        line.set("replaced");
        press(&mut line, &["ctrl-_"]);
        assert_eq!(line.value(), "");
    }

    #[test]
    fn secret_keeps_no_earlier_text() {
        let mut line = TextInput::secret();
        press(&mut line, &["s", "k", "ctrl-w", "alt-z"]);
        assert_eq!(line.value(), "");
        assert!(line.earlier.is_empty());
    }

    #[test]
    fn secret_is_deleted_completely_and_not_pasted_again() {
        let mut line = TextInput::secret();
        line.paste("sk-one two");
        press(&mut line, &["ctrl-w", "ctrl-y"]);
        assert_eq!(line.value(), "");
        press(&mut line, &["a", "ctrl-y"]);
        assert_eq!(line.value(), "a");
    }

    #[test]
    fn hidden_text_never_becomes_a_visible_reference() {
        for typed in ["sk-one", "$$one", " a$one"] {
            let mut line = TextInput::secret();
            line.paste(typed);
            let before = line.value().to_owned();
            press(&mut line, &["home", "$"]);
            if is_name(&format!("${before}")) {
                assert_eq!(line.value(), before);
                assert!(line.has_blocked_reveal());
            }
            press(&mut line, &["home", "delete", "home", "delete"]);
            assert!(!is_name(line.value()), "{}", line.value());
            press(&mut line, &["home"]);
            assert_eq!(line.paste("$A:B"), PasteOutcome::WouldReveal);
            line.type_text("$x");
            assert!(!is_name(line.value()), "{}", line.value());
            press(&mut line, &["ctrl-w", "$", "A"]);
            assert_eq!(line.value(), "$A");
            assert!(!line.has_blocked_reveal());
        }
        let mut name = TextInput::secret();
        press(
            &mut name,
            &["$", "$", "backspace", "A", "home", "delete", "$"],
        );
        assert_eq!(name.value(), "$A", "visible text stays editable");
        press(&mut name, &["home", "delete", "x", "home", "$"]);
        assert_eq!(name.value(), "xA");
    }

    #[test]
    fn paste_becomes_one_line_at_the_cursor() {
        let mut line = TextInput::text("ab");
        press(&mut line, &["left"]);
        assert_eq!(line.paste(" one\r\ntwo \n"), PasteOutcome::Trimmed);
        assert_eq!(line.around_cursor(), ("aone two", "b"));
    }

    #[test]
    fn pasted_secret_is_one_line() {
        let mut line = TextInput::secret();
        assert_eq!(line.paste("sk-1\nsk-2\n"), PasteOutcome::SeveralLines);
        assert_eq!(line.value(), "");
        assert_eq!(line.paste(" sk-1\t2\r\n"), PasteOutcome::Trimmed);
        assert_eq!(line.value(), "sk-12");
    }

    #[test]
    fn too_long_paste_changes_nothing() {
        let mut line = TextInput::text("ab");
        assert_eq!(line.paste(&"x".repeat(LONGEST)), PasteOutcome::TooLong);
        assert_eq!(line.value(), "ab");
    }

    #[test]
    fn typing_at_once_equals_typing_key_by_key() {
        for make in [|| TextInput::text("ab"), TextInput::secret] {
            let (mut one, mut other) = (make(), make());
            press(&mut one, &["left"]);
            press(&mut other, &["left", "c", "é", "d"]);
            assert!(one.type_text("céd"));
            assert_eq!(one.around_cursor(), other.around_cursor());
        }
        let mut full = TextInput::text(&"x".repeat(LONGEST - 1));
        assert!(!full.type_text("é"));
        assert!(full.type_text("yz"));
        assert_eq!(full.value().len(), LONGEST);
    }

    #[test]
    fn long_secret_can_be_extended() {
        let mut line = TextInput::secret();
        line.paste(&"é".repeat(2_000));
        press(&mut line, &["a", "left", "b"]);
        assert!(line.value().ends_with("éba"));
    }

    #[test]
    fn debug_hides_the_text() {
        assert_eq!(format!("{:?}", TextInput::text("planted")), "Line(…)");
    }
}
