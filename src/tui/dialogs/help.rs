//! Help with the keys, built from the action table and the active keymap.

use crate::tui::action::{ACTIONS, Action, KeyContext};
use crate::tui::dialog::DialogOutcome;
use crate::tui::keymap::Keymap;
use crate::tui::text_width::wrap;

/// Help dialog.
#[derive(Debug, Default)]
pub struct HelpDialog {
    /// First visible line.
    pub top: usize,
    /// Context where the help was opened; its keys come first.
    pub context: Option<KeyContext>,
}

/// Line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    /// Heading with the name of a context.
    Heading(&'static str),
    /// Text.
    Text(String),
    /// Keys and the title of their action, or continuations of both.
    Keys(String, String),
}

impl HelpDialog {
    /// Creates the help of a context.
    pub fn new(context: KeyContext) -> Self {
        Self {
            top: 0,
            context: Some(context),
        }
    }

    /// Returns the columns reserved for the keys.
    pub fn keys_width(width: u16) -> u16 {
        (width / 3).clamp(8, 22)
    }

    /// Returns the lines: warnings first, then the keys by context.
    pub fn lines(&self, keymap: &Keymap, warnings: &[String], width: u16) -> Vec<HelpLine> {
        let mut contexts = KeyContext::ALL.to_vec();
        contexts.sort_by_key(|context| Some(*context) != self.context);
        let mut lines = Vec::new();
        if !warnings.is_empty() {
            lines.push(HelpLine::Heading("Warnings"));
            let wrapped = warnings.iter().flat_map(|text| wrap(text, width.into()));
            lines.extend(wrapped.map(HelpLine::Text));
        }
        for context in contexts {
            let before = lines.len();
            lines.push(HelpLine::Heading(context.title()));
            for entry in ACTIONS {
                let keys: Vec<String> = keymap
                    .keys(context, entry.action)
                    .map(|key| key.to_string())
                    .collect();
                if !keys.is_empty() {
                    lines.extend(two_columns(&keys.join(" "), entry.title, width));
                }
            }
            if lines.len() == before + 1 {
                // No key is bound in this context.
                lines.truncate(before);
            }
        }
        lines
    }

    /// Returns true if the help handles the action.
    pub const fn handles(action: Action) -> bool {
        action.is_move() || matches!(action, Action::Help | Action::Back)
    }

    /// Handles an action with `count` lines, of which `rows` are visible.
    pub fn act(&mut self, action: Action, count: usize, rows: usize) -> DialogOutcome {
        let last = count.saturating_sub(rows);
        self.top = match action {
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top + 1,
            Action::PageUp => self.top.saturating_sub(rows),
            Action::PageDown => self.top + rows,
            Action::First => 0,
            Action::Last => last,
            Action::Back | Action::Help | Action::Choose => return DialogOutcome::Close,
            _ => self.top,
        }
        .min(last);
        DialogOutcome::Stay
    }
}

/// Returns keys and the title of their action in two wrapped columns.
fn two_columns(keys: &str, title: &str, width: u16) -> impl Iterator<Item = HelpLine> {
    let left = HelpDialog::keys_width(width);
    let keys = wrap(keys, left.saturating_sub(1).into());
    let titles = wrap(title, width.saturating_sub(left).into());
    let rows = keys.len().max(titles.len());
    let filled = move |part: Vec<String>| part.into_iter().chain(std::iter::repeat(String::new()));
    filled(keys)
        .zip(filled(titles))
        .take(rows)
        .map(|(keys, title)| HelpLine::Keys(keys, title))
}
