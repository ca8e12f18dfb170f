//! Queries whether the terminal's background is light, without delaying the start.
//!
//! Terminals reply through the input. The query is sent after the first frame, followed by a query that every terminal answers,
//! so that a missing reply is noticed at once. Keys pressed during the query are passed on, and a late reply, which would look
//! like keys, is dropped.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Query of the background color, then of the device attributes.
const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// Longest wait for the reply.
const REPLY_TIMEOUT: Duration = Duration::from_millis(100);

/// Prefixes of the two replies.
const COLOR: &[u8] = b"\x1b]11;rgb:";
const KIND: &[u8] = b"\x1b[?";

/// Reply of the terminal.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BackgroundReply {
    /// True if the background is light, if the terminal reported it.
    pub is_light: Option<bool>,
    /// All bytes that were read: the replies and keys pressed during the query. The decoder drops the replies.
    pub bytes: Vec<u8>,
}

/// Background according to the environment, in terminals that set `COLORFGBG`.
pub fn from_environment() -> Option<bool> {
    is_light_pair(&std::env::var("COLORFGBG").ok()?)
}

fn is_light_pair(pair: &str) -> Option<bool> {
    let number: u8 = pair.rsplit(';').next()?.parse().ok()?;
    Some(matches!(number, 7 | 9..=15))
}

/// Returns whether the terminal can be queried.
pub fn can_ask() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    !matches!(term.as_str(), "" | "dumb" | "linux") && io::stdin().is_terminal()
}

/// Sends the query; [`listen`] reads the reply.
pub fn query() -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(QUESTION)?;
    out.flush()
}

/// Waits for the reply, up to the limit.
pub fn listen() -> BackgroundReply {
    let until = Instant::now() + REPLY_TIMEOUT;
    let mut reply = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !is_readable(left) {
            return parse_reply(reply);
        }
        let mut piece = [0; 256];
        match rustix::io::read(io::stdin(), &mut piece) {
            Ok(count) if count > 0 => reply.extend_from_slice(&piece[..count]),
            _ => return parse_reply(reply),
        }
        if kind(&reply).is_some() {
            return parse_reply(reply);
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

/// Parses the color from the replies.
fn parse_reply(bytes: Vec<u8>) -> BackgroundReply {
    let is_light = color(&bytes).and_then(|(from, to)| is_light(&bytes[from + COLOR.len()..to]));
    BackgroundReply { is_light, bytes }
}

fn find(reply: &[u8], what: &[u8]) -> Option<usize> {
    reply.windows(what.len()).position(|part| part == what)
}

fn color(reply: &[u8]) -> Option<(usize, usize)> {
    let from = find(reply, COLOR)?;
    let length = reply[from..]
        .iter()
        .skip(1)
        .position(|byte| matches!(byte, 0x07 | 0x1b))?;
    let end = from + 1 + length;
    let width = if reply[end] == 0x1b { 2 } else { 1 };
    Some((from, reply.len().min(end + width)))
}

fn kind(reply: &[u8]) -> Option<(usize, usize)> {
    let from = find(reply, KIND)?;
    let length = reply[from..].iter().position(|byte| *byte == b'c')?;
    Some((from, from + length + 1))
}

/// Returns whether `1e1e/1e1e/2e2e` is light, by perceived brightness.
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;c", Some(true))]
    #[case(b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07\x1b[?6c", Some(false))]
    #[case(b"\x1b[?6c", None)]
    fn color_is_parsed_from_the_reply(#[case] reply: &[u8], #[case] is_light: Option<bool>) {
        assert_eq!(parse_reply(reply.to_vec()).is_light, is_light);
    }

    #[test]
    fn background_of_the_environment_is_parsed() {
        assert_eq!(is_light_pair("15;0"), Some(false));
        assert_eq!(is_light_pair("0;default;15"), Some(true));
        assert_eq!(is_light_pair("0;default"), None);
    }

    #[test]
    fn arbitrary_bytes_are_handled() {
        proptest::proptest!(|(bytes: Vec<u8>)| {
            parse_reply(bytes);
        });
        for end in 0..30 {
            let reply = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;c";
            parse_reply(reply[..end].to_vec());
        }
    }
}
