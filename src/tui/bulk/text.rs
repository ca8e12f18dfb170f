//! Texts of a bulk operation.

use super::{BulkJob, BulkOperation, BulkPhase, BulkRow, BulkRowState};
use crate::tui::dialog::{Part, Tone};

impl BulkOperation {
    /// Title of the dialog.
    pub fn title(&self) -> String {
        let all = self.len();
        let undo = if self.is_undo { "Undo · " } else { "" };
        match self.phase {
            BulkPhase::Preview if self.choices.len() > 1 => connections(all),
            BulkPhase::Preview => format!("{} · {}", self.job.label(), connections(all)),
            BulkPhase::Running | BulkPhase::Writing => format!(
                "{undo}{} · {} of {all}",
                self.job.running_label(),
                self.progress.finished()
            ),
            BulkPhase::Finished => format!("{undo}{} · {all}", self.job.label()),
        }
    }

    /// Summary of the operation in parts of different styles.
    pub fn summary(&self) -> Vec<Part> {
        match self.phase {
            BulkPhase::Preview => vec![(self.preview(), Tone::Text)],
            BulkPhase::Running if self.stopped.is_some() => vec![(
                format!("Stopping; {} still running", self.progress.running),
                Tone::Warning,
            )],
            BulkPhase::Running => vec![(self.progress(), Tone::Text)],
            BulkPhase::Writing => vec![("Writing the file…".into(), Tone::Text)],
            BulkPhase::Finished => self.result(),
        }
    }

    /// Summary of the operation in one sentence.
    pub fn summary_text(&self) -> String {
        let parts: Vec<_> = self.summary().into_iter().map(|(text, _)| text).collect();
        parts.join(" · ")
    }

    fn preview(&self) -> String {
        let counts = self.preview_counts();
        let mut parts = match self.job {
            BulkJob::Delete => vec![
                format!("Delete {}?", connections(counts.change)),
                match self.warning {
                    None => "Deleted connections go to the trash, with their history.".into(),
                    Some(warning) => format!("{warning}."),
                },
            ],
            BulkJob::Export => vec![format!(
                "{} {} without secrets; each secret becomes a blank.",
                counts.change,
                self.job.planned_label()
            )],
            BulkJob::Activate | BulkJob::Deactivate | BulkJob::Test | BulkJob::Restore => {
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
            parts.push(format!(
                "{} deleted elsewhere.",
                was_or_were(counts.deleted)
            ));
        }
        if counts.hidden > 0 {
            parts.push(format!("{} hidden by the filter.", are(counts.hidden)));
        }
        parts.join(" ")
    }

    fn progress(&self) -> String {
        match self.progress.failed {
            0 => format!("{} of {}", self.progress.finished(), self.len()),
            failed => format!(
                "{} of {}, {failed} failed",
                self.progress.finished(),
                self.len()
            ),
        }
    }

    /// Counts of the result, each in its own style.
    fn result(&self) -> Vec<Part> {
        let tally = self.progress;
        let done = format!("{} {}", tally.done, self.job.done_label());
        let written = self.written.as_ref();
        let count = |count: usize, label: &str, tone| {
            (count > 0).then(|| (format!("{count} {label}"), tone))
        };
        let done_tone = if tally.done > 0 {
            Tone::Success
        } else {
            Tone::Dim
        };
        let stopped = self.stopped.as_ref().filter(|reason| !reason.is_empty());
        [
            Some((done, done_tone)),
            count(tally.unchanged, self.job.unchanged_label(), Tone::Dim),
            count(tally.failed, "failed", Tone::Error),
            count(tally.waiting, "not started", Tone::Warning),
            written.map(|file| (format!("in {file}"), Tone::Text)),
            stopped.map(|reason| (format!("Stopped: {reason}"), Tone::Error)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Symbol and text of a row.
    pub fn row_text<'a>(&self, row: &'a BulkRow) -> (&'static str, &'a str, Tone) {
        let job = self.job;
        match (&row.state, self.phase) {
            (_, BulkPhase::Preview) if row.is_missing_for(job) => {
                ("✗", "deleted elsewhere", Tone::Error)
            }
            (_, BulkPhase::Preview) if row.needs_no_change(job) => {
                ("=", job.unchanged_label(), Tone::Dim)
            }
            (_, BulkPhase::Preview) => ("→", job.planned_label(), Tone::Text),
            (BulkRowState::Pending, BulkPhase::Running | BulkPhase::Writing) => {
                ("·", "", Tone::Dim)
            }
            (BulkRowState::Pending, BulkPhase::Finished) => ("○", "not started", Tone::Warning),
            (BulkRowState::Running, _) => ("…", "running", Tone::Text),
            (BulkRowState::Done(detail), _) => {
                let text = detail.as_deref().unwrap_or(job.done_label());
                ("✓", text, Tone::Success)
            }
            (BulkRowState::Unchanged, _) => ("=", job.unchanged_label(), Tone::Dim),
            (BulkRowState::Failed(reason), _) => ("✗", reason, Tone::Error),
        }
    }

    /// Progress while the operation runs in the background.
    pub fn running_status(&self) -> Option<String> {
        let label = self.job.running_label();
        match self.phase {
            BulkPhase::Running => {
                let finished = self.progress.finished();
                Some(format!("{label} {finished} of {}", self.len()))
            }
            BulkPhase::Writing => Some(label.to_owned()),
            BulkPhase::Preview | BulkPhase::Finished => None,
        }
    }

    /// Warning before the app quits; `None` if the operation is not running.
    pub fn quit_warning(&self) -> Option<String> {
        self.is_running().then(|| {
            format!(
                "{} is running: {} of {}. Connections that are not started will be skipped.",
                self.job.running_label(),
                self.progress.finished(),
                self.len()
            )
        })
    }

    /// Notice at the end of the operation.
    pub fn notice(&self) -> String {
        format!("{}: {}", self.job.label(), self.summary_text())
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

fn was_or_were(count: usize) -> String {
    match count {
        1 => "1 was".into(),
        count => format!("{count} were"),
    }
}
