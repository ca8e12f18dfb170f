//! Decodes complete control sequences: keys with modifiers and mouse events. All others are replies, which are dropped.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEventKind};

use super::{DecodedInput, key};

/// Event type of a released key, as kitty's protocol numbers it.
const RELEASE: u32 = 3;

/// Decodes the bytes after ESC [, including the final byte; `None` if it is neither a key nor a mouse event.
pub(super) fn decode(sequence: &[u8]) -> Option<DecodedInput> {
    let (last, rest) = sequence.split_last()?;
    let text = std::str::from_utf8(rest).ok()?;
    if let Some(mouse) = text.strip_prefix('<') {
        return sgr_mouse(mouse, *last);
    }
    if text == "[" {
        return matches!(last, b'A'..=b'E')
            .then(|| key(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE));
    }
    let numbers = CsiNumbers::read(text)?;
    if numbers.event() == RELEASE {
        return None;
    }
    let modifiers = modifiers(numbers.get(1, 0));
    let code = match last {
        b'Z' => KeyCode::BackTab,
        b'~' if numbers.get(0, 0) == 27 => character(numbers.get(2, 0), modifiers)?,
        b'~' => numbered(numbers.get(0, 0))?,
        b'u' => return unicode(&numbers),
        b'M' => return rxvt_mouse(&numbers),
        // With two numbers it is a cursor position report.
        b'R' => return None,
        letter => self::letter(*letter)?,
    };
    Some(key(code, modifiers))
}

/// Key of ESC O or ESC [ and a letter.
pub(super) const fn letter(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(byte - b'P' + 1),
        // Enter on the numeric keypad.
        b'M' => KeyCode::Enter,
        _ => return None,
    })
}

/// Key of a number before `~`.
fn numbered(number: u32) -> Option<KeyCode> {
    let function = |offset: u32| u8::try_from(number - offset).ok().map(KeyCode::F);
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => return function(10),
        17..=21 => return function(11),
        23..=26 => return function(12),
        28..=29 => return function(15),
        31..=34 => return function(17),
        _ => return None,
    })
}

/// Key by its code point, as in `CSI u` of fixterms and kitty.
fn unicode(numbers: &CsiNumbers) -> Option<DecodedInput> {
    let mut modifiers = modifiers(numbers.get(1, 0));
    let shifted = numbers.get(0, 1);
    if modifiers.contains(KeyModifiers::SHIFT) && shifted > 0 {
        modifiers -= KeyModifiers::SHIFT;
        return Some(key(KeyCode::Char(char::from_u32(shifted)?), modifiers));
    }
    Some(key(character(numbers.get(0, 0), modifiers)?, modifiers))
}

fn character(code: u32, modifiers: KeyModifiers) -> Option<KeyCode> {
    const KEYPAD: &str = "0123456789./*-+\r=,";
    Some(match code {
        27 => KeyCode::Esc,
        13 => KeyCode::Enter,
        9 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        8 | 127 => KeyCode::Backspace,
        57399..=57416 => KeyCode::Char(KEYPAD.chars().nth((code - 57399) as usize)?),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        57376..=57398 => KeyCode::F(u8::try_from(code - 57376 + 13).ok()?),
        // Other keys of kitty's protocol: locks, media keys, modifiers.
        0 | 57344..=63743 => return None,
        code => KeyCode::Char(char::from_u32(code).filter(|character| !character.is_control())?),
    })
}

fn modifiers(number: u32) -> KeyModifiers {
    let mask = number.saturating_sub(1);
    let flags = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ];
    let held = flags.into_iter().filter(|(bit, _)| mask & bit != 0);
    held.fold(KeyModifiers::NONE, |all, (_, flag)| all | flag)
}

/// `CSI < button ; column ; row` and M for a press, m for a release.
fn sgr_mouse(text: &str, last: u8) -> Option<DecodedInput> {
    let numbers = CsiNumbers::read(text)?;
    if last != b'M' {
        return None;
    }
    mouse(numbers.get(0, 0), numbers.get(1, 0), numbers.get(2, 0))
}

/// `CSI button ; column ; row M`.
fn rxvt_mouse(numbers: &CsiNumbers) -> Option<DecodedInput> {
    let button = numbers.get(0, 0).checked_sub(32)?;
    mouse(button, numbers.get(1, 0), numbers.get(2, 0))
}

/// `CSI M` and three bytes.
pub(super) fn legacy_mouse(button: u8, column: u8, row: u8) -> Option<DecodedInput> {
    let number = |byte: u8| byte.checked_sub(32).map(u32::from);
    mouse(number(button)?, number(column)?, number(row)?)
}

/// A press of the left button or a wheel event; others are not used.
fn mouse(button: u32, column: u32, row: u32) -> Option<DecodedInput> {
    // Shift, Alt and Ctrl are ignored.
    let kind = match button & !0b1_1100 {
        0 => MouseEventKind::Down(MouseButton::Left),
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        _ => return None,
    };
    let place = |number: u32| u16::try_from(number.checked_sub(1)?).ok();
    Some(DecodedInput::Mouse(kind, place(column)?, place(row)?))
}

/// Numbers separated by `;`, each with further numbers separated by `:`.
struct CsiNumbers(Vec<Vec<u32>>);

impl CsiNumbers {
    /// Parses the numbers; `None` if there is anything else.
    fn read(text: &str) -> Option<Self> {
        let number = |digits: &str| match digits {
            "" => Some(0),
            digits => digits.parse().ok(),
        };
        let group = |text: &str| text.split(':').map(number).collect();
        text.split(';').map(group).collect::<Option<_>>().map(Self)
    }

    /// Number at a position; 0 if absent.
    fn get(&self, group: usize, at: usize) -> u32 {
        let number = self.0.get(group).and_then(|group| group.get(at));
        number.copied().unwrap_or_default()
    }

    /// Type of a key event; absent means pressed.
    fn event(&self) -> u32 {
        self.get(1, 1)
    }
}
