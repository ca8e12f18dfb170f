//! Progress line on stderr, for long operations on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::output::Output;
use crate::text::{columns, printable};

/// Minimum time between two updates of the line.
const PAUSE: Duration = Duration::from_millis(100);

/// Operations shorter than this show no progress.
const SPINNER_DELAY: Duration = Duration::from_millis(400);

/// Line width if the terminal does not report one.
const WIDTH: usize = 80;

/// Progress of an operation with a known size.
pub struct Progress {
    word: String,
    done: u64,
    total: u64,
    is_on: bool,
    is_shown: bool,
    next: Instant,
}

impl Progress {
    /// Starts an operation on `total` items.
    pub fn new(word: &str, total: usize, output: &Output) -> Self {
        Self {
            word: word.to_owned(),
            done: 0,
            total: total as u64,
            is_on: output.shows_progress() && std::io::stderr().is_terminal(),
            is_shown: false,
            next: Instant::now() + SPINNER_DELAY,
        }
    }

    /// Same as `new`, for an operation that writes data to stdout; shows nothing if stdout is a terminal too.
    pub fn unless_stdout_is_terminal(word: &str, total: usize, output: &Output) -> Self {
        let mut progress = Self::new(word, total, output);
        progress.is_on &= !std::io::stdout().is_terminal();
        progress
    }

    /// Counts one item.
    pub fn advance(&mut self) {
        self.done += 1;
        if self.is_on && Instant::now() >= self.next {
            self.next = Instant::now() + PAUSE;
            self.is_shown = true;
            let line = line(&self.word, self.done, self.total, width());
            write(&format!("\r{line}\u{1b}[K"));
        }
    }

    /// Clears the line, so that something else can be printed.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            write("\r\u{1b}[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Elapsed time of an operation of unknown size, shown until it is dropped.
pub struct Spinner {
    ended: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Spinner {
    /// Starts an operation.
    pub fn start(word: &'static str, output: &Output) -> Self {
        if !output.shows_progress() || !std::io::stderr().is_terminal() {
            return Self {
                ended: None,
                thread: None,
            };
        }
        let (ended, ending) = channel();
        let thread = std::thread::Builder::new().name("progress".into());
        Self {
            ended: Some(ended),
            // Without the thread, no progress is shown.
            thread: thread.spawn(move || show_elapsed(word, &ending)).ok(),
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        drop(self.ended.take());
        if let Some(thread) = self.thread.take() {
            // A line that is not cleared does no harm.
            let _ = thread.join();
        }
    }
}

fn show_elapsed(word: &str, ending: &Receiver<()>) {
    let begun = Instant::now();
    let mut is_shown = false;
    let mut pause = SPINNER_DELAY;
    while ending.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let seconds = begun.elapsed().as_secs();
        let words = format!("{word}, {seconds} s so far");
        write(&format!("\r{}\u{1b}[K", fitted(&words, width())));
        is_shown = true;
        pause = Duration::from_secs(1);
    }
    if is_shown {
        write("\r\u{1b}[K");
    }
}

fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Errors cannot be reported.
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    let width = size.map_or(WIDTH, |size| usize::from(size.ws_col));
    if width == 0 { WIDTH } else { width }
}

/// Returns the line, shorter than the width: some terminals wrap at the last column.
fn line(word: &str, done: u64, total: u64, width: usize) -> String {
    let percent = done.min(total) * 100 / total.max(1);
    let text = format!(
        "{word}: {} of {} ({percent}%)",
        grouped(done),
        grouped(total)
    );
    fitted(&text, width)
}

fn fitted(text: &str, width: usize) -> String {
    let mut line = String::new();
    for character in printable(text).chars() {
        line.push(character);
        if columns(&line) >= width {
            line.pop();
            break;
        }
    }
    line
}

/// Formats a number with thousands separators.
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
    fn line_is_shorter_than_the_terminal_is_wide() {
        assert_eq!(
            line("Importing", 45_120, 100_000, 80),
            "Importing: 45,120 of 100,000 (45%)"
        );
        for width in 0..60 {
            let line = line("Importing", 45_120, 100_000, width);
            assert!(columns(&line) < width.max(1), "{line:?} at {width}");
        }
    }

    #[test]
    fn empty_total_does_not_divide_by_zero() {
        assert_eq!(line("Importing", 0, 0, 80), "Importing: 0 of 0 (0%)");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(grouped(999), "999");
    }
}
