//! Trash dialog: restores connections or deletes them permanently.

use uuid::Uuid;

use crate::connection::ConnectionItem;
use crate::connection::alias::first_free;
use crate::provider::ProviderCatalog;
use crate::service::ServiceFeatures;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Part, Pick, Row, Rows, Spoken,
    TextBlock, Tone, failure,
};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::{ServiceReply, ServiceRequest, Ticket};
use crate::tui::notice::Notice;
use crate::tui::plain::text::count;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::wrap;
use crate::tui::tree::{ItemChange, Tree};

/// Maximum width.
const WIDTH: u16 = 96;

/// Minimum width to show the alias.
const ROOMY: u16 = 60;

/// Minimum width to show the provider and the time.
const WIDE: u16 = 90;

/// Columns of the alias.
const ALIAS: u16 = 22;

/// Columns of the provider.
const PROVIDER: u16 = 16;

/// Columns of a date with a time.
const LONG_DATE: u16 = 16;

/// Columns of a date.
const DATE: u16 = 10;

/// Trash dialog.
#[derive(Debug, Default)]
pub struct TrashDialog {
    /// Selection.
    pub cursor: Cursor,
    /// Connections or the load error, once known.
    pub items: Option<Result<Vec<ConnectionItem>, String>>,
    /// True if a reload is needed.
    pub is_stale: bool,
    /// Alternative alias that the next Enter uses to restore.
    pub suggestion: Option<AliasSuggestion>,
    /// Connections that the open prompt deletes permanently: those that it counted.
    pub to_purge: Vec<Uuid>,
    /// Ticket of the running request.
    ticket: Option<Ticket>,
}

/// Alternative alias for a connection whose alias is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasSuggestion {
    /// ID of the connection.
    pub id: Uuid,
    /// Alias in use.
    pub taken: String,
    /// Name of the connection that uses it.
    pub by: String,
    /// Alternative alias.
    pub alias: String,
}

impl TrashDialog {
    /// Creates the dialog before the trash is loaded; a notice if there is no trash.
    pub fn open(features: ServiceFeatures) -> Result<Self, Notice> {
        if !features.trash {
            return Err(Notice::info(
                "This server has no trash: deleting is permanent",
            ));
        }
        Ok(Self {
            is_stale: true,
            ..Self::default()
        })
    }

    /// Returns the loaded connections.
    pub fn items(&self) -> &[ConnectionItem] {
        match &self.items {
            Some(Ok(items)) => items,
            Some(Err(_)) | None => &[],
        }
    }

    /// Returns the selected connection.
    pub fn selected(&self) -> Option<&ConnectionItem> {
        self.items().get(self.cursor.selected)
    }

    /// Returns the alias suggestion for the selected connection.
    pub fn suggested_alias(&self) -> Option<&AliasSuggestion> {
        let id = self.selected()?.id;
        self.suggestion.as_ref().filter(|offer| offer.id == id)
    }

    /// Sets the loaded connections and keeps the selection if possible.
    fn show(&mut self, items: Vec<ConnectionItem>) {
        let id = self.selected().map(|item| item.id);
        if let Some(at) = items.iter().position(|item| Some(item.id) == id) {
            self.cursor.selected = at;
        }
        self.items = Some(Ok(items));
    }

    /// Sets the load error unless connections were loaded before.
    fn fail(&mut self, reason: String) {
        if !matches!(self.items, Some(Ok(_))) {
            self.items = Some(Err(reason));
        }
    }

    /// Removes connections.
    pub fn take_out(&mut self, ids: &[Uuid]) {
        if let Some(Ok(items)) = &mut self.items {
            let at = self.cursor.selected;
            let above = items.iter().take(at);
            let gone = above.filter(|item| ids.contains(&item.id)).count();
            self.cursor.selected = at - gone;
            items.retain(|item| !ids.contains(&item.id));
        }
    }

    /// Marks the trash as stale if a change affects it.
    pub fn note_change(&mut self, change: &ItemChange) {
        let id = change.id();
        self.is_stale |= match change {
            ItemChange::Deleted(_) => true,
            ItemChange::Saved(_) => self.items().iter().any(|item| item.id == id),
        };
    }

    /// Removes a restored connection; returns the alias that was suggested for it.
    pub fn restored(&mut self, id: Uuid) -> Option<String> {
        let offer = self.suggestion.take_if(|offer| offer.id == id);
        self.take_out(&[id]);
        self.is_stale = true;
        offer.map(|offer| offer.alias)
    }

    /// Suggests another alias for a connection whose alias is used by the connection `by`.
    pub fn suggest(&mut self, id: Uuid, (taken, by): (String, String), tree: &Tree) {
        if let Some(item) = self.items().iter().find(|item| item.id == id) {
            let is_taken = |alias: &str| alias == taken || tree.has_alias(alias);
            let alias = first_free(&item.alias, is_taken);
            self.suggestion = Some(AliasSuggestion {
                id,
                taken,
                by,
                alias,
            });
        }
    }

    /// Asks to delete connections permanently, if there are any.
    fn confirm_purge(&mut self, ids: Vec<Uuid>, confirm: ConfirmDialog) -> DialogOutcome {
        if ids.is_empty() {
            return DialogOutcome::Stay;
        }
        self.to_purge = ids;
        DialogOutcome::Open(confirm.into())
    }

    /// Details of the selected connection: the suggested alias, or the fields that its row may not show.
    fn details(&self, cx: &DialogContext<'_>) -> Part {
        let catalog = cx.catalog;
        if let Some(offer) = self.suggested_alias() {
            let text = format!(
                "{{restore}} restores it as '{}'; '{}' is used by \"{}\"",
                offer.alias, offer.taken, offer.by
            );
            let text = cx.keymap.with_keys(KeyContext::Trash, &text);
            return (text, Tone::Warning);
        }
        match (&self.items, self.selected()) {
            (None, _) => ("Loading trash…".to_owned(), Tone::Dim),
            (Some(Err(problem)), _) => (problem.clone(), Tone::Error),
            (Some(Ok(_)), None) => ("The trash is empty".to_owned(), Tone::Dim),
            (Some(Ok(_)), Some(item)) => {
                let text = format!(
                    "{} · {} · deleted {}",
                    item.alias,
                    provider(item, catalog),
                    date(item, LONG_DATE)
                );
                (text, Tone::Dim)
            }
        }
    }
}

impl Dialog for TrashDialog {
    fn context(&self) -> KeyContext {
        KeyContext::Trash
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let catalog = cx.catalog;
        let title = match &self.items {
            Some(Ok(items)) => format!("Trash ({})", items.len()),
            Some(Err(_)) | None => "Trash".to_owned(),
        };
        let (text, tone) = self.details(cx);
        let lines = wrap(&text, cx.text_width(WIDTH).into()).into_iter();
        let items = self.items();
        DialogModel {
            head: TextBlock {
                rows: 2,
                lines: lines.map(|line| vec![(line, tone)]).collect(),
            },
            titles: (!items.is_empty()).then_some(titles),
            rows: Rows::list(items.len(), move |at, width| {
                row(&items[at], width, catalog)
            }),
            cursor: self.cursor,
            ..DialogModel::new(title, Frame::Centered(WIDTH, 20))
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let line = match &self.items {
            None => "Loading the trash".to_owned(),
            Some(Err(problem)) => format!("Error: {problem}"),
            Some(Ok(items)) if items.is_empty() => "The trash is empty; back closes it.".to_owned(),
            Some(Ok(items)) => {
                let mut spoken =
                    Spoken::list(format!("Trash: {}", count(items.len(), "connection")));
                spoken.remarks.extend(self.suggested_alias().map(|offer| {
                    format!(
                        "'{}' is already used by \"{}\"; restore again to restore it as '{}'",
                        offer.taken, offer.by, offer.alias
                    )
                }));
                return spoken;
            }
        };
        Spoken::text("Trash", vec![line])
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match (action, self.selected()) {
            (Action::Back, _) => DialogOutcome::Close,
            (Action::Restore, Some(item)) => {
                let other = self.suggested_alias().map(|offer| offer.alias.clone());
                DialogOutcome::Restore(item.id, other)
            }
            (Action::Purge, Some(item)) => {
                let (id, confirm) = (item.id, ConfirmDialog::purge(item.id, &item.name));
                self.confirm_purge(vec![id], confirm)
            }
            (Action::EmptyTrash, _) => {
                let ids: Vec<Uuid> = self.items().iter().map(|item| item.id).collect();
                let confirm = ConfirmDialog::empty(ids.len());
                self.confirm_purge(ids, confirm)
            }
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.cursor.selected = at;
        (by == Pick::DoubleClick).then_some(Action::Restore)
    }

    fn can(&self, action: Action, _cx: &DialogContext<'_>) -> bool {
        let needs_item = matches!(action, Action::Restore | Action::Purge | Action::EmptyTrash);
        !needs_item || !self.items().is_empty()
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        action.entry().hint
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// Loads the trash when it was opened or may have changed.
    fn next_request(&mut self, ticket: Ticket) -> Option<ServiceRequest> {
        if self.ticket.is_some() || !std::mem::take(&mut self.is_stale) {
            return None;
        }
        self.ticket = Some(ticket);
        Some(ServiceRequest::Trash)
    }

    fn reply(&mut self, reply: ServiceReply, _cx: &DialogContext<'_>) -> DialogOutcome {
        self.ticket = None;
        let (reason, notice) = match reply {
            ServiceReply::Trash(Ok(items)) => {
                self.show(items);
                return DialogOutcome::Stay;
            }
            ServiceReply::Trash(Err(error)) => (error.to_string(), error.to_string()),
            other => {
                let reason = failure(other);
                (reason.clone(), format!("The request failed: {reason}"))
            }
        };
        self.fail(reason);
        DialogOutcome::Notify(Notice::error(notice))
    }
}

/// Titles of the columns.
fn titles(width: u16) -> Row {
    let name = ("Name".to_owned(), Tone::Heading);
    let texts = ["Alias", "Provider", "Deleted"].map(str::to_owned);
    Row::columns(name, columns(texts, width), width)
}

/// Returns the columns that fit with their widths: alias, provider and date.
fn columns([alias, provider, date]: [String; 3], width: u16) -> Vec<(String, u16)> {
    let date = (date, date_width(width));
    if width >= WIDE {
        vec![(alias, ALIAS), (provider, PROVIDER), date]
    } else if width >= ROOMY {
        vec![(alias, ALIAS), date]
    } else {
        vec![date]
    }
}

/// Width of the date in a row of this width.
const fn date_width(width: u16) -> u16 {
    if width >= WIDE { LONG_DATE } else { DATE }
}

fn row(item: &ConnectionItem, width: u16, catalog: &ProviderCatalog) -> Row {
    let texts = [
        item.alias.clone(),
        provider(item, catalog),
        date(item, date_width(width)),
    ];
    let columns = columns(texts, width);
    let deleted = item.date_deleted.unwrap_or(item.date_modified);
    let deleted = deleted.format("%Y-%m-%d %H:%M UTC");
    Row {
        spoken: Some(format!(
            "{}, alias {}, deleted {deleted}",
            item.name, item.alias
        )),
        ..Row::columns((item.name.clone(), Tone::Text), columns, width)
    }
}

fn provider(item: &ConnectionItem, catalog: &ProviderCatalog) -> String {
    let provider = catalog.get(&item.provider_id);
    provider.map_or_else(|| item.provider_id.clone(), |known| known.name.clone())
}

fn date(item: &ConnectionItem, wide: u16) -> String {
    let format = if wide < LONG_DATE {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M"
    };
    let date = item.date_deleted.unwrap_or(item.date_modified);
    date.format(format).to_string()
}
