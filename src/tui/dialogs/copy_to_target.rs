//! Dialog that copies connections to another target: choose the target, preview, progress and results.

mod requests;
mod rows;
mod text;

use uuid::Uuid;

use crate::plan::{SecretPolicy, StepResult};
use crate::tui::action::{Action, KeyContext};
use crate::tui::copy_plan::CopyRow;
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Rows, Spoken, TextBlock,
};
use crate::tui::effect::{ServiceReply, ServiceRequest, Ticket};
use crate::tui::notice::Notice;
use crate::tui::plain::text::PAGE;
use crate::tui::select_list::Cursor;
use crate::tui::targets::{TargetEntry, TargetsHandle};

/// Maximum width and height.
const MAX_SIZE: (u16, u16) = (96, 28);

/// Maximum number of lines about the selected row.
const MAX_DETAILS: u16 = 6;

/// Step of the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CopyPhase {
    /// The target is chosen.
    Choose,
    /// The connections are compared.
    Planning,
    /// The plan is shown, and nothing is changed yet.
    Preview,
    /// The rows are copied, one after the other.
    Running,
    /// Every row has its result.
    Finished,
}

/// Button of the preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CopyButton {
    Cancel,
    Copy,
    ToggleSecrets,
}

/// Copy of connections to a target.
#[derive(Debug)]
pub struct CopyDialog {
    targets: TargetsHandle,
    entries: Vec<TargetEntry>,
    ids: Vec<Uuid>,
    phase: CopyPhase,
    /// Index of the chosen target.
    target: usize,
    secrets: SecretPolicy,
    can_reveal: bool,
    creates_store: bool,
    rows: Vec<CopyRow>,
    /// Result of each row; none before its end.
    results: Vec<Option<StepResult>>,
    /// Row that is being copied.
    current: Option<usize>,
    /// Index of a row: those before it were started, or have no step.
    next_row: usize,
    /// Number of rows that are to be copied.
    steps: usize,
    /// Number of these that have their result.
    finished: usize,
    is_stopped: bool,
    /// Reason why the plan failed.
    error: Option<String>,
    /// Focused button.
    focus: usize,
    cursor: Cursor,
    ticket: Option<Ticket>,
}

impl CopyDialog {
    /// Creates the dialog for connections of the current target; a notice if there is nothing to copy, or no target.
    pub fn open(ids: Vec<Uuid>, targets: Option<TargetsHandle>) -> Result<Self, Notice> {
        if ids.is_empty() {
            return Err(Notice::info("Select or mark connections to copy them"));
        }
        let Some(targets) = targets else {
            return Err(Notice::info(
                "No targets. Add one: umai login URL, or [targets.NAME] in config.toml",
            ));
        };
        let mut entries = targets.0.list();
        // Those that can be chosen are first; the order is otherwise that of the configuration.
        entries.sort_by_key(|entry| refusal(entry).is_some());
        Ok(Self {
            targets,
            entries,
            ids,
            phase: CopyPhase::Choose,
            target: 0,
            secrets: SecretPolicy::Keep,
            can_reveal: false,
            creates_store: false,
            rows: Vec::new(),
            results: Vec::new(),
            current: None,
            next_row: 0,
            steps: 0,
            finished: 0,
            is_stopped: false,
            error: None,
            focus: 0,
            cursor: Cursor::default(),
            ticket: None,
        })
    }

    /// Warning before the app quits; `None` if no rows are being copied.
    pub fn quit_warning(&self) -> Option<String> {
        let text = "Connections are being copied. Those that are not started will be skipped.";
        self.is_running().then(|| text.to_owned())
    }

    fn is_running(&self) -> bool {
        self.phase == CopyPhase::Running
    }

    fn buttons(&self) -> Vec<(&'static str, CopyButton)> {
        if self.phase != CopyPhase::Preview {
            return Vec::new();
        }
        let mut buttons = vec![("Cancel", CopyButton::Cancel)];
        if self.steps > 0 {
            buttons.push(("Copy", CopyButton::Copy));
        }
        if self.can_reveal {
            buttons.push(match self.secrets {
                SecretPolicy::Keep => ("Add secrets", CopyButton::ToggleSecrets),
                SecretPolicy::Copy => ("No secrets", CopyButton::ToggleSecrets),
            });
        }
        buttons
    }

    /// Index of the button of Yes or No, if it is there.
    fn position_of(&self, answer: Action) -> Option<usize> {
        let wanted = if answer == Action::Yes {
            CopyButton::Copy
        } else {
            CopyButton::Cancel
        };
        self.buttons()
            .iter()
            .position(|(_, button)| *button == wanted)
    }

    fn choose(&mut self) -> DialogOutcome {
        match self.phase {
            CopyPhase::Choose => self.choose_target(),
            CopyPhase::Preview => match self.buttons().get(self.focus) {
                Some((_, CopyButton::Copy)) => {
                    self.phase = CopyPhase::Running;
                    self.cursor = Cursor::default();
                    DialogOutcome::Stay
                }
                Some((_, CopyButton::ToggleSecrets)) => {
                    self.secrets = match self.secrets {
                        SecretPolicy::Keep => SecretPolicy::Copy,
                        SecretPolicy::Copy => SecretPolicy::Keep,
                    };
                    self.phase = CopyPhase::Planning;
                    DialogOutcome::Stay
                }
                Some((_, CopyButton::Cancel)) | None => DialogOutcome::Close,
            },
            CopyPhase::Finished => DialogOutcome::Close,
            CopyPhase::Planning | CopyPhase::Running => DialogOutcome::Stay,
        }
    }

    fn choose_target(&mut self) -> DialogOutcome {
        let Some(entry) = self.entries.get(self.cursor.selected) else {
            return DialogOutcome::Close;
        };
        if let Some(reason) = refusal(entry) {
            return DialogOutcome::Notify(Notice::info(format!("{}: {reason}", entry.label())));
        }
        self.target = self.cursor.selected;
        self.secrets = SecretPolicy::Keep;
        self.error = None;
        self.phase = CopyPhase::Planning;
        DialogOutcome::Stay
    }

    /// Goes back one level; a running copy stops after the current row.
    fn back(&mut self) -> DialogOutcome {
        match self.phase {
            CopyPhase::Choose | CopyPhase::Finished => return DialogOutcome::Close,
            CopyPhase::Planning | CopyPhase::Preview => {
                self.ticket = None;
                self.phase = CopyPhase::Choose;
                self.cursor.selected = self.target;
            }
            CopyPhase::Running => self.is_stopped = true,
        }
        DialogOutcome::Stay
    }

    const fn row_count(&self) -> usize {
        match self.phase {
            CopyPhase::Choose => self.entries.len(),
            CopyPhase::Planning => 0,
            CopyPhase::Preview | CopyPhase::Running | CopyPhase::Finished => self.rows.len(),
        }
    }
}

/// Returns why a target cannot be copied to.
fn refusal(entry: &TargetEntry) -> Option<&str> {
    if entry.is_same_place {
        return Some("the connections are from there");
    }
    let read_only = entry.is_read_only.then_some("read-only");
    entry.refused.as_deref().or(read_only)
}

impl Dialog for CopyDialog {
    fn context(&self) -> KeyContext {
        KeyContext::Bulk
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let columns = usize::from(cx.text_width(MAX_SIZE.0));
        let mut head = self.head(cx, columns);
        let details = self.details(columns);
        let lines_of =
            |lines: usize| u16::try_from(lines).map_or(MAX_DETAILS, |it| it.min(MAX_DETAILS));
        let reserved = lines_of(self.most_details(columns));
        let rows = u16::try_from(self.row_count()).unwrap_or(u16::MAX);
        let height = rows
            .saturating_add(reserved)
            .saturating_add(head.rows + 4)
            .min(MAX_SIZE.1);
        let frame = Frame::Centered(MAX_SIZE.0, height);
        let buttons: Vec<&'static str> = self.buttons().iter().map(|(label, _)| *label).collect();
        let inside = DialogModel::new("", frame).areas(&cx.layout).list.height;
        let others = u16::from(!buttons.is_empty()) + u16::from(self.is_running()) + 1;
        // At least one row stays visible.
        head.rows = head.rows.min(inside.saturating_sub(others));
        let row = |at, room| self.row_model(at, room);
        DialogModel {
            head,
            progress: self.is_running().then_some((self.finished, self.steps)),
            rows: Rows::list(self.row_count(), row),
            cursor: self.cursor,
            empty: self.empty().into(),
            // The list gets the rows that the selected one does not need.
            details: TextBlock {
                rows: lines_of(details.len()),
                lines: details,
            },
            buttons,
            focus: self.focus,
            has_short_bar: true,
            ..DialogModel::new(self.title(), frame)
        }
    }

    fn spoken(&self, cx: &DialogContext<'_>) -> Spoken {
        let mut summary = self.summary(cx);
        if self.phase == CopyPhase::Finished {
            summary.extend(self.result());
        }
        let summary = summary.into_iter().map(|(text, _)| text);
        if self.phase == CopyPhase::Choose {
            return Spoken {
                intro: summary.collect(),
                ..Spoken::list(self.title())
            };
        }
        let rows = (0..self.rows.len()).map(|at| self.row_sentence(at));
        Spoken::text(self.title(), summary.chain(rows.take(PAGE)).collect())
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        let count = self.buttons().len().max(1);
        match action {
            Action::Back => return self.back(),
            Action::Choose => return self.choose(),
            Action::NextButton => self.focus = (self.focus + 1) % count,
            Action::PreviousButton => self.focus = (self.focus + count - 1) % count,
            Action::Yes | Action::No => {
                let Some(at) = self.position_of(action) else {
                    return DialogOutcome::Stay;
                };
                self.focus = at;
                return self.choose();
            }
            _ => {}
        }
        DialogOutcome::Stay
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        if self.phase == CopyPhase::Preview && by == Pick::Number {
            self.focus = at;
            return Some(Action::Choose);
        }
        self.cursor.selected = at;
        (self.phase == CopyPhase::Choose && by != Pick::Click).then_some(Action::Choose)
    }

    fn focus_button(&mut self, at: usize) {
        self.focus = at;
    }

    fn inherits(&self, action: Action) -> bool {
        action.is_move()
    }

    fn can(&self, action: Action, _cx: &DialogContext<'_>) -> bool {
        match action {
            Action::Choose => !matches!(self.phase, CopyPhase::Planning | CopyPhase::Running),
            Action::NextButton | Action::PreviousButton => self.buttons().len() > 1,
            Action::Yes | Action::No => self.position_of(action).is_some(),
            Action::Retry | Action::Hide | Action::Undo => false,
            _ => true,
        }
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        let label = |at: usize| self.buttons().get(at).map(|(label, _)| *label);
        match (action, self.phase) {
            (Action::Back, CopyPhase::Choose) => Some("Cancel"),
            (Action::Back, CopyPhase::Running) => Some("Stop"),
            (Action::Choose, CopyPhase::Preview) => label(self.focus),
            (Action::Choose, CopyPhase::Finished) => Some("Close"),
            (Action::Yes | Action::No, _) => self.position_of(action).and_then(label),
            _ => action.entry().hint,
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    fn next_request(&mut self, ticket: Ticket) -> Option<ServiceRequest> {
        if self.ticket.is_some() {
            return None;
        }
        let request = self.request()?;
        self.ticket = Some(ticket);
        Some(request)
    }

    fn reply(&mut self, reply: ServiceReply, _cx: &DialogContext<'_>) -> DialogOutcome {
        self.ticket = None;
        match self.phase {
            CopyPhase::Planning => self.planned(reply),
            CopyPhase::Running => return self.copied(reply),
            CopyPhase::Choose | CopyPhase::Preview | CopyPhase::Finished => {}
        }
        DialogOutcome::Stay
    }
}
