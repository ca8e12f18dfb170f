//! Decodes the bytes of a terminal into keys, pastes and mouse events.
//!
//! crossterm's decoder is not used because it has no state for the strings that terminals send as replies (OSC, DCS, APC, PM,
//! SOS): their text becomes keys, and an unknown control sequence leaks its parameters as keys (`CSI > c`) or holds back all
//! later keys (`CSI ? … $ y`). Here a sequence is either decoded or dropped as a whole. The decoder has no clock: its caller
//! calls [`Decoder::quiet`] after [`Decoder::escape_timeout`] without a byte.

mod csi;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers, MouseEventKind};
use zeroize::Zeroizing;

use crate::tui::key::KeyPress;
use crate::tui::text_input;

/// Time without a byte after which an incomplete sequence or burst ends.
pub const QUIET: Duration = Duration::from_millis(100);

/// After this time without a byte, a bracketed paste is over although its end mark is missing. A paste may pause for longer than
/// [`QUIET`], over a slow connection.
const PASTE_QUIET: Duration = Duration::from_secs(2);

/// Size limit of a sequence that is dropped as one.
const LONGEST_SEQUENCE: usize = 4 * 1024;

/// Size limit of a paste: one byte more than any text input accepts, so that a longer paste is refused and not truncated.
const LONGEST_PASTE: usize = text_input::LONGEST + 1;

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Decoded input.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodedInput {
    /// A key.
    Key(KeyPress),
    /// The text of a bracketed paste.
    Paste(Zeroizing<String>),
    /// A mouse event at a column and a row, counted from 0.
    Mouse(MouseEventKind, u16, u16),
}

/// Decoder with the state between two reads.
#[derive(Debug, Default)]
pub struct Decoder {
    state: DecoderState,
}

#[derive(Debug, Default)]
enum DecoderState {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC O.
    SingleShift,
    /// After ESC [, with what followed.
    Control(Vec<u8>),
    /// After ESC [ M: button, column and row.
    Mouse(Vec<u8>),
    /// Inside a string sequence; `opener` is the byte after ESC.
    Text {
        opener: u8,
        bytes: Vec<u8>,
        has_escape: bool,
    },
    /// Inside a bracketed paste.
    Paste {
        text: Zeroizing<Vec<u8>>,
        /// Number of matched bytes of [`PASTE_END`].
        matched: usize,
    },
    /// Inside a character of several bytes.
    Character { bytes: Vec<u8>, has_alt: bool },
}

impl Decoder {
    /// Decodes the bytes of one read. An ESC at their end is the Esc key.
    pub fn feed(&mut self, bytes: &[u8], decoded: &mut Vec<DecodedInput>) {
        for byte in bytes {
            self.take(*byte, decoded);
        }
        if matches!(self.state, DecoderState::Escape) {
            self.state = DecoderState::Ground;
            decoded.push(key(KeyCode::Esc, KeyModifiers::NONE));
        }
    }

    /// Time without a byte after which [`Self::quiet`] ends what is unfinished; `None` when nothing is.
    pub const fn escape_timeout(&self) -> Option<Duration> {
        match self.state {
            DecoderState::Ground => None,
            DecoderState::Paste { .. } => Some(PASTE_QUIET),
            _ => Some(QUIET),
        }
    }

    /// Ends an incomplete sequence; an opener that no reply follows was a key with Alt. A paste is delivered as it is.
    pub fn quiet(&mut self, decoded: &mut Vec<DecodedInput>) {
        match std::mem::take(&mut self.state) {
            DecoderState::Paste { text, .. } => decoded.push(paste(&text)),
            DecoderState::SingleShift => decoded.push(alt(b'O')),
            DecoderState::Control(bytes) if bytes.is_empty() => decoded.push(alt(b'[')),
            DecoderState::Text {
                opener,
                bytes,
                has_escape,
            } => {
                self.end_text(opener, &bytes, decoded);
                // The rest of an unfinished character did not arrive in time.
                self.state = DecoderState::Ground;
                if has_escape {
                    decoded.push(key(KeyCode::Esc, KeyModifiers::NONE));
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, byte: u8, decoded: &mut Vec<DecodedInput>) {
        match std::mem::take(&mut self.state) {
            DecoderState::Ground => self.begin(byte, false, decoded),
            DecoderState::Escape => self.after_escape(byte, decoded),
            DecoderState::SingleShift => {
                if let Some(code) = csi::letter(byte) {
                    decoded.push(key(code, KeyModifiers::NONE));
                } else {
                    decoded.push(alt(b'O'));
                    self.begin(byte, false, decoded);
                }
            }
            DecoderState::Control(bytes) => self.in_control(bytes, byte, decoded),
            DecoderState::Mouse(mut bytes) => {
                bytes.push(byte);
                match bytes.as_slice() {
                    [button, column, row] => {
                        decoded.extend(csi::legacy_mouse(*button, *column, *row));
                    }
                    _ => self.state = DecoderState::Mouse(bytes),
                }
            }
            DecoderState::Text {
                opener,
                bytes,
                has_escape,
            } => self.in_text((opener, bytes, has_escape), byte, decoded),
            DecoderState::Paste { text, matched } => self.in_paste(text, matched, byte, decoded),
            DecoderState::Character { mut bytes, has_alt } => {
                if !matches!(byte, 0x80..=0xbf) {
                    return self.begin(byte, false, decoded);
                }
                bytes.push(byte);
                match std::str::from_utf8(&bytes) {
                    Ok(text) => {
                        decoded.extend(text.chars().map(|letter| character(letter, has_alt)));
                    }
                    Err(error) if error.error_len().is_none() => {
                        self.state = DecoderState::Character { bytes, has_alt };
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Handles the first byte of a key or sequence.
    fn begin(&mut self, byte: u8, has_alt: bool, decoded: &mut Vec<DecodedInput>) {
        let modifiers = alt_if(has_alt);
        let with_control = |character: u8| {
            key(
                KeyCode::Char(char::from(character)),
                modifiers | KeyModifiers::CONTROL,
            )
        };
        match byte {
            ESCAPE => self.state = DecoderState::Escape,
            b'\r' => decoded.push(key(KeyCode::Enter, modifiers)),
            b'\t' => decoded.push(key(KeyCode::Tab, modifiers)),
            0x7f => decoded.push(key(KeyCode::Backspace, modifiers)),
            0 => decoded.push(with_control(b' ')),
            1..=0x1a => decoded.push(with_control(byte - 1 + b'a')),
            0x1c..=0x1f => decoded.push(with_control(byte - 0x1c + b'4')),
            b' '..=b'~' => decoded.push(character(char::from(byte), has_alt)),
            0xc2..=0xf4 => {
                self.state = DecoderState::Character {
                    bytes: vec![byte],
                    has_alt,
                }
            }
            // Not the first byte of a character.
            0x80..=0xff => {}
        }
    }

    fn after_escape(&mut self, byte: u8, decoded: &mut Vec<DecodedInput>) {
        match byte {
            b'O' => self.state = DecoderState::SingleShift,
            b'[' => self.state = DecoderState::Control(Vec::new()),
            b']' | b'P' | b'_' | b'^' | b'X' => {
                self.state = DecoderState::Text {
                    opener: byte,
                    bytes: Vec::new(),
                    has_escape: false,
                }
            }
            ESCAPE => {
                decoded.push(key(KeyCode::Esc, KeyModifiers::NONE));
                self.state = DecoderState::Escape;
            }
            _ => self.begin(byte, true, decoded),
        }
    }

    fn in_control(&mut self, mut bytes: Vec<u8>, byte: u8, decoded: &mut Vec<DecodedInput>) {
        match byte {
            b'M' if bytes.is_empty() => self.state = DecoderState::Mouse(Vec::new()),
            // The Linux console sends F1 to F5 as ESC [ [ A to E.
            b'[' if bytes.is_empty() => {
                bytes.push(byte);
                self.state = DecoderState::Control(bytes);
            }
            b'@'..=b'~' => {
                bytes.push(byte);
                if bytes == b"200~" {
                    self.state = DecoderState::Paste {
                        // Growing would leave copies that are not wiped.
                        text: Zeroizing::new(Vec::with_capacity(LONGEST_PASTE)),
                        matched: 0,
                    };
                } else {
                    decoded.extend(csi::decode(&bytes));
                }
            }
            b' '..=b'?' if bytes.len() < LONGEST_SEQUENCE => {
                bytes.push(byte);
                self.state = DecoderState::Control(bytes);
            }
            // Invalid in a control sequence, which ends here.
            _ => {
                if bytes.is_empty() {
                    decoded.push(alt(b'['));
                }
                self.begin(byte, false, decoded);
            }
        }
    }

    fn in_text(
        &mut self,
        (opener, mut bytes, has_escape): (u8, Vec<u8>, bool),
        byte: u8,
        decoded: &mut Vec<DecodedInput>,
    ) {
        if byte == BELL || (has_escape && byte == b'\\') {
            return;
        }
        if has_escape {
            // Not the end of a string, but another key.
            self.end_text(opener, &bytes, decoded);
            self.state = DecoderState::Ground;
            return self.after_escape(byte, decoded);
        }
        let is_control = byte != ESCAPE && (byte < b' ' || byte == 0x7f);
        if is_control || bytes.len() == LONGEST_SEQUENCE {
            self.end_text(opener, &bytes, decoded);
            return self.take(byte, decoded);
        }
        let is_escape = byte == ESCAPE;
        if !is_escape {
            bytes.push(byte);
        }
        self.state = DecoderState::Text {
            opener,
            bytes,
            has_escape: is_escape,
        };
    }

    /// Ends a string without its end mark. The start of a reply is dropped; anything else was typed after a key with Alt and may end
    /// inside a character.
    fn end_text(&mut self, opener: u8, bytes: &[u8], decoded: &mut Vec<DecodedInput>) {
        if is_reply(opener, bytes) {
            return;
        }
        decoded.push(alt(opener));
        for byte in bytes {
            self.take(*byte, decoded);
        }
    }

    fn in_paste(
        &mut self,
        mut text: Zeroizing<Vec<u8>>,
        matched: usize,
        byte: u8,
        decoded: &mut Vec<DecodedInput>,
    ) {
        let mut keep = |bytes: &[u8]| {
            let room = LONGEST_PASTE.saturating_sub(text.len());
            text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        };
        let matched = if PASTE_END.get(matched) == Some(&byte) {
            matched + 1
        } else {
            // ESC occurs only at the start of the end sequence, so a new match can only begin here.
            keep(&PASTE_END[..matched]);
            if byte == ESCAPE {
                1
            } else {
                keep(&[byte]);
                0
            }
        };
        if matched == PASTE_END.len() {
            decoded.push(paste(&text));
        } else {
            self.state = DecoderState::Paste { text, matched };
        }
    }
}

/// Returns whether the content of a string begins like a terminal's reply: a number and `;` (OSC), a number or mark (DCS), `G` (APC).
fn is_reply(opener: u8, bytes: &[u8]) -> bool {
    let after_number = bytes.iter().find(|byte| !byte.is_ascii_digit());
    match (opener, bytes.first()) {
        (b']', Some(first)) => first.is_ascii_digit() && after_number == Some(&b';'),
        (b'P', Some(first)) => matches!(first, b'0'..=b'9' | b'>' | b'!' | b'$' | b'+'),
        (b'_', first) => first == Some(&b'G'),
        _ => false,
    }
}

fn paste(text: &[u8]) -> DecodedInput {
    DecodedInput::Paste(Zeroizing::new(String::from_utf8_lossy(text).into_owned()))
}

const fn alt_if(has_alt: bool) -> KeyModifiers {
    if has_alt {
        KeyModifiers::ALT
    } else {
        KeyModifiers::NONE
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> DecodedInput {
    DecodedInput::Key(KeyPress::new(code, modifiers))
}

fn character(character: char, has_alt: bool) -> DecodedInput {
    key(KeyCode::Char(character), alt_if(has_alt))
}

fn alt(byte: u8) -> DecodedInput {
    character(char::from(byte), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Decodes the reads, followed by a quiet period.
    fn decoded(reads: &[&[u8]]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for read in reads {
            decoder.feed(read, &mut events);
        }
        decoder.quiet(&mut events);
        let name = |one: &DecodedInput| match one {
            DecodedInput::Key(key) => key.to_string(),
            DecodedInput::Paste(text) => format!("paste {}", text.as_str()),
            DecodedInput::Mouse(kind, x, y) => format!("{kind:?} {x} {y}"),
        };
        events.iter().map(name).collect()
    }

    #[rstest]
    #[case(b"aD ", &["a", "D", "Space"])]
    #[case("é漢".as_bytes(), &["é", "漢"])]
    #[case(b"\r\n\t\x7f", &["Enter", "Ctrl-J", "Tab", "Backspace"])]
    #[case(b"\x01\x1a\x00\x1f", &["Ctrl-A", "Ctrl-Z", "Ctrl-Space", "Ctrl-7"])]
    #[case(b"\x1b", &["Esc"])]
    #[case(b"\x1b\x1b", &["Esc", "Esc"])]
    #[case(b"\x1ba\x1b\r", &["Alt-a", "Alt-Enter"])]
    #[case(b"\x1b[A\x1bOB\x1b[C\x1b[D\x1b[H\x1bOF", &["↑", "↓", "→", "←", "Home", "End"])]
    #[case(b"\x1bOP\x1bOS\x1b[[A\x1b[15~\x1b[24~", &["F1", "F4", "F1", "F5", "F12"])]
    #[case(b"\x1b[2~\x1b[3~\x1b[5~\x1b[6~\x1b[1~\x1b[8~", &["Ins", "Del", "PgUp", "PgDn", "Home", "End"])]
    #[case(b"\x1b[Z\x1b[1;2Z", &["Shift-Tab", "Shift-Tab"])]
    #[case(b"\x1b[1;5A\x1b[3;5~\x1b[1;2P", &["Ctrl-↑", "Ctrl-Del", "Shift-F1"])]
    #[case(b"\x1b[97;5u\x1b[27;5;97~\x1b[13u\x1b[57414u", &["Ctrl-A", "Ctrl-A", "Enter", "Enter"])]
    #[case(b"\x1b[97;5:3u\x1b[1;1:3A", &[])]
    #[case(b"\x1b[I\x1b[O", &[])]
    fn keys_are_decoded(#[case] bytes: &[u8], #[case] keys: &[&str]) {
        assert_eq!(decoded(&[bytes]), keys);
    }

    #[rstest]
    #[case::colour(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\")]
    #[case::colour_with_bell(b"\x1b]11;rgb:ffff/ffff/ffff\x07")]
    #[case::title(b"\x1b]lq D y\x1b\\")]
    #[case::setting(b"\x1bP1$r0m\x1b\\")]
    #[case::version(b"\x1bP>|XTerm(370)\x1b\\")]
    #[case::graphics(b"\x1b_Gi=31;OK\x1b\\")]
    #[case::privacy(b"\x1b^qDy\x1b\\")]
    #[case::start_of_string(b"\x1bXqDy\x1b\\")]
    #[case::empty(b"\x1b]\x07")]
    #[case::kind(b"\x1b[?62;c")]
    #[case::second_kind(b"\x1b[>0;276;0c")]
    #[case::third_kind(b"\x1b[=1;2c")]
    #[case::mode(b"\x1b[?2026;1$y")]
    #[case::status(b"\x1b[0n")]
    #[case::window(b"\x1b[8;24;80t")]
    #[case::cursor(b"\x1b[12;40R")]
    #[case::cursor_at_nothing(b"\x1b[0;0R")]
    #[case::scheme(b"\x1b[?997;1n")]
    fn replies_are_dropped_whole_and_in_pieces(#[case] answer: &[u8]) {
        let keys = [answer, b"j"].concat();
        assert_eq!(decoded(&[&keys]), ["j"]);
        assert_eq!(decoded(&[answer]), [""; 0]);
        // An ESC at the end of a read would be the Esc key, so the first piece has at least two bytes.
        for at in 2..answer.len() {
            let (first, second) = answer.split_at(at);
            assert_eq!(decoded(&[first, second, b"j"]), ["j"], "split at {at}");
        }
    }

    #[rstest]
    #[case(b"\x1b]", &["Alt-]"])]
    #[case(b"\x1bP", &["Alt-P"])]
    #[case(b"\x1b_", &["Alt-_"])]
    #[case(b"\x1b[", &["Alt-["])]
    #[case(b"\x1bO", &["Alt-O"])]
    #[case(b"\x1b]\x1b[B", &["Alt-]", "↓"])]
    #[case(b"\x1bP\r", &["Alt-P", "Enter"])]
    #[case(b"\x1b]\x1b]", &["Alt-]", "Alt-]"])]
    #[case(b"\x1b]abc", &["Alt-]", "a", "b", "c"])]
    #[case(b"\x1b]12\r", &["Alt-]", "1", "2", "Enter"])]
    #[case(b"\x1bXq\x03", &["Alt-X", "q", "Ctrl-C"])]
    #[case(b"\x1b]11;rgb\x03", &["Ctrl-C"])]
    #[case("\x1b^é\x1b[A".as_bytes(), &["Alt-^", "é", "↑"])]
    fn lone_openers_are_keys(#[case] bytes: &[u8], #[case] keys: &[&str]) {
        assert_eq!(decoded(&[bytes]), keys);
    }

    #[test]
    fn incomplete_reply_ends_with_the_quiet_period() {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        decoder.feed(b"\x1b]52;c;qDy", &mut events);
        assert_eq!(decoder.escape_timeout(), Some(QUIET));
        decoder.quiet(&mut events);
        assert!(decoder.escape_timeout().is_none() && events.is_empty());
        decoder.feed(b"j", &mut events);
        assert_eq!(events, [key(KeyCode::Char('j'), KeyModifiers::NONE)]);
    }

    #[test]
    fn at_most_4_kib_are_dropped() {
        let long = [b"\x1b]1;".as_slice(), &[b'x'; 5 * 1024]].concat();
        assert_eq!(decoded(&[&long]).len(), 1024 + 2);
    }

    #[rstest]
    #[case(b"\x1b[<0;5;7M", &["Down(Left) 4 6"])]
    #[case(b"\x1b[<0;5;7m\x1b[<35;5;7M", &[])]
    #[case(b"\x1b[<64;1;1M\x1b[<65;1;1M", &["ScrollUp 0 0", "ScrollDown 0 0"])]
    #[case(b"\x1b[32;5;7M", &["Down(Left) 4 6"])]
    #[case(b"\x1b[M %'", &["Down(Left) 4 6"])]
    #[case(b"\x1b[M \x20\x20\x1b[<0;0;0M", &[])]
    fn mouse_is_decoded(#[case] bytes: &[u8], #[case] events: &[&str]) {
        assert_eq!(decoded(&[bytes]), events);
    }

    #[test]
    fn split_paste_is_complete() {
        let paste = "\x1b[200~one \x1b[201 é\rq\x1b\x1b[201~j".as_bytes();
        for at in 1..paste.len() {
            let (first, second) = paste.split_at(at);
            if first == b"\x1b" {
                continue;
            }
            let events = decoded(&[first, second]);
            assert_eq!(events, ["paste one \x1b[201 é\rq\x1b", "j"], "cut at {at}");
        }
    }

    #[test]
    fn paste_without_its_end_mark_ends_with_a_long_quiet() {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        decoder.feed(b"\x1b[200~lost\x1b[20", &mut events);
        assert!(events.is_empty());
        assert_eq!(decoder.escape_timeout(), Some(PASTE_QUIET));
        decoder.quiet(&mut events);
        decoder.feed(b"\x03", &mut events);
        let control_c = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(events, [paste(b"lost"), control_c]);
    }

    #[test]
    fn huge_paste_is_kept_up_to_the_limit() {
        let mut paste = b"\x1b[200~".to_vec();
        paste.resize(1024 * 1024, b'x');
        paste.extend_from_slice(PASTE_END);
        let mut events = Vec::new();
        Decoder::default().feed(&paste, &mut events);
        let [DecodedInput::Paste(text)] = events.as_slice() else {
            panic!("{}", events.len());
        };
        assert_eq!(text.len(), LONGEST_PASTE);
    }

    #[test]
    fn half_a_character_after_alt_ends_with_the_quiet_period() {
        for end in [b"".as_slice(), b"\x1b"] {
            let mut decoder = Decoder::default();
            let mut events = Vec::new();
            decoder.feed(&[b"\x1b]\xc2", end].concat(), &mut events);
            decoder.quiet(&mut events);
            assert_eq!(decoder.escape_timeout(), None);
            events.clear();
            decoder.feed(b"\xa9j", &mut events);
            assert_eq!(events, [key(KeyCode::Char('j'), KeyModifiers::NONE)]);
        }
    }

    #[test]
    fn arbitrary_bytes_leave_no_state_after_the_quiet_period() {
        proptest::proptest!(|(reads: Vec<Vec<u8>>)| {
            let mut decoder = Decoder::default();
            let mut events = Vec::new();
            for read in &reads {
                decoder.feed(read, &mut events);
            }
            decoder.quiet(&mut events);
            proptest::prop_assert!(decoder.escape_timeout().is_none());
        });
    }
}
