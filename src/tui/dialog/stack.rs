//! Open dialogs; the last one takes the keys.

use std::any::Any;
use std::ops::{Deref, DerefMut};

use super::Dialog;
use crate::tui::bulk::BulkOperation;
use crate::tui::dialogs::copy_to_target::CopyDialog;

/// Open dialogs.
#[derive(Debug, Default)]
pub struct DialogStack {
    open: Vec<Box<dyn Dialog>>,
    /// Bulk operation whose dialog is closed: it continues in the background, and can be shown again.
    background: Option<Box<BulkOperation>>,
}

impl Deref for DialogStack {
    type Target = [Box<dyn Dialog>];

    fn deref(&self) -> &[Box<dyn Dialog>] {
        &self.open
    }
}

impl DerefMut for DialogStack {
    fn deref_mut(&mut self) -> &mut [Box<dyn Dialog>] {
        &mut self.open
    }
}

impl DialogStack {
    /// Opens a dialog.
    pub fn push(&mut self, dialog: impl Into<Box<dyn Dialog>>) {
        self.open.push(dialog.into());
    }

    /// Closes the topmost dialog.
    pub fn pop(&mut self) {
        if let Some(closed) = self.open.pop()
            && let Ok(bulk) = (closed as Box<dyn Any>).downcast()
        {
            self.background = Some(bulk);
        }
    }

    /// Closes the dialog at an index.
    pub fn remove(&mut self, at: usize) {
        self.open.remove(at);
    }

    /// Closes all dialogs of a kind.
    pub fn close<T: Dialog>(&mut self) {
        self.open.retain(|dialog| dialog.downcast::<T>().is_none());
    }

    /// Closes the dialogs of a kind for which a function returns false.
    pub fn retain<T: Dialog>(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        self.open
            .retain_mut(|dialog| dialog.downcast_mut().is_none_or(&mut keep));
    }

    /// First dialog of a kind.
    pub fn find<T: Dialog>(&self) -> Option<&T> {
        self.open.iter().find_map(|dialog| dialog.downcast())
    }

    /// First dialog of a kind.
    pub fn find_mut<T: Dialog>(&mut self) -> Option<&mut T> {
        self.open
            .iter_mut()
            .find_map(|dialog| dialog.downcast_mut())
    }

    /// Topmost dialog, if it is of a kind.
    pub fn top<T: Dialog>(&self) -> Option<&T> {
        self.open.last()?.downcast()
    }

    /// Topmost dialog, if it is of a kind.
    pub fn top_mut<T: Dialog>(&mut self) -> Option<&mut T> {
        self.open.last_mut()?.downcast_mut()
    }

    /// Returns true if the topmost dialog is of a kind.
    pub fn is_on<T: Dialog>(&self) -> bool {
        self.top::<T>().is_some()
    }

    /// Bulk operation that is running or ran last.
    pub fn bulk(&self) -> Option<&BulkOperation> {
        self.find().or(self.background.as_deref())
    }

    /// Bulk operation that is running or ran last.
    pub fn bulk_mut(&mut self) -> Option<&mut BulkOperation> {
        let mut open = self.open.iter_mut();
        let shown = open.find_map(|dialog| dialog.downcast_mut());
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
        if let Some(bulk) = self.background.take() {
            self.open.push(bulk);
        }
        self.find::<BulkOperation>().is_some()
    }

    /// Discards the bulk operation on screen.
    pub fn discard_bulk(&mut self) {
        self.close::<BulkOperation>();
    }
}
