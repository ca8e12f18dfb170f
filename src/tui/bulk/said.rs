//! Texts of a bulk operation.

use super::{Bulk, Job, Phase, Row, State};

/// Tone of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neutral.
    Plain,
    /// Less important.
    Dim,
    /// Success.
    Right,
    /// Warning.
    Warning,
    /// Error.
    Wrong,
}

impl Bulk {
    /// Title of the dialog.
    pub fn title(&self) -> String {
        let all = self.len();
        let undo = if self.is_undo { "Undo · " } else { "" };
        match self.phase {
            Phase::Preview if self.choices.len() > 1 => connections(all),
            Phase::Preview => format!("{} · {}", self.job.label(), connections(all)),
            Phase::Running | Phase::Writing => format!(
                "{undo}{} · {} of {all}",
                self.job.running_label(),
                self.tally.finished()
            ),
            Phase::Finished => format!("{undo}{} · {all}", self.job.label()),
        }
    }

    /// Summary of the operation.
    pub fn summary(&self) -> (String, Tone) {
        match self.phase {
            Phase::Preview => (self.preview(), Tone::Plain),
            Phase::Running if self.stopped.is_some() => (
                format!("Stopping; {} still running", self.tally.running),
                Tone::Warning,
            ),
            Phase::Running => (self.progress(), Tone::Plain),
            Phase::Writing => ("Writing the file…".into(), Tone::Plain),
            Phase::Finished => self.result(),
        }
    }

    fn preview(&self) -> String {
        let counts = self.preview_counts();
        let mut parts = match self.job {
            Job::Delete => vec![
                format!(
                    "Are you sure you want to delete {} connection(s)?",
                    counts.change
                ),
                match self.warning {
                    None => "Deleted connections go to the trash, with their history.".into(),
                    Some(warning) => format!("{warning}."),
                },
            ],
            Job::Export => vec![format!(
                "{} {} without secrets; each secret becomes a blank.",
                counts.change,
                self.job.planned_label()
            )],
            Job::Activate | Job::Deactivate | Job::Test | Job::Restore => {
                vec![format!("{} {}.", counts.change, self.job.planned_label())]
            }
        };
        if counts.unchanged > 0 {
            parts.push(match counts.unchanged {
                1 => format!("1 is {} and will be skipped.", self.job.unchanged_label()),
                count => format!(
                    "{count} are {} and will be skipped.",
                    self.job.unchanged_label()
                ),
            });
        }
        if counts.deleted > 0 {
            parts.push(format!("{} deleted elsewhere.", were(counts.deleted)));
        }
        if counts.hidden > 0 {
            parts.push(format!("{} hidden by the filter.", are(counts.hidden)));
        }
        parts.join(" ")
    }

    fn progress(&self) -> String {
        match self.tally.failed {
            0 => format!("{} of {}", self.tally.finished(), self.len()),
            failed => format!(
                "{} of {}, {failed} failed",
                self.tally.finished(),
                self.len()
            ),
        }
    }

    fn result(&self) -> (String, Tone) {
        let tally = self.tally;
        let mut parts = vec![format!("{} {}", tally.done, self.job.done_label())];
        if tally.unchanged > 0 {
            parts.push(format!(
                "{} {}",
                tally.unchanged,
                self.job.unchanged_label()
            ));
        }
        if tally.failed > 0 {
            parts.push(format!("{} failed", tally.failed));
        }
        if tally.waiting > 0 {
            parts.push(format!("{} not started", tally.waiting));
        }
        let mut text = parts.join(" · ");
        if let Some(file) = &self.written {
            text = format!("{text}, in {file}");
        }
        let tone = match (&self.stopped, tally.failed) {
            (None, 0) => Tone::Right,
            (Some(reason), _) if !reason.is_empty() => {
                text = format!("{text}. Stopped: {reason}");
                Tone::Wrong
            }
            (Some(_), 0) => Tone::Warning,
            (Some(_) | None, _) => Tone::Wrong,
        };
        (text, tone)
    }

    /// Symbol and text of a row.
    pub fn row_text<'a>(&self, row: &'a Row) -> (&'static str, &'a str, Tone) {
        let job = self.job;
        match (&row.state, self.phase) {
            (_, Phase::Preview) if row.is_missing_for(job) => {
                ("✗", "deleted elsewhere", Tone::Wrong)
            }
            (_, Phase::Preview) if row.needs_no_change(job) => {
                ("=", job.unchanged_label(), Tone::Dim)
            }
            (_, Phase::Preview) => ("→", job.planned_label(), Tone::Plain),
            (State::Waiting, Phase::Running | Phase::Writing) => ("·", "", Tone::Dim),
            (State::Waiting, Phase::Finished) => ("○", "not started", Tone::Warning),
            (State::Running, _) => ("…", "running", Tone::Plain),
            (State::Done(detail), _) => {
                let text = detail.as_deref().unwrap_or(job.done_label());
                ("✓", text, Tone::Right)
            }
            (State::Unchanged, _) => ("=", job.unchanged_label(), Tone::Dim),
            (State::Failed(reason), _) => ("✗", reason, Tone::Wrong),
        }
    }

    /// Notice at the end of the operation.
    pub fn notice(&self) -> String {
        let (summary, _) = self.summary();
        format!("{}: {summary}", self.job.label())
    }
}

fn connections(count: usize) -> String {
    match count {
        1 => "1 connection".into(),
        count => format!("{count} connections"),
    }
}

fn are(count: usize) -> String {
    match count {
        1 => "1 is".into(),
        count => format!("{count} are"),
    }
}

fn were(count: usize) -> String {
    match count {
        1 => "1 was".into(),
        count => format!("{count} were"),
    }
}
