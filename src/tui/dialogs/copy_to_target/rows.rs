//! Rows of a copy to a target: the targets, then the connections.

use super::{CopyDialog, CopyPhase, refusal};
use crate::plan::StepResult;
use crate::tui::copy_plan::{CopyRow, PlannedCopy};
use crate::tui::dialog::{Cell, Row, Tone};
use crate::tui::targets::TargetEntry;
use crate::tui::text_width::{cut, width};

impl CopyDialog {
    pub(super) fn row_model(&self, at: usize, room: u16) -> Row {
        let room = usize::from(room);
        if self.phase == CopyPhase::Choose {
            return self
                .entries
                .get(at)
                .map_or_else(Row::default, |entry| target_row(entry, room));
        }
        let Some(row) = self.rows.get(at) else {
            return Row::default();
        };
        let (mark, message, tone) = self.state(at, row);
        let name = cut(&row.alias, room / 2);
        let left = room.saturating_sub(width(&name) + 4);
        Row {
            cells: vec![
                Cell::Text(vec![(mark.into(), tone), (" ".into(), Tone::Text)]),
                Cell::Text(vec![(name, Tone::Text)]),
                Cell::Right(cut(&message, left), tone),
            ],
            spoken: Some(format!("{}: {message}", row.alias)),
        }
    }

    pub(super) fn row_sentence(&self, at: usize) -> String {
        let row = self.rows.get(at);
        row.map_or_else(String::new, |row| {
            let mut sentence = format!("{}: {}", row.alias, self.state(at, row).1);
            for (path, reason) in &row.not_copied {
                sentence = format!("{sentence}; {path} {reason}");
            }
            sentence
        })
    }

    /// Returns mark, text and tone of a row.
    fn state(&self, at: usize, row: &CopyRow) -> (&'static str, String, Tone) {
        if let Some(result) = self.results.get(at).and_then(Option::as_ref) {
            return result_text(result);
        }
        if self.current == Some(at) {
            return ("→", "copying".into(), Tone::Text);
        }
        let is_finished = self.phase == CopyPhase::Finished;
        match &row.planned {
            PlannedCopy::Create | PlannedCopy::Update if is_finished => {
                (" ", "not started".into(), Tone::Warning)
            }
            PlannedCopy::Create => ("+", "create".into(), Tone::Added),
            PlannedCopy::Update => {
                let paths = row.changes.iter().map(|change| short(&change.path));
                let paths = paths.collect::<Vec<_>>().join(", ");
                ("~", format!("change {paths}"), Tone::Warning)
            }
            PlannedCopy::Same if row.not_copied.is_empty() => ("=", "same".into(), Tone::Dim),
            PlannedCopy::Same => ("=", "same, in part".into(), Tone::Dim),
            PlannedCopy::Refused(reason) => ("✗", format!("refused: {reason}"), Tone::Error),
        }
    }
}

fn result_text(result: &StepResult) -> (&'static str, String, Tone) {
    match result {
        StepResult::Failed(error) => {
            let label = match result.as_str() {
                "unconfirmed" => "may have been saved",
                "saved" => "saved, but not read back",
                _ => return ("✗", error.to_string(), Tone::Error),
            };
            ("!", label.into(), Tone::Warning)
        }
        StepResult::NotStarted => (" ", "not started".into(), Tone::Warning),
        done => ("✓", done.as_str().into(), Tone::Success),
    }
}

/// Returns the last part of a path: `apiKey` for `settings.apiKey`.
fn short(path: &str) -> &str {
    path.strip_prefix("settings.").unwrap_or(path)
}

fn target_row(entry: &TargetEntry, room: usize) -> Row {
    let reason = refusal(entry);
    let tone = if reason.is_some() {
        Tone::Dim
    } else {
        Tone::Text
    };
    let badge = entry.badge.as_ref();
    let badge = badge.map_or_else(String::new, |badge| format!(" [{badge}]"));
    let name = cut(&format!("{}{badge}", entry.label()), room / 2);
    let left = room.saturating_sub(width(&name) + 2);
    let right = reason.unwrap_or(&entry.address);
    let spoken = match reason {
        Some(reason) => format!("{}: not available, {reason}", entry.place()),
        None => entry.place(),
    };
    Row {
        cells: vec![
            Cell::Text(vec![(name, tone)]),
            Cell::Right(cut(right, left), Tone::Dim),
        ],
        spoken: Some(spoken),
    }
}
