//! Undo of edits; a secret has none.

use zeroize::Zeroizing;

use super::TextInput;

/// Maximum number of undo steps.
const MAX_UNDO: usize = 100;

impl TextInput {
    /// Applies an edit and remembers the text before it. Characters typed one after the other, up to a space, are one step.
    pub(super) fn edit_with_undo<T>(&mut self, does: impl FnOnce(&mut Self) -> T) -> T {
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
    pub(super) fn remember(&mut self) {
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
    pub(super) fn undo(&mut self) -> bool {
        self.typing_at = None;
        let Some((text, cursor)) = self.earlier.pop() else {
            return false;
        };
        self.replace(text.to_string(), cursor);
        true
    }
}
