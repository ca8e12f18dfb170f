//! Dialog with the log of messages.

use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Row, Rows, Spoken, Tone,
};
use crate::tui::message_log::{BEFORE, LogLine, LoggedNotice};
use crate::tui::select_list::Cursor;

/// Dialog with the log.
#[derive(Debug, Default)]
pub struct MessagesDialog {
    /// Scroll position.
    cursor: Cursor,
}

impl Dialog for MessagesDialog {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let lines = cx.log.lines(cx.reading_width());
        let mut rows: Vec<Row> = lines.into_iter().map(row).collect();
        let frame = cx.reading_frame(rows.len());
        if rows.is_empty() {
            rows.push(Row::text("No messages yet", Tone::Dim));
        }
        DialogModel {
            rows: Rows::Text(rows, None),
            cursor: self.cursor,
            ..DialogModel::new(format!("Messages ({})", cx.log.len()), frame)
        }
    }

    fn spoken(&self, cx: &DialogContext<'_>) -> Spoken {
        Spoken {
            entries: Some(cx.log.all().map(sentence).collect()),
            hides_selection: true,
            ..Spoken::list(format!(
                "Messages since the start, newest first: {}",
                cx.log.len()
            ))
        }
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Back | Action::Choose | Action::Messages => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        action.entry().hint.filter(|_| action != Action::Choose)
    }
}

fn row(line: LogLine) -> Row {
    let (mark, tone) = line.severity.mark();
    let before = match line.time {
        Some(time) => vec![
            (time, Tone::Dim),
            (" ".to_owned(), tone),
            (mark.to_owned(), tone),
        ],
        None => Vec::new(),
    };
    Row::cells(vec![
        Cell::Column(BEFORE, before),
        Cell::Text(vec![(line.text, tone)]),
    ])
}

fn sentence(message: &LoggedNotice) -> String {
    match message.time {
        Some(time) => format!("{}: {}", time.format("%H:%M:%S"), message.text),
        None => message.text.clone(),
    }
}
