//! Copies text to the terminal's clipboard with OSC 52.
//!
//! Terminals do not confirm OSC 52. tmux forwards it only if `set-clipboard` is `on`, or
//! if `allow-passthrough` is on and the sequence is wrapped. The app cannot query which one is set, so it sends both
//! with the same text. GNU screen forwards only sequences that are wrapped in pieces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Maximum number of bytes to copy: some terminals drop sequences of more than 100,000 characters.
pub const MAX_BYTES: usize = 74_994;

/// Maximum payload of one piece for screen; old versions accept 256 bytes including the delimiters.
const PIECE: usize = 252;

/// Terminal multiplexer between the app and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Multiplexer {
    /// No multiplexer: the terminal itself.
    #[default]
    Terminal,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// Detects the multiplexer from the environment.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        // tmux also sets TERM=screen; over SSH only TERM remains of either, and
        // one would print what is wrapped for the other.
        if is_set("TMUX") || variable("TERM").is_some_and(|term| term.starts_with("tmux")) {
            Self::Tmux
        } else if is_set("STY") {
            Self::Screen
        } else {
            Self::Terminal
        }
    }

    /// Returns the escape sequence that copies a text.
    pub fn sequence(self, text: &str) -> String {
        let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        match self {
            Self::Terminal => plain,
            Self::Tmux => {
                let doubled = plain.replace('\x1b', "\x1b\x1b");
                format!("{plain}\x1bPtmux;{doubled}\x1b\\")
            }
            Self::Screen => {
                let mut pieces = String::new();
                let mut rest = plain.as_str();
                while !rest.is_empty() {
                    // The sequence is ASCII, so every chunk is valid UTF-8.
                    let (piece, behind) = rest.split_at(PIECE.min(rest.len()));
                    pieces.push_str("\x1bP");
                    pieces.push_str(piece);
                    pieces.push_str("\x1b\\");
                    rest = behind;
                }
                pieces
            }
        }
    }

    /// Returns the notice after a copy, which the terminal does not confirm.
    pub fn sent(self, what: &str) -> String {
        match self {
            Self::Terminal => {
                format!("{what} copied (the terminal does not confirm)")
            }
            Self::Tmux => {
                format!("{what} sent to tmux, which passes it on if set-clipboard is on")
            }
            Self::Screen => {
                format!("{what} copied (via screen; the terminal does not confirm)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multiplexer(set: &[(&str, &str)]) -> Multiplexer {
        Multiplexer::from_env(|name| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn multiplexer_is_detected_from_the_environment() {
        assert_eq!(
            multiplexer(&[("TERM", "xterm-256color")]),
            Multiplexer::Terminal
        );
        assert_eq!(
            multiplexer(&[("TERM", "screen-256color")]),
            Multiplexer::Terminal
        );
        assert_eq!(
            multiplexer(&[("TMUX", "/tmp/x,1,0"), ("TERM", "screen")]),
            Multiplexer::Tmux
        );
        assert_eq!(multiplexer(&[("TERM", "tmux-256color")]), Multiplexer::Tmux);
        assert_eq!(
            multiplexer(&[("TMUX", ""), ("STY", "1.pts")]),
            Multiplexer::Screen
        );
    }

    #[test]
    fn tmux_gets_a_plain_and_a_wrapped_sequence() {
        assert_eq!(Multiplexer::Terminal.sequence("hi"), "\x1b]52;c;aGk=\x07");
        assert_eq!(
            Multiplexer::Tmux.sequence("hi"),
            "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
        );
    }

    #[test]
    fn screen_gets_pieces_that_add_up() {
        let text = "a".repeat(1_000);
        let sequence = Multiplexer::Screen.sequence(&text);
        let mut whole = String::new();
        for piece in sequence.split_terminator("\x1b\\") {
            assert!(piece.len() + 2 <= 256, "{}", piece.len());
            whole.push_str(piece.strip_prefix("\x1bP").unwrap());
        }
        assert_eq!(whole, Multiplexer::Terminal.sequence(&text));
    }
}
