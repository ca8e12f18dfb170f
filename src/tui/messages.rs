//! What was said since the start, to be read again: the newest first, whole, with the time of day.

use std::collections::VecDeque;

use chrono::NaiveTime;

use super::action::Action;
use super::fit::wrap;
use super::layer::Outcome;
use super::notice::{Mood, Notice};
use super::report::moved;

/// So many are kept.
const MOST: usize = 200;

/// The most characters that are kept of one.
const LONGEST: usize = 4_096;

/// The columns of the time and the mark before a text.
pub const BEFORE: u16 = 11;

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How it was meant.
    pub mood: Mood,
    /// What it was.
    pub text: String,
    /// When, on the clock of the wall; none until somebody looked at it.
    pub time: Option<NaiveTime>,
}

/// What was said since the start.
#[derive(Debug, Default)]
pub struct Told {
    /// The newest first.
    all: VecDeque<Message>,
}

impl Told {
    /// Keeps what is said.
    pub fn keep(&mut self, notice: &Notice) {
        self.all.truncate(MOST - 1);
        self.all.push_front(Message {
            mood: notice.mood,
            text: notice.text.chars().take(LONGEST).collect(),
            time: None,
        });
    }

    /// Whether the newest has no time yet.
    pub fn is_undated(&self) -> bool {
        self.all.front().is_some_and(|newest| newest.time.is_none())
    }

    /// Gives those a time that have none.
    pub fn date(&mut self, now: NaiveTime) {
        let undated = self.all.iter_mut();
        for message in undated.take_while(|message| message.time.is_none()) {
            message.time = Some(now);
        }
    }

    /// All of it, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &Message> {
        self.all.iter()
    }

    /// How much was said and is kept.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Its lines, so wide.
    pub fn lines(&self, width: u16) -> Vec<Line> {
        let room = width.saturating_sub(BEFORE);
        self.all
            .iter()
            .flat_map(|message| {
                let time = match message.time {
                    Some(time) => time.format("%H:%M:%S").to_string(),
                    None => "--:--:--".to_owned(),
                };
                let mut before = Some(time);
                wrap(&message.text, room.into())
                    .into_iter()
                    .map(move |text| Line {
                        time: before.take(),
                        mood: message.mood,
                        text,
                    })
            })
            .collect()
    }
}

/// A line of what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was said, in the first line of it.
    pub time: Option<String>,
    /// How it was meant.
    pub mood: Mood,
    /// The text, or a part of it.
    pub text: String,
}

/// What was said, on screen.
#[derive(Debug, Default)]
pub struct Messages {
    /// The first line that is seen.
    pub top: usize,
}

impl Messages {
    /// Does what a key asked for, among `count` lines of which `rows` are seen.
    pub fn act(&mut self, action: Action, count: usize, rows: usize) -> Outcome {
        match action {
            Action::Back | Action::Choose | Action::Messages => Outcome::Close,
            other => {
                self.top = moved(other, self.top, (rows, count.saturating_sub(rows)));
                Outcome::Stay
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_newest_is_first_and_each_has_the_time_it_was_said_at() {
        let mut told = Told::default();
        told.keep(&Notice::done("One"));
        told.keep(&Notice::error("Two"));
        assert!(told.is_undated());
        told.date(time("10:30:00"));
        told.keep(&Notice::info("Three"));
        told.date(time("10:31:00"));
        assert!(!told.is_undated());
        let lines = told.lines(40);
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
    fn it_is_bounded_and_long_ones_are_wrapped() {
        let mut told = Told::default();
        for number in 0..MOST + 50 {
            told.keep(&Notice::info(format!("{number} {}", "x".repeat(LONGEST))));
        }
        assert_eq!(told.len(), MOST);
        assert!(told.all().all(|message| message.text.len() <= LONGEST));
        assert!(told.all().next().unwrap().text.starts_with("249 "));
        let mut told = Told::default();
        told.keep(&Notice::error("one two three four five"));
        let lines = told.lines(BEFORE + 10);
        assert!(lines.len() > 1);
        assert!(lines[1].time.is_none());
    }
}
