//! Log of the notices since the start, newest first, with the time of day.

use std::collections::VecDeque;

use chrono::NaiveTime;

use super::notice::{Notice, NoticeSeverity};
use super::text_width::wrap;

/// Maximum number of messages.
const MAX_MESSAGES: usize = 200;

/// Maximum number of characters per message.
const LONGEST: usize = 4_096;

/// Columns of the time and the symbol before a text.
pub const BEFORE: u16 = 11;

/// Logged notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedNotice {
    /// Severity.
    pub severity: NoticeSeverity,
    /// Text.
    pub text: String,
    /// Local time; `None` until the runtime sets it.
    pub time: Option<NaiveTime>,
}

/// Log of notices.
#[derive(Debug, Default)]
pub struct MessageLog {
    /// Messages, newest first.
    entries: VecDeque<LoggedNotice>,
}

impl MessageLog {
    /// Adds a notice.
    pub fn keep(&mut self, notice: &Notice) {
        self.entries.truncate(MAX_MESSAGES - 1);
        self.entries.push_front(LoggedNotice {
            severity: notice.severity,
            text: notice.text.chars().take(LONGEST).collect(),
            time: None,
        });
    }

    /// Returns true if the newest message has no time yet.
    pub fn is_undated(&self) -> bool {
        self.entries
            .front()
            .is_some_and(|newest| newest.time.is_none())
    }

    /// Sets the time of messages without one.
    pub fn set_missing_times(&mut self, now: NaiveTime) {
        let undated = self.entries.iter_mut();
        for message in undated.take_while(|message| message.time.is_none()) {
            message.time = Some(now);
        }
    }

    /// Returns all messages, newest first.
    pub fn all(&self) -> impl Iterator<Item = &LoggedNotice> {
        self.entries.iter()
    }

    /// Returns the number of messages.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if the log is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the lines, wrapped to a width in columns.
    pub fn lines(&self, width: u16) -> Vec<LogLine> {
        let room = width.saturating_sub(BEFORE);
        self.entries
            .iter()
            .flat_map(|message| {
                let time = match message.time {
                    Some(time) => time.format("%H:%M:%S").to_string(),
                    None => "--:--:--".to_owned(),
                };
                let mut before = Some(time);
                wrap(&message.text, room.into())
                    .into_iter()
                    .map(move |text| LogLine {
                        time: before.take(),
                        severity: message.severity,
                        text,
                    })
            })
            .collect()
    }
}

/// Line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Time, on the first line of a message.
    pub time: Option<String>,
    /// Severity.
    pub severity: NoticeSeverity,
    /// Text or a part of it.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    #[test]
    fn messages_are_newest_first_with_their_times() {
        let mut log = MessageLog::default();
        log.keep(&Notice::done("One"));
        log.keep(&Notice::error("Two"));
        assert!(log.is_undated());
        log.set_missing_times(time("10:30:00"));
        log.keep(&Notice::info("Three"));
        log.set_missing_times(time("10:31:00"));
        assert!(!log.is_undated());
        let lines = log.lines(40);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| (line.time.as_deref(), line.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("10:31:00"), "Three"),
                (Some("10:30:00"), "Two"),
                (Some("10:30:00"), "One")
            ]
        );
    }

    #[test]
    fn log_is_bounded_and_long_messages_wrap() {
        let mut log = MessageLog::default();
        for number in 0..MAX_MESSAGES + 50 {
            log.keep(&Notice::info(format!("{number} {}", "x".repeat(LONGEST))));
        }
        assert_eq!(log.len(), MAX_MESSAGES);
        assert!(log.all().all(|message| message.text.len() <= LONGEST));
        assert!(log.all().next().unwrap().text.starts_with("249 "));
        let mut log = MessageLog::default();
        log.keep(&Notice::error("one two three four five"));
        let lines = log.lines(BEFORE + 10);
        assert!(lines.len() > 1);
        assert!(lines[1].time.is_none());
    }
}
