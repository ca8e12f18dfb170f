//! Dialog with the targets of the configuration, to switch between them.

use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Row, Rows, Spoken,
    TextBlock, Tone, wrapped,
};
use crate::tui::notice::Notice;
use crate::tui::plain::text::count;
use crate::tui::select_list::SelectList;
use crate::tui::targets::TargetEntry;

/// Maximum width.
const WIDTH: u16 = 84;

/// Columns of a name.
const NAME: u16 = 20;

/// Columns of a badge.
const BADGE: u16 = 14;

/// Targets to switch to.
#[derive(Debug)]
pub struct TargetsDialog {
    choices: SelectList,
    targets: Vec<TargetEntry>,
}

impl TargetsDialog {
    /// Creates the dialog, with the current target selected; a notice if there is no other one.
    pub fn open(targets: Vec<TargetEntry>) -> Result<Self, Notice> {
        // The current local store alone is no choice.
        if targets
            .iter()
            .all(|target| target.is_current && target.name.is_empty())
        {
            return Err(Notice::info(
                "config.toml had no targets when umai started. umai login or a section [targets.NAME] adds one; then start umai again",
            ));
        }
        let mut choices = SelectList::default();
        let current = targets.iter().position(|target| target.is_current);
        choices.cursor.selected = current.unwrap_or(0);
        Ok(Self { choices, targets })
    }

    fn matches(&self) -> Vec<&TargetEntry> {
        let targets = self.targets.iter();
        targets
            .filter(|target| {
                let badge = target.badge.as_deref().unwrap_or_default();
                let text = format!("{} {badge} {}", target.label(), target.address);
                self.choices.matches(&text)
            })
            .collect()
    }

    fn switch(&self) -> DialogOutcome {
        let Some(target) = self.matches().get(self.choices.cursor.selected).copied() else {
            return DialogOutcome::Stay;
        };
        match (target.switch(), target.is_current) {
            (switch @ DialogOutcome::Notify(_), _) => switch,
            (_, true) => DialogOutcome::Close,
            (switch, false) => DialogOutcome::close_and(switch),
        }
    }
}

impl TargetEntry {
    /// Switches to the target, or says why it cannot be used.
    pub fn switch(&self) -> DialogOutcome {
        match &self.refused {
            Some(reason) => {
                DialogOutcome::Notify(Notice::warning(format!("{}: {reason}", self.label())))
            }
            None => DialogOutcome::SwitchTarget(self.name.clone()),
        }
    }
}

impl Dialog for TargetsDialog {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let matches = self.matches();
        let height = u16::try_from(self.targets.len()).unwrap_or(u16::MAX);
        let selected = matches.get(self.choices.cursor.selected);
        let reason = selected.and_then(|target| target.refused.as_deref());
        let columns = usize::from(cx.text_width(WIDTH));
        let details =
            reason.map_or_else(Vec::new, |reason| wrapped(reason, Tone::Warning, columns));
        DialogModel {
            details: TextBlock {
                rows: u16::try_from(details.len()).unwrap_or(u16::MAX),
                lines: details,
            },
            input: Some(self.choices.filter("Type to filter", cx.catalog)),
            rows: Rows::list(matches.len(), move |at, _| row(matches[at])),
            cursor: self.choices.cursor,
            empty: self.choices.no_match(cx.catalog),
            ..DialogModel::new(
                "Switch target",
                Frame::Centered(WIDTH, height.saturating_add(7).clamp(8, 20)),
            )
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::list(format!(
            "Switch target: {}",
            count(self.targets.len(), "target")
        ))
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Choose => self.switch(),
            Action::Back => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn list(&self) -> Option<&SelectList> {
        Some(&self.choices)
    }

    fn list_mut(&mut self) -> Option<&mut SelectList> {
        Some(&mut self.choices)
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.choices.cursor.selected = at;
        (by == Pick::DoubleClick).then_some(Action::Choose)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Choose => Some("Switch"),
            _ => action.entry().hint,
        }
    }
}

/// Returns name, badge, state and address of a target.
fn row(target: &TargetEntry) -> Row {
    let (state, tone) = match (target.is_current, &target.refused, target.is_read_only) {
        (_, Some(_), _) => ("✗ ", Tone::Error),
        (true, None, _) => ("● ", Tone::Success),
        (false, None, _) => ("  ", Tone::Text),
    };
    let badge = target.badge.clone().unwrap_or_default();
    let read_only = if target.is_read_only {
        " · read-only"
    } else {
        ""
    };
    let name = Cell::Column(
        NAME,
        vec![
            (state.to_owned(), tone),
            (target.label().to_owned(), Tone::Text),
        ],
    );
    let about = match &target.refused {
        // The reason gets the room of the badge.
        Some(reason) => vec![Cell::Text(vec![(reason.clone(), Tone::Dim)])],
        None => vec![
            Cell::Column(BADGE, vec![(badge, Tone::Key)]),
            Cell::Text(vec![(format!("{}{read_only}", target.address), Tone::Dim)]),
        ],
    };
    Row::cells(std::iter::once(name).chain(about).collect())
}
