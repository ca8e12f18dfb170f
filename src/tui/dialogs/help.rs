//! Help with the keys, built from the action table and the active keymap.

use crate::tui::action::{ACTIONS, Action, KeyContext};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Row, Rows, Spoken, Tone,
};
use crate::tui::keymap::Keymap;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::{cut, wrap};

/// Maximum width.
const WIDTH: u16 = 72;

/// Help dialog.
#[derive(Debug, Default)]
pub struct HelpDialog {
    /// Scroll position.
    cursor: Cursor,
    /// Context where the help was opened; its keys come first.
    context: Option<KeyContext>,
}

impl HelpDialog {
    /// Creates the help of a context.
    pub fn new(context: KeyContext) -> Self {
        Self {
            cursor: Cursor::default(),
            context: Some(context),
        }
    }

    /// Returns the lines: warnings first, then the keys by context.
    fn lines(&self, keymap: &Keymap, warnings: &[String], width: u16) -> Vec<Row> {
        let mut contexts = KeyContext::ALL.to_vec();
        contexts.sort_by_key(|context| Some(*context) != self.context);
        let mut lines = Vec::new();
        if !warnings.is_empty() {
            lines.push(Row::text("Warnings", Tone::Heading));
            let wrapped = warnings.iter().flat_map(|text| wrap(text, width.into()));
            lines.extend(wrapped.map(|line| Row::text(line, Tone::Warning)));
        }
        for context in contexts {
            let before = lines.len();
            lines.push(Row::text(context.title(), Tone::Heading));
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
}

impl Dialog for HelpDialog {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let lines = self.lines(cx.keymap, cx.startup_notices, cx.text_width(WIDTH));
        DialogModel {
            rows: Rows::Text(lines, None),
            cursor: self.cursor,
            ..DialogModel::new("Keys", Frame::Centered(WIDTH, u16::MAX))
        }
    }

    /// Nothing: `?` lists the commands of plain mode.
    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::text("", Vec::new())
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Back | Action::Help | Action::Choose => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn inherits(&self, action: Action) -> bool {
        action.is_move() || matches!(action, Action::Help | Action::Back)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        action.entry().hint.filter(|_| action != Action::Choose)
    }
}

/// Returns keys and the title of their action in two wrapped columns.
fn two_columns(keys: &str, title: &str, width: u16) -> impl Iterator<Item = Row> {
    let left = (width / 3).clamp(8, 22);
    let room = usize::from(left.min(width)).saturating_sub(1);
    let keys = wrap(keys, left.saturating_sub(1).into());
    let titles = wrap(title, width.saturating_sub(left).into());
    let rows = keys.len().max(titles.len());
    let filled = |part: Vec<String>| part.into_iter().chain(std::iter::repeat(String::new()));
    let rows = filled(keys).zip(filled(titles)).take(rows);
    rows.map(move |(keys, title)| {
        Row::cells(vec![
            Cell::Column(left, vec![(cut(&keys, room), Tone::Key)]),
            Cell::Text(vec![(title, Tone::Text)]),
        ])
    })
}
