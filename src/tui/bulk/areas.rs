//! Layout of the dialog of a bulk operation.

use super::{BulkOperation, BulkPhase};
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::text_width;

/// Maximum width and height.
const MAX_SIZE: (u16, u16) = (96, 28);

/// Maximum number of rows of the summary.
const MAX_SUMMARY_ROWS: u16 = 4;

/// Areas of the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkAreas {
    /// Dialog with its border.
    pub whole: Area,
    /// Summary of the operation and of the selected row.
    pub head: Area,
    /// Progress bar.
    pub bar: Area,
    /// File name.
    pub line: Area,
    /// Rows.
    pub list: Area,
    /// Buttons, from left to right.
    pub buttons: Vec<Area>,
}

impl BulkOperation {
    /// Areas for the current state.
    pub fn parts(&self, layout: &ScreenLayout) -> BulkAreas {
        let rows = u16::try_from(self.len()).unwrap_or(u16::MAX);
        let whole = layout
            .body
            .centered(MAX_SIZE.0, rows.saturating_add(7).min(MAX_SIZE.1));
        let inside = whole.inside();
        let padded = Area {
            x: inside.x + 1.min(inside.width),
            width: inside.width.saturating_sub(2),
            ..inside
        };
        let is_asking = self.phase == BulkPhase::Preview;
        let rows = text_width::wrap(&self.summary().0, padded.width.into()).len();
        let mut rows = u16::try_from(rows)
            .unwrap_or(MAX_SUMMARY_ROWS)
            .clamp(1, MAX_SUMMARY_ROWS);
        if self.phase == BulkPhase::Finished && self.progress.failed > 0 {
            // Room for the full error of the selected row.
            rows += if inside.height < 8 { 1 } else { 2 };
        }
        let foot = u16::from(is_asking);
        let line = u16::from(self.is_typing());
        let bar = u16::from(self.is_running());
        // At least one row stays visible.
        let rows = rows.min(inside.height.saturating_sub(foot + line + bar + 1));
        let (head, rest) = padded.split_top(rows);
        let (bar, rest) = rest.split_top(bar);
        let (line, _) = rest.split_top(line);
        let below = line.y + line.height;
        let list = Area {
            y: below,
            height: (inside.y + inside.height).saturating_sub(below + foot),
            ..inside
        };
        let buttons = if is_asking {
            let labels: Vec<&str> = self.labels().collect();
            ScreenLayout::row_of_buttons(inside, &labels)
        } else {
            Vec::new()
        };
        BulkAreas {
            whole,
            head,
            bar,
            line,
            list,
            buttons,
        }
    }

    /// Labels of the buttons.
    pub fn labels(&self) -> impl Iterator<Item = &'static str> {
        let jobs = self.choices.iter().map(|job| job.label());
        std::iter::once("Cancel").chain(jobs)
    }
}
