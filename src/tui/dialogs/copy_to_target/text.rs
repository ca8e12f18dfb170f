//! Texts of a copy to a target: title, summary, and the lines about the selected row.

use super::{CopyDialog, CopyPhase, MAX_SIZE};
use crate::plan::{SecretPolicy, StepResult};
use crate::tui::copy_plan::{CopyRow, PlannedCopy};
use crate::tui::dialog::{DialogContext, Part, TextBlock, Tone, side_by_side, wrapped};
use crate::tui::plain::text::count;

/// Maximum number of lines of the summary.
const MAX_HEAD: usize = 7;

impl CopyDialog {
    pub(super) fn title(&self) -> String {
        match (self.phase, self.entries.get(self.target)) {
            (CopyPhase::Choose, _) | (_, None) => "Copy to target".into(),
            (_, Some(entry)) => format!("Copy to {}", entry.label()),
        }
    }

    pub(super) fn empty(&self) -> &'static str {
        match self.phase {
            CopyPhase::Choose => {
                "No targets. Add one: umai login URL, or [targets.NAME] in config.toml"
            }
            CopyPhase::Planning => "Comparing…",
            CopyPhase::Preview | CopyPhase::Running | CopyPhase::Finished => {
                "The connections were deleted"
            }
        }
    }

    pub(super) fn head(&self, cx: &DialogContext<'_>, columns: usize) -> TextBlock {
        let mut summary = self.summary(cx);
        if let (CopyPhase::Preview, Some((text, _))) = (&self.phase, summary.last_mut()) {
            text.push_str(" · ↑↓ shows details");
        }
        let mut lines: Vec<_> = summary
            .into_iter()
            .flat_map(|(text, tone)| wrapped(&text, tone, columns))
            .collect();
        if self.phase == CopyPhase::Finished {
            lines.extend(side_by_side(&self.result(), columns));
        }
        lines.truncate(MAX_HEAD);
        TextBlock {
            rows: u16::try_from(lines.len()).unwrap_or(0),
            lines,
        }
    }

    /// Sentences about the copy; those that confirm it begin with its target.
    pub(super) fn summary(&self, cx: &DialogContext<'_>) -> Vec<Part> {
        let Some(entry) = self.entries.get(self.target) else {
            return Vec::new();
        };
        let place = entry.place();
        match self.phase {
            CopyPhase::Choose => {
                let from = cx.target.place();
                let from = from.map_or_else(String::new, |from| format!(" from {from}"));
                let what = count(self.ids.len(), "connection");
                let mut parts = vec![(format!("Copy {what}{from} to:"), Tone::Text)];
                parts.extend(self.error.clone().map(|error| (error, Tone::Error)));
                parts
            }
            CopyPhase::Planning => vec![(format!("Comparing with {place}"), Tone::Text)],
            CopyPhase::Preview => {
                let mut parts = vec![(format!("To {place}"), Tone::Title)];
                if self.creates_store && self.steps > 0 {
                    let text = "There is no store yet: copying creates it";
                    parts.push((text.into(), Tone::Warning));
                }
                parts.push((self.planned_sentence(), Tone::Text));
                parts.push((self.secrets_sentence(), Tone::Dim));
                parts
            }
            CopyPhase::Running if self.is_stopped => {
                vec![("Stopping after this connection".into(), Tone::Warning)]
            }
            CopyPhase::Running | CopyPhase::Finished => {
                vec![(format!("To {place}"), Tone::Title)]
            }
        }
    }

    fn planned_sentence(&self) -> String {
        let of = |wanted: fn(&PlannedCopy) -> bool| {
            let rows = self.rows.iter();
            rows.filter(|row| wanted(&row.planned)).count()
        };
        let counts = [
            (of(|it| *it == PlannedCopy::Create), "to create"),
            (of(|it| *it == PlannedCopy::Update), "to change"),
            (of(|it| *it == PlannedCopy::Same), "the same"),
            (
                of(|it| matches!(it, PlannedCopy::Refused(_))),
                "refused and left out",
            ),
        ];
        sentence(&counts)
    }

    fn secrets_sentence(&self) -> String {
        let kept: usize = self.rows.iter().map(|row| row.uncopied_secrets).sum();
        match (self.secrets, self.can_reveal) {
            (SecretPolicy::Copy, _) => "Stored secrets are copied, too".into(),
            (SecretPolicy::Keep, true) if kept > 0 => {
                format!("Secrets that differ and are not copied: {kept}")
            }
            (SecretPolicy::Keep, true) => "Stored secrets are not copied".into(),
            (SecretPolicy::Keep, false) => {
                "A server never sends secrets: they are not copied".into()
            }
        }
    }

    /// Counts of the result, each in its own style.
    pub(super) fn result(&self) -> Vec<Part> {
        let of = |wanted: &str| {
            let results = self.results.iter().flatten();
            results.filter(|result| result.as_str() == wanted).count()
        };
        let is_refused = |row: &&CopyRow| matches!(row.planned, PlannedCopy::Refused(_));
        let failed = of("refused") + self.rows.iter().filter(is_refused).count();
        let unconfirmed = of("unconfirmed") + of("saved");
        let not_started = self.steps - self.finished;
        let counts = [
            (of("created"), "created", Tone::Success),
            (of("updated"), "updated", Tone::Success),
            (of("unchanged"), "unchanged", Tone::Dim),
            (failed, "refused", Tone::Error),
            (unconfirmed, "to be checked", Tone::Warning),
            (not_started, "not started", Tone::Warning),
        ];
        let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
        counts
            .map(|(count, label, tone)| (format!("{count} {label}"), tone))
            .collect()
    }

    /// Lines about the selected row: its changes, or why it is not copied.
    pub(super) fn details(&self, columns: usize) -> Vec<Vec<Part>> {
        self.details_of(self.cursor.selected, columns)
    }

    /// Number of lines about the row that has most of them, among those that fit on a screen.
    pub(super) fn most_details(&self, columns: usize) -> usize {
        let rows = 0..self.rows.len().min(MAX_SIZE.1.into());
        let lines = rows.map(|at| self.details_of(at, columns).len());
        lines.max().unwrap_or(0)
    }

    fn details_of(&self, selected: usize, columns: usize) -> Vec<Vec<Part>> {
        let is_row = !matches!(self.phase, CopyPhase::Choose | CopyPhase::Planning);
        let Some(row) = self.rows.get(selected).filter(|_| is_row) else {
            return Vec::new();
        };
        let mut parts: Vec<Part> = Vec::new();
        if let Some(StepResult::Failed(error)) = self.results.get(selected).and_then(Option::as_ref)
        {
            parts.push((error.to_string(), Tone::Error));
        }
        if let PlannedCopy::Refused(reason) = &row.planned {
            parts.push((reason.clone(), Tone::Error));
        }
        for change in &row.changes {
            parts.push((format!("{}: {}", change.path, change.values()), Tone::Dim));
        }
        for (path, reason) in &row.not_copied {
            parts.push((format!("{path}: {reason}"), Tone::Warning));
        }
        let parts = parts.into_iter();
        parts
            .flat_map(|(text, tone)| wrapped(&text, tone, columns))
            .collect()
    }
}

fn sentence(counts: &[(usize, &str)]) -> String {
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    counts.join(", ")
}
