//! Asks the terminal whether its background is light, without holding anything up.
//!
//! Why: terminals answer through the keyboard. The question is sent behind the first frame, with a second question behind it
//! that every terminal answers, so that silence is noticed at once; what people typed meanwhile is handed on. An answer
//! that comes too late would look like keys, and is swallowed.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyModifiers};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::tui::key::Key;

/// What the background is, then what kind of terminal this is.
const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_millis(100);

/// How an answer begins, and how its second part does.
const COLOR: &[u8] = b"\x1b]11;rgb:";
const KIND: &[u8] = b"\x1b[?";

/// What the terminal said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether the background is light, when it said so.
    pub is_light: Option<bool>,
    /// What was typed meanwhile.
    pub typed: Vec<Key>,
    /// Whether an answer may still come.
    pub may_come_late: bool,
}

/// What the environment says, where terminals tell it that way.
pub fn from_environment() -> Option<bool> {
    is_light_pair(&std::env::var("COLORFGBG").ok()?)
}

fn is_light_pair(pair: &str) -> Option<bool> {
    let number: u8 = pair.rsplit(';').next()?.parse().ok()?;
    Some(matches!(number, 7 | 9..=15))
}

/// Whether the question can be asked here at all.
pub fn can_ask() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    !matches!(term.as_str(), "" | "dumb" | "linux") && io::stdin().is_terminal()
}

/// Asks; the answer is read by [`listen`].
pub fn ask() -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(QUESTION)?;
    out.flush()
}

/// Waits for the answer, not longer than a blink.
pub fn listen() -> Answer {
    let until = Instant::now() + PATIENCE;
    let mut heard = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !is_readable(left) {
            return understood(&heard, true);
        }
        let mut piece = [0; 256];
        match rustix::io::read(io::stdin(), &mut piece) {
            Ok(count) if count > 0 => heard.extend_from_slice(&piece[..count]),
            _ => return understood(&heard, true),
        }
        if kind(&heard).is_some() {
            return understood(&heard, false);
        }
    }
}

fn is_readable(within: Duration) -> bool {
    let Ok(timeout) = Timespec::try_from(within) else {
        return false;
    };
    let stdin = io::stdin();
    let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
    poll(&mut wanted, Some(&timeout)).is_ok_and(|ready| ready > 0)
}

/// Takes the answers out of what was heard; the rest was typed.
fn understood(heard: &[u8], may_come_late: bool) -> Answer {
    let mut rest = heard.to_vec();
    let color = color(&rest).map(|(from, to)| {
        let is_light = is_light(&rest[from + COLOR.len()..to]);
        rest.drain(from..to);
        is_light
    });
    if let Some((from, to)) = kind(&rest) {
        rest.drain(from..to);
    }
    Answer {
        is_light: color.flatten(),
        typed: typed(&rest),
        may_come_late,
    }
}

fn find(heard: &[u8], what: &[u8]) -> Option<usize> {
    heard.windows(what.len()).position(|part| part == what)
}

fn color(heard: &[u8]) -> Option<(usize, usize)> {
    let from = find(heard, COLOR)?;
    let length = heard[from..]
        .iter()
        .skip(1)
        .position(|byte| matches!(byte, 0x07 | 0x1b))?;
    let end = from + 1 + length;
    let width = if heard[end] == 0x1b { 2 } else { 1 };
    Some((from, heard.len().min(end + width)))
}

fn kind(heard: &[u8]) -> Option<(usize, usize)> {
    let from = find(heard, KIND)?;
    let length = heard[from..].iter().position(|byte| *byte == b'c')?;
    Some((from, from + length + 1))
}

/// Whether `1e1e/1e1e/2e2e` is light, as eyes weigh colours.
fn is_light(color: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(color).ok()?;
    let text = text.trim_end_matches(['\u{7}', '\u{1b}', '\\']);
    let mut parts = text.split('/').map(|part| {
        let part = part.get(..2)?;
        u32::from_str_radix(part, 16).ok()
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    Some(red * 299 + green * 587 + blue * 114 > 128 * 1000)
}

/// The keys that bytes stand for; what is no simple key is left out.
fn typed(bytes: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let mut keys = Vec::new();
    let mut rest = text.as_ref();
    while let Some(sign) = rest.chars().next() {
        let (code, modifiers, length) = match sign {
            '\u{1b}' => match rest.as_bytes() {
                [_, b'[' | b'O', b'A', ..] => (KeyCode::Up, KeyModifiers::NONE, 3),
                [_, b'[' | b'O', b'B', ..] => (KeyCode::Down, KeyModifiers::NONE, 3),
                [_, b'[' | b'O', b'C', ..] => (KeyCode::Right, KeyModifiers::NONE, 3),
                [_, b'[' | b'O', b'D', ..] => (KeyCode::Left, KeyModifiers::NONE, 3),
                [_, b'[' | b'O', b'H', ..] => (KeyCode::Home, KeyModifiers::NONE, 3),
                [_, b'[' | b'O', b'F', ..] => (KeyCode::End, KeyModifiers::NONE, 3),
                [_, b'[', b'1' | b'7', b'~', ..] => (KeyCode::Home, KeyModifiers::NONE, 4),
                [_, b'[', b'3', b'~', ..] => (KeyCode::Delete, KeyModifiers::NONE, 4),
                [_, b'[', b'4' | b'8', b'~', ..] => (KeyCode::End, KeyModifiers::NONE, 4),
                [_, b'[', b'5', b'~', ..] => (KeyCode::PageUp, KeyModifiers::NONE, 4),
                [_, b'[', b'6', b'~', ..] => (KeyCode::PageDown, KeyModifiers::NONE, 4),
                [_] => (KeyCode::Esc, KeyModifiers::NONE, 1),
                // Something longer; where it ends is not known here.
                _ => return keys,
            },
            '\r' | '\n' => (KeyCode::Enter, KeyModifiers::NONE, 1),
            '\t' => (KeyCode::Tab, KeyModifiers::NONE, 1),
            '\u{7f}' => (KeyCode::Backspace, KeyModifiers::NONE, 1),
            '\u{1}'..='\u{1a}' => {
                let letter = char::from(b'a' + (sign as u8) - 1);
                (KeyCode::Char(letter), KeyModifiers::CONTROL, 1)
            }
            sign if sign.is_control() => return keys,
            sign => (KeyCode::Char(sign), KeyModifiers::NONE, sign.len_utf8()),
        };
        keys.push(Key::new(code, modifiers));
        rest = &rest[length..];
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;c", Some(true))]
    #[case(b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07\x1b[?6c", Some(false))]
    #[case(b"\x1b[?6c", None)]
    fn an_answer_is_understood(#[case] heard: &[u8], #[case] is_light: Option<bool>) {
        let answer = understood(heard, false);
        assert_eq!(answer.is_light, is_light);
        assert_eq!(answer.typed, []);
    }

    #[test]
    fn what_was_typed_meanwhile_is_handed_on() {
        let answer = understood(b"n\x1b]11;rgb:00/00/00\x1b\\\x1b[B\x1b[?6cx\r", false);
        let named: Vec<String> = answer.typed.iter().map(ToString::to_string).collect();
        assert_eq!(named, ["n", "↓", "x", "Enter"]);
        let answer = understood(b"\x1b[F\x1b[6~\x1b[?6c\x1b[Hx", false);
        let named: Vec<String> = answer.typed.iter().map(ToString::to_string).collect();
        assert_eq!(named, ["End", "PgDn", "Home", "x"]);
    }

    #[test]
    fn the_environment_is_understood() {
        assert_eq!(is_light_pair("15;0"), Some(false));
        assert_eq!(is_light_pair("0;default;15"), Some(true));
        assert_eq!(is_light_pair("0;default"), None);
    }

    #[test]
    fn any_bytes_are_survived() {
        proptest::proptest!(|(heard: Vec<u8>)| {
            understood(&heard, false);
        });
        for end in 0..30 {
            let heard = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;c";
            understood(&heard[..end], true);
        }
    }
}
