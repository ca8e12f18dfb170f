//! Word-by-word comparison of two versions of a connection; secrets are only reported as changed.

use uuid::Uuid;

use crate::connection::VersionComparison;
use crate::tui::action::{Action, KeyContext};
use crate::tui::changed_value::{ChangedValue, DiffKind, MARK};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Row, Rows, Spoken, TextEntries, Tone,
    failure,
};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::confirm::rollback_changes::RollbackChanges;
use crate::tui::effect::{ServiceReply, Ticket};
use crate::tui::notice::Notice;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::wrap;

/// Comparison dialog.
#[derive(Debug)]
pub struct VersionDiff {
    /// ID of the connection.
    pub id: Uuid,
    /// Older version.
    pub from: u64,
    /// Newer version.
    pub to: u64,
    /// True if the newer version is the current one.
    pub is_to_current: bool,
    /// Ticket of the pending request; `None` after the reply.
    ticket: Option<Ticket>,
    /// Differences, or the error.
    pub comparison: Option<Result<Vec<ChangedValue>, String>>,
    /// Selection and scroll position.
    cursor: Cursor,
}

impl VersionDiff {
    /// Creates the dialog of a requested comparison.
    pub fn new(id: Uuid, (from, to): (u64, u64), is_to_current: bool, ticket: Ticket) -> Self {
        Self {
            id,
            from,
            to,
            is_to_current,
            ticket: Some(ticket),
            comparison: None,
            cursor: Cursor::default(),
        }
    }

    /// Returns the title.
    fn title(&self) -> String {
        let Self { from, to, .. } = self;
        if self.is_to_current {
            format!("Compare v{from} to Current (v{to})")
        } else {
            format!("Compare v{from} to v{to}")
        }
    }

    /// Returns the differences, empty until they are loaded.
    fn changes(&self) -> &[ChangedValue] {
        match &self.comparison {
            Some(Ok(changes)) => changes,
            Some(Err(_)) | None => &[],
        }
    }

    /// Returns the selected difference.
    pub fn selected(&self) -> Option<&ChangedValue> {
        self.changes().get(self.cursor.selected)
    }

    /// Returns all rows at a width, and those of the selected difference.
    fn rows(&self, width: u16) -> (Vec<Row>, TextEntries) {
        let text = match &self.comparison {
            None => "Comparing…",
            Some(Err(problem)) => problem,
            Some(Ok(changes)) if changes.is_empty() => "No changes detected",
            Some(Ok(_)) => "",
        };
        let text = wrap(text, width.into()).into_iter();
        let mut rows: Vec<Row> = text.map(|line| Row::text(line, Tone::Dim)).collect();
        let mut selected = 0..1;
        let room = usize::from(width).saturating_sub(MARK);
        for (at, changed) in self.changes().iter().enumerate() {
            let first = rows.len();
            let is_selected = at == self.cursor.selected;
            rows.extend(changed.rows(is_selected, room));
            if is_selected {
                selected = first..rows.len();
            }
            rows.push(Row::default());
        }
        let entries = TextEntries {
            count: self.changes().len(),
            selected,
        };
        (rows, entries)
    }

    /// Asks to roll the selected field back.
    fn confirm_field_roll_back(&self, cx: &DialogContext<'_>) -> DialogOutcome {
        match self.selected() {
            None => DialogOutcome::Stay,
            // Its values are for display: masked, shortened or described.
            Some(_) if !cx.features.version_snapshots => DialogOutcome::Notify(Notice::info(
                "This server keeps no values of old versions; roll back the whole version",
            )),
            Some(changed) if matches!(changed.kind, DiffKind::Secret(_)) => DialogOutcome::Notify(
                Notice::info("The history contains no secrets; they cannot be rolled back"),
            ),
            Some(changed) => {
                let confirm = ConfirmDialog::roll_back_field(self.id, self.from, &changed.label);
                DialogOutcome::Open(confirm.into())
            }
        }
    }
}

impl Dialog for VersionDiff {
    fn context(&self) -> KeyContext {
        KeyContext::Compare
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let (rows, entries) = self.rows(cx.reading_width());
        let frame = cx.reading_frame(rows.len());
        DialogModel {
            rows: Rows::Text(rows, Some(entries)),
            cursor: self.cursor,
            ..DialogModel::new(self.title(), frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let line = match &self.comparison {
            None => "Loading the comparison".to_owned(),
            Some(Err(problem)) => format!("Error: {problem}"),
            Some(Ok(changes)) if changes.is_empty() => "No changes detected".to_owned(),
            Some(Ok(changes)) => {
                return Spoken {
                    entries: Some(changes.iter().map(ChangedValue::sentence).collect()),
                    ..Spoken::list(self.title())
                };
            }
        };
        Spoken::text(self.title(), vec![line])
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Back => DialogOutcome::Close,
            Action::RollBack => {
                let name = cx.tree.item(self.id).map_or("", |item| item.name());
                let confirm = ConfirmDialog::roll_back(self.id, self.from, name, cx.features);
                let changes = match &self.comparison {
                    Some(Ok(changes)) => RollbackChanges::of(changes, self.to, cx.features),
                    Some(Err(why)) => RollbackChanges::Failed(why.clone()),
                    None => return DialogOutcome::Stay,
                };
                let confirm = if self.is_to_current {
                    confirm.with_changes(self.id, changes)
                } else {
                    confirm
                };
                DialogOutcome::Open(confirm.into())
            }
            Action::RollBackField => self.confirm_field_roll_back(cx),
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    fn reply(&mut self, reply: ServiceReply, cx: &DialogContext<'_>) -> DialogOutcome {
        self.ticket = None;
        let found: Result<VersionComparison, String> = match reply {
            ServiceReply::Compared(found) => {
                found.map(|found| *found).map_err(|error| error.to_string())
            }
            other => Err(failure(other)),
        };
        let item = cx.tree.item(self.id);
        let provider = item.and_then(|item| cx.catalog.get(&item.provider));
        let changes = found.map(|comparison| comparison.changes.into_iter());
        self.comparison = Some(changes.map(|changes| {
            changes
                .map(|difference| ChangedValue::new(difference, provider))
                .collect()
        }));
        DialogOutcome::Stay
    }
}
