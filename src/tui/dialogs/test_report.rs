//! Dialog of a connection test: running or with its result.

use uuid::Uuid;

use crate::connection::{TestReport, TestStage};
use crate::tui::action::Action;
use crate::tui::dialog::DialogOutcome;
use crate::tui::effect::Ticket;
use crate::tui::text_width::wrap;

/// Report of a test, or the reason why there is none.
pub type TestOutcome = Result<TestReport, String>;

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
    /// Result, once known.
    pub outcome: Option<TestOutcome>,
    /// First visible line.
    pub top: usize,
}

/// Style of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStyle {
    /// Plain text.
    Plain,
    /// Success.
    Success,
    /// Failure.
    Error,
    /// Secondary text.
    Dim,
    /// Advice.
    Advice,
}

/// Line of the report: a label, empty on continuation lines, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    /// Label.
    pub label: String,
    /// Text.
    pub text: String,
    /// True if the text is in the column right of the labels.
    pub is_beside: bool,
    /// Style.
    pub style: ReportStyle,
}

/// Width of the labels; the longest are `Provider message` and `authentication` after its mark.
pub const LABELS: u16 = 18;

impl ReportDialog {
    /// Creates the dialog of a running test.
    pub fn new(subject: ReportSubject, name: &str, ticket: Ticket) -> Self {
        Self {
            subject,
            name: name.to_owned(),
            ticket: Some(ticket),
            outcome: None,
            top: 0,
        }
    }

    /// Creates the dialog of a finished test.
    pub fn finished(subject: ReportSubject, name: &str, outcome: TestOutcome) -> Self {
        Self {
            subject,
            name: name.to_owned(),
            ticket: None,
            outcome: Some(outcome),
            top: 0,
        }
    }

    /// Returns the ID of the tested connection if its stored settings were tested.
    pub const fn stored(&self) -> Option<Uuid> {
        match self.subject {
            ReportSubject::Stored(id) => Some(id),
            ReportSubject::Form => None,
        }
    }

    /// Sets the result.
    pub fn done(&mut self, outcome: TestOutcome) {
        self.ticket = None;
        self.outcome = Some(outcome);
        self.top = 0;
    }

    /// Returns the lines, wrapped to a width in columns.
    pub fn lines(&self, width: u16) -> Vec<ReportLine> {
        let mut lines = ReportLines {
            lines: Vec::new(),
            width,
        };
        match &self.outcome {
            None => lines.text(ReportStyle::Dim, "Testing the connection…"),
            Some(Err(problem)) => {
                lines.text(ReportStyle::Error, "✗ Connection test failed");
                lines.text(ReportStyle::Plain, problem);
            }
            Some(Ok(report)) => lines.report(report),
        }
        lines.lines
    }

    /// Handles an action with `count` lines, of which `rows` are visible.
    pub fn act(&mut self, action: Action, count: usize, rows: usize) -> DialogOutcome {
        let last = count.saturating_sub(rows);
        match action {
            Action::Back => return DialogOutcome::Close,
            Action::Retest if self.ticket.is_none() => return DialogOutcome::TestAgain,
            Action::Models => {
                if let Some(id) = self.stored() {
                    return DialogOutcome::Browse(id, self.name.clone());
                }
            }
            other => self.top = scrolled(other, self.top, (rows, last)),
        }
        DialogOutcome::Stay
    }
}

/// Returns the first visible line after a scroll action, at most `last`; `rows` are visible.
pub fn scrolled(action: Action, top: usize, (rows, last): (usize, usize)) -> usize {
    match action {
        Action::Up => top.saturating_sub(1),
        Action::Down => top + 1,
        Action::PageUp => top.saturating_sub(rows),
        Action::PageDown => top + rows,
        Action::First => 0,
        Action::Last => last,
        _ => top,
    }
    .min(last)
}

struct ReportLines {
    lines: Vec<ReportLine>,
    width: u16,
}

impl ReportLines {
    fn text(&mut self, tone: ReportStyle, text: &str) {
        for text in wrap(text, self.width.into()) {
            self.lines.push(ReportLine {
                label: String::new(),
                text,
                is_beside: false,
                style: tone,
            });
        }
    }

    fn pair(&mut self, tone: ReportStyle, label: &str, text: &str) {
        let mut label = label.to_owned();
        let room = self.width.saturating_sub(LABELS);
        for text in wrap(text, room.into()) {
            let label = std::mem::take(&mut label);
            self.lines.push(ReportLine {
                label,
                text,
                is_beside: true,
                style: tone,
            });
        }
    }

    fn gap(&mut self) {
        self.lines.push(ReportLine {
            label: String::new(),
            text: String::new(),
            is_beside: false,
            style: ReportStyle::Plain,
        });
    }

    fn report(&mut self, report: &TestReport) {
        if report.success {
            self.text(ReportStyle::Success, "✓ Connection test successful");
        } else {
            self.text(ReportStyle::Error, "✗ Connection test failed");
        }
        if let Some(cause) = &report.error_message {
            self.text(ReportStyle::Plain, cause);
        }
        if let Some(advice) = &report.advice {
            self.pair(ReportStyle::Advice, "Advice", advice);
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
                self.pair(ReportStyle::Plain, label, &text);
            }
        }
    }

    fn stage(&mut self, report: &TestReport, stage: TestStage) {
        let step = report.steps.iter().find(|step| step.stage == stage);
        let (mark, tone, known) = match step {
            Some(step) if step.passed => (
                "✓",
                ReportStyle::Success,
                step.detail.as_deref().unwrap_or("passed"),
            ),
            Some(step) => (
                "✗",
                ReportStyle::Error,
                step.detail.as_deref().unwrap_or("failed"),
            ),
            None => ("○", ReportStyle::Dim, "not tested"),
        };
        self.pair(tone, &format!("{mark} {}", stage.as_str()), known);
    }
}
