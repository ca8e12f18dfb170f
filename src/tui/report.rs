//! Dialog of a connection test: running or with its result.

use uuid::Uuid;

use super::action::Action;
use super::effect::Ticket;
use super::fit::wrap;
use super::layer::Outcome as LayerOutcome;
use crate::connection::{TestReport, TestStage};

/// Report of a test, or the reason why there is none.
pub type Outcome = Result<TestReport, String>;

/// Subject of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// Stored connection.
    Stored(Uuid),
    /// Contents of the form below, saved or not.
    Form,
}

/// Dialog with a test.
#[derive(Debug)]
pub struct Report {
    /// Subject of a test.
    pub tried: Tried,
    /// Name of the connection.
    pub name: String,
    /// Ticket of the pending request; `None` after the reply.
    pub ticket: Option<Ticket>,
    /// Result, once known.
    pub outcome: Option<Outcome>,
    /// First visible line.
    pub top: usize,
}

/// Style of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Plain text.
    Plain,
    /// Success.
    Right,
    /// Failure.
    Wrong,
    /// Secondary text.
    Dim,
    /// Advice.
    Advice,
}

/// Line of the report: a label, empty on continuation lines, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Label.
    pub label: String,
    /// Text.
    pub text: String,
    /// True if the text is in the column right of the labels.
    pub is_beside: bool,
    /// Style.
    pub tone: Tone,
}

/// Width of the labels; the longest are `Provider message` and `authentication` after its mark.
pub const LABELS: u16 = 18;

impl Report {
    /// Creates the dialog of a running test.
    pub fn new(tried: Tried, name: &str, ticket: Ticket) -> Self {
        Self {
            tried,
            name: name.to_owned(),
            ticket: Some(ticket),
            outcome: None,
            top: 0,
        }
    }

    /// Creates the dialog of a finished test.
    pub fn finished(tried: Tried, name: &str, outcome: Outcome) -> Self {
        Self {
            tried,
            name: name.to_owned(),
            ticket: None,
            outcome: Some(outcome),
            top: 0,
        }
    }

    /// Returns the ID of the tested connection if its stored settings were tested.
    pub const fn stored(&self) -> Option<Uuid> {
        match self.tried {
            Tried::Stored(id) => Some(id),
            Tried::Form => None,
        }
    }

    /// Sets the result.
    pub fn done(&mut self, outcome: Outcome) {
        self.ticket = None;
        self.outcome = Some(outcome);
        self.top = 0;
    }

    /// Returns the lines, wrapped to a width in columns.
    pub fn lines(&self, width: u16) -> Vec<Line> {
        let mut lines = Lines {
            lines: Vec::new(),
            width,
        };
        match &self.outcome {
            None => lines.text(Tone::Dim, "Testing the connection…"),
            Some(Err(problem)) => {
                lines.text(Tone::Wrong, "✗ Connection test failed");
                lines.text(Tone::Plain, problem);
            }
            Some(Ok(report)) => lines.report(report),
        }
        lines.lines
    }

    /// Handles an action with `count` lines, of which `rows` are visible.
    pub fn act(&mut self, action: Action, count: usize, rows: usize) -> LayerOutcome {
        let last = count.saturating_sub(rows);
        match action {
            Action::Back => return LayerOutcome::Close,
            Action::Retest if self.ticket.is_none() => return LayerOutcome::TestAgain,
            Action::Models => {
                if let Some(id) = self.stored() {
                    return LayerOutcome::Browse(id, self.name.clone());
                }
            }
            other => self.top = scrolled(other, self.top, (rows, last)),
        }
        LayerOutcome::Stay
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

struct Lines {
    lines: Vec<Line>,
    width: u16,
}

impl Lines {
    fn text(&mut self, tone: Tone, text: &str) {
        for text in wrap(text, self.width.into()) {
            self.lines.push(Line {
                label: String::new(),
                text,
                is_beside: false,
                tone,
            });
        }
    }

    fn pair(&mut self, tone: Tone, label: &str, text: &str) {
        let mut label = label.to_owned();
        let room = self.width.saturating_sub(LABELS);
        for text in wrap(text, room.into()) {
            let label = std::mem::take(&mut label);
            self.lines.push(Line {
                label,
                text,
                is_beside: true,
                tone,
            });
        }
    }

    fn gap(&mut self) {
        self.lines.push(Line {
            label: String::new(),
            text: String::new(),
            is_beside: false,
            tone: Tone::Plain,
        });
    }

    fn report(&mut self, report: &TestReport) {
        if report.success {
            self.text(Tone::Right, "✓ Connection test successful");
        } else {
            self.text(Tone::Wrong, "✗ Connection test failed");
        }
        if let Some(cause) = &report.error_message {
            self.text(Tone::Plain, cause);
        }
        if let Some(advice) = &report.advice {
            self.pair(Tone::Advice, "Advice", advice);
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
                self.pair(Tone::Plain, label, &text);
            }
        }
    }

    fn stage(&mut self, report: &TestReport, stage: TestStage) {
        let step = report.steps.iter().find(|step| step.stage == stage);
        let (mark, tone, known) = match step {
            Some(step) if step.passed => {
                ("✓", Tone::Right, step.detail.as_deref().unwrap_or("passed"))
            }
            Some(step) => ("✗", Tone::Wrong, step.detail.as_deref().unwrap_or("failed")),
            None => ("○", Tone::Dim, "not tested"),
        };
        self.pair(tone, &format!("{mark} {}", stage.as_str()), known);
    }
}
