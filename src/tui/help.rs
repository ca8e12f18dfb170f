//! The keys, read from the one table and the keymap in force.

use super::action::{ACTIONS, Action, Context};
use super::fit::wrap;
use super::keymap::Keymap;
use super::layer::Outcome;

/// The keys on screen.
#[derive(Debug, Default)]
pub struct Help {
    /// The first line that is seen.
    pub top: usize,
    /// The place it was opened in: its keys come first.
    pub place: Option<Context>,
}

/// One line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A place.
    Heading(&'static str),
    /// A part of a sentence.
    Text(String),
    /// Keys and what they do.
    Keys(String, &'static str),
}

impl Help {
    /// The help of a place.
    pub fn of(place: Context) -> Self {
        Self {
            top: 0,
            place: Some(place),
        }
    }

    /// Its lines.
    pub fn lines(&self, keymap: &Keymap, to_know: &[String], width: u16) -> Vec<Line> {
        let mut places = Context::ALL.to_vec();
        places.sort_by_key(|place| Some(*place) != self.place);
        let mut lines = Vec::new();
        if !to_know.is_empty() {
            lines.push(Line::Heading("To know"));
            let wrapped = to_know.iter().flat_map(|text| wrap(text, width.into()));
            lines.extend(wrapped.map(Line::Text));
        }
        for place in places {
            lines.push(Line::Heading(place.title()));
            for entry in ACTIONS {
                let keys: Vec<String> = keymap
                    .keys(place, entry.action)
                    .map(|key| key.to_string())
                    .collect();
                if !keys.is_empty() {
                    lines.push(Line::Keys(keys.join(" "), entry.title));
                }
            }
        }
        lines
    }

    /// Does what a key asked for, among `count` lines of which `rows` are seen.
    pub fn act(&mut self, action: Action, count: usize, rows: usize) -> Outcome {
        let last = count.saturating_sub(rows);
        self.top = match action {
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top + 1,
            Action::PageUp => self.top.saturating_sub(rows),
            Action::PageDown => self.top + rows,
            Action::First => 0,
            Action::Last => last,
            Action::Back | Action::Help | Action::Choose => return Outcome::Close,
            _ => self.top,
        }
        .min(last);
        Outcome::Stay
    }
}
