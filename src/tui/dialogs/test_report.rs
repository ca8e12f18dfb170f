//! Dialog of a connection test: running or with its result.

use uuid::Uuid;

use crate::connection::{ConnectionError, TestReport, TestStage};
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Row, Rows, Spoken, Tone, failure,
    running,
};
use crate::tui::effect::{ServiceReply, Ticket};
use crate::tui::info::TestOutcome;
use crate::tui::plain::text::replace_symbol;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::wrap;

/// Subject of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportSubject {
    /// Stored connection.
    Stored(Uuid),
    /// Contents of the form below, saved or not.
    Form,
}

/// Dialog with a test.
#[derive(Debug)]
pub struct ReportDialog {
    /// Subject of a test.
    pub subject: ReportSubject,
    /// Name of the connection.
    pub name: String,
    /// Ticket of the pending request; `None` after the reply.
    pub ticket: Option<Ticket>,
    /// Last stage that succeeded, while the test runs.
    pub passed: Option<TestStage>,
    /// Result, once known.
    pub outcome: Option<TestOutcome>,
    /// Scroll position.
    cursor: Cursor,
}

/// Status that may be the reason of a failure.
const INACTIVE: &str = "The connection is inactive";

/// Text of a running test.
const TESTING: &str = "Testing the connection…";

/// Width of the labels; the longest are `Provider message` and `authentication` after its mark.
const LABELS: u16 = 18;

impl ReportDialog {
    /// Creates the dialog of a running test.
    pub fn new(subject: ReportSubject, name: &str, ticket: Ticket) -> Self {
        Self {
            subject,
            name: name.to_owned(),
            ticket: Some(ticket),
            passed: None,
            outcome: None,
            cursor: Cursor::default(),
        }
    }

    /// Creates the dialog of a finished test.
    pub fn finished(subject: ReportSubject, name: &str, outcome: TestOutcome) -> Self {
        Self {
            subject,
            name: name.to_owned(),
            ticket: None,
            passed: None,
            outcome: Some(outcome),
            cursor: Cursor::default(),
        }
    }

    /// Returns the ID of the tested connection if its stored settings were tested.
    pub const fn stored(&self) -> Option<Uuid> {
        match self.subject {
            ReportSubject::Stored(id) => Some(id),
            ReportSubject::Form => None,
        }
    }

    /// Returns the lines, wrapped to a width in columns; `progress` is the line of a running test.
    fn lines(&self, width: u16, progress: &str, cx: &DialogContext<'_>) -> Vec<Row> {
        let mut lines = ReportLines {
            lines: Vec::new(),
            width,
        };
        match &self.outcome {
            None => lines.running(progress, self.passed),
            Some(Err(problem)) => {
                lines.text(Tone::Error, "✗ Connection test failed");
                lines.text(Tone::Text, problem);
            }
            Some(Ok(report)) => lines.report(report),
        }
        let is_failed = self.outcome.as_ref().is_some_and(is_failed);
        if is_failed && self.is_inactive(cx) {
            lines.pair(Tone::Warning, "Status", INACTIVE);
        }
        lines.lines
    }
}

impl ReportDialog {
    /// Returns true if the tested connection is stored and inactive.
    fn is_inactive(&self, cx: &DialogContext<'_>) -> bool {
        let item = self.stored().and_then(|id| cx.tree.item(id));
        item.is_some_and(|item| !item.is_active)
    }
}

/// Returns true if a test failed or could not run.
fn is_failed(outcome: &TestOutcome) -> bool {
    outcome.as_ref().map_or(true, |report| !report.success)
}

impl Dialog for ReportDialog {
    fn context(&self) -> KeyContext {
        KeyContext::Report
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let lines = self.lines(cx.reading_width(), &running(TESTING, cx.ticks), cx);
        let frame = cx.reading_frame(lines.len());
        DialogModel {
            rows: Rows::Text(lines, None),
            cursor: self.cursor,
            ..DialogModel::new(format!("Test · {}", self.name), frame)
        }
    }

    fn spoken(&self, cx: &DialogContext<'_>) -> Spoken {
        let lines = self.lines(u16::MAX, TESTING, cx).into_iter();
        let lines = lines.map(|line| replace_symbol(&line.sentence()));
        Spoken::text(
            format!("Test of {}", self.name),
            lines.filter(|line| !line.is_empty()).collect(),
        )
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match (action, self.stored()) {
            (Action::Back, _) => DialogOutcome::Close,
            (Action::Retest, _) if self.ticket.is_none() => DialogOutcome::TestAgain,
            (Action::Models, Some(id)) => DialogOutcome::Browse(id, self.name.clone()),
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn can(&self, action: Action, _cx: &DialogContext<'_>) -> bool {
        match action {
            Action::Models => self.stored().is_some(),
            Action::Retest => self.ticket.is_none(),
            _ => true,
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// Takes the result: invalid fields are reported in the form, everything else here.
    fn reply(&mut self, reply: ServiceReply, _cx: &DialogContext<'_>) -> DialogOutcome {
        let outcome = match (reply, self.stored()) {
            (ServiceReply::Tested(Err(ConnectionError::Invalid(problems))), None) => {
                return DialogOutcome::TestRefused(problems);
            }
            (ServiceReply::Tested(tested), _) => tested.map_err(|error| error.to_string()),
            (other, _) => Err(failure(other)),
        };
        self.ticket = None;
        self.outcome = Some(outcome.clone());
        self.cursor.top = 0;
        match self.stored() {
            Some(id) => DialogOutcome::Tested(id, outcome),
            None => DialogOutcome::Stay,
        }
    }
}

struct ReportLines {
    lines: Vec<Row>,
    width: u16,
}

impl ReportLines {
    fn text(&mut self, tone: Tone, text: &str) {
        for text in wrap(text, self.width.into()) {
            self.lines.push(Row::text(text, tone));
        }
    }

    fn pair(&mut self, tone: Tone, label: &str, text: &str) {
        let label_tone = match tone {
            Tone::Text | Tone::Warning => Tone::Dim,
            other => other,
        };
        let mut label = label.to_owned();
        let room = self.width.saturating_sub(LABELS);
        for text in wrap(text, room.into()) {
            let label = std::mem::take(&mut label);
            self.lines.push(Row::cells(vec![
                Cell::Column(LABELS, vec![(label, label_tone)]),
                Cell::Text(vec![(text, tone)]),
            ]));
        }
    }

    fn gap(&mut self) {
        self.lines.push(Row::default());
    }

    /// Stages of a running test; a server reports all of them at the end.
    fn running(&mut self, progress: &str, passed: Option<TestStage>) {
        self.text(Tone::Dim, progress);
        self.gap();
        for stage in TestStage::ALL {
            let (mark, tone, state) = if passed >= Some(stage) {
                ("✓", Tone::Success, "passed")
            } else {
                ("○", Tone::Dim, "…")
            };
            self.pair(tone, &format!("{mark} {}", stage.as_str()), state);
        }
    }

    fn report(&mut self, report: &TestReport) {
        if report.success {
            self.text(Tone::Success, "✓ Connection test successful");
        } else {
            self.text(Tone::Error, "✗ Connection test failed");
        }
        if let Some(cause) = &report.error_message {
            self.text(Tone::Text, cause);
        }
        if let Some(advice) = &report.advice {
            self.pair(Tone::Warning, "Advice", advice);
        }
        if !report.steps.is_empty() {
            self.gap();
            for stage in TestStage::ALL {
                self.stage(report, stage);
            }
        }
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let pairs = [
            ("Provider message", report.provider_message.clone()),
            ("HTTP status", number(report.status.map(u64::from))),
            (
                "Latency",
                report.latency_ms.map(|time| format!("{time} ms")),
            ),
            ("Address", report.address.clone()),
            ("Models", report.models.map(|count| count.to_string())),
        ];
        if pairs.iter().any(|(_, text)| text.is_some()) {
            self.gap();
        }
        for (label, text) in pairs {
            if let Some(text) = text {
                self.pair(Tone::Text, label, &text);
            }
        }
    }

    fn stage(&mut self, report: &TestReport, stage: TestStage) {
        let step = report.steps.iter().find(|step| step.stage == stage);
        let (mark, tone, known) = match step {
            Some(step) if step.passed => (
                "✓",
                Tone::Success,
                step.detail.as_deref().unwrap_or("passed"),
            ),
            Some(step) => ("✗", Tone::Error, step.detail.as_deref().unwrap_or("failed")),
            None => ("○", Tone::Dim, "not tested"),
        };
        self.pair(tone, &format!("{mark} {}", stage.as_str()), known);
    }
}
