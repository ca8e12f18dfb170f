//! Dialog of a bulk operation: preview with a prompt, progress and results.

use crate::tui::action::{Action, KeyContext};
use crate::tui::bulk::{BulkJob, BulkOperation, BulkPhase, BulkRow, BulkRowState};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, InputLine, Pick, Row, Rows,
    Spoken, TextBlock, Tone, side_by_side, wrapped,
};
use crate::tui::dialogs::test_report::{ReportDialog, ReportSubject};
use crate::tui::event::PastedText;
use crate::tui::info::LastTest;
use crate::tui::key::KeyPress;
use crate::tui::notice::Notice;
use crate::tui::plain::text::PAGE;
use crate::tui::select_list::Cursor;
use crate::tui::text_input::TextInput;
use crate::tui::text_width::{cut, width};

/// Maximum width and height.
const MAX_SIZE: (u16, u16) = (96, 28);

/// Maximum number of rows of the summary.
const MAX_SUMMARY_ROWS: u16 = 4;

/// Suffix of a row that the filter hides.
const HIDDEN: &str = " · hidden";

impl BulkOperation {
    /// Goes back one level: stops a running operation, discards one that was not confirmed.
    fn back(&mut self) -> DialogOutcome {
        match self.phase {
            BulkPhase::Running if self.stopped.is_none() => {
                self.stop("");
                DialogOutcome::BulkStopped
            }
            BulkPhase::Preview => DialogOutcome::BulkDiscarded,
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished => DialogOutcome::Close,
        }
    }

    fn choose(&mut self, cx: &DialogContext<'_>) -> DialogOutcome {
        match self.phase {
            BulkPhase::Preview if self.focus == 0 => self.back(),
            BulkPhase::Preview => self.begin(),
            BulkPhase::Finished if self.job != BulkJob::Test => DialogOutcome::Close,
            BulkPhase::Finished | BulkPhase::Running | BulkPhase::Writing => {
                self.report(cx).unwrap_or(DialogOutcome::Stay)
            }
        }
    }

    fn begin(&mut self) -> DialogOutcome {
        let is_unnamed = |line: &TextInput| line.value().trim().is_empty();
        if self.file.as_ref().is_some_and(is_unnamed) {
            DialogOutcome::Notify(Notice::warning("Enter a file name"))
        } else if self.start() {
            DialogOutcome::BulkStarted { is_retry: false }
        } else {
            DialogOutcome::Stay
        }
    }

    /// Opens the test report of the selected row.
    fn report(&self, cx: &DialogContext<'_>) -> Option<DialogOutcome> {
        let row = self
            .selected_row()
            .filter(|row| matches!(row.state, BulkRowState::Done(_) | BulkRowState::Failed(_)))?;
        let LastTest { outcome, .. } = cx.tests.get(&row.id)?;
        let subject = ReportSubject::Stored(row.id);
        let report = ReportDialog::finished(subject, &row.name, outcome.clone());
        Some(DialogOutcome::Open(report.into()))
    }

    /// Returns true if it is the last operation on the undo stack.
    fn is_undoable(&self, cx: &DialogContext<'_>) -> bool {
        self.phase == BulkPhase::Finished && cx.undoable_bulk == Some(self.number)
    }

    /// Summary, and the full error of the selected row.
    fn head(&self, frame: Frame, cx: &DialogContext<'_>) -> TextBlock {
        let columns = usize::from(cx.text_width(MAX_SIZE.0));
        let height = DialogModel::new("", frame).areas(&cx.layout).list.height;
        let mut summary = self.summary();
        if let Some((message, _)) = summary.first_mut()
            && let Some(place) = cx.target.place()
            && self.phase == BulkPhase::Preview
            && !matches!(self.job, BulkJob::Test | BulkJob::Export)
        {
            *message = format!("{message} On {place}.");
        }
        let mut lines = side_by_side(&summary, columns);
        let mut rows = u16::try_from(lines.len()).unwrap_or(MAX_SUMMARY_ROWS);
        rows = rows.clamp(1, MAX_SUMMARY_ROWS);
        if self.phase == BulkPhase::Finished {
            if self.progress.failed > 0 {
                rows += if height < 8 { 1 } else { 2 };
            }
            if let Some(row) = self.selected_row()
                && let BulkRowState::Failed(reason) = &row.state
            {
                let text = format!("{}: {reason}", row.name);
                lines.extend(wrapped(&text, Tone::Dim, columns));
            }
        }
        let buttons = u16::from(self.phase == BulkPhase::Preview);
        let others = buttons + u16::from(self.takes_characters()) + u16::from(self.is_running());
        TextBlock {
            // At least one row stays visible.
            rows: rows.min(height.saturating_sub(others + 1)),
            lines,
        }
    }

    fn row_model(&self, row: &BulkRow, room: u16) -> Row {
        let (mark, message, tone) = self.row_text(row);
        let is_hidden = row.is_hidden && self.phase == BulkPhase::Preview;
        let hidden = if is_hidden { HIDDEN } else { "" };
        let room = usize::from(room.saturating_sub(2));
        // The message gets the width that the name leaves, and at least half of the row.
        let wanted = width(&cut(message, room)) + hidden.len();
        let most = room.saturating_sub(wanted + 2);
        let name = width(&cut(&row.name, room)).min(most.max(room / 2));
        let right = room.saturating_sub(name + 2);
        let text = cut(message, right.saturating_sub(hidden.len()));
        let text = cut(&format!("{text}{hidden}"), right);
        Row {
            cells: vec![
                Cell::Text(vec![(mark.to_owned(), tone), (" ".to_owned(), Tone::Text)]),
                Cell::Column(
                    u16::try_from(name).unwrap_or(u16::MAX),
                    vec![(row.name.to_string(), Tone::Text)],
                ),
                Cell::Right(text, tone),
            ],
            spoken: Some(format!("{}: {message}", row.name)),
        }
    }
}

impl Dialog for BulkOperation {
    fn context(&self) -> KeyContext {
        KeyContext::Bulk
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let rows = u16::try_from(self.len()).unwrap_or(u16::MAX);
        let frame = Frame::Centered(MAX_SIZE.0, rows.saturating_add(7).min(MAX_SIZE.1));
        let buttons = match self.phase {
            BulkPhase::Preview => self.labels().collect(),
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished => Vec::new(),
        };
        let row = |at, room| {
            self.row(at)
                .map_or_else(Row::default, |row| self.row_model(row, room))
        };
        let progress = (self.progress.finished(), self.len());
        DialogModel {
            head: self.head(frame, cx),
            progress: self.is_running().then_some(progress),
            input: self.input().map(|line| InputLine {
                label: Some("File "),
                hint: String::new(),
                line,
                shown: line.value().into(),
                is_focused: true,
            }),
            rows: Rows::list(self.len(), row),
            cursor: self.cursor,
            buttons,
            focus: self.focus,
            danger: (self.job == BulkJob::Delete).then_some(1),
            has_short_bar: true,
            ..DialogModel::new(self.title(), frame)
        }
    }

    /// While it runs, its progress; afterwards its failures.
    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let mut body = vec![self.summary_text()];
        if self.phase == BulkPhase::Finished {
            let failed = self.rows().iter().filter_map(|row| match &row.state {
                BulkRowState::Failed(reason) => Some(format!("{}: {reason}", row.name)),
                _ => None,
            });
            body.extend(failed.take(PAGE));
        }
        let file = self
            .input()
            .map(|line| format!("File: {}. Enter a line to change the name.", line.value()));
        Spoken {
            remarks: file.into_iter().collect(),
            ..Spoken::text(self.title(), body)
        }
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Back => return self.back(),
            Action::Choose => return self.choose(cx),
            Action::Yes if self.phase == BulkPhase::Preview => {
                self.focus_on(1);
                return self.choose(cx);
            }
            Action::No if self.phase == BulkPhase::Preview => return self.back(),
            Action::NextButton if self.phase == BulkPhase::Preview => self.move_focus(1),
            Action::PreviousButton if self.phase == BulkPhase::Preview => self.move_focus(-1),
            Action::Retry => {
                self.retry();
                if self.is_running() {
                    return DialogOutcome::BulkStarted { is_retry: true };
                }
            }
            Action::Hide if self.is_running() => return DialogOutcome::Close,
            Action::Undo if self.is_undoable(cx) => return DialogOutcome::Undo,
            Action::Undo => {
                return DialogOutcome::Notify(Notice::info("Nothing to undo here"));
            }
            _ => {}
        }
        DialogOutcome::Stay
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn step(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        let rows = self.model(cx).areas(&cx.layout).list.height;
        self.move_selection(action, rows.into());
        DialogOutcome::Stay
    }

    fn input(&self) -> Option<&TextInput> {
        self.file.as_ref().filter(|_| self.takes_characters())
    }

    fn input_mut(&mut self) -> Option<&mut TextInput> {
        let is_typing = self.takes_characters();
        self.file.as_mut().filter(|_| is_typing)
    }

    fn key(&mut self, key: KeyPress, _cx: &DialogContext<'_>) {
        if let Some(line) = self.input_mut() {
            line.edit(key);
        }
    }

    fn type_characters(&mut self, text: &str, _cx: &DialogContext<'_>) {
        if let Some(line) = self.input_mut() {
            line.type_text(text);
        }
    }

    fn set_text(&mut self, text: &PastedText, _cx: &DialogContext<'_>) -> DialogOutcome {
        if let Some(line) = self.input_mut() {
            line.set(&text.0);
        }
        DialogOutcome::Stay
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        if by == Pick::Number && self.phase == BulkPhase::Preview {
            self.focus_on(at);
            return Some(Action::Choose);
        }
        self.select(at);
        let has_report = self.job == BulkJob::Test && self.phase != BulkPhase::Preview;
        (by == Pick::DoubleClick && has_report).then_some(Action::Choose)
    }

    fn focus_button(&mut self, at: usize) {
        self.focus_on(at);
    }

    fn can(&self, action: Action, cx: &DialogContext<'_>) -> bool {
        match action {
            Action::Choose => !self.is_running() || self.job == BulkJob::Test,
            Action::NextButton | Action::PreviousButton => self.phase == BulkPhase::Preview,
            Action::Yes | Action::No => {
                self.phase == BulkPhase::Preview && !self.takes_characters()
            }
            Action::Retry => self.phase == BulkPhase::Finished && self.progress.unfinished() > 0,
            Action::Hide => self.is_running(),
            Action::Undo => self.is_undoable(cx),
            _ => true,
        }
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        let is_back = action == Action::Back;
        if !is_back && action != Action::Choose {
            return action.entry().hint;
        }
        match self.phase {
            BulkPhase::Preview if is_back || self.focus == 0 => Some("Cancel"),
            BulkPhase::Preview => Some(self.job.label()),
            BulkPhase::Running if is_back && self.stopped.is_none() => Some("Stop"),
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished if is_back => {
                Some("Back")
            }
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished => {
                (self.job == BulkJob::Test).then_some("Report")
            }
        }
    }
}
