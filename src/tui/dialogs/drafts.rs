//! Dialog with unsaved drafts to restore or discard.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::drafts::StoredDraft;
use crate::provider::ProviderCatalog;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Row, Rows, Spoken, TextBlock,
    Tone,
};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::DraftSlot;
use crate::tui::form::{Form, FormSnapshot, FormSubject};
use crate::tui::notice::Notice;
use crate::tui::plain::text::count;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::wrap;

/// Maximum width.
const WIDTH: u16 = 96;

/// Minimum width to show the subject of a draft.
const ROOMY: u16 = 60;

/// Columns of the subject.
const ABOUT: u16 = 26;

/// Columns of a date with a time.
const DATE: u16 = 16;

/// Dialog with unsaved drafts.
#[derive(Debug, Default)]
pub struct DraftsDialog {
    /// Selection.
    pub cursor: Cursor,
    /// Drafts, newest first.
    pub drafts: Vec<UnsavedDraft>,
}

/// Unsaved draft.
#[derive(Debug, Clone)]
pub struct UnsavedDraft {
    /// ID of the draft.
    pub id: Uuid,
    /// Time of its last change.
    pub when: DateTime<Utc>,
    /// The form, or the reason why it cannot be read.
    pub kept: Result<Box<FormSnapshot>, String>,
}

impl DraftsDialog {
    /// Creates the dialog from the drafts that were found.
    pub fn new(found: Vec<StoredDraft>) -> Self {
        let drafts = found.into_iter().map(|found| UnsavedDraft {
            id: found.id,
            when: found.date,
            kept: found.content.and_then(|content| {
                FormSnapshot::read(&content)
                    .map(Box::new)
                    .ok_or_else(|| "It was stored by another version of umai".into())
            }),
        });
        Self {
            cursor: Cursor::default(),
            drafts: drafts.collect(),
        }
    }

    /// Selected draft.
    fn selected(&self) -> Option<&UnsavedDraft> {
        self.drafts.get(self.cursor.selected)
    }

    /// Removes a draft from the list.
    pub fn take_out(&mut self, id: Uuid) -> Option<UnsavedDraft> {
        let at = self.drafts.iter().position(|draft| draft.id == id)?;
        let draft = self.drafts.remove(at);
        let last = self.drafts.len().saturating_sub(1);
        self.cursor.selected = self.cursor.selected.min(last);
        Some(draft)
    }

    /// Closes the list; the remaining drafts are offered again later.
    fn close(&self, cx: &DialogContext<'_>) -> Vec<DialogOutcome> {
        let mut all = vec![DialogOutcome::Close];
        if !self.drafts.is_empty() {
            let kept = count(self.drafts.len(), "unsaved draft");
            let key = cx.key_of(Action::Drafts);
            all.push(DialogOutcome::Notify(Notice::info(format!(
                "{kept} kept{key}"
            ))));
            let ids = self.drafts.iter().map(|draft| draft.id).collect();
            all.push(DialogOutcome::ReleaseDrafts(ids));
        }
        all
    }

    /// Replaces the list with the form of the selected draft.
    fn restore(&mut self, cx: &DialogContext<'_>) -> DialogOutcome {
        let Some(UnsavedDraft { id, when, kept }) = self.selected() else {
            return DialogOutcome::Stay;
        };
        let (id, when) = (*id, when.format("%Y-%m-%d %H:%M"));
        let kept = match kept {
            Ok(kept) => kept,
            Err(reason) => {
                let reason = format!("The draft cannot be read. {reason}");
                return DialogOutcome::Notify(Notice::error(reason));
            }
        };
        let Some(provider) = cx.catalog.get(&kept.provider_id) else {
            return DialogOutcome::Notify(Notice::error(format!(
                "Provider '{}' is not in the catalog; the draft cannot be opened and is kept",
                kept.provider_id
            )));
        };
        let mut form = Form::restore(kept, provider, cx.catalog);
        form.slot = Some(DraftSlot::Restored(id));
        let restored = format!("Restored the draft of {when} UTC");
        self.take_out(id);
        let mut all = self.close(cx);
        all.push(DialogOutcome::Open(form.into()));
        if self.drafts.is_empty() {
            all.push(DialogOutcome::Notify(Notice::done(restored)));
        }
        DialogOutcome::All(all)
    }
}

impl Dialog for DraftsDialog {
    fn context(&self) -> KeyContext {
        KeyContext::Drafts
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let catalog = cx.catalog;
        let height = u16::try_from(self.drafts.len()).unwrap_or(u16::MAX);
        let frame = Frame::Centered(WIDTH, height.saturating_add(6).max(8));
        let (text, tone) = match self.selected().map(|draft| &draft.kept) {
            Some(Ok(kept)) => (kept.subject(catalog), Tone::Dim),
            Some(Err(reason)) => (format!("Cannot read the drafts: {reason}"), Tone::Error),
            None => (String::new(), Tone::Dim),
        };
        let lines = wrap(&text, cx.text_width(WIDTH).into()).into_iter();
        DialogModel {
            head: TextBlock {
                rows: 2,
                lines: lines.map(|line| vec![(line, tone)]).collect(),
            },
            titles: Some(titles),
            rows: Rows::list(self.drafts.len(), |at, width| {
                row(&self.drafts[at], width, catalog)
            }),
            cursor: self.cursor,
            ..DialogModel::new(format!("Unsaved drafts ({})", self.drafts.len()), frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::list(format!(
            "Unsaved: {}. Enter restore-draft, discard-draft or back.",
            count(self.drafts.len(), "draft")
        ))
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match (action, self.selected()) {
            (Action::Back, _) => DialogOutcome::All(self.close(cx)),
            (Action::RestoreDraft, _) => self.restore(cx),
            (Action::DiscardDraft, Some(draft)) => {
                let name = match &draft.kept {
                    Ok(kept) if !kept.name.is_empty() => kept.name.as_str(),
                    Ok(_) => "Untitled",
                    Err(_) => "Cannot be read",
                };
                DialogOutcome::Open(ConfirmDialog::discard_draft(draft.id, name).into())
            }
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.cursor.selected = at;
        (by == Pick::DoubleClick).then_some(Action::RestoreDraft)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Back => Some("Later"),
            _ => action.entry().hint,
        }
    }
}

/// Titles of the columns.
fn titles(width: u16) -> Row {
    let name = ("Name".to_owned(), Tone::Heading);
    Row::columns(name, columns("Draft", "Stored", width), width)
}

/// Returns the columns that fit with their widths: kind and date.
fn columns(about: &str, when: &str, width: u16) -> Vec<(String, u16)> {
    let mut columns = vec![(when.to_owned(), DATE)];
    if width >= ROOMY {
        columns.insert(0, (about.to_owned(), ABOUT));
    }
    columns
}

fn row(draft: &UnsavedDraft, width: u16, catalog: &ProviderCatalog) -> Row {
    let (name, about, tone, text) = match &draft.kept {
        Ok(kept) => {
            let what = match kept.subject {
                FormSubject::New => "new",
                FormSubject::Copy { .. } => "copy",
                FormSubject::Stored { .. } => "changed",
            };
            let name = kept.display_name(catalog).to_owned();
            let text = format!("{name}, {}", kept.subject(catalog));
            let about = format!("{what} · {}", kept.provider_name(catalog));
            (name, about, Tone::Text, text)
        }
        Err(reason) => {
            let text = format!("Cannot be read. {reason}");
            ("Unreadable draft".into(), String::new(), Tone::Error, text)
        }
    };
    let stored = draft.when.format("%Y-%m-%d %H:%M");
    let columns = columns(&about, &stored.to_string(), width);
    let when = format!("{stored} UTC");
    Row {
        spoken: Some(format!("{text}, stored {when}")),
        ..Row::columns((name, tone), columns, width)
    }
}
