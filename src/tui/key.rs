//! Key press with its name as in keymap files.

use std::fmt;

use crossterm::event::{KeyCode, KeyModifiers};

/// Key with its modifiers, independent of the terminal's encoding.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPress {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl KeyPress {
    /// Creates a key; Shift is part of a letter's case and not a modifier.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut code = code;
        let mut modifiers =
            modifiers & (KeyModifiers::SHIFT | KeyModifiers::CONTROL | KeyModifiers::ALT);
        let with_control = modifiers.contains(KeyModifiers::CONTROL);
        match code {
            KeyCode::Char('\r' | '\n') => code = KeyCode::Enter,
            KeyCode::Char(character) if with_control => {
                code = KeyCode::Char(character.to_ascii_lowercase());
                modifiers -= KeyModifiers::SHIFT;
            }
            KeyCode::Char(character) if modifiers.contains(KeyModifiers::SHIFT) => {
                code = KeyCode::Char(character.to_ascii_uppercase());
                modifiers -= KeyModifiers::SHIFT;
            }
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => {
                code = KeyCode::BackTab;
                modifiers -= KeyModifiers::SHIFT;
            }
            KeyCode::BackTab => modifiers -= KeyModifiers::SHIFT,
            _ => {}
        }
        Self { code, modifiers }
    }

    /// Creates a key without modifiers.
    pub fn plain(code: KeyCode) -> Self {
        Self::new(code, KeyModifiers::NONE)
    }

    /// Creates Ctrl-C.
    pub fn interrupt() -> Self {
        Self::new(KeyCode::Char('c'), KeyModifiers::CONTROL)
    }

    /// Parses a name from a keymap file: `ctrl-s`, `D`, `?`, `pagedown`, `shift-tab`.
    pub fn read(name: &str) -> Option<Self> {
        let mut characters = name.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return (!character.is_control()).then(|| Self::plain(KeyCode::Char(character)));
        }
        let combination = crokey::parse(name).ok()?;
        match combination.codes {
            crokey::OneToThree::One(code) => Some(Self::new(code, combination.modifiers)),
            crokey::OneToThree::Two(..) | crokey::OneToThree::Three(..) => None,
        }
    }

    /// Key code without modifiers.
    pub const fn code(self) -> KeyCode {
        self.code
    }

    /// Returns whether Ctrl is held.
    pub const fn has_control(self) -> bool {
        self.modifiers.contains(KeyModifiers::CONTROL)
    }

    /// Returns whether Alt is held.
    pub const fn has_alt(self) -> bool {
        self.modifiers.contains(KeyModifiers::ALT)
    }

    /// Character that it types, if any.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() && !character.is_control() => {
                Some(character)
            }
            _ => None,
        }
    }
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_control() {
            f.write_str("Ctrl-")?;
        }
        if self.has_alt() {
            f.write_str("Alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift-")?;
        }
        match self.code {
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            KeyCode::Delete => f.write_str("Del"),
            KeyCode::Insert => f.write_str("Ins"),
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(character) if self.has_control() => {
                write!(f, "{}", character.to_ascii_uppercase())
            }
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Characters are hidden because they may belong to a secret.
impl fmt::Debug for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.typed().is_some() {
            f.write_str("Key(…)")
        } else {
            write!(f, "Key({self})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("ctrl-s", "Ctrl-S")]
    #[case("Ctrl-Shift-S", "Ctrl-S")]
    #[case("D", "D")]
    #[case("shift-d", "D")]
    #[case("?", "?")]
    #[case("-", "-")]
    #[case("pagedown", "PgDn")]
    #[case("shift-tab", "Shift-Tab")]
    #[case("backtab", "Shift-Tab")]
    #[case("f8", "F8")]
    #[case("space", "Space")]
    #[case("alt-b", "Alt-b")]
    fn key_names_round_trip(#[case] name: &str, #[case] shown: &str) {
        assert_eq!(KeyPress::read(name).unwrap().to_string(), shown);
    }

    #[rstest]
    #[case("")]
    #[case("ctrl-nothing")]
    #[case("a-b")]
    fn invalid_key_names_are_refused(#[case] name: &str) {
        assert_eq!(KeyPress::read(name), None);
    }

    #[test]
    fn debug_hides_typed_characters() {
        assert_eq!(
            format!("{:?}", KeyPress::plain(KeyCode::Char('s'))),
            "Key(…)"
        );
    }
}
