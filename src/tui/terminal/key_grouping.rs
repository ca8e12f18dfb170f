//! Groups the keys of one read of the terminal: a few are keys, many are a burst.

use super::decode::DecodedInput;
use crate::tui::burst::Burst;

/// Size limit of a burst in bytes; the rest is another burst.
const LARGEST: usize = 64 * 1024;

/// Keys for the app.
#[derive(Debug)]
pub enum KeyGroup {
    /// Single event.
    Single(DecodedInput),
    /// Keys that arrived together.
    Burst(Burst),
}

/// Grouping state with the current burst.
#[derive(Debug, Default)]
pub struct Grouping {
    burst: Option<Burst>,
}

impl Grouping {
    /// Groups the input of one read.
    pub fn read(&mut self, decoded: Vec<DecodedInput>, groups: &mut Vec<KeyGroup>) {
        if self.burst.is_none() && is_paste(&decoded) {
            self.burst = Some(Burst::default());
        }
        for one in decoded {
            match (&mut self.burst, one) {
                (Some(burst), DecodedInput::Key(key)) => {
                    burst.push(key);
                    if burst.len() >= LARGEST {
                        self.flush(groups);
                    }
                }
                (None, one @ DecodedInput::Key(_)) => groups.push(KeyGroup::Single(one)),
                // Keys after a mouse event still belong to the burst until input pauses.
                (_, one @ (DecodedInput::Paste(_) | DecodedInput::Mouse(..))) => {
                    self.flush(groups);
                    groups.push(KeyGroup::Single(one));
                }
            }
        }
    }

    /// Returns whether a burst may continue.
    pub const fn is_waiting(&self) -> bool {
        self.burst.is_some()
    }

    /// Ends the current burst.
    pub fn quiet(&mut self, groups: &mut Vec<KeyGroup>) {
        self.flush(groups);
        self.burst = None;
    }

    /// Hands over what there is of a burst; the keys that follow are still a burst.
    fn flush(&mut self, groups: &mut Vec<KeyGroup>) {
        let burst = self.burst.as_mut().map(std::mem::take);
        let burst = burst.filter(|burst| !burst.is_empty());
        groups.extend(burst.map(KeyGroup::Burst));
    }
}

/// Returns whether the keys of one read are treated as a paste.
fn is_paste(decoded: &[DecodedInput]) -> bool {
    let mut burst = Burst::default();
    for one in decoded {
        if let DecodedInput::Key(key) = one {
            burst.push(*key);
        }
    }
    burst.is_paste()
}

#[cfg(test)]
mod tests {
    use super::super::decode::Decoder;
    use super::*;
    use rstest::rstest;

    /// Groups the reads, followed by a quiet period: keys by name, bursts as `{number of keys}`.
    fn grouped(reads: &[&str]) -> Vec<String> {
        let (mut decoder, mut grouping) = (Decoder::default(), Grouping::default());
        let mut groups = Vec::new();
        for read in reads {
            let mut events = Vec::new();
            decoder.feed(read.as_bytes(), &mut events);
            grouping.read(events, &mut groups);
        }
        grouping.quiet(&mut groups);
        let name = |group| match group {
            KeyGroup::Single(DecodedInput::Key(key)) => key.to_string(),
            KeyGroup::Single(other) => format!("{other:?}"),
            KeyGroup::Burst(burst) => format!("{{{}}}", burst.len()),
        };
        groups.into_iter().map(name).collect()
    }

    #[rstest]
    #[case::typed_ahead(&["nopenai\r"], &["n", "o", "p", "e", "n", "a", "i", "Enter"])]
    #[case::sixteen(&["0123456789abcdef"], &["0","1","2","3","4","5","6","7","8","9","a","b","c","d","e","f"])]
    #[case::seventeen(&["0123456789abcdefg"], &["{17}"])]
    #[case::line_end_then_more(&["a\rb"], &["{3}"])]
    #[case::line_feed_then_more(&["a\nb"], &["{3}"])]
    #[case::pair_at_the_end(&["a\r\n"], &["a", "Enter", "Ctrl-J"])]
    #[case::pair_then_more(&["a\r\nb"], &["{3}"])]
    #[case::arrow_after_enter(&["\r\u{1b}[B"], &["Enter", "↓"])]
    #[case::mouse_in_a_burst(&["0123456789abcdefg\u{1b}[<0;5;7MDy", "q"], &["{17}", "Mouse(Down(Left), 4, 6)", "{3}"])]
    #[case::mouse_before_the_rest(&["0123456789abcdef\u{1b}[<0;5;7Mg"], &["{16}", "Mouse(Down(Left), 4, 6)", "{1}"])]
    #[case::mouse_between_keys(&["a\u{1b}[<0;5;7Mb"], &["a", "Mouse(Down(Left), 4, 6)", "b"])]
    #[case::rest_of_a_burst(&["0123456789abcdefg", "Dy", "q"], &["{20}"])]
    fn keys_and_bursts_are_distinguished(#[case] reads: &[&str], #[case] groups: &[&str]) {
        assert_eq!(grouped(reads), groups);
    }

    #[test]
    fn repeated_arrow_keys_are_not_a_burst() {
        assert_eq!(grouped(&[&"\u{1b}[B".repeat(40)]), ["↓"; 40]);
    }

    #[test]
    fn keys_after_the_quiet_are_keys_again() {
        let mut grouping = Grouping::default();
        let mut groups = Vec::new();
        let keys = |text: &str| {
            let mut decoded = Vec::new();
            Decoder::default().feed(text.as_bytes(), &mut decoded);
            decoded
        };
        grouping.read(keys(&"x".repeat(17)), &mut groups);
        assert!(grouping.is_waiting() && groups.is_empty());
        grouping.quiet(&mut groups);
        grouping.read(keys("q"), &mut groups);
        assert!(matches!(
            groups.as_slice(),
            [KeyGroup::Burst(_), KeyGroup::Single(DecodedInput::Key(_))]
        ));
    }

    #[test]
    fn bursts_are_bounded() {
        let groups = grouped(&[&"x".repeat(LARGEST + 3)]);
        assert_eq!(groups, [format!("{{{LARGEST}}}"), "{3}".into()]);
    }
}
