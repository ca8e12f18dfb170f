//! Open dialogs; the last one takes the keys.

use std::ops::{Deref, DerefMut};

use crate::tui::bulk::BulkOperation;
use crate::tui::dialogs::AnyDialog;
use crate::tui::dialogs::copy_to_target::CopyDialog;

/// Kind of a dialog, to find it among the open ones.
pub trait DialogKind: Sized {
    /// The dialog, if it is of this kind.
    fn of(dialog: &AnyDialog) -> Option<&Self>;

    /// The dialog, if it is of this kind.
    fn of_mut(dialog: &mut AnyDialog) -> Option<&mut Self>;
}

/// Open dialogs.
#[derive(Debug, Default)]
pub struct DialogStack {
    open: Vec<AnyDialog>,
    /// Bulk operation whose dialog is closed: it continues in the background, and can be shown again.
    background: Option<Box<BulkOperation>>,
}

impl Deref for DialogStack {
    type Target = [AnyDialog];

    fn deref(&self) -> &[AnyDialog] {
        &self.open
    }
}

impl DerefMut for DialogStack {
    fn deref_mut(&mut self) -> &mut [AnyDialog] {
        &mut self.open
    }
}

impl DialogStack {
    /// Opens a dialog.
    pub fn push(&mut self, dialog: impl Into<AnyDialog>) {
        self.open.push(dialog.into());
    }

    /// Closes the topmost dialog.
    pub fn pop(&mut self) {
        if let Some(AnyDialog::Bulk(bulk)) = self.open.pop() {
            self.background = Some(bulk);
        }
    }

    /// Closes the dialog at an index.
    pub fn remove(&mut self, at: usize) {
        self.open.remove(at);
    }

    /// Closes all dialogs of a kind.
    pub fn close<T: DialogKind>(&mut self) {
        self.open.retain(|dialog| T::of(dialog).is_none());
    }

    /// Closes the dialogs of a kind for which a function returns false.
    pub fn retain<T: DialogKind>(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        self.open
            .retain_mut(|dialog| T::of_mut(dialog).is_none_or(&mut keep));
    }

    /// First dialog of a kind.
    pub fn find<T: DialogKind>(&self) -> Option<&T> {
        self.open.iter().find_map(T::of)
    }

    /// First dialog of a kind.
    pub fn find_mut<T: DialogKind>(&mut self) -> Option<&mut T> {
        self.open.iter_mut().find_map(T::of_mut)
    }

    /// Topmost dialog, if it is of a kind.
    pub fn top<T: DialogKind>(&self) -> Option<&T> {
        self.open.last().and_then(T::of)
    }

    /// Topmost dialog, if it is of a kind.
    pub fn top_mut<T: DialogKind>(&mut self) -> Option<&mut T> {
        self.open.last_mut().and_then(T::of_mut)
    }

    /// Returns true if the topmost dialog is of a kind.
    pub fn is_on<T: DialogKind>(&self) -> bool {
        self.top::<T>().is_some()
    }

    /// Bulk operation that is running or ran last.
    pub fn bulk(&self) -> Option<&BulkOperation> {
        self.find().or(self.background.as_deref())
    }

    /// Bulk operation that is running or ran last.
    pub fn bulk_mut(&mut self) -> Option<&mut BulkOperation> {
        let shown = self.open.iter_mut().find_map(BulkOperation::of_mut);
        shown.or(self.background.as_deref_mut())
    }

    /// Number of the running bulk operation.
    pub fn running_bulk(&self) -> Option<u64> {
        let running = self.bulk().filter(|bulk| bulk.is_running());
        running.map(|bulk| bulk.number)
    }

    /// Warning before the app quits during a copy or a bulk operation.
    pub fn quit_warning(&self) -> Option<String> {
        let copy = self.find().and_then(CopyDialog::quit_warning);
        copy.or_else(|| self.bulk().and_then(BulkOperation::quit_warning))
    }

    /// Shows another bulk operation.
    pub fn open_bulk(&mut self, bulk: BulkOperation) {
        self.background = None;
        match self.find_mut::<BulkOperation>() {
            Some(shown) => *shown = bulk,
            None => self.push(bulk),
        }
    }

    /// Shows the bulk operation of the background; returns false if none is shown.
    pub fn show_bulk(&mut self) -> bool {
        self.open
            .extend(self.background.take().map(AnyDialog::Bulk));
        self.find::<BulkOperation>().is_some()
    }

    /// Discards the bulk operation on screen.
    pub fn discard_bulk(&mut self) {
        self.close::<BulkOperation>();
    }
}
