//! Saves and restores the session.

use super::App;
use crate::tui::session::SavedSession;

impl App {
    /// State to restore at the next start; `store` identifies the store.
    pub fn session(&self, store: &str) -> SavedSession {
        SavedSession::new(store, self.tree.saved_state(), self.workspace.tab)
    }

    /// Restores the session; the connections are loaded later.
    pub fn restore_session(&mut self, session: SavedSession) {
        let (stand, tab) = session.into_parts();
        self.workspace.tab = tab;
        self.tree.restore_state(stand);
    }
}
