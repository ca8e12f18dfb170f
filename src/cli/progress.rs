//! One line on stderr that says how far long work is, where somebody looks at it.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::output::Output;
use crate::text::{columns, printable};

/// The line changes no more often than this.
const PAUSE: Duration = Duration::from_millis(100);

/// Work that takes less than this is not talked about.
const PATIENCE: Duration = Duration::from_millis(400);

/// Where a terminal does not say how wide it is.
const WIDTH: usize = 80;

/// How far some work is.
pub struct Progress {
    word: String,
    done: u64,
    /// How much there is; none where nobody knows.
    total: Option<u64>,
    is_on: bool,
    is_shown: bool,
    next: Instant,
}

impl Progress {
    /// At the beginning of so many.
    pub fn of(word: &str, total: usize, output: &Output) -> Self {
        Self::new(word, Some(total as u64), output)
    }

    /// At the beginning of nobody knows how many.
    pub fn endless(word: &str, output: &Output) -> Self {
        Self::new(word, None, output)
    }

    fn new(word: &str, total: Option<u64>, output: &Output) -> Self {
        Self {
            word: word.to_owned(),
            done: 0,
            total,
            is_on: output.is_talkative() && std::io::stderr().is_terminal(),
            is_shown: false,
            next: Instant::now() + PATIENCE,
        }
    }

    /// One more is done.
    pub fn one_more(&mut self) {
        self.more(1);
    }

    /// So many more are done.
    pub fn more(&mut self, count: u64) {
        self.done += count;
        if self.is_on && Instant::now() >= self.next {
            self.next = Instant::now() + PAUSE;
            self.is_shown = true;
            let line = line(&self.word, self.done, self.total, width());
            put(&format!("\r{line}\u{1b}[K"));
        }
    }

    /// Takes the line away, for something else to be said.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            put("\r\u{1b}[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn put(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nobody can be told when that is gone.
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    let width = size.map_or(WIDTH, |size| usize::from(size.ws_col));
    if width == 0 { WIDTH } else { width }
}

/// The line, no wider than there is room; the last column stays free, since some terminals break the line there.
fn line(word: &str, done: u64, total: Option<u64>, width: usize) -> String {
    let whole = match total {
        Some(total) if total > 0 => {
            let percent = done.min(total) * 100 / total;
            format!(
                "{word}: {} of {} ({percent}%)",
                grouped(done),
                grouped(total)
            )
        }
        Some(_) | None => format!("{word}: {}", grouped(done)),
    };
    let mut line = String::new();
    for sign in printable(&whole).chars() {
        line.push(sign);
        if columns(&line) >= width {
            line.pop();
            break;
        }
    }
    line
}

/// A number that is read at a glance.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_as_wide_as_the_terminal() {
        assert_eq!(
            line("Importing", 45_120, Some(100_000), 80),
            "Importing: 45,120 of 100,000 (45%)"
        );
        assert_eq!(line("Reading", 7, None, 80), "Reading: 7");
        for width in 0..60 {
            let line = line("Importing", 45_120, Some(100_000), width);
            assert!(columns(&line) < width.max(1), "{line:?} at {width}");
        }
    }

    #[test]
    fn nothing_of_nothing_is_no_division() {
        assert_eq!(line("Importing", 0, Some(0), 80), "Importing: 0");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(grouped(999), "999");
    }
}
