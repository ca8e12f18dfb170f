//! The terminal's clipboard: what is written so that a text gets there, and what can honestly be said of it.
//!
//! Why so much: a text goes there as OSC 52, which no terminal answers. tmux passes it on only where `set-clipboard` is `on`, or
//! where `allow-passthrough` is and the text is wrapped; which of the two is so cannot be known from inside, so both are tried,
//! and the second says the same as the first. screen passes on what is wrapped in pieces, and swallows the rest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most bytes that are handed over: some terminals cut or drop a sequence of more than 100,000 signs.
pub const MOST: usize = 74_994;

/// The most bytes between the beginning and the end of what screen passes on in one piece; the oldest take 256 with them.
const PIECE: usize = 252;

/// What stands between the app and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Carrier {
    /// Nothing.
    #[default]
    Terminal,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Carrier {
    /// What the environment says.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        // tmux calls its terminal screen, too; over a line to elsewhere nothing but that name is left of either, and
        // what is wrapped for the one would be printed by the other.
        if is_set("TMUX") || variable("TERM").is_some_and(|term| term.starts_with("tmux")) {
            Self::Tmux
        } else if is_set("STY") {
            Self::Screen
        } else {
            Self::Terminal
        }
    }

    /// What is to be written so that a text gets to the clipboard.
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
                    // All of it is ASCII.
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

    /// What is said when something was handed over: that it was sent, and that nobody answers.
    pub fn sent(self, what: &str) -> String {
        match self {
            Self::Terminal => {
                format!("{what} copied (the terminal does not confirm)")
            }
            Self::Tmux => {
                format!("{what} copied (via tmux; the terminal does not confirm)")
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

    fn of(set: &[(&str, &str)]) -> Carrier {
        Carrier::of(|name| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_stands_between_is_told_by_the_environment() {
        assert_eq!(of(&[("TERM", "xterm-256color")]), Carrier::Terminal);
        assert_eq!(of(&[("TERM", "screen-256color")]), Carrier::Terminal);
        assert_eq!(
            of(&[("TMUX", "/tmp/x,1,0"), ("TERM", "screen")]),
            Carrier::Tmux
        );
        assert_eq!(of(&[("TERM", "tmux-256color")]), Carrier::Tmux);
        assert_eq!(of(&[("TMUX", ""), ("STY", "1.pts")]), Carrier::Screen);
    }

    #[test]
    fn inside_tmux_it_is_said_plainly_and_wrapped() {
        assert_eq!(Carrier::Terminal.sequence("hi"), "\x1b]52;c;aGk=\x07");
        assert_eq!(
            Carrier::Tmux.sequence("hi"),
            "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
        );
    }

    #[test]
    fn screen_gets_pieces_that_it_takes_and_that_are_the_whole_together() {
        let text = "a".repeat(1_000);
        let sequence = Carrier::Screen.sequence(&text);
        let mut whole = String::new();
        for piece in sequence.split_terminator("\x1b\\") {
            assert!(piece.len() + 2 <= 256, "{}", piece.len());
            whole.push_str(piece.strip_prefix("\x1bP").unwrap());
        }
        assert_eq!(whole, Carrier::Terminal.sequence(&text));
    }
}
