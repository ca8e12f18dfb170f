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
            Phase::Asking if self.choices.len() > 1 => connections(all),
            Phase::Asking => format!("{} · {}", self.job.button(), connections(all)),
            Phase::Running | Phase::Writing => format!(
                "{undo}{} · {} of {all}",
                self.job.doing(),
                self.tally.over()
            ),
            Phase::Over => format!("{undo}{} · {all}", self.job.button()),
        }
    }

    /// Summary of the operation.
    pub fn summary(&self) -> (String, Tone) {
        match self.phase {
            Phase::Asking => (self.preview(), Tone::Plain),
            Phase::Running if self.stopped.is_some() => (
                format!("Stopping; {} still running", self.tally.under_way),
                Tone::Warning,
            ),
            Phase::Running => (self.progress(), Tone::Plain),
            Phase::Writing => ("Writing the file…".into(), Tone::Plain),
            Phase::Over => self.result(),
        }
    }

    fn preview(&self) -> String {
        let counts = self.foreseen();
        let mut said = match self.job {
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
                self.job.will()
            )],
            Job::Enable | Job::Disable | Job::Test | Job::Restore => {
                vec![format!("{} {}.", counts.change, self.job.will())]
            }
        };
        if counts.stay > 0 {
            said.push(match counts.stay {
                1 => format!("1 is {} and will be skipped.", self.job.already()),
                stay => format!("{stay} are {} and will be skipped.", self.job.already()),
            });
        }
        if counts.gone > 0 {
            said.push(format!("{} deleted elsewhere.", were(counts.gone)));
        }
        if counts.hidden > 0 {
            said.push(format!("{} hidden by the filter.", are(counts.hidden)));
        }
        said.join(" ")
    }

    fn progress(&self) -> String {
        match self.tally.failed {
            0 => format!("{} of {}", self.tally.over(), self.len()),
            failed => format!("{} of {}, {failed} failed", self.tally.over(), self.len()),
        }
    }

    fn result(&self) -> (String, Tone) {
        let tally = self.tally;
        let mut said = vec![format!("{} {}", tally.done, self.job.done())];
        if tally.unchanged > 0 {
            said.push(format!("{} {}", tally.unchanged, self.job.already()));
        }
        if tally.failed > 0 {
            said.push(format!("{} failed", tally.failed));
        }
        if tally.waiting > 0 {
            said.push(format!("{} not started", tally.waiting));
        }
        let mut text = said.join(" · ");
        if let Some(file) = &self.written {
            text = format!("{text}, in {file}");
        }
        let tone = match (&self.stopped, tally.failed) {
            (None, 0) => Tone::Right,
            (Some(why), _) if !why.is_empty() => {
                text = format!("{text}. Stopped: {why}");
                Tone::Wrong
            }
            (Some(_), 0) => Tone::Warning,
            (Some(_) | None, _) => Tone::Wrong,
        };
        (text, tone)
    }

    /// Symbol and text of a row.
    pub fn said_of<'a>(&self, row: &'a Row) -> (&'static str, &'a str, Tone) {
        let job = self.job;
        match (&row.state, self.phase) {
            (_, Phase::Asking) if row.is_missed(job) => ("✗", "deleted elsewhere", Tone::Wrong),
            (_, Phase::Asking) if row.stays(job) => ("=", job.already(), Tone::Dim),
            (_, Phase::Asking) => ("→", job.will(), Tone::Plain),
            (State::Waiting, Phase::Running | Phase::Writing) => ("·", "", Tone::Dim),
            (State::Waiting, Phase::Over) => ("○", "not started", Tone::Warning),
            (State::UnderWay, _) => ("…", "running", Tone::Plain),
            (State::Done(said), _) => {
                let said = said.as_deref().unwrap_or(job.done());
                ("✓", said, Tone::Right)
            }
            (State::Unchanged, _) => ("=", job.already(), Tone::Dim),
            (State::Failed(why), _) => ("✗", why, Tone::Wrong),
        }
    }

    /// Notice at the end of the operation.
    pub fn notice(&self) -> String {
        let (said, _) = self.summary();
        format!("{}: {said}", self.job.button())
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
