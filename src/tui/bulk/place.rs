//! Where the parts of it are on screen.

use super::{Bulk, Phase};
use crate::tui::fit;
use crate::tui::layout::{Area, Layout};

/// The most columns and rows it takes.
const MOST: (u16, u16) = (96, 28);

/// The most rows of what is said of the whole.
const SAID: u16 = 4;

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// All of it, with its border.
    pub whole: Area,
    /// What is said of the whole, and of the row that is selected.
    pub head: Area,
    /// How far it is.
    pub bar: Area,
    /// The name of a file.
    pub line: Area,
    /// The rows.
    pub list: Area,
    /// The buttons, from left to right.
    pub buttons: Vec<Area>,
}

impl Bulk {
    /// Where everything is.
    pub fn parts(&self, layout: &Layout) -> Parts {
        let rows = u16::try_from(self.len()).unwrap_or(u16::MAX);
        let whole = layout
            .body
            .centered(MOST.0, rows.saturating_add(7).min(MOST.1));
        let inside = whole.inside();
        let padded = Area {
            x: inside.x + 1.min(inside.width),
            width: inside.width.saturating_sub(2),
            ..inside
        };
        let is_asking = self.phase == Phase::Asking;
        let said = fit::wrap(&self.summary().0, padded.width.into()).len();
        let mut said = u16::try_from(said).unwrap_or(SAID).clamp(1, SAID);
        if self.phase == Phase::Over && self.tally.failed > 0 {
            // The whole sentence of what went wrong with the selected one.
            said += if inside.height < 8 { 1 } else { 2 };
        }
        let foot = u16::from(is_asking);
        let line = u16::from(self.is_typing());
        let bar = u16::from(self.is_running());
        // One row is seen in any case.
        let said = said.min(inside.height.saturating_sub(foot + line + bar + 1));
        let (head, rest) = padded.split_top(said);
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
            Layout::row_of_buttons(inside, &labels)
        } else {
            Vec::new()
        };
        Parts {
            whole,
            head,
            bar,
            line,
            list,
            buttons,
        }
    }

    /// What the buttons say.
    pub fn labels(&self) -> impl Iterator<Item = &'static str> {
        let jobs = self.choices.iter().map(|job| job.button());
        std::iter::once("Cancel").chain(jobs)
    }
}
